"""Other people to ask after a correction: whose consent stays, and under which keys the others are asked (§§5, 7)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.files import load_declaration_file
from models.asked_anew import asked_anew, differ_in_people
from models.clock import citizen_due
from models.consents import with_consent
from models.corrected_law import judged
from models.corrections import CorrectedForm, CorrectionQuery, correct, corrected
from models.death import DeathDeclaration
from models.dossier import Consent, ConsentState, ConsentVerdict, Leg, consent_verdict
from models.facts import FactRefusal
from models.form_facts import PersonRole
from models.form_parts import NamedPerson
from models.law import Quorum, pack
from models.plan import AskedPerson, ConsentRule, LegPlan, resolve_plan
from models.reading import DeclarationErrors
from tests.models.cases import CALENDAR, NEWEST, ON, SAMPLES, moment

FORM, _ = load_declaration_file(SAMPLES.with_name("death") / "insurance-lump-sum.json", ON)
SURVIVOR = resolve_plan(pack(NEWEST), FORM).leg("insurance_survivor_benefit")
ASKED_AT = moment("2026-11-19 09:05:00")
NUMBERS = tuple(f"00119090090{digit}" for digit in range(6))


def plan_asking(people: tuple[str, ...], representative: str) -> LegPlan:
    """The plan as the law makes it of a form with these relatives, who are to agree to that one."""
    keys = ["relative"] if len(people) == 1 else [f"relative_{number}" for number in range(1, len(people) + 1)]
    asked = tuple(
        AskedPerson(key=key, full_name="Thân Nhân Mẫu", personal_id=number, roles=(PersonRole.RELATIVE,))
        for key, number in zip(keys, people, strict=True)
    )
    rule = ConsentRule(
        role=PersonRole.RELATIVE,
        quorum=Quorum.ALL,
        people=tuple(keys),
        representative=NamedPerson(full_name="Đại Diện Mẫu", personal_id=representative),
        may_change=True,
        basis="Quyết định 296/QĐ-VPCP",
    )
    return SURVIVOR.model_copy(update={"people": asked, "consent_rules": (rule,) if people else ()})


def granted(person: AskedPerson) -> Consent:
    return Consent(
        person=person, state=ConsentState.GRANTED, requested_at=ASKED_AT, due=citizen_due(ASKED_AT, 5, CALENDAR)
    )


forms = st.tuples(
    st.lists(st.sampled_from(NUMBERS), unique=True, max_size=5).map(tuple), st.sampled_from(("001085900301", "x"))
).map(lambda form: plan_asking(form[0], form[1].replace("x", "001085900399")))


@settings(deadline=None, max_examples=200)
@given(st.lists(forms, min_size=2, max_size=6))
def test_nobody_is_ever_asked_two_things_under_one_key(stages: list[LegPlan]) -> None:
    """Whatever relatives and representatives a form comes to name, answers stay with their own question."""
    plan, *later = stages
    leg = Leg(key=plan.key)
    questions: dict[str, tuple[str, str]] = {}
    for revision, new in enumerate([plan, *later]):
        before = plan
        if revision:
            plan, leg = asked_anew(leg, plan, new, revision)
        assert [person.personal_id for person in plan.people] == [person.personal_id for person in new.people]
        assert len({person.key for person in plan.people}) == len(plan.people)
        about = {r.representative.personal_id for r in plan.consent_rules if r.representative}
        for person in plan.people:
            [representative] = about
            question = (person.personal_id, representative)
            assert questions.setdefault(person.key, question) == question
        wanted = {person.key for person in plan.people}
        standing = {c.person.key for c in leg.consents if c.given}
        assert standing <= wanted
        kept = {(p.personal_id, frozenset(about)) for p in plan.people} & {
            (p.personal_id, frozenset(r.representative.personal_id for r in before.consent_rules if r.representative))
            for p in before.people
        }
        assert len(standing) == (len(kept) if revision else 0)
        waiting = consent_verdict(plan.consent_rules, leg.consents) is ConsentVerdict.WAITING
        assert waiting == bool(wanted - standing)
        for person in plan.people:
            if person.key not in standing:
                leg = with_consent(leg, granted(person))


def test_only_people_may_differ_and_only_where_the_law_says_so() -> None:
    other = plan_asking(NUMBERS[:2], "001085900301")
    assert differ_in_people(SURVIVOR, other)
    assert not differ_in_people(SURVIVOR, SURVIVOR)
    assert not differ_in_people(SURVIVOR, other.model_copy(update={"limit": 9}))
    fixed = tuple(rule.model_copy(update={"may_change": False}) for rule in other.consent_rules)
    assert not differ_in_people(SURVIVOR, other.model_copy(update={"consent_rules": fixed}))


# --- The form and the law ------------------------------------------------------------------------------------------


def judge(**corrections: str) -> CorrectedForm:
    """The answer to corrections whose paths have `__` for dots, in the table of relatives."""
    fields = {f"benefits.{path.replace('__', '.')}": value for path, value in corrections.items()}
    query = CorrectionQuery(code="G22.99.08-261119-000001", revision=0, on=ON, pack=NEWEST, corrections=fields)
    return judged(query, FORM, corrected(query, FORM), CALENDAR)


def test_another_relative_passes_with_the_legs_in_which_they_are_asked() -> None:
    answer = judge(relatives__1__personal_id="001195900306")
    assert isinstance(answer.declaration, DeathDeclaration)
    assert [leg.key for leg in answer.asked_anew] == ["insurance_funeral_benefit", "insurance_survivor_benefit"]
    assert {leg.people[0].personal_id for leg in answer.asked_anew} == {"001195900306"}


def test_what_changes_nobody_names_no_legs() -> None:
    assert judge(relatives__1__phone="0912000398").asked_anew == ()


def test_another_regime_is_refused_as_ever() -> None:
    answer = judge(relatives__1__personal_id="")
    assert answer.declaration is None
    assert answer.refusal is FactRefusal.NOT_PERMITTED


@pytest.mark.parametrize("at", ["5", "9"])
def test_a_list_grows_only_at_its_end(at: str) -> None:
    with pytest.raises(DeclarationErrors, match="Không có mục này"):
        correct(FORM, {f"benefits.relatives.{at}.full_name": "Thân Nhân Mẫu"}, ON)


def test_items_are_removed_from_the_end_whatever_order_they_come_in() -> None:
    assert isinstance(FORM, DeathDeclaration)
    assert FORM.benefits is not None
    names = [relative.full_name for relative in FORM.benefits.relatives]
    after = correct(FORM, {"benefits.relatives.1": "", "benefits.relatives.3": "", "applicant.phone": "0912000397"}, ON)
    assert isinstance(after, DeathDeclaration)
    assert after.benefits is not None
    assert [relative.full_name for relative in after.benefits.relatives] == [names[0], names[2]]
    assert after.applicant.phone == "0912000397"
    with pytest.raises(DeclarationErrors, match="Không có mục này"):
        correct(FORM, {"benefits.relatives.1": "Thân Nhân Mẫu"}, ON)
