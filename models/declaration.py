"""Form 01 as a whole: the declaration of a birth, the facts law packs judge by, and the people it names.

A `BirthDeclaration` in hand is complete field by field. Rules between sections (`declaration_rules`) are judged when it
is read (`reading.read_birth_declaration`), not here: a stored dossier must stay readable when a rule changes later.
"""

from pydantic import Field, StrictBool

from models.address import Residence, ResidenceKind, same_dwelling
from models.base import Code, Model, Text
from models.birth_form import (
    Applicant,
    ApplicantRelation,
    Attested,
    BirthNoticeRef,
    Child,
    Circumstance,
    FeeRelief,
    FeeReliefGround,
    HealthInsurance,
    IdentityCardRequest,
    MarriageCertificate,
    Parent,
    Recipients,
    ResidenceRegistration,
    ResultChoices,
)
from models.declaration_doubts import (
    DeclarationWarning,
    about_birth_notice,
    about_ethnicity,
    about_mothers_age,
    about_nationality,
    about_number,
    about_parent,
)
from models.documents import Document
from models.identity import PersonalId, Sex
from models.labelled import Labelled

MAX_ATTACHMENTS = 30
"""How many files one declaration may carry (several per document are allowed, REQUIREMENTS §7)."""


class Fact(Labelled):
    """What law packs may ask of a birth declaration."""

    FOREIGN_ELEMENT = "foreign_element", "có yếu tố nước ngoài"
    REGISTERED_WITH_PARENT_OR_GUARDIAN = (
        "registered_with_parent_or_guardian",
        "trẻ đăng ký thường trú tại nơi ở của cha, mẹ hoặc người giám hộ",
    )
    REGISTERED_AWAY_FROM_PARENTS = (
        "registered_away_from_parents",
        "trẻ đăng ký thường trú khác nơi thường trú của cha, mẹ",
    )
    BIRTH_NOTICE_USABLE = "birth_notice_usable", "có giấy chứng sinh dùng được"
    ABANDONED = "abandoned", "trẻ bị bỏ rơi"
    SURROGACY = "surrogacy", "sinh con do mang thai hộ"
    IDENTITY_CARD_REQUESTED = "identity_card_requested", "tờ khai đề nghị cấp thẻ căn cước"
    POOR_HOUSEHOLD = "poor_household", "trẻ thuộc hộ nghèo"
    MERIT_FAMILY = "merit_family", "trẻ thuộc gia đình có công với cách mạng"
    DISABLED = "disabled", "trẻ là người khuyết tật"
    DECLARED_LATE = "declared_late", "khai sinh quá hạn"
    GUARDIAN_DECLARES = "guardian_declares", "người giám hộ là người yêu cầu"
    PARENTS_UNREACHABLE = "parents_unreachable", "cha, mẹ không có số định danh để xác nhận trên VNeID"


class PersonRole(Labelled):
    """The part a person named in the form has in it."""

    APPLICANT = "applicant", "Người yêu cầu"
    MOTHER = "mother", "Người mẹ"
    FATHER = "father", "Người cha"
    PARENT = "parent", "Cha, mẹ"
    HOUSEHOLDER = "householder", "Chủ hộ"
    DWELLING_OWNER = "dwelling_owner", "Chủ sở hữu chỗ ở hợp pháp"
    LEGAL_REPRESENTATIVE = "legal_representative", "Người đại diện hợp pháp"


class PersonNamed(Model):
    """A person whose name and number the form states, in the first of their roles: to be validated, never looked up."""

    role: PersonRole
    full_name: Text
    personal_id: PersonalId


class BirthDeclaration(Model):
    """Tờ khai điện tử, Mẫu số 01. Extensions: submission id, circumstance, dwelling owners, fee relief,
    identity-card request.
    """

    submission_id: Code | None = Field(None, title="Mã lần nộp trên Cổng Dịch vụ công quốc gia")
    recipients: Recipients = Field(title="Kính gửi")
    applicant: Applicant = Field(title="Người yêu cầu")
    child: Child = Field(title="Người được khai sinh")
    circumstance: Circumstance = Field(Circumstance.ORDINARY, title="Trường hợp khai sinh")
    birth_notice: BirthNoticeRef | None = Field(None, title="Giấy chứng sinh")
    mother: Parent | None = Field(None, title="Người mẹ")
    father: Parent | None = Field(None, title="Người cha")
    marriage: MarriageCertificate | None = Field(None, title="Giấy chứng nhận kết hôn của cha, mẹ trẻ")
    residence_registration: ResidenceRegistration = Field(title="Thông tin đăng ký thường trú")
    health_insurance: HealthInsurance = Field(title="Thẻ bảo hiểm y tế")
    results: ResultChoices = Field(title="Hình thức nhận kết quả")
    vneid_integration: StrictBool = Field(
        False, title="Đồng ý tích hợp thẻ bảo hiểm y tế, giấy khai sinh vào tài khoản VNeID"
    )
    fee_relief: tuple[FeeRelief, ...] = Field(
        (), title="Đối tượng miễn lệ phí", max_length=len(FeeReliefGround), description="not on the form"
    )
    identity_card: IdentityCardRequest = Field(IdentityCardRequest(requested=False), title="Thẻ căn cước")
    attachments: tuple[Document, ...] = Field((), title="Giấy tờ đính kèm", max_length=MAX_ATTACHMENTS)
    attested: Attested = Field(title="Lời cam đoan")

    @property
    def parents(self) -> tuple[Parent, ...]:
        """The known parents, living or not."""
        return tuple(parent for parent in (self.mother, self.father) if parent)

    def facts(self) -> frozenset[Fact]:
        """The facts of this declaration, for a law pack to judge by.

        BIRTH_NOTICE_USABLE holds while a notice is named; the look-up may take it away later. DECLARED_LATE depends on
        the day and the calendar, and is added where those are known (`intake.known_facts`).
        """
        reliefs = {relief.ground for relief in self.fee_relief}
        held = {
            Fact.FOREIGN_ELEMENT: any(_foreign(parent) for parent in self.parents),
            Fact.REGISTERED_WITH_PARENT_OR_GUARDIAN: self._registered_at(self._homes_to_join()),
            Fact.REGISTERED_AWAY_FROM_PARENTS: self._registered_away(),
            Fact.BIRTH_NOTICE_USABLE: self.birth_notice is not None,
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
