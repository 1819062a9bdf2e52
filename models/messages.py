"""What we send: one contract per kind of exchange (REQUIREMENTS §3). Adapters turn it into a system's wire format.

Every message carries both dossier codes (LAW C.1) and a business idempotency key made in the workflow from
`dossier:leg:step:revision`, never from an activity or run id.
"""

from enum import StrEnum
from typing import Self

from models.address import Address
from models.base import Code, Instant, LongText, MessageKey, Model, NoticeText, Text
from models.declaration import Declaration
from models.documents import Document, DocumentKind, Sha256
from models.dossier import Attestation, Evidence, Fee
from models.facts import AgencyEvent
from models.form_facts import PersonNamed, PersonRole
from models.groups import Group
from models.identity import BirthNoticeNumber, DeathNoticeNumber, PersonalId
from models.labelled import Labelled
from models.plan import AskedPerson
from models.signatures import SignatureOutcome
from models.statuses import Status
from models.systems import System


class Head(Model):
    """The head of every message. `sent_at` is legal time; `provincial_code` is the province's code, once known."""

    key: MessageKey
    dossier_code: Code
    provincial_code: Code | None = None
    procedure_code: Code
    sent_at: Instant


class ConsentEvidence(Model):
    """Proof of one consent, handed to the agency that needs it (thông tin xác nhận qua ứng dụng VNeID).

    Of weaker evidence the paper is `proof`, one of the message's documents; `attested_by` took the answer at a desk.
    """

    personal_id: PersonalId
    roles: tuple[PersonRole, ...]
    granted_at: Instant
    evidence: Evidence = Evidence.VNEID
    proof: Document | None = None
    attested_by: Attestation | None = None


class LegMessage(Model):
    """A dossier part for one agency: the form, attachments, earlier results, consents (hồ sơ điện tử)."""

    head: Head
    system: System
    leg: Code
    agency: Text
    declaration: Declaration
    documents: tuple[Document, ...] = ()
    registration_number: Code | None = None
    identity_number: PersonalId | None = None
    consents: tuple[ConsentEvidence, ...] = ()


class LegOrder(Model):
    """The order to send a part: everything of its `LegMessage` but the form, which the ledger has.

    `revision` is the ledger's of the form (0: as opened), `supplied` are attachments the citizen has added since,
    `withheld` the kinds of attachment that other agencies need and this one does not.
    """

    head: Head
    system: System
    leg: Code
    agency: Text
    revision: int = 0
    supplied: tuple[Document, ...] = ()
    withheld: tuple[DocumentKind, ...] = ()
    results: tuple[Document, ...] = ()
    registration_number: Code | None = None
    identity_number: PersonalId | None = None
    consents: tuple[ConsentEvidence, ...] = ()

    def message(self, form: Declaration) -> LegMessage:
        """The part as its agency gets it, with the form as the ledger has it."""
        attached = (file for file in (*form.attachments, *self.supplied) if file.kind not in self.withheld)
        seen = form.model_copy(update={"attachments": tuple(attached)}).seen_by(self.system)
        return LegMessage(
            head=self.head,
            system=self.system,
            leg=self.leg,
            agency=self.agency,
            declaration=seen,
            documents=(*seen.attachments, *self.results, *dict.fromkeys(c.proof for c in self.consents if c.proof)),
            registration_number=self.registration_number,
            identity_number=self.identity_number,
            consents=self.consents,
        )


class FollowUpKind(Labelled):
    """What we tell an agency about a part it already has."""

    SUPPLEMENT = "supplement", "giấy tờ, thông tin bổ sung theo yêu cầu"
    CORRECTION = "correction", "thông tin trên tờ khai đã được đính chính"
    REPLACEMENT = "replacement", "bản điện tử thay thế bản đã gửi"
    WITHDRAWAL = "withdrawal", "công dân rút hồ sơ"
    NOT_SUPPLEMENTED = "not_supplemented", "công dân không bổ sung trong thời hạn"
    GROUNDS_DEMANDED = "grounds_demanded", "đề nghị nêu lý do theo mẫu"
    TO_COMPLETE = "to_complete", "đề nghị cơ quan hoàn thiện giấy tờ thuộc trách nhiệm của mình"
    COMPLETED = "completed", "giấy tờ do cơ quan có trách nhiệm hoàn thiện"
    RESULT_ASKED = "result_asked", "đề nghị gửi bản điện tử còn thiếu"
    REMINDER = "reminder", "nhắc sắp đến hạn"
    OVERDUE = "overdue", "thông báo quá hạn"
    APPOINTMENT = "appointment", "hẹn lại ngày trả kết quả"
    CANCELLATION = "cancellation", "hồ sơ bị hủy theo quyết định của cơ quan có thẩm quyền"


class FieldChange(Model):
    """One field of the form that now says something else, or (None) nothing; `label` is its Vietnamese name."""

    path: Code
    label: Text
    value: str | None


class FollowUp(Model):
    """Something more about a part that an agency already has (REQUIREMENTS §§6.8, 6.9, 7).

    `agency_code` is the agency's own code of the part, `registration_number` that of the earlier registration it rests
    on or, towards the registrar, of the registration asked about. `text` is Vietnamese, for the official who reads it.
    A supplement's reply says when it was received; of all others only that they were taken. `consents` are those that a
    supplement has made necessary.
    """

    head: Head
    system: System
    leg: Code
    kind: FollowUpKind
    text: LongText
    agency_code: Code | None = None
    registration_number: Code | None = None
    documents: tuple[Document, ...] = ()
    changes: tuple[FieldChange, ...] = ()
    consents: tuple[ConsentEvidence, ...] = ()


class LegQuery(Model):
    """A look-up at an agency of what became of a part it has taken."""

    head: Head
    group: Group
    system: System
    leg: Code
    agency_code: Code | None = None


class LegFound(Model):
    """What the look-up found, in the order in which the agency says it: the facts it has stated or meant to state."""

    events: tuple[AgencyEvent, ...] = ()


class Sent(Model):
    """What the system answered to a message it took.

    `receipt_at` is the receipt it states, if it states one; `receipt_follows` means that it will state one by event.
    """

    receipt_at: Instant | None = None
    receipt_follows: bool = False
    agency_code: Code | None = None


class ConsentMessage(Model):
    """A request for one person's consent in VNeID, to be answered by the end of `answer_by`.

    `subject_name` is the child or the deceased; `about` says to what they agree, where it is not the leg as a whole,
    `representative` to whom, where the form names somebody.
    """

    head: Head
    leg: Code
    leg_name: Text
    about: LongText | None = None
    representative: Text | None = None
    subject_name: Text
    person: AskedPerson
    answer_by: Instant


class PaymentMessage(Model):
    """A request for payment on the national payment platform, to be paid by the end of `pay_by`."""

    head: Head
    fee: Fee
    payer_personal_id: PersonalId
    pay_by: Instant


class NoticeQuery(Model):
    """A look-up of a birth or death notice (giấy chứng sinh, giấy báo tử) by its number."""

    head: Head
    group: Group
    number: BirthNoticeNumber | DeathNoticeNumber


class NoticeState(Labelled):
    """What the look-up found. What each changes for the citizen is data (`models.notice_checks`)."""

    NOT_FOUND = "not_found", "không tìm thấy"
    UNSIGNED = "unsigned", "bản điện tử chưa ký số"
    UNVERIFIABLE = "unverifiable", "không kiểm tra được chữ ký số của bản điện tử"
    BROKEN = "broken", "chữ ký số không khớp với nội dung bản điện tử"
    UNTRUSTED = "untrusted", "chứng thư số ký bản điện tử không được tin cậy"
    GOOD = "good", "bản điện tử có chữ ký số hợp lệ"

    @classmethod
    def of(cls, outcome: SignatureOutcome) -> Self:
        """The state of a notice that was found and whose signature is worth that."""
        return cls("unsigned" if outcome is SignatureOutcome.NONE else outcome.value)

    def words(self, notice: DocumentKind) -> str:
        """What was found of that notice."""
        return f"{notice.label}: {self.label}"


class NoticeAnswer(Model):
    """The answer to the look-up. A `usable` notice spares the citizen the substitute documents.

    `told` is what the citizen is told of one that is not, `warning` what the operator is; neither names anybody.
    `facility` is the facility's code as the gateway named it.
    """

    state: NoticeState
    usable: bool
    told: LongText | None = None
    warning: LongText | None = None
    facility: Code | None = None


class PeopleQuery(Model):
    """People of one form to validate against the national population database (CSDL quốc gia về dân cư)."""

    head: Head
    people: tuple[PersonNamed, ...]


class PersonMatch(StrEnum):
    """Whether name and number belong together."""

    MATCH = "match"
    MISMATCH = "mismatch"
    NOT_FOUND = "not_found"


class PeopleAnswer(Model):
    """One answer per person asked, in the same order."""

    matches: tuple[PersonMatch, ...]


class DispatchKind(StrEnum):
    """What an outbox row carries."""

    NOTICE = "notice"
    STATUS = "status"
    RESULT = "result"
    PAPER_ORDER = "paper_order"
    FOLLOW_UP = "follow_up"


class Dispatch(Model):
    """One thing to send on one channel, kept in the outbox until the channel has taken it (thông báo, kết quả).

    `recipient` is the applicant's phone number (sms) or personal number (all others); `address` is for paper by post.
    `supersedes` is the digest of the version that `document` replaces: only the new one is valid from now on. A
    follow-up goes to the agency that has the leg; its head is the dispatch's own.
    """

    head: Head
    channel: System
    kind: DispatchKind
    recipient: Code
    address: Address | None = None
    text: NoticeText | None = None
    status: Status | None = None
    document: Document | None = None
    document_kind: DocumentKind | None = None
    supersedes: Sha256 | None = None
    follow_up: FollowUp | None = None
