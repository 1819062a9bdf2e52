"""Asking an agency what became of a part, where its answer may have been lost: the slow safety poll.

Never on the straight path: only when something is owed past its time, in working hours by the dates of that chase
(`workflows.chasing`), before anybody is called late.
"""

from datetime import timedelta
from typing import TYPE_CHECKING

from temporalio.exceptions import ActivityError, is_cancelled_exception

from models.messages import LegQuery
from models.plan import LegPlan
from workflows import ports
from workflows.calls import call_system

if TYPE_CHECKING:
    from workflows.group import ProcedureGroup

_PATIENCE = timedelta(minutes=1)
"""An agency that is away is looked up again when its debt is next chased."""


async def look_up(dossier: "ProcedureGroup", plan: LegPlan) -> None:
    """Take in whatever the agency has stated and we have not heard; the same facts, through the same reducers."""
    query = LegQuery(
        head=dossier.head(f"{plan.key}:look_up"),
        group=plan.group,
        system=plan.system,
        leg=plan.key,
        agency_code=dossier.legs[plan.key].agency_code,
    )
    summary = f"Tra cứu “{plan.name}” tại {plan.agency}"
    try:
        found = await call_system(ports.look_up_leg, plan.system, query, summary, give_up=_PATIENCE)
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise
        return
    for event in found.events:
        await dossier.found(event)
