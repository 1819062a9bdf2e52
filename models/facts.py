"""Facts that come in from outside: agency events, VNeID consents, payments, documents. One contract for all ways in.

CloudEvents through the gateway, scripts and plain Temporal signals all carry these models.
"""

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from models.base import Code, Instant, LongText, MessageKey, Model, Statement
from models.documents import Document, Sha256
from models.identity import PersonalId
from models.labelled import Labelled
from models.operators import OperatorId
from models.statuses import Status
from models.systems import System

MAX_CONCERNS = 20
"""How many documents, and how many fields, one demand may name."""

Reason = Annotated[LongText, Field(max_length=2000)]
"""Why an agency or a citizen does something, at most 2,000 characters: it becomes part of longer texts."""


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
    NOTHING_OWED = "nothing_owed"
    ALREADY_PAID = "already_paid"
    GROUNDS_MISSING = "grounds_missing"
    FORBIDDEN_DOCUMENT = "forbidden_document"
    CONTRADICTS = "contradicts"
    MESSAGE_REUSED = "message_reused"
    BADLY_SIGNED = "badly_signed"
    SET_ASIDE = "set_aside"
    """Not the dossier's answer but an operator's, about a message that nobody could read or deliver."""

    @property
    def final(self) -> bool:
        """Whether the same message can never be right; one out of turn is judged anew when it comes again [choice]."""
        return self not in (FactRefusal.OUT_OF_TURN, FactRefusal.IN_FUTURE)


class FactRefused(Exception):
    """The fact is wrong; `reason` says how, `text` explains it in Vietnamese without personal data.

    `repeated`: this very message was refused before, on record, and gets the same answer.
    """

    def __init__(self, reason: FactRefusal, text: str, *, repeated: bool = False) -> None:
        super().__init__(text)
        self.reason = reason
        self.text = text
        self.repeated = repeated


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
    text: Reason


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


class Demand(Model):
    """What an agency wants of the citizen or refuses, with its grounds as stated.

    Reason code, field (a path of the form) or document concerned, legal basis and text are all owed; the return gate
    (`models.gate`) judges them, so none is required here: a demand without them is refused by name, not as malformed.
    At most 20 documents and 20 fields.
    """

    at: Instant
    reason_code: Code | None = None
    documents: Annotated[tuple[Code, ...], Field(max_length=MAX_CONCERNS)] = ()
    fields: Annotated[tuple[Code, ...], Field(max_length=MAX_CONCERNS)] = ()
    legal_basis: LongText | None = None
    text: LongText | None = None


class SupplementRequested(Demand):
    """The agency asks the citizen to add or correct something (yêu cầu bổ sung, hoàn thiện hồ sơ)."""

    kind: Literal["supplement_requested"] = "supplement_requested"


class Returned(Demand):
    """The agency gives the dossier back (trả lại hồ sơ). Grounds that can be cured make it a supplement request."""

    kind: Literal["returned"] = "returned"


class Refused(Demand):
    """The agency refuses (từ chối giải quyết)."""

    kind: Literal["refused"] = "refused"


class Unclassified(Model):
    """Free text of an agency whose wire carries no grounds (LAW §F): it never moves the dossier by itself.

    The reason is demanded once; then an operator classifies the message on record.
    """

    kind: Literal["unclassified"] = "unclassified"
    at: Instant
    text: LongText


class Corrected(Model):
    """A result issued anew in place of the one handed over before (bản thay thế); `text` says why."""

    kind: Literal["corrected"] = "corrected"
    at: Instant
    documents: tuple[Document, ...] = Field(min_length=1)
    number: Code | None = None
    text: LongText | None = None


class Acknowledged(Model):
    """The agency has put a corrected document (`sha256`) in the place of the old one (xác nhận đã thay bản cũ)."""

    kind: Literal["acknowledged"] = "acknowledged"
    at: Instant
    sha256: Sha256


AgencyFact = Annotated[
    Received
    | PassedOn
    | Verification
    | Decided
    | ResultDocument
    | SupplementRequested
    | Returned
    | Refused
    | Unclassified
    | Corrected
    | Acknowledged,
    Field(discriminator="kind"),
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
    UNREACHABLE = "unreachable"
    """VNeID's own answer, not the person's: they have no account there, so the written agreement is offered at once."""


class ConsentAnswer(Model):
    """A person's answer in VNeID (xác nhận trên ứng dụng VNeID)."""

    message_id: Code
    dossier_code: Code
    leg: Code
    personal_id: PersonalId
    answer: Answer
    at: Instant


class PaymentConfirmed(Model):
    """The payment platform's confirmation, amount in đồng, and its e-receipt (biên lai điện tử).

    A receipt that was not ready at once follows in a second message with the same receipt number and amount.
    """

    message_id: Code
    dossier_code: Code
    amount_vnd: int = Field(ge=0)
    receipt_number: Code
    receipt: Document | None = None
    at: Instant


class DocumentsSupplied(Model):
    """Attachments the citizen adds to a dossier that waits for them before it is sent (bổ sung giấy tờ)."""

    message_id: Code
    dossier_code: Code
    documents: tuple[Document, ...] = Field(min_length=1)
    at: Instant


class SupplementProvided(Model):
    """What an agency asked the citizen for in one leg: documents, corrected fields of the form by path, or both."""

    message_id: Code
    dossier_code: Code
    leg: Code
    documents: tuple[Document, ...] = ()
    corrections: Annotated[Mapping[Code, Annotated[str, Field(max_length=2000)]], Field(max_length=50)] = {}
    at: Instant


class AgreementProvided(Model):
    """A signed agreement in place of consents in VNeID (văn bản đồng ý); `signed_by` are those asked who signed it."""

    message_id: Code
    dossier_code: Code
    leg: Code
    signed_by: tuple[PersonalId, ...] = Field(min_length=1)
    document: Document
    at: Instant


class AttestedConsent(Model):
    """The answer of a person without a smartphone, taken at a desk by an official: weaker evidence than VNeID's.

    `official` is the official's code at `office`; `attestation` is the record both signed.
    """

    message_id: Code
    dossier_code: Code
    leg: Code
    personal_id: PersonalId
    answer: Literal[Answer.GRANTED, Answer.DECLINED]
    official: Code
    office: Code
    attestation: Document
    at: Instant


class Withdrawal(Model):
    """The applicant withdraws the dossier (rút hồ sơ)."""

    message_id: Code
    dossier_code: Code
    personal_id: PersonalId
    reason: Reason | None = None
    at: Instant


class ClassifiedAs(Labelled):
    """What an operator may find in an agency's free text."""

    SUPPLEMENT = "supplement", "yêu cầu bổ sung"
    REFUSAL = "refusal", "từ chối"
    NO_ACTION = "no_action", "không phải làm gì"


class OperatorAct(Model):
    """Something a person of ours does to a dossier, on record: who (`operator`), why, and when by their own word."""

    message_id: Code
    dossier_code: Code
    operator: OperatorId
    because: Statement
    at: Instant


class ActOnLeg(OperatorAct):
    """One that is about a single leg."""

    leg: Code


class Classification(ActOnLeg):
    """An operator's reading of an unclassified message (`of`), on record; its grounds pass the return gate as any."""

    of: Code
    found: ClassifiedAs
    reason_code: Code | None = None
    documents: Annotated[tuple[Code, ...], Field(max_length=MAX_CONCERNS)] = ()
    fields: Annotated[tuple[Code, ...], Field(max_length=MAX_CONCERNS)] = ()
    legal_basis: LongText | None = None
    text: LongText | None = None


class OverdueChoice(StrEnum):
    """What an operator may decide about a leg 60 working days overdue (REQUIREMENTS §6.8)."""

    WAIT_ON = "wait_on"
    END_LEG = "end_leg"


class OverdueDecision(ActOnLeg):
    """An operator's recorded decision about a leg long overdue."""

    choice: OverdueChoice


class NewAppointment(ActOnLeg):
    """A new date promised to the citizen for a leg (hẹn lại). A promise: the legal due date stays as the law says."""

    appointment: Instant


PaperFact = Annotated[
    Received | Verification | Decided | SupplementRequested | Returned | Refused, Field(discriminator="kind")
]
"""What an agency may answer on paper; an electronic result is none."""


class PaperAnswer(ActOnLeg):
    """An agency's answer that came on paper, as an operator enters it; `scans` are the evidence.

    Documents of a decision are scans too: what they lack of signatures was found where they came in (`Document.seal`).
    """

    answer: PaperFact
    scans: tuple[Document, ...] = Field(min_length=1, max_length=MAX_CONCERNS)


class Cancellation(OperatorAct):
    """The authority ends the dossier (hủy hồ sơ theo quyết định của cơ quan có thẩm quyền): what is unfinished."""


class GoOnWithoutCertificate(ActOnLeg):
    """A leg goes on without the certificate it waits for, which is lost or late: the registration is attested instead.

    `official` is the official's code at `office`, who signed the attestation of the registration.
    """

    official: Code
    office: Code
    attestation: Document


class Resend(OperatorAct):
    """What a system has not taken is sent again at once: all of it, what is about that leg, or the message of that key.

    By key also a notice that waits in the outbox.
    """

    leg: Code | None = None
    key: MessageKey | None = None


class PackMigration(OperatorAct):
    """The dossier goes on under another law pack; what has begun keeps its course (REQUIREMENTS §9, §10)."""

    pack: Code


InboundFact = (
    AgencyEvent
    | ConsentAnswer
    | PaymentConfirmed
    | DocumentsSupplied
    | SupplementProvided
    | AgreementProvided
    | AttestedConsent
    | Withdrawal
    | Classification
    | OverdueDecision
    | NewAppointment
    | PaperAnswer
    | Cancellation
    | GoOnWithoutCertificate
    | Resend
    | PackMigration
)


class FactKind(Labelled):
    """The ways in: each is a Temporal update and a signal of that name."""

    AGENCY_EVENT = "agency_event", "tin của cơ quan"
    VNEID_CONSENT = "vneid_consent", "trả lời trên VNeID"
    PAYMENT = "payment", "xác nhận nộp lệ phí"
    DOCUMENTS = "documents", "giấy tờ công dân nộp"
    SUPPLEMENT = "supplement", "bổ sung của công dân"
    AGREEMENT = "agreement", "văn bản đồng ý"
    ATTESTED_CONSENT = "attested_consent", "ý kiến được ghi nhận tại quầy"
    WITHDRAWAL = "withdrawal", "đề nghị rút hồ sơ"
    CLASSIFICATION = "classification", "phân loại tin của cơ quan"
    OVERDUE_DECISION = "overdue_decision", "quyết định về việc quá hạn"
    APPOINTMENT = "appointment", "hẹn lại ngày trả kết quả"
    PAPER_ANSWER = "paper_answer", "nhập trả lời bằng giấy của cơ quan"
    CANCELLATION = "cancellation", "hủy hồ sơ theo quyết định của cơ quan có thẩm quyền"
    GO_ON = "go_on", "không chờ giấy chứng nhận, cho đi tiếp"
    RESEND = "resend", "gửi lại"
    PACK_MIGRATION = "pack_migration", "chuyển sang gói luật khác"

    @property
    def model(self) -> type[InboundFact]:
        return _MODELS[self]


_MODELS: dict[FactKind, type[InboundFact]] = {
    FactKind.AGENCY_EVENT: AgencyEvent,
    FactKind.VNEID_CONSENT: ConsentAnswer,
    FactKind.PAYMENT: PaymentConfirmed,
    FactKind.DOCUMENTS: DocumentsSupplied,
    FactKind.SUPPLEMENT: SupplementProvided,
    FactKind.AGREEMENT: AgreementProvided,
    FactKind.ATTESTED_CONSENT: AttestedConsent,
    FactKind.WITHDRAWAL: Withdrawal,
    FactKind.CLASSIFICATION: Classification,
    FactKind.OVERDUE_DECISION: OverdueDecision,
    FactKind.APPOINTMENT: NewAppointment,
    FactKind.PAPER_ANSWER: PaperAnswer,
    FactKind.CANCELLATION: Cancellation,
    FactKind.GO_ON: GoOnWithoutCertificate,
    FactKind.RESEND: Resend,
    FactKind.PACK_MIGRATION: PackMigration,
}


def digest_of(fact: InboundFact) -> str:
    """What tells a repeated message from another one under the same id.

    What its papers' signatures are worth is our finding, not the sender's word: it may differ when the same message
    comes again, after a list of revocations for example. So may the hour an operator states, which is that of the
    command.
    """
    findings: dict[str, Any] = {"at": True} if isinstance(fact, OperatorAct) else {}
    if isinstance(fact, AgencyEvent | PaperAnswer):
        said = "fact" if isinstance(fact, AgencyEvent) else "answer"
        findings[said] = {"documents": {"__all__": {"seal"}}}
    return hashlib.sha256(fact.model_dump_json(exclude=findings).encode()).hexdigest()


def pack_gone_over_to(fact: InboundFact | OperatorAct | None) -> Code | None:
    """The law pack that an act moves the dossier to; None for all others."""
    return fact.pack if isinstance(fact, PackMigration) else None


def kind_of(fact: InboundFact | OperatorAct) -> FactKind:
    """The way in that carries this fact."""
    return next(kind for kind, model in _MODELS.items() if isinstance(fact, model))


def kind_words(kind: Code) -> str:
    """What operators read of the kind of a message; one that is no way in may have any word for its kind."""
    return FactKind(kind).label if kind in set(FactKind) else "thông điệp khác"


TAKEN = "Đã ghi nhận."
"""What is said of a fact that was accepted."""


class Accepted(Model):
    """What a sender gets for an accepted fact. `repeated`: the same message had been accepted before."""

    message_id: Code
    text: LongText
    repeated: bool = False
