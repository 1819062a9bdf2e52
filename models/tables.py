"""The ledger's tables (sổ hồ sơ): columns for what is asked of them, JSON of domain models for what is only shown.

Instants are stored as UTC and come back zone-aware; words of our vocabularies are stored as text, so that a new word
needs no migration. Lengths follow `models.base`. What is personal, or may quote somebody, is kept sealed (`Personal`).
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from models.acts import Act
from models.clock import ClockEntry, ClockEntryKind, Due, Timeliness
from models.declaration import Declaration
from models.documents import Document, DocumentKind, MediaType
from models.dossier import ConsentState, DossierOutcome, DossierStage, Fee, Leg, LegOutcome, LegStage, OwedDuty
from models.facts import FactRefusal
from models.gate import DemandKind, Fault
from models.groups import Group
from models.inbox import Hindrance
from models.messages import Dispatch, DispatchKind, NoticeState, Sent
from models.personal import Personal, PersonalText
from models.plan import Plan
from models.publication import StatusEvent
from models.replacement import Replacement
from models.statuses import Status, StatusSystem
from models.systems import System
from models.trouble import Trouble

_Word = TypeVar("_Word", bound=StrEnum)
_Value = TypeVar("_Value")


class UtcInstant(TypeDecorator[datetime]):
    """A zone-aware instant, kept as UTC where the database keeps no zone; naive datetimes are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.utcoffset() is None:
            raise ValueError(f"an instant needs a zone: {value.isoformat()}")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Word(TypeDecorator[_Word], Generic[_Word]):
    """A word of one of our vocabularies, as text."""

    impl = String(40)
    cache_ok = True

    def __init__(self, words: type[_Word]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: _Word | None, dialect: Dialect) -> str | None:
        return None if value is None else value.value

    def process_result_value(self, value: str | None, dialect: Dialect) -> _Word | None:
        return None if value is None else self.words(value)


class Shown(TypeDecorator[_Value], Generic[_Value]):
    """A domain value kept as JSON, validated again when it is read. Nothing personal."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def __init__(self, of: Any) -> None:
        super().__init__()
        self.of = of
        self._adapter: TypeAdapter[_Value] = TypeAdapter(of)

    def process_bind_param(self, value: _Value | None, dialect: Dialect) -> Any:
        return None if value is None else self._adapter.dump_python(value, mode="json")

    def process_result_value(self, value: Any, dialect: Dialect) -> _Value | None:
        return None if value is None else self._adapter.validate_python(value)


_KEY = String(80)
_MESSAGE_KEY = String(200)
_RUNNING_NUMBER = BigInteger().with_variant(Integer, "sqlite")


class Table(SQLModel):
    """What all tables share: one metadata, and constraint names that do not depend on the database."""

    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class DossierRow(Table, table=True):
    """Hồ sơ: one dossier. `subject_claim` is free again once it ends without birth or death being registered.

    `untraced` says of one opened before there was an audit trail that it need not be on it.
    """

    __tablename__ = "dossiers"
    __table_args__ = (Index(None, "stage", "province_code", "opened_at"),)

    code: str = Field(primary_key=True, sa_type=_KEY)
    submission_key: str = Field(sa_type=_KEY, unique=True)
    content_key: str = Field(sa_type=_KEY)
    subject_claim: str | None = Field(default=None, sa_type=_KEY, unique=True)
    applicant_key: str = Field(sa_type=_KEY)
    group: Group = Field(sa_type=Word(Group))
    province_code: str = Field(sa_type=_KEY, index=True)
    pack: str | None = Field(default=None, sa_type=_KEY)
    declaration: Declaration = Field(sa_type=Personal(Declaration))
    plan: Plan | None = Field(default=None, sa_type=Personal(Plan))
    plan_sequence: int | None = None
    stage: DossierStage = Field(default=DossierStage.INTAKE, sa_type=Word(DossierStage))
    outcome: DossierOutcome | None = Field(default=None, sa_type=Word(DossierOutcome))
    provincial_code: str | None = Field(default=None, sa_type=_KEY, index=True)
    sequence: int | None = None
    due_at: datetime | None = Field(default=None, sa_type=UtcInstant(), index=True)
    due: Due | None = Field(default=None, sa_type=Personal(Due))
    expected_at: datetime | None = Field(default=None, sa_type=UtcInstant())
    expected: Due | None = Field(default=None, sa_type=Personal(Due))
    timeliness: Timeliness | None = Field(default=None, sa_type=Word(Timeliness))
    fee: Fee = Field(default=Fee(), sa_type=Personal(Fee))
    warnings: tuple[str, ...] = Field(default=(), sa_type=Personal(tuple[str, ...]))
    duties: tuple[OwedDuty, ...] | None = Field(default=None, sa_type=Personal(tuple[OwedDuty, ...]))
    troubles: tuple[Trouble, ...] | None = Field(default=None, sa_type=Personal(tuple[Trouble, ...]))
    acts: tuple[Act, ...] | None = Field(default=None, sa_type=Personal(tuple[Act, ...]))
    opened_at: datetime = Field(sa_type=UtcInstant(), index=True)
    started: bool = Field(default=False, index=True)
    concluded_at: datetime | None = Field(default=None, sa_type=UtcInstant())
    untraced: bool | None = None


class DossierKeyRow(Table, table=True):
    """Khóa của hồ sơ: the seed its keys are derived from; none once its data was destroyed on purpose.

    Without it nobody reads anything personal of the dossier again in this database or in Temporal. Copies of this table
    made before still have it, and documents are not under it.
    """

    __tablename__ = "dossier_keys"

    dossier_code: str = Field(primary_key=True, sa_type=_KEY, foreign_key="dossiers.code")
    seed: bytes | None = Field(default=None, sa_type=LargeBinary())
    erased_at: datetime | None = Field(default=None, sa_type=UtcInstant())


class MasterKeyRow(Table, table=True):
    """Khóa chủ đã dùng: a master key by which something was sealed, and what tells it from another of the same id."""

    __tablename__ = "master_keys"

    key_id: str = Field(primary_key=True, sa_type=_KEY)
    check_value: str = Field(sa_type=_KEY)


class FamilyClaimRow(Table, table=True):
    """Người có thể là một (con cùng cha, mẹ, cùng ngày sinh; người chết trùng tên): a dossier by its `family_keys`.

    Those who share one are numbered. Of two that take the same number at once one fails, and then sees the other.
    """

    __tablename__ = "family_claims"

    key: str = Field(primary_key=True, sa_type=_KEY)
    number: int = Field(primary_key=True)
    dossier_code: str = Field(sa_type=_KEY, foreign_key="dossiers.code", index=True)


class NotDuplicateRow(Table, table=True):
    """Quyết định không trùng: why an operator says that it is about another person than the other dossier."""

    __tablename__ = "not_duplicates"

    dossier_code: str = Field(primary_key=True, sa_type=_KEY, foreign_key="dossiers.code")
    other_code: str = Field(primary_key=True, sa_type=_KEY, foreign_key="dossiers.code")
    reason: str = Field(sa_type=PersonalText())
    at: datetime = Field(sa_type=UtcInstant())


class DossierNumberRow(Table, table=True):
    """Số thứ tự hồ sơ trong ngày: the last running number given out under a prefix on a legal day."""

    __tablename__ = "dossier_numbers"

    prefix: str = Field(primary_key=True, sa_type=_KEY)
    day: date = Field(primary_key=True)
    last: int


class LegRow(Table, table=True):
    """Thủ tục trong nhóm: one leg of a dossier, whole in `state`, as of the publication `sequence`."""

    __tablename__ = "legs"
    __table_args__ = (Index(None, "stage", "due_at"),)

    dossier_code: str = Field(primary_key=True, sa_type=_KEY, foreign_key="dossiers.code")
    key: str = Field(primary_key=True, sa_type=_KEY)
    stage: LegStage = Field(sa_type=Word(LegStage))
    outcome: LegOutcome | None = Field(default=None, sa_type=Word(LegOutcome))
    due_at: datetime | None = Field(default=None, sa_type=UtcInstant())
    expected_at: datetime | None = Field(default=None, sa_type=UtcInstant())
    decided_at: datetime | None = Field(default=None, sa_type=UtcInstant())
    number: str | None = Field(default=None, sa_type=PersonalText())
    timeliness: Timeliness | None = Field(default=None, sa_type=Word(Timeliness))
    state: Leg = Field(sa_type=Personal(Leg))
    sequence: int


class FormRevisionRow(Table, table=True):
    """Tờ khai đính chính: the form as a supplement in `leg` has corrected it; `paths` are the fields that changed.

    The form as submitted is the dossier's own, number 0.
    """

    __tablename__ = "form_revisions"

    dossier_code: str = Field(primary_key=True, sa_type=_KEY, foreign_key="dossiers.code")
    number: int = Field(primary_key=True)
    leg: str = Field(sa_type=_KEY)
    paths: tuple[str, ...] = Field(sa_type=Shown(tuple[str, ...]))
    declaration: Declaration = Field(sa_type=Personal(Declaration))
    at: datetime = Field(sa_type=UtcInstant())


class DemandVerdict(StrEnum):
    """What became of something an agency demanded or wrote."""

    SUPPLEMENT = "supplement"
    REFUSAL = "refusal"
    REFUSED = "refused"
    UNCLASSIFIED = "unclassified"


class DemandRow(Table, table=True):
    """Yêu cầu của cơ quan qua cổng kiểm soát: one demand in a leg, for statistics; the leg's `state` has it in full.

    `position` runs per leg and verdict. `refusal` and `faults` are there for what the gate refused, `reason_code` for
    what it let pass.
    """

    __tablename__ = "demands"
    __table_args__ = (
        ForeignKeyConstraint(["dossier_code", "leg"], ["legs.dossier_code", "legs.key"]),
        Index(None, "verdict", "leg"),
    )

    dossier_code: str = Field(primary_key=True, sa_type=_KEY)
    leg: str = Field(primary_key=True, sa_type=_KEY)
    verdict: DemandVerdict = Field(primary_key=True, sa_type=Word(DemandVerdict))
    position: int = Field(primary_key=True)
    kind: DemandKind | None = Field(default=None, sa_type=Word(DemandKind))
    reason_code: str | None = Field(default=None, sa_type=_KEY)
    refusal: FactRefusal | None = Field(default=None, sa_type=Word(FactRefusal))
    faults: tuple[Fault, ...] = Field(default=(), sa_type=Shown(tuple[Fault, ...]))
    at: datetime = Field(sa_type=UtcInstant())


class ClockEntryRow(Table, table=True):
    """Dòng sổ thời hạn: one line of a clock's ledger, never changed. `clock` is `group` or a leg's key."""

    __tablename__ = "clock_entries"

    dossier_code: str = Field(primary_key=True, sa_type=_KEY, foreign_key="dossiers.code")
    clock: str = Field(primary_key=True, sa_type=_KEY)
    position: int = Field(primary_key=True)
    kind: ClockEntryKind = Field(sa_type=Word(ClockEntryKind))
    at: datetime = Field(sa_type=UtcInstant())
    cause: str = Field(sa_type=PersonalText())
    basis: str = Field(sa_type=PersonalText())
    working_days: int | None = None
    stop: str | None = Field(default=None, sa_type=Text())
    calendar_version: str | None = Field(default=None, sa_type=Text())

    @property
    def entry(self) -> ClockEntry:
        """The line as a value."""
        return ClockEntry(
            kind=self.kind,
            at=self.at,
            cause=self.cause,
            basis=self.basis,
            working_days=self.working_days,
            stop=self.stop,
            calendar_version=self.calendar_version,
        )


class ConsentRow(Table, table=True):
    """Xác nhận đồng ý trên VNeID: one person asked about one leg. `person` is the opaque key of the plan."""

    __tablename__ = "consents"
    __table_args__ = (ForeignKeyConstraint(["dossier_code", "leg"], ["legs.dossier_code", "legs.key"]),)

    dossier_code: str = Field(primary_key=True, sa_type=_KEY)
    leg: str = Field(primary_key=True, sa_type=_KEY)
    person: str = Field(primary_key=True, sa_type=_KEY)
    personal_id: str = Field(sa_type=PersonalText())
    state: ConsentState = Field(sa_type=Word(ConsentState), index=True)
    requested_at: datetime = Field(sa_type=UtcInstant())
    due_at: datetime | None = Field(default=None, sa_type=UtcInstant())
    answered_at: datetime | None = Field(default=None, sa_type=UtcInstant())


class DocumentRow(Table, table=True):
    """Giấy tờ, kết quả điện tử: a document of a dossier by its digest; without a leg it came with the declaration.

    `superseded_at`: since then a newer version is the live one.
    """

    __tablename__ = "documents"
    __table_args__ = (
        ForeignKeyConstraint(["dossier_code", "leg"], ["legs.dossier_code", "legs.key"]),
        UniqueConstraint("dossier_code", "leg", "kind", "sha256"),
    )

    id: int = Field(default=None, primary_key=True, sa_type=_RUNNING_NUMBER)
    dossier_code: str = Field(sa_type=_KEY, foreign_key="dossiers.code", index=True)
    leg: str | None = Field(default=None, sa_type=_KEY)
    kind: DocumentKind = Field(sa_type=Word(DocumentKind))
    sha256: str = Field(sa_type=String(64), index=True)
    size: int
    media_type: MediaType = Field(sa_type=Word(MediaType))
    file_name: str = Field(sa_type=PersonalText())
    at: datetime = Field(sa_type=UtcInstant())
    superseded_at: datetime | None = Field(default=None, sa_type=UtcInstant())

    @property
    def document(self) -> Document:
        """The document as a value."""
        return Document(
            kind=self.kind, sha256=self.sha256, size=self.size, media_type=self.media_type, file_name=self.file_name
        )


class PaperHoldRow(Table, table=True):
    """Ai giữ giấy tờ nào: a content of the document store and what it came with, from before it is stored.

    `holder` is the message that brought it, the key of the look-up that found it, or the leg that names it
    (`ledger.papers`); without a dossier it is just arriving, or left over. No foreign key: a message may name a dossier
    that does not exist.
    """

    __tablename__ = "paper_holds"

    sha256: str = Field(primary_key=True, sa_type=String(64))
    holder: str = Field(primary_key=True, sa_type=_MESSAGE_KEY, index=True)
    dossier_code: str | None = Field(default=None, sa_type=_KEY, index=True)
    at: datetime = Field(sa_type=UtcInstant())


class ReplacementRow(Table, table=True):
    """Bản thay thế: a result issued anew, whole in `state`, as of its workflow's publication `sequence`.

    With a `message_id` it came after the dossier had concluded, and has a workflow of its own.
    """

    __tablename__ = "replacements"
    __table_args__ = (
        ForeignKeyConstraint(["dossier_code", "leg"], ["legs.dossier_code", "legs.key"]),
        Index(None, "unacknowledged", "due_at"),
    )

    dossier_code: str = Field(primary_key=True, sa_type=_KEY, foreign_key="dossiers.code")
    number: int = Field(primary_key=True)
    leg: str = Field(sa_type=_KEY)
    message_id: str | None = Field(default=None, sa_type=_KEY, unique=True)
    started: bool = Field(default=True, index=True)
    unacknowledged: bool
    due_at: datetime | None = Field(default=None, sa_type=UtcInstant())
    state: Replacement = Field(sa_type=Personal(Replacement))
    sequence: int | None = None


class MessageOutRow(Table, table=True):
    """Thông điệp gửi đi: one message to a system by its idempotency key; `reply` once the system took it."""

    __tablename__ = "messages_out"

    key: str = Field(primary_key=True, sa_type=_MESSAGE_KEY)
    dossier_code: str = Field(sa_type=_KEY, foreign_key="dossiers.code", index=True)
    system: System = Field(sa_type=Word(System))
    leg: str | None = Field(default=None, sa_type=_KEY)
    step: str = Field(sa_type=_KEY)
    sent_at: datetime = Field(sa_type=UtcInstant())
    attempts: int = 0
    reply: Sent | None = Field(default=None, sa_type=Personal(Sent))


class MessageInRow(Table, table=True):
    """Thông điệp nhận về: what came in and its verdict (`accepted` is none while it is not settled).

    `digest` tells the same message from another one, and nobody without the master key what is in it
    (`ledger.keys.DossierKeys.fingerprint`). The dossier it names may not exist, so the code is no foreign key.
    `status_token` is known to its sender alone.
    """

    __tablename__ = "messages_in"
    __table_args__ = (Index(None, "status_token", unique=True),)

    message_id: str = Field(primary_key=True, sa_type=_KEY)
    digest: str = Field(sa_type=String(128))
    kind: str = Field(sa_type=_KEY)
    dossier_code: str | None = Field(default=None, sa_type=_KEY, index=True)
    source: str = Field(sa_type=Text())
    arrived_at: datetime = Field(sa_type=UtcInstant())
    accepted: bool | None = None
    reason: FactRefusal | None = Field(default=None, sa_type=Word(FactRefusal))
    text: str | None = Field(default=None, sa_type=PersonalText())
    status_token: str | None = Field(default=None, sa_type=_KEY)


class WaitingMessageRow(Table, table=True):
    """Hộp thư đến: a message whole (`fact`), from its arrival until its dossier has judged it, in order per dossier.

    `update_id` is what Temporal knows the judging by: the same however often it is tried, another one each time the
    message is to be judged anew. `attempts` rises with every lease, and so tells one lease from the next. `promised`:
    its sender was told that it will be delivered.
    """

    __tablename__ = "messages_waiting"
    __table_args__ = (Index(None, "dossier_code", "id"),)

    id: int = Field(default=None, primary_key=True, sa_type=_RUNNING_NUMBER)
    message_id: str = Field(sa_type=_KEY, foreign_key="messages_in.message_id", unique=True)
    dossier_code: str = Field(sa_type=_KEY)
    fact: Mapping[str, Any] = Field(sa_type=Personal(Mapping[str, Any]))
    update_id: str = Field(sa_type=_MESSAGE_KEY)
    since: datetime = Field(sa_type=UtcInstant())
    attempts: int = 0
    promised: bool = False
    next_attempt_at: datetime | None = Field(default=None, sa_type=UtcInstant())
    leased_until: datetime | None = Field(default=None, sa_type=UtcInstant())
    hindrance: Hindrance | None = Field(default=None, sa_type=Word(Hindrance))


class NoticeCheckRow(Table, table=True):
    """Kiểm tra Giấy chứng sinh, Giấy báo tử: what one look-up found, by its idempotency key; `day` is the legal day."""

    __tablename__ = "notice_checks"
    __table_args__ = (Index(None, "day", "facility"),)

    key: str = Field(primary_key=True, sa_type=_MESSAGE_KEY)
    dossier_code: str = Field(sa_type=_KEY, foreign_key="dossiers.code", index=True)
    group: Group = Field(sa_type=Word(Group))
    facility: str | None = Field(default=None, sa_type=_KEY)
    state: NoticeState = Field(sa_type=Word(NoticeState))
    day: date
    at: datetime = Field(sa_type=UtcInstant())
    signed_at: datetime | None = Field(default=None, sa_type=UtcInstant())
    sha256: str | None = Field(default=None, sa_type=String(64))
    says: str | None = Field(default=None, sa_type=PersonalText())


class HeardFactRow(Table, table=True):
    """Tín hiệu đã nghe: a fact that reached the workflow by plain signal, by the publication that told of it."""

    __tablename__ = "heard_facts"

    dossier_code: str = Field(primary_key=True, sa_type=_KEY, foreign_key="dossiers.code")
    sequence: int = Field(primary_key=True)
    position: int = Field(primary_key=True)
    message_id: str = Field(sa_type=_KEY)
    kind: str = Field(sa_type=_KEY)
    at: datetime = Field(sa_type=UtcInstant())
    reason: FactRefusal | None = Field(default=None, sa_type=Word(FactRefusal))
    text: str = Field(sa_type=PersonalText())


class NoticeRow(Table, table=True):
    """Hộp thư đi (thông báo, trạng thái, kết quả): one thing for one channel, sent in order per dossier and channel.

    `attempts` rises with every lease, and so tells one lease from the next.
    """

    __tablename__ = "notices"
    __table_args__ = (
        Index(
            "ix_notices_unsent",
            *("channel", "dossier_code", "id"),
            sqlite_where=text("sent_at IS NULL"),
            postgresql_where=text("sent_at IS NULL"),
        ),
    )

    id: int = Field(default=None, primary_key=True, sa_type=_RUNNING_NUMBER)
    key: str = Field(sa_type=_MESSAGE_KEY, unique=True)
    dossier_code: str = Field(sa_type=_KEY, foreign_key="dossiers.code", index=True)
    channel: System = Field(sa_type=Word(System))
    kind: DispatchKind = Field(sa_type=Word(DispatchKind))
    dispatch: Dispatch = Field(sa_type=Personal(Dispatch))
    attempts: int = 0
    next_attempt_at: datetime | None = Field(default=None, sa_type=UtcInstant())
    leased_until: datetime | None = Field(default=None, sa_type=UtcInstant())
    sent_at: datetime | None = Field(default=None, sa_type=UtcInstant())
    last_error: str | None = Field(default=None, sa_type=Text())


class AuditRow(Table, table=True):
    """Nhật ký kiểm toán: one entry, never changed, never removed; numbers have no gaps.

    Every column is text exactly as it was hashed: `at` in ISO 8601 (UTC), `why` sealed, `detail` in JSON. `previous` is
    the hash of the entry before it, `key_id` the master key that binds the chain (`trust.chain`).
    """

    __tablename__ = "audit_trail"
    __table_args__ = (Index(None, "code", "number"),)

    number: int = Field(primary_key=True, sa_type=_RUNNING_NUMBER, sa_column_kwargs={"autoincrement": False})
    at: str = Field(sa_type=_KEY, index=True)
    who: str = Field(sa_type=_MESSAGE_KEY)
    role: str | None = Field(default=None, sa_type=_KEY)
    what: str = Field(sa_type=_KEY)
    code: str | None = Field(default=None, sa_type=_KEY)
    why: str | None = Field(default=None, sa_type=Text())
    pack: str | None = Field(default=None, sa_type=_KEY)
    detail: str = Field(sa_type=Text())
    key_id: str = Field(sa_type=_KEY)
    previous: str = Field(sa_type=String(64))
    hash: str = Field(sa_type=String(64))


class Direction(StrEnum):
    """Whether a system told us a status, or we tell it."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"


class StatusEventRow(Table, table=True):
    """Trạng thái hồ sơ: a status in one system's numbering; only (`system`, `code`) means anything."""

    __tablename__ = "status_events"
    __table_args__ = (UniqueConstraint("dossier_code", "key"),)

    id: int = Field(default=None, primary_key=True, sa_type=_RUNNING_NUMBER)
    dossier_code: str = Field(sa_type=_KEY, foreign_key="dossiers.code")
    key: str = Field(sa_type=_MESSAGE_KEY)
    system: StatusSystem = Field(sa_type=Word(StatusSystem))
    code: str = Field(sa_type=_KEY)
    direction: Direction = Field(sa_type=Word(Direction))
    leg: str | None = Field(default=None, sa_type=_KEY)
    at: datetime = Field(sa_type=UtcInstant())

    @property
    def event(self) -> StatusEvent:
        """The event as a value."""
        return StatusEvent(
            key=self.key,
            status=Status(system=self.system, code=self.code),
            at=self.at,
            leg=self.leg,
            incoming=self.direction is Direction.INCOMING,
        )
