"""Spans of workflows, activities and facts under real Temporal servers: once each, replay or not."""

from collections import Counter
from pathlib import Path

import pytest
from temporalio.api.common.v1 import Payload, WorkflowExecution
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.converter import PayloadConverter
from temporalio.worker import Replayer

from cli.otlp import Receiver, SeenSpan
from models.start import CALENDAR_CHANGED
from telemetry import traces
from telemetry.traces import Fact
from tests.telemetry.test_places import FOREIGN
from tests.workflows.harness import Play, development_server, stage
from tests.workflows.inputs import HEALTH, RESIDENCE
from workflows.plugin import LienthongPlugin

PERSONAL = "TranVanMau"
SCHEDULED, ACCEPTED = "activity_task_scheduled_event_attributes", "workflow_execution_update_accepted_event_attributes"


async def perform(play: Play) -> None:
    """A dossier from declaration to results, with signals of every kind and a fact that is refused."""
    await play.declare("plain", "2026-11-19 09:00:00")
    with traces.span("retime", play.code):
        await play.handle.signal(CALENDAR_CHANGED)
    await play.handle.signal(PERSONAL, PERSONAL)
    with pytest.raises(WorkflowUpdateFailedError):
        await play.handle.execute_update(PERSONAL, PERSONAL)
    await play.register()
    await play.complete(HEALTH, RESIDENCE)
    await play.ended()


def named(spans: tuple[SeenSpan, ...], prefix: str) -> list[SeenSpan]:
    return [span for span in spans if span.name.split()[0] == prefix]


def of(events: list[HistoryEvent], kind: str) -> list[HistoryEvent]:
    return [event for event in events if event.HasField(kind)]  # type: ignore[arg-type]


async def test_every_step_is_one_span_though_every_workflow_task_is_a_replay(
    tmp_path: Path, receiver: Receiver
) -> None:
    async with stage(tmp_path, server=development_server, max_cached_workflows=0) as play:
        await perform(play)
        history = await play.handle.fetch_history()
    traces.close()
    spans = receiver.trace(traces.trace_id(play.code))
    assert {span.trace_id for span in receiver.spans()} == {traces.trace_id(play.code)}
    assert len({span.span_id for span in spans}) == len(spans)
    (workflow,), (concluded,) = named(spans, "workflow"), named(spans, "concluded")
    assert workflow.parent_id == f"{traces.submission(play.code).span_id:016x}"
    assert (concluded.parent_id, concluded.fact(Fact.OUTCOME)) == (workflow.span_id, "completed")

    events = list(history.events)
    scheduled = [event.activity_task_scheduled_event_attributes for event in of(events, SCHEDULED)]
    activities = Counter(attributes.activity_type.name for attributes in scheduled)
    assert {name: len(named(spans, name)) for name in activities} == activities
    assert all(span.parent_id == workflow.span_id for name in activities for span in named(spans, name))
    assert {span.fact(Fact.LEG) for span in named(spans, "send_leg")} >= {HEALTH, RESIDENCE}
    assert len(named(spans, "update")) == len(of(events, ACCEPTED))
    signals = {span.name: span for span in named(spans, "signal")}
    assert signals.keys() == {"signal calendar_changed", "signal unknown"}
    assert signals["signal calendar_changed"].parent_id == named(spans, "retime")[0].span_id
    assert not any(PERSONAL.encode() in span.raw for span in spans)
    assert not any(attributes.header.fields for attributes in scheduled)

    before = len(receiver.spans())
    traces.configure("lienthong-test")
    await Replayer(workflows=[], plugins=[LienthongPlugin()]).replay_workflow(history)
    traces.close()
    assert len(receiver.spans()) == before


def calendar_changed(play: Play, header: Payload) -> SignalWorkflowExecutionRequest:
    """The signal as a client sends it that puts that header on it."""
    request = SignalWorkflowExecutionRequest(
        namespace=play.env.client.namespace,
        workflow_execution=WorkflowExecution(workflow_id=play.code),
        signal_name=CALENDAR_CHANGED,
    )
    request.header.fields["_tracer-data"].CopyFrom(header)
    return request


async def test_a_foreign_context_of_a_message_is_a_link(tmp_path: Path, receiver: Receiver) -> None:
    """A script in any language may send its own context with its signal."""
    async with stage(tmp_path) as play:
        await play.declare("plain", "2026-11-19 09:00:00")
        for stated in ({"traceparent": FOREIGN}, {"traceparent": 7}, ["x"]):
            payload = PayloadConverter.default.to_payloads([stated])[0]
            await play.env.client.workflow_service.signal_workflow_execution(calendar_changed(play, payload))
        await play.see(lambda view: view.plan is not None, "intake")
    traces.close()
    linked, *others = sorted(
        named(receiver.trace(traces.trace_id(play.code)), "signal"), key=lambda span: not span.links
    )
    assert linked.links == (FOREIGN[3:35],)
    assert all(span.parent_id == linked.parent_id and not span.links for span in others)
    assert len(others) == 2
