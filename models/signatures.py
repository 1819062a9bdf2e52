"""What a digital signature is worth (chữ ký số): one of five outcomes, and how often a paper is signed.

Seed figures count “not signed or signed wrongly” as one; telling them apart is what helps (STANDARDS §1.6).
"""

from models.base import Instant, LongText, Model
from models.labelled import Labelled


class SignatureOutcome(Labelled):
    """What checking a signature has found."""

    NONE = "none", "chưa ký số"
    UNVERIFIABLE = "unverifiable", "có chữ ký số nhưng không kiểm tra được"
    BROKEN = "broken", "chữ ký số không khớp với nội dung"
    UNTRUSTED = "untrusted", "chữ ký số đúng nhưng chứng thư số không được tin cậy"
    GOOD = "good", "chữ ký số hợp lệ"


class Seal(Model):
    """What the signatures of one document were found to be worth when it came in.

    `signatures` is how many there are: pressing the seal twice leaves two (STANDARDS §2). `signed_at` is what the signer
    claims, zone-aware. `says` is why, in Vietnamese, without anybody's name.
    """

    outcome: SignatureOutcome
    signatures: int = 0
    signed_at: Instant | None = None
    says: LongText | None = None
