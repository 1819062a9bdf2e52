"""Telemetry: one trace per dossier, from its submission to the last answer, whatever process works on it and when.

The ids of a dossier's trace, of its submission and of its workflow are pure functions of its code (`trace_id`): any
process, log line or operator knows them without asking, months later too, and neither histories nor database keep any.
Spans carry what `Fact` names: codes and keys, never a person, a text, a path or the message of an exception.

Nothing is recorded unless the standard variables name a collector: OTEL_EXPORTER_OTLP_ENDPOINT or
OTEL_EXPORTER_OTLP_TRACES_ENDPOINT (OTLP over HTTP); the other OTEL_* variables mean what they always mean, and
OTEL_EXPORTER_OTLP_INSECURE=true allows a collector beyond this machine without TLS. To sample,
use OTEL_TRACES_SAMPLER=traceidratio, which keeps or drops whole dossiers, alike in every process.
"""

import hashlib
import logging
import os
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from opentelemetry import context as contexts
from opentelemetry.trace import (
    INVALID_SPAN,
    INVALID_SPAN_CONTEXT,
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    Tracer,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from trust.machines import is_this_machine

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

logger = logging.getLogger("lienthong.telemetry")

FLUSH_SECONDS = 2.0
"""How long a process that ends waits for a collector; what has not left by then is lost, and nothing else is."""

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_INSECURE = ("OTEL_EXPORTER_OTLP_TRACES_INSECURE", "OTEL_EXPORTER_OTLP_INSECURE")
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_REPLACEMENT = "/replacement/"
_DOSSIER_CODE = re.compile(rf"[A-Za-z0-9._:/+-]{{1,60}}-[0-9]{{6}}-[0-9]{{6,}}({_REPLACEMENT}[0-9]{{1,6}})?")

_propagator = TraceContextTextMapPropagator()
_about: ContextVar[str | None] = ContextVar("dossier", default=None)
_identity: ContextVar[SpanContext | None] = ContextVar("identity", default=None)
_provider: "TracerProvider | None" = None
_tracer: Tracer | None = None


class Fact(StrEnum):
    """Everything a span may say about its work."""

    DOSSIER = "dossier.code"
    LEG = "dossier.leg"
    SYSTEM = "dossier.system"
    STEP = "dossier.step"
    OUTCOME = "dossier.outcome"
    ATTEMPT = "dossier.attempt"
    STATUS = "http.response.status_code"
    ERROR = "error.type"


Facts = Mapping[Fact, str | int | None]


# --- Where a dossier's spans belong: pure functions of its code -------------------------------------------------------


def trace_id(code: str) -> str:
    """The trace of a dossier, 32 hexadecimal digits; its replacements (`CODE/replacement/n`) belong to it."""
    return hashlib.sha256(code.partition(_REPLACEMENT)[0].encode()).hexdigest()[:32]


def submission(code: str) -> SpanContext:
    """The root of a dossier's trace."""
    return place(code, f"{code}:submission")


def workflow_of(code: str) -> SpanContext:
    """The span of a dossier's workflow: what nobody else caused belongs under it."""
    return place(code, f"{code}:workflow")


def place(code: str, seed: str) -> SpanContext:
    """The span of a dossier that `seed` stands for."""
    span = int(hashlib.sha256(seed.encode()).hexdigest()[:16], 16)
    return SpanContext(int(trace_id(code), 16), span, is_remote=True, trace_flags=_SAMPLED)


def as_dossier_code(text: str | None) -> str | None:
    """The text if it looks like a dossier code. What a stranger calls one may be a name or a number of a person."""
    return text if text and _DOSSIER_CODE.fullmatch(text) else None


# --- What the current work is about -----------------------------------------------------------------------------------


@contextmanager
def about(code: str | None) -> Iterator[None]:
    """Work on a dossier: log lines from inside carry its code and trace."""
    token = _about.set(as_dossier_code(code))
    try:
        yield
    finally:
        _about.reset(token)


def current_dossier() -> str | None:
    """The dossier the current work is about."""
    return _about.get()


def current_span_id() -> str | None:
    """The current span, 16 hexadecimal digits."""
    current = get_current_span().get_span_context()
    return f"{current.span_id:016x}" if current.is_valid else None


def traceparent(code: str, seed: str) -> str:
    """The W3C trace context to send with a message: the current span's, else one made of `seed`."""
    current = _current(code) or place(code, seed)
    return f"00-{current.trace_id:032x}-{current.span_id:016x}-{current.trace_flags:02x}"


def _current(code: str) -> SpanContext | None:
    """The current span, if it belongs to this dossier."""
    current = get_current_span().get_span_context()
    return current if current.is_valid and current.trace_id == int(trace_id(code), 16) else None


# --- Spans ------------------------------------------------------------------------------------------------------------


class Work:
    """A span in the making."""

    def __init__(self, span: Span = INVALID_SPAN) -> None:
        self._span = span
        self._ended_badly = False

    def note(self, fact: Fact, value: str | int | None) -> None:
        """State one more fact."""
        if value is not None:
            self._span.set_attribute(fact.value, value)

    def failed(self, error: str, *, expected: bool = False) -> None:
        """It ended badly, for the first reason given; an `expected` one, such as "not yet", is no failure."""
        if self._ended_badly:
            return
        self._ended_badly = True
        self.note(Fact.ERROR, error)
        if not expected:
            self._span.set_status(StatusCode.ERROR)


@contextmanager
def span(
    name: str,
    code: str,
    facts: Facts | None = None,
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    under: SpanContext | None = None,
    links: Sequence[SpanContext] = (),
) -> Iterator[Work]:
    """Work on a dossier as one span: under the current one, else under its workflow, unless said otherwise.

    What is called a dossier but does not look like one is worked on all the same, and nothing is said of it.
    """
    with about(code):
        tracer = _tracer
        if tracer is None or not as_dossier_code(code):
            yield Work()
            return
        parent = under or _current(code) or workflow_of(code)
        started = _start(tracer, name, code, facts, kind, parent, links)
        work = Work(started)
        token = contexts.attach(set_span_in_context(started))
        try:
            yield work
        except BaseException as error:
            work.failed(error_type(error))
            raise
        finally:
            contexts.detach(token)
            started.end()


@contextmanager
def receiving(name: str, code: str, stated: Sequence[str | None], facts: Facts | None = None) -> Iterator[Work]:
    """Serve a message that came with these trace contexts (W3C traceparent), the nearest first.

    The first of them that is in the dossier's own trace is the parent. One of another trace is linked and never moves
    the dossier there; one that cannot be read says nothing. Without recording, the parent is still passed on.
    """
    ours, foreign = parent_and_links(code, *stated)
    token = contexts.attach(set_span_in_context(NonRecordingSpan(ours or INVALID_SPAN_CONTEXT)))
    try:
        with span(name, code, facts, kind=SpanKind.SERVER, links=foreign) as work:
            yield work
    finally:
        contexts.detach(token)


def record(
    name: str,
    code: str,
    started: int,
    ended: int,
    facts: Facts | None = None,
    *,
    as_: SpanContext | None = None,
    under: SpanContext | None = None,
    links: Sequence[SpanContext] = (),
    error: str | None = None,
) -> None:
    """A span of something that has happened, between two instants (nanoseconds); `as_` gives it its identity."""
    tracer = _tracer
    if tracer is None or not as_dossier_code(code):
        return
    token = _identity.set(as_)
    try:
        made = _start(tracer, name, code, facts, SpanKind.INTERNAL, under, links, started)
    finally:
        _identity.reset(token)
    if error:
        Work(made).failed(error)
    made.end(ended)


def _start(
    tracer: Tracer,
    name: str,
    code: str,
    facts: Facts | None,
    kind: SpanKind,
    under: SpanContext | None,
    links: Sequence[SpanContext],
    started: int | None = None,
) -> Span:
    said = {Fact.DOSSIER: code, **(facts or {})}
    nowhere = contexts.Context()
    return tracer.start_span(
        name,
        set_span_in_context(NonRecordingSpan(under), nowhere) if under else nowhere,
        kind,
        {fact.value: value for fact, value in said.items() if value is not None},
        [Link(linked) for linked in links],
        started or time.time_ns(),
    )


def _read(stated: str | None) -> SpanContext | None:
    """A trace context as it was stated; whether its sender recorded it is not our affair."""
    if not stated:
        return None
    found = get_current_span(_propagator.extract({"traceparent": stated}, contexts.Context())).get_span_context()
    if not found.is_valid:
        return None
    return SpanContext(found.trace_id, found.span_id, is_remote=True, trace_flags=_SAMPLED)


def parent_and_links(code: str, *stated: str | None) -> tuple[SpanContext | None, tuple[SpanContext, ...]]:
    """Of the contexts stated with a message: the first in the dossier's own trace, and those of other traces."""
    found = [context for context in map(_read, stated) if context]
    ours = [context for context in found if context.trace_id == int(trace_id(code), 16)]
    return (ours[0] if ours else None), tuple(context for context in found if context not in ours)


def error_type(error: BaseException) -> str:
    """What kind of error it is, never what it says: our own errors by their kind, others by their class."""
    for named in (getattr(error, "kind", None), getattr(error, "reason", None)):
        if isinstance(named, StrEnum):
            return named.value
    return type(error).__name__


# --- The exporter -----------------------------------------------------------------------------------------------------


def recording() -> bool:
    """Whether spans go anywhere."""
    return _tracer is not None


def configure(service: str) -> None:
    """Record spans as this service (OTEL_SERVICE_NAME overrides it), if the environment names a collector."""
    global _provider, _tracer
    if _tracer is not None or not _wanted():
        return
    if _readable_on_the_way():
        logger.error("no traces: beyond this machine OTLP needs https, or OTEL_EXPORTER_OTLP_INSECURE=true")
        return
    try:
        _provider = _exporting(service)
    except Exception:  # a wrong OTEL_* value costs the traces, never the work
        logger.exception("no traces: the OTEL_* variables cannot be used")
        return
    _tracer = _provider.get_tracer("lienthong")


def close() -> None:
    """Send what is left, within FLUSH_SECONDS; record nothing from now on."""
    global _provider, _tracer
    provider, _provider, _tracer = _provider, None, None
    if provider is not None:
        sending = threading.Thread(target=provider.shutdown, daemon=True)
        sending.start()
        sending.join(FLUSH_SECONDS)


def _wanted() -> bool:
    disabled = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    other = os.environ.get("OTEL_TRACES_EXPORTER", "otlp") != "otlp"
    return any(os.environ.get(name) for name in _ENDPOINTS) and not disabled and not other


def _readable_on_the_way() -> bool:
    """Whether spans would leave this machine without TLS and nobody has said that they may."""
    endpoint = urlsplit(next(filter(None, map(os.environ.get, _ENDPOINTS)), ""))
    told = any(os.environ.get(name, "").lower() == "true" for name in _INSECURE)
    return endpoint.scheme != "https" and not is_this_machine(endpoint.hostname or "") and not told


def _exporting(service: str) -> "TracerProvider":
    # Loaded here: they cost a third of a second, and most commands record nothing.
    import requests
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class GivenIds(RandomIdGenerator):
        """Random ids, but for spans that were given their identity."""

        def generate_trace_id(self) -> int:
            given = _identity.get()
            return given.trace_id if given else super().generate_trace_id()

        def generate_span_id(self) -> int:
            given = _identity.get()
            return given.span_id if given else super().generate_span_id()

    straight = requests.Session()
    straight.trust_env = False  # no proxies of the environment
    resource = Resource.create({SERVICE_NAME: os.environ.get("OTEL_SERVICE_NAME") or service})
    provider = TracerProvider(resource=resource, id_generator=GivenIds(), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(session=straight)))
    return provider
