"""Facts out of events, the documents inside them stored by content, their signatures judged where their bytes are."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from pydantic import ValidationError

from ledger.documents import DocumentStore
from models.documents import Document, DocumentRefused
from models.events import CloudEvent, WireDocument
from models.facts import (
    AgencyEvent,
    Corrected,
    Decided,
    FactKind,
    FactRefusal,
    FactRefused,
    InboundFact,
    ResultDocument,
)


class Judge(Protocol):
    """Says what the signatures of a document are worth (`trust.examiner.Papers`)."""

    def sealed(self, document: Document, content: bytes, sent_at: datetime | None) -> Document:
        """The document with that, in place of whatever its sender says of it; `sent_at` is when they speak."""


def fact_from(event: CloudEvent, documents: DocumentStore, judge: Judge) -> InboundFact:
    """The fact an event carries, its documents stored by content and judged.

    Raises FactRefused when it is not the contract.
    """
    kind: FactKind = event.type.fact_kind

    def keep(wire: WireDocument) -> Document:
        return judge.sealed(documents.put(wire.content, wire.kind, wire.file_name), wire.content, event.time)

    try:
        data = _stored(dict(event.data), keep)
        return kind.model.model_validate({**data, "message_id": event.id, "dossier_code": event.subject})
    except ValidationError as error:
        raise FactRefused(FactRefusal.MALFORMED, f"Sai cấu trúc ở: {wrong_fields(error)}.") from None
    except DocumentRefused as error:
        raise FactRefused(FactRefusal.MALFORMED, f"Giấy tờ kèm theo không nhận được: {error}") from None
    except RecursionError:
        raise FactRefused(FactRefusal.MALFORMED, "Dữ liệu lồng nhau quá sâu.") from None


def judged(event: AgencyEvent, documents: DocumentStore, judge: Judge) -> AgencyEvent:
    """An event that names documents of the store by digest, with what their signatures are worth.

    Raises DocumentMissing, DocumentDamaged.
    """
    fact = event.fact
    if not isinstance(fact, Decided | ResultDocument | Corrected):
        return event
    sealed = tuple(judge.sealed(document, documents.get(document), fact.at) for document in fact.documents)
    return event.model_copy(update={"fact": fact.model_copy(update={"documents": sealed})})


def _stored(value: Any, keep: Callable[[WireDocument], Document]) -> Any:
    """The data with every wire document replaced by the document it is kept as."""
    if isinstance(value, Mapping):
        if "content" in value:
            return keep(WireDocument.model_validate(value)).model_dump()
        if {"sha256", "size"} <= value.keys():  # an acknowledgement names a document by its digest alone
            raise DocumentRefused("Phải gửi cả nội dung (content), không chỉ mã băm.")
        return {key: _stored(item, keep) for key, item in value.items()}
    if isinstance(value, list):
        return [_stored(item, keep) for item in value]
    return value


def wrong_fields(error: ValidationError) -> str:
    """Where a message is not of its contract, at most 300 characters."""
    names = {".".join(str(part) for part in problem["loc"]) or "(gốc)" for problem in error.errors()}
    return ", ".join(sorted(names))[:300]
