"""The rules of form 02 (REQUIREMENTS §5): each broken at its field, each kept by the samples, all told at once."""

from datetime import date
from itertools import combinations_with_replacement
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.death import DeathDeclaration
from models.death_form import LAWFUL_RELATIVES, MAX_MONTHLY, RelationToDeceased
from models.death_rules import RULES
from models.groups import Group
from models.reading import read_declaration
from models.reading_words import field_name
from tests.models.death_cases import GONE, ON, SAMPLE_NAMES, death, edited, part, problems, read

FUTURE = "2026-11-20"
OFFICE = {"code": "BHXH.01.00070", "name": "Bảo hiểm xã hội cơ sở Hoàn Kiếm"}
SUBSTITUTE = {"kind": "commune_notice", "issued_on": "2026-11-16", "issuer": "Ủy ban nhân dân phường Hoàn Kiếm"}
IDENTITY = {"number": "001080999901", "issued_on": FUTURE, "issued_by": "Cục Cảnh sát"}
OLD_ADDRESS = {
    "codes_on": "2025-06-30",
    "province_code": "01",
    "district_code": "002",
    "commune_code": "00061",
    "commune_name": "Phường Hàng Bạc",
    "detail": "Số 1 phố Cũ",
}
LUMP, MONTHLY, FUNERAL = "insurance-lump-sum", "insurance-monthly", "insurance-funeral-relative"
MERIT, MERIT_MONTHLY, ORPHANED = "merit-funeral", "merit-monthly", "merit-monthly-orphaned"
AGED, STRANGER = "aged-80", "insurance-declarant-not-beneficiary"
INSURED, HONOURED = "benefits.relatives", "benefits.merit_relatives"
PERSON = "benefits.funeral_recipient.person"
POST = {"place": "post", "address": OLD_ADDRESS}
BANK = {"way": "bank", "account": {"holder": "Người Khác", "number": "1900900000", "bank": "Ngân hàng Thử Nghiệm"}}
NOBODY = {"full_name": "Không Phải Thân Nhân", "birth_year": 2001, "disabled_since": "from_18"}
CHILD = part(LUMP, f"{INSURED}.2")
NUMBER = "001080999999"

HERE = ""
"""The field that is changed first is the one that is named."""

Changes = dict[str, Any]
Case = tuple[str, str, Changes, str]

# --- One rule broken: its name, a sample, what is changed, the field that is named ---------------------------------

SCOPE_AND_REGIME: list[Case] = [
    ("benefits_fit_the_scope", AGED, {"scope": "2"}, "benefits"),
    ("benefits_fit_the_scope", "householder", {"scope": "3"}, "benefits"),
    ("deceased_is_in_a_regime", MERIT, {"benefits.regime": "none"}, HERE),
    ("survivor_benefit_exists", AGED, {"scope": "4"}, HERE),
    ("protection_kind_is_named", AGED, {"benefits.protection": GONE}, HERE),
    ("protection_kind_is_named", MERIT, {"benefits.protection": "emergency"}, HERE),
    ("merit_is_named", MERIT, {"benefits.merit": GONE}, HERE),
    ("merit_is_named", AGED, {"benefits.merit": part(MERIT, "benefits.merit")}, HERE),
    ("insurance_is_named", LUMP, {"benefits.insurance": GONE}, HERE),
    ("insurance_is_named", AGED, {"benefits.insurance": GONE}, HERE),
    ("insurance_is_named", MERIT, {"benefits.insurance": {"number": "0100000000"}}, HERE),
    ("insurance_is_named", LUMP, {"benefits.insurance.number": "0000000000"}, HERE),
    ("aged_is_eighty", AGED, {"deceased.born": "1947"}, "benefits.protection"),
    ("aged_is_eighty", AGED, {"deceased.born": "1946-11-17"}, "benefits.protection"),
    ("offices_fit_the_benefits", AGED, {"recipients.social_insurance_office": GONE}, HERE),
    ("offices_fit_the_benefits", AGED, {"recipients.social_affairs_office": GONE}, HERE),
    ("offices_fit_the_benefits", "householder", {"recipients.social_affairs_office": OFFICE}, HERE),
    ("offices_fit_the_benefits", MERIT, {"recipients.social_insurance_office": OFFICE}, HERE),
    (
        "paper_decision_needs_benefits",
        "householder",
        {"results.benefit_decision_paper": {"place": "agency_desk"}},
        HERE,
    ),
    ("desk_fits_the_regime", LUMP, {"results.benefit_decision_paper.place": "civil_status_desk"}, HERE),
]
DATES_AND_PLACES: list[Case] = [
    ("death_is_past_and_after_birth", "householder", {"deceased.died_on": FUTURE}, HERE),
    ("death_is_past_and_after_birth", "householder", {"deceased.born": "2026-11-16"}, "deceased.died_on"),
    ("one_paper_proves_the_death", "householder", {"notice_substitute": SUBSTITUTE}, HERE),
    ("death_notice_follows_death", "householder", {"death_notice.issued_on": "2026-11-14"}, HERE),
    ("notice_substitute_follows_death", "year-only", {"notice_substitute.issued_on": "2026-11-13"}, HERE),
    ("death_notice_is_past", "householder", {"death_notice.issued_on": FUTURE}, HERE),
    ("notice_substitute_is_past", "year-only", {"notice_substitute.issued_on": FUTURE}, HERE),
    ("poor_household_is_past", "time-unknown", {"poor_household.issued_on": FUTURE}, HERE),
    ("fee_relief_is_certified", MERIT, {"fee_relief.0.issued_on": FUTURE}, HERE),
    ("benefits.merit_is_past", MERIT, {"benefits.merit.decided_on": FUTURE}, HERE),
    ("relatives_are_born", LUMP, {f"{INSURED}.3.born": "2027"}, HERE),
    ("benefits.funeral_recipient_is_past", AGED, {f"{PERSON}.identity.issued_on": FUTURE}, HERE),
    (
        "benefits.representative_is_past",
        "merit-lump-sum",
        {"benefits.representative.identity": IDENTITY},
        "benefits.representative.identity.issued_on",
    ),
    ("recipient_province_exists", "householder", {"recipients.province_code": "03"}, HERE),
    (
        "last_residence_is_in_todays_codes",
        "householder",
        {"deceased.last_residence.address": OLD_ADDRESS},
        "deceased.last_residence.address.codes_on",
    ),
    (
        "post_goes_to_todays_codes",
        LUMP,
        {"results.benefit_decision_paper": POST},
        "results.benefit_decision_paper.address.codes_on",
    ),
    (
        "post_goes_to_todays_codes",
        LUMP,
        {"results.deregistration_notice_paper": POST},
        "results.deregistration_notice_paper.address.codes_on",
    ),
]
TABLES: list[Case] = [
    ("tables_fit_the_regime", MERIT, {INSURED: [CHILD]}, HERE),
    ("tables_fit_the_regime", LUMP, {HONOURED: part(MERIT_MONTHLY, HONOURED)}, HERE),
    ("tables_fit_the_regime", LUMP, {"benefits.adult_children": [NOBODY]}, HERE),
    ("tables_fit_the_regime", "protection-emergency", {"benefits.payees": part(STRANGER, "benefits.payees")}, HERE),
    ("insured_relatives_are_lawful", LUMP, {f"{INSURED}.3.relation": "other"}, HERE),
    ("relatives_are_named_once", LUMP, {f"{INSURED}.4": CHILD}, f"{INSURED}.4.personal_id"),
    ("relatives_are_named_once", MONTHLY, {f"{INSURED}.4": part(MONTHLY, f"{INSURED}.3")}, f"{INSURED}.4.full_name"),
    ("all_relatives_are_declared", LUMP, {"benefits.all_relatives_declared": False}, HERE),
    ("all_relatives_are_declared", "merit-lump-sum", {HONOURED: GONE, "benefits.representative": GONE}, HERE),
    ("somebody_claims", MONTHLY, {f"{INSURED}.{at}.claim": "none" for at in range(3)}, f"{INSURED}.0.claim"),
    ("somebody_claims", MONTHLY, {INSURED: [part(MONTHLY, f"{INSURED}.3")]}, HERE),
    ("claims_fit_the_scope", FUNERAL, {f"{INSURED}.1.claim": "lump_sum"}, HERE),
    (
        "at_most_four_monthly",
        MONTHLY,
        {f"{INSURED}.{at}": {**part(MONTHLY, f"{INSURED}.2"), "personal_id": f"00115890119{at}"} for at in range(3, 6)},
        f"{INSURED}.5.claim",
    ),
    ("columns_of_the_dead_are_empty", MONTHLY, {f"{INSURED}.3.claim": "none"}, HERE),
    ("columns_of_the_dead_are_empty", MONTHLY, {f"{INSURED}.3.monthly_income_vnd": 0}, HERE),
    ("columns_of_the_dead_are_empty", MONTHLY, {f"{INSURED}.3.receipt": {"way": "cash"}}, HERE),
    ("columns_of_the_dead_are_empty", MONTHLY, {f"{INSURED}.3.address": part(MONTHLY, f"{INSURED}.0.address")}, HERE),
    ("columns_of_the_living_are_filled", LUMP, {f"{INSURED}.1.address": GONE}, HERE),
    ("columns_of_the_living_are_filled", LUMP, {f"{INSURED}.1.claim": GONE}, HERE),
    ("columns_of_the_living_are_filled", MONTHLY, {f"{INSURED}.2.monthly_income_vnd": GONE}, HERE),
    ("columns_of_the_living_are_filled", FUNERAL, {f"{INSURED}.1.receipt": {"way": "cash"}}, HERE),
    ("monthly_benefits_can_be_paid", MONTHLY, {f"{INSURED}.2.receipt": GONE}, HERE),
    ("monthly_benefits_can_be_paid", MONTHLY, {f"{INSURED}.1.receipt": {"way": "cash"}}, HERE),
    ("assessment_is_of_reduced_capacity", LUMP, {f"{INSURED}.1.capacity_reduced": True}, HERE),
    ("assessment_is_of_reduced_capacity", MONTHLY, {f"{INSURED}.2.assessment_fee": True}, HERE),
    ("orphans_are_children", "merit-raised-martyr", {f"{HONOURED}.0.circumstances": "orphaned"}, HERE),
    (
        "adult_children_are_relatives",
        MERIT_MONTHLY,
        {"benefits.adult_children.2": NOBODY},
        "benefits.adult_children.2.full_name",
    ),
    ("adult_children_are_relatives", MERIT_MONTHLY, {"benefits.adult_children.0.birth_year": 2005}, HERE),
    (
        "adult_children_are_relatives",
        MERIT_MONTHLY,
        {"benefits.adult_children.2": part(MERIT_MONTHLY, "benefits.adult_children.0")},
        "benefits.adult_children.2.full_name",
    ),
    (
        "adult_children_are_relatives",
        MERIT_MONTHLY,
        {f"{HONOURED}.1.born": "2009-01-01", "benefits.adult_children.0.birth_year": 2009},
        "benefits.adult_children.0.birth_year",
    ),
    ("adult_children_are_detailed", MERIT_MONTHLY, {"benefits.adult_children.1": GONE}, f"{HONOURED}.2.claim"),
]
RECEIVING: list[Case] = [
    ("payees_are_named_where_needed", MONTHLY, {"benefits.payees": []}, f"{INSURED}.1.full_name"),
    ("payees_are_named_where_needed", ORPHANED, {"benefits.payees.1": GONE}, f"{HONOURED}.1.full_name"),
    ("payees_are_named_where_needed", MONTHLY, {"benefits.payees.0.beneficiary": "Hà Thị Mẹ Mẫu"}, HERE),
    ("payees_are_named_where_needed", MONTHLY, {"benefits.payees.0.beneficiary": "Không Phải Thân Nhân"}, HERE),
    (
        "payees_are_named_where_needed",
        MONTHLY,
        {"benefits.payees.1": part(MONTHLY, "benefits.payees.0")},
        "benefits.payees.1.beneficiary",
    ),
    ("payees_are_known", STRANGER, {"benefits.payees.0.personal_id": GONE}, HERE),
    ("payees_are_known", STRANGER, {"benefits.payees.0.address": GONE}, HERE),
    ("payees_are_known", MONTHLY, {"benefits.payees.0.full_name": "Hà Văn Cha Mẫu"}, HERE),
    ("payees_are_known", MONTHLY, {"benefits.payees.0.full_name": "Hà Minh Con Mẫu"}, HERE),
    ("funeral_recipient_is_named", AGED, {"benefits.funeral_recipient": GONE}, HERE),
    ("funeral_is_claimed_by_its_recipient", FUNERAL, {f"{INSURED}.1.claim": "funeral"}, HERE),
    ("organiser_and_one_other_are_declared", FUNERAL, {f"{INSURED}.1": GONE}, INSURED),
    ("organiser_and_one_other_are_declared", FUNERAL, {f"{INSURED}.0": GONE}, INSURED),
    ("organiser_and_one_other_are_declared", FUNERAL, {INSURED: GONE}, HERE),
    ("lump_sum_has_a_representative", LUMP, {"benefits.representative": GONE}, HERE),
    ("lump_sum_has_a_representative", MERIT, {"benefits.representative": part(LUMP, "benefits.representative")}, HERE),
    (
        "claims_are_of_one_kind",
        LUMP,
        {
            f"{INSURED}.1.claim": "monthly",
            f"{INSURED}.1.receipt": {"way": "cash"},
            f"{INSURED}.1.monthly_income_vnd": 0,
        },
        HERE,
    ),
    ("claims_are_of_one_kind", "merit-monthly", {f"{HONOURED}.0.claim": "lump_sum"}, f"{HONOURED}.1.claim"),
    (
        "representative_is_one_of_them",
        LUMP,
        {"benefits.representative": part(AGED, PERSON)},
        "benefits.representative.personal_id",
    ),
    ("representative_agrees_with_the_row", LUMP, {"benefits.representative.relation": "spouse"}, HERE),
    ("representative_agrees_with_the_row", LUMP, {"benefits.representative.sex": "female"}, HERE),
    ("representative_agrees_with_the_row", LUMP, {"benefits.representative.born": "1986"}, HERE),
    ("funeral_recipient_agrees_with_the_row", LUMP, {f"{PERSON}.relation": "spouse"}, HERE),
    ("funeral_recipient_agrees_with_the_row", LUMP, {f"{PERSON}.born": "1985-01-03"}, HERE),
    (
        "funeral_recipient_agrees_with_the_row",
        FUNERAL,
        {f"{PERSON}.sex": "male", f"{INSURED}.0.personal_id": GONE},
        HERE,
    ),
    ("funeral_recipient_is_old_enough", AGED, {f"{PERSON}.born": "2011-11-17"}, HERE),
    ("representative_is_old_enough", LUMP, {"benefits.representative.born": "2020"}, HERE),
    (
        "named_relatives_are_declared",
        LUMP,
        {f"{PERSON}.personal_id": NUMBER, f"{PERSON}.full_name": "Tên Khác"},
        INSURED,
    ),
    ("named_relatives_are_declared", STRANGER, {"applicant.relation": "child"}, INSURED),
    ("named_relatives_are_declared", ORPHANED, {"applicant.relation": "raised"}, HONOURED),
    (
        "named_relatives_are_declared",
        FUNERAL,
        {
            "applicant.personal_id": NUMBER,
            "applicant.full_name": "Tên Khác",
            "applicant.relation": "child",
            "benefits.all_relatives_declared": True,
        },
        INSURED,
    ),
    ("applicants_relation_agrees", LUMP, {"applicant.relation": "spouse"}, HERE),
    ("applicants_relation_is_said", AGED, {"applicant.relation_text": GONE}, HERE),
    ("applicants_relation_is_said", "organisation-declares", {"applicant.relation_text": "Cháu"}, HERE),
    ("relation_of_relatives_is_said", LUMP, {f"{INSURED}.3.relation": "other"}, f"{INSURED}.3.relation_text"),
    (
        "relation_of_merit_relatives_is_said",
        MERIT_MONTHLY,
        {f"{HONOURED}.0.relation": "other"},
        f"{HONOURED}.0.relation_text",
    ),
    (
        "relation_of_payees_is_said",
        STRANGER,
        {"benefits.payees.0.relation": "other"},
        "benefits.payees.0.relation_text",
    ),
    ("relation_of_funeral_recipient_is_said", AGED, {f"{PERSON}.relation_text": GONE}, HERE),
    (
        "relation_of_representative_is_said",
        LUMP,
        {"benefits.representative.relation": "other"},
        "benefits.representative.relation_text",
    ),
    ("account_of_relatives", MONTHLY, {f"{INSURED}.2.receipt": BANK}, f"{INSURED}.2.receipt.account.holder"),
    (
        "account_of_merit_relatives",
        MERIT_MONTHLY,
        {f"{HONOURED}.2.receipt": BANK},
        f"{HONOURED}.2.receipt.account.holder",
    ),
    ("account_of_payees", STRANGER, {"benefits.payees.0.receipt": BANK}, "benefits.payees.0.receipt.account.holder"),
    ("account_of_funeral_recipient", AGED, {f"{PERSON}.receipt": BANK}, f"{PERSON}.receipt.account.holder"),
    (
        "account_of_representative",
        LUMP,
        {"benefits.representative.receipt": BANK},
        "benefits.representative.receipt.account.holder",
    ),
]
CASES = [
    (rule, name, changes, path or next(iter(changes)))
    for rule, name, changes, path in (*SCOPE_AND_REGIME, *DATES_AND_PLACES, *TABLES, *RECEIVING)
]


@pytest.mark.rule(
    "5.scope",
    "5.outside-regimes",
    "5.80-plus",
    "5.all-relatives",
    "5.monthly-at-most-four",
    "5.deceased-relative",
    "5.payee",
    "5.funeral-only",
    "5.lump-sum-representative",
    "5.account-holder",
    "5.recipient",
    "5.paper",
)
@pytest.mark.parametrize(("rule", "name", "changes", "path"), CASES, ids=[f"{case[0]}-{case[3]}" for case in CASES])
def test_a_broken_rule_is_told_at_its_field_by_its_name_on_the_form(
    rule: str, name: str, changes: Changes, path: str
) -> None:
    found = problems(edited(name, changes))
    at_path = [problem for problem in found if problem.path == path]
    assert at_path, found
    steps = tuple(int(step) if step.isdigit() else step for step in path.split("."))
    assert {problem.field for problem in at_path} == {field_name(steps, Group.DEATH)}
    assert all(problem.message.endswith(".") for problem in at_path)
    assert rule in broken_rules(name, changes)


def broken_rules(name: str, changes: Changes) -> set[str]:
    """The names of the checks that find something, in a form whose fields are right one by one."""
    form = DeathDeclaration.model_validate(edited(name, changes))
    return {rule.name for rule in RULES if list(rule.judge(form, ON))}


def test_every_check_is_broken_by_some_case_here() -> None:
    broken = {rule for name, changes in everybody() for rule in broken_rules(name, changes)}
    assert {case[0] for case in CASES} | broken == {rule.name for rule in RULES}


@pytest.mark.rule("5.scope", "5.declarant", "5.recipient")
@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_every_sample_keeps_every_rule(name: str) -> None:
    form = death(name)
    assert [rule.name for rule in RULES if list(rule.judge(form, ON))] == []


# --- One number, one name; the dead do nothing ---------------------------------------------------------------------

PEOPLE = {
    "applicant": "applicant",
    "benefits.relatives": f"{INSURED}.0",
    "benefits.merit_relatives": f"{HONOURED}.0",
    "benefits.payees": "benefits.payees.0",
    "benefits.funeral_recipient": PERSON,
    "benefits.representative": "benefits.representative",
}
"""Where each section of the form that names people names one."""
HONOURED_HERE = {HONOURED: part(MERIT_MONTHLY, HONOURED)}


def everybody() -> list[tuple[str, Changes]]:
    """Forms in which a number has two names, is the deceased's or a dead relative's, wherever people are named."""
    forms: list[Changes] = []
    for one, other in combinations_with_replacement(PEOPLE, 2):
        path = PEOPLE[other]
        second = path if one != other else f"{path[:-1]}1"
        if one == other == "benefits.payees":
            forms.append({"benefits.payees.1": {**part(STRANGER, "benefits.payees.0"), "full_name": "Tên Khác"}})
        elif one != other or path[-1].isdigit():
            named = {f"{second}.personal_id": NUMBER, f"{second}.full_name": "Tên Khác"}
            forms.append({f"{PEOPLE[one]}.personal_id": NUMBER, **named})
    forms += [{f"{path}.personal_id": part(STRANGER, "deceased.personal_id")} for path in PEOPLE.values()]
    dead = part(STRANGER, f"{INSURED}.2")
    for section, path in PEOPLE.items():
        if section not in (INSURED, HONOURED):
            forms.append({f"{INSURED}.2": {**dead, "personal_id": NUMBER}, f"{path}.personal_id": NUMBER})
    return [(STRANGER, HONOURED_HERE | changes) for changes in forms]


@pytest.mark.parametrize(("other", "path"), PEOPLE.items())
def test_nobody_else_has_the_number_of_the_deceased(other: str, path: str) -> None:
    changes = {f"{path}.personal_id": part(STRANGER, "deceased.personal_id")}
    base = HONOURED_HERE if path.startswith(HONOURED) else {}
    found = [one.path for one in problems(edited(STRANGER, base | changes)) if "của người chết" in one.message]
    assert found == [f"{path}.personal_id"]


def test_one_number_has_one_name_and_is_told_once() -> None:
    found = problems(edited(LUMP, {"benefits.representative.full_name": "Phạm Văn Khác"}))
    assert [one.path for one in found if "khác họ tên" in one.message] == ["benefits.representative.full_name"]


def test_a_relative_who_is_dead_does_not_declare() -> None:
    number = part(LUMP, "applicant.personal_id")
    dead = {
        "full_name": "Phạm Văn Trưởng Mẫu",
        "personal_id": number,
        "relation": "child",
        "born": "1985",
        "sex": "male",
    }
    found = problems(edited(LUMP, {f"{INSURED}.0": {**dead, "deceased": True}}))
    assert {one.path for one in found if "đã chết" in one.message} >= {"applicant.personal_id", f"{PERSON}.personal_id"}


# --- Kept at the edge ----------------------------------------------------------------------------------------------


@pytest.mark.rule(
    "10.householder-deceased",
    "5.80-plus",
    "5.account-holder",
    "5.funeral-only",
    "5.lump-sum-representative",
    "5.monthly-at-most-four",
    "5.payee",
    "5.recipient",
)
@pytest.mark.parametrize(
    ("name", "changes"),
    [
        pytest.param(AGED, {"deceased.born": "1946"}, id="may be 80"),
        pytest.param(AGED, {"deceased.born": "1946-11-16"}, id="80 that day"),
        pytest.param(
            MONTHLY,
            {f"{INSURED}.3": {**part(MONTHLY, f"{INSURED}.2"), "personal_id": "001158901199"}},
            id="four monthly",
        ),
        pytest.param(
            FUNERAL,
            {f"{INSURED}.1": GONE, "benefits.all_relatives_declared": True},
            id="no other relative, attested",
        ),
        pytest.param(
            "insurance-funeral-organisation",
            {"benefits.relatives": []},
            id="organisation buries, nobody declared",
        ),
        pytest.param(
            MONTHLY,
            {f"{INSURED}.1.born": "2011-11-15", "benefits.payees": [], f"{INSURED}.1.receipt": {"way": "cash"}},
            id="15 that day",
        ),
        pytest.param(
            LUMP,
            {"benefits.representative.receipt.account.holder": "Phạm Văn  TRƯỞNG Mẫu"},
            id="the same name spelt otherwise",
        ),
        pytest.param(
            LUMP,
            {"benefits.representative.receipt": {"way": "wallet", "wallet_phone": "0912900301"}},
            id="wallet",
        ),
        pytest.param(
            STRANGER,
            {
                "benefits.representative": {
                    **part(STRANGER, "benefits.representative"),
                    "full_name": part(STRANGER, "benefits.payees.0.full_name"),
                    "personal_id": part(STRANGER, "benefits.payees.0.personal_id"),
                    "relation": "other",
                    "relation_text": "Em gái",
                }
            },
            id="a payee represents",
        ),
        pytest.param(AGED, {f"{PERSON}.born": "2011-11-16"}, id="15 that day, and receives"),
        pytest.param(AGED, {f"{PERSON}.born": "2011"}, id="may be 15, and receives"),
        pytest.param(LUMP, {"benefits.representative.born": "1985"}, id="a birth known less precisely"),
        pytest.param(ORPHANED, {"applicant.relation": "father_in_law"}, id="no relative of a person with merit"),
        pytest.param("year-only", {"notice_substitute": GONE}, id="no paper yet"),
        pytest.param("householder", {"deceased.householder": True}, id="a householder"),
    ],
)
def test_what_just_keeps_a_rule_is_taken(name: str, changes: Changes) -> None:
    assert problems(edited(name, changes)) == ()


@pytest.mark.parametrize("relation", sorted(LAWFUL_RELATIVES))
def test_the_relatives_of_the_law_are_those_of_the_form(relation: RelationToDeceased) -> None:
    assert problems(edited(LUMP, {f"{INSURED}.3.relation": relation.value})) == ()


@pytest.mark.rule("5.outside-regimes")
def test_who_is_outside_the_regimes_is_told_so_and_offered_scope_2() -> None:
    (told,) = [one for one in problems(edited(MERIT, {"benefits.regime": "none"})) if one.path == "benefits.regime"]
    assert "dân công hỏa tuyến" in told.message
    assert "Hãy chọn nội dung đề nghị 2" in told.message


@pytest.mark.rule("5.80-plus")
def test_who_is_not_80_is_told_what_to_do_and_only_in_the_regime_that_asks() -> None:
    (told,) = problems(edited(AGED, {"deceased.born": "1947"}))
    assert "Hãy chọn đối tượng khác" in told.message
    misplaced = problems(edited(MERIT, {"benefits.protection": "aged_on_survivor_benefit", "deceased.born": "1990"}))
    assert [one.message for one in misplaced if one.path == "benefits.protection"] == [
        "Không ghi với đối tượng đã chọn."
    ]


# --- No error that follows from another ----------------------------------------------------------------------------


@pytest.mark.rule("5.scope")
@pytest.mark.parametrize("name", [AGED, LUMP, FUNERAL, "merit-lump-sum"])
def test_benefits_with_scope_2_are_one_mistake(name: str) -> None:
    assert [one.path for one in problems(edited(name, {"scope": "2"}))] == ["benefits"]


@pytest.mark.rule("5.scope")
@pytest.mark.parametrize("name", [AGED, LUMP, FUNERAL, "merit-lump-sum"])
def test_benefits_left_out_do_not_make_their_offices_superfluous(name: str) -> None:
    assert [one.path for one in problems(edited(name, {"benefits": GONE}))] == ["benefits"]


@pytest.mark.rule("5.scope")
def test_the_offices_are_those_of_the_legs_of_the_day() -> None:
    without_law = problems(edited(AGED, {"recipients.social_affairs_office": GONE}), date(2024, 6, 30))
    assert "recipients.social_affairs_office" not in {one.path for one in without_law}
    with_law = problems(edited(AGED, {"recipients.social_affairs_office": GONE}), date(2024, 7, 1))
    assert "recipients.social_affairs_office" in {one.path for one in with_law}


# --- Relations in the declarant's own words ------------------------------------------------------------------------


@pytest.mark.rule("8.original-text")
def test_a_relation_keeps_the_words_it_was_put_in() -> None:
    words = "Cháu nội được người chết nuôi từ nhỏ"
    form = read(LUMP, {f"{INSURED}.3.relation": "dependant", f"{INSURED}.3.relation_text": words})
    assert form.benefits is not None
    assert form.benefits.relatives[3].relation_text == words
    assert death(AGED).applicant.relation_text == "Con dâu"


# --- All at once ---------------------------------------------------------------------------------------------------


def test_everything_is_told_at_once_though_parts_of_a_section_are_wrong_by_themselves() -> None:
    wrong = {
        "recipients.social_insurance_office": GONE,
        "applicant.phone": "12",
        "deceased.died_on": FUTURE,
        "benefits.insurance.number": "1",
        "benefits.payees.0.receipt": "tiền mặt",
        f"{INSURED}.3.claim": "none",
        f"{INSURED}.2.receipt": BANK,
        "benefits.all_relatives_declared": False,
        "results.benefit_decision_paper": {"place": "civil_status_desk"},
        "attested": False,
    }
    paths = {problem.path for problem in problems(edited(MONTHLY, wrong))}
    assert paths == {
        "recipients.social_insurance_office",
        "applicant.phone",
        "deceased.died_on",
        "death_notice.issued_on",
        "benefits.insurance.number",
        "benefits.payees.0.receipt",
        f"{INSURED}.3.claim",
        f"{INSURED}.2.receipt.account.holder",
        "benefits.all_relatives_declared",
        "results.benefit_decision_paper.place",
        "attested",
    }


@pytest.mark.rule("5.form")
def test_a_row_that_is_wrong_by_itself_hides_nothing_of_the_others() -> None:
    broken = {
        f"{INSURED}.2.claim": GONE,
        f"{INSURED}.3.relation": "other",
        f"{INSURED}.3.address.detail": "Hoa Kú, C«xta Rica",
        f"{INSURED}.4": {**CHILD, "full_name": "Tên Khác"},
    }
    told = {(one.path, one.field, one.message) for one in problems(edited(LUMP, broken))}
    assert {path for path, _, _ in told} == {
        f"{INSURED}.2.claim",
        f"{INSURED}.3.relation",
        f"{INSURED}.3.relation_text",
        f"{INSURED}.3.address.detail",
        f"{INSURED}.4.full_name",
        f"{INSURED}.4.personal_id",
    }
    malformed = {f"{INSURED}.0.born": "ngày xưa", f"{INSURED}.1.personal_id": "12"}
    with_others = {(one.path, one.field, one.message) for one in problems(edited(LUMP, broken | malformed))}
    assert told < with_others
    assert {path for path, _, _ in with_others - told} == malformed.keys()


def test_what_a_row_that_is_wrong_by_itself_may_say_is_not_missed() -> None:
    """The only one who claims, the representative's own row, and the payee's."""
    for name, path in ((FUNERAL, f"{INSURED}.0.born"), (LUMP, f"{INSURED}.0.sex"), (MONTHLY, f"{INSURED}.0.phone")):
        assert [one.path for one in problems(edited(name, {path: "?"}))] == [path]


def test_no_message_repeats_a_name_or_a_number() -> None:
    for _, name, changes, _ in CASES:
        data = edited(name, changes)
        secrets = set(personal(data))
        said = " ".join(problem.message for problem in problems(data))
        assert [secret for secret in secrets if secret in said] == []


def personal(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [text for key, text in value.items() if key in ("full_name", "personal_id", "holder") and text]
        return own + [text for item in value.values() for text in personal(item)]
    return [text for item in value for text in personal(item)] if isinstance(value, list) else []


RUBBISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=6,
)


def places_in(value: Any, path: str = "") -> list[str]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [place for key, item in items for place in places_in(item, f"{path}.{key}" if path else str(key))]
    return [path, *found] if path else found


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_rubbish_anywhere_is_refused_or_taken_and_never_crashes(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from((LUMP, MONTHLY, ORPHANED, STRANGER, AGED)))
    wanted = data.draw(st.lists(st.sampled_from(places_in(edited(name, {}))), min_size=1, max_size=3, unique=True))
    kept = [path for path in wanted if not any(path.startswith(f"{other}.") for other in wanted)]
    form = edited(name, {path: data.draw(RUBBISH) for path in kept})
    if not problems(form):
        taken = read_declaration(form, ON)  # which completes names and codes, unlike the model alone
        taken.facts()
        taken.warnings()


def test_at_most_four_is_what_the_form_says() -> None:
    assert MAX_MONTHLY == 4
