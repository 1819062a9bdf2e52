"""Spans of workflows and activities, replay-safe, without a command or a header in any history but an update's.

Our own and not the SDK's `TracingInterceptor`: that one keeps a header with every activity in history, loses the trace
of a workflow started without one, puts messages of exceptions into spans and names of signals, which strangers choose,
into span names. Here every place in the trace is a pure function of the workflow id, which is the dossier code.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.trace import SpanContext
from temporalio import activity, client, worker, workflow
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadConverter
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    ExecuteWorkflowInput,
    HandleSignalInput,
    HandleUpdateInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from models.dossier import GroupOutcome
from models.facts import FactKind
from models.messages import ConsentMessage, FollowUp, LegOrder
from models.publication import Publication
from models.replacement_case import SUPERSEDED
from models.start import CALENDAR_CHANGED
from models.systems import System
from telemetry import traces
from telemetry.traces import Fact, Facts

_HEADER = "_tracer-data"
"""Where Temporal's SDKs put a W3C trace context, in every language."""

_KNOWN = frozenset({*FactKind, CALENDAR_CHANGED, SUPERSEDED})
_SYSTEMS = {system.value: system.value for system in System}


class Tracing(client.Interceptor, worker.Interceptor):
    """Given to the client, it serves every worker made from it too."""

    def intercept_client(self, next: client.OutboundInterceptor) -> client.OutboundInterceptor:
        return _Sending(next)

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Activities(next)

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:
        return _Workflows


class _Sending(client.OutboundInterceptor):
    """An update or signal carries the span it is sent from."""

    async def start_workflow_update(self, input: client.StartWorkflowUpdateInput) -> client.WorkflowUpdateHandle[Any]:
        input.headers = _with_context(input.headers, input.id)
        return await super().start_workflow_update(input)

    async def signal_workflow(self, input: client.SignalWorkflowInput) -> None:
        input.headers = _with_context(input.headers, input.id)
        await super().signal_workflow(input)


class _Activities(ActivityInboundInterceptor):
    """Each attempt is a span under the workflow's."""

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        info = activity.info()
        code = info.workflow_id
        if code is None:
            return await super().execute_activity(input)
        facts: Facts = {**_facts(input, info.task_queue), Fact.ATTEMPT: info.attempt}
        with traces.span(info.activity_type, code, facts, under=traces.workflow_of(code)) as work:
            try:
                return await super().execute_activity(input)
            except ApplicationError as error:
                work.failed(_kind(error), expected=error.category is ApplicationErrorCategory.BENIGN)
                raise


class _Workflows(WorkflowInboundInterceptor):
    """A workflow's beginning, its facts and its end: recorded when they happen, never again on replay.

    They have identities of their own, so that a workflow task that is lost and done again records the same spans.
    """

    async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:
        code, began = workflow.info().workflow_id, workflow.time_ns()
        name = f"workflow {workflow.info().workflow_type}"
        _record(name, began, as_=traces.workflow_of(code), under=traces.submission(code))
        end = traces.place(code, "concluded")
        try:
            outcome = await super().execute_workflow(input)
        except Exception as error:
            if workflow.is_failure_exception(error):
                _record("concluded", began, as_=end, error=_kind(error))
            raise
        said = outcome.outcome.value if isinstance(outcome, GroupOutcome) else None
        _record("concluded", began, {Fact.OUTCOME: said}, as_=end)
        return outcome

    async def handle_update_handler(self, input: HandleUpdateInput) -> Any:
        began = workflow.time_ns()
        answer = await super().handle_update_handler(input)
        itself = traces.place(workflow.info().workflow_id, f"update:{input.id}")
        _record_heard(f"update {_known(input.update)}", began, input.headers, itself)
        return answer

    async def handle_signal(self, input: HandleSignalInput) -> None:
        began = workflow.time_ns()
        await super().handle_signal(input)
        _record_heard(f"signal {_known(input.signal)}", began, input.headers, None)


def _record_heard(name: str, began: int, headers: Mapping[str, Payload], itself: SpanContext | None) -> None:
    code = workflow.info().workflow_id
    parent, links = traces.parent_and_links(code, _stated(headers))
    _record(name, began, as_=itself, under=parent, links=links)


def _record(
    name: str,
    began: int,
    facts: Facts | None = None,
    *,
    as_: SpanContext | None,
    under: SpanContext | None = None,
    links: Sequence[SpanContext] = (),
    error: str | None = None,
) -> None:
    if workflow.unsafe.is_replaying():
        return
    code, now = workflow.info().workflow_id, workflow.time_ns()
    parent = under or traces.workflow_of(code)
    with workflow.unsafe.sandbox_unrestricted():
        traces.record(name, code, began, now, facts, as_=as_, under=parent, links=links, error=error)


def _known(name: str) -> str:
    """The name of a message, unless its sender made it up."""
    return name if name in _KNOWN else "unknown"


def _kind(error: Exception) -> str:
    named = error.type if isinstance(error, ApplicationError) else None
    return named or traces.error_type(error)


def _facts(input: ExecuteActivityInput, queue: str) -> Facts:
    """What the activity is about: its leg, its system by its queue, the stage it publishes."""
    message = input.args[0] if input.args else None
    leg = message.leg if isinstance(message, LegOrder | ConsentMessage | FollowUp) else None
    stage = message.stage.value if isinstance(message, Publication) else None
    return {Fact.LEG: leg, Fact.STEP: stage, Fact.SYSTEM: _SYSTEMS.get(queue.rsplit("-", 1)[-1])}


def _with_context(headers: Mapping[str, Payload], code: str) -> Mapping[str, Payload]:
    if not traces.recording():
        return headers
    carrier = {"traceparent": traces.traceparent(code, f"{code}:workflow")}
    return {**headers, _HEADER: PayloadConverter.default.to_payloads([carrier])[0]}


def _stated(headers: Mapping[str, Payload]) -> str | None:
    """The trace context in a message's headers; whatever else a stranger put there says nothing."""
    payload = headers.get(_HEADER)
    if payload is None:
        return None
    try:
        carrier = PayloadConverter.default.from_payloads([payload])[0]
    except Exception:
        return None
    stated = carrier.get("traceparent") if isinstance(carrier, dict) else None
    return stated if isinstance(stated, str) else None
