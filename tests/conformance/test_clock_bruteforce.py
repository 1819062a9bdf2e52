"""The product's clocks against a brute-force count, exhaustively and on random ledgers, and against cases by hand."""

import csv
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial

import pytest

from models import clock as clocks
from models.calendar import WorkingCalendar, load_calendar
from models.clock import citizen_due, due
from tests.conformance.brute_force import VIETNAM, BruteForce, Event, Expected, Happening
from tests.conformance.random_ledgers import (
    AROUND_15,
    AROUND_A_DAY,
    LIMITS,
    RULE,
    STOP_NAMES,
    YEARS,
    answered,
    as_clock,
    compared,
)

agency_due = partial(clocks.agency_due, rule=RULE)
SEEDS = (20260710, 20260822, 20261124, 20270204)
LEDGERS_PER_SEED = 5_000
SHOWN = 5

STARTED, STOPPED, RESUMED = Happening.STARTED, Happening.STOPPED, Happening.RESUMED
EXTENDED, RESTARTED = Happening.EXTENDED, Happening.RESTARTED

PUBLISHED_EXAMPLES = """\
kind,from,working_days,stops,effective_receipt_day,ends_at
agency_limit,2026-07-10T14:59:00+07:00,3,,2026-07-10,2026-07-15T17:00:00+07:00
agency_limit,2026-07-10T15:01:00+07:00,3,,2026-07-13,2026-07-16T17:00:00+07:00
agency_limit,2026-07-08T15:00:00+07:00,0,,2026-07-08,2026-07-08T17:00:00+07:00
agency_limit,2026-07-08T15:00:01+07:00,0,,2026-07-09,2026-07-09T17:00:00+07:00
agency_limit,2026-07-11T09:00:00+07:00,2,,2026-07-13,2026-07-15T17:00:00+07:00
agency_limit,2026-08-20T16:00:00+07:00,2,,2026-08-21,2026-08-24T17:00:00+07:00
agency_limit,2026-02-12T10:00:00+07:00,5,,2026-02-12,2026-02-26T17:00:00+07:00
agency_limit,2026-11-19T15:30:00+07:00,3,,2026-11-20,2026-11-26T17:00:00+07:00
agency_limit,2025-04-24T10:00:00+07:00,2,,2025-04-24,2025-04-26T17:00:00+07:00
agency_limit,2026-12-30T10:00:00+07:00,5,,2026-12-30,2027-01-07T17:00:00+07:00
agency_limit,2026-07-06T10:00:00+07:00,2,2026-07-07T10:00:00+07:00/2026-07-09T10:00:00+07:00,2026-07-06,\
2026-07-10T17:00:00+07:00
agency_limit,2026-07-06T10:00:00+07:00,2,2026-07-07T10:00:00+07:00/2026-07-09T15:30:00+07:00,2026-07-06,\
2026-07-13T17:00:00+07:00
agency_limit,2026-07-06T10:00:00+07:00,3,2026-07-06T11:00:00+07:00/2026-07-06T14:00:00+07:00,2026-07-06,\
2026-07-09T17:00:00+07:00
agency_limit,2026-07-06T10:00:00+07:00,3,2026-07-07T09:00:00+07:00/2026-07-09T09:00:00+07:00 \
2026-07-08T09:00:00+07:00/2026-07-10T09:00:00+07:00,2026-07-06,2026-07-14T17:00:00+07:00
agency_limit,2026-11-20T16:00:00+07:00,5,2026-11-20T16:30:00+07:00/2026-11-25T09:00:00+07:00,2026-11-23,\
2026-12-02T17:00:00+07:00
agency_limit,2026-08-28T09:00:00+07:00,2,2026-08-29T09:00:00+07:00/2026-09-02T09:00:00+07:00,2026-08-28,\
2026-09-07T17:00:00+07:00
citizen_limit,2026-11-20T16:00:00+07:00,5,,,2026-12-01T00:00:00+07:00
citizen_limit,2026-11-23T08:00:00+07:00,5,,,2026-12-02T00:00:00+07:00
citizen_limit,2026-07-11T09:00:00+07:00,5,,,2026-07-18T00:00:00+07:00
citizen_limit,2026-02-13T20:00:00+07:00,7,,,2026-03-04T00:00:00+07:00
"""

AGENCY_BY_HAND = [
    # Before Tết 2026: off from Mon 16 to Fri 20 February.
    ("2026-02-13T14:59:59+07:00", 0, "2026-02-13", "2026-02-13", False),
    ("2026-02-13T15:00:01+07:00", 0, "2026-02-23", "2026-02-23", False),
    ("2026-02-12T16:00:00+07:00", 2, "2026-02-13", "2026-02-24", False),
    ("2026-02-18T10:00:00+07:00", 2, "2026-02-23", "2026-02-25", False),
    # Across the worked Saturday 2026-08-22, swapped for Mon 31 August; 1 and 2 September are off.
    ("2026-08-21T14:00:00+07:00", 1, "2026-08-21", "2026-08-22", False),
    ("2026-08-21T15:30:00+07:00", 0, "2026-08-22", "2026-08-22", False),
    ("2026-08-22T10:00:00+07:00", 2, "2026-08-22", "2026-08-25", False),
    ("2026-08-22T15:00:01+07:00", 1, "2026-08-24", "2026-08-25", False),
    ("2026-08-28T15:07:00+07:00", 2, "2026-09-03", "2026-09-07", False),
    # Across Tue 24 November 2026, Vietnam Culture Day.
    ("2026-11-23T10:00:00+07:00", 1, "2026-11-23", "2026-11-25", False),
    ("2026-11-23T15:00:00+07:00", 2, "2026-11-23", "2026-11-26", False),
    ("2026-11-23T15:00:01+07:00", 0, "2026-11-25", "2026-11-25", False),
    # Friday afternoon.
    ("2026-07-10T15:00:00+07:00", 3, "2026-07-10", "2026-07-15", False),
    ("2026-07-10T15:00:00.000001+07:00", 3, "2026-07-13", "2026-07-16", False),
    ("2026-07-10T16:59:59+07:00", 2, "2026-07-13", "2026-07-15", False),
    ("2026-07-10T23:59:59+07:00", 0, "2026-07-13", "2026-07-13", False),
    # 31 December: Fri 2 January 2026 is swapped for the worked Sat 10 January; the calendar ends with 2027.
    ("2025-12-31T15:01:00+07:00", 0, "2026-01-05", "2026-01-05", False),
    ("2025-12-31T10:00:00+07:00", 6, "2025-12-31", "2026-01-10", False),
    ("2026-12-31T16:00:00+07:00", 1, "2027-01-04", "2027-01-05", False),
    ("2027-12-31T15:00:00+07:00", 0, "2027-12-31", "2027-12-31", False),
    ("2027-12-31T15:00:01+07:00", 0, "2028-01-03", "2028-01-03", True),
    ("2027-12-31T10:00:00+07:00", 1, "2027-12-31", "2028-01-03", True),
    # The other end: Mon 3 January 2022 is off in compensation; receipt before the calendar begins is provisional.
    ("2022-01-01T10:00:00+07:00", 0, "2022-01-04", "2022-01-04", False),
    ("2021-12-31T10:00:00+07:00", 1, "2021-12-31", "2022-01-04", True),
    ("2021-12-31T17:00:00+07:00", 0, "2022-01-04", "2022-01-04", True),
    # The same instants on other clocks: 08:00Z is 15:00, 17:00Z is the next day, in Việt Nam.
    ("2026-07-10T08:00:00+00:00", 3, "2026-07-10", "2026-07-15", False),
    ("2026-07-10T08:00:01+00:00", 3, "2026-07-13", "2026-07-16", False),
    ("2026-07-08T17:00:00+00:00", 1, "2026-07-09", "2026-07-10", False),
    ("2026-07-10T04:00:01-04:00", 0, "2026-07-13", "2026-07-13", False),
]
"""Received, working days, effective receipt day, last day (ends 17:00), provisional."""

CITIZEN_BY_HAND = [
    ("2026-02-13T23:59:59+07:00", 5, "2026-02-27", False),
    ("2026-08-21T20:00:00+07:00", 1, "2026-08-22", False),
    ("2026-08-20T15:30:00+07:00", 5, "2026-08-26", False),
    ("2026-11-19T09:00:00+07:00", 5, "2026-11-27", False),
    ("2026-11-24T09:00:00+07:00", 0, "2026-11-25", False),
    ("2026-07-10T18:00:00+07:00", 0, "2026-07-10", False),
    ("2026-07-11T00:00:00+07:00", 0, "2026-07-13", False),
    ("2025-12-31T23:59:59+07:00", 1, "2026-01-05", False),
    ("2026-07-09T17:00:00+00:00", 1, "2026-07-13", False),
    ("2027-12-31T23:59:59+07:00", 0, "2027-12-31", False),
    ("2027-12-31T00:00:00+07:00", 1, "2028-01-03", True),
]
"""Requested, working days, last day (ends 24:00), provisional."""

LEDGERS_BY_HAND = [
    pytest.param(
        [(STARTED, "2026-07-06T10:00", 2, None), (EXTENDED, "2026-07-07T11:00", 5, None)],
        "2026-07-06",
        "2026-07-13",
        id="verification extends the limit to a new total",
    ),
    pytest.param(
        [(STARTED, "2026-07-06T10:00", 2, None), (STOPPED, "2026-07-07T09:00", None, "supplement")],
        "2026-07-06",
        None,
        id="an open stop has no due date",
    ),
    pytest.param(
        [
            (STARTED, "2026-07-06T10:00", 2, None),
            (STOPPED, "2026-07-07T09:00", None, "consent"),
            (STOPPED, "2026-07-07T10:00", None, "payment"),
            (RESUMED, "2026-07-08T10:00", None, "payment"),
        ],
        "2026-07-06",
        None,
        id="one stop still open of two",
    ),
    pytest.param(
        [
            (STARTED, "2026-07-06T10:00", 2, None),
            (STOPPED, "2026-07-07T09:00", None, "supplement"),
            (RESTARTED, "2026-07-10T16:00", None, None),
        ],
        "2026-07-13",
        "2026-07-15",
        id="the full limit runs anew and the open stop is forgotten",
    ),
    pytest.param(
        [
            (STARTED, "2026-07-06T10:00", 2, None),
            (EXTENDED, "2026-07-07T09:00", 5, None),
            (STOPPED, "2026-07-08T09:00", None, "supplement"),
            (RESTARTED, "2026-07-09T10:00", None, None),
        ],
        "2026-07-09",
        "2026-07-16",
        id="a restart keeps the extended limit",
    ),
    pytest.param(
        [
            (STARTED, "2026-07-06T10:00", 1, None),
            (STOPPED, "2026-07-07T09:00", None, "consent"),
            (STOPPED, "2026-07-07T10:00", None, "payment"),
            (RESUMED, "2026-07-08T10:00", None, "payment"),
            (RESUMED, "2026-07-09T09:00", None, "consent"),
        ],
        "2026-07-06",
        "2026-07-09",
        id="a stop inside another adds nothing",
    ),
    pytest.param(
        [
            (STARTED, "2026-07-06T10:00", 1, None),
            (STOPPED, "2026-07-07T09:00", None, "consent"),
            (RESUMED, "2026-07-08T16:00", None, "consent"),
            (STOPPED, "2026-07-08T16:30", None, "payment"),
            (RESUMED, "2026-07-10T09:00", None, "payment"),
        ],
        "2026-07-06",
        "2026-07-10",
        id="stops apart in time that share a day count it once",
    ),
    pytest.param(
        [
            (STARTED, "2026-07-06T10:00", 3, None),
            (STOPPED, "2026-07-07T09:00", None, "consent"),
            (RESUMED, "2026-07-08T09:00", None, "consent"),
            (STOPPED, "2026-07-09T09:00", None, "payment"),
            (RESUMED, "2026-07-10T15:00:01", None, "payment"),
        ],
        "2026-07-06",
        "2026-07-14",
        id="two stops apart, the second resumed after 15:00 on Friday",
    ),
    pytest.param(
        [
            (STARTED, "2026-08-21T10:00", 1, None),
            (STOPPED, "2026-08-21T11:00", None, "consent"),
            (RESUMED, "2026-08-24T09:00", None, "consent"),
        ],
        "2026-08-21",
        "2026-08-25",
        id="a worked Saturday inside a stop counts",
    ),
    pytest.param(
        [
            (STARTED, "2026-11-20T10:00", 2, None),
            (STOPPED, "2026-11-23T09:00", None, "consent"),
            (RESUMED, "2026-11-24T10:00", None, "consent"),
        ],
        "2026-11-20",
        "2026-11-26",
        id="a resumption on a day off counts from the next working day",
    ),
    pytest.param(
        [
            (STARTED, "2026-02-13T10:00", 0, None),
            (STOPPED, "2026-02-13T11:00", None, "consent"),
            (RESUMED, "2026-02-23T14:00", None, "consent"),
        ],
        "2026-02-13",
        "2026-02-23",
        id="same day, stopped over Tết",
    ),
    pytest.param(
        [
            (STARTED, "2026-07-10T16:00", 1, None),
            (STOPPED, "2026-07-10T16:30", None, "consent"),
            (RESUMED, "2026-07-14T09:00", None, "consent"),
        ],
        "2026-07-13",
        "2026-07-15",
        id="a stop before the effective receipt day counts only after it",
    ),
]
"""Ledger (Việt Nam time), effective receipt day, last day (ends 17:00; None while stopped)."""


@pytest.fixture(scope="module")
def calendar() -> WorkingCalendar:
    return load_calendar()


@pytest.fixture(scope="module")
def oracle() -> BruteForce:
    return BruteForce()


def every_instant(year: int, times: Sequence[time]) -> Iterator[datetime]:
    day = date(year, 1, 1)
    while day.year == year:
        for moment in times:
            yield datetime.combine(day, moment, tzinfo=VIETNAM)
        day += timedelta(days=1)


def closing(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T17:00:00+07:00")


def end_of(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T00:00:00+07:00") + timedelta(days=1)


def events_of(rows: Sequence[tuple[Happening, str, int | None, str | None]]) -> list[Event]:
    return [
        Event(happening, datetime.fromisoformat(at).replace(tzinfo=VIETNAM), working_days, stop)
        for happening, at, working_days, stop in rows
    ]


def published_agency_ledger(row: dict[str, str]) -> list[Event]:
    events = [Event(STARTED, datetime.fromisoformat(row["from"]), int(row["working_days"]))]
    for number, stop in enumerate(row["stops"].split()):
        begin, end = stop.split("/")
        events.append(Event(STOPPED, datetime.fromisoformat(begin), None, STOP_NAMES[number]))
        events.append(Event(RESUMED, datetime.fromisoformat(end), None, STOP_NAMES[number]))
    return sorted(events, key=lambda event: event.at)


@pytest.mark.parametrize("row", list(csv.DictReader(PUBLISHED_EXAMPLES.splitlines())), ids=lambda row: row["from"])
def test_oracle_gives_the_published_examples(row: dict[str, str], oracle: BruteForce) -> None:
    ends_at = datetime.fromisoformat(row["ends_at"])
    if row["kind"] == "citizen_limit":
        assert oracle.citizen(datetime.fromisoformat(row["from"]), int(row["working_days"])).at == ends_at
    else:
        expected = Expected(ends_at, date.fromisoformat(row["effective_receipt_day"]), False)
        assert oracle.ledger(published_agency_ledger(row)) == expected


@pytest.mark.rule("6.3-day-zero", "6.3-close-of-business", "6.3-same-day", "10.receipt-day")
@pytest.mark.parametrize(("received", "working_days", "effective", "last", "provisional"), AGENCY_BY_HAND)
def test_agency_limit_by_hand(
    received: str,
    working_days: int,
    effective: str,
    last: str,
    provisional: bool,
    calendar: WorkingCalendar,
    oracle: BruteForce,
) -> None:
    received_at = datetime.fromisoformat(received)
    by_hand = Expected(closing(last), date.fromisoformat(effective), provisional)
    actual = agency_due(received_at, working_days, calendar)

    assert answered(actual) == by_hand
    assert actual.at is not None
    assert actual.at.utcoffset() == timedelta(hours=7)
    assert oracle.agency(received_at, working_days) == by_hand


@pytest.mark.rule("6.6-no-15", "6.6-request-day", "6.6-midnight")
@pytest.mark.parametrize(("requested", "working_days", "last", "provisional"), CITIZEN_BY_HAND)
def test_citizen_limit_by_hand(
    requested: str, working_days: int, last: str, provisional: bool, calendar: WorkingCalendar, oracle: BruteForce
) -> None:
    requested_at = datetime.fromisoformat(requested)
    actual = citizen_due(requested_at, working_days, calendar)
    expected = oracle.citizen(requested_at, working_days)

    assert (actual.at, actual.provisional) == (end_of(last), provisional)
    assert (expected.at, expected.provisional) == (end_of(last), provisional)


@pytest.mark.rule("6.5-shift", "6.5-resumption-15")
@pytest.mark.parametrize(("rows", "effective", "last"), LEDGERS_BY_HAND)
def test_ledger_by_hand(
    rows: Sequence[tuple[Happening, str, int | None, str | None]],
    effective: str,
    last: str | None,
    calendar: WorkingCalendar,
    oracle: BruteForce,
) -> None:
    events = events_of(rows)
    actual = due(as_clock(events), calendar)
    by_hand = (closing(last) if last else None, date.fromisoformat(effective))

    assert (actual.at, actual.effective_date) == by_hand
    assert oracle.ledger(events)[:2] == by_hand


@pytest.mark.parametrize(
    ("resumed_at", "last", "provisional"),
    [("2027-12-30T10:00", "2027-12-16", False), ("2028-01-05T10:00", "2027-12-22", True)],
)
def test_stop_of_an_overdue_clock_beyond_the_calendar_is_provisional(
    resumed_at: str, last: str, provisional: bool, calendar: WorkingCalendar, oracle: BruteForce
) -> None:
    events = events_of(
        [
            (STARTED, "2027-12-14T10:00", 1, None),
            (STOPPED, "2027-12-29T12:00", None, "supplement"),
            (RESUMED, resumed_at, None, "supplement"),
        ]
    )
    by_hand = Expected(closing(last), date(2027, 12, 14), provisional)

    assert answered(due(as_clock(events), calendar)) == by_hand
    assert oracle.ledger(events) == by_hand


@pytest.mark.rule("6.2-after-15", "6.2-day-off", "10.exactly-15", "6.3-day-zero")
@pytest.mark.parametrize("year", YEARS)
def test_every_day_around_15_oclock(year: int, calendar: WorkingCalendar, oracle: BruteForce) -> None:
    wrong = []
    provisional = 0
    for received_at in every_instant(year, AROUND_15):
        for working_days in LIMITS:
            expected = oracle.agency(received_at, working_days)
            actual = answered(agency_due(received_at, working_days, calendar))
            provisional += expected.provisional
            if actual != expected:
                wrong.append((received_at.isoformat(), working_days, actual, expected))

    assert not wrong[:SHOWN], f"{len(wrong)} differ"
    assert (provisional > 0) == (year == YEARS[-1])


@pytest.mark.rule("6.6-no-15", "6.6-request-day", "6.6-midnight")
@pytest.mark.parametrize("year", YEARS)
def test_every_day_of_a_citizens_limit(year: int, calendar: WorkingCalendar, oracle: BruteForce) -> None:
    wrong = []
    for requested_at in every_instant(year, AROUND_A_DAY):
        for working_days in LIMITS:
            expected = oracle.citizen(requested_at, working_days)
            actual = citizen_due(requested_at, working_days, calendar)
            if (actual.at, actual.provisional) != (expected.at, expected.provisional):
                wrong.append((requested_at.isoformat(), working_days, actual.at, actual.provisional, expected))

    assert not wrong[:SHOWN], f"{len(wrong)} differ"


@pytest.mark.rule("6.5-merged", "6.5-shift")
@pytest.mark.parametrize("seed", SEEDS)
def test_random_ledgers(seed: int) -> None:
    tally = compared(seed, LEDGERS_PER_SEED)

    assert not tally.wrong[:SHOWN], f"seed {seed}: {len(tally.wrong)} of {LEDGERS_PER_SEED} differ"
    assert min(tally.seen[name] for name in (*Happening, "open", "provisional")) > 0
