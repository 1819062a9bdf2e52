"""What a digital signature is worth (chữ ký số): one of five outcomes, and how often a paper is signed.

Seed figures count “not signed or signed wrongly” as one; telling them apart is what helps (STANDARDS §1.6).
"""

from typing import Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from models.base import Instant, LongText, Model
from models.labelled import Labelled


class SignatureOutcome(Labelled):
    """What checking a signature has found."""

    NONE = "none", "chưa ký số"
    UNVERIFIABLE = "unverifiable", "có chữ ký số nhưng không kiểm tra được"
    BROKEN = "broken", "chữ ký số không khớp với nội dung"
    UNTRUSTED = "untrusted", "chữ ký số đúng nhưng chứng thư số không được tin cậy"
    GOOD = "good", "chữ ký số hợp lệ"


class Treatment(Labelled):
    """What is done with a document, given what its signatures are worth; from the mildest to the strictest."""

    TAKEN = "taken", "nhận"
    WARNED = "warned", "nhận, báo người vận hành"
    REFUSED = "refused", "không nhận"


class Seal(Model):
    """What the signatures of one document were found to be worth when it came in.

    `signatures` is how many there are: pressing the seal twice leaves two (STANDARDS §2). `signed_at` is what the
    signer claims, zone-aware. `says` is why, in Vietnamese, without anybody's name. `treatment` is what the rules of
    that day (`models.sealing`) make of it: recorded, so that later ones change no dossier that has begun.
    """

    outcome: SignatureOutcome = Field(title="Kết quả kiểm tra")
    signatures: int = Field(default=0, title="Số chữ ký")
    signed_at: Instant | None = Field(default=None, title="Ký lúc")
    says: LongText | None = Field(default=None, title="Vì sao")
    treatment: Treatment = Field(default=Treatment.TAKEN, title="Cách xử lý")

    @model_serializer(mode="wrap")
    def _said(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Only what is out of the ordinary: every result carries one through the history."""
        return {name: value for name, value in whole(self).items() if getattr(self, name) != _USUAL.get(name, ...)}


_USUAL = {name: field.default for name, field in Seal.model_fields.items() if not field.is_required()}
