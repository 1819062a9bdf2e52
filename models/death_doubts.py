"""What an operator should look at in form 02; nothing here blocks the dossier (see `models.declaration_doubts`)."""

from collections.abc import Iterator, Mapping

from models.codes import bare
from models.days import full_years
from models.death_form import (
    ADULT,
    AGED,
    Benefits,
    Circumstances,
    Claim,
    DeathApplicant,
    DeathNoticeRef,
    Deceased,
    InsuredRelative,
    ProtectionKind,
    RelationToDeceased,
    Relative,
)
from models.declaration_doubts import (
    DeclarationWarning,
    WarningCode,
    about_ethnicity,
    about_nationality,
    about_number,
    about_passport,
    doubt,
)
from models.identity import Sex, plausible_paper_year

_DECEASED = "Người được khai tử"
_ELDERS = frozenset({RelationToDeceased.FATHER, RelationToDeceased.MOTHER})
_WORKING_UNTIL: Mapping[Sex, int] = {Sex.MALE: 60, Sex.FEMALE: 55, Sex.UNDETERMINED: 55}
"""The age, in completed years at the death, from which spouse, parents and others need no reduced capacity (a.1)."""


def doubts_about_death(
    applicant: DeathApplicant, deceased: Deceased, notice: DeathNoticeRef | None
) -> Iterator[DeclarationWarning]:
    """The doubts about who declares, who died and the death notice."""
    yield from about_number("Người yêu cầu", applicant.personal_id, None)
    if deceased.personal_id:
        yield from about_number(_DECEASED, deceased.personal_id, deceased.sex, _years(deceased))
    elif not deceased.passport:
        text = "Số định danh cá nhân: không ghi, cũng không có số hộ chiếu; cán bộ phải xác định người chết."
        yield doubt(WarningCode.NUMBER_MISSING, _DECEASED, text)
    yield from about_passport(_DECEASED, deceased.passport, deceased.nationality)
    yield from about_ethnicity(_DECEASED, deceased.ethnicity)
    yield from about_nationality(_DECEASED, deceased.nationality)
    if deceased.householder:
        text = "Là chủ hộ: người khác trong hộ đổi chủ hộ bằng thủ tục riêng, không liên thông cùng hồ sơ này."
        yield doubt(WarningCode.HOUSEHOLDER_DIED, _DECEASED, text)
    if not deceased.cause:
        yield doubt(WarningCode.CAUSE_MISSING, _DECEASED, "Nguyên nhân chết: không ghi.")
    if notice and not plausible_paper_year(notice.number, deceased.died_on.year, notice.issued_on.year):
        text = "Số Giấy báo tử: hai số cuối không phải năm chết hay năm cấp."
        yield doubt(WarningCode.DEATH_NOTICE_YEAR_UNLIKELY, "Giấy báo tử", text)


def doubts_about_benefits(
    applicant: DeathApplicant, deceased: Deceased, benefits: Benefits
) -> Iterator[DeclarationWarning]:
    """The doubts about the regime, the relatives and who receives."""
    yield from _about_age(deceased, benefits)
    for number, relative in enumerate((*benefits.relatives, *benefits.merit_relatives), 1):
        yield from _about_relative(f"Thân nhân (mục {number})", relative, deceased)
    yield from _about_claims(deceased, benefits)
    if applicant.organisation is None and applicant.personal_id not in _concerned(benefits):
        text = "Không có trong bảng kê thân nhân và không nhận trợ cấp; được phép."
        yield doubt(WarningCode.DECLARANT_UNCONCERNED, "Người yêu cầu", text)
    yield from _about_organisations_account(benefits)


def _about_age(deceased: Deceased, benefits: Benefits) -> Iterator[DeclarationWarning]:
    youngest = full_years(deceased.born.latest, deceased.died_on.earliest)
    if benefits.protection is ProtectionKind.AGED_ON_SURVIVOR_BENEFIT and youngest < AGED:
        text = f"Ngày, tháng, năm sinh: không đủ rõ để biết người chết đã đủ {AGED} tuổi."
        yield doubt(WarningCode.AGE_UNCERTAIN, _DECEASED, text)


def _about_relative(section: str, relative: Relative, deceased: Deceased) -> Iterator[DeclarationWarning]:
    if relative.personal_id:
        yield from about_number(section, relative.personal_id, relative.sex, _years(relative))
    elif not relative.deceased and not (isinstance(relative, InsuredRelative) and relative.social_insurance_number):
        text = "Số định danh cá nhân: không ghi, nên không xác nhận được trên VNeID; cần văn bản thống nhất có chữ ký."
        yield doubt(WarningCode.NUMBER_MISSING, section, text)
    younger = relative.born.earliest > deceased.born.latest
    older = relative.born.latest < deceased.born.earliest
    if (younger and relative.relation in _ELDERS) or (older and relative.relation is RelationToDeceased.CHILD):
        text = "Ngày, tháng, năm sinh: cha, mẹ trẻ hơn hoặc con lớn tuổi hơn người chết."
        yield doubt(WarningCode.RELATIVE_AGE_UNLIKELY, section, text)


def _about_claims(deceased: Deceased, benefits: Benefits) -> Iterator[DeclarationWarning]:
    for number, relative in enumerate(benefits.relatives, 1):
        if _able_adult_on_monthly_benefit(relative, deceased):
            child = relative.relation is RelationToDeceased.CHILD
            whose = f"con từ đủ {ADULT} tuổi" if child else f"người chưa đủ {_WORKING_UNTIL[relative.sex]} tuổi"
            text = (
                f"Loại trợ cấp tuất đề nghị hưởng: {whose} thường chỉ hưởng hằng tháng khi suy giảm khả năng lao động"
                " từ 81%."
            )
            yield doubt(WarningCode.CLAIM_UNLIKELY, f"Thân nhân (mục {number})", text)
    living = sum(not relative.deceased for relative in benefits.merit_relatives)
    for number, honoured in enumerate(benefits.merit_relatives, 1):
        if honoured.circumstances is Circumstances.ALONE and living > 1:
            text = "Hoàn cảnh hiện tại: khai sống cô đơn nhưng người chết còn thân nhân khác."
            yield doubt(WarningCode.CLAIM_UNLIKELY, f"Thân nhân (mục {number})", text)


def _able_adult_on_monthly_benefit(relative: InsuredRelative, deceased: Deceased) -> bool:
    """Who has a monthly benefit of social insurance only with reduced capacity for work, and does not say so (a.1).

    Those are adult children, and adults below 60 (men) or 55 (women): spouses, parents (in-law) and dependants.
    """
    if relative.claim is not Claim.MONTHLY or relative.capacity_reduced:
        return False
    youngest = full_years(relative.born.latest, deceased.died_on.earliest)
    oldest = full_years(relative.born.earliest, deceased.died_on.latest)
    return youngest >= ADULT and (
        relative.relation is RelationToDeceased.CHILD or oldest < _WORKING_UNTIL[relative.sex]
    )


def _about_organisations_account(benefits: Benefits) -> Iterator[DeclarationWarning]:
    """Only of people does the form say that the account must be their own."""
    recipient = benefits.funeral_recipient
    account = recipient.organisation_receipt.account if recipient and recipient.organisation_receipt else None
    organisation = recipient.organisation if recipient else None
    if account and organisation and bare(account.holder) != bare(organisation.name):
        text = "Tên chủ tài khoản: khác tên tổ chức nhận trợ cấp mai táng."
        yield doubt(WarningCode.ACCOUNT_HOLDER_DIFFERS, "Tổ chức nhận trợ cấp mai táng", text)


def _concerned(benefits: Benefits) -> set[str | None]:
    """The numbers of everybody the benefits concern."""
    recipient = benefits.funeral_recipient.person if benefits.funeral_recipient else None
    people = (*benefits.relatives, *benefits.merit_relatives, *benefits.payees, recipient, benefits.representative)
    return {person.personal_id for person in people if person}


def _years(person: Relative | Deceased) -> range:
    return range(person.born.year, person.born.year + 1)
