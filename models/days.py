"""Dates and times as a citizen declares them: strict on shape, honest about precision, errors in Vietnamese."""

import re
from calendar import monthrange
from datetime import date, datetime, time
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, ConfigDict, RootModel
from pydantic_core import PydanticCustomError

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?")
_PARTIAL = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
_EARLIEST_YEAR = 1900


def _day(value: object) -> object:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise PydanticCustomError("day_unknown", "Ngày này không có trong lịch.") from error
    raise PydanticCustomError("day_shape", "Ngày phải ghi theo dạng năm-tháng-ngày, ví dụ: 2026-11-05.")


def _in_range(day: date) -> date:
    if day.year < _EARLIEST_YEAR:
        raise PydanticCustomError("day_too_early", "Năm phải từ 1900 trở đi.")
    return day


def _clock(value: object) -> object:
    if isinstance(value, time):
        return value
    if isinstance(value, str) and _CLOCK.fullmatch(value):
        try:
            return time.fromisoformat(value)
        except ValueError as error:
            raise PydanticCustomError("clock_unknown", "Giờ này không có thật.") from error
    raise PydanticCustomError("clock_shape", "Giờ phải ghi theo dạng giờ:phút, ví dụ: 07:30.")


def _partial(value: object) -> object:
    if not isinstance(value, str) or not _PARTIAL.fullmatch(value):
        raise PydanticCustomError(
            "partial_date_shape",
            "Ngày phải ghi là năm-tháng-ngày, hoặc năm-tháng, hoặc chỉ năm, ví dụ: 1991-05-20, 1991-05, 1991.",
        )
    year, month, day = _parts(value)
    try:
        earliest = date(year, 1 if month is None else month, 1 if day is None else day)
    except ValueError as error:
        raise PydanticCustomError("day_unknown", "Ngày này không có trong lịch.") from error
    _in_range(earliest)
    return value


def _parts(text: str) -> tuple[int, int | None, int | None]:
    year, month, day = [*map(int, text.split("-")), None, None][:3]
    assert year is not None
    return year, month, day


Day = Annotated[date, BeforeValidator(_day), AfterValidator(_in_range)]
"""A full calendar day, written YYYY-MM-DD; numbers and instants are refused, not guessed at."""

ClockTime = Annotated[time, BeforeValidator(_clock)]
"""A time of day in Việt Nam, written HH:MM or HH:MM:SS."""


class PartialDate(RootModel[Annotated[str, BeforeValidator(_partial)]]):
    """A date known to the year, the month or the day: “1991”, “1991-05”, “1991-05-20” (year-only births exist)."""

    model_config = ConfigDict(frozen=True)

    @property
    def year(self) -> int:
        return _parts(self.root)[0]

    @property
    def month(self) -> int | None:
        return _parts(self.root)[1]

    @property
    def day(self) -> int | None:
        return _parts(self.root)[2]

    @property
    def earliest(self) -> date:
        """The first day it can be."""
        return date(self.year, self.month or 1, self.day or 1)

    @property
    def latest(self) -> date:
        """The last day it can be."""
        month = self.month or 12
        return date(self.year, month, self.day or monthrange(self.year, month)[1])


def full_years(born: date, on: date) -> int:
    """Age in completed years (đủ tuổi); a birth on 29 February completes its year on 1 March of common years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
