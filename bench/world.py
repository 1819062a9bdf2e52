"""The world a dossier lives in, in real processes: Temporal on a file database, simulator, gateway, ledger.

The worker is not part of it: the bench starts, measures and kills workers of its own.
"""

import asyncio
import json
import os
import re
import shutil
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, Self

import httpx
from temporalio.client import Client

from cli.files import load_declaration_file
from cli.stack import Stack, senders_file, training_settings
from ledger.documents import DocumentStore
from ledger.engine import open_engine
from ledger.store import Ledger
from models.base import LEGAL_ZONE
from models.systems import System
from processes.temporal import connect_as_set
from simulator.instructions import EVERY_DOSSIER
from submissions import Submissions
from trust.keys import master_keys
from trust.senders import Senders
from workflows.plugin import connect

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "samples"
_PLAYS_ON = datetime(2026, 11, 19, 9, 0, tzinfo=LEGAL_ZONE)
_UNLIMITED = {system.value: 1000.0 for system in System}
"""Calls per second: the limits that spare agencies would be measured instead of the engine."""

_TICKS = os.sysconf("SC_CLK_TCK")
_LETTERS = "ABCDEGHIKL"


class Worker:
    """A worker process; what it prints goes to a file."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, command: tuple[str, ...], environment: Mapping[str, str], log: Path) -> Self:
        """Start it; whether it is ready shows when it does something."""
        with log.open("ab") as lines:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *command,
                env={**os.environ, **environment},
                cwd=ROOT,
                stdout=lines,
                stderr=lines,
                start_new_session=True,
            )
        return cls(process)

    def cpu(self) -> float:
        """Seconds of CPU it has used, user and system."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text("utf-8").rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory(self) -> int:
        """Bytes of memory it holds (RSS)."""
        pages = Path(f"/proc/{self._process.pid}/statm").read_text("utf-8").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    async def kill(self) -> None:
        """End it as `kill -9` does."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """Let it end by itself."""
        await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            self._process.send_signal(number)
        await self._process.wait()


class World:
    """The world, running; use as an async context manager."""

    def __init__(self, folder: Path, pace: float) -> None:
        settings = training_settings(folder, _PLAYS_ON)
        self.settings = settings.model_copy(update={"calls_per_second": dict.fromkeys(System, 1000.0)})
        self._numbers = count(1)
        self._environment = {"LIENTHONG_CALLS_PER_SECOND": json.dumps(_UNLIMITED)}
        self._stack = Stack(
            self.settings,
            lambda *_: None,
            pace=pace,
            worker=False,
            environment={
                "LIENTHONG_LOG_LEVEL": "error",
                "LIENTHONG_SENDER_EVENTS_PER_MINUTE": "1000000",
                "LIENTHONG_INBOX_PATIENCE": "20",
            },
        )

    async def __aenter__(self) -> Self:
        await self._stack.__aenter__()
        self._engine = open_engine(self.settings.ledger_url)
        self.ledger = Ledger(self._engine, master_keys(self.settings))
        self.senders = Senders.load(senders_file(self.settings))
        self.events = f"http://{self.settings.gateway_host}:{self.settings.gateway_port}/events"
        """Where the gateway takes events."""
        self._submissions = Submissions(
            self.ledger, DocumentStore(self.settings.documents, self.ledger.keys.masters), self.settings
        )
        self.client: Client = await connect_as_set(self.settings, self.ledger.keys)
        self.unsealing = await connect(self.settings.temporal_address, self.settings.temporal_namespace)
        """For the floor, which seals nothing."""
        self.http = httpx.AsyncClient(base_url=self.settings.simulator_url, trust_env=False, timeout=30)
        for attachments in SAMPLES.glob("*/attachments"):
            shutil.copytree(attachments, self.settings.state / "attachments", dirs_exist_ok=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()
        self._engine.dispose()
        await self._stack.__aexit__(None, None, None)

    async def worker(self, *command: str, simulator: str | None = None) -> Worker:
        """A worker process: ours, or that of `command`. `simulator`: where it finds the agencies, if not there."""
        environment = {
            **self._stack.environment(),
            **self._environment,
            "LIENTHONG_LOG_LEVEL": "warning",
            "LIENTHONG_SIMULATOR_URL": simulator or self.settings.simulator_url,
        }
        return await Worker.start(command or ("-m", "worker"), environment, self.settings.state / "worker.log")

    def open(self, sample: str) -> str:
        """A dossier of a sample (“birth/plain”), of other people each time; its code. Its workflow is yet to start."""
        sample_text = (SAMPLES / f"{sample}.json").read_text("utf-8")
        file = self.settings.state / "declaration.json"
        file.write_text(_other_people(sample_text, next(self._numbers)), "utf-8")
        declaration, contents = load_declaration_file(file, self._submissions.now().date())
        return self._submissions.open(declaration, contents).code

    def now(self) -> datetime:
        """Legal time."""
        return self._submissions.now()

    async def start(self, code: str) -> None:
        """Start its workflow."""
        await self._submissions.start(self.client, code)

    async def instruct(self, system: System, dossier: str = EVERY_DOSSIER, **instruction: Any) -> None:
        """Tell the simulator how that system treats a dossier, or every one."""
        (await self.http.put(f"/instructions/{dossier}/{system.value}", json=instruction)).raise_for_status()

    async def requests(self, code: str) -> int:
        """How many requests about a dossier have reached the simulator."""
        book = (await self.http.get(f"/book/{code}")).raise_for_status().json()
        return len(book["requests"])


def _other_people(declaration: str, number: int) -> str:
    """The declaration of another child of other parents, or another deceased: nobody is taken for declared twice."""
    personal_id, notice = re.compile(r'"(\d{6})\d{4}(\d{2})"'), re.compile(r'"\d{5}(\.(?:GCS|GBT)\.)')
    raw = json.loads(notice.sub(rf'"{number:05d}\1', personal_id.sub(rf'"\g<1>{number:04d}\g<2>"', declaration)))
    raw["submission_id"] = f"bench-{number}"
    subject = raw["deceased" if "deceased" in raw else "child"]
    subject["full_name"] += " " + "".join(_LETTERS[int(digit)] for digit in f"{number:06d}")
    return json.dumps(raw, ensure_ascii=False)
