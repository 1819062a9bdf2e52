"""The social-insurance sector's system (hệ thống ngành Bảo hiểm xã hội).

It ignores idempotency keys and registers whatever it is sent, twice if sent twice: everything is looked up first.
"""

import json
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict

from activities.child_card import card_request
from activities.http import AgencyClient
from activities.insurance_gateway import GatewayAnswer, InsuranceGateway
from activities.wire import (
    MAX_EVENTS_BYTES,
    DocumentReader,
    Json,
    base64_content,
    changed_fields,
    compact,
    from_compact,
    looked_up,
    pdf_document,
)
from models.base import Code, Text
from models.birth import BirthDeclaration
from models.declaration import Declaration
from models.documents import Document, DocumentKind
from models.events import CloudEvent
from models.messages import ConsentEvidence, FollowUp, FollowUpKind, LegMessage, LegQuery, Sent

_SEND, _LOOK_UP = "/api/lienthong/guiHoSo", "/api/lienthong/traCuuHoSo"
_TELL, _TOLD = "/api/lienthong/guiThongDiep", "/api/lienthong/traCuuThongDiep"

_PAPER_TYPES = {
    DocumentKind.BIRTH_NOTICE: "GCS",
    DocumentKind.BIRTH_CERTIFICATE: "GKS",
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
}
"""`Loai` of a message about a part: numbers of our own, as no contract is published [choice]."""


class _Receipt(BaseModel):
    model_config = ConfigDict(extra="ignore")

    MaGD: Code
    ThoiGianTiepNhan: str


class _Sent(_Receipt, GatewayAnswer):
    pass


class _Card(BaseModel):
    model_config = ConfigDict(extra="ignore")

    MaThe: Code
    ThoiGian: str
    TenTep: Text
    NoiDung: str


class _Part(_Receipt):
    KetQua: _Card | None = None


class _LookedUp(GatewayAnswer):
    HoSo: _Part | None = None


class _Taken(BaseModel):
    model_config = ConfigDict(extra="ignore")

    ThoiGianTiepNhan: str


class _Told(_Taken, GatewayAnswer):
    pass


class _LookedUpMessage(GatewayAnswer):
    ThongDiep: _Taken | None = None


class Adapter:
    """Takes the part for the health-insurance card; its receipt is in the answer, the card follows by event."""

    def __init__(self, client: AgencyClient) -> None:
        self._gateway = InsuranceGateway(client)

    async def submit(self, message: LegMessage, read: DocumentReader) -> Sent:
        """Send the dossier part unless the system already has it. Raises AgencyError."""
        head = message.head
        path = f"{_LOOK_UP}/{quote(head.dossier_code, safe='')}"
        known = await self._gateway.get(path, head, {"MaKyThuat": message.leg}, _LookedUp)
        receipt: _Receipt = known.HoSo or await self._gateway.post(_SEND, await _part(message, read), head, _Sent)
        return Sent(
            receipt_at=from_compact(receipt.ThoiGianTiepNhan, head.dossier_code),
            agency_code=receipt.MaGD,
        )

    async def look_up(self, query: LegQuery) -> tuple[CloudEvent, ...]:
        """Whether the card has been issued; the receipt came with the part. Raises AgencyError."""
        code = query.head.dossier_code
        path = f"{_LOOK_UP}/{quote(code, safe='')}"
        params = {"MaKyThuat": query.leg, "KetQua": "1"}
        known = await self._gateway.get(path, query.head, params, _LookedUp, MAX_EVENTS_BYTES)
        if known.HoSo is None or known.HoSo.KetQua is None:
            return ()
        card = known.HoSo.KetQua
        at = from_compact(card.ThoiGian, code)
        content = pdf_document(DocumentKind.HEALTH_INSURANCE_CARD, card.TenTep, card.NoiDung)
        return (looked_up(query, "decided", at, query.head.provincial_code, number=card.MaThe, documents=[content]),)

    async def follow_up(self, message: FollowUp, read: DocumentReader) -> Sent:
        """Tell more unless the system already has it: it knows a message by part and number. Raises AgencyError."""
        head = message.head
        path = f"{_TOLD}/{quote(head.dossier_code, safe='')}"
        named = {"MaKyThuat": message.leg, "SoVanBan": head.key}
        known = await self._gateway.get(path, head, named, _LookedUpMessage)
        taken: _Taken = known.ThongDiep or await self._gateway.post(_TELL, await _more(message, read), head, _Told)
        receipt = from_compact(taken.ThoiGianTiepNhan, head.dossier_code)
        return Sent(receipt_at=receipt) if message.kind is FollowUpKind.SUPPLEMENT else Sent()


def _content(declaration: Declaration) -> Json:
    assert isinstance(declaration, BirthDeclaration)
    return card_request(declaration)


def _office(declaration: Declaration) -> str:
    office = declaration.recipients.social_insurance_office
    assert office is not None
    return office.code


async def _part(message: LegMessage, read: DocumentReader) -> Json:
    """`MaKyThuat` is the technical id of this part of the dossier; `DuLieu` is JSON inside a string."""
    head = message.head
    content = {
        "toKhai": _content(message.declaration),
        "soDangKyKhaiSinh": message.registration_number,
        "soDinhDanh": message.identity_number,
        "xacNhanVNeID": [_consent(consent) for consent in message.consents],
    }
    return {
        "MaHoSo": head.dossier_code,
        "MaHoSoMCDT": head.provincial_code,
        "MaTTHC": head.procedure_code,
        "MaKyThuat": message.leg,
        "MaCoQuan": _office(message.declaration),
        "ThoiGianGui": compact(head.sent_at),
        "DuLieu": json.dumps(content, ensure_ascii=False),
        "GiayTo": [await _paper(document, read) for document in message.documents],
    }


async def _more(message: FollowUp, read: DocumentReader) -> Json:
    """More about a part that was sent before; `DuLieu` is JSON inside a string."""
    return {
        "MaHoSo": message.head.dossier_code,
        "MaKyThuat": message.leg,
        "MaGD": message.agency_code,
        "SoVanBan": message.head.key,
        "Loai": _TELLS[message.kind],
        "SoDangKy": message.registration_number,
        "ThoiGianGui": compact(message.head.sent_at),
        "NoiDung": message.text,
        "DuLieu": json.dumps({"thayDoi": changed_fields(message)}, ensure_ascii=False),
        "GiayTo": [await _paper(document, read) for document in message.documents],
    }


async def _paper(document: Document, read: DocumentReader) -> Json:
    return {
        "Loai": _PAPER_TYPES.get(document.kind, _OTHER_PAPER),
        "Ten": document.kind.label,
        "TenTep": document.file_name,
        "NoiDung": await base64_content(document, read),
    }


def _consent(consent: ConsentEvidence) -> Json:
    return {
        "soDinhDanh": consent.personal_id,
        "vaiTro": [role.label for role in consent.roles],
        "thoiGianXacNhan": compact(consent.granted_at),
        "hinhThuc": consent.evidence.value,
    }
