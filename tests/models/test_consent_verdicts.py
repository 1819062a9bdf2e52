"""Consents: whose answer counts, when, and what the answers amount to (REQUIREMENTS §§4.5, 10)."""

from contextlib import suppress
from datetime import datetime, timedelta
from itertools import product
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.calendar import load_calendar
from models.clock import citizen_due
from models.consents import apply_agreement, apply_attestation, apply_consent, with_consent
from models.documents import Document, DocumentKind
from models.dossier import (
    Attestation,
    Consent,
    ConsentState,
    ConsentVerdict,
    Evidence,
    Leg,
    LegOutcome,
    LegStage,
    consent_verdict,
)
from models.facts import AgreementProvided, Answer, AttestedConsent, ConsentAnswer, FactRefusal, FactRefused
from models.form_facts import PersonRole
from models.law import Quorum
from models.plan import AskedPerson, ConsentRule, LegPlan
from models.reducers import CLOCK_SKEW
from tests.models.cases import document, moment, plan_of, sample

CALENDAR = load_calendar()
LAW = plan_of("grandparents-home")
PLAN = LAW.leg("residence_registration")
FORM = sample("grandparents-home")
HOUSEHOLDER, OWNER = (person.personal_id for person in PLAN.people)
STRANGER = "001060000555"
DOSSIER = "G22.99.08-261119-000001"

ASKED_AT = moment("2026-11-19 09:05:00")
NOW = moment("2026-11-20 10:00:00")
DUE = citizen_due(ASKED_AT, 5, CALENDAR)

ASKED, GRANTED, DECLINED, EXPIRED, UNREACHABLE, REPLACED, DROPPED = (
    ConsentState.ASKED,
    ConsentState.GRANTED,
    ConsentState.DECLINED,
    ConsentState.EXPIRED,
    ConsentState.UNREACHABLE,
    ConsentState.REPLACED,
    ConsentState.DROPPED,
)


def test_five_working_days_end_after_the_day_of_vietnamese_culture() -> None:
    assert DUE.at == moment("2026-11-28 00:00:00")


@pytest.mark.parametrize(
    ("asked_at", "mornings"),
    [
        ("2026-11-19 00:00:00", ("2026-11-23", "2026-11-26", "2026-11-27")),  # 24/11 is off
        ("2026-11-19 23:59:59", ("2026-11-23", "2026-11-26", "2026-11-27")),
        ("2026-11-20 17:00:00", ("2026-11-25", "2026-11-27", "2026-11-30")),  # a Friday
        ("2026-11-21 09:00:00", ("2026-11-25", "2026-11-27", "2026-11-30")),  # a Saturday counts as that Friday
        ("2026-08-19 10:00:00", ("2026-08-21", "2026-08-24", "2026-08-25")),  # Saturday 22/8 is worked
        ("2026-08-20 10:00:00", ("2026-08-22", "2026-08-25", "2026-08-26")),
    ],
)
def test_reminders_come_in_the_morning_after_one_three_and_four_working_days(
    asked_at: str, mornings: tuple[str, ...]
) -> None:
    rule = LAW.consent_reminders
    assert rule.instants(moment(asked_at), CALENDAR) == tuple(moment(f"{day} 08:00:00") for day in mornings)


@given(st.integers(0, 1300 * 86_400))
def test_every_reminder_comes_on_a_working_day_before_the_end_of_the_limit(seconds: int) -> None:
    at = moment("2024-07-01 00:00:00") + timedelta(seconds=seconds)
    instants = LAW.consent_reminders.instants(at, CALENDAR)
    end = citizen_due(at, LAW.consent_days, CALENDAR).at
    assert end
    assert list(instants) == sorted(instants)
    assert all(CALENDAR.is_working(instant.date()) and at < instant < end for instant in instants)
    assert instants[-1].date() == (end - timedelta(days=1)).date(), "the last one on the morning of the last day"


# --- One answer ----------------------------------------------------------------------------------------------------


def consent(person: AskedPerson, state: ConsentState = ASKED, *, lapsed: bool = False) -> Consent:
    return Consent(person=person, state=state, requested_at=ASKED_AT, due=DUE, lapsed=lapsed)


def asked(*states: ConsentState) -> Leg:
    """The leg with both people asked, in these states."""
    consents = tuple(
        consent(person, state) for person, state in zip(PLAN.people, states or (ASKED, ASKED), strict=True)
    )
    return Leg(key=PLAN.key, stage=LegStage.WAITING_CONSENTS, consents=consents)


def answer(personal_id: str, given_answer: Answer = Answer.GRANTED, at: datetime = NOW) -> ConsentAnswer:
    return ConsentAnswer(
        message_id="m1",
        dossier_code=DOSSIER,
        leg=PLAN.key,
        personal_id=personal_id,
        answer=given_answer,
        at=at,
    )


def states(leg: Leg) -> dict[str, ConsentState]:
    return {consent.person.personal_id: consent.state for consent in leg.consents}


@pytest.mark.parametrize("before", [ASKED, EXPIRED, UNREACHABLE])
@pytest.mark.parametrize(("given_answer", "state"), [(Answer.GRANTED, GRANTED), (Answer.DECLINED, DECLINED)])
def test_an_answer_is_that_persons_alone(before: ConsentState, given_answer: Answer, state: ConsentState) -> None:
    leg = apply_consent(asked(ASKED, before), PLAN, answer(OWNER, given_answer), NOW)
    assert states(leg) == {HOUSEHOLDER: ASKED, OWNER: state}
    assert [(c.answered_at, c.evidence) for c in leg.consents] == [(None, None), (NOW, Evidence.VNEID)]
    assert leg.stage is LegStage.WAITING_CONSENTS


def test_out_of_reach_is_vneids_word_and_no_answer() -> None:
    leg = apply_consent(asked(), PLAN, answer(OWNER, Answer.UNREACHABLE), NOW)
    assert states(leg) == {HOUSEHOLDER: ASKED, OWNER: UNREACHABLE}
    assert [c.answered_at for c in leg.consents] == [None, None]
    assert leg.consents[1].awaited, "an agreement or a later answer can still come"


def refusal_of(leg: Leg, fact: ConsentAnswer, plan: LegPlan = PLAN) -> FactRefused:
    with pytest.raises(FactRefused) as refused:
        apply_consent(leg, plan, fact, NOW)
    return refused.value


NOBODY_ASKED = plan_of("plain").leg("residence_registration")
NOT_ASKED_YET = Leg(key=PLAN.key)
LAPSED = with_consent(asked(), consent(PLAN.people[0], EXPIRED, lapsed=True))
SENT = asked(GRANTED, ASKED).model_copy(update={"sent_at": NOW})
OVER = asked().model_copy(update={"stage": LegStage.ENDED, "outcome": LegOutcome.CONSENT_DECLINED})


@pytest.mark.parametrize(
    ("leg", "plan", "fact", "reason"),
    [
        (asked(), PLAN, answer(STRANGER), FactRefusal.WRONG_PERSON),
        (asked(), PLAN, answer(FORM.applicant.personal_id), FactRefusal.WRONG_PERSON),
        (asked(), NOBODY_ASKED, answer(HOUSEHOLDER), FactRefusal.WRONG_PERSON),
        (OVER, PLAN, answer(STRANGER), FactRefusal.WRONG_PERSON),
        (OVER, PLAN, answer(OWNER), FactRefusal.ENDED),
        (NOT_ASKED_YET, PLAN, answer(OWNER), FactRefusal.OUT_OF_TURN),
        (asked(GRANTED, ASKED), PLAN, answer(HOUSEHOLDER, Answer.DECLINED), FactRefusal.ALREADY_ANSWERED),
        (asked(DECLINED, ASKED), PLAN, answer(HOUSEHOLDER), FactRefusal.ALREADY_ANSWERED),
        (asked(REPLACED, ASKED), PLAN, answer(HOUSEHOLDER, Answer.DECLINED), FactRefusal.ALREADY_ANSWERED),
        (asked(EXPIRED, ASKED), PLAN, answer(HOUSEHOLDER, Answer.UNREACHABLE), FactRefusal.ALREADY_ANSWERED),
        (asked(UNREACHABLE, ASKED), PLAN, answer(HOUSEHOLDER, Answer.UNREACHABLE), FactRefusal.ALREADY_ANSWERED),
        (LAPSED, PLAN, answer(HOUSEHOLDER), FactRefusal.ENDED),
        (SENT, PLAN, answer(OWNER), FactRefusal.OUT_OF_TURN),
        (asked(), PLAN, answer(OWNER, at=NOW + CLOCK_SKEW + timedelta(seconds=1)), FactRefusal.IN_FUTURE),
    ],
)
def test_wrong_answers(leg: Leg, plan: LegPlan, fact: ConsentAnswer, reason: FactRefusal) -> None:
    refusal = refusal_of(leg, fact, plan)
    assert refusal.reason is reason
    assert fact.personal_id not in refusal.text


@pytest.mark.parametrize(
    ("stated", "taken"),
    [
        ("2020-01-01 00:00:00", ASKED_AT),
        ("2026-11-19 09:04:59", ASKED_AT),
        ("2026-11-19 09:05:01", ASKED_AT + timedelta(seconds=1)),
        ("2026-11-20 10:00:00", NOW),
        ("2026-11-20 10:05:00", NOW),
    ],
)
def test_an_answer_lies_between_the_request_and_the_arrival_of_its_message(stated: str, taken: datetime) -> None:
    leg = apply_consent(asked(), PLAN, answer(HOUSEHOLDER, at=moment(stated)), NOW)
    assert leg.consents[0].answered_at == taken


def test_asking_again_replaces_the_request_and_keeps_the_order() -> None:
    first, second = PLAN.people
    leg = asked()
    again = with_consent(leg, consent(first, GRANTED))
    assert [(c.person, c.state) for c in again.consents] == [(first, GRANTED), (second, ASKED)]
    assert with_consent(Leg(key=PLAN.key), consent(second)).consents == (consent(second),)
    both = with_consent(with_consent(Leg(key=PLAN.key), consent(second)), consent(first))
    assert [c.person for c in both.consents] == [second, first]


DECLARANT = FORM.applicant.personal_id
PAPER = document(DocumentKind.CONSENT_AGREEMENT)
ATTESTATION = document(DocumentKind.CONSENT_ATTESTATION)


def agreement(*signed_by: str, at: datetime = NOW, paper: Document = PAPER) -> AgreementProvided:
    return AgreementProvided(
        message_id="m2", dossier_code=DOSSIER, leg=PLAN.key, signed_by=signed_by, document=paper, at=at
    )


def attested(personal_id: str, said: Any = Answer.GRANTED, paper: Document = ATTESTATION) -> AttestedConsent:
    return AttestedConsent(
        message_id="m3",
        dossier_code=DOSSIER,
        leg=PLAN.key,
        personal_id=personal_id,
        answer=said,
        official="cb-12",
        office="MC-00004",
        attestation=paper,
        at=NOW,
    )


@pytest.mark.parametrize("before", [(ASKED, ASKED), (EXPIRED, ASKED), (EXPIRED, UNREACHABLE)])
def test_an_agreement_replaces_the_consent_of_everybody_who_signed(before: tuple[ConsentState, ConsentState]) -> None:
    leg = apply_agreement(asked(*before), PLAN, agreement(HOUSEHOLDER, OWNER, HOUSEHOLDER), DECLARANT, NOW)
    assert set(states(leg).values()) == {REPLACED}
    assert {(c.evidence, c.proof, c.answered_at) for c in leg.consents} == {(Evidence.AGREEMENT, PAPER, NOW)}
    assert consent_verdict(PLAN.consent_rules, leg.consents) is ConsentVerdict.GRANTED


def test_who_has_agreed_already_and_the_declarant_may_sign_too() -> None:
    before = asked(GRANTED, EXPIRED)
    leg = apply_agreement(before, PLAN, agreement(DECLARANT, HOUSEHOLDER, OWNER), DECLARANT, NOW)
    assert states(leg) == {HOUSEHOLDER: GRANTED, OWNER: REPLACED}
    assert leg.consents[0] == before.consents[0]


def test_an_agreement_speaks_only_for_those_who_signed() -> None:
    leg = apply_agreement(asked(EXPIRED, EXPIRED), PLAN, agreement(OWNER), DECLARANT, NOW)
    assert states(leg) == {HOUSEHOLDER: EXPIRED, OWNER: REPLACED}


def test_an_agreement_that_also_names_somebody_who_has_declined_is_refused_with_what_to_do() -> None:
    with pytest.raises(FactRefused, match="Nộp lại, chỉ ghi số định danh của những người chưa trả lời"):
        apply_agreement(asked(DECLINED, ASKED), PLAN, agreement(HOUSEHOLDER, OWNER), DECLARANT, NOW)


@pytest.mark.parametrize(
    ("leg", "fact", "reason"),
    [
        (asked(), agreement(STRANGER), FactRefusal.WRONG_PERSON),
        (asked(), agreement(DECLARANT), FactRefusal.WRONG_PERSON),
        (asked(GRANTED, ASKED), agreement(HOUSEHOLDER, STRANGER), FactRefusal.WRONG_PERSON),
        (asked(GRANTED, ASKED), agreement(HOUSEHOLDER, DECLARANT), FactRefusal.ALREADY_ANSWERED),
        (asked(DECLINED, ASKED), agreement(HOUSEHOLDER, OWNER), FactRefusal.ALREADY_ANSWERED),
        (asked(DECLINED, ASKED), agreement(HOUSEHOLDER), FactRefusal.ALREADY_ANSWERED),
        (asked(REPLACED, ASKED), agreement(HOUSEHOLDER), FactRefusal.ALREADY_ANSWERED),
        (asked(), agreement(OWNER, paper=document(DocumentKind.PARENT_AGREEMENT)), FactRefusal.NOT_AWAITED),
        (asked(), agreement(OWNER, paper=ATTESTATION), FactRefusal.NOT_AWAITED),
        (LAPSED, agreement(HOUSEHOLDER), FactRefusal.ENDED),
        (OVER, agreement(OWNER), FactRefusal.ENDED),
        (SENT, agreement(OWNER), FactRefusal.OUT_OF_TURN),
        (NOT_ASKED_YET, agreement(OWNER), FactRefusal.OUT_OF_TURN),
        (asked(), agreement(OWNER, at=NOW + CLOCK_SKEW + timedelta(seconds=1)), FactRefusal.IN_FUTURE),
    ],
)
def test_wrong_agreements(leg: Leg, fact: AgreementProvided, reason: FactRefusal) -> None:
    with pytest.raises(FactRefused) as refused:
        apply_agreement(leg, PLAN, fact, DECLARANT, NOW)
    assert refused.value.reason is reason
    assert not any(person in refused.value.text for person in fact.signed_by)


def test_an_answer_at_a_desk_names_who_took_it() -> None:
    leg = apply_attestation(asked(EXPIRED, ASKED), PLAN, attested(HOUSEHOLDER), NOW)
    taken = leg.consents[0]
    assert (taken.state, taken.evidence, taken.proof) == (GRANTED, Evidence.DESK, ATTESTATION)
    assert taken.attested_by == Attestation(official="cb-12", office="MC-00004")
    declined = apply_attestation(asked(), PLAN, attested(OWNER, Answer.DECLINED), NOW)
    assert states(declined)[OWNER] is DECLINED
    with pytest.raises(FactRefused) as refused:
        apply_attestation(asked(), PLAN, attested(OWNER, paper=PAPER), NOW)
    assert refused.value.reason is FactRefusal.NOT_AWAITED


people = st.sampled_from([HOUSEHOLDER, OWNER, STRANGER])
said = st.tuples(people, st.sampled_from(Answer), st.integers(-200_000, 200_000))
signed = st.lists(people, min_size=1, max_size=3).map(tuple)


@settings(deadline=None)
@given(st.lists(st.one_of(said, signed), max_size=8))
def test_in_any_sequence_everybodys_first_answer_or_signature_stands(sequence: list[tuple[Any, ...]]) -> None:
    leg = asked()
    stands: dict[str, ConsentState] = {}
    for item in sequence:
        with suppress(FactRefused):
            if len(item) == 3 and isinstance(item[1], Answer):
                person, what, seconds = item
                leg = apply_consent(leg, PLAN, answer(person, what, NOW + timedelta(seconds=seconds)), NOW)
                moved = {person: {Answer.GRANTED: GRANTED, Answer.DECLINED: DECLINED}.get(what, UNREACHABLE)}
            else:
                leg = apply_agreement(leg, PLAN, agreement(*item), DECLARANT, NOW)
                moved = {person: REPLACED for person in item if stands.get(person) not in (GRANTED, REPLACED)}
                assert moved
            assert all(stands.get(person, UNREACHABLE) is UNREACHABLE for person in moved)
            stands |= moved
    assert states(leg) == {HOUSEHOLDER: ASKED, OWNER: ASKED} | stands
    assert all(c.answered_at is None or ASKED_AT <= c.answered_at <= NOW for c in leg.consents)
    assert all(c.given is bool(c.evidence and c.state is not DECLINED) for c in leg.consents)
    assert Leg.model_validate_json(leg.model_dump_json()) == leg


# --- The verdict ---------------------------------------------------------------------------------------------------


def person(key: str) -> AskedPerson:
    return AskedPerson(key=key, full_name="Người Được Hỏi", personal_id="001060000001", roles=(PersonRole.HOUSEHOLDER,))


def rule(quorum: Quorum, *people: str) -> ConsentRule:
    return ConsentRule(
        role=PersonRole.HOUSEHOLDER,
        quorum=quorum,
        people=people,
        concerns="residence_registration",
        basis="Luật Cư trú Điều 20(2)",
    )


def verdict(rules: tuple[ConsentRule, ...], answers: dict[str, ConsentState]) -> ConsentVerdict:
    """What these states amount to; silence and people out of reach have lapsed."""
    return consent_verdict(
        rules, tuple(consent(person(key), state, lapsed=state in LOST) for key, state in answers.items())
    )


LOST = (EXPIRED, UNREACHABLE)


@pytest.mark.parametrize("state", LOST)
def test_while_an_agreement_can_come_nothing_is_lost(state: ConsentState) -> None:
    waiting = consent(person("a"), state)
    assert consent_verdict((rule(Quorum.ALL, "a"),), (waiting,)) is ConsentVerdict.WAITING
    refused = consent(person("b"), DECLINED)
    both = (rule(Quorum.ALL, "a"), rule(Quorum.ALL, "b"))
    assert consent_verdict(both, (waiting, refused)) is ConsentVerdict.DECLINED


ALL, ANY = Quorum.ALL, Quorum.ANY


@pytest.mark.parametrize(
    ("quorum", "answers", "expected"),
    [
        (ALL, (ASKED,), ConsentVerdict.WAITING),
        (ALL, (GRANTED,), ConsentVerdict.GRANTED),
        (ALL, (DECLINED,), ConsentVerdict.DECLINED),
        (ALL, (EXPIRED,), ConsentVerdict.EXPIRED),
        (ALL, (UNREACHABLE,), ConsentVerdict.EXPIRED),
        (ALL, (REPLACED,), ConsentVerdict.GRANTED),
        (ALL, (REPLACED, ASKED), ConsentVerdict.WAITING),
        (ALL, (UNREACHABLE, DECLINED), ConsentVerdict.DECLINED),
        (ANY, (UNREACHABLE, REPLACED), ConsentVerdict.GRANTED),
        (ALL, (GRANTED, ASKED), ConsentVerdict.WAITING),
        (ALL, (GRANTED, GRANTED), ConsentVerdict.GRANTED),
        (ALL, (GRANTED, DECLINED), ConsentVerdict.DECLINED),
        (ALL, (ASKED, DECLINED), ConsentVerdict.DECLINED),
        (ALL, (ASKED, EXPIRED), ConsentVerdict.EXPIRED),
        (ALL, (EXPIRED, DECLINED), ConsentVerdict.DECLINED),
        (ANY, (ASKED, ASKED), ConsentVerdict.WAITING),
        (ANY, (GRANTED, ASKED), ConsentVerdict.GRANTED),
        (ANY, (GRANTED, DECLINED), ConsentVerdict.GRANTED),
        (ANY, (GRANTED, EXPIRED), ConsentVerdict.GRANTED),
        (ANY, (DECLINED, ASKED), ConsentVerdict.WAITING),
        (ANY, (EXPIRED, ASKED), ConsentVerdict.WAITING),
        (ANY, (DECLINED, DECLINED), ConsentVerdict.DECLINED),
        (ANY, (EXPIRED, EXPIRED), ConsentVerdict.EXPIRED),
        (ANY, (EXPIRED, DECLINED), ConsentVerdict.DECLINED),
    ],
)
def test_one_rule(quorum: Quorum, answers: tuple[ConsentState, ...], expected: ConsentVerdict) -> None:
    keys = [f"p{number}" for number in range(len(answers))]
    assert verdict((rule(quorum, *keys),), dict(zip(keys, answers, strict=True))) is expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (GRANTED, GRANTED, ConsentVerdict.GRANTED),
        (GRANTED, ASKED, ConsentVerdict.WAITING),
        (ASKED, EXPIRED, ConsentVerdict.EXPIRED),
        (ASKED, DECLINED, ConsentVerdict.DECLINED),
        (EXPIRED, DECLINED, ConsentVerdict.DECLINED),
        (GRANTED, EXPIRED, ConsentVerdict.EXPIRED),
    ],
)
def test_every_rule_must_be_met_and_the_worst_is_reported(
    first: ConsentState, second: ConsentState, expected: ConsentVerdict
) -> None:
    rules = (rule(ALL, "a"), rule(ALL, "b"))
    assert verdict(rules, {"a": first, "b": second}) is expected
    assert verdict(rules, {"a": second, "b": first}) is expected


def test_nobody_to_ask_is_nobody_to_wait_for() -> None:
    assert consent_verdict((), ()) is ConsentVerdict.GRANTED


def test_one_answer_counts_in_every_role_of_the_person() -> None:
    rules = (rule(ALL, "a"), rule(ALL, "a", "b"))
    assert verdict(rules, {"a": GRANTED, "b": ASKED}) is ConsentVerdict.WAITING
    assert verdict(rules, {"a": GRANTED, "b": GRANTED}) is ConsentVerdict.GRANTED
    assert verdict(rules, {"a": DECLINED, "b": GRANTED}) is ConsentVerdict.DECLINED


PEOPLE = ("a", "b", "c", "d")
quorums = st.sampled_from(Quorum)
some_people = st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=4, unique=True)
rulings = st.lists(st.builds(lambda quorum, keys: rule(quorum, *keys), quorums, some_people), max_size=4).map(tuple)
rulable = st.sampled_from([state for state in ConsentState if state is not DROPPED])
"""Whom a rule names is never dropped."""
answered = st.fixed_dictionaries(dict.fromkeys(PEOPLE, rulable))

RANK = {
    ConsentVerdict.DECLINED: 0,
    ConsentVerdict.EXPIRED: 1,
    ConsentVerdict.WAITING: 2,
    ConsentVerdict.GRANTED: 3,
}
BETTER = {
    ASKED: (GRANTED, REPLACED),
    **dict.fromkeys((*LOST, DECLINED), (GRANTED, REPLACED)),
    GRANTED: (),
    REPLACED: (),
}
WORSE = {
    ASKED: (*LOST, DECLINED),
    **dict.fromkeys(LOST, (DECLINED,)),
    DECLINED: (),
    **dict.fromkeys((GRANTED, REPLACED), (*LOST, DECLINED)),
}


@settings(deadline=None, max_examples=300)
@given(rulings, answered, st.randoms(use_true_random=False))
def test_order_is_of_no_importance(
    rules: tuple[ConsentRule, ...], answers: dict[str, ConsentState], shuffle: Random
) -> None:
    expected = verdict(rules, answers)
    mixed_rules = tuple(
        r.model_copy(update={"people": tuple(shuffle.sample(r.people, len(r.people)))})
        for r in shuffle.sample(rules, len(rules))
    )
    keys = shuffle.sample(PEOPLE, len(PEOPLE))
    assert verdict(mixed_rules, {key: answers[key] for key in keys}) is expected


@settings(deadline=None, max_examples=300)
@given(rulings, answered, st.sampled_from(PEOPLE))
def test_a_better_answer_never_makes_it_worse_nor_a_worse_one_better(
    rules: tuple[ConsentRule, ...], answers: dict[str, ConsentState], key: str
) -> None:
    before = RANK[verdict(rules, answers)]
    for state in BETTER[answers[key]]:
        assert RANK[verdict(rules, answers | {key: state})] >= before
    for state in WORSE[answers[key]]:
        assert RANK[verdict(rules, answers | {key: state})] <= before


@settings(deadline=None, max_examples=300)
@given(rulings, answered)
def test_waiting_means_that_answers_can_still_turn_it_either_way(
    rules: tuple[ConsentRule, ...], answers: dict[str, ConsentState]
) -> None:
    waiting = [key for key in PEOPLE if answers[key] is ASKED]
    outcomes = {
        verdict(rules, answers | dict(zip(waiting, rest, strict=True)))
        for rest in product((GRANTED, DECLINED), repeat=len(waiting))
    }
    if verdict(rules, answers) is ConsentVerdict.WAITING:
        assert outcomes == {ConsentVerdict.GRANTED, ConsentVerdict.DECLINED}
    elif verdict(rules, answers) is ConsentVerdict.GRANTED:
        assert outcomes == {ConsentVerdict.GRANTED}
    else:
        assert ConsentVerdict.GRANTED not in outcomes


@settings(deadline=None, max_examples=300)
@given(rulings, answered)
def test_a_no_among_the_deciding_answers_is_never_called_silence(
    rules: tuple[ConsentRule, ...], answers: dict[str, ConsentState]
) -> None:
    result = verdict(rules, answers)
    if result is ConsentVerdict.EXPIRED:
        unmet = [r for r in rules if verdict((r,), answers) is ConsentVerdict.EXPIRED]
        assert unmet
        assert all(DECLINED not in {answers[key] for key in r.people} for r in unmet)
    if result is ConsentVerdict.DECLINED:
        assert DECLINED in {answers[key] for r in rules for key in r.people}
