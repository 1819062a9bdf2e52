"""Birth notices (giấy chứng sinh) and death notices (giấy báo tử), through the social-insurance data gateway."""

import base64
from functools import partial

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from models.base import Code, Model
from models.groups import Group
from models.identity import BirthNoticeNumber, DeathNoticeNumber
from models.messages import NoticeState
from simulator.desk import Desk, Reply
from simulator.insurance import DONE, EXPIRED, Tokens, add_tokens, failure
from simulator.insurance import INVALID as INVALID
from simulator.notices import facility_of, issued
from simulator.records import NoticeAsked

_PREFIXES = {
    "00000": NoticeState.NOT_FOUND,
    "11111": NoticeState.UNSIGNED,
    "BBBBB": NoticeState.BROKEN,
    "UUUUU": NoticeState.UNTRUSTED,
    "VVVVV": NoticeState.UNVERIFIABLE,
}
"""How numbers begin whose notice is not as it should be, without any instruction."""


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
        """Give a birth notice, if there is one."""
        return _answer(desk, tokens, request, body.MaHoSo, Group.BIRTH, body.SoGiayChungSinh)

    @routes.post("/api/lienthong/traCuuGiayBaoTu")
    async def death_notice(body: DeathNoticeQuery, request: Request) -> Response:
        """Give a death notice, if there is one; it says of what the person died."""
        return _answer(desk, tokens, request, body.MaHoSo, Group.DEATH, body.SoGiayBaoTu)

    return routes


def _answer(desk: Desk, tokens: Tokens, request: Request, code: str, group: Group, number: str) -> Response:
    if not tokens.use(request):
        return JSONResponse(EXPIRED)
    return desk.serve_unfriendly(request, code, None, partial(_find, desk, code, group, number), failure)


def _find(desk: Desk, code: str, group: Group, number: str) -> Reply:
    asked = NoticeAsked(system=desk.system, dossier_code=code, at=desk.book.legal_now(code), number=number)
    desk.book.add(asked)
    state = desk.instruction(code).notice or _PREFIXES.get(number[:5], NoticeState.GOOD)
    if state is NoticeState.NOT_FOUND:
        return Reply({"MaKetQua": DONE, "TrangThai": "0", "MaCSKCB": None, "NoiDungFile": None})
    content = base64.b64encode(issued(desk.authority, group, number, state)).decode()
    return Reply({"MaKetQua": DONE, "TrangThai": "1", "MaCSKCB": facility_of(number).code, "NoiDungFile": content})
