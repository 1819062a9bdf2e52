"""Vietnamese for what Pydantic finds: the name of a field on the form, and what is wrong with it."""

from collections.abc import Iterator
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, get_args, get_origin

from pydantic import BaseModel, RootModel
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ErrorType

from models.base import Path
from models.declaration import FORMS
from models.groups import Group

_LONGEST_KEY = 80
_OTHER_ERRORS = frozenset(get_args(ErrorType))
_MESSAGES = {
    "missing": "Bắt buộc ghi.",
    "string_type": "Phải là chữ, đặt trong ngoặc kép.",
    "string_unicode": "Có ký tự không hợp lệ.",
    "string_too_short": "Không được để trống.",
    "string_too_long": "Dài quá {max_length} ký tự.",
    "string_pattern_mismatch": "Chỉ gồm chữ không dấu, chữ số và các dấu . _ : / + - (không có dấu cách).",
    "bool_type": "Phải là true hoặc false.",
    "int_type": "Phải là số nguyên.",
    "greater_than": "Phải lớn hơn {gt}.",
    "greater_than_equal": "Không được nhỏ hơn {ge}.",
    "less_than_equal": "Không được lớn hơn {le}.",
    "too_long": "Nhiều nhất {max_length} mục.",
    "tuple_type": "Phải là danh sách, đặt trong ngoặc vuông.",
    "model_type": "Phải là nhóm các mục, đặt trong ngoặc nhọn.",
    "enum": "Không có trong danh mục.",
    "extra_forbidden": "Không có mục này trên tờ khai.",
}


def field_name(path: Path, group: Group) -> str:
    """The Vietnamese name on the group's form of the field at a path: “Người mẹ – Số định danh cá nhân”."""
    names: list[str] = []
    model: type[BaseModel] | None = FORMS[group]
    for step in path:
        info = model.model_fields.get(str(step)) if model and isinstance(step, str) else None
        if info:
            names.append(info.title or str(step))
            model = next(_models_in(info.annotation), None)
        elif isinstance(step, int) and names:
            names[-1] += f" (mục {step + 1})"
        else:
            names.append(f"mục “{shown(step)}”")
            model = None
    return " – ".join(names) or "Tờ khai"


def is_field(path: Path, group: Group) -> bool:
    """Whether the group's form has something at that path: a section, a field, an item of a list."""
    if not path or _annotation_at(path, group) is None:
        return False
    steps = enumerate(path)
    return not any(isinstance(step, int) and not _is_list(_annotation_at(path[:at], group)) for at, step in steps)


def kinds_at(path: Path, group: Group) -> frozenset[type]:
    """What kinds of value the group's form holds at a path."""
    return frozenset(_types_in(_annotation_at(path, group)))


def message(error: ErrorDetails, group: Group) -> str:
    """What is wrong, in Vietnamese; rules of our own arrive in Vietnamese already."""
    kind, path = error["type"], error["loc"]
    if kind == "extra_forbidden":
        return f"{_MESSAGES[kind]}{_nearest(path, group)}"
    if kind == "enum":
        return f"{_MESSAGES[kind]}{_choices(path, group)}"
    if kind in _MESSAGES:
        return _MESSAGES[kind].format_map(error.get("ctx", {}))
    return "Giá trị không hợp lệ." if kind in _OTHER_ERRORS else error["msg"]


def shown(step: str | int) -> str:
    """A key as it may be shown: short, and printable whatever came in."""
    short = str(step)[:_LONGEST_KEY].encode("utf-8", "replace").decode("utf-8")
    return "".join(character if character.isprintable() else "?" for character in short)


def _annotation_at(path: Path, group: Group) -> Any:
    """The declared type at a path; None where the form has no such field."""
    annotation: Any = FORMS[group]
    for step in path:
        if isinstance(step, str):
            model = next(_models_in(annotation), None)
            if model is None or step not in model.model_fields:
                return None
            annotation = model.model_fields[step].annotation
    return annotation


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) is tuple


def _types_in(annotation: Any) -> Iterator[type]:
    if isinstance(annotation, type) and not get_args(annotation):
        yield annotation
    for argument in get_args(annotation):
        yield from _types_in(argument)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    return (kind for kind in _types_in(annotation) if issubclass(kind, BaseModel) and not issubclass(kind, RootModel))


def _nearest(path: Path, group: Group) -> str:
    model = next(_models_in(_annotation_at(path[:-1], group)), None)
    known = model.model_fields if model else {}
    match = get_close_matches(shown(path[-1]), known, 1)
    return f" Có phải ý là “{match[0]}” ({known[match[0]].title})?" if match else ""


def _choices(path: Path, group: Group) -> str:
    kind = next((kind for kind in _types_in(_annotation_at(path, group)) if issubclass(kind, StrEnum)), None)
    if kind is None:
        return ""
    words = (
        f"{choice.value} ({label})" if (label := getattr(choice, "label", "")) else choice.value for choice in kind
    )
    return f" Chọn một trong: {'; '.join(words)}."
