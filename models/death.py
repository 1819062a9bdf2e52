"""Form 02 as a whole: the declaration of a death, the facts law packs judge by, and the people it names.

A `DeathDeclaration` in hand is complete field by field. Rules between sections (`death_rules`) are judged when it is
read (`reading.read_declaration`), not here: a stored dossier must stay readable when a rule changes later.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import ClassVar, Self

from pydantic import Field

from models.base import Code, Model, without
from models.codes import fold
from models.days import full_years
from models.death_doubts import doubts_about_benefits, doubts_about_death
from models.death_form import (
    PAYEE_BELOW,
    Benefits,
    Claim,
    DeathApplicant,
    DeathNoticeRef,
    DeathRecipients,
    DeathResultChoices,
    Deceased,
    DisabledSince,
    MeritRelative,
    Payee,
    ProtectionKind,
    Regime,
    RelationToDeceased,
    Relative,
    Scope,
    SubstituteRef,
    is_person,
)
from models.declaration_doubts import DeclarationWarning
from models.documents import DocumentKind
from models.form_facts import Fact, PersonNamed, PersonRole
from models.form_parts import (
    MAX_ATTACHMENTS,
    Attachment,
    Attested,
    FeeRelief,
    FeeReliefGround,
    NamedPerson,
    PaperDelivery,
    PaperPlace,
    PoorHousehold,
)
from models.groups import Group
from models.systems import System

_CAUSE = ("deceased.cause", "deceased.cause_icd10")
"""Sensitive: what only the registrar is told."""

_HIDDEN: Mapping[System, tuple[str, ...]] = {System.PROVINCIAL: (), System.RESIDENCE: (*_CAUSE, "benefits")}
"""Fields that a system neither gets nor hears of; any other: the cause of death."""

_NOTICES = frozenset({DocumentKind.DEATH_NOTICE, DocumentKind.DEATH_NOTICE_SUBSTITUTE})
"""Papers that state the cause of death."""


class DeathDeclaration(Model):
    """Tờ khai điện tử, Mẫu số 02. Extensions: submission id, fee relief, poor household."""

    group: ClassVar[Group] = Group.DEATH

    submission_id: Code | None = Field(None, title="Mã lần nộp trên Cổng Dịch vụ công quốc gia")
    recipients: DeathRecipients = Field(title="Kính gửi")
    applicant: DeathApplicant = Field(title="Người yêu cầu")
    scope: Scope = Field(title="Nội dung đề nghị")
    deceased: Deceased = Field(title="Người được khai tử")
    death_notice: DeathNoticeRef | None = Field(None, title="Giấy báo tử")
    notice_substitute: SubstituteRef | None = Field(None, title="Giấy tờ thay thế Giấy báo tử")
    benefits: Benefits | None = Field(None, title="Giải quyết mai táng phí, tử tuất")
    results: DeathResultChoices = Field(title="Hình thức nhận kết quả")
    fee_relief: tuple[FeeRelief, ...] = Field(
        (), title="Đối tượng miễn lệ phí", max_length=len(FeeReliefGround), description="not on the form"
    )
    poor_household: PoorHousehold | None = Field(
        None, title="Giấy chứng nhận hộ nghèo", description="not on the form; for fee relief"
    )
    attachments: tuple[Attachment, ...] = Field((), title="Giấy tờ đính kèm", max_length=MAX_ATTACHMENTS)
    attested: Attested = Field(title="Lời cam đoan")

    # --- What every form offers (`models.declaration`) ---------------------------------------------------------------

    @property
    def subject_name(self) -> str:
        """Whom the dossier is about."""
        return self.deceased.full_name

    @property
    def case(self) -> str:
        """What kind of case it is, as the form says, in words."""
        return f"{self.scope.label}; {self.benefits.regime.label}" if self.benefits else self.scope.label

    @property
    def happened_on(self) -> date:
        """The day the declarant's term counts from; of a day not known, the last it can be [choice]."""
        return self.deceased.died_on.latest

    @property
    def notice_number(self) -> str | None:
        """The number of the death notice to look up."""
        return self.death_notice.number if self.death_notice else None

    @property
    def copies(self) -> int:
        """How many certified copies of the civil-status paper are ordered."""
        return self.results.death_extract_copies

    @property
    def integrated(self) -> tuple[DocumentKind, ...]:
        """What the applicant wants shown in VNeID: form 02 offers nothing."""
        return ()

    def facts(self) -> frozenset[Fact]:
        """The facts of this declaration, for a law pack to judge by; see `BirthDeclaration.facts`."""
        reliefs = {relief.ground for relief in self.fee_relief}
        held = {
            Fact.FOREIGN_ELEMENT: self._foreign(),
            Fact.NOTICE_USABLE: self.death_notice is not None,
            Fact.HOUSEHOLDER: self.deceased.householder,
            Fact.POOR_HOUSEHOLD: self.poor_household is not None,
            Fact.MERIT_FAMILY: FeeReliefGround.MERIT_FAMILY in reliefs,
            Fact.DISABLED: FeeReliefGround.DISABLED in reliefs,
        }
        relatives = self._relatives_facts(self.benefits) if self.benefits and self.benefit_facts else ()
        return frozenset([*(fact for fact, holds in held.items() if holds), *self.benefit_facts, *relatives])

    @property
    def benefit_facts(self) -> frozenset[Fact]:
        """What scope and regime say by themselves."""
        return frozenset(self._scope_and_regime())

    def people_in_role(self, role: PersonRole) -> tuple[NamedPerson, ...]:
        """The people of the form who stand in that role and can be reached by their personal number."""
        match role:
            case PersonRole.RELATIVE:
                return tuple(
                    NamedPerson(full_name=relative.full_name, personal_id=number)
                    for relative in self.acting_relatives
                    if (number := self._number_of(relative))
                )
            case PersonRole.PAYEE:
                return tuple(
                    NamedPerson(full_name=payee.full_name, personal_id=number)
                    for payee in (self.benefits.payees if self.benefits else ())
                    if (number := self._number_of(payee))
                )
            case PersonRole.FUNERAL_RECIPIENT:
                recipient = self.benefits.funeral_recipient if self.benefits else None
                return (recipient.person.named,) if recipient and recipient.person else ()
            case PersonRole.RELATIVES_REPRESENTATIVE:
                representative = self.benefits.representative if self.benefits else None
                return (representative.named,) if representative else ()
        raise ValueError(f"{role} is nobody's consent")

    def row_of(self, role: PersonRole, personal_id: str) -> int | None:
        """Which row of its table, counted from 1, names that person; see `BirthDeclaration.row_of`."""
        numbers: list[str | None] = []
        if role is PersonRole.RELATIVE:
            numbers = [self._number_of(relative) for relative in self.family]
        elif role is PersonRole.PAYEE and self.benefits:
            numbers = [self._number_of(payee) for payee in self.benefits.payees]
        return numbers.index(personal_id) + 1 if len(numbers) > 1 and personal_id in numbers else None

    def people_to_validate(self) -> tuple[PersonNamed, ...]:
        """Everybody with a personal number, once each in the first role they have; validated only, never looked up."""
        once: dict[str, PersonNamed] = {}
        for role, full_name, number in self._named():
            if number:
                once.setdefault(number, PersonNamed(role=role, full_name=full_name, personal_id=number))
        return tuple(once.values())

    def paper_of(self, kind: DocumentKind) -> PaperDelivery | None:
        """Where a result is handed over on paper, if it is."""
        return {
            DocumentKind.DEATH_EXTRACT: PaperDelivery(place=PaperPlace.CIVIL_STATUS_DESK),
            DocumentKind.DEREGISTRATION_NOTICE: self.results.deregistration_notice_paper,
            DocumentKind.FUNERAL_DECISION: self.results.benefit_decision_paper,
            DocumentKind.SURVIVOR_DECISION: self.results.benefit_decision_paper,
        }.get(kind)

    def seen_by(self, system: System) -> Self:
        """The form as that system gets it: the cause of death is sensitive and goes to the registrar alone.

        [choice] So do the papers that state it; all others go by the extract. Nor does residence need to know what
        relatives earn and who is paid on which account.
        """
        if system is System.PROVINCIAL:
            return self
        attachments = tuple(document for document in self.attachments if document.kind not in _NOTICES)
        return without(self.model_copy(update={"attachments": attachments}), self.hidden_from(system))

    @staticmethod
    def hidden_from(system: System) -> tuple[str, ...]:
        """The fields that system neither gets nor hears of, by their paths; see `seen_by`."""
        return _HIDDEN.get(system, _CAUSE)

    def warnings(self) -> tuple[DeclarationWarning, ...]:
        """What an operator should look at; nothing here blocks the dossier."""
        return (
            *doubts_about_death(self.applicant, self.deceased, self.death_notice),
            *(doubts_about_benefits(self.applicant, self.deceased, self.benefits) if self.benefits else ()),
        )

    # --- Relatives ---------------------------------------------------------------------------------------------------

    @property
    def family(self) -> tuple[Relative, ...]:
        """The relatives of the regime's own table, dead or alive, in the order of the form."""
        if self.benefits is None:
            return ()
        return self.benefits.merit_relatives if self.benefits.regime is Regime.MERIT else self.benefits.relatives

    @property
    def acting_relatives(self) -> tuple[Relative, ...]:
        """The living relatives who act for themselves: of age to receive, and with legal capacity."""
        return tuple(relative for relative in self.family if not relative.deceased and not self.needs_payee(relative))

    def needs_payee(self, relative: Relative) -> bool:
        """Whether somebody else receives for a relative: under 15, or lacking legal capacity (form 02)."""
        return relative.lacks_capacity or full_years(relative.born.latest, self.deceased.died_on.earliest) < PAYEE_BELOW

    def _number_of(self, person: Relative | Payee) -> str | None:
        """The personal number of a relative or payee; left out of their row, it is that of the same name elsewhere.

        Form 02 says so of payees who are relatives. [choice] A name that has two numbers gives none, and two relatives
        of one name are two people.
        """
        if person.personal_id:
            return person.personal_id
        others = {self.deceased.personal_id}
        if isinstance(person, Relative):
            others |= {one.personal_id for one in self.family}
        numbers = {number for _, name, number in self._named() if number and fold(name) == fold(person.full_name)}
        return next(iter(numbers - others)) if len(numbers - others) == 1 else None

    # --- Facts -------------------------------------------------------------------------------------------------------

    def _foreign(self) -> bool:
        """A foreigner, or somebody residing abroad (Luật Hộ tịch 2014 Điều 52; who that is: from memory)."""
        return not (self.deceased.nationality.vietnamese and self.deceased.last_residence.address.in_vietnam)

    def _scope_and_regime(self) -> Iterator[Fact]:
        benefits = self.benefits
        if self.scope is Scope.TWO or benefits is None:
            return
        yield Fact.FUNERAL_BENEFIT
        if self.scope is Scope.FOUR:
            yield Fact.SURVIVOR_BENEFIT
        match benefits.regime:
            case Regime.SOCIAL_INSURANCE:
                yield Fact.SOCIAL_INSURANCE
            case Regime.SOCIAL_PROTECTION:
                yield Fact.SOCIAL_PROTECTION
                if benefits.protection is ProtectionKind.AGED_ON_SURVIVOR_BENEFIT:
                    yield Fact.AGED_ON_SURVIVOR_BENEFIT
            case Regime.MERIT:
                yield Fact.MERIT

    def _relatives_facts(self, benefits: Benefits) -> Iterator[Fact]:
        living = [relative for relative in self.family if not relative.deceased]
        merit = benefits.merit if benefits.regime is Regime.MERIT else None
        held = {
            Fact.LUMP_SUM: any(relative.claim is Claim.LUMP_SUM for relative in living),
            Fact.MONTHLY: any(relative.claim is Claim.MONTHLY for relative in living),
            Fact.FUNERAL_REPRESENTATIVE: self._one_relative_buries(benefits),
            Fact.RAISED_MARTYR: merit is not None and (merit.raised_martyr or self._raiser_claims()),
            Fact.RELATIVES_UNREACHABLE: None in map(self._number_of, self.acting_relatives),
            Fact.PAYEES_UNREACHABLE: None in map(self._number_of, benefits.payees),
            Fact.CAPACITY_REDUCED: any(relative.capacity_reduced for relative in benefits.relatives),
            Fact.ASSESSMENT_FEE_CLAIMED: any(relative.assessment_fee for relative in benefits.relatives),
            Fact.ADULT_CHILD_STUDYING: any(child.school for child in benefits.adult_children),
            Fact.ADULT_CHILD_DISABLED_YOUNG: any(
                child.disabled_since is DisabledSince.BEFORE_18 for child in benefits.adult_children
            ),
            Fact.ADULT_CHILD_DISABLED_LATER: any(
                child.disabled_since is DisabledSince.FROM_18 for child in benefits.adult_children
            ),
            Fact.ALONE_OR_ORPHANED: any(
                isinstance(relative, MeritRelative) and relative.circumstances for relative in living
            ),
        }
        yield from (fact for fact, holds in held.items() if holds)

    def _raiser_claims(self) -> bool:
        """Whether somebody claims a monthly benefit as the one who raised the child: the others confirm it [choice]."""
        raisers = [one for one in self.family if one.relation is RelationToDeceased.RAISED and not one.deceased]
        return any(one.claim is Claim.MONTHLY for one in raisers)

    def _one_relative_buries(self, benefits: Benefits) -> bool:
        """Whether one of several acting relatives receives the funeral benefit for all (form 02, notes 7 and 14)."""
        person, acting = benefits.funeral_recipient and benefits.funeral_recipient.person, self.acting_relatives
        one_of_them = person and any(is_person(one, person.full_name, person.personal_id) for one in acting)
        return bool(one_of_them) and len(acting) > 1

    def _named(self) -> Iterator[tuple[PersonRole, str, str | None]]:
        yield PersonRole.APPLICANT, self.applicant.full_name, self.applicant.personal_id
        yield PersonRole.DECEASED, self.deceased.full_name, self.deceased.personal_id
        yield from ((PersonRole.RELATIVE, relative.full_name, relative.personal_id) for relative in self.family)
        if self.benefits is None:
            return
        yield from ((PersonRole.PAYEE, payee.full_name, payee.personal_id) for payee in self.benefits.payees)
        recipient = self.benefits.funeral_recipient
        if recipient and recipient.person:
            yield PersonRole.FUNERAL_RECIPIENT, recipient.person.full_name, recipient.person.personal_id
        representative = self.benefits.representative
        if representative:
            yield PersonRole.RELATIVES_REPRESENTATIVE, representative.full_name, representative.personal_id
