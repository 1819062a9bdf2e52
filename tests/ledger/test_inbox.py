"""The inbox: nothing is lost, in order per dossier, one deliverer at a time; its sender sees what became of it."""

from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import Engine

from ledger.engine import open_engine
from ledger.errors import MessageReused
from ledger.figures import Figures
from ledger.store import Ledger
from ledger.values import Arrival, Delivery
from models.facts import FactKind, FactRefusal
from models.inbox import Hindrance, Progress, Standing
from tests.keys import MASTERS
from tests.ledger.builders import OPENED_AT, consent

CODE, OTHER = "G22.99.08-261110-000001", "G22.99.08-261110-000002"
LEASE = timedelta(seconds=5)
SECOND = timedelta(seconds=1)


def store(ledger: Ledger, message_id: str, code: str = CODE, at: datetime = OPENED_AT, digest: str = "d") -> Arrival:
    return ledger.store(consent(code, message_id), digest, "vneid", at, LEASE)


def delivery(arrival: Arrival) -> Delivery:
    assert arrival.delivery is not None
    return arrival.delivery


def accept(ledger: Ledger, message_id: str) -> None:
    ledger.settled(message_id, True, None, "Đã ghi nhận.")


def ids(deliveries: tuple[Delivery, ...]) -> list[str]:
    return [delivery.message_id for delivery in deliveries]


def test_a_fact_is_stored_whole_and_leased_to_who_brought_it(ledger: Ledger) -> None:
    arrival = store(ledger, "m1")
    first = delivery(arrival)
    assert (first.kind, first.fact, first.update_id) == (FactKind.VNEID_CONSENT, consent(CODE, "m1"), "m1")
    assert ledger.claim_messages(OPENED_AT, LEASE, 10) == ()
    assert ledger.standing_at(arrival.status_token) == Standing(status=Progress.WAITING)


def test_what_a_killed_process_had_in_hand_is_delivered_by_the_next(ledger: Ledger) -> None:
    first = delivery(store(ledger, "m1"))
    assert not ledger.messages_due(OPENED_AT + LEASE - SECOND)
    assert ledger.messages_due(OPENED_AT + LEASE)
    [again] = ledger.claim_messages(OPENED_AT + LEASE, LEASE, 10)
    assert (again.fact, again.update_id, again.attempts) == (first.fact, first.update_id, 2)


def test_younger_messages_of_a_dossier_wait_their_turn_and_other_dossiers_do_not(ledger: Ledger) -> None:
    first = delivery(store(ledger, "m1"))
    assert store(ledger, "m2").delivery is None
    delivery(store(ledger, "n1", OTHER))
    accept(ledger, "n1")
    ledger.put_off(first, Hindrance.TEMPORAL_AWAY, OPENED_AT + SECOND)
    assert store(ledger, "m3").delivery is None
    assert ledger.claim_messages(OPENED_AT, LEASE, 10) == ()
    turns = []
    while claimed := ledger.claim_messages(OPENED_AT + SECOND, LEASE, 10):
        turns.append(ids(claimed))
        accept(ledger, claimed[0].message_id)
    assert turns == [["m1"], ["m2"], ["m3"]]


def test_something_new_of_a_dossier_is_a_reason_to_try_its_oldest_at_once(ledger: Ledger) -> None:
    ledger.put_off(delivery(store(ledger, "m1")), Hindrance.NO_ANSWER, OPENED_AT + timedelta(minutes=1))
    store(ledger, "m2")
    claimed = ledger.claim_message(CODE, OPENED_AT, LEASE)
    assert claimed is not None
    assert (claimed.message_id, claimed.attempts) == ("m1", 2)
    assert ledger.claim_message(CODE, OPENED_AT, LEASE) is None, "somebody has it"


def test_a_message_sent_again_while_it_waits_is_tried_at_once_and_stays_one(ledger: Ledger) -> None:
    arrival = store(ledger, "m1")
    assert store(ledger, "m1").delivery is None, "the first sender's request has it in hand"
    ledger.put_off(delivery(arrival), Hindrance.NO_ANSWER, OPENED_AT + timedelta(minutes=1))
    again = store(ledger, "m1")
    assert (delivery(again).attempts, again.status_token) == (2, arrival.status_token)
    assert [message.message_id for message in ledger.waiting_messages(1000)] == ["m1"]


def test_a_later_refusal_shows_at_the_status_address_and_nowhere_else(ledger: Ledger) -> None:
    token, other = store(ledger, "m1").status_token, store(ledger, "m2").status_token
    assert token != other
    ledger.settled("m1", False, FactRefusal.WRONG_PERSON, "Không phải người được hỏi.")
    assert ledger.standing_at(token) == Standing(
        status=Progress.REFUSED, reason=FactRefusal.WRONG_PERSON, text="Không phải người được hỏi."
    )
    accept(ledger, "m2")
    assert ledger.standing_at(other) == Standing(status=Progress.ACCEPTED)
    assert ledger.standing_at("m1") is None
    assert ledger.waiting_messages(1000) == ()


def test_a_final_verdict_is_not_judged_anew(ledger: Ledger) -> None:
    store(ledger, "m1")
    accept(ledger, "m1")
    again = store(ledger, "m1")
    assert again.verdict is not None
    assert (again.verdict.accepted, again.delivery) == (True, None)
    with pytest.raises(MessageReused):
        store(ledger, "m1", digest="other")


def test_what_was_out_of_turn_is_judged_anew_as_another_update_behind_what_waits(ledger: Ledger) -> None:
    token = store(ledger, "m1").status_token
    ledger.settled("m1", False, FactRefusal.OUT_OF_TURN, "Chưa đến lượt.")
    delivery(store(ledger, "m2"))
    assert store(ledger, "m1").delivery is None
    assert ledger.standing_at(token) == Standing(status=Progress.WAITING)
    accept(ledger, "m2")
    [anew] = ledger.claim_messages(OPENED_AT, LEASE, 10)
    assert anew.message_id == "m1"
    assert anew.update_id.startswith("m1:")
    [later] = ledger.claim_messages(OPENED_AT + LEASE, LEASE, 10)
    assert later.update_id == anew.update_id, "one judging, however often it is tried"
    accept(ledger, "m1")
    assert ledger.standing_at(token) == Standing(status=Progress.ACCEPTED)


def test_a_message_is_left_to_its_sender_only_if_nobody_promised_to_deliver_it(ledger: Ledger) -> None:
    token = store(ledger, "m1").status_token
    assert ledger.left_to_sender("m1")
    assert (ledger.standing_at(token), ledger.standing_of("m1")) == (None, None)
    assert not ledger.promise("m1"), "nobody has it to deliver"
    put_off = delivery(store(ledger, "m1"))
    assert ledger.promise("m1"), "by another request, while the first is tried"
    ledger.put_off(put_off, Hindrance.NOT_RUNNING, OPENED_AT)
    assert not ledger.left_to_sender("m1")
    assert ledger.standing_at(token) == Standing(status=Progress.WAITING)


def test_who_lost_the_lease_puts_nothing_off(ledger: Ledger) -> None:
    lost = delivery(store(ledger, "m1"))
    [holder] = ledger.claim_messages(OPENED_AT + LEASE, LEASE, 1)
    ledger.put_off(lost, Hindrance.NO_ANSWER, OPENED_AT)
    assert ledger.claim_messages(OPENED_AT + LEASE, LEASE, 1) == ()
    ledger.put_off(holder, Hindrance.NO_ANSWER, OPENED_AT + LEASE)
    assert ids(ledger.claim_messages(OPENED_AT + LEASE, LEASE, 1)) == ["m1"]


def test_operators_see_what_waits_since_when_and_why(engine: Engine, ledger: Ledger) -> None:
    ledger.put_off(delivery(store(ledger, "m1")), Hindrance.TEMPORAL_AWAY, OPENED_AT + SECOND)
    store(ledger, "m2", at=OPENED_AT + SECOND)
    store(ledger, "n1", OTHER, at=OPENED_AT + 2 * SECOND)
    shown = [(m.message_id, m.since, m.source, m.hindrance, m.next_attempt_at) for m in ledger.waiting_messages(1000)]
    assert shown == [
        ("m1", OPENED_AT, "vneid", Hindrance.TEMPORAL_AWAY, OPENED_AT + SECOND),
        ("m2", OPENED_AT + SECOND, "vneid", Hindrance.BEHIND_ANOTHER, None),
        ("n1", OPENED_AT + 2 * SECOND, "vneid", None, None),
    ]
    figures = Figures(engine, MASTERS).read(OPENED_AT, OPENED_AT)
    assert figures.inbox is not None
    assert (figures.inbox.rows, figures.inbox.since) == (3, OPENED_AT)
    assert [m.message_id for m in ledger.waiting_messages(2)] == ["m1", "m2"]
    assert ledger.inbox_open() == 3
    for message in shown:
        accept(ledger, message[0])
    assert Figures(engine, MASTERS).read(OPENED_AT, OPENED_AT).inbox is None


# --- Any sequence of arrivals, deliveries, failures and lost processes ------------------------------------------------


@dataclass(frozen=True)
class Message:
    """What the inbox should know of a message, in the order in which they were stored."""

    id: str
    code: str
    attempts: int = 0
    leased_until: datetime | None = None
    next_attempt_at: datetime | None = None


@dataclass
class Expected:
    """The inbox as a list in memory."""

    waiting: list[Message] = field(default_factory=list)

    def first_of_each(self) -> dict[str, Message]:
        first: dict[str, Message] = {}
        for message in self.waiting:
            first.setdefault(message.code, message)
        return first

    def find(self, message_id: str) -> Message | None:
        return next((message for message in self.waiting if message.id == message_id), None)

    def lease(self, message: Message, now: datetime) -> None:
        place = self.waiting.index(message)
        self.waiting[place] = replace(message, attempts=message.attempts + 1, leased_until=now + LEASE)


def free(message: Message, now: datetime) -> bool:
    return message.leased_until is None or message.leased_until <= now


class InboxMachine(RuleBasedStateMachine):
    """The inbox against a list in memory."""

    ledger: Ledger
    messages = 0

    def __init__(self) -> None:
        super().__init__()
        self.now = OPENED_AT
        self.expected = Expected()
        self.leases: list[Delivery] = []
        self.arrived: dict[str, list[str]] = defaultdict(list)
        self.settled: dict[str, list[str]] = defaultdict(list)

    @rule(code=st.sampled_from((CODE, OTHER)))
    def arrives(self, code: str) -> None:
        InboxMachine.messages += 1
        message = Message(f"h{InboxMachine.messages}", code)
        self.expected.waiting.append(message)
        self.arrived[code].append(message.id)
        self._stored(message)

    @precondition(lambda self: self.expected.waiting)
    @rule(which=st.integers(0, 50))
    def comes_again(self, which: int) -> None:
        self._stored(self.expected.waiting[which % len(self.expected.waiting)])

    @rule(limit=st.integers(1, 3))
    def claim(self, limit: int) -> None:
        due = [
            message
            for message in self.expected.first_of_each().values()
            if free(message, self.now) and (message.next_attempt_at is None or message.next_attempt_at <= self.now)
        ]
        claimed = self.ledger.claim_messages(self.now, LEASE, limit)
        assert len(claimed) == min(limit, len(due))
        assert {c.message_id for c in claimed} <= {message.id for message in due}
        self._took(*claimed)

    @precondition(lambda self: self.leases)
    @rule(which=st.integers(0, 50))
    def judged(self, which: int) -> None:
        lease = self.leases.pop(which % len(self.leases))
        accept(self.ledger, lease.message_id)
        if message := self.expected.find(lease.message_id):
            self.expected.waiting.remove(message)
            self.settled[message.code].append(message.id)

    @precondition(lambda self: self.leases)
    @rule(which=st.integers(0, 50), seconds=st.integers(0, 30))
    def put_off(self, which: int, seconds: int) -> None:
        lease = self.leases.pop(which % len(self.leases))
        again = self.now + seconds * SECOND
        self.ledger.put_off(lease, Hindrance.NO_ANSWER, again)
        message = self.expected.find(lease.message_id)
        if message and message.attempts == lease.attempts:
            self.expected.waiting[self.expected.waiting.index(message)] = replace(
                message, leased_until=None, next_attempt_at=again
            )

    @rule()
    def process_dies(self) -> None:
        self.leases.clear()

    @rule(seconds=st.sampled_from((1, 6, 3600)))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds * SECOND

    @invariant()
    def what_waits_is_there_in_order(self) -> None:
        assert [m.message_id for m in self.ledger.waiting_messages(1000)] == [m.id for m in self.expected.waiting]

    @invariant()
    def each_dossier_hears_in_order(self) -> None:
        for code, settled in self.settled.items():
            assert settled == self.arrived[code][: len(settled)]

    def teardown(self) -> None:
        """Everything is delivered in the end."""
        while claimed := self.ledger.claim_messages(self.now + timedelta(days=1), LEASE, 100):
            for lease in claimed:
                accept(self.ledger, lease.message_id)
        assert self.ledger.waiting_messages(1000) == ()

    def _stored(self, message: Message) -> None:
        arrival = store(self.ledger, message.id, message.code, self.now)
        its_turn = self.expected.first_of_each()[message.code] == message and free(message, self.now)
        assert (arrival.delivery is not None) == its_turn
        if arrival.delivery:
            self._took(arrival.delivery)

    def _took(self, *leases: Delivery) -> None:
        for lease in leases:
            message = self.expected.find(lease.message_id)
            assert message is not None
            self.expected.lease(message, self.now)
            assert lease.attempts == message.attempts + 1
        self.leases += leases


def test_the_inbox_behaves_like_a_list_in_memory(ledger: Ledger) -> None:
    run_state_machine_as_test(
        type("Machine", (InboxMachine,), {"ledger": ledger}),
        settings=settings(
            max_examples=20,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )


def test_deliverers_of_two_processes_never_hold_the_same_dossier(database_url: str, ledger: Ledger) -> None:
    for code in (CODE, OTHER):
        for number in range(10):
            arrival = store(ledger, f"{code}:{number}", code)
            if arrival.delivery:
                ledger.put_off(arrival.delivery, Hindrance.TEMPORAL_AWAY, OPENED_AT)
    delivered: dict[str, list[str]] = defaultdict(list)
    holding: set[str] = set()
    lock = Lock()

    def deliver_until_empty(deliverer: Ledger) -> None:
        while deliverer.inbox_open():
            for claimed in deliverer.claim_messages(OPENED_AT, LEASE, 2):
                code = claimed.fact.dossier_code
                with lock:
                    assert code not in holding
                    holding.add(code)
                    delivered[code].append(claimed.message_id)
                with lock:
                    holding.remove(code)
                accept(deliverer, claimed.message_id)

    with process(database_url) as first, process(database_url) as second, ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(deliver_until_empty, deliverer) for deliverer in (first, second, first, second)]:
            done.result()
    assert delivered == {code: [f"{code}:{number}" for number in range(10)] for code in (CODE, OTHER)}


def test_the_same_message_from_many_at_once_is_stored_once(ledger: Ledger) -> None:
    with ThreadPoolExecutor(4) as threads:
        arrivals = list(threads.map(lambda _: store(ledger, "m1"), range(8)))
    assert len({arrival.status_token for arrival in arrivals}) == 1
    assert [arrival.delivery is not None for arrival in arrivals].count(True) == 1
    assert len(ledger.waiting_messages(1000)) == 1


@contextmanager
def process(database_url: str) -> Iterator[Ledger]:
    """A ledger with connections of its own."""
    engine = open_engine(database_url)
    yield Ledger(engine, MASTERS)
    engine.dispose()
