"""What is owed past its time: when agencies are reminded, asked again, and when a person decides (REQUIREMENTS §6.8–9).

Pure: rules as the law pack has them, what was done about one leg, and the few dates that need the working calendar.
"""

from datetime import date, datetime, time, timedelta

from pydantic import Field

from models.base import LEGAL_ZONE, Instant, LongText, Model, legal
from models.calendar import WorkingCalendar
from models.clock import Due, ReceiptRule, agency_due
from models.facts import OverdueChoice
from models.operators import OperatorId


class AgencyReminder(Model):
    """When an agency is reminded of a due date [choice] (§6.8): so many working days before it, at its hour.

    Where the limit is the same day: at `same_day_at` of the due day (hour of Việt Nam).
    """

    working_days_before: int = Field(ge=1)
    same_day_at: time


class LatenessRule(Model):
    """What happens around a due date; numbers are working days.

    [choice] §6.8: the new date of an apology is the due date plus the limit that was missed, at least
    `new_date_at_least`. While the result is owed, it is asked for every `escalate_every`; after `operator_after` an
    operator decides.
    """

    reminder: AgencyReminder
    new_date_at_least: int = Field(ge=1)
    escalate_every: int = Field(ge=1)
    operator_after: int = Field(ge=1)
    basis: LongText


class WatchdogRule(Model):
    """When the electronic result of a decision is owed, and how often it is asked for again; working days.

    [choice] §6.9: it is owed `working_days` after the decision, by the 15:00 rule and the close of business of the
    pack's receipt rule; then it is asked for again every `ask_every`, and after `operator_after` an operator decides.
    """

    working_days: int = Field(ge=0)
    ask_every: int = Field(ge=1)
    operator_after: int = Field(ge=1)
    basis: LongText


class Apology(Model):
    """An apology to the citizen: the date that was missed (`due`), and the one new date.

    `provisional`: the new date lies outside the announced calendar and may still move.
    """

    due: Instant
    at: Instant
    new_date: Instant
    provisional: bool = False


class Appointment(Model):
    """A date that an operator promised to the citizen (hẹn lại): made when, by whom, why.

    `missed`: it came, and the result had not. `void`: the dossier was stopped, nobody is held to it any more. The legal
    due date is another matter.
    """

    at: Instant
    made_at: Instant
    operator: OperatorId
    because: LongText
    missed: bool = False
    void: bool = False


class Chase(Model):
    """How something owed since `due` is being chased (đôn đốc): how often so far, when next, when an operator decides.

    `operator_since`: it now waits for an operator's decision. Without dates they have still to be read off the
    calendar, because an operator has decided to wait on.
    """

    due: Instant
    times: int = 0
    next_at: Instant | None = None
    operator_at: Instant | None = None
    operator_since: Instant | None = None

    @property
    def dated(self) -> bool:
        return self.next_at is not None and self.operator_at is not None

    @property
    def next_step(self) -> Instant | None:
        """When something is to be done next: at once where dates are missing, not at all while an operator decides."""
        if self.operator_since:
            return None
        if self.next_at is None or self.operator_at is None:
            return self.due
        return min(self.next_at, self.operator_at)


class Ruling(Model):
    """An operator's recorded decision about something long overdue."""

    choice: OverdueChoice
    operator: OperatorId
    because: LongText
    at: Instant


class Ahead(Model):
    """A date to read off the calendar: so many working days after `after`, at its hour.

    With a `rule`, `after` is a receipt: the 15:00 rule applies and the day ends at its close of business.
    """

    after: Instant
    working_days: int = Field(ge=0)
    rule: ReceiptRule | None = None


class DayAhead(Model):
    """The date read off; `provisional` where it lies outside the announced calendar."""

    at: Instant
    provisional: bool


def with_reminder(due: Due, rule: AgencyReminder, calendar: WorkingCalendar) -> Due:
    """The due date with the instant its agency is reminded of it; a clock that stands has neither.

    Raises OverflowError before the year 1.
    """
    if due.at is None:
        return due
    last = legal(due.at)
    day, hour = last.date(), last.time()
    if due.working_days == 0:
        hour = rule.same_day_at
    else:
        for _ in range(rule.working_days_before):
            day = _working_day_before(day, calendar)
    return due.model_copy(update={"remind_at": datetime.combine(day, hour, LEGAL_ZONE)})


def _working_day_before(day: date, calendar: WorkingCalendar) -> date:
    day -= timedelta(days=1)
    while not calendar.is_working(day):
        day -= timedelta(days=1)
    return day


def day_ahead(ahead: Ahead, calendar: WorkingCalendar) -> DayAhead:
    """The date so many working days ahead. Raises ClockError and CalendarError beyond the year 9999."""
    if ahead.rule:
        due = agency_due(ahead.after, ahead.working_days, calendar, ahead.rule)
        assert due.at is not None  # a clock just started does not stand
        return DayAhead(at=due.at, provisional=due.provisional)
    after = legal(ahead.after)
    day = calendar.add(after.date(), ahead.working_days)
    return DayAhead(at=datetime.combine(day, after.time(), LEGAL_ZONE), provisional=not calendar.announced(day))


def earliest_result_due(decided_at: datetime, rule: ReceiptRule) -> datetime:
    """Before this no electronic result of that decision is owed, whatever the calendar says: it needs none."""
    decided = legal(decided_at)
    late = decided.time() > rule.late_after
    return datetime.combine(decided.date() + timedelta(days=late), rule.closes_at, LEGAL_ZONE)
