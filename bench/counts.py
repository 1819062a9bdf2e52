"""What one dossier costs Temporal, counted from its history: events, bytes, billable actions."""

from collections import Counter
from dataclasses import dataclass

from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

_SUFFIX = "_event_attributes"
_ACTIONS = {
    "workflow_execution_started": 1,
    "activity_task_scheduled": 1,
    "timer_started": 1,
    "workflow_execution_signaled": 1,
    "workflow_execution_update_accepted": 1,
    "upsert_workflow_search_attributes": 1,
    "marker_recorded": 1,
}
"""What Temporal Cloud bills of what our histories hold (docs.temporal.io/cloud/actions); retries are counted apart."""


@dataclass(frozen=True)
class Counts:
    """The cost of one history. `bytes` are those of its events as the server keeps them."""

    events: int
    bytes: int
    actions: int
    workflow_tasks: int
    activities: dict[str, int]


def kind_of(event: HistoryEvent) -> str:
    """The kind of an event, as in `activity_task_scheduled`."""
    return (event.WhichOneof("attributes") or "").removesuffix(_SUFFIX)


def count(history: WorkflowHistory) -> Counts:
    """Count one history. A retried activity is billed once more for each retry, which only its start tells."""
    kinds = Counter(kind_of(event) for event in history.events)
    retries = sum(max(0, event.activity_task_started_event_attributes.attempt - 1) for event in history.events)
    return Counts(
        events=len(history.events),
        bytes=sum(event.ByteSize() for event in history.events),
        actions=sum(kinds[kind] * price for kind, price in _ACTIONS.items()) + retries,
        workflow_tasks=kinds["workflow_task_completed"],
        activities=dict(
            Counter(
                event.activity_task_scheduled_event_attributes.activity_type.name
                for event in history.events
                if kind_of(event) == "activity_task_scheduled"
            )
        ),
    )
