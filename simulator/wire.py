"""The simulated systems' side of the wire: bodies they take, problem documents and broken answers they give."""

import base64
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

from fastapi import Response
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from models.base import LEGAL_ZONE, Model
from models.documents import Document, describe
from models.dossier import Attestation, Evidence
from models.events import WireDocument
from models.form_facts import PersonRole
from models.identity import PersonalId
from models.messages import ConsentEvidence, Dispatch, FieldChange, FollowUp, LegMessage
from simulator.instructions import FailWith, Instruction

Json = dict[str, Any]

COMPACT = "%Y%m%d%H%M%S"
"""yyyyMMddHHmmss, the clock of Việt Nam."""


def _reader(layout: str) -> BeforeValidator:
    def read(text: object) -> datetime:
        return datetime.strptime(str(text), layout).replace(tzinfo=LEGAL_ZONE)

    return BeforeValidator(read)


SLASHED = "%d/%m/%Y %H:%M:%S"
"""dd/MM/yyyy HH:mm:ss, the clock of Việt Nam."""

SlashedTime = Annotated[
    datetime, _reader(SLASHED), WithJsonSchema({"type": "string", "example": "19/11/2026 14:59:59"})
]
"""dd/MM/yyyy HH:mm:ss, the clock of Việt Nam."""

CompactTime = Annotated[datetime, _reader(COMPACT), WithJsonSchema({"type": "string", "example": "20261119145959"})]
"""yyyyMMddHHmmss, the clock of Việt Nam."""


def _stated(text: str) -> str:
    if not text.strip() or text.casefold() == "không có thông tin":
        raise ValueError("a filler where a field should be left out")
    if not unicodedata.is_normalized("NFC", text):
        raise ValueError("not NFC")
    return text


Given = Annotated[str, AfterValidator(_stated)]
"""Text of a real wire: in NFC, and never "" or “Không có thông tin” in place of nothing."""


class ChangedField(Model):
    """A field of the form that now says something else, on a real wire: its path, its name, its value."""

    truong: Given
    tenTruong: Given
    giaTri: Given | None

    def read(self) -> FieldChange:
        """The change in our own words."""
        return FieldChange(path=self.truong, label=self.tenTruong, value=self.giaTri)


class ConsentOnRecord(Model):
    """One person's consent, on a real wire; `tepChungMinh` is the digest of the file that proves it."""

    soDinhDanh: PersonalId
    vaiTro: tuple[Given, ...]
    thoiGianXacNhan: CompactTime
    hinhThuc: Evidence
    tepChungMinh: Given | None
    canBoGhiNhan: Given | None
    coQuanGhiNhan: Given | None

    def read(self, files: Iterable[Document]) -> ConsentEvidence:
        """The consent in our own words. Raises ValueError for a role that is none, and for proof that did not come."""
        roles, proofs = {role.label: role for role in PersonRole}, {file.sha256: file for file in files}
        if not roles.keys() >= set(self.vaiTro) or self.tepChungMinh not in (None, *proofs):
            raise ValueError("a role or a proof that is none")
        return ConsentEvidence(
            personal_id=self.soDinhDanh,
            roles=tuple(roles[word] for word in self.vaiTro),
            granted_at=self.thoiGianXacNhan,
            evidence=self.hinhThuc,
            proof=proofs[self.tepChungMinh] if self.tepChungMinh else None,
            attested_by=self._taken_by(),
        )

    def _taken_by(self) -> Attestation | None:
        if self.canBoGhiNhan is None or self.coQuanGhiNhan is None:
            return None
        return Attestation(official=self.canBoGhiNhan, office=self.coQuanGhiNhan)


class More(Model):
    """What now is otherwise about a part: fields of the form, and who has consented since."""

    thayDoi: tuple[ChangedField, ...]
    xacNhanVNeID: tuple[ConsentOnRecord, ...]

    def changes(self) -> tuple[FieldChange, ...]:
        """The fields that now say something else."""
        return tuple(change.read() for change in self.thayDoi)

    def consents(self, files: Iterable[Document]) -> tuple[ConsentEvidence, ...]:
        """The consents given since. Raises ValueError."""
        return tuple(consent.read(files) for consent in self.xacNhanVNeID)


_PAGE = "<html><head><title>Bảo trì</title></head><body><h1>Hệ thống đang bảo trì</h1></body></html>"


class LegRequest(LegMessage):
    """A leg message as it travels: each document with its content in place of its digest."""

    documents: tuple[WireDocument, ...] = ()  # type: ignore[assignment]


class FollowUpRequest(FollowUp):
    """A follow-up as it travels: each document with its content in place of its digest."""

    documents: tuple[WireDocument, ...] = ()  # type: ignore[assignment]


class DispatchRequest(Dispatch):
    """A dispatch as it travels: its document with its content in place of its digest."""

    document: WireDocument | None = None  # type: ignore[assignment]


class ProblemDocument(Model):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str


def problem(status: int, kind: str, title: str, detail: str) -> Response:
    """A problem document."""
    content = ProblemDocument(type=f"urn:lienthong:simulator:{kind}", title=title, status=status, detail=detail)
    return JSONResponse(content.model_dump(), status, media_type="application/problem+json")


def lost() -> Response:
    """What a caller sees when the answer is lost behind a proxy."""
    return HTMLResponse("<html><body><h1>502 Bad Gateway</h1></body></html>", 502)


def broken(instruction: Instruction, error_body: Json) -> Response:
    """The failure a system was told to answer with; `error_body` is its way of saying so in a 200."""
    headers = {"Retry-After": instruction.retry_after} if instruction.retry_after else {}
    if instruction.fail_with is FailWith.HTML:
        return HTMLResponse(_PAGE)
    if instruction.fail_with is FailWith.PROBLEM:
        return problem(422, "told-to-refuse", "Hồ sơ không hợp lệ", "Theo chỉ dẫn của người thử.")
    if instruction.fail_with is FailWith.CODE:
        return JSONResponse(error_body)
    return Response(status_code=int(instruction.fail_with), headers=headers)


def described(documents: tuple[WireDocument, ...]) -> tuple[Document, ...]:
    """Documents that came with their contents, by their digests."""
    return tuple(describe(document.kind, document.file_name, document.content) for document in documents)


def wire_document(document: Document, content: bytes) -> Json:
    """A document with its content, as `models.events.WireDocument` travels."""
    return {
        "kind": document.kind.value,
        "file_name": document.file_name,
        "media_type": document.media_type.value,
        "content": base64.b64encode(content).decode("ascii"),
    }
