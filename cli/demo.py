"""`lienthong demo`: the whole story in about a minute, on real servers, with nothing left running.

It plays on stated dates by the training offset (REQUIREMENTS §6.10), so that it tells the same story on any day.
"""

import asyncio
import os
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import typer
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.api.testservice.v1 import SleepRequest
from temporalio.client import Client

from cli.context import SERVICE, run
from cli.dossiers import print_dossier
from cli.files import load_declaration_file
from cli.otlp import Receiver, SeenSpan, receiving_spans
from cli.output import Exit, fail, heading, say
from cli.stack import Stack, StackFailed, training_settings
from cli.trace_tree import tree
from ledger.documents import DocumentStore
from ledger.engine import open_engine
from ledger.store import Ledger
from ledger.values import StoredDossier
from models.base import LEGAL_ZONE
from models.details import state
from models.dossier import DossierStage, LegStage
from models.words import last_day, when
from settings import Settings
from submissions import Submissions
from telemetry import traces
from telemetry.traces import trace_id
from workflows.plugin import connect

MAIN_DATE = datetime(2026, 11, 19, 14, 58, tzinfo=LEGAL_ZONE)
"""Part 1 plays from Thursday 19 November 2026, 14:58: in time for the same day, two minutes before the 15:00 rule."""

SKIPPING_DATE = datetime(2026, 11, 20, 9, 30, tzinfo=LEGAL_ZONE)
"""Part 2 starts on Friday 20 November 2026; 24 November is Vietnam Culture Day."""

SAMPLES = Path(__file__).parents[1] / "samples" / "birth"

_ENDPOINT = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
_PATIENCE = 45.0
_LOOK = 0.2


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo() -> None:
    """Xem thử: ba hồ sơ khai sinh từ tờ khai đến kết quả, rồi một hồ sơ hết hạn xác nhận (tua thời gian).

    Tất cả chạy trên máy này, cổng trống bất kỳ; xong thì không còn gì chạy lại phía sau.

    Ví dụ:

      lienthong demo

      make demo
    """
    try:
        run(_demo(), as_json=False)
    except StackFailed as error:
        fail(Exit.FAILED, str(error))
    except DemoFailed as error:
        fail(Exit.FAILED, str(error))


class DemoFailed(Exception):
    """A dossier did not get where the story wants it; the message says where it stands."""


async def _demo() -> None:
    with tempfile.TemporaryDirectory(prefix="lienthong-demo-") as folder:
        await _straight_paths(Path(folder) / "1")
        await _silence(Path(folder) / "2")
    _where_to_look()


# --- Part 1: three dossiers on the dev server -------------------------------------------------------------------------


async def _straight_paths(folder: Path) -> None:
    _chapter("1. Ba hồ sơ trên máy chủ Temporal thật", f"Ngày trong chuyện: {when(MAIN_DATE)}.")
    with receiving_spans() as receiver:
        with _exporting_to(receiver):
            code = await _three_dossiers(folder)
        _show_trace(code, receiver.trace(trace_id(code)))


@contextmanager
def _exporting_to(receiver: Receiver) -> Iterator[None]:
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


async def _three_dossiers(folder: Path) -> str:
    """The story of part 1; the code of the dossier whose trace is shown."""
    async with _scene(folder, MAIN_DATE, time_skipping=False) as scene:
        plain = scene.open("plain")
        grandparents = scene.open("grandparents-home")
        refused = scene.open("unknown-father")
        await scene.instruct(
            refused,
            "residence",
            {
                "refuse": {
                    "reason_code": "DWELLING_NOT_LAWFUL",
                    "fields": ["residence_registration.address"],
                    "legal_basis": "Luật Cư trú Điều 23",
                    "text": "Địa chỉ thuộc khu vực đã có quyết định thu hồi đất.",
                }
            },
        )
        await scene.instruct(plain, "social_insurance", {"fail_times": 1, "fail_with": 503})
        for code in (plain, grandparents, refused):
            await scene.start(code)
        await scene.follow((plain, grandparents, refused))
        for code in (plain, grandparents, refused):
            print_dossier(scene.dossier(code))
        await _operators_view(scene.client, grandparents)
    return plain


def _show_trace(code: str, spans: Sequence[SeenSpan]) -> None:
    heading(f"Vết (OpenTelemetry) của hồ sơ {code}: {len(spans)} bước, trace_id {trace_id(code)}")
    say("Việc lặp lại nhiều lần gộp thành một dòng; cơ quan BHXH đã bận một lần và được gọi lại.")
    for line in tree(spans):
        say(line)


async def _operators_view(client: Client, code: str) -> None:
    heading(f"Cán bộ vận hành thấy gì trong giao diện Temporal, hồ sơ {code}")
    description = await client.get_workflow_handle(code).describe()
    say(f"Tên: {await description.static_summary()}")
    pairs = sorted((pair.key.name, pair.value) for pair in description.typed_search_attributes)
    say("Thuộc tính tìm kiếm: " + "; ".join(f"{name} = {_shown(value)}" for name, value in pairs))
    metadata = await client.get_workflow_handle(code).query(
        "__temporal_workflow_metadata", result_type=WorkflowMetadata
    )
    say(*metadata.current_details.splitlines())


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return when(value)
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


# --- Part 2: silence, on the time-skipping server ---------------------------------------------------------------------


async def _silence(folder: Path) -> None:
    _chapter(
        "2. Không ai trả lời (tua thời gian)",
        f"Ngày trong chuyện: {when(SKIPPING_DATE)}; chủ hộ và chủ sở hữu im lặng. 24/11/2026 là ngày nghỉ.",
    )
    async with _scene(folder, SKIPPING_DATE, time_skipping=True) as scene:
        code = scene.open("grandparents-home")
        await scene.instruct(code, "vneid", {"silent": True})
        await scene.start(code)
        await scene.follow((code,), until=_only_consents_missing)
        dossier = scene.dossier(code)
        until = next(stored.consent.due.at for stored in dossier.consents)
        assert until is not None
        say(f"Chờ xác nhận đến hết {last_day(until)}. Tua thời gian…")
        await scene.skip_past(until)
        await scene.follow((code,), until=_agreement_awaited)
        until = next(stored.consent.limit_ends_at for stored in scene.dossier(code).consents)
        assert until is not None
        say(f"Không ai trả lời; công dân còn được nộp văn bản đồng ý đến hết {last_day(until)}. Tua thời gian…")
        await scene.skip_past(until)
        await scene.follow((code,))
        print_dossier(scene.dossier(code))


def _only_consents_missing(dossier: StoredDossier) -> bool:
    stages = {leg.stage for leg in dossier.legs}
    return stages == {LegStage.ENDED, LegStage.WAITING_CONSENTS}


def _agreement_awaited(dossier: StoredDossier) -> bool:
    return bool(dossier.consents) and all(stored.consent.agreement for stored in dossier.consents)


# --- The stage --------------------------------------------------------------------------------------------------------


class _Scene:
    """A running system of its own, and what the story does with it."""

    def __init__(self, settings: Settings, client: Client, log: deque[str]) -> None:
        self.settings = settings
        self.client = client
        self._log = log
        self._ledger = Ledger(open_engine(settings.ledger_url))
        self._submissions = Submissions(self._ledger, DocumentStore(settings.documents), settings)
        self._told: dict[str, tuple[str, ...]] = {}

    def open(self, name: str) -> str:
        """Open the dossier of a sample; its workflow starts later, so that the simulator can be told first."""
        declaration, contents = load_declaration_file(SAMPLES / f"{name}.json", self._submissions.now().date())
        code = self._submissions.open(declaration, contents).code
        say(f"Nộp samples/birth/{name}.json → hồ sơ {code}")
        return code

    async def start(self, code: str) -> None:
        """Start its workflow."""
        await self._submissions.start(self.client, code)

    async def instruct(self, code: str, system: str, instructions: dict[str, Any]) -> None:
        """Tell the simulator how one system treats this dossier."""
        async with httpx.AsyncClient(trust_env=False) as http:
            url = f"{self.settings.simulator_url}/instructions/{code}/{system}"
            (await http.put(url, json=instructions)).raise_for_status()

    async def skip_past(self, instant: datetime) -> None:
        """Let the time-skipping server run until just after a legal instant."""
        request = SleepRequest()
        request.duration.FromTimedelta(instant - self._submissions.now() + timedelta(seconds=1))
        await self.client.test_service.unlock_time_skipping_with_sleep(request)

    def dossier(self, code: str) -> StoredDossier:
        """The dossier as the ledger has it."""
        dossier = self._ledger.view(code)
        assert dossier is not None
        return dossier

    async def follow(self, codes: Sequence[str], until: Any = None) -> None:
        """Tell what happens, until every dossier has concluded (or `until` holds) and everything has been sent."""
        try:
            async with asyncio.timeout(_PATIENCE):
                while [code for code in codes if not self._arrived(code, until)]:
                    await asyncio.sleep(_LOOK)
        except TimeoutError:
            stages = ", ".join(f"{code}: {self.dossier(code).summary.stage.label}" for code in codes)
            raise DemoFailed("\n".join(("Quá lâu. " + stages, *self._log))) from None

    def _arrived(self, code: str, until: Any) -> bool:
        dossier = self.dossier(code)
        news = tuple(f"{dossier.plan.leg(leg.key).name}: {state(leg)}" for leg in dossier.legs) if dossier.plan else ()
        stage = dossier.summary.stage.label
        for line in (stage, *news):
            if line not in self._told.get(code, ()):
                say(f"  {code}  {line}")
        self._told[code] = (stage, *news)
        done = until(dossier) if until else dossier.summary.stage is DossierStage.CONCLUDED
        return done and not self._ledger.outbox_open(code)


@asynccontextmanager
async def _scene(folder: Path, plays_from: datetime, *, time_skipping: bool) -> AsyncIterator[_Scene]:
    log: deque[str] = deque(maxlen=60)
    settings = training_settings(folder, plays_from)
    say("Khởi động Temporal, bộ mô phỏng các cơ quan, cổng nhận sự kiện, worker…")
    async with Stack(settings, lambda name, line: log.append(f"{name}: {line}"), time_skipping=time_skipping, pace=0.5):
        client = await connect(settings.temporal_address, settings.temporal_namespace)
        yield _Scene(settings, client, log)


def _chapter(title: str, text: str) -> None:
    heading(f"=== {title} ===")
    say(text)


def _where_to_look() -> None:
    _chapter("Xem tiếp", "Bản xem thử đã dừng và dọn sạch. Để tự xem:")
    for line in (
        "make dev                                             chạy cả hệ thống, giao diện http://127.0.0.1:8233",
        ".venv/bin/lienthong submit samples/birth/plain.json  nộp một tờ khai (ở cửa sổ khác)",
        ".venv/bin/lienthong list                             danh sách hồ sơ",
        ".venv/bin/lienthong show MÃ                          một hồ sơ: thủ tục, hạn, vì sao",
        ".venv/bin/lienthong law --on 2026-11-19              luật đang có hiệu lực",
        ".venv/bin/lienthong deadline 2026-11-20T15:00:01 --working-days 3",
        ".venv/bin/lienthong --help",
    ):
        say(f"  {line}")
