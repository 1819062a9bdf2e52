"""Facts out of events, the documents inside them stored by content."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from ledger.documents import DocumentStore
from models.documents import DocumentRefused
from models.events import CloudEvent, WireDocument
from models.facts import FactKind, FactRefusal, FactRefused, InboundFact


def fact_from(event: CloudEvent, documents: DocumentStore) -> InboundFact:
    """The fact an event carries, its documents stored by content. Raises FactRefused when it is not the contract."""
    kind: FactKind = event.type.fact_kind
    try:
        data = _stored(dict(event.data), documents)
        return kind.model.model_validate({**data, "message_id": event.id, "dossier_code": event.subject})
    except ValidationError as error:
        raise FactRefused(FactRefusal.MALFORMED, f"Sai cấu trúc ở: {wrong_fields(error)}.") from None
    except DocumentRefused as error:
        raise FactRefused(FactRefusal.MALFORMED, f"Giấy tờ kèm theo không nhận được: {error}") from None
    except RecursionError:
        raise FactRefused(FactRefusal.MALFORMED, "Dữ liệu lồng nhau quá sâu.") from None


def _stored(value: Any, documents: DocumentStore) -> Any:
    """The data with every wire document replaced by its digest; its content goes to the store."""
    if isinstance(value, Mapping):
        if "content" in value:
            wire = WireDocument.model_validate(value)
            return documents.put(wire.content, wire.kind, wire.file_name).model_dump()
        if {"sha256", "size"} <= value.keys():  # an acknowledgement names a document by its digest alone
            raise DocumentRefused("Phải gửi cả nội dung (content), không chỉ mã băm.")
        return {key: _stored(item, documents) for key, item in value.items()}
    if isinstance(value, list):
        return [_stored(item, documents) for item in value]
    return value


def wrong_fields(error: ValidationError) -> str:
    """Where a message is not of its contract, at most 300 characters."""
    names = {".".join(str(part) for part in problem["loc"]) or "(gốc)" for problem in error.errors()}
    return ", ".join(sorted(names))[:300]
