"""Two worker processes do the same work on the same dossiers at the same moment: no duplicate, no deadlock, no loss.

Each process runs every job of every dossier, in an order of its own and from several threads: opens it, publishes its
whole life, sends and settles its messages, and empties the outbox.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple

from sqlalchemy import Engine, text

from ledger.engine import open_engine
from ledger.store import Ledger
from ledger.values import Claimed
from models.dossier import DossierStage
from models.facts import FactRefusal
from models.messages import Dispatch, Head, Sent
from models.publication import Publication
from models.systems import System
from tests.keys import MASTERS
from tests.ledger.builders import OPENED_AT, notice, numbered, opened
from tests.ledger.processes import together, two_processes
from tests.ledger.test_outbox import by_channel
from tests.ledger.test_publications import content, life_of, publish_all

DOSSIERS = 6
REPEATS = 2
ATTEMPTS = 8
"""How often each message is sent by each worker, each time round."""

THREADS = 3
CHANNELS = (System.PORTAL, System.SMS)
LEASE = timedelta(minutes=10)
"""Longer than the test: a row is leased twice only if two processes had it at once."""


class Done(NamedTuple):
    """What one process did."""

    codes: tuple[str, ...]
    claimed: tuple[Claimed, ...]


def worker(url: str, seed: int) -> Done:
    """One process: everything there is to do, in the order that the seed gives, then the outbox until it is empty."""
    engine = open_engine(url)
    try:
        ledger = Ledger(engine, MASTERS)
        ledger.unstarted()
        together()
        codes = tuple(opened(ledger, numbered(number)) for number in range(DOSSIERS))
        jobs = [job for code in codes for job in jobs_of(ledger, code)] * REPEATS
        random.Random(seed).shuffle(jobs)
        with ThreadPoolExecutor(THREADS) as threads:
            for running in [threads.submit(job) for job in jobs]:
                running.result()
            senders = [threads.submit(send_until_empty, ledger) for _ in range(THREADS)]
            claimed = tuple(claim for sender in senders for claim in sender.result())
        return Done(codes, claimed)
    finally:
        engine.dispose()


def jobs_of(ledger: Ledger, code: str) -> Iterator[Callable[[], object]]:
    """What both workers do for a dossier."""
    for change in life_of(code):
        yield partial(ledger.publish, change, out_of(change))
    yield from [partial(exchange, ledger, code)] * ATTEMPTS
    yield partial(hear, ledger, code)
    yield partial(ledger.mark_started, code)


def out_of(change: Publication) -> Sequence[Dispatch]:
    return [notice(change.code, change.sequence, channel) for channel in CHANNELS]


def exchange(ledger: Ledger, code: str) -> None:
    """A message out and its answer."""
    key = f"{code}:birth:submit:1"
    head = Head(key=key, dossier_code=code, procedure_code="2.002621", sent_at=OPENED_AT)
    ledger.sending(head, System.PROVINCIAL, "submit", "birth")
    ledger.sent(key, Sent(agency_code=f"from-{random.random()}"))


def hear(ledger: Ledger, code: str) -> None:
    """A message in and its verdict, which may differ between those who judge at once: the first counts for all."""
    ledger.arrived(f"tin-{code}", "digest", "agency_event", code, "/residence", OPENED_AT)
    verdict = ledger.settled(f"tin-{code}", False, FactRefusal.ENDED, f"Kết luận {random.random()}.")
    assert ledger.arrived(f"tin-{code}", "digest", "agency_event", code, "/residence", OPENED_AT) == verdict


def send_until_empty(ledger: Ledger) -> list[Claimed]:
    claimed: list[Claimed] = []
    while ledger.outbox_open():
        for row in ledger.claim(CHANNELS, datetime.now(UTC), LEASE, 3):
            claimed.append(row)
            ledger.dispatched(row.id, datetime.now(UTC))
    return claimed


def test_two_workers_do_everything_at_once(database_url: str, engine: Engine, ledger: Ledger) -> None:
    with two_processes() as processes:
        running = [processes.submit(worker, database_url, seed) for seed in (1, 2)]
        first, second = [work.result(timeout=120) for work in running]

    assert first.codes == second.codes
    assert len(set(first.codes)) == DOSSIERS

    straight = publish_all(ledger, life_of(opened(ledger, numbered(999))))
    for code in first.codes:
        stored = ledger.view(code)
        assert stored is not None
        assert stored.summary.stage is DossierStage.CONCLUDED
        alike = straight.model_copy(update={"notices": (), "refused_facts": ()})
        assert content(stored.model_copy(update={"notices": (), "refused_facts": ()})) == content(alike)
        expected = {notice(code, number, channel).head.key for number in range(1, 5) for channel in CHANNELS}
        assert Counter(row.dispatch.head.key for row in stored.notices) == Counter(expected)
        assert [fact.message_id for fact in stored.refused_facts].count(f"tin-{code}") == 1

    claimed = [*first.claimed, *second.claimed]
    assert set(Counter(row.id for row in claimed).values()) == {1}, "a row was leased twice"
    assert {row.attempts for row in claimed} == {1}
    rows = [row for code in first.codes for row in ledger.notices_of(code)]
    assert by_channel([row.dispatch for row in claimed]).keys() == by_channel([row.dispatch for row in rows]).keys()
    assert len(claimed) == len(rows)

    assert attempts(engine) == {2 * REPEATS * ATTEMPTS}, "an attempt was not counted"
    assert deadlocks(engine) == 0


def attempts(engine: Engine) -> set[int]:
    with engine.connect() as connection:
        return set(connection.execute(text("SELECT attempts FROM messages_out")).scalars())


def deadlocks(engine: Engine) -> int:
    """How many PostgreSQL had to break; SQLite, with one writer, has none."""
    if engine.dialect.name == "sqlite":
        return 0
    with engine.connect() as connection:
        count = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        found: int = connection.execute(count).scalar_one()
        return found
