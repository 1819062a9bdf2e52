"""`lienthong recover`: dossiers whose workflow never started; after a restore, what workflows have done since."""

from collections.abc import Iterator
from typing import Annotated

import typer

from catching_up import CatchingUp, CaughtUp
from cli.context import open_client, open_documents, open_ledger, run
from cli.output import JsonOption, emit_json, explain, heading, say
from cli.undertakings import undertaking
from models.audit import Action
from models.base import Code, Model
from models.words import listed
from replacements import Replacements
from settings import Settings
from submissions import Submissions
from trust.keys import hash_key


class Recovered(Model):
    """What `recover --json` prints; `caught_up` with --republish only."""

    started: tuple[Code, ...]
    caught_up: CaughtUp | None = None


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("recover")(recover)


def recover(
    republish: Annotated[
        bool, typer.Option("--republish", help="Sau khi phục hồi: ghi lại vào sổ mọi việc hồ sơ đã làm từ khi sao lưu.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Khởi động những hồ sơ đã vào sổ mà chưa chạy. Có khi máy dừng giữa chừng khi nộp.

    Sau lienthong restore, chạy với --republish trước khi khởi động worker và cổng nhận sự kiện: sổ nhận lại từ Temporal
    những gì mới hơn bản sao lưu, và nói rõ những gì không còn. Chạy lại không hại gì.

    Ví dụ:

      lienthong recover

      lienthong recover --republish --json
    """
    settings = Settings()
    ledger = open_ledger(settings, as_json=as_json)
    documents = open_documents(settings)
    submissions = Submissions(ledger, documents, settings)

    async def recovered() -> Recovered:
        client = await open_client(settings, ledger.keys, as_json=as_json)
        behind = CatchingUp(client, ledger, documents, hash_key(settings)) if republish else None
        with undertaking(ledger, settings, Action.RECOVERED, republish=str(republish).lower()) as said:
            caught_up = await behind.run() if behind else None
            started = (*await submissions.recover(client), *await Replacements.of(ledger, settings).recover(client))
            said |= {"dossiers": str(len(started))} | ({"read": str(len(caught_up.read))} if caught_up else {})
        return Recovered(started=started, caught_up=caught_up)

    done = run(recovered(), as_json=as_json)
    if as_json:
        emit_json(done)
        return
    say(f"Đã khởi động {len(done.started)} hồ sơ. {listed(done.started)}".strip())
    if done.caught_up:
        _print(done.caught_up)


def _print(found: CaughtUp) -> None:
    say(f"Đã ghi lại vào sổ {len(found.read)} hồ sơ theo lịch sử trong Temporal.")
    for title, items in _wanting(found):
        heading(title)
        explain(items)


def _wanting(found: CaughtUp) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What is not as it should be, and what to do about it."""
    if found.strangers:
        yield (
            "Temporal có mà sổ không biết (mở sau bản sao lưu, dữ liệu mất cùng khóa): hỏi tỉnh đã đăng ký chưa; "
            "chưa thì báo người nộp nộp lại; dừng bằng temporal workflow terminate",
            found.strangers,
        )
    if found.absent:
        yield "Sổ nói đang giải quyết mà Temporal không có", found.absent
    if found.stuck:
        yield "Không ghi lại được, xem nhật ký", found.stuck
    if found.papers:
        papers = tuple(f"{paper.code}: {paper.kind.label}, {paper.sha256}" for paper in found.papers)
        yield "Giấy tờ có trong sổ mà kho không có: đề nghị người gửi gửi lại đúng tệp", papers
