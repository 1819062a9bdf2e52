"""What the signatures of a PDF are worth (ký số trên PDF: PAdES, or CMS as in ISO 32000-1 §12.8), by pyHanko.

A paper is good when every signature in it matches what it covers, the last one covers the whole file, nothing but
signatures came after an earlier one, and every certificate was trusted when its signer says to have signed. Nothing is
fetched. Hostile bytes may take long here: `trust.examiner` judges with limits.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from io import BytesIO

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from models.signatures import Seal, SignatureOutcome
from trust.roots import TrustStore

CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead of legal time a signer's clock may be [choice]."""

_WEAK = frozenset({"md2", "md5", "sha1"})
_DETACHED = frozenset({"/adbe.pkcs7.detached", "/ETSI.CAdES.detached"})
_WORST_FIRST = (
    SignatureOutcome.BROKEN,
    SignatureOutcome.UNVERIFIABLE,
    SignatureOutcome.UNTRUSTED,
    SignatureOutcome.GOOD,
)

_NOT_READABLE = "Tệp PDF hỏng, hoặc có cấu trúc không đọc được."
_UNKNOWN_METHOD = "Kiểu chữ ký số không được hỗ trợ."
_CHANGED = "Nội dung bị sửa sau khi ký."
_CHANGED_LATER = "Tệp bị sửa, thêm nội dung sau khi ký."
_ADDED_LATER = "Tệp có phần bổ sung sau khi ký mà không chữ ký nào bảo đảm."


def judge(content: bytes, trust: TrustStore, now: datetime) -> Seal:
    """What the signatures of a PDF are worth at legal time `now`. Never raises, whatever the bytes are."""
    try:
        return _judged(PdfFileReader(BytesIO(content), strict=True), trust, now)
    except Exception:  # whatever a parser raises on bytes somebody made up, the sender hears the same
        return Seal(outcome=SignatureOutcome.UNVERIFIABLE, says=_NOT_READABLE)


def _judged(reader: PdfFileReader, trust: TrustStore, now: datetime) -> Seal:
    if reader.encrypted:
        return Seal(outcome=SignatureOutcome.UNVERIFIABLE, says="Tệp PDF bị mã hóa.")
    signatures = reader.embedded_regular_signatures
    signed = sum(1 for _ in enumerate_sig_fields(reader, filled_status=True))
    if signed > len(reader.embedded_signatures):  # pyHanko passes over what it does not know
        return Seal(outcome=SignatureOutcome.UNVERIFIABLE, signatures=signed, says=_UNKNOWN_METHOD)
    if not signatures:
        empty = next(enumerate_sig_fields(reader, filled_status=False), None)
        return Seal(outcome=SignatureOutcome.NONE, says="Tệp có ô ký số nhưng chưa ai ký." if empty else None)
    fields = {one.field_name for one in reader.embedded_signatures}
    last = signatures[-1]
    found = [_signature(one, fields, trust, now, last=one is last) for one in signatures]
    outcome, says = min(found, key=lambda finding: _WORST_FIRST.index(finding[0]))
    return Seal(outcome=outcome, signatures=len(signatures), signed_at=_signed_at(last), says=says)


def _signature(
    signature: EmbeddedPdfSignature, fields: set[str], trust: TrustStore, now: datetime, *, last: bool
) -> tuple[SignatureOutcome, str | None]:
    if doubt := _method(signature):
        return SignatureOutcome.UNVERIFIABLE, doubt
    signature.compute_integrity_info()  # type: ignore[no-untyped-call]
    intact, valid = validate_sig_integrity(
        signature.signer_info, signature.signer_cert, "data", signature.compute_digest()
    )
    if not (intact and valid):
        return SignatureOutcome.BROKEN, _CHANGED
    if changed := _changed(signature, fields, last=last):
        return changed
    signed_at = _signed_at(signature)
    if signed_at and signed_at > now + CLOCK_SKEW:
        return SignatureOutcome.UNTRUSTED, "Thời điểm ký ở tương lai."
    chain = (certificate.dump() for certificate in signature.other_embedded_certs)
    untrusted = trust.doubt(signature.signer_cert.dump(), chain, signed_at or now)
    return (SignatureOutcome.UNTRUSTED, untrusted) if untrusted else (SignatureOutcome.GOOD, None)


def _method(signature: EmbeddedPdfSignature) -> str | None:
    """Why what was signed, and how, proves nothing."""
    if str(signature.sig_object.get("/SubFilter")) not in _DETACHED:
        return _UNKNOWN_METHOD
    algorithm = signature.signer_info["signature_algorithm"]
    hashes = {signature.md_algorithm, *_parts(algorithm["algorithm"].native)}
    return "Chữ ký số dùng thuật toán băm yếu (SHA-1 hoặc cũ hơn)." if hashes & _WEAK else None


def _parts(algorithm: str) -> Iterable[str]:
    return algorithm.lower().split("_")


def _changed(signature: EmbeddedPdfSignature, fields: set[str], *, last: bool) -> tuple[SignatureOutcome, str] | None:
    """What was done to the file after this signature, if that matters.

    After the last one only what keeps it verifiable for long may come (DSS, document time stamps: PAdES B-LT, B-LTA).
    """
    if signature.coverage is SignatureCoverageLevel.ENTIRE_FILE:
        return None
    difference = signature.diff_result
    if not isinstance(difference, DiffResult) or difference.modification_level is ModificationLevel.OTHER:
        return SignatureOutcome.BROKEN, _CHANGED_LATER
    if difference.changed_form_fields - fields:
        return SignatureOutcome.BROKEN, _CHANGED_LATER
    kept_alive = difference.modification_level is ModificationLevel.LTA_UPDATES
    return (SignatureOutcome.UNVERIFIABLE, _ADDED_LATER) if last and not kept_alive else None


def _signed_at(signature: EmbeddedPdfSignature) -> datetime | None:
    """When its signer says to have signed; what does not say in which time zone says nothing."""
    stated = signature.self_reported_timestamp
    return stated if stated and stated.tzinfo else None
