"""Due dates that come while something is still owed: the one place that watches them (REQUIREMENTS §6.8).

Agencies are reminded before a due date. Once it has come, the leg is overdue, its agency is named, the citizen gets an
apology with a new date, and the agency is asked again until the result comes or an operator decides.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from models.chase_words import nearly_due, overdue, still_overdue
from models.dossier import DossierStage, Leg, group_owed_at
from models.lateness import Ahead, Apology, Chase
from models.messages import FollowUpKind
from models.plan import LegPlan
from models.publication import Notice
from models.words import when
from workflows.appointing import Appointments
from workflows.chasing import NEXT, OPERATOR, Chasing, at_hour_of, days_ahead, part, tell_agency
from workflows.receipts import MissingReceipts, Untaken
from workflows.replacing import Acknowledgements
from workflows.watch import Watch
from workflows.watchdog import MissingResults

if TYPE_CHECKING:
    from workflows.group import ProcedureGroup

_NEW_DATE = "new_date"


class OverdueWatch(Watch):
    """Watches every due date of a dossier until it concludes."""

    def __init__(self, dossier: "ProcedureGroup") -> None:
        super().__init__(
            dossier.time,
            lambda: dossier.stage is DossierStage.CONCLUDED,
            Reminders(dossier),
            Appointments(dossier),
            OverdueLegs(dossier),
            OverdueGroup(dossier),
            MissingResults(dossier),
            MissingReceipts(dossier),
            Untaken(dossier),
            Acknowledgements(dossier),
        )


class Reminders:
    """Each agency is reminded once of each due date. One already past when its clock began to run is not given."""

    def __init__(self, dossier: "ProcedureGroup") -> None:
        self._dossier = dossier

    def next(self) -> datetime | None:
        """When the next reminder is due."""
        return min((at for _, at, _ in self._wanted()), default=None)

    async def act(self, by: datetime) -> None:
        """Remind whoever is to be reminded by that instant; once the due date itself has come it is too late."""
        for leg, at, due in tuple(self._wanted()):
            if at <= by:
                self._dossier.put(leg.model_copy(update={"reminded": (*leg.reminded, due)}))
                if by < due:
                    plan = self._dossier.required_plan.leg(leg.key)
                    text = nearly_due(part(self._dossier, plan), due)
                    self._dossier.follow_up(leg.key, FollowUpKind.REMINDER, text)

    def _wanted(self) -> Iterator[tuple[Leg, datetime, datetime]]:
        for leg in self._dossier.legs.values():
            due, clock = leg.owed_at, leg.clock
            at = leg.due.remind_at if leg.due else None
            if due and at and clock and due not in leg.reminded and clock.entries[-1].at < at:
                yield leg, at, due


class OverdueLegs(Chasing):
    """Legs whose due date came while their agency owed its decision."""

    def owed_by(self, leg: Leg) -> bool:
        return leg.owed_at is not None

    def begins(self, leg: Leg) -> datetime | None:
        return _unmarked(leg.owed_at, leg.missed_due)

    async def begin(self, key: str) -> None:
        """Mark the leg overdue, apologise to the citizen and tell the agency, all in one publication."""
        leg, plan = self.dossier.legs[key], self.dossier.required_plan.leg(key)
        due = leg.owed_at
        assert due is not None
        assert leg.due is not None
        since = at_hour_of(due, self.dossier.time.now())
        days = await self.days_ahead(
            plan,
            {
                _NEW_DATE: Ahead(after=since, working_days=_new_limit(self.dossier, leg.due.working_days)),
                NEXT: Ahead(after=since, working_days=self.every()),
                OPERATOR: Ahead(after=due, working_days=self.operator_after()),
            },
        )
        leg = self.dossier.legs[key]
        if leg.owed_at != due:
            return
        new_date = days[_NEW_DATE]
        apology = Apology(due=due, at=self.dossier.time.now(), new_date=new_date.at, provisional=new_date.provisional)
        chase = Chase(due=due, next_at=days[NEXT].at, operator_at=days[OPERATOR].at)
        apologised = any(earlier.due == due for earlier in leg.apologies)
        apologies = leg.apologies if apologised else (*leg.apologies, apology)
        self.dossier.put(leg.model_copy(update={"missed_due": due, "lateness": chase, "apologies": apologies}))
        if not apologised:
            self._apologise(leg, plan, apology)

    def _apologise(self, leg: Leg, plan: LegPlan, apology: Apology) -> None:
        self.dossier.tell(
            Notice.LEG_APOLOGY,
            leg=plan.name,
            agency=plan.agency,
            received=when(leg.clock.entries[0].at) if leg.clock else "",
            due=when(apology.due),
            new_date=_written(apology),
        )
        text = overdue(part(self.dossier, plan), apology.due, apology.new_date)
        self.dossier.follow_up(plan.key, FollowUpKind.OVERDUE, text)

    def every(self) -> int:
        return self.dossier.required_plan.lateness.escalate_every

    def operator_after(self) -> int:
        return self.dossier.required_plan.lateness.operator_after

    def with_chase(self, leg: Leg, chase: Chase) -> Leg:
        return leg.model_copy(update={"lateness": chase})

    def ask(self, plan: LegPlan, times: int) -> None:
        """Escalate to the agency and the province (đôn đốc)."""
        leg = self.dossier.legs[plan.key]
        if leg.owed_at:
            text = still_overdue(part(self.dossier, plan), leg.owed_at, times)
            tell_agency(self.dossier, plan, FollowUpKind.OVERDUE, text)


class OverdueGroup:
    """The group as a whole. Where a leg is late, that leg's apology is the citizen's; else the group gets its own."""

    def __init__(self, dossier: "ProcedureGroup") -> None:
        self._dossier = dossier

    def next(self) -> datetime | None:
        """The group's due date, until it has been marked as missed."""
        return _unmarked(self._owed(), self._dossier.missed_due)

    async def act(self, by: datetime) -> None:
        """Mark the group overdue; “late, no agency” is apologised for all the same."""
        due = self.next()
        if due is None or due > by or self._dossier.due is None:
            return
        promised = [leg for leg in self._dossier.required_plan.legs if leg.in_group_promise]
        if any(self._dossier.legs[leg.key].overdue_since for leg in promised):
            self._mark(due)
            return
        limit = _new_limit(self._dossier, self._dossier.due.working_days)
        ahead = {_NEW_DATE: Ahead(after=at_hour_of(due, self._dossier.time.now()), working_days=limit)}
        new_date = (await days_ahead(self._dossier, ahead, "Tính ngày hẹn lại của cả nhóm"))[_NEW_DATE]
        if self._owed() != due:
            return
        self._mark(due)
        if any(earlier.due == due for earlier in self._dossier.apologies):
            return
        apology = Apology(due=due, at=self._dossier.time.now(), new_date=new_date.at, provisional=new_date.provisional)
        self._dossier.apologies += (apology,)
        self._dossier.tell(Notice.GROUP_APOLOGY, due=when(due), new_date=_written(apology))

    def _mark(self, due: datetime) -> None:
        self._dossier.missed_due = due
        self._dossier.enter(self._dossier.stage)

    def _owed(self) -> datetime | None:
        return group_owed_at(self._dossier.plan, self._dossier.legs.values(), self._dossier.due)


def _new_limit(dossier: "ProcedureGroup", missed: int) -> int:
    """The working days an apology asks for: the limit that was missed, at least what the law pack says."""
    return max(missed, dossier.required_plan.lateness.new_date_at_least)


def _written(apology: Apology) -> str:
    return when(apology.new_date) + (" (tạm tính: lịch nghỉ chưa được công bố)" if apology.provisional else "")


def _unmarked(owed: datetime | None, missed: datetime | None) -> datetime | None:
    return owed if owed != missed else None
