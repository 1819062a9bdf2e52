"""The sections of form 02 (Tờ khai điện tử, Mẫu số 02, NĐ 63/2024/NĐ-CP, QĐ 296/QĐ-VPCP), field by field.

Every field carries as `title` its Vietnamese name on the form; fields the form does not have say so. Rules between
sections stand in `models.death_rules`.
"""

from typing import Annotated, Self

from pydantic import Field, StrictBool, model_validator

from models.address import Address, ProvinceCode, Residence, field_errors
from models.base import Model, Text
from models.codes import fold
from models.days import ClockTime, Day, PartialDate
from models.form_parts import MAX_COPIES, Ethnicity, NamedPerson, Nationality, PaperDelivery, Unit
from models.identity import (
    DeathNoticeNumber,
    Email,
    Icd10,
    OldIdentityCard,
    Passport,
    PersonalId,
    Phone,
    Sex,
    SocialInsuranceNumber,
)
from models.labelled import Labelled

MAX_RELATIVES = 30
"""How many relatives one declaration may name."""

MAX_MONTHLY = 4
"""How many relatives may be proposed for a monthly survivor benefit (form 02: không quá 04 người)."""

PAYEE_BELOW = 15
"""Beneficiaries below this age, in completed years at the death, have somebody else receive (form 02)."""

ADULT = 18
"""The age, in completed years at the death, from which a child has a benefit only if studying or disabled (form 02)."""

AGED = 80
"""The age, in completed years at the death, of those whose monthly benefit social insurance ends first (form 02)."""


# --- Who declares, to whom, about whom -------------------------------------------------------------------------------


class DeathRecipients(Model):
    """Kính gửi (1): the agencies the citizen chose; those of benefits only where the scope and regime need them."""

    province_code: ProvinceCode = Field(title="Tỉnh, thành phố")
    civil_status_office: Unit = Field(title="Cơ quan đăng ký khai tử")
    residence_office: Unit = Field(title="Cơ quan xóa đăng ký thường trú")
    social_insurance_office: Unit | None = Field(None, title="Cơ quan bảo hiểm xã hội")
    social_affairs_office: Unit | None = Field(None, title="Cơ quan giải quyết bảo trợ xã hội, người có công")


class RelationToDeceased(Labelled):
    """Quan hệ với người đã chết."""

    CHILD = "child", "Con"
    SPOUSE = "spouse", "Vợ hoặc chồng"
    FATHER = "father", "Cha đẻ"
    MOTHER = "mother", "Mẹ đẻ"
    FATHER_IN_LAW = "father_in_law", "Cha vợ hoặc cha chồng"
    MOTHER_IN_LAW = "mother_in_law", "Mẹ vợ hoặc mẹ chồng"
    DEPENDANT = "dependant", "Thành viên khác trong gia đình mà người chết có nghĩa vụ nuôi dưỡng"
    RAISED = "raised", "Người có công nuôi khi còn nhỏ"
    OTHER = "other", "Quan hệ khác"


LAWFUL_RELATIVES = frozenset(RelationToDeceased) - {RelationToDeceased.RAISED, RelationToDeceased.OTHER}
"""Thân nhân theo Luật Bảo hiểm xã hội, as form 02 lists them."""


RelationText = Annotated[
    Text | None, Field(title="Quan hệ, ghi rõ", description="not on the form; the declarant's own words (§8)")
]
"""A relation as the declarant puts it: needed where the list has only “Quan hệ khác”, kept beside any other."""


class Organisation(Model):
    """Tổ chức (form 02, footnote 17), acting through its legal representative."""

    name: Text = Field(title="Tên tổ chức")
    address: Address = Field(title="Địa chỉ")
    representative: Text = Field(title="Người đại diện theo pháp luật")
    position: Text = Field(title="Chức vụ")
    phone: Phone = Field(title="Số điện thoại")


class DeathApplicant(Model):
    """Người yêu cầu: a person, or the person who declares for an organisation, which then has no relation."""

    full_name: Text = Field(title="Họ, chữ đệm, tên")
    personal_id: PersonalId = Field(title="Số định danh cá nhân")
    residence: Residence = Field(title="Nơi cư trú")
    relation: RelationToDeceased | None = Field(None, title="Quan hệ với người đã chết")
    relation_text: RelationText = None
    organisation: Organisation | None = Field(None, title="Tổ chức đứng khai")
    phone: Phone = Field(title="Số điện thoại")
    email: Email | None = Field(None, title="Địa chỉ email")

    @model_validator(mode="after")
    def _person_or_organisation(self) -> Self:
        if self.organisation is None and self.relation is None:
            raise field_errors({"relation": "Bắt buộc ghi (chỉ không ghi khi tổ chức đứng khai)."})
        if self.organisation is not None and self.relation is not None:
            raise field_errors({"relation": "Không ghi khi tổ chức đứng khai."})
        return self


class Deathplace(Model):
    """Nơi chết: the health facility if there was one, and the place."""

    facility: Text | None = Field(None, title="Cơ sở khám bệnh, chữa bệnh")
    address: Address = Field(title="Địa danh hành chính")


class Deceased(Model):
    """Người đã chết. Dates keep the precision they are known to; cause of death is sensitive and optional."""

    full_name: Text = Field(title="Họ, chữ đệm, tên")
    born: PartialDate = Field(title="Ngày, tháng, năm sinh")
    sex: Sex = Field(title="Giới tính")
    ethnicity: Ethnicity = Field(title="Dân tộc")
    nationality: Nationality = Field(title="Quốc tịch")
    last_residence: Residence = Field(title="Nơi cư trú cuối cùng")
    personal_id: PersonalId | None = Field(None, title="Số định danh cá nhân")
    passport: Passport | None = Field(None, title="Số hộ chiếu", description="not on the form; foreigners have one")
    died_on: PartialDate = Field(title="Ngày, tháng, năm chết")
    died_at: ClockTime | None = Field(None, title="Giờ, phút chết")
    place: Deathplace = Field(title="Nơi chết")
    cause: Text | None = Field(None, title="Nguyên nhân chết")
    cause_icd10: Icd10 | None = Field(None, title="Mã bệnh ICD-10", description="not on the form; as on Giấy báo tử")
    householder: StrictBool = Field(False, title="Là chủ hộ", description="not on the form; never excludes (§10)")


class DeathNoticeRef(Model):
    """Giấy báo tử as the form names it; the notice itself is looked up by its number."""

    number: DeathNoticeNumber = Field(title="Số Giấy báo tử")
    issued_on: Day = Field(title="Ngày cấp")
    facility: Text = Field(title="Cơ sở khám bệnh, chữa bệnh cấp")


class SubstituteKind(Labelled):
    """Giấy tờ thay thế Giấy báo tử (NĐ 123/2015/NĐ-CP Điều 4(2): from memory, for a person to check)."""

    EXECUTION_RECORD = "execution_record", "Biên bản xác nhận việc thi hành án tử hình"
    COURT_DECISION = "court_decision", "Bản án, quyết định có hiệu lực của Tòa án tuyên bố là đã chết"
    POLICE_OR_FORENSIC_RECORD = (
        "police_or_forensic_record",
        "Văn bản xác nhận của cơ quan công an hoặc kết quả giám định của cơ quan giám định pháp y",
    )
    COMMUNE_NOTICE = "commune_notice", "Giấy báo tử do Ủy ban nhân dân cấp xã cấp"
    OTHER = "other", "Giấy tờ khác theo quy định của pháp luật"


class SubstituteRef(Model):
    """Giấy tờ thay thế Giấy báo tử as the form names it (note 3); the paper is attached."""

    kind: SubstituteKind = Field(title="Loại giấy tờ")
    number: Text | None = Field(None, title="Số")
    issued_on: Day = Field(title="Ngày cấp")
    issuer: Text = Field(title="Cơ quan cấp")


# --- Scope and regime ------------------------------------------------------------------------------------------------


class Scope(Labelled):
    """How many procedures are linked, as the declarant chooses (QĐ 296/QĐ-VPCP, II.2 bước 1)."""

    TWO = "2", "Khai tử, xóa đăng ký thường trú"
    THREE = "3", "Khai tử, xóa đăng ký thường trú, mai táng phí"
    FOUR = "4", "Khai tử, xóa đăng ký thường trú, mai táng phí, tử tuất"


class Regime(Labelled):
    """Whose benefits they are (thuộc đối tượng)."""

    SOCIAL_INSURANCE = "social_insurance", "Bảo hiểm xã hội"
    SOCIAL_PROTECTION = "social_protection", "Bảo trợ xã hội"
    MERIT = "merit", "Người có công"
    NONE = "none", "Không thuộc ba đối tượng trên"


class ProtectionKind(Labelled):
    """Đối tượng bảo trợ xã hội (form 02, footnote 1: NĐ 20/2021/NĐ-CP Điều 11, 14)."""

    MONTHLY_ALLOWANCE = "monthly_allowance", "Đang hưởng trợ cấp xã hội hằng tháng"
    CHILD_OF_POOR_SINGLE_PARENT = (
        "child_of_poor_single_parent",
        "Con của người đơn thân nghèo đang hưởng trợ cấp hằng tháng",
    )
    AGED_ON_SURVIVOR_BENEFIT = (
        "aged_on_survivor_benefit",
        "Người từ đủ 80 tuổi trở lên đang hưởng trợ cấp tuất bảo hiểm xã hội",
    )
    EMERGENCY = "emergency", "Người chết trong trường hợp khẩn cấp (thiên tai, hỏa hoạn, tai nạn giao thông…)"


class InsuranceRecord(Model):
    """Bảo hiểm xã hội của người chết."""

    number: SocialInsuranceNumber = Field(title="Mã số bảo hiểm xã hội/Số sổ bảo hiểm xã hội của người chết")
    pension_place: Text | None = Field(None, title="Nơi hưởng lương hưu/trợ cấp bảo hiểm xã hội")
    voluntary_place: Text | None = Field(None, title="Nơi đóng bảo hiểm xã hội")


class MeritRecord(Model):
    """Người có công (form 02, footnote 2: Mẫu số 12 NĐ 131/2021/NĐ-CP)."""

    category: Text = Field(title="Diện đối tượng người có công")
    decision_number: Text = Field(title="Quyết định hưởng trợ cấp số")
    decided_on: Day = Field(title="Ngày quyết định")
    decided_by: Text = Field(title="Cơ quan quyết định")
    allowance: Text = Field(title="Mức trợ cấp, phụ cấp hằng tháng/trợ cấp một lần")
    received_until: PartialDate | None = Field(None, title="Trợ cấp, phụ cấp hằng tháng đã nhận hết tháng")
    raised_martyr: StrictBool = Field(False, title="Là người có công nuôi liệt sĩ", description="not on the form")


# --- Money -----------------------------------------------------------------------------------------------------------


class BankAccount(Model):
    """Tài khoản ngân hàng."""

    holder: Text = Field(title="Tên chủ tài khoản")
    number: Annotated[Text, Field(pattern=r"^[0-9A-Za-z]{4,30}$")] = Field(title="Số tài khoản")
    bank: Text = Field(title="Ngân hàng")


class PaymentWay(Labelled):
    """How money is received."""

    BANK = "bank", "Tài khoản ngân hàng"
    WALLET = "wallet", "Ví điện tử"
    CASH = "cash", "Tiền mặt tại cơ quan giải quyết"


class MoneyReceipt(Model):
    """Hình thức nhận trợ cấp (form 02, footnotes 6, 9, 13, 20)."""

    way: PaymentWay = Field(title="Hình thức nhận")
    account: BankAccount | None = Field(None, title="Tài khoản ngân hàng")
    wallet_phone: Phone | None = Field(None, title="Số điện thoại ví điện tử")

    @model_validator(mode="after")
    def _as_the_way_needs(self) -> Self:
        faults = {}
        if (self.way is PaymentWay.BANK) != (self.account is not None):
            faults["account"] = "Ghi tài khoản khi và chỉ khi nhận qua ngân hàng."
        if (self.way is PaymentWay.WALLET) != (self.wallet_phone is not None):
            faults["wallet_phone"] = "Ghi số điện thoại ví khi và chỉ khi nhận qua ví điện tử."
        if faults:
            raise field_errors(faults)
        return self


# --- Relatives -------------------------------------------------------------------------------------------------------


class Claim(Labelled):
    """Loại trợ cấp đề nghị hưởng (form 02, footnotes 5 and 12)."""

    NONE = "none", "Không đề nghị hưởng"
    FUNERAL = "funeral", "Trợ cấp mai táng"
    LUMP_SUM = "lump_sum", "Trợ cấp tuất một lần"
    MONTHLY = "monthly", "Trợ cấp tuất hằng tháng"


class Relative(Model):
    """Thân nhân, what both tables of form 02 say of one; of a dead one neither address nor what they would receive.

    `lacks_capacity` is no column: the form asks for a payee in that case and says no more.
    """

    full_name: Text = Field(title="Họ và tên")
    personal_id: PersonalId | None = Field(None, title="Số định danh cá nhân")
    relation: RelationToDeceased = Field(title="Mối quan hệ với người chết")
    relation_text: RelationText = None
    born: PartialDate = Field(title="Ngày, tháng, năm sinh")
    sex: Sex = Field(title="Giới tính")
    deceased: StrictBool = Field(False, title="Đã chết")
    address: Address | None = Field(None, title="Địa chỉ nơi cư trú")
    phone: Phone | None = Field(None, title="Số điện thoại")
    claim: Claim | None = Field(None, title="Loại trợ cấp tuất đề nghị hưởng")
    receipt: MoneyReceipt | None = Field(None, title="Hình thức nhận trợ cấp")
    lacks_capacity: StrictBool = Field(
        False, title="Mất, hạn chế năng lực hành vi dân sự", description="not a column of the form"
    )


class InsuredRelative(Relative):
    """Thân nhân theo Luật Bảo hiểm xã hội (form 02, first table).

    `capacity_reduced` and `assessment_fee` are no columns: list a.1 asks for papers in these cases.
    """

    social_insurance_number: SocialInsuranceNumber | None = Field(None, title="Mã số BHXH")
    monthly_income_vnd: Annotated[int, Field(strict=True, ge=0)] | None = Field(None, title="Mức thu nhập hằng tháng")
    capacity_reduced: StrictBool = Field(
        False, title="Suy giảm khả năng lao động từ 81%", description="not a column of the form"
    )
    assessment_fee: StrictBool = Field(
        False, title="Đề nghị thanh toán phí giám định y khoa", description="not a column of the form"
    )


class Circumstances(Labelled):
    """Hoàn cảnh hiện tại (form 02, footnote 11)."""

    ALONE = "alone", "Sống cô đơn, không nơi nương tựa"
    ORPHANED = "orphaned", "Con mồ côi cả cha mẹ"


class MeritRelative(Relative):
    """Thân nhân người có công (form 02, second table)."""

    relation: RelationToDeceased = Field(title="Mối quan hệ với người có công")
    circumstances: Circumstances | None = Field(None, title="Hoàn cảnh hiện tại")


class DisabledSince(Labelled):
    """Thời điểm bị khuyết tật (form 02, footnote 15)."""

    BEFORE_18 = "before_18", "Chưa đủ 18 tuổi"
    FROM_18 = "from_18", "Từ đủ 18 tuổi trở lên"


class AdultChild(Model):
    """Con người có công từ đủ 18 tuổi đang đi học hoặc bị khuyết tật nặng, đặc biệt nặng; named in the table above."""

    full_name: Text = Field(title="Họ và tên")
    birth_year: Annotated[int, Field(strict=True, ge=1900, le=2100)] = Field(title="Năm sinh")
    disabled_since: DisabledSince | None = Field(None, title="Thời điểm bị khuyết tật")
    school_ended: PartialDate | None = Field(None, title="Thời điểm kết thúc bậc học phổ thông")
    school: Text | None = Field(None, title="Tên cơ sở giáo dục đang theo học")
    school_since: PartialDate | None = Field(None, title="Thời gian bắt đầu đi học")

    @model_validator(mode="after")
    def _studying_or_disabled(self) -> Self:
        if self.disabled_since is None and self.school is None:
            raise field_errors({"school": "Phải ghi cơ sở giáo dục đang theo học hoặc thời điểm bị khuyết tật."})
        return self


class PayeeRelation(Labelled):
    """Mối quan hệ của người đứng tên nhận trợ cấp với người hưởng trợ cấp."""

    FATHER = "father", "Cha"
    MOTHER = "mother", "Mẹ"
    GUARDIAN = "guardian", "Người giám hộ"
    OTHER = "other", "Quan hệ khác"


class Payee(Model):
    """Người đứng tên nhận trợ cấp of a beneficiary under 15 or lacking capacity (form 02, footnotes 8 and 9).

    A payee who is a relative of the table is named as there and needs neither number nor address; any other has one of
    the three numbers.
    """

    beneficiary: Text = Field(title="Họ, tên người hưởng trợ cấp")
    full_name: Text = Field(title="Họ, tên người đứng tên nhận trợ cấp")
    relation: PayeeRelation = Field(title="Mối quan hệ với người hưởng trợ cấp")
    relation_text: RelationText = None
    personal_id: PersonalId | None = Field(None, title="Số định danh cá nhân")
    social_insurance_number: SocialInsuranceNumber | None = Field(None, title="Mã số BHXH")
    passport: Passport | None = Field(None, title="Số hộ chiếu")
    address: Address | None = Field(None, title="Địa chỉ nơi cư trú")
    phone: Phone | None = Field(None, title="Số điện thoại di động")
    receipt: MoneyReceipt = Field(title="Hình thức nhận trợ cấp")


def is_person(one: Relative | Payee, full_name: str, personal_id: str | None) -> bool:
    """Whether the form means the same person: by number, or by name where one of the two has no number."""
    if one.personal_id and personal_id:
        return one.personal_id == personal_id
    return fold(one.full_name) == fold(full_name)


# --- Who receives ----------------------------------------------------------------------------------------------------


class PaperIdentity(Model):
    """CCCD/CMND: number, day and place of issue."""

    number: PersonalId | OldIdentityCard = Field(title="CCCD/CMND số")
    issued_on: Day = Field(title="Ngày cấp")
    issued_by: Text = Field(title="Nơi cấp")


class ReceivingPerson(Model):
    """Cá nhân nhận trợ cấp mai táng (form 02, footnotes 16 and 20)."""

    full_name: Text = Field(title="Họ và tên")
    personal_id: PersonalId = Field(title="Số định danh cá nhân")
    born: PartialDate = Field(title="Ngày, tháng, năm sinh")
    sex: Sex = Field(title="Giới tính")
    identity: PaperIdentity | None = Field(None, title="CCCD/CMND")
    address: Address = Field(title="Địa chỉ nơi cư trú")
    phone: Phone = Field(title="Số điện thoại")
    contact_phone: Phone | None = Field(None, title="Số điện thoại liên hệ")
    relation: RelationToDeceased = Field(title="Quan hệ với người từ trần")
    relation_text: RelationText = None
    receipt: MoneyReceipt = Field(title="Hình thức nhận tiền")

    @property
    def named(self) -> NamedPerson:
        return NamedPerson(full_name=self.full_name, personal_id=self.personal_id)


class Representative(ReceivingPerson):
    """Đại diện thân nhân nhận trợ cấp tuất một lần (form 02, footnotes 18 and 20)."""

    address: Address = Field(title="Nơi thường trú")


class FuneralRecipient(Model):
    """Người hoặc tổ chức nhận trợ cấp mai táng: exactly one of the two."""

    person: ReceivingPerson | None = Field(None, title="Cá nhân")
    organisation: Organisation | None = Field(None, title="Tổ chức")
    organisation_receipt: MoneyReceipt | None = Field(None, title="Hình thức tổ chức nhận tiền")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.person is None) == (self.organisation is None):
            raise field_errors({"person": "Ghi cá nhân hoặc tổ chức nhận trợ cấp mai táng, không ghi cả hai."})
        if (self.organisation is None) != (self.organisation_receipt is None):
            raise field_errors({"organisation_receipt": "Ghi khi và chỉ khi tổ chức nhận trợ cấp mai táng."})
        return self


class Benefits(Model):
    """2. Giải quyết mai táng phí, tử tuất."""

    regime: Regime = Field(title="Thuộc đối tượng")
    protection: ProtectionKind | None = Field(None, title="Bảo trợ xã hội")
    merit: MeritRecord | None = Field(None, title="Người có công")
    insurance: InsuranceRecord | None = Field(None, title="Bảo hiểm xã hội")
    relatives: tuple[InsuredRelative, ...] = Field(
        (), title="Thân nhân người chết theo quy định của Luật bảo hiểm xã hội", max_length=MAX_RELATIVES
    )
    merit_relatives: tuple[MeritRelative, ...] = Field(
        (), title="Danh sách thân nhân người có công", max_length=MAX_RELATIVES
    )
    adult_children: tuple[AdultChild, ...] = Field(
        (), title="Con người có công từ đủ 18 tuổi đang đi học hoặc bị khuyết tật", max_length=MAX_RELATIVES
    )
    payees: tuple[Payee, ...] = Field((), title="Người đứng tên nhận trợ cấp", max_length=MAX_RELATIVES)
    funeral_recipient: FuneralRecipient | None = Field(None, title="Người hoặc tổ chức nhận trợ cấp mai táng")
    representative: Representative | None = Field(None, title="Đại diện thân nhân nhận trợ cấp tuất một lần")
    all_relatives_declared: StrictBool = Field(
        False, title="Cam đoan đã kê khai tất cả thân nhân", description="attested by the declarant (§5)"
    )


class DeathResultChoices(Model):
    """Hình thức nhận kết quả. Electronic results always go out; the death extract has one original on paper."""

    death_extract_copies: Annotated[int, Field(strict=True, ge=0, le=MAX_COPIES)] = Field(
        0, title="Số bản sao Trích lục khai tử", description="not on the form; on the portal"
    )
    deregistration_notice_paper: PaperDelivery | None = Field(
        None, title="Bản giấy thông báo kết quả xóa đăng ký thường trú"
    )
    benefit_decision_paper: PaperDelivery | None = Field(None, title="Bản giấy quyết định mai táng, tử tuất")
