"""How facts move a leg: pure functions from (leg, fact, now) to the leg after it, or `FactRefused`.

Updates, signals and tests all come through here. `now` is legal time; a stated instant is clamped between our sending
and the arrival of its message (REQUIREMENTS §6.4).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import singledispatch

from models.clock import Clock, ClockEntry, ClockEntryKind, ReceiptRule
from models.documents import Document, DocumentKind
from models.dossier import Leg, LegStage, Refusal, RefusedPaper, Supplement, SupplementState
from models.facts import (
    AgencyEvent,
    Decided,
    Demand,
    FactRefusal,
    FactRefused,
    PassedOn,
    Received,
    Refused,
    ResultDocument,
    SupplementRequested,
    Verification,
)
from models.gate import concerned
from models.plan import LegPlan
from models.sealing import refusal_words, refused_papers

CLOCK_SKEW = timedelta(minutes=5)
"""How far another system's clock may be ahead of ours before its message is refused as from the future [choice]."""

SEND_CORRECTED = "Bản cấp lại thay bản đã gửi phải gửi bằng sự kiện corrected."
"""What an agency hears that sends a second version of a result as if it were the first."""

MOST_REFUSED_PAPERS = 30
"""How many refused papers of one agency a leg keeps on record [choice]."""

_SENT = (LegStage.SENDING, LegStage.WAITING_RECEIPT)
_WITH_AGENCY = (*_SENT, LegStage.IN_PROGRESS)
_STOP = "supplement"

UNSTATED = "-"
"""Stands for grounds that were not stated. The return gate lets no such demand pass."""


def apply_agency_event(leg: Leg, plan: LegPlan, rule: ReceiptRule, event: AgencyEvent, now: datetime) -> Leg:
    """The leg after an agency's event. Raises FactRefused when the event is wrong, and the leg has not moved.

    Demands come here only through the return gate (`models.gate`).
    """
    expect_from_agency(leg, plan, event, now)
    after = _apply(event.fact, leg, plan, rule, now)
    if plan.sent_with_intake and after.agency_code is None:
        return after.model_copy(update={"agency_code": event.provincial_code})
    return after


def expect_from_agency(leg: Leg, plan: LegPlan, event: AgencyEvent, now: datetime) -> None:
    """Raises FactRefused unless it is the leg's own agency that speaks, about a part it has and has not done with."""
    if event.source is not plan.system:
        raise FactRefused(
            FactRefusal.WRONG_SENDER,
            f"Thủ tục “{plan.name}” do {plan.system.label} giải quyết, không phải {event.source.label}.",
        )
    not_in_future(event.fact.at, now)
    if isinstance(event.fact, ResultDocument):
        _no_second_version(leg, plan, event.fact)
    if (leg.ended or leg.refusal) and not _brings_code(event.fact, leg):
        raise FactRefused(FactRefusal.ENDED, f"Thủ tục “{plan.name}” đã kết thúc.")
    if leg.sent_at is None:
        raise FactRefused(FactRefusal.OUT_OF_TURN, f"Thủ tục “{plan.name}” chưa được gửi cho cơ quan.")


def _no_second_version(leg: Leg, plan: LegPlan, fact: ResultDocument) -> None:
    """A second version of a result that is in must say that it replaces the first (REQUIREMENTS §2)."""
    live = {document.kind: document.sha256 for document in leg.documents}
    second = [other.kind.label for other in fact.documents if live.get(other.kind, other.sha256) != other.sha256]
    if second:
        text = f"“{plan.name}” có hai bản khác nhau của: {', '.join(dict.fromkeys(second))}. {SEND_CORRECTED}"
        raise FactRefused(FactRefusal.CONTRADICTS, text)


def may_demand(leg: Leg, plan: LegPlan, demand: Demand) -> None:
    """Raises FactRefused when a demand is out of place, whatever its grounds: decided, or asked a moment ago."""
    if leg.decided_at:
        raise FactRefused(FactRefusal.CONTRADICTS, f"Kết quả “{plan.name}” đã được ghi nhận.")
    if leg.with_citizen and not isinstance(demand, Refused):
        raise FactRefused(
            FactRefusal.ALREADY_ANSWERED, f"“{plan.name}” đang chờ công dân bổ sung theo yêu cầu trước của cơ quan."
        )
    if leg.stage not in _WITH_AGENCY and not leg.with_citizen:
        raise FactRefused(FactRefusal.OUT_OF_TURN, f"“{plan.name}” không ở bước cơ quan đang giải quyết.")


def acknowledged(leg: Leg, plan: LegPlan, rule: ReceiptRule, receipt: datetime | None, now: datetime) -> Leg:
    """The leg after the system took our message: the clock starts at the receipt it states, else at our HTTP 2xx.

    What we sent is the part itself or, later, a supplement to it. `receipt` None means that the receipt follows by
    event; the leg then waits for it.
    """
    leg = leg.model_copy(update={"acknowledged_at": now})
    if leg.stage is not LegStage.SENDING:
        return leg
    if receipt is None:
        return leg.model_copy(update={"stage": LegStage.WAITING_RECEIPT, "missing_receipt": None})
    return _started(leg, plan, rule, clamp_supplement(receipt, leg, now), "Cơ quan tiếp nhận hồ sơ điện tử")


def clamp(stated: datetime, leg: Leg, now: datetime) -> datetime:
    """A stated instant between our sending and the arrival of its message (REQUIREMENTS §6.4)."""
    return max(leg.sent_at or stated, min(stated, now))


def clamp_supplement(stated: datetime, leg: Leg, now: datetime) -> datetime:
    """The same for the receipt of a supplement, which is sent later than its leg."""
    sent_at = leg.supplement.sent_at if leg.supplement else None
    between = clamp(stated, leg, now)
    return max(sent_at, between) if sent_at else between


@singledispatch
def _apply(fact: object, leg: Leg, plan: LegPlan, rule: ReceiptRule, now: datetime) -> Leg:
    raise NotImplementedError(type(fact))


@_apply.register
def _received(fact: Received, leg: Leg, plan: LegPlan, rule: ReceiptRule, now: datetime) -> Leg:
    if leg.stage not in _SENT or _of_the_part_itself(fact, leg):
        if _brings_code(fact, leg):
            return leg.model_copy(update={"agency_code": fact.agency_code})
        raise FactRefused(FactRefusal.ALREADY_ANSWERED, f"Việc tiếp nhận “{plan.name}” đã được ghi nhận.")
    cause = f"{plan.system.label} tiếp nhận hồ sơ điện tử"
    leg = _started(leg, plan, rule, clamp_supplement(fact.at, leg, now), cause)
    return leg.model_copy(update={"agency_code": fact.agency_code or leg.agency_code})


@_apply.register
def _passed_on(fact: PassedOn, leg: Leg, plan: LegPlan, rule: ReceiptRule, now: datetime) -> Leg:
    if not plan.sent_with_intake:
        raise FactRefused(FactRefusal.NOT_PERMITTED, f"“{plan.name}” không qua phần mềm hộ tịch.")
    if leg.decided_at:
        raise FactRefused(FactRefusal.ALREADY_ANSWERED, f"Kết quả “{plan.name}” đã được ghi nhận.")
    if leg.stage is not LegStage.IN_PROGRESS or leg.clock is None:
        raise FactRefused(FactRefusal.OUT_OF_TURN, f"“{plan.name}” không ở bước chuyển phần mềm hộ tịch.")
    if leg.passed_on_at:
        raise FactRefused(FactRefusal.ALREADY_ANSWERED, "Việc chuyển sang phần mềm hộ tịch đã được ghi nhận.")
    at = max(_received_at(leg.clock), clamp(fact.at, leg, now))
    entry = ClockEntry(
        kind=ClockEntryKind.RESTARTED,
        at=at,
        cause="Hồ sơ được chuyển tới phần mềm đăng ký, quản lý hộ tịch",
        basis=plan.basis,
    )
    return leg.model_copy(update={"clock": leg.clock.with_entry(entry), "passed_on_at": at})


@_apply.register
def _verification(fact: Verification, leg: Leg, plan: LegPlan, rule: ReceiptRule, now: datetime) -> Leg:
    if plan.verification_limit is None or plan.verification_basis is None:
        raise FactRefused(FactRefusal.NOT_PERMITTED, f"Pháp luật không quy định xác minh đối với “{plan.name}”.")
    if leg.decided_at:
        raise FactRefused(FactRefusal.ALREADY_ANSWERED, f"Kết quả “{plan.name}” đã được ghi nhận.")
    if leg.stage is not LegStage.IN_PROGRESS or leg.clock is None:
        raise FactRefused(FactRefusal.OUT_OF_TURN, f"“{plan.name}” không ở bước đang giải quyết.")
    if verified_at(leg):
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
    """A decision stands, also where the paper that came with it is not taken: that counts as missing.

    Said once more, with the paper that was missing, it brings the paper.
    """
    if leg.decided_at and fact.number != leg.number:
        raise FactRefused(FactRefusal.CONTRADICTS, f"Kết quả “{plan.name}” đã được ghi nhận, với số khác.")
    if leg.awaits_result and {document.kind for document in fact.documents} & missing_results(leg, plan):
        return _result_document(ResultDocument(at=fact.at, documents=fact.documents), leg, plan, rule, now)
    if leg.stage not in _WITH_AGENCY and not leg.with_citizen:
        raise FactRefused(FactRefusal.ALREADY_ANSWERED, f"Kết quả “{plan.name}” đã được ghi nhận.")
    if plan.assigns_identity_number and fact.identity_number is None:
        raise FactRefused(FactRefusal.MALFORMED, f"Kết quả “{plan.name}” thiếu số định danh cá nhân của trẻ.")
    _only_results(plan, fact)
    leg = _clock_running(leg, plan, rule, clamp(fact.at, leg, now), now)
    refused = refused_papers(fact.documents)
    taken = fact.model_copy(update={"documents": tuple(one for one in fact.documents if one not in refused)})
    return with_refused_papers(_with_documents(leg, plan, taken), refused, now).model_copy(
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
    expect_well_signed(fact.documents)
    after = _with_documents(leg, plan, fact)
    if {document.kind for document in fact.documents} & {document.kind for document in leg.documents}:
        raise FactRefused(FactRefusal.ALREADY_ANSWERED, f"Bản điện tử của “{plan.name}” đã được ghi nhận.")
    return after


@_apply.register
def _refused(fact: Refused, leg: Leg, plan: LegPlan, rule: ReceiptRule, now: datetime) -> Leg:
    may_demand(leg, plan, fact)
    at = clamp(fact.at, leg, now)
    leg = _clock_running(leg, plan, rule, at, now)
    refusal = Refusal(
        reason_code=fact.reason_code or UNSTATED,
        concerns=concerned(fact.documents, fact.fields, plan.group) or UNSTATED,
        legal_basis=fact.legal_basis or UNSTATED,
        text=fact.text or UNSTATED,
    )
    return leg.model_copy(update={"refusal": refusal, "decided_at": at})


@_apply.register
def _supplement_requested(fact: SupplementRequested, leg: Leg, plan: LegPlan, rule: ReceiptRule, now: datetime) -> Leg:
    """The clock stands from the instant the agency states; the citizen's limit runs from when they could be told."""
    may_demand(leg, plan, fact)
    at = clamp(fact.at, leg, now)
    leg = _clock_running(leg, plan, rule, at, now)
    assert leg.clock is not None
    supplement = Supplement(
        reason_code=fact.reason_code or UNSTATED,
        documents=tuple(DocumentKind(kind) for kind in fact.documents),
        fields=fact.fields,
        legal_basis=fact.legal_basis or UNSTATED,
        text=fact.text or UNSTATED,
        requested_at=max(_received_at(leg.clock), at),
        asked_at=now,
    )
    entry = ClockEntry(
        kind=ClockEntryKind.STOPPED,
        at=supplement.requested_at,
        cause=f"{plan.agency} yêu cầu công dân bổ sung",
        basis=supplement.legal_basis,
        stop=_STOP,
    )
    return leg.model_copy(
        update={
            "stage": LegStage.WAITING_SUPPLEMENT,
            "clock": leg.clock.with_entry(entry),
            "supplements": (*leg.supplements, supplement),
        }
    )


def verified_at(leg: Leg) -> datetime | None:
    """When the agency announced a verification in this leg; None when it has not."""
    entries = leg.clock.entries if leg.clock else ()
    return next((entry.at for entry in entries if entry.kind is ClockEntryKind.EXTENDED), None)


def results_complete(leg: Leg, plan: LegPlan) -> bool:
    """Whether the leg is decided and every result document is in."""
    return leg.stage is LegStage.WAITING_DOCUMENT and {d.kind for d in leg.documents} >= set(plan.results)


def with_supplement(leg: Leg, **changes: object) -> Leg:
    """The leg with its last supplement changed."""
    last = leg.supplements[-1].model_copy(update=changes)
    return leg.model_copy(update={"supplements": (*leg.supplements[:-1], last)})


def _clock_running(leg: Leg, plan: LegPlan, rule: ReceiptRule, at: datetime, now: datetime) -> Leg:
    """An answer that overtook the receipt it follows: none was stated, so our HTTP 2xx counts (REQUIREMENTS §6.4).

    One that comes while the citizen has not supplied what was asked ends the stop: the agency can do without it.
    """
    if leg.supplement and leg.supplement.sent_at is None:
        return _lapsed(leg, at)
    if leg.clock is not None and leg.supplement is None:
        return leg
    return _started(
        leg, plan, rule, leg.acknowledged_at or now, "Cơ quan không nêu giờ tiếp nhận; tính từ khi gửi xong"
    )


def _lapsed(leg: Leg, at: datetime) -> Leg:
    assert leg.clock is not None
    entry = ClockEntry(
        kind=ClockEntryKind.RESUMED,
        at=max(at, leg.supplements[-1].requested_at),
        cause="Cơ quan quyết định, không chờ bổ sung nữa",
        basis=leg.supplements[-1].legal_basis,
        stop=_STOP,
    )
    moved = {"stage": LegStage.IN_PROGRESS, "clock": leg.clock.with_entry(entry)}
    return with_supplement(leg, state=SupplementState.LAPSED).model_copy(update=moved)


def _started(leg: Leg, plan: LegPlan, rule: ReceiptRule, at: datetime, cause: str) -> Leg:
    """The receipt of the part starts the clock; of a supplement, lets the full limit run anew (REQUIREMENTS §10)."""
    if leg.clock is None:
        entry = ClockEntry(kind=ClockEntryKind.STARTED, at=at, cause=cause, basis=plan.basis, working_days=plan.limit)
        return leg.model_copy(update={"stage": LegStage.IN_PROGRESS, "clock": Clock(rule=rule, entries=(entry,))})
    entry = ClockEntry(
        kind=ClockEntryKind.RESTARTED,
        at=at,
        cause=f"{plan.system.label} nhận giấy tờ, thông tin bổ sung",
        basis=plan.basis,
    )
    moved = {"stage": LegStage.IN_PROGRESS, "clock": leg.clock.with_entry(entry)}
    return with_supplement(leg, state=SupplementState.RECEIVED, received_at=at).model_copy(update=moved)


def _brings_code(fact: object, leg: Leg) -> bool:
    """Whether a receipt still brings the agency's code: it comes after the answer it should have preceded, or on paper
    before."""
    if not isinstance(fact, Received) or fact.agency_code is None or leg.agency_code:
        return False
    return leg.decided_at is not None or leg.paper_code is not None


def _of_the_part_itself(fact: Received, leg: Leg) -> bool:
    """Whether a receipt heard after a supplement was sent was stated for before: it is of the part itself."""
    sent_at = leg.supplement.sent_at if leg.supplement else None
    return sent_at is not None and fact.at < sent_at - CLOCK_SKEW


def _received_at(clock: Clock) -> datetime:
    """The receipt the clock runs from."""
    starts = (ClockEntryKind.STARTED, ClockEntryKind.RESTARTED)
    return next(entry.at for entry in reversed(clock.entries) if entry.kind in starts)


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
            raise FactRefused(FactRefusal.CONTRADICTS, text)
    return leg.model_copy(update={"documents": tuple(held.values())})


def missing_results(leg: Leg, plan: LegPlan) -> set[DocumentKind]:
    """The electronic results that have not come."""
    return {*plan.results} - {document.kind for document in leg.documents}


def expect_well_signed(documents: Iterable[Document]) -> None:
    """Raises FactRefused for results that are not taken for what their signatures are worth."""
    if refused := refused_papers(documents):
        raise FactRefused(FactRefusal.BADLY_SIGNED, refusal_words(refused))


def with_refused_papers(leg: Leg, documents: Iterable[Document], now: datetime) -> Leg:
    """The leg with those of the documents on record that are not taken, each once, as many as there is room for."""
    known = {paper.document.sha256 for paper in leg.refused_papers}
    new = {document.sha256: document for document in refused_papers(documents) if document.sha256 not in known}
    refused = (*leg.refused_papers, *(RefusedPaper(at=now, document=document) for document in new.values()))
    return leg.model_copy(update={"refused_papers": refused[:MOST_REFUSED_PAPERS]}) if new else leg


def not_in_future(at: datetime, now: datetime) -> None:
    """Refuse an instant further ahead than clocks may differ."""
    if at > now + CLOCK_SKEW:
        raise FactRefused(
            FactRefusal.IN_FUTURE, f"Thời điểm {at:%H:%M:%S %d/%m/%Y} ở tương lai; kiểm tra đồng hồ bên gửi."
        )
