"""A tiny OTLP/HTTP receiver on loopback: what our processes export, as values. For the demo and for tests."""

import gzip
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from models.base import Model
from telemetry.traces import Fact

_HOST = "127.0.0.1"


class SeenSpan(Model):
    """A span as it was exported; ids in hexadecimal, instants in nanoseconds, `links` are trace ids."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    started: int
    ended: int
    failed: bool
    facts: Mapping[str, str | int]
    links: tuple[str, ...]
    raw: bytes
    """Everything that was exported, for whoever looks for what should not be there."""

    def fact(self, fact: Fact) -> str:
        """What it says, or nothing."""
        return str(self.facts.get(fact.value, ""))


class Receiver:
    """Where spans arrive; thread-safe."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._spans: list[SeenSpan] = []
        self._lock = threading.Lock()

    def trace(self, trace_id: str) -> tuple[SeenSpan, ...]:
        """What has arrived of a trace so far, by their beginning."""
        return tuple(span for span in self.spans() if span.trace_id == trace_id)

    def spans(self) -> tuple[SeenSpan, ...]:
        """Everything that has arrived so far, by their beginning."""
        with self._lock:
            return tuple(sorted(self._spans, key=lambda span: (span.started, span.ended)))

    def take(self, body: bytes) -> None:
        """Take an export request."""
        found = [
            _seen(_text(resource.resource.attributes, "service.name"), span, resource.resource.SerializeToString())
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
        with self._lock:
            self._spans += found


@contextmanager
def receiving_spans() -> Iterator[Receiver]:
    """A receiver on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            receiver.take(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.end_headers()
            self.wfile.write(ExportTraceServiceResponse().SerializeToString())

        def log_message(self, format: str, *args: object) -> None:
            return

    with ThreadingHTTPServer((_HOST, 0), Handler) as server:
        receiver = Receiver(f"http://{_HOST}:{server.server_port}")
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        serving.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            serving.join()


def _seen(service: str, span: Span, resource: bytes) -> SeenSpan:
    return SeenSpan(
        service=service,
        name=span.name,
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        started=span.start_time_unix_nano,
        ended=span.end_time_unix_nano,
        failed=span.status.code == Status.STATUS_CODE_ERROR,
        facts={pair.key: _value(pair.value) for pair in span.attributes},
        links=tuple(link.trace_id.hex() for link in span.links),
        raw=resource + span.SerializeToString(),
    )


def _value(value: AnyValue) -> str | int:
    return value.int_value if value.HasField("int_value") else value.string_value


def _text(attributes: object, name: str) -> str:
    found = [pair.value.string_value for pair in attributes if pair.key == name]  # type: ignore[attr-defined]
    return found[0] if found else ""
