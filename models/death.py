"""Form 02 as a whole: the declaration of a death, the facts law packs judge by, and the people it names.

A `DeathDeclaration` in hand is complete field by field. Rules between sections (`death_rules`) are judged when it is
read (`reading.read_declaration`), not here: a stored dossier must stay readable when a rule changes later.
"""

from collections.abc import Iterator
from datetime import date
from typing import ClassVar, Self

from pydantic import Field

from models.base import Code, Model
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
    Relative,
    Scope,
    SubstituteRef,
)
from models.declaration_doubts import DeclarationWarning
from models.documents import Document, DocumentKind
from models.form_facts import Fact, PersonNamed, PersonRole
from models.form_parts import (
    MAX_ATTACHMENTS,
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

_SENSITIVE = frozenset({"cause", "cause_icd10"})
"""What of the deceased only the registrar is told."""

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
    attachments: tuple[Document, ...] = Field((), title="Giấy tờ đính kèm", max_length=MAX_ATTACHMENTS)
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
            Fact.POOR_HOUSEHOLD: self.poor_household is not None,
            Fact.MERIT_FAMILY: FeeReliefGround.MERIT_FAMILY in reliefs,
            Fact.DISABLED: FeeReliefGround.DISABLED in reliefs,
        }
        return frozenset([*(fact for fact, holds in held.items() if holds), *self._benefit_facts()])

    def people_in_role(self, role: PersonRole) -> tuple[NamedPerson, ...]:
        """The people of the form who stand in that role and can be reached by their personal number."""
        match role:
            case PersonRole.RELATIVE:
                return tuple(
                    NamedPerson(full_name=relative.full_name, personal_id=relative.personal_id)
                    for relative in self.acting_relatives
                    if relative.personal_id
                )
            case PersonRole.PAYEE:
                return tuple(
                    NamedPerson(full_name=payee.full_name, personal_id=number)
                    for payee in (self.benefits.payees if self.benefits else ())
                    if (number := self._payee_number(payee))
                )
            case PersonRole.FUNERAL_RECIPIENT:
                recipient = self.benefits.funeral_recipient if self.benefits else None
                return (recipient.person.named,) if recipient and recipient.person else ()
            case PersonRole.LEGAL_REPRESENTATIVE:
                representative = self.benefits.representative if self.benefits else None
                return (representative.named,) if representative else ()
        raise ValueError(f"{role} is nobody's consent")

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
        deceased = self.deceased.model_copy(update=dict.fromkeys(_SENSITIVE))
        benefits = None if system is System.RESIDENCE else self.benefits
        attachments = tuple(document for document in self.attachments if document.kind not in _NOTICES)
        return self.model_copy(update={"deceased": deceased, "benefits": benefits, "attachments": attachments})

    @staticmethod
    def field_seen_by(path: str, system: System) -> bool:
        """Whether that system hears of the field at a path; see `seen_by`."""
        section, *within = path.split(".")
        hidden = section == "deceased" and not _SENSITIVE.isdisjoint(within[:1])
        return system is System.PROVINCIAL or not (hidden or (section == "benefits" and system is System.RESIDENCE))

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

    def _payee_number(self, payee: Payee) -> str | None:
        """A payee's personal number; of a relative of the table it stands there (form 02)."""
        numbers = [one.personal_id for one in self.family if fold(one.full_name) == fold(payee.full_name)]
        return payee.personal_id or next(filter(None, numbers), None)

    # --- Facts -------------------------------------------------------------------------------------------------------

    def _foreign(self) -> bool:
        """A foreigner, or somebody residing abroad (Luật Hộ tịch 2014 Điều 52; who that is: from memory)."""
        return not (self.deceased.nationality.vietnamese and self.deceased.last_residence.address.in_vietnam)

    def _benefit_facts(self) -> Iterator[Fact]:
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
        yield from self._relatives_facts(benefits)

    def _relatives_facts(self, benefits: Benefits) -> Iterator[Fact]:
        living = [relative for relative in self.family if not relative.deceased]
        merit = benefits.merit if benefits.regime is Regime.MERIT else None
        held = {
            Fact.LUMP_SUM: any(relative.claim is Claim.LUMP_SUM for relative in living),
            Fact.MONTHLY: any(relative.claim is Claim.MONTHLY for relative in living),
            Fact.FUNERAL_REPRESENTATIVE: self._one_relative_buries(benefits),
            Fact.RAISED_MARTYR: merit is not None and merit.raised_martyr,
            Fact.RELATIVES_UNREACHABLE: self._somebody_unreachable(benefits),
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

    def _somebody_unreachable(self, benefits: Benefits) -> bool:
        """Whether VNeID reaches some relative, or some payee who would agree for one, by no personal number."""
        numbers = (*(one.personal_id for one in self.acting_relatives), *map(self._payee_number, benefits.payees))
        return None in numbers

    def _one_relative_buries(self, benefits: Benefits) -> bool:
        """Whether one of several acting relatives receives the funeral benefit for all (form 02, notes 7 and 14)."""
        person = benefits.funeral_recipient.person if benefits.funeral_recipient else None
        acting = {relative.personal_id for relative in self.acting_relatives}
        return person is not None and person.personal_id in acting and len(self.acting_relatives) > 1

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
            yield PersonRole.LEGAL_REPRESENTATIVE, representative.full_name, representative.personal_id
