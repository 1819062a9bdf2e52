"""Answers of agencies that came on paper, entered by an operator: judged as if the agency had told them (LAW §F).

[choice] A scan is no signed e-document. Where `data/signatures.toml` wants a signature the decision counts, its number
too, and the agency still owes the electronic result; the scan is evidence. Where it wants none, the scan is the result.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from models.dossier import Leg
from models.facts import AgencyEvent, Demand, FactRefused, PaperAnswer, Received
from models.messages import FollowUpKind
from models.paper_answers import as_told, evidence
from models.plan import LegPlan

if TYPE_CHECKING:
    from workflows.dossier import DossierWorkflow


def paper_effect(dossier: "DossierWorkflow", leg: Leg, plan: LegPlan, act: PaperAnswer) -> Callable[[], None]:
    """What the answer would do. Raises FactRefused, here or, for grounds that the return gate does not pass, then."""
    event = AgencyEvent(
        message_id=act.message_id,
        source=plan.system,
        dossier_code=act.dossier_code,
        leg=act.leg,
        fact=as_told(act.answer),
    )
    told = dossier.agency_effect(event)

    def effect() -> None:
        try:
            told()
        except FactRefused as refusal:
            if isinstance(act.answer, Demand):  # nobody reads our answer to a paper: its agency hears of it by itself
                dossier.follow_up(leg.key, FollowUpKind.GROUNDS_DEMANDED, refusal.text)
            dossier.keep(*evidence(act))
            dossier.refuse_on_record(act, refusal)
        if isinstance(act.answer, Received) and act.answer.agency_code:
            dossier.put(dossier.legs[leg.key].model_copy(update={"paper_code": act.answer.agency_code}))

    return effect
