"""Legal clocks: a ledger of entries, and the due date as a pure function of ledger and calendar (REQUIREMENTS §6, §10).

Days are counted in working days of ``models.calendar``, instants are zone-aware, and all arithmetic is done on the
clock of Asia/Ho_Chi_Minh. Every due date explains itself in Vietnamese.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple, Self

from pydantic import Field, model_validator

from models import clock_words as words
from models.base import LEGAL_ZONE, BeyondCalendar, Instant, LongText, Model, Text, legal, legal_date
from models.calendar import CalendarError, WorkingCalendar
from models.labelled import Labelled


class ClockError(ValueError):
    """A ledger that cannot be, a naive instant, a negative limit, or a date beyond the year 9999; in Vietnamese."""


class ReceiptRule(Model):
    """When a receipt counts for its own day, and when the working day closes (hours of Asia/Ho_Chi_Minh).

    [choice] §6.2, §10: "sau 15 giờ" is strictly later than ``late_after``, so 15:00:00 is in time; the rule looks at
    every agency's receipt of an e-dossier, and is a parameter of each procedure. [choice] §6.3: a limit ends at
    ``closes_at``.
    """

    late_after: time
    closes_at: time
    basis: LongText

    @model_validator(mode="after")
    def _a_working_day(self) -> Self:
        if self.late_after.tzinfo or self.closes_at.tzinfo:
            raise ClockError("giờ của quy tắc tiếp nhận là giờ Việt Nam, không ghi múi giờ")
        if self.late_after > self.closes_at:
            raise ClockError("giờ chốt tiếp nhận không được sau giờ hết ngày làm việc")
        return self


class ClockEntryKind(StrEnum):
    """What happened to a clock."""

    STARTED = "started"
    STOPPED = "stopped"
    RESUMED = "resumed"
    EXTENDED = "extended"
    RESTARTED = "restarted"
    RETIMED = "retimed"


_MUST_LIMIT = {ClockEntryKind.STARTED, ClockEntryKind.EXTENDED}
_MAY_LIMIT = {*_MUST_LIMIT, ClockEntryKind.RESTARTED}
_MAY_NAME_STOP = {ClockEntryKind.STOPPED, ClockEntryKind.RESUMED}


class ClockEntry(Model):
    """One line of a clock's ledger: what happened when (the instant the agency states), why, and on what legal basis.

    ``working_days`` is the total limit that holds from here on: given on STARTED and EXTENDED, optional on RESTARTED
    (none: the limit in force), absent elsewhere. ``stop`` tells overlapping stops apart: a RESUMED ends the open stop
    of the same name. ``calendar_version`` is the calendar a RETIMED was made under.
    """

    kind: ClockEntryKind
    at: Instant
    cause: LongText
    basis: LongText
    working_days: int | None = Field(default=None, ge=0)
    stop: Text | None = None
    calendar_version: Text | None = None

    @model_validator(mode="after")
    def _fields_fit_kind(self) -> Self:
        if self.working_days is None and self.kind in _MUST_LIMIT:
            raise ClockError(f"mục {self.kind} phải có số ngày làm việc")
        if self.working_days is not None and self.kind not in _MAY_LIMIT:
            raise ClockError(f"mục {self.kind} không mang số ngày làm việc")
        if self.stop is not None and self.kind not in _MAY_NAME_STOP:
            raise ClockError(f"mục {self.kind} không mang tên lần tạm dừng")
        if (self.calendar_version is not None) != (self.kind is ClockEntryKind.RETIMED):
            raise ClockError(f"mục {self.kind}: chỉ mục retimed mang bản lịch làm việc, và phải có")
        return self

    @property
    def because(self) -> str:
        """Cause and legal basis as the end of a sentence."""
        return f"{self.cause.rstrip('.')} (căn cứ: {self.basis.rstrip('.')})"


class Clock(Model):
    """The ledger of one clock in the order of recording; without entries the clock has not started.

    Instants need not ascend, because agencies state their own times late; only a resumption may not precede its stop.
    A ledger that cannot be (first entry not STARTED, a second STARTED, a resumption without its stop, a stop opened
    twice under one name) is refused: ``with_entry`` raises ClockError, the constructor a ValidationError that says so.
    """

    rule: ReceiptRule
    entries: tuple[ClockEntry, ...] = ()

    @model_validator(mode="after")
    def _possible(self) -> Self:
        _read(self.entries)
        return self

    def with_entry(self, entry: ClockEntry) -> "Clock":
        """The same clock one entry later; ClockError if the entry cannot follow the others."""
        entries = (*self.entries, entry)
        _read(entries)
        return self.model_copy(update={"entries": entries})

    @property
    def started(self) -> bool:
        """Whether the clock has ever started."""
        return bool(self.entries)

    @property
    def stopped(self) -> bool:
        """Whether a stop is open now."""
        reading = _read(self.entries)
        return reading is not None and bool(reading.open_stops)


class _Reading(NamedTuple):
    """What a ledger amounts to: the receipt that counts, the limit in force, and what happened since that receipt."""

    receipt: ClockEntry
    working_days: int
    ended_stops: tuple[tuple[ClockEntry, ClockEntry], ...] = ()
    open_stops: tuple[ClockEntry, ...] = ()
    extensions: tuple[ClockEntry, ...] = ()
    retimed: ClockEntry | None = None


def _read(entries: tuple[ClockEntry, ...]) -> _Reading | None:
    reading = None
    for entry in entries:
        reading = _started(entry) if reading is None else _followed(reading, entry)
    return reading


def _started(entry: ClockEntry) -> _Reading:
    if entry.kind is not ClockEntryKind.STARTED:
        raise ClockError(f"mục đầu tiên phải là started, không phải {entry.kind}")
    return _Reading(entry, entry.working_days or 0)


def _followed(reading: _Reading, entry: ClockEntry) -> _Reading:
    match entry.kind:
        case ClockEntryKind.STARTED:
            raise ClockError("thời hạn đã bắt đầu, không thể bắt đầu lần nữa; tính lại từ đầu là mục restarted")
        case ClockEntryKind.STOPPED:
            if any(open_stop.stop == entry.stop for open_stop in reading.open_stops):
                raise ClockError(f"đang tạm dừng{_named(entry)}, không thể tạm dừng lần nữa cùng tên")
            return reading._replace(open_stops=(*reading.open_stops, entry))
        case ClockEntryKind.RESUMED:
            return _resumed(reading, entry)
        case ClockEntryKind.EXTENDED:
            return reading._replace(working_days=entry.working_days or 0, extensions=(*reading.extensions, entry))
        case ClockEntryKind.RESTARTED:
            return _Reading(entry, reading.working_days if entry.working_days is None else entry.working_days)
        case ClockEntryKind.RETIMED:
            return reading._replace(retimed=entry)


def _resumed(reading: _Reading, entry: ClockEntry) -> _Reading:
    ended = next((open_stop for open_stop in reading.open_stops if open_stop.stop == entry.stop), None)
    if ended is None:
        raise ClockError(f"không có lần tạm dừng{_named(entry)} nào đang mở để chạy tiếp")
    if entry.at < ended.at:
        raise ClockError(f"chạy tiếp lúc {entry.at.isoformat()} trước khi tạm dừng lúc {ended.at.isoformat()}")
    return reading._replace(
        ended_stops=(*reading.ended_stops, (ended, entry)),
        open_stops=tuple(open_stop for open_stop in reading.open_stops if open_stop is not ended),
    )


def _named(entry: ClockEntry) -> str:
    return f" “{entry.stop}”" if entry.stop else ""


class Due(Model):
    """When a limit ends, and why.

    ``at`` is None while the clock is stopped: the end is not known yet. ``effective_date`` is day 0 of the count: the
    effective receipt day, or the day of a request. ``working_days`` is the limit in force, without what stops add.
    ``provisional``: some day from receipt or request to the end (while stopped: to the earliest possible end), or to
    a resumption that came later than the end, lies outside the announced calendar, so the date may still move.
    ``remind_at`` is when the agency is reminded of it, where an agency is (``models.lateness``).
    """

    at: Instant | None
    effective_date: date
    working_days: int
    provisional: bool
    stopped: bool
    calendar_version: str
    explanation: tuple[str, ...]
    remind_at: Instant | None = None


class Timeliness(Labelled):
    """Whether a result came before, on, or after its time."""

    EARLY = "early", "sớm hạn"
    ON_TIME = "on_time", "đúng hạn"
    LATE = "late", "quá hạn"


@contextmanager
def _within_calendar() -> Iterator[None]:
    try:
        yield
    except (CalendarError, BeyondCalendar, OverflowError) as error:
        raise ClockError(f"hạn nằm ngoài các năm {date.min.year}–{date.max.year}, không tính được") from error


@_within_calendar()
def effective_day(instant: datetime, calendar: WorkingCalendar, rule: ReceiptRule) -> date:
    """The working day a receipt or resumption counts on (§6.2): its own until ``late_after``, else the next.

    Raises ClockError for a naive instant and for dates beyond the year 9999.
    """
    local = _legal(instant)
    in_time = calendar.is_working(local.date()) and local.time() <= rule.late_after
    return local.date() if in_time else calendar.next_working(local.date())


@_within_calendar()
def due(clock: Clock, calendar: WorkingCalendar) -> Due:
    """When the clock's limit ends under that calendar: ``closes_at`` of the last working day (§6.2–6.5).

    Day 0 is the effective receipt day and is not counted (Civil Code 91/2015 art. 147); a limit of 0 ends on it.
    [choice] Stops give back the distinct working days d with max(day of stop, effective receipt day) < d <= effective
    day of the resumption: a working day lost to several stops is given back once. A restart forgets the receipt and the
    stops before it, open ones included, and the full limit in force runs anew. An extension keeps its receipt.

    Raises ClockError for a clock that has not started and for dates beyond the year 9999.
    """
    reading = _read(clock.entries)
    if reading is None:
        raise ClockError("thời hạn chưa bắt đầu nên chưa có hạn")
    count = _count(reading, calendar, clock.rule)
    return Due(
        at=None if reading.open_stops else datetime.combine(count.last, clock.rule.closes_at, LEGAL_ZONE),
        effective_date=count.start,
        working_days=reading.working_days,
        provisional=count.provisional,
        stopped=bool(reading.open_stops),
        calendar_version=calendar.version,
        explanation=tuple(_explain(reading, count, calendar, clock.rule)),
    )


def agency_due(received_at: datetime, working_days: int, calendar: WorkingCalendar, rule: ReceiptRule) -> Due:
    """When an agency that received a dossier at that instant must be done: the due date of a clock just started.

    Raises ClockError for a naive instant, negative working days and dates beyond the year 9999.
    """
    started = ClockEntry(
        kind=ClockEntryKind.STARTED,
        at=_legal(received_at),
        cause="Cơ quan tiếp nhận hồ sơ",
        basis=rule.basis,
        working_days=_not_negative(working_days),
    )
    return due(Clock(rule=rule, entries=(started,)), calendar)


@_within_calendar()
def citizen_due(requested_at: datetime, working_days: int, calendar: WorkingCalendar) -> Due:
    """When a citizen's answer is due (§6.6): 24:00 of the last working day, given as the next midnight.

    No 15:00 rule; the day of the request is not counted (Civil Code 91/2015 art. 147). A limit of 0 ends with the day
    of the request or, if that is a day off, with the next working day (art. 148(5)); days end at 24:00 (art. 148(6)).

    Raises ClockError for a naive instant, negative working days and dates beyond the year 9999.
    """
    requested = _legal(requested_at).date()
    last = calendar.add(requested, _not_negative(working_days))
    moved = not calendar.is_working(last)
    if moved:
        last = calendar.next_working(last)
    provisional = not (calendar.announced(requested) and calendar.announced(last))

    def explanation() -> Iterator[str]:
        yield words.requested(requested_at)
        if working_days:
            yield words.counted("ngày yêu cầu", requested, working_days, calendar)
        else:
            yield words.same_day(last, moved=moved)
        yield from words.skipped(requested, last, calendar)
        if provisional:
            yield words.provisional(requested, last, calendar)
        yield words.ends("24:00", last, provisional=provisional)

    return Due(
        at=datetime.combine(last + timedelta(days=1), time(), LEGAL_ZONE),
        effective_date=requested,
        working_days=working_days,
        provisional=provisional,
        stopped=False,
        calendar_version=calendar.version,
        explanation=tuple(explanation()),
    )


def timeliness(done_at: datetime, due_at: datetime) -> Timeliness:
    """Whether a result is early (on an earlier legal date than due), on time, or late (after the due instant).

    Early compares by date, as practised for the indicators of Decision 766/QĐ-TTg (LAW C.3); late compares instants,
    because a limit ends at an hour (§6.3). Both instants are zone-aware; ClockError if not.
    """
    done, end = _legal(done_at), _legal(due_at)
    if done.date() < end.date():
        return Timeliness.EARLY
    return Timeliness.ON_TIME if done <= end else Timeliness.LATE


class _Count(NamedTuple):
    """The days of a reading: receipt, day 0, the day each stop counts as over, what stops give back, the last day."""

    received: date
    start: date
    resumptions: tuple[date, ...]
    given_back: int
    last: date
    horizon: date
    provisional: bool


def _count(reading: _Reading, calendar: WorkingCalendar, rule: ReceiptRule) -> _Count:
    received = legal_date(reading.receipt.at)
    start = effective_day(reading.receipt.at, calendar, rule)
    resumptions = tuple(effective_day(resumed.at, calendar, rule) for _, resumed in reading.ended_stops)
    given_back, counted_through = 0, start
    for after, through in sorted(
        (legal_date(stop.at), resumption)
        for (stop, _), resumption in zip(reading.ended_stops, resumptions, strict=True)
    ):
        given_back += calendar.working_days_between(max(after, counted_through), through)
        counted_through = max(counted_through, through)
    last = calendar.add(start, reading.working_days + given_back)
    horizon = max(last, *resumptions, start)
    provisional = not (calendar.announced(received) and calendar.announced(horizon))
    return _Count(received, start, resumptions, given_back, last, horizon, provisional)


def _explain(reading: _Reading, count: _Count, calendar: WorkingCalendar, rule: ReceiptRule) -> Iterator[str]:
    receipt = reading.receipt
    if receipt.kind is ClockEntryKind.RESTARTED:
        yield words.restarted(reading.working_days, receipt.because)
    yield words.received(receipt.at, count.start, rule.late_after, calendar)
    for entry in reading.extensions:
        yield words.extended(entry.at, entry.working_days or 0, entry.because)
    if reading.working_days:
        yield words.counted("ngày tiếp nhận", count.start, reading.working_days, calendar)
    else:
        yield words.same_day(count.start)
    for (stop, resumed), resumption in zip(reading.ended_stops, count.resumptions, strict=True):
        yield words.stopped(stop.at, resumed.at, resumption, rule.late_after, calendar, stop.because)
    if reading.ended_stops:
        yield words.given_back(count.given_back, several=len(reading.ended_stops) > 1)
    yield from words.skipped(count.received, count.last, calendar)
    if reading.retimed:
        yield words.retimed(reading.retimed.at, reading.retimed.calendar_version or "", reading.retimed.because)
    if count.provisional:
        yield words.provisional(count.received, count.horizon, calendar)
    if reading.open_stops:
        yield words.waiting((stop.at, stop.because) for stop in reading.open_stops)
    else:
        yield words.ends(f"{rule.closes_at:%H:%M}", count.last, provisional=count.provisional)


@_within_calendar()
def _legal(instant: datetime) -> datetime:
    if instant.utcoffset() is None:
        raise ClockError(f"thời điểm {instant.isoformat()} phải có múi giờ")
    return legal(instant)


def _not_negative(working_days: int) -> int:
    if working_days < 0:
        raise ClockError(f"số ngày làm việc không được âm: {working_days}")
    return working_days
