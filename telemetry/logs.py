"""How our processes log: one line each, with dossier code and trace, but never a person's data.

Text by default; with LIENTHONG_LOG_FORMAT=json one JSON object a line, whose keys (`Key`) are a contract. What concerns
a dossier says so by itself (`traces.about`), so messages need not repeat the code. Of an exception only its kind and
the places it passed are shown: its words may hold what somebody wrote in a form.
"""

import errno
import json
import logging
import re
import sys
import time
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum, StrEnum
from types import TracebackType
from typing import Any

from settings import LogFormat, Settings
from telemetry import traces

QUIET = ("httpx", "httpcore", "temporalio.worker", "uvicorn.access", "uvicorn.error", "alembic", "urllib3")
"""Loggers whose every-day lines say nothing new."""

_OURS = ("lienthong", "simulator")
_EXPORTER_PAUSE = 600.0
"""Seconds between two lines about a collector that takes no traces."""

_PLACES = 8
_WORD = re.compile(r"[A-Za-z_]{1,60}")


class Key(StrEnum):
    """The keys of a JSON line; the last five only where there is something to say."""

    TIME = "time"
    """ISO 8601 with milliseconds, UTC."""
    LEVEL = "level"
    SERVICE = "service"
    LOGGER = "logger"
    MESSAGE = "message"
    DOSSIER = "dossier"
    TRACE_ID = "trace_id"
    """Of the dossier; the same whether traces are recorded or not."""
    SPAN_ID = "span_id"
    ERROR = "error"
    """Kinds of exceptions, the outermost first, each caused by the next."""
    STACK = "stack"
    """The last places the outermost passed, the innermost last."""


def configure(settings: Settings, service: str, *, quiet: bool = False) -> None:
    """Log to standard error as the settings say; `quiet`, for commands, only from WARNING on."""
    level = max(logging.WARNING, settings.log_level.number) if quiet else settings.log_level.number
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines(service) if settings.log_format is LogFormat.JSON else TextLines())
    handler.addFilter(_Seldom())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, level))
    sys.excepthook = _uncaught


class TextLines(logging.Formatter):
    """For people: level, logger, dossier and trace, message; then what went wrong, if anything."""

    def format(self, record: logging.LogRecord) -> str:
        code = dossier_of(record)
        where = f" [{code} {traces.trace_id(code)}]" if code else ""
        lines = [f"{record.levelname} {record.name}{where}: {message_of(record)}"]
        if error := _error(record):
            lines += [f"  {place}" for place in places(error)]
            lines.append(f"  {' <- '.join(kinds(error))}")
        return "\n".join(lines)


class JsonLines(logging.Formatter):
    """For machines: one object a line, keys as in `Key`."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        code, error = dossier_of(record), _error(record)
        line: dict[Key, Any] = {
            Key.TIME: datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            Key.LEVEL: record.levelname,
            Key.SERVICE: self._service,
            Key.LOGGER: record.name,
            Key.MESSAGE: message_of(record),
            Key.DOSSIER: code,
            Key.TRACE_ID: traces.trace_id(code) if code else None,
            Key.SPAN_ID: traces.current_span_id() if code else None,
            Key.ERROR: list(kinds(error)) if error else None,
            Key.STACK: list(places(error)) if error else None,
        }
        return json.dumps({key.value: value for key, value in line.items() if value is not None}, ensure_ascii=False)


def dossier_of(record: logging.LogRecord) -> str | None:
    """The dossier a line concerns: what the current work is about, or what Temporal's SDK says of its own line."""
    if code := traces.current_dossier():
        return code
    for details in (getattr(record, "temporal_activity", None), getattr(record, "temporal_workflow", None)):
        if isinstance(details, dict) and (code := traces.as_dossier_code(details.get("workflow_id"))):
            return code
    core = getattr(record, "temporal_log", None)
    fields = getattr(core, "fields", None)
    return traces.as_dossier_code(fields.get("workflow_id")) if isinstance(fields, dict) else None


def message_of(record: logging.LogRecord) -> str:
    """The message on one line. Others' end at the first: what follows there may quote an exception or its data."""
    message = record.getMessage()
    attempted = getattr(record, "temporal_activity", None)
    if isinstance(attempted, dict):
        return f"{message} ({attempted.get('activity_type')}, lần {attempted.get('attempt')})"
    if record.name.split(".")[0] in _OURS:
        return " ".join(message.split("\n"))
    return message.split("\n", 1)[0]


def kinds(error: BaseException) -> Iterator[str]:
    """What kind of exception it is, and those that caused it, without a word of what they say."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        details = tuple(_details(current))
        yield type(current).__name__ + (f" ({', '.join(details)})" if details else "")
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def places(error: BaseException) -> Iterator[str]:
    """The last places the exception passed, the innermost last."""
    for frame in traceback.extract_tb(error.__traceback__)[-_PLACES:]:
        yield f"{frame.filename}:{frame.lineno} {frame.name}"


def _details(error: BaseException) -> Iterator[str]:
    """Its own kind, its status, its number: words of a fixed vocabulary."""
    kind = traces.error_type(error)
    if kind != type(error).__name__:
        yield kind
    type_, status = getattr(error, "type", None), getattr(error, "status", None)
    if isinstance(type_, str) and _WORD.fullmatch(type_):
        yield type_
    if isinstance(status, Enum):
        yield status.name
    elif isinstance(status, int):
        yield str(status)
    if isinstance(error, OSError) and error.errno:
        yield errno.errorcode.get(error.errno, str(error.errno))


def _error(record: logging.LogRecord) -> BaseException | None:
    return record.exc_info[1] if record.exc_info else None


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger("lienthong").critical("dừng vì lỗi không lường trước", exc_info=(kind, error, trace))


class _Seldom(logging.Filter):
    """A collector that is away is worth a line now and then, not one for every batch of spans."""

    def __init__(self) -> None:
        super().__init__()
        self._next = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith("opentelemetry"):
            return True
        if time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + _EXPORTER_PAUSE
        return True
