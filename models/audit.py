"""The audit trail (nhật ký kiểm toán): who did what, when, why, under which law pack."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import Field, StringConstraints

from models.base import Code, Instant, LongText, Model, legal
from models.labelled import Labelled


class Action(Labelled):
    """What an entry tells of."""

    FACT_ACCEPTED = "fact_accepted", "Nhận dữ kiện"
    FACT_REFUSED = "fact_refused", "Từ chối dữ kiện"
    ACT_ACCEPTED = "act_accepted", "Thao tác của người vận hành"
    ACT_REFUSED = "act_refused", "Từ chối thao tác của người vận hành"
    SET_ASIDE = "set_aside", "Gác một thông điệp không đọc được"
    OPENED = "opened", "Mở hồ sơ"
    SUBMISSION_REFUSED = "submission_refused", "Từ chối tờ khai"
    NOT_DUPLICATE = "not_duplicate", "Xác nhận không trùng hồ sơ khác"
    REPLACEMENT_OPENED = "replacement_opened", "Mở việc thay bản kết quả"
    LOOKED = "looked", "Xem dữ liệu cá nhân"
    DECODED = "decoded", "Giải mã dữ liệu"
    DECODE_REFUSED = "decode_refused", "Từ chối giải mã"
    TRAIL_READ = "trail_read", "Đọc nhật ký kiểm toán"
    ERASED = "erased", "Hủy khóa, dữ liệu của hồ sơ"
    KEYS_CHANGED = "keys_changed", "Thay khóa"
    BACKED_UP = "backed_up", "Sao lưu"
    RESTORED = "restored", "Phục hồi từ bản sao lưu"
    RECOVERED = "recovered", "Khởi động lại hồ sơ chưa chạy"
    RETIMED = "retimed", "Tính lại thời hạn"


Who = Annotated[str, StringConstraints(pattern=r"^[a-z]+(:\S{1,120})?$")]
"""Who acts: a kind, and but for processes of ours an id: `sender:moj-01`, `operator:cb-12`, `cli:USER`, `worker`."""

WORKER: Who = "worker"
SIGNAL: Who = "signal"
UPDATE: Who = "update"
"""Somebody who may use Temporal: a plain signal, or an update past the inbox, does not say who."""

OPERATOR, COMMAND_LINE = "operator", "cli"
_OURS = (f"{OPERATOR}:", f"{COMMAND_LINE}:")


def operator(id: Code) -> Who:
    """A person of ours, by the code they go by."""
    return f"{OPERATOR}:{id}"


def is_operator(who: Who) -> bool:
    """Whether that is a person of ours by the code they go by, which is what they say of themselves."""
    return who.startswith(f"{OPERATOR}:")


def looked_up_at(system: Code) -> Who:
    """The system that a fact was asked of."""
    return f"lookup:{system}"


def who_sent(source: str) -> Who:
    """Who stands behind the source of a message: somebody at our command line, or a registered sender."""
    return source if source.startswith(_OURS) else f"sender:{source}"


def could_be_ours(source: str) -> bool:
    """Whether a sender of that id would pass for one of us on the trail."""
    return source.startswith(_OURS)


def now() -> datetime:
    """The instant by the machine's clock, whatever legal time is in training."""
    return legal(datetime.now(UTC))


class Entry(Model):
    """One line of the trail. `at` is by the clock of the machine; `pack` the dossier's law pack at that moment.

    `why` may be personal and is stored sealed; `detail` holds opaque words and message ids only, never anything
    personal. Whoever leaves out `pack` gets the dossier's.
    """

    at: Instant = Field(default_factory=now)
    who: Who
    role: Code | None = None
    what: Action
    code: Code | None = None
    why: LongText | None = None
    pack: Code | None = None
    detail: Mapping[Code, Annotated[str, StringConstraints(max_length=200)]] = {}


class NumberedEntry(Entry):
    """An entry with its place in the trail; `why` is None also once its dossier was erased."""

    number: int


class TrailHead(Model):
    """Đầu nhật ký: the last entry's number and hash. Kept elsewhere, it shows whether a trail was cut off since."""

    number: int = Field(ge=0)
    hash: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

    @classmethod
    def read(cls, text: str) -> Self:
        """The first `NUMBER:HASH` in a text. Raises ValueError when there is none."""
        found = re.search(r"\b([0-9]{1,18}):([0-9a-f]{64})\b", text)
        if found is None:
            raise ValueError("no NUMBER:HASH")
        return cls(number=int(found[1]), hash=found[2])

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


class Flaw(Labelled):
    """How a trail is not what was written."""

    MISSING = "missing", "bị xóa"
    CHANGED = "changed", "bị sửa, hoặc không do hệ thống ghi"
    MISPLACED = "misplaced", "không nối với dòng đứng trước"
    UNCHECKED = "unchecked", "không kiểm tra được: thiếu khóa chủ"
    CUT_OFF = "cut_off", "bị cắt khỏi cuối nhật ký"
    REWRITTEN = "rewritten", "không phải dòng đã giữ làm đầu nhật ký"


class Finding(Model):
    """A flaw, from one number to another, both included."""

    flaw: Flaw
    first: int
    last: int


class Verification(Model):
    """What became of checking a trail: how many entries there are, and every flaw. `head` is what to keep."""

    entries: int
    head: TrailHead
    flaws: tuple[Finding, ...]
