"""One change of a dossier, as it is written to the ledger and told to people: one `Publication`, one transaction."""

from collections.abc import Mapping
from enum import StrEnum

from models.base import Code, Instant, LongText, MessageKey, Model, Text
from models.clock import Timeliness
from models.documents import Document
from models.dossier import DossierOutcome, DossierStage, DossierState, Leg
from models.facts import FactRefusal
from models.messages import FieldChange, FollowUpKind
from models.plan import Plan
from models.statuses import Status


class Notice(StrEnum):
    """The notices citizens get; their words are in `models/data/notices.toml`."""

    SUBMITTED = "submitted"
    DOCUMENTS_NEEDED = "documents_needed"
    PAYMENT_NEEDED = "payment_needed"
    EXPECTED_DATES = "expected_dates"
    CONSENTS_ASKED = "consents_asked"
    LEG_DATES = "leg_dates"
    GROUP_DATES = "group_dates"
    LEG_DECIDED = "leg_decided"
    LEG_COMPLETED = "leg_completed"
    LEG_REFUSED = "leg_refused"
    LEG_CONSENT_DECLINED = "leg_consent_declined"
    LEG_CONSENT_EXPIRED = "leg_consent_expired"
    LEG_NOT_POSSIBLE = "leg_not_possible"
    CONCLUDED = "concluded"
    ENDED_UNPAID = "ended_unpaid"
    ENDED_WITHOUT_DOCUMENTS = "ended_without_documents"


class NoticeOrder(Model):
    """A notice to the citizen, by template (`models/data/notices.toml`); `key` makes it unique for ever."""

    key: MessageKey
    template: Notice
    values: Mapping[str, str] = {}


class StatusEvent(Model):
    """A status as one system numbers it; `incoming` when the system told us, else we tell it."""

    key: MessageKey
    status: Status
    at: Instant
    leg: Code | None = None
    incoming: bool = False


class HeardFact(Model):
    """A fact that came by plain signal, and what became of it; `reason` is None when it was accepted."""

    message_id: Code
    kind: Code
    at: Instant
    reason: FactRefusal | None = None
    text: LongText


class FollowUpOrder(Model):
    """A follow-up to send to the agency that has the leg; `key` makes it unique for ever."""

    key: MessageKey
    leg: Code
    kind: FollowUpKind
    text: LongText
    agency_code: Code | None = None
    registration_number: Code | None = None
    documents: tuple[Document, ...] = ()
    changes: tuple[FieldChange, ...] = ()


class Publication(DossierState):
    """What changed since the publication before it. `sequence` rises by one; an older one never overwrites a newer.

    `plan` is set when it was (re-)resolved; `legs` holds the legs that changed, whole; `attachments` those supplied
    since the declaration.
    """

    sequence: int
    at: Instant
    plan: Plan | None = None
    legs: tuple[Leg, ...] = ()
    attachments: tuple[Document, ...] = ()
    statuses: tuple[StatusEvent, ...] = ()
    notices: tuple[NoticeOrder, ...] = ()
    follow_ups: tuple[FollowUpOrder, ...] = ()
    heard: tuple[HeardFact, ...] = ()


class DossierSummary(Model):
    """A dossier in a list: nothing personal."""

    code: Code
    group: Code
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
