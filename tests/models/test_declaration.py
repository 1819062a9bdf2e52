"""Form 01: every case of REQUIREMENTS §4 is read, its facts are known, nothing is lost on the way through JSON."""

import json
import unicodedata
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.files import load_declaration_file
from models.address import Address, same_dwelling
from models.birth import BirthDeclaration
from models.codes import Tiers, Vocabulary, labels, provinces, two_tiers_from
from models.declaration_doubts import WarningCode
from models.documents import DocumentKind
from models.form_facts import Fact, PersonRole
from tests.models.cases import born

ON = date(2026, 11, 19)
SAMPLES = Path(__file__).parents[2] / "samples" / "birth"

WITH_PARENTS = Fact.REGISTERED_WITH_PARENT_OR_GUARDIAN
NOTICE = Fact.NOTICE_USABLE
FACTS = {
    "plain": {WITH_PARENTS, NOTICE},
    "identity-card": {WITH_PARENTS, NOTICE, Fact.IDENTITY_CARD_REQUESTED},
    "temporary-residence": {NOTICE},
    "one-parent": {WITH_PARENTS, NOTICE},
    "unknown-father": {WITH_PARENTS, NOTICE},
    "abandoned-child": {WITH_PARENTS, Fact.ABANDONED, Fact.GUARDIAN_DECLARES},
    "surrogacy": {WITH_PARENTS, NOTICE, Fact.SURROGACY},
    "deceased-parent": {WITH_PARENTS, NOTICE},
    "grandparent-declares": {WITH_PARENTS, NOTICE},
    "twins-1": {WITH_PARENTS, NOTICE},
    "twins-2": {WITH_PARENTS, NOTICE},
    "young-mother": {WITH_PARENTS, NOTICE},
    "shared-ethnic-name": {WITH_PARENTS, NOTICE},
    "old-hometown": {WITH_PARENTS, NOTICE},
    "grandparents-home": {Fact.REGISTERED_AWAY_FROM_PARENTS, NOTICE},
    "foreign-parent": {WITH_PARENTS, NOTICE, Fact.FOREIGN_ELEMENT},
    "no-birth-notice": {WITH_PARENTS, Fact.POOR_HOUSEHOLD},
}
ATTACHED = {
    "abandoned-child": {DocumentKind.ABANDONED_CHILD_RECORD},
    "surrogacy": {DocumentKind.SURROGACY_DOCUMENT},
    "grandparents-home": {DocumentKind.RESIDENCE_PAPERS},
    "foreign-parent": {DocumentKind.FOREIGN_DOCUMENTS},
    "no-birth-notice": {DocumentKind.WITNESS_STATEMENT},
}


def sample(name: str) -> BirthDeclaration:
    return born(load_declaration_file(SAMPLES / f"{name}.json", ON)[0])


def changed(form: BirthDeclaration, **sections: dict[str, Any] | None) -> BirthDeclaration:
    """The form with fields of some sections changed, or whole sections left out."""
    data = form.model_dump(mode="json")
    for name, fields in sections.items():
        data[name] = None if fields is None else {**(data[name] or {}), **fields}
    return BirthDeclaration.model_validate(data)


def test_every_sample_is_in_the_table() -> None:
    assert {path.stem for path in SAMPLES.glob("*.json")} == set(FACTS)


@pytest.mark.parametrize("name", FACTS)
def test_a_sample_loads_with_the_facts_and_attachments_of_its_case(name: str) -> None:
    form, contents = load_declaration_file(SAMPLES / f"{name}.json", ON)
    assert form.facts() == FACTS[name]
    assert {document.kind for document in form.attachments} == ATTACHED.get(name, set())
    assert {document.sha256 for document in form.attachments} == set(contents)


@pytest.mark.parametrize("name", FACTS)
def test_a_sample_survives_json_and_arrives_in_nfc(name: str) -> None:
    form = sample(name)
    wire = form.model_dump_json()
    assert unicodedata.is_normalized("NFC", wire)
    assert BirthDeclaration.model_validate_json(wire) == form


def test_twins_are_two_children() -> None:
    one, other = sample("twins-1"), sample("twins-2")
    assert one.mother == other.mother
    assert one.child.born_on == other.child.born_on
    assert one.child != other.child
    assert one.birth_notice != other.birth_notice
    assert one.submission_id != other.submission_id


def test_only_what_is_doubtful_is_pointed_out() -> None:
    doubts = {name: [warning.code for warning in sample(name).warnings()] for name in FACTS}
    assert {name: codes for name, codes in doubts.items() if codes} == {
        "shared-ethnic-name": [WarningCode.ETHNICITY_OPEN, WarningCode.ETHNICITY_OPEN],
        "young-mother": [WarningCode.MOTHER_VERY_YOUNG],
    }


def test_every_field_of_the_form_has_its_vietnamese_name() -> None:
    schema = BirthDeclaration.model_json_schema()
    models = [schema, *schema["$defs"].values()]
    titles = [field.get("title") for model in models for field in model.get("properties", {}).values()]
    assert all(titles)
    assert "Quê quán" in titles


def test_a_parent_living_abroad_is_a_foreign_element() -> None:
    abroad = {"kind": "current", "address": {"country": "JP", "detail": "1-1 Chiyoda, Tokyo"}}
    assert Fact.FOREIGN_ELEMENT in changed(sample("plain"), father={"residence": abroad}).facts()


@pytest.mark.parametrize("code", ["JP", "XX"])
def test_a_foreign_or_stateless_parent_is_a_foreign_element(code: str) -> None:
    nationality = {"code": code, "text": "như đã ghi"}
    assert Fact.FOREIGN_ELEMENT in changed(sample("plain"), mother={"nationality": nationality}).facts()


@pytest.mark.rule("4.case-parent-deceased")
def test_the_home_of_a_dead_parent_is_nobodys_home() -> None:
    form = sample("one-parent")
    assert form.father is not None
    mourned = changed(form, father={"deceased": True})
    assert not {WITH_PARENTS, Fact.REGISTERED_AWAY_FROM_PARENTS} & mourned.facts()


def test_a_permanent_home_of_either_parent_is_enough() -> None:
    elsewhere = {
        "kind": "permanent",
        "address": sample("grandparents-home").residence_registration.address.model_dump(),
    }
    form = changed(sample("plain"), father={"residence": elsewhere})
    assert WITH_PARENTS in form.facts()
    assert Fact.REGISTERED_AWAY_FROM_PARENTS not in form.facts()


def test_the_guardians_temporary_residence_is_not_a_home_to_join() -> None:
    form = sample("abandoned-child")
    moved = changed(form, applicant={"residence": {"kind": "temporary", "address": form.applicant.residence.address}})
    assert WITH_PARENTS not in moved.facts()


def test_people_are_validated_once_each_in_their_first_role() -> None:
    people = sample("grandparents-home").people_to_validate()
    assert [person.role for person in people] == [
        PersonRole.APPLICANT,
        PersonRole.FATHER,
        PersonRole.HOUSEHOLDER,
        PersonRole.DWELLING_OWNER,
    ]
    assert len({person.personal_id for person in people}) == 4


def test_a_parent_known_by_passport_alone_is_not_validated_by_number() -> None:
    people = sample("foreign-parent").people_to_validate()
    assert [person.role for person in people] == [PersonRole.APPLICANT]


@pytest.mark.parametrize(
    ("section", "fields", "code"),
    [
        ("mother", {"personal_id": "001094000001"}, WarningCode.PERSONAL_ID_SEX_DIFFERS),
        ("mother", {"personal_id": "001195000001"}, WarningCode.PERSONAL_ID_YEAR_DIFFERS),
        ("mother", {"personal_id": "001394000001"}, WarningCode.PERSONAL_ID_YEAR_DIFFERS),
        ("father", {"personal_id": "999092000001"}, WarningCode.PERSONAL_ID_PREFIX_UNKNOWN),
        ("father", {"passport": "TZ0000001"}, WarningCode.PASSPORT_UNUSUAL),
        ("mother", {"born": "2013"}, WarningCode.MOTHER_VERY_YOUNG),
        ("mother", {"ethnicity": {"code": "32", "text": "Xinh-mun"}}, WarningCode.ETHNICITY_DIFFERS),
        ("mother", {"ethnicity": {"code": "34", "text": "Chơ ro"}}, WarningCode.ETHNICITY_DIFFERS),
        ("child", {"ethnicity": {"code": "16", "text": "T’rin"}}, WarningCode.ETHNICITY_DIFFERS),
        ("child", {"ethnicity": {"text": "T’rin"}}, WarningCode.ETHNICITY_OPEN),
        ("child", {"ethnicity": {"text": "Hoa"}}, WarningCode.ETHNICITY_OPEN),
        ("child", {"ethnicity": {"code": "09", "text": "Mán"}}, WarningCode.ETHNICITY_SHARED),
        ("child", {"ethnicity": {"code": "02", "text": "Thổ"}}, WarningCode.ETHNICITY_SHARED),
        ("child", {"nationality": {"code": "VN", "text": "Nhật Bản"}}, WarningCode.NATIONALITY_DIFFERS),
        ("father", {"nationality": {"code": "JP", "text": "Việt Nam"}}, WarningCode.NATIONALITY_DIFFERS),
        ("birth_notice", {"number": "00001.GCS.01901.19"}, WarningCode.BIRTH_NOTICE_YEAR_UNLIKELY),
        ("applicant", {"relation": "paternal_grandfather"}, WarningCode.PERSONAL_ID_SEX_DIFFERS),
    ],
)
def test_doubts_are_shown_and_never_block(section: str, fields: dict[str, Any], code: WarningCode) -> None:
    doubts = changed(sample("plain"), **{section: fields}).warnings()
    assert code in {warning.code for warning in doubts}


@pytest.mark.parametrize(
    ("section", "fields"),
    [
        ("child", {"ethnicity": {"code": "24", "text": "Thổ"}}),
        ("child", {"ethnicity": {"code": "04", "text": "Hoa"}}),
        ("child", {"ethnicity": {"code": "32", "text": "Chơ ro"}}),
        ("child", {"ethnicity": {"code": "28", "text": "Châu Mạ"}}),
        ("child", {"ethnicity": {"code": "21", "text": "RaGlay"}}),
        ("father", {"nationality": {"code": "CN", "text": "Trung Quốc"}}),
        ("father", {"nationality": {"code": "CN", "text": "Cộng hòa nhân dân Trung Hoa"}}),
        ("father", {"nationality": {"code": "JP", "text": "Nhật"}}),
        ("father", {"nationality": {"code": "VN", "text": "Cộng hoà xã hội chủ nghĩa Việt Nam"}}),
    ],
)
def test_a_name_of_the_code_picked_raises_no_doubt(section: str, fields: dict[str, Any]) -> None:
    assert changed(sample("plain"), **{section: fields}).warnings() == ()


def test_no_doubt_repeats_a_number_or_a_name() -> None:
    form = changed(
        sample("plain"),
        mother={"personal_id": "999304000001", "born": "2014-01", "ethnicity": {"code": None, "text": "Mán"}},
    )
    assert form.mother
    assert form.mother.personal_id
    texts = " ".join(warning.text for warning in form.warnings())
    assert texts
    assert form.mother.personal_id not in texts
    assert form.mother.full_name not in texts
    assert form.mother.ethnicity.text not in texts


@pytest.mark.rule("8.original-text")
@pytest.mark.parametrize(
    "ethnicity",
    [{"code": "16", "text": "T’rin"}, {"code": None, "text": "T’rin"}, {"code": None, "text": "Kinh"}],
    ids=str,
)
def test_a_stored_ethnic_group_stays_as_it_was_whatever_the_list_says(ethnicity: dict[str, Any]) -> None:
    form = changed(sample("plain"), child={"ethnicity": ethnicity})
    assert BirthDeclaration.model_validate_json(form.model_dump_json()).child.ethnicity.model_dump() == ethnicity


def test_an_open_ethnic_group_goes_out_by_name_alone_and_its_candidates_wait_for_a_person() -> None:
    form = sample("shared-ethnic-name")
    assert form.mother
    assert (form.mother.ethnicity.code, form.mother.ethnicity.text) == ("02", "Tày")
    assert (form.child.ethnicity.code, form.child.ethnicity.text) == (None, "Thổ")
    assert form.child.ethnicity.candidates == {"02", "05", "24"}


@pytest.mark.rule("8.address-dated")
def test_an_old_hometown_keeps_its_three_tiers_and_its_time() -> None:
    hometown = sample("old-hometown").child.hometown
    assert hometown.tiers is Tiers.THREE
    written = json.loads((SAMPLES / "old-hometown.json").read_text(encoding="utf-8"))["child"]["hometown"]
    assert hometown.model_dump(mode="json", exclude_defaults=True) == written


# --- Addresses -----------------------------------------------------------------------------------------------------


def address(**fields: Any) -> Address:
    home = {"codes_on": "2026-11-01", "province_code": "01", "commune_code": "00070", "detail": "Số 2 phố Hoà Bình"}
    return Address.model_validate({**home, **fields})


@pytest.mark.parametrize(
    "spelling",
    ["số 2 phố hòa bình", "SỐ 2 PHỐ HOÀ BÌNH", "Số 2  phố Hoà-Bình", unicodedata.normalize("NFD", "Số 2 phố Hoà Bình")],
)
def test_the_same_dwelling_may_be_spelt_in_different_ways(spelling: str) -> None:
    assert same_dwelling(address(), address(detail=spelling))


@pytest.mark.parametrize(
    "other",
    [
        {"detail": "Số 2 phố Hoa Bình"},
        {"detail": "Số 20 phố Hoà Bình"},
        {"commune_code": "00004"},
        {"province_code": "04"},
        {"codes_on": "2025-06-30", "district_code": "002"},
        {"detail": None},
    ],
)
def test_different_dwellings_are_different(other: dict[str, Any]) -> None:
    assert not same_dwelling(address(), address(**other))


def test_two_addresses_without_detail_are_never_shown_to_be_the_same_dwelling() -> None:
    assert not same_dwelling(address(detail=None), address(detail=None))


# --- Any form at all -----------------------------------------------------------------------------------------------

letters = st.sampled_from("aăâbcdđeêghiklmnoôơpqrstuưvxyÀẢÃÁẠẰẤỆỘỚỰỹ’' -")
names = (
    st.text(letters, min_size=1, max_size=40).map(lambda text: unicodedata.normalize("NFC", text.strip())).filter(bool)
)
digits = st.text("0123456789", min_size=12, max_size=12)


@st.composite
def places(draw: st.DrawFn) -> dict[str, Any]:
    if draw(st.booleans()):
        return {"country": draw(st.sampled_from(["JP", "US"])), "detail": draw(names)}
    on = draw(st.dates(date(2020, 1, 1), ON))
    codes = {"codes_on": on.isoformat(), "province_code": draw(st.sampled_from([row.code for row in provinces(on)]))}
    if on < two_tiers_from():
        codes["district_code"] = f"{draw(st.integers(0, 999)):03d}"
    optional = {"detail": draw(st.none() | names), "commune_name": draw(st.none() | names)}
    return {**codes, "commune_code": f"{draw(st.integers(0, 99999)):05d}", **optional}


@st.composite
def parents(draw: st.DrawFn) -> dict[str, Any]:
    born = draw(st.dates(date(1950, 1, 1), date(2012, 12, 31))).isoformat()
    return {
        "full_name": draw(names),
        "personal_id": draw(digits),
        "born": born[: draw(st.sampled_from([4, 7, 10]))],
        "ethnicity": {"code": draw(st.none() | st.integers(1, 55).map("{:02d}".format)), "text": draw(names)},
        "nationality": {"code": draw(st.sampled_from(["VN", "JP", "XX"])), "text": draw(names)},
        "residence": {"kind": draw(st.sampled_from(["permanent", "temporary", "current"])), "address": draw(places())},
    }


@st.composite
def forms(draw: st.DrawFn) -> dict[str, Any]:
    data = sample("plain").model_dump(mode="json")
    data["mother"], data["father"] = draw(parents()), draw(st.none() | parents())
    data["child"] |= {"full_name": draw(names), "hometown": draw(places()), "birthplace": {"address": draw(places())}}
    data["residence_registration"] |= {
        "relation_to_householder": draw(st.sampled_from(labels(Vocabulary.CHILD_TO_HOUSEHOLDER))),
        "dwelling_owners": draw(
            st.lists(st.fixed_dictionaries({"full_name": names, "personal_id": digits}), max_size=3)
        ),
    }
    return data


def decomposed(value: Any) -> Any:
    """The same JSON as a system that writes NFD would send it."""
    if isinstance(value, str):
        return unicodedata.normalize("NFD", value)
    if isinstance(value, dict):
        return {key: decomposed(item) for key, item in value.items()}
    return [decomposed(item) for item in value] if isinstance(value, list) else value


@pytest.mark.rule("8.nfc")
@given(forms())
def test_any_form_survives_json_and_nfd(data: dict[str, Any]) -> None:
    form = BirthDeclaration.model_validate(data)
    assert BirthDeclaration.model_validate_json(form.model_dump_json()) == form
    assert BirthDeclaration.model_validate(decomposed(data)) == form
    assert form.child.full_name == data["child"]["full_name"]
    assert form.facts()
    form.warnings()
