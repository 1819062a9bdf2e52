"""The gate for changes of the workflows: stored histories must replay, and a changed workflow must be caught.

`python -m tests.replay.record` records the histories anew.
"""

import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from models.dossier import GroupOutcome
from models.messages import BirthNoticeState
from models.start import StartDossier
from workflows.birth import BirthProcedureGroup
from workflows.plugin import LienthongPlugin

STORED = sorted((Path(__file__).parent / "histories").glob("*.json"))


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

    async def look_up(self) -> BirthNoticeState | None:
        await workflow.sleep(timedelta(seconds=1))
        return await super().look_up()


def replayer_of(changed: type[BirthProcedureGroup]) -> Replayer:
    """A replayer of another version of the workflow."""
    return Replayer(
        workflows=[changed],
        data_converter=pydantic_data_converter,
        workflow_runner=UnsandboxedWorkflowRunner(),
        workflow_failure_exception_types=[ValidationError],
    )


@pytest.fixture(params=STORED, ids=[path.stem for path in STORED])
def history(request: pytest.FixtureRequest) -> WorkflowHistory:
    """A stored history."""
    path: Path = request.param
    return WorkflowHistory.from_json(path.stem, path.read_text("utf-8"))


def test_one_closed_and_one_open_history_are_stored() -> None:
    closed = ["workflowExecutionCompletedEventAttributes" in path.read_text("utf-8") for path in STORED]
    assert sorted(closed) == [False, True]


async def test_stored_histories_replay(history: WorkflowHistory) -> None:
    await Replayer(workflows=[], plugins=[LienthongPlugin()]).replay_workflow(history)


async def test_a_changed_workflow_is_caught(history: WorkflowHistory) -> None:
    await replayer_of(Unchanged).replay_workflow(history)
    with pytest.raises(workflow.NondeterminismError):
        await replayer_of(WithOneMoreTimer).replay_workflow(history)


def test_stored_histories_name_no_machine() -> None:
    for path in STORED:
        assert set(re.findall(r'"identity": "([^"]*)"', path.read_text("utf-8"))) == {"stage"}


def test_workflows_import_no_database_no_http_and_no_activities() -> None:
    """One heavy import in a workflow file costs a second and 30 MB for each running dossier (TEMPORAL §0.5)."""
    heavy = {"sqlmodel", "sqlalchemy", "httpx", "fastapi", "activities", "ledger"}
    script = f"import sys, workflows.plugin; print(*sorted({heavy!r} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []
