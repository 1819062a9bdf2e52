"""Sections that both forms of the decree have (Mẫu số 01 and 02, NĐ 63/2024/NĐ-CP), field by field.

Every field carries as `title` its Vietnamese name on the form.
"""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, StrictBool, model_validator
from pydantic_core import PydanticCustomError

from models.address import VIETNAM, Address, CountryCode, field_errors
from models.base import Code, Model, Text
from models.codes import ethnic_group, read_ethnic_name
from models.days import Day
from models.documents import Document
from models.identity import PersonalId
from models.labelled import Labelled


def _unsealed(document: Document) -> Document:
    return document.model_copy(update={"seal": None}) if document.seal else document


Attachment = Annotated[Document, AfterValidator(_unsealed)]
"""A document a citizen attaches: what its signatures are worth is not theirs to say."""

MAX_COPIES = 20
"""How many certified copies of a civil-status paper one declaration may order."""

MAX_ATTACHMENTS = 30
"""How many files one declaration may carry (several per document are allowed, REQUIREMENTS §7)."""


class Unit(Model):
    """A body chosen from a list, with its name as the citizen saw it (cơ quan, cơ sở)."""

    code: Code = Field(title="Mã")
    name: Text = Field(title="Tên")


def _known_ethnic_code(code: str) -> str:
    if ethnic_group(code) is None:
        raise PydanticCustomError(
            "ethnic_code", "Mã dân tộc không có trong danh mục (01 đến 54; 55 là người nước ngoài)."
        )
    return code


class Ethnicity(Model):
    """Dân tộc: a code of the list and the name exactly as declared (“T’rin” stays “T’rin”).

    The code is open (None) where the name alone decides none (`codes.read_ethnic_name`): agencies then get the name and
    no code, and the dossier says that a person has to decide.
    """

    code: Annotated[str, AfterValidator(_known_ethnic_code)] | None = Field(None, title="Mã dân tộc")
    text: Text = Field(title="Tên dân tộc")

    @property
    def candidates(self) -> frozenset[str]:
        """The codes its name may stand for, for the person who decides."""
        return read_ethnic_name(self.text).codes


class Nationality(Model):
    """Quốc tịch: compared by code, shown as written (lists disagree on names of countries)."""

    code: CountryCode = Field(title="Mã quốc tịch")
    text: Text = Field(title="Tên quốc tịch")

    @property
    def vietnamese(self) -> bool:
        return self.code == VIETNAM


class NamedPerson(Model):
    """A person named by full name and personal number."""

    full_name: Text = Field(title="Họ, chữ đệm, tên")
    personal_id: PersonalId = Field(title="Số định danh cá nhân")


class PoorHousehold(Model):
    """Giấy chứng nhận hộ nghèo."""

    number: Text = Field(title="Số Giấy chứng nhận hộ nghèo")
    issued_on: Day = Field(title="Ngày cấp")


class FeeReliefGround(Labelled):
    """Who besides poor households pays no registration fee (Luật Hộ tịch 2014 Điều 11(1)(a))."""

    MERIT_FAMILY = "merit_family", "Gia đình có công với cách mạng"
    DISABLED = "disabled", "Người khuyết tật"


class FeeRelief(Model):
    """Giấy tờ chứng minh được miễn lệ phí: its number only, since the State holds the paper [choice].

    Poor households have a field of their own (form 01: `HealthInsurance`, form 02: `DeathDeclaration`).
    """

    ground: FeeReliefGround = Field(title="Đối tượng")
    number: Text = Field(title="Số giấy xác nhận, giấy chứng nhận")
    issued_on: Day = Field(title="Ngày cấp")


class PaperPlace(Labelled):
    """Where a paper result is handed over."""

    CIVIL_STATUS_DESK = "civil_status_desk", "Tại Bộ phận Một cửa của cơ quan đăng ký hộ tịch"
    AGENCY_DESK = "agency_desk", "Tại cơ quan giải quyết"
    POST = "post", "Qua dịch vụ bưu chính công ích"


class PaperDelivery(Model):
    """Bản giấy: the place, and for post an address in Việt Nam (form 01, footnotes 1 and 2; form 02 read alike)."""

    place: PaperPlace = Field(title="Nơi nhận")
    address: Address | None = Field(None, title="Địa chỉ nhận")

    @model_validator(mode="after")
    def _address_for_post_only(self) -> Self:
        if self.place is not PaperPlace.POST and self.address is not None:
            raise field_errors({"address": "Chỉ ghi địa chỉ nhận khi nhận qua bưu chính."})
        if self.place is PaperPlace.POST and (self.address is None or not self.address.in_vietnam):
            raise field_errors({"address": "Nhận qua bưu chính thì phải ghi địa chỉ nhận ở Việt Nam."})
        return self


def _affirmed(value: bool) -> bool:
    if not value:
        raise PydanticCustomError("attested", "Phải xác nhận lời cam đoan thì mới nộp được tờ khai.")
    return value


Attested = Annotated[StrictBool, AfterValidator(_affirmed)]
"""Tôi cam đoan nội dung khai trên đây là đúng sự thật…: only true is accepted."""
