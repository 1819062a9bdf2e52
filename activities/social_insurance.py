"""The social-insurance sector's system (hệ thống ngành Bảo hiểm xã hội).

It ignores idempotency keys and registers whatever it is sent, twice if sent twice: everything is looked up first.
"""

import json
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict

from activities.child_card import CHILD_CARD
from activities.field_map import Row, laid_out, tells
from activities.http import AgencyClient, AgencyRejected
from activities.insurance_benefits import BENEFIT_END, FUNERAL_BENEFIT, SURVIVOR_BENEFIT
from activities.insurance_gateway import GatewayAnswer, InsuranceGateway
from activities.wire import (
    MAX_EVENTS_BYTES,
    DocumentReader,
    Json,
    base64_content,
    changed_fields,
    compact,
    consent_on_record,
    from_compact,
    looked_up,
    pdf_document,
)
from models.base import Code, Text
from models.documents import Document, DocumentKind
from models.events import CloudEvent
from models.groups import Group
from models.messages import FieldChange, FollowUp, FollowUpKind, LegMessage, LegQuery, Sent

_SEND, _LOOK_UP = "/api/lienthong/guiHoSo", "/api/lienthong/traCuuHoSo"
_TELL, _TOLD = "/api/lienthong/guiThongDiep", "/api/lienthong/traCuuThongDiep"


class LegPart(NamedTuple):
    """The part of a dossier for a leg: what the system is told of the form, and what it issues."""

    rows: tuple[Row, ...]
    result: DocumentKind


PARTS: Mapping[str, LegPart] = {
    "health_insurance_card": LegPart(CHILD_CARD, DocumentKind.HEALTH_INSURANCE_CARD),
    "insurance_funeral_benefit": LegPart(FUNERAL_BENEFIT, DocumentKind.FUNERAL_DECISION),
    "insurance_survivor_benefit": LegPart(SURVIVOR_BENEFIT, DocumentKind.SURVIVOR_DECISION),
    "survivor_benefit_end": LegPart(BENEFIT_END, DocumentKind.BENEFIT_END_DECISION),
}

_REGISTRATIONS = {Group.BIRTH: "soDangKyKhaiSinh", Group.DEATH: "soDangKyKhaiTu"}

_PAPER_TYPES = {
    DocumentKind.BIRTH_NOTICE: "GCS",
    DocumentKind.BIRTH_CERTIFICATE: "GKS",
    DocumentKind.DEATH_EXTRACT: "TLKT",
}
_OTHER_PAPER = "KHAC"

_TELLS = {
    FollowUpKind.SUPPLEMENT: "1",
    FollowUpKind.CORRECTION: "2",
    FollowUpKind.REPLACEMENT: "3",
    FollowUpKind.WITHDRAWAL: "4",
    FollowUpKind.GROUNDS_DEMANDED: "5",
    FollowUpKind.RESULT_ASKED: "6",
    FollowUpKind.REMINDER: "7",
    FollowUpKind.OVERDUE: "8",
    FollowUpKind.NOT_SUPPLEMENTED: "9",
    FollowUpKind.TO_COMPLETE: "10",
    FollowUpKind.COMPLETED: "11",
    FollowUpKind.APPOINTMENT: "12",
    FollowUpKind.CANCELLATION: "13",
}
"""`Loai` of a message about a part: numbers of our own, as no contract is published [choice]."""


class _Receipt(BaseModel):
    model_config = ConfigDict(extra="ignore")

    MaGD: Code
    ThoiGianTiepNhan: str


class _Sent(_Receipt, GatewayAnswer):
    pass


class _Result(BaseModel):
    model_config = ConfigDict(extra="ignore")

    SoKetQua: Code
    ThoiGian: str
    TenTep: Text
    NoiDung: str


class _Known(_Receipt):
    KetQua: _Result | None = None


class _LookedUp(GatewayAnswer):
    HoSo: _Known | None = None


class _Taken(BaseModel):
    model_config = ConfigDict(extra="ignore")

    ThoiGianTiepNhan: str


class _Told(_Taken, GatewayAnswer):
    pass


class _LookedUpMessage(GatewayAnswer):
    ThongDiep: _Taken | None = None


class Adapter:
    """Takes parts for a card or a benefit; their receipt is in the answer, the result follows by event."""

    def __init__(self, client: AgencyClient) -> None:
        self._gateway = InsuranceGateway(client)

    async def submit(self, message: LegMessage, read: DocumentReader) -> Sent:
        """Send the dossier part unless the system already has it. Raises AgencyError."""
        head = message.head
        path = f"{_LOOK_UP}/{quote(head.dossier_code, safe='')}"
        known = await self._gateway.get(path, head, {"MaKyThuat": message.leg}, _LookedUp)
        receipt: _Receipt = known.HoSo or await self._gateway.post(_SEND, await _dossier(message, read), head, _Sent)
        return Sent(
            receipt_at=from_compact(receipt.ThoiGianTiepNhan, head.dossier_code),
            agency_code=receipt.MaGD,
        )

    async def look_up(self, query: LegQuery) -> tuple[CloudEvent, ...]:
        """Whether the result has been issued; the receipt came with the part. Raises AgencyError."""
        code = query.head.dossier_code
        path = f"{_LOOK_UP}/{quote(code, safe='')}"
        params = {"MaKyThuat": query.leg, "KetQua": "1"}
        known = await self._gateway.get(path, query.head, params, _LookedUp, MAX_EVENTS_BYTES)
        if known.HoSo is None or known.HoSo.KetQua is None:
            return ()
        result = known.HoSo.KetQua
        at = from_compact(result.ThoiGian, code)
        content = pdf_document(_part_of(query).result, result.TenTep, result.NoiDung)
        own = query.head.provincial_code
        return (looked_up(query, "decided", at, own, number=result.SoKetQua, documents=[content]),)

    async def follow_up(self, message: FollowUp, read: DocumentReader) -> Sent:
        """Tell more unless the system already has it: it knows a message by part and number. Raises AgencyError.

        Of a correction of what the part has not told, it hears nothing; of what it has asked for, everything.
        """
        head = message.head
        if message.kind is FollowUpKind.CORRECTION and not _told_anew(message):
            return Sent()
        path = f"{_TOLD}/{quote(head.dossier_code, safe='')}"
        named = {"MaKyThuat": message.leg, "SoVanBan": head.key}
        known = await self._gateway.get(path, head, named, _LookedUpMessage)
        taken: _Taken = known.ThongDiep or await self._gateway.post(_TELL, await _more(message, read), head, _Told)
        receipt = from_compact(taken.ThoiGianTiepNhan, head.dossier_code)
        return Sent(receipt_at=receipt) if message.kind is FollowUpKind.SUPPLEMENT else Sent()


def _part_of(message: LegMessage | FollowUp | LegQuery) -> LegPart:
    """Raises AgencyRejected for a leg that has no place on this wire."""
    if message.leg not in PARTS:
        raise AgencyRejected("hệ thống không có cấu trúc cho thủ tục này", dossier_code=message.head.dossier_code)
    return PARTS[message.leg]


def _office(message: LegMessage) -> str:
    """The office the form names. Raises AgencyRejected when it names none."""
    office = message.declaration.recipients.social_insurance_office
    if office is None:
        raise AgencyRejected("tờ khai không ghi cơ quan bảo hiểm xã hội", dossier_code=message.head.dossier_code)
    return office.code


async def _dossier(message: LegMessage, read: DocumentReader) -> Json:
    """`MaKyThuat` is the technical id of this part of the dossier; `DuLieu` is JSON inside a string."""
    head, form = message.head, message.declaration
    content = {
        "toKhai": laid_out(_part_of(message).rows, form),
        _REGISTRATIONS[form.group]: message.registration_number,
        "soDinhDanh": message.identity_number,
        "xacNhanVNeID": [consent_on_record(consent) for consent in message.consents],
    }
    return {
        "MaHoSo": head.dossier_code,
        "MaHoSoMCDT": head.provincial_code,
        "MaTTHC": head.procedure_code,
        "MaKyThuat": message.leg,
        "MaCoQuan": _office(message),
        "ThoiGianGui": compact(head.sent_at),
        "DuLieu": json.dumps(content, ensure_ascii=False),
        "GiayTo": [await _paper(document, read) for document in message.documents],
    }


def _told_anew(message: FollowUp) -> tuple[FieldChange, ...]:
    """The changes to tell: what was asked for, or of a correction what the part told of the form."""
    if message.kind is not FollowUpKind.CORRECTION:
        return message.changes
    rows = _part_of(message).rows
    return tuple(change for change in message.changes if tells(rows, change.path))


async def _more(message: FollowUp, read: DocumentReader) -> Json:
    """More about a part that was sent before; `DuLieu` is JSON inside a string."""
    content = {
        "thayDoi": changed_fields(_told_anew(message)),
        "xacNhanVNeID": [consent_on_record(consent) for consent in message.consents],
    }
    return {
        "MaHoSo": message.head.dossier_code,
        "MaKyThuat": message.leg,
        "MaGD": message.agency_code,
        "SoVanBan": message.head.key,
        "Loai": _TELLS[message.kind],
        "SoDangKy": message.registration_number,
        "ThoiGianGui": compact(message.head.sent_at),
        "NoiDung": message.text,
        "DuLieu": json.dumps(content, ensure_ascii=False),
        "GiayTo": [await _paper(document, read) for document in message.documents],
    }


async def _paper(document: Document, read: DocumentReader) -> Json:
    return {
        "Loai": _PAPER_TYPES.get(document.kind, _OTHER_PAPER),
        "Ten": document.kind.label,
        "TenTep": document.file_name,
        "NoiDung": await base64_content(document, read),
    }
