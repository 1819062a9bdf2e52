"""The worker process. Run with `python worker.py` (`--help`; settings from the environment).

SIGTERM and Ctrl-C stop it gracefully: it takes nothing more, finishes what it has begun within the grace of the
settings, and gives back the rest. Told twice, it leaves at once; what it was doing is then done again after a minute.
"""

import asyncio
import logging
import sys
from collections.abc import Collection, Sequence
from contextlib import AsyncExitStack
from typing import Annotated

import typer
from fastapi import FastAPI
from temporalio.runtime import Runtime

from ledger.engine import check_schema, open_engine
from ledger.errors import DatabaseUnusable
from ledger.store import Ledger
from models.calendar import CalendarError
from models.commune_files import CommuneListError
from processes.crew import QUEUES, Crew, Queues, UnknownQueue, running_crew
from processes.lifecycle import Stop, leave
from processes.probes import Reason, Surroundings, probes
from processes.serving import serving
from processes.temporal import connect_as_set
from settings import BadSettings, Settings
from telemetry import logs, traces
from telemetry.metrics import MetricsOff, metered_runtime
from trust.key_errors import MasterKeyMixedUp
from trust.keys import hash_key, master_keys
from trust.roots import TrustUnusable
from workflows.plugin import register_search_attributes

SERVICE = "lienthong-worker"

logger = logging.getLogger("lienthong.worker")

_PROBE_GRACE = 1.0


class PartDied(Exception):
    """A part of the worker ended by itself; the message is one Vietnamese line."""


class WorkerProcess:
    """The process as its supervisor sees it (`probes.Process`)."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self.died = False
        self.crew: Crew | None = None
        self.surroundings: Surroundings | None = None

    @property
    def dead(self) -> Collection[Reason]:
        """A part has died, also while the others stop over it. Who is told to stop and does is not dead."""
        dies = self.crew and not self.crew.complete and not self._stop.asked.is_set()
        return (Reason.PART_DIED,) if dies or self.died else ()

    async def unready(self) -> Collection[Reason]:
        """Starting, stopping, or without what it needs."""
        if self._stop.asked.is_set():
            return (Reason.STOPPING,)
        if self.crew is None or self.surroundings is None:
            return (Reason.STARTING,)
        return await self.surroundings.missing()


async def serve(settings: Settings, queues: Queues, runtime: Runtime) -> None:
    """Serve until told to stop. Raises PartDied, and what keeps the worker from starting."""
    stop = Stop(settings.stop_grace)
    process = WorkerProcess(stop)
    async with AsyncExitStack() as stack:
        if settings.health_port:
            app = FastAPI(title="Liên thông – worker", docs_url=None, redoc_url=None)
            app.include_router(probes(process))
            await stack.enter_async_context(serving(app, settings.health_host, settings.health_port, _PROBE_GRACE))
        _expect_whole(settings, queues)
        engine = open_engine(settings.ledger_url, settings.connections("worker"))
        await asyncio.to_thread(check_schema, engine)
        ledger = Ledger(engine, master_keys(settings))
        await asyncio.to_thread(ledger.keys.masters.expect_right)
        client = await connect_as_set(settings, ledger.keys)
        await register_search_attributes(client)
        process.surroundings = Surroundings(engine, client)
        crew = await stack.enter_async_context(
            running_crew(client, engine, ledger, settings, queues, runtime.metric_meter)
        )
        process.crew = crew
        logger.info("worker sẵn sàng: %s", queues)
        died = await _first_to_die(crew, stop)
        process.died = died is not None
        stop.begin()
        logger.info("worker đang dừng")
    if died:
        raise PartDied(f"Phần {died} của worker đã dừng ngoài ý muốn; xem nhật ký phía trên.")
    logger.info("worker đã dừng")


def _expect_whole(settings: Settings, queues: Queues) -> None:
    """Raises BadSettings for what has no default outside training."""
    assert settings.urls
    if queues.core:
        hash_key(settings)


async def _first_to_die(crew: Crew, stop: Stop) -> str | None:
    """Wait for the order to stop (None), or for the end of a part (its name)."""
    asked, broken = asyncio.create_task(stop.asked.wait()), asyncio.create_task(crew.broken())
    await asyncio.wait((asked, broken), return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    if broken.done():
        return broken.result()
    broken.cancel()
    return None


def run(settings: Settings, queues: Queues) -> int:
    """Exit code 0 after a graceful stop, 1 when something the worker needs is missing, 2 when a setting is, with one
    line that says what."""
    logs.configure(settings, SERVICE)
    traces.configure(SERVICE)
    try:
        runtime = metered_runtime(settings)
        Runtime.set_default(runtime)
        asyncio.run(serve(settings, queues, runtime))
    except (BadSettings, MasterKeyMixedUp) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except (DatabaseUnusable, CalendarError, CommuneListError, TrustUnusable, MetricsOff, PartDied, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except RuntimeError as error:
        sys.stderr.write(f"Temporal ({settings.temporal_address}): {error}\n")
        return 1
    finally:
        traces.close()
    return 0


def worker(
    queues: Annotated[
        str, typer.Option(help=f"Những phần worker này nhận, cách nhau bằng dấu phẩy: {', '.join(QUEUES)}.")
    ] = "",
) -> None:
    """Chạy worker: quy trình, gọi hệ thống các cơ quan, gửi hộp thư đi. Mặc định nhận tất cả.

    core: quy trình hồ sơ, ghi sổ, tính hạn. outbox: gửi thông báo, trạng thái, kết quả. Tên hệ thống: các lời gọi đến
    hệ thống đó. Có thể chia cho nhiều máy; mỗi phần phải có ít nhất một worker nhận, nếu không hồ sơ chờ ở phần đó.

    Dừng bằng SIGTERM hoặc Ctrl-C: xong việc dở rồi mới dừng; lần thứ hai: dừng ngay. Cấu hình: lienthong settings.

    Ví dụ:

      python worker.py

      python worker.py --queues core,outbox

      python worker.py --queues residence,identity
    """
    try:
        settings, wanted = Settings(), Queues.named(queues)
    except (BadSettings, UnknownQueue) as error:
        sys.stderr.write(f"{error}\n")
        raise typer.Exit(2) from None
    raise typer.Exit(run(settings, wanted))


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 after a graceful stop, 1 when something is missing, 2 for bad arguments or settings."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command()(worker)
    try:
        app(list(arguments), prog_name="worker.py")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    return 0


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
