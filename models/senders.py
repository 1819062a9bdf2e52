"""Who may say what: which systems send which events, and for which province a sender speaks (REQUIREMENTS §3)."""

from collections.abc import Mapping
from enum import StrEnum

from pydantic import field_validator

from models.audit import could_be_ours
from models.base import Code, Model
from models.events import EventType
from models.facts import AgencyEvent, FactRefusal, FactRefused, InboundFact
from models.systems import Role, System

MESSAGE_ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
"""The headers of Standard Webhooks 1.0."""

_AGENCIES = frozenset(system for system in System if Role.HANDLES_LEGS in system.roles)
_DESKS = frozenset({System.PORTAL, System.PROVINCIAL})
"""Where citizens hand things in: the national portal, the provincial one-stop [choice]."""

MAY_SEND: Mapping[EventType, frozenset[System]] = {
    EventType.AGENCY_EVENT: _AGENCIES,
    EventType.VNEID_CONSENT: frozenset({System.VNEID}),
    EventType.PAYMENT: frozenset({System.PAYMENT}),
    EventType.DOCUMENTS: _DESKS,
    EventType.SUPPLEMENT: _DESKS,
    EventType.AGREEMENT: _DESKS,
    EventType.WITHDRAWAL: _DESKS,
    EventType.ATTESTED_CONSENT: frozenset({System.PROVINCIAL}),
}
"""The systems that may send each kind of event. That a leg is the agency's own, reducers judge."""


class Sender(Model):
    """Who sends events: CloudEvents name it as `source`. Without `provinces` it serves all of them."""

    id: Code
    system: System
    provinces: frozenset[Code] | None = None

    @field_validator("id")
    @classmethod
    def _is_not_one_of_us(cls, id: Code) -> Code:
        if could_be_ours(id):
            raise ValueError("an id like this is kept for people of ours")
        return id

    def expect_may_send(self, type_: EventType) -> None:
        """Raises FactRefused when such events are not this system's."""
        if self.system not in MAY_SEND[type_]:
            raise _wrong(f"Bên gửi {self.id} ({self.system.label}) không được gửi sự kiện loại này.")

    def expect_serves(self, province_code: Code) -> None:
        """Raises FactRefused when dossiers of that province are not this sender's."""
        if self.provinces is not None and province_code not in self.provinces:
            raise _wrong(f"Hồ sơ không thuộc tỉnh, thành phố mà bên gửi {self.id} phục vụ.")

    def expect_speaks_for_itself(self, fact: InboundFact) -> None:
        """Raises FactRefused when the fact is stated as another system's."""
        if isinstance(fact, AgencyEvent) and fact.source is not self.system:
            raise _wrong(f"Bên gửi {self.id} không được nói thay {fact.source.label}.")


class Turned(StrEnum):
    """Why a request is turned away before anybody looks at what it says."""

    STRANGER = "stranger"
    STALE = "stale"
    STRANGER_TOO_OFTEN = "stranger_too_often"
    SENDER_TOO_OFTEN = "sender_too_often"


def _wrong(text: str) -> FactRefused:
    return FactRefused(FactRefusal.WRONG_SENDER, text)
