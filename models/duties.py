"""Duties of the citizen in calendar days (nghĩa vụ): when their term ends, and those that a dossier leaves behind."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from models.base import Code, legal_date
from models.calendar import WorkingCalendar
from models.dossier import Leg, OwedDuty
from models.plan import PlannedDuty, last_day_of_term
from models.start import DutyQuery, DutyTerm
from models.words import day_words


def term_of(query: DutyQuery, calendar: WorkingCalendar) -> DutyTerm:
    """The last day of a duty, and why that day (Bộ luật Dân sự 2015 Điều 147(2), 148(5))."""
    counted = query.counted_from + timedelta(days=query.calendar_days)
    last_day = last_day_of_term(query.counted_from, query.calendar_days, calendar)
    explanation = [
        f"{query.calendar_days} ngày kể từ {day_words(query.counted_from)}, không tính ngày đó: {day_words(counted)}."
    ]
    if last_day != counted:
        explanation.append(f"Ngày đó là ngày nghỉ nên thời hạn kết thúc vào {day_words(last_day)}.")
    if not calendar.announced(last_day):
        explanation.append("Lịch nghỉ của năm đó chưa được công bố nên ngày này còn có thể thay đổi.")
    return DutyTerm(last_day=last_day, explanation=tuple(explanation))


def arisen(duties: Iterable[PlannedDuty], legs: Mapping[Code, Leg], owed: Iterable[OwedDuty]) -> PlannedDuty | None:
    """The first duty that is owed by now and not told yet: its leg has ended without success, and what it counts from
    has been decided.
    """
    told = {duty.key for duty in owed}
    for duty in duties:
        failed = (leg := legs.get(duty.when_not_completed)) is not None and leg.ended and not leg.completed
        if failed and duty.key not in told and counted_from(duty, legs):
            return duty
    return None


def counted_from(duty: PlannedDuty, legs: Mapping[Code, Leg]) -> date | None:
    """The day a duty counts from: that of the registration it follows, None while there is none."""
    leg = legs.get(duty.counted_from)
    return legal_date(leg.decided_at) if leg and leg.number and leg.decided_at else None
