"""What a process records and exports, by real OTLP over HTTP."""

import time

import httpx
import pytest
import respx

from activities.http import AgencyClient, AgencyError
from cli.otlp import Receiver, SeenSpan
from cli.stack import free_port
from ledger.errors import LedgerError
from models.systems import System
from telemetry import traces
from telemetry.traces import Fact
from tests.activities.simulated import CODE, head
from tests.telemetry.test_places import FOREIGN, OURS

BASE = "http://agency.test/residence"
PERSONAL = "Trần Văn Mẫu 001092000001"


def exported(receiver: Receiver) -> dict[str, SeenSpan]:
    """Everything recorded, by name."""
    traces.close()
    return {span.name: span for span in receiver.spans()}


def test_spans_nest_and_a_span_without_a_cause_is_under_the_workflow(receiver: Receiver) -> None:
    with traces.span("outer", CODE, {Fact.SYSTEM: "residence", Fact.LEG: None}), traces.span("inner", CODE):
        pass
    spans = exported(receiver)
    assert spans["inner"].parent_id == spans["outer"].span_id
    assert spans["outer"].parent_id == f"{traces.workflow_of(CODE).span_id:016x}"
    assert {span.trace_id for span in spans.values()} == {traces.trace_id(CODE)}
    assert spans["outer"].facts == {"dossier.code": CODE, "dossier.system": "residence"}
    assert spans["outer"].service == "lienthong-test"


def test_another_dossiers_work_inside_is_in_its_own_trace(receiver: Receiver) -> None:
    other = "G22.99.08-261119-000002"
    with traces.span("outer", CODE), traces.span("inner", other):
        pass
    assert exported(receiver)["inner"].trace_id == traces.trace_id(other)


def test_a_span_can_be_given_its_identity(receiver: Receiver) -> None:
    traces.record("submission", CODE, 1000, 2000, as_=traces.submission(CODE))
    traces.record("start", CODE, 1500, 2500, under=traces.submission(CODE))
    spans = exported(receiver)
    assert (spans["submission"].parent_id, spans["submission"].trace_id) == ("", traces.trace_id(CODE))
    assert spans["start"].parent_id == spans["submission"].span_id
    assert (spans["start"].started, spans["start"].ended) == (1500, 2500)


def test_what_a_message_was_sent_with_is_its_parent_and_a_foreign_trace_a_link(receiver: Receiver) -> None:
    with traces.receiving("both", CODE, (FOREIGN, OURS)):
        pass
    with traces.receiving("foreign", CODE, (FOREIGN,)):
        pass
    with traces.receiving("malformed", CODE, ("00-" + PERSONAL, None)):
        pass
    spans = exported(receiver)
    assert (spans["both"].parent_id, spans["both"].links) == (OURS[36:52], (FOREIGN[3:35],))
    assert spans["foreign"].links == (FOREIGN[3:35],)
    assert spans["malformed"].links == ()
    for name in ("foreign", "malformed"):
        assert spans[name].parent_id == f"{traces.workflow_of(CODE).span_id:016x}"
    assert {span.trace_id for span in spans.values()} == {traces.trace_id(CODE)}


def test_a_failure_is_seen_by_its_kind_and_not_by_its_words(receiver: Receiver) -> None:
    for name, error in (("ours", LedgerError(PERSONAL)), ("any", ValueError(PERSONAL))):
        with pytest.raises(type(error)), traces.span(name, CODE):
            raise error
    with traces.span("expected", CODE) as work:
        work.failed("NotYet", expected=True)
    spans = exported(receiver)
    assert {name: span.fact(Fact.ERROR) for name, span in spans.items()} == {
        "ours": "LedgerError",
        "any": "ValueError",
        "expected": "NotYet",
    }
    assert {name for name, span in spans.items() if span.failed} == {"ours", "any"}
    assert not any(PERSONAL.encode() in span.raw for span in spans.values())


def test_what_does_not_look_like_a_dossier_is_not_recorded(receiver: Receiver) -> None:
    with traces.span("x", PERSONAL), traces.receiving("y", "001092000001", (OURS,)):
        pass
    traces.record("z", PERSONAL, 1, 2)
    assert exported(receiver) == {}


@respx.mock
async def test_an_agency_call_carries_its_own_span(receiver: Receiver) -> None:
    route = respx.post(f"{BASE}/dossiers").respond(202, json={})
    async with AgencyClient(System.RESIDENCE, BASE, timeout=1) as client:
        await client.post("/dossiers", {}, head())
    span = exported(receiver)["POST residence"]
    sent = route.calls[0].request.headers["traceparent"]
    assert sent == f"00-{traces.trace_id(CODE)}-{span.span_id}-01"
    assert (span.fact(Fact.SYSTEM), span.fact(Fact.STATUS), span.failed) == ("residence", "202", False)


@respx.mock
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(503, text=PERSONAL), "AgencyUnavailable"),
        (httpx.Response(422, json={"type": "urn:x", "detail": PERSONAL}), "AgencyRejected"),
        (httpx.Response(302, headers={"Location": "https://login.test/Mau"}), "AgencyUnreadable"),
        (httpx.ConnectError(PERSONAL), "AgencyUnavailable"),
    ],
    ids=["503", "422", "302", "no connection"],
)
async def test_a_failed_agency_call_is_a_failed_span(
    receiver: Receiver, answer: httpx.Response | httpx.ConnectError, kind: str
) -> None:
    respx.get(f"{BASE}/people/001092000001").mock(side_effect=[answer])
    async with AgencyClient(System.RESIDENCE, BASE, timeout=1) as client:
        with pytest.raises(AgencyError):
            await client.get("/people/001092000001", head())
    span = exported(receiver)["GET residence"]
    assert (span.failed, span.fact(Fact.ERROR)) == (True, kind)
    for word in ("Mẫu", "Mau", "001092000001"):
        assert word.encode() not in span.raw


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": ""},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_TRACES_EXPORTER": "none"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_BSP_MAX_QUEUE_SIZE": "-1"},
    ],
    ids=["nothing", "empty", "disabled", "no exporter", "unusable"],
)
def test_without_a_usable_collector_nothing_is_recorded_and_work_goes_on(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    traces.configure("lienthong-test")
    assert not traces.recording()
    with traces.span("x", CODE) as work:
        work.note(Fact.OUTCOME, "done")
        assert traces.current_dossier() == CODE
    traces.close()


def test_the_service_can_be_named_otherwise(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    traces.close()
    monkeypatch.setenv("OTEL_SERVICE_NAME", "tỉnh-01")
    traces.configure("lienthong-test")
    with traces.span("x", CODE):
        pass
    assert exported(receiver)["x"].service == "tỉnh-01"


def test_whole_dossiers_are_sampled(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    traces.close()
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.5")
    traces.configure("lienthong-test")
    codes = [f"G22.99.08-261119-{number:06d}" for number in range(40)]
    for code in codes:
        with traces.span("outer", code), traces.span("inner", code):
            pass
        with traces.receiving("answer", code, (traces.traceparent(code, "x"),)):
            pass
    traces.close()
    seen = {code: len(receiver.trace(traces.trace_id(code))) for code in codes}
    assert set(seen.values()) == {0, 3}


def test_a_dead_collector_keeps_no_process_from_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    traces.configure("lienthong-test")
    with traces.span("x", CODE):
        pass
    began = time.monotonic()
    traces.close()
    assert time.monotonic() - began < traces.FLUSH_SECONDS + 1
