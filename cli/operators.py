"""`lienthong operators`: tokens of those who look into dossiers, and whether a file of operators will do."""

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from cli.output import Exit, JsonOption, emit_json, explain, fail, say, table
from models.base import Code, Instant, Model, legal
from models.operators import OperatorId, OperatorRole
from models.words import when
from trust.operators import Operators, OperatorsUnusable, RegisteredOperator, new_token, problems_of, row_of

_HELP = """Người vận hành được xem dữ liệu hồ sơ trong Temporal: tạo token, kiểm tra tệp LIENTHONG_OPERATORS.

Không cần máy chủ. Tệp viết thế nào, xem bằng cách nào: docs/running.md, docs/operations.md.
"""

_TOKEN_HELP = """In một token mới và mục ghi vào tệp. Giao token cho người đó qua kênh riêng; tệp chỉ giữ mã băm.

\b
Vai trò: support (dữ liệu bị che), case_officer (hồ sơ tỉnh mình), auditor (nhật ký)

\b
Ví dụ:
  lienthong operators token nguyen-van-a --role case_officer --province 79
  lienthong operators token tran-thi-b --role auditor --days 30
"""

_CHECK_HELP = """Kiểm tra tệp trước khi dùng: báo mọi lỗi, theo dòng và người vận hành; không in mã băm.

\b
Ví dụ:
  lienthong operators check operators.toml
"""


class NewOperator(Model):
    """A token, shown once, and what the file says of its owner."""

    token: str
    entry: str


class OperatorAnswer(Model):
    """An operator of a file, and whether their token is good now."""

    id: OperatorId
    role: OperatorRole
    provinces: tuple[Code, ...]
    until: Instant
    good: bool


def register(app: typer.Typer) -> None:
    """Add the commands to an application."""
    operators = typer.Typer(no_args_is_help=True, help=_HELP)
    operators.command("token", help=_TOKEN_HELP)(token)
    operators.command("check", help=_CHECK_HELP)(check)
    app.add_typer(operators, name="operators")


def token(
    operator_id: Annotated[str, typer.Argument(metavar="NGƯỜI", help="Mã người vận hành, hiện trong nhật ký.")],
    role: Annotated[OperatorRole, typer.Option(help="Vai trò.")],
    province: Annotated[list[str] | None, typer.Option(help="Mã tỉnh; nhiều tỉnh thì lặp lại.")] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="Token dùng được bấy nhiêu ngày.")] = 90,
    as_json: JsonOption = False,
) -> None:
    """A new token and its entry, judged as the file will be."""
    secret = new_token()
    until = legal(datetime.now(UTC).replace(microsecond=0) + timedelta(days=days))
    entry = row_of(operator_id, role, province or (), secret, until)
    try:
        RegisteredOperator.model_validate(tomllib.loads(entry)["operators"][0])
    except (ValidationError, tomllib.TOMLDecodeError) as error:
        wrong = problems_of(error) if isinstance(error, ValidationError) else ("mã người vận hành không dùng được",)
        fail(Exit.USAGE, "Không tạo được token.", *wrong, as_json=as_json)
    if as_json:
        emit_json(NewOperator(token=secret, entry=entry))
        return
    say(f"Token, chỉ hiện một lần: {secret}", "", "Mục ghi vào tệp LIENTHONG_OPERATORS:", "")
    say(*entry.splitlines())


def check(file: Annotated[Path, typer.Argument(metavar="TỆP")], as_json: JsonOption = False) -> None:
    """Read the file as the codec server does; who may look, or everything wrong."""
    now = datetime.now(UTC)
    try:
        answers = [_answer(operator, now) for operator in Operators.load(file)]
    except OperatorsUnusable as error:
        fail(Exit.USAGE, str(error), as_json=as_json)
    if as_json:
        emit_json(answers)
        return
    say("Dùng được." if file.stat().st_mode & 0o077 == 0 else "Dùng được, nhưng người khác cũng đọc được: chmod 600.")
    table(None, ("Người vận hành", "Vai trò", "Tỉnh, thành phố", "Token đến"), map(_row, answers))
    explain(f"{answer.id}: token đã hết hạn" for answer in answers if not answer.good)


def _answer(operator: RegisteredOperator, now: datetime) -> OperatorAnswer:
    return OperatorAnswer(
        id=operator.id,
        role=operator.role,
        provinces=tuple(sorted(operator.provinces or ())),
        until=operator.until,
        good=now < operator.until,
    )


def _row(answer: OperatorAnswer) -> tuple[str, ...]:
    no_data = answer.role is OperatorRole.AUDITOR
    provinces = ", ".join(answer.provinces) or ("" if no_data else "tất cả")
    return answer.id, answer.role.label, provinces, when(answer.until)
