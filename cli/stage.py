"""What stories are played on: a whole system of its own in a folder, the acts of the world, and how it is told."""

import asyncio
import base64
import json
import os
import uuid
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from google.protobuf.empty_pb2 import Empty
from temporalio.api.testservice.v1 import SleepRequest
from temporalio.client import Client

from cli.context import SERVICE
from cli.files import load_declaration_file
from cli.otlp import Receiver
from cli.output import say
from cli.stack import Stack, senders_file, training_settings
from ledger.documents import DocumentStore
from ledger.engine import open_engine
from ledger.store import Ledger
from ledger.values import StoredDossier
from models.base import legal
from models.details import state
from models.documents import DocumentKind, MediaType
from models.dossier import DossierStage, Leg, LegStage
from models.events import EVENT_MEDIA_TYPE, CloudEvent, EventType
from models.messages import FollowUp, FollowUpKind
from models.publication import Notice
from models.systems import System
from models.words import when
from processes.temporal import connect_as_set
from settings import Settings
from submissions import Submissions
from telemetry import traces
from trust.keys import master_keys
from trust.senders import Senders

SAMPLES = Path(__file__).parents[1] / "samples"

_ENDPOINT = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
_PATIENCE = 60.0
_LOOK = 0.2
_PACE = 0.4
"""Seconds before each event of a simulated agency."""

_NOT_NEWS = (DossierStage.INTAKE, DossierStage.WAITING_RECEIPT, DossierStage.IN_PROGRESS)
_NOT_NEWS_OF_LEGS = (LegStage.WAITING_PREREQUISITES, LegStage.SENDING, LegStage.WAITING_RECEIPT)
"""Stages that last a moment, or that the news of a leg says anyway."""

Condition = Callable[[StoredDossier], object]


class StoryFailed(Exception):
    """A dossier did not get where the story wants it; the message says where it stands."""


class Told(NamedTuple):
    """What somebody was told, and at which legal instant."""

    at: datetime
    text: str


class Scene:
    """A running system, and what a story does with it."""

    def __init__(
        self, settings: Settings, client: Client, ledger: Ledger, log: deque[str], *, time_skipping: bool
    ) -> None:
        self.settings = settings
        self.client = client
        self._log = log
        self._time_skipping = time_skipping
        self._ledger = ledger
        self._submissions = Submissions(
            self._ledger, DocumentStore(settings.documents, self._ledger.keys.masters), settings
        )
        self._http = httpx.AsyncClient(trust_env=False, timeout=30)
        self._senders = Senders.load(senders_file(settings))
        self._told: dict[str, tuple[str, ...]] = {}

    async def submit(self, name: str, **instructions: Mapping[str, Any]) -> str:
        """Submit a sample (“birth/plain”) once the systems named know how to treat it. The dossier's code."""
        declaration, contents = load_declaration_file(SAMPLES / f"{name}.json", self._submissions.now().date())
        code = self._submissions.open(declaration, contents).code
        for system, instruction in instructions.items():
            url = f"{self.settings.simulator_url}/instructions/{code}/{system}"
            (await self._http.put(url, json=instruction)).raise_for_status()
        await self._submissions.start(self.client, code)
        return code

    async def now(self) -> datetime:
        """Legal time, by the clock of the server where time is skipped."""
        if not self._time_skipping:
            return self._submissions.now()
        answer = await self.client.test_service.get_current_time(Empty())
        return legal(answer.time.ToDatetime(tzinfo=UTC) + self.settings.training_offset)

    async def skip_to(self, instant: datetime) -> None:
        """Let the time-skipping server run until just after a legal instant."""
        request = SleepRequest()
        request.duration.FromTimedelta(instant - await self.now() + timedelta(seconds=1))
        await self.client.test_service.unlock_time_skipping_with_sleep(request)

    async def send(self, code: str, type_: EventType, source: str, data: Mapping[str, Any]) -> None:
        """Tell the dossier a fact through the gateway, as the world does. Raises StoryFailed when it is refused."""
        event = CloudEvent(
            specversion="1.0", id=f"demo-{uuid.uuid4()}", source=source, type=type_, subject=code, data=data
        )
        body = event.model_dump_json(exclude_none=True).encode()
        url = f"http://{self.settings.gateway_host}:{self.settings.gateway_port}/events"
        headers = self._senders[source].signed(event.id, body, datetime.now(UTC))
        answer = await self._http.post(url, content=body, headers={"content-type": EVENT_MEDIA_TYPE, **headers})
        if not answer.is_success:
            raise StoryFailed(f"{code}: {answer.text}")

    def dossier(self, code: str) -> StoredDossier:
        """The dossier as the ledger has it."""
        dossier = self._ledger.view(code)
        assert dossier is not None
        return dossier

    def leg(self, code: str, key: str) -> Leg:
        """One leg of it."""
        return next(leg for leg in self.dossier(code).legs if leg.key == key)

    def notices(self, code: str, *templates: Notice) -> tuple[Told, ...]:
        """What the citizen has read on the portal by these templates, in order."""
        endings = tuple(f":{template.value}:{System.PORTAL.value}" for template in templates)
        sent = (notice.dispatch for notice in self.dossier(code).notices)
        return tuple(Told(each.head.sent_at, each.text or "") for each in sent if each.head.key.endswith(endings))

    def follow_ups(self, code: str, *kinds: FollowUpKind) -> tuple[FollowUp, ...]:
        """What agencies have been told of these kinds, in order."""
        sent = (notice.dispatch.follow_up for notice in self.dossier(code).notices)
        return tuple(follow_up for follow_up in sent if follow_up and follow_up.kind in kinds)

    async def refusals(self, code: str) -> tuple[str, ...]:
        """What agencies were answered whose messages were refused, from the book of the simulated systems."""
        answer = await self._http.get(f"{self.settings.simulator_url}/book/{code}")
        problems = (found["problem"] for found in answer.json()["answers"] if found["state"] == "refused")
        return tuple(json.loads(problem)["detail"] for problem in problems)

    async def follow(self, *codes: str, until: Condition | None = None) -> None:
        """Tell what happens, until every dossier has concluded (or `until` holds) and everything has been sent."""
        try:
            async with asyncio.timeout(_PATIENCE):
                while [code for code in codes if not await self._arrived(code, until)]:
                    await asyncio.sleep(_LOOK)
        except TimeoutError:
            stages = ", ".join(f"{code}: {self.dossier(code).summary.stage.label}" for code in codes)
            raise StoryFailed("\n".join(("Quá lâu. " + stages, *self._log))) from None

    async def close(self) -> None:
        """Let go of what the scene holds."""
        await self._http.aclose()

    async def _arrived(self, code: str, until: Condition | None) -> bool:
        dossier = self.dossier(code)
        news = tuple(_news(dossier))
        fresh = [line for line in news if line not in self._told.get(code, ())]
        if fresh:
            now = await self.now()
            for line in fresh:
                say(f"  {now:%H:%M %d/%m}  {code}  {line}")
        self._told[code] = news
        done = until(dossier) if until else dossier.summary.stage is DossierStage.CONCLUDED
        return bool(done) and not self._ledger.outbox_open(code)


def _news(dossier: StoredDossier) -> Iterator[str]:
    """Where the dossier and its legs stand, as far as it is worth telling."""
    for leg in dossier.legs:
        if dossier.plan and leg.stage not in _NOT_NEWS_OF_LEGS:
            yield f"{dossier.plan.leg(leg.key).name}: {state(leg)}"
    if dossier.summary.stage not in _NOT_NEWS:
        yield dossier.summary.stage.label


@asynccontextmanager
async def scene(folder: Path, plays_from: datetime, *, time_skipping: bool = False) -> AsyncIterator[Scene]:
    """A system running from that legal instant; at the end nothing of it is left. Raises StackFailed."""
    log: deque[str] = deque(maxlen=60)
    settings = training_settings(folder, plays_from)
    say("Khởi động Temporal, bộ mô phỏng các cơ quan, cổng nhận sự kiện, worker…")
    stack = Stack(settings, lambda name, line: log.append(f"{name}: {line}"), time_skipping=time_skipping, pace=_PACE)
    async with stack:
        engine = open_engine(settings.ledger_url)
        ledger = Ledger(engine, master_keys(settings))
        client = await connect_as_set(settings, ledger.keys)
        playing = Scene(settings, client, ledger, log, time_skipping=time_skipping)
        try:
            yield playing
        finally:
            await playing.close()
            engine.dispose()


@contextmanager
def exporting_to(receiver: Receiver) -> Iterator[None]:
    """This process and those it starts export their spans there; at the end all have left."""
    before = os.environ.get(_ENDPOINT)
    os.environ[_ENDPOINT] = f"{receiver.endpoint}/v1/traces"
    traces.configure(SERVICE)
    try:
        yield
    finally:
        traces.close()
        del os.environ[_ENDPOINT]
        if before:
            os.environ[_ENDPOINT] = before


def paper(kind: DocumentKind) -> Mapping[str, str]:
    """A document of that kind as it comes over the wire."""
    content = (SAMPLES / "birth" / "attachments" / "residence-papers.pdf").read_bytes()
    return {
        "kind": kind.value,
        "file_name": f"{kind.value}.pdf",
        "media_type": MediaType.PDF.value,
        "content": base64.b64encode(content).decode("ascii"),
    }


def read_by(reader: str, *told: Told) -> None:
    """What somebody was told, in full."""
    for at, text in told:
        say(f"  ✉ {when(at)}, {reader} đọc: “{text}”")
