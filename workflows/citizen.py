"""Waiting for the citizen, who is reminded as days pass (nhắc công dân)."""

from collections.abc import Callable
from datetime import datetime

from models.dossier import CitizenLimit
from models.words import last_day
from workflows.clock import LegalTime


async def limit_over(
    time: LegalTime,
    limit: Callable[[], CitizenLimit],
    unless: Callable[[], bool],
    remind: Callable[[CitizenLimit], None],
    awaited: str,
) -> bool:
    """Wait for a citizen's act, `remind` with what is left of the limit whenever it says so; True when it is over.

    The limit is read as it stands: its end and the reminders still to come move when the calendar does. `awaited` says
    what is waited for, in Vietnamese.
    """

    def coming() -> datetime:
        return min([limit().ends_at, *limit().remind_at])

    while not unless():
        summary = f"{awaited} đến hết {last_day(limit().ends_at)}"
        if await time.reached(coming, unless, summary):
            now = limit()
            if coming() == now.ends_at:
                return True
            remind(now.model_copy(update={"remind_at": now.remind_at[1:]}))
    return False
