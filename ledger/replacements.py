"""Results issued anew: the one place where a correction after the conclusion becomes a replacement (REQUIREMENTS §7).

Replacements of open dossiers come with the dossier's publications; the others are judged and numbered here.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from ledger.dossiers import latest_form
from ledger.errors import UnknownReplacement
from ledger.messages import came_by_inbox
from ledger.trail import judged, tell
from ledger.transactions import Transactions, add_documents, erased, found, locked, supersede_documents, write_outbox
from ledger.values import OpenedReplacement
from models.audit import RECOVERY, Action, Entry
from models.base import Code
from models.delivery import dispatches
from models.dossier import DossierStage, Leg
from models.facts import AgencyEvent, FactRefusal, FactRefused
from models.messages import Dispatch
from models.plan import Plan
from models.publication import Publication
from models.replacement import Replacement, replacement_id
from models.replacement_case import ReplacementCase, ReplacementNews
from models.replacing import Correction, acknowledge, correct, taken
from models.tables import DossierRow, LegRow, ReplacementRow


class Replacements(Transactions):
    """New versions of results, who was told of them and who has acknowledged."""

    def open_replacement(self, event: AgencyEvent, now: datetime) -> OpenedReplacement | None:
        """The replacement that a correction of a concluded dossier starts: same message, same replacement.

        From here on the new versions are the live ones. None when they were already. Raises UnknownDossier, and
        FactRefused as `models.replacing.correct`.
        """
        with self._writing(event.dossier_code) as session:
            dossier = locked(session, event.dossier_code)
            earlier = _of_message(session, event.message_id)
            if earlier:
                return _opened(earlier)
            legs, plan = _judged_by(session, dossier, event)
            correction = correct(legs, plan, read_replacements(session, dossier.code), event, now)
            if correction is None:
                return None
            opened = _opened(_write_correction(session, dossier.code, correction, event.message_id, now))
            detail = {"number": str(opened.number), "message": event.message_id}
            tell(session, Entry(who=self.acting, what=Action.REPLACEMENT_OPENED, code=dossier.code, detail=detail))
            return opened

    def restore_replacement(self, code: Code, replacement: Replacement) -> None:
        """A replacement of its own that the ledger no longer knew, though its workflow runs; nothing if it does.

        Its workflow's id stands for the message, which nobody knows any more. Raises UnknownDossier.
        """
        with self._writing(code) as session:
            locked(session, code)
            leg = session.get(LegRow, (code, replacement.leg))
            known = session.get(ReplacementRow, (code, replacement.number))
            if leg is None or known:
                return
            correction = taken(leg.state, replacement, read_replacements(session, code))
            workflow_id = replacement_id(code, replacement.number)
            _write_correction(session, code, correction, workflow_id, replacement.taken_at).started = True
            detail = {"number": str(replacement.number), "at": replacement.taken_at.isoformat()}
            tell(session, Entry(who=RECOVERY, what=Action.REPLACEMENT_OPENED, code=code, detail=detail))

    def replacement_started(self, code: Code, number: int) -> None:
        """Remembers that its workflow runs. Raises UnknownReplacement."""
        with self._writing() as session:
            _row(session, code, number).started = True

    def unstarted_replacements(self) -> tuple[OpenedReplacement, ...]:
        """Those whose workflow is not known to have started: recovery starts them."""
        with self._reading() as session:
            waiting = select(ReplacementRow).where(col(ReplacementRow.started).is_(False))
            ordered = waiting.order_by(col(ReplacementRow.dossier_code), col(ReplacementRow.number))
            return tuple(_opened(row) for row in session.exec(ordered))

    def province_of(self, code: Code) -> Code:
        """The province of a dossier. Raises UnknownDossier."""
        with self._reading() as session:
            return found(session, code).province_code

    def open_replacements(self) -> tuple[Code, ...]:
        """The workflows of replacements of their own that wait for acknowledgements."""
        with self._reading() as session:
            waiting = select(ReplacementRow).where(
                col(ReplacementRow.unacknowledged).is_(True), col(ReplacementRow.message_id).is_not(None)
            )
            rows = [row for row in session.exec(waiting) if row.state.pending and row.started]
            return tuple(replacement_id(row.dossier_code, row.number) for row in rows)

    def replacement_case(self, code: Code, number: int) -> ReplacementCase:
        """What its workflow must know, which from now on is known to run. Raises UnknownReplacement."""
        with self._writing(code) as session:
            row, dossier = _row(session, code, number), found(session, code)
            row.started = True
            if dossier.plan is None:
                raise UnknownReplacement(code, number)
            return ReplacementCase(
                replacement=row.state,
                plan=dossier.plan,
                legs=tuple(_whereabouts(leg) for leg in _legs(session, code).values()),
                province_code=dossier.province_code,
                provincial_code=dossier.provincial_code,
                older=_older(session, row),
            )

    def publish_replacement(self, news: ReplacementNews) -> None:
        """Writes one change and puts what goes out because of it into the outbox; twice is the same as once.

        Raises UnknownReplacement.
        """
        with self._writing(news.code) as session:
            dossier = locked(session, news.code)
            row = _row(session, news.code, news.number)
            if row.sequence is None or news.sequence > row.sequence:
                for fact in news.heard:
                    if not came_by_inbox(session, news.code, fact):
                        tell(session, judged(news.code, fact))
            _write(row, news.replacement, news.sequence)
            write_outbox(session, news.code, _outgoing(session, dossier, news))

    def replacement_told(self, event: AgencyEvent, sha256: str) -> OpenedReplacement | None:
        """The replacement by which the agency of an event was told of that version."""
        with self._reading(event.dossier_code) as session:
            for row in _rows(session, event.dossier_code):
                if any((told.leg, told.sha256) == (event.leg, sha256) for told in row.state.tellings):
                    return _opened(row)
            return None

    def acknowledged_late(self, event: AgencyEvent, now: datetime) -> None:
        """Keeps an acknowledgement that no workflow waits for any more. Raises UnknownDossier and FactRefused."""
        with self._writing(event.dossier_code) as session:
            dossier = locked(session, event.dossier_code)
            legs, plan = _judged_by(session, dossier, event)
            rows = {row.number: row for row in _rows(session, dossier.code)}
            after = acknowledge([row.state for row in rows.values()], legs, plan, event, now)
            if after:
                _write(rows[after.number], after, None)


def write_replacements(session: Session, code: Code, replacements: Iterable[Replacement], sequence: int) -> None:
    """Writes the replacements of an open dossier, by the publication that tells of them."""
    for replacement in replacements:
        row = session.get(ReplacementRow, (code, replacement.number))
        if row is None:
            row = ReplacementRow(
                dossier_code=code,
                number=replacement.number,
                leg=replacement.leg,
                unacknowledged=False,
                state=replacement,
            )
            session.add(row)
        _write(row, replacement, sequence)


def read_replacements(session: Session, code: Code) -> tuple[Replacement, ...]:
    """The replacements of a dossier, oldest first."""
    return tuple(row.state for row in _rows(session, code))


def pending_replacements(session: Session, codes: Sequence[Code]) -> Mapping[Code, Sequence[Replacement]]:
    """The replacements of these dossiers that wait for acknowledgements."""
    pending: dict[Code, list[Replacement]] = {code: [] for code in codes}
    waiting = select(ReplacementRow).where(
        col(ReplacementRow.unacknowledged).is_(True), col(ReplacementRow.dossier_code).in_(codes)
    )
    for row in session.exec(waiting.order_by(col(ReplacementRow.number))):
        pending[row.dossier_code] += [row.state] if row.state.pending else []
    return pending


def _write(row: ReplacementRow, replacement: Replacement, sequence: int | None) -> None:
    """Write a state; an older one of a workflow never overwrites a newer."""
    if sequence is not None and row.sequence is not None and sequence <= row.sequence:
        return
    row.sequence = sequence if sequence is not None else row.sequence
    row.state = replacement.joined(row.state)
    row.unacknowledged = bool(row.state.awaited)
    row.due_at = row.state.due.at if row.state.due else None


def _write_correction(
    session: Session, code: Code, correction: Correction, message_id: Code, now: datetime
) -> ReplacementRow:
    leg, replacement = correction.leg, correction.replacement
    written = session.get_one(LegRow, (code, leg.key))
    written.state, written.number = leg, leg.number
    add_documents(session, code, leg.key, leg.documents, now)
    supersede_documents(session, code, leg, now)
    for earlier in correction.voided:
        _write(_row(session, code, earlier.number), earlier, None)
    row = ReplacementRow(
        dossier_code=code,
        number=replacement.number,
        leg=leg.key,
        message_id=message_id,
        started=False,
        unacknowledged=bool(replacement.awaited),
        state=replacement,
    )
    session.add(row)
    return row


def _outgoing(session: Session, dossier: DossierRow, news: ReplacementNews) -> Sequence[Dispatch]:
    """Notices, follow-ups, and the versions of the leg's results as they are now; each goes out once by its key."""
    if dossier.plan is None:
        return ()
    publication = Publication(
        code=news.code,
        sequence=news.sequence,
        at=news.at,
        stage=DossierStage.CONCLUDED,
        provincial_code=dossier.provincial_code,
        legs=(_legs(session, news.code)[news.replacement.leg],),
        notices=news.notices,
        follow_ups=news.follow_ups,
    )
    return dispatches(publication, dossier.plan, latest_form(session, news.code))


def _judged_by(session: Session, dossier: DossierRow, event: AgencyEvent) -> tuple[Mapping[Code, Leg], Plan]:
    """What an event about a concluded dossier is judged by. Raises FactRefused when it is about another."""
    if event.provincial_code and dossier.provincial_code and event.provincial_code != dossier.provincial_code:
        raise FactRefused(FactRefusal.WRONG_DOSSIER, "Mã hồ sơ cấp tỉnh không phải của hồ sơ này.")
    if erased(dossier):
        raise FactRefused(FactRefusal.ENDED, "Dữ liệu của hồ sơ đã được hủy theo quyết định.")
    if dossier.plan is None or dossier.stage is not DossierStage.CONCLUDED:
        raise FactRefused(FactRefusal.OUT_OF_TURN, "Hồ sơ chưa có kết quả nào.")
    return _legs(session, dossier.code), dossier.plan


def _older(session: Session, row: ReplacementRow) -> tuple[int, ...]:
    """The replacements of their own by which the versions came that this one replaces."""
    replaced = {document.sha256 for document in row.state.superseded}
    return tuple(
        other.number
        for other in _rows(session, row.dossier_code)
        if other.message_id and replaced & {document.sha256 for document in other.state.documents}
    )


def _whereabouts(leg: Leg) -> Leg:
    """Where a part is, under which codes, and nothing about anybody."""
    return Leg(key=leg.key, stage=leg.stage, sent_at=leg.sent_at, agency_code=leg.agency_code, number=leg.number)


def _legs(session: Session, code: Code) -> dict[Code, Leg]:
    return {row.key: row.state for row in session.exec(select(LegRow).where(LegRow.dossier_code == code))}


def _rows(session: Session, code: Code) -> Sequence[ReplacementRow]:
    rows = select(ReplacementRow).where(ReplacementRow.dossier_code == code)
    return session.exec(rows.order_by(col(ReplacementRow.number))).all()


def _of_message(session: Session, message_id: Code) -> ReplacementRow | None:
    return session.exec(select(ReplacementRow).where(ReplacementRow.message_id == message_id)).first()


def _row(session: Session, code: Code, number: int) -> ReplacementRow:
    row = session.get(ReplacementRow, (code, number))
    if row is None:
        raise UnknownReplacement(code, number)
    return row


def _opened(row: ReplacementRow) -> OpenedReplacement:
    own = replacement_id(row.dossier_code, row.number) if row.message_id else None
    return OpenedReplacement(code=row.dossier_code, number=row.number, started=row.started, workflow_id=own)
