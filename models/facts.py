"""Facts that come in from outside: agency events, VNeID consents, payments, documents. One contract for all ways in.

CloudEvents through the gateway, scripts and plain Temporal signals all carry these models.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from models.base import Code, Instant, LongText, Model, Text
from models.documents import Document
from models.identity import PersonalId
from models.statuses import Status
from models.systems import System


class FactRefusal(StrEnum):
    """Why a fact is not accepted. These are also the error types a sender sees; they carry no personal data."""

    MALFORMED = "malformed"
    UNKNOWN_KIND = "unknown_kind"
    UNKNOWN_DOSSIER = "unknown_dossier"
    WRONG_DOSSIER = "wrong_dossier"
    UNKNOWN_LEG = "unknown_leg"
    WRONG_SENDER = "wrong_sender"
    WRONG_PERSON = "wrong_person"
    ALREADY_ANSWERED = "already_answered"
    OUT_OF_TURN = "out_of_turn"
    ENDED = "ended"
    IN_FUTURE = "in_future"
    NOT_PERMITTED = "not_permitted"
    NOT_AWAITED = "not_awaited"
    WRONG_AMOUNT = "wrong_amount"
    MESSAGE_REUSED = "message_reused"


class FactRefused(Exception):
    """The fact is wrong; `reason` says how, `text` explains it in Vietnamese without personal data."""

    def __init__(self, reason: FactRefusal, text: str) -> None:
        super().__init__(text)
        self.reason = reason
        self.text = text


class Received(Model):
    """The agency has the dossier (tiếp nhận). `at` is the receipt it states; `agency_code` its own dossier code."""

    kind: Literal["received"] = "received"
    at: Instant
    agency_code: Code | None = None


class PassedOn(Model):
    """The provincial system handed the dossier to the civil-status software (phần mềm hộ tịch), received `at`."""

    kind: Literal["passed_on"] = "passed_on"
    at: Instant


class Verification(Model):
    """The agency must verify (thông báo xác minh); the limit becomes the verification limit.

    `text`, at most 2,000 characters, becomes part of the cause in the leg's clock.
    """

    kind: Literal["verification"] = "verification"
    at: Instant
    text: Annotated[LongText, Field(max_length=2000)]


class Decided(Model):
    """The procedure is done (đã giải quyết): number, results, and the identity number where it assigns one."""

    kind: Literal["decided"] = "decided"
    at: Instant
    number: Code
    identity_number: PersonalId | None = None
    documents: tuple[Document, ...] = ()


class ResultDocument(Model):
    """A result that follows its decision (bản điện tử đến sau), such as the signed e-birth-certificate."""

    kind: Literal["result_document"] = "result_document"
    at: Instant
    documents: tuple[Document, ...] = Field(min_length=1)


class Refused(Model):
    """The agency refuses (từ chối giải quyết): code, field or document concerned, legal basis and text are all owed."""

    kind: Literal["refused"] = "refused"
    at: Instant
    reason_code: Code
    concerns: Text
    legal_basis: LongText
    text: LongText


AgencyFact = Annotated[
    Received | PassedOn | Verification | Decided | ResultDocument | Refused, Field(discriminator="kind")
]


class AgencyEvent(Model):
    """Something an agency says about its own leg. Both dossier codes travel with it once the province has given one."""

    message_id: Code
    source: System
    dossier_code: Code
    provincial_code: Code | None = None
    leg: Code
    status: Status | None = None
    fact: AgencyFact


class Answer(StrEnum):
    """The answer to a consent request."""

    GRANTED = "granted"
    DECLINED = "declined"


class ConsentAnswer(Model):
    """A person's answer in VNeID (xác nhận trên ứng dụng VNeID)."""

    message_id: Code
    dossier_code: Code
    leg: Code
    personal_id: PersonalId
    answer: Answer
    at: Instant


class PaymentConfirmed(Model):
    """The payment platform's confirmation, amount in đồng (biên lai thanh toán)."""

    message_id: Code
    dossier_code: Code
    amount_vnd: int = Field(ge=0)
    receipt_number: Code
    at: Instant


class DocumentsSupplied(Model):
    """Attachments the citizen adds to a dossier that waits for them (bổ sung giấy tờ)."""

    message_id: Code
    dossier_code: Code
    documents: tuple[Document, ...] = Field(min_length=1)
    at: Instant


InboundFact = AgencyEvent | ConsentAnswer | PaymentConfirmed | DocumentsSupplied


class FactKind(StrEnum):
    """The ways in: each is a Temporal update and a signal of that name."""

    AGENCY_EVENT = "agency_event"
    VNEID_CONSENT = "vneid_consent"
    PAYMENT = "payment"
    DOCUMENTS = "documents"

    @property
    def model(self) -> type[InboundFact]:
        return _MODELS[self]


_MODELS: dict[FactKind, type[InboundFact]] = {
    FactKind.AGENCY_EVENT: AgencyEvent,
    FactKind.VNEID_CONSENT: ConsentAnswer,
    FactKind.PAYMENT: PaymentConfirmed,
    FactKind.DOCUMENTS: DocumentsSupplied,
}


def kind_of(fact: InboundFact) -> FactKind:
    """The way in that carries this fact."""
    return next(kind for kind, model in _MODELS.items() if isinstance(fact, model))


class Accepted(Model):
    """What a sender gets for an accepted fact. `repeated`: the same message had been accepted before."""

    message_id: Code
    text: LongText
    repeated: bool = False
