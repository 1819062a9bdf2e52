"""What people and scripts read: one dossier whole, or a list of dossiers without anything personal."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlmodel import Session, col, select

from ledger.dossiers import not_duplicates
from ledger.errors import DossierErased
from ledger.messages import read_refused_facts
from ledger.notice_checks import notice_checks
from ledger.outbox import stored_notice
from ledger.replacements import pending_replacements, read_replacements
from ledger.transactions import Transactions, erased
from ledger.values import (
    GROUP_CLOCK,
    StoredClock,
    StoredConsent,
    StoredDocument,
    StoredDossier,
)
from models.base import Code
from models.details import attributes
from models.dossier import DossierStage, DossierView, Leg
from models.groups import Group
from models.plan import Plan
from models.publication import DossierSummary
from models.replacement import Replacement
from models.search_attributes import CITIZEN, CONSENT, OPERATOR, REJECTED, UNREACHED, SearchAttribute
from models.systems import System
from models.tables import ClockEntryRow, DocumentRow, DossierRow, LegRow, NoticeRow, StatusEventRow

_WAITING_FOR_PEOPLE = {
    CITIZEN: "công dân",
    CONSENT: "người được hỏi ý kiến trên VNeID",
    OPERATOR: "người vận hành",
    UNREACHED: "hệ thống không trả lời",
    REJECTED: "hệ thống không nhận thông điệp",
}


class Reads(Transactions):
    """Dossiers as they were last published."""

    def view(self, code: Code) -> StoredDossier | None:
        """Everything about one dossier, None when there is none of that code. Raises DossierErased."""
        with self._reading(code) as session:
            row = session.get(DossierRow, code)
            if row and erased(row):
                raise DossierErased(code)
            return _dossier(session, row) if row else None

    def summaries(
        self,
        stage: DossierStage | None = None,
        province: Code | None = None,
        limit: int = 100,
        group: Group | None = None,
    ) -> tuple[DossierSummary, ...]:
        """The newest dossiers first, at most `limit`."""
        wanted = select(DossierRow).order_by(col(DossierRow.opened_at).desc(), col(DossierRow.code).desc()).limit(limit)
        if stage:
            wanted = wanted.where(DossierRow.stage == stage)
        if province:
            wanted = wanted.where(DossierRow.province_code == province)
        if group:
            wanted = wanted.where(DossierRow.group == group)
        with self._reading() as session:
            rows = session.exec(wanted).all()
            legs = _legs(session, [row.code for row in rows])
            pending = pending_replacements(session, [row.code for row in rows])
            return tuple(_summary(row, legs[row.code], pending[row.code]) for row in rows)


def _legs(session: Session, codes: Sequence[Code]) -> Mapping[Code, list[Leg]]:
    legs = defaultdict(list)
    for row in session.exec(select(LegRow).where(col(LegRow.dossier_code).in_(codes)).order_by(col(LegRow.key))):
        if row.state is not None:  # an erased dossier has none any more
            legs[row.dossier_code].append(row.state)
    return legs


def _in_plan_order(legs: Iterable[Leg], plan: Plan | None) -> tuple[Leg, ...]:
    order = [leg.key for leg in plan.legs] if plan else []
    return tuple(sorted(legs, key=lambda leg: order.index(leg.key) if leg.key in order else len(order)))


def _summary(row: DossierRow, legs: Iterable[Leg], replacements: Iterable[Replacement]) -> DossierSummary:
    return DossierSummary(
        code=row.code,
        group=row.group,
        province_code=row.province_code,
        stage=row.stage,
        outcome=row.outcome,
        timeliness=row.timeliness,
        due_at=row.due_at,
        opened_at=row.opened_at,
        waiting_for=_waiting_for(row, legs, replacements),
    )


def _waiting_for(row: DossierRow, legs: Iterable[Leg], replacements: Iterable[Replacement]) -> tuple[str, ...]:
    """The same answer operators search by in Temporal, in words."""
    view = DossierView(
        code=row.code,
        province_code=row.province_code,
        stage=row.stage,
        outcome=row.outcome,
        plan=row.plan,
        legs=_in_plan_order(legs, row.plan),
        replacements=tuple(replacements),
        troubles=row.troubles or (),
    )
    waits = attributes(view).lists[SearchAttribute.WAITING_FOR]
    return tuple(_WAITING_FOR_PEOPLE.get(wait) or System(wait).label for wait in waits)


def _dossier(session: Session, row: DossierRow) -> StoredDossier:
    legs = _in_plan_order(_legs(session, [row.code])[row.code], row.plan)
    documents = select(DocumentRow).where(DocumentRow.dossier_code == row.code).order_by(col(DocumentRow.id))
    statuses = select(StatusEventRow).where(StatusEventRow.dossier_code == row.code).order_by(col(StatusEventRow.id))
    notices = select(NoticeRow).where(NoticeRow.dossier_code == row.code).order_by(col(NoticeRow.id))
    return StoredDossier(
        summary=_summary(row, legs, pending_replacements(session, [row.code])[row.code]),
        sequence=row.sequence,
        started=row.started,
        concluded_at=row.concluded_at,
        pack=row.pack,
        plan=row.plan,
        provincial_code=row.provincial_code,
        due=row.due,
        expected=row.expected,
        fee=row.fee,
        duties=row.duties or (),
        troubles=row.troubles or (),
        acts=row.acts or (),
        not_duplicates=not_duplicates(session, row.code),
        warnings=row.warnings,
        legs=legs,
        replacements=read_replacements(session, row.code),
        clocks=_clocks(session, row, legs),
        consents=tuple(StoredConsent(leg=leg.key, consent=consent) for leg in legs for consent in leg.consents),
        documents=tuple(
            StoredDocument(leg=d.leg, document=d.document, at=d.at, superseded_at=d.superseded_at)
            for d in session.exec(documents)
        ),
        statuses=tuple(status.event for status in session.exec(statuses)),
        notices=tuple(stored_notice(notice) for notice in session.exec(notices)),
        notice_checks=notice_checks(session, row.code),
        refused_facts=read_refused_facts(session, row.code),
    )


def _clocks(session: Session, row: DossierRow, legs: Iterable[Leg]) -> tuple[StoredClock, ...]:
    entries = defaultdict(list)
    written = select(ClockEntryRow).where(ClockEntryRow.dossier_code == row.code)
    for entry in session.exec(written.order_by(col(ClockEntryRow.clock), col(ClockEntryRow.position))):
        entries[entry.clock].append(entry.entry)
    dues = {GROUP_CLOCK: row.due, **{leg.key: leg.due for leg in legs}}
    return tuple(
        StoredClock(clock=clock, entries=tuple(entries[clock]), due=due)
        for clock, due in dues.items()
        if entries[clock]
    )
