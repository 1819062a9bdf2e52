"""What all acts of operators have in common on the command line: who answers for them, and why."""

from collections.abc import Mapping
from typing import Annotated, Any, NoReturn

import typer
from pydantic import ValidationError

from cli.facts import now, send
from cli.output import Exit, fail
from models.facts import InboundFact
from settings import Settings

OperatorOption = Annotated[
    str | None, typer.Option("--operator", help="Mã người vận hành; mặc định là LIENTHONG_OPERATOR.")
]
BecauseOption = Annotated[str, typer.Option("--because", help="Lý do, nhiều nhất 2.000 ký tự; được ghi lại.")]

_OPTIONS: Mapping[str, str] = {
    "dossier_code": "mã hồ sơ",
    "message_id": "mã thông điệp",
    "appointment": "--on",
    "pack": "--to",
    "legal_basis": "--basis",
    "fields": "--field",
    "documents": "--document",
}
"""What an act's fields are called on the command line, where that is not their name."""

_PAPER = "answer"

_WRONG: Mapping[str, str] = {"missing": "thiếu", "string_too_short": "thiếu", "extra_forbidden": "thừa"}


def act(
    model: type[InboundFact],
    code: str,
    data: dict[str, Any],
    because: str,
    operator: str | None,
    at: str | None,
    message_id: str | None,
    as_json: bool,
) -> None:
    """Send an act with what every act needs: who answers for it, why, and when."""
    who = responsible(operator, as_json)
    said = {**data, "operator": who, "because": because, "at": at or now()}
    try:
        model.model_validate({**said, "message_id": message_id or "cli", "dossier_code": code})
    except ValidationError as error:
        misused(error, as_json)
    send(model, code, message_id, said, as_json)


def responsible(operator: str | None, as_json: bool) -> str:
    """The operator who answers for it, else of the settings; the command ends when there is none."""
    who = operator or Settings().operator
    if not who:
        fail(Exit.USAGE, "Ai chịu trách nhiệm việc này? Ghi --operator, hoặc đặt LIENTHONG_OPERATOR.", as_json=as_json)
    return who


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
