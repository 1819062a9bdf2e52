"""How dates, times and lists are written for people, in Vietnamese."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from models.base import legal
from models.calendar import WEEKDAYS

if TYPE_CHECKING:
    from models.clock import Timeliness


def day_words(day: date) -> str:
    """thứ Sáu 28/8/2026"""
    return f"{WEEKDAYS[day.weekday()]} {day.day}/{day.month}/{day.year}"


def when(instant: datetime) -> str:
    """“17:00 thứ Tư 15/7/2026”."""
    local = legal(instant)
    return f"{local:%H:%M} {day_words(local.date())}"


def last_day(ends_at: datetime) -> str:
    """The last day of a citizen's limit, which ends at its 24:00, i.e. the midnight after."""
    return day_words((legal(ends_at) - timedelta(microseconds=1)).date())


def in_words(timeliness: "Timeliness | None") -> str:
    """Early, on time or late; “không tính hạn” where nothing was due."""
    return timeliness.label if timeliness else "không tính hạn"


def listed(items: Iterable[str]) -> str:
    """A list in a sentence."""
    return ", ".join(items)


def dong(amount: int) -> str:
    """An amount in đồng, thousands apart: “75.000”."""
    return f"{amount:,}".replace(",", ".")
