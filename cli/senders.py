"""`lienthong senders`: new keys for those who send events, and whether a file of senders will do."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.output import Exit, JsonOption, emit_json, fail, say, table
from models.base import Code, Instant, Model, legal
from models.systems import System
from models.words import when
from trust.senders import Key, RegisteredSender, Senders, SendersUnusable, new_secret

_HELP = """Bên gửi sự kiện và khóa của họ: tạo khóa, kiểm tra tệp của LIENTHONG_SENDERS. Không cần máy chủ.

Tệp viết thế nào, đổi khóa ra sao: docs/running.md.
"""

_KEY_HELP = """In một khóa mới (Standard Webhooks); giao cho bên gửi qua kênh riêng. Khóa không được lưu ở đâu.

\b
Ví dụ:
  lienthong senders key
"""

_CHECK_HELP = """Kiểm tra tệp trước khi dùng: báo mọi lỗi, theo dòng và bên gửi; không in khóa.

\b
Ví dụ:
  lienthong senders check senders.toml
  lienthong senders check senders.toml --json
"""


class SenderAnswer(Model):
    """A sender, how many of its keys are good now, and until when there will be one without a change."""

    id: Code
    system: System
    provinces: tuple[Code, ...]
    keys: int
    keys_good: int
    good_until: Instant | None
    certificates: int


def register(app: typer.Typer) -> None:
    """Add the commands to an application."""
    senders = typer.Typer(no_args_is_help=True, help=_HELP)
    senders.command("key", help=_KEY_HELP)(key)
    senders.command("check", help=_CHECK_HELP)(check)
    app.add_typer(senders, name="senders")


def key(as_json: JsonOption = False) -> None:
    """A new secret on stdout."""
    if as_json:
        emit_json({"secret": new_secret()})
    else:
        say(new_secret())


def check(file: Annotated[Path, typer.Argument(metavar="TỆP")], as_json: JsonOption = False) -> None:
    """Read the file as the gateway does; who may send, or everything wrong."""
    try:
        answers = [_answer(sender, datetime.now(UTC)) for sender in Senders.load(file)]
    except SendersUnusable as error:
        fail(Exit.USAGE, str(error), as_json=as_json)
    if as_json:
        emit_json(answers)
        return
    say("Dùng được." if file.stat().st_mode & 0o077 == 0 else "Dùng được, nhưng người khác cũng đọc được: chmod 600.")
    table(None, ("Bên gửi", "Hệ thống", "Tỉnh, thành phố", "Khóa dùng được", "Đến", "Chứng thư"), map(_row, answers))


def _answer(sender: RegisteredSender, now: datetime) -> SenderAnswer:
    return SenderAnswer(
        id=sender.id,
        system=sender.system,
        provinces=tuple(sorted(sender.provinces or ())),
        keys=len(sender.keys),
        keys_good=sum(one.good(now) for one in sender.keys),
        good_until=_good_until(sender.keys, now),
        certificates=len(sender.certificates),
    )


def _good_until(keys: tuple[Key, ...], now: datetime) -> datetime | None:
    """The first instant from now at which no key is good; None when there is none such."""
    at = now
    while good := [one for one in keys if one.good(at)]:
        ends = [one.until for one in good]
        if None in ends:
            return None
        at = max(end for end in ends if end)
    return legal(at)


def _row(answer: SenderAnswer) -> tuple[str, ...]:
    return (
        answer.id,
        answer.system.label,
        ", ".join(answer.provinces) or "tất cả",
        f"{answer.keys_good}/{answer.keys}",
        when(answer.good_until) if answer.good_until else "",
        str(answer.certificates or ""),
    )
