"""What a dossier's workflow starts with, and what law resolves for it."""

import hashlib
from collections.abc import Mapping
from datetime import date, timedelta

from models.base import Code, Instant, LongText, Model
from models.clock import Clock, Due
from models.declaration import Declaration
from models.dossier import Fee
from models.lateness import AgencyReminder, Ahead, DayAhead
from models.messages import NoticeState
from models.plan import Plan, PlanTerms, RequiredDocument
from models.reminders import ReminderRule

CALENDAR_CHANGED = "calendar_changed"
"""The signal that tells a running dossier to read its dates off the calendar again."""


class StartDossier(Model):
    """The start input. `code` was minted by the ledger and is the workflow id.

    The law at intake is that of the legal date of `submitted_at`, however late the workflow comes to start (§9).
    `training_offset` = legal time minus the clock; refused unless the worker is in training mode (REQUIREMENTS §6.10).
    """

    code: Code
    declaration: Declaration
    submitted_at: Instant
    training_offset: timedelta = timedelta()


class LawOrder(Model):
    """Which law to find: a dossier's on a date. The declaration stays in the ledger, at `revision` (0: as opened).

    `notice` is what the look-up of the notice found, if made.
    """

    code: Code
    revision: int = 0
    on: date
    notice: NoticeState | None = None


class Confirmation(Model):
    """A start as the ledger is to confirm it: `digest` tells the declaration it was started with from any other."""

    law: LawOrder
    digest: Code
    training: bool


def declaration_digest(declaration: Declaration) -> str:
    """The SHA-256 of a declaration as JSON, in hexadecimal digits."""
    return hashlib.sha256(declaration.model_dump_json().encode()).hexdigest()


class LawQuery(Model):
    """What the law says of a declaration on a date; `notice` is what the look-up of the notice found, if made."""

    declaration: Declaration
    on: date
    notice: NoticeState | None = None


class Resolved(Model):
    """The law of one dossier: plan, attachments still missing, fee, warnings for the operator."""

    plan: Plan
    missing_documents: tuple[RequiredDocument, ...]
    fee: Fee
    warnings: tuple[LongText, ...]


class DueQuery(Model):
    """Clocks to read against the calendar, by name; with a `reminder`, also when to remind of each."""

    clocks: Mapping[Code, Clock]
    reminder: AgencyReminder | None = None


class DueAnswer(Model):
    """The due date of each clock."""

    dues: Mapping[Code, Due]


class DaysQuery(Model):
    """Dates to read off the calendar, by name."""

    ahead: Mapping[Code, Ahead]


class DaysAnswer(Model):
    """The date of each name."""

    days: Mapping[Code, DayAhead]


class CitizenDueQuery(Model):
    """A citizen's limit, in working days from the request, and when to remind of it, if at all."""

    requested_at: Instant
    working_days: int
    reminders: ReminderRule | None = None


class DutyQuery(Model):
    """A duty of the citizen, in calendar days after the day it counts from."""

    counted_from: date
    calendar_days: int


class DutyTerm(Model):
    """The last day of a duty, and why that day."""

    last_day: date
    explanation: tuple[LongText, ...]


class ReceiptQuery(Model):
    """The province has received the dossier: `law` asks for that day's, `pack` and `terms` are what it runs by so far.

    `clock` is that of the leg the receipt has started, `reminder` says when its agency is reminded.
    """

    law: LawOrder
    pack: Code
    terms: PlanTerms
    received_at: Instant
    clock: Clock
    reminder: AgencyReminder


class Promise(Model):
    """What follows from the provincial receipt: every date, and the law where it is another than so far.

    `problem` says why another law could not be applied; the dossier then goes on by the one it has.
    """

    resolved: Resolved | None = None
    problem: LongText | None = None
    group: Due
    legs: Mapping[Code, Due]
    received: Due
