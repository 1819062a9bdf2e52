"""Consents: whose answer counts, when, and what the answers amount to (REQUIREMENTS §§4.5, 10)."""

from contextlib import suppress
from datetime import datetime, timedelta
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.calendar import load_calendar
from models.clock import citizen_due
from models.declaration import PersonRole
from models.dossier import Consent, ConsentState, ConsentVerdict, Leg, LegOutcome, LegStage, consent_verdict
from models.facts import Answer, ConsentAnswer, FactRefusal, FactRefused
from models.law import Quorum
from models.plan import AskedPerson, ConsentRule, LegPlan
from models.reducers import CLOCK_SKEW, apply_consent, with_consent
from tests.models.cases import moment, plan_of, sample

CALENDAR = load_calendar()
PLAN = plan_of("grandparents-home").leg("residence_registration")
FORM = sample("grandparents-home")
HOUSEHOLDER, OWNER = (person.personal_id for person in PLAN.people)
STRANGER = "001060000555"

ASKED_AT = moment("2026-11-19 09:05:00")
NOW = moment("2026-11-20 10:00:00")
DUE = citizen_due(ASKED_AT, 5, CALENDAR)

ASKED, GRANTED, DECLINED, EXPIRED = (
    ConsentState.ASKED,
    ConsentState.GRANTED,
    ConsentState.DECLINED,
    ConsentState.EXPIRED,
)


def test_five_working_days_end_after_the_day_of_vietnamese_culture() -> None:
    assert DUE.at == moment("2026-11-28 00:00:00")


# --- One answer ----------------------------------------------------------------------------------------------------


def consent(person: AskedPerson, state: ConsentState = ASKED) -> Consent:
    return Consent(person=person, state=state, requested_at=ASKED_AT, due=DUE)


def asked(*states: ConsentState) -> Leg:
    """The leg with both people asked, in these states."""
    consents = tuple(
        consent(person, state) for person, state in zip(PLAN.people, states or (ASKED, ASKED), strict=True)
    )
    return Leg(key=PLAN.key, stage=LegStage.WAITING_CONSENTS, consents=consents)


def answer(personal_id: str, given_answer: Answer = Answer.GRANTED, at: datetime = NOW) -> ConsentAnswer:
    return ConsentAnswer(
        message_id="m1",
        dossier_code="G22.99.08-261119-000001",
        leg=PLAN.key,
        personal_id=personal_id,
        answer=given_answer,
        at=at,
    )


def states(leg: Leg) -> dict[str, ConsentState]:
    return {consent.person.personal_id: consent.state for consent in leg.consents}


@pytest.mark.parametrize(("given_answer", "state"), [(Answer.GRANTED, GRANTED), (Answer.DECLINED, DECLINED)])
def test_an_answer_is_that_persons_alone(given_answer: Answer, state: ConsentState) -> None:
    leg = apply_consent(asked(), PLAN, answer(OWNER, given_answer), NOW)
    assert states(leg) == {HOUSEHOLDER: ASKED, OWNER: state}
    assert [consent.answered_at for consent in leg.consents] == [None, NOW]
    assert leg.stage is LegStage.WAITING_CONSENTS


def refusal_of(leg: Leg, fact: ConsentAnswer, plan: LegPlan = PLAN) -> FactRefused:
    with pytest.raises(FactRefused) as refused:
        apply_consent(leg, plan, fact, NOW)
    return refused.value


NOBODY_ASKED = plan_of("plain").leg("residence_registration")
NOT_ASKED_YET = Leg(key=PLAN.key)
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
        (asked(EXPIRED, ASKED), PLAN, answer(HOUSEHOLDER), FactRefusal.ALREADY_ANSWERED),
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


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([HOUSEHOLDER, OWNER, STRANGER]), st.sampled_from(Answer), st.integers(-200_000, 200_000)
        ),
        max_size=8,
    )
)
def test_in_any_sequence_everybodys_first_answer_stands(answers: list[tuple[str, Answer, int]]) -> None:
    leg = asked()
    first: dict[str, Answer] = {}
    for person, said, seconds in answers:
        fact = answer(person, said, NOW + timedelta(seconds=seconds))
        with suppress(FactRefused):
            leg = apply_consent(leg, PLAN, fact, NOW)
            first.setdefault(person, said)
    stands = {Answer.GRANTED: GRANTED, Answer.DECLINED: DECLINED}
    expected = {person: stands[first[person]] if person in first else ASKED for person in (HOUSEHOLDER, OWNER)}
    assert states(leg) == expected
    assert all(c.answered_at is None or ASKED_AT <= c.answered_at <= NOW for c in leg.consents)
    assert Leg.model_validate_json(leg.model_dump_json()) == leg


# --- The verdict ---------------------------------------------------------------------------------------------------


def person(key: str) -> AskedPerson:
    return AskedPerson(key=key, full_name="Người Được Hỏi", personal_id="001060000001", roles=(PersonRole.HOUSEHOLDER,))


def rule(quorum: Quorum, *people: str) -> ConsentRule:
    return ConsentRule(role=PersonRole.HOUSEHOLDER, quorum=quorum, people=people, basis="Luật Cư trú Điều 20(2)")


def verdict(rules: tuple[ConsentRule, ...], answers: dict[str, ConsentState]) -> ConsentVerdict:
    return consent_verdict(rules, tuple(consent(person(key), state) for key, state in answers.items()))


ALL, ANY = Quorum.ALL, Quorum.ANY


@pytest.mark.parametrize(
    ("quorum", "answers", "expected"),
    [
        (ALL, (ASKED,), ConsentVerdict.WAITING),
        (ALL, (GRANTED,), ConsentVerdict.GRANTED),
        (ALL, (DECLINED,), ConsentVerdict.DECLINED),
        (ALL, (EXPIRED,), ConsentVerdict.EXPIRED),
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
answered = st.fixed_dictionaries({key: st.sampled_from(ConsentState) for key in PEOPLE})

RANK = {
    ConsentVerdict.DECLINED: 0,
    ConsentVerdict.EXPIRED: 1,
    ConsentVerdict.WAITING: 2,
    ConsentVerdict.GRANTED: 3,
}
BETTER = {ASKED: (GRANTED,), EXPIRED: (GRANTED,), DECLINED: (GRANTED,), GRANTED: ()}
WORSE = {ASKED: (EXPIRED, DECLINED), EXPIRED: (DECLINED,), DECLINED: (), GRANTED: (EXPIRED, DECLINED)}


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
