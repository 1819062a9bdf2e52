"""Where the leak scan looks: every place where something of a dossier can come to lie, as bytes.

`Place` is the list, and the source of what docs/security.md says of it (`python -m docs.generate`).
"""

import os
import re
import shutil
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import NamedTuple

import httpx
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload, Payloads, WorkflowExecution
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.query.v1 import WorkflowQuery
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionRequest,
    ListWorkflowExecutionsRequest,
    QueryWorkflowRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError

from cli.otlp import Receiver
from cli.stack import AUTHORITY, LOOPBACK, codec_url, operators_file, senders_file
from settings import Settings
from tests.leaks.lives import Lives
from tests.leaks.stories import Stories

_KEY = re.compile(r"[A-Za-z0-9+/_-]{32,}=*")
_AT_ONCE = 200
_PATIENCE = timedelta(seconds=20)
_OPAQUE_COMMANDS = frozenset({"list", "inbox", "gaps", "facilities"})


class Place(Enum):
    """A place, and how it is read."""

    TEMPORAL_FILE = "Temporal's database file and its write-ahead log, byte by byte, what was deleted in it included"
    TEMPORAL_ROWS = "every column of every row of every table in Temporal's database"
    HISTORIES = "every event of every history, as stored: fetched by a client without a codec, summaries included"
    VISIBILITY = "what the visibility store and descriptions say: search attributes, memo, pending activities, failures"
    IDS = "ids and names: of workflows, runs, activities, timers, updates, signals, queues, workers, types of errors"
    DETAILS = "live details and views of workflows, as queries carry them past Temporal's server"
    LEDGER_FILE = "the ledger's database file and its write-ahead log, byte by byte, what was deleted in it included"
    LEDGER_ROWS = "every column of every row of every table of the ledger"
    DOCUMENTS = "the document store: names of folders and files, and what is in them"
    BACKUP = "a backup without keys: names of files, what is in them, and every column of its copy of the ledger"
    STATE = "every other file in the state folder"
    TEMPORARY = "every file left in the folder for temporary files"
    LOGS = "the log of every process at DEBUG, in text and in JSON, crashes included; Temporal's own log too"
    METRICS = "/metrics, /health and /ready of worker and gateway; the gateway's /openapi.json"
    TRACES = "every span exported by any process"
    ANSWERS = "every answer of the gateway, head and body: to strangers, to senders of others, to senders of nonsense"
    DECODED = "what the codec server shows of every payload to support staff, officers of other provinces and strangers"
    PROCESSES = "arguments and environment of every process that stays, as `ps` shows them"
    COMMANDS = "what commands print that show nothing of a person: list, inbox, gaps, facilities"


class Found(NamedTuple):
    """Something that lies in a place: where exactly, and its bytes."""

    place: Place
    where: str
    data: bytes


class Running(NamedTuple):
    """A running system, as far as one can look at it."""

    settings: Settings
    stories: Stories
    lives: Lives
    receiver: Receiver
    temporary: Path
    copies: Path
    backup: Path


def page() -> str:
    """The list of places, as docs/security.md has it."""
    return "".join(f"- {place.name.lower().replace('_', ' ')}: {place.value}\n" for place in Place)


def while_running(at: Running) -> Iterator[Found]:
    """What can be seen of processes only while they run."""
    for name, pid in at.lives.pids().items():
        for part in ("cmdline", "environ"):
            yield Found(Place.PROCESSES, f"{name} {part}", Path(f"/proc/{pid}/{part}").read_bytes())
    for name, port in (("worker", at.settings.metrics_port), ("gateway", at.settings.gateway_metrics_port)):
        yield _fetched(f"{name} /metrics", f"http://{LOOPBACK}:{port}/metrics")
    for name, port in (("worker", at.settings.health_port), ("gateway", at.settings.gateway_port)):
        for path in ("health", "ready"):
            yield _fetched(f"{name} /{path}", f"http://{LOOPBACK}:{port}/{path}")
    yield _fetched("gateway /openapi.json", f"http://{LOOPBACK}:{at.settings.gateway_port}/openapi.json")


def _fetched(where: str, url: str) -> Found:
    answer = httpx.get(url, trust_env=False)
    return Found(Place.METRICS, where, str(answer.headers).encode() + answer.content)


def decoded(settings: Settings, who: str, token: str, payloads: Sequence[Payload]) -> Iterator[Found]:
    """What somebody with that token is shown of these payloads."""
    for begin in range(0, len(payloads), _AT_ONCE):
        asked = MessageToDict(Payloads(payloads=payloads[begin : begin + _AT_ONCE]))
        headers = {"Authorization": f"Bearer {token}"}
        answer = httpx.post(f"{codec_url(settings)}/decode", json=asked, headers=headers, trust_env=False, timeout=60)
        head = f"{answer.status_code} {answer.headers}".encode()
        yield Found(Place.DECODED, f"{who}: {answer.status_code}", head + answer.content)


def payloads_in(found: Iterable[Found]) -> Iterator[Payload]:
    """The payloads of the histories that were found."""
    for one in found:
        if one.place is Place.HISTORIES:
            yield from _payloads(HistoryEvent.FromString(one.data))


def _payloads(message: Message) -> Iterator[Payload]:
    for field, value in message.ListFields():
        inside = value.values() if field.message_type and field.message_type.GetOptions().map_entry else value
        for one in inside if field.is_repeated else (value,):
            if isinstance(one, Payload):
                yield one
            elif isinstance(one, Message):
                yield from _payloads(one)


async def in_temporal(client: Client, dossiers: Collection[str]) -> tuple[Found, ...]:
    """What Temporal tells a client without a codec; those of `dossiers` are asked what they show, too."""
    found: list[Found] = []
    service, namespace = client.workflow_service, client.namespace
    listed = await service.list_workflow_executions(ListWorkflowExecutionsRequest(namespace=namespace))
    for info in listed.executions:
        found.append(Found(Place.VISIBILITY, f"list {info.execution.workflow_id}", _raw(info)))
        execution: WorkflowExecution = info.execution
        described = await service.describe_workflow_execution(
            DescribeWorkflowExecutionRequest(namespace=namespace, execution=execution)
        )
        found.append(Found(Place.VISIBILITY, f"describe {execution.workflow_id}", _raw(described)))
        history = await client.get_workflow_handle(execution.workflow_id, run_id=execution.run_id).fetch_history()
        for event in history.events:
            where = f"{execution.workflow_id} event {event.event_id}"
            found.append(Found(Place.HISTORIES, where, _raw(event)))
            found.append(Found(Place.IDS, where, "\n".join(_words(event)).encode()))
        for query in ("__temporal_workflow_metadata", "dossier_view") if execution.workflow_id in dossiers else ():
            found.append(await _asked(client, execution, query))
    return tuple(found)


async def _asked(client: Client, execution: WorkflowExecution, query: str) -> Found:
    request = QueryWorkflowRequest(
        namespace=client.namespace,
        execution=execution,
        query=WorkflowQuery(query_type=query, query_args=Payloads()),
    )
    where = f"{query} of {execution.workflow_id}"
    try:
        answer = await client.workflow_service.query_workflow(request, timeout=_PATIENCE)
    except RPCError as error:
        return Found(Place.DETAILS, where, error.message.encode() + error.raw_grpc_status)
    return Found(Place.DETAILS, where, _raw(answer))


def _raw(message: Message) -> bytes:
    raw: bytes = message.SerializeToString()
    return raw


def _words(message: Message) -> Iterator[str]:
    """Every string that stands readable in a message."""
    for field, value in message.ListFields():
        for one in value if field.is_repeated else (value,):
            if isinstance(one, Message):
                yield from _words(one)
            elif isinstance(one, str):
                yield one


def at_rest(at: Running) -> Iterator[Found]:
    """What lies on disk, and what was said."""
    state = at.settings.state
    yield from _database(at, Place.TEMPORAL_FILE, Place.TEMPORAL_ROWS, state / "temporal.db")
    yield from _database(at, Place.LEDGER_FILE, Place.LEDGER_ROWS, state / "ledger.db")
    yield from _files(Place.DOCUMENTS, at.settings.documents)
    yield from _files(Place.BACKUP, at.backup)
    with closing(sqlite3.connect(f"{(at.backup / 'ledger.db').as_uri()}?immutable=1", uri=True)) as copy:
        yield from rows(copy, Place.BACKUP)
    yield from _files(
        Place.STATE, state, without=_ELSEWHERE | {senders_file(at.settings).name, operators_file(at.settings).name}
    )
    yield from _files(Place.TEMPORARY, at.temporary)
    for name, said in at.lives.said().items():
        yield Found(Place.LOGS, name, said)
    for span in at.receiver.spans():
        yield Found(Place.TRACES, f"{span.service} {span.name}", span.raw)
    for who, answer in at.stories.answers:
        said = f"{answer.status_code} {answer.reason_phrase} {answer.headers}".encode() + answer.content
        yield Found(Place.ANSWERS, f"{who}: {answer.status_code}", said)
    for name, run in at.stories.printed:
        if name in _OPAQUE_COMMANDS:
            yield Found(Place.COMMANDS, name, (run.stdout + run.stderr).encode())


_ELSEWHERE = frozenset(
    {
        *(f"{name}.db{tail}" for name in ("temporal", "ledger") for tail in ("", "-wal", "-shm")),
        *(f"simulator.db{tail}" for tail in ("", "-wal", "-shm")),
        *("documents", "keys", AUTHORITY),
    }
)
"""In the state folder, but places of their own, or keys, or the world's: the simulator's book is not ours."""


def _database(at: Running, file_place: Place, row_place: Place, file: Path) -> Iterator[Found]:
    copies = at.copies / file.stem
    copies.mkdir(parents=True)
    for tail in ("", "-wal", "-shm"):
        if (part := file.with_name(file.name + tail)).exists():
            shutil.copy(part, copies)
            if tail != "-shm":
                yield Found(file_place, part.name, part.read_bytes())
    with closing(sqlite3.connect(copies / file.name)) as copy:
        yield from rows(copy, row_place)


def rows(database: sqlite3.Connection, place: Place) -> Iterator[Found]:
    """Every column of a database, each as one."""
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        cursor = database.execute(f'SELECT * FROM "{table}"')
        columns = [name for name, *_ in cursor.description]
        for name, values in zip(columns, zip(*cursor.fetchall(), strict=True), strict=False):
            yield Found(place, f"{table}.{name}", b"\n".join(map(_as_bytes, values)))


def _as_bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _files(place: Place, folder: Path, without: frozenset[str] = frozenset()) -> Iterator[Found]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in without]
        for name in names:
            if name not in without:
                file = Path(parent, name)
                yield Found(place, str(file.relative_to(folder)), name.encode() + b"\n" + file.read_bytes())


def secrets(settings: Settings) -> Iterator[str]:
    """Every key of the installation, as it is written in its file."""
    for file in (*sorted((settings.state / "keys").iterdir()), senders_file(settings)):
        yield from _KEY.findall(file.read_text("utf-8"))


def book(settings: Settings) -> bytes:
    """What the world knows: the simulator's own book."""
    with closing(sqlite3.connect(settings.state / "simulator.db")) as database:
        return b"\n".join(found.data for found in rows(database, Place.STATE))
