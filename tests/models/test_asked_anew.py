"""Other people to ask after a correction: whose consent stays, and under which keys the others are asked (§§5, 7)."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.files import load_declaration_file
from models.asked_anew import asked_anew, asks_others, differ_in_people
from models.clock import citizen_due
from models.consents import with_consent
from models.corrected_law import judged
from models.corrections import CorrectedForm, CorrectionQuery, correct, corrected
from models.death import DeathDeclaration
from models.declaration import Declaration
from models.documents import DocumentKind
from models.dossier import Consent, ConsentState, ConsentVerdict, Leg, consent_verdict
from models.facts import FactRefusal
from models.form_facts import PersonRole
from models.form_parts import NamedPerson
from models.law import Quorum, pack
from models.plan import AskedPerson, ConsentRule, LegPlan, resolve_plan
from models.reading import DeclarationErrors
from tests.models.cases import CALENDAR, NEWEST, ON, SAMPLES, death_sample, moment

FORM, _ = load_declaration_file(SAMPLES.with_name("death") / "insurance-lump-sum.json", ON)
SURVIVOR = resolve_plan(pack(NEWEST), FORM).leg("insurance_survivor_benefit")
ASKED_AT = moment("2026-11-19 09:05:00")
NUMBERS = tuple(f"00119090090{digit}" for digit in range(6))


def plan_asking(people: tuple[str, ...], representative: str, about: str = "cử người đại diện") -> LegPlan:
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
        about=about,
        concerns="benefits",
        representative=NamedPerson(full_name="Đại Diện Mẫu", personal_id=representative),
        may_change=True,
        basis="Quyết định 296/QĐ-VPCP",
    )
    return SURVIVOR.model_copy(update={"people": asked, "consent_rules": (rule,) if people else ()})


def asked_of(plan: LegPlan) -> frozenset[tuple[str, str | None]]:
    """Whom people are to agree to, and to what."""
    return frozenset((r.representative.personal_id, r.about) for r in plan.consent_rules if r.representative)


def granted(person: AskedPerson) -> Consent:
    return Consent(
        person=person, state=ConsentState.GRANTED, requested_at=ASKED_AT, due=citizen_due(ASKED_AT, 5, CALENDAR)
    )


forms = st.builds(
    plan_asking,
    st.lists(st.sampled_from(NUMBERS), unique=True, max_size=5).map(tuple),
    st.sampled_from(("001085900301", "001085900399")),
    st.sampled_from(("cử người đại diện", "xác nhận người nuôi liệt sĩ")),
)


@settings(deadline=None, max_examples=200)
@given(st.lists(forms, min_size=2, max_size=6))
def test_nobody_is_ever_asked_two_things_under_one_key(stages: list[LegPlan]) -> None:
    """Whatever relatives and representatives a form comes to name, answers stay with their own question."""
    plan, *later = stages
    leg = Leg(key=plan.key)
    questions: dict[str, tuple[str, str, str | None]] = {}
    for revision, new in enumerate([plan, *later]):
        before = plan
        if revision:
            plan, leg = asked_anew(leg, plan, new, revision, ASKED_AT)
        assert [person.personal_id for person in plan.people] == [person.personal_id for person in new.people]
        assert len({person.key for person in plan.people}) == len(plan.people)
        for person in plan.people:
            [(representative, about)] = asked_of(plan)
            question = (person.personal_id, representative, about)
            assert questions.setdefault(person.key, question) == question
        wanted = {person.key for person in plan.people}
        standing = {c.person.key for c in leg.consents if c.given}
        assert standing <= wanted
        kept = {(p.personal_id, asked_of(plan)) for p in plan.people} & {
            (p.personal_id, asked_of(before)) for p in before.people
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


@pytest.mark.rule("5.relatives-consent")
def test_who_is_asked_less_than_they_agreed_to_has_agreed() -> None:
    one, both = plan_asking(NUMBERS[:1], "001085900301"), plan_asking(NUMBERS[:1], "001085900301")
    martyr = one.consent_rules[0].model_copy(update={"about": "xác nhận người nuôi liệt sĩ", "representative": None})
    both = both.model_copy(update={"consent_rules": (*one.consent_rules, martyr)})
    given = Leg(key=one.key, consents=tuple(map(granted, both.people)))
    less, leg = asked_anew(given, both, one, 1, ASKED_AT)
    assert consent_verdict(less.consent_rules, leg.consents) is ConsentVerdict.GRANTED
    more, leg = asked_anew(given, one, both, 1, ASKED_AT)
    assert consent_verdict(more.consent_rules, leg.consents) is ConsentVerdict.WAITING
    assert (leg.consents[0].state, leg.consents[0].dropped_at) == (ConsentState.DROPPED, ASKED_AT)
    assert asks_others(one, both)
    assert not asks_others(both, one)


def test_fewer_people_are_no_others() -> None:
    assert not asks_others(plan_asking(NUMBERS[:3], "001085900301"), plan_asking(NUMBERS[:2], "001085900301"))
    assert asks_others(plan_asking(NUMBERS[:2], "001085900301"), plan_asking(NUMBERS[:3], "001085900301"))


# --- The form and the law ------------------------------------------------------------------------------------------


PAPER = DocumentKind.REPRESENTATIVE_AGREEMENT
SIGNED = death_sample("insurance-agreement")
ANOTHER: dict[str, Any] = {
    f"relatives__3__{field}": value
    for field, value in {
        "full_name": "Phạm Văn Thêm Mẫu",
        "personal_id": "001195900306",
        "relation": "child",
        "born": "1995-03-04",
        "sex": "male",
        "address__codes_on": "2026-11-01",
        "address__province_code": "01",
        "address__commune_code": "00070",
        "address__commune_name": "Phường Hoàn Kiếm",
        "address__detail": "Số 12 phố Thử Nghiệm",
        "phone": "0912000399",
        "claim": "lump_sum",
    }.items()
}


def judge(
    form: Declaration = FORM,
    given: tuple[DocumentKind, ...] = (),
    attached: tuple[DocumentKind, ...] = (),
    **corrections: str,
) -> CorrectedForm:
    """The answer to corrections whose paths have `__` for dots, in the benefits."""
    fields = {f"benefits.{path.replace('__', '.')}": value for path, value in corrections.items()}
    query = CorrectionQuery(
        code="G22.99.08-261119-000001",
        revision=0,
        on=ON,
        pack=NEWEST,
        attached=attached,
        given=given,
        corrections=fields,
    )
    return judged(query, form, corrected(query, form), CALENDAR)


def test_another_relative_passes_with_the_legs_in_which_they_are_asked() -> None:
    answer = judge(relatives__1__personal_id="001195900306")
    assert isinstance(answer.declaration, DeathDeclaration)
    assert [leg.key for leg in answer.legs] == ["insurance_funeral_benefit", "insurance_survivor_benefit"]
    assert {leg.people[0].personal_id for leg in answer.legs} == {"001195900306"}


def test_what_changes_nobody_leaves_the_plan_and_the_consents_as_they_are() -> None:
    [leg] = [leg for leg in judge(relatives__1__phone="0912000398").legs if leg.key == SURVIVOR.key]
    given = Leg(key=SURVIVOR.key, consents=tuple(map(granted, SURVIVOR.people)))
    assert asked_anew(given, SURVIVOR, leg, 1, ASKED_AT) == (SURVIVOR, given)


def test_another_regime_is_refused_as_ever() -> None:
    answer = judge(relatives__1__personal_id="")
    assert answer.declaration is None
    assert answer.refusal is FactRefusal.NOT_PERMITTED


def test_a_new_paper_is_no_reason_to_refuse_when_it_comes_with_the_correction() -> None:
    assert judge(relatives__1__personal_id="", given=(PAPER,)).problem is None
    assert judge(relatives__1__personal_id="", attached=(PAPER,)).problem, "what is attached was signed for others"


@pytest.mark.rule("5.lump-sum-representative")
def test_an_attached_agreement_stands_only_for_those_who_signed_it() -> None:
    assert {document.kind for document in SIGNED.attachments} >= {PAPER}
    refused = judge(SIGNED, **ANOTHER)
    assert refused.refusal is FactRefusal.NOT_PERMITTED
    assert refused.problem
    assert f"phải nộp {PAPER.label} mới" in refused.problem
    assert "Thêm Mẫu" not in refused.problem
    assert judge(SIGNED, given=(PAPER,), **ANOTHER).problem is None
    assert judge(SIGNED, relatives__2__phone="0912000398").problem is None


@pytest.mark.rule("5.lump-sum-representative")
def test_nor_for_another_representative() -> None:
    other = SIGNED.benefits.relatives[2] if SIGNED.benefits else None
    assert other is not None
    assert other.personal_id
    corrections: dict[str, Any] = {
        "representative__full_name": other.full_name,
        "representative__personal_id": other.personal_id,
        "representative__born": str(other.born.root),
        "representative__sex": other.sex.value,
        "representative__relation": other.relation.value,
        "representative__receipt__account__holder": other.full_name,
    }
    assert f"phải nộp {PAPER.label} mới" in (judge(SIGNED, **corrections).problem or "")
    assert judge(SIGNED, given=(PAPER,), **corrections).problem is None


@pytest.mark.rule("5.attachments-are-data")
def test_what_an_agency_must_add_itself_is_no_reason_to_refuse() -> None:
    answer = judge(death_sample("merit-monthly"), merit_relatives__2__circumstances="orphaned")
    assert answer.problem is None
    assert answer.completed_by_agencies
    assert all(document.completed_by for document in answer.completed_by_agencies)


# --- Sections cleared ----------------------------------------------------------------------------------------------


def test_a_section_the_form_can_do_without_is_cleared_whole() -> None:
    person = "benefits.funeral_recipient.person.receipt"
    after = correct(FORM, {f"{person}.way": "cash", f"{person}.account": ""}, ON)
    assert isinstance(after, DeathDeclaration)
    assert after.benefits is not None
    assert after.benefits.funeral_recipient is not None
    assert after.benefits.funeral_recipient.person is not None
    assert after.benefits.funeral_recipient.person.receipt.account is None
    dead = {f"benefits.relatives.1.{field}": "" for field in ("address", "phone", "claim", "monthly_income_vnd")}
    after = correct(FORM, {"benefits.relatives.1.deceased": "true", **dead}, ON)
    assert isinstance(after, DeathDeclaration)
    assert after.benefits is not None
    assert after.benefits.relatives[1].deceased


def test_a_section_the_form_needs_is_not() -> None:
    with pytest.raises(DeclarationErrors, match="Bắt buộc"):
        correct(FORM, {"deceased": ""}, ON)
    with pytest.raises(DeclarationErrors, match="Không có mục này"):
        correct(FORM, {"deceased.last_residence": "Hà Nội"}, ON)


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
