"""What is wrong with the options of an operator's act, in words."""

from collections.abc import Mapping
from typing import NoReturn

from pydantic import ValidationError

from cli.output import Exit, fail

_OPTIONS: Mapping[str, str] = {
    "dossier_code": "mã hồ sơ",
    "message_id": "mã thông điệp",
    "appointment": "--on",
    "pack": "--to",
    "legal_basis": "--basis",
    "fields": "--field",
    "documents": "--document",
    "of": "--message",
    "found": "--as",
}
"""What an act's fields are called on the command line, where that is not their name."""

_PAPER = "answer"

_WRONG: Mapping[str, str] = {
    "missing": "thiếu",
    "string_too_short": "thiếu",
    "says_nothing": "thiếu",
    "hidden_characters": "có ký tự ẩn trong",
    "extra_forbidden": "thừa",
}


def misused(error: ValidationError, as_json: bool) -> NoReturn:
    """The command ends with what is wrong with its options, in one line."""
    wrong = {_option(problem["loc"]): _WRONG.get(problem["type"], "sai") for problem in error.errors()}
    fail(Exit.USAGE, f"Lệnh chưa đúng: {', '.join(f'{how} {what}' for what, how in wrong.items())}.", as_json=as_json)


def _option(place: tuple[int | str, ...]) -> str:
    """What the field at a place is called on the command line; a paper's own date is another than the act's."""
    name = next(str(step) for step in reversed(place) if isinstance(step, str))
    if (place[0], name) == (_PAPER, "at"):
        return "--dated"
    return _OPTIONS.get(name, f"--{name.replace('_', '-')}")
