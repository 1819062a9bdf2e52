"""The provincial one-stop system (một cửa điện tử), on a wire of the DVCLT kind (STANDARDS §3.2, LAW §F).

It has no idempotency key, always answers HTTP 200 and says in a sentence what happened; so a dossier is looked up by
its code before it is sent, and sentences are judged by the lists below, the only place that knows them.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict

from activities.dvclt import MODULES, civil_status_record
from activities.http import (
    MAX_ANSWER_BYTES,
    AgencyClient,
    AgencyNotReady,
    AgencyRejected,
    AgencyUnavailable,
    AgencyUnreadable,
    Problem,
)
from activities.wire import (
    MAX_EVENTS_BYTES,
    DocumentReader,
    Json,
    SaidCode,
    base64_content,
    changed_fields,
    consent_on_record,
    from_slashed,
    looked_up,
    not_carried,
    pdf_document,
    slashed,
)
from models.base import Code, Text
from models.codes import fold
from models.documents import Document, DocumentKind
from models.events import CloudEvent
from models.groups import Group
from models.messages import Dispatch, DispatchKind, FollowUp, FollowUpKind, Head, LegMessage, LegQuery, Sent
from models.statuses import Status, StatusSystem

_DOSSIERS, _STATUSES, _PAPER_ORDERS = "/ho-so-lien-thong", "/trang-thai", "/yeu-cau-ban-giay"
_SUPPLEMENTS, _LETTERS = "/bo-sung-ho-so", "/trao-doi"

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
_UNKNOWN = "không tồn tại"
_ALREADY_THERE: tuple[str, ...] = ("đã tồn tại trong một cửa điện tử",)
_STATUS_FINAL: tuple[str, ...] = (
    *_ALREADY_THERE,
    "bị từ chối. không thể cập nhật trạng thái",
    _UNKNOWN,
    "đã trả kết quả, không được cập nhật trạng thái",
    "đã có kết quả xử lý",
    "đã hoàn thành đăng ký",
)
"""Sentences after which repeating a status changes nothing (LAW §F): the province is where we wanted it, or past it."""

_LETTER_TYPES = {
    FollowUpKind.CORRECTION: "DINH_CHINH",
    FollowUpKind.REPLACEMENT: "THAY_THE",
    FollowUpKind.WITHDRAWAL: "RUT_HO_SO",
    FollowUpKind.NOT_SUPPLEMENTED: "KHONG_BO_SUNG",
    FollowUpKind.GROUNDS_DEMANDED: "DE_NGHI_NEU_LY_DO",
    FollowUpKind.TO_COMPLETE: "DE_NGHI_HOAN_THIEN",
    FollowUpKind.COMPLETED: "DA_HOAN_THIEN",
    FollowUpKind.RESULT_ASKED: "DE_NGHI_GUI_KET_QUA",
    FollowUpKind.REMINDER: "NHAC_HAN",
    FollowUpKind.OVERDUE: "QUA_HAN",
    FollowUpKind.APPOINTMENT: "HEN_LAI",
    FollowUpKind.CANCELLATION: "HUY_HO_SO",
}
"""`loaiThongDiep` of what practice has no message for: a letter in free text, its kind in a word [choice]."""

_STOPS = (FollowUpKind.WITHDRAWAL, FollowUpKind.CANCELLATION)
"""Letters after which there is nothing for the province to do with a dossier it does not know."""

_RESULT_TYPES = {DocumentKind.BIRTH_CERTIFICATE: "KQ.G15.000031", DocumentKind.DEATH_EXTRACT: "KQ.G15.000034"}
"""`maGiayToKetQua` of the national list, where it is known (STANDARDS §2)."""


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")

    maKetQua: str
    thongBao: str = ""


class _Registration(BaseModel):
    model_config = ConfigDict(extra="ignore")

    soDangKy: Code
    ngayDangKy: str

    @property
    def identity_number(self) -> str | None:
        return None

    @property
    def paper(self) -> Json | None:
        """The certificate or extract, once it is there."""
        return None


class _Birth(_Registration):
    soDinhDanh: Code
    tenTepGiayKhaiSinh: Text | None = None
    giayKhaiSinh: str | None = None

    @property
    def identity_number(self) -> str:
        return self.soDinhDanh

    @property
    def paper(self) -> Json | None:
        return _result_paper(DocumentKind.BIRTH_CERTIFICATE, self.tenTepGiayKhaiSinh, self.giayKhaiSinh)


class _Death(_Registration):
    """What it says of the deceased, their number and cause of death among it, is not read: we have it from the form."""

    tenTepGiayKhaiTu: Text | None = None
    giayKhaiTu: str | None = None

    @property
    def paper(self) -> Json | None:
        return _result_paper(DocumentKind.DEATH_EXTRACT, self.tenTepGiayKhaiTu, self.giayKhaiTu)


def _result_paper(kind: DocumentKind, file_name: str | None, content: str | None) -> Json | None:
    return pdf_document(kind, file_name or f"{kind.value}.pdf", content) if content else None


_REGISTRATIONS: Mapping[Group, type[_Registration]] = {Group.BIRTH: _Birth, Group.DEATH: _Death}
"""What the province says of a registration."""

R = TypeVar("R", bound=_Registration)


class _KnownDossier(BaseModel, Generic[R]):
    model_config = ConfigDict(extra="ignore")

    maHoSo: Code
    maHoSoMCDT: SaidCode = None
    ngayBoSung: str | None = None
    ngayTiepNhan: str | None = None
    ketQuaXuLy: R | None = None


class _LookUp(_Answer, Generic[R]):
    hoSo: _KnownDossier[R] | None = None


class Adapter:
    """Takes the whole dossier in; its receipt, the registration and the certificate follow by event."""

    def __init__(self, client: AgencyClient) -> None:
        self._client = client

    async def submit(self, message: LegMessage, read: DocumentReader) -> Sent:
        """Send the dossier unless the province already has it. Raises AgencyError."""
        head = message.head
        known = await self._look_up(head, _Registration)
        if known:
            return Sent(receipt_follows=True, agency_code=known.maHoSoMCDT)
        reply = await self._client.post(_DOSSIERS, await _dossier(message, read), head)
        _judge(reply.read(_Answer), head, _ALREADY_THERE)
        return Sent(receipt_follows=True)

    async def follow_up(self, message: FollowUp, read: DocumentReader) -> Sent:
        """Supply what was missing under the dossier's own code, or write a letter. Raises AgencyError."""
        if message.kind is FollowUpKind.SUPPLEMENT:
            await self._supply(message, read)
            return Sent(receipt_follows=True)
        reply = await self._client.post(_LETTERS, await _letter(message, read), message.head)
        final = (*_ALREADY_THERE, _UNKNOWN) if message.kind in _STOPS else _ALREADY_THERE
        _judge(reply.read(_Answer), message.head, final)
        return Sent()

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

    async def _supply(self, message: FollowUp, read: DocumentReader) -> None:
        """Send a dossier anew under the same code, which the province takes only while it waits for a supplement.

        At any other time it calls the dossier a duplicate and does nothing (LAW A.6): so it is asked which supplement
        it has, by the time of sending. One it did not take is sent again later: it has not come to asking for one.
        """
        head = message.head
        if await self._has_supplement(head):
            return
        reply = await self._client.post(_SUPPLEMENTS, await _supplement(message, read), head)
        _judge(reply.read(_Answer), head, _ALREADY_THERE)
        if not await self._has_supplement(head):
            raise AgencyNotReady("hệ thống chưa mở nhận bổ sung", dossier_code=head.dossier_code)

    async def _has_supplement(self, head: Head) -> bool:
        known = await self._look_up(head, _Registration)
        return known is not None and known.ngayBoSung == slashed(head.sent_at)

    async def look_up(self, query: LegQuery) -> tuple[CloudEvent, ...]:
        """Receipt, registration and certificate, as far as the province has them. Raises AgencyError.

        What a person must read (a demand, a refusal in free text) is not looked up: it comes as a message.
        """
        kind = _REGISTRATIONS[query.group]
        known = await self._look_up(query.head, kind, {"ketQua": "1"}, MAX_EVENTS_BYTES)
        return tuple(_found(query, known)) if known else ()

    async def _look_up(
        self, head: Head, kind: type[R], params: Mapping[str, str] | None = None, most: int = MAX_ANSWER_BYTES
    ) -> _KnownDossier[R] | None:
        path = f"{_DOSSIERS}/{quote(head.dossier_code, safe='')}"
        reply = await self._client.get(path, head, params=params, most=most)
        answer = reply.read(_LookUp[kind])  # type: ignore[valid-type]
        if answer.maKetQua == _NOT_FOUND:
            return None
        _judge(answer, head, ())
        if answer.hoSo is None or answer.hoSo.maHoSo != head.dossier_code:
            raise AgencyUnreadable("kết quả tra cứu không phải của hồ sơ này", dossier_code=head.dossier_code)
        return answer.hoSo


def _found(query: LegQuery, known: _KnownDossier[_Registration]) -> Iterator[CloudEvent]:
    code, own = query.head.dossier_code, known.maHoSoMCDT
    if known.ngayTiepNhan:
        at = from_slashed(known.ngayTiepNhan, code)
        yield looked_up(query, "received", at, own, agency_code=own)
    if result := known.ketQuaXuLy:
        at = from_slashed(result.ngayDangKy, code)
        yield looked_up(query, "decided", at, own, number=result.soDangKy, identity_number=result.identity_number)
        if result.paper:
            yield looked_up(query, "result_document", at, own, documents=[result.paper])


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
        "module": MODULES[declaration.group].name,
        "techId": message.leg,
        "ngayGui": slashed(head.sent_at),
        "data": json.dumps({"hoTich": civil_status_record(declaration)}, ensure_ascii=False),
        "fileDinhKem": [await _file(document, read) for document in message.documents],
    }
    if head.provincial_code:
        body["maHoSoMCDT"] = head.provincial_code
    return body


async def _supplement(message: FollowUp, read: DocumentReader) -> Json:
    """What was missing: free text, files, and in `data` what now is otherwise."""
    return {
        **_codes(message.head),
        "techId": message.leg,
        "ngayGui": slashed(message.head.sent_at),
        "noiDungBoSung": message.text,
        "data": _more(message),
        "fileDinhKem": [await _file(document, read) for document in message.documents],
    }


async def _letter(message: FollowUp, read: DocumentReader) -> Json:
    """A letter about a dossier, and about the registration of that number if it has one."""
    return {
        **_codes(message.head),
        "techId": message.leg,
        "soVanBan": message.head.key,
        "ngayGui": slashed(message.head.sent_at),
        "loaiThongDiep": _LETTER_TYPES[message.kind],
        "soDangKy": message.registration_number,
        "noiDung": message.text,
        "data": _more(message),
        "fileDinhKem": [await _file(document, read) for document in message.documents],
    }


def _more(message: FollowUp) -> str:
    """The fields that now say something else, and consents given since, as JSON in a string."""
    more = {
        "thayDoi": changed_fields(message.changes),
        "xacNhanVNeID": [consent_on_record(consent) for consent in message.consents],
    }
    return json.dumps(more, ensure_ascii=False)


async def _file(document: Document, read: DocumentReader) -> Json:
    """A paper goes by the name of its kind. Practice has a number in `loaiGiayTo` (STANDARDS §3.2), from a list nobody
    has published: one of our own could be taken for another paper's [choice].
    """
    return {
        "loaiGiayTo": document.kind.value,
        "tenGiayTo": document.kind.label,
        "tenTepDinhKem": document.file_name,
        "duLieuTepDinhKem": await base64_content(document, read),
    }


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
        result = {"maGiayToKetQua": _RESULT_TYPES.get(document.kind), **await _file(document, read)}
        body["ketQuaXuLy"] = json.dumps(result, ensure_ascii=False)
    return body


def _paper_order(dispatch: Dispatch) -> Json:
    return {
        **_codes(dispatch.head),
        "loaiGiayTo": dispatch.document_kind and dispatch.document_kind.value,
        "noiDung": dispatch.text,
        "nguoiNhan": dispatch.recipient,
        "ngayGui": slashed(dispatch.head.sent_at),
    }


def _codes(head: Head) -> Json:
    """Both dossier codes: ours (`soHoSoLT`) and the province's own (`maHoSo`)."""
    return {"maTTHC": head.procedure_code, "soHoSoLT": head.dossier_code, "maHoSo": head.provincial_code}
