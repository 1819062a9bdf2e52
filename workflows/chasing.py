"""Chasing what an agency owes past its time: asked again at intervals, until an operator decides (§6.8, §6.9)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from models.base import legal
from models.chase_words import Part, handed_over
from models.dossier import Leg
from models.facts import FactRefusal, FactRefused, OverdueChoice, OverdueDecision
from models.lateness import Ahead, Chase, DayAhead, Ruling
from models.messages import FollowUpKind
from models.plan import LegPlan
from models.reducers import not_in_future
from models.start import DaysQuery
from models.systems import System
from workflows import ports
from workflows.event_groups import leg_group
from workflows.polling import look_up

if TYPE_CHECKING:
    from workflows.dossier import DossierWorkflow
    from workflows.group import ProcedureGroup

NEXT, OPERATOR = "next", "operator"
"""The dates of every chase: when it is asked for again, from when an operator decides."""


class Chasing:
    """What one kind of debt has in common with any other; a kind says who owes it since when, and what is asked."""

    def __init__(self, dossier: "ProcedureGroup") -> None:
        self.dossier = dossier

    # --- What a kind says --------------------------------------------------------------------------------------------

    def owed_by(self, leg: Leg) -> bool:
        """Whether the leg owes this kind of thing now."""
        raise NotImplementedError

    def begins(self, leg: Leg) -> datetime | None:
        """When it is to be looked at whether the leg's chase begins; None once it has begun."""
        raise NotImplementedError

    async def begin(self, key: str) -> None:
        """Begin the chase, if it is time."""
        raise NotImplementedError

    def looked_up(self, leg: Leg) -> bool:
        """Whether the agency is looked up before the next step: the answer may be there, and its message lost."""
        return True

    def every(self) -> int:
        """Working days from one time it is asked for to the next."""
        raise NotImplementedError

    def operator_after(self) -> int:
        """Working days after which an operator decides."""
        raise NotImplementedError

    def with_chase(self, leg: Leg, chase: Chase) -> Leg:
        """The leg with its chase as it stands now."""
        raise NotImplementedError

    def ask(self, plan: LegPlan, times: int) -> None:
        """Ask the agency again, for the n-th time."""
        raise NotImplementedError

    # --- What they have in common ------------------------------------------------------------------------------------

    def next(self) -> datetime | None:
        """When there is something to do next."""
        return min((step for leg in self.dossier.legs.values() if (step := self._step(leg))), default=None)

    async def act(self, by: datetime) -> None:
        """Do whatever there is to do by that instant, unless a look-up at the agency shows that nothing is owed."""
        for key in tuple(self.dossier.legs):
            if self._comes(key, by):
                plan = self.dossier.required_plan.leg(key)
                with leg_group(plan).scope():
                    if self.looked_up(self.dossier.legs[key]):
                        await look_up(self.dossier, plan)
                    if self._comes(key, by):
                        begins = self.begins(self.dossier.legs[key])
                        await (self.begin(key) if begins else self._go_on(key, by))

    def _comes(self, key: str, by: datetime) -> bool:
        step = self._step(self.dossier.legs[key])
        return step is not None and step <= by

    def _step(self, leg: Leg) -> datetime | None:
        if not self.owed_by(leg):
            return None
        return self.begins(leg) or (leg.chase.next_step if leg.chase else None)

    async def _go_on(self, key: str, by: datetime) -> None:
        """Hand over to an operator, or ask again; or only read new dates, where an operator has decided to wait on."""
        leg, plan = self.dossier.legs[key], self.dossier.required_plan.leg(key)
        chase = leg.chase
        assert chase is not None
        if chase.operator_at and chase.operator_at <= by:
            self._put(key, chase.model_copy(update={"operator_since": self.dossier.time.now()}))
            tell_agency(self.dossier, plan, FollowUpKind.OVERDUE, handed_over(part(self.dossier, plan), chase.due))
            return
        since = self.dossier.time.now() if chase.dated else leg.rulings[-1].at
        days = await self.days_ahead(plan, self.dates(at_hour_of(chase.due, since), since_operator=not chase.dated))
        if self.dossier.legs[key].chase != chase:
            return
        dated = {"next_at": days[NEXT].at, "operator_at": days[OPERATOR].at if OPERATOR in days else chase.operator_at}
        times = chase.times + chase.dated
        self._put(key, chase.model_copy(update={**dated, "times": times}))
        if chase.dated:
            self.ask(plan, times)

    def dates(self, after: datetime, *, since_operator: bool) -> Mapping[str, Ahead]:
        """The questions for the dates of a chase that goes on after that instant."""
        ahead = {NEXT: Ahead(after=after, working_days=self.every())}
        if since_operator:
            ahead[OPERATOR] = Ahead(after=after, working_days=self.operator_after())
        return ahead

    async def days_ahead(self, plan: LegPlan, ahead: Mapping[str, Ahead]) -> Mapping[str, DayAhead]:
        """Read these dates off the calendar."""
        return await days_ahead(self.dossier, ahead, f"Tính các mốc đôn đốc “{plan.name}”")

    def _put(self, key: str, chase: Chase) -> None:
        self.dossier.put(self.with_chase(self.dossier.legs[key], chase))


async def days_ahead(dossier: "ProcedureGroup", ahead: Mapping[str, Ahead], summary: str) -> Mapping[str, DayAhead]:
    """Read dates off the calendar, by name."""
    answer = await dossier.compute(ports.days_ahead, DaysQuery(ahead=ahead), summary)
    return answer.days


def at_hour_of(due: datetime, on: datetime) -> datetime:
    """The hour of a due date on the legal day of an instant, but never before the due date itself."""
    hour = legal(due)
    return max(hour, legal(on).replace(hour=hour.hour, minute=hour.minute, second=hour.second, microsecond=0))


def part(dossier: "DossierWorkflow", plan: LegPlan) -> Part:
    """What a text to an agency is about."""
    return Part(dossier.code, dossier.provincial_code, plan, dossier.legs[plan.key])


def tell_agency(
    dossier: "DossierWorkflow", plan: LegPlan, kind: FollowUpKind, text: str, *, province: str | None = None
) -> None:
    """Tell the agency, and the province, which hears the same unless `province` says it in other words.

    An agency whose system has never taken the part is told nothing about it.
    """
    if not dossier.legs[plan.key].never_taken:
        dossier.follow_up(plan.key, kind, text)
    if plan.system is not System.PROVINCIAL:
        dossier.follow_up(plan.key, FollowUpKind.OVERDUE, province or text, to=System.PROVINCIAL)


def ruling_effect(dossier: "DossierWorkflow", leg: Leg, plan: LegPlan, decision: OverdueDecision) -> Callable[[], None]:
    """What an operator's decision about something long overdue does; FactRefused when it is not the operator's turn."""
    not_in_future(decision.at, dossier.time.now())
    if leg.ended:
        raise FactRefused(FactRefusal.ENDED, f"Thủ tục “{plan.name}” đã kết thúc.")
    chase = leg.chase
    if chase is None or chase.operator_since is None:
        text = f"“{plan.name}” chưa đến lúc người vận hành quyết định: chưa quá hạn đủ số ngày làm việc."
        raise FactRefused(FactRefusal.OUT_OF_TURN, text)
    at = max(chase.operator_since, min(decision.at, dossier.time.now()))
    ruling = Ruling(choice=decision.choice, operator=decision.operator, because=decision.because, at=at)
    ruled = leg.model_copy(update={"rulings": (*leg.rulings, ruling)})
    if decision.choice is OverdueChoice.WAIT_ON:
        again = chase.model_copy(update={"operator_since": None, "next_at": None, "operator_at": None})
        ruled = ruled.model_copy(update={leg.chase_kept_in: again})
    return lambda: dossier.put(ruled)
