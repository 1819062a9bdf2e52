"""Legal time and waiting for it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow

from models.base import legal

_TIMER_RESOLUTION = timedelta(milliseconds=1)
"""Servers keep timers in milliseconds; one may fire this much before the instant it was set for."""


class LegalTime:
    """Legal time: the workflow's clock plus the training offset, which is zero in production (REQUIREMENTS §6.10)."""

    def __init__(self, offset: timedelta) -> None:
        self._offset = offset

    def now(self) -> datetime:
        """The legal instant, on the clock of Việt Nam."""
        return legal(workflow.now() + self._offset)

    async def reached(self, until: Callable[[], datetime], unless: Callable[[], bool], summary: str) -> bool:
        """Wait until a legal instant comes, unless something happens first; True when the instant came.

        The timer is armed again only when `until()` moves. If both happen in one instant, the event wins.
        """
        while not unless():
            due = until()
            if due - self.now() <= _TIMER_RESOLUTION:
                return True
            try:
                await workflow.wait_condition(
                    lambda due=due: unless() or until() != due,  # type: ignore[misc]
                    timeout=due - self.now(),
                    timeout_summary=summary,
                )
            except TimeoutError:
                continue
        return False
