"""The ledger in numbers, for metrics: one cheap read over what is open, never over what is long done."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import case, func
from sqlmodel import Session, col, select

from ledger.transactions import Transactions
from ledger.values import OPEN_DOSSIERS, OPEN_LEGS
from models.base import Code
from models.dossier import ConsentState, DossierStage
from models.facts import FactRefusal
from models.groups import Group
from models.systems import System
from models.tables import ConsentRow, DemandRow, DemandVerdict, DossierRow, LegRow, NoticeRow, WaitingMessageRow


class OpenDossiers(NamedTuple):
    """What open dossiers are counted by."""

    group: Group
    stage: DossierStage
    province: Code


class PressingLegs(NamedTuple):
    """What legs near or past their due date are counted by."""

    leg: Code
    province: Code
    overdue: bool


class Waiting(NamedTuple):
    """What waits on one channel; `since` is the legal instant of the oldest, or in the inbox the clock's."""

    rows: int
    since: datetime


class RefusedDemands(NamedTuple):
    """What demands refused by the return gate are counted by, since the ledger began."""

    leg: Code
    province: Code
    refusal: FactRefusal


class LedgerFigures(NamedTuple):
    """All of it at one moment. A key without anything to count is not there."""

    open_dossiers: Mapping[OpenDossiers, int]
    pressing_legs: Mapping[PressingLegs, int]
    waiting_consents: Mapping[Code, int]
    refused_demands: Mapping[RefusedDemands, int]
    outbox: Mapping[System, Waiting]
    inbox: Waiting | None


class Figures(Transactions):
    """Counts of what is open."""

    def read(self, now: datetime, soon: datetime) -> LedgerFigures:
        """The figures at the legal instant `now`; a leg presses when it is not decided and due before `soon`."""
        with self._reading() as session:
            return LedgerFigures(
                open_dossiers=_open_dossiers(session),
                pressing_legs=_pressing_legs(session, now, soon),
                waiting_consents=_waiting_consents(session),
                refused_demands=_refused_demands(session),
                outbox=_outbox(session),
                inbox=_inbox(session),
            )


def _open_dossiers(session: Session) -> Mapping[OpenDossiers, int]:
    by = (col(DossierRow.group), col(DossierRow.stage), col(DossierRow.province_code))
    rows = session.exec(select(*by, func.count()).where(col(DossierRow.stage).in_(OPEN_DOSSIERS)).group_by(*by))
    return {OpenDossiers(group, stage, province): count for group, stage, province, count in rows}


def _pressing_legs(session: Session, now: datetime, soon: datetime) -> Mapping[PressingLegs, int]:
    overdue = case((col(LegRow.due_at) < now, 1), else_=0)
    by = (col(LegRow.key), col(DossierRow.province_code), overdue)
    rows = session.exec(
        select(*by, func.count())
        .join(DossierRow, col(DossierRow.code) == col(LegRow.dossier_code))
        .where(col(LegRow.stage).in_(OPEN_LEGS), col(LegRow.decided_at).is_(None), col(LegRow.due_at) < soon)
        .group_by(*by)
    )
    return {PressingLegs(leg, province, bool(late)): count for leg, province, late, count in rows}


def _waiting_consents(session: Session) -> Mapping[Code, int]:
    """Consents asked for and not answered, of legs that still want them."""
    by = col(ConsentRow.leg)
    rows = session.exec(
        select(by, func.count())
        .join(LegRow, (col(LegRow.dossier_code) == col(ConsentRow.dossier_code)) & (col(LegRow.key) == by))
        .where(ConsentRow.state == ConsentState.ASKED, col(LegRow.stage).in_(OPEN_LEGS))
        .group_by(by)
    )
    return dict(rows.all())


def _refused_demands(session: Session) -> Mapping[RefusedDemands, int]:
    """All there ever were: they are few, and an index finds them."""
    by = (col(DemandRow.leg), col(DossierRow.province_code), col(DemandRow.refusal))
    rows = session.exec(
        select(*by, func.count())
        .join(DossierRow, col(DossierRow.code) == col(DemandRow.dossier_code))
        .where(DemandRow.verdict == DemandVerdict.REFUSED)
        .group_by(*by)
    )
    return {RefusedDemands(leg, province, refusal): count for leg, province, refusal, count in rows if refusal}


def _outbox(session: Session) -> Mapping[System, Waiting]:
    waiting = (
        select(func.count(), func.min(NoticeRow.id))
        .where(col(NoticeRow.sent_at).is_(None))
        .group_by(col(NoticeRow.channel))
    )
    counts = {oldest: count for count, oldest in session.exec(waiting)}
    rows = session.exec(select(NoticeRow).where(col(NoticeRow.id).in_(counts)))
    return {row.channel: Waiting(counts[row.id], row.dispatch.head.sent_at) for row in rows}


def _inbox(session: Session) -> Waiting | None:
    count, oldest = session.exec(
        select(func.count(), func.min(WaitingMessageRow.id)).select_from(WaitingMessageRow)
    ).one()
    row = session.get(WaitingMessageRow, oldest) if oldest else None
    return Waiting(count, row.since) if row else None
