"""The whole system in real processes for a test file: Temporal dev server, simulator, gateway, worker, ledger.

It plays on a stated date (training offset). Tests speak to it as the world does: by HTTP, by command, by signal.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from temporalio.api.testservice.v1 import SleepRequest

from cli.files import load_declaration_file
from cli.stack import LOOPBACK, Stack, senders_file, training_settings
from ledger.documents import DocumentStore
from ledger.engine import open_engine
from ledger.store import Ledger
from ledger.values import StoredDossier
from models.base import LEGAL_ZONE
from models.events import EVENT_MEDIA_TYPE
from processes.temporal import connect_as_set
from settings import Settings
from simulator.records import AnswerState
from submissions import Submissions
from trust.keys import master_keys
from trust.senders import Senders

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples" / "birth"
DEATHS = ROOT / "samples" / "death"
DEATH_NAMES = frozenset(path.stem for path in DEATHS.glob("*.json"))
PLAYS_ON = datetime(2026, 11, 19, 9, 0, tzinfo=LEGAL_ZONE)
USUAL_SENDERS = {
    "vneid_consent": "vneid",
    "payment": "payment",
    "attested_consent": "provincial",
    **dict.fromkeys(("documents", "supplement", "agreement", "withdrawal"), "portal"),
}
_PATIENCE = 100.0
"""What a killed worker had in hand is tried again only after a minute (`workflows.calls`)."""
_LOOK = 0.05
_UNHURRIED = {"LIENTHONG_INBOX_PATIENCE": "20"}
"""On a busy machine a verdict may take longer than the usual two seconds; tests want it all the same."""


def eventually(condition: Callable[[], object], what: str | Callable[[], str]) -> None:
    """Wait for what another process does; AssertionError with `what` when it does not come about."""
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"never: {what if isinstance(what, str) else what()}"
        time.sleep(_LOOK)


class System:
    """A running system."""

    def __init__(self, settings: Settings, stack: Stack, in_loop: Callable[[Any], Any], log: deque[str]) -> None:
        self.settings = settings
        self.stack = stack
        self.in_loop = in_loop
        self.log = log
        self.engine = open_engine(settings.ledger_url)
        self.ledger = Ledger(self.engine, master_keys(settings))
        self.submissions = Submissions(
            self.ledger, DocumentStore(settings.documents, self.ledger.keys.masters), settings
        )
        self.http = httpx.Client(trust_env=False, timeout=30)
        self.senders = Senders.load(senders_file(settings))
        self._deceased = count(1)

    @property
    def gateway(self) -> str:
        return f"http://{LOOPBACK}:{self.settings.gateway_port}"

    def now(self) -> datetime:
        """Legal time."""
        return self.submissions.now()

    def open(self, name: str, **changes: Any) -> str:
        """Open a dossier of a sample without starting its workflow; `changes` replace sections of the form.

        Each opening is about somebody else: names and numbers, those of notice and submission too, are made its own.
        """
        declaration, contents = load_declaration_file(self.file_of(name, **changes), self.now().date())
        return self.submissions.open(declaration, contents).code

    def file_of(self, name: str, **changes: Any) -> Path:
        """A file of a sample of either group, about somebody else each time; `changes` replace sections of the form."""
        folder = DEATHS if name in DEATH_NAMES else SAMPLES
        raw = json.loads((folder / f"{name}.json").read_text("utf-8"))
        mark = uuid.uuid4().int
        raw["submission_id"] = f"test-{mark:x}"[:60]
        if folder == DEATHS:
            _make_another_deceased(raw, mark, next(self._deceased))
        else:
            _make_another_child(raw, mark)
        raw |= changes
        file = self.settings.state / f"{mark:x}.json"
        file.write_text(json.dumps(raw, ensure_ascii=False), "utf-8")
        shutil.copytree(folder / "attachments", self.settings.state / "attachments", dirs_exist_ok=True)
        return file

    def start(self, code: str) -> None:
        """Start its workflow."""

        async def starting() -> None:
            client = await connect_as_set(self.settings, self.ledger.keys)
            await self.submissions.start(client, code)

        asyncio.run(starting())

    def skip_to(self, instant: datetime) -> None:
        """Let a time-skipping server run to just after a legal instant; clocks of other processes stay behind."""

        async def skipping() -> None:
            client = await connect_as_set(self.settings, self.ledger.keys)
            request = SleepRequest()
            request.duration.FromTimedelta(instant - self.now() + timedelta(seconds=1))
            await client.test_service.unlock_time_skipping_with_sleep(request)

        asyncio.run(skipping())

    def terminate(self, code: str) -> None:
        """End its workflow as an administrator could."""

        async def terminating() -> None:
            client = await connect_as_set(self.settings, self.ledger.keys)
            await client.get_workflow_handle(code).terminate("test")

        asyncio.run(terminating())

    def instruct(self, code: str, system: str, **instruction: Any) -> None:
        """Tell the simulator how a system treats a dossier."""
        url = f"{self.settings.simulator_url}/instructions/{code}/{system}"
        self.http.put(url, json=instruction).raise_for_status()

    def book(self, code: str) -> Any:
        """What the simulator's own book says of a dossier."""
        answer = self.http.get(f"{self.settings.simulator_url}/book/{code}")
        answer.raise_for_status()
        return answer.json()

    def settled_book(self, code: str) -> Any:
        """The simulator's book of a dossier once all that the agencies had to say was accepted or refused."""
        eventually(
            lambda: all(answer["state"] != AnswerState.WAITING for answer in self.book(code)["answers"]),
            lambda: f"{code}: agencies still have something to say: {self.book(code)['answers']}",
        )
        return self.book(code)

    def dossier(self, code: str) -> StoredDossier:
        """The dossier as the ledger has it."""
        dossier = self.ledger.view(code)
        assert dossier is not None
        return dossier

    def see(
        self, code: str, condition: Callable[[StoredDossier], object], what: str, patience: float = _PATIENCE
    ) -> StoredDossier:
        """The dossier once the condition holds."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            dossier = self.dossier(code)
            if condition(dossier):
                return dossier
            time.sleep(_LOOK)
        raise AssertionError("\n".join((f"{code}: {what} did not happen; {self.dossier(code).summary}", *self.log)))

    def concluded(self, code: str, patience: float = _PATIENCE) -> StoredDossier:
        """The dossier once it has concluded and everything was sent."""
        self.see(code, lambda dossier: dossier.summary.outcome, "conclusion", patience)
        return self.see(code, lambda _: not self.ledger.outbox_open(code), "outbox empty", patience)

    def event(
        self, code: str, type_: str, data: dict[str, Any], headers: Mapping[str, str] | None = None, **envelope: Any
    ) -> httpx.Response:
        """Post a CloudEvent to the gateway, signed by its `source`: who such facts come from, unless stated."""
        body = {
            "specversion": "1.0",
            "id": f"test-{uuid.uuid4()}",
            "source": data["source"] if type_ == "agency_event" else USUAL_SENDERS[type_],
            "type": f"vn.lienthong.{type_}.v1",
            "subject": code,
            "data": data,
            **envelope,
        }
        content = json.dumps(body, default=str).encode()
        return self.post(content, headers={**self.signed(content, body["source"], body["id"]), **(headers or {})})

    def signed(self, content: bytes, sender: str, message_id: str, at: datetime | None = None) -> dict[str, str]:
        """The headers of Standard Webhooks for that content."""
        return self.senders[sender].signed(message_id, content, at or datetime.now(UTC))

    def post(
        self, body: bytes, media_type: str = EVENT_MEDIA_TYPE, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Post bytes to the gateway, signed by nobody unless the headers say so."""
        return self.http.post(
            f"{self.gateway}/events", content=body, headers={"content-type": media_type, **(headers or {})}
        )

    def command(
        self, *arguments: str, stdin: str | None = None, ahead: timedelta = timedelta()
    ) -> subprocess.CompletedProcess[str]:
        """Run `lienthong` with these arguments against this system, its legal time that far ahead."""
        offset = self.settings.training_offset_seconds + ahead.total_seconds()
        return subprocess.run(
            [sys.executable, str(ROOT / "starter.py"), *arguments],
            env={**os.environ, **self.environment(), "LIENTHONG_TRAINING_OFFSET_SECONDS": str(offset)},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=ROOT,
        )

    def environment(self) -> dict[str, str]:
        """The settings as environment variables."""
        return {
            "LIENTHONG_STATE": str(self.settings.state),
            "LIENTHONG_DATABASE_URL": self.settings.ledger_url,
            "LIENTHONG_TEMPORAL_ADDRESS": self.settings.temporal_address,
            "LIENTHONG_SENDERS": str(senders_file(self.settings)),
            **{name: self.stack.environment()[name] for name in ("LIENTHONG_TRUST_ROOTS", "LIENTHONG_FACILITIES")},
            "LIENTHONG_SIMULATOR_URL": self.settings.simulator_url,
            "LIENTHONG_TRAINING": "true",
            "LIENTHONG_TRAINING_OFFSET_SECONDS": str(self.settings.training_offset_seconds),
            **_UNHURRIED,
        }


def _make_another_child(form: dict[str, Any], mark: int) -> None:
    if form.get("birth_notice"):
        form["birth_notice"]["number"] = f"{mark % 70000 + 20000:05d}.GCS.01234.26"
    form["child"]["full_name"] += f" {_letters(mark)}"
    form["child"].pop("born_at", None)  # two children of one mother, born at one time, are taken for one


def _make_another_deceased(form: dict[str, Any], mark: int, serial: int) -> None:
    """The notice keeps the beginning of its number, by which the simulator may treat it in a way of its own."""
    if form.get("death_notice"):
        first = form["death_notice"]["number"][:5]
        form["death_notice"]["number"] = f"{first}.GBT.{serial:05d}.26"
    deceased = form["deceased"]
    deceased["full_name"] += f" {_letters(mark)}"
    if deceased.get("personal_id"):
        deceased["personal_id"] = f"{deceased['personal_id'][:6]}{serial:05d}0"
    if deceased.get("passport"):
        deceased["passport"] = f"X{serial:07d}"


def _letters(mark: int) -> str:
    return "".join("ABCDEGHIKL"[int(digit)] for digit in str(mark % 10**8))


def system_settings(folder: Path) -> Settings:
    """Settings of a system of its own in that folder, on free ports, playing on PLAYS_ON."""
    return training_settings(folder, PLAYS_ON)


@contextmanager
def running_system(
    settings: Settings,
    *,
    pace: float = 0.1,
    environment: Mapping[str, str] | None = None,
    log_lines: int | None = 80,
    worker: bool = True,
    time_skipping: bool = False,
    codec: bool = False,
) -> Iterator[System]:
    """The system up and running; stopped in order at the end, with everything it started.

    `environment` goes to every process; the last `log_lines` of their log are kept, all for None. Without a `worker`
    the test runs its own. With `codec` a codec server runs too.
    """
    log: deque[str] = deque(maxlen=log_lines)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    stack = Stack(
        settings,
        lambda name, line: log.append(f"{name}: {line}"),
        pace=pace,
        environment={**_UNHURRIED, **(environment or {})},
        worker=worker,
        time_skipping=time_skipping,
        codec=codec,
    )

    def in_loop(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(timeout=90)

    try:
        in_loop(stack.__aenter__())
        try:
            system = System(settings, stack, in_loop, log)
            yield system
            system.http.close()
            system.engine.dispose()
        finally:
            in_loop(stack.__aexit__(None, None, None))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()
