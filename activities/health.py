"""Birth and death notices of health facilities (giấy chứng sinh, giấy báo tử), through the social-insurance gateway.

A death notice says of what the person died (`BENH_ICD10_ID`, `NGUYENNHAN_TV`, STANDARDS §1.4). It must be kept as it
came, for what was signed is all of it; nobody here reads that, and it goes nowhere but into the document store.
"""

import base64
import binascii
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, TypeAdapter, ValidationError

from activities.http import AgencyClient
from activities.insurance_gateway import GatewayAnswer, InsuranceGateway
from activities.wire import MAX_EVENTS_BYTES
from models.base import Code
from models.groups import Group
from models.messages import NoticeQuery

_LOOK_UPS = {
    Group.BIRTH: ("/api/lienthong/traCuuGiayChungSinh", "SoGiayChungSinh"),
    Group.DEATH: ("/api/lienthong/traCuuGiayBaoTu", "SoGiayBaoTu"),
}
"""Where a group's notice is asked for, and what its number is called there."""


class _Known(StrEnum):
    NO = "0"
    YES = "1"


_CODES: TypeAdapter[str] = TypeAdapter(Code)


def _code(stated: object) -> object:
    """A code as we write them; another is as good as none: it must not hold up the dossier."""
    try:
        return _CODES.validate_python(stated.strip() if isinstance(stated, str) else stated)
    except ValidationError:
        return None


class _Notice(GatewayAnswer):
    TrangThai: _Known
    MaCSKCB: Annotated[Code | None, BeforeValidator(_code)] = None
    NoiDungFile: str | None = None


@dataclass(frozen=True)
class FoundNotice:
    """A notice as the gateway gave it: its bytes as they came, none where it gave none, and whose it says it is."""

    content: bytes = field(repr=False)
    facility: str | None


class Adapter:
    """Looks notices up by their number."""

    def __init__(self, client: AgencyClient) -> None:
        self._gateway = InsuranceGateway(client)

    async def look_up(self, query: NoticeQuery) -> FoundNotice | None:
        """The notice of that number, if there is one; what it is worth is for others to judge. Raises AgencyError."""
        path, number = _LOOK_UPS[query.group]
        body = {
            "MaHoSo": query.head.dossier_code,
            "MaHoSoMCDT": query.head.provincial_code,
            number: query.number,
        }
        answer = await self._gateway.post(path, body, query.head, _Notice, most=MAX_EVENTS_BYTES)
        if answer.TrangThai is _Known.NO:
            return None
        return FoundNotice(content=_content(answer.NoiDungFile or ""), facility=answer.MaCSKCB)


def _content(text: str) -> bytes:
    """The file in an answer; what is no base64 is kept as it is: one damaged notice must not hold up its dossier."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return text.encode(errors="backslashreplace")
