"""What the ledger gives back: values, never rows."""

from collections.abc import Mapping
from typing import Any

from models.acts import Act
from models.base import Code, Instant, LongText, MessageKey, Model
from models.clock import ClockEntry, Due
from models.documents import Document
from models.dossier import Consent, DossierStage, Fee, Leg, LegStage, OwedDuty
from models.facts import FactKind, FactRefusal, InboundFact
from models.messages import Dispatch
from models.notice_checks import NoticeCheck
from models.plan import Plan
from models.publication import DossierSummary, HeardFact, StatusEvent
from models.replacement import Replacement
from models.trouble import Trouble

GROUP_CLOCK = "group"
"""The name of the clock of the whole dossier; the others bear the key of their leg."""

OPEN_DOSSIERS = tuple(stage for stage in DossierStage if stage is not DossierStage.CONCLUDED)
OPEN_LEGS = tuple(stage for stage in LegStage if stage is not LegStage.ENDED)
"""Asked for by name rather than as “not closed”: only so can an index find the few open ones among all the others."""


class Opened(Model):
    """A dossier as it was opened. `created`: by this very call; `started`: its workflow is known to have started."""

    code: Code
    created: bool
    started: bool
    concluded: bool = False


class OpenedReplacement(Model):
    """A replacement of a dossier's results. `workflow_id` is its own workflow, None where it is the dossier's."""

    code: Code
    number: int
    started: bool
    workflow_id: Code | None


class Verdict(Model):
    """What became of a message that came in; `reason` is None when it was accepted."""

    accepted: bool
    reason: FactRefusal | None = None
    text: LongText

    @property
    def final(self) -> bool:
        """Whether it stands however often the message comes."""
        return self.reason is None or self.reason.final

    @property
    def keeps_papers(self) -> bool:
        """Whether the dossier has the papers that came with it; results refused for their signatures are on record."""
        return self.accepted or self.reason is FactRefusal.BADLY_SIGNED


class Claimed(Model):
    """An outbox row leased to whoever claimed it. `attempts` counts the leases, this one included, and names it."""

    id: int
    dispatch: Dispatch
    attempts: int


class Delivery(Model):
    """A message that came in, leased to whoever puts it to its dossier as the update `update_id`.

    `content` is the fact as JSON, None when what was stored cannot be opened. `attempts` counts the leases, this one
    included, and names it.
    """

    message_id: Code
    kind: FactKind
    content: Mapping[str, Any] | None
    update_id: MessageKey
    attempts: int

    @property
    def fact(self) -> InboundFact:
        """What it says. Raises ValidationError when it cannot be opened, or was stored by code that meant something
        else by it."""
        return self.kind.model.model_validate(self.content)


class Arrival(Model):
    """A message that came in and is stored: its final `verdict` if it has one, else the `delivery` whoever stored it
    may try, None while others of its dossier go before or somebody delivers it already."""

    status_token: Code
    verdict: Verdict | None = None
    delivery: Delivery | None = None


class StoredClock(Model):
    """A clock's ledger as it was written, with what it amounted to when it was last published."""

    clock: Code
    entries: tuple[ClockEntry, ...]
    due: Due | None = None


class StoredConsent(Model):
    """A consent with the leg it is for."""

    leg: Code
    consent: Consent


class StoredDocument(Model):
    """A document of a dossier; without a leg it came with the declaration. `superseded_at`: a newer one is live."""

    leg: Code | None
    document: Document
    at: Instant
    superseded_at: Instant | None = None


class StoredNotice(Model):
    """An outbox row: what goes to one channel, and how far it is."""

    id: int
    dispatch: Dispatch
    attempts: int
    next_attempt_at: Instant | None
    sent_at: Instant | None
    last_error: str | None


class StoredNotDuplicate(Model):
    """Why an operator says that it is about another person than dossier `other`."""

    other: Code
    reason: LongText
    at: Instant


class StoredDossier(Model):
    """Everything the ledger knows of one dossier, read in one transaction."""

    summary: DossierSummary
    sequence: int | None
    started: bool
    concluded_at: Instant | None
    pack: Code | None
    plan: Plan | None
    provincial_code: Code | None
    due: Due | None
    expected: Due | None
    fee: Fee
    duties: tuple[OwedDuty, ...]
    troubles: tuple[Trouble, ...]
    acts: tuple[Act, ...]
    not_duplicates: tuple[StoredNotDuplicate, ...]
    warnings: tuple[LongText, ...]
    legs: tuple[Leg, ...]
    replacements: tuple[Replacement, ...]
    clocks: tuple[StoredClock, ...]
    consents: tuple[StoredConsent, ...]
    documents: tuple[StoredDocument, ...]
    statuses: tuple[StatusEvent, ...]
    notices: tuple[StoredNotice, ...]
    notice_checks: tuple[NoticeCheck, ...]
    refused_facts: tuple[HeardFact, ...]
