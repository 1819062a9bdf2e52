"""How facts move a leg: pure functions from (leg, fact, now) to the leg after it, or `FactRefused`.

Updates, signals and tests all come through here. `now` is legal time; a stated instant is clamped between our sending
and the arrival of its message (REQUIREMENTS §6.4).
"""

from datetime import datetime, timedelta
from functools import singledispatch

from models.clock import Clock, ClockEntry, ClockEntryKind, ReceiptRule
from models.dossier import Consent, ConsentState, Leg, LegStage, Refusal
from models.facts import (
    AgencyEvent,
    Answer,
    ConsentAnswer,
    Decided,
    FactRefusal,
    FactRefused,
    PassedOn,
    Received,
    Refused,
    ResultDocument,
    Verification,
)
from models.plan import LegPlan

CLOCK_SKEW = timedelta(minutes=5)
"""How far another system's clock may be ahead of ours before its message is refused as from the future [choice]."""

_SENT = (LegStage.SENDING, LegStage.WAITING_RECEIPT)
_WITH_AGENCY = (*_SENT, LegStage.IN_PROGRESS)


def apply_agency_event(leg: Leg, plan: LegPlan, rule: ReceiptRule, event: AgencyEvent, now: datetime) -> Leg:
    """The leg after an agency's event. Raises FactRefused when the event is wrong, and the leg has not moved."""
    if event.source is not plan.system:
        raise FactRefused(
            FactRefusal.WRONG_SENDER,
            f"Thủ tục “{plan.name}” do {plan.system.label} giải quyết, không phải {event.source.label}.",
        )
    not_in_future(event.fact.at, now)
    if leg.ended or leg.refusal:
        raise FactRefused(FactRefusal.ENDED, f"Thủ tục “{plan.name}” đã kết thúc.")
    if leg.sent_at is None:
        raise FactRefused(FactRefusal.OUT_OF_TURN, f"Thủ tục “{plan.name}” chưa được gửi cho cơ quan.")
    return _apply(event.fact, leg, plan, rule, now)


def acknowledged(leg: Leg, plan: LegPlan, rule: ReceiptRule, receipt: datetime | None, now: datetime) -> Leg:
    """The leg after the system took our message: the clock starts at the receipt it states, else at our HTTP 2xx.

    `receipt` None means that the receipt follows by event; the leg then waits for it without a clock.
    """
    leg = leg.model_copy(update={"acknowledged_at": now})
    if leg.stage is not LegStage.SENDING:
        return leg
    if receipt is None:
        return leg.model_copy(update={"stage": LegStage.WAITING_RECEIPT})
    return _started(leg, plan, rule, clamp(receipt, leg, now), "Cơ quan tiếp nhận hồ sơ điện tử")


def apply_consent(leg: Leg, plan: LegPlan, answer: ConsentAnswer, now: datetime) -> Leg:
    """The leg after a person's answer. Raises FactRefused for strangers, second answers and answers to nothing."""
    not_in_future(answer.at, now)
    if not any(person.personal_id == answer.personal_id for person in plan.people):
        raise FactRefused(FactRefusal.WRONG_PERSON, f"Người này không được hỏi ý kiến về “{plan.name}”.")
    if leg.ended:
        raise FactRefused(FactRefusal.ENDED, f"Thủ tục “{plan.name}” đã kết thúc, không nhận trả lời nữa.")
    asked = next((c for c in leg.consents if c.person.personal_id == answer.personal_id), None)
    if asked is None:
        raise FactRefused(FactRefusal.OUT_OF_TURN, f"Chưa gửi yêu cầu xác nhận nào về “{plan.name}”.")
    if asked.state is not ConsentState.ASKED:
        raise FactRefused(FactRefusal.ALREADY_ANSWERED, f"Yêu cầu xác nhận này đã có kết quả: {asked.state.label}.")
    state = ConsentState.GRANTED if answer.answer is Answer.GRANTED else ConsentState.DECLINED
    answered_at = max(asked.requested_at, min(answer.at, now))
    return with_consent(leg, asked.model_copy(update={"state": state, "answered_at": answered_at}))


def with_consent(leg: Leg, consent: Consent) -> Leg:
    """The leg with that person's consent put in place of the earlier one, or added."""
    others = [c for c in leg.consents if c.person.key != consent.person.key]
    order = [c.person.key for c in leg.consents]
    consents = sorted(
        (*others, consent), key=lambda c: order.index(c.person.key) if c.person.key in order else len(order)
    )
    return leg.model_copy(update={"consents": tuple(consents)})


def clamp(stated: datetime, leg: Leg, now: datetime) -> datetime:
    """A stated instant between our sending and the arrival of its message (REQUIREMENTS §6.4)."""
    return max(leg.sent_at or stated, min(stated, now))


@singledispatch
def _apply(fact: object, leg: Leg, plan: LegPlan, rule: ReceiptRule, now: datetime) -> Leg:
    raise NotImplementedError(type(fact))


@_apply.register
def _received(fact: Received, leg: Leg, plan: LegPlan, rule: ReceiptRule, now: datetime) -> Leg:
    if leg.stage not in _SENT:
        raise FactRefused(FactRefusal.ALREADY_ANSWERED, f"Việc tiếp nhận “{plan.name}” đã được ghi nhận.")
    cause = f"{plan.system.label} tiếp nhận hồ sơ điện tử"
    leg = _started(leg, plan, rule, clamp(fact.at, leg, now), cause)
    return leg.model_copy(update={"agency_code": fact.agency_code or leg.agency_code})


@_apply.register
def _passed_on(fact: PassedOn, leg: Leg, plan: LegPlan, rule: ReceiptRule, now: datetime) -> Leg:
    if not plan.sent_with_intake:
        raise FactRefused(FactRefusal.NOT_PERMITTED, f"“{plan.name}” không qua phần mềm hộ tịch.")
    if leg.stage is not LegStage.IN_PROGRESS or leg.clock is None:
        raise FactRefused(FactRefusal.OUT_OF_TURN, f"“{plan.name}” không ở bước chuyển phần mềm hộ tịch.")
    if any(entry.kind is ClockEntryKind.RESTARTED for entry in leg.clock.entries):
        raise FactRefused(FactRefusal.ALREADY_ANSWERED, "Việc chuyển sang phần mềm hộ tịch đã được ghi nhận.")
    entry = ClockEntry(
        kind=ClockEntryKind.RESTARTED,
        at=max(leg.clock.entries[0].at, clamp(fact.at, leg, now)),
        cause="Hồ sơ được chuyển tới phần mềm đăng ký, quản lý hộ tịch",
        basis=plan.basis,
    )
    return leg.model_copy(update={"clock": leg.clock.with_entry(entry)})


@_apply.register
def _verification(fact: Verification, leg: Leg, plan: LegPlan, rule: ReceiptRule, now: datetime) -> Leg:
    if plan.verification_limit is None or plan.verification_basis is None:
        raise FactRefused(FactRefusal.NOT_PERMITTED, f"Pháp luật không quy định xác minh đối với “{plan.name}”.")
    if leg.stage is not LegStage.IN_PROGRESS or leg.clock is None:
        raise FactRefused(FactRefusal.OUT_OF_TURN, f"“{plan.name}” không ở bước đang giải quyết.")
    if verified(leg):
        raise FactRefused(FactRefusal.ALREADY_ANSWERED, f"Việc xác minh “{plan.name}” đã được ghi nhận.")
    entry = ClockEntry(
        kind=ClockEntryKind.EXTENDED,
        at=clamp(fact.at, leg, now),
        cause=f"Cơ quan thông báo phải xác minh: {fact.text}",
        basis=plan.verification_basis,
        working_days=plan.verification_limit,
    )
    return leg.model_copy(update={"clock": leg.clock.with_entry(entry)})


@_apply.register
def _decided(fact: Decided, leg: Leg, plan: LegPlan, rule: ReceiptRule, now: datetime) -> Leg:
    if leg.stage not in _WITH_AGENCY:
        raise FactRefused(FactRefusal.ALREADY_ANSWERED, f"Kết quả “{plan.name}” đã được ghi nhận.")
    if plan.assigns_identity_number and fact.identity_number is None:
        raise FactRefused(FactRefusal.MALFORMED, f"Kết quả “{plan.name}” thiếu số định danh cá nhân của trẻ.")
    _only_results(plan, fact)
    leg = _clock_running(leg, plan, rule, now)
    return _with_documents(leg, plan, fact).model_copy(
        update={
            "stage": LegStage.WAITING_DOCUMENT,
            "decided_at": clamp(fact.at, leg, now),
            "number": fact.number,
            "identity_number": fact.identity_number,
        }
    )


@_apply.register
def _result_document(fact: ResultDocument, leg: Leg, plan: LegPlan, rule: ReceiptRule, now: datetime) -> Leg:
    _only_results(plan, fact)
    if {document.kind for document in fact.documents} & {document.kind for document in leg.documents}:
        raise FactRefused(FactRefusal.ALREADY_ANSWERED, f"Bản điện tử của “{plan.name}” đã được ghi nhận.")
    return _with_documents(leg, plan, fact)


@_apply.register
def _refused(fact: Refused, leg: Leg, plan: LegPlan, rule: ReceiptRule, now: datetime) -> Leg:
    if leg.stage not in _WITH_AGENCY:
        raise FactRefused(FactRefusal.ALREADY_ANSWERED, f"Kết quả “{plan.name}” đã được ghi nhận.")
    leg = _clock_running(leg, plan, rule, now)
    refusal = Refusal(
        reason_code=fact.reason_code or "",
        concerns=", ".join((*fact.fields, *fact.documents)),
        legal_basis=fact.legal_basis or "",
        text=fact.text or "",
    )
    return leg.model_copy(update={"refusal": refusal, "decided_at": clamp(fact.at, leg, now)})


def verified(leg: Leg) -> bool:
    """Whether the agency has announced a verification in this leg."""
    return leg.clock is not None and any(e.kind is ClockEntryKind.EXTENDED for e in leg.clock.entries)


def results_complete(leg: Leg, plan: LegPlan) -> bool:
    """Whether the leg is decided and every result document is in."""
    return leg.stage is LegStage.WAITING_DOCUMENT and {d.kind for d in leg.documents} >= set(plan.results)


def _clock_running(leg: Leg, plan: LegPlan, rule: ReceiptRule, now: datetime) -> Leg:
    """An answer that overtook its receipt: no receipt was stated, so our HTTP 2xx counts (REQUIREMENTS §6.4)."""
    if leg.clock is not None:
        return leg
    return _started(
        leg, plan, rule, leg.acknowledged_at or now, "Cơ quan không nêu giờ tiếp nhận; tính từ khi gửi xong"
    )


def _started(leg: Leg, plan: LegPlan, rule: ReceiptRule, at: datetime, cause: str) -> Leg:
    entry = ClockEntry(kind=ClockEntryKind.STARTED, at=at, cause=cause, basis=plan.basis, working_days=plan.limit)
    return leg.model_copy(update={"stage": LegStage.IN_PROGRESS, "clock": Clock(rule=rule, entries=(entry,))})


def _only_results(plan: LegPlan, fact: Decided | ResultDocument) -> None:
    foreign = dict.fromkeys(document.kind.label for document in fact.documents if document.kind not in plan.results)
    if foreign:
        raise FactRefused(FactRefusal.NOT_AWAITED, f"Không phải kết quả của “{plan.name}”: {', '.join(foreign)}.")


def _with_documents(leg: Leg, plan: LegPlan, fact: Decided | ResultDocument) -> Leg:
    """One live version of each result: the same bytes again change nothing, others are refused (REQUIREMENTS §2)."""
    held = {document.kind: document for document in leg.documents}
    for document in fact.documents:
        if held.setdefault(document.kind, document).sha256 != document.sha256:
            text = f"“{plan.name}” có hai bản khác nhau của: {document.kind.label}."
            raise FactRefused(FactRefusal.ALREADY_ANSWERED, text)
    return leg.model_copy(update={"documents": tuple(held.values())})


def not_in_future(at: datetime, now: datetime) -> None:
    """Refuse an instant further ahead than clocks may differ."""
    if at > now + CLOCK_SKEW:
        raise FactRefused(
            FactRefusal.IN_FUTURE, f"Thời điểm {at:%H:%M:%S %d/%m/%Y} ở tương lai; kiểm tra đồng hồ bên gửi."
        )
