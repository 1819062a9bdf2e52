"""Birth and death notices of health facilities (giấy chứng sinh, giấy báo tử), through the social-insurance gateway.

A death notice comes with its diagnosis (`BENH_ICD10_ID`, `NGUYENNHAN_TV`, STANDARDS §1.4). That is sensitive and of no
use here: only what stands in `_Notice` is read of an answer, the rest is gone with it.
"""

from enum import StrEnum

from activities.http import AgencyClient
from activities.insurance_gateway import GatewayAnswer, InsuranceGateway
from activities.wire import SaidCode
from models.groups import Group
from models.messages import NoticeAnswer, NoticeQuery, NoticeState

_LOOK_UPS = {
    Group.BIRTH: ("/api/lienthong/traCuuGiayChungSinh", "SoGiayChungSinh"),
    Group.DEATH: ("/api/lienthong/traCuuGiayBaoTu", "SoGiayBaoTu"),
}
"""Where a group's notice is asked for, and what its number is called there."""


class _NoticeCode(StrEnum):
    NONE = "0"
    UNSIGNED = "1"
    SIGNED = "2"


_STATES = {
    _NoticeCode.NONE: NoticeState.NOT_FOUND,
    _NoticeCode.UNSIGNED: NoticeState.UNSIGNED,
    _NoticeCode.SIGNED: NoticeState.SIGNED,
}


class _Notice(GatewayAnswer):
    TrangThai: _NoticeCode
    MaCSKCB: SaidCode = None


class Adapter:
    """Looks notices up by their number."""

    def __init__(self, client: AgencyClient) -> None:
        self._gateway = InsuranceGateway(client)

    async def look_up(self, query: NoticeQuery) -> NoticeAnswer:
        """Whether there is such a notice and whether it is signed. Raises AgencyError."""
        path, number = _LOOK_UPS[query.group]
        body = {
            "MaHoSo": query.head.dossier_code,
            "MaHoSoMCDT": query.head.provincial_code,
            number: query.number,
        }
        found = await self._gateway.post(path, body, query.head, _Notice)
        return NoticeAnswer(state=_STATES[found.TrangThai], facility=found.MaCSKCB)
