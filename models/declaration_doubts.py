"""What an operator should look at in a declaration that is nevertheless accepted (STANDARDS §5: warn, never block).

What both forms can give doubt about; the doubts of one form alone: `birth_doubts`, `death_doubts`.
"""

from collections.abc import Iterator
from enum import StrEnum

from models.base import LongText, Model
from models.codes import countries_called, ethnic_group, fold, read_ethnic_name
from models.form_parts import Ethnicity, Nationality
from models.identity import Sex, personal_id_parts, usual_vietnamese_passport


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
    CLAIM_UNLIKELY = "claim_unlikely"
    DECLARANT_UNCONCERNED = "declarant_unconcerned"
    ACCOUNT_HOLDER_DIFFERS = "account_holder_differs"
    HOUSEHOLDER_DIED = "householder_died"


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
