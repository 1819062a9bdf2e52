"""How long to wait before a system that is away is called again.

Every attempt is billed, and an outage may last days. [choice] After the first attempts a call is repeated every
`IN_HOURS` while it matters when it arrives, else every `OUT_OF_HOURS`: what arrives after 15:00 or on a day off counts
from the next working day in any case (QĐ 296/QĐ-VPCP I.5). Two working days without an answer cost 105 attempts, the
first six included, a weekend 60; every ten minutes round the clock they would be 297 (`test_patience`).
"""

from datetime import datetime, time, timedelta

from models.base import legal
from models.calendar import WorkingCalendar
from models.trouble import PROMPT_ATTEMPTS

IN_HOURS, OUT_OF_HOURS = timedelta(minutes=15), timedelta(hours=1)
OPENS, CLOSES = time(7), time(15)
"""Between these hours of a working day it matters when a message arrives.

[choice] Our own retry policy, not law: the pack says when a receipt is late (`policies.receipt.late_after`). These
hours move no date; they only say how often we try.
"""


class Patience:
    """Pauses by the working calendar; `offset` is legal time minus clock, not zero in training only."""

    def __init__(self, calendar: WorkingCalendar, offset: timedelta = timedelta()) -> None:
        self._calendar = calendar
        self._offset = offset

    def pause(self, attempt: int, at: datetime) -> timedelta | None:
        """The pause after an attempt that was made at an instant; None leaves it to the caller's retry policy."""
        if attempt <= PROMPT_ATTEMPTS:
            return None
        now = legal(at + self._offset)
        matters = OPENS <= now.time() < CLOSES and self._calendar.is_working(now.date())
        return IN_HOURS if matters else min(OUT_OF_HOURS, self._until_open(now))

    def _until_open(self, now: datetime) -> timedelta:
        """Until it next matters when a message arrives; the first hour of the morning is not missed."""
        day = now.date() if now.time() < OPENS else now.date() + timedelta(days=1)
        opens = datetime.combine(day, OPENS, now.tzinfo)
        return max(opens - now, IN_HOURS)
