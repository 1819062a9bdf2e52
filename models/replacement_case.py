"""A replacement that follows a dossier already concluded: what its workflow starts with, says and ends with."""

from datetime import timedelta

from models.base import Code, Instant, LongText, Model, Text
from models.documents import Sha256
from models.dossier import Leg
from models.plan import Plan
from models.publication import FollowUpOrder, HeardFact, NoticeOrder
from models.replacement import Replacement

SUPERSEDED = "superseded"
"""The signal by which a newer replacement tells an older one which of its versions (digests) it has replaced."""


class StartReplacement(Model):
    """The start input; the rest is in the ledger, which minted `number`. The workflow is `CODE/replacement/number`.

    `training_offset` is as in `StartDossier`: refused unless the worker is in training mode.
    """

    code: Code
    number: int
    training_offset: timedelta = timedelta()


class ReplacementQuery(Model):
    """A start as the ledger is to confirm it."""

    code: Code
    number: int
    training: bool


class ReplacementCase(Model):
    """What a replacement must know of its dossier. `legs` say where a part is and under which codes, nothing else.

    `older` are the replacements of their own by which the versions replaced here came, by number.
    """

    replacement: Replacement
    plan: Plan
    legs: tuple[Leg, ...]
    province_code: Code
    provincial_code: Code | None
    older: tuple[int, ...] = ()


class ReplacementNews(Model):
    """One change of a replacement, as it is written to the ledger and told. `sequence` rises by one.

    `heard` are the signals since the one before, for the audit trail.
    """

    code: Code
    number: int
    sequence: int
    at: Instant
    replacement: Replacement
    notices: tuple[NoticeOrder, ...] = ()
    follow_ups: tuple[FollowUpOrder, ...] = ()
    heard: tuple[HeardFact, ...] = ()


class ReplacementView(Model):
    """A replacement as it stands (query `replacement_view`)."""

    code: Code
    number: int
    province_code: Code | None = None
    plan: Plan | None = None
    replacement: Replacement | None = None
    warnings: tuple[LongText, ...] = ()
    refused_signals: int = 0


class AgencyAnswer(Model):
    """What one agency said to one new version: when it acknowledged, or that a newer one had made that unnecessary."""

    agency: Text
    leg: Code
    sha256: Sha256
    acknowledged_at: Instant | None
    unnecessary: bool


class ReplacementOutcome(Model):
    """How a replacement ended: what each agency said that was told."""

    code: Code
    number: int
    agencies: tuple[AgencyAnswer, ...]
