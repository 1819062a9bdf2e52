"""Code lists: what a code meant on a date, which names belong to which ethnic group, how spellings compare."""

import csv
import unicodedata
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.codes import (
    EthnicGroup,
    Tiers,
    Vocabulary,
    countries_called,
    country_codes,
    ethnic_group,
    fold,
    label_of,
    labels,
    personal_id_prefixes,
    predecessors,
    province,
    province_meanings,
    province_named,
    provinces,
    read_ethnic_name,
    says_nothing,
    successor,
    tiers_on,
    two_tiers_from,
)

LAST_OLD, FIRST_NEW = date(2025, 6, 30), date(2025, 7, 1)
DATA = Path(__file__).parents[2] / "models" / "data"
LISTS = sorted(path.name for path in DATA.glob("*.csv") if path.name not in ("working_calendar.csv", "fees.csv"))


def rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((DATA / name).read_text(encoding="utf-8").splitlines()))


@pytest.mark.parametrize(
    ("on", "count"), [(date(2024, 7, 1), 63), (LAST_OLD, 63), (FIRST_NEW, 34), (date(2026, 11, 19), 34)]
)
def test_every_date_has_exactly_the_provinces_of_its_time(on: date, count: int) -> None:
    codes = [row.code for row in provinces(on)]
    assert len(codes) == len(set(codes)) == count


@pytest.mark.rule("8.code-lists")
@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        ("15", "Yên Bái", "Lào Cai"),
        ("24", "Bắc Giang", "Bắc Ninh"),
        ("44", "Quảng Bình", "Quảng Trị"),
        ("52", "Bình Định", "Gia Lai"),
        ("80", "Long An", "Tây Ninh"),
        ("82", "Tiền Giang", "Đồng Tháp"),
        ("91", "Kiên Giang", "An Giang"),
    ],
)
def test_reused_province_codes_mean_what_they_meant_on_the_date(code: str, before: str, after: str) -> None:
    old, new = province(code, LAST_OLD), province(code, FIRST_NEW)
    assert old is not None
    assert new is not None
    assert (old.name, new.name) == (before, after)


def test_an_abolished_province_exists_until_the_last_day() -> None:
    old = province("02", LAST_OLD)
    assert old is not None
    assert old.name == "Hà Giang"
    assert province("02", FIRST_NEW) is None


@pytest.mark.parametrize(
    ("code", "on", "name", "kind"),
    [
        ("46", date(2024, 12, 31), "Thừa Thiên Huế", "tỉnh"),
        ("46", date(2025, 1, 1), "Huế", "thành phố"),
        ("75", date(2026, 4, 29), "Đồng Nai", "tỉnh"),
        ("75", date(2026, 4, 30), "Đồng Nai", "thành phố"),
        ("22", date(2026, 9, 1), "Quảng Ninh", "thành phố"),
        ("24", date(2026, 9, 20), "Bắc Ninh", "thành phố"),
    ],
)
def test_name_and_type_of_a_province_follow_the_date(code: str, on: date, name: str, kind: str) -> None:
    known = province(code, on)
    assert known is not None
    assert (known.name, known.type) == (name, kind)


def test_every_reused_code_is_known_to_be_reused() -> None:
    """A code without a date is ambiguous: these seven name another province on each side of 2025-07-01."""
    reused = {
        row.code
        for row in provinces(LAST_OLD)
        if (new := province(row.code, FIRST_NEW)) is not None and new.name != row.name
    }
    assert reused == {"15", "24", "44", "52", "80", "82", "91"}
    assert {row.name for row in province_meanings("15")} == {"Yên Bái", "Lào Cai"}
    assert [row.name for row in province_meanings("01")] == ["Hà Nội", "Hà Nội"]
    assert province_meanings("99") == ()


@pytest.mark.parametrize(
    ("on", "shown"),
    [
        (date(2025, 6, 30), "Tỉnh Bắc Giang"),
        (date(2025, 7, 1), "Tỉnh Bắc Ninh"),
        (date(2026, 9, 19), "Tỉnh Bắc Ninh"),
        (date(2026, 9, 20), "Thành phố Bắc Ninh"),
    ],
)
def test_the_name_shown_for_a_code_depends_on_the_date(on: date, shown: str) -> None:
    known = province("24", on)
    assert known is not None
    assert known.full_name == shown


@pytest.mark.parametrize(
    ("name", "on", "code"),
    [
        ("Bắc Ninh", LAST_OLD, "27"),
        ("Bắc Ninh", FIRST_NEW, "24"),
        ("tỉnh  Bắc-Ninh", FIRST_NEW, "24"),
        ("Thành phố Bắc Ninh", date(2026, 9, 20), "24"),
        ("TP. Hồ Chí Minh", FIRST_NEW, "79"),
        ("TP HỒ CHÍ MINH", FIRST_NEW, "79"),
        ("Khánh Hoà", FIRST_NEW, "56"),
        ("Thừa Thiên Huế", date(2024, 12, 31), "46"),
        ("Bà Rịa Vũng Tàu", LAST_OLD, "77"),
    ],
)
def test_a_province_is_found_by_its_name_of_the_date(name: str, on: date, code: str) -> None:
    found = province_named(name, on)
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize(("name", "on"), [("Hà Giang", FIRST_NEW), ("Bac Ninh", FIRST_NEW), ("Bắc", FIRST_NEW)])
def test_a_province_is_not_found_by_less_than_its_name_or_at_another_time(name: str, on: date) -> None:
    assert province_named(name, on) is None


def test_every_old_province_went_into_one_of_the_thirty_four_and_none_is_missing() -> None:
    old, new = provinces(LAST_OLD), provinces(FIRST_NEW)
    made_of = {row.code: [one.code for one in predecessors(row)] for row in new}
    assert sorted(code for codes in made_of.values() for code in codes) == [row.code for row in old]
    assert made_of["15"] == ["10", "15"]
    assert made_of["25"] == ["17", "25", "26"]
    assert made_of["82"] == ["82", "87"]
    for row in old:
        became = successor(row)
        assert became is not None
        assert row.code in made_of[became.code]
    assert [successor(row) for row in new] == [None] * 34
    assert [predecessors(row) for row in old] == [()] * 63


def test_the_communes_of_the_thirty_four_provinces_add_up() -> None:
    assert sum(row.communes or 0 for row in provinces(FIRST_NEW)) == 3321


@pytest.mark.rule("8.address-dated")
def test_two_tiers_begin_with_the_thirty_four_provinces() -> None:
    assert two_tiers_from() == FIRST_NEW
    assert (tiers_on(LAST_OLD), tiers_on(FIRST_NEW)) == (Tiers.THREE, Tiers.TWO)


def test_personal_number_prefixes_are_those_of_the_sixty_three_provinces() -> None:
    assert len(personal_id_prefixes()) == 63
    assert {"001", "096"} <= personal_id_prefixes()
    assert "097" not in personal_id_prefixes()


def test_there_are_fifty_four_ethnic_groups_and_the_foreigner() -> None:
    assert [code for code in (f"{number:02d}" for number in range(100)) if ethnic_group(code)] == [
        f"{number:02d}" for number in range(1, 56)
    ]


@pytest.mark.rule("8.code-lists")
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Kinh", "01"),
        ("Việt", "01"),
        ("Chơ-ro", "32"),
        ("chơ ro", "32"),
        ("Xinh-mun", "34"),
        ("Xynh Mun", "34"),
        ("Mông", "08"),
        ("HMông", "08"),
        ("Châu Mạ", "28"),
        ("Mạ", "28"),
        ("RaGlay", "21"),
        ("Tà Ôi", "31"),
        ("Krẹ Lũy", "19"),
        ("Lào", "37"),
        ("Lao", "41"),
        ("Xa", "25"),
        ("Xá", "09"),
        ("Co", "30"),
        ("Cơ Lao", "47"),
        ("Thổ Đà Bắc", "03"),
        ("Người nước ngoài", "55"),
    ],
)
def test_a_name_of_one_ethnic_group_decides_it_whole_and_with_its_marks(name: str, code: str) -> None:
    read = read_ethnic_name(name)
    assert read.code == code
    assert read.codes == {code}


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("Thổ", {"02", "05", "24"}),
        ("Mán", {"09", "18"}),
        ("Trại", {"09", "18"}),
        ("Xá Khao", {"33", "39"}),
        ("Xá Lá Vàng", {"24", "44", "45"}),
        ("Hạ", {"04", "26"}),
        ("Ca-tang", {"26", "27"}),
        ("ca tang", {"26", "27"}),
        ("Chil", {"16", "20"}),
        ("Hoa", {"04", "08"}),
        ("T’rin", {"16"}),
        ("T'rin", {"16"}),
        ("Tho", set()),
        ("Cơ", set()),
        ("Người Kinh ở Huế", set()),
        ("", set()),
    ],
)
def test_a_shared_unproved_or_unknown_name_is_left_to_a_person(name: str, codes: set[str]) -> None:
    read = read_ethnic_name(name)
    assert read.code is None
    assert read.codes == codes


def test_every_shared_name_is_known_to_be_shared() -> None:
    """All of STANDARDS §4.4 and no other: a name of two groups can only come in by being looked at here."""
    names = {row["name"] for row in rows("ethnic_aliases.csv")} | {
        name for row in rows("ethnic_groups.csv") for name in (row["name"], row["portal_label"])
    }
    shared = {fold(name) for name in names if len(read_ethnic_name(name).codes) > 1}
    assert shared == set(map(fold, ["Thổ", "Mán", "Trại", "Xá Khao", "Xá Lá Vàng", "Hạ", "Ca-tang", "Chil", "Hoa"]))


def test_every_alias_is_of_a_group_there_is() -> None:
    listed = rows("ethnic_aliases.csv")
    assert all(ethnic_group(row["code"]) for row in listed)
    assert {row["standing"] for row in listed} == {"known", "unproved"}
    assert all(row["code"] in read_ethnic_name(row["name"]).codes for row in listed)


def test_only_proper_names_and_portal_labels_can_be_printed() -> None:
    assert set(EthnicGroup.model_fields) == {"code", "name", "portal_label"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hoà", "Hòa"),
        ("Thuỷ", "Thủy"),
        ("KHOẺ", "khỏe"),
        ("Cư M’gar", "Cư M'gar"),
        ("Chơ-ro", "Chơ  ro"),
        (unicodedata.normalize("NFD", "Đắk Lắk"), "Đắk Lắk"),
        ("  Hải Châu II ", "hải châu ii"),
    ],
)
def test_spellings_of_the_same_text_fold_together(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("Lào", "Lao"), ("Xa", "Xá"), ("Đắk", "Đăk"), ("Hoa", "Hòa"), ("Da", "Đa")])
def test_marks_are_never_folded_away(one: str, other: str) -> None:
    assert fold(one) != fold(other)


ANY_TEXT = st.text(max_size=12) | st.text(
    st.sampled_from("aoeuyàòèùỳáạảãÀÒ’'`- \u0300\u0301\u0323\u0345ßİΣς"), max_size=8
)


@given(ANY_TEXT)
def test_folding_twice_is_folding_once_and_the_form_of_unicode_does_not_matter(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert unicodedata.is_normalized("NFC", fold(text))
    assert fold(unicodedata.normalize("NFD", text)) == fold(text)


@pytest.mark.parametrize("text", ["Không có thông tin", " không  có thông tin ", "KHÔNG CÓ THÔNG TIN"])
def test_a_filler_says_nothing(text: str) -> None:
    assert says_nothing(text)
    assert not says_nothing(f"{text} thêm")


def test_roman_numerals_are_only_folded_to_compare() -> None:
    assert fold("Hải Châu II") == fold("Hải Châu Ii")
    assert fold("Hải Châu II") != fold("Hải Châu III")


def test_the_portals_words_are_all_there() -> None:
    assert len(labels(Vocabulary.CHILD_TO_HOUSEHOLDER)) == 26
    assert label_of(Vocabulary.APPLICANT_TO_CHILD, "maternal_grandmother") == "Bà ngoại"
    assert label_of(Vocabulary.RESIDENCE_KIND, "temporary") == "Tạm trú"


def test_countries_are_iso_codes_and_the_stateless() -> None:
    assert len(country_codes()) == 250
    assert {"VN", "JP", "XX"} <= country_codes()


@pytest.mark.rule("8.code-lists")
def test_a_country_is_one_country_whatever_a_list_calls_it() -> None:
    called = countries_called()
    assert {called[fold(name)] for name in ("Trung Quốc", "Cộng hòa nhân dân Trung Hoa", "CHND Trung Hoa")} == {"CN"}
    assert called[fold("VIỆT NAM")] == "VN"
    assert set(called.values()) <= country_codes()


@pytest.mark.rule("8.code-lists", "8.nfc")
@pytest.mark.parametrize("name", LISTS)
def test_every_row_of_data_is_cited_and_nfc(name: str) -> None:
    assert unicodedata.is_normalized("NFC", (DATA / name).read_text(encoding="utf-8"))
    assert all(row["basis"] and row["confidence"] for row in rows(name))


def test_the_lists_have_been_found() -> None:
    assert {"provinces_34.csv", "ethnic_aliases.csv", "communes.csv", "dossier_statuses.csv"} <= set(LISTS)
