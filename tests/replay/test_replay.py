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
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.plugin import SimplePlugin
from temporalio.worker import UnsandboxedWorkflowRunner

from models.dossier import GroupOutcome
from models.messages import NoticeAnswer, NoticeQuery
from models.start import StartDossier
from tests.replay import commands, coverage, stored
from tests.replay.commands import Replayed
from workflows import calls, group, ports, sending
from workflows.birth import BirthProcedureGroup
from workflows.plugin import WORKFLOWS

RECORD = "python -m tests.replay.record"
CLOSED, OPEN = "completed", "waiting-for-consent"

PORTS = {
    name: next(iter(inspect.get_annotations(port, eval_str=True).values()))
    for name, port in inspect.getmembers(ports, inspect.iscoroutinefunction)
}
"""What each activity is given."""

histories = functools.cache(stored.histories)


@functools.cache
def today() -> dict[str, Replayed]:
    """Every stored history, replayed by today's code."""
    return {replay.name: replay for replay in asyncio.run(commands.replayed(histories().values()))}


# --- What is stored --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "wanted", "closed"), [("open", coverage.WAITS, False), ("closed", coverage.ENDS, True)]
)
def test_every_wait_and_every_end_has_a_history(kind: str, wanted: frozenset[str], closed: bool) -> None:
    shown = {name for h in histories().values() if coverage.closed(h) is closed for name in coverage.shown(h)}
    missing = sorted(wanted - shown)
    assert not missing, (
        f"No stored {kind} history shows: {', '.join(missing)}. Lead a dossier there in tests/replay/scenarios.py, "
        f"`keep` its history, and record: {RECORD}"
    )


def test_every_workflow_has_open_and_closed_histories() -> None:
    kinds = {(replay.workflow, coverage.closed(replay.history)) for replay in today().values()}
    assert kinds == {(kind.__name__, closed) for kind in WORKFLOWS for closed in (True, False)}


def test_every_activity_is_called_in_some_history() -> None:
    called = {
        event.activity_task_scheduled_event_attributes.activity_type.name
        for history in histories().values()
        for event in history.events
    }
    missing = sorted(set(PORTS) - called)
    assert not missing, f"No scenario in tests/replay/scenarios.py calls {', '.join(missing)}; add one, then {RECORD}"


def test_stored_histories_are_small_and_name_no_machine() -> None:
    assert sum(path.stat().st_size for path in stored.FOLDER.iterdir()) < 2_000_000
    root = Path(__file__).parents[2]
    for name in stored.names():
        text = stored.text(name)
        assert set(re.findall(r'"identity":"([^"]*)"', text)) == {"stage"}, name
        assert not [word for word in (socket.gethostname(), str(root), str(Path.home()) + "/", ".py") if word in text]


# --- The gate --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", stored.names())
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


@pytest.mark.parametrize("activity", PORTS)
def test_messages_on_their_way_can_still_be_read(activity: str) -> None:
    """What yesterday's code has scheduled, today's executes."""
    for name, history in histories().items():
        try:
            list(coverage.told(history, activity, PORTS[activity]))
        except Exception as error:
            pytest.fail(
                f"A call of {activity} that a dossier like “{name}” has under way cannot be read any more: {error}\n"
                f"While no release is tagged and the change is meant: {RECORD}. After a release, keep every field, "
                "and give a new one a default."
            )


# --- The gate can close ----------------------------------------------------------------------------------------------


@workflow.defn(name="BirthProcedureGroup")
class Unchanged(BirthProcedureGroup):
    """The workflow under another class, so that the changed one differs by its change alone."""

    @workflow.init
    def __init__(self, start: StartDossier) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: StartDossier) -> GroupOutcome:
        return await self.life(start)


@workflow.defn(name="BirthProcedureGroup")
class WithOneMoreTimer(BirthProcedureGroup):
    """A change that running dossiers would not survive."""

    @workflow.init
    def __init__(self, start: StartDossier) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: StartDossier) -> GroupOutcome:
        return await self.life(start)

    async def look_up(self) -> NoticeAnswer | None:
        await workflow.sleep(timedelta(seconds=1))
        return await super().look_up()


class LongerQuery(NoticeQuery):
    """A message with one more field."""

    ward: str = "sơ sinh"


def under(code: type[BirthProcedureGroup], name: str) -> Replayed:
    """A stored history replayed by other code, outside the sandbox, where a test can change what that code does."""
    other = SimplePlugin(
        "other code",
        data_converter=pydantic_data_converter,
        workflows=[code],
        workflow_runner=UnsandboxedWorkflowRunner(),
        workflow_failure_exception_types=[ValidationError],
    )
    [replay] = asyncio.run(commands.replayed([histories()[name]], other))
    return replay


def asked(replay: Replayed) -> set[str]:
    return set(commands.fingerprint([replay]))


@pytest.mark.parametrize("name", [CLOSED, OPEN])
def test_one_more_timer_is_caught_by_the_replay(name: str) -> None:
    unchanged = under(Unchanged, name)
    assert unchanged.failure is None
    assert asked(unchanged) == asked(today()[name])
    assert isinstance(under(WithOneMoreTimer, name).failure, workflow.NondeterminismError)


def _longer_waits(patch: pytest.MonkeyPatch) -> None:
    wait = workflow.wait_condition

    async def longer(until: Callable[[], bool], *, timeout: timedelta | None = None, **more: Any) -> None:
        await wait(until, timeout=timeout + timedelta(days=1) if timeout else None, **more)

    patch.setattr(workflow, "wait_condition", longer)


@pytest.mark.parametrize(
    ("change", "now_asked"),
    [
        (lambda patch: patch.setattr(calls, "_CALL_TIMEOUT", timedelta(seconds=90)), "one attempt 90 s"),
        (lambda patch: patch.setattr(sending, "PROMPT", RetryPolicy(maximum_attempts=3)), "3 attempts"),
        (lambda patch: patch.setattr(calls, "system_queue", lambda queue, system: f"{queue}-all"), "queue …-all"),
        (lambda patch: patch.setattr(group, "NoticeQuery", LongerQuery), "(group, head, number, ward)"),
        (_longer_waits, "timer Chờ nộp lệ phí đến hết …: 1 day, 0:00:00 after that date"),
    ],
    ids=["time-out", "retries", "queue", "message", "date"],
)
def test_what_the_replay_does_not_see_is_caught_by_the_fingerprint(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[pytest.MonkeyPatch], None], now_asked: str
) -> None:
    change(monkeypatch)
    changed = under(Unchanged, OPEN)
    assert changed.failure is None, "the replay does not see it"
    news = asked(changed) - set(commands.committed())
    assert news
    assert any(now_asked in line for line in news), news


# --- What workflows may import ---------------------------------------------------------------------------------------


def test_workflows_import_no_database_no_http_and_no_activities() -> None:
    """One heavy import in a workflow file costs a second and 30 MB for each running dossier (TEMPORAL §0.5)."""
    heavy = {"sqlmodel", "sqlalchemy", "httpx", "fastapi", "activities", "ledger"}
    script = f"import sys, workflows.plugin; print(*sorted({heavy!r} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []
