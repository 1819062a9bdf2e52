"""The measurements, each on a running world."""

import asyncio
import statistics
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import create_engine, inspect, text
from temporalio.client import Client, WorkflowHistory
from temporalio.service import RPCError

from bench.bare import QUEUE, BareDossier
from bench.counts import Counts, count
from bench.recorder import recording
from bench.script import Script, compose
from bench.world import Worker, World
from models.dossier import ConsentState, LegStage
from models.events import EVENT_MEDIA_TYPE, CloudEvent, EventType
from models.facts import Answer
from models.systems import System
from workflows.birth import BirthProcedureGroup

Start = Callable[[str], Awaitable[None]]
Sent = Callable[[str], Awaitable[bool]]
_Way = Callable[[World, CloudEvent], Awaitable[None]]

_ACCEPTED = 200

_WAIT = 0.1
_UNHURRIED = 0.5
"""Seconds before each event of the dossier that is counted: each change is published before the next one comes."""

_ASKED_AT_ONCE = 20
_WARMING = 20
"""Dossiers before memory is measured: the first ones also pay for caches, connections and threads."""

_ALSO_BARE = frozenset({"messages_in", "family_claims"})
"""Rows that are written when a dossier is opened, or by the gateway, and so for the bare workflow too."""


def say(line: str) -> None:
    """Progress, on stderr."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


@dataclass(frozen=True)
class Round:
    """One round of dossiers: how many a second, CPU seconds of the worker for each, what the last cost Temporal."""

    per_second: float
    cpu: float
    last: Counts


@dataclass(frozen=True)
class Comparison:
    """Ours against the floor, and against ours with nothing sealed, round by round."""

    ours: Sequence[Round]
    clear: Sequence[Round]
    bare: Sequence[Round]

    @property
    def speed(self) -> float:
        """Our dossiers per second as a share of the floor's, medians of both."""
        return _median(self.ours, lambda one: one.per_second) / _median(self.bare, lambda one: one.per_second)

    @property
    def cpu(self) -> float:
        """The floor's CPU as a share of ours: 1 would be no more than the floor."""
        return _median(self.bare, lambda one: one.cpu) / _median(self.ours, lambda one: one.cpu)

    @property
    def sealed_speed(self) -> float:
        """Dossiers per second, as a share of what they are with nothing sealed, medians of both."""
        return _median(self.ours, lambda one: one.per_second) / _median(self.clear, lambda one: one.per_second)

    @property
    def sealed_cpu(self) -> float:
        """The CPU of a dossier with nothing sealed as a share of ours: 1 would be sealing for nothing."""
        return _median(self.clear, lambda one: one.cpu) / _median(self.ours, lambda one: one.cpu)


def _median(rounds: Sequence[Round], of: Callable[[Round], float]) -> float:
    return statistics.median(of(one) for one in rounds)


@dataclass(frozen=True)
class Holding:
    """A worker with open dossiers: bytes before and with them."""

    dossiers: int
    before: int
    after: int

    @property
    def per_thousand(self) -> int:
        """Bytes for a thousand dossiers, by proportion."""
        return (self.after - self.before) * 1000 // self.dossiers


@dataclass(frozen=True)
class Recovery:
    """Seconds from the start of a new worker, after `kill -9`, until it has answered for so many dossiers."""

    dossiers: int
    first: float
    all: float


@dataclass(frozen=True)
class GatewayCost:
    """Seconds until a dossier has accepted a fact, one fact after the other: by an update of its workflow and nothing
    else, and through the gateway: signed, sent by HTTP, stored in the inbox, put to the workflow, settled."""

    bare: Sequence[float]
    gateway: Sequence[float]

    @property
    def ratio(self) -> float:
        """How many times as long it takes through the gateway, medians of both."""
        return statistics.median(self.gateway) / statistics.median(self.bare)


# --- One dossier ------------------------------------------------------------------------------------------------------


async def record(world: World) -> tuple[Counts, Script]:
    """Play one plain dossier of ours, count it, and write its script for the bare workflow."""
    async with recording(world.settings.simulator_url) as (address, requests):
        worker = await world.worker(simulator=address)
        code = world.open("birth/plain")
        for system in System:
            await world.instruct(system, code, delay=_UNHURRIED)
        await world.start(code)
        history = await _history(world.client, code)
        while world.ledger.outbox_open(code):
            await asyncio.sleep(_WAIT)
        await worker.stop()
    dossier = world.ledger.view(code)
    assert dossier is not None
    assert dossier.provincial_code is not None
    sent = {notice.dispatch.head.key for notice in dossier.notices}
    rows = _rows(world.settings.ledger_url, code)
    return count(history), compose(code, dossier.provincial_code, history, requests, sent, rows)


async def counted(world: World, samples: Sequence[str]) -> Mapping[str, Counts]:
    """What one dossier of each of these samples costs Temporal, played as unhurriedly, nobody being silent."""
    worker = await world.worker()
    codes = {sample: world.open(sample) for sample in samples}
    for code in codes.values():
        for system in System:
            await world.instruct(system, code, delay=_UNHURRIED)
        await world.start(code)
    counts = {sample: count(await _history(world.client, code)) for sample, code in codes.items()}
    await worker.stop()
    return counts


async def _history(client: Client, code: str) -> WorkflowHistory:
    handle = client.get_workflow_handle(code)
    await handle.result()
    return await handle.fetch_history()


def _rows(ledger: str, code: str) -> list[int]:
    """The sizes of the rows that the worker has written of a dossier."""
    engine = create_engine(ledger)
    sizes = []
    with engine.connect() as connection:
        for table in inspect(engine).get_table_names():
            if table in _ALSO_BARE or "dossier_code" not in {c["name"] for c in inspect(engine).get_columns(table)}:
                continue
            for row in connection.execute(text(f"SELECT * FROM {table} WHERE dossier_code = :code"), {"code": code}):
                sizes.append(sum(len(str(value)) for value in row if value is not None))
    engine.dispose()
    return sizes


# --- Against the floor ------------------------------------------------------------------------------------------------


async def compare(world: World, script: Script, rounds: int, dossiers: int) -> Comparison:
    """Rounds of ours, of ours with nothing sealed, and of the floor in turn, each by a fresh worker."""
    measured: dict[str, list[Round]] = {"ours": [], "clear": [], "floor": []}
    for number in range(rounds):
        measured["ours"].append(await _ours(world, dossiers))
        measured["clear"].append(await _ours(world, dossiers, "-m", "bench.clear"))
        measured["floor"].append(await _bare(world, script, dossiers))
        for name, rounds_of_it in measured.items():
            last = rounds_of_it[-1]
            say(f"  {name:<5} {number + 1}/{rounds}: {last.per_second:.2f} dossiers/s, {last.cpu * 1000:.0f} ms CPU")
    return Comparison(measured["ours"], measured["clear"], measured["floor"])


async def _ours(world: World, dossiers: int, *command: str) -> Round:
    """A round by our worker, or by that of `command`; done when also its outbox is empty."""

    async def sent(code: str) -> bool:
        return not await asyncio.to_thread(world.ledger.outbox_open, code)

    return await _round(world, await world.worker(*command), world.start, sent, dossiers)


async def _bare(world: World, script: Script, dossiers: int) -> Round:
    """A round by the bare worker; done when also every request of the script has reached the simulator."""
    file = world.settings.state / "script.json"
    script.save(file)
    requests = await world.requests(script.code)

    async def start(code: str) -> None:
        batches = [vars(batch) for batch in script.batches]
        sizes = [step.sent for step in script.steps]
        arguments = [code, batches, sizes, script.result]
        await world.unsealing.start_workflow(BareDossier.run, args=arguments, id=code, task_queue=QUEUE)

    async def sent(code: str) -> bool:
        return await world.requests(code) >= requests

    worker = await world.worker("-m", "bench.bare", str(file), str(world.settings.state / "bare.db"))
    return await _round(world, worker, start, sent, dossiers)


async def _round(world: World, worker: Worker, start: Start, sent: Sent, dossiers: int) -> Round:
    """Warm the worker up with one dossier, then start all the others at once."""
    warming, *codes = [world.open("birth/plain") for _ in range(dossiers + 1)]
    await _play(world, start, sent, [warming])
    began, used = time.monotonic(), worker.cpu()
    await _play(world, start, sent, codes)
    taken, spent = time.monotonic() - began, worker.cpu() - used
    await worker.stop()
    return Round(dossiers / taken, spent / dossiers, count(await _history(world.client, codes[-1])))


async def _play(world: World, start: Start, sent: Sent, codes: Sequence[str]) -> None:
    await asyncio.gather(*(start(code) for code in codes))
    await asyncio.gather(*(world.client.get_workflow_handle(code).result() for code in codes))
    for code in codes:
        while not await sent(code):
            await asyncio.sleep(_WAIT)


# --- Open dossiers ----------------------------------------------------------------------------------------------------


async def hold(world: World, dossiers: int) -> tuple[Holding, Recovery, GatewayCost]:
    """Open dossiers until all wait for consents that nobody gives, then kill the worker and start another.

    At the end consents come in after all.
    """
    await world.instruct(System.VNEID, silent=True)
    await world.instruct(System.SOCIAL_INSURANCE, silent=True)
    worker = await world.worker()
    await _waiting(world, [world.open("birth/grandparents-home") for _ in range(min(_WARMING, dossiers))])
    before = worker.memory()
    codes = [world.open("birth/grandparents-home") for _ in range(dossiers)]
    await _waiting(world, codes)
    holding = Holding(dossiers, before, worker.memory())
    say(f"  {dossiers} open dossiers: {(holding.after - before) / 2**20:.0f} MB")
    await worker.kill()
    began = time.monotonic()
    successor = await world.worker()
    recovery = await _answered(world, codes, began)
    cost = await gateway_cost(world, codes)
    await successor.stop()
    return holding, recovery, cost


async def _waiting(world: World, codes: Sequence[str]) -> None:
    """Start these dossiers; all have come to wait for consents in one leg, for a receipt in the other."""
    await asyncio.gather(*(world.start(code) for code in codes))
    for code in codes:
        while not _waits(world, code):
            await asyncio.sleep(_WAIT)


def _waits(world: World, code: str) -> bool:
    dossier = world.ledger.view(code)
    stages = {leg.stage for leg in dossier.legs} if dossier else set()
    return stages == {LegStage.ENDED, LegStage.WAITING_CONSENTS, LegStage.IN_PROGRESS}


async def _answered(world: World, codes: Sequence[str], began: float) -> Recovery:
    """Ask every dossier for its view: each answer takes a replay of its whole history."""
    asking = asyncio.Semaphore(_ASKED_AT_ONCE)
    times: list[float] = []

    async def ask(code: str) -> None:
        async with asking:
            while True:
                try:
                    await world.client.get_workflow_handle(code).query(BirthProcedureGroup.view)
                    times.append(time.monotonic() - began)
                    return
                except RPCError:  # the server still hands out tasks to the worker that was killed
                    await asyncio.sleep(_WAIT)

    await asyncio.gather(*(ask(code) for code in codes))
    return Recovery(len(codes), min(times), max(times))


# --- The gateway ------------------------------------------------------------------------------------------------------


async def gateway_cost(world: World, codes: Sequence[str]) -> GatewayCost:
    """Two people of each dossier consent, one by a bare update, one through the gateway; who is first changes in turn.

    The first dossier is for warming up.
    """
    ways = (_by_update, _by_gateway)
    seconds: dict[_Way, list[float]] = {way: [] for way in ways}
    for number, code in enumerate(codes):
        for way, event in zip(ways[:: -1 if number % 2 else 1], _consents(world, code), strict=False):
            began = time.monotonic()
            await way(world, event)
            seconds[way].append(time.monotonic() - began)
    cost = GatewayCost(*(taken[1:] or taken for taken in seconds.values()))
    say(f"  {len(cost.gateway)} facts through the gateway: {cost.ratio:.1f} times a bare update")
    return cost


def _consents(world: World, code: str) -> list[CloudEvent]:
    """What VNeID says of everybody who is asked."""
    dossier = world.ledger.view(code)
    assert dossier is not None
    return [
        CloudEvent(
            specversion="1.0",
            id=f"bench-{uuid.uuid4()}",
            source=System.VNEID.value,
            type=EventType.VNEID_CONSENT,
            subject=code,
            data={
                "leg": leg.key,
                "personal_id": consent.person.personal_id,
                "answer": Answer.GRANTED.value,
                "at": world.now().isoformat(),
            },
        )
        for leg in dossier.legs
        for consent in leg.consents
        if consent.state is ConsentState.ASKED
    ]


async def _by_update(world: World, event: CloudEvent) -> None:
    fact = {"message_id": event.id, "dossier_code": event.subject, **event.data}
    handle = world.client.get_workflow_handle(event.subject)
    await handle.execute_update(event.type.fact_kind.value, fact, id=event.id)


async def _by_gateway(world: World, event: CloudEvent) -> None:
    body = event.model_dump_json(exclude_none=True).encode()
    headers = world.senders[event.source].signed(event.id, body, datetime.now(UTC))
    answer = await world.http.post(world.events, content=body, headers={"content-type": EVENT_MEDIA_TYPE, **headers})
    if answer.status_code != _ACCEPTED:
        raise RuntimeError(f"the gateway did not have it judged: {answer.status_code} {answer.text}")
