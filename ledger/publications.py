"""Writing what changed: dossier, legs, clocks, consents, documents, statuses and outbox in one transaction."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import delete
from sqlmodel import Session, col, select

from ledger.claims import claim_as_corrected
from ledger.errors import ClockRewritten
from ledger.messages import came_by_inbox
from ledger.papers import hold
from ledger.replacements import write_replacements
from ledger.trail import judged, tell
from ledger.transactions import Transactions, add_documents, locked, supersede_documents, write_outbox
from ledger.values import GROUP_CLOCK
from models.base import Code
from models.clock import Clock, ClockEntry, Due
from models.dossier import DossierStage, DossierState, Leg
from models.messages import Dispatch
from models.publication import Publication
from models.submission import SubjectKeys
from models.tables import (
    ClockEntryRow,
    ConsentRow,
    DemandRow,
    DemandVerdict,
    Direction,
    DossierRow,
    FamilyClaimRow,
    FormRevisionRow,
    HeardFactRow,
    LegRow,
    StatusEventRow,
)

logger = logging.getLogger("lienthong.ledger")

_STATE = DossierState.model_fields.keys() & DossierRow.model_fields.keys() - {"code"}
"""What the row of a dossier keeps of its state; its clock has rows of its own."""


class Publications(Transactions):
    """The changes of dossiers whose workflow runs."""

    def publish(
        self,
        publication: Publication,
        dispatches: Sequence[Dispatch],
        keys: Mapping[int, SubjectKeys] = MappingProxyType({}),
    ) -> bool:
        """Writes one change and puts its dispatches into the outbox; twice is the same as once.

        Whether the dossier has concluded by this very change.

        What a publication leaves out of the dossier's state stays as it is, and so does what a later one has written of
        dossier, plan or leg; whatever is only ever added (clock entries, documents, statuses, heard facts, outbox rows
        by their key) is added if it is not there. A dossier that ends without the birth or death being registered
        lets go of whom it is about. `keys` are those of every corrected form of the publication, by its number: the
        dossier claims whom it is about as corrected too.

        Raises UnknownDossier, and ClockRewritten when a clock entry differs from the one written at its position.
        """
        with self._writing(publication.code) as session:
            dossier = locked(session, publication.code)
            was_open = dossier.concluded_at is None
            _write_state(dossier, publication)
            _write_legs(session, publication)
            write_replacements(session, publication.code, publication.replacements, publication.sequence)
            _write_revisions(session, dossier, publication, keys)
            _write_clocks(session, publication)
            _write_statuses(session, publication)
            _write_heard(session, publication)
            write_outbox(session, publication.code, dispatches)
            if dossier.stage is DossierStage.CONCLUDED and not _registered(session, dossier):
                _let_go(session, dossier)
            return was_open and dossier.concluded_at is not None

    def restate(self, publication: Publication) -> bool:
        """Writes the dossier's state once more, all of it, as of that publication, unless a later one is written.

        Whether it was written. For a restored ledger, in which publications may have come out of order. Raises
        UnknownDossier.
        """
        with self._writing(publication.code) as session:
            dossier = locked(session, publication.code)
            if dossier.sequence is not None and dossier.sequence > publication.sequence:
                return False
            _restate(dossier, publication)
            return True


def _let_go(session: Session, dossier: DossierRow) -> None:
    """They may be declared again; without a portal's id, also in the very same words, which were the key."""
    dossier.subject_claim = None
    session.exec(delete(FamilyClaimRow).where(col(FamilyClaimRow.dossier_code) == dossier.code))
    if dossier.declaration.submission_id is None:
        dossier.submission_key = dossier.code


def _write_state(dossier: DossierRow, publication: Publication) -> None:
    dossier.started = True
    if publication.plan and _later(publication, dossier.plan_sequence):
        dossier.plan = publication.plan
        dossier.pack = publication.plan.pack
        dossier.plan_sequence = publication.sequence
    if _later(publication, dossier.sequence):
        _restate(dossier, publication)


def _restate(dossier: DossierRow, publication: Publication) -> None:
    dossier.sequence = publication.sequence
    for name in _STATE & publication.model_fields_set:
        setattr(dossier, name, getattr(publication, name))
    dossier.due_at, dossier.expected_at = _at(dossier.due), _at(dossier.expected)
    if publication.stage is DossierStage.CONCLUDED:
        dossier.concluded_at = dossier.concluded_at or publication.at


def _later(publication: Publication, written: int | None) -> bool:
    return written is None or publication.sequence > written


def _at(due: Due | None) -> datetime | None:
    return due.at if due else None


def _write_legs(session: Session, publication: Publication) -> None:
    for leg in publication.legs:
        row = session.get(LegRow, (publication.code, leg.key))
        if row is None or _later(publication, row.sequence):
            session.merge(_leg_row(publication, leg))
            session.flush()
            for consent in leg.consents:
                session.merge(
                    ConsentRow(
                        dossier_code=publication.code,
                        leg=leg.key,
                        person=consent.person.key,
                        personal_id=consent.person.personal_id,
                        state=consent.state,
                        requested_at=consent.requested_at,
                        due_at=consent.due.at,
                        answered_at=consent.answered_at,
                    )
                )
            for demand in demands_of(publication.code, leg):
                session.merge(demand)
        add_documents(session, publication.code, leg.key, (*leg.superseded, *leg.documents), publication.at)
        supersede_documents(session, publication.code, leg, publication.at)
        refused = [paper.document.sha256 for paper in leg.refused_papers]
        hold(session, f"leg:{publication.code}:{leg.key}", publication.code, refused, publication.at)
    add_documents(session, publication.code, None, publication.attachments, publication.at)


def demands_of(code: Code, leg: Leg) -> Iterator[DemandRow]:
    """What the leg's agency has demanded, one row each."""
    for position, refused in enumerate(leg.refused_demands):
        yield DemandRow(
            dossier_code=code,
            leg=leg.key,
            verdict=DemandVerdict.REFUSED,
            position=position,
            kind=refused.kind,
            refusal=refused.refusal,
            faults=refused.faults,
            at=refused.at,
        )
    for position, supplement in enumerate(leg.supplements):
        yield DemandRow(
            dossier_code=code,
            leg=leg.key,
            verdict=DemandVerdict.SUPPLEMENT,
            position=position,
            reason_code=supplement.reason_code,
            at=supplement.requested_at,
        )
    for position, note in enumerate(leg.notes):
        yield DemandRow(
            dossier_code=code, leg=leg.key, verdict=DemandVerdict.UNCLASSIFIED, position=position, at=note.at
        )
    if leg.refusal and leg.decided_at:
        yield DemandRow(
            dossier_code=code,
            leg=leg.key,
            verdict=DemandVerdict.REFUSAL,
            position=0,
            reason_code=leg.refusal.reason_code,
            at=leg.decided_at,
        )


def _write_revisions(
    session: Session, dossier: DossierRow, publication: Publication, keys: Mapping[int, SubjectKeys]
) -> None:
    for revision in publication.revisions:
        if session.get(FormRevisionRow, (publication.code, revision.number)) is None:
            session.add(FormRevisionRow(dossier_code=publication.code, **dict(revision)))
            session.flush()
            if not claim_as_corrected(session, dossier, keys[revision.number]):
                logger.warning("tờ khai đính chính lần %d trùng người với hồ sơ khác; giữ khóa cũ", revision.number)


def _leg_row(publication: Publication, leg: Leg) -> LegRow:
    return LegRow(
        dossier_code=publication.code,
        key=leg.key,
        stage=leg.stage,
        outcome=leg.outcome,
        due_at=_at(leg.due),
        expected_at=_at(leg.expected),
        decided_at=leg.decided_at,
        number=leg.number,
        timeliness=leg.timeliness,
        state=leg,
        sequence=publication.sequence,
    )


def _write_clocks(session: Session, publication: Publication) -> None:
    for name, clock in _clocks(publication).items():
        written = session.exec(
            select(ClockEntryRow)
            .where(ClockEntryRow.dossier_code == publication.code, ClockEntryRow.clock == name)
            .order_by(col(ClockEntryRow.position))
        ).all()
        for row, entry in zip(written, clock.entries, strict=False):
            if row.entry != entry:
                raise ClockRewritten(publication.code, name, row.position)
        for position, entry in enumerate(clock.entries[len(written) :], len(written)):
            session.add(_entry_row(publication.code, name, position, entry))


def _clocks(publication: Publication) -> Mapping[Code, Clock]:
    clocks = {leg.key: leg.clock for leg in publication.legs if leg.clock}
    return {GROUP_CLOCK: publication.clock, **clocks} if publication.clock else clocks


def _entry_row(code: Code, clock: Code, position: int, entry: ClockEntry) -> ClockEntryRow:
    return ClockEntryRow(dossier_code=code, clock=clock, position=position, **entry.model_dump())


def _write_statuses(session: Session, publication: Publication) -> None:
    known = set(session.exec(select(StatusEventRow.key).where(StatusEventRow.dossier_code == publication.code)))
    for event in publication.statuses:
        if event.key not in known:
            known.add(event.key)
            session.add(
                StatusEventRow(
                    dossier_code=publication.code,
                    key=event.key,
                    system=event.status.system,
                    code=event.status.code,
                    direction=Direction.INCOMING if event.incoming else Direction.OUTGOING,
                    leg=event.leg,
                    at=event.at,
                )
            )


def _write_heard(session: Session, publication: Publication) -> None:
    for position, fact in enumerate(publication.heard):
        if came_by_inbox(session, publication.code, fact):
            continue
        if session.get(HeardFactRow, (publication.code, publication.sequence, position)) is None:
            session.add(
                HeardFactRow(
                    dossier_code=publication.code,
                    sequence=publication.sequence,
                    position=position,
                    **fact.model_dump(exclude={"via", "operator", "because", "to_pack", "digest"}),
                )
            )
            tell(session, judged(publication.code, fact))


def _registered(session: Session, dossier: DossierRow) -> bool:
    """Whether the leg that registers birth or death was decided; without a plan that says which it is, any counts."""
    legs = select(LegRow).where(LegRow.dossier_code == dossier.code)
    if dossier.plan:
        legs = legs.where(col(LegRow.key).in_([leg.key for leg in dossier.plan.legs if leg.sent_with_intake]))
    return any(leg.number is not None or leg.state.completed for leg in session.exec(legs))
