"""The gate for changes of the workflows: dossiers that run today must go on under tomorrow's code.

Two checks. Stored histories must replay: else a running dossier would stop for ever. And today's code must ask for what
`commands.txt` says, since the replayer does not see changed durations, retries, queues and arguments.
"""

import asyncio
import difflib
import functools
import inspect
import re
import socket
import subprocess
import sys
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.common import RetryPolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.plugin import SimplePlugin
from temporalio.worker import UnsandboxedWorkflowRunner

from models.base import Model
from models.dossier import GroupOutcome
from models.messages import BirthNoticeQuery, BirthNoticeState
from models.start import StartDossier
from tests.replay import commands, coverage, stored
from tests.replay.commands import Replayed
from workflows import birth, calls, ports
from workflows.birth import BirthProcedureGroup
from workflows.plugin import WORKFLOWS

RECORD = "python -m tests.replay.record"
CLOSED, OPEN = "completed", "waiting-for-consent"

HISTORIES = {history.workflow_id: history for history in stored.stored()}


@functools.cache
def today() -> dict[str, Replayed]:
    """Every stored history, replayed by today's code."""
    return {replay.name: replay for replay in asyncio.run(commands.replayed(HISTORIES.values()))}


# --- What is stored --------------------------------------------------------------------------------------------------


def lacking(wanted: Iterable[str], histories: Iterable[WorkflowHistory], kind: str) -> None:
    """Fail, saying what to do, where no history shows something wanted."""
    found = {name for history in histories for name in coverage.shown(history)}
    missing = sorted(set(wanted) - found)
    assert not missing, (
        f"No stored {kind} history shows: {', '.join(missing)}. Lead a dossier there in tests/replay/scenarios.py, "
        f"`keep` its history, and record: {RECORD}"
    )


def test_every_wait_has_an_open_history() -> None:
    lacking(coverage.WAITS, [h for h in HISTORIES.values() if not coverage.closed(h)], "open")


def test_every_end_has_a_closed_history() -> None:
    lacking(coverage.ENDS, [h for h in HISTORIES.values() if coverage.closed(h)], "closed")


def test_every_workflow_has_open_and_closed_histories() -> None:
    kinds = {(replay.workflow, coverage.closed(replay.history)) for replay in today().values()}
    assert kinds == {(kind.__name__, closed) for kind in WORKFLOWS for closed in (True, False)}


def test_every_activity_is_called_in_some_history() -> None:
    called = {
        event.activity_task_scheduled_event_attributes.activity_type.name
        for history in HISTORIES.values()
        for event in history.events
    }
    missing = sorted(set(PORTS) - called)
    assert not missing, f"No scenario in tests/replay/scenarios.py calls {', '.join(missing)}; add one, then {RECORD}"


def test_stored_histories_are_small_and_name_no_machine() -> None:
    assert sum(path.stat().st_size for path in stored.FOLDER.iterdir()) < 2_000_000
    root = Path(__file__).parents[2]
    for name, text in stored.texts().items():
        assert set(re.findall(r'"identity":"([^"]*)"', text)) == {"stage"}, name
        assert not [word for word in (socket.gethostname(), str(root), str(Path.home()) + "/", ".py") if word in text]


# --- The gate --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HISTORIES)
def test_stored_histories_replay(name: str) -> None:
    failure = today()[name].failure
    assert failure is None, (
        f"A dossier that stands like “{name}” could not go on under this code: {failure}\n"
        f"While no release is tagged and the change is meant: {RECORD}. After a release, keep the old way for dossiers "
        "that run, behind `workflow.patched` (docs/running.md, “When a workflow changes”)."
    )


def test_today_s_code_asks_for_what_was_committed_to() -> None:
    now = commands.fingerprint(today().values())
    changed = [
        line
        for line in difflib.unified_diff(commands.committed(), now, "committed", "this code", lineterm="", n=0)
        if not line.startswith("@@")
    ]
    assert not changed, (
        "What the workflows ask of Temporal has changed; running dossiers replay it without an error, and yet get "
        "other time-outs, queues, dates or messages than the day they started:\n  "
        + "\n  ".join(changed)
        + f"\nIf that is meant and no release is tagged: {RECORD}. After a release: `workflow.patched` where running "
        "dossiers must keep the old way; where they may have the new one: "
        f"{RECORD} --fingerprint (docs/running.md, “When a workflow changes”)."
    )


PORTS: dict[str, Any] = {
    getattr(port, "__temporal_activity_definition").name: port
    for _, port in inspect.getmembers(ports, inspect.iscoroutinefunction)
}


@pytest.mark.parametrize("name", PORTS)
def test_messages_on_their_way_can_still_be_read(name: str) -> None:
    """An activity scheduled by yesterday's code is executed by today's."""
    [message] = inspect.get_annotations(PORTS[name], eval_str=True).items()
