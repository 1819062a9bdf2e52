"""What citizens and operators do about an agency's demand: supplements given, free text classified. Pure reducers."""

from datetime import datetime

from models.base import within
from models.consents import signed_with_supplement
from models.dossier import (
    AgencyNote,
    ConsentVerdict,
    Leg,
    LegStage,
    Supplement,
    SupplementState,
    consent_verdict,
)
from models.facts import (
    AgencyEvent,
    Classification,
    ClassifiedAs,
    Demand,
    FactRefusal,
    FactRefused,
    Refused,
    SupplementProvided,
    SupplementRequested,
    Unclassified,
)
from models.form_parts import MAX_ATTACHMENTS
from models.gate import concerned
from models.groups import Group
from models.plan import LegPlan
from models.reducers import expect_from_agency, not_in_future, with_supplement


def apply_supplement(leg: Leg, plan: LegPlan, fact: SupplementProvided, now: datetime) -> Leg:
    """The leg after the citizen gave what its agency asked for, or a part of it; once all is there, it can be sent.

    Unless somebody whom it names must agree first, by the `plan` as it stands after the corrections, and has not signed
    an agreement given with it.

    Raises FactRefused for what nobody asked for, for nothing at all, and for what comes too late. Whether corrected
    fields make a sound declaration is not judged here.
    """
    not_in_future(fact.at, now)
    if leg.ended:
        raise FactRefused(FactRefusal.ENDED, f"Thủ tục “{plan.name}” đã kết thúc, không nhận bổ sung nữa.")
    asked = leg.supplement
    if asked is None or asked.state is not SupplementState.ASKED:
        raise FactRefused(FactRefusal.NOT_AWAITED, f"Không có yêu cầu bổ sung nào đang chờ trong “{plan.name}”.")
    if asked.limit and min(fact.at, now) >= asked.limit.ends_at:
        raise FactRefused(FactRefusal.ENDED, f"Đã hết hạn bổ sung cho “{plan.name}”.")
    if not (fact.documents or fact.corrections):
        raise FactRefused(FactRefusal.MALFORMED, "Phải nộp ít nhất một giấy tờ hoặc sửa một trường thông tin.")
    _only_what_was_asked(fact, asked, plan.group)
    held = {(document.kind, document.sha256): document for document in (*asked.given, *fact.documents)}
    if len(held) > MAX_ATTACHMENTS:
        raise FactRefused(FactRefusal.NOT_PERMITTED, f"Một lần bổ sung kèm nhiều nhất {MAX_ATTACHMENTS} tệp.")
    leg = with_supplement(leg, given=tuple(held.values()), corrected={**asked.corrected, **fact.corrections})
    leg = signed_with_supplement(leg, plan, now)
    if not leg.supplements[-1].complete:
        return leg
    provided_at = max(asked.asked_at, min(fact.at, now))
    leg = with_supplement(leg, state=SupplementState.PROVIDED, provided_at=provided_at)
    if consent_verdict(plan.consent_rules, leg.consents) is not ConsentVerdict.GRANTED:
        return leg.model_copy(update={"stage": LegStage.WAITING_CONSENTS})
    return ready(leg, now)


def ready(leg: Leg, now: datetime) -> Leg:
    """The leg with its supplement as it goes to the agency."""
    leg = with_supplement(leg, sent_at=now)
    return leg.model_copy(update={"stage": LegStage.SENDING, "acknowledged_at": None})


def _only_what_was_asked(fact: SupplementProvided, asked: Supplement, group: Group) -> None:
    foreign = any(document.kind not in asked.documents for document in fact.documents)
    unasked = any(not any(within(path, field) for field in asked.fields) for path in fact.corrections)
    if foreign or unasked:
        wanted = concerned(tuple(asked.documents), asked.fields, group)
        what = "giấy tờ" if foreign else "trường thông tin"
        raise FactRefused(FactRefusal.NOT_AWAITED, f"Có {what} mà cơ quan không yêu cầu. Cơ quan yêu cầu: {wanted}.")


def with_note(leg: Leg, plan: LegPlan, event: AgencyEvent, now: datetime) -> Leg:
    """The leg with an agency's free text put down; nothing else moves. Raises FactRefused as any agency event."""
    expect_from_agency(leg, plan, event, now)
    assert isinstance(event.fact, Unclassified)
    note = AgencyNote(message_id=event.message_id, at=now, text=event.fact.text)
    return leg.model_copy(update={"notes": (*leg.notes, note)})


def settled(leg: Leg, found: ClassifiedAs, now: datetime) -> Leg:
    """The leg after its agency has said properly what it wants: nothing is left for an operator to read."""
    after = {"settled_at": now, "found": found}
    notes = tuple(note.model_copy(update=after) if note.open else note for note in leg.notes)
    return leg.model_copy(update={"notes": notes}) if any(note.open for note in leg.notes) else leg


def apply_classification(leg: Leg, plan: LegPlan, fact: Classification, now: datetime) -> Leg:
    """The leg with that message settled by an operator, on record; what was found is then judged as any demand.

    Raises FactRefused when the leg has ended, or the message is unknown or settled already.
    """
    not_in_future(fact.at, now)
    if leg.ended or leg.refusal:
        raise FactRefused(FactRefusal.ENDED, f"Thủ tục “{plan.name}” đã kết thúc.")
    note = next((note for note in leg.notes if note.message_id == fact.of), None)
    if note is None:
        raise FactRefused(FactRefusal.NOT_AWAITED, f"“{plan.name}” không có tin chưa phân loại nào mang mã này.")
    if not note.open:
        raise FactRefused(FactRefusal.ALREADY_ANSWERED, "Tin này đã được phân loại.")
    done = note.model_copy(
        update={"settled_at": now, "found": fact.found, "operator": fact.operator, "because": fact.because}
    )
    notes = tuple(done if other is note else other for other in leg.notes)
    return leg.model_copy(update={"notes": notes})


def demand_found(fact: Classification, note: AgencyNote) -> Demand | None:
    """The demand an operator found in a note; None when there is nothing to do. Without words of its own, the note's.

    [choice] It counts from the operator's finding: an agency that states no grounds does not stop its own clock.
    """
    if fact.found is ClassifiedAs.NO_ACTION:
        return None
    model = SupplementRequested if fact.found is ClassifiedAs.SUPPLEMENT else Refused
    return model(
        at=fact.at,
        reason_code=fact.reason_code,
        documents=fact.documents,
        fields=fact.fields,
        legal_basis=fact.legal_basis,
        text=fact.text or note.text,
    )
