"""What the simulator's book holds, as values. Every `at` is legal time, but a request's, which is the real arrival."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from models.address import Address
from models.base import Code, Instant, LongText, Model, NoticeText, Text
from models.documents import Document, DocumentKind, Sha256
from models.form_facts import PersonNamed
from models.identity import BirthNoticeNumber, DeathNoticeNumber, PersonalId, Sex
from models.messages import ConsentEvidence, DispatchKind, FieldChange, FollowUpKind
from models.statuses import Status
from models.systems import System
from simulator.instructions import ConsentReply, Instruction


class Record(Model):
    """An entry of the book; `key` is unique for its class and system, where an entry has one."""

    system: System
    dossier_code: Code
    key: Text | None = None
    at: Instant


class RequestSeen(Record):
    """A request as it came; `repeat`: this had been sent before. The idempotency key may recur, so it is not `key`."""

    method: str
    path: str
    idempotency_key: str | None
    provincial_code: str | None
    traceparent: str | None
    status: int
    repeat: bool


class TraceKept(Record):
    """The trace context of the request that a course of answers goes back to. `key` is the course."""

    traceparent: str


class KeptReply(Record):
    """The answer given under an idempotency key, given again when the same message comes again."""

    fingerprint: str
    status: int
    body: str


class Intake(Record):
    """A dossier part taken in, with all that is needed to answer it later. `key` is the course of its answers.

    `understood`: the form as the agency read it from its wire, in the form's own shape, without what it was not told.
    """

    leg: Code
    agency_code: Code
    provincial_code: Code | None
    understood: Mapping[str, Any]
    registration_number: Code | None = None
    identity_number: PersonalId | None = None
    files: tuple[Document, ...] = ()
    consents: tuple[ConsentEvidence, ...] = ()
    instruction: Instruction

    @property
    def child_sex(self) -> Sex:
        return Sex(self.understood["child"]["sex"])

    @property
    def child_born_on(self) -> date:
        return date.fromisoformat(self.understood["child"]["born_on"])

    @property
    def province_code(self) -> str:
        """The province the dossier was declared to."""
        return str(self.understood["recipients"]["province_code"])


class Registration(Record):
    """A decision with its number: what must exist exactly once. `key` is the course it belongs to."""

    leg: Code
    number: Code
    identity_number: PersonalId | None = None


class FollowUpTaken(Record):
    """Something more about a part taken in before. `key` is what tells the message from others on its wire."""

    leg: Code
    kind: FollowUpKind
    text: LongText
    agency_code: Code | None = None
    registration_number: Code | None = None
    files: tuple[Document, ...] = ()
    changes: tuple[FieldChange, ...] = ()
    consents: tuple[ConsentEvidence, ...] = ()


class DocumentReplaced(Record):
    """A document put in the place of an older one. `key` is the course of the acknowledgement."""

    leg: Code
    sha256: Sha256


class ResultReissued(Record):
    """A result issued anew: `version` counts from 2. `key` is the course of its event, `of` of its registration."""

    of: Text
    number: Code
    version: int
    text: LongText | None = None


class PaperAgain(Record):
    """A result paper issued once more, signed properly. `key` is the course of its event, `of` of its registration."""

    of: Text


class Delivery(Record):
    """A notice, result or paper order taken from us; `key` is its idempotency key where the wire has one.

    `supersedes` is the digest of the version that is no longer valid.
    """

    kind: DispatchKind
    recipient: Code | None = None
    address: Address | None = None
    text: NoticeText | None = None
    document_kind: DocumentKind | None = None
    sha256: Code | None = None
    supersedes: Code | None = None


class StatusTaken(Record):
    """A status update taken from us."""

    status: Status
    text: NoticeText | None = None


class PeopleAsked(Record):
    """People we asked to have validated."""

    people: tuple[PersonNamed, ...]


class NoticeAsked(Record):
    """A birth or death notice we asked for."""

    number: BirthNoticeNumber | DeathNoticeNumber


class ConsentAsked(Record):
    """A consent request put before a person. `key` is the course of the answer."""

    leg: Code
    about: LongText | None = None
    representative: Text | None = None
    subject_name: Text
    full_name: Text
    personal_id: PersonalId
    roles: tuple[Code, ...]
    answer_by: Instant
    reply: ConsentReply


class PaymentAsked(Record):
    """A payment request, in đồng. `key` is the course of the answer."""

    amount_vnd: int
    payer_personal_id: PersonalId


class Payment(Record):
    """A payment made, in đồng."""

    amount_vnd: int
    receipt_number: Code


class AnswerState(StrEnum):
    """What became of an event."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    HELD = "held"
    """It comes after something more has come from us."""
    LOST = "lost"
    """What it says has happened, but nobody was told; it is sent when asked for."""
    DROPPED = "dropped"
    """It will never be sent."""


class Answer(Model):
    """An event owed to the gateway, a step of a course by rising position; `delay` is seconds after the one before."""

    message_id: Code
    course: Code
    position: int
    system: System
    dossier_code: Code
    step: Code
    delay: float
    state: AnswerState = AnswerState.WAITING
    attempts: int = 0
    problem: str | None = None


class DossierBook(Model):
    """Everything the simulated systems know of one dossier."""

    dossier_code: Code
    offset_seconds: float | None
    intakes: tuple[Intake, ...]
    registrations: tuple[Registration, ...]
    follow_ups: tuple[FollowUpTaken, ...]
    replaced: tuple[DocumentReplaced, ...]
    notices: tuple[Delivery, ...]
    results: tuple[Delivery, ...]
    paper_orders: tuple[Delivery, ...]
    statuses: tuple[StatusTaken, ...]
    people: tuple[PeopleAsked, ...]
    notices_asked: tuple[NoticeAsked, ...]
    consents: tuple[ConsentAsked, ...]
    payment_requests: tuple[PaymentAsked, ...]
    payments: tuple[Payment, ...]
    requests: tuple[RequestSeen, ...]
    answers: tuple[Answer, ...]


class SystemSummary(Model):
    """One system's counts."""

    requests: int = 0
    repeats: int = 0
    intakes: int = 0
    registrations: int = 0
    deliveries: int = 0
    answers: Mapping[AnswerState, int] = {}


class BookSummary(Model):
    """The whole book in numbers."""

    dossiers: tuple[Code, ...]
    systems: dict[System, SystemSummary]
