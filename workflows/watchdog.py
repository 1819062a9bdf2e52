"""The watchdog over electronic results that do not follow their decision (REQUIREMENTS §2, §6.9: 63,065 certificates).

A result is owed by the close of business of the day of its decision. Before that no calendar is asked, so a dossier
whose results come in time costs nothing; after it the agency is asked again by number until the result is there.
"""

from datetime import datetime

from models.chase_words import province_told, result_missing
from models.dossier import Leg
from models.lateness import Ahead, Chase, earliest_result_due
from models.messages import FollowUpKind
from models.plan import LegPlan
from models.publication import Notice
from models.reducers import results_complete
from models.words import listed
from workflows.chasing import OPERATOR, Chasing, part, tell_agency

_OWED = "owed"


class MissingResults(Chasing):
    """Legs that are decided, and whose electronic result is missing."""

    def owed_by(self, leg: Leg) -> bool:
        complete = results_complete(leg, self.dossier.required_plan.leg(leg.key))
        return leg.awaits_result and leg.decided_at is not None and not complete

    def begins(self, leg: Leg) -> datetime | None:
        if leg.missing_result or leg.decided_at is None:
            return None
        return earliest_result_due(leg.decided_at, self.dossier.required_plan.receipt)

    async def begin(self, key: str) -> None:
        """Read off the calendar when the result is owed; it is asked for when that has come."""
        leg, plan = self.dossier.legs[key], self.dossier.required_plan.leg(key)
        decided_at = leg.decided_at
        assert decided_at is not None
        rule, receipt = self.dossier.required_plan.watchdog, self.dossier.required_plan.receipt

        def ahead(working_days: int) -> Ahead:
            return Ahead(after=decided_at, working_days=rule.working_days + working_days, rule=receipt)

        days = await self.days_ahead(plan, {_OWED: ahead(0), OPERATOR: ahead(rule.operator_after)})
        if self.dossier.legs[key].awaits_result:
            owed = days[_OWED].at
            chase = Chase(due=owed, next_at=owed, operator_at=days[OPERATOR].at)
            self.dossier.put(self.with_chase(self.dossier.legs[key], chase))

    def looked_up(self, leg: Leg) -> bool:
        """Asking by number brings a lost result back by itself; who does not answer that is looked up."""
        return leg.missing_result is not None and leg.missing_result.times > 0

    def every(self) -> int:
        return self.dossier.required_plan.watchdog.ask_every

    def operator_after(self) -> int:
        return self.dossier.required_plan.watchdog.operator_after

    def with_chase(self, leg: Leg, chase: Chase) -> Leg:
        return leg.model_copy(update={"missing_result": chase})

    def ask(self, plan: LegPlan, times: int) -> None:
        """Ask for the result by the number of its decision, and alert the province; the citizen hears of it once."""
        about = part(self.dossier, plan)
        tell_agency(
            self.dossier,
            plan,
            FollowUpKind.RESULT_ASKED,
            result_missing(about, times),
            province=province_told(about, times),
        )
        if times == 1:
            self.dossier.tell(
                Notice.RESULT_MISSING,
                leg=plan.name,
                agency=plan.agency,
                number=about.leg.number or "",
                results=listed(kind.label for kind in plan.results),
            )
