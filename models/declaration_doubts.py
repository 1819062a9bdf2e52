"""What an operator should look at in a declaration that is nevertheless accepted (STANDARDS §5: warn, never block)."""

from collections.abc import Iterator
from enum import StrEnum

from models.base import LongText, Model
from models.birth_form import BirthNoticeRef, Child, Parent
from models.codes import countries_called, ethnic_group, fold, read_ethnic_name
from models.days import full_years
from models.form_parts import Ethnicity, Nationality
from models.identity import Sex, personal_id_parts, plausible_paper_year, usual_vietnamese_passport

YOUNG_MOTHER = 14
"""Mothers younger than this, in completed years at the birth, are shown to the operator (REQUIREMENTS §4: 12–13)."""


class WarningCode(StrEnum):
    """The kinds of doubt."""

    MOTHER_VERY_YOUNG = "mother_very_young"
    PERSONAL_ID_PREFIX_UNKNOWN = "personal_id_prefix_unknown"
    PERSONAL_ID_SEX_DIFFERS = "personal_id_sex_differs"
    PERSONAL_ID_YEAR_DIFFERS = "personal_id_year_differs"
    PASSPORT_UNUSUAL = "passport_unusual"
    ETHNICITY_OPEN = "ethnicity_open"
    ETHNICITY_SHARED = "ethnicity_shared"
    ETHNICITY_DIFFERS = "ethnicity_differs"
    NATIONALITY_DIFFERS = "nationality_differs"
    OLD_FONT = "old_font"
    COMMUNE_NAME_DIFFERS = "commune_name_differs"
    COMMUNE_UNCHECKED = "commune_unchecked"
    BIRTH_NOTICE_YEAR_UNLIKELY = "birth_notice_year_unlikely"
    DEATH_NOTICE_YEAR_UNLIKELY = "death_notice_year_unlikely"
    CAUSE_MISSING = "cause_missing"
    NUMBER_MISSING = "number_missing"
    AGE_UNCERTAIN = "age_uncertain"
    RELATIVE_AGE_UNLIKELY = "relative_age_unlikely"
    CLAIMS_MIXED = "claims_mixed"
    CLAIM_UNLIKELY = "claim_unlikely"
    DECLARANT_UNCONCERNED = "declarant_unconcerned"
    ACCOUNT_HOLDER_DIFFERS = "account_holder_differs"


class DeclarationWarning(Model):
    """A doubt in Vietnamese for operators, beginning with the section of the form; holds no number and no name."""

    code: WarningCode
    text: LongText


def doubt(code: WarningCode, section: str, text: str) -> DeclarationWarning:
    """A doubt about that section of the form."""
    return DeclarationWarning(code=code, text=f"{section} – {text}")


def about_number(
    section: str, number: str, sex: Sex | None, years: range | None = None
) -> Iterator[DeclarationWarning]:
    """A personal number against what the form says of its holder: sex, and the years of birth it may show."""
    parts = personal_id_parts(number)
    if not parts.prefix_known:
        text = "Số định danh cá nhân: ba số đầu không thuộc mã tỉnh nào đã biết (có thể khai sinh ở nước ngoài)."
        yield doubt(WarningCode.PERSONAL_ID_PREFIX_UNKNOWN, section, text)
    if sex and parts.sex is not sex:
        text = "Số định danh cá nhân: chữ số thứ tư không khớp giới tính."
        yield doubt(WarningCode.PERSONAL_ID_SEX_DIFFERS, section, text)
    if years and parts.year not in years:
        text = "Số định danh cá nhân: chữ số thứ tư đến thứ sáu không khớp năm sinh đã khai."
        yield doubt(WarningCode.PERSONAL_ID_YEAR_DIFFERS, section, text)


def about_passport(section: str, passport: str | None, nationality: Nationality) -> Iterator[DeclarationWarning]:
    """A passport that does not look Vietnamese though its holder is."""
    if passport and nationality.vietnamese and not usual_vietnamese_passport(passport):
        text = "Số hộ chiếu: hộ chiếu Việt Nam thường gồm một chữ cái và 7 hoặc 8 chữ số."
        yield doubt(WarningCode.PASSPORT_UNUSUAL, section, text)


def about_parent(section: str, parent: Parent, sex: Sex) -> Iterator[DeclarationWarning]:
    """A parent's numbers and ethnic group."""
    if parent.personal_id:
        yield from about_number(section, parent.personal_id, sex, range(parent.born.year, parent.born.year + 1))
    yield from about_passport(section, parent.passport, parent.nationality)
    yield from about_ethnicity(section, parent.ethnicity)
    yield from about_nationality(section, parent.nationality)


def about_ethnicity(section: str, ethnicity: Ethnicity) -> Iterator[DeclarationWarning]:
    """A name that does not settle the group: kept as declared, for a person to decide (“Thổ”, “T’rin”, “Chơ-ro”).

    The name is not repeated: ethnic origin is sensitive data, and some other names are insulting.
    """
    read = read_ethnic_name(ethnicity.text)
    group = ethnic_group(ethnicity.code) if ethnicity.code else None
    if group is None:
        why = _SHARED if len(read.codes) > 1 else "tên đã khai không có trong danh mục"
        text = f"Dân tộc: {why}. Mã để trống, tên gửi đi đúng như đã khai; cán bộ phải xác định dân tộc."
        yield doubt(WarningCode.ETHNICITY_OPEN, section, text)
    elif group.is_called(ethnicity.text) or read.code == group.code:
        return
    elif group.code in read.codes and len(read.codes) > 1:
        text = f"Dân tộc: {_SHARED}. Giữ nguyên mã và tên như đã khai; cán bộ phải kiểm tra mã."
        yield doubt(WarningCode.ETHNICITY_SHARED, section, text)
    else:
        text = "Dân tộc: tên đã khai không phải tên đã biết của mã đã chọn; giữ nguyên như đã khai, cần người kiểm tra."
        yield doubt(WarningCode.ETHNICITY_DIFFERS, section, text)


_SHARED = "tên đã khai là tên gọi của nhiều dân tộc"


def about_nationality(section: str, nationality: Nationality) -> Iterator[DeclarationWarning]:
    """A name that is not the code's: the code is what counts, and decides whether there is a foreign element.

    Most countries' names are not listed; those of Việt Nam are, so that any other name under its code is a doubt.
    """
    called = countries_called().get(fold(nationality.text))
    if called != nationality.code and (called or nationality.vietnamese):
        text = "Quốc tịch: tên đã ghi không phải tên của nước mang mã đã chọn; hồ sơ được giải quyết theo mã."
        yield doubt(WarningCode.NATIONALITY_DIFFERS, section, text)


def about_mothers_age(section: str, mother: Parent, child: Child) -> Iterator[DeclarationWarning]:
    """A very young mother; with a birth date known only to the month or year, the youngest she may have been counts."""
    age = full_years(mother.born.latest, child.born_on)
    if age < YOUNG_MOTHER:
        exact = mother.born.earliest == mother.born.latest
        text = f"Ngày, tháng, năm sinh: người mẹ {'' if exact else 'có thể '}mới {max(age, 0)} tuổi khi sinh con."
        yield doubt(WarningCode.MOTHER_VERY_YOUNG, section, text)


def about_birth_notice(section: str, notice: BirthNoticeRef, child: Child) -> Iterator[DeclarationWarning]:
    """The year in the notice's number against the years of birth and issue."""
    if not plausible_paper_year(notice.number, child.born_on.year, notice.issued_on.year):
        text = "Số Giấy chứng sinh: hai số cuối không phải năm sinh hay năm cấp."
        yield doubt(WarningCode.BIRTH_NOTICE_YEAR_UNLIKELY, section, text)
