"""Rules of identifying numbers, as types whose errors are Vietnamese (STANDARDS §5: what is refused; the rest warns).

No identity number has a published check digit, so structure is all there is; numbers are text, leading zeros matter.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from models.base import Model, nfc
from models.codes import personal_id_prefixes
from models.labelled import Labelled


class Sex(Labelled):
    """Giới tính; the birth notice knows a third value, not determined."""

    MALE = "male", "Nam"
    FEMALE = "female", "Nữ"
    UNDETERMINED = "undetermined", "Chưa xác định"


def _shape(kind: str, pattern: str, message: str) -> AfterValidator:
    compiled = re.compile(pattern, re.ASCII)

    def judge(value: str) -> str:
        if not compiled.fullmatch(value):
            raise PydanticCustomError(kind, message)
        return value

    return AfterValidator(judge)


def _phone(value: object) -> object:
    if not isinstance(value, str):
        return value
    digits = re.sub(r"[ .()\-]", "", value.replace("(0)", ""))
    return "0" + digits.removeprefix("+84") if digits.startswith("+84") else digits


def _upper(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


PersonalId = Annotated[str, _shape("personal_id", r"\d{12}", "Số định danh cá nhân phải gồm đúng 12 chữ số.")]
"""Số định danh cá nhân, số căn cước: 12 digits (NĐ 137/2015; Luật Căn cước 2023)."""

Phone = Annotated[
    str,
    BeforeValidator(_phone),
    _shape(
        "phone",
        r"0[35789]\d{8}|02\d{9}",
        "Số điện thoại phải là số di động 10 chữ số (03, 05, 07, 08, 09) hoặc số cố định 11 chữ số (02).",
    ),
]
"""A Vietnamese phone number, kept in the form 0…; +84 and separators are taken away."""


def is_mobile(phone: str) -> bool:
    """Whether the number can take an SMS; fixed lines begin with 02."""
    return not phone.startswith("02")


Passport = Annotated[
    str,
    BeforeValidator(_upper),
    _shape("passport", r"[A-Z0-9]{6,9}", "Số hộ chiếu phải gồm 6 đến 9 chữ cái hoặc chữ số."),
]
"""Số hộ chiếu, upper case, of any country."""

OldIdentityCard = Annotated[
    str,
    _shape("old_identity_card", r"\d{9}|\d{12}", "Số chứng minh nhân dân phải gồm 9 hoặc 12 chữ số."),
]
"""Số chứng minh nhân dân: always an old paper, void since 2025-01-01, so whoever takes one warns."""

SocialInsuranceNumber = Annotated[
    str, _shape("social_insurance_number", r"\d{10}", "Mã số bảo hiểm xã hội phải gồm đúng 10 chữ số.")
]
"""Mã số BHXH; ten zeros mean that the person has none (`has_social_insurance`). No check digit is known."""


def has_social_insurance(number: str) -> bool:
    """Whether a social-insurance number is one: facilities write ten zeros for a person without."""
    return number != "0000000000"


HealthCardNumber = Annotated[
    str,
    BeforeValidator(_upper),
    _shape(
        "health_card_number",
        r"[A-Z]{2}[1-5]\d{12}|\d{10}",
        "Số thẻ bảo hiểm y tế phải gồm 2 chữ cái, mức hưởng 1 đến 5 và 12 chữ số, hoặc chỉ 10 chữ số.",
    ),
]
"""Số thẻ BHYT: the old 15 characters, or the ten digits that cards print now (QĐ 1666/QĐ-BHXH)."""


_PAPER_PART = r"[^\s\x00-\x1f\x7f]{5}"


def _paper_number(kind: str, letters: str, name: str) -> AfterValidator:
    message = f"Số {name} phải có dạng XXXXX.{letters}.ZZZZZ.YY (18 ký tự)."
    return _shape(kind, rf"{_PAPER_PART}\.{letters}\.{_PAPER_PART}\.\d{{2}}", message)


BirthNoticeNumber = Annotated[str, BeforeValidator(nfc), _paper_number("birth_notice_number", "GCS", "Giấy chứng sinh")]
"""Số Giấy chứng sinh; shape only, as which part names the facility is not settled (STANDARDS §1.3)."""

DeathNoticeNumber = Annotated[str, BeforeValidator(nfc), _paper_number("death_notice_number", "GBT", "Giấy báo tử")]
"""Số Giấy báo tử; shape only, as for a birth."""


Icd10 = Annotated[
    str,
    BeforeValidator(_upper),
    _shape("icd10", r"[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?", "Mã bệnh phải theo ICD-10, ví dụ: I21 hoặc I21.9."),
]
"""Mã bệnh ICD-10, shape only."""


def plausible_paper_year(number: str, *years: int) -> bool:
    """Whether the last two digits of a paper's number are those of one of the years it may be of."""
    return int(number[-2:]) in {year % 100 for year in years}


Email = Annotated[
    str,
    _shape("email", r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}", "Địa chỉ email không đúng dạng, ví dụ: ten@vidu.vn."),
]
"""An e-mail address, shape only."""


LONG_NUMBER = re.compile(r"[0-9]{9,12}")
"""What every number is by which a person is known all over the country (personal number 12 digits, old identity card 9,
social insurance 10), and what their phones are (10 or 11). Passports are shorter: like running numbers."""


class PersonalIdParts(Model):
    """What a personal number says of its holder: province of birth registration, sex, year of birth (LAW §E).

    The rule lapsed on 2024-07-01 and the present law says only “12 digits”, so a difference warns and never refuses.
    """

    prefix: str
    sex: Sex
    year: int

    @property
    def prefix_known(self) -> bool:
        """Whether the prefix is one of the 63 provinces; births abroad have prefixes that are not in the list."""
        return self.prefix in personal_id_prefixes()


def personal_id_parts(number: str) -> PersonalIdParts:
    """Read `PPP G YY NNNNNN` of a valid number: G is 0 male, 1 female in the 1900s, 2 and 3 in the 2000s, and so on."""
    century, female = divmod(int(number[3]), 2)
    return PersonalIdParts(
        prefix=number[:3],
        sex=Sex.FEMALE if female else Sex.MALE,
        year=1900 + 100 * century + int(number[4:6]),
    )


def usual_vietnamese_passport(number: str) -> bool:
    """Whether a passport number looks Vietnamese: a letter and 7 or 8 digits."""
    return re.fullmatch(r"[A-Z][0-9]{7,8}", number) is not None
