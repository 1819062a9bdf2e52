"""How dates, limits, lists and amounts are written for people."""

from datetime import UTC, datetime

import pytest

from models.clock import Timeliness
from models.words import dong, in_words, last_day, listed, when
from tests.models.cases import moment


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2026-11-16 17:00:00", "17:00 thứ Hai 16/11/2026"),
        ("2026-11-17 00:00:00", "00:00 thứ Ba 17/11/2026"),
        ("2026-07-15 17:00:00", "17:00 thứ Tư 15/7/2026"),
        ("2026-11-19 09:05:59", "09:05 thứ Năm 19/11/2026"),
        ("2026-08-28 15:07:00", "15:07 thứ Sáu 28/8/2026"),
        ("2026-08-22 08:00:00", "08:00 thứ Bảy 22/8/2026"),
        ("2027-02-07 23:59:59", "23:59 Chủ nhật 7/2/2027"),
    ],
)
def test_an_instant(instant: str, expected: str) -> None:
    assert when(moment(instant)) == expected


def test_an_instant_is_read_on_the_clock_of_vietnam() -> None:
    assert when(datetime(2026, 11, 19, 18, 30, tzinfo=UTC)) == "01:30 thứ Sáu 20/11/2026"


@pytest.mark.parametrize(
    ("ends_at", "expected"),
    [
        ("2026-11-28 00:00:00", "thứ Sáu 27/11/2026"),
        ("2026-11-30 00:00:00", "Chủ nhật 29/11/2026"),
        ("2027-01-01 00:00:00", "thứ Năm 31/12/2026"),
        ("2026-11-27 23:59:59", "thứ Sáu 27/11/2026"),
    ],
)
def test_a_limit_that_ends_at_midnight_ends_with_the_day_before(ends_at: str, expected: str) -> None:
    assert last_day(moment(ends_at)) == expected


def test_a_limit_is_read_on_the_clock_of_vietnam() -> None:
    assert last_day(datetime(2026, 11, 27, 17, 0, tzinfo=UTC)) == "thứ Sáu 27/11/2026"


@pytest.mark.parametrize(
    ("timeliness", "expected"),
    [
        (Timeliness.EARLY, "sớm hạn"),
        (Timeliness.ON_TIME, "đúng hạn"),
        (Timeliness.LATE, "quá hạn"),
        (None, "không tính hạn"),
    ],
)
def test_timeliness(timeliness: Timeliness | None, expected: str) -> None:
    assert in_words(timeliness) == expected


@pytest.mark.parametrize(
    ("items", "expected"), [((), ""), (("Chủ hộ",), "Chủ hộ"), (("Chủ hộ", "Cha, mẹ"), "Chủ hộ, Cha, mẹ")]
)
def test_a_list(items: tuple[str, ...], expected: str) -> None:
    assert listed(items) == expected
    assert listed(iter(items)) == expected


@pytest.mark.parametrize(
    ("amount", "expected"), [(0, "0"), (500, "500"), (5000, "5.000"), (75000, "75.000"), (1234567, "1.234.567")]
)
def test_an_amount_has_its_thousands_apart(amount: int, expected: str) -> None:
    assert dong(amount) == expected
