"""`lienthong demo`: the whole story in at most 90 seconds, on real servers, with nothing left running."""

import tempfile
from pathlib import Path

import typer

from cli.context import run
from cli.otlp import receiving_spans
from cli.output import Exit, fail, heading, say
from cli.stack import StackFailed
from cli.stage import StoryFailed, exporting_to, scene
from cli.stories import MAIN_DATE, SKIPPING_DATE, FourDossiers, aged_eighty, bad_return, show_trace, three_dossiers
from telemetry.traces import trace_id


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo() -> None:
    """Xem thử, nhiều nhất 90 giây. Hồ sơ đi thẳng, và những lúc không đi thẳng (tua thời gian).

    Ba hồ sơ khai sinh từ tờ khai đến kết quả; cơ quan trả hồ sơ sai; một hồ sơ khai tử nối tiếp ba cơ quan; bản điện
    tử bị lạc; bổ sung ở một thủ tục; cơ quan để quá hạn; một thân nhân không trả lời trên VNeID. Tất cả chạy trên máy
    này, cổng trống bất kỳ; xong thì không còn gì chạy phía sau.

    Ví dụ:

      lienthong demo

      make demo
    """
    try:
        run(_demo(), as_json=False)
    except (StackFailed, StoryFailed) as error:
        fail(Exit.FAILED, str(error))


async def _demo() -> None:
    say("Hồ sơ khai sinh, khai tử liên thông, trên máy chủ Temporal thật: từ tờ khai đến kết quả, cả khi vướng.")
    with tempfile.TemporaryDirectory(prefix="lienthong-demo-") as folder:
        await _in_real_time(Path(folder) / "1")
        await _days_passing(Path(folder) / "2")
    _where_to_look()


async def _in_real_time(folder: Path) -> None:
    """On the dev server; traces are complete only when every process has left."""
    with receiving_spans() as receiver:
        with exporting_to(receiver):
            async with scene(folder, MAIN_DATE) as playing:
                code = await three_dossiers(playing)
                await bad_return(playing)
                await aged_eighty(playing)
        show_trace(code, receiver.trace(trace_id(code)))


async def _days_passing(folder: Path) -> None:
    """On the time-skipping server, where all dossiers share one clock."""
    async with scene(folder, SKIPPING_DATE, time_skipping=True) as playing:
        four = FourDossiers(playing)
        await four.submitted()
        await four.lost_certificate()
        await four.supplement()
        await four.late_agency()
        await four.silence()


def _where_to_look() -> None:
    heading("=== Xem tiếp ===")
    say("Bản xem thử đã dừng và dọn sạch. Để tự xem:")
    for line in (
        "make dev                                             chạy cả hệ thống, giao diện http://127.0.0.1:8233",
        ".venv/bin/lienthong submit samples/birth/plain.json  nộp một tờ khai (ở cửa sổ khác)",
        ".venv/bin/lienthong list                             danh sách hồ sơ",
        ".venv/bin/lienthong show MÃ                          một hồ sơ: thủ tục, hạn, vì sao",
        ".venv/bin/lienthong gaps                             đang thiếu gì, ai còn nợ",
        ".venv/bin/lienthong grounds                          cơ quan được yêu cầu gì, không được yêu cầu gì",
        ".venv/bin/lienthong submit samples/death/aged-80.json  nộp một tờ khai tử",
        ".venv/bin/lienthong law --group death --on 2026-11-19  luật đang có hiệu lực: thủ tục nào, bao lâu, căn cứ gì",
        ".venv/bin/lienthong deadline 2026-11-20T15:00:01 --working-days 3",
        ".venv/bin/lienthong --help",
    ):
        say(f"  {line}")
