"""Code lists: what a code meant on a date, which names belong to which ethnic group, how spellings compare."""

import csv
import unicodedata
from datetime import date
from pathlib import Path

import pytest

from models.codes import (
    Tiers,
    Vocabulary,
    country_codes,
    ethnic_codes,
    ethnic_group,
    fold,
    label_of,
    labels,
    personal_id_prefixes,
    province,
    provinces,
    tiers_on,
    two_tiers_from,
)

LAST_OLD, FIRST_NEW = date(2025, 6, 30), date(2025, 7, 1)
DATA = Path(__file__).parents[2] / "models" / "data"


@pytest.mark.parametrize(
    ("on", "count"), [(date(2024, 7, 1), 63), (LAST_OLD, 63), (FIRST_NEW, 34), (date(2026, 11, 19), 34)]
)
def test_every_date_has_exactly_the_provinces_of_its_time(on: date, count: int) -> None:
    codes = [row.code for row in provinces(on)]
    assert len(codes) == len(set(codes)) == count


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


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("Kinh", {"01"}),
        ("Chơ-ro", {"32"}),
        ("chơ ro", {"32"}),
        ("Xinh-mun", {"34"}),
        ("Mông", {"08"}),
        ("Châu Mạ", {"28"}),
        ("Thổ", {"24"}),
        ("Hoa", {"04"}),
        ("Mán", {"09", "18"}),
        ("Lào", {"37"}),
        ("Lao", {"41"}),
        ("Xa", {"25"}),
        ("Xá", {"09"}),
        ("T’rin", set()),
        ("Co", {"30"}),
    ],
)
def test_names_of_ethnic_groups_are_matched_whole_and_with_their_marks(name: str, codes: set[str]) -> None:
    assert ethnic_codes(name) == codes


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


def test_the_portals_words_are_all_there() -> None:
    assert len(labels(Vocabulary.CHILD_TO_HOUSEHOLDER)) == 26
    assert label_of(Vocabulary.APPLICANT_TO_CHILD, "maternal_grandmother") == "Bà ngoại"
    assert label_of(Vocabulary.RESIDENCE_KIND, "temporary") == "Tạm trú"


def test_countries_are_iso_codes_and_the_stateless() -> None:
    assert len(country_codes()) == 250
    assert {"VN", "JP", "XX"} <= country_codes()


@pytest.mark.parametrize(
    "name", ["provinces_34.csv", "provinces_63.csv", "ethnic_groups.csv", "relationships.csv", "countries.csv"]
)
def test_every_row_of_data_is_cited_and_nfc(name: str) -> None:
    text = (DATA / name).read_text(encoding="utf-8")
    assert unicodedata.is_normalized("NFC", text)
    assert all(row["basis"] and row["confidence"] for row in csv.DictReader(text.splitlines()))
