"""Which messages a workflow has had: the same one again changes nothing, whichever way it comes (REQUIREMENTS §3)."""

from typing import NoReturn

from models.base import Code
from models.facts import Accepted, AgencyEvent, Decided, FactRefusal, FactRefused, InboundFact, digest_of
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


def accepted(fact: InboundFact, *, repeated: bool) -> Accepted:
    """What the sender of an accepted message hears."""
    text = "Đã ghi nhận trước đó." if repeated else "Đã ghi nhận."
    if isinstance(fact, AgencyEvent) and isinstance(fact.fact, Decided):
        refused = refused_papers(fact.fact.documents)
        text = f"{text} {refusal_words(refused)}" if refused else text
    return Accepted(message_id=fact.message_id, text=text, repeated=repeated)
