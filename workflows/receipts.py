"""Receipts that do not follow what an agency has taken: without one no clock runs, so nothing else would be missed.

[choice] A receipt is owed like an electronic result (`Plan.watchdog`), by the close of business of the day on which the
agency's system took the part or the supplement. Then the agency is looked up, reminded at the same intervals, and at
last an operator decides. Until the first of these dates no calendar is asked, so receipts that come in time cost
nothing.
"""

from datetime import datetime

from models.chase_words import receipt_missing
from models.dossier import Leg
from models.lateness import Ahead, Chase, earliest_result_due
from models.messages import FollowUpKind
from models.plan import LegPlan
from workflows.chasing import OPERATOR, Chasing, part

_OWED = "owed"


class MissingReceipts(Chasing):
    """Legs that their agency's system has taken, and whose receipt has not come."""

    def owed_by(self, leg: Leg) -> bool:
        return leg.awaits_receipt

    def begins(self, leg: Leg) -> datetime | None:
        if leg.chase or leg.acknowledged_at is None:
            return None
        return earliest_result_due(leg.acknowledged_at, self.dossier.required_plan.receipt)

    async def begin(self, key: str) -> None:
        """Read off the calendar when the receipt is owed; it is asked for when that has come."""
        leg, plan = self.dossier.legs[key], self.dossier.required_plan.leg(key)
        taken_at = leg.acknowledged_at
        assert taken_at is not None
        rule, receipt = self.dossier.required_plan.watchdog, self.dossier.required_plan.receipt

        def ahead(working_days: int) -> Ahead:
            return Ahead(after=taken_at, working_days=rule.working_days + working_days, rule=receipt)

        days = await self.days_ahead(plan, {_OWED: ahead(0), OPERATOR: ahead(rule.operator_after)})
        if self.dossier.legs[key].acknowledged_at == taken_at and self.dossier.legs[key].awaits_receipt:
            owed = days[_OWED].at
            chase = Chase(due=owed, next_at=owed, operator_at=days[OPERATOR].at)
            self.dossier.put(self.with_chase(self.dossier.legs[key], chase))

    def every(self) -> int:
        return self.dossier.required_plan.watchdog.ask_every

    def operator_after(self) -> int:
        return self.dossier.required_plan.watchdog.operator_after

    def with_chase(self, leg: Leg, chase: Chase) -> Leg:
        return leg.model_copy(update={"missing_receipt": chase})

    def ask(self, plan: LegPlan, times: int) -> None:
        """Ask the agency to say that it has the part."""
        text = receipt_missing(part(self.dossier, plan), times)
        self.dossier.follow_up(plan.key, FollowUpKind.REMINDER, text)
