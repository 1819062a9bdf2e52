"""Dates that come while something is owed: one timer for all of them, set for the earliest still ahead."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from temporalio import workflow

from models.words import when
from workflows.clock import LegalTime


class Watched(Protocol):
    """Something that is to be done at dates of its own."""

    def next(self) -> datetime | None:
        """When there is something to do next."""

    async def act(self, by: datetime) -> None:
        """Do whatever there is to do by that instant."""


class Watch:
    """Watches dates until `over()`.

    The timer is set anew only for an earlier date. One that has moved later, or is owed no more, is simply let come:
    then nothing is done, and the next date is waited for. That costs most dossiers one timer.
    """

    def __init__(self, time: LegalTime, over: Callable[[], bool], *watched: Watched) -> None:
        self._time = time
        self._over = over
        self._watched = watched

    async def run(self) -> None:
        """Do what is to be done whenever a date comes."""
        while not self._over():
            await workflow.wait_condition(lambda: self._over() or self._next() is not None)
            step = self._next()
            if step and await self._reached(step):
                by = max(step, self._time.now())
                for watched in self._watched:
                    await watched.act(by)

    async def _reached(self, step: datetime) -> bool:
        """Wait for that date, unless the watch is over or an earlier date appears."""

        def superseded() -> bool:
            sooner = self._next()
            return self._over() or (sooner is not None and sooner < step)

        return await self._time.reached(lambda: step, superseded, f"Theo dõi hạn: {when(step)}")

    def _next(self) -> datetime | None:
        return min((step for watched in self._watched if (step := watched.next())), default=None)
