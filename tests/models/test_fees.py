"""Fees: who pays what, by province, and who pays nothing (Luật Hộ tịch 2014 Điều 11)."""

from datetime import date

import pytest

from models.declaration import BirthDeclaration
from models.dossier import Fee
from models.fees import ANY_PROVINCE, assess_fee, fee_rows
from tests.models.cases import ON, SAMPLE_NAMES, changed, sample

FIRST_PACK = date(2024, 7, 1)


def declared(name: str, *, copies: int = 0, province: str | None = None) -> BirthDeclaration:
    form = changed(sample(name), results={"birth_certificate_copies": copies})
    return changed(form, recipients={"province_code": province}) if province else form


def fee_of(form: BirthDeclaration, *, late: bool = False, on: date = ON) -> Fee:
    return assess_fee(form, form.facts(), late, on)


@pytest.mark.parametrize(
    ("name", "copies", "late", "province", "expected"),
    [
        ("plain", 0, False, "01", []),
        ("plain", 0, False, "04", []),
        ("plain", 0, True, "01", [("late_birth_registration", 5000)]),
        ("plain", 0, True, "04", [("late_birth_registration", 8000)]),
        ("plain", 1, False, "01", [("certificate_copy", 8000)]),
        ("plain", 2, False, "01", [("certificate_copy", 16000)]),
        ("plain", 20, False, "04", [("certificate_copy", 160_000)]),
        ("plain", 3, True, "01", [("late_birth_registration", 5000), ("certificate_copy", 24000)]),
        ("foreign-parent", 0, False, "01", [("foreign_birth_registration", 75000)]),
        ("foreign-parent", 0, True, "01", [("foreign_birth_registration", 75000)]),
        ("foreign-parent", 1, True, "04", [("foreign_birth_registration", 75000), ("certificate_copy", 8000)]),
        ("no-birth-notice", 0, False, "66", []),
        ("no-birth-notice", 5, True, "66", []),
        ("abandoned-child", 0, False, "01", []),
    ],
)
def test_what_is_owed(name: str, copies: int, late: bool, province: str, expected: list[tuple[str, int]]) -> None:
    fee = fee_of(declared(name, copies=copies, province=province), late=late)
    assert [(line.item, line.amount_vnd) for line in fee.lines] == expected
    assert fee.total_vnd == sum(amount for _, amount in expected)


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_on_time_and_without_copies_only_a_foreign_element_costs(name: str) -> None:
    assert bool(fee_of(declared(name)).lines) is (name == "foreign-parent")


@pytest.mark.parametrize("late", [False, True])
def test_a_poor_household_pays_nothing_even_with_a_foreign_element(late: bool) -> None:
    poor = {"poor_household": {"number": "HN-000001", "issued_on": "2026-01-12"}}
    form = changed(declared("foreign-parent", copies=4), health_insurance=poor)
    assert fee_of(form, late=late) == Fee()


def test_every_line_says_what_it_is_for_and_on_what_basis() -> None:
    lines = fee_of(declared("plain", copies=1), late=True).lines
    assert [line.name for line in lines] == ["Lệ phí đăng ký khai sinh quá hạn", "Lệ phí cấp bản sao Giấy khai sinh"]
    assert all("Luật Hộ tịch 2014 Điều 11" in line.basis for line in lines)


def test_the_table_has_a_row_for_any_province_from_the_first_pack_on() -> None:
    items = {row.item for row in fee_rows()}
    anywhere = {row.item for row in fee_rows() if row.province_code == ANY_PROVINCE and row.from_ <= FIRST_PACK}
    assert anywhere == items == {"late_birth_registration", "certificate_copy", "foreign_birth_registration"}


def test_the_table_says_which_rows_are_samples_and_decides_every_case_once() -> None:
    assert all(row.sample == ("số liệu mẫu" in row.basis) for row in fee_rows())
    keys = [(row.item, row.province_code, row.from_) for row in fee_rows()]
    assert len(keys) == len(set(keys))
    assert all(row.amount_vnd > 0 for row in fee_rows())


@pytest.mark.parametrize("on", [FIRST_PACK, date(2025, 7, 1), date(2027, 1, 1)])
def test_fees_can_be_assessed_under_every_pack(on: date) -> None:
    assert fee_of(declared("plain", copies=1), late=True, on=on).total_vnd == 13000
