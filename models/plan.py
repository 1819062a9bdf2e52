"""The plan of a dossier: its legs, resolved once from the law pack and then carried by the dossier (DESIGN §2).

Workflows run any plan; from here on nobody looks at the pack again, so a later law never touches a running dossier.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from pydantic import Field, model_validator

from models.base import Code, LongText, Model, Text
from models.calendar import WorkingCalendar
from models.clock import ReceiptRule
from models.declaration import Declaration
from models.documents import DocumentKind
from models.form_facts import Fact, PersonRole
from models.form_parts import NamedPerson
from models.groups import Group
from models.lateness import LatenessRule, WatchdogRule
from models.law import ConsentLaw, DocumentLaw, GroupLaw, LawPack, LegLaw, Quorum, all_packs
from models.reading import DeclarationErrors, Problem, problem_at
from models.reminders import ReminderRule
from models.replacement import ReplacementRule
from models.systems import System


class AskedPerson(Model):
    """A named person asked for consent. `key` is opaque: ids and logs use it, never the name or number.

    `row` is where a table of the form has them, for people to be told apart without names; None without a table.
    """

    key: Code
    full_name: Text
    personal_id: Code
    roles: tuple[PersonRole, ...]
    row: int | None = None


class ConsentRule(Model):
    """Which of the people asked must agree before the leg may be sent, and to whom; see `law.ConsentLaw`."""

    role: PersonRole
    quorum: Quorum
    people: tuple[Code, ...]
    concerns: Text
    about: Text | None = None
    representative: NamedPerson | None = None
    replaced_by: DocumentKind | None = None
    may_change: bool = False
    basis: LongText


class LegTerms(Model):
    """What of a leg its promised date follows from; the limit is in working days."""

    key: Code
    limit: int
    requires: tuple[Code, ...]


class PlanTerms(Model):
    """What of a plan the dates promised at receipt follow from."""

    limit: int
    receipt: ReceiptRule
    legs: tuple[LegTerms, ...]


class LegPlan(LegTerms):
    """One leg as this dossier will run it. Limits are working days; `attachments` are what the law names for it."""

    group: Group
    name: Text
    system: System
    agency: Text
    verification_limit: int | None
    verification_basis: LongText | None
    consent_rules: tuple[ConsentRule, ...]
    people: tuple[AskedPerson, ...]
    attachments: tuple[DocumentKind, ...] = ()
    own_attachments_only: bool = False
    results: tuple[DocumentKind, ...]
    sent_with_intake: bool
    assigns_identity_number: bool
    in_group_promise: bool
    basis: LongText

    def without_replaced_consents(self, attached: frozenset[DocumentKind]) -> "LegPlan":
        """The leg without consents that a signed agreement among the attachments replaces, and without their people.

        Whoever is asked by another rule stays, in the roles of that rule.
        """
        rules = tuple(rule for rule in self.consent_rules if rule.replaced_by not in attached)
        if rules == self.consent_rules:
            return self
        people = []
        for person in self.people:
            roles = tuple(dict.fromkeys(rule.role for rule in rules if person.key in rule.people))
            if roles:
                people.append(person.model_copy(update={"roles": roles}))
        return self.model_copy(update={"consent_rules": rules, "people": tuple(people)})


class PlannedDuty(Model):
    """A duty the dossier leaves behind if a leg ends without success; calendar days from the decision of another."""

    key: Code
    when_not_completed: Code
    counted_from: Code
    calendar_days: int
    says: LongText
    basis: LongText
    fine: LongText | None


class RequiredDocument(Model):
    """An attachment this dossier needs: one of `any_of`, declared under `field` of the form.

    What an agency must add itself (`completed_by`) is never asked of the citizen.
    """

    any_of: tuple[DocumentKind, ...]
    leg: Code
    field: Text
    completed_by: Text | None = None
    basis: LongText

    @property
    def to_complete(self) -> str:
        """What the agency that must add it is told."""
        papers = " hoặc ".join(kind.label for kind in self.any_of)
        return (
            f"Đề nghị {self.completed_by} hoàn thiện và gửi bản điện tử cho hồ sơ này: {papers}. Căn cứ: {self.basis}."
        )

    def met_by(self, kinds: frozenset[DocumentKind]) -> bool:
        return bool(kinds & set(self.any_of))


class Plan(Model):
    """The law of one dossier. Limits are working days; `receipt` is the 15:00 rule.

    What plans in the ledger do not say, since they are older than the rule, is read as the first pack has it.
    """

    group: Group
    pack: Code
    name: Text
    procedure_code: Code
    limit: int
    verification_limit: int
    verification_basis: LongText
    basis: LongText
    receipt: ReceiptRule
    consent_days: int
    consent_basis: LongText
    consent_reminders: ReminderRule = Field(default_factory=lambda: all_packs()[0].policies.consent.reminders)
    agreement_days: int = Field(default_factory=lambda: all_packs()[0].policies.consent.agreement_days)
    agreement_basis: LongText = Field(default_factory=lambda: all_packs()[0].policies.consent.agreement_basis)
    supplement_days: int
    supplement_basis: LongText
    supplement_reminders: ReminderRule = Field(default_factory=lambda: all_packs()[0].policies.supplement.reminders)
    payment_days: int
    payment_basis: LongText
    lateness: LatenessRule = Field(default_factory=lambda: all_packs()[0].policies.lateness.rule)
    watchdog: WatchdogRule = Field(default_factory=lambda: all_packs()[0].policies.watchdog.rule)
    replacement: ReplacementRule = Field(default_factory=lambda: all_packs()[0].policies.replacement.rule)
    legs: tuple[LegPlan, ...]
    completed_by_agencies: tuple[RequiredDocument, ...] = ()
    duties: tuple[PlannedDuty, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _older(cls, plan: Any) -> Any:
        """Older plans of the ledger say only of the whole what group it is, and why it lasts that long."""
        if not isinstance(plan, Mapping):
            return plan
        legs = [{"group": plan["group"], **leg} if isinstance(leg, Mapping) else leg for leg in plan["legs"]]
        return {"verification_basis": plan["basis"], **plan, "legs": legs}

    @property
    def terms(self) -> PlanTerms:
        """What its promised dates follow from."""
        legs = tuple(LegTerms(key=leg.key, limit=leg.limit, requires=leg.requires) for leg in self.legs)
        return PlanTerms(limit=self.limit, receipt=self.receipt, legs=legs)

    def withheld(self, key: str, attached: frozenset[DocumentKind]) -> tuple[DocumentKind, ...]:
        """The attachments that the agency of that leg does not get: those only other legs need (data minimisation)."""
        leg = self.leg(key)
        needed = {kind for one in self.legs for kind in one.attachments}
        return tuple(sorted((attached if leg.own_attachments_only else attached & needed) - {*leg.attachments}))

    def with_leg(self, leg: LegPlan) -> "Plan":
        """The plan with that leg in place of the one of its key."""
        return self.model_copy(update={"legs": tuple(leg if leg.key == one.key else one for one in self.legs)})

    def leg(self, key: str) -> LegPlan:
        """The leg of that key; KeyError when the plan has none."""
        for leg in self.legs:
            if leg.key == key:
                return leg
        raise KeyError(key)

    def without_replaced_consents(self, attached: frozenset[DocumentKind]) -> "Plan":
        """The plan once the dossier carries these kinds of attachment; see `LegPlan.without_replaced_consents`."""
        return self.model_copy(update={"legs": tuple(leg.without_replaced_consents(attached) for leg in self.legs)})


def resolve_plan(pack: LawPack, declaration: Declaration) -> Plan:
    """The plan of a dossier under that pack.

    Raises DeclarationErrors, all at once, when the plan needs somebody the form does not name (a dwelling's owner).
    """
    law = pack.group(declaration.group)
    facts = declaration.facts()
    wanted = {key: leg for key, leg in law.legs.items() if leg.applies(facts)}
    legs, problems = [], []
    for key, leg in wanted.items():
        planned, missing = _leg(pack, key, leg, declaration, facts)
        requires = tuple(needed for needed in leg.requires if needed in wanted)
        legs.append(planned.model_copy(update={"requires": requires}))
        problems += missing
    if problems:
        raise DeclarationErrors(tuple(problems))
    policies, total = pack.policies, law.total(facts)
    plan = Plan(
        group=declaration.group,
        pack=pack.id,
        name=law.name,
        procedure_code=law.procedure_code,
        limit=total.limit,
        verification_limit=total.verification.limit,
        verification_basis=total.verification.basis,
        basis=total.basis,
        receipt=policies.receipt.rule,
        consent_days=policies.consent.working_days,
        consent_basis=policies.consent.basis,
        consent_reminders=policies.consent.reminders,
        agreement_days=policies.consent.agreement_days,
        agreement_basis=policies.consent.agreement_basis,
        supplement_days=policies.supplement.working_days,
        supplement_basis=policies.supplement.basis,
        supplement_reminders=policies.supplement.reminders,
        payment_days=policies.payment.working_days,
        payment_basis=policies.payment.basis,
        lateness=policies.lateness.rule,
        watchdog=policies.watchdog.rule,
        replacement=policies.replacement.rule,
        legs=tuple(legs),
        completed_by_agencies=tuple(
            document for document in required_documents(pack, declaration.group, facts) if document.completed_by
        ),
        duties=_duties(law, frozenset(leg.key for leg in legs)),
    )
    return plan.without_replaced_consents(frozenset(document.kind for document in declaration.attachments))


def required_documents(pack: LawPack, group: Group, facts: frozenset[Fact]) -> tuple[RequiredDocument, ...]:
    """The attachments a declaration with these facts needs (thành phần hồ sơ phải đính kèm)."""
    legs = ((key, leg) for key, leg in pack.group(group).legs.items() if leg.applies(facts))
    return tuple(_required(pack, key, law) for key, leg in legs for law in leg.documents if law.applies(facts))


def missing_documents(required: tuple[RequiredDocument, ...], declaration: Declaration) -> tuple[RequiredDocument, ...]:
    """Those of the required attachments that the citizen owes and the declaration does not carry."""
    carried = frozenset(document.kind for document in declaration.attachments)
    return tuple(document for document in required if not (document.completed_by or document.met_by(carried)))


def declared_late(pack: LawPack, declaration: Declaration, on: date, calendar: WorkingCalendar) -> bool:
    """Whether it is declared after the citizen's term (quá hạn khai sinh, khai tử), counted in calendar days.

    A term whose last day is a day off ends with the next working day (Bộ luật Dân sự 2015 Điều 148(5)).
    """
    since, days = declaration.happened_on, pack.group(declaration.group).duties["declaration"].calendar_days
    return on - timedelta(days=days) > since and on > last_day_of_term(since, days, calendar)


def last_day_of_term(counted_from: date, calendar_days: int, calendar: WorkingCalendar) -> date:
    """The last day of a term of calendar days; a day off moves to the next working day (Điều 148(5))."""
    last_day = counted_from + timedelta(days=calendar_days)
    return last_day if calendar.is_working(last_day) else calendar.next_working(last_day)


def _duties(law: GroupLaw, legs: frozenset[str]) -> tuple[PlannedDuty, ...]:
    return tuple(
        PlannedDuty(
            key=key,
            when_not_completed=duty.when_not_completed,
            counted_from=duty.counted_from,
            calendar_days=duty.calendar_days,
            says=duty.says,
            basis=duty.basis,
            fine=duty.fine,
        )
        for key, duty in law.duties.items()
        if duty.when_not_completed in legs and duty.counted_from in legs
    )


def _required(pack: LawPack, leg: str, law: DocumentLaw) -> RequiredDocument:
    agency = pack.agencies[law.completed_by].name if law.completed_by else None
    return RequiredDocument(any_of=law.any_of, leg=leg, field=law.field, completed_by=agency, basis=law.basis)


def _leg(
    pack: LawPack, key: str, law: LegLaw, declaration: Declaration, facts: frozenset[Fact]
) -> tuple[LegPlan, list[Problem]]:
    agency = next((case.agency for case in law.agency_exceptions if case.applies(facts)), law.agency)
    verification = law.verification if law.verification and law.verification.applies(facts) else None
    rules, people, problems = _consents(pack, law, declaration, facts)
    plan = LegPlan(
        key=key,
        group=declaration.group,
        name=law.name,
        system=law.system,
        agency=pack.agencies[agency].name,
        limit=law.limit,
        verification_limit=verification.limit if verification else None,
        verification_basis=verification.basis if verification else None,
        requires=law.requires,
        consent_rules=rules,
        people=people,
        attachments=_attachments(law),
        own_attachments_only=law.own_attachments_only,
        results=law.results,
        sent_with_intake=law.sent_with_intake,
        assigns_identity_number=law.assigns_identity_number,
        in_group_promise=law.in_group_promise,
        basis=law.basis,
    )
    return plan, problems


def _attachments(law: LegLaw) -> tuple[DocumentKind, ...]:
    """What the law names for the leg in whatever case: a form corrected later may still make it need one."""
    required = (kind for document in law.documents for kind in document.any_of)
    agreements = (consent.replaced_by for consent in law.consents if consent.replaced_by)
    return tuple(dict.fromkeys((*required, *agreements)))


def _consents(
    pack: LawPack, law: LegLaw, declaration: Declaration, facts: frozenset[Fact]
) -> tuple[tuple[ConsentRule, ...], tuple[AskedPerson, ...], list[Problem]]:
    """The consent rules of a leg and the people to ask, each person once however many roles they have."""
    asked: dict[str, AskedPerson] = {}
    rules: list[ConsentRule] = []
    problems: list[Problem] = []
    for consent in law.consents:
        if not consent.applies(facts):
            continue
        named = declaration.people_in_role(consent.role)
        if not named and (missed := consent.must_be_named):
            text = f"{missed.message} ({consent.basis})."
            problems.append(problem_at(tuple(missed.field.split(".")), text, declaration.group))
        to_ask = _to_ask(pack, consent, named, declaration)
        for number, person in enumerate(to_ask, 1):
            known = asked.get(person.personal_id)
            row = declaration.row_of(consent.role, person.personal_id)
            asked[person.personal_id] = (
                known.model_copy(
                    update={"roles": tuple(dict.fromkeys((*known.roles, consent.role))), "row": known.row or row}
                )
                if known
                else AskedPerson(
                    key=consent.role.value if len(to_ask) == 1 else f"{consent.role.value}_{number}",
                    full_name=person.full_name,
                    personal_id=person.personal_id,
                    roles=(consent.role,),
                    row=row,
                )
            )
        if to_ask:
            keys = tuple(dict.fromkeys(asked[person.personal_id].key for person in to_ask))
            rules.append(
                ConsentRule(
                    role=consent.role,
                    quorum=consent.quorum,
                    people=keys,
                    concerns=consent.concerns,
                    about=consent.about,
                    representative=_representative(consent, declaration),
                    replaced_by=consent.replaced_by,
                    may_change=consent.may_change,
                    basis=consent.basis,
                )
            )
    return tuple(rules), tuple(asked.values()), problems


def _representative(consent: ConsentLaw, declaration: Declaration) -> NamedPerson | None:
    """Whom the people asked are to agree to, if it is somebody."""
    named = declaration.people_in_role(consent.names) if consent.names else ()
    return named[0] if named else None


def _to_ask(
    pack: LawPack, consent: ConsentLaw, named: tuple[NamedPerson, ...], declaration: Declaration
) -> tuple[NamedPerson, ...]:
    """Whom to ask, the declarant left out where signing the declaration is consent enough."""
    if consent.ask_declarant or not pack.policies.consent.declarant_counts:
        return named
    others = tuple(person for person in named if person.personal_id != declaration.applicant.personal_id)
    return () if consent.quorum is Quorum.ANY and len(others) < len(named) else others
