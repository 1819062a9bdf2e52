"""The law and the calendar this worker was started with: pure arithmetic, its answers recorded in history."""

from temporalio import activity
from temporalio.exceptions import ApplicationError

from models import intake
from models.calendar import WorkingCalendar
from models.clock import ClockError, Due, citizen_due, due
from models.commune_files import packaged_communes
from models.communes import Communes
from models.law import LawError
from models.reading import DeclarationErrors
from models.start import CitizenDueQuery, DueAnswer, DueQuery, ExpectedQuery, LawQuery, Resolved

LAW_NOT_RESOLVED = "LawNotResolved"


class LawActivities:
    """What the law says, under one working calendar; places are looked at by one set of lists of communes."""

    def __init__(self, calendar: WorkingCalendar, communes: Communes | None = None) -> None:
        self.calendar = calendar
        self.communes = communes or packaged_communes()

    @activity.defn(name="resolve_law")
    async def resolve_law(self, query: LawQuery) -> Resolved:
        """The law of a dossier. A declaration it cannot be resolved for never resolves by trying again."""
        try:
            return intake.resolve(query, self.calendar, self.communes)
        except LawError as error:
            raise ApplicationError(str(error), type=LAW_NOT_RESOLVED, non_retryable=True) from None
        except DeclarationErrors as errors:
            fields = ", ".join(problem.field for problem in errors.problems)
            text = f"Tờ khai không đủ để lập kế hoạch giải quyết; thiếu: {fields}."
            raise ApplicationError(text, type=LAW_NOT_RESOLVED, non_retryable=True) from None

    @activity.defn(name="due_dates")
    async def due_dates(self, query: DueQuery) -> DueAnswer:
        """The due date of each clock."""
        try:
            return DueAnswer(dues={name: due(clock, self.calendar) for name, clock in query.clocks.items()})
        except ClockError as error:
            raise ApplicationError(str(error), type=ClockError.__name__, non_retryable=True) from None

    @activity.defn(name="citizen_due_date")
    async def citizen_due_date(self, query: CitizenDueQuery) -> Due:
        """The end of a citizen's limit."""
        return citizen_due(query.requested_at, query.working_days, self.calendar)

    @activity.defn(name="expected_dates")
    async def expected_dates(self, query: ExpectedQuery) -> DueAnswer:
        """When each leg of a plan should end."""
        return DueAnswer(dues=intake.expected_dates(query.plan, query.received_at, self.calendar))
