"""What an agency adds to a dossier by itself: it comes back through the province and travels to the leg that needs it.

The commune completes some papers instead of the citizen (Quyết định 296/QĐ-VPCP, II.4 a.2; REQUIREMENTS §5).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from models.dossier import Leg
from models.facts import AgencyEvent, FactRefusal, FactRefused, ResultDocument
from models.messages import FollowUpKind
from models.plan import LegPlan, RequiredDocument
from models.reducers import not_in_future
from models.words import listed

if TYPE_CHECKING:
    from workflows.dossier import DossierWorkflow


def ask_to_complete(dossier: "DossierWorkflow", documents: tuple[RequiredDocument, ...]) -> None:
    """What a correction makes an agency owe the dossier it is asked for at once, through the province.

    Before the province has the dossier nobody is: all of it is asked for then.
    """
    plan = dossier.required_plan
    first = next(leg for leg in plan.legs if leg.sent_with_intake)
    new = tuple(document for document in documents if document not in plan.completed_by_agencies)
    if not new:
        return
    dossier.plan = plan.model_copy(update={"completed_by_agencies": (*plan.completed_by_agencies, *new)})
    dossier.plan_changed()
    if dossier.clock is not None:
        for document in new:
            dossier.follow_up(first.key, FollowUpKind.TO_COMPLETE, document.to_complete)


def completes(dossier: "DossierWorkflow", plan: LegPlan, fact: ResultDocument) -> bool:
    """Whether the province hands in, under the leg that went with the intake, nothing but what agencies must add."""
    owed = {kind for document in dossier.required_plan.completed_by_agencies for kind in document.any_of}
    return plan.sent_with_intake and {document.kind for document in fact.documents} <= owed - {*plan.results}


def completed_effect(
    dossier: "DossierWorkflow", leg: Leg, plan: LegPlan, event: AgencyEvent, fact: ResultDocument
) -> Callable[[], None]:
    """What was asked for has come: it goes with the part that needs it, or after it. Raises FactRefused.

    It may come when the registration itself has long ended, until the leg that needs it is decided.
    """
    not_in_future(fact.at, dossier.time.now())
    if event.source is not plan.system:
        raise FactRefused(FactRefusal.WRONG_SENDER, f"Giấy tờ này do {plan.system.label} gửi.")
    if leg.sent_at is None:
        raise FactRefused(FactRefusal.OUT_OF_TURN, f"Thủ tục “{plan.name}” chưa được gửi cho cơ quan.")
    kinds = {document.kind for document in fact.documents}
    if kinds & dossier.attached:
        raise FactRefused(FactRefusal.ALREADY_ANSWERED, "Hồ sơ đã có giấy tờ này.")
    waiting = tuple(document for document in dossier.required_plan.completed_by_agencies if kinds & {*document.any_of})
    if not any(dossier.legs[document.leg].undecided for document in waiting):
        raise FactRefused(FactRefusal.NOT_AWAITED, "Thủ tục cần giấy tờ này đã có quyết định.")

    def effect() -> None:
        dossier.attach(fact.documents)
        for document in waiting:
            _pass_on(dossier, document, fact)
        if event.status:
            dossier.note_status(event.status, leg=event.leg, incoming=True)

    return effect


def _pass_on(dossier: "DossierWorkflow", needed: RequiredDocument, fact: ResultDocument) -> None:
    """To the agency that has its part already; any other gets it with the part."""
    leg = dossier.legs[needed.leg]
    if leg.undecided and leg.sent_at:
        papers = tuple(document for document in fact.documents if document.kind in needed.any_of)
        names = listed(document.kind.label for document in papers)
        text = f"{needed.completed_by} đã hoàn thiện và gửi: {names}. Căn cứ: {needed.basis}."
        dossier.follow_up(needed.leg, FollowUpKind.COMPLETED, text, documents=papers)
