"""Dates around a due date that need the working calendar: pure (REQUIREMENTS §6.8, §6.9)."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.base import legal_date
from models.calendar import load_calendar
from models.clock import agency_due
from models.lateness import Ahead, Chase, LatenessRule, day_ahead, earliest_result_due, with_reminder
from models.law import LawPack, pack_in_force
from models.plan import resolve_plan
from tests.workflows.inputs import free, moment

CALENDAR = load_calendar()
PACK = pack_in_force(moment("2026-11-19 09:00:00").date())
RECEIPT, LATENESS, WATCHDOG = PACK.policies.receipt.rule, PACK.policies.lateness.rule, PACK.policies.watchdog.rule

_FIRST, _YEARS = moment("2024-07-01 00:00:00"), timedelta(days=1247)
instants = st.timedeltas(timedelta(), _YEARS).map(lambda later: _FIRST + later)


@pytest.mark.rule("6.8-reminder", "6.8-reminder-same-day")
@pytest.mark.parametrize(
    ("received", "limit", "due", "reminded"),
    [
        ("2026-11-19 09:00:00", 2, "2026-11-23 17:00:00", "2026-11-20 17:00:00"),
        ("2026-11-20 09:00:00", 2, "2026-11-25 17:00:00", "2026-11-23 17:00:00"),
        ("2026-08-20 09:00:00", 2, "2026-08-22 17:00:00", "2026-08-21 17:00:00"),
        ("2026-11-19 09:00:00", 1, "2026-11-20 17:00:00", "2026-11-19 17:00:00"),
        ("2026-11-19 08:00:00", 0, "2026-11-19 17:00:00", "2026-11-19 09:00:00"),
        ("2026-11-19 15:00:01", 0, "2026-11-20 17:00:00", "2026-11-20 09:00:00"),
    ],
    ids=["over a weekend", "over a day off", "on a worked Saturday", "one day", "same day", "after 15:00"],
)
def test_the_agency_is_reminded_one_working_day_before(received: str, limit: int, due: str, reminded: str) -> None:
    read = with_reminder(agency_due(moment(received), limit, CALENDAR, RECEIPT), LATENESS.reminder, CALENDAR)
    assert read.at == moment(due)
    assert read.remind_at == moment(reminded)


@pytest.mark.rule("6.8-values-are-data")
def test_the_values_are_data_of_the_law_pack_and_go_with_the_plan() -> None:
    plan = resolve_plan(PACK, free("plain", moment("2026-11-19 09:00:00").date()))
    assert plan.lateness == LATENESS
    assert plan.watchdog == WATCHDOG
    assert (LATENESS.escalate_every, LATENESS.new_date_at_least, LATENESS.operator_after) == (2, 1, 60)


@pytest.mark.rule("6.8-values-are-data")
def test_a_pack_with_other_values_moves_the_dates() -> None:
    """Due on Monday 23/11: reminded one working day before, escalated on the 26th; the 24th is off."""
    data = PACK.model_dump()
    data["policies"]["lateness"]["reminder"]["working_days_before"] = 2
    data["policies"]["lateness"] |= {"escalate_every": 3, "operator_after": 5}
    other = resolve_plan(LawPack.model_validate(data), free("plain", moment("2026-11-19 09:00:00").date())).lateness
    due = agency_due(moment("2026-11-19 09:00:00"), 2, CALENDAR, RECEIPT)
    assert due.at == moment("2026-11-23 17:00:00")

    def dates(rule: LatenessRule) -> list[datetime | None]:
        ahead = [Ahead(after=due.at, working_days=days) for days in (rule.escalate_every, rule.operator_after)]
        return [with_reminder(due, rule.reminder, CALENDAR).remind_at, *(day_ahead(one, CALENDAR).at for one in ahead)]

    assert dates(LATENESS) == [moment(f"{day} 17:00:00") for day in ("2026-11-20", "2026-11-26", "2027-02-24")]
    assert dates(other) == [moment(f"{day} 17:00:00") for day in ("2026-11-19", "2026-11-27", "2026-12-01")]


def test_a_clock_that_stands_reminds_nobody() -> None:
    standing = agency_due(moment("2026-11-19 09:00:00"), 2, CALENDAR, RECEIPT).model_copy(update={"at": None})
    assert with_reminder(standing, LATENESS.reminder, CALENDAR).remind_at is None


@pytest.mark.rule("6.8-new-date")
@pytest.mark.parametrize(
    ("after", "days", "expected", "provisional"),
    [
        ("2026-11-23 17:00:00", 2, "2026-11-26 17:00:00", False),
        ("2027-02-03 17:00:00", 2, "2027-02-12 17:00:00", False),
        ("2026-11-23 17:00:00", 60, "2027-02-24 17:00:00", False),
        ("2027-12-30 17:00:00", 2, "2028-01-03 17:00:00", True),
    ],
    ids=["over 24 November", "over Tết", "sixty days", "beyond the announced years"],
)
def test_working_days_ahead(after: str, days: int, expected: str, provisional: bool) -> None:
    read = day_ahead(Ahead(after=moment(after), working_days=days), CALENDAR)
    assert (read.at, read.provisional) == (moment(expected), provisional)


@pytest.mark.rule("6.9-due", "6.9-due-after-15")
@pytest.mark.parametrize(
    ("decided", "owed"),
    [
        ("2026-11-19 10:00:00", "2026-11-19 17:00:00"),
        ("2026-11-19 15:00:00", "2026-11-19 17:00:00"),
        ("2026-11-19 15:00:01", "2026-11-20 17:00:00"),
        ("2026-11-23 16:00:00", "2026-11-25 17:00:00"),
        ("2026-11-21 10:00:00", "2026-11-23 17:00:00"),
    ],
    ids=["same day", "15:00 sharp", "after 15:00", "before a day off", "on a day off"],
)
def test_an_electronic_result_is_owed_by_the_close_of_business(decided: str, owed: str) -> None:
    ahead = Ahead(after=moment(decided), working_days=WATCHDOG.working_days, rule=RECEIPT)
    assert day_ahead(ahead, CALENDAR).at == moment(owed)


@given(instants)
def test_no_result_is_owed_before_the_earliest_instant_that_needs_no_calendar(decided: datetime) -> None:
    earliest = earliest_result_due(decided, RECEIPT)
    owed = day_ahead(Ahead(after=decided, working_days=0, rule=RECEIPT), CALENDAR).at
    assert earliest <= owed
    assert not CALENDAR.is_working(legal_date(earliest)) or earliest == owed


@given(instants, st.integers(1, 20))
def test_a_reminder_comes_on_the_last_working_day_before(received: datetime, limit: int) -> None:
    read = with_reminder(agency_due(received, limit, CALENDAR, RECEIPT), LATENESS.reminder, CALENDAR)
    assert read.at is not None
    assert read.remind_at is not None
    assert CALENDAR.next_working(legal_date(read.remind_at)) == legal_date(read.at)
    assert read.remind_at.time() == read.at.time()


def test_a_chase_knows_its_next_step() -> None:
    due, day = moment("2026-11-23 17:00:00"), timedelta(days=1)
    chase = Chase(due=due, next_at=due + day, operator_at=due + 60 * day)
    assert chase.next_step == due + day
    assert chase.model_copy(update={"next_at": due + 61 * day}).next_step == due + 60 * day
    assert chase.model_copy(update={"operator_since": due + 60 * day}).next_step is None, "an operator decides"
    assert Chase(due=due).next_step == due, "its dates have to be read at once"
