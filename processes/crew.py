"""What a worker process does: workflows, activities per system on their own queues, the outbox relay; how it stops."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

from sqlalchemy import Engine
from temporalio.client import Client
from temporalio.common import MetricMeter
from temporalio.worker import PollerBehaviorAutoscaling, ResourceBasedSlotConfig, Worker, WorkerTuner

from activities.adapters import Adapters
from activities.agencies import AgencyActivities
from activities.law import LawActivities
from activities.ledger import LedgerActivities
from activities.notices import NoticeExaminer
from activities.outbox import OutboxRelay
from activities.patience import Patience
from ledger.documents import DocumentStore
from ledger.figures import Figures
from ledger.store import Ledger
from models.calendar import load_calendar
from models.commune_files import load_communes
from models.systems import System
from settings import Settings
from telemetry.metrics import AgencyCalls, Conclusions, LedgerGauges
from trust.examiner import Papers
from trust.facilities import Facilities
from trust.keys import hash_key
from trust.notices import NoticeJudge
from trust.roots import TrustStore
from workflows.plugin import WORKFLOWS

logger = logging.getLogger("lienthong.worker")

AWAITED_SYSTEMS = tuple(system for system in System if system.awaited)
"""The systems with a task queue of their own."""

CORE, OUTBOX = "core", "outbox"
QUEUES = (CORE, OUTBOX, *(system.value for system in AWAITED_SYSTEMS))
"""What a worker can be given: `core` are workflows, ledger and law; `outbox` is the relay; a system is its calls."""

_LEAST_WORKFLOW_TASKS, _LEAST_LEDGER_TASKS = 5, 4
"""Slots a core worker hands out however busy the machine is, so that it never stands still."""


_POLLING = PollerBehaviorAutoscaling(minimum=1, maximum=5, initial=2)
"""Long polls per queue: a process polls many queues, most of them quiet, so each begins small and grows with work."""


class UnknownQueue(Exception):
    """There is no queue of that name; the message is Vietnamese and lists those there are."""


@dataclass(frozen=True)
class Queues:
    """What one worker process takes on."""

    core: bool
    outbox: bool
    systems: tuple[System, ...]

    @classmethod
    def named(cls, names: str) -> Self:
        """From a comma-separated list; empty means all. Raises UnknownQueue."""
        wanted = {name.strip() for name in names.split(",") if name.strip()} or set(QUEUES)
        if unknown := sorted(wanted - set(QUEUES)):
            raise UnknownQueue(f"Không có hàng đợi {', '.join(unknown)}. Có: {', '.join(QUEUES)}.")
        return cls(
            core=CORE in wanted,
            outbox=OUTBOX in wanted,
            systems=tuple(system for system in AWAITED_SYSTEMS if system.value in wanted),
        )

    def __str__(self) -> str:
        return ", ".join((*[CORE] * self.core, *[OUTBOX] * self.outbox, *(system.value for system in self.systems)))


class Crew:
    """The parts of a worker at work: Temporal workers, the relay, the gauges. They live and stop together."""

    def __init__(self, workers: Mapping[str, Worker], relay: OutboxRelay | None, gauges: LedgerGauges | None) -> None:
        self._workers = workers
        self._relay = relay
        self._tasks = {name: _task(worker.run()) for name, worker in workers.items()}
        if relay:
            self._tasks[OUTBOX] = _task(relay.run())
        self._gauges = _task(gauges.run()) if gauges else None

    @property
    def complete(self) -> bool:
        """Whether every part is still at work."""
        return not any(task.done() for task in self._tasks.values())

    async def broken(self) -> str:
        """Wait until a part ends by itself; its name."""
        await asyncio.wait(self._tasks.values(), return_when=asyncio.FIRST_COMPLETED)
        name, task = next((name, task) for name, task in self._tasks.items() if task.done())
        logger.error("%s đã dừng ngoài ý muốn", name, exc_info=task.exception())
        return name

    async def stop(self, grace: float) -> None:
        """Take nothing more; what runs gets `grace` seconds, then it is cancelled. All parts at the same time."""
        if self._gauges:
            self._gauges.cancel()
        stopping = [_task(worker.shutdown()) for name, worker in self._workers.items() if not self._tasks[name].done()]
        if self._relay:
            self._relay.stop()
            relaying = self._tasks[OUTBOX]
            await asyncio.wait((relaying,), timeout=grace)
            relaying.cancel()
        await asyncio.gather(*stopping)
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


def _task(work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
    return asyncio.create_task(work)


@asynccontextmanager
async def running_crew(
    client: Client, engine: Engine, ledger: Ledger, settings: Settings, queues: Queues, meter: MetricMeter
) -> AsyncIterator[Crew]:
    """All parts of one process on one client until the context ends.

    Raises BadSettings, CalendarError, CommuneListError, TrustUnusable.
    """
    documents = DocumentStore(settings.documents, ledger.keys.masters)
    calendar = load_calendar(*settings.calendar)
    law = LawActivities(ledger, calendar, load_communes(*settings.communes))
    async with AsyncExitStack() as stack:
        adapters = await stack.enter_async_context(Adapters(settings, AgencyCalls(meter)))
        relay = OutboxRelay(adapters, ledger, documents, settings) if queues.outbox else None
        papers = stack.enter_context(closing(Papers.of(settings)))
        patience = Patience(calendar, settings.training_offset)
        notices = NoticeExaminer(notice_judge(settings), ledger, documents, settings.training_offset)
        agencies = AgencyActivities(adapters, ledger, documents, patience, papers, notices)
        workers = {system.value: _system_worker(client, settings, system, agencies) for system in queues.systems}
        if queues.core:
            on_ledger = LedgerActivities(
                ledger,
                law,
                training=settings.training,
                hash_key=hash_key(settings),
                wake_outbox=relay.wake if relay else lambda: None,
                concluded=Conclusions(meter).concluded,
            )
            threads = stack.enter_context(ThreadPoolExecutor(settings.ledger_tasks))
            workers[CORE] = _core_worker(client, settings, core_activities(on_ledger, law), threads)
        counting = queues.core and settings.metrics_port
        crew = Crew(
            workers,
            relay,
            LedgerGauges(meter, Figures(engine, ledger.keys.masters), calendar, settings) if counting else None,
        )
        try:
            yield crew
        finally:
            await crew.stop(settings.stop_grace)


def notice_judge(settings: Settings) -> NoticeJudge:
    """Who judges notices, by the roots and the register of the settings; what lacks is said. Raises TrustUnusable."""
    trust = TrustStore.load(settings.trust_roots, settings.revocation_lists)
    facilities = Facilities.load(settings.facilities)
    for lacks, setting in ((not trust.roots, "LIENTHONG_TRUST_ROOTS"), (not facilities, "LIENTHONG_FACILITIES")):
        if lacks:
            logger.warning("%s còn trống: không chữ ký số nào của cơ sở y tế được tin cậy", setting)
    return NoticeJudge(trust, facilities)


def core_activities(on_ledger: LedgerActivities, law: LawActivities) -> list[Callable[..., Any]]:
    """What runs on the workflows' own queue: ledger and law."""
    return [
        on_ledger.confirm_dossier,
        on_ledger.publish,
        on_ledger.confirm_replacement,
        on_ledger.publish_replacement,
        on_ledger.send_outbox_again,
        law.resolve_law,
        law.gate_of_pack,
        law.correct_form,
        law.due_dates,
        law.days_ahead,
        law.citizen_due_date,
        law.duty_term,
        law.promise_dates,
        law.migrate_plan,
    ]


def _core_worker(
    client: Client, settings: Settings, activities: Sequence[Callable[..., Any]], threads: ThreadPoolExecutor
) -> Worker:
    """Workflows, ledger and law; as much at once as the machine bears, within the settings' caps."""
    tuner = WorkerTuner.create_resource_based(
        target_memory_usage=settings.target_memory,
        target_cpu_usage=settings.target_cpu,
        workflow_config=_slots(_LEAST_WORKFLOW_TASKS, settings.workflow_tasks),
        activity_config=_slots(_LEAST_LEDGER_TASKS, settings.ledger_tasks),
    )
    return Worker(
        client,
        task_queue=settings.queue,
        workflows=WORKFLOWS,
        activities=activities,
        activity_executor=threads,
        tuner=tuner,
        workflow_task_poller_behavior=_POLLING,
        activity_task_poller_behavior=_POLLING,
        graceful_shutdown_timeout=timedelta(seconds=settings.stop_grace),
    )


def _system_worker(client: Client, settings: Settings, system: System, agencies: AgencyActivities) -> Worker:
    """The activities of one system on its own queue, so that a dead system starves no other."""
    return Worker(
        client,
        task_queue=settings.queue_for(system),
        activities=[
            agencies.send_leg,
            agencies.send_follow_up,
            agencies.look_up_leg,
            agencies.ask_consent,
            agencies.request_payment,
            agencies.look_up_notice,
            agencies.check_people,
        ],
        max_concurrent_activities=settings.concurrency(system),
        max_task_queue_activities_per_second=settings.rate(system),
        activity_task_poller_behavior=_POLLING,
        graceful_shutdown_timeout=timedelta(seconds=settings.stop_grace),
    )


def _slots(least: int, most: int) -> ResourceBasedSlotConfig:
    return ResourceBasedSlotConfig(
        minimum_slots=min(least, most), maximum_slots=most, ramp_throttle=timedelta(milliseconds=10)
    )
