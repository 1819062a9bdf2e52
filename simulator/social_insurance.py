"""The social-insurance system: ignores idempotency keys and registers whatever it is sent, twice if sent twice."""

import base64
from collections.abc import Mapping
from datetime import datetime
from functools import partial

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from models.base import Code, MessageKey, Model, legal
from models.documents import Document, DocumentKind, describe
from models.identity import PersonalId
from models.messages import FollowUpKind
from simulator.child_card import CardRequest
from simulator.desk import Desk, Reply
from simulator.insurance import DONE, EXPIRED, INVALID, add_tokens, failure
from simulator.insurance_benefits import BenefitEnd, FuneralBenefit, SurvivorBenefit
from simulator.office import Office, Procedure, numbered
from simulator.records import FollowUpTaken, Intake
from simulator.wire import COMPACT, CompactTime, ConsentOnRecord, Json, More


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


class MessageBody(Model):
    """A message about a part. `SoVanBan` is its number, `Loai` its kind; `DuLieu` is JSON in a string."""

    MaHoSo: Code
    MaKyThuat: Code
    MaGD: Code | None
    SoVanBan: MessageKey
    Loai: str
    SoDangKy: Code | None
    ThoiGianGui: CompactTime
    NoiDung: str
    DuLieu: str
    GiayTo: list[Paper]


class _Content(Model):
    toKhai: Json
    soDangKyKhaiSinh: Code | None = None
    soDangKyKhaiTu: Code | None = None
    soDinhDanh: PersonalId | None
    xacNhanVNeID: list[ConsentOnRecord]


_REQUESTS: Mapping[str, type[CardRequest] | type[BenefitEnd]] = {
    "health_insurance_card": CardRequest,
    "insurance_funeral_benefit": FuneralBenefit,
    "insurance_survivor_benefit": SurvivorBenefit,
    "survivor_benefit_end": BenefitEnd,
}
"""`toKhai` by `MaKyThuat`."""


_KINDS = {
    "1": FollowUpKind.SUPPLEMENT,
    "2": FollowUpKind.CORRECTION,
    "3": FollowUpKind.REPLACEMENT,
    "4": FollowUpKind.WITHDRAWAL,
    "5": FollowUpKind.GROUNDS_DEMANDED,
    "6": FollowUpKind.RESULT_ASKED,
    "7": FollowUpKind.REMINDER,
    "8": FollowUpKind.OVERDUE,
    "9": FollowUpKind.NOT_SUPPLEMENTED,
    "10": FollowUpKind.TO_COMPLETE,
    "11": FollowUpKind.COMPLETED,
    "12": FollowUpKind.APPOINTMENT,
    "13": FollowUpKind.CANCELLATION,
}
"""`Loai` of a message."""


def _card_number(intake: Intake, serial: int, at: datetime) -> str:
    """TE1, province, ten digits that are obviously fictitious (STANDARDS §4.5)."""
    return f"TE1{intake.province_code}{9_900_000_000 + serial:010d}"


PROCEDURES = {
    "health_insurance_card": Procedure(DocumentKind.HEALTH_INSURANCE_CARD, _card_number),
    "insurance_funeral_benefit": Procedure(DocumentKind.FUNERAL_DECISION, numbered("MT-")),
    "insurance_survivor_benefit": Procedure(DocumentKind.SURVIVOR_DECISION, numbered("TT-")),
    "survivor_benefit_end": Procedure(DocumentKind.BENEFIT_END_DECISION, numbered("TH-")),
}


def router(desk: Desk) -> APIRouter:
    """The system's wire."""
    office = Office(desk, PROCEDURES)
    routes = APIRouter()
    tokens = add_tokens(routes)

    @routes.post("/api/lienthong/guiHoSo")
    async def take(body: PartBody, request: Request) -> Response:
        """Take a part in."""
        if not tokens.use(request):
            return JSONResponse(EXPIRED)
        return desk.serve_unfriendly(request, body.MaHoSo, body.ThoiGianGui, lambda: _take(desk, office, body), failure)

    @routes.get("/api/lienthong/traCuuHoSo/{code}")
    async def look_up(code: str, request: Request, MaKyThuat: str, KetQua: str = "") -> Response:
        """Say whether a part is there and, if asked for, what has become of it."""
        if not tokens.use(request):
            return JSONResponse(EXPIRED)
        intakes = office.intakes(code, MaKyThuat)
        found = _become_of(office, intakes[0], with_result=bool(KetQua)) if intakes else None
        return desk.look_up(request, code, Reply({"MaKetQua": DONE, "HoSo": found}))

    @routes.post("/api/lienthong/guiThongDiep")
    async def take_more(body: MessageBody, request: Request) -> Response:
        """Take a message about a part."""
        if not tokens.use(request):
            return JSONResponse(EXPIRED)
        act = partial(_take_more, desk, office, body)
        return desk.serve_unfriendly(request, body.MaHoSo, body.ThoiGianGui, act, failure)

    @routes.get("/api/lienthong/traCuuThongDiep/{code}")
    async def look_up_message(code: str, request: Request, MaKyThuat: str, SoVanBan: str) -> Response:
        """Say whether a message is there."""
        if not tokens.use(request):
            return JSONResponse(EXPIRED)
        found = next(iter(_messages(desk, code, MaKyThuat, SoVanBan)), None)
        answer = {"MaKetQua": DONE, "ThongDiep": _receipt_of(found) if found else None}
        return desk.look_up(request, code, Reply(answer))

    return routes


def _become_of(office: Office, intake: Intake, *, with_result: bool) -> Json:
    registration = office.registration(intake)
    if not with_result or registration is None:
        return _receipt(intake)
    name, content = office.result(registration)
    issued_at = legal(registration.at).strftime(COMPACT)
    result = {"SoKetQua": registration.number, "ThoiGian": issued_at, "TenTep": name, "NoiDung": content}
    return {**_receipt(intake), "KetQua": result}


def _take(desk: Desk, office: Office, body: PartBody) -> Reply:
    repeat = bool(office.intakes(body.MaHoSo, body.MaKyThuat))
    try:
        content = _Content.model_validate_json(body.DuLieu)
        understood = _REQUESTS[body.MaKyThuat].model_validate(content.toKhai).understood()
        files = tuple(_file(paper) for paper in body.GiayTo)
        consents = tuple(consent.read(files) for consent in content.xacNhanVNeID)
    except (ValueError, KeyError):
        return Reply(INVALID)
    intake = office.take_in(
        body.MaHoSo,
        body.MaHoSoMCDT,
        body.MaKyThuat,
        f"GD{desk.book.next_number('social_insurance:dossier'):010d}",
        understood,
        files,
        content.soDangKyKhaiSinh or content.soDangKyKhaiTu,
        content.soDinhDanh,
        consents,
    )
    return Reply({"MaKetQua": DONE, **_receipt(intake)}, repeat=repeat)


def _take_more(desk: Desk, office: Office, body: MessageBody) -> Reply:
    """Book a message, as often as it comes, and do what it asks for."""
    try:
        kind = _KINDS[body.Loai]
        more = More.model_validate_json(body.DuLieu)
        files = tuple(_file(paper) for paper in body.GiayTo)
        consents = more.consents(files)
    except (ValueError, KeyError):
        return Reply(INVALID)
    repeat = bool(_messages(desk, body.MaHoSo, body.MaKyThuat, body.SoVanBan))
    taken = FollowUpTaken(
        system=desk.system,
        dossier_code=body.MaHoSo,
        key=f"{body.SoVanBan}#{desk.book.next_number('social_insurance:message')}",
        at=desk.book.legal_now(body.MaHoSo),
        leg=body.MaKyThuat,
        kind=kind,
        text=body.NoiDung,
        agency_code=body.MaGD,
        registration_number=body.SoDangKy,
        files=files,
        changes=more.changes(),
        consents=consents,
    )
    try:
        office.take_follow_up(taken)
    except LookupError:
        return Reply(INVALID)
    return Reply({"MaKetQua": DONE, **_receipt_of(taken)}, repeat=repeat)


def _messages(desk: Desk, code: str, leg: str, number: str) -> list[FollowUpTaken]:
    """What was told about a part under a number."""
    taken = desk.book.entries(FollowUpTaken, code, desk.system)
    return [one for one in taken if one.leg == leg and str(one.key).rpartition("#")[0] == number]


def _receipt_of(taken: FollowUpTaken) -> Json:
    return {"ThoiGianTiepNhan": legal(taken.at).strftime(COMPACT)}


def _file(paper: Paper) -> Document:
    """The file; its kind by the name of the paper, as `Loai` tells only two kinds apart."""
    kind = next((kind for kind in DocumentKind if kind.label == paper.Ten), None)
    if kind is None:
        raise ValueError("not a paper of this wire")
    return describe(kind, paper.TenTep, base64.b64decode(paper.NoiDung, validate=True))


def _receipt(intake: Intake) -> Json:
    return {"MaGD": intake.agency_code, "ThoiGianTiepNhan": legal(intake.at).strftime(COMPACT)}
