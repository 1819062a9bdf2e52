"""The working calendar of Vietnamese state agencies: data with citations, and day arithmetic on it.

REQUIREMENTS §6.1: official days off, compensatory days and swapped Saturdays that are worked come from announcements
and cannot be computed. They are rows of ``models/data/working_calendar.csv``; an operator adds rows in files of the
same columns. Legal basis: Labour Code 45/2019/QH14 art. 111(3), 112; each row cites its announcement.
"""

import csv
import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from importlib import resources
from io import StringIO
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple, Self

from pydantic import Field, ValidationError, model_validator

from models.base import Model, Text

WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")
"""Vietnamese names of the days of the week, Monday first, as written inside a sentence."""

COLUMNS = ("date", "kind", "reason", "document", "source", "confidence")
"""The columns of a calendar file, packaged or an operator's, in this order."""

_PACKAGED = "working_calendar.csv"
_LAST_ORDINAL = date.max.toordinal()


class CalendarError(ValueError):
    """A calendar file that cannot be used (file and line are named), or a day beyond the year 9999; in Vietnamese."""


class DayKind(StrEnum):
    """What a row says of its day: not worked (holiday, compensation, swap), or worked although it is a rest day."""

    OFF = "off"
    WORK = "work"


class Confidence(StrEnum):
    """How sure the row is: ``medium`` means derived from the law or reported, the announcement itself was not read."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class CalendarDay(Model):
    """One announced day: its kind, the Vietnamese reason, the announcing document and where that was read."""

    kind: DayKind
    reason: Text
    document: Text
    source: Text
    confidence: Confidence


class WorkingCalendar(Model):
    """Announced days of the years ``first_year``..``last_year``; every other day is worked Monday to Friday.

    Outside those years only weekends are off, so every answer there is provisional (see ``announced``): whoever shows
    one must say so. A row wins over the weekday: ``work`` makes any day a working day, ``off`` makes any day a day off.
    Every lookup and every addition is logarithmic in the number of rows, however many days it spans.
    """

    first_year: int = Field(ge=date.min.year, le=date.max.year)
    last_year: int = Field(ge=date.min.year, le=date.max.year)
    days: Mapping[date, CalendarDay]

    @model_validator(mode="after")
    def _days_within_years(self) -> Self:
        if self.first_year > self.last_year:
            raise CalendarError(f"năm đầu {self.first_year} sau năm cuối {self.last_year}")
        for day in self.days:
            if not self.announced(day):
                raise CalendarError(f"ngày {day} nằm ngoài các năm {self.first_year}–{self.last_year}")
        return self

    @cached_property
    def _index(self) -> "_Index":
        return _Index.of(self.days)

    @cached_property
    def version(self) -> str:
        """Short SHA-256 of the canonical content; two calendars with one version give the same answers and reasons."""
        content = self.model_dump(mode="json")
        content["days"] = dict(sorted(content["days"].items()))
        canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return sha256(canonical.encode()).hexdigest()[:12]

    def announced(self, day: date) -> bool:
        """Whether the days off of that day's year are announced; if not, what the calendar says is provisional."""
        return self.first_year <= day.year <= self.last_year

    def is_working(self, day: date) -> bool:
        """Whether agencies work on that day; worked swapped Saturdays are working days."""
        return (day.weekday() < 5) != (day.toordinal() in self._index.exceptional)

    def next_working(self, day: date) -> date:
        """The first working day strictly after ``day``; CalendarError beyond the year 9999."""
        return self.add(day, 1)

    def add(self, day: date, working_days: int) -> date:
        """The n-th working day strictly after ``day``, n in working days; n = 0 gives ``day`` itself, even a day off.

        Raises CalendarError for a negative n and for a result beyond the year 9999.
        """
        if working_days < 0:
            raise CalendarError(f"số ngày làm việc không được âm: {working_days}")
        if working_days == 0:
            return day
        index = self._index
        ordinal = index.nth(index.count(day.toordinal()) + working_days)
        if ordinal > _LAST_ORDINAL:
            raise CalendarError(f"ngày làm việc thứ {working_days} sau {day:%d/%m/%Y} vượt quá năm {date.max.year}")
        return date.fromordinal(ordinal)

    def working_days_between(self, after: date, through: date) -> int:
        """How many working days d there are with after < d <= through; 0 if ``through`` is not later."""
        count = self._index.count
        return max(0, count(through.toordinal()) - count(after.toordinal()))


class _Index(NamedTuple):
    """Working days numbered from 0001-01-01, a Monday with ordinal 1, so that both directions are one bisection."""

    exceptions: tuple[int, ...]
    """Ordinals of the days that are not what their weekday says, ascending."""
    exceptional: frozenset[int]
    shifts: tuple[int, ...]
    """``shifts[i]``: working days gained (+) or lost (-) by the first i exceptions."""
    numbers: tuple[int, ...]
    """Working days up to and including each exception."""

    @classmethod
    def of(cls, days: Mapping[date, CalendarDay]) -> Self:
        swapped = sorted(day for day, row in days.items() if (row.kind is DayKind.WORK) != (day.weekday() < 5))
        shifts = tuple(accumulate((-1 if day.weekday() < 5 else 1 for day in swapped), initial=0))
        exceptions = tuple(day.toordinal() for day in swapped)
        numbers = tuple(_weekdays(ordinal) + shift for ordinal, shift in zip(exceptions, shifts[1:], strict=True))
        return cls(exceptions, frozenset(exceptions), shifts, numbers)

    def count(self, ordinal: int) -> int:
        """Working days through the ordinal."""
        return _weekdays(ordinal) + self.shifts[bisect_right(self.exceptions, ordinal)]

    def nth(self, number: int) -> int:
        """Ordinal of the working day of that number, from 1."""
        index = bisect_left(self.numbers, number)
        weeks, rest = divmod(number - self.shifts[index] - 1, 5)
        ordinal = 7 * weeks + rest + 1
        return min(ordinal, self.exceptions[index]) if index < len(self.exceptions) else ordinal


def _weekdays(ordinal: int) -> int:
    """Days from Monday to Friday through the ordinal."""
    weeks, rest = divmod(ordinal, 7)
    return 5 * weeks + min(rest, 5)


def load_calendar(*extra: Path) -> WorkingCalendar:
    """The packaged calendar, extended and overridden by operator files; a later file wins over an earlier one.

    A row of a new year announces that whole year, so a year is added only when its announcement is complete. New years
    must join the known ones without a gap.

    Raises CalendarError, in Vietnamese, naming file and line, for an unreadable file, a bad row or a gap in the years.
    """
    packaged = list(_rows(_PACKAGED, resources.files("models").joinpath("data", _PACKAGED).read_bytes()))
    added = [row for path in extra for row in _rows(str(path), _content(path))]
    rows = packaged + added
    years = {row.day.year for row in rows}
    first = last = packaged[0].day.year
    while last + 1 in years:
        last += 1
    while first - 1 in years:
        first -= 1
    for row in rows:
        if not first <= row.day.year <= last:
            raise CalendarError(f"{row.where}: năm {row.day.year} không liền với các năm đã công bố {first}–{last}")
    return WorkingCalendar(first_year=first, last_year=last, days={row.day: row.content for row in rows})


class _Row(NamedTuple):
    where: str
    day: date
    content: CalendarDay


_EXPECTED = {
    "date": "ngày dạng YYYY-MM-DD",
    "kind": "off (nghỉ) hoặc work (làm việc)",
    "reason": "lý do, 1–500 ký tự",
    "document": "văn bản công bố, 1–500 ký tự",
    "source": "nơi đọc văn bản, 1–500 ký tự",
    "confidence": "high, medium hoặc low",
}


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CalendarError(f"{path}: không đọc được tệp lịch ({error.strerror})") from error


def _rows(name: str, content: bytes) -> Iterator[_Row]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CalendarError(f"{name}, dòng {line}: tệp lịch phải là UTF-8") from error
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    seen: dict[date, int] = {}
    try:
        if next(reader, None) != list(COLUMNS):
            raise CalendarError(f"{name}, dòng 1: dòng tiêu đề phải là {','.join(COLUMNS)}")
        for cells in reader:
            if not cells:
                continue
            where = f"{name}, dòng {reader.line_num}"
            day, row = _parse(where, cells)
            if day in seen:
                raise CalendarError(f"{where}: ngày {day} đã có ở dòng {seen[day]}")
            seen[day] = reader.line_num
            yield _Row(where, day, row)
    except csv.Error as error:
        raise CalendarError(f"{name}, dòng {reader.line_num}: không phải CSV hợp lệ ({error})") from error


def _parse(where: str, cells: list[str]) -> tuple[date, CalendarDay]:
    if len(cells) != len(COLUMNS):
        raise CalendarError(f"{where}: có {len(cells)} cột, phải có đúng {len(COLUMNS)} cột {','.join(COLUMNS)}")
    row = dict(zip(COLUMNS, (cell.strip() for cell in cells), strict=True))
    written = row.pop("date")
    try:
        day = date.fromisoformat(written)
    except ValueError:
        day = None
    if day is None or day.isoformat() != written:
        raise _bad_cell(where, "date", written)
    try:
        return day, CalendarDay.model_validate(row)
    except ValidationError as error:
        column = str(error.errors()[0]["loc"][0])
        raise _bad_cell(where, column, row[column]) from error


def _bad_cell(where: str, column: str, value: str) -> CalendarError:
    return CalendarError(f"{where}, cột {column}: giá trị “{value}” không hợp lệ, cần {_EXPECTED[column]}")
