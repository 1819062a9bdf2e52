"""Nothing of a person lies readable anywhere but with the agencies: marked dossiers live through everything, then every
place where something of them could lie is searched (`places.Place`).
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.client import Client

from cli.otlp import Receiver, receiving_spans
from cli.stack import free_port, operators_file, senders_file
from ledger.documents import DocumentStore
from models.dossier import LegStage
from models.systems import System as AgencySystem
from processes.temporal import connect_as_set
from settings import LogFormat, LogLevel
from tests.integration.system import System, running_system, system_settings
from tests.leaks.lives import Lives
from tests.leaks.markers import SECRET, Markers
from tests.leaks.meddler import Mischief, meddling
from tests.leaks.places import (
    Found,
    Place,
    Running,
    at_rest,
    book,
    decoded,
    in_temporal,
    payloads_in,
    secrets,
    while_running,
)
from tests.leaks.scan import Hit, Scanner
from tests.leaks.stories import ELSEWHERE, Stories, wait_until_ready
from trust.codec import is_sealed
from trust.operators import digest_of, new_token
from trust.senders import for_training, new_secret

_SHOWN = 12
_MAY_BE_EMPTY = frozenset({Place.STATE, Place.TEMPORARY})
TOKENS = {name: new_token() for name in ("support", "case_officer", "stranger")}
_REFUSED = frozenset({SECRET, "forged", "blunder", "misuse", "exception", "echo"})
"""What was planted where nobody took it."""


class Scan:
    """A system that has lived through everything, and what was found in it, by place."""

    def __init__(self, system: System, markers: Markers, stories: Stories, found: tuple[Found, ...]) -> None:
        self.system = system
        self.markers = markers
        self.stories = stories
        self.found = found
        self.scanner = Scanner(markers)
        self.hits: Mapping[Place, list[tuple[str, Hit]]] = {place: [] for place in Place}
        for one in found:
            self.hits[one.place].extend((one.where, hit) for hit in self.scanner.hits(one.data))


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving_spans() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[Scan]:
    folder = tmp_path_factory.mktemp("leaks")
    names = ("outside", "temporary", "logs", "copies", "backup")
    outside, temporary, logs, copies, backup = (folder / name for name in names)
    for made in (outside, temporary, logs, copies):
        made.mkdir()
    markers = Markers()
    settings = system_settings(folder / "state")
    with meddling(settings.simulator_url, markers.word("echo")) as meddler:
        settings = settings.model_copy(
            update={
                "log_format": LogFormat.JSON,
                "log_level": LogLevel.DEBUG,
                "system_urls": {system: f"{meddler.url}/{system.value}" for system in AgencySystem},
                **{name: free_port() for name in ("metrics_port", "gateway_metrics_port", "health_port")},
            }
        )
        settings.state.mkdir()
        senders_file(settings).touch(mode=0o600)
        elsewhere = f'\n[[senders]]\nid = "{ELSEWHERE}"\nsystem = "provincial"\nprovinces = ["79"]\n'
        senders_file(settings).write_text(f'{for_training()}{elsewhere}keys = [{{ secret = "{new_secret()}" }}]\n')
        operators_file(settings).touch(mode=0o600)
        operators_file(settings).write_text(_operators())
        environment = {
            "TMPDIR": str(temporary),
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "LIENTHONG_METRICS_REFRESH": "1",
        }
        with running_system(settings, environment=environment, worker=False, log_lines=None, codec=True) as system:
            lives = Lives(system, logs)
            stories = Stories(system, meddler, markers, outside)
            try:
                found = _lived(Running(settings, stories, lives, receiver, temporary, copies, backup), system, outside)
            finally:
                lives.stop()
            assert set(meddler.done) == set(Mischief)
            for secret in secrets(settings):
                markers.secret(secret)
            yield Scan(system, markers, stories, found)


def _operators() -> str:
    """Somebody of support, and an officer of another province than every sample's."""
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    provinces = {"support": "", "case_officer": 'provinces = ["79"]\n'}
    return "\n".join(
        f'[[operators]]\nid = "{role}"\nrole = "{role}"\nuntil = {until}\n{more}'
        f'token_sha256 = "{digest_of(TOKENS[role])}"\n'
        for role, more in provinces.items()
    )


def _lived(at: Running, system: System, outside: Path) -> tuple[Found, ...]:
    """Everything found after everything has happened."""
    stories, lives = at.stories, at.lives
    words = outside / "words"
    words.write_text(stories.mark("exception"), "utf-8")
    lives.start("worker that fails", "-m", "tests.leaks.faulty", str(words))
    stories.begin()
    asked = stories.codes["supplement"]
    system.see(asked, lambda d: d.legs and d.legs[1].stage is LegStage.WAITING_SUPPLEMENT, "asked for a supplement")
    lives.kill("worker that fails")
    lives.start("worker", "-m", "worker", LIENTHONG_LOG_FORMAT="text")
    stories.go_on()
    lives.kill_of_stack("gateway")
    lives.start("gateway", "-m", "gateway", LIENTHONG_LOG_FORMAT="text")
    wait_until_ready(stories)
    stories.misuse()
    stories.forge()
    stories.blunder()
    stories.decide()
    stories.finish()
    stories.back_up(at.backup)
    processes = tuple(while_running(at))
    temporal = asyncio.run(_as_stored(system, frozenset(stories.codes.values())))
    payloads = [payload for payload in payloads_in(temporal) if is_sealed(payload)]
    assert payloads
    shown = [one for who, token in TOKENS.items() for one in decoded(at.settings, who, token, payloads)]
    said = tuple(Found(Place.LOGS, "stack", line.encode()) for line in tuple(system.log))
    return (*processes, *temporal, *shown, *said, *at_rest(at))


async def _as_stored(system: System, codes: frozenset[str]) -> tuple[Found, ...]:
    settings = system.settings
    client = await Client.connect(settings.temporal_address, namespace=settings.temporal_namespace)
    return await in_temporal(client, codes)


@pytest.mark.parametrize("place", Place, ids=lambda place: place.name.lower())
def test_nothing_of_a_person_is_readable(scan: Scan, place: Place) -> None:
    assert place in _MAY_BE_EMPTY or any(one.place is place for one in scan.found), "nothing was looked at"
    hits = scan.hits[place]
    shown = [f"{where}: {hit.word} ({hit.form}): …{hit.around}…" for where, hit in hits[:_SHOWN]]
    counted = Counter(where.split(" event ")[0] for where, _ in hits).most_common(_SHOWN)
    assert not hits, "\n".join((f"{len(hits)} hits; {counted}", *shown))


def test_what_was_asked_of_the_codec_server_was_answered(scan: Scan) -> None:
    """Or else nothing would have been looked at."""
    answers = {one.where for one in scan.found if one.place is Place.DECODED}
    assert {"support: 200", "stranger: 401"} <= answers


def test_what_is_sealed_says_everything_once_it_is_opened(scan: Scan) -> None:
    """The control: what was planted is there. Each marker is found where it must be: with the agencies or, by whoever
    has the keys, in the ledger and in Temporal's histories."""
    ledger, codes = scan.system.ledger, scan.stories.codes.values()
    kept = [ledger.declaration(code).model_dump_json() + scan.system.dossier(code).model_dump_json() for code in codes]
    store = DocumentStore(scan.system.settings.documents, ledger.keys.masters)
    papers = [store.kept(Path(one.where).name) for one in scan.found if one.place is Place.DOCUMENTS]
    told = [entry.why or "" for entry in ledger.entries(limit=1000)]
    known = b"\n".join((book(scan.system.settings), "".join((*kept, *told)).encode(), *papers))
    there = scan.scanner.words(known)
    missing = [marker for marker in scan.markers if marker.kind not in _REFUSED and marker.word not in there]
    assert not missing, "\n".join(map(str, missing))
    assert there <= {hit.word for hit in scan.scanner.hits(known)}
    opened = asyncio.run(_opened(scan.system, codes))
    for code in codes:
        declared = scan.scanner.words(ledger.declaration(code, revision=0).model_dump_json().encode())
        assert len(declared) > 5
        assert declared <= scan.scanner.words(opened[code]), code


async def _opened(system: System, codes: Iterable[str]) -> Mapping[str, bytes]:
    """What histories begin with, opened with the keys of their dossiers."""
    client = await connect_as_set(system.settings, system.ledger.keys)
    codec = client.data_converter.payload_codec
    assert codec
    inputs = {}
    for code in codes:
        history = await client.get_workflow_handle(code).fetch_history()
        payloads = history.events[0].workflow_execution_started_event_attributes.input.payloads
        inputs[code] = b"".join(payload.data for payload in await codec.decode(payloads))
    return inputs
