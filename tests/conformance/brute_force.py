"""A second, deliberately simple reading of REQUIREMENTS §6 and §10: the oracle the product's clocks are compared with.

It imports nothing of the product and shares only the calendar file with it; it walks the calendar day by day.
All instants are zone-aware; all limits are working days; days are days of Việt Nam (UTC+7, no daylight saving).
"""

import csv
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

CALENDAR_FILE = Path(__file__).parents[2] / "models" / "data" / "working_calendar.csv"
VIETNAM = timezone(timedelta(hours=7))
ONE_DAY = timedelta(days=1)
SATURDAY = 5
LAST_MOMENT_IN_TIME = time(15, 0, 0)
CLOSE_OF_BUSINESS = time(17, 0, 0)


class Happening(StrEnum):
    """What happened to a clock."""

    STARTED = "started"
    STOPPED = "stopped"
    RESUMED = "resumed"
    EXTENDED = "extended"
    RESTARTED = "restarted"


class Event(NamedTuple):
    """One line of a clock's ledger; `working_days` is a limit, `stop` the name of a stop."""

    happening: Happening
    at: datetime
    working_days: int | None = None
    stop: str | None = None


class Expected(NamedTuple):
    """What the product must answer; `at` is None while a stop is open, and `provisional` then says nothing."""

    at: datetime | None
    effective_date: date
    provisional: bool


class BruteForce:
    """The oracle over one calendar file (columns `date` and `kind`: off or work)."""

    def __init__(self, calendar_file: Path = CALENDAR_FILE) -> None:
        with calendar_file.open(encoding="utf-8", newline="") as lines:
            kinds = {date.fromisoformat(row["date"]): row["kind"] for row in csv.DictReader(lines)}
        self.announced_years = {day.year for day in kinds}
        self.is_working: dict[date, bool] = {}
        day = date(min(self.announced_years) - 1, 1, 1)
        while day.year <= max(self.announced_years) + 2:
            kind = kinds.get(day)
            self.is_working[day] = kind == "work" or (kind is None and day.weekday() < SATURDAY)
            day += ONE_DAY

    def effective_day(self, instant: datetime) -> date:
        """§6.2: the day itself until 15:00:00 of a working day, else the next working day."""
        local = instant.astimezone(VIETNAM)
        day = local.date()
        if self.is_working[day] and local.time() <= LAST_MOMENT_IN_TIME:
            return day
        return self.count_forward(day, 1)

    def count_forward(self, day: date, working_days: int) -> date:
        """§6.3: the last of that many working days after `day`, which is itself not counted."""
        while working_days > 0:
            day += ONE_DAY
            if self.is_working[day]:
                working_days -= 1
        return day

    def is_provisional(self, first: date, last: date) -> bool:
        """§6.1: some day from `first` through `last` lies outside the announced years."""
        return any(year not in self.announced_years for year in range(first.year, last.year + 1))

    def agency(self, received_at: datetime, working_days: int) -> Expected:
        """§6.2 and §6.3: an agency's limit without stops."""
        effective = self.effective_day(received_at)
        last = self.count_forward(effective, working_days)
        return self._closing(received_at, effective, last, last)

    def citizen(self, requested_at: datetime, working_days: int) -> Expected:
        """§6.6: a citizen's limit; 24:00 of the last day is 00:00 of the day after."""
        requested = requested_at.astimezone(VIETNAM).date()
        last = self.count_forward(requested, working_days)
        while not self.is_working[last]:
            last += ONE_DAY
        midnight = datetime.combine(last + ONE_DAY, time(0, 0), tzinfo=VIETNAM)
        return Expected(midnight, requested, self.is_provisional(requested, last))

    def ledger(self, events: Sequence[Event]) -> Expected:
        """§6.5, §6.7 and §10: a limit with stops (merged), extensions to a new total, and restarts in full."""
        received_at = events[0].at
        limit = 0
        stops: list[tuple[datetime, datetime]] = []
        open_stops: dict[str | None, datetime] = {}
        for event in events:
            if event.working_days is not None:
                limit = event.working_days
            if event.happening in (Happening.STARTED, Happening.RESTARTED):
                received_at = event.at
                stops = []
                open_stops = {}
            elif event.happening is Happening.STOPPED:
                open_stops[event.stop] = event.at
            elif event.happening is Happening.RESUMED:
                stops.append((open_stops.pop(event.stop), event.at))
        effective = self.effective_day(received_at)
        if open_stops:
            return Expected(None, effective, False)
        last = self.count_forward(effective, limit + len(self._stopped_days(effective, stops)))
        looked_at = max([last, *(self.effective_day(resumed_at) for _, resumed_at in stops)])
        return self._closing(received_at, effective, last, looked_at)

    def _stopped_days(self, effective: date, stops: Sequence[tuple[datetime, datetime]]) -> set[date]:
        stopped_days = set()
        for stopped_at, resumed_at in stops:
            last = self.effective_day(resumed_at)
            day = stopped_at.astimezone(VIETNAM).date()
            while day < last:
                day += ONE_DAY
                if day > effective and self.is_working[day]:
                    stopped_days.add(day)
        return stopped_days

    def _closing(self, received_at: datetime, effective: date, last: date, looked_at: date) -> Expected:
        """§6.1: a stop of an overdue clock looks beyond the due day; an unannounced day there is not silent either."""
        received = received_at.astimezone(VIETNAM).date()
        closing = datetime.combine(last, CLOSE_OF_BUSINESS, tzinfo=VIETNAM)
        return Expected(closing, effective, self.is_provisional(received, looked_at))
