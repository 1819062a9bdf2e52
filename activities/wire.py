"""What adapters share: the shapes of what they do, documents and times as they travel."""

import base64
import re
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Annotated, Any, ClassVar, Protocol, TypeVar, runtime_checkable

from pydantic import BeforeValidator

from activities.http import AgencyClient, AgencyRejected, AgencyUnreadable
from models.base import LEGAL_ZONE, Code, legal
from models.codes import says_nothing
from models.documents import Document
from models.messages import Dispatch, DispatchKind, LegMessage, Sent

DocumentReader = Callable[[Document], Awaitable[bytes]]
"""Gives the content of a stored document."""

Json = dict[str, Any]

A = TypeVar("A")


@runtime_checkable
class AgencyAdapter(Protocol):
    """A system that handles a leg."""

    async def submit(self, message: LegMessage, read: DocumentReader) -> Sent:
        """Hand over a dossier part, exactly once however often it is called. Raises AgencyError."""


@runtime_checkable
class ChannelAdapter(Protocol):
    """A system that takes what the outbox holds: notices, statuses, results, paper orders."""

    async def dispatch(self, dispatch: Dispatch, read: DocumentReader) -> None:
        """Hand over one dispatch, exactly once however often it is called. Raises AgencyError."""


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


def not_carried(dispatch: Dispatch) -> AgencyRejected:
    """The error for a dispatch on a channel that has no place for its kind."""
    return AgencyRejected("kênh này không chuyển loại thông điệp đó", dossier_code=dispatch.head.dossier_code)


async def leg_body(message: LegMessage, read: DocumentReader) -> Json:
    """A leg message as JSON of our own contract, each document with its content (`models.events.WireDocument`)."""
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
