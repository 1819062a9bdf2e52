"""Facts out of events: documents inside them become documents by digest, judged where their bytes are."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any, Protocol

from pydantic import ValidationError

from ledger.documents import DocumentStore
from models.base import Model, parts
from models.documents import Document, DocumentKind, DocumentRefused, Sha256, describe
from models.events import CloudEvent, WireDocument, event_schemas
from models.facts import (
    AgencyEvent,
    Corrected,
    Decided,
    FactKind,
    FactRefusal,
    FactRefused,
    InboundFact,
    PaperAnswer,
    ResultDocument,
    SupplementProvided,
)
from models.identity import LONG_NUMBER

_STRANGE = "(mục lạ)"
_NUMBERS = frozenset({"personal_id", "identity_number", "signed_by"})


class Judge(Protocol):
    """Says what the signatures of a document are worth (`trust.examiner.Papers`)."""

    def sealed(self, document: Document, content: bytes, sent_at: datetime | None) -> Document:
        """The document with that, in place of whatever its sender says of it; `sent_at` is when they speak."""


class Enclosed:
    """Contents that come with a fact, in memory until whoever takes the fact in stores them (`inbox.Inbox`)."""

    def __init__(self, documents: DocumentStore, contents: Mapping[Sha256, bytes] = MappingProxyType({})) -> None:
        """`documents`: where contents are that came before."""
        self.contents = dict(contents)
        self._documents = documents

    def put(self, content: bytes, kind: DocumentKind, file_name: str) -> Document:
        """Takes a content and says which document it is. Raises DocumentRefused, and ValidationError for its name."""
        document = describe(kind, file_name, content)
        self.contents[document.sha256] = content
        return document

    def get(self, document: Document) -> bytes:
        """The content of a document, enclosed or there before. Raises DocumentMissing, DocumentDamaged."""
        content = self.contents.get(document.sha256)
        return self._documents.get(document) if content is None else content


def fact_from(event: CloudEvent, enclosed: Enclosed, judge: Judge) -> InboundFact:
    """The fact an event carries, its documents enclosed and judged.

    Raises FactRefused when it is not the contract.
    """
    kind: FactKind = event.type.fact_kind

    def keep(wire: WireDocument) -> Document:
        return judge.sealed(enclosed.put(wire.content, wire.kind, wire.file_name), wire.content, event.time)

    try:
        data = _stored(dict(event.data), keep)
        fact = kind.model.model_validate({**data, "message_id": event.id, "dossier_code": event.subject})
    except ValidationError as error:
        raise FactRefused(FactRefusal.MALFORMED, f"Sai cấu trúc ở: {wrong_fields(error)}.") from None
    except DocumentRefused as error:
        raise FactRefused(FactRefusal.MALFORMED, f"Giấy tờ kèm theo không nhận được: {error}") from None
    except RecursionError:
        raise FactRefused(FactRefusal.MALFORMED, "Dữ liệu lồng nhau quá sâu.") from None
    expect_opaque_id(fact)
    return fact


def expect_opaque_id(fact: InboundFact) -> None:
    """Raises FactRefused when the message's id, which stays readable in Temporal and on the trail, names somebody.

    It is compared with the numbers of this message alone: to compare it with its dossier's would tell its sender, by
    what is refused, which numbers those are. Any other number may be the sender's running one.
    """
    if any(number in fact.message_id for number in _numbers_in(fact)):
        raise FactRefused(FactRefusal.MALFORMED, "Mã thông điệp (id) không được chứa số định danh của ai.")


def _numbers_in(fact: InboundFact) -> Iterator[str]:
    """The numbers of those whom the fact is about."""
    for path, value in parts(fact):
        if isinstance(value, str) and not _NUMBERS.isdisjoint(map(str, path)):
            yield value
    if isinstance(fact, SupplementProvided):
        yield from filter(LONG_NUMBER.fullmatch, fact.corrections.values())


def judged(event: AgencyEvent, enclosed: Enclosed, judge: Judge) -> AgencyEvent:
    """An event that names documents by digest, with what their signatures are worth.

    Raises DocumentMissing, DocumentDamaged.
    """
    fact = event.fact
    if not isinstance(fact, Decided | ResultDocument | Corrected):
        return event
    return event.model_copy(update={"fact": _sealed(fact, enclosed, judge)})


def judged_paper(act: PaperAnswer, enclosed: Enclosed, judge: Judge) -> PaperAnswer:
    """The same for an answer on paper, whose results are scans. Raises DocumentMissing, DocumentDamaged."""
    if not isinstance(act.answer, Decided):
        return act
    return act.model_copy(update={"answer": _sealed(act.answer, enclosed, judge)})


def _sealed(fact: Decided | ResultDocument | Corrected, enclosed: Enclosed, judge: Judge) -> Model:
    sealed = tuple(judge.sealed(document, enclosed.get(document), fact.at) for document in fact.documents)
    return fact.model_copy(update={"documents": sealed})


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
    """Where a message is not of its contract, at most 300 characters.

    A name that the contract does not know is the sender's own text, and may be anybody's: it is not repeated.
    """
    places = {tuple(part if isinstance(part, int) or part in _names() else _STRANGE for part in problem["loc"])
              for problem in error.errors()}  # fmt: skip
    return ", ".join(sorted(".".join(map(str, place)) or "(gốc)" for place in places))[:300]


@cache
def _names() -> frozenset[str]:
    """Every name in the contract of what comes in: of fields, and of the kinds that facts say they are."""
    return frozenset(_named(event_schemas()))


def _named(schema: object) -> Iterator[str]:
    if isinstance(schema, Mapping):
        yield from schema.get("properties", {})
        if isinstance(const := schema.get("const"), str):
            yield const
        for part in schema.values():
            yield from _named(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _named(part)
