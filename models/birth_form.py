"""The sections of form 01 (Tờ khai điện tử, Mẫu số 01, NĐ 63/2024/NĐ-CP, QĐ 296/QĐ-VPCP), field by field.

Every field carries as `title` its Vietnamese name on the form; fields the form does not have say so.
"""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StrictBool, model_validator
from pydantic_core import PydanticCustomError

from models.address import Address, ProvinceCode, Residence, field_errors
from models.base import Model, Text
from models.codes import Vocabulary, fold, label_of, labels
from models.days import ClockTime, Day, PartialDate
from models.form_parts import MAX_COPIES, Ethnicity, NamedPerson, Nationality, PaperDelivery, PoorHousehold, Unit
from models.identity import BirthNoticeNumber, Email, Passport, PersonalId, Phone, Sex
from models.labelled import Labelled

MAX_DWELLING_OWNERS = 20
"""How many owners of one dwelling a declaration may name."""


class BirthRecipients(Model):
    """Kính gửi (1): the agencies the citizen chose."""

    province_code: ProvinceCode = Field(title="Tỉnh, thành phố")
    civil_status_office: Unit = Field(title="Cơ quan đăng ký khai sinh")
    residence_office: Unit = Field(title="Cơ quan đăng ký thường trú")
    social_insurance_office: Unit = Field(title="Cơ quan bảo hiểm xã hội")


class ApplicantRelation(StrEnum):
    """Quan hệ với người được khai sinh: four distinct grandparents (CV 8945/VPCP-KSTT)."""

    FATHER = "father"
    MOTHER = "mother"
    GUARDIAN = "guardian"
    PATERNAL_GRANDFATHER = "paternal_grandfather"
    PATERNAL_GRANDMOTHER = "paternal_grandmother"
    MATERNAL_GRANDFATHER = "maternal_grandfather"
    MATERNAL_GRANDMOTHER = "maternal_grandmother"

    @property
    def label(self) -> str:
        """As on the portal."""
        return label_of(Vocabulary.APPLICANT_TO_CHILD, self.value)

    @property
    def is_legal_representative(self) -> bool:
        """Whether the relation makes the applicant the child's legal representative (người đại diện hợp pháp)."""
        return self in (ApplicantRelation.FATHER, ApplicantRelation.MOTHER, ApplicantRelation.GUARDIAN)

    @property
    def sex(self) -> Sex | None:
        """The sex the relation implies; a guardian's is open."""
        if self is ApplicantRelation.GUARDIAN:
            return None
        return Sex.MALE if self.value.endswith("father") else Sex.FEMALE


class BirthApplicant(Model):
    """Người yêu cầu."""

    full_name: Text = Field(title="Họ, chữ đệm, tên")
    personal_id: PersonalId = Field(title="Số định danh cá nhân")
    residence: Residence = Field(title="Nơi cư trú")
    relation: ApplicantRelation = Field(title="Quan hệ với người được khai sinh")
    phone: Phone = Field(title="Số điện thoại")
    email: Email | None = Field(None, title="Địa chỉ email")


class Birthplace(Model):
    """Nơi sinh (3): the health facility if there was one, and the place."""

    facility: Text | None = Field(None, title="Cơ sở khám bệnh, chữa bệnh")
    address: Address = Field(title="Địa danh hành chính")


class Child(Model):
    """Người được khai sinh."""

    full_name: Text = Field(title="Họ, chữ đệm, tên")
    born_on: Day = Field(title="Ngày, tháng, năm sinh")
    born_at: ClockTime | None = Field(None, title="Giờ sinh", description="not on the form; tells twins apart")
    birth_date_in_words: Text = Field(title="Ngày, tháng, năm sinh ghi bằng chữ")
    birthplace: Birthplace = Field(title="Nơi sinh")
    sex: Sex = Field(title="Giới tính")
    ethnicity: Ethnicity = Field(title="Dân tộc")
    nationality: Nationality = Field(title="Quốc tịch")
    hometown: Address = Field(title="Quê quán")


class Circumstance(Labelled):
    """The case of birth registration. The form has no box for it; the substitute documents depend on it.

    Luật Hộ tịch 2014 Điều 16(1) names the abandoned child and surrogacy.
    """

    ORDINARY = "ordinary", "Thông thường"
    ABANDONED = "abandoned", "Trẻ em bị bỏ rơi"
    SURROGACY = "surrogacy", "Sinh con do mang thai hộ"


class BirthNoticeRef(Model):
    """Giấy chứng sinh as the form names it; the notice itself is looked up by its number."""

    number: BirthNoticeNumber = Field(title="Số Giấy chứng sinh")
    issued_on: Day = Field(title="Ngày cấp")
    facility: Text = Field(title="Cơ sở khám bệnh, chữa bệnh cấp")


class Parent(Model):
    """Người mẹ, người cha. A living one has a number or passport and a residence; a deceased one need not."""

    full_name: Text = Field(title="Họ, chữ đệm, tên")
    personal_id: PersonalId | None = Field(None, title="Số định danh cá nhân")
    passport: Passport | None = Field(None, title="Số hộ chiếu")
    born: PartialDate = Field(title="Ngày, tháng, năm sinh")
    ethnicity: Ethnicity = Field(title="Dân tộc")
    nationality: Nationality = Field(title="Quốc tịch")
    residence: Residence | None = Field(None, title="Nơi cư trú")
    deceased: StrictBool = Field(False, title="Đã chết", description="the portal's IsDaChet; not on the paper form")

    @model_validator(mode="after")
    def _complete_if_living(self) -> Self:
        if self.deceased:
            return self
        faults = {}
        if not self.personal_id and not self.passport:
            faults["personal_id"] = "Phải ghi số định danh cá nhân hoặc số hộ chiếu."
        if self.residence is None:
            faults["residence"] = "Phải ghi nơi cư trú (chỉ không ghi khi đã chết)."
        if faults:
            raise field_errors(faults)
        return self


class MarriageCertificate(Model):
    """Giấy chứng nhận kết hôn của cha, mẹ trẻ (nếu có đăng ký kết hôn): data only, the paper is never asked for."""

    number: Text = Field(title="Số")
    book: Text | None = Field(None, title="Quyển số")
    registered_on: Day = Field(title="Ngày đăng ký")
    place: Text = Field(title="Nơi đăng ký")


def _known_relation(text: str) -> str:
    """The label of the portal's list that a text spells."""
    known = labels(Vocabulary.CHILD_TO_HOUSEHOLDER)
    label = next((label for label in known if fold(label) == fold(text)), None)
    if label is None:
        raise PydanticCustomError(
            "relation_to_householder",
            "Quan hệ không có trong danh mục. Chọn một trong: {known}.",
            {"known": "; ".join(known)},
        )
    return label


class ResidenceRegistration(Model):
    """Thông tin đăng ký thường trú. Owners are an extension: form 01 names none, some plans need their consent."""

    householder: NamedPerson = Field(title="Chủ hộ")
    relation_to_householder: Annotated[Text, AfterValidator(_known_relation)] = Field(title="Quan hệ với chủ hộ")
    address: Address = Field(title="Nơi đề nghị đăng ký thường trú")
    dwelling_owners: tuple[NamedPerson, ...] = Field(
        (), title="Chủ sở hữu chỗ ở hợp pháp", max_length=MAX_DWELLING_OWNERS, description="not on the form"
    )


class HealthInsurance(Model):
    """Thẻ bảo hiểm y tế cho trẻ em dưới 6 tuổi."""

    initial_facility: Unit = Field(title="Nơi đăng ký khám, chữa bệnh ban đầu")
    poor_household: PoorHousehold | None = Field(None, title="Giấy chứng nhận hộ nghèo")


class BirthResultChoices(Model):
    """Hình thức nhận kết quả. Electronic results always go out; the birth certificate has one original on paper."""

    birth_certificate_copies: Annotated[int, Field(strict=True, ge=0, le=MAX_COPIES)] = Field(
        0, title="Số bản sao giấy khai sinh"
    )
    residence_notice_paper: PaperDelivery | None = Field(
        None, title="Bản giấy thông báo kết quả giải quyết đăng ký cư trú"
    )
    health_card_paper: PaperDelivery | None = Field(None, title="Bản giấy thẻ bảo hiểm y tế")


class IdentityCardRequest(Model):
    """Đề nghị cấp thẻ căn cước (NĐ 301/2026/NĐ-CP; the new form's text was not available, so this is an extension)."""

    requested: StrictBool = Field(False, title="Đề nghị cấp thẻ căn cước")
