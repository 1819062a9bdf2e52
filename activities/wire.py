"""What adapters share: the shapes of what they do, documents and times as they travel."""

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Annotated, Any, ClassVar, Protocol, TypeVar, runtime_checkable
from urllib.parse import quote

from pydantic import BaseModel, BeforeValidator, ConfigDict

from activities.http import AgencyClient, AgencyRejected, AgencyUnreadable
from models.base import LEGAL_ZONE, Code, legal
from models.codes import says_nothing
from models.documents import Document, DocumentKind, MediaType
from models.events import CloudEvent, EventType
from models.messages import ConsentEvidence, Dispatch, DispatchKind, FieldChange, FollowUp, LegMessage, LegQuery, Sent

DocumentReader = Callable[[Document], Awaitable[bytes]]
"""Gives the content of a stored document."""

Json = dict[str, Any]

A = TypeVar("A")

MAX_EVENTS_BYTES = 32 * 1024 * 1024
"""How much of the answer to a look-up is read: room for two of the largest documents in base64."""


@runtime_checkable
class AgencyAdapter(Protocol):
    """A system that handles a leg."""

    async def submit(self, message: LegMessage, read: DocumentReader) -> Sent:
        """Hand over a dossier part, exactly once however often it is called. Raises AgencyError."""

    async def follow_up(self, message: FollowUp, read: DocumentReader) -> Sent:
        """Tell more about a part it has, exactly once however often it is called. Raises AgencyError."""

    async def look_up(self, query: LegQuery) -> tuple[CloudEvent, ...]:
        """What the agency says of a part, as the events it owes or has sent. Raises AgencyError.

        Where the wire names no events, their message ids are made of dossier, leg and fact (`looked_up`).
        """


@runtime_checkable
class ChannelAdapter(Protocol):
    """A system that takes what the outbox holds: notices, statuses, results, paper orders."""

    async def dispatch(self, dispatch: Dispatch, read: DocumentReader) -> None:
        """Hand over one dispatch, exactly once however often it is called. Raises AgencyError."""


class _Events(BaseModel):
    model_config = ConfigDict(extra="ignore")

    events: tuple[CloudEvent, ...]


class JsonAgency:
    """An agency that speaks our own contract and honours idempotency keys: parts at `path`, what follows beneath it."""

    path: ClassVar[str]

    def __init__(self, client: AgencyClient) -> None:
        self._client = client

    async def submit(self, message: LegMessage, read: DocumentReader) -> Sent:
        """Send the dossier part. Raises AgencyError."""
        reply = await self._client.post(self.path, await leg_body(message, read), message.head)
        return reply.read(Sent)

    async def follow_up(self, message: FollowUp, read: DocumentReader) -> Sent:
        """Tell more about the part. Raises AgencyError."""
        reply = await self._client.post(f"{self.path}/follow-ups", await leg_body(message, read), message.head)
        return reply.read(Sent)

    async def look_up(self, query: LegQuery) -> tuple[CloudEvent, ...]:
        """Read the events of the part. Raises AgencyError."""
        path = f"{self.path}/{quote(query.head.dossier_code, safe='')}"
        reply = await self._client.get(path, query.head, params={"leg": query.leg}, most=MAX_EVENTS_BYTES)
        return reply.read(_Events).events


class JsonChannel:
    """A channel that takes dispatches as JSON of our own contract and honours idempotency keys."""

    path: ClassVar[str]
    kinds: ClassVar[frozenset[DispatchKind]]

    def __init__(self, client: AgencyClient) -> None:
        self._client = client

    async def dispatch(self, dispatch: Dispatch, read: DocumentReader) -> None:
        """Hand over one dispatch. Raises AgencyError, also for a kind that this channel does not carry."""
        if dispatch.kind not in self.kinds:
            raise not_carried(dispatch)
        reply = await self._client.post(self.path, await dispatch_body(dispatch, read), dispatch.head)
        reply.read(Sent)


def looked_up(
    query: LegQuery, kind: str, at: datetime, provincial_code: str | None = None, **said: object
) -> CloudEvent:
    """A fact found on a wire that has no events, as an event whose message id is the same at every look-up.

    Another paper is another message: a better one must be heard although the first was not taken.
    """
    code = query.head.dossier_code
    papers = said.get("documents")
    mark = f":{hashlib.sha256(repr(papers).encode()).hexdigest()[:8]}" if papers else ""
    return CloudEvent(
        specversion="1.0",
        id=f"{code}:{query.leg}:look_up:{kind}{mark}",
        source=query.system.value,
        type=EventType.AGENCY_EVENT,
        subject=code,
        time=at,
        data={
            "source": query.system.value,
            "provincial_code": provincial_code,
            "leg": query.leg,
            "fact": {"kind": kind, "at": at.isoformat(), **said},
        },
    )


def not_carried(dispatch: Dispatch) -> AgencyRejected:
    """The error for a dispatch on a channel that has no place for its kind."""
    return AgencyRejected("kênh này không chuyển loại thông điệp đó", dossier_code=dispatch.head.dossier_code)


def pdf_document(kind: DocumentKind, file_name: str, content: str) -> Json:
    """A result paper of a real wire, always a PDF in base64, as `models.events.WireDocument` travels."""
    return {"kind": kind.value, "file_name": file_name, "media_type": MediaType.PDF.value, "content": content}


async def leg_body(message: LegMessage | FollowUp, read: DocumentReader) -> Json:
    """A leg's message as JSON of our own contract, each document with its content (`models.events.WireDocument`)."""
    return {**message.model_dump(mode="json"), "documents": await _wire_documents(message.documents, read)}


async def dispatch_body(dispatch: Dispatch, read: DocumentReader) -> Json:
    """A dispatch as JSON of our own contract, its document with its content."""
    documents = await _wire_documents((dispatch.document,) if dispatch.document else (), read)
    return {**dispatch.model_dump(mode="json"), "document": documents[0] if documents else None}


async def _wire_documents(documents: Iterable[Document], read: DocumentReader) -> list[Json]:
    return [
        {
            "kind": document.kind.value,
            "file_name": document.file_name,
            "media_type": document.media_type.value,
            "content": await base64_content(document, read),
        }
        for document in documents
    ]


def changed_fields(changes: Iterable[FieldChange]) -> list[Json]:
    """The fields of the form that now say something else, on a wire that has no contract of its own for them [choice].

    A field goes by its path in the form, with its Vietnamese name for the official who enters it.
    """
    return [{"truong": change.path, "tenTruong": change.label, "giaTri": change.value} for change in changes]


def consent_on_record(consent: ConsentEvidence) -> Json:
    """One person's consent, on a wire that has no contract of its own for it [choice].

    `tepChungMinh` is the digest (SHA-256) of the file, among those that come with it, which proves it.
    """
    took_it = consent.attested_by
    return {
        "soDinhDanh": consent.personal_id,
        "vaiTro": [role.label for role in consent.roles],
        "thoiGianXacNhan": compact(consent.granted_at),
        "hinhThuc": consent.evidence.value,
        "tepChungMinh": consent.proof.sha256 if consent.proof else None,
        "canBoGhiNhan": took_it.official if took_it else None,
        "coQuanGhiNhan": took_it.office if took_it else None,
    }


async def base64_content(document: Document, read: DocumentReader) -> str:
    """The content of a stored document in base64."""
    return base64.b64encode(await read(document)).decode("ascii")


def said(value: A) -> A | None:
    """The value; None for "" and “Không có thông tin”: what says nothing is read as absent and never written."""
    return None if isinstance(value, str) and (not value.strip() or says_nothing(value)) else value


SaidCode = Annotated[Code | None, BeforeValidator(said)]
"""A code in an answer that may not be there, also where a filler stands for it."""


_SLASHED = "%d/%m/%Y %H:%M:%S"
_COMPACT = "%Y%m%d%H%M%S"


def slashed(instant: datetime) -> str:
    """An instant as dd/MM/yyyy HH:mm:ss on the clock of Việt Nam."""
    return legal(instant).strftime(_SLASHED)


def from_slashed(text: str, dossier_code: str) -> datetime:
    """Read dd/MM/yyyy HH:mm:ss, strictly. Raises AgencyUnreadable."""
    try:
        if re.fullmatch(r"[0-9]{2}/[0-9]{2}/[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}", text):
            return datetime.strptime(text, _SLASHED).replace(tzinfo=LEGAL_ZONE)
    except ValueError:
        pass
    raise AgencyUnreadable("thời điểm trong câu trả lời không đúng định dạng", dossier_code=dossier_code)


def compact(instant: datetime) -> str:
    """An instant as yyyyMMddHHmmss on the clock of Việt Nam."""
    return legal(instant).strftime(_COMPACT)


def from_compact(text: str, dossier_code: str) -> datetime:
    """Read yyyyMMddHHmmss, strictly. Raises AgencyUnreadable: a time that does not parse is never “now”."""
    try:
        if re.fullmatch(r"[0-9]{14}", text):
            return datetime.strptime(text, _COMPACT).replace(tzinfo=LEGAL_ZONE)
    except ValueError:
        pass
    raise AgencyUnreadable("thời điểm trong câu trả lời không đúng định dạng", dossier_code=dossier_code)
