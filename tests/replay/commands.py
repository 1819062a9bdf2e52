"""What today's workflow code asks of Temporal when it replays a stored history: its commands, and their fingerprint.

The replayer compares the kinds and the order of commands. It does not see changed durations, timeouts, retries, queues
or arguments (measured, TEMPORAL §2.2). The fingerprint does: a line for each different command, sorted, so that it does
not depend on what happened first while the histories were recorded.
"""

import json
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import TypeAdapter
from temporalio.api.common.v1 import Payload
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_commands import ScheduleActivity, WorkflowCommand
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.client import WorkflowHistory
from temporalio.plugin import SimplePlugin
from temporalio.worker import Replayer, WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner
from temporalio.workflow import _Definition

from models.base import LEGAL_ZONE, legal
from models.form_facts import PersonRole
from workflows.plugin import LienthongPlugin

FINGERPRINT = Path(__file__).parent / "commands.txt"
_DATE = re.compile(r"(?:(?P<hour>\d\d:\d\d) )?(?:thứ \w+|Chủ nhật) (?P<day>\d+/\d+/\d+)")
"""A date in a timer's summary; a day without an hour is meant to its end."""

_ROLES = "|".join(sorted((re.escape(role.label) for role in PersonRole), key=len, reverse=True))
_DETAIL = re.compile(f"“[^”]*”|(?:{_ROLES})(?:, (?:{_ROLES}))*")
"""What else a summary says: which part, which people."""

_OFFSET = TypeAdapter(timedelta)


class Issued(NamedTuple):
    """A command; when it was issued, by the workflow's clock; the queue the workflow is on."""

    at: datetime
    command: WorkflowCommand
    queue: str


class Replayed:
    """A stored history after the code has replayed it: whether it could, and what it asked for."""

    def __init__(self, history: WorkflowHistory, failure: Exception | None, issued: list[Issued]) -> None:
        self.name = history.workflow_id
        self.history = history
        self.failure = failure
        self.issued = issued
        started = history.events[0].workflow_execution_started_event_attributes
        self.workflow = started.workflow_type.name
        [start] = started.input.payloads
        self.offset = _OFFSET.validate_python(_said(start)["training_offset"])


async def replayed(histories: Iterable[WorkflowHistory], code: SimplePlugin | None = None) -> list[Replayed]:
    """Replay them all with today's code, in the sandbox as a worker does, or with other code."""
    issued: dict[str, list[Issued]] = defaultdict(list)

    def listening(runner: WorkflowRunner | None) -> WorkflowRunner:
        assert runner
        return _Listener(runner, issued)

    async def one_by_one() -> AsyncIterator[WorkflowHistory]:
        for history in histories:
            yield history

    plugins = [code or LienthongPlugin(), SimplePlugin("listener", workflow_runner=listening)]
    async with Replayer(workflows=[], plugins=plugins).workflow_replay_iterator(one_by_one()) as results:
        return [Replayed(r.history, r.replay_failure, issued.pop(r.history.run_id, [])) async for r in results]


class _Listener(WorkflowRunner):
    """Runs workflows as another runner does, and keeps the commands they issue, by run."""

    def __init__(self, runner: WorkflowRunner, issued: dict[str, list[Issued]]) -> None:
        self._runner = runner
        self._issued = issued

    def prepare_workflow(self, defn: _Definition) -> None:
        self._runner.prepare_workflow(defn)

    def set_worker_level_failure_exception_types(self, types: object) -> None:
        self._runner.set_worker_level_failure_exception_types(types)  # type: ignore[arg-type]

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        instance = self._runner.create_instance(det)
        activate, issued = instance.activate, self._issued[det.info.run_id]

        def listening(act: WorkflowActivation) -> WorkflowActivationCompletion:
            completion = activate(act)
            at = act.timestamp.ToDatetime(tzinfo=UTC)
            issued.extend(Issued(at, command, det.info.task_queue) for command in completion.successful.commands)
            return completion

        instance.activate = listening  # type: ignore[method-assign]
        return instance


# --- The fingerprint -------------------------------------------------------------------------------------------------


def fingerprint(replays: Iterable[Replayed]) -> list[str]:
    """The different commands of each workflow, one a line."""
    replays = list(replays)
    arguments = _arguments(replays)
    lines = {
        f"{replay.workflow}: {line}"
        for replay in replays
        for issued in replay.issued
        for line in _described(issued, replay.offset, arguments)
    }
    return sorted(lines)


def write(lines: list[str]) -> None:
    """Commit to that fingerprint."""
    FINGERPRINT.write_text("\n".join(lines) + "\n", "utf-8")


def committed() -> list[str]:
    """The fingerprint that was committed to."""
    return FINGERPRINT.read_text("utf-8").splitlines()


def _arguments(replays: list[Replayed]) -> Mapping[str, set[str]]:
    """The fields each activity was ever given: some messages leave out what has not changed."""
    fields: dict[str, set[str]] = defaultdict(set)
    for replay in replays:
        for issued in replay.issued:
            call = issued.command.schedule_activity
            if call.activity_type:
                fields[call.activity_type] |= {field for said in call.arguments for field in _fields(said)}
    return fields


def _described(issued: Issued, offset: timedelta, arguments: Mapping[str, set[str]]) -> Iterator[str]:
    command = issued.command
    match command.WhichOneof("variant"):
        case "schedule_activity":
            call = command.schedule_activity
            told = ", ".join(sorted(arguments[call.activity_type]))
            yield f"activity {call.activity_type} ({told}); {_terms(call, issued.queue)}"
        case "start_timer":
            length = command.start_timer.start_to_fire_timeout.ToTimedelta()
            yield f"timer {_waits(_said(command.user_metadata.summary), legal(issued.at + offset), length)}"
        case "upsert_workflow_search_attributes":
            for name in command.upsert_workflow_search_attributes.search_attributes.indexed_fields:
                yield f"search attribute {name}"
        case "signal_external_workflow_execution":
            yield f"signal {command.signal_external_workflow_execution.signal_name} to another workflow"
        case "complete_workflow_execution":
            yield f"result ({', '.join(sorted(_fields(command.complete_workflow_execution.result)))})"
        case kind:
            yield str(kind).replace("_", " ")


def _terms(call: ScheduleActivity, own_queue: str) -> str:
    """The queue, the limits and the retries of a call."""
    policy = call.retry_policy
    limits = {
        "one attempt": call.start_to_close_timeout,
        "all attempts": call.schedule_to_close_timeout,
        "waiting for a worker": call.schedule_to_start_timeout,
        "between heartbeats": call.heartbeat_timeout,
        "first pause": policy.initial_interval,
        "longest pause": policy.maximum_interval,
    }
    terms = [f"queue …{call.task_queue.removeprefix(own_queue)}"]
    terms += [f"{name} {_seconds(limit.ToTimedelta())}" for name, limit in limits.items() if limit.ToTimedelta()]
    terms.append(f"pauses × {policy.backoff_coefficient:g}")
    if policy.maximum_attempts:
        terms.append(f"{policy.maximum_attempts} attempts")
    return ", ".join(terms)


def _waits(summary: str, now: datetime, length: timedelta) -> str:
    """A timer by its summary: how far from the date that names it fires, or how long a pause is that names none."""
    named, name = _DATE.search(summary), _DETAIL.sub("…", _DATE.sub("…", summary))
    if named is None:
        return f"{name}: {timedelta(seconds=round(length.total_seconds()))}"
    day = datetime.strptime(named["day"], "%d/%m/%Y").replace(tzinfo=LEGAL_ZONE)
    hour = named["hour"]
    date = day + (timedelta(hours=int(hour[:2]), minutes=int(hour[3:])) if hour else timedelta(days=1))
    away = timedelta(seconds=round((now + length - date).total_seconds()))
    when = "at" if not away else f"{abs(away)} {'after' if away > timedelta() else 'before'}"
    return f"{name}: {when} that date"


def _seconds(length: timedelta) -> str:
    return f"{length.total_seconds():g} s"


def _fields(payload: Payload) -> set[str]:
    said = _said(payload)
    return set(said) if isinstance(said, dict) else set()


def _said(payload: Payload) -> Any:
    return json.loads(payload.data) if payload.data else None
