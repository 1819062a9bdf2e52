"""The activities workflows call, as typed signatures only. `activities/` implements them under the same names."""

from temporalio import activity

from models.corrections import CorrectedForm, CorrectionQuery
from models.dossier import CitizenLimit
from models.gate import Gate, GateQuery
from models.messages import (
    ConsentMessage,
    FollowUp,
    LegFound,
    LegOrder,
    LegQuery,
    NoticeAnswer,
    NoticeQuery,
    PaymentMessage,
    PeopleAnswer,
    PeopleQuery,
    Sent,
)
from models.migration import Migration, MigrationQuery
from models.publication import OutboxAnswer, OutboxOrder, Publication
from models.replacement_case import ReplacementCase, ReplacementNews, ReplacementQuery
from models.start import (
    CitizenDueQuery,
    Confirmation,
    DaysAnswer,
    DaysQuery,
    DueAnswer,
    DueQuery,
    DutyQuery,
    DutyTerm,
    LawOrder,
    Promise,
    ReceiptQuery,
    Resolved,
)


@activity.defn(name="confirm_dossier")
async def confirm_dossier(confirmation: Confirmation) -> Resolved:
    """The ledger knows this dossier and now also that its workflow runs; its law. An offset needs training mode."""
    raise NotImplementedError


@activity.defn(name="publish")
async def publish(publication: Publication) -> None:
    """Write one change to the ledger together with everything it sends out."""
    raise NotImplementedError


@activity.defn(name="send_outbox_again")
async def send_outbox_again(order: OutboxOrder) -> OutboxAnswer:
    """Have the outbox send at once what a channel did not take."""
    raise NotImplementedError


@activity.defn(name="confirm_replacement")
async def confirm_replacement(query: ReplacementQuery) -> ReplacementCase:
    """The ledger knows this replacement and now also that its workflow runs. An offset needs training mode."""
    raise NotImplementedError


@activity.defn(name="publish_replacement")
async def publish_replacement(news: ReplacementNews) -> None:
    """Write one change of a replacement to the ledger together with everything it sends out."""
    raise NotImplementedError


@activity.defn(name="send_leg")
async def send_leg(order: LegOrder) -> Sent:
    """Hand a leg to its agency's system, once."""
    raise NotImplementedError


@activity.defn(name="send_follow_up")
async def send_follow_up(follow_up: FollowUp) -> Sent:
    """Tell an agency something more about a part it has, once, and wait until it has taken it."""
    raise NotImplementedError


@activity.defn(name="look_up_leg")
async def look_up_leg(query: LegQuery) -> LegFound:
    """Find out at its agency what became of a part."""
    raise NotImplementedError


@activity.defn(name="ask_consent")
async def ask_consent(message: ConsentMessage) -> Sent:
    """Ask one person for consent in VNeID, once."""
    raise NotImplementedError


@activity.defn(name="request_payment")
async def request_payment(message: PaymentMessage) -> Sent:
    """Ask for payment on the national payment platform, once."""
    raise NotImplementedError


@activity.defn(name="look_up_notice")
async def look_up_notice(query: NoticeQuery) -> NoticeAnswer:
    """Find the notice of the health facility and say what its signature is worth."""
    raise NotImplementedError


@activity.defn(name="check_people")
async def check_people(query: PeopleQuery) -> PeopleAnswer:
    """Validate the people of the form against the population database."""
    raise NotImplementedError


@activity.defn(name="resolve_law")
async def resolve_law(order: LawOrder) -> Resolved:
    """The law of the dossier on a date."""
    raise NotImplementedError


@activity.defn(name="due_dates")
async def due_dates(query: DueQuery) -> DueAnswer:
    """Read clocks against the working calendar."""
    raise NotImplementedError


@activity.defn(name="days_ahead")
async def days_ahead(query: DaysQuery) -> DaysAnswer:
    """Count working days ahead."""
    raise NotImplementedError


@activity.defn(name="citizen_due_date")
async def citizen_due_date(query: CitizenDueQuery) -> CitizenLimit:
    """A citizen's limit: its end, and when to remind of it."""
    raise NotImplementedError


@activity.defn(name="duty_term")
async def duty_term(query: DutyQuery) -> DutyTerm:
    """When a duty of the citizen ends."""
    raise NotImplementedError


@activity.defn(name="promise_dates")
async def promise_dates(query: ReceiptQuery) -> Promise:
    """What follows from the provincial receipt: law, expected dates, due dates."""
    raise NotImplementedError


@activity.defn(name="gate_of_pack")
async def gate_of_pack(query: GateQuery) -> Gate:
    """The return gate's rules for a group as a law pack has them."""
    raise NotImplementedError


@activity.defn(name="correct_form")
async def correct_form(query: CorrectionQuery) -> CorrectedForm:
    """The form with corrections, read and judged again as a whole, or what is wrong with them."""
    raise NotImplementedError


@activity.defn(name="migrate_plan")
async def migrate_plan(query: MigrationQuery) -> Migration:
    """The plan of a running dossier under another law pack, or why it cannot go over."""
    raise NotImplementedError
