"""Opening dossiers: the one place where dossier codes are minted (REQUIREMENTS §8)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import count

from sqlalchemy import and_, union, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from ledger.claims import ATTEMPTS, claim_family
from ledger.errors import DossierErased, DuplicateDossier, PossibleDuplicate, SubmissionReused, UnknownRevision
from ledger.keys import seals_of
from ledger.trail import tell
from ledger.transactions import Transactions, add_documents, erased, found, insert_if_absent, locked
from ledger.values import OPEN_DOSSIERS, Opened, StoredNotDuplicate
from models.audit import Action, Entry, Who
from models.base import Code, legal_date
from models.declaration import Declaration
from models.dossier import DossierStage
from models.duplicates import Sameness, sameness
from models.plan import Plan
from models.submission import NotDuplicate, Submission
from models.tables import DossierNumberRow, DossierRow, FamilyClaimRow, FormRevisionRow, NotDuplicateRow


class Dossiers(Transactions):
    """Dossiers from the submission to the start of their workflow."""

    def open_dossier(self, submission: Submission, prefix: Code, not_duplicate: NotDuplicate | None = None) -> Opened:
        """The dossier of a submission, opened now unless it was before: same submission, same code.

        A new code is `PREFIX-yymmdd-nnnnnn`: the legal date of the submission and a number running per prefix and day.
        The dossier claims whom it is about until it ends without the birth or death being registered. `not_duplicate`
        lets in somebody who may be another dossier's, and is kept; of one who certainly is it changes nothing.

        Raises SubmissionReused, DuplicateDossier and, for want of `not_duplicate`, PossibleDuplicate.
        """
        with self._writing() as session:
            for attempt in count(1):
                known = _known_of(session, submission)
                earlier = _earlier(known, submission)
                if earlier:
                    return earlier
                others = _possibly_same(session, known, submission)
                if others and not not_duplicate:
                    raise _possible(others, submission)
                try:
                    with session.begin_nested():
                        opened = _opened(session, submission, prefix)
                        claims = [claim for _, claim in known if claim]
                        claim_family(session, claims, submission.family_keys, opened.code)
                        if not_duplicate:
                            _keep(session, opened.code, others, not_duplicate, submission.at)
                except IntegrityError:  # another process was first: look again at what it opened
                    if attempt == ATTEMPTS:
                        raise
                    continue
                for entry in _entries(self.acting, opened.code, others, not_duplicate):
                    tell(session, entry)
                return opened
            raise AssertionError("the attempts come to an end")

    def mark_started(self, code: Code) -> None:
        """Remembers that the dossier's workflow runs. Raises UnknownDossier."""
        with self._writing() as session:
            locked(session, code).started = True

    def unstarted(self) -> tuple[Code, ...]:
        """The dossiers whose workflow is not known to have started, oldest first: recovery starts them."""
        with self._reading() as session:
            waiting = select(DossierRow.code).where(col(DossierRow.started).is_(False))
            return tuple(session.exec(waiting.order_by(col(DossierRow.opened_at), col(DossierRow.code))))

    def open_codes(self) -> tuple[Code, ...]:
        """The dossiers whose workflow has started and that have not concluded, oldest first."""
        with self._reading() as session:
            running = select(DossierRow.code).where(
                col(DossierRow.started).is_(True), col(DossierRow.stage).in_(OPEN_DOSSIERS)
            )
            return tuple(session.exec(running.order_by(col(DossierRow.opened_at), col(DossierRow.code))))

    def not_duplicates(self, code: Code) -> tuple[StoredNotDuplicate, ...]:
        """The dossiers that might be about the same person, and why an operator said that it is another."""
        with self._reading(code) as session:
            return not_duplicates(session, code)

    def opened(self, code: Code) -> Opened:
        """The dossier of that code as it stands. Raises UnknownDossier."""
        with self._reading() as session:
            return _known(found(session, code))

    def declaration(self, code: Code, revision: int | None = None) -> Declaration:
        """The form as it last was corrected, or as that revision has it: 0 is the one the dossier was opened with.

        Raises UnknownDossier, DossierErased, and UnknownRevision for one that is not there yet.
        """
        with self._reading(code) as session:
            if revision is None:
                return latest_form(session, code)
            opened_with = _readable(found(session, code)).declaration
            if revision == 0:
                return opened_with
            row = session.get(FormRevisionRow, (code, revision))
            if row is None:
                raise UnknownRevision(code, revision)
            return row.declaration

    def opened_at(self, code: Code) -> datetime:
        """The legal instant of its submission. Raises UnknownDossier."""
        with self._reading() as session:
            return found(session, code).opened_at

    def plan(self, code: Code) -> Plan | None:
        """The plan the dossier runs by, None before it was first published. Raises UnknownDossier."""
        with self._reading(code) as session:
            return found(session, code).plan


Found = Sequence[tuple[DossierRow, FamilyClaimRow | None]]


def latest_form(session: Session, code: Code) -> Declaration:
    """The form as it last was corrected. Raises UnknownDossier, DossierErased."""
    opened_with = _readable(found(session, code)).declaration
    revisions = select(FormRevisionRow).where(FormRevisionRow.dossier_code == code)
    last = session.exec(revisions.order_by(col(FormRevisionRow.number).desc())).first()
    return last.declaration if last else opened_with


def not_duplicates(session: Session, code: Code) -> tuple[StoredNotDuplicate, ...]:
    """What operators decided when the dossier was opened."""
    decided = select(NotDuplicateRow).where(NotDuplicateRow.dossier_code == code)
    return tuple(
        StoredNotDuplicate(other=row.other_code, reason=row.reason, at=row.at)
        for row in session.exec(decided.order_by(col(NotDuplicateRow.other_code)))
    )


def _known_of(session: Session, submission: Submission) -> Found:
    """The dossiers of this submission, subject or family, with the claims of the family.

    One statement: between two another process may open one. Numbers must follow from the very rows that were judged.
    """
    in_family = col(FamilyClaimRow.key).in_(submission.family_keys)
    codes = union(
        select(DossierRow.code).where(DossierRow.submission_key == submission.submission_key),
        select(DossierRow.code).where(DossierRow.subject_claim == submission.subject_key),
        select(FamilyClaimRow.dossier_code).where(in_family),
    )
    with_claims = select(DossierRow, FamilyClaimRow).outerjoin(
        FamilyClaimRow, and_(col(FamilyClaimRow.dossier_code) == col(DossierRow.code), in_family)
    )
    return session.exec(with_claims.where(col(DossierRow.code).in_(codes)).order_by(col(DossierRow.code))).all()


def _earlier(known: Found, submission: Submission) -> Opened | None:
    """The dossier of the same submission, if any."""
    same = next((dossier for dossier, _ in known if dossier.submission_key == submission.submission_key), None)
    if same and same.content_key != submission.content_key:
        raise SubmissionReused
    return _known(same) if same else None


def _possibly_same(session: Session, known: Found, submission: Submission) -> tuple[DossierRow, ...]:
    """The dossiers that may be about the same person. Raises DuplicateDossier when one certainly is.

    The form as last corrected says whom it is about; in words corrected since, it only may be [choice]: a person
    decides, for one twin may have been declared under the other's name.
    """
    if not known:
        return ()
    dossiers = {dossier.code: dossier for dossier, _ in known}
    corrected = _corrected_forms(session, dossiers)
    possible = []
    for code, dossier in dossiers.items():
        if dossier.subject_claim == submission.subject_key:
            raise DuplicateDossier(dossier.group, _shown(dossier, submission))
        if erased(dossier):
            continue
        *earlier, latest = dossier.declaration, *corrected[code]
        verdict = sameness(latest, submission.declaration)
        if verdict is Sameness.SAME:
            raise DuplicateDossier(dossier.group, _shown(dossier, submission))
        verdicts = (verdict, *(sameness(form, submission.declaration) for form in earlier))
        if any(one is not Sameness.OTHER for one in verdicts):
            possible.append(dossier)
    return tuple(possible)


def _corrected_forms(session: Session, codes: Collection[Code]) -> Mapping[Code, Sequence[Declaration]]:
    """The corrected forms of each dossier, oldest first."""
    revisions = select(FormRevisionRow).where(col(FormRevisionRow.dossier_code).in_(codes))
    forms: dict[Code, list[Declaration]] = {code: [] for code in codes}
    for revision in session.exec(revisions.order_by(col(FormRevisionRow.number))):
        forms[revision.dossier_code].append(revision.declaration)
    return forms


def _possible(others: Sequence[DossierRow], submission: Submission) -> PossibleDuplicate:
    shown = next((code for dossier in others if (code := _shown(dossier, submission))), None)
    return PossibleDuplicate(submission.declaration.group, shown, tuple(dossier.code for dossier in others))


def _shown(dossier: DossierRow, submission: Submission) -> Code | None:
    """The code of another dossier, for its own declarant only."""
    return dossier.code if dossier.applicant_key == submission.applicant_key else None


def _keep(session: Session, code: Code, others: Sequence[DossierRow], decision: NotDuplicate, at: datetime) -> None:
    for other in others:
        session.add(NotDuplicateRow(dossier_code=code, other_code=other.code, reason=decision.reason, at=at))


def _entries(who: Who, code: Code, others: Sequence[DossierRow], not_duplicate: NotDuplicate | None) -> Iterator[Entry]:
    """What the trail says of a new dossier."""
    yield Entry(who=who, what=Action.OPENED, code=code)
    if not_duplicate:
        for other in others:
            detail = {"other": other.code}
            yield Entry(who=who, what=Action.NOT_DUPLICATE, code=code, why=not_duplicate.reason, detail=detail)


def _readable(dossier: DossierRow) -> DossierRow:
    if erased(dossier):
        raise DossierErased(dossier.code)
    return dossier


def _known(dossier: DossierRow) -> Opened:
    concluded = dossier.stage is DossierStage.CONCLUDED
    return Opened(code=dossier.code, created=False, started=dossier.started, concluded=concluded)


def _opened(session: Session, submission: Submission, prefix: Code) -> Opened:
    day = legal_date(submission.at)
    code = f"{prefix}-{day:%y%m%d}-{_next_number(session, prefix, day):06d}"
    key = seals_of(session).make_key(code)
    session.add(
        DossierRow(
            code=code,
            submission_key=submission.submission_key,
            content_key=submission.content_key,
            subject_claim=submission.subject_key,
            applicant_key=submission.applicant_key,
            group=submission.declaration.group,
            province_code=submission.declaration.recipients.province_code,
            declaration=submission.declaration,
            opened_at=submission.at,
        )
    )
    session.flush()
    session.add(key)
    add_documents(session, code, None, submission.declaration.attachments, submission.at)
    return Opened(code=code, created=True, started=False)


def _next_number(session: Session, prefix: Code, day: date) -> int:
    this_day = (col(DossierNumberRow.prefix) == prefix, col(DossierNumberRow.day) == day)
    next_one = update(DossierNumberRow).where(*this_day).values(last=col(DossierNumberRow.last) + 1)
    if not session.exec(next_one).rowcount:
        insert_if_absent(session, DossierNumberRow(prefix=prefix, day=day, last=0))
        session.exec(next_one)
    return session.exec(select(DossierNumberRow.last).where(*this_day)).one()
