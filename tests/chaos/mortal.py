"""Our processes as they are, but for their end: each is killed by its own hand (SIGKILL) at its kill point.

Nothing of production knows: moments are seen from outside, by a worker interceptor, around the SDK's report of a
completed task, and around the ledger's methods. Waiting is shorter than in production, so that nobody waits a
minute after each kill; else a process without kill points is the real thing.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any
from unittest.mock import patch

from pydantic_core import to_jsonable_python
from temporalio import activity, client, worker
from temporalio.bridge.proto import ActivityTaskCompletion
from temporalio.bridge.worker import Worker as BridgeWorker
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.plugin import SimplePlugin
from temporalio.runtime import Runtime
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    StartActivityInput,
    WorkerConfig,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

import gateway as gateway_process
import worker as worker_process
from activities import outbox
from ledger.engine import open_engine
from ledger.store import Ledger
from ledger.values import Arrival, Claimed, Delivery, Verdict
from models.facts import InboundFact
from models.messages import Dispatch
from processes.crew import Queues, running_crew
from processes.lifecycle import leave
from settings import Settings
from telemetry import logs
from tests.chaos.points import Fate, KillPoint, Moment
from trust.codec import DossierCodec
from trust.keys import master_keys
from workflows.plugin import LienthongPlugin

TASK = "workflow task"
LOG = "log"

_AGENCY_PATIENCE = timedelta(seconds=11)
"""In place of a minute: a call is broken off 5 s before (`activities.agencies`), which leaves 6 s for it. With 3 s a
busy machine used up the prompt attempts (`activities.patience`) and then waited a quarter of an hour (measured)."""

_LEASE_MARGIN = 1.0
"""In place of 10 s: what a killed relay had leased waits that long, and five times as long as a call may take."""

_CORE_PATIENCE = timedelta(seconds=3)
_CORE_RETRY = RetryPolicy(initial_interval=timedelta(seconds=0.5), backoff_coefficient=1)
"""In place of pauses that double."""

_STICKY_PATIENCE = timedelta(seconds=1)


class Role(StrEnum):
    """What a process is."""

    WORKER = "worker"
    GATEWAY = "gateway"


@dataclass(frozen=True)
class Life:
    """One process: what it is, with which settings, where it dies. Without `points` it is the unchanged process."""

    role: Role
    environment: Mapping[str, str]
    folder: Path
    """Where it leaves its log and its marks."""
    queues: str = ""
    points: tuple[KillPoint, ...] = ()
    counts_on: bool = False
    """Whether works are counted over the whole line of processes: where the points are those of one dossier."""


def live(life: Life) -> None:
    """Live that life in this process, forked for it; never returns."""
    output = os.open(life.folder / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.environ.update(life.environment)
    patch.object(outbox, "_LEASE_MARGIN", _LEASE_MARGIN).start()
    if life.points:
        fate = Fate(life.points, life.folder, counts_on=life.counts_on)
        watch_ledger(fate)
        watch_inbox(fate)
        watch_reports(fate)
        if life.role is Role.WORKER:
            asyncio.run(work(Settings(), Queues.named(life.queues), fate))
    match life.role:
        case Role.WORKER:
            leave(worker_process.run(Settings(), Queues.named(life.queues)))
        case Role.GATEWAY:
            leave(gateway_process.main([]))


async def work(settings: Settings, queues: Queues, fate: Fate) -> None:
    """What `worker.serve` does, with a client that has `Mortality` too; ends by its fate or by a kill from outside."""
    logs.configure(settings, worker_process.SERVICE)
    engine = open_engine(settings.ledger_url)
    ledger = Ledger(engine, master_keys(settings))
    connection = await Client.connect(
        settings.temporal_address,
        namespace=settings.temporal_namespace,
        plugins=[LienthongPlugin(DossierCodec(ledger.keys)), Mortality(fate)],
    )
    async with running_crew(connection, engine, ledger, settings, queues, Runtime.default().metric_meter):
        await asyncio.Event().wait()


# --- Temporal ---------------------------------------------------------------------------------------------------------


def name_of(activity_type: str, message: object) -> str:
    """What an execution is called in kill points: its activity, with the leg and the person its message is for.

    `message` as it travels: as JSON.
    """
    if not isinstance(message, Mapping):
        return activity_type
    person = message.get("person")
    parts = (activity_type, message.get("leg"), person.get("key") if isinstance(person, Mapping) else None)
    return " ".join(str(part) for part in parts if part)


class Mortality(SimplePlugin):
    """Given to the client, it lets the workers made from it die; and time-outs are short, so that nobody waits long."""

    def __init__(self, fate: Fate) -> None:
        super().__init__("mortality", interceptors=[_Watching(fate)])

    def configure_worker(self, config: WorkerConfig) -> WorkerConfig:
        """A task for the dead is given to the living soon."""
        made = super().configure_worker(config)
        made["sticky_queue_schedule_to_start_timeout"] = _STICKY_PATIENCE
        return made


_unreported: dict[bytes, Callable[[], None]] = {}
"""By task token, what to do once Temporal has been told of an activity's success."""

_at_work: ContextVar[Callable[[Moment], None]] = ContextVar("at_work")
"""The activity that runs, also in the threads it sends to the ledger."""


class _Watching(client.Interceptor, worker.Interceptor):
    def __init__(self, fate: Fate) -> None:
        self._fate = fate

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Activities(next, self._fate)

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:
        return _ShortWaits


class _Activities(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, fate: Fate) -> None:
        super().__init__(next)
        self._fate = fate

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        info = activity.info()
        name = name_of(info.activity_type, to_jsonable_python(input.args[0]) if input.args else None)

        def reached(moment: Moment) -> None:
            self._fate.reached(name, info.activity_id, moment)

        _at_work.set(reached)
        reached(Moment.BEFORE)
        result = await super().execute_activity(input)
        reached(Moment.DONE)
        _unreported[info.task_token] = lambda: reached(Moment.TOLD)
        return result


class _ShortWaits(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_ShortTimeouts(outbound))


class _ShortTimeouts(WorkflowOutboundInterceptor):
    """Durations are no part of what replay compares, so the successor may have the usual ones."""

    def start_activity(self, input: StartActivityInput) -> Any:
        elsewhere = input.task_queue is not None
        input.start_to_close_timeout = _AGENCY_PATIENCE if elsewhere else _CORE_PATIENCE
        if not elsewhere:
            input.retry_policy = _CORE_RETRY
        return super().start_activity(input)


def watch_reports(fate: Fate) -> None:
    """See what is reported to Temporal; a report has been heard when the call returns."""
    activity_done: Callable[..., Awaitable[None]] = BridgeWorker.complete_activity_task
    task_done: Callable[..., Awaitable[None]] = BridgeWorker.complete_workflow_activation
    tasks = 0

    async def complete_activity_task(self: BridgeWorker, completion: ActivityTaskCompletion) -> None:
        await activity_done(self, completion)
        if told := _unreported.pop(completion.task_token, None):
            told()

    async def complete_workflow_activation(self: BridgeWorker, completion: Any) -> None:
        nonlocal tasks
        tasks += 1
        key = f"{os.getpid()} {tasks}"
        fate.reached(TASK, key, Moment.DONE)
        await task_done(self, completion)
        fate.reached(TASK, key, Moment.TOLD)

    patch.object(BridgeWorker, "complete_activity_task", complete_activity_task).start()
    patch.object(BridgeWorker, "complete_workflow_activation", complete_workflow_activation).start()


# --- Ledger: the relay and the gateway --------------------------------------------------------------------------------


def relayed(dispatch: Dispatch) -> str:
    """What sending a row of the outbox is called in kill points."""
    return f"outbox {dispatch.channel} {dispatch.kind}"


def heard(message_id: str, code: str) -> str:
    """What delivering an event is called in kill points: its id without the dossier."""
    return f"event {message_id.removeprefix(code).lstrip(':')}"


def watch_ledger(fate: Fate) -> None:
    """See answers kept, rows leased, sent and marked."""
    rows: dict[int, Claimed] = {}
    claim, dispatched, sent = Ledger.claim, Ledger.dispatched, Ledger.sent

    def sent_(self: Ledger, *arguments: Any) -> None:
        _at_work.get()(Moment.ANSWERED)
        sent(self, *arguments)

    def row_at(id: int, moment: Moment) -> None:
        fate.reached(relayed(rows[id].dispatch), str(id), moment)

    def claim_(self: Ledger, *arguments: Any) -> tuple[Claimed, ...]:
        claimed = claim(self, *arguments)
        for row in claimed:
            rows[row.id] = row
            row_at(row.id, Moment.BEFORE)
        return claimed

    def dispatched_(self: Ledger, id: int, *arguments: Any) -> None:
        row_at(id, Moment.DONE)
        dispatched(self, id, *arguments)
        row_at(id, Moment.TOLD)

    watched = {"sent": sent_, "claim": claim_, "dispatched": dispatched_}
    for name, method in watched.items():
        patch.object(Ledger, name, method).start()


def watch_inbox(fate: Fate) -> None:
    """See events stored or taken from where they wait, judged and settled."""
    events: dict[str, str] = {}
    store, settled, claim_messages = Ledger.store, Ledger.settled, Ledger.claim_messages

    def event_at(message_id: str, moment: Moment) -> None:
        fate.reached(heard(message_id, events.get(message_id, "")), message_id, moment)

    def store_(self: Ledger, fact: InboundFact, *arguments: Any) -> Arrival:
        events[fact.message_id] = fact.dossier_code
        arrival = store(self, fact, *arguments)
        if arrival.verdict is None:
            event_at(fact.message_id, Moment.BEFORE)
        return arrival

    def claim_messages_(self: Ledger, *arguments: Any) -> tuple[Delivery, ...]:
        claimed = claim_messages(self, *arguments)
        for delivery in claimed:
            events[delivery.message_id] = delivery.fact.dossier_code
        return claimed

    def settled_(self: Ledger, message_id: str, *arguments: Any) -> Verdict:
        event_at(message_id, Moment.DONE)
        verdict = settled(self, message_id, *arguments)
        event_at(message_id, Moment.TOLD)
        return verdict

    for name, method in {"store": store_, "settled": settled_, "claim_messages": claim_messages_}.items():
        patch.object(Ledger, name, method).start()
