"""Documents of a dossier: what they are and their digest. Contents live in a content-addressed store, never here."""

import hashlib
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, SerializerFunctionWrapHandler, StringConstraints, model_serializer

from models.base import Model, Text
from models.labelled import Labelled
from models.signatures import Seal

MAX_DOCUMENT_BYTES = 10 * 1024 * 1024
"""The largest document taken in (10 MiB)."""


class DocumentKind(Labelled):
    """What a document is: attachments of the citizen first, then results of the agencies."""

    BIRTH_NOTICE = "birth_notice", "Giấy chứng sinh"
    WITNESS_STATEMENT = "witness_statement", "Văn bản của người làm chứng về việc sinh"
    BIRTH_COMMITMENT = "birth_commitment", "Giấy cam đoan về việc sinh"
    ABANDONED_CHILD_RECORD = "abandoned_child_record", "Biên bản về việc trẻ bị bỏ rơi"
    SURROGACY_DOCUMENT = "surrogacy_document", "Văn bản chứng minh việc mang thai hộ"
    RESIDENCE_PAPERS = "residence_papers", "Giấy tờ, tài liệu theo pháp luật về cư trú"
    PARENT_AGREEMENT = "parent_agreement", "Văn bản đồng ý của cha, mẹ"
    CONSENT_AGREEMENT = "consent_agreement", "Văn bản đồng ý của người được hỏi ý kiến"
    CONSENT_ATTESTATION = "consent_attestation", "Biên bản ghi nhận ý kiến tại bộ phận một cửa"
    REGISTRATION_ATTESTATION = "registration_attestation", "Văn bản xác nhận việc đăng ký khai sinh, khai tử"
    GUARDIANSHIP_DOCUMENT = "guardianship_document", "Giấy tờ chứng minh việc giám hộ"
    DEATH_NOTICE = "death_notice", "Giấy báo tử"
    DEATH_NOTICE_SUBSTITUTE = "death_notice_substitute", "Giấy tờ thay thế Giấy báo tử"
    REPRESENTATIVE_AGREEMENT = (
        "representative_agreement",
        "Văn bản thống nhất cử người đại diện nhận trợ cấp mai táng, trợ cấp tuất một lần",
    )
    MARTYR_RAISER_AGREEMENT = (
        "martyr_raiser_agreement",
        "Văn bản đồng thuận của các thân nhân xác nhận người có công nuôi liệt sĩ",
    )
    CAPACITY_ASSESSMENT = "capacity_assessment", "Biên bản giám định mức suy giảm khả năng lao động"
    DISABILITY_CERTIFICATE = "disability_certificate", "Giấy xác nhận khuyết tật"
    ASSESSMENT_INVOICE = "assessment_invoice", "Hóa đơn, chứng từ thu phí giám định, bảng kê nội dung giám định"
    SCHOOL_CERTIFICATE = "school_certificate", "Giấy xác nhận của cơ sở giáo dục nơi đang theo học"
    GRADUATION_DIPLOMA = "graduation_diploma", "Bằng tốt nghiệp trung học phổ thông"
    SCHOOL_END_CERTIFICATE = (
        "school_end_certificate",
        "Giấy xác nhận của cơ sở giáo dục trung học phổ thông về thời điểm kết thúc học",
    )
    INCOME_CERTIFICATE = "income_certificate", "Giấy xác nhận thu nhập"
    ALONE_OR_ORPHAN_CERTIFICATE = (
        "alone_or_orphan_certificate",
        "Giấy xác nhận sống độc thân và không còn thân nhân hoặc mồ côi cả cha lẫn mẹ",
    )
    FOREIGN_DOCUMENTS = "foreign_documents", "Giấy tờ về yếu tố nước ngoài"
    BIRTH_CERTIFICATE = "birth_certificate", "Giấy khai sinh"
    RESIDENCE_NOTICE = "residence_notice", "Thông báo kết quả giải quyết đăng ký cư trú"
    HEALTH_INSURANCE_CARD = "health_insurance_card", "Thẻ bảo hiểm y tế"
    IDENTITY_CARD = "identity_card", "Thẻ căn cước"
    DEATH_EXTRACT = "death_extract", "Trích lục khai tử"
    DEREGISTRATION_NOTICE = "deregistration_notice", "Thông báo kết quả giải quyết xóa đăng ký thường trú"
    BENEFIT_END_DECISION = "benefit_end_decision", "Quyết định thôi hưởng trợ cấp tuất hằng tháng"
    FUNERAL_DECISION = "funeral_decision", "Quyết định hưởng trợ cấp mai táng"
    SURVIVOR_DECISION = "survivor_decision", "Quyết định hưởng trợ cấp tuất"
    PAPER_ANSWER = "paper_answer", "Văn bản giấy của cơ quan, bản quét"
    PAYMENT_RECEIPT = "payment_receipt", "Biên lai thu phí, lệ phí"


class MediaType(StrEnum):
    """The kinds of file a document may be."""

    PDF = "application/pdf"
    JPEG = "image/jpeg"
    PNG = "image/png"
    XML = "application/xml"


_MAGIC = (
    (b"%PDF-", MediaType.PDF),
    (b"\xff\xd8\xff", MediaType.JPEG),
    (b"\x89PNG\r\n\x1a\n", MediaType.PNG),
    (b"<?xml", MediaType.XML),
    (b"\xef\xbb\xbf<?xml", MediaType.XML),
)


Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""The SHA-256 of a document's bytes, in lower-case hex digits."""


class Document(Model):
    """A document by its digest: the same bytes are the same document, whatever the file was called.

    `seal` is what its signatures were found to be worth where its bytes came in. None: not judged, because its kind is
    not, or because it was named to Temporal directly, by digest, where nobody sees bytes; it is taken as it is.
    """

    kind: DocumentKind = Field(title="Loại giấy tờ")
    sha256: Sha256 = Field(title="Mã băm SHA-256")
    size: int = Field(title="Dung lượng (byte)", gt=0, le=MAX_DOCUMENT_BYTES)
    media_type: MediaType = Field(title="Định dạng tệp")
    file_name: Text = Field(title="Tên tệp")
    seal: Seal | None = Field(default=None, title="Chữ ký số")

    @model_serializer(mode="wrap")
    def _said(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Nothing of a seal where there is none: most documents are attachments."""
        said: dict[str, Any] = whole(self)
        return said if self.seal else {name: value for name, value in said.items() if name != "seal"}


class DocumentRefused(ValueError):
    """A file cannot be a document of a dossier; the message is Vietnamese and for the citizen."""


def describe(kind: DocumentKind, file_name: str, content: bytes) -> Document:
    """The document that these bytes are; the type is read from the content, never from the name.

    Raises DocumentRefused for an empty or oversized file, or content that is not PDF, JPEG, PNG or XML.
    """
    if not content:
        raise DocumentRefused("Tệp rỗng.")
    if len(content) > MAX_DOCUMENT_BYTES:
        raise DocumentRefused(f"Tệp lớn hơn {MAX_DOCUMENT_BYTES // 1024**2} MB.")
    media_type = next((media for magic, media in _MAGIC if content.startswith(magic)), None)
    if media_type is None:
        raise DocumentRefused("Tệp không phải PDF, JPEG, PNG hoặc XML.")
    return Document(
        kind=kind,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        media_type=media_type,
        file_name=file_name,
    )
