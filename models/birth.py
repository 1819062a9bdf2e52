"""Form 01 as a whole: the declaration of a birth, the facts law packs judge by, and the people it names.

A `BirthDeclaration` in hand is complete field by field. Rules between sections (`birth_rules`) are judged when it
is read (`reading.read_declaration`), not here: a stored dossier must stay readable when a rule changes later.
"""

from datetime import date
from typing import ClassVar, Self

from pydantic import Field, StrictBool

from models.address import Residence, ResidenceKind, same_dwelling
from models.base import Code, Model
from models.birth_doubts import about_birth_notice, about_mothers_age, about_parent
from models.birth_form import (
    ApplicantRelation,
    BirthApplicant,
    BirthNoticeRef,
    BirthRecipients,
    BirthResultChoices,
    Child,
    Circumstance,
    HealthInsurance,
    IdentityCardRequest,
    MarriageCertificate,
    Parent,
    ResidenceRegistration,
)
from models.declaration_doubts import DeclarationWarning, about_ethnicity, about_nationality, about_number
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
)
from models.groups import Group
from models.identity import Sex
from models.systems import System


class BirthDeclaration(Model):
    """Tờ khai điện tử, Mẫu số 01. Extensions: submission id, circumstance, dwelling owners, fee relief,
    identity-card request.
    """

    group: ClassVar[Group] = Group.BIRTH

    submission_id: Code | None = Field(None, title="Mã lần nộp trên Cổng Dịch vụ công quốc gia")
    recipients: BirthRecipients = Field(title="Kính gửi")
    applicant: BirthApplicant = Field(title="Người yêu cầu")
    child: Child = Field(title="Người được khai sinh")
    circumstance: Circumstance = Field(Circumstance.ORDINARY, title="Trường hợp khai sinh")
    birth_notice: BirthNoticeRef | None = Field(None, title="Giấy chứng sinh")
    mother: Parent | None = Field(None, title="Người mẹ")
    father: Parent | None = Field(None, title="Người cha")
    marriage: MarriageCertificate | None = Field(None, title="Giấy chứng nhận kết hôn của cha, mẹ trẻ")
    residence_registration: ResidenceRegistration = Field(title="Thông tin đăng ký thường trú")
    health_insurance: HealthInsurance = Field(title="Thẻ bảo hiểm y tế")
    results: BirthResultChoices = Field(title="Hình thức nhận kết quả")
    vneid_integration: StrictBool = Field(
        False, title="Đồng ý tích hợp thẻ bảo hiểm y tế, giấy khai sinh vào tài khoản VNeID"
    )
    fee_relief: tuple[FeeRelief, ...] = Field(
        (), title="Đối tượng miễn lệ phí", max_length=len(FeeReliefGround), description="not on the form"
    )
    identity_card: IdentityCardRequest = Field(IdentityCardRequest(requested=False), title="Thẻ căn cước")
    attachments: tuple[Attachment, ...] = Field((), title="Giấy tờ đính kèm", max_length=MAX_ATTACHMENTS)
    attested: Attested = Field(title="Lời cam đoan")

    @property
    def parents(self) -> tuple[Parent, ...]:
        """The known parents, living or not."""
        return tuple(parent for parent in (self.mother, self.father) if parent)

    # --- What every form offers (`models.declaration`) ---------------------------------------------------------------

    @property
    def subject_name(self) -> str:
        """Whom the dossier is about."""
        return self.child.full_name

    @property
    def case(self) -> str:
        """What kind of case it is, as the form says, in words."""
        return self.circumstance.label

    @property
    def happened_on(self) -> date:
        """The day the declarant's term counts from."""
        return self.child.born_on

    @property
    def notice_number(self) -> str | None:
        """The number of the birth notice to look up."""
        return self.birth_notice.number if self.birth_notice else None

    @property
    def copies(self) -> int:
        """How many certified copies of the civil-status paper are ordered."""
        return self.results.birth_certificate_copies

    @property
    def integrated(self) -> tuple[DocumentKind, ...]:
        """What the applicant wants shown in VNeID (tích hợp vào tài khoản định danh điện tử)."""
        wanted = (DocumentKind.BIRTH_CERTIFICATE, DocumentKind.HEALTH_INSURANCE_CARD)
        return wanted if self.vneid_integration else ()

    def facts(self) -> frozenset[Fact]:
        """The facts of this declaration, for a law pack to judge by.

        NOTICE_USABLE holds while a notice is named; the look-up may take it away later. DECLARED_LATE depends on
        the day and the calendar, and is added where those are known (`intake.known_facts`).
        """
        reliefs = {relief.ground for relief in self.fee_relief}
        held = {
            Fact.FOREIGN_ELEMENT: any(_foreign(parent) for parent in self.parents),
            Fact.REGISTERED_WITH_PARENT_OR_GUARDIAN: self._registered_at(self._homes_to_join()),
            Fact.REGISTERED_AWAY_FROM_PARENTS: self._registered_away(),
            Fact.NOTICE_USABLE: self.birth_notice is not None,
            Fact.ABANDONED: self.circumstance is Circumstance.ABANDONED,
            Fact.SURROGACY: self.circumstance is Circumstance.SURROGACY,
            Fact.IDENTITY_CARD_REQUESTED: self.identity_card.requested,
            Fact.POOR_HOUSEHOLD: self.health_insurance.poor_household is not None,
            Fact.MERIT_FAMILY: FeeReliefGround.MERIT_FAMILY in reliefs,
            Fact.DISABLED: FeeReliefGround.DISABLED in reliefs,
            Fact.GUARDIAN_DECLARES: self.applicant.relation is ApplicantRelation.GUARDIAN,
            Fact.PARENTS_UNREACHABLE: self._parents_unreachable(),
        }
        return frozenset(fact for fact, holds in held.items() if holds)

    def people_in_role(self, role: PersonRole) -> tuple[NamedPerson, ...]:
        """The people of the form who stand in that role and can be reached by their personal number."""
        match role:
            case PersonRole.HOUSEHOLDER:
                return (self.residence_registration.householder,)
            case PersonRole.DWELLING_OWNER:
                return self.residence_registration.dwelling_owners
            case PersonRole.PARENT:
                return self._reachable_parents()
            case PersonRole.LEGAL_REPRESENTATIVE:
                declares = NamedPerson(full_name=self.applicant.full_name, personal_id=self.applicant.personal_id)
                represents = self.applicant.relation.is_legal_representative
                return (declares,) if represents else self._reachable_parents()[:1]
        raise ValueError(f"{role} is nobody's consent")

    def row_of(self, role: PersonRole, personal_id: str) -> int | None:
        """Which row of its table, counted from 1, names that person; None without a table of several."""
        owners = [owner.personal_id for owner in self.residence_registration.dwelling_owners]
        several = role is PersonRole.DWELLING_OWNER and len(owners) > 1
        return owners.index(personal_id) + 1 if several and personal_id in owners else None

    def paper_of(self, kind: DocumentKind) -> PaperDelivery | None:
        """Where a result is handed over on paper, if it is."""
        return {
            DocumentKind.BIRTH_CERTIFICATE: PaperDelivery(place=PaperPlace.CIVIL_STATUS_DESK),
            DocumentKind.RESIDENCE_NOTICE: self.results.residence_notice_paper,
            DocumentKind.HEALTH_INSURANCE_CARD: self.results.health_card_paper,
        }.get(kind)

    def seen_by(self, system: System) -> Self:
        """The form as that system gets it: whole; what social insurance needs of it, its adapter picks."""
        return self

    @staticmethod
    def hidden_from(system: System) -> tuple[str, ...]:
        """The fields that system neither gets nor hears of: none."""
        return ()

    def people_to_validate(self) -> tuple[PersonNamed, ...]:
        """Everybody with a personal number, once each in the first role they have; validated only, never looked up."""
        registration = self.residence_registration
        named: list[tuple[PersonRole, str, str | None]] = [
            (PersonRole.APPLICANT, self.applicant.full_name, self.applicant.personal_id)
        ]
        for role, parent in ((PersonRole.MOTHER, self.mother), (PersonRole.FATHER, self.father)):
            if parent:
                named.append((role, parent.full_name, parent.personal_id))
        householder = registration.householder
        named.append((PersonRole.HOUSEHOLDER, householder.full_name, householder.personal_id))
        named += [
            (PersonRole.DWELLING_OWNER, owner.full_name, owner.personal_id) for owner in registration.dwelling_owners
        ]
        once: dict[str, PersonNamed] = {}
        for role, full_name, number in named:
            if number:
                once.setdefault(number, PersonNamed(role=role, full_name=full_name, personal_id=number))
        return tuple(once.values())

    def warnings(self) -> tuple[DeclarationWarning, ...]:
        """What an operator should look at; nothing here blocks the dossier."""
        applicant, child, registration = self.applicant, self.child, self.residence_registration
        found = [
            *about_number("Người yêu cầu", applicant.personal_id, applicant.relation.sex),
            *about_ethnicity("Người được khai sinh", child.ethnicity),
            *about_nationality("Người được khai sinh", child.nationality),
            *about_number("Chủ hộ", registration.householder.personal_id, None),
        ]
        for owner in registration.dwelling_owners:
            found += about_number("Chủ sở hữu chỗ ở hợp pháp", owner.personal_id, None)
        if self.mother:
            found += about_parent("Người mẹ", self.mother, Sex.FEMALE)
            found += about_mothers_age("Người mẹ", self.mother, child)
        if self.father:
            found += about_parent("Người cha", self.father, Sex.MALE)
        if self.birth_notice:
            found += about_birth_notice("Giấy chứng sinh", self.birth_notice, child)
        return tuple(found)

    def _reachable_parents(self) -> tuple[NamedPerson, ...]:
        return tuple(
            NamedPerson(full_name=parent.full_name, personal_id=parent.personal_id)
            for parent in self.parents
            if not parent.deceased and parent.personal_id
        )

    def _parents_unreachable(self) -> bool:
        """Whether VNeID reaches none of the living parents, who are known by passport only."""
        living = [parent for parent in self.parents if not parent.deceased]
        return bool(living) and not any(parent.personal_id for parent in living)

    def _living_residences(self) -> list[Residence]:
        return [parent.residence for parent in self.parents if parent.residence and not parent.deceased]

    def _homes_to_join(self) -> list[Residence]:
        """The permanent homes a child under 6 may join without anybody's consent (Luật Cư trú Điều 20(2))."""
        homes = self._living_residences()
        if self.applicant.relation is ApplicantRelation.GUARDIAN:
            homes.append(self.applicant.residence)
        return [home for home in homes if home.kind is ResidenceKind.PERMANENT]

    def _registered_at(self, homes: list[Residence]) -> bool:
        return any(same_dwelling(self.residence_registration.address, home.address) for home in homes)

    def _registered_away(self) -> bool:
        """Apart from every living parent; a child without living parents is apart from nobody."""
        homes = self._living_residences()
        return bool(homes) and not self._registered_at(homes)


def _foreign(parent: Parent) -> bool:
    """Whether a parent brings a foreign element, by nationality or residence abroad (Luật Hộ tịch 2014 Điều 35)."""
    abroad = parent.residence is not None and not parent.residence.address.in_vietnam
    return abroad or not parent.nationality.vietnamese
