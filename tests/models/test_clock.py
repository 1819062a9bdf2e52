"""Clocks: the published examples, boundaries, explanations, impossible ledgers, and laws every ledger obeys."""

import csv
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from models import clock as clocks
from models.base import LEGAL_ZONE, legal_date
from models.calendar import load_calendar
from models.clock import (
    Clock,
    ClockEntry,
    ClockEntryKind,
    ClockError,
    Due,
    ReceiptRule,
    Timeliness,
    citizen_due,
    due,
    effective_day,
    timeliness,
)

CALENDAR = load_calendar()
RULE = ReceiptRule(late_after=time(15), closes_at=time(17), basis="Quyết định 296/QĐ-VPCP, nhóm I mục 5")
agency_due = partial(clocks.agency_due, rule=RULE)
EXAMPLES = list(
    csv.DictReader((Path(__file__).parent / "data" / "deadline_examples.csv").read_text("utf-8").splitlines())
)

STARTED, STOPPED, RESUMED = ClockEntryKind.STARTED, ClockEntryKind.STOPPED, ClockEntryKind.RESUMED
EXTENDED, RESTARTED, RETIMED = ClockEntryKind.EXTENDED, ClockEntryKind.RESTARTED, ClockEntryKind.RETIMED


def at(text: str) -> datetime:
    """A Vietnamese wall-clock time such as 2026-07-10 14:59."""
    return datetime.fromisoformat(text).replace(tzinfo=LEGAL_ZONE)


def entry(
    kind: ClockEntryKind,
    instant: datetime,
    working_days: int | None = None,
    *,
    stop: str | None = None,
    cause: str = "Lý do thử",
    basis: str = "Căn cứ thử",
    calendar_version: str | None = None,
) -> ClockEntry:
    return ClockEntry(
        kind=kind,
        at=instant,
        cause=cause,
        basis=basis,
        working_days=working_days,
        stop=stop,
        calendar_version=calendar_version,
    )


def ledger(*entries: ClockEntry, rule: ReceiptRule = RULE) -> Clock:
    return Clock(rule=rule, entries=entries)


def stop_of(stopped_at: datetime, resumed_at: datetime, name: str | None = None) -> tuple[ClockEntry, ClockEntry]:
    return entry(STOPPED, stopped_at, stop=name), entry(RESUMED, resumed_at, stop=name)


def answer(reckoned: Due) -> tuple[datetime | None, date, bool]:
    return reckoned.at, reckoned.effective_date, reckoned.provisional


# The published examples


@pytest.mark.rule("6.3-examples")
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example['from']}+{example['working_days']}")
def test_published_examples(example: dict[str, str]) -> None:
    received, working_days = datetime.fromisoformat(example["from"]), int(example["working_days"])
    ends_at = datetime.fromisoformat(example["ends_at"])
    if example["kind"] == "citizen_limit":
        reckoned = citizen_due(received, working_days, CALENDAR)
        assert (reckoned.at, reckoned.effective_date) == (ends_at, legal_date(received))
        return
    stops = [
        stop_of(datetime.fromisoformat(opened), datetime.fromisoformat(ended), f"{number}")
        for number, (opened, ended) in enumerate(written.split("/") for written in example["stops"].split())
    ]
    in_turn = ledger(entry(STARTED, received, working_days), *(part for stop in stops for part in stop))
    nested = ledger(
        entry(STARTED, received, working_days), *(opened for opened, _ in stops), *(ended for _, ended in stops)
    )
    effective = date.fromisoformat(example["effective_receipt_day"])
    for clock in (in_turn, nested):
        assert answer(due(clock, CALENDAR)) == (ends_at, effective, False)
    if not stops:
        assert agency_due(received, working_days, CALENDAR).at == ends_at


def test_there_are_examples_of_both_kinds() -> None:
    assert [example["kind"] for example in EXAMPLES].count("agency_limit") == 16
    assert [example["kind"] for example in EXAMPLES].count("citizen_limit") == 4


# The 15:00 rule


@pytest.mark.rule(
    "6.2-after-15", "6.2-day-off", "10.exactly-15", "6.1-swapped-saturdays", "6.1-culture-day", "6.3-same-day"
)
@pytest.mark.parametrize(
    ("received", "effective"),
    [
        ("2026-07-08 00:00:00", date(2026, 7, 8)),
        ("2026-07-08 14:59:59", date(2026, 7, 8)),
        ("2026-07-08 15:00:00", date(2026, 7, 8)),
        ("2026-07-08 15:00:00.000001", date(2026, 7, 9)),
        ("2026-07-08 15:00:01", date(2026, 7, 9)),
        ("2026-07-10 15:00:01", date(2026, 7, 13)),
        ("2026-07-11 08:00:00", date(2026, 7, 13)),
        ("2026-08-21 15:00:01", date(2026, 8, 22)),
        ("2026-08-22 15:00:00", date(2026, 8, 22)),
        ("2026-08-22 15:00:01", date(2026, 8, 24)),
        ("2026-08-28 15:00:01", date(2026, 9, 3)),
        ("2026-11-23 15:00:01", date(2026, 11, 25)),
        ("2026-11-24 09:00:00", date(2026, 11, 25)),
    ],
)
def test_receipt_after_15_counts_from_the_next_working_day(received: str, effective: date) -> None:
    assert effective_day(at(received), CALENDAR, RULE) == effective
    same_day = agency_due(at(received), 0, CALENDAR)
    assert (same_day.at, same_day.effective_date) == (datetime.combine(effective, time(17), LEGAL_ZONE), effective)


def test_the_hour_is_that_of_viet_nam() -> None:
    assert effective_day(datetime(2026, 7, 8, 8, 0, tzinfo=UTC), CALENDAR, RULE) == date(2026, 7, 8)
    assert effective_day(datetime(2026, 7, 8, 8, 0, 1, tzinfo=UTC), CALENDAR, RULE) == date(2026, 7, 9)


@pytest.mark.rule("6.2-parameter")
def test_the_rule_is_a_parameter_of_the_procedure() -> None:
    rule = ReceiptRule(late_after=time(16, 30), closes_at=time(16, 30), basis="Quy định thử")
    in_time = agency_due(at("2026-07-08 16:30"), 1, CALENDAR, rule=rule)
    late = agency_due(at("2026-07-08 16:31"), 1, CALENDAR, rule=rule)
    assert (in_time.at, late.at) == (at("2026-07-09 16:30"), at("2026-07-10 16:30"))
    assert late.explanation[0] == "Tiếp nhận 16:31 thứ Tư 8/7/2026, sau 16 giờ 30 nên tính từ thứ Năm 9/7/2026."
    assert effective_day(at("2026-07-08 16:30"), CALENDAR, rule) == date(2026, 7, 8)


@pytest.mark.parametrize(
    "hours", [{"late_after": "15:00:00+07:00"}, {"closes_at": "17:00:00Z"}, {"late_after": "17:00:01"}]
)
def test_an_impossible_rule_is_refused(hours: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="giờ"):
        ReceiptRule.model_validate(RULE.model_dump() | hours)


# Explanations


@pytest.mark.rule("6.7-explains")
def test_a_late_receipt_before_a_long_weekend_explains_itself() -> None:
    assert agency_due(at("2026-08-28 15:07"), 3, CALENDAR).explanation == (
        "Tiếp nhận 15:07 thứ Sáu 28/8/2026, sau 15 giờ nên tính từ thứ Năm 3/9/2026.",
        "Không tính ngày tiếp nhận (BLDS 2015 Điều 147); 3 ngày làm việc: thứ Sáu 4/9, thứ Hai 7/9, thứ Ba 8/9.",
        "Nghỉ: thứ Bảy 29/8, Chủ nhật 30/8, thứ Hai 31/8 – Hoán đổi (làm bù Thứ Bảy 22/8/2026),"
        " thứ Ba 1/9 – Quốc khánh (ngày liền kề trước), thứ Tư 2/9 – Quốc khánh, thứ Bảy 5/9, Chủ nhật 6/9.",
        "Căn cứ lịch: TB 9441/TB-BNV (16/10/2025); BLLĐ 45/2019/QH14 Đ.112(1).",
        "Hạn: 17:00 thứ Ba 8/9/2026.",
    )


def test_a_same_day_limit_explains_itself() -> None:
    assert agency_due(at("2026-07-08 15:00:00"), 0, CALENDAR).explanation == (
        "Tiếp nhận 15:00 thứ Tư 8/7/2026.",
        "Thời hạn ngay trong ngày làm việc: thứ Tư 8/7/2026.",
        "Hạn: 17:00 thứ Tư 8/7/2026.",
    )
    one_second_late = agency_due(at("2026-07-08 15:00:01"), 0, CALENDAR).explanation
    assert one_second_late[0] == "Tiếp nhận 15:00:01 thứ Tư 8/7/2026, sau 15 giờ nên tính từ thứ Năm 9/7/2026."


@pytest.mark.rule("6.1-swapped-saturdays", "6.7-explains")
def test_a_worked_saturday_explains_itself() -> None:
    assert agency_due(at("2026-08-20 16:00"), 2, CALENDAR).explanation == (
        "Tiếp nhận 16:00 thứ Năm 20/8/2026, sau 15 giờ nên tính từ thứ Sáu 21/8/2026.",
        "Không tính ngày tiếp nhận (BLDS 2015 Điều 147); 2 ngày làm việc: thứ Bảy 22/8, thứ Hai 24/8.",
        "Nghỉ: Chủ nhật 23/8.",
        "Vẫn làm việc: thứ Bảy 22/8 – Làm bù (hoán đổi cho Thứ Hai 31/8/2026).",
        "Căn cứ lịch: TB 9441/TB-BNV (16/10/2025).",
        "Hạn: 17:00 thứ Hai 24/8/2026.",
    )


def test_a_receipt_on_a_day_off_explains_itself() -> None:
    assert agency_due(at("2026-07-11 09:00"), 2, CALENDAR).explanation[0] == (
        "Tiếp nhận 09:00 thứ Bảy 11/7/2026, là ngày nghỉ nên tính từ thứ Hai 13/7/2026."
    )


def test_a_long_limit_is_abbreviated_and_marked_provisional() -> None:
    reckoned = agency_due(at("2027-12-20 16:00"), 17, CALENDAR)
    assert reckoned.provisional
    assert reckoned.explanation == (
        "Tiếp nhận 16:00 thứ Hai 20/12/2027, sau 15 giờ nên tính từ thứ Ba 21/12/2027.",
        "Không tính ngày tiếp nhận (BLDS 2015 Điều 147); 17 ngày làm việc: từ thứ Tư 22/12 đến thứ Năm 13/1/2028.",
        "Nghỉ: 6 ngày cuối tuần.",
        "Hạn này là tạm tính: lịch nghỉ năm 2028 chưa được công bố (lịch làm việc hiện có 2022–2027),"
        " nên chỉ trừ thứ Bảy và Chủ nhật.",
        "Hạn: 17:00 thứ Năm 13/1/2028 (tạm tính).",
    )


def test_a_very_long_limit_stays_readable() -> None:
    explanation = agency_due(at("2021-12-20 09:00"), 20_000, CALENDAR).explanation
    assert max(map(len, explanation)) < 1_000
    assert explanation[2].startswith("Nghỉ: 8")
    assert " ngày cuối tuần, thứ Bảy 1/1/2022 – Tết Dương lịch (Thứ Bảy)," in explanation[2]
    assert explanation[2].endswith(" ngày khác.")
    assert "lịch nghỉ năm 2021 và 2028–2098 chưa được công bố" in explanation[5]


@pytest.mark.rule("6.7-entries", "6.7-explains")
def test_stops_explain_themselves() -> None:
    clock = ledger(
        entry(STARTED, at("2026-07-06 10:00"), 3),
        entry(STOPPED, at("2026-07-07 09:00"), stop="supplement", cause="Chờ công dân bổ sung.", basis="Điều thử 1"),
        entry(STOPPED, at("2026-07-08 09:00"), stop="payment", cause="Chờ nộp lệ phí", basis="Điều thử 2."),
        entry(RESUMED, at("2026-07-09 09:00"), stop="supplement"),
        entry(RESUMED, at("2026-07-10 15:30"), stop="payment"),
    )
    assert due(clock, CALENDAR).explanation == (
        "Tiếp nhận 10:00 thứ Hai 6/7/2026.",
        "Không tính ngày tiếp nhận (BLDS 2015 Điều 147); 3 ngày làm việc: thứ Ba 7/7, thứ Tư 8/7, thứ Năm 9/7.",
        "Tạm dừng từ 09:00 thứ Ba 7/7/2026 đến 09:00 thứ Năm 9/7/2026: Chờ công dân bổ sung (căn cứ: Điều thử 1).",
        "Tạm dừng từ 09:00 thứ Tư 8/7/2026 đến 15:30 thứ Sáu 10/7/2026, sau 15 giờ nên tính đến thứ Hai 13/7/2026:"
        " Chờ nộp lệ phí (căn cứ: Điều thử 2).",
        "Cộng thêm 4 ngày làm việc đã tạm dừng; ngày bị tạm dừng nhiều lần chỉ cộng một lần.",
        "Nghỉ: thứ Bảy 11/7, Chủ nhật 12/7.",
        "Hạn: 17:00 thứ Tư 15/7/2026.",
    )


def test_a_stop_within_the_receipt_day_says_that_nothing_changes() -> None:
    clock = ledger(entry(STARTED, at("2026-07-06 10:00"), 3), *stop_of(at("2026-07-06 11:00"), at("2026-07-06 14:00")))
    reckoned = due(clock, CALENDAR)
    assert reckoned.at == at("2026-07-09 17:00")
    assert "Thời gian tạm dừng không lấy mất ngày làm việc nào nên hạn không đổi." in reckoned.explanation


def test_an_open_stop_has_no_end_and_says_why() -> None:
    clock = ledger(
        entry(STARTED, at("2026-07-06 10:00"), 3),
        entry(STOPPED, at("2026-07-07 09:00"), cause="Chờ công dân bổ sung", basis="Điều thử"),
    )
    reckoned = due(clock, CALENDAR)
    assert (clock.stopped, reckoned.stopped, reckoned.at) == (True, True, None)
    assert reckoned.explanation[-1] == (
        "Đang tạm dừng từ 09:00 thứ Ba 7/7/2026: Chờ công dân bổ sung (căn cứ: Điều thử)."
        " Hạn được tính khi thời hạn chạy tiếp."
    )
    assert not any(sentence.startswith("Hạn:") for sentence in reckoned.explanation)


def test_several_open_stops_are_told_together_and_equal_ones_once() -> None:
    stops = [("a", "Chờ công dân"), ("b", "Chờ công dân"), ("c", "Chờ giấy tờ")]
    entries = (
        entry(STOPPED, at("2026-07-07 09:00"), cause=cause, basis="Điều thử", stop=name) for name, cause in stops
    )
    reckoned = due(ledger(entry(STARTED, at("2026-07-06 10:00"), 3), *entries), CALENDAR)
    assert reckoned.explanation[-1] == (
        "Đang tạm dừng từ 09:00 thứ Ba 7/7/2026: Chờ công dân (căn cứ: Điều thử)."
        " Đang tạm dừng từ 09:00 thứ Ba 7/7/2026: Chờ giấy tờ (căn cứ: Điều thử)."
        " Hạn được tính khi thời hạn chạy tiếp."
    )


@pytest.mark.rule("6.7-entries", "6.7-explains")
def test_extension_restart_and_retiming_explain_themselves() -> None:
    clock = ledger(
        entry(STARTED, at("2026-07-06 10:00"), 2),
        entry(EXTENDED, at("2026-07-07 09:00"), 5, cause="Phải xác minh", basis="Quyết định 296/QĐ-VPCP"),
    )
    assert due(clock, CALENDAR).explanation[1] == (
        "Gia hạn 09:00 thứ Ba 7/7/2026, tổng thời hạn mới là 5 ngày làm việc:"
        " Phải xác minh (căn cứ: Quyết định 296/QĐ-VPCP)."
    )
    again = clock.with_entry(entry(RESTARTED, at("2026-07-08 16:00"), cause="Đã nhận bổ sung", basis="Điều thử"))
    again = again.with_entry(
        entry(RETIMED, at("2026-07-09 08:00"), cause="Lịch nghỉ thay đổi", basis="Văn bản thử", calendar_version="abc")
    )
    assert due(again, CALENDAR).explanation == (
        "Tính lại từ đầu toàn bộ thời hạn (5 ngày làm việc): Đã nhận bổ sung (căn cứ: Điều thử).",
        "Tiếp nhận 16:00 thứ Tư 8/7/2026, sau 15 giờ nên tính từ thứ Năm 9/7/2026.",
        "Không tính ngày tiếp nhận (BLDS 2015 Điều 147); 5 ngày làm việc:"
        " thứ Sáu 10/7, thứ Hai 13/7, thứ Ba 14/7, thứ Tư 15/7, thứ Năm 16/7.",
        "Nghỉ: thứ Bảy 11/7, Chủ nhật 12/7.",
        "Đã tính lại 08:00 thứ Năm 9/7/2026 theo lịch làm việc bản abc: Lịch nghỉ thay đổi (căn cứ: Văn bản thử).",
        "Hạn: 17:00 thứ Năm 16/7/2026.",
    )


@pytest.mark.rule("6.6-no-15", "6.6-request-day", "6.6-midnight", "6.7-explains")
def test_a_citizens_limit_explains_itself() -> None:
    reckoned = citizen_due(at("2026-11-23 23:30"), 5, CALENDAR)
    assert (reckoned.at, reckoned.effective_date) == (at("2026-12-02 00:00"), date(2026, 11, 23))
    assert reckoned.explanation[0] == "Yêu cầu lúc 23:30 thứ Hai 23/11/2026."
    assert reckoned.explanation[1] == (
        "Không tính ngày yêu cầu (BLDS 2015 Điều 147); 5 ngày làm việc:"
        " thứ Tư 25/11, thứ Năm 26/11, thứ Sáu 27/11, thứ Hai 30/11, thứ Ba 1/12."
    )
    assert reckoned.explanation[-1] == "Hạn: 24:00 thứ Ba 1/12/2026."


def test_a_citizens_limit_of_nothing_moves_off_a_day_off() -> None:
    on_saturday = citizen_due(at("2026-07-11 09:00"), 0, CALENDAR)
    assert (on_saturday.at, on_saturday.effective_date) == (at("2026-07-14 00:00"), date(2026, 7, 11))
    assert on_saturday.explanation[1] == (
        "Thời hạn ngay trong ngày làm việc: thứ Hai 13/7/2026, vì ngày cuối là ngày nghỉ (BLDS 2015 Điều 148 khoản 5)."
    )
    assert citizen_due(at("2026-07-10 23:59"), 0, CALENDAR).at == at("2026-07-11 00:00")


# Provisional


@pytest.mark.rule("6.1-provisional")
@pytest.mark.parametrize(
    ("received", "working_days", "provisional"),
    [
        ("2027-12-30 10:00", 1, False),
        ("2027-12-31 10:00", 0, False),
        ("2027-12-30 10:00", 2, True),
        ("2027-12-31 15:00:01", 0, True),
        ("2021-12-31 15:00:01", 1, True),
        ("2022-01-01 09:00", 1, False),
        ("2031-05-05 09:00", 0, True),
    ],
)
def test_dates_beyond_the_announced_years_are_provisional(received: str, working_days: int, provisional: bool) -> None:
    reckoned = agency_due(at(received), working_days, CALENDAR)
    assert reckoned.provisional == provisional
    assert reckoned.explanation[-1].endswith(" (tạm tính).") == provisional
    assert any(sentence.startswith("Hạn này là tạm tính") for sentence in reckoned.explanation) == provisional


def test_a_stop_of_an_overdue_clock_that_ends_beyond_the_announced_years_is_provisional() -> None:
    overdue = entry(STARTED, at("2027-12-13 10:00"), 3)
    within = due(ledger(overdue, *stop_of(at("2027-12-30 10:00"), at("2027-12-31 15:00"))), CALENDAR)
    beyond = due(ledger(overdue, *stop_of(at("2027-12-30 10:00"), at("2027-12-31 15:01"))), CALENDAR)
    assert (within.at, within.provisional) == (at("2027-12-17 17:00"), False)
    assert (beyond.at, beyond.provisional) == (at("2027-12-20 17:00"), True)
    assert beyond.explanation[-2].startswith("Hạn này là tạm tính: lịch nghỉ năm 2028 chưa được công bố")


def test_a_citizens_limit_across_the_last_announced_year_is_provisional() -> None:
    assert not citizen_due(at("2027-12-29 20:00"), 2, CALENDAR).provisional
    crossing = citizen_due(at("2027-12-29 20:00"), 3, CALENDAR)
    assert (crossing.provisional, crossing.at) == (True, at("2028-01-04 00:00"))


def test_a_citizens_limit_asked_for_before_the_first_announced_year_is_provisional() -> None:
    assert citizen_due(at("2021-12-31 09:00"), 1, CALENDAR).provisional
    assert not citizen_due(at("2022-01-01 09:00"), 1, CALENDAR).provisional


@pytest.mark.rule("6.1-extendable", "6.7-pure")
def test_an_operators_row_makes_a_running_deadline_final(tmp_path: Path) -> None:
    file = tmp_path / "2028.csv"
    file.write_text(
        "date,kind,reason,document,source,confidence\n2028-01-03,off,Nghỉ bù thử,Văn bản thử,Bản giấy,high\n",
        encoding="utf-8",
    )
    extended = load_calendar(file)
    clock = ledger(entry(STARTED, at("2027-12-30 10:00"), 2))
    before, after = due(clock, CALENDAR), due(clock, extended)
    assert answer(before) == (at("2028-01-03 17:00"), date(2027, 12, 30), True)
    assert answer(after) == (at("2028-01-04 17:00"), date(2027, 12, 30), False)
    assert (before.calendar_version, after.calendar_version) == (CALENDAR.version, extended.version)


# Ledgers


def test_a_clock_without_entries_has_not_started() -> None:
    clock = Clock(rule=RULE)
    assert (clock.started, clock.stopped) == (False, False)
    with pytest.raises(ClockError, match="chưa bắt đầu"):
        due(clock, CALENDAR)
    assert clock.with_entry(entry(STARTED, at("2026-07-06 10:00"), 3)).started


START = entry(STARTED, at("2026-07-06 10:00"), 3)
STOP = entry(STOPPED, at("2026-07-07 10:00"), stop="supplement")


@pytest.mark.parametrize(
    ("entries", "impossible", "message"),
    [
        ((), STOP, "mục đầu tiên phải là started, không phải stopped"),
        ((), entry(RESTARTED, START.at, 3), "mục đầu tiên"),
        ((), entry(RETIMED, START.at, calendar_version="abc"), "mục đầu tiên"),
        ((START,), START, "đã bắt đầu"),
        ((START,), entry(RESUMED, STOP.at), "không có lần tạm dừng nào"),
        ((START, STOP), entry(RESUMED, STOP.at), "không có lần tạm dừng nào"),
        ((START, STOP), entry(RESUMED, STOP.at, stop="payment"), "không có lần tạm dừng “payment” nào"),
        ((START, STOP), STOP, "đang tạm dừng “supplement”"),
        ((START, STOP), entry(RESUMED, at("2026-07-07 09:59"), stop="supplement"), "trước khi tạm dừng"),
        ((START, STOP, entry(RESTARTED, STOP.at)), entry(RESUMED, STOP.at, stop="supplement"), "không có lần tạm dừng"),
    ],
)
def test_impossible_ledgers_are_refused(entries: tuple[ClockEntry, ...], impossible: ClockEntry, message: str) -> None:
    with pytest.raises(ClockError, match=message):
        ledger(*entries).with_entry(impossible)
    with pytest.raises(ValidationError, match=message):
        ledger(*entries, impossible)


@pytest.mark.rule("6.7-basis")
@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "started"},
        {"kind": "started", "working_days": -1},
        {"kind": "extended"},
        {"kind": "stopped", "working_days": 3},
        {"kind": "retimed"},
        {"kind": "retimed", "calendar_version": "abc", "working_days": 3},
        {"kind": "resumed", "calendar_version": "abc"},
        {"kind": "restarted", "stop": "supplement"},
        {"kind": "started", "working_days": 3, "cause": ""},
        {"kind": "started", "working_days": 3, "basis": ""},
        {"kind": "started", "working_days": 3, "at": "2026-07-06T10:00:00"},
    ],
)
def test_impossible_entries_are_refused(fields: dict[str, object]) -> None:
    written = {"at": "2026-07-06T10:00:00+07:00", "cause": "Lý do thử", "basis": "Căn cứ thử", **fields}
    with pytest.raises(ValidationError):
        ClockEntry.model_validate(written)


def test_agencies_may_state_times_out_of_order() -> None:
    clock = ledger(
        START,
        entry(EXTENDED, at("2026-07-09 10:00"), 5),
        *stop_of(at("2026-07-07 10:00"), at("2026-07-08 10:00")),
        entry(STOPPED, at("2026-07-01 10:00"), stop="early"),
        entry(RESUMED, at("2026-07-06 09:00"), stop="early"),
    )
    assert due(clock, CALENDAR).at == at("2026-07-14 17:00")
    assert not clock.stopped


def test_a_restart_forgets_open_stops() -> None:
    clock = ledger(START, STOP, entry(RESTARTED, at("2026-07-13 10:00")))
    assert not clock.stopped
    assert answer(due(clock, CALENDAR)) == answer(agency_due(at("2026-07-13 10:00"), 3, CALENDAR))


def test_stopped_until_the_last_open_stop_ends() -> None:
    clock = ledger(START, STOP, entry(STOPPED, at("2026-07-07 11:00"), stop="payment"))
    one_left = clock.with_entry(entry(RESUMED, at("2026-07-08 10:00"), stop="supplement"))
    none_left = one_left.with_entry(entry(RESUMED, at("2026-07-08 11:00"), stop="payment"))
    assert (one_left.stopped, due(one_left, CALENDAR).at) == (True, None)
    assert (none_left.stopped, due(none_left, CALENDAR).at) == (False, at("2026-07-10 17:00"))


def test_a_late_stop_does_not_undo_lateness() -> None:
    overdue = ledger(START, *stop_of(at("2026-07-14 10:00"), at("2026-07-16 10:00")))
    assert due(overdue, CALENDAR).at == at("2026-07-13 17:00")


@pytest.mark.rule("6.7-pure")
def test_a_clock_survives_json() -> None:
    clock = ledger(START, STOP, rule=RULE.model_copy(update={"late_after": time(16)}))
    again = Clock.model_validate_json(clock.model_dump_json())
    assert again == clock
    assert due(again, CALENDAR) == Due.model_validate_json(due(clock, CALENDAR).model_dump_json())


# Beyond what dates can say


@pytest.mark.parametrize("working_days", [10**7, 10**40])
def test_an_absurd_limit_is_a_clear_error(working_days: int) -> None:
    for limit in (agency_due, citizen_due):
        with pytest.raises(ClockError, match="ngoài các năm 1–9999"):
            limit(at("2026-07-10 10:00"), working_days, CALENDAR)


@pytest.mark.parametrize("instant", [datetime.max.replace(tzinfo=UTC), datetime(9999, 12, 31, 16, tzinfo=LEGAL_ZONE)])
def test_the_end_of_time_is_a_clear_error(instant: datetime) -> None:
    for refused in (
        lambda: agency_due(instant, 0, CALENDAR),
        lambda: citizen_due(instant, 0, CALENDAR),
        lambda: effective_day(instant, CALENDAR, RULE),
    ):
        with pytest.raises(ClockError, match="ngoài các năm 1–9999"):
            refused()


def test_naive_instants_and_negative_limits_are_clear_errors() -> None:
    naive = datetime(2026, 7, 10, 10)  # noqa: DTZ001
    for limit in (agency_due, citizen_due):
        with pytest.raises(ClockError, match="phải có múi giờ"):
            limit(naive, 1, CALENDAR)
        with pytest.raises(ClockError, match="không được âm: -1"):
            limit(at("2026-07-10 10:00"), -1, CALENDAR)
    with pytest.raises(ClockError, match="phải có múi giờ"):
        effective_day(naive, CALENDAR, RULE)
    with pytest.raises(ClockError, match="phải có múi giờ"):
        timeliness(naive, at("2026-07-10 10:00"))


# Timeliness


@pytest.mark.parametrize(
    ("done", "expected"),
    [
        ("2026-07-14 23:59:59", Timeliness.EARLY),
        ("2026-07-15 00:00:00", Timeliness.ON_TIME),
        ("2026-07-15 17:00:00", Timeliness.ON_TIME),
        ("2026-07-15 17:00:00.000001", Timeliness.LATE),
        ("2026-07-16 08:00:00", Timeliness.LATE),
    ],
)
def test_timeliness(done: str, expected: Timeliness) -> None:
    assert timeliness(at(done), at("2026-07-15 17:00")) is expected
    assert timeliness(at(done).astimezone(UTC), at("2026-07-15 17:00").astimezone(UTC)) is expected


# Laws every ledger obeys

instants = st.datetimes(datetime(2021, 12, 1), datetime(2028, 1, 31), timezones=st.just(LEGAL_ZONE))  # noqa: DTZ001
limits = st.integers(min_value=0, max_value=20)
spans = st.tuples(instants, st.timedeltas(timedelta(), timedelta(days=40))).map(
    lambda span: (span[0], span[0] + span[1])
)
near_spans = st.tuples(st.timedeltas(timedelta(days=-5), timedelta(days=20)), st.timedeltas(timedelta(), timedelta(20)))


@settings(deadline=None)
@given(instants, instants, limits)
def test_later_receipt_never_ends_earlier(one: datetime, other: datetime, working_days: int) -> None:
    earlier, later = sorted((one, other))
    for limit in (agency_due, citizen_due):
        first, second = limit(earlier, working_days, CALENDAR).at, limit(later, working_days, CALENDAR).at
        assert first is not None
        assert second is not None
        assert first <= second


@settings(deadline=None)
@given(instants, limits)
def test_the_effective_day_is_a_fixed_point(received: datetime, working_days: int) -> None:
    effective = effective_day(received, CALENDAR, RULE)
    on_it = datetime.combine(effective, time(15), LEGAL_ZONE)
    assert effective_day(on_it, CALENDAR, RULE) == effective
    reckoned = agency_due(received, working_days, CALENDAR)
    assert (reckoned.at, reckoned.effective_date) == answer(agency_due(on_it, working_days, CALENDAR))[:2]
    assert agency_due(received, working_days, CALENDAR) == reckoned


@pytest.mark.rule("6.3-close-of-business")
@settings(deadline=None)
@given(instants, limits)
def test_a_limit_ends_at_17_of_a_working_day(received: datetime, working_days: int) -> None:
    ends_at = agency_due(received, working_days, CALENDAR).at
    assert ends_at is not None
    assert (ends_at.time(), CALENDAR.is_working(ends_at.date())) == (time(17), True)
    assert ends_at >= received


@settings(deadline=None)
@given(instants, limits, st.lists(near_spans, max_size=4), near_spans)
def test_one_more_stop_never_ends_earlier(
    received: datetime,
    working_days: int,
    spread: list[tuple[timedelta, timedelta]],
    another: tuple[timedelta, timedelta],
) -> None:
    clock = ledger(entry(STARTED, received, working_days))
    ends = []
    for offset, length in [*spread, another]:
        ends.append(due(clock, CALENDAR).at or received)
        opened, ended = stop_of(received + offset, received + offset + length)
        assert due(clock.with_entry(opened), CALENDAR).at is None
        clock = clock.with_entry(opened).with_entry(ended)
    ends.append(due(clock, CALENDAR).at or received)
    assert ends == sorted(ends)


@pytest.mark.rule("6.5-merged")
@settings(deadline=None)
@given(instants, limits, near_spans, near_spans)
def test_overlapping_stops_equal_their_union(
    received: datetime,
    working_days: int,
    one: tuple[timedelta, timedelta],
    other: tuple[timedelta, timedelta],
) -> None:
    (first, first_end), (second, second_end) = sorted(
        (received + offset, received + offset + length) for offset, length in (one, other)
    )
    assume(second <= first_end)
    start = entry(STARTED, received, working_days)
    union = due(ledger(start, *stop_of(first, max(first_end, second_end))), CALENDAR)
    (open_one, end_one), (open_two, end_two) = stop_of(first, first_end, "one"), stop_of(second, second_end, "two")
    for overlapping in ((open_one, open_two, end_one, end_two), (open_two, open_one, end_two, end_one)):
        assert answer(due(ledger(start, *overlapping), CALENDAR)) == answer(union)


@settings(deadline=None)
@given(instants, limits, spans, st.booleans(), instants, st.none() | limits, near_spans)
def test_a_restart_equals_a_fresh_clock(
    received: datetime,
    working_days: int,
    before: tuple[datetime, datetime],
    left_open: bool,
    again: datetime,
    new_limit: int | None,
    after: tuple[timedelta, timedelta],
) -> None:
    opened, ended = stop_of(*before)
    past = (opened,) if left_open else (opened, ended)
    later = stop_of(again + after[0], again + after[0] + after[1])
    limit = working_days if new_limit is None else new_limit
    restarted = ledger(entry(STARTED, received, working_days), *past, entry(RESTARTED, again, new_limit), *later)
    fresh = ledger(entry(STARTED, again, limit), *later)
    assert answer(due(restarted, CALENDAR)) == answer(due(fresh, CALENDAR))
    assert due(restarted, CALENDAR).working_days == limit


@settings(deadline=None)
@given(instants, limits, limits, spans)
def test_an_extension_equals_the_longer_limit_from_the_same_receipt(
    received: datetime, working_days: int, total: int, stopped: tuple[datetime, datetime]
) -> None:
    extended = ledger(entry(STARTED, received, working_days), entry(EXTENDED, stopped[0], total), *stop_of(*stopped))
    longer = ledger(entry(STARTED, received, total), *stop_of(*stopped))
    assert answer(due(extended, CALENDAR)) == answer(due(longer, CALENDAR))


@settings(deadline=None)
@given(instants, limits, spans)
def test_retiming_only_records(received: datetime, working_days: int, stopped: tuple[datetime, datetime]) -> None:
    clock = ledger(entry(STARTED, received, working_days), *stop_of(*stopped))
    retimed = clock.with_entry(entry(RETIMED, stopped[1], calendar_version=CALENDAR.version))
    assert answer(due(retimed, CALENDAR)) == answer(due(clock, CALENDAR))
