"""Rules of identifying numbers, as types whose errors are Vietnamese (STANDARDS §5: what is refused; the rest warns).

No identity number has a published check digit, so structure is all there is; numbers are text, leading zeros matter.
"""

import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from models.base import Model, nfc
from models.codes import personal_id_prefixes


class Sex(StrEnum):
    """Giới tính; the birth notice knows a third value, not determined."""

    MALE = "male"
    FEMALE = "female"
    UNDETERMINED = "undetermined"

    @property
    def label(self) -> str:
        """As written on the form."""
        return _SEXES[self]


_SEXES = {Sex.MALE: "Nam", Sex.FEMALE: "Nữ", Sex.UNDETERMINED: "Chưa xác định"}


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
    digits = re.sub(r"[ .()\-]", "", value)
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

BirthNoticeNumber = Annotated[
    str,
    BeforeValidator(nfc),
    _shape(
        "birth_notice_number",
        r"[0-9A-Za-z._:/+-]{5}\.GCS\.[0-9A-Za-z]{5}\.\d{2}",
        "Số Giấy chứng sinh phải có dạng XXXXX.GCS.ZZZZZ.YY (18 ký tự).",
    ),
]
"""Số Giấy chứng sinh; shape only, as which part names the facility is not settled (STANDARDS §1.3)."""

Email = Annotated[
    str,
    _shape("email", r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}", "Địa chỉ email không đúng dạng, ví dụ: ten@vidu.vn."),
]
"""An e-mail address, shape only."""


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
