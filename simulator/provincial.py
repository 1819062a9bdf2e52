"""The provincial one-stop system, with the civil-status software behind it.

Ignores idempotency keys, answers HTTP 200 whatever happens, says in a sentence what that was (STANDARDS §3.2, LAW §F).
"""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Request, Response

from models.base import Code, MessageKey, Model, legal
from models.documents import Document, DocumentKind, describe
from models.messages import DispatchKind, FollowUpKind
from models.statuses import Status, StatusSystem
from simulator.birth_record import BirthRecord
from simulator.death_record import DeathRecord
from simulator.desk import Desk, Reply
from simulator.instructions import Step
from simulator.office import Office, Procedure, numbered
from simulator.records import Delivery, FollowUpTaken, Intake, Registration, StatusTaken
from simulator.wire import SLASHED, Json, More, SlashedTime

UNIT = "H26.11.02"
"""The unit code that the province's dossier codes begin with."""

_SUCCESS, _NOT_FOUND, _EXISTS, _FAILED, _WRONG = "00", "01", "02", "98", "99"

_FINAL_SENTENCES = {
    "5": "Hồ sơ đã trả kết quả, không được cập nhật trạng thái",
    "6": "Hồ sơ bị từ chối. Không thể cập nhật trạng thái",
}


class Attachment(Model):
    """A file (tệp đính kèm), content in base64."""

    loaiGiayTo: str
    tenGiayTo: str
    tenTepDinhKem: str
    duLieuTepDinhKem: str


class DossierBody(Model):
    """A linked dossier (hồ sơ liên thông). Codes are text; `data` is JSON in a string."""

    maHoSo: Code
    maHoSoMCDT: Code | None = None
    maDonVi: str
    maTTHC: str
    module: Literal["LTKS", "LTKT"]
    techId: Code
    ngayGui: SlashedTime
    data: str
    fileDinhKem: list[Attachment]


class _Order(Model):
    """`soHoSoLT` is the linked code, `maHoSo` the province's own."""

    maTTHC: str
    soHoSoLT: Code
    maHoSo: Code | None


class StatusBody(_Order):
    """A status or, with `ketQuaXuLy` (JSON in a string), a result synchronised back."""

    coQuanXuLy: str
    heThongTrangThai: StatusSystem
    trangThai: Code
    thoiGianThucHien: SlashedTime
    noiDungXuLy: str | None
    ketQuaXuLy: str | None = None


class SupplementBody(_Order):
    """A dossier sent anew with what was missing. `data` is JSON in a string."""

    techId: Code
    ngayGui: SlashedTime
    noiDungBoSung: str
    data: str
    fileDinhKem: list[Attachment]


class LetterBody(_Order):
    """A letter about a dossier; `soDangKy`: about its registration of that number. `data` is JSON in a string."""

    techId: Code
    soVanBan: MessageKey
    ngayGui: SlashedTime
    loaiThongDiep: str
    soDangKy: Code | None
    noiDung: str
    data: str
    fileDinhKem: list[Attachment]


class PaperOrderBody(_Order):
    """A paper result to be handed over at the desk."""

    loaiGiayTo: str | None
    noiDung: str | None
    nguoiNhan: str
    ngayGui: SlashedTime


class _Data(Model):
    hoTich: Json


_RECORDS: Mapping[str, type[BirthRecord] | type[DeathRecord]] = {"LTKS": BirthRecord, "LTKT": DeathRecord}
"""`hoTich` by module."""


class _Result(Attachment):
    maGiayToKetQua: str | None


_LETTERS = {
    "DINH_CHINH": FollowUpKind.CORRECTION,
    "THAY_THE": FollowUpKind.REPLACEMENT,
    "RUT_HO_SO": FollowUpKind.WITHDRAWAL,
    "KHONG_BO_SUNG": FollowUpKind.NOT_SUPPLEMENTED,
    "DE_NGHI_NEU_LY_DO": FollowUpKind.GROUNDS_DEMANDED,
    "DE_NGHI_HOAN_THIEN": FollowUpKind.TO_COMPLETE,
    "DA_HOAN_THIEN": FollowUpKind.COMPLETED,
    "DE_NGHI_GUI_KET_QUA": FollowUpKind.RESULT_ASKED,
    "NHAC_HAN": FollowUpKind.REMINDER,
    "QUA_HAN": FollowUpKind.OVERDUE,
    "HEN_LAI": FollowUpKind.APPOINTMENT,
    "HUY_HO_SO": FollowUpKind.CANCELLATION,
}
"""`loaiThongDiep`."""


def said(code: str, sentence: str, **more: object) -> Json:
    """An answer of this wire."""
    return {"maKetQua": code, "thongBao": sentence, **more}


INVALID = said(_WRONG, "Logic xử lý không hợp lệ")
"""The answer to a body that is none of this wire."""


def _failure(sentence: str | None) -> Json:
    return said(_FAILED, sentence or "server error")


def _linking(code: str) -> Status:
    return Status(system=StatusSystem.LINKING, code=code)


_STATUSES = {
    Step.RECEIVED: _linking("3"),
    Step.PASSED_ON: _linking("7"),
    Step.UNCLASSIFIED: _linking("2"),
    Step.SUPPLEMENT_REQUESTED: _linking("2"),
    Step.SUPPLEMENT_RECEIVED: _linking("3"),
    Step.DECIDED: _linking("4"),
    Step.REFUSED: _linking("6"),
}


def _registration(result: DocumentKind, *, assigns_identity_number: bool) -> Procedure:
    return Procedure(
        result=result,
        number=numbered(""),
        receipt_by_event=True,
        passes_on=True,
        late_document=True,
        assigns_identity_number=assigns_identity_number,
        statuses=_STATUSES,
    )


PROCEDURES = {
    "birth_registration": _registration(DocumentKind.BIRTH_CERTIFICATE, assigns_identity_number=True),
    "death_registration": _registration(DocumentKind.DEATH_EXTRACT, assigns_identity_number=False),
}


def router(desk: Desk) -> APIRouter:
    """The system's wire."""
    system = _Provincial(desk)
    routes = APIRouter()

    @routes.post("/ho-so-lien-thong")
    async def take(body: DossierBody, request: Request) -> Response:
        """Take a dossier in, unless it is there already."""
        return desk.serve_unfriendly(request, body.maHoSo, body.ngayGui, lambda: system.take(body), _failure)

    @routes.get("/ho-so-lien-thong/{code}")
    async def look_up(code: str, request: Request, ketQua: str = "") -> Response:
        """Say whether a dossier is there and, if asked for, what has become of it."""
        return desk.look_up(request, code, Reply(system.look_up(code, with_result=bool(ketQua))))

    @routes.post("/bo-sung-ho-so")
    async def supply(body: SupplementBody, request: Request) -> Response:
        """Take what was missing, if it was asked for."""
        return desk.serve_unfriendly(request, body.soHoSoLT, body.ngayGui, lambda: system.supply(body), _failure)

    @routes.post("/trao-doi")
    async def write(body: LetterBody, request: Request) -> Response:
        """Take a letter."""
        return desk.serve_unfriendly(request, body.soHoSoLT, body.ngayGui, lambda: system.letter(body), _failure)

    @routes.post("/trang-thai")
    async def synchronise(body: StatusBody, request: Request) -> Response:
        """Take a status or a result."""
        act = system.result if body.ketQuaXuLy else system.status
        return desk.serve_unfriendly(request, body.soHoSoLT, body.thoiGianThucHien, lambda: act(body), _failure)

    @routes.post("/yeu-cau-ban-giay")
    async def order_paper(body: PaperOrderBody, request: Request) -> Response:
        """Take an order for paper at the desk."""
        return desk.serve_unfriendly(request, body.soHoSoLT, body.ngayGui, lambda: system.order(body), _failure)

    return routes


def _written(at: datetime) -> str:
    return legal(at).strftime(SLASHED)


def _file(sent: Attachment) -> Document:
    content = base64.b64decode(sent.duLieuTepDinhKem, validate=True)
    return describe(DocumentKind(sent.loaiGiayTo), sent.tenTepDinhKem, content)


def _registered(intake: Intake, registration: Registration, paper: tuple[str | None, str | None]) -> Json:
    """What a look-up says of a birth or, in practice with the cause and all, of a death."""
    name, content = paper
    if registration.identity_number:
        return {"soDinhDanh": registration.identity_number, "tenTepGiayKhaiSinh": name, "giayKhaiSinh": content}
    deceased = intake.understood["deceased"]
    return {
        "nktHoTen": deceased["full_name"],
        "nktSoGiayTo": deceased["personal_id"],
        "nktNguyenNhanChet": deceased["cause"],
        "tenTepGiayKhaiTu": name,
        "giayKhaiTu": content,
        "maGiayToKetQua": "KQ.G15.000034",
    }


class _Provincial:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._book = desk.book
        self._office = Office(desk, PROCEDURES)

    def take(self, body: DossierBody) -> Reply:
        if self._office.intakes(body.maHoSo):
            return Reply(said(_EXISTS, "Hồ sơ đã tồn tại trong một cửa điện tử"), repeat=True)
        if self._office.procedure(body.techId) is None:
            return Reply(INVALID)
        try:
            record = _RECORDS[body.module].model_validate(_Data.model_validate_json(body.data).hoTich)
            understood = record.understood()
            files = tuple(_file(file) for file in body.fileDinhKem)
        except ValueError:
            return Reply(INVALID)
        serial = self._book.next_number("provincial:dossier")
        code = f"{UNIT}-{legal(body.ngayGui):%y%m%d}-{serial:04d}"
        self._office.take_in(body.maHoSo, code, body.techId, code, understood, files)
        return Reply(said(_SUCCESS, "Tiếp nhận hồ sơ thành công"))

    def look_up(self, code: str, *, with_result: bool) -> Json:
        intakes = self._office.intakes(code)
        if not intakes:
            return said(_NOT_FOUND, "Hồ sơ không tồn tại")
        supplements = [
            taken
            for taken in self._book.entries(FollowUpTaken, code, self._desk.system)
            if taken.kind is FollowUpKind.SUPPLEMENT
        ]
        known = {
            "maHoSo": code,
            "maHoSoMCDT": intakes[0].agency_code,
            "ngayBoSung": _written(supplements[-1].at) if supplements else None,
        }
        found = self._become_of(intakes[0]) if with_result else {}
        return said(_SUCCESS, "Tra cứu thành công", hoSo={**known, **found})

    def _become_of(self, intake: Intake) -> Json:
        happened, registration = self._office.happened(intake), self._office.registration(intake)
        found: Json = {"ngayTiepNhan": _written(intake.at) if Step.RECEIVED in happened else None}
        if registration:
            name, content = self._office.result(registration)
            issued = Step.RESULT_DOCUMENT in happened
            found["ketQuaXuLy"] = {
                "soDangKy": registration.number,
                "ngayDangKy": _written(registration.at),
                **_registered(intake, registration, (name, content) if issued else (None, None)),
            }
        return found

    def supply(self, body: SupplementBody) -> Reply:
        if not self._office.asks_for_supplement(body.soHoSoLT):
            return Reply(said(_EXISTS, "Hồ sơ đã tồn tại trong một cửa điện tử"), repeat=True)
        sent = f"{body.ngayGui:%Y%m%d%H%M%S}"
        return self._take_more(body, FollowUpKind.SUPPLEMENT, sent, body.noiDungBoSung, None)

    def letter(self, body: LetterBody) -> Reply:
        if body.loaiThongDiep not in _LETTERS:
            return Reply(INVALID)
        kind = _LETTERS[body.loaiThongDiep]
        return self._take_more(body, kind, body.soVanBan, body.noiDung, body.soDangKy)

    def _take_more(
        self, body: SupplementBody | LetterBody, kind: FollowUpKind, known_by: str, text: str, number: str | None
    ) -> Reply:
        try:
            more = More.model_validate_json(body.data)
            files = tuple(_file(file) for file in body.fileDinhKem)
            consents = more.consents(files)
        except ValueError:
            return Reply(INVALID)
        taken = FollowUpTaken(
            system=self._desk.system,
            dossier_code=body.soHoSoLT,
            key=f"{body.soHoSoLT}:{body.techId}:{kind.value}:{known_by}",
            at=body.ngayGui,
            leg=body.techId,
            kind=kind,
            text=text,
            agency_code=body.maHoSo,
            registration_number=number,
            files=files,
            changes=more.changes(),
            consents=consents,
        )
        try:
            new = self._office.take_follow_up(taken)
        except LookupError:
            return Reply(said(_NOT_FOUND, "Hồ sơ không tồn tại"))
        if not new:
            return Reply(said(_EXISTS, "Thông điệp đã tồn tại trong một cửa điện tử"), repeat=True)
        return Reply(said(_SUCCESS, "Tiếp nhận thành công"))

    def status(self, body: StatusBody) -> Reply:
        status = Status(system=body.heThongTrangThai, code=body.trangThai)
        taken = StatusTaken(
            system=self._desk.system,
            dossier_code=body.soHoSoLT,
            key=f"{body.soHoSoLT}:{status.system}:{status.code}",
            at=body.thoiGianThucHien,
            status=status,
            text=body.noiDungXuLy,
        )
        sentence = _FINAL_SENTENCES.get(body.trangThai, "Hồ sơ đã có kết quả xử lý, không được cập nhật trạng thái")
        return self._keep(taken, sentence)

    def result(self, body: StatusBody) -> Reply:
        try:
            result = _Result.model_validate_json(body.ketQuaXuLy or "")
            file = _file(result)
        except ValueError:
            return Reply(INVALID)
        taken = Delivery(
            system=self._desk.system,
            dossier_code=body.soHoSoLT,
            key=f"{body.soHoSoLT}:result:{result.loaiGiayTo}",
            at=body.thoiGianThucHien,
            kind=DispatchKind.RESULT,
            text=body.noiDungXuLy,
            document_kind=file.kind,
            sha256=file.sha256,
        )
        return self._keep(taken, "Hồ sơ đã có kết quả xử lý, không được cập nhật trạng thái")

    def order(self, body: PaperOrderBody) -> Reply:
        try:
            kind = DocumentKind(body.loaiGiayTo) if body.loaiGiayTo else None
        except ValueError:
            return Reply(INVALID)
        taken = Delivery(
            system=self._desk.system,
            dossier_code=body.soHoSoLT,
            key=f"{body.soHoSoLT}:paper:{body.loaiGiayTo}",
            at=body.ngayGui,
            kind=DispatchKind.PAPER_ORDER,
            recipient=body.nguoiNhan,
            text=body.noiDung,
            document_kind=kind,
        )
        return self._keep(taken, "Yêu cầu đã tồn tại trong một cửa điện tử")

    def _keep(self, taken: Delivery | StatusTaken, repeated: str) -> Reply:
        """Keep what came, once; a repeat is answered by a sentence, as the real systems do."""
        if not self._office.intakes(taken.dossier_code):
            return Reply(said(_NOT_FOUND, "Hồ sơ không tồn tại"))
        if self._book.add(taken):
            return Reply(said(_SUCCESS, "Cập nhật thành công"))
        return Reply(said(_EXISTS, repeated), repeat=True)
