"""Birth notices (giấy chứng sinh), through the social-insurance data gateway."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from models.base import Code, Model
from models.identity import BirthNoticeNumber
from models.messages import NoticeState
from simulator.desk import Desk, Reply
from simulator.insurance import DONE, EXPIRED, add_tokens, failure
from simulator.insurance import INVALID as INVALID
from simulator.records import NoticeAsked

_CODES = {NoticeState.NOT_FOUND: "0", NoticeState.UNSIGNED: "1", NoticeState.SIGNED: "2"}

_UNKNOWN, _UNSIGNED = "00000", "11111"
"""How numbers begin that are not known, or whose notice is not signed, without any instruction."""


class NoticeQueryBody(Model):
    """A look-up by number."""

    MaHoSo: Code
    MaHoSoMCDT: Code | None
    SoGiayChungSinh: BirthNoticeNumber


def router(desk: Desk) -> APIRouter:
    """The system's wire."""
    routes = APIRouter()
    tokens = add_tokens(routes)

    @routes.post("/api/lienthong/traCuuGiayChungSinh")
    async def look_up(body: NoticeQueryBody, request: Request) -> Response:
        """Say whether a notice is known and signed."""
        if not tokens.use(request):
            return JSONResponse(EXPIRED)
        return desk.serve_unfriendly(request, body.MaHoSo, None, lambda: _find(desk, body), failure)

    return routes


def _find(desk: Desk, body: NoticeQueryBody) -> Reply:
    desk.book.add(
        NoticeAsked(
            system=desk.system,
            dossier_code=body.MaHoSo,
            at=desk.book.legal_now(body.MaHoSo),
            number=body.SoGiayChungSinh,
        )
    )
    state = desk.instruction(body.MaHoSo).birth_notice or _usual_state(body.SoGiayChungSinh)
    facility = None if state is NoticeState.NOT_FOUND else body.SoGiayChungSinh[-8:-3]
    return Reply({"MaKetQua": DONE, "TrangThai": _CODES[state], "MaCSKCB": facility})


def _usual_state(number: str) -> NoticeState:
    if number.startswith(_UNKNOWN):
        return NoticeState.NOT_FOUND
    return NoticeState.UNSIGNED if number.startswith(_UNSIGNED) else NoticeState.SIGNED
