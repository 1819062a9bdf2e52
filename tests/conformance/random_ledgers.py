"""Random ledgers of clocks, the product against the oracle: `make test` plays some, `make bench` a million."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from time import perf_counter

from models.calendar import load_calendar
from models.clock import Clock, ClockEntry, ClockEntryKind, Due, ReceiptRule, due
from tests.conformance.brute_force import VIETNAM, BruteForce, Event, Expected, Happening

YEARS = range(2022, 2028)
RULE = ReceiptRule(late_after=time(15), closes_at=time(17), basis="Quyết định 296/QĐ-VPCP, nhóm I mục 5")
LIMITS = range(21)
AROUND_15 = (time(14, 59, 59), time(15, 0, 0), time(15, 0, 1))
AROUND_A_DAY = (time(0, 0, 0), time(12, 0, 0), time(23, 59, 59))
EDGES = (*AROUND_15, *AROUND_A_DAY, time(16, 59, 59), time(17, 0, 0), time(17, 0, 1))
STOP_NAMES = ("consent", "supplement", "payment", "verification")
DAY_SECONDS = 24 * 60 * 60

STARTED, STOPPED, RESUMED = Happening.STARTED, Happening.STOPPED, Happening.RESUMED
EXTENDED, RESTARTED = Happening.EXTENDED, Happening.RESTARTED

KINDS = {
    STARTED: ClockEntryKind.STARTED,
    STOPPED: ClockEntryKind.STOPPED,
    RESUMED: ClockEntryKind.RESUMED,
    EXTENDED: ClockEntryKind.EXTENDED,
    RESTARTED: ClockEntryKind.RESTARTED,
}


Wrong = tuple[int, Expected, Expected, list[Event]]
"""The number of a ledger, what the product answers, what the oracle does, and the ledger."""


@dataclass
class Tally:
    """What comparing has found: ledgers that differ, what was among them all, and the seconds each side has taken."""

    wrong: list[Wrong] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    ours: float = 0.0
    oracles: float = 0.0


def compared(seed: int, ledgers: int) -> Tally:
    """So many random ledgers of that seed, each read by the product and by the oracle."""
    random, calendar, oracle, tally = Random(seed), load_calendar(), BruteForce(), Tally()
    for number in range(ledgers):
        events = random_ledger(random)
        clock = as_clock(events)
        began = perf_counter()
        actual = answered(due(clock, calendar))
        between = perf_counter()
        expected = oracle.ledger(events)
        tally.ours += between - began
        tally.oracles += perf_counter() - between
        tally.seen.update({event.happening.value for event in events})
        tally.seen["open"] += expected.at is None
        tally.seen["provisional"] += expected.provisional
        same = actual[:2] == expected[:2] if expected.at is None else actual == expected
        if not same:
            tally.wrong.append((number, actual, expected, events))
    return tally


def answered(actual: Due) -> Expected:
    return Expected(actual.at, actual.effective_date, actual.provisional)


def as_clock(events: Sequence[Event]) -> Clock:
    entries = tuple(
        ClockEntry(
            kind=KINDS[event.happening],
            at=event.at,
            cause="thử nghiệm",
            basis="296/QĐ-VPCP",
            working_days=event.working_days,
            stop=event.stop,
        )
        for event in events
    )
    return Clock(rule=RULE, entries=entries)


def moment(random: Random, earliest: datetime, latest_days: int) -> datetime:
    """A moment within that many days after `earliest`, one time in three at an edge of the rules."""
    later = earliest + timedelta(seconds=random.randint(1, latest_days * DAY_SECONDS))
    if random.random() < 1 / 3:
        edge = datetime.combine(later.date(), random.choice(EDGES), tzinfo=VIETNAM)
        return edge if edge > earliest else later
    return later


def random_stops(random: Random, start: datetime, *, one_may_stay_open: bool) -> list[Event]:
    """Up to four stops of different names, freely overlapping; at most one is never resumed."""
    names = random.sample(STOP_NAMES, random.randint(0, len(STOP_NAMES)))
    open_name = random.choice(names) if names and one_may_stay_open and random.random() < 0.2 else None
    events = []
    for name in names:
        stopped_at = moment(random, start, 20)
        events.append(Event(STOPPED, stopped_at, None, name))
        if name != open_name:
            events.append(Event(RESUMED, moment(random, stopped_at, random.choice((1, 3, 15))), None, name))
    return events


def random_ledger(random: Random) -> list[Event]:
    """A start, stops, perhaps an extension, perhaps a restart with stops of its own; all at different instants."""
    day_one = datetime(YEARS[0], 1, 1, tzinfo=VIETNAM)
    days = (date(YEARS[-1], 12, 31) - day_one.date()).days
    start = moment(random, day_one, days)
    limit = random.choice(LIMITS)
    events = [Event(STARTED, start, limit), *random_stops(random, start, one_may_stay_open=True)]
    if random.random() < 0.3:
        after_all = moment(random, max(event.at for event in events), 10)
        events.append(Event(RESTARTED, after_all, random.choice((None, None, random.randint(0, limit)))))
        events += random_stops(random, after_all, one_may_stay_open=True)
    if random.random() < 0.4:
        events.append(Event(EXTENDED, moment(random, start, 30), limit + random.randint(1, 10)))
    if len({event.at for event in events}) < len(events):
        return random_ledger(random)
    return sorted(events, key=lambda event: event.at)
