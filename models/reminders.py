"""When a citizen who has not acted is reminded (nhắc công dân)."""

from datetime import datetime, time
from typing import Self

from pydantic import model_validator

from models.base import LEGAL_ZONE, Model, legal_date
from models.calendar import WorkingCalendar


class ReminderRule(Model):
    """A reminder after each of `after` working days.

    [choice] That is at `at` (hours of Asia/Ho_Chi_Minh) of the next working day: after 4 of 5 days, on the morning of
    the last one. Like the limit itself, days are counted after the day of the request.
    """

    after: tuple[int, ...]
    at: time

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if any(days < 1 for days in self.after) or list(self.after) != sorted(set(self.after)):
            raise ValueError("nhắc sau 1, 2, … ngày làm việc, tăng dần")
        return self

    def instants(self, requested_at: datetime, calendar: WorkingCalendar) -> tuple[datetime, ...]:
        """When to remind of a request made at that instant. Raises CalendarError beyond the year 9999."""
        day = legal_date(requested_at)
        return tuple(datetime.combine(calendar.add(day, days + 1), self.at, LEGAL_ZONE) for days in self.after)
