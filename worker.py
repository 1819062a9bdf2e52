"""The worker process: workflows, activities per system on their own queues, and the outbox relay.

Run with `python worker.py` (settings from the environment); SIGTERM and Ctrl-C stop it gracefully.
"""

import asyncio
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.worker import Worker

import logs
from activities.adapters import Adapters
from activities.agencies import AgencyActivities
from activities.law import LawActivities
from activities.ledger import LedgerActivities
from activities.outbox import OutboxRelay
from ledger.documents import DocumentStore
from ledger.engine import check_schema, open_engine
from ledger.errors import DatabaseUnusable
from ledger.store import Ledger
from models.calendar import CalendarError, load_calendar
from models.systems import System
from settings import Settings
from workflows.plugin import connect, register_search_attributes

logger = logging.getLogger("lienthong.worker")

AWAITED_SYSTEMS = tuple(system for system in System if system.awaited)
"""The systems with a task queue of their own."""

_GRACE = timedelta(seconds=10)
_THREADS = 16


@asynccontextmanager
async def running_worker(client: Client, settings: Settings) -> AsyncIterator[None]:
    """All workers of one process on one client, and the outbox relay, until the context ends."""
    ledger = Ledger(open_engine(settings.ledger_url))
    documents = DocumentStore(settings.documents)
    async with AsyncExitStack() as stack:
        adapters = await stack.enter_async_context(Adapters(settings))
        relay = OutboxRelay(adapters, ledger, documents, settings)
        threads = stack.enter_context(ThreadPoolExecutor(_THREADS))
        on_ledger = LedgerActivities(ledger, training=settings.training, wake_outbox=relay.wake)
        law = LawActivities(load_calendar(*settings.calendar))
        agencies = AgencyActivities(adapters, ledger, documents)
        relaying = asyncio.create_task(relay.run())
        stack.push_async_callback(_cancelled, relaying)
        core = Worker(
            client,
            task_queue=settings.queue,
            activities=core_activities(on_ledger, law),
            activity_executor=threads,
            graceful_shutdown_timeout=_GRACE,
        )
        await stack.enter_async_context(core)
        for system in AWAITED_SYSTEMS:
            await stack.enter_async_context(_system_worker(client, settings, system, agencies))
        yield


def core_activities(on_ledger: LedgerActivities, law: LawActivities) -> list[Callable[..., Any]]:
    """What runs on the workflows' own queue: ledger and law."""
    return [
        on_ledger.confirm_dossier,
        on_ledger.publish,
        law.resolve_law,
        law.due_dates,
        law.citizen_due_date,
        law.expected_dates,
    ]


def _system_worker(client: Client, settings: Settings, system: System, agencies: AgencyActivities) -> Worker:
    """The activities of one system on its own queue, so that a dead system starves no other."""
    return Worker(
        client,
        task_queue=settings.queue_for(system),
        activities=[
            agencies.send_leg,
            agencies.ask_consent,
            agencies.request_payment,
            agencies.look_up_birth_notice,
            agencies.check_people,
        ],
        max_task_queue_activities_per_second=settings.rate(system),
        graceful_shutdown_timeout=_GRACE,
    )


async def _cancelled(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    check_schema(open_engine(settings.ledger_url))
    client = await connect(settings.temporal_address, settings.temporal_namespace)
    await register_search_attributes(client)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running_worker(client, settings):
        logger.info("worker sẵn sàng: hàng đợi %s, %d hệ thống", settings.queue, len(AWAITED_SYSTEMS))
        await stop.wait()
        logger.info("worker đang dừng")


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 after a graceful stop, 1 when something the worker needs is missing."""
    if arguments:
        sys.stderr.write("worker.py takes no arguments; settings come from LIENTHONG_* variables (README).\n")
        return 2
    logs.configure()
    settings = Settings()
    if settings.training_offset_seconds and not settings.training:
        sys.stderr.write("LIENTHONG_TRAINING_OFFSET_SECONDS needs LIENTHONG_TRAINING=true.\n")
        return 2
    try:
        asyncio.run(serve(settings))
    except (DatabaseUnusable, CalendarError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except RuntimeError as error:
        sys.stderr.write(f"Temporal ({settings.temporal_address}): {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
