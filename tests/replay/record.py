"""Records the histories that `test_replay` replays, and their fingerprint: `python -m tests.replay.record`.

Record anew whenever a change of the workflows is meant, until a first release is tagged. From then on the histories are
those of dossiers that run: patch the workflow (`workflow.patched`, DESIGN §3.8), add scenarios, and where only
durations, queues or arguments change, accept that with `python -m tests.replay.record --fingerprint`.
"""

import asyncio
import logging
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

from tests.replay import commands, stored
from tests.replay.coverage import closed
from tests.replay.death_scenarios import SCENARIOS
from tests.replay.scenarios import Scenario
from tests.workflows.harness import Play, stage
from tests.workflows.test_replacements import replacement as replacement_of

_AT_ONCE, _ATTEMPTS, _PATIENCE = 2, 3, 20.0
_PUBLISHING = ("publish", "publish_replacement")
_WORKFLOW_TASKS = {
    EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
}


def at_rest(history: WorkflowHistory) -> bool:
    """Whether everything so far is done and published, and the workflow waits or has ended."""
    tasks = [event.event_type for event in history.events if event.event_type in _WORKFLOW_TASKS]
    completed = {e.activity_task_completed_event_attributes.scheduled_event_id for e in history.events}
    calls = [e for e in history.events if e.activity_task_scheduled_event_attributes.activity_type.name in _PUBLISHING]
    published = all(call.event_id in completed for call in calls)
    return closed(history) or (published and tasks[-1] == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED)


class Keeper:
    """Keeps the histories of one dossier."""

    def __init__(self, play: Play) -> None:
        self._play = play
        self.kept: dict[str, WorkflowHistory] = {}

    async def keep(self, name: str, replacement: int | None = None) -> None:
        """Keep the history once it is at rest."""
        handle = replacement_of(self._play, replacement) if replacement else self._play.handle
        async with asyncio.timeout(_PATIENCE):
            while not at_rest(history := await handle.fetch_history()):
                await asyncio.sleep(0.02)
        self.kept[name] = history


async def record(scenario: Scenario) -> dict[str, WorkflowHistory]:
    """The histories of one scenario, on a server of its own; tried again where a busy machine was too slow."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with TemporaryDirectory() as folder:
                async with stage(Path(folder), server=scenario.server) as play:
                    keeper = Keeper(play)
                    await scenario.happens(play, keeper.keep)
                    return keeper.kept
        except Exception as error:
            sys.stderr.write(f"{scenario.happens.__name__}, attempt {attempt}: {error}\n")
            if attempt == _ATTEMPTS:
                raise
    raise AssertionError


async def record_all() -> None:
    """Record every scenario and store what it kept, instead of whatever was stored before."""
    busy = asyncio.Semaphore(_AT_ONCE)

    async def recorded(scenario: Scenario) -> dict[str, WorkflowHistory]:
        async with busy:
            return await record(scenario)

    kept: dict[str, WorkflowHistory] = {}
    for histories in await asyncio.gather(*map(recorded, SCENARIOS)):
        assert not kept.keys() & histories.keys(), "two histories of one name"
        kept |= histories
    stored.store(kept)


async def main() -> None:
    """Record everything, or with `--fingerprint` only what today's code makes of the stored histories."""
    logging.getLogger("temporalio").setLevel(logging.CRITICAL)  # systems that are away are part of the play
    quiet = LoggingConfig(TelemetryFilter(core_level="ERROR", other_level="ERROR"))
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=quiet)))
    if "--fingerprint" not in sys.argv[1:]:
        await record_all()
    replays = await commands.replayed(stored.histories().values())
    commands.write(commands.fingerprint(replays))
    for replay in replays:
        failure = f", CANNOT BE REPLAYED: {replay.failure}" if replay.failure else ""
        sys.stdout.write(f"{replay.name}: {len(replay.history.events)} events{failure}\n")


if __name__ == "__main__":
    asyncio.run(main())
