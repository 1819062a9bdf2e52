"""`lienthong dev`: the whole system on this machine, in the foreground, until Ctrl-C."""

import asyncio
import signal
import sys
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli import postgres
from cli.context import observe, run
from cli.output import Exit, fail
from cli.stack import LOOPBACK, Stack, StackFailed, codec_url, operator_tokens
from ledger.documents import DocumentStore
from ledger.engine import open_engine
from ledger.errors import DatabaseUnusable
from ledger.store import Ledger
from models.base import LEGAL_ZONE
from processes.temporal import connect_as_set
from replacements import Replacements
from settings import Settings
from submissions import Submissions
from trust.keys import master_keys


class Database(StrEnum):
    """What the ledger of `dev` is kept in."""

    SQLITE = "sqlite"
    POSTGRES = "postgres"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("dev")(dev)


def dev(
    state: Annotated[Path | None, typer.Option(help="Thư mục giữ hồ sơ giữa các lần chạy.")] = None,
    temporal_port: Annotated[int, typer.Option(help="Cổng Temporal.")] = 7233,
    ui_port: Annotated[int, typer.Option(help="Cổng giao diện Temporal.")] = 8233,
    gateway_port: Annotated[int, typer.Option(help="Cổng nhận sự kiện.")] = 8600,
    simulator_port: Annotated[int, typer.Option(help="Cổng bộ mô phỏng các cơ quan.")] = 8601,
    codec_port: Annotated[int, typer.Option(help="Cổng máy chủ giải mã, cho người vận hành xem dữ liệu.")] = 8602,
    pace: Annotated[float, typer.Option(min=0, help="Bộ mô phỏng trả lời sau bấy nhiêu giây.")] = 2.0,
    database: Annotated[
        Database | None,
        typer.Option(help="Sổ hồ sơ: SQLite, hoặc một PostgreSQL thật ở thư mục con postgres; mặc định: như cấu hình."),
    ] = None,
) -> None:
    """Chạy cả hệ thống trên máy này; Ctrl-C để dừng. Gồm Temporal (có giao diện), bộ mô phỏng, cổng, worker.

    Chạy lại thì các hồ sơ còn dở đi tiếp.

    Ví dụ:

      lienthong dev

      lienthong dev --state /tmp/thu --pace 5

      lienthong dev --database postgres
    """
    base = Settings()
    folder = state or base.state
    ledger_url = base.database_url
    if database is Database.POSTGRES:
        folder = folder / database.value  # dossiers in Temporal belong to one ledger: the two must never be mixed
        ledger_url = postgres.url(_cluster(folder), role=postgres.APPLICATION)
    elif database is Database.SQLITE:
        ledger_url = ""
    settings = base.model_copy(
        update={
            "state": folder,
            "database_url": ledger_url,
            "temporal_address": f"{LOOPBACK}:{temporal_port}",
            "gateway_port": gateway_port,
            "simulator_url": f"http://{LOOPBACK}:{simulator_port}",
            "codec_port": codec_port,
            "training": True,
        }
    )
    observe(settings)
    cluster = _cluster(folder) if database is Database.POSTGRES else None
    try:
        problem = run(_serve(settings, ui_port, pace, cluster), as_json=False)
    except (StackFailed, DatabaseUnusable) as error:
        fail(Exit.FAILED, str(error))
    if problem:
        fail(Exit.FAILED, problem)


def _cluster(folder: Path) -> Path:
    return folder / "postgresql"


async def _serve(settings: Settings, ui_port: int, pace: float, cluster: Path | None) -> str | None:
    """Serve until Ctrl-C or SIGTERM (None), or until a process dies (what to say about it).

    Whoever asks it to stop while it starts need not wait until it has started.
    """
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    serving = asyncio.create_task(_serve_until_one_ends(settings, ui_port, pace, cluster))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((stopping, serving), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if serving.done():
        return serving.result()
    _say("dev", "Đang dừng…")
    serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving
    _say("dev", "Đã dừng tất cả.")
    return None


async def _serve_until_one_ends(settings: Settings, ui_port: int, pace: float, cluster: Path | None) -> str:
    async with Stack(settings, _say, ui_port=ui_port, pace=pace, postgres_folder=cluster, codec=True) as stack:
        engine = open_engine(settings.ledger_url, settings.connections("dev"))
        ledger = Ledger(engine, master_keys(settings))
        client = await connect_as_set(settings, ledger.keys)
        submissions = Submissions(ledger, DocumentStore(settings.documents, ledger.keys.masters), settings)
        resumed = (*await submissions.recover(client), *await Replacements.of(ledger, settings).recover(client))
        await asyncio.to_thread(engine.dispose)
        for line in (
            f"Sẵn sàng. Giao diện Temporal: http://{LOOPBACK}:{ui_port}",
            f"Cổng nhận sự kiện: http://{settings.gateway_host}:{settings.gateway_port} (hợp đồng: /openapi.json)",
            _about_looking(settings),
            f"Thư mục dữ liệu: {settings.state}; đã khởi động lại {len(resumed)} hồ sơ chưa chạy.",
            *(_about_postgres(settings) if cluster else ()),
            "Ở cửa sổ khác: .venv/bin/lienthong submit samples/birth/plain.json (hoặc samples/death/aged-80.json)",
            "Ctrl-C để dừng tất cả.",
        ):
            _say("dev", line)
        return await stack.any_ended()


def _about_looking(settings: Settings) -> str:
    theirs = settings.operators or settings.operator_service
    token = "token của người vận hành" if theirs else f"một token trong {operator_tokens(settings)}"
    return f"Dữ liệu trong Temporal được niêm phong; để xem, đăng nhập {codec_url(settings)}/login bằng {token}"


def _about_postgres(settings: Settings) -> tuple[str, ...]:
    return (
        f"Xem bằng psql: {postgres.psql()} '{settings.ledger_url}'",
        f"Ở cửa sổ khác, trước hết: export LIENTHONG_STATE='{settings.state}' DATABASE_URL='{settings.ledger_url}'",
    )


def _say(process: str, line: str) -> None:
    sys.stdout.write(f"{datetime.now(LEGAL_ZONE):%H:%M:%S} {process:<9} │ {line}\n")
    sys.stdout.flush()
