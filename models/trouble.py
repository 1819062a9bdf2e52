"""Systems that do not take what they are sent: what a dossier says of it while it waits (sự cố khi gửi)."""

from enum import StrEnum

from models.base import Code, Instant, LongText, MessageKey, Model
from models.systems import System

PROMPT_ATTEMPTS = 6
"""Attempts in quick succession, about a minute in all, before a system counts as one that does not answer [choice]."""


class AgencyErrorKind(StrEnum):
    """How a call to a system failed; also the type of its error towards Temporal."""

    UNAVAILABLE = "AgencyUnavailable"
    NOT_READY = "AgencyNotReady"
    UNREADABLE = "AgencyUnreadable"
    REJECTED = "AgencyRejected"


class Trouble(Model):
    """A message that its system has not taken yet. `text` says why, in Vietnamese, without personal data.

    `rejected`: the system answers, and refuses; trying again cures nothing until a person has mended the cause.
    """

    key: MessageKey
    system: System
    leg: Code | None = None
    rejected: bool = False
    since: Instant
    text: LongText
