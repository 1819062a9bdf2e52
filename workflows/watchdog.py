"""The watchdog over electronic results that do not follow their decision (REQUIREMENTS §2, §6.9: 63,065 certificates).

A result is owed by the close of business of the day of its decision. Before that no calendar is asked, so a dossier
whose results come in time costs nothing; after it the agency is asked again by number until the result is there.
"""

from datetime import datetime

from models.chase_words import missing, province_told, result_missing
from models.dossier import Leg
from models.lateness import Ahead, Chase, earliest_result_due
from models.messages import FollowUpKind
from models.plan import LegPlan
from models.publication import Notice
from models.reducers import results_complete
from workflows.chasing import NEXT, OPERATOR, Chasing, part, tell_agency

_OWED = "owed"


class OwedThatDay(Chasing):
    """What is owed by the close of business of the day it counts from; a kind says from when, and what is asked."""

    def owed_from(self, leg: Leg) -> datetime | None:
        """The instant the limit of what the leg owes counts from; None while it owes nothing."""
        raise NotImplementedError

    def owed_by(self, leg: Leg) -> bool:
        return self.owed_from(leg) is not None

    def begins(self, leg: Leg) -> datetime | None:
        since = self.owed_from(leg)
        if leg.chase or since is None:
            return None
        return earliest_result_due(since, self.dossier.required_plan.receipt)

    async def begin(self, key: str) -> None:
        """Read off the calendar when it is owed; it is asked for when that has come."""
        plan, since = self.dossier.required_plan.leg(key), self.owed_from(self.dossier.legs[key])
        assert since is not None
        rule, receipt = self.dossier.required_plan.watchdog, self.dossier.required_plan.receipt

        def ahead(working_days: int) -> Ahead:
            return Ahead(after=since, working_days=rule.working_days + working_days, rule=receipt)

        days = await self.days_ahead(
            plan, {_OWED: ahead(0), NEXT: ahead(self.first_asked()), OPERATOR: ahead(self.operator_after())}
        )
        if self.owed_from(self.dossier.legs[key]) == since:
            chase = Chase(due=days[_OWED].at, next_at=days[NEXT].at, operator_at=days[OPERATOR].at)
            self.dossier.put(self.with_chase(self.dossier.legs[key], chase))

    def first_asked(self) -> int:
        """Working days from the day it is owed to the first time it is asked for."""
        return 0

    def every(self) -> int:
        return self.dossier.required_plan.watchdog.ask_every

    def operator_after(self) -> int:
        return self.dossier.required_plan.watchdog.operator_after


class MissingResults(OwedThatDay):
    """Legs that are decided, and whose electronic result is missing."""

    def owed_from(self, leg: Leg) -> datetime | None:
        complete = results_complete(leg, self.dossier.required_plan.leg(leg.key))
        return leg.decided_at if leg.awaits_result and not complete else None

    def looked_up(self, leg: Leg) -> bool:
        """Asking by number brings a lost result back by itself; who does not answer that is looked up."""
        return leg.missing_result is not None and leg.missing_result.times > 0

    def with_chase(self, leg: Leg, chase: Chase) -> Leg:
        return leg.model_copy(update={"missing_result": chase})

    def ask(self, plan: LegPlan, times: int) -> None:
        """Ask for the result by the number of its decision, and alert the province; the citizen hears of it once."""
        about = part(self.dossier, plan)
        tell_agency(
            self.dossier,
            plan,
            FollowUpKind.RESULT_ASKED,
            result_missing(about, times, awaited=self._awaited(plan)),
            province=province_told(about, times),
        )
        if times == 1:
            self.dossier.tell(
                Notice.RESULT_MISSING,
                leg=plan.name,
                agency=plan.agency,
                number=about.leg.number or "",
                results=missing(about),
                next="; các thủ tục sau đi tiếp ngay khi có" if self._awaited(plan) else "",
            )

    def _awaited(self, plan: LegPlan) -> bool:
        """Whether other legs wait for its result; those that go on with an attestation do not."""
        waiting = (other.key for other in self.dossier.required_plan.legs if plan.key in other.requires)
        legs = (self.dossier.legs[key] for key in waiting)
        return any(not (leg.ended or leg.goes_on_without(plan.key)) for leg in legs)
