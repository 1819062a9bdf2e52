"""Birth notices of health facilities (giấy chứng sinh), looked up through the social-insurance data gateway."""

from enum import StrEnum

from activities.http import AgencyClient
from activities.insurance_gateway import GatewayAnswer, InsuranceGateway
from activities.wire import SaidCode
from models.messages import NoticeAnswer, NoticeQuery, NoticeState

_LOOK_UP = "/api/lienthong/traCuuGiayChungSinh"


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
    """Looks birth notices up by their number."""

    def __init__(self, client: AgencyClient) -> None:
        self._gateway = InsuranceGateway(client)

    async def look_up(self, query: NoticeQuery) -> NoticeAnswer:
        """Whether there is such a notice and whether it is signed. Raises AgencyError."""
        body = {
            "MaHoSo": query.head.dossier_code,
            "MaHoSoMCDT": query.head.provincial_code,
            "SoGiayChungSinh": query.number,
        }
        found = await self._gateway.post(_LOOK_UP, body, query.head, _Notice)
        return NoticeAnswer(state=_STATES[found.TrangThai], facility=found.MaCSKCB)
