"""One change of a dossier, as it is written to the ledger and told to people: one `Publication`, one transaction."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import SerializerFunctionWrapHandler, model_serializer

from models.audit import SIGNAL, Who
from models.base import Code, Instant, LongText, MessageKey, Model, Text
from models.clock import Timeliness
from models.corrections import Revision
from models.documents import Document
from models.dossier import DossierOutcome, DossierStage, DossierState, Leg
from models.facts import FactRefusal
from models.groups import Group
from models.messages import FieldChange, FollowUpKind
from models.operators import OperatorId
from models.plan import Plan
from models.replacement import Replacement
from models.statuses import Status
from models.systems import System


class Notice(StrEnum):
    """The notices citizens get; their words are in `models/data/notices.toml`."""

    SUBMITTED = "submitted"
    DOCUMENTS_NEEDED = "documents_needed"
    DOCUMENTS_REMINDER = "documents_reminder"
    PAYMENT_NEEDED = "payment_needed"
    PAYMENT_RECEIVED = "payment_received"
    EXPECTED_DATES = "expected_dates"
    CONSENTS_ASKED = "consents_asked"
    CONSENT_REMINDER = "consent_reminder"
    CONSENTS_REMINDED = "consents_reminded"
    AGREEMENT_NEEDED = "agreement_needed"
    CONSENT_UNREACHABLE = "consent_unreachable"
    AGREEMENT_TAKEN = "agreement_taken"
    LEG_DATES = "leg_dates"
    GROUP_DATES = "group_dates"
    LEG_GOES_ON = "leg_goes_on"
    LEG_DECIDED = "leg_decided"
    LEG_COMPLETED = "leg_completed"
    LEG_REFUSED = "leg_refused"
    LEG_CONSENT_DECLINED = "leg_consent_declined"
    LEG_CONSENT_EXPIRED = "leg_consent_expired"
    LEG_NOT_POSSIBLE = "leg_not_possible"
    SUPPLEMENT_NEEDED = "supplement_needed"
    SUPPLEMENT_REMINDER = "supplement_reminder"
    SUPPLEMENT_SENT = "supplement_sent"
    LEG_SUPPLEMENT_NOT_PROVIDED = "leg_supplement_not_provided"
    FORM_CORRECTED = "form_corrected"
    LEG_APOLOGY = "leg_apology"
    LEG_APPOINTMENT = "leg_appointment"
    GROUP_APOLOGY = "group_apology"
    RESULT_MISSING = "result_missing"
    RESULT_REPLACED = "result_replaced"
    LEG_GIVEN_UP = "leg_given_up"
    LEG_GIVEN_UP_RESULT = "leg_given_up_result"
    LEG_GIVEN_UP_RECEIPT = "leg_given_up_receipt"
    DUTY = "duty"
    LAW_MIGRATED = "law_migrated"
    WITHDRAWAL_TAKEN = "withdrawal_taken"
    WITHDRAWAL_TOO_LATE = "withdrawal_too_late"
    DOSSIER_CANCELLED = "dossier_cancelled"
    CANCELLATION_TOO_LATE = "cancellation_too_late"
    CONCLUDED = "concluded"
    ENDED_UNPAID = "ended_unpaid"
    ENDED_WITHOUT_DOCUMENTS = "ended_without_documents"


class NoticeOrder(Model):
    """A notice by template (`models/data/notices.toml`); `key` makes it unique for ever.

    It goes to the applicant unless a `recipient` is named by personal number.
    """

    key: MessageKey
    template: Notice
    recipient: Code | None = None
    values: Mapping[str, str] = {}


class StatusEvent(Model):
    """A status as one system numbers it; `incoming` when the system told us, else we tell it."""

    key: MessageKey
    status: Status
    at: Instant
    leg: Code | None = None
    incoming: bool = False


class HeardFact(Model):
    """A fact that came past the inbox, by signal or look-up, and what became of it; `reason` is None when accepted.

    `via` is who brought it. An act of an operator's names its `operator`, and why (`because`). One with a `digest` was
    accepted by update: by it the ledger sees whether it came by the inbox after all. `to_pack` is where an operator has
    the dossier go over to.
    """

    message_id: Code
    kind: Code
    at: Instant
    reason: FactRefusal | None = None
    text: LongText
    via: Who = SIGNAL
    operator: OperatorId | None = None
    because: LongText | None = None
    to_pack: Code | None = None
    digest: str | None = None


class FollowUpOrder(Model):
    """A follow-up to send to the agency that has the leg, or about it `to` another; `key` makes it unique for ever."""

    key: MessageKey
    leg: Code
    kind: FollowUpKind
    text: LongText
    to: System | None = None
    agency_code: Code | None = None
    registration_number: Code | None = None
    documents: tuple[Document, ...] = ()
    changes: tuple[FieldChange, ...] = ()


class OutboxOrder(Model):
    """What waits in the outbox for a dossier and was not taken is due at once: all of it, or the row of that key."""

    code: Code
    key: MessageKey | None = None


class OutboxAnswer(Model):
    """How many rows that was."""

    rows: int


class Publication(DossierState):
    """What changed since the publication before it. `sequence` rises by one; an older one never overwrites a newer.

    What is left out of the dossier's state is as it was (`news`): each publication waits until the one before it is
    written. `plan` is set when it was (re-)resolved; `legs` and `replacements` hold those that changed,
    whole; `attachments` those supplied since the declaration.
    """

    sequence: int
    at: Instant
    plan: Plan | None = None
    legs: tuple[Leg, ...] = ()
    attachments: tuple[Document, ...] = ()
    statuses: tuple[StatusEvent, ...] = ()
    notices: tuple[NoticeOrder, ...] = ()
    follow_ups: tuple[FollowUpOrder, ...] = ()
    replacements: tuple[Replacement, ...] = ()
    heard: tuple[HeardFact, ...] = ()
    revisions: tuple[Revision, ...] = ()

    @model_serializer(mode="wrap")
    def _said(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in whole(self).items() if name in self.model_fields_set}


_ALWAYS_SAID = frozenset({"code", "stage", "outcome", "provincial_code", "timeliness"})
"""What messages, traces and counters take from a single publication."""


def news(now: DossierState, before: DossierState | None) -> dict[str, Any]:
    """The fields of a dossier's state that a publication must say: long ones, such as dates, only when they change."""
    state = {name: getattr(now, name) for name in DossierState.model_fields}
    if before is None:
        return state
    return {name: value for name, value in state.items() if name in _ALWAYS_SAID or value != getattr(before, name)}


class DossierSummary(Model):
    """A dossier in a list: nothing personal."""

    code: Code
    group: Group
    province_code: Code
    stage: DossierStage
    outcome: DossierOutcome | None
    timeliness: Timeliness | None
    due_at: Instant | None
    opened_at: Instant
    waiting_for: tuple[Text, ...] = ()


class FoundDossier(Model):
    """A dossier as Temporal's visibility knows it: nothing personal. `stuck_since` is a legal date, `yyyy-mm-dd`.

    A dossier that failed before its first publication has a code and a start, and nothing else.
    """

    code: Code
    opened_at: Instant
    group: Group | None = None
    province_code: Code | None = None
    stage: DossierStage | None = None
    outcome: DossierOutcome | None = None
    timeliness: Timeliness | None = None
    due_at: Instant | None = None
    next_due_at: Instant | None = None
    waiting_for: tuple[Text, ...] = ()
    waiting_since: Instant | None = None
    overdue_at: tuple[Text, ...] = ()
    stuck_since: Code | None = None
