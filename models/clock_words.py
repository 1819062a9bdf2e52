"""The sentences in which a due date explains itself to citizens and operators, in Vietnamese (REQUIREMENTS §6.7).

Pure wording: every number and day is decided in ``models.clock`` and only said here.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from itertools import islice

from models.base import legal
from models.calendar import WEEKDAYS, CalendarDay, DayKind, WorkingCalendar
from models.words import day_words

_LISTED_WORKING_DAYS = 7
_LISTED_REST_DAYS = 4
_LISTED_DAYS = 12


def moment_words(instant: datetime, boundary: time | None = None) -> str:
    """15:07 thứ Sáu 28/8/2026; with seconds where minutes alone could not be told from the boundary."""
    local = legal(instant)
    hour = local.time()
    unclear = boundary is not None and hour != boundary and (hour.hour, hour.minute) == (boundary.hour, boundary.minute)
    return f"{hour.isoformat() if unclear else f'{hour:%H:%M}'} {day_words(local.date())}"


def limit_words(working_days: int) -> str:
    """3 ngày làm việc; ngay trong ngày làm việc"""
    return f"{working_days} ngày làm việc" if working_days else "ngay trong ngày làm việc"


def received(instant: datetime, effective: date, late_after: time, calendar: WorkingCalendar) -> str:
    """The receipt and, where it is another, the day it counts from."""
    moved = _moved(instant, effective, late_after, calendar, "tính từ")
    return f"Tiếp nhận {moment_words(instant, late_after)}{moved}."


def restarted(working_days: int, because: str) -> str:
    """The full limit runs anew; the receipt it runs from is the next sentence."""
    return f"Tính lại từ đầu toàn bộ thời hạn ({limit_words(working_days)}): {because}."


def extended(instant: datetime, working_days: int, because: str) -> str:
    """A new total limit from the same receipt."""
    return f"Gia hạn {moment_words(instant)}, tổng thời hạn mới là {limit_words(working_days)}: {because}."


def requested(instant: datetime) -> str:
    """The request a citizen's limit runs from."""
    return f"Yêu cầu lúc {moment_words(instant)}."


def counted(event: str, start: date, working_days: int, calendar: WorkingCalendar) -> str:
    """The working days (1 or more) after day 0, named one by one or, where there are many, first and last."""
    if working_days <= _LISTED_WORKING_DAYS:
        days = (calendar.add(start, number) for number in range(1, working_days + 1))
        listed = ", ".join(_short(day, start) for day in days)
    else:
        first, last = calendar.add(start, 1), calendar.add(start, working_days)
        listed = f"từ {_short(first, start)} đến {_short(last, start)}"
    return f"Không tính {event} (BLDS 2015 Điều 147); {limit_words(working_days)}: {listed}."


def same_day(day: date, *, moved: bool = False) -> str:
    """A limit of 0 working days, and whether its day off was moved to the next working day."""
    why = ", vì ngày cuối là ngày nghỉ (BLDS 2015 Điều 148 khoản 5)" if moved else ""
    return f"Thời hạn ngay trong ngày làm việc: {day_words(day)}{why}."


def stopped(
    at: datetime, resumed: datetime, effective: date, late_after: time, calendar: WorkingCalendar, because: str
) -> str:
    """One stop that has ended, and the day its end counts as."""
    moved = _moved(resumed, effective, late_after, calendar, "tính đến")
    return f"Tạm dừng từ {moment_words(at)} đến {moment_words(resumed, late_after)}{moved}: {because}."


def given_back(working_days: int, *, several: bool) -> str:
    """What the stops add together."""
    if not working_days:
        return "Thời gian tạm dừng không lấy mất ngày làm việc nào nên hạn không đổi."
    once = "; ngày bị tạm dừng nhiều lần chỉ cộng một lần" if several else ""
    return f"Cộng thêm {working_days} ngày làm việc đã tạm dừng{once}."


def waiting(stops: Iterable[tuple[datetime, str]]) -> str:
    """The stops that have not ended, since when and why; equal ones once."""
    sentences = dict.fromkeys(f"Đang tạm dừng từ {moment_words(at)}: {because}." for at, because in stops)
    return " ".join([*sentences, "Hạn được tính khi thời hạn chạy tiếp."])


def retimed(instant: datetime, version: str, because: str) -> str:
    """The record that the calendar changed under a running clock."""
    return f"Đã tính lại {moment_words(instant)} theo lịch làm việc bản {version}: {because}."


def skipped(first: date, last: date, calendar: WorkingCalendar) -> Iterator[str]:
    """Days off and days announced as worked from ``first`` through ``last``, with their reasons and documents."""
    announced = sorted((day, row) for day, row in calendar.days.items() if first <= day <= last)
    off = {day: row for day, row in announced if row.kind is DayKind.OFF}
    worked = {day: row for day, row in announced if row.kind is DayKind.WORK}
    rest_days = (last - first).days + 1 - len(off)
    rest_days -= calendar.working_days_between(first, last) + calendar.is_working(first)
    if rest_days > _LISTED_REST_DAYS:
        yield f"Nghỉ: {', '.join([f'{rest_days} ngày cuối tuần', *_listed(off, off, first)])}."
    elif rest_days or off:
        days = (first + timedelta(offset) for offset in range((last - first).days + 1))
        yield f"Nghỉ: {', '.join(_listed([day for day in days if not calendar.is_working(day)], off, first))}."
    if worked:
        yield f"Vẫn làm việc: {', '.join(_listed(worked, worked, first))}."
    documents = dict.fromkeys(row.document for row in (*off.values(), *worked.values()))
    if documents:
        yield f"Căn cứ lịch: {'; '.join(list(documents)[:_LISTED_DAYS])}."


def provisional(first: date, last: date, calendar: WorkingCalendar) -> str:
    """Why the date may still move: years whose days off are not announced."""
    before = (first.year, min(last.year, calendar.first_year - 1))
    after = (max(first.year, calendar.last_year + 1), last.year)
    spans = [f"{start}" if start == end else f"{start}–{end}" for start, end in (before, after) if start <= end]
    return (
        f"Hạn này là tạm tính: lịch nghỉ năm {' và '.join(spans)} chưa được công bố"
        f" (lịch làm việc hiện có {calendar.first_year}–{calendar.last_year}), nên chỉ trừ thứ Bảy và Chủ nhật."
    )


def ends(hour: str, day: date, *, provisional: bool) -> str:
    """The last sentence: the due date itself."""
    return f"Hạn: {hour} {day_words(day)}{' (tạm tính)' if provisional else ''}."


def _moved(instant: datetime, effective: date, late_after: time, calendar: WorkingCalendar, counts: str) -> str:
    day = legal(instant).date()
    if day == effective:
        return ""
    minutes = f" {late_after:%M}" if late_after.minute else ""
    why = f"sau {late_after.hour} giờ{minutes}" if calendar.is_working(day) else "là ngày nghỉ"
    return f", {why} nên {counts} {day_words(effective)}"


def _short(day: date, near: date) -> str:
    year = "" if day.year == near.year else f"/{day.year}"
    return f"{WEEKDAYS[day.weekday()]} {day.day}/{day.month}{year}"


def _listed(days: Collection[date], rows: Mapping[date, CalendarDay], near: date) -> Iterator[str]:
    """Each day with its announced reason, if it has one; beyond a dozen only how many more."""
    for day in islice(days, _LISTED_DAYS):
        yield f"{_short(day, near)} – {rows[day].reason}" if day in rows else _short(day, near)
    if len(days) > _LISTED_DAYS:
        yield f"và {len(days) - _LISTED_DAYS} ngày khác"
