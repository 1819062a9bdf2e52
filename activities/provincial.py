"""The provincial one-stop system (một cửa điện tử), on a wire of the DVCLT kind (STANDARDS §3.2, LAW §F).

It has no idempotency key, always answers HTTP 200 and says in a sentence what happened; so a dossier is looked up by
its code before it is sent, and sentences are judged by the lists below, the only place that knows them.
"""

import json
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict

from activities.dvclt import birth_record
from activities.http import (
    AgencyClient,
    AgencyNotReady,
    AgencyRejected,
    AgencyUnavailable,
    AgencyUnreadable,
    Problem,
)
from activities.wire import DocumentReader, Json, SaidCode, base64_content, not_carried, slashed
from models.base import Code
from models.codes import fold
from models.documents import DocumentKind
from models.messages import Dispatch, DispatchKind, Head, LegMessage, Sent
from models.statuses import Status, StatusSystem

_DOSSIERS, _STATUSES, _PAPER_ORDERS = "/ho-so-lien-thong", "/trang-thai", "/yeu-cau-ban-giay"

_BIRTH_MODULE = "LTKS"
_ONE_STOP = "5"
"""`coQuanXuLy` of the one-stop (LAW §F)."""

_RESULT_ISSUED = Status(system=StatusSystem.LINKING, code="4")
"""What goes with a result that brings no status of its own: “Có kết quả (ketQuaXuLy)”."""

_SUCCESS = "00"
_NOT_FOUND = "01"

_NEGATED = ("không thành công", "chưa thành công")
_NOT_READY = ("chưa cập nhật trạng thái", "chưa được gửi")
_TRY_AGAIN = ("server error", "soap fault", *_NEGATED)
_WRONG = ("logic xử lý không hợp lệ",)
_ALREADY_THERE: tuple[str, ...] = ("đã tồn tại trong một cửa điện tử",)
_STATUS_FINAL: tuple[str, ...] = (
    *_ALREADY_THERE,
    "bị từ chối. không thể cập nhật trạng thái",
    "không tồn tại",
    "đã trả kết quả, không được cập nhật trạng thái",
    "đã có kết quả xử lý",
    "đã hoàn thành đăng ký",
)
"""Sentences after which repeating a status changes nothing (LAW §F): the province is where we wanted it, or past it."""

_PAPER_TYPES = {
    DocumentKind.BIRTH_NOTICE: "1",
    DocumentKind.WITNESS_STATEMENT: "2",
    DocumentKind.BIRTH_COMMITMENT: "3",
    DocumentKind.ABANDONED_CHILD_RECORD: "4",
    DocumentKind.SURROGACY_DOCUMENT: "5",
    DocumentKind.RESIDENCE_PAPERS: "6",
    DocumentKind.PARENT_AGREEMENT: "7",
    DocumentKind.GUARDIANSHIP_DOCUMENT: "8",
    DocumentKind.FOREIGN_DOCUMENTS: "9",
    DocumentKind.BIRTH_CERTIFICATE: "10",
    DocumentKind.RESIDENCE_NOTICE: "11",
    DocumentKind.HEALTH_INSURANCE_CARD: "12",
    DocumentKind.IDENTITY_CARD: "13",
    DocumentKind.PAYMENT_RECEIPT: "14",
}
"""`loaiGiayTo` numbers: ours, as no published list of them is known; a kind without one goes by name [choice]."""

_RESULT_TYPES = {DocumentKind.BIRTH_CERTIFICATE: "KQ.G15.000031"}
"""`maGiayToKetQua` of the national list, where it is known (STANDARDS §2)."""


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")

    maKetQua: str
    thongBao: str = ""


class _KnownDossier(BaseModel):
    model_config = ConfigDict(extra="ignore")

    maHoSo: Code
    maHoSoMCDT: SaidCode = None


class _LookUp(_Answer):
    hoSo: _KnownDossier | None = None


class Adapter:
    """Takes the whole dossier in; its receipt, the registration and the certificate follow by event."""

    def __init__(self, client: AgencyClient) -> None:
        self._client = client

    async def submit(self, message: LegMessage, read: DocumentReader) -> Sent:
        """Send the dossier unless the province already has it. Raises AgencyError."""
        head = message.head
        known = await self._look_up(head)
        if known:
            return Sent(receipt_follows=True, agency_code=known.maHoSoMCDT)
        reply = await self._client.post(_DOSSIERS, await _dossier(message, read), head)
        _judge(reply.read(_Answer), head, _ALREADY_THERE)
        return Sent(receipt_follows=True)

    async def dispatch(self, dispatch: Dispatch, read: DocumentReader) -> None:
        """Synchronise a status, hand over a result or order paper at the desk. Raises AgencyError."""
        if dispatch.kind is DispatchKind.PAPER_ORDER:
            path, body, taken = _PAPER_ORDERS, _paper_order(dispatch), _ALREADY_THERE
        elif dispatch.kind in (DispatchKind.STATUS, DispatchKind.RESULT):
            path, body, taken = _STATUSES, await _status(dispatch, read), _STATUS_FINAL
        else:
            raise not_carried(dispatch)
        reply = await self._client.post(path, body, dispatch.head)
        _judge(reply.read(_Answer), dispatch.head, taken)

    async def _look_up(self, head: Head) -> _KnownDossier | None:
        reply = await self._client.get(f"{_DOSSIERS}/{quote(head.dossier_code, safe='')}", head)
        answer = reply.read(_LookUp)
        if answer.maKetQua == _NOT_FOUND:
            return None
        _judge(answer, head, ())
        if answer.hoSo is None or answer.hoSo.maHoSo != head.dossier_code:
            raise AgencyUnreadable("kết quả tra cứu không phải của hồ sơ này", dossier_code=head.dossier_code)
        return answer.hoSo


def _judge(answer: _Answer, head: Head, final: tuple[str, ...]) -> None:
    """Return when the province has what we sent, or said one of the `final` sentences; raise what else it means."""
    said = fold(answer.thongBao)
    code = head.dossier_code

    def says(sentences: tuple[str, ...]) -> bool:
        return any(fold(sentence) in said for sentence in sentences)

    if says(final):
        return
    if says(_NOT_READY):
        raise AgencyNotReady("hệ thống chưa xử lý đến hồ sơ", dossier_code=code)
    if says(_TRY_AGAIN):
        raise AgencyUnavailable("hệ thống báo lỗi tạm thời", dossier_code=code)
    if says(_WRONG):
        problem = Problem(type=f"maKetQua={answer.maKetQua}")
        raise AgencyRejected("hệ thống báo logic xử lý không hợp lệ", dossier_code=code, problem=problem)
    if answer.maKetQua != _SUCCESS:
        raise AgencyUnreadable("hệ thống trả lời bằng mã và câu không có trong danh mục", dossier_code=code)


async def _dossier(message: LegMessage, read: DocumentReader) -> Json:
    """`data` is JSON inside a string, as on the real wire; `techId` is the technical id the province gives back.

    `maDonVi` is text: practice has an int there, which makes 4 of “00004” (STANDARDS §3.2). Where a province insists on
    one, its number is no key to anything: `noiDangKy` inside `data` repeats the code as text [choice].
    """
    head, declaration = message.head, message.declaration
    body: Json = {
        "maHoSo": head.dossier_code,
        "maDonVi": declaration.recipients.civil_status_office.code,
        "maTTHC": head.procedure_code,
        "module": _BIRTH_MODULE,
        "techId": message.leg,
        "ngayGui": slashed(head.sent_at),
        "data": json.dumps({"hoTich": birth_record(declaration)}, ensure_ascii=False),
        "fileDinhKem": [
            {
                "loaiGiayTo": _paper_type(document.kind),
                "tenGiayTo": document.kind.label,
                "tenTepDinhKem": document.file_name,
                "duLieuTepDinhKem": await base64_content(document, read),
            }
            for document in message.documents
        ],
    }
    if head.provincial_code:
        body["maHoSoMCDT"] = head.provincial_code
    return body


async def _status(dispatch: Dispatch, read: DocumentReader) -> Json:
    """The status always names its vocabulary: the three numberings clash (STANDARDS §0.1)."""
    status = dispatch.status or _RESULT_ISSUED
    body: Json = {
        **_codes(dispatch.head),
        "coQuanXuLy": _ONE_STOP,
        "heThongTrangThai": status.system.value,
        "trangThai": status.code,
        "thoiGianThucHien": slashed(dispatch.head.sent_at),
        "noiDungXuLy": dispatch.text,
    }
    if document := dispatch.document:
        result = {
            "maGiayToKetQua": _RESULT_TYPES.get(document.kind),
            "loaiGiayTo": _paper_type(document.kind),
            "tenGiayTo": document.kind.label,
            "tenTepDinhKem": document.file_name,
            "duLieuTepDinhKem": await base64_content(document, read),
        }
        body["ketQuaXuLy"] = json.dumps(result, ensure_ascii=False)
    return body


def _paper_type(kind: DocumentKind) -> str:
    return _PAPER_TYPES.get(kind, kind.value)


def _paper_order(dispatch: Dispatch) -> Json:
    return {
        **_codes(dispatch.head),
        "loaiGiayTo": _paper_type(dispatch.document_kind) if dispatch.document_kind else None,
        "noiDung": dispatch.text,
        "nguoiNhan": dispatch.recipient,
        "ngayGui": slashed(dispatch.head.sent_at),
    }


def _codes(head: Head) -> Json:
    """Both dossier codes: ours (`soHoSoLT`) and the province's own (`maHoSo`)."""
    return {"maTTHC": head.procedure_code, "soHoSoLT": head.dossier_code, "maHoSo": head.provincial_code}
