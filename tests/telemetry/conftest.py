from collections.abc import Iterator

import pytest

from cli.otlp import Receiver, receiving_spans
from telemetry import traces


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """This process records spans, and a receiver gets them; `traces.close` sends what is left."""
    with receiving_spans() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint)
        traces.configure("lienthong-test")
        yield receiver
        traces.close()
