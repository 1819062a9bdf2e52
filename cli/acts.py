"""What all acts of operators have in common on the command line: who answers for them, and why."""

from typing import Annotated, Any

import typer

from cli.enclosures import Enclosures
from cli.facts import now, send
from cli.output import Exit, fail
from models.facts import InboundFact
from settings import Settings

OperatorOption = Annotated[
    str | None, typer.Option("--operator", help="Mã người vận hành; mặc định là LIENTHONG_OPERATOR.")
]
BecauseOption = Annotated[str, typer.Option("--because", help="Lý do, nhiều nhất 2.000 ký tự; được ghi lại.")]


def act(
    model: type[InboundFact],
    code: str,
    data: dict[str, Any],
    because: str,
    operator: str | None,
    at: str | None,
    message_id: str | None,
    as_json: bool,
    enclosed: Enclosures | None = None,
) -> None:
    """Send an act with what every act needs: who answers for it, why, and when."""
    said = {**data, "operator": responsible(operator, as_json), "because": because, "at": at or now()}
    send(model, code, message_id, said, as_json, enclosed)


def responsible(operator: str | None, as_json: bool) -> str:
    """The operator who answers for it, else of the settings; the command ends when there is none."""
    who = operator or Settings().operator
    if not who:
        fail(Exit.USAGE, "Ai chịu trách nhiệm việc này? Ghi --operator, hoặc đặt LIENTHONG_OPERATOR.", as_json=as_json)
    return who
