"""The activities workflows call, as typed signatures only. `activities/` implements them under the same names."""

from temporalio import activity

from models.clock import Due
from models.messages import (
    BirthNoticeAnswer,
    BirthNoticeQuery,
    ConsentMessage,
    FollowUp,
    LegMessage,
    PaymentMessage,
    PeopleAnswer,
    PeopleQuery,
    Sent,
)
from models.publication import Publication
from models.start import CitizenDueQuery, DueAnswer, DueQuery, ExpectedQuery, LawQuery, Resolved, StartDossier


@activity.defn(name="confirm_dossier")
async def confirm_dossier(start: StartDossier) -> None:
    """The ledger knows this dossier and now also that its workflow runs; an offset needs training mode."""
    raise NotImplementedError


@activity.defn(name="publish")
async def publish(publication: Publication) -> None:
    """Write one change to the ledger together with everything it sends out."""
    raise NotImplementedError


@activity.defn(name="send_leg")
async def send_leg(message: LegMessage) -> Sent:
    """Hand a leg to its agency's system, once."""
    raise NotImplementedError


@activity.defn(name="send_follow_up")
async def send_follow_up(follow_up: FollowUp) -> Sent:
    """Tell an agency something more about a part it has, once, and wait until it has taken it."""
    raise NotImplementedError


@activity.defn(name="ask_consent")
async def ask_consent(message: ConsentMessage) -> Sent:
    """Ask one person for consent in VNeID, once."""
    raise NotImplementedError


@activity.defn(name="request_payment")
async def request_payment(message: PaymentMessage) -> Sent:
    """Ask for payment on the national payment platform, once."""
    raise NotImplementedError


@activity.defn(name="look_up_birth_notice")
async def look_up_birth_notice(query: BirthNoticeQuery) -> BirthNoticeAnswer:
    """Find the birth notice and say whether it is signed."""
    raise NotImplementedError


@activity.defn(name="check_people")
async def check_people(query: PeopleQuery) -> PeopleAnswer:
    """Validate the people of the form against the population database."""
    raise NotImplementedError


@activity.defn(name="resolve_law")
async def resolve_law(query: LawQuery) -> Resolved:
    """The law of the dossier on a date."""
    raise NotImplementedError


@activity.defn(name="due_dates")
async def due_dates(query: DueQuery) -> DueAnswer:
    """Read clocks against the working calendar."""
    raise NotImplementedError


@activity.defn(name="citizen_due_date")
async def citizen_due_date(query: CitizenDueQuery) -> Due:
    """The end of a citizen's limit."""
    raise NotImplementedError


@activity.defn(name="expected_dates")
async def expected_dates(query: ExpectedQuery) -> DueAnswer:
    """When each leg of a plan should end."""
    raise NotImplementedError
