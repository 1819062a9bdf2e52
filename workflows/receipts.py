"""Receipts that do not follow what was sent: without one no clock runs, so nothing else would be missed.

[choice] A receipt is owed like an electronic result (`Plan.watchdog`), by the close of business of the day on which the
agency's system took the part or the supplement. Then the agency is looked up, reminded at the same intervals, and at
last an operator decides. Until the first of these dates no calendar is asked, so receipts that come in time cost
nothing.

[choice] Where the agency's system takes nothing the same days count from our sending, and the operator's turn comes as
late; but nobody writes to a system that takes nothing, and the sending goes on meanwhile (`workflows.sending`).
"""

from datetime import datetime

from models.chase_words import receipt_missing
from models.dossier import Leg
from models.lateness import Chase
from models.messages import FollowUpKind
from models.plan import LegPlan
from workflows.chasing import part
from workflows.watchdog import OwedThatDay


class MissingReceipts(OwedThatDay):
    """Legs that their agency's system has taken, and whose receipt has not come."""

    def owed_from(self, leg: Leg) -> datetime | None:
        return leg.receipt_owed_from if leg.awaits_receipt else None

    def with_chase(self, leg: Leg, chase: Chase) -> Leg:
        return leg.model_copy(update={"missing_receipt": chase})

    def ask(self, plan: LegPlan, times: int) -> None:
        """Ask the agency to say that it has the part."""
        text = receipt_missing(part(self.dossier, plan), times)
        self.dossier.follow_up(plan.key, FollowUpKind.REMINDER, text)


class Untaken(OwedThatDay):
    """Legs whose part or supplement their agency's system has not taken: nothing is asked for until an operator is."""

    def owed_from(self, leg: Leg) -> datetime | None:
        return leg.receipt_owed_from if leg.untaken else None

    def looked_up(self, leg: Leg) -> bool:
        """Only before the operator's turn: the part may be there, and the answer to every sending lost."""
        return leg.chase is not None

    def first_asked(self) -> int:
        return self.operator_after()

    def every(self) -> int:
        return self.operator_after()

    def with_chase(self, leg: Leg, chase: Chase) -> Leg:
        return leg.model_copy(update={"missing_receipt": chase})

    def ask(self, plan: LegPlan, times: int) -> None:
        """Never: its dates are those of the operator's turn, which goes before."""
