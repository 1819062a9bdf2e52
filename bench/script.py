"""One dossier of ours as a script for the bare workflow: what is done after what, how large, with which requests."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

from bench.counts import kind_of

_TOKEN = "/api/token"


@dataclass(frozen=True)
class Request:
    """One HTTP request of the recorded dossier, and the status it was answered with."""

    at: float
    method: str
    url: str
    headers: Mapping[str, str]
    body: str
    status: int

    @property
    def asks_for_token(self) -> bool:
        """Whether it asks a system for the access token that later requests bear."""
        return self.url.endswith(_TOKEN)

    @property
    def system(self) -> str:
        """The system it goes to: the first part of its path."""
        return self.url.split("/")[1]

    @property
    def key(self) -> str | None:
        """The key of the message it carries."""
        return self.headers.get("idempotency-key")


@dataclass
class Step:
    """One activity: sizes of what goes in and out, its requests, the rows it inserts, what is dispatched after it."""

    sent: int
    answered: int = 0
    requests: list[Request] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    dispatched: list[Request] = field(default_factory=list)


@dataclass
class Batch:
    """The commands of one workflow task, and what must have happened before it."""

    updates: int
    done: list[int]
    steps: list[int] = field(default_factory=list)
    timers: list[int] = field(default_factory=list)
    cancelled: list[int] = field(default_factory=list)
    upserts: int = 0


@dataclass
class Script:
    """A dossier to be played again: `code` and `provincial_code` are replaced by those of the dossier that plays it.

    `tokens` are the requests for access tokens, by system; they are sent when one is needed, as ours are.
    """

    code: str
    provincial_code: str
    result: int
    batches: list[Batch]
    steps: list[Step]
    tokens: dict[str, Request]

    def save(self, file: Path) -> None:
        """Write it as JSON."""
        file.write_text(json.dumps(asdict(self), ensure_ascii=False), "utf-8")

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read what `save` has written."""
        raw = json.loads(file.read_text("utf-8"))
        steps = [
            Step(
                sent=step["sent"],
                answered=step["answered"],
                requests=[Request(**request) for request in step["requests"]],
                rows=step["rows"],
                dispatched=[Request(**request) for request in step["dispatched"]],
            )
            for step in raw["steps"]
        ]
        batches = [Batch(**batch) for batch in raw["batches"]]
        tokens = {system: Request(**request) for system, request in raw["tokens"].items()}
        return cls(**{**raw, "batches": batches, "steps": steps, "tokens": tokens})


def compose(
    code: str,
    provincial_code: str,
    history: WorkflowHistory,
    requests: Sequence[Request],
    dispatched: Collection[str],
    rows: Sequence[int],
) -> Script:
    """The script of a recorded dossier: `rows` are the sizes of what it left in the ledger, `dispatched` the keys of
    what its outbox sent.

    Rows are spread evenly over its publications, which write nearly all of them.
    """
    reading = _Reading(history)
    for number, size in enumerate(rows):
        reading.publications[number % len(reading.publications)].rows.append(size)
    tokens = {}
    for request in sorted(requests, key=lambda request: request.at):
        if request.asks_for_token:
            tokens[request.system] = request
        elif request.key in dispatched:
            reading.last_published(request.at).dispatched.append(request)
        else:
            reading.under_way(request.at).requests.append(request)
    return Script(code, provincial_code, reading.result, reading.batches, reading.steps, tokens)


class _Reading:
    """A history read into batches and steps."""

    def __init__(self, history: WorkflowHistory) -> None:
        self.result = 0
        self.batches: list[Batch] = []
        self.steps: list[Step] = []
        self.publications: list[Step] = []
        self._begun: dict[int, float] = {}
        self._ended: dict[int, float] = {}
        self._number: dict[int, int] = {}
        self._seen: dict[int, list[int]] = {}
        self._updates = 0
        for event in history.events:
            self._read(event)

    def last_published(self, at: float) -> Step:
        """The publication that was last begun by then."""
        begun = [step for number, step in self._calls(publications=True) if self._begun[number] <= at]
        return (begun or self.publications)[-1]

    def under_way(self, at: float) -> Step:
        """The call of a system that was under way then."""
        return [
            step
            for number, step in self._calls(publications=False)
            if self._begun[number] <= at <= self._ended.get(number, at)
        ][-1]

    def _calls(self, *, publications: bool) -> list[tuple[int, Step]]:
        return [
            (number, step)
            for number, step in enumerate(self.steps)
            if any(step is published for published in self.publications) is publications
        ]

    def _read(self, event: HistoryEvent) -> None:
        batch = self.batches[-1] if self.batches else None
        match kind_of(event):
            case "workflow_task_started":
                self._seen[event.event_id] = sorted(self._ended)
            case "workflow_task_completed":
                started = event.workflow_task_completed_event_attributes.started_event_id
                self.batches.append(Batch(self._updates, self._seen[started]))
            case "workflow_execution_completed":
                self.result = event.workflow_execution_completed_event_attributes.result.ByteSize()
            case kind if batch:
                self._read_command(kind, event, batch)

    def _read_command(self, kind: str, event: HistoryEvent, batch: Batch) -> None:
        match kind:
            case "workflow_execution_update_accepted":
                self._updates += 1
                batch.updates = self._updates
            case "activity_task_scheduled":
                self._schedule(event, batch)
            case "activity_task_completed":
                completed = event.activity_task_completed_event_attributes
                number = self._number[completed.scheduled_event_id]
                self.steps[number].answered = completed.result.ByteSize()
                self._ended[number] = _seconds(event)
            case "timer_started":
                batch.timers.append(event.event_id)
            case "timer_canceled":
                batch.cancelled.append(event.timer_canceled_event_attributes.started_event_id)
            case "upsert_workflow_search_attributes":
                batch.upserts += 1

    def _schedule(self, event: HistoryEvent, batch: Batch) -> None:
        scheduled = event.activity_task_scheduled_event_attributes
        number = self._number[event.event_id] = len(self.steps)
        step = Step(sent=scheduled.input.ByteSize())
        self.steps.append(step)
        batch.steps.append(number)
        self._begun[number] = _seconds(event)
        if scheduled.activity_type.name == "publish":
            self.publications.append(step)


def _seconds(event: HistoryEvent) -> float:
    return event.event_time.ToNanoseconds() / 1e9
