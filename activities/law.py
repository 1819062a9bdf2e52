"""The law and the calendar this worker was started with: pure arithmetic, its answers recorded in history.

Declarations are looked up in the ledger, where they stay: histories do not carry them from question to question.
"""

from typing import Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError

from models import intake
from models.base import Code
from models.calendar import WorkingCalendar
from models.clock import Clock, ClockError, Due, agency_due, citizen_due, due
from models.commune_files import packaged_communes
from models.communes import Communes
from models.corrected_law import judged
from models.corrections import CorrectedForm, CorrectionQuery, corrected
from models.declaration import Declaration
from models.dossier import CitizenLimit
from models.duties import term_of
from models.gate import Gate, GateQuery, gate_of
from models.lateness import AgencyReminder, day_ahead, with_reminder
from models.law import LawError, pack, pack_in_force
from models.migrating import migrated
from models.migration import Migration, MigrationQuery
from models.reading import DeclarationErrors
from models.start import (
    CitizenDueQuery,
    DaysAnswer,
    DaysQuery,
    DueAnswer,
    DueQuery,
    DutyQuery,
    DutyTerm,
    LawOrder,
    LawQuery,
    Promise,
    ReceiptQuery,
    Resolved,
)

LAW_NOT_RESOLVED = "LawNotResolved"


class Declarations(Protocol):
    """Where declarations are kept: the ledger."""

    def declaration(self, code: Code, revision: int | None = None) -> Declaration: ...


class LawActivities:
    """What the law says, under one working calendar; places are looked at by one set of lists of communes."""

    def __init__(self, declarations: Declarations, calendar: WorkingCalendar, communes: Communes | None = None) -> None:
        self.calendar = calendar
        self.communes = communes or packaged_communes()
        self._declarations = declarations

    @activity.defn(name="resolve_law")
    def resolve_law(self, order: LawOrder) -> Resolved:
        """The law of a dossier. A declaration it cannot be resolved for never resolves by trying again."""
        return self.resolved(order, self._declarations.declaration(order.code, order.revision))

    def resolved(self, order: LawOrder, declaration: Declaration) -> Resolved:
        """The law of a declaration. Raises ApplicationError, not to be retried, when there is none for it."""
        query = LawQuery(declaration=declaration, on=order.on, notice=order.notice)
        try:
            return intake.resolve(query, self.calendar, self.communes)
        except LawError as error:
            raise ApplicationError(str(error), type=LAW_NOT_RESOLVED, non_retryable=True) from None
        except DeclarationErrors as errors:
            fields = ", ".join(problem.field for problem in errors.problems)
            text = f"Tờ khai không đủ để lập kế hoạch giải quyết; thiếu: {fields}."
            raise ApplicationError(text, type=LAW_NOT_RESOLVED, non_retryable=True) from None

    @activity.defn(name="migrate_plan")
    def migrate_plan(self, query: MigrationQuery) -> Migration:
        """The plan of a running dossier under another law pack, or why it cannot go over."""
        declaration = self._declarations.declaration(query.code, query.revision)
        return migrated(query, declaration, self.calendar, self.communes)

    @activity.defn(name="gate_of_pack")
    async def gate_of_pack(self, query: GateQuery) -> Gate:
        """The return gate's rules as a law pack has them."""
        return gate_of(pack(query.pack), query.group)

    @activity.defn(name="correct_form")
    def correct_form(self, query: CorrectionQuery) -> CorrectedForm:
        """The form with corrections, read and judged again as a whole, or what is wrong with them."""
        before = self._declarations.declaration(query.code, query.revision)
        return judged(query, before, corrected(query, before, self.communes), self.calendar)

    @activity.defn(name="due_dates")
    async def due_dates(self, query: DueQuery) -> DueAnswer:
        """The due date of each clock."""
        try:
            dues = {name: self._due(clock, query.reminder) for name, clock in query.clocks.items()}
            return DueAnswer(dues=dues)
        except ClockError as error:
            raise ApplicationError(str(error), type=ClockError.__name__, non_retryable=True) from None

    def _due(self, clock: Clock, reminder: AgencyReminder | None) -> Due:
        read = due(clock, self.calendar)
        return with_reminder(read, reminder, self.calendar) if reminder else read

    @activity.defn(name="days_ahead")
    async def days_ahead(self, query: DaysQuery) -> DaysAnswer:
        """Working days counted ahead."""
        return DaysAnswer(days={name: day_ahead(ahead, self.calendar) for name, ahead in query.ahead.items()})

    @activity.defn(name="citizen_due_date")
    async def citizen_due_date(self, query: CitizenDueQuery) -> CitizenLimit:
        """A citizen's limit: its end, and when to remind of it."""
        reminders = query.reminders.instants(query.requested_at, self.calendar) if query.reminders else ()
        return CitizenLimit(
            requested_at=query.requested_at,
            working_days=query.working_days,
            due=citizen_due(query.requested_at, query.working_days, self.calendar),
            remind_at=reminders,
        )

    @activity.defn(name="duty_term")
    async def duty_term(self, query: DutyQuery) -> DutyTerm:
        """When a duty of the citizen ends."""
        return term_of(query, self.calendar)

    @activity.defn(name="promise_dates")
    def promise_dates(self, query: ReceiptQuery) -> Promise:
        """The dates that follow from the provincial receipt, by the law of its day (REQUIREMENTS §9)."""
        resolved, problem = self._other_law(query)
        terms = resolved.plan.terms if resolved else query.terms
        try:
            return Promise(
                resolved=resolved,
                problem=problem,
                group=agency_due(query.received_at, terms.limit, self.calendar, terms.receipt),
                legs=intake.expected_dates(terms, query.received_at, self.calendar),
                received=self._due(query.clock, query.reminder),
            )
        except ClockError as error:
            raise ApplicationError(str(error), type=ClockError.__name__, non_retryable=True) from None

    def _other_law(self, query: ReceiptQuery) -> tuple[Resolved | None, str | None]:
        """The law of the day of receipt where it is another, or why it cannot be applied."""
        try:
            if pack_in_force(query.law.on).id == query.pack:
                return None, None
            return self.resolve_law(query.law), None
        except (LawError, ApplicationError) as error:
            return None, str(error)
