"""Opening dossiers: the one place where dossier codes are minted (REQUIREMENTS §8)."""

from datetime import date, datetime

from sqlalchemy import or_, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from ledger.errors import DuplicateDossier, SubmissionReused
from ledger.transactions import Transactions, add_documents, found, insert_if_absent, locked
from ledger.values import OPEN_DOSSIERS, Opened
from models.base import Code, legal_date
from models.declaration import BirthDeclaration
from models.dossier import DossierStage
from models.law import Group
from models.plan import Plan
from models.submission import Submission
from models.tables import DossierNumberRow, DossierRow


class Dossiers(Transactions):
    """Dossiers from the submission to the start of their workflow."""

    def open_dossier(self, submission: Submission, group: Group, prefix: Code) -> Opened:
        """The dossier of a submission, opened now unless it was before: same submission, same code.

        A new code is `PREFIX-yymmdd-nnnnnn`: the legal date of the submission and a number running per prefix and day.
        The dossier claims its child until it ends without the birth being registered.

        Raises SubmissionReused and DuplicateDossier.
        """
        with self._writing() as session:
            earlier = _earlier(session, submission)
            if earlier:
                return earlier
            try:
                with session.begin_nested():
                    return _opened(session, submission, group, prefix)
            except IntegrityError:
                overtaken = _earlier(session, submission)
                if overtaken:
                    return overtaken
                raise

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

    def opened(self, code: Code) -> Opened:
        """The dossier of that code as it stands. Raises UnknownDossier."""
        with self._reading() as session:
            return _known(found(session, code))

    def declaration(self, code: Code) -> BirthDeclaration:
        """The declaration the dossier was opened with. Raises UnknownDossier."""
        with self._reading() as session:
            return found(session, code).declaration

    def opened_at(self, code: Code) -> datetime:
        """The legal instant of its submission. Raises UnknownDossier."""
        with self._reading() as session:
            return found(session, code).opened_at

    def plan(self, code: Code) -> Plan | None:
        """The plan the dossier runs by, None before it was first published. Raises UnknownDossier."""
        with self._reading() as session:
            return found(session, code).plan


def _earlier(session: Session, submission: Submission) -> Opened | None:
    """The dossier of the same submission, if any. One statement, for between two another process may open it."""
    either = or_(
        col(DossierRow.submission_key) == submission.submission_key, col(DossierRow.child_claim) == submission.child_key
    )
    known = session.exec(select(DossierRow).where(either)).all()
    same = next((dossier for dossier in known if dossier.submission_key == submission.submission_key), None)
    if same:
        if same.content_key != submission.content_key:
            raise SubmissionReused
        return _known(same)
    if known:
        claiming = known[0]
        raise DuplicateDossier(claiming.code if claiming.applicant_key == submission.applicant_key else None)
    return None


def _known(dossier: DossierRow) -> Opened:
    concluded = dossier.stage is DossierStage.CONCLUDED
    return Opened(code=dossier.code, created=False, started=dossier.started, concluded=concluded)


def _opened(session: Session, submission: Submission, group: Group, prefix: Code) -> Opened:
    day = legal_date(submission.at)
    code = f"{prefix}-{day:%y%m%d}-{_next_number(session, prefix, day):06d}"
    session.add(
        DossierRow(
            code=code,
            submission_key=submission.submission_key,
            content_key=submission.content_key,
            child_claim=submission.child_key,
            applicant_key=submission.applicant_key,
            group=group,
            province_code=submission.declaration.recipients.province_code,
            declaration=submission.declaration,
            opened_at=submission.at,
        )
    )
    session.flush()
    add_documents(session, code, None, submission.declaration.attachments, submission.at)
    return Opened(code=code, created=True, started=False)


def _next_number(session: Session, prefix: Code, day: date) -> int:
    this_day = (col(DossierNumberRow.prefix) == prefix, col(DossierNumberRow.day) == day)
    count = update(DossierNumberRow).where(*this_day).values(last=col(DossierNumberRow.last) + 1)
    if not session.exec(count).rowcount:
        insert_if_absent(session, DossierNumberRow(prefix=prefix, day=day, last=0))
        session.exec(count)
    return session.exec(select(DossierNumberRow.last).where(*this_day)).one()
