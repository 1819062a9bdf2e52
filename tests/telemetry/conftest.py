from collections.abc import Iterator

import pytest

import telemetry
from cli.otlp import Receiver, receiving_spans


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """This process records spans, and a receiver gets them; `telemetry.close` sends what is left."""
    with receiving_spans() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint)
        telemetry.configure("lienthong-test")
        yield receiver
        telemetry.close()
