"""Form 02 as it is printed (Mẫu số 02, QĐ 296/QĐ-VPCP), its samples, and what it says to law packs and agencies."""

import json
import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from cli.files import load_declaration_file
from models.base import parts
from models.calendar import load_calendar
from models.death import DeathDeclaration
from models.death_form import (
    AGED,
    MAX_MONTHLY,
    PAYEE_BELOW,
    Circumstances,
    DisabledSince,
    PaymentWay,
    ProtectionKind,
    Regime,
    RelationToDeceased,
    Scope,
)
from models.declaration_doubts import WarningCode
from models.documents import DocumentKind
from models.form_facts import Fact, PersonRole
from models.intake import resolve
from models.law import all_packs
from models.messages import NoticeState
from models.plan import missing_documents, required_documents, resolve_plan
from models.reading import read_declaration
from models.start import LawQuery
from models.systems import System
from tests.models.cases import document as attached
from tests.models.death_cases import GONE, ON, SAMPLE_NAMES, SAMPLES, death, edited, problems, read

RELATIVE = (
    ("Họ và tên", "full_name"),
    ("Số định danh cá nhân", "personal_id"),
    ("Mối quan hệ với", "relation"),
    ("Ngày, tháng, năm sinh", "born"),
    ("Địa chỉ nơi cư trú", "address"),
    ("số điện thoại", "phone"),
    ("Loại trợ cấp tuất đề nghị hưởng", "claim"),
    ("Hình thức nhận trợ cấp", "receipt"),
)
RECEIVER = (
    ("Họ và tên", "full_name"),
    ("Ngày, tháng, năm sinh", "born"),
    ("CCCD/CMND số", "identity.number"),
    ("Ngày cấp", "identity.issued_on"),
    ("Nơi cấp", "identity.issued_by"),
    ("Số điện thoại", "phone"),
    ("Quan hệ với người từ trần", "relation"),
    ("Số điện thoại liên hệ", "contact_phone"),
)
PERSON, REPRESENTATIVE = "benefits.funeral_recipient.person", "benefits.representative"
ORGANISATION = "benefits.funeral_recipient.organisation"
PRINTED = (
    ("Kính gửi", "recipients"),
    ("Họ, chữ đệm, tên", "applicant.full_name"),
    ("Nơi cư trú", "applicant.residence"),
    ("Số định danh cá nhân", "applicant.personal_id"),
    ("Quan hệ với người đã chết", "applicant.relation"),
    ("Nội dung đề nghị", "scope"),
    ("Họ, chữ đệm, tên", "deceased.full_name"),
    ("Ngày, tháng, năm sinh", "deceased.born"),
    ("Giới tính", "deceased.sex"),
    ("Dân tộc", "deceased.ethnicity"),
    ("Quốc tịch", "deceased.nationality"),
    ("Nơi cư trú cuối cùng", "deceased.last_residence"),
    ("Số định danh cá nhân", "deceased.personal_id"),
    ("giờ, phút", "deceased.died_at"),
    ("ngày, tháng, năm", "deceased.died_on"),
    ("Nơi chết", "deceased.place"),
    ("Nguyên nhân chết", "deceased.cause"),
    ("Số Giấy báo tử", "death_notice.number"),
    ("cấp", "death_notice.facility"),
    ("ngày", "death_notice.issued_on"),
    ("Giấy tờ thay thế Giấy báo tử", "notice_substitute"),
    ("Số", "notice_substitute.number"),
    ("Giải quyết mai táng phí, tử tuất", "benefits"),
    ("Thuộc đối tượng", "benefits.regime"),
    ("Bảo trợ xã hội", "benefits.protection"),
    ("Người có công", "benefits.merit"),
    ("Quyết định hưởng trợ cấp số", "benefits.merit.decision_number"),
    ("ngày", "benefits.merit.decided_on"),
    ("cơ quan", "benefits.merit.decided_by"),
    ("Mức trợ cấp, phụ cấp hằng tháng/trợ cấp một lần", "benefits.merit.allowance"),
    ("Trợ cấp, phụ cấp hằng tháng đã nhận hết tháng", "benefits.merit.received_until"),
    ("Diện đối tượng người có công", "benefits.merit.category"),
    ("Mã số bảo hiểm xã hội/Số sổ bảo hiểm xã hội của người chết", "benefits.insurance.number"),
    ("Nơi hưởng lương hưu/trợ cấp bảo hiểm xã hội", "benefits.insurance.pension_place"),
    ("Nơi đóng bảo hiểm xã hội", "benefits.insurance.voluntary_place"),
    ("Thân nhân người chết theo quy định của Luật bảo hiểm xã hội", "benefits.relatives"),
    *((words, f"benefits.relatives.{field}") for words, field in RELATIVE),
    ("Mã số BHXH", "benefits.relatives.social_insurance_number"),
    ("đã chết", "benefits.relatives.deceased"),
    ("Mức thu nhập hằng tháng", "benefits.relatives.monthly_income_vnd"),
    ("Họ, tên người hưởng trợ cấp", "benefits.payees.beneficiary"),
    ("Họ, tên người đứng tên nhận trợ cấp", "benefits.payees.full_name"),
    ("Mối quan hệ với người hưởng trợ cấp", "benefits.payees.relation"),
    ("Mã số BHXH", "benefits.payees.social_insurance_number"),
    ("Số định danh cá nhân", "benefits.payees.personal_id"),
    ("hộ chiếu", "benefits.payees.passport"),
    ("Địa chỉ nơi cư trú", "benefits.payees.address"),
    ("Số điện thoại di động", "benefits.payees.phone"),
    ("Hình thức nhận trợ cấp", "benefits.payees.receipt"),
    ("Danh sách thân nhân người có công", "benefits.merit_relatives"),
    *((words, f"benefits.merit_relatives.{field}") for words, field in RELATIVE),
    ("Mối quan hệ với người có công", "benefits.merit_relatives.relation"),
    ("Hoàn cảnh hiện tại", "benefits.merit_relatives.circumstances"),
    ("con người có công từ đủ 18 tuổi", "benefits.adult_children"),
    ("Họ và tên", "benefits.adult_children.full_name"),
    ("Năm sinh", "benefits.adult_children.birth_year"),
    ("Thời điểm bị khuyết tật", "benefits.adult_children.disabled_since"),
    ("Thời điểm kết thúc bậc học phổ thông", "benefits.adult_children.school_ended"),
    ("cơ sở giáo dục đang theo học", "benefits.adult_children.school"),
    ("Thời gian bắt đầu đi học", "benefits.adult_children.school_since"),
    ("Người hoặc tổ chức nhận trợ cấp mai táng", "benefits.funeral_recipient"),
    *((words, f"{person}.{field}") for person in (PERSON, REPRESENTATIVE) for words, field in RECEIVER),
    ("Địa chỉ nơi cư trú", f"{PERSON}.address"),
    ("Nơi thường trú", f"{REPRESENTATIVE}.address"),
    ("Tên tổ chức", f"{ORGANISATION}.name"),
    ("Địa chỉ", f"{ORGANISATION}.address"),
    ("Người đại diện theo pháp luật", f"{ORGANISATION}.representative"),
    ("Chức vụ", f"{ORGANISATION}.position"),
    ("Số điện thoại", f"{ORGANISATION}.phone"),
    ("Đại diện thân nhân nhận trợ cấp tuất một lần", REPRESENTATIVE),
    ("Hình thức nhận kết quả", "results"),
    ("Bản giấy", "results.benefit_decision_paper"),
    ("Địa chỉ nhận", "results.benefit_decision_paper.address"),
    ("Tên chủ tài khoản", f"{PERSON}.receipt.account.holder"),
    ("Số tài khoản", f"{PERSON}.receipt.account.number"),
    ("Ngân hàng", f"{PERSON}.receipt.account.bank"),
    ("ví điện tử", f"{PERSON}.receipt.wallet_phone"),
    ("cam đoan", "attested"),
)
"""What is printed, and the field for it, in the order of the form."""

F, REPRESENTED = Fact, DocumentKind.REPRESENTATIVE_AGREEMENT
INSURED, HONOURED, BOTH = F.SOCIAL_INSURANCE, F.MERIT, {F.FUNERAL_BENEFIT, F.SURVIVOR_BENEFIT}
ONE_BURIES = F.FUNERAL_REPRESENTATIVE
FACTS: dict[str, set[Fact]] = {
    "aged-80": {F.NOTICE_USABLE, F.FUNERAL_BENEFIT, F.SOCIAL_PROTECTION, F.AGED_ON_SURVIVOR_BENEFIT},
    "foreigner": {F.NOTICE_USABLE, F.FOREIGN_ELEMENT},
    "householder": {F.NOTICE_USABLE, F.HOUSEHOLDER},
    "insurance-agreement": {*BOTH, INSURED, F.NOTICE_USABLE, F.LUMP_SUM, ONE_BURIES, F.RELATIVES_UNREACHABLE},
    "insurance-declarant-not-beneficiary": {*BOTH, INSURED, F.NOTICE_USABLE, F.LUMP_SUM},
    "insurance-funeral-organisation": {F.FUNERAL_BENEFIT, INSURED, F.NOTICE_USABLE},
    "insurance-funeral-relative": {F.FUNERAL_BENEFIT, INSURED, F.NOTICE_USABLE, ONE_BURIES},
    "insurance-lump-sum": {*BOTH, INSURED, F.NOTICE_USABLE, F.LUMP_SUM, ONE_BURIES},
    "insurance-monthly": {
        *{*BOTH, INSURED, F.NOTICE_USABLE, F.MONTHLY, ONE_BURIES},
        *{F.CAPACITY_REDUCED, F.ASSESSMENT_FEE_CLAIMED},
    },
    "merit-funeral": {F.FUNERAL_BENEFIT, HONOURED, F.NOTICE_USABLE, F.MERIT_FAMILY, F.HOUSEHOLDER},
    "merit-lump-sum": {*BOTH, HONOURED, F.NOTICE_USABLE, F.LUMP_SUM, ONE_BURIES},
    "merit-monthly": {
        *{*BOTH, HONOURED, F.NOTICE_USABLE, F.MONTHLY, ONE_BURIES},
        *{F.ADULT_CHILD_STUDYING, F.ADULT_CHILD_DISABLED_LATER},
    },
    "merit-monthly-orphaned": {
        *{*BOTH, HONOURED, F.NOTICE_USABLE, F.MONTHLY},
        *{F.ALONE_OR_ORPHANED, F.ADULT_CHILD_DISABLED_YOUNG},
    },
    "merit-raised-martyr": {*BOTH, HONOURED, F.NOTICE_USABLE, F.MONTHLY, ONE_BURIES, F.RAISED_MARTYR},
    "organisation-declares": {F.FUNERAL_BENEFIT, F.SOCIAL_PROTECTION},
    "protection-emergency": {F.FUNERAL_BENEFIT, F.SOCIAL_PROTECTION},
    "protection-single-parent": {F.FUNERAL_BENEFIT, F.SOCIAL_PROTECTION, F.NOTICE_USABLE, F.POOR_HOUSEHOLD},
    "time-unknown": {F.POOR_HOUSEHOLD},
    "unsigned-notice": {F.NOTICE_USABLE},
    "year-only": set(),
}
DOUBTS = {
    "householder": [WarningCode.HOUSEHOLDER_DIED],
    "merit-funeral": [WarningCode.HOUSEHOLDER_DIED],
    "insurance-agreement": [WarningCode.NUMBER_MISSING],
    "insurance-declarant-not-beneficiary": [WarningCode.DECLARANT_UNCONCERNED],
    "insurance-funeral-organisation": [WarningCode.DECLARANT_UNCONCERNED],
    "time-unknown": [WarningCode.CAUSE_MISSING],
}
CALENDAR = load_calendar()


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def title_of(path: str, model: type[BaseModel] = DeathDeclaration) -> str:
    """The name of the field at a path, as people see it."""
    name, _, rest = path.partition(".")
    field = model.model_fields[name]
    return title_of(rest, next(models_in(field.annotation))) if rest else field.title or ""


# --- The printed form ----------------------------------------------------------------------------------------------


@pytest.mark.rule("5.form")
@pytest.mark.parametrize(("words", "path"), PRINTED, ids=[path for _, path in PRINTED])
def test_every_line_of_the_printed_form_is_a_field(words: str, path: str) -> None:
    assert words.lower() in title_of(path).lower()


@pytest.mark.rule("5.form")
def test_every_field_has_its_vietnamese_name() -> None:
    schema = DeathDeclaration.model_json_schema()
    models = [schema, *schema["$defs"].values()]
    assert all(field.get("title") for model in models for field in model.get("properties", {}).values())


@pytest.mark.rule("5.form")
def test_the_choices_are_those_of_the_form() -> None:
    assert [scope.value for scope in Scope] == ["2", "3", "4"]
    assert [regime.label for regime in Regime][:3] == ["Bảo hiểm xã hội", "Bảo trợ xã hội", "Người có công"]
    assert len(ProtectionKind) == 4
    assert {way.label for way in PaymentWay} == {
        "Tài khoản ngân hàng",
        "Ví điện tử",
        "Tiền mặt tại cơ quan giải quyết",
    }
    assert {one.label for one in Circumstances} == {"Sống cô đơn, không nơi nương tựa", "Con mồ côi cả cha mẹ"}
    assert {one.label for one in DisabledSince} == {"Chưa đủ 18 tuổi", "Từ đủ 18 tuổi trở lên"}
    assert (MAX_MONTHLY, PAYEE_BELOW, AGED) == (4, 15, 80)
    assert "cha vợ hoặc cha chồng" in {relation.label.lower() for relation in RelationToDeceased}


@pytest.mark.rule("5.form")
@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_a_form_of_a_death_stays_one_without_the_deceased(name: str) -> None:
    left_out = problems(edited(name, {"deceased": GONE}))
    assert [one.path for one in left_out] == ["deceased"]
    whole = edited(name, {})
    misspelt = problems({("deceased_" if section == "deceased" else section): said for section, said in whole.items()})
    assert {one.path for one in misspelt} == {"deceased", "deceased_"}
    assert all("khai sinh" not in one.message for one in (*left_out, *misspelt))


@pytest.mark.rule("4.1-form")
def test_a_form_of_a_birth_stays_one_with_a_section_of_form_02() -> None:
    path = SAMPLES.parent / "birth" / "plain.json"
    birth = json.loads(path.read_text(encoding="utf-8")) | {"attachments": []}
    household = {"number": "007/HN", "issued_on": "2026-01-02"}
    assert [one.path for one in problems({**birth, "poor_household": household})] == ["poor_household"]


@pytest.mark.rule("5.declarant")
@pytest.mark.parametrize(("relation", "organisation"), [(GONE, False), ("child", True)])
def test_a_person_declares_with_their_relation_and_an_organisation_without(
    relation: object, organisation: bool
) -> None:
    name = "organisation-declares" if organisation else "householder"
    assert [one.path for one in problems(edited(name, {"applicant.relation": relation}))] == ["applicant.relation"]


@pytest.mark.rule("5.account-holder")
@pytest.mark.parametrize(
    ("receipt", "path"),
    [
        ({"way": "bank"}, "account"),
        ({"way": "wallet"}, "wallet_phone"),
        ({"way": "cash", "wallet_phone": "0912000000"}, "wallet_phone"),
    ],
)
def test_money_is_received_in_one_way_said_in_full(receipt: dict[str, Any], path: str) -> None:
    found = problems(edited("aged-80", {f"{PERSON}.receipt": receipt}))
    assert [one.path for one in found] == [f"{PERSON}.receipt.{path}"]


@pytest.mark.rule("5.recipient")
@pytest.mark.parametrize(("person", "organisation"), [(GONE, False), (None, True)])
def test_a_person_or_an_organisation_receives(person: object, organisation: bool) -> None:
    if organisation:
        both = {PERSON: death("aged-80").model_dump(mode="json")["benefits"]["funeral_recipient"]["person"]}
        found = problems(edited("insurance-funeral-organisation", both))
    else:
        found = problems(edited("aged-80", {PERSON: person}))
    assert [one.path for one in found] == [PERSON]


# --- The samples ---------------------------------------------------------------------------------------------------


def test_every_sample_is_in_the_table() -> None:
    assert set(SAMPLE_NAMES) == FACTS.keys()


@pytest.mark.rule("5.scope")
@pytest.mark.parametrize("name", FACTS)
def test_a_sample_has_the_facts_of_its_case_and_nothing_missing(name: str) -> None:
    form, contents = load_declaration_file(SAMPLES / f"{name}.json", ON)
    assert form.facts() == FACTS[name]
    assert {document.sha256 for document in form.attachments} == set(contents)
    unusable = NoticeState.UNSIGNED if name == "unsigned-notice" else None
    assert resolve(LawQuery(declaration=form, on=ON, notice=unusable), CALENDAR).missing_documents == ()


@pytest.mark.rule("8.date-precision", "8.nfc")
@pytest.mark.parametrize("name", FACTS)
def test_a_sample_survives_json_and_arrives_in_nfc(name: str) -> None:
    form = death(name)
    wire = form.model_dump_json()
    assert unicodedata.is_normalized("NFC", wire)
    assert DeathDeclaration.model_validate_json(wire) == form


@pytest.mark.rule("8.address-dated")
@pytest.mark.parametrize("on", [date(2024, 7, 1), date(2025, 6, 30), date(2025, 7, 1), date(2026, 7, 1)])
@pytest.mark.parametrize("name", FACTS)
def test_the_case_of_a_sample_can_be_declared_on_any_day_there_is_a_law_for(name: str, on: date) -> None:
    form = read_declaration(moved(edited(name, {}), on), on)
    assert form.facts() == FACTS[name]
    plan = resolve(LawQuery(declaration=form, on=on), CALENDAR).plan
    assert plan.pack == max(pack.id for pack in all_packs() if pack.in_force_from <= on)
    assert [leg.key for leg in plan.legs] == [leg.key for leg in resolve_plan(all_packs()[-1], death(name)).legs]


OLD_ADDRESS = {"codes_on": "2024-07-01", "province_code": "01", "district_code": "002", "commune_code": "00061"}


def moved(value: Any, on: date) -> Any:
    """The form as it would have been written that much earlier: days of 2026 moved, old codes before 2025-07-01."""
    if isinstance(value, dict):
        here = {key: moved(item, on) for key, item in value.items()}
        if "codes_on" not in value:
            return here
        return {"detail": "Số 1", **OLD_ADDRESS} if on < date(2025, 7, 1) else {**here, "codes_on": "2025-07-01"}
    if isinstance(value, list):
        return [moved(item, on) for item in value]
    if isinstance(value, str) and re.fullmatch(r"2026-\d\d(-\d\d)?", value):
        day = date.fromisoformat(value if len(value) > len("2026-11") else f"{value}-01") - (ON - on)
        return day.isoformat()[: len(value)]
    return value


def test_no_two_samples_share_a_person_a_notice_or_a_number() -> None:
    seen: dict[str, str] = {}
    for name in FACTS:
        form = death(name)
        numbers = {person.personal_id for person in form.people_to_validate()} | {form.notice_number}
        if form.benefits and form.benefits.insurance:
            numbers.add(form.benefits.insurance.number)
        for number in filter(None, numbers - {"11111.GBT.01988.26"}):
            assert seen.setdefault(number, name) == name


def test_only_what_is_doubtful_is_pointed_out() -> None:
    doubts = {name: [warning.code for warning in death(name).warnings()] for name in FACTS}
    assert {name: codes for name, codes in doubts.items() if codes} == DOUBTS


@pytest.mark.rule("8.date-precision")
def test_dates_are_kept_as_precisely_as_they_are_known() -> None:
    unknown = death("time-unknown").deceased
    assert (unknown.born.root, unknown.died_on.root, unknown.died_at) == ("1961-09", "2026-10", None)
    assert death("year-only").deceased.born.root == "1936"
    assert death("time-unknown").happened_on.isoformat() == "2026-10-31"


@pytest.mark.rule("10.householder-deceased")
def test_a_deceased_householder_is_not_excluded() -> None:
    assert death("householder").deceased.householder
    legs = [leg.key for leg in resolve_plan(all_packs()[-1], death("householder")).legs]
    assert legs == ["death_registration", "residence_deregistration"]


# --- Doubts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "changes", "code"),
    [
        ("householder", {"deceased.personal_id": GONE}, WarningCode.NUMBER_MISSING),
        ("householder", {"deceased.sex": "female"}, WarningCode.PERSONAL_ID_SEX_DIFFERS),
        ("householder", {"deceased.born": "1951"}, WarningCode.PERSONAL_ID_YEAR_DIFFERS),
        ("householder", {"deceased.cause": GONE}, WarningCode.CAUSE_MISSING),
        ("householder", {"death_notice.number": "00001.GBT.01988.24"}, WarningCode.DEATH_NOTICE_YEAR_UNLIKELY),
        ("householder", {"deceased.passport": "XX1234"}, WarningCode.PASSPORT_UNUSUAL),
        ("aged-80", {"deceased.born": "1946"}, WarningCode.AGE_UNCERTAIN),
        ("insurance-lump-sum", {"benefits.relatives.2.born": "1950-01-01"}, WarningCode.RELATIVE_AGE_UNLIKELY),
        ("insurance-lump-sum", {"benefits.relatives.3.sex": "male"}, WarningCode.PERSONAL_ID_SEX_DIFFERS),
        ("insurance-monthly", {"benefits.relatives.2.relation": "child"}, WarningCode.CLAIM_UNLIKELY),
        ("merit-raised-martyr", {"benefits.merit_relatives.0.circumstances": "alone"}, WarningCode.CLAIM_UNLIKELY),
        (
            "insurance-funeral-organisation",
            {"benefits.funeral_recipient.organisation_receipt.account.holder": "Mai Văn Bạn Mẫu"},
            WarningCode.ACCOUNT_HOLDER_DIFFERS,
        ),
    ],
)
def test_doubts_are_shown_and_never_block(name: str, changes: dict[str, Any], code: WarningCode) -> None:
    form = read(name, changes)
    told = [warning.text for warning in form.warnings() if warning.code is code]
    assert told
    people = list(form.people_to_validate())
    assert not any(secret in text for text in told for one in people for secret in (one.full_name, one.personal_id))


@pytest.mark.parametrize(
    ("relation", "sex", "born", "doubtful"),
    [
        ("spouse", "female", "1971-11-17", True),
        ("spouse", "female", "1971-11-16", False),
        ("spouse", "male", "1966-11-17", True),
        ("spouse", "male", "1966-11-16", False),
        ("spouse", "male", "1966", False),
        ("mother_in_law", "female", "1975", True),
        ("father", "male", "1970", True),
        ("dependant", "male", "1990", True),
        ("dependant", "male", "2010", False),
        ("child", "female", "2008-11-16", True),
        ("child", "female", "2008-11-17", False),
    ],
)
def test_who_could_work_and_claims_monthly_is_doubted(relation: str, sex: str, born: str, doubtful: bool) -> None:
    row = {"relation": relation, "sex": sex, "born": born, "personal_id": None}
    form = death("insurance-monthly").model_dump(mode="json")
    form["deceased"]["died_on"] = "2026-11-16"
    for reduced in (False, True):
        form["benefits"]["relatives"][2] |= {**row, "capacity_reduced": reduced}
        codes = [one.code for one in DeathDeclaration.model_validate(form).warnings()]
        assert (WarningCode.CLAIM_UNLIKELY in codes) is (doubtful and not reduced)


@pytest.mark.rule("5.lump-sum-representative")
def test_who_represents_the_relatives_is_nobodys_legal_representative() -> None:
    form = death("insurance-lump-sum")
    assert form.benefits is not None
    assert form.benefits.representative is not None
    named = form.people_in_role(PersonRole.RELATIVES_REPRESENTATIVE)
    assert named == (form.benefits.representative.named,)
    with pytest.raises(ValueError, match="nobody's consent"):
        form.people_in_role(PersonRole.LEGAL_REPRESENTATIVE)
    rules = [rule for leg in resolve_plan(all_packs()[-1], form).legs for rule in leg.consent_rules]
    assert [rule.representative for rule in rules if rule.about and "tuất một lần" in rule.about] == [*named]


# --- Who is asked, who sees what -----------------------------------------------------------------------------------


@pytest.mark.rule("5.relatives-consent", "5.payee")
def test_the_living_of_age_act_for_themselves_and_payees_for_the_others() -> None:
    form = death("insurance-declarant-not-beneficiary")
    assert [one.full_name for one in form.people_in_role(PersonRole.RELATIVE)] == ["Quách Văn Cha Mẫu"]
    assert [one.full_name for one in form.people_in_role(PersonRole.PAYEE)] == ["Quách Thị Cô Mẫu"]


@pytest.mark.rule("5.payee")
def test_a_payee_of_the_table_is_known_by_the_number_there() -> None:
    form = death("insurance-monthly")
    assert form.benefits
    assert form.benefits.payees[0].personal_id is None
    (payee,) = form.people_in_role(PersonRole.PAYEE)
    assert payee.personal_id == form.benefits.relatives[0].personal_id


@pytest.mark.rule("5.payee")
@pytest.mark.parametrize(
    ("born", "needs"), [("2011-11-15", False), ("2011-11-16", True), ("2011", True), ("2010", False)]
)
def test_who_may_be_under_fifteen_at_the_death_needs_a_payee(born: str, needs: bool) -> None:
    form = death("insurance-monthly")
    assert form.benefits
    child = form.benefits.relatives[1].model_validate({**form.benefits.relatives[1].model_dump(), "born": born})
    assert form.needs_payee(child) is needs


@pytest.mark.rule("5.relatives-consent", "5.payee")
@pytest.mark.parametrize(
    ("name", "needed"), [("insurance-declarant-not-beneficiary", [REPRESENTED]), ("insurance-monthly", [])]
)
def test_a_payee_who_cannot_be_reached_makes_the_agreement_on_the_lump_sum_needed_and_no_other(
    name: str, needed: list[DocumentKind]
) -> None:
    stranger = death("insurance-declarant-not-beneficiary").model_dump(mode="json")["benefits"]["payees"][0]
    form = death(name).model_dump(mode="json")
    form["benefits"]["payees"][0] |= {
        **stranger,
        "beneficiary": form["benefits"]["payees"][0]["beneficiary"],
        "personal_id": None,
        "passport": "C1234567",
    }
    foreign = DeathDeclaration.model_validate(form)
    assert Fact.PAYEES_UNREACHABLE in foreign.facts()
    assert Fact.RELATIVES_UNREACHABLE not in foreign.facts()
    required = required_documents(all_packs()[-1], foreign.group, foreign.facts())
    assert [kind for law in missing_documents(required, foreign) for kind in law.any_of] == needed


@pytest.mark.rule("5.relatives-consent", "5.funeral-representative")
def test_a_relative_whose_number_stands_elsewhere_on_the_form_is_reached_by_it() -> None:
    form = read("insurance-funeral-relative", {"benefits.relatives.0.personal_id": GONE})
    assert form.facts() == FACTS["insurance-funeral-relative"]
    assert form.people_in_role(PersonRole.RELATIVE) == death("insurance-funeral-relative").people_in_role(
        PersonRole.RELATIVE
    )
    assert form.row_of(PersonRole.RELATIVE, form.applicant.personal_id) == 1


@pytest.mark.rule("5.relatives-consent")
def test_who_is_named_as_another_relative_has_not_their_number() -> None:
    name, other = "insurance-funeral-relative", "benefits.relatives.1"
    changes = {f"{other}.personal_id": GONE, f"{other}.full_name": death(name).applicant.full_name}
    form = DeathDeclaration.model_validate(edited(name, changes))
    assert Fact.RELATIVES_UNREACHABLE in form.facts()
    assert [one.personal_id for one in form.people_in_role(PersonRole.RELATIVE)] == [form.applicant.personal_id]


@pytest.mark.rule("5.martyr-raiser")
@pytest.mark.parametrize(("claim", "asked"), [("monthly", True), ("none", False)])
def test_relatives_confirm_who_raised_a_martyr_and_claims_monthly(claim: str, asked: bool) -> None:
    changes: dict[str, Any] = {"benefits.merit.raised_martyr": False, "benefits.merit_relatives.0.relation": "raised"}
    if claim == "none":
        changes |= {
            "benefits.merit_relatives.0.claim": "none",
            "benefits.merit_relatives.0.receipt": GONE,
            "benefits.merit_relatives.1.claim": "lump_sum",
        }
    form = DeathDeclaration.model_validate(edited("merit-raised-martyr", changes))
    assert (Fact.RAISED_MARTYR in form.facts()) is asked
    abouts = [rule.about for leg in resolve_plan(all_packs()[-1], form).legs for rule in leg.consent_rules]
    assert ("xác nhận người có công nuôi liệt sĩ" in abouts) is asked


@pytest.mark.rule("5.funeral-representative")
def test_who_is_no_relative_buries_for_nobody_else() -> None:
    assert Fact.FUNERAL_REPRESENTATIVE in death("insurance-lump-sum").facts()
    stranger = death("aged-80").model_dump(mode="json")["benefits"]["funeral_recipient"]
    form = death("insurance-lump-sum").model_dump(mode="json")
    form["benefits"]["funeral_recipient"] = stranger
    assert Fact.FUNERAL_REPRESENTATIVE not in DeathDeclaration.model_validate(form).facts()


@pytest.mark.rule("5.sensitive")
@pytest.mark.parametrize("system", System)
def test_the_cause_of_death_goes_to_the_registrar_alone(system: System) -> None:
    form = death("insurance-lump-sum")
    seen = form.seen_by(system)
    texts = {str(value) for _, value in parts(seen)}
    assert ("C22.0" in texts) is ("Ung thư gan" in texts) is (system is System.PROVINCIAL)
    assert (seen.benefits is None) is (system is System.RESIDENCE)
    assert seen.model_copy(update={"deceased": form.deceased, "benefits": form.benefits}) == form


@pytest.mark.rule("5.paper")
def test_the_extract_is_handed_over_at_the_civil_status_desk_and_decisions_as_chosen() -> None:
    form = death("insurance-lump-sum")
    extract, decision = form.paper_of(DocumentKind.DEATH_EXTRACT), form.paper_of(DocumentKind.SURVIVOR_DECISION)
    assert extract
    assert extract.place.value == "civil_status_desk"
    assert decision == form.paper_of(DocumentKind.FUNERAL_DECISION) == form.results.benefit_decision_paper
    assert decision
    assert decision.place.value == "agency_desk"
    assert form.paper_of(DocumentKind.DEREGISTRATION_NOTICE) is None


def test_a_person_has_one_number_in_the_list_of_people_to_validate() -> None:
    people = death("insurance-lump-sum").people_to_validate()
    assert [one.role for one in people[:2]] == [PersonRole.APPLICANT, PersonRole.DECEASED]
    assert len({one.personal_id for one in people}) == len(people) == 5


def test_the_notice_has_its_number() -> None:
    assert death("householder").notice_number == "00001.GBT.01988.26"
    assert death("year-only").notice_number is None


def test_what_a_citizen_says_of_signatures_is_not_heard() -> None:
    stated = attached(DocumentKind.DEATH_NOTICE_SUBSTITUTE).model_dump(mode="json")
    form = {**death("year-only").model_dump(mode="json"), "attachments": [{**stated, "seal": {"outcome": "good"}}]}
    [document] = DeathDeclaration.model_validate(form).attachments
    assert document.seal is None
