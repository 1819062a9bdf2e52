"""Forms through every adapter over real HTTP, played from code that is not asynchronous, as Hypothesis' is."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import AsyncExitStack, contextmanager
from itertools import count
from typing import Any

from models.messages import LegMessage
from models.systems import Role, System
from simulator.records import Intake
from tests.activities.forms import content_of
from tests.activities.simulated import Stage, stage


class Playing:
    """A stage on a loop of its own, so that Hypothesis can play on it example by example."""

    def __init__(self, runner: asyncio.Runner, play: Stage) -> None:
        self._runner = runner
        self._play = play
        self._serials = count(1)

    def understood(self, parts: Callable[[str], Iterable[LegMessage]]) -> dict[str, dict[str, Any]]:
        """The form as each agency understood it, by leg, attachments as the files that came.

        `parts` makes the messages of a dossier of that code.
        """
        return self._runner.run(self._through_every_agency(parts))

    async def _through_every_agency(self, parts: Callable[[str], Iterable[LegMessage]]) -> dict[str, dict[str, Any]]:
        code = f"G22.99.08-261119-{next(self._serials):06d}"
        for message in parts(code):
            await self._play.adapters.agencies[message.system].submit(message, content_of)
        return {intake.leg: _with_files(intake) for intake in (await self._play.book(code)).intakes}


def _with_files(intake: Intake) -> dict[str, Any]:
    return {**intake.understood, "attachments": [file.model_dump(mode="json") for file in intake.files]}


@contextmanager
def silent_agencies() -> Iterator[Playing]:
    """A stage whose agencies take everything in and say nothing."""
    with asyncio.Runner() as runner:
        opened = AsyncExitStack()
        play = runner.run(opened.enter_async_context(stage()))
        for system in System:
            if Role.HANDLES_LEGS in system.roles:
                runner.run(play.instruct(system, "*", silent=True))
        yield Playing(runner, play)
        runner.run(opened.aclose())
