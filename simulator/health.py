"""Birth notices (giấy chứng sinh) and death notices (giấy báo tử), through the social-insurance data gateway."""

from functools import partial

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from models.base import Code, Model
from models.identity import BirthNoticeNumber, DeathNoticeNumber
from models.messages import NoticeState
from simulator.desk import Desk, Reply
from simulator.insurance import DONE, EXPIRED, Tokens, add_tokens, failure
from simulator.insurance import INVALID as INVALID
from simulator.records import NoticeAsked
from simulator.wire import Json

_CODES = {NoticeState.NOT_FOUND: "0", NoticeState.UNSIGNED: "1", NoticeState.SIGNED: "2"}

_UNKNOWN, _UNSIGNED = "00000", "11111"
"""How numbers begin that are not known, or whose notice is not signed, without any instruction."""

DIAGNOSIS = {"NGUYENNHAN_TV": "Bệnh giả định trên Giấy báo tử", "BENH_ICD10_ID": "I21.9", "BENH_ICD10_TEN": "Bệnh mẫu"}
"""What the gateway tells of every death besides, whether one wants to know or not (STANDARDS §1.4)."""


class _Query(Model):
    MaHoSo: Code
    MaHoSoMCDT: Code | None


class BirthNoticeQuery(_Query):
    """A look-up of a birth notice by number."""

    SoGiayChungSinh: BirthNoticeNumber


class DeathNoticeQuery(_Query):
    """A look-up of a death notice by number."""

    SoGiayBaoTu: DeathNoticeNumber


def router(desk: Desk) -> APIRouter:
    """The system's wire."""
    routes = APIRouter()
    tokens = add_tokens(routes)

    @routes.post("/api/lienthong/traCuuGiayChungSinh")
    async def birth_notice(body: BirthNoticeQuery, request: Request) -> Response:
        """Say whether a birth notice is known and signed."""
        return _answer(desk, tokens, request, body.MaHoSo, body.SoGiayChungSinh, {})

    @routes.post("/api/lienthong/traCuuGiayBaoTu")
    async def death_notice(body: DeathNoticeQuery, request: Request) -> Response:
        """Say whether a death notice is known and signed, and of what the person died."""
        return _answer(desk, tokens, request, body.MaHoSo, body.SoGiayBaoTu, DIAGNOSIS)

    return routes


def _answer(desk: Desk, tokens: Tokens, request: Request, code: str, number: str, more: Json) -> Response:
    if not tokens.use(request):
        return JSONResponse(EXPIRED)
    return desk.serve_unfriendly(request, code, None, partial(_find, desk, code, number, more), failure)


def _find(desk: Desk, code: str, number: str, more: Json) -> Reply:
    asked = NoticeAsked(system=desk.system, dossier_code=code, at=desk.book.legal_now(code), number=number)
    desk.book.add(asked)
    state = desk.instruction(code).notice or _usual_state(number)
    if state is NoticeState.NOT_FOUND:
        return Reply({"MaKetQua": DONE, "TrangThai": _CODES[state], "MaCSKCB": None})
    return Reply({"MaKetQua": DONE, "TrangThai": _CODES[state], "MaCSKCB": number[-8:-3], **more})


def _usual_state(number: str) -> NoticeState:
    if number.startswith(_UNKNOWN):
        return NoticeState.NOT_FOUND
    return NoticeState.UNSIGNED if number.startswith(_UNSIGNED) else NoticeState.SIGNED
