"""`inbox`: what came in and waits for its dossier to judge it."""

from typing import Annotated

import typer

from cli.context import open_ledger
from cli.output import JsonOption, emit_json, say, table
from models.inbox import WaitingMessage
from models.words import when
from settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("inbox")(inbox)


def inbox(
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Kể nhiều nhất bấy nhiêu, lâu nhất trước.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """Thông điệp đã lưu, chưa đến được hồ sơ. Cổng nhận sự kiện (gateway.py) tự chuyển, theo thứ tự của từng hồ sơ.

    Chờ lâu mà Temporal vẫn chạy: xem cột Vì sao; hồ sơ chưa chạy thì dùng `lienthong recover`; không
    ai đọc, chuyển được thì gác lại bằng `lienthong operator set-aside`.

    Ví dụ:

      lienthong inbox

      lienthong inbox --json
    """
    ledger = open_ledger(Settings(), as_json=as_json)
    waiting, every = ledger.waiting_messages(limit), ledger.inbox_open()
    if as_json:
        emit_json({"waiting": every, "messages": waiting})
        return
    if not waiting:
        say("Không có thông điệp nào đang chờ.")
        return
    columns = ("Từ", "Mã hồ sơ", "Loại", "Nơi gửi", "Mã thông điệp", "Vì sao", "Đã thử", "Thử lại lúc")
    table(None, columns, map(_row, waiting))
    if len(waiting) < every:
        say(f"{len(waiting)} trong {every} thông điệp; thêm --limit.")


def _row(message: WaitingMessage) -> tuple[str, ...]:
    return (
        when(message.since),
        message.dossier_code,
        message.kind.label,
        message.source,
        message.message_id,
        message.hindrance.label if message.hindrance else "Chưa thử xong",
        f"{message.attempts} lần",
        when(message.next_attempt_at) if message.next_attempt_at else "–",
    )
