"""The base every domain model stands on: frozen, closed, NFC text, zone-aware instants, legal time zone."""

import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

M = TypeVar("M", bound=BaseModel)

LEGAL_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
"""The zone all legal arithmetic is done in (giờ Việt Nam, UTC+7, no daylight saving)."""


class Model(BaseModel):
    """A frozen value; unknown fields are refused so that a misspelt field never vanishes silently."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Path = tuple[str | int, ...]
"""Where something stands in a form: names of fields, positions in lists."""


def parts(value: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """A value and everything inside it, with its path: fields of models, items of tuples."""
    yield path, value
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from parts(getattr(value, name), (*path, name))
    elif isinstance(value, tuple):
        for at, item in enumerate(value):
            yield from parts(item, (*path, at))


def within(path: str, field: str) -> bool:
    """Whether a dotted path of a form is that field or lies inside it."""
    return path == field or path.startswith(f"{field}.")


def without(part: M, fields: Iterable[str]) -> M:
    """The same with nothing said in those optional fields, named by their dotted paths."""
    for field in fields:
        name, _, inside = field.partition(".")
        said = getattr(part, name)
        if said is not None:
            part = part.model_copy(update={name: without(said, (inside,)) if inside else None})
    return part


def nfc(value: object) -> object:
    """Unicode NFC of a string, anything else unchanged (STANDARDS §6: NFC at every entry, never on signed bytes)."""
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


class BeyondCalendar(ValueError):
    """An instant outside the years 1–9999, which no date can hold."""


def legal(instant: datetime) -> datetime:
    """The same instant on the clock of Việt Nam. Raises BeyondCalendar."""
    try:
        return instant.astimezone(LEGAL_ZONE)
    except OverflowError:
        raise BeyondCalendar("thời điểm ngoài phạm vi năm 1–9999") from None


def legal_date(instant: datetime) -> date:
    """The calendar day of an instant in Việt Nam."""
    return legal(instant).date()


def _printable(value: str) -> str:
    """Refuse control characters other than line ends and tabs: no form needs them, PostgreSQL cannot store NUL."""
    if any(unicodedata.category(character) == "Cc" and character not in "\n\r\t" for character in value):
        raise PydanticCustomError("not_printable", "Có ký tự điều khiển không in được.")
    return value


_PRINTABLE = AfterValidator(_printable)

_PASTED = dict.fromkeys(map(ord, "\u00ad\u200b\ufeff"))
"""Soft hyphen, zero width space and byte order mark: what word processors and web pages leave in what is copied."""
_SHOW_NOTHING = frozenset("\u034f\u115f\u1160\u2800\u3164\uffa0") | {chr(code) for code in range(0xFE00, 0xFE10)}
"""Marks and letters by their category that show nothing (Unicode, Default_Ignorable_Code_Point), and the blank."""


def _on_one_line(value: object) -> object:
    return " ".join(value.translate(_PASTED).split()) if isinstance(value, str) else value


def _said(value: str) -> str:
    """Refuse what says nothing, and what a terminal or a reader may see as something else than what is stored.

    No Vietnamese needs invisible characters (Unicode Cf: marks of direction, joiners) or those that no standard gives a
    meaning (Co, Cs).
    """
    if any(unicodedata.category(one) in ("Cc", "Cf", "Co", "Cs") or one in _SHOW_NOTHING for one in value):
        raise PydanticCustomError("hidden_characters", "Có ký tự điều khiển, ký tự ẩn hoặc đổi chiều chữ.")
    if not any(map(str.isalnum, value)):
        raise PydanticCustomError("says_nothing", "Không có chữ hay số nào.")
    return value


# Constraints before the validators: Pydantic then trims before it measures, so that “ ” is refused.
_TEXT = StringConstraints(strip_whitespace=True, min_length=1, max_length=500)
MAX_LONG_TEXT = 4000
_LONG_TEXT = StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_LONG_TEXT)
_NOTICE_TEXT = StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)

Text = Annotated[str, _TEXT, _PRINTABLE, BeforeValidator(nfc)]
"""Human text in NFC, 1–500 characters after trimming; spelling otherwise exactly as typed."""

LongText = Annotated[str, _LONG_TEXT, _PRINTABLE, BeforeValidator(nfc)]
"""Longer human text in NFC (reasons, legal bases), 1–4,000 characters."""

Statement = Annotated[
    str,
    StringConstraints(min_length=1, max_length=2000),
    AfterValidator(_said),
    BeforeValidator(_on_one_line),
    BeforeValidator(nfc),
]
"""What a person of ours states for the record (a reason, an article of law): NFC on one line, 1–2,000 characters, at
least one of them a letter or a digit and none of them hidden. It becomes part of longer texts."""

NoticeText = Annotated[str, _NOTICE_TEXT, _PRINTABLE, BeforeValidator(nfc)]
"""A whole notice in NFC, 1–20,000 characters: room for the longest reason and legal basis an agency may state."""

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:/+-]{1,80}$")]
"""An identifier kept as text (leading zeros matter), at most 80 characters."""

MessageKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:/+-]{1,200}$")]
"""The idempotency key of something we send, made of dossier, leg and step; at most 200 characters."""

Instant = Annotated[AwareDatetime, AfterValidator(legal)]
"""A zone-aware instant, shown in Asia/Ho_Chi_Minh."""
