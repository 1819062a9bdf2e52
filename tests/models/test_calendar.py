"""The working calendar: packaged data, day arithmetic against a plain walk, and operators' files."""

import unicodedata
from datetime import date, timedelta
from pathlib import Path

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from models.calendar import CalendarDay, CalendarError, Confidence, DayKind, WorkingCalendar, load_calendar

CALENDAR = load_calendar()
HEADER = "date,kind,reason,document,source,confidence\n"
ONE_DAY = timedelta(days=1)

MISSED_BY_HOLIDAYS = {
    date(
        2026, 1, 2
    ): "off: swapped by VPCP 12729/VPCP-KGVX of 2025-12-25, eight days ahead; the package has no such swap",
    date(2026, 1, 10): "worked Saturday of the same swap",
}


def days_of(first_year: int, last_year: int) -> list[date]:
    first = date(first_year, 1, 1)
    return [first + timedelta(offset) for offset in range((date(last_year, 12, 31) - first).days + 1)]


@pytest.fixture
def operator_file(tmp_path: Path) -> Path:
    return tmp_path / "operator.csv"


def written(path: Path, *rows: str) -> Path:
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def row(day: str, kind: str = "off") -> str:
    return f"{day},{kind},Nghỉ thử,Văn bản thử,Bản giấy,high"


@pytest.mark.rule("6.1-days-off", "6.1-cross-check")
def test_every_announced_day_agrees_with_the_holidays_package() -> None:
    public = holidays.country_holidays("VN", years=range(CALENDAR.first_year, CALENDAR.last_year + 1))
    differing = {day for day in days_of(2022, 2027) if CALENDAR.is_working(day) != public.is_working_day(day)}
    assert differing == set(MISSED_BY_HOLIDAYS)
    assert not CALENDAR.is_working(date(2026, 1, 2))
    assert CALENDAR.is_working(date(2026, 1, 10))


def test_the_package_has_no_other_year_announced() -> None:
    assert (CALENDAR.first_year, CALENDAR.last_year) == (2022, 2027)
    assert not CALENDAR.announced(date(2021, 12, 31))
    assert CALENDAR.announced(date(2022, 1, 1))
    assert CALENDAR.announced(date(2027, 12, 31))
    assert not CALENDAR.announced(date(2028, 1, 1))


@pytest.mark.rule("6.1-swapped-saturdays")
def test_every_worked_rest_day_has_the_day_off_it_was_swapped_for() -> None:
    worked = [day for day, content in CALENDAR.days.items() if content.kind is DayKind.WORK]
    assert worked == [date(2024, 5, 4), date(2025, 4, 26), date(2026, 1, 10), date(2026, 8, 22)]
    swapped = [day for day, content in CALENDAR.days.items() if content.reason.startswith("Hoán đổi")]
    assert [(day.year, CALENDAR.days[day].document) for day in worked] == [
        (day.year, CALENDAR.days[day].document) for day in swapped
    ]


def test_packaged_text_is_nfc() -> None:
    for content in CALENDAR.days.values():
        assert unicodedata.is_normalized("NFC", content.reason + content.document)


@pytest.mark.rule("6.1-days-off")
@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2026, 8, 31), ("Hoán đổi (làm bù Thứ Bảy 22/8/2026)", "TB 9441/TB-BNV (16/10/2025)")),
        (date(2026, 4, 26), ("Giỗ Tổ Hùng Vương (Chủ nhật)", "BLLĐ 45/2019/QH14 Đ.112(1)")),
        (date(2026, 8, 29), None),
        (date(2026, 8, 30), None),
        (date(2028, 1, 1), None),
    ],
)
def test_a_day_off_is_a_rest_day_or_names_the_announcing_document(day: date, why: tuple[str, str] | None) -> None:
    row = CALENDAR.days.get(day)
    assert (row and (row.reason, row.document)) == why
    assert not CALENDAR.is_working(day)


@pytest.mark.parametrize("day", [date(2026, 8, 22), date(2026, 8, 28), date(2031, 1, 1)])
def test_a_swapped_saturday_and_days_like_any_other_are_worked(day: date) -> None:
    assert CALENDAR.is_working(day)


any_day = st.dates(min_value=date(2021, 6, 1), max_value=date(2028, 6, 30))


@settings(deadline=None)
@given(any_day, st.integers(min_value=0, max_value=60))
def test_add_is_a_walk_over_working_days(day: date, working_days: int) -> None:
    walked, left = day, working_days
    while left:
        walked += ONE_DAY
        left -= CALENDAR.is_working(walked)
    assert CALENDAR.add(day, working_days) == walked
    if working_days == 1:
        assert CALENDAR.next_working(day) == walked


@settings(deadline=None)
@given(any_day, any_day)
def test_working_days_between_counts_the_later_end_only(after: date, through: date) -> None:
    days = [after + timedelta(offset) for offset in range(1, (through - after).days + 1)]
    assert CALENDAR.working_days_between(after, through) == sum(map(CALENDAR.is_working, days))


@pytest.mark.parametrize("day", [date(2026, 8, 29), date(2026, 9, 2), date(2026, 8, 28)])
def test_adding_nothing_stays_even_on_a_day_off(day: date) -> None:
    assert CALENDAR.add(day, 0) == day


def test_only_weekends_are_off_beyond_the_announced_years() -> None:
    for day in [*days_of(2020, 2021), *days_of(2028, 2030)]:
        assert CALENDAR.is_working(day) == (day.weekday() < 5)


@pytest.mark.parametrize(("day", "working_days"), [(date(9999, 12, 31), 1), (date(2026, 7, 10), 10**40)])
def test_no_day_after_the_year_9999(day: date, working_days: int) -> None:
    with pytest.raises(CalendarError, match="vượt quá năm 9999"):
        CALENDAR.add(day, working_days)


def test_negative_working_days_are_refused() -> None:
    with pytest.raises(CalendarError, match="không được âm: -1"):
        CALENDAR.add(date(2026, 7, 10), -1)


def test_version_depends_on_content_not_on_order() -> None:
    reordered = {day: CALENDAR.days[day] for day in sorted(CALENDAR.days, reverse=True)}
    same = WorkingCalendar(first_year=2022, last_year=2027, days=reordered)
    shorter = WorkingCalendar(
        first_year=2022, last_year=2027, days={day: row for day, row in CALENDAR.days.items() if day.year > 2022}
    )
    assert len(CALENDAR.version) == 12
    assert same.version == load_calendar().version == CALENDAR.version
    assert shorter.version != CALENDAR.version


def test_a_calendar_survives_json() -> None:
    again = WorkingCalendar.model_validate_json(CALENDAR.model_dump_json())
    assert (again, again.version) == (CALENDAR, CALENDAR.version)
    assert again.is_working(date(2026, 8, 22))


@pytest.mark.parametrize(("first_year", "last_year"), [(2027, 2026), (2026, 2026)])
def test_days_must_lie_within_the_years(first_year: int, last_year: int) -> None:
    day = CalendarDay(
        kind=DayKind.OFF, reason="Nghỉ thử", document="Văn bản thử", source="Bản giấy", confidence=Confidence.LOW
    )
    with pytest.raises(ValidationError, match="năm"):
        WorkingCalendar(first_year=first_year, last_year=last_year, days={date(2027, 1, 1): day})


@pytest.mark.rule("6.1-extendable")
def test_an_operator_adds_a_swap(operator_file: Path) -> None:
    extended = load_calendar(written(operator_file, row("2026-12-31"), row("2027-01-09", "work")))
    assert not extended.is_working(date(2026, 12, 31))
    assert extended.is_working(date(2027, 1, 9))
    assert extended.add(date(2026, 12, 30), 1) == date(2027, 1, 4)
    assert extended.days[date(2026, 12, 31)].document == "Văn bản thử"
    assert extended.version != CALENDAR.version
    assert (extended.first_year, extended.last_year) == (2022, 2027)


def test_an_operator_overrides_a_packaged_day_off(operator_file: Path) -> None:
    overridden = load_calendar(written(operator_file, row("2027-05-03", "work")))
    assert overridden.is_working(date(2027, 5, 3))
    assert not CALENDAR.is_working(date(2027, 5, 3))


def test_a_later_file_wins(tmp_path: Path) -> None:
    closed = written(tmp_path / "closed.csv", row("2027-03-01"))
    opened = written(tmp_path / "opened.csv", row("2027-03-01", "work"))
    assert load_calendar(closed, opened).is_working(date(2027, 3, 1))
    assert not load_calendar(opened, closed).is_working(date(2027, 3, 1))


def test_new_years_join_in_any_order_of_files(tmp_path: Path) -> None:
    near = written(tmp_path / "2028.csv", row("2028-01-03"))
    far = written(tmp_path / "2029.csv", row("2029-01-01"))
    past = written(tmp_path / "2021.csv", row("2021-01-01"))
    extended = load_calendar(far, past, near)
    assert (extended.first_year, extended.last_year) == (2021, 2029)
    assert extended.announced(date(2029, 12, 31))


def test_a_gap_in_the_years_is_refused(operator_file: Path) -> None:
    written(operator_file, row("2027-03-01"), row("2029-01-01"))
    with pytest.raises(CalendarError, match=r"operator\.csv, dòng 3: năm 2029 không liền với .* 2022–2027"):
        load_calendar(operator_file)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_spreadsheet_may_save_the_file(operator_file: Path, newline: str) -> None:
    lines = [HEADER.strip(), "", unicodedata.normalize("NFD", row(" 2027-03-01 ")), ""]
    operator_file.write_bytes(b"\xef\xbb\xbf" + newline.join(lines).encode())
    day = load_calendar(operator_file).days[date(2027, 3, 1)]
    assert (day.reason, day.document) == ("Nghỉ thử", "Văn bản thử")


def test_a_file_with_a_header_only_changes_nothing(operator_file: Path) -> None:
    assert load_calendar(written(operator_file)) == CALENDAR


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("2027-02-30,off,a,b,c,high", "dòng 3, cột date: giá trị “2027-02-30” không hợp lệ, cần ngày dạng YYYY-MM-DD"),
        ("20270301,off,a,b,c,high", "dòng 3, cột date"),
        ("01/03/2027,off,a,b,c,high", "dòng 3, cột date"),
        (",off,a,b,c,high", "dòng 3, cột date"),
        ("2027-03-02,nghỉ,a,b,c,high", "dòng 3, cột kind: giá trị “nghỉ” không hợp lệ, cần off .* hoặc work"),
        ("2027-03-02,off,,b,c,high", "dòng 3, cột reason"),
        ("2027-03-02,off,a, ,c,high", "dòng 3, cột document"),
        ("2027-03-02,off,a,b,,high", "dòng 3, cột source"),
        ("2027-03-02,off,a,b,c,certain", "dòng 3, cột confidence"),
        (f"2027-03-02,off,{'a' * 501},b,c,high", "dòng 3, cột reason"),
        ("2027-03-02,off,a,b,c", "dòng 3: có 5 cột, phải có đúng 6 cột"),
        ("2027-03-02,off,a,b,c,high,", "dòng 3: có 7 cột"),
        (row("2027-03-01", "work"), "dòng 3: ngày 2027-03-01 đã có ở dòng 2"),
        ('2027-03-02,off,"a,b,c,high', "dòng 3: không phải CSV hợp lệ"),
    ],
)
def test_a_bad_row_is_named_with_file_and_line(operator_file: Path, bad: str, message: str) -> None:
    written(operator_file, row("2027-03-01"), bad)
    with pytest.raises(CalendarError, match=rf"operator\.csv, {message}"):
        load_calendar(operator_file)


@pytest.mark.parametrize(
    "content", [b"", b"date;kind;reason;document;source;confidence\n", b"2027-03-01,off,a,b,c,high\n"]
)
def test_a_missing_or_wrong_header_is_refused(operator_file: Path, content: bytes) -> None:
    operator_file.write_bytes(content)
    with pytest.raises(CalendarError, match=r"operator\.csv, dòng 1: dòng tiêu đề phải là date,kind,reason"):
        load_calendar(operator_file)


def test_other_encodings_are_refused(operator_file: Path) -> None:
    operator_file.write_bytes((HEADER + row("2027-03-01") + "\n").encode() + b"2027-03-02,off,Ngh\xea,b,c,high\n")
    with pytest.raises(CalendarError, match=r"operator\.csv, dòng 3: tệp lịch phải là UTF-8"):
        load_calendar(operator_file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CalendarError, match=r"none\.csv: không đọc được tệp lịch"):
        load_calendar(tmp_path / "none.csv")
