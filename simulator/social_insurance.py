"""The social-insurance system: ignores idempotency keys and registers whatever it is sent, twice if sent twice."""

import base64
from datetime import datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from models.base import Code, Model, legal
from models.documents import Document, DocumentKind, describe
from models.identity import PersonalId
from simulator.child_card import CardRequest
from simulator.desk import Desk, Reply
from simulator.insurance import DONE, EXPIRED, INVALID, add_tokens, failure
from simulator.office import Office, Procedure
from simulator.records import Intake
from simulator.wire import COMPACT, CompactTime, Json


class Paper(Model):
    """A file, content in base64."""

    Loai: str
    Ten: str
    TenTep: str
    NoiDung: str


class PartBody(Model):
    """A dossier part. `MaKyThuat` is the sender's technical id of the part; `DuLieu` is JSON in a string."""

    MaHoSo: Code
    MaHoSoMCDT: Code | None
    MaTTHC: str
    MaKyThuat: Code
    MaCoQuan: str
    ThoiGianGui: CompactTime
    DuLieu: str
    GiayTo: list[Paper]


class _Consent(Model):
    soDinhDanh: PersonalId
    vaiTro: list[str]
    thoiGianXacNhan: CompactTime


class _Content(Model):
    toKhai: CardRequest
    soDangKyKhaiSinh: Code | None
    soDinhDanh: PersonalId | None
    xacNhanVNeID: list[_Consent]


def _card_number(intake: Intake, serial: int, at: datetime) -> str:
    """TE1, province, ten digits that are obviously fictitious (STANDARDS §4.5)."""
    return f"TE1{intake.province_code}{9_900_000_000 + serial:010d}"


PROCEDURE = Procedure(result=DocumentKind.HEALTH_INSURANCE_CARD, number=_card_number)


def router(desk: Desk) -> APIRouter:
    """The system's wire."""
    office = Office(desk, PROCEDURE)
    routes = APIRouter()
    tokens = add_tokens(routes)

    @routes.post("/api/lienthong/guiHoSo")
    async def take(body: PartBody, request: Request) -> Response:
        """Take a part in."""
        if not tokens.use(request):
            return JSONResponse(EXPIRED)
        return desk.serve_unfriendly(request, body.MaHoSo, body.ThoiGianGui, lambda: _take(desk, office, body), failure)

    @routes.get("/api/lienthong/traCuuHoSo/{code}")
    async def look_up(code: str, request: Request, MaKyThuat: str) -> Response:
        """Say whether a part is there."""
        if not tokens.use(request):
            return JSONResponse(EXPIRED)
        intakes = office.intakes(code, MaKyThuat)
        return desk.look_up(request, code, {"MaKetQua": DONE, "HoSo": _receipt(intakes[0]) if intakes else None})

    return routes


def _take(desk: Desk, office: Office, body: PartBody) -> Reply:
    repeat = bool(office.intakes(body.MaHoSo, body.MaKyThuat))
    try:
        content = _Content.model_validate_json(body.DuLieu)
        understood = content.toKhai.understood()
        files = tuple(_file(paper) for paper in body.GiayTo)
    except ValueError:
        return Reply(INVALID)
    intake = office.take_in(
        body.MaHoSo,
        body.MaHoSoMCDT,
        body.MaKyThuat,
        f"GD{desk.book.next_number('social_insurance:dossier'):010d}",
        understood,
        files,
        content.soDangKyKhaiSinh,
        content.soDinhDanh,
    )
    return Reply({"MaKetQua": DONE, **_receipt(intake)}, repeat=repeat)


def _file(paper: Paper) -> Document:
    """The file; its kind by the name of the paper, as `Loai` tells only two kinds apart."""
    kind = next((kind for kind in DocumentKind if kind.label == paper.Ten), None)
    if kind is None:
        raise ValueError("not a paper of this wire")
    return describe(kind, paper.TenTep, base64.b64decode(paper.NoiDung, validate=True))


def _receipt(intake: Intake) -> Json:
    return {"MaGD": intake.agency_code, "ThoiGianTiepNhan": legal(intake.at).strftime(COMPACT)}
