"""Event groups: which commands stand together in an operator's view of a history.

Experimental in SDK 1.35 and safe to replay; the id is readable even with a payload codec (TEMPORAL §2).
"""

from temporalio import workflow
from temporalio.workflow import EventGroup

from models.plan import LegPlan


def intake_group() -> EventGroup:
    """Everything from the declaration to the dates promised at provincial receipt."""
    return workflow.create_event_group("intake", label="Tiếp nhận")


def leg_group(plan: LegPlan) -> EventGroup:
    """Everything done for one leg."""
    return workflow.create_event_group(plan.key, label=plan.name)
