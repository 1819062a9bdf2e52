"""Which messages a workflow has had: the same one again changes nothing, whichever way it comes (REQUIREMENTS §3)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NoReturn

from models.audit import UPDATE
from models.base import Code
from models.facts import (
    TAKEN,
    Accepted,
    AgencyEvent,
    Decided,
    FactRefusal,
    FactRefused,
    InboundFact,
    OperatorAct,
    PaperAnswer,
    digest_of,
    kind_of,
    pack_gone_over_to,
)
from models.publication import HeardFact
from models.sealing import refusal_words, refused_papers


class Letterbox:
    """The messages about one dossier. Update ids do not tell repeated signals, hence our own memory of message ids."""

    def __init__(self, code: Code) -> None:
        self._code = code
        self._seen: dict[str, str] = {}
        self._refused: dict[str, FactRefused] = {}

    def repeated(self, fact: InboundFact) -> bool:
        """Whether this very message was accepted before.

        Raises FactRefused when it was refused on record before, when its id carried something else, or when it is about
        another dossier.
        """
        if fact.dossier_code != self._code:
            raise FactRefused(FactRefusal.WRONG_DOSSIER, f"Thông điệp ghi mã hồ sơ khác, không phải {self._code}.")
        earlier = self._seen.get(fact.message_id)
        if earlier is not None and earlier != digest_of(fact):
            raise FactRefused(FactRefusal.MESSAGE_REUSED, "Mã thông điệp này đã dùng cho một nội dung khác.")
        if refusal := self._refused.get(fact.message_id):
            raise FactRefused(refusal.reason, refusal.text, repeated=True)
        return earlier is not None

    def keep(self, fact: InboundFact) -> None:
        """The message has taken effect."""
        self._seen[fact.message_id] = digest_of(fact)

    def refuse(self, fact: InboundFact, refusal: FactRefused) -> NoReturn:
        """Refuse a message so that the same one again gets the same answer. Raises FactRefused."""
        self.keep(fact)
        self._refused[fact.message_id] = refusal
        raise refusal


def told_fact(fact: InboundFact, now: datetime, refusal: FactRefused | None = None) -> HeardFact:
    """A fact judged by update, which ought to have come by the inbox: by its digest the ledger sees if it did."""
    heard = HeardFact(
        message_id=fact.message_id,
        kind=kind_of(fact),
        at=now,
        reason=refusal.reason if refusal else None,
        text=refusal.text if refusal else TAKEN,
        via=UPDATE,
        digest=digest_of(fact),
    )
    return signed(heard, fact)


@contextmanager
def told_if_refused(note: Callable[[InboundFact, FactRefused], None], fact: InboundFact) -> Iterator[None]:
    """Notes that the fact is refused although it was let into history, once for each message."""
    try:
        yield
    except FactRefused as refusal:
        if not refusal.repeated:
            note(fact, refusal)
        raise


def signed(heard: HeardFact, fact: InboundFact | None) -> HeardFact:
    """With the operator and the reason that an act names."""
    if not isinstance(fact, OperatorAct):
        return heard
    said = {"operator": fact.operator, "because": fact.because, "to_pack": pack_gone_over_to(fact)}
    return heard.model_copy(update=said)


def accepted(fact: InboundFact, *, repeated: bool) -> Accepted:
    """What the sender of an accepted message hears."""
    text = "Đã ghi nhận trước đó." if repeated else TAKEN
    said = fact.fact if isinstance(fact, AgencyEvent) else fact.answer if isinstance(fact, PaperAnswer) else None
    if isinstance(said, Decided):
        refused = refused_papers(said.documents)
        text = f"{text} {refusal_words(refused)}" if refused else text
    return Accepted(message_id=fact.message_id, text=text, repeated=repeated)
