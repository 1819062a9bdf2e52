"""Law packs: what is in force on a date, as dated data with citations (`models/data/law/*.toml`, REQUIREMENTS §9).

A pack file states only what it changes (`amends`); `pack_in_force` gives the merged whole. Nothing here knows any
particular law: a new decree is a new file.
"""

import tomllib
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any, Self

from pydantic import Field, model_validator

from models.base import Code, LongText, Model, Text
from models.clock import ReceiptRule
from models.documents import DocumentKind
from models.form_facts import Fact, PersonRole
from models.groups import Group
from models.lateness import LatenessRule, WatchdogRule
from models.reminders import ReminderRule
from models.replacement import ReplacementRule
from models.systems import System


class Confidence(StrEnum):
    """How sure we are of a rule: read in the text, secondary, or our own stated choice."""

    QUOTED = "Q"
    SECONDARY = "S"
    CHOICE = "choice"


class Quorum(StrEnum):
    """How many of the people in a role must agree."""

    ALL = "all"
    ANY = "any"


class LawError(ValueError):
    """There is no such law: no pack for the date, or no such pack id; the message is Vietnamese and for people."""


class Citation(Model):
    """A document and what it says (căn cứ pháp lý)."""

    document: Text
    says: LongText
    confidence: Confidence


class ReceiptPolicy(ReceiptRule):
    """The after-15:00 rule as the pack has it."""

    confidence: Confidence

    @property
    def rule(self) -> ReceiptRule:
        """The rule alone, as plans and clocks carry it."""
        return ReceiptRule(late_after=self.late_after, closes_at=self.closes_at, basis=self.basis)


class ConsentPolicy(Model):
    """How long a person asked in VNeID has (working days), and whether the declarant's signature is consent enough.

    Who is silent is reminded; then a written agreement may replace the consent for another `agreement_days`.
    """

    working_days: int = Field(ge=0)
    declarant_counts: bool
    reminders: ReminderRule
    agreement_days: int = Field(ge=0)
    agreement_basis: LongText
    basis: LongText
    confidence: Confidence

    @model_validator(mode="after")
    def _reminders_before_the_end(self) -> Self:
        if any(days >= self.working_days for days in self.reminders.after):
            raise ValueError("nhắc sau khi đã hết hạn xác nhận")
        return self


class CitizenLimit(Model):
    """A limit on the citizen's own act, in working days ending at 24:00 (REQUIREMENTS §6.6)."""

    working_days: int = Field(ge=0)
    basis: LongText
    confidence: Confidence


class SupplementPolicy(CitizenLimit):
    """How long the citizen has for a supplement, and when they are reminded of it."""

    reminders: ReminderRule

    @model_validator(mode="after")
    def _reminders_before_the_end(self) -> Self:
        if any(days >= self.working_days for days in self.reminders.after):
            raise ValueError("nhắc sau khi đã hết hạn bổ sung")
        return self


class LatenessPolicy(LatenessRule):
    """What happens around due dates as the pack has it."""

    confidence: Confidence

    @property
    def rule(self) -> LatenessRule:
        """The rule alone, as plans carry it."""
        return LatenessRule.model_validate(self.model_dump(exclude={"confidence"}))


class WatchdogPolicy(WatchdogRule):
    """When electronic results are owed as the pack has it."""

    confidence: Confidence

    @property
    def rule(self) -> WatchdogRule:
        """The rule alone, as plans carry it."""
        return WatchdogRule.model_validate(self.model_dump(exclude={"confidence"}))


class ReplacementPolicy(ReplacementRule):
    """How long agencies are waited for that must acknowledge a new version, as the pack has it."""

    confidence: Confidence

    @property
    def rule(self) -> ReplacementRule:
        """The rule alone, as plans carry it."""
        return ReplacementRule.model_validate(self.model_dump(exclude={"confidence"}))


class Policies(Model):
    """The policies that hold for the whole pack (REQUIREMENTS §10)."""

    receipt: ReceiptPolicy
    consent: ConsentPolicy
    supplement: SupplementPolicy
    payment: CitizenLimit
    lateness: LatenessPolicy
    watchdog: WatchdogPolicy
    replacement: ReplacementPolicy


class Agency(Model):
    """An authority as it is called while the pack is in force (cơ quan giải quyết)."""

    name: Text
    basis: LongText


class Conditional(Model):
    """Something that applies when all of `when` and none of `unless` are facts of the declaration."""

    when: frozenset[Fact] = frozenset()
    unless: frozenset[Fact] = frozenset()

    def applies(self, facts: frozenset[Fact]) -> bool:
        return self.when <= facts and not self.unless & facts


class AgencyException(Conditional):
    """Another authority for certain cases."""

    agency: Code


class MustBeNamed(Model):
    """What the form lacks when it names nobody to ask: the field it is missed at, and the words."""

    field: Text
    message: LongText


class ConsentLaw(Conditional):
    """Whose consent a leg needs (sự đồng ý trên VNeID).

    `concerns` is the section of the form they agree to. `about` says to what, where it is not the leg as a whole;
    `names` whom they agree to. Nobody else can stand in for people who `must_be_named`. A dossier that carries
    `replaced_by`, signed by all, needs nobody's consent in VNeID. `may_change`: a supplement may add or correct the
    people asked.
    """

    role: PersonRole
    quorum: Quorum
    concerns: Text
    must_be_named: MustBeNamed | None = None
    about: Text | None = None
    names: PersonRole | None = None
    ask_declarant: bool = False
    replaced_by: DocumentKind | None = None
    may_change: bool = False
    basis: LongText
    confidence: Confidence


class VerificationLaw(Conditional):
    """The limit, in working days, when an agency must verify (xác minh): the leg's or the whole group's."""

    limit: int = Field(ge=0)
    basis: LongText
    confidence: Confidence


class DocumentLaw(Conditional):
    """A required attachment of a leg (thành phần hồ sơ): one of the kinds, under a field of the form.

    One that an agency must add itself (`completed_by`) is never asked of the citizen.
    """

    any_of: tuple[DocumentKind, ...] = Field(min_length=1)
    field: Text
    completed_by: Code | None = None
    basis: LongText
    confidence: Confidence


class LegLaw(Conditional):
    """One agency procedure of the group (thủ tục hành chính thành phần), with what it alone needs.

    `requires` names the legs whose results it needs, as far as the dossier has them. One of `own_attachments_only` gets
    no attachment but its own `documents`, any other also those that no leg names.
    """

    name: Text
    system: System
    agency: Code
    agency_exceptions: tuple[AgencyException, ...] = ()
    limit: int = Field(ge=0)
    verification: VerificationLaw | None = None
    requires: tuple[Code, ...] = ()
    consents: tuple[ConsentLaw, ...] = ()
    documents: tuple[DocumentLaw, ...] = ()
    own_attachments_only: bool = False
    results: tuple[DocumentKind, ...]
    sent_with_intake: bool = False
    assigns_identity_number: bool = False
    in_group_promise: bool = True
    basis: LongText
    confidence: Confidence


class Duty(Model):
    """A duty of the citizen, in calendar days (nghĩa vụ).

    One that a dossier may leave behind names the leg whose failure does so (`when_not_completed`) and the leg from
    whose decision its days count (`counted_from`). `fine` is what neglecting it may cost.
    """

    calendar_days: int = Field(gt=0)
    says: LongText
    when_not_completed: Code | None = None
    counted_from: Code | None = None
    fine: LongText | None = None
    basis: LongText
    confidence: Confidence


class GroupTotal(Conditional):
    """The limit of the whole group for certain cases, in working days; stored, never derived from the legs'."""

    limit: int = Field(ge=0)
    verification: VerificationLaw
    basis: LongText
    confidence: Confidence


class GroupLaw(Model):
    """A procedure group as the pack declares it, legs in the order of the decision.

    The first of `totals` that applies is the limit of the whole group, else `limit`.
    """

    name: Text
    procedure_code: Code
    limit: int = Field(ge=0)
    verification: VerificationLaw
    basis: LongText
    confidence: Confidence
    totals: tuple[GroupTotal, ...] = ()
    legs: Mapping[Code, LegLaw]
    duties: Mapping[Code, Duty] = {}

    def total(self, facts: frozenset[Fact]) -> GroupTotal:
        """The limit of the whole group for a declaration with these facts."""
        usual = GroupTotal(
            limit=self.limit,
            verification=self.verification,
            basis=self.basis,
            confidence=self.confidence,
        )
        return next((total for total in self.totals if total.applies(facts)), usual)


class LawPack(Model):
    """Everything in force for dossiers received from a date on."""

    id: Code
    in_force_from: date
    amends: Code | None = None
    provisional: bool = False
    title: LongText
    basis: tuple[Citation, ...]
    policies: Policies
    agencies: Mapping[Code, Agency]
    birth: GroupLaw
    death: GroupLaw

    def group(self, group: Group) -> GroupLaw:
        """The law of one group."""
        return {Group.BIRTH: self.birth, Group.DEATH: self.death}[group]


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """`new` laid over `old`: tables merge, everything else is replaced."""
    merged = dict(old)
    for key, value in new.items():
        before = merged.get(key)
        merged[key] = _merged(before, value) if isinstance(before, Mapping) and isinstance(value, Mapping) else value
    return merged


def _whole(files: Mapping[str, Mapping[str, Any]], pack_id: str) -> dict[str, Any]:
    """A pack with everything it amends; citations add up, oldest first."""
    own = files[pack_id]
    if "amends" not in own:
        return dict(own)
    earlier = _whole(files, own["amends"])
    return _merged(earlier, own) | {
        "basis": [*earlier["basis"], *own["basis"]],
        "provisional": own.get("provisional", False),
    }


@cache
def all_packs() -> tuple[LawPack, ...]:
    """Every pack, oldest first, provisional ones included."""
    folder = resources.files("models") / "data" / "law"
    parsed = [tomllib.loads(entry.read_text("utf-8")) for entry in folder.iterdir() if entry.name.endswith(".toml")]
    files = {content["id"]: content for content in parsed}
    packs = [LawPack.model_validate(_whole(files, pack_id)) for pack_id in files]
    return tuple(sorted(packs, key=lambda pack: pack.in_force_from))


def pack_in_force(on: date, *, provisional: bool = False) -> LawPack:
    """The pack for a dossier received on that calendar date (not the 15:00-shifted day, REQUIREMENTS §9).

    Provisional packs are passed over unless asked for. Raises LawError before the first pack.
    """
    candidates = [pack for pack in all_packs() if pack.in_force_from <= on and (provisional or not pack.provisional)]
    if not candidates:
        first = all_packs()[0].in_force_from
        raise LawError(f"Ngày {on:%d/%m/%Y} chưa có quy định liên thông; quy định đầu tiên có từ {first:%d/%m/%Y}.")
    return candidates[-1]


def pack(pack_id: str) -> LawPack:
    """The pack of that id. Raises LawError when there is none."""
    for candidate in all_packs():
        if candidate.id == pack_id:
            return candidate
    known = ", ".join(candidate.id for candidate in all_packs())
    raise LawError(f"Không có gói luật “{pack_id}”; hiện có: {known}.")
