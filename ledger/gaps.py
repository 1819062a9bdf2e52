"""The gap report: what somebody owes and nothing moves on by itself, as the ledger has it (REQUIREMENTS §2, §6.9).

It judges by the calendar and by what was published, not by what a dossier's workflow has noticed: it also tells of
dossiers whose workflow stands still. Only what is open is read, by its indexes.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, true
from sqlmodel import Session, col, select

from ledger.transactions import Transactions
from models.base import Code, Instant, Model, Text
from models.calendar import WorkingCalendar
from models.documents import DocumentKind
from models.dossier import Leg, LegStage
from models.groups import Group
from models.labelled import Labelled
from models.lateness import Ahead, day_ahead
from models.plan import Plan
from models.replacement import Replacement, replacement_id
from models.systems import System
from models.tables import DossierRow, LegRow, NoticeRow, ReplacementRow

START_PATIENCE = timedelta(minutes=15)
"""How long a dossier may be in the ledger without its workflow having started [choice]."""

DELIVERY_PATIENCE = timedelta(days=1)
"""How long something may wait in the outbox [choice]: an outage of one night is no gap."""


class GapKind(Labelled):
    """What is missing."""

    NO_RESULT = "no_result", "đã giải quyết, thiếu bản điện tử"
    NOT_RECEIVED = "not_received", "đã gửi, cơ quan chưa tiếp nhận"
    NOT_STARTED = "not_started", "đã vào sổ, quy trình chưa chạy"
    UNDELIVERED = "undelivered", "chưa chuyển được tới nơi nhận"
    NOT_ACKNOWLEDGED = "not_acknowledged", "chưa xác nhận đã thay bản cũ bằng bản cấp lại"


class Gap(Model):
    """One thing missing since an instant: of whom, for which leg, and how often it was asked for. Nothing personal.

    `owed_by` is an agency or, of what is undelivered, the system that does not take it; `asked` counts how often the
    agency was asked or, of what is undelivered, how many things wait. `missing` are the results that did not follow.
    """

    kind: GapKind
    code: Code
    group: Group
    province_code: Code
    since: Instant
    owed_by: Text
    leg: Code | None = None
    missing: tuple[DocumentKind, ...] = ()
    asked: int = 0


class GapTotal(Model):
    """How many dossiers of one group and province have a gap of that kind at one agency."""

    kind: GapKind
    group: Group
    province_code: Code
    owed_by: Text
    dossiers: int


class GapReport(Model):
    """All gaps at an instant, the oldest first, with totals by kind, group, province and agency."""

    at: Instant
    gaps: tuple[Gap, ...]
    totals: tuple[GapTotal, ...]


class Gaps(Transactions):
    """What is missing."""

    def gaps(
        self, now: datetime, calendar: WorkingCalendar, province: Code | None = None, group: Group | None = None
    ) -> GapReport:
        """The gaps at the legal instant `now`, of one province or of all, of one group or of both."""
        with self._reading() as session:
            looked = _Look(session, now, calendar, province, group)
            found = [
                *looked.no_results(),
                *looked.not_received(),
                *looked.not_started(),
                *looked.replacements_not_started(),
                *looked.undelivered(),
                *looked.not_acknowledged(),
            ]
        gaps = sorted(found, key=lambda gap: (gap.since, gap.code))
        return GapReport(at=now, gaps=tuple(gaps), totals=_totals(gaps))


class _Look:
    """One look at the ledger. Only columns that are needed are read: a declaration is long."""

    def __init__(
        self, session: Session, now: datetime, calendar: WorkingCalendar, province: Code | None, group: Group | None
    ) -> None:
        self._session = session
        self._now = now
        self._calendar = calendar
        of_province = col(DossierRow.province_code) == province if province else true()
        self._wanted = and_(of_province, col(DossierRow.group) == group if group else true())

    def no_results(self) -> Iterator[Gap]:
        """Decided, and the electronic result did not follow in time: the 63,065."""
        for code, province, plan, leg in self._legs(LegStage.WAITING_DOCUMENT):
            if leg.decided_at and self._passed(_owed(leg.decided_at, plan)):
                leg_plan = plan.leg(leg.key)
                received = {document.kind for document in leg.documents}
                yield Gap(
                    kind=GapKind.NO_RESULT,
                    code=code,
                    group=plan.group,
                    province_code=province,
                    since=leg.decided_at,
                    owed_by=leg_plan.agency,
                    leg=leg.key,
                    missing=tuple(kind for kind in leg_plan.results if kind not in received),
                    asked=leg.missing_result.times if leg.missing_result else 0,
                )

    def not_received(self) -> Iterator[Gap]:
        """Sent, and no receipt was stated by the close of its day: no clock runs, so no due date ever comes."""
        for code, province, plan, leg in self._legs(LegStage.SENDING, LegStage.WAITING_RECEIPT):
            sent_at, owed_from = leg.unreceived_since, leg.receipt_owed_from
            if sent_at and owed_from and self._passed(_owed(owed_from, plan)):
                leg_plan = plan.leg(leg.key)
                yield Gap(
                    kind=GapKind.NOT_RECEIVED,
                    code=code,
                    group=plan.group,
                    province_code=province,
                    since=sent_at,
                    owed_by=leg_plan.system.label if leg.untaken else leg_plan.agency,
                    leg=leg.key,
                    asked=leg.chase.times if leg.chase else 0,
                )

    def not_started(self) -> Iterator[Gap]:
        """In the ledger, but no workflow runs (lienthong recover)."""
        waiting = select(
            DossierRow.code, col(DossierRow.group), DossierRow.province_code, col(DossierRow.opened_at)
        ).where(col(DossierRow.started).is_(False), DossierRow.opened_at <= self._now - START_PATIENCE, self._wanted)
        for code, group, province, opened_at in self._session.exec(waiting):
            yield Gap(
                kind=GapKind.NOT_STARTED,
                code=code,
                group=group,
                province_code=province,
                since=opened_at,
                owed_by="hệ thống liên thông",
            )

    def replacements_not_started(self) -> Iterator[Gap]:
        """The same of replacements of their own."""
        for code, province, plan, replacement in self._replacements(col(ReplacementRow.started).is_(False)):
            if replacement.taken_at <= self._now - START_PATIENCE:
                yield Gap(
                    kind=GapKind.NOT_STARTED,
                    code=replacement_id(code, replacement.number),
                    group=plan.group,
                    province_code=province,
                    since=replacement.taken_at,
                    owed_by="hệ thống liên thông",
                )

    def undelivered(self) -> Iterator[Gap]:
        """One gap per dossier and channel, however much waits there."""
        rows = self._session.exec(
            select(col(DossierRow.group), DossierRow.province_code, col(NoticeRow.channel), col(NoticeRow.dispatch))
            .join(DossierRow, col(DossierRow.code) == col(NoticeRow.dossier_code))
            .where(col(NoticeRow.sent_at).is_(None), self._wanted)
            .order_by(col(NoticeRow.id))
        )
        waiting: dict[tuple[Code, System], Gap] = {}
        for group, province, channel, dispatch in rows:
            code, since = dispatch.head.dossier_code, dispatch.head.sent_at
            if since > self._now - DELIVERY_PATIENCE:
                continue
            first = waiting.get((code, channel))
            waiting[code, channel] = Gap(
                kind=GapKind.UNDELIVERED,
                code=code,
                group=group,
                province_code=province,
                since=first.since if first else since,
                owed_by=channel.label,
                asked=first.asked + 1 if first else 1,
            )
        yield from waiting.values()

    def not_acknowledged(self) -> Iterator[Gap]:
        """A result was issued anew, and an agency may still use the old version though its limit is over."""
        late = (col(ReplacementRow.unacknowledged).is_(True), col(ReplacementRow.due_at) <= self._now)
        for code, province, plan, replacement in self._replacements(*late):
            for key in replacement.awaited_legs:
                yield Gap(
                    kind=GapKind.NOT_ACKNOWLEDGED,
                    code=code,
                    group=plan.group,
                    province_code=province,
                    since=replacement.taken_at,
                    owed_by=plan.leg(key).agency,
                    leg=key,
                    asked=1 + replacement.reminded,
                )

    def _replacements(self, *which: ColumnElement[bool]) -> Iterator[tuple[Code, Code, Plan, Replacement]]:
        rows = self._session.exec(
            select(DossierRow.code, DossierRow.province_code, col(DossierRow.plan), col(ReplacementRow.state))
            .join(ReplacementRow, col(ReplacementRow.dossier_code) == col(DossierRow.code))
            .where(*which, self._wanted)
        )
        for code, province, plan, replacement in rows:
            if plan:
                yield code, province, plan, replacement

    def _legs(self, *stages: LegStage) -> Iterator[tuple[Code, Code, Plan, Leg]]:
        rows = self._session.exec(
            select(DossierRow.code, DossierRow.province_code, col(DossierRow.plan), col(LegRow.state))
            .join(LegRow, col(LegRow.dossier_code) == col(DossierRow.code))
            .where(col(LegRow.stage).in_(stages), self._wanted)
        )
        for code, province, plan, leg in rows:
            if plan:
                yield code, province, plan, leg

    def _passed(self, ahead: Ahead) -> bool:
        return day_ahead(ahead, self._calendar).at <= self._now


def _owed(since: datetime, plan: Plan) -> Ahead:
    """When what the watchdog watches for is owed: a result after its decision, a receipt after what was sent."""
    return Ahead(after=since, working_days=plan.watchdog.working_days, rule=plan.receipt)


def _totals(gaps: Iterable[Gap]) -> tuple[GapTotal, ...]:
    dossiers: Mapping[tuple[GapKind, Group, Code, str], int] = Counter(
        key for key, _ in {((gap.kind, gap.group, gap.province_code, gap.owed_by), gap.code) for gap in gaps}
    )
    order = list(GapKind)
    return tuple(
        GapTotal(kind=kind, group=group, province_code=province, owed_by=owed_by, dossiers=count)
        for (kind, group, province, owed_by), count in sorted(
            dossiers.items(), key=lambda total: (order.index(total[0][0]), -total[1], total[0][1:])
        )
    )
