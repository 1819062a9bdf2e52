"""`lienthong dev`: the whole system on this machine, in the foreground, until Ctrl-C."""

import asyncio
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.context import run
from cli.output import Exit, fail
from cli.stack import LOOPBACK, Stack, StackFailed
from ledger.documents import DocumentStore
from ledger.engine import open_engine
from ledger.errors import DatabaseUnusable
from ledger.store import Ledger
from models.base import LEGAL_ZONE
from settings import Settings
from submissions import Submissions
from workflows.plugin import connect


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("dev")(dev)


def dev(
    state: Annotated[Path | None, typer.Option(help="Thư mục giữ hồ sơ giữa các lần chạy.")] = None,
    temporal_port: Annotated[int, typer.Option(help="Cổng Temporal.")] = 7233,
    ui_port: Annotated[int, typer.Option(help="Cổng giao diện Temporal.")] = 8233,
    gateway_port: Annotated[int, typer.Option(help="Cổng nhận sự kiện.")] = 8600,
    simulator_port: Annotated[int, typer.Option(help="Cổng bộ mô phỏng các cơ quan.")] = 8601,
    pace: Annotated[float, typer.Option(min=0, help="Bộ mô phỏng trả lời sau bấy nhiêu giây.")] = 2.0,
) -> None:
    """Chạy Temporal (có giao diện), bộ mô phỏng, cổng nhận sự kiện và worker; Ctrl-C để dừng tất cả.

    Chạy lại thì các hồ sơ còn dở đi tiếp.

    Ví dụ:

      lienthong dev

      lienthong dev --state /tmp/thu --pace 5
    """
    base = Settings()
    settings = base.model_copy(
        update={
            "state": state or base.state,
            "temporal_address": f"{LOOPBACK}:{temporal_port}",
            "gateway_port": gateway_port,
            "simulator_url": f"http://{LOOPBACK}:{simulator_port}",
        }
    )
    try:
        problem = run(_serve(settings, ui_port, pace), as_json=False)
    except (StackFailed, DatabaseUnusable) as error:
        fail(Exit.FAILED, str(error))
    if problem:
        fail(Exit.FAILED, problem)


async def _serve(settings: Settings, ui_port: int, pace: float) -> str | None:
    """Serve until Ctrl-C or SIGTERM (None), or until a process dies (what to say about it)."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Stack(settings, _say, ui_port=ui_port, pace=pace) as stack:
        client = await connect(settings.temporal_address, settings.temporal_namespace)
        ledger = Ledger(open_engine(settings.ledger_url))
        resumed = await Submissions(ledger, DocumentStore(settings.documents), settings).recover(client)
        for line in (
            f"Sẵn sàng. Giao diện Temporal: http://{LOOPBACK}:{ui_port}",
            f"Cổng nhận sự kiện: http://{settings.gateway_host}:{settings.gateway_port} (hợp đồng: /openapi.json)",
            f"Thư mục dữ liệu: {settings.state}; đã khởi động lại {len(resumed)} hồ sơ chưa chạy.",
            "Ở cửa sổ khác: .venv/bin/lienthong submit samples/birth/plain.json",
            "Ctrl-C để dừng tất cả.",
        ):
            _say("dev", line)
        stopping = asyncio.create_task(stop.wait())
        dying = asyncio.create_task(stack.any_ended())
        await asyncio.wait((stopping, dying), return_when=asyncio.FIRST_COMPLETED)
        problem = None if stop.is_set() else await dying
        dying.cancel()
        stopping.cancel()
        _say("dev", "Đang dừng…")
    _say("dev", "Đã dừng tất cả.")
    return problem


def _say(process: str, line: str) -> None:
    sys.stdout.write(f"{datetime.now(LEGAL_ZONE):%H:%M:%S} {process:<9} │ {line}\n")
    sys.stdout.flush()
