"""How often a system that is away is called: soon where it matters, seldom where it does not."""

from datetime import datetime, timedelta

import pytest

from activities.patience import IN_HOURS, OUT_OF_HOURS, Patience
from models.base import LEGAL_ZONE
from models.calendar import load_calendar
from models.trouble import PROMPT_ATTEMPTS
from workflows.calls import PATIENT

PATIENCE = Patience(load_calendar())
LATER = PROMPT_ATTEMPTS + 1


def moment(text: str) -> datetime:
    """An instant of Việt Nam."""
    return datetime.fromisoformat(text).replace(tzinfo=LEGAL_ZONE)


def attempts(start: str, days: int) -> int:
    """How often a system is called that is away so long, once it counts as away."""
    now = moment(start)
    end, count = now + timedelta(days=days), 0
    while now < end:
        count += 1
        first = PATIENT.initial_interval * PATIENT.backoff_coefficient ** min(count - 1, 9)
        longest = PATIENT.maximum_interval
        assert longest
        now += PATIENCE.pause(count, now) or min(first, longest)
    return count


@pytest.mark.parametrize(
    ("at", "pause"),
    [
        ("2026-11-19 10:00", IN_HOURS),
        ("2026-11-19 15:01", OUT_OF_HOURS),
        ("2026-11-19 06:30", timedelta(minutes=30)),
        ("2026-11-19 06:55", IN_HOURS),
        ("2026-11-21 10:00", OUT_OF_HOURS),
        ("2026-11-24 10:00", OUT_OF_HOURS),
        ("2026-08-22 10:00", IN_HOURS),
    ],
    ids=["working hours", "after 15:00", "early", "just before 7", "Saturday", "Culture Day", "a worked Saturday"],
)
def test_pauses_go_by_the_working_calendar(at: str, pause: timedelta) -> None:
    assert PATIENCE.pause(LATER, moment(at)) == pause


def test_the_first_attempts_are_the_callers() -> None:
    assert [PATIENCE.pause(attempt, moment("2026-11-19 20:00")) for attempt in range(1, LATER)] == [
        None
    ] * PROMPT_ATTEMPTS


@pytest.mark.parametrize(
    ("start", "days", "expected"),
    [("2026-11-18 09:00", 2, 99), ("2026-11-20 17:00", 2, 54), ("2026-11-16 00:00", 7, 294)],
    ids=["two working days", "a weekend", "a week"],
)
def test_an_outage_costs_a_bounded_number_of_attempts(start: str, days: int, expected: int) -> None:
    assert attempts(start, days) == expected


def test_legal_time_of_training_counts() -> None:
    shifted = Patience(load_calendar(), timedelta(hours=12))
    assert shifted.pause(LATER, moment("2026-11-19 22:00")) == IN_HOURS
