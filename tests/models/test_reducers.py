"""How facts move a leg: every fact in every stage, stated instants, and any sequence of facts at all."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from models.calendar import load_calendar
from models.clock import ClockEntryKind, citizen_due, due
from models.documents import Document, DocumentKind
from models.dossier import Consent, ConsentState, Leg, LegOutcome, LegStage
from models.facts import (
    AgencyEvent,
    AgencyFact,
    Decided,
    FactRefusal,
    FactRefused,
    PassedOn,
    Received,
    Refused,
    ResultDocument,
    SupplementProvided,
    SupplementRequested,
    Verification,
)
from models.plan import LegPlan
from models.reducers import CLOCK_SKEW, acknowledged, apply_agency_event, clamp, results_complete, verified_at
from models.supplements import apply_supplement
from models.systems import System
from tests.models.cases import document, moment, plan_of

CALENDAR = load_calendar()
PLAN = plan_of("grandparents-home")
CARD_PLAN = plan_of("identity-card")
RULE = PLAN.receipt
BIRTH, RESIDENCE, HEALTH_CARD = (
    PLAN.leg("birth_registration"),
    PLAN.leg("residence_registration"),
    PLAN.leg("health_insurance_card"),
)
LEGS = {
    "birth": BIRTH,
    "residence": RESIDENCE,
    "health_card": HEALTH_CARD,
    "identity_card": CARD_PLAN.leg("identity_card"),
}

SENT_AT = moment("2026-11-19 09:00:00")
ACKNOWLEDGED_AT = moment("2026-11-19 09:00:30")
RECEIVED_AT = moment("2026-11-19 09:05:00")
DECIDED_AT = moment("2026-11-19 13:00:00")
NOW = moment("2026-11-19 14:00:00")
SECOND = timedelta(seconds=1)
IDENTITY_NUMBER = "001326000001"


def event(plan: LegPlan, fact: AgencyFact, source: System | None = None) -> AgencyEvent:
    """The agency of a leg speaks."""
    return AgencyEvent(
        message_id="m1", source=source or plan.system, dossier_code="G22.99.08-261119-000001", leg=plan.key, fact=fact
    )


def heard(leg: Leg, plan: LegPlan, fact: AgencyFact, now: datetime = NOW) -> Leg:
    """The leg after its agency said that."""
    return apply_agency_event(leg, plan, RULE, event(plan, fact), now)


def refusal_of(leg: Leg, plan: LegPlan, fact: AgencyFact, now: datetime = NOW) -> FactRefused:
    """Why a fact is not accepted."""
    with pytest.raises(FactRefused) as refused:
        heard(leg, plan, fact, now)
    return refused.value


# --- The facts and the stages --------------------------------------------------------------------------------------


def received(at: datetime = RECEIVED_AT) -> Received:
    return Received(at=at, agency_code="H26.11.02-1")


def decided(plan: LegPlan, *documents: Document, at: datetime = DECIDED_AT) -> Decided:
    number = IDENTITY_NUMBER if plan.assigns_identity_number else None
    return Decided(at=at, number="21/2026", identity_number=number, documents=documents)


def results(plan: LegPlan, text: str = "bản điện tử") -> tuple[Document, ...]:
    return tuple(document(kind, text) for kind in plan.results)


def refused(at: datetime = DECIDED_AT) -> Refused:
    return Refused(
        at=at, reason_code="R1", fields=("child.birthplace",), legal_basis="Luật Hộ tịch 2014", text="Không khớp."
    )


FACTS: dict[str, Callable[[LegPlan], AgencyFact]] = {
    "received": lambda plan: received(),
    "passed_on": lambda plan: PassedOn(at=RECEIVED_AT),
    "verification": lambda plan: Verification(at=RECEIVED_AT, text="Xác minh nơi ở."),
    "decided": decided,
    "result_document": lambda plan: ResultDocument(at=DECIDED_AT, documents=results(plan)),
    "refused": lambda plan: refused(),
    "supplement_requested": lambda plan: supplement_requested(),
}


def supplement_requested(at: datetime = DECIDED_AT) -> SupplementRequested:
    return SupplementRequested(
        at=at, reason_code="R1", documents=("residence_papers",), legal_basis="Luật Cư trú", text="Thiếu giấy tờ."
    )


def sent(plan: LegPlan) -> Leg:
    agreed = tuple(
        Consent(
            person=person,
            state=ConsentState.GRANTED,
            requested_at=SENT_AT,
            due=citizen_due(SENT_AT, 5, load_calendar()),
            answered_at=SENT_AT,
        )
        for person in plan.people
    )
    return Leg(key=plan.key, stage=LegStage.SENDING, sent_at=SENT_AT, consents=agreed)


def waiting_receipt(plan: LegPlan) -> Leg:
    return acknowledged(sent(plan), plan, RULE, None, ACKNOWLEDGED_AT)


def in_progress(plan: LegPlan) -> Leg:
    return heard(waiting_receipt(plan), plan, received())


def waiting_document(plan: LegPlan) -> Leg:
    return heard(in_progress(plan), plan, decided(plan))


def waiting_supplement(plan: LegPlan) -> Leg:
    return heard(in_progress(plan), plan, supplement_requested())


def supplied(plan: LegPlan) -> Leg:
    """Supplied, sent to the agency, its receipt still to come."""
    return acknowledged(supplied_to(waiting_supplement(plan), plan, DECIDED_AT), plan, RULE, None, NOW)


def supplied_to(leg: Leg, plan: LegPlan, at: datetime) -> Leg:
    papers = SupplementProvided(
        message_id="m2",
        dossier_code="G22.99.08-261119-000001",
        leg=plan.key,
        documents=(document(DocumentKind.RESIDENCE_PAPERS),),
        at=at,
    )
    return apply_supplement(leg, plan, papers, at)


def refused_by_agency(plan: LegPlan) -> Leg:
    """Refused, and the workflow has not come round to ending the leg yet."""
    return heard(in_progress(plan), plan, refused())


def ended(plan: LegPlan) -> Leg:
    update = {"stage": LegStage.ENDED, "outcome": LegOutcome.COMPLETED, "ended_at": DECIDED_AT}
    return heard(in_progress(plan), plan, decided(plan, *results(plan))).model_copy(update=update)


STAGES: dict[str, Callable[[LegPlan], Leg]] = {
    "waiting_prerequisites": lambda plan: Leg(key=plan.key),
    "waiting_consents": lambda plan: Leg(key=plan.key, stage=LegStage.WAITING_CONSENTS),
    "sending": sent,
    "waiting_receipt": waiting_receipt,
    "in_progress": in_progress,
    "waiting_supplement": waiting_supplement,
    "supplied": supplied,
    "waiting_document": waiting_document,
    "refused": refused_by_agency,
    "ended": ended,
}

OK = None
EARLY, ANSWERED, OVER = FactRefusal.OUT_OF_TURN, FactRefusal.ALREADY_ANSWERED, FactRefusal.ENDED
NEVER, OTHERWISE = FactRefusal.NOT_PERMITTED, FactRefusal.CONTRADICTS

# Columns as in STAGES; passed_on is judged in the registration leg, verification in the residence leg.
MATRIX = {
    "received": (EARLY, EARLY, OK, OK, ANSWERED, ANSWERED, ANSWERED, ANSWERED, OVER, OVER),
    "passed_on": (EARLY, EARLY, EARLY, EARLY, OK, EARLY, EARLY, ANSWERED, OVER, OVER),
    "verification": (EARLY, EARLY, EARLY, EARLY, OK, EARLY, EARLY, ANSWERED, OVER, OVER),
    "decided": (EARLY, EARLY, OK, OK, OK, OK, OK, ANSWERED, OVER, OVER),
    "result_document": (EARLY, EARLY, OK, OK, OK, OK, OK, OK, OVER, OVER),
    "refused": (EARLY, EARLY, OK, OK, OK, OK, OK, OTHERWISE, OVER, OVER),
    "supplement_requested": (EARLY, EARLY, OK, OK, OK, ANSWERED, OK, OTHERWISE, OVER, OVER),
}
NOT_FOR = {
    "passed_on": ("residence", "health_card", "identity_card"),
    "verification": ("birth", "health_card", "identity_card"),
}


def expected(fact: str, stage: str, leg: str) -> FactRefusal | None:
    verdict = MATRIX[fact][list(STAGES).index(stage)]
    not_sent = stage in ("waiting_prerequisites", "waiting_consents")
    over = stage in ("refused", "ended")
    return NEVER if leg in NOT_FOR.get(fact, ()) and not not_sent and not over else verdict


@pytest.mark.parametrize("leg", LEGS)
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("fact", FACTS)
def test_every_fact_in_every_stage(fact: str, stage: str, leg: str) -> None:
    plan = LEGS[leg]
    before = STAGES[stage](plan)
    verdict = expected(fact, stage, leg)
    if verdict is None:
        after = heard(before, plan, FACTS[fact](plan))
        assert after != before
        assert Leg.model_validate_json(after.model_dump_json()) == after
    else:
        assert refusal_of(before, plan, FACTS[fact](plan)).reason is verdict


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("fact", FACTS)
def test_nobody_else_speaks_for_an_agency(fact: str, stage: str) -> None:
    for source in System:
        if source is not RESIDENCE.system:
            with pytest.raises(FactRefused) as error:
                apply_agency_event(
                    STAGES[stage](RESIDENCE), RESIDENCE, RULE, event(RESIDENCE, FACTS[fact](RESIDENCE), source), NOW
                )
            assert error.value.reason is FactRefusal.WRONG_SENDER


@pytest.mark.parametrize("fact", FACTS)
def test_refusals_are_told_in_vietnamese_by_the_name_of_the_procedure(fact: str) -> None:
    assert f"“{RESIDENCE.name}”" in refusal_of(Leg(key=RESIDENCE.key), RESIDENCE, FACTS[fact](RESIDENCE)).text


# --- What each fact does -------------------------------------------------------------------------------------------


@pytest.mark.rule("6.4-due", "6.7-basis")
def test_the_receipt_starts_the_clock_with_the_limit_and_basis_of_the_leg() -> None:
    leg = in_progress(RESIDENCE)
    assert leg.clock
    (entry,) = leg.clock.entries
    assert (entry.kind, entry.at, entry.working_days, entry.basis) == (
        ClockEntryKind.STARTED,
        RECEIVED_AT,
        2,
        RESIDENCE.basis,
    )
    assert (leg.stage, leg.agency_code, leg.clock.rule) == (LegStage.IN_PROGRESS, "H26.11.02-1", RULE)
    assert due(leg.clock, CALENDAR).at == moment("2026-11-23 17:00:00")


def test_a_receipt_without_code_keeps_the_code_known_before() -> None:
    leg = waiting_receipt(RESIDENCE).model_copy(update={"agency_code": "H01"})
    assert heard(leg, RESIDENCE, Received(at=RECEIVED_AT)).agency_code == "H01"


@pytest.mark.rule("6.4-civil-status")
def test_registration_counts_from_the_civil_status_software_when_passed_on() -> None:
    leg = heard(in_progress(BIRTH), BIRTH, PassedOn(at=moment("2026-11-19 13:00:00")))
    late = heard(in_progress(BIRTH), BIRTH, PassedOn(at=moment("2026-11-19 15:00:01")), moment("2026-11-19 16:00:00"))
    assert leg.clock
    assert late.clock
    assert due(leg.clock, CALENDAR).at == moment("2026-11-19 17:00:00")
    assert due(late.clock, CALENDAR).at == moment("2026-11-20 17:00:00")
    assert refusal_of(leg, BIRTH, PassedOn(at=NOW)).reason is FactRefusal.ALREADY_ANSWERED


def test_nothing_is_passed_on_before_it_was_received() -> None:
    leg = heard(in_progress(BIRTH), BIRTH, PassedOn(at=moment("2026-11-19 09:00:01")))
    assert leg.clock
    assert leg.clock.entries[-1].at == RECEIVED_AT


@pytest.mark.rule("4.4-residence-limit", "6.7-entries", "6.7-basis", "10.verification-leg")
def test_a_verification_extends_the_leg_once_to_its_verification_limit() -> None:
    leg = heard(in_progress(RESIDENCE), RESIDENCE, Verification(at=NOW, text="Xác minh nơi ở."))
    assert leg.clock
    assert verified_at(leg)
    assert not verified_at(in_progress(RESIDENCE))
    extension = leg.clock.entries[-1]
    assert (extension.kind, extension.working_days, extension.basis) == (
        ClockEntryKind.EXTENDED,
        5,
        RESIDENCE.verification_basis,
    )
    assert "Xác minh nơi ở." in extension.cause
    assert due(leg.clock, CALENDAR).at == moment("2026-11-27 17:00:00")
    again = Verification(at=NOW, text="Lần nữa.")
    assert refusal_of(leg, RESIDENCE, again).reason is FactRefusal.ALREADY_ANSWERED


@pytest.mark.parametrize(
    ("name", "pack_id", "permitted"),
    [
        ("plain", "2024-07-01", True),
        ("plain", "2025-07-01", True),
        ("plain", "2026-07-01", False),
        ("plain", "2026-09-01", False),
        ("abandoned-child", "2026-09-01", False),
        ("grandparents-home", "2026-09-01", True),
        ("temporary-residence", "2026-09-01", True),
    ],
)
def test_a_verification_is_accepted_only_where_the_plan_allows_one(name: str, pack_id: str, permitted: bool) -> None:
    plan = plan_of(name, pack_id).leg("residence_registration")
    fact = Verification(at=NOW, text="Xác minh.")
    if permitted:
        assert verified_at(heard(in_progress(plan), plan, fact))
    else:
        assert refusal_of(in_progress(plan), plan, fact).reason is FactRefusal.NOT_PERMITTED


def test_a_decision_without_its_documents_waits_for_them() -> None:
    leg = waiting_document(BIRTH)
    assert (leg.stage, leg.number, leg.identity_number) == (LegStage.WAITING_DOCUMENT, "21/2026", IDENTITY_NUMBER)
    assert (leg.decided_at, leg.documents, results_complete(leg, BIRTH)) == (DECIDED_AT, (), False)
    complete = heard(leg, BIRTH, ResultDocument(at=NOW, documents=results(BIRTH)))
    assert results_complete(complete, BIRTH)
    assert complete.documents == results(BIRTH)


def test_a_decision_with_its_documents_is_complete_at_once() -> None:
    assert results_complete(
        heard(in_progress(RESIDENCE), RESIDENCE, decided(RESIDENCE, *results(RESIDENCE))), RESIDENCE
    )


def test_a_document_before_its_decision_is_kept_and_completes_nothing() -> None:
    early = heard(in_progress(BIRTH), BIRTH, ResultDocument(at=NOW, documents=results(BIRTH)))
    assert (early.stage, results_complete(early, BIRTH)) == (LegStage.IN_PROGRESS, False)
    assert results_complete(heard(early, BIRTH, decided(BIRTH)), BIRTH)


@pytest.mark.rule("4.3-identity-number")
def test_a_registration_without_identity_number_is_malformed() -> None:
    without = Decided(at=DECIDED_AT, number="21/2026")
    assert refusal_of(in_progress(BIRTH), BIRTH, without).reason is FactRefusal.MALFORMED
    assert heard(in_progress(RESIDENCE), RESIDENCE, without).number == "21/2026"


def test_a_refusal_is_kept_whole() -> None:
    leg = refused_by_agency(RESIDENCE)
    fact = refused()
    assert leg.refusal
    assert leg.refusal.model_dump() == {
        "reason_code": fact.reason_code,
        "concerns": "Người được khai sinh – Nơi sinh",
        "legal_basis": fact.legal_basis,
        "text": fact.text,
    }
    assert (leg.decided_at, leg.number, leg.documents) == (DECIDED_AT, None, ())


# --- Result documents ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("leg", LEGS)
@pytest.mark.parametrize("kind", DocumentKind)
def test_only_the_results_of_the_leg_are_taken(kind: DocumentKind, leg: str) -> None:
    plan = LEGS[leg]
    facts = (ResultDocument(at=NOW, documents=(document(kind),)), decided(plan, document(kind)))
    for fact in facts:
        if kind in plan.results:
            assert heard(in_progress(plan), plan, fact).documents == (document(kind),)
        else:
            refusal = refusal_of(in_progress(plan), plan, fact)
            assert refusal.reason is FactRefusal.NOT_AWAITED
            assert kind.label in refusal.text


def test_one_wrong_document_among_right_ones_refuses_them_all() -> None:
    mixed = ResultDocument(at=NOW, documents=(*results(BIRTH), document(DocumentKind.IDENTITY_CARD)))
    assert refusal_of(waiting_document(BIRTH), BIRTH, mixed).reason is FactRefusal.NOT_AWAITED


@pytest.mark.parametrize(("text", "reason"), [("bản điện tử", ANSWERED), ("bản khác", OTHERWISE)])
def test_a_result_comes_once(text: str, reason: FactRefusal) -> None:
    leg = heard(waiting_document(BIRTH), BIRTH, ResultDocument(at=NOW, documents=results(BIRTH)))
    again = ResultDocument(at=NOW, documents=results(BIRTH, text))
    assert refusal_of(leg, BIRTH, again).reason is reason


def test_a_decision_that_contradicts_an_earlier_one_is_called_so() -> None:
    again = decided(BIRTH).model_copy(update={"number": "22/2026"})
    assert refusal_of(waiting_document(BIRTH), BIRTH, again).reason is FactRefusal.CONTRADICTS


def test_a_decision_may_bring_again_what_came_before_it() -> None:
    early = heard(in_progress(BIRTH), BIRTH, ResultDocument(at=NOW, documents=results(BIRTH)))
    assert heard(early, BIRTH, decided(BIRTH, *results(BIRTH))).documents == results(BIRTH)


def test_two_live_versions_of_one_result_are_refused() -> None:
    early = heard(in_progress(BIRTH), BIRTH, ResultDocument(at=NOW, documents=results(BIRTH)))
    other = decided(BIRTH, *results(BIRTH, "bản khác"))
    assert refusal_of(early, BIRTH, other).reason is FactRefusal.CONTRADICTS
    both = (*results(BIRTH), *results(BIRTH, "bản khác"))
    for fact in (decided(BIRTH, *both), ResultDocument(at=NOW, documents=both)):
        assert refusal_of(in_progress(BIRTH), BIRTH, fact).reason is FactRefusal.CONTRADICTS


# --- Facts that overtake each other --------------------------------------------------------------------------------


@pytest.mark.rule("6.4-none-stated")
@pytest.mark.parametrize(
    ("stage", "counts_from"), [("sending", NOW), ("waiting_receipt", ACKNOWLEDGED_AT)], ids=["before 2xx", "after 2xx"]
)
@pytest.mark.parametrize("fact", ["decided", "refused"])
def test_an_answer_that_overtakes_its_receipt_counts_from_our_2xx(fact: str, stage: str, counts_from: datetime) -> None:
    leg = heard(STAGES[stage](RESIDENCE), RESIDENCE, FACTS[fact](RESIDENCE))
    assert leg.clock
    assert [(entry.kind, entry.at) for entry in leg.clock.entries] == [(ClockEntryKind.STARTED, counts_from)]
    assert leg.decided_at == DECIDED_AT
    late = heard(leg, RESIDENCE, received())
    assert late == leg.model_copy(update={"agency_code": "H26.11.02-1"}), "it brings the agency's code and no more"
    assert refusal_of(late, RESIDENCE, received()).reason in (FactRefusal.ALREADY_ANSWERED, FactRefusal.ENDED)


def test_the_receipt_may_overtake_our_2xx_which_then_moves_nothing() -> None:
    leg = heard(sent(RESIDENCE), RESIDENCE, received())
    after = acknowledged(leg, RESIDENCE, RULE, None, NOW)
    assert after == leg.model_copy(update={"acknowledged_at": NOW})


def test_our_2xx_starts_the_clock_where_the_answer_states_the_receipt() -> None:
    leg = acknowledged(sent(RESIDENCE), RESIDENCE, RULE, RECEIVED_AT, NOW)
    assert leg.clock
    assert (leg.stage, leg.clock.entries[0].at, leg.acknowledged_at) == (LegStage.IN_PROGRESS, RECEIVED_AT, NOW)


@pytest.mark.rule("6.4-due")
def test_our_2xx_starts_no_clock_where_the_receipt_follows() -> None:
    leg = waiting_receipt(RESIDENCE)
    assert (leg.stage, leg.clock, leg.acknowledged_at) == (LegStage.WAITING_RECEIPT, None, ACKNOWLEDGED_AT)


# --- Stated instants -----------------------------------------------------------------------------------------------


@pytest.mark.rule("6.4-clamped")
@pytest.mark.parametrize(
    ("stated", "taken"),
    [
        ("1990-01-01 00:00:00", SENT_AT),
        ("2026-11-19 08:59:59", SENT_AT),
        ("2026-11-19 09:00:00", SENT_AT),
        ("2026-11-19 09:00:01", SENT_AT + SECOND),
        ("2026-11-19 13:59:59", NOW - SECOND),
        ("2026-11-19 14:00:00", NOW),
        ("2026-11-19 14:05:00", NOW),
    ],
)
def test_a_stated_instant_lies_between_our_sending_and_the_arrival_of_its_message(stated: str, taken: datetime) -> None:
    at = moment(stated)
    assert clamp(at, sent(RESIDENCE), NOW) == taken
    leg = heard(waiting_receipt(RESIDENCE), RESIDENCE, received(at))
    assert leg.clock
    assert leg.clock.entries[0].at == taken
    assert heard(in_progress(RESIDENCE), RESIDENCE, decided(RESIDENCE, at=at)).decided_at == taken
    assert heard(in_progress(RESIDENCE), RESIDENCE, refused(at)).decided_at == taken
    answered = acknowledged(sent(RESIDENCE), RESIDENCE, RULE, at, NOW)
    assert answered.clock
    assert answered.clock.entries[0].at == taken


def test_the_same_instant_in_another_zone_is_the_same_receipt() -> None:
    elsewhere = Received.model_validate({"at": "2026-11-19T02:05:00Z"})
    leg = heard(waiting_receipt(RESIDENCE), RESIDENCE, elsewhere)
    assert leg.clock
    assert leg.clock.entries[0].at == RECEIVED_AT


@pytest.mark.parametrize("fact", FACTS)
def test_clocks_may_differ_by_five_minutes_and_no_more(fact: str) -> None:
    assert timedelta(minutes=5) == CLOCK_SKEW
    plan = BIRTH if fact == "passed_on" else RESIDENCE
    leg = waiting_receipt(plan) if fact == "received" else in_progress(plan)
    on_the_edge = FACTS[fact](plan).model_copy(update={"at": NOW + CLOCK_SKEW})
    beyond = FACTS[fact](plan).model_copy(update={"at": NOW + CLOCK_SKEW + timedelta(microseconds=1)})
    assert heard(leg, plan, on_the_edge) != leg
    assert refusal_of(leg, plan, beyond).reason is FactRefusal.IN_FUTURE


# --- Any sequence at all -------------------------------------------------------------------------------------------

instants = st.integers(-100_000, 100_000).map(lambda seconds: NOW + timedelta(seconds=seconds)) | st.sampled_from(
    [moment("0001-01-02 00:00:00"), SENT_AT, NOW, NOW + CLOCK_SKEW, moment("9999-12-31 00:00:00")]
)
RESULTS = sorted({kind for plan in LEGS.values() for kind in plan.results})
words = st.sampled_from([1, 500, 2000, 4000]).map(lambda length: "ệ" * length)
papers = st.lists(
    st.builds(document, st.sampled_from([*RESULTS, DocumentKind.BIRTH_NOTICE]), st.sampled_from(["bản 1", "bản 2"])),
    min_size=1,
    max_size=2,
).map(tuple)
codes = st.sampled_from([1, 80]).map(lambda length: "x" * length)


def valid(model: type[AgencyFact], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[AgencyFact]:
    """Facts of that model which its contract lets in."""

    def read(data: dict[str, Any]) -> AgencyFact:
        try:
            return model.model_validate(data)
        except ValidationError:
            reject()

    return st.fixed_dictionaries(fields).map(read)


facts: st.SearchStrategy[AgencyFact] = st.one_of(
    valid(Received, at=instants, agency_code=st.none() | codes),
    valid(PassedOn, at=instants),
    valid(Verification, at=instants, text=words),
    valid(
        Decided,
        at=instants,
        number=codes,
        identity_number=st.sampled_from([None, IDENTITY_NUMBER]),
        documents=st.just(()) | papers,
    ),
    valid(ResultDocument, at=instants, documents=papers),
    valid(
        Refused, at=instants, reason_code=codes, fields=st.just(("child.birthplace",)), legal_basis=words, text=words
    ),
    valid(
        SupplementRequested,
        at=instants,
        reason_code=codes,
        documents=st.just(("residence_papers",)),
        legal_basis=words,
        text=words,
    ),
)
steps = st.lists(
    st.tuples(st.integers(0, 200_000), facts | st.sampled_from(["2xx", "2xx with receipt", "supplied", "end"])),
    max_size=12,
)


@settings(deadline=None, max_examples=400)
@given(plan=st.sampled_from(list(LEGS.values())), steps=steps)
def test_any_sequence_of_facts_leaves_a_leg_that_can_be_read(
    plan: LegPlan, steps: list[tuple[int, AgencyFact | str]]
) -> None:
    leg, now = sent(plan), SENT_AT
    for seconds, step in steps:
        now += timedelta(seconds=seconds)
        before = leg
        leg = _after(before, plan, step, now)
        assert before.documents == leg.documents[: len(before.documents)], "no document is lost"
        assert len({paper.kind for paper in leg.documents}) == len(leg.documents), "one version of each"
        assert not (before.ended and leg.stage is not LegStage.ENDED)
        assert not (before.refusal and leg.refusal != before.refusal)
        assert not (before.decided_at and leg.decided_at != before.decided_at)
        assert Leg.model_validate_json(leg.model_dump_json()) == leg
        if leg.clock:
            assert before.clock is None or leg.clock.entries[: len(before.clock.entries)] == before.clock.entries
            assert SENT_AT <= leg.clock.entries[0].at <= now
            assert due(leg.clock, CALENDAR).stopped is (leg.supplement is not None)
            assert (leg.stage is LegStage.WAITING_SUPPLEMENT) <= leg.clock.stopped
        assert (leg.clock is not None) or leg.stage in (LegStage.SENDING, LegStage.WAITING_RECEIPT, LegStage.ENDED)


def _after(leg: Leg, plan: LegPlan, step: AgencyFact | str, now: datetime) -> Leg:
    """One step of the world or of the workflow; a refused fact leaves the leg as it was."""
    if step == "end":
        return leg.model_copy(update={"stage": LegStage.ENDED, "outcome": LegOutcome.NOT_POSSIBLE, "ended_at": now})
    if step == "supplied":
        with suppress(FactRefused):
            return supplied_to(leg, plan, now)
        return leg
    if isinstance(step, str):
        receipt = now if step == "2xx with receipt" else None
        return leg if leg.ended else acknowledged(leg, plan, RULE, receipt, now)
    with suppress(FactRefused):
        after = heard(leg, plan, step, now)
        code = {"agency_code": after.agency_code} if isinstance(step, Received) else {}
        assert not leg.ended or after == leg.model_copy(update=code), "an ended leg takes nothing but a code"
        return after
    return leg


@pytest.mark.parametrize("length", [1, 2000])
def test_the_longest_verification_notice_fits_into_the_clock(length: int) -> None:
    leg = heard(in_progress(RESIDENCE), RESIDENCE, Verification(at=NOW, text="ệ" * length))
    assert Leg.model_validate_json(leg.model_dump_json()) == leg


def test_a_longer_verification_notice_is_malformed() -> None:
    with pytest.raises(ValidationError, match="text"):
        Verification(at=NOW, text="ệ" * 2001)
