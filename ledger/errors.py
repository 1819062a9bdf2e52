"""What the ledger refuses, each with a Vietnamese sentence for people and nothing personal in it."""

from enum import StrEnum
from typing import ClassVar

from models.base import Code, MessageKey
from models.groups import Group


class LedgerError(Exception):
    """The ledger refuses something; `str(error)` is Vietnamese and safe to show, `reason` the trail's word for it."""

    reason: ClassVar[str] = "refused"


class DatabaseUnusable(Exception):
    """The database is missing, unreachable, or not of the schema this code was written for.

    No refusal of the ledger, for nothing was judged; `str(error)` is one Vietnamese line without any password.
    """

    def __init__(self, database: str, vietnamese: str, english: str) -> None:
        super().__init__(database, vietnamese, english)

    def __str__(self) -> str:
        database, vietnamese, english = self.args
        return f"Không dùng được cơ sở dữ liệu {database}: {vietnamese} (ledger database: {english})"


class DatabaseFailed(DatabaseUnusable):
    """The database failed while in use: gone, too slow, or at odds with itself. Nothing was written; call again."""


class UnknownDossier(LedgerError):
    """There is no dossier of that code."""

    reason = "unknown_dossier"

    def __init__(self, code: Code) -> None:
        super().__init__(f"Không có hồ sơ {code}.")
        self.code = code


class DossierErased(LedgerError):
    """The dossier's data was destroyed on purpose."""

    def __init__(self, code: Code) -> None:
        super().__init__(f"Dữ liệu của hồ sơ {code} đã được hủy theo quyết định, không đọc lại được nữa.")
        self.code = code


class NotErasable(LedgerError):
    """The dossier's data is still needed."""

    reason = "not_erasable"

    def __init__(self, code: Code, why: str) -> None:
        super().__init__(f"Chưa hủy được dữ liệu của hồ sơ {code}: {why}.")


class UnknownRevision(LedgerError):
    """The dossier's form has no such revision; one just made is there with the next publication."""

    def __init__(self, code: Code, revision: int) -> None:
        super().__init__(f"Hồ sơ {code} chưa có bản tờ khai đính chính số {revision}.")


class UnknownReplacement(LedgerError):
    """The dossier has no such replacement of a result."""

    def __init__(self, code: Code, number: int) -> None:
        super().__init__(f"Hồ sơ {code} không có bản thay thế số {number}.")


class SubmissionReused(LedgerError):
    """The submission id was used before, for a declaration of other content."""

    def __init__(self) -> None:
        super().__init__("Mã lần nộp này đã dùng cho một tờ khai có nội dung khác; hãy nộp với mã mới.")


class DuplicateReason(StrEnum):
    """Why a declaration is taken for one of a child or a deceased that is known already."""

    DUPLICATE = "duplicate"
    POSSIBLE_DUPLICATE = "possible_duplicate"


class DuplicateDossier(LedgerError):
    """Whom it is about already has a dossier in progress, or is registered (REQUIREMENTS §8).

    `code` is that dossier's when the same person declares, else None: nobody learns who else declared.
    """

    reason: ClassVar[DuplicateReason] = DuplicateReason.DUPLICATE

    def __init__(self, group: Group, code: Code | None) -> None:
        super().__init__(self._says(group, f"hồ sơ {code}" if code else "hồ sơ khác"))
        self.code = code

    def _says(self, group: Group, which: str) -> str:
        whom = _WHOM[group]
        return (
            f"{whom.capitalize()} này đã có {which} đang giải quyết hoặc đã đăng ký {group.label}; không mở thêm hồ sơ."
        )


class PossibleDuplicate(DuplicateDossier):
    """It may be about whom another dossier is about, as with a notice reissued under a new number; a person decides.

    `others` are those dossiers, for operators only.
    """

    reason = DuplicateReason.POSSIBLE_DUPLICATE

    def __init__(self, group: Group, code: Code | None, others: tuple[Code, ...]) -> None:
        super().__init__(group, code)
        self.others = others

    def _says(self, group: Group, which: str) -> str:
        whom = _WHOM[group]
        return (
            f"{whom.capitalize()} này có thể trùng với {whom} của {which} đang giải quyết hoặc đã đăng ký"
            f" {group.label}: {_ALIKE[group]}. Chưa mở hồ sơ; cán bộ phải xem xét."
            " Nếu là người khác, cán bộ nộp lại kèm lý do (--confirmed-not-duplicate)."
        )


_WHOM = {Group.BIRTH: "trẻ", Group.DEATH: "người chết"}

_ALIKE = {
    Group.BIRTH: (
        "cùng cha hoặc mẹ, cùng ngày sinh, tên hoặc giờ sinh như nhau"
        " (giấy chứng sinh có thể đã được cấp lại với số mới)"
    ),
    Group.DEATH: (
        "họ tên đọc như nhau, ngày sinh và ngày chết không khác nhau"
        " (giấy báo tử có thể đã được cấp lại với số mới, số định danh có thể ghi thiếu hoặc ghi nhầm)"
    ),
}


class ClockRewritten(LedgerError):
    """A publication changes a line of a clock's ledger that was already written; clocks are only ever added to."""

    def __init__(self, code: Code, clock: Code, position: int) -> None:
        super().__init__(f"Hồ sơ {code}: dòng {position} của sổ thời hạn “{clock}” đã ghi, không được sửa.")


class UnknownMessage(LedgerError):
    """There is no message of that key or id."""

    reason = "unknown_message"

    def __init__(self, key: MessageKey) -> None:
        super().__init__(f"Không có thông điệp {key}.")


class NotSetAside(LedgerError):
    """The message, of the dossier `code`, is not to be set aside: it has its verdict, or may still be delivered."""

    reason = "not_set_aside"

    def __init__(self, message_id: Code, code: Code | None, why: str) -> None:
        super().__init__(f"Không gác thông điệp {message_id}: {why}.")
        self.code = code


class NothingToSend(LedgerError):
    """Nothing that was asked for waits to be sent again."""

    reason = "nothing_to_send"

    def __init__(self) -> None:
        super().__init__("Không có thông báo nào như vậy đang chờ gửi lại.")


class MessageReused(LedgerError):
    """A message id came again with other content; `source` is who used it first."""

    reason = "message_reused"

    def __init__(self, message_id: Code, source: str) -> None:
        super().__init__(f"Mã thông điệp {message_id} đã dùng cho một nội dung khác.")
        self.message_id = message_id
        self.source = source


class DocumentMissing(LedgerError):
    """The store has no content of that digest."""

    def __init__(self, sha256: str) -> None:
        super().__init__(f"Kho giấy tờ không có tệp {sha256}.")


class DocumentDamaged(LedgerError):
    """The stored content no longer has the digest it was stored under."""

    def __init__(self, sha256: str) -> None:
        super().__init__(f"Tệp {sha256} trong kho giấy tờ đã hỏng.")
