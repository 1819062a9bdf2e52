"""What agencies demand, through the return gate; and free text that somebody has to read (REQUIREMENTS §7).

The gate's rules are looked up once, by the law of the dossier, when its first demand comes: recorded, so that a later
edition of them changes no replay, and most dossiers never carry them.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from models.dossier import ConsentVerdict, Leg, RefusedDemand, consent_verdict
from models.facts import (
    AgencyEvent,
    Classification,
    ClassifiedAs,
    Demand,
    FactRefusal,
    FactRefused,
    InboundFact,
    PaperAnswer,
    SupplementRequested,
    Unclassified,
)
from models.gate import Held, Verdict, cleared, judge, kind_of_demand
from models.messages import FollowUpKind
from models.plan import LegPlan
from models.reducers import apply_agency_event, expect_from_agency, may_demand
from models.supplements import apply_classification, demand_found, settled, with_note

if TYPE_CHECKING:
    from workflows.dossier import DossierWorkflow

_GROUNDS_DEMANDED = (
    "Thông điệp về “{leg}” chỉ có nội dung tự do. Đề nghị gửi lại kèm mã lý do, giấy tờ hoặc trường thông tin "
    "liên quan, căn cứ pháp lý và giải thích cho công dân. Trong khi chờ, hồ sơ không thay đổi và thời hạn của "
    "cơ quan vẫn chạy."
)
_ASKED_AGAIN = (
    "“{leg}”: {agency} yêu cầu bổ sung lần thứ {times}; "
    "theo cách chấm điểm của Quyết định 766/QĐ-TTg (nguồn thứ cấp, cần đối chiếu văn bản) "
    "yêu cầu quá một lần tính là quá hạn."
)

_MOST_ON_RECORD = 30
"""How many refused demands, and how many free texts, of one agency a leg keeps on record [choice]."""


def judged_by_gate(fact: InboundFact) -> bool:
    """Whether the gate's rules must be known before this fact can take effect."""
    if isinstance(fact, AgencyEvent):
        return isinstance(fact.fact, Demand)
    if isinstance(fact, PaperAnswer):
        return isinstance(fact.answer, Demand)
    return isinstance(fact, Classification) and fact.found is not ClassifiedAs.NO_ACTION


def demand_effect(dossier: "DossierWorkflow", leg: Leg, plan: LegPlan, event: AgencyEvent) -> Callable[[], None]:
    """What a demand would do. Raises FactRefused when it is out of place; its grounds are judged by the effect."""
    demand = event.fact
    assert isinstance(demand, Demand)
    expect_from_agency(leg, plan, event, dossier.time.now())
    _not_too_often(len(leg.refused_demands), plan)
    may_demand(leg, plan, demand)

    def effect() -> None:
        verdict = _judged(dossier, leg, plan, demand)
        if verdict.findings:
            _refuse(dossier, leg, event, demand, verdict)
        _move(dossier, leg, plan, event, cleared(demand, verdict, dossier.known_gate))
        if event.status:
            dossier.note_status(event.status, leg=event.leg, incoming=True)

    return effect


def note_effect(dossier: "DossierWorkflow", leg: Leg, plan: LegPlan, event: AgencyEvent) -> Callable[[], None]:
    """What free text would do: be put down for an operator; the agency is asked once for proper grounds."""
    assert isinstance(event.fact, Unclassified)
    _not_too_often(len(leg.notes), plan)
    after = with_note(leg, plan, event, dossier.time.now())

    def effect() -> None:
        dossier.put(after)
        if not leg.open_notes:
            dossier.follow_up(leg.key, FollowUpKind.GROUNDS_DEMANDED, _GROUNDS_DEMANDED.format(leg=plan.name))
        if event.status:
            dossier.note_status(event.status, leg=event.leg, incoming=True)

    return effect


def _not_too_often(times: int, plan: LegPlan) -> None:
    """A system that repeats itself under new message ids is heard no more, lest the dossier outgrow its history."""
    if times >= _MOST_ON_RECORD:
        text = f"“{plan.name}” đã có {times} thông điệp như vậy; cần liên hệ người vận hành trước khi gửi thêm."
        raise FactRefused(FactRefusal.NOT_PERMITTED, text)


def classification_effect(
    dossier: "DossierWorkflow", leg: Leg, plan: LegPlan, fact: Classification
) -> Callable[[], None]:
    """What an operator's reading of a message would do; what was found passes the gate like any demand."""
    after = apply_classification(leg, plan, fact, dossier.time.now())
    note = next(note for note in leg.notes if note.message_id == fact.of)
    demand = demand_found(fact, note)
    if demand:
        may_demand(leg, plan, demand)

    def effect() -> None:
        if demand is None:
            dossier.put(after)
            return
        verdict = _judged(dossier, leg, plan, demand)
        if verdict.findings:
            raise FactRefused(verdict.refusal, verdict.text)
        event = AgencyEvent(
            message_id=fact.message_id,
            source=plan.system,
            dossier_code=fact.dossier_code,
            leg=fact.leg,
            fact=cleared(demand, verdict, dossier.known_gate),
        )
        _move(dossier, after, plan, event, cleared(demand, verdict, dossier.known_gate))

    return effect


def _judged(dossier: "DossierWorkflow", leg: Leg, plan: LegPlan, demand: Demand) -> Verdict:
    hidden = dossier.declaration.hidden_from(plan.system)
    return judge(demand, plan.key, plan.name, dossier.known_gate, _held(dossier, leg, plan), hidden)


def _held(dossier: "DossierWorkflow", leg: Leg, plan: LegPlan) -> Held:
    """What agencies have issued in this dossier, what citizens have given this agency, and what they have agreed to."""
    issued = {document.kind.value for other in dossier.legs.values() for document in other.documents}
    found = dossier.notice_found
    signed = {dossier.required_plan.group.notice.value} if found and found.usable else set()
    given = {document.kind.value for supplement in leg.supplements for document in supplement.given}
    proofs = {consent.proof.kind.value for consent in leg.consents if consent.given and consent.proof}
    attached = {document.kind.value for document in dossier.declaration.attachments}
    return Held(
        by_state=frozenset(issued | signed), attached=frozenset(attached | given | proofs), agreed=_agreed(leg, plan)
    )


def _agreed(leg: Leg, plan: LegPlan) -> frozenset[str]:
    """The written agreements nobody needs any more, since everybody they would stand for has agreed."""
    agreements = {rule.replaced_by for rule in plan.consent_rules if rule.replaced_by}
    rules = {kind: tuple(rule for rule in plan.consent_rules if rule.replaced_by is kind) for kind in agreements}
    granted = ConsentVerdict.GRANTED
    return frozenset(kind.value for kind in agreements if consent_verdict(rules[kind], leg.consents) is granted)


def _refuse(dossier: "DossierWorkflow", leg: Leg, event: AgencyEvent, demand: Demand, verdict: Verdict) -> None:
    """Count the demand and refuse it to its sender; the dossier stays where it is. Raises FactRefused."""
    refused = RefusedDemand(
        message_id=event.message_id,
        at=dossier.time.now(),
        kind=kind_of_demand(demand),
        refusal=verdict.refusal,
        faults=tuple(dict.fromkeys(finding.fault for finding in verdict.findings)),
        text=verdict.text,
    )
    dossier.put(leg.model_copy(update={"refused_demands": (*leg.refused_demands, refused)}))
    dossier.refuse_on_record(event, FactRefused(verdict.refusal, verdict.text))


def _move(dossier: "DossierWorkflow", leg: Leg, plan: LegPlan, event: AgencyEvent, demand: Demand) -> None:
    """The demand takes effect, and settles whatever the agency wrote before."""
    now = dossier.time.now()
    found = ClassifiedAs.SUPPLEMENT if isinstance(demand, SupplementRequested) else ClassifiedAs.REFUSAL
    after = apply_agency_event(leg, plan, dossier.required_plan.receipt, event.model_copy(update={"fact": demand}), now)
    dossier.put(settled(after, found, now))
    times = len(after.supplements)
    if found is ClassifiedAs.SUPPLEMENT and times > 1:
        dossier.warn(_ASKED_AGAIN.format(leg=plan.name, agency=plan.agency, times=times))
