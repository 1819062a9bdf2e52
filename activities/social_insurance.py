"""The social-insurance sector's system (hệ thống ngành Bảo hiểm xã hội).

It ignores idempotency keys and registers whatever it is sent, twice if sent twice: a dossier part is looked up first.
"""

import json
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict

from activities.child_card import card_request
from activities.http import AgencyClient
from activities.insurance_gateway import GatewayAnswer, InsuranceGateway
from activities.wire import DocumentReader, Json, base64_content, compact, from_compact
from models.base import Code
from models.documents import DocumentKind
from models.messages import ConsentEvidence, LegMessage, Sent

_SEND, _LOOK_UP = "/api/lienthong/guiHoSo", "/api/lienthong/traCuuHoSo"

_PAPER_TYPES = {
    DocumentKind.BIRTH_NOTICE: "GCS",
    DocumentKind.BIRTH_CERTIFICATE: "GKS",
}
_OTHER_PAPER = "KHAC"


class _Receipt(BaseModel):
    model_config = ConfigDict(extra="ignore")

    MaGD: Code
    ThoiGianTiepNhan: str


class _Sent(_Receipt, GatewayAnswer):
    pass


class _LookedUp(GatewayAnswer):
    HoSo: _Receipt | None = None


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


async def _part(message: LegMessage, read: DocumentReader) -> Json:
    """`MaKyThuat` is the technical id of this part of the dossier; `DuLieu` is JSON inside a string."""
    head = message.head
    content = {
        "toKhai": card_request(message.declaration),
        "soDangKyKhaiSinh": message.registration_number,
        "soDinhDanh": message.identity_number,
        "xacNhanVNeID": [_consent(consent) for consent in message.consents],
    }
    return {
        "MaHoSo": head.dossier_code,
        "MaHoSoMCDT": head.provincial_code,
        "MaTTHC": head.procedure_code,
        "MaKyThuat": message.leg,
        "MaCoQuan": message.declaration.recipients.social_insurance_office.code,
        "ThoiGianGui": compact(head.sent_at),
        "DuLieu": json.dumps(content, ensure_ascii=False),
        "GiayTo": [
            {
                "Loai": _PAPER_TYPES.get(document.kind, _OTHER_PAPER),
                "Ten": document.kind.label,
                "TenTep": document.file_name,
                "NoiDung": await base64_content(document, read),
            }
            for document in message.documents
        ],
    }


def _consent(consent: ConsentEvidence) -> Json:
    return {
        "soDinhDanh": consent.personal_id,
        "vaiTro": [role.label for role in consent.roles],
        "thoiGianXacNhan": compact(consent.granted_at),
    }
