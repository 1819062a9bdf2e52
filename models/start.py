"""What a dossier's workflow starts with, and what law resolves for it."""

from collections.abc import Mapping
from datetime import date, timedelta

from models.base import Code, Instant, LongText, Model
from models.clock import Clock, Due
from models.declaration import BirthDeclaration
from models.dossier import Fee
from models.messages import BirthNoticeState
from models.plan import Plan, RequiredDocument

CALENDAR_CHANGED = "calendar_changed"
"""The signal that tells a running dossier to read its dates off the calendar again."""


class StartDossier(Model):
    """The start input. `code` was minted by the ledger and is the workflow id.

    The law at intake is that of the legal date of `submitted_at`, however late the workflow comes to start (§9).
    `training_offset` = legal time minus the clock; refused unless the worker is in training mode (REQUIREMENTS §6.10).
    """

    code: Code
    declaration: BirthDeclaration
    submitted_at: Instant
    training_offset: timedelta = timedelta()


class LawQuery(Model):
    """What the law says of a declaration on a date; `notice` is what the look-up of the birth notice found, if made."""

    declaration: BirthDeclaration
    on: date
    notice: BirthNoticeState | None = None


class Resolved(Model):
    """The law of one dossier: plan, attachments still missing, fee, warnings for the operator."""

    plan: Plan
    missing_documents: tuple[RequiredDocument, ...]
    fee: Fee
    warnings: tuple[LongText, ...]


class DueQuery(Model):
    """Clocks to read against the calendar, by name."""

    clocks: Mapping[Code, Clock]


class DueAnswer(Model):
    """The due date of each clock."""

    dues: Mapping[Code, Due]


class CitizenDueQuery(Model):
    """A citizen's limit, in working days from the request."""

    requested_at: Instant
    working_days: int


class ExpectedQuery(Model):
    """A plan received at an instant, before the clocks of its later legs have started."""

    plan: Plan
    received_at: Instant
