"""The outbox: in order per dossier and channel, one sender at a time, and nothing is lost."""

from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, NamedTuple

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import Engine

from ledger.engine import open_engine
from ledger.store import Ledger
from ledger.values import Claimed
from models.messages import Dispatch
from models.systems import System
from tests.keys import MASTERS
from tests.ledger.builders import OPENED_AT, notice, numbered, opened, published

CHANNELS = (System.SMS, System.PORTAL, System.VNEID)
LEASE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


class Row(NamedTuple):
    """What the outbox should know of a dispatch, in the order in which they were put in."""

    dispatch: Dispatch
    attempts: int = 0
    leased_until: datetime | None = None
    next_attempt_at: datetime | None = None
    sent: bool = False

    def free(self, now: datetime) -> bool:
        waits = (self.leased_until, self.next_attempt_at)
        return not self.sent and all(until is None or until <= now for until in waits)


class OutboxMachine(RuleBasedStateMachine):
    """The outbox against a list in memory, under any sequence of claims, successes, failures and lost senders."""

    ledger: Ledger
    dossiers = 0

    def __init__(self) -> None:
        super().__init__()
        self.now = OPENED_AT
        self.rows: list[Row] = []
        self.leases: list[Claimed] = []
        self.codes = [opened(self.ledger, numbered(self._another())) for _ in range(2)]
        self.sequence = 0

    @classmethod
    def _another(cls) -> int:
        cls.dossiers += 1
        return cls.dossiers

    @rule(dossier=st.integers(0, 1), channels=st.lists(st.sampled_from(CHANNELS), min_size=1, max_size=3))
    def publish(self, dossier: int, channels: list[System]) -> None:
        self.sequence += 1
        code = self.codes[dossier]
        out = [notice(code, 100 * self.sequence + number, channel) for number, channel in enumerate(channels)]
        self.ledger.publish(published(code, self.sequence), out)
        self.rows += [Row(dispatch) for dispatch in out]

    @rule(channels=st.sets(st.sampled_from(CHANNELS)), limit=st.integers(1, 4))
    def claim(self, channels: set[System], limit: int) -> None:
        oldest: dict[tuple[str, System], Row] = {}
        for row in self.rows:
            if not row.sent:
                oldest.setdefault((row.dispatch.head.dossier_code, row.dispatch.channel), row)
        expected = [row for row in oldest.values() if row.dispatch.channel in channels and row.free(self.now)]
        expected.sort(key=self.rows.index)
        claimed = self.ledger.claim(channels, self.now, LEASE, limit)
        assert [(c.dispatch, c.attempts) for c in claimed] == [(r.dispatch, r.attempts + 1) for r in expected[:limit]]
        self.leases += claimed
        for lease in claimed:
            self._change(lease, attempts=lease.attempts, leased_until=self.now + LEASE)

    @precondition(lambda self: self.leases)
    @rule(which=st.integers(0, 50))
    def dispatched(self, which: int) -> None:
        lease = self.leases[which % len(self.leases)]
        self.ledger.dispatched(lease.id, self.now)
        self._change(lease, sent=True)

    @precondition(lambda self: self.leases)
    @rule(which=st.integers(0, 50), seconds=st.integers(0, 90))
    def postponed(self, which: int, seconds: int) -> None:
        lease = self.leases[which % len(self.leases)]
        again = self.now + seconds * SECOND
        self.ledger.postponed(lease.id, "HTTP 503", again, lease.attempts)
        if self._row(lease).attempts == lease.attempts:
            self._change(lease, leased_until=None, next_attempt_at=again)

    @rule(seconds=st.sampled_from((1, 30, 60, 120)))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds * SECOND

    @invariant()
    def counts_what_is_open(self) -> None:
        for code in self.codes:
            waiting = [row for row in self.rows if row.dispatch.head.dossier_code == code and not row.sent]
            assert self.ledger.outbox_open(code) == len(waiting)

    def teardown(self) -> None:
        """Everything leaves in the end, each dossier and channel in order; the next run finds an empty outbox."""
        left = [row.dispatch for row in self.rows if not row.sent]
        gone = []
        while claimed := self.ledger.claim(CHANNELS, self.now + timedelta(days=1), LEASE, 100):
            for lease in claimed:
                self.ledger.dispatched(lease.id, self.now)
                gone.append(lease.dispatch)
        assert by_channel(gone) == by_channel(left)
        assert self.ledger.outbox_open() == 0

    def _row(self, lease: Claimed) -> Row:
        return next(row for row in self.rows if row.dispatch == lease.dispatch)

    def _change(self, lease: Claimed, **changes: Any) -> None:
        row = self._row(lease)
        if not row.sent:
            self.rows[self.rows.index(row)] = row._replace(**changes)


def by_channel(dispatches: list[Dispatch]) -> dict[tuple[str, System], list[str]]:
    keys = defaultdict(list)
    for dispatch in dispatches:
        keys[dispatch.head.dossier_code, dispatch.channel].append(dispatch.head.key)
    return keys


def test_the_outbox_behaves_like_a_list_in_memory(ledger: Ledger) -> None:
    machine = type("Machine", (OutboxMachine,), {"ledger": ledger})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=20,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )


def test_senders_of_two_processes_never_hold_the_same_row(database_url: str, ledger: Ledger) -> None:
    codes = [opened(ledger, numbered(number)) for number in range(2)]
    for code in codes:
        ledger.publish(published(code, 1), [notice(code, n, channel) for n in range(10) for channel in CHANNELS])
    sent: list[Dispatch] = []
    holding: set[int] = set()
    lock = Lock()

    def send_until_empty(sender: Ledger) -> None:
        while ledger.outbox_open():
            for claimed in sender.claim(CHANNELS, OPENED_AT, LEASE, 2):
                with lock:
                    assert claimed.id not in holding
                    holding.add(claimed.id)
                    sent.append(claimed.dispatch)
                sender.dispatched(claimed.id, OPENED_AT)

    with process(database_url) as first, process(database_url) as second, ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(send_until_empty, sender) for sender in (first, second, first, second)]:
            done.result()
    assert by_channel(sent) == by_channel([row.dispatch for code in codes for row in ledger.notices_of(code)])


@contextmanager
def process(database_url: str) -> Iterator[Ledger]:
    """A ledger with connections of its own."""
    engine: Engine = open_engine(database_url)
    yield Ledger(engine, MASTERS)
    engine.dispose()


def test_a_failing_row_holds_back_its_own_channel_only(ledger: Ledger) -> None:
    code, other = opened(ledger, numbered(1)), opened(ledger, numbered(2))
    ledger.publish(published(code, 1), [notice(code, 1), notice(code, 2), notice(code, 3, System.SMS)])
    ledger.publish(published(other, 1), [notice(other, 1)])
    failing, *_ = ledger.claim([System.PORTAL], OPENED_AT, LEASE, 1)
    ledger.postponed(failing.id, "HTTP 503", OPENED_AT + LEASE, failing.attempts)
    claimed = ledger.claim(CHANNELS, OPENED_AT, LEASE, 10)
    assert [c.dispatch for c in claimed] == [notice(code, 3, System.SMS), notice(other, 1)]
    waiting = ledger.notices_of(code)[0]
    assert (waiting.attempts, waiting.last_error, waiting.next_attempt_at) == (1, "HTTP 503", OPENED_AT + LEASE)
    again, *_ = ledger.claim([System.PORTAL], OPENED_AT + LEASE, LEASE, 1)
    ledger.dispatched(again.id, OPENED_AT + LEASE)
    done = ledger.notices_of(code)[0]
    assert (done.attempts, done.last_error, done.sent_at) == (2, None, OPENED_AT + LEASE)
    assert [c.dispatch for c in ledger.claim([System.PORTAL], OPENED_AT + LEASE, LEASE, 1)] == [notice(code, 2)]


def test_sent_is_sent_once(ledger: Ledger) -> None:
    code = opened(ledger)
    ledger.publish(published(code, 1), [notice(code, 1)])
    lease, *_ = ledger.claim(CHANNELS, OPENED_AT, LEASE, 1)
    ledger.dispatched(lease.id, OPENED_AT)
    ledger.dispatched(lease.id, OPENED_AT + LEASE)
    ledger.postponed(lease.id, "quá giờ", OPENED_AT + LEASE, lease.attempts)
    row, *_ = ledger.notices_of(code)
    assert (row.sent_at, row.last_error) == (OPENED_AT, None)
    assert ledger.claim(CHANNELS, OPENED_AT + LEASE, LEASE, 1) == ()


def test_who_lost_the_lease_cannot_put_off_the_row(ledger: Ledger) -> None:
    code = opened(ledger)
    ledger.publish(published(code, 1), [notice(code, 1)])
    lost, *_ = ledger.claim(CHANNELS, OPENED_AT, LEASE, 1)
    holder, *_ = ledger.claim(CHANNELS, OPENED_AT + LEASE, LEASE, 1)
    ledger.postponed(lost.id, "quá giờ", OPENED_AT, lost.attempts)
    assert ledger.claim(CHANNELS, OPENED_AT + LEASE, LEASE, 1) == ()
    ledger.postponed(holder.id, "HTTP 503", OPENED_AT + LEASE, holder.attempts)
    assert [claimed.attempts for claimed in ledger.claim(CHANNELS, OPENED_AT + LEASE, LEASE, 1)] == [3]
