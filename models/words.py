"""How dates, times and lists are written for people, in Vietnamese."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from models.base import legal
from models.clock import Timeliness

_WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")

_TIMELINESS = {
    Timeliness.EARLY: "sớm hạn",
    Timeliness.ON_TIME: "đúng hạn",
    Timeliness.LATE: "quá hạn",
}


def when(instant: datetime) -> str:
    """“17:00 thứ Tư 15/7/2026”."""
    local = legal(instant)
    return f"{local:%H:%M} {_WEEKDAYS[local.weekday()]} {local.day}/{local.month}/{local.year}"


def last_day(ends_at: datetime) -> str:
    """The last day of a citizen's limit, which ends at its 24:00, i.e. the midnight after."""
    local = legal(ends_at) - timedelta(microseconds=1)
    return f"{_WEEKDAYS[local.weekday()]} {local.day}/{local.month}/{local.year}"


def in_words(timeliness: Timeliness | None) -> str:
    """Early, on time or late; “không tính hạn” where nothing was due."""
    return _TIMELINESS[timeliness] if timeliness else "không tính hạn"


def listed(items: Iterable[str]) -> str:
    """A list in a sentence."""
    return ", ".join(items)


def dong(amount: int) -> str:
    """An amount in đồng, thousands apart: “75.000”."""
    return f"{amount:,}".replace(",", ".")
