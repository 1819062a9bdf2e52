"""The audit trail (nhật ký kiểm toán): who did what, when, why, under which law pack."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import Field, StringConstraints, TypeAdapter

from models.base import Code, Instant, LongText, Model, legal
from models.labelled import Labelled
from models.operators import OperatorId


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
    BEGUN = "begun", "Bắt đầu một việc"
    BROKEN_OFF = "broken_off", "Việc không xong"


Who = Annotated[str, StringConstraints(pattern=r"^[a-z]+(:[^\s\p{C}]{1,120})?$")]
"""Who acts: a kind, and but for processes of ours an id: `sender:moj-01`, `operator:cb-12`, `cli:USER`, `worker`."""

_WHO: TypeAdapter[Who] = TypeAdapter(Who)

WORKER: Who = "worker"
SIGNAL: Who = "signal"
UPDATE: Who = "update"
"""Somebody who may use Temporal: a plain signal, or an update past the inbox, does not say who."""

RECOVERY: Who = "recovery"
"""What a restored ledger learns from Temporal again."""

OPERATOR, COMMAND_LINE = "operator", "cli"
_OURS = (f"{OPERATOR}:", f"{COMMAND_LINE}:")


def operator(id: OperatorId) -> Who:
    """A person of ours, by the code they go by."""
    return f"{OPERATOR}:{id}"


def command_line(name: str) -> Who:
    """Somebody at our command line, as the operating system knows them. Raises ValidationError."""
    return _WHO.validate_python(f"{COMMAND_LINE}:{name}")


def is_operator(who: Who) -> bool:
    """Whether that is a person of ours by the code they go by, which is what they say of themselves."""
    return who.startswith(f"{OPERATOR}:")


def looked_up_at(system: Code) -> Who:
    """The system that a fact was asked of."""
    return f"lookup:{system}"


def restored(via: Who) -> Who:
    """What a dossier had heard before a restore: who sent it the lost ledger may have known, its history only how."""
    return f"{RECOVERY}:{via}"


def is_restored(who: Who) -> bool:
    """Whether a fact was heard before a restore and is written anew."""
    return who.startswith(f"{RECOVERY}:")


def who_sent(source: str) -> Who:
    """Who stands behind the source of a message: somebody at our command line, or a registered sender.

    Raises ValidationError when that is nobody the trail could name.
    """
    return _WHO.validate_python(source if source.startswith(_OURS) else f"sender:{source}")


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


class NumberedEntry(Model):
    """An entry with its place in the trail, as it is read; `why` is None also once its dossier was erased.

    Without `what` it cannot be read here: it is not as it was written, or a newer release wrote it. Then `who` and `at`
    are as they are stored, and there is nothing else.
    """

    number: int
    at: Annotated[Instant | str, Field(union_mode="left_to_right")]
    who: str
    role: Code | None = None
    what: Action | None
    code: Code | None = None
    why: str | None = None
    pack: Code | None = None
    detail: Mapping[str, str] = {}


def reading(
    entries: Sequence[NumberedEntry],
    *,
    who: str | None = None,
    what: Action | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> dict[Code, str]:
    """What the trail says of somebody having read these entries of it: which, and by what else than a code they asked.

    Of what was asked in vain nothing is said: it may be anything somebody typed.
    """
    if not entries:
        return {"entries": "0"}
    asked = {"who": who, "what": what, "since": since and since.isoformat(), "until": until and until.isoformat()}
    lines = {"entries": str(len(entries)), "first": str(entries[0].number), "last": str(entries[-1].number)}
    return lines | {name: value for name, value in asked.items() if value}


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
    RETIRED_KEY = "retired_key", "ghi bằng khóa chủ đã thôi dùng"


class Finding(Model):
    """A flaw, from one number to another, both included."""

    flaw: Flaw
    first: int
    last: int


class InLedger(Labelled):
    """What the ledger cannot have without a line of the trail."""

    DOSSIER = "dossier", "hồ sơ đã mở"
    JUDGED = "judged", "dữ kiện, thao tác đã có kết luận"
    NOT_DUPLICATE = "not_duplicate", "xác nhận không trùng"
    REPLACEMENT = "replacement", "việc thay bản kết quả"
    ERASURE = "erasure", "lần hủy dữ liệu"


class Untold(Model):
    """How many of what the ledger has have no line, and the first few dossiers they are of."""

    what: InLedger
    count: int
    codes: tuple[Code, ...]


class Verification(Model):
    """What became of checking a trail: how many entries there are, and every flaw. `head` is what to keep.

    `unretired` are the master keys but the current one by which lines may still be written: while a key is being
    changed the old one, until the line of `keys reseal`. `untold` is what the ledger has and the trail does not tell.
    """

    entries: int
    head: TrailHead
    flaws: tuple[Finding, ...]
    unretired: tuple[Code, ...] = ()
    untold: tuple[Untold, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong with it, as far as can be seen from here."""
        return not self.flaws and not self.untold
