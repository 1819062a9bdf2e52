"""`gaps`: what somebody owes and nothing moves on by itself, for operators and provinces."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.context import open_ledger
from cli.output import Exit, GroupOption, JsonOption, emit_json, fail, heading, say, table
from ledger.gaps import Gap, GapKind, GapReport
from models.base import legal_date
from models.calendar import load_calendar
from models.codes import province as province_of
from models.words import listed, when
from settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("gaps")(gaps)


def gaps(
    province: Annotated[str | None, typer.Option(help="Chỉ hồ sơ của tỉnh có mã này, ví dụ 79.")] = None,
    group: GroupOption = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Kể nhiều nhất bấy nhiêu, lâu nhất trước.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """Những chỗ hở của hồ sơ. Đã giải quyết mà thiếu bản điện tử, chưa được tiếp nhận, chưa chạy, chưa chuyển đi.

    Bản điện tử của cả hai nhóm: Giấy khai sinh, Trích lục khai tử, quyết định mai táng, tử tuất…

    Cả bản cấp lại mà cơ quan chưa xác nhận đã thay bản cũ. Chỗ nào hệ thống đang tự đòi thì cột cuối ghi đã mấy lần.
    Số đăng ký của từng người: lienthong show.

    Tổng theo tỉnh và cơ quan tính trên tất cả, --limit chỉ rút ngắn danh sách.

    Ví dụ:

      lienthong gaps

      lienthong gaps --group death

      lienthong gaps --province 79 --json
    """
    settings = Settings()
    now = datetime.now(UTC) + settings.training_offset
    if province and province_of(province, legal_date(now)) is None:
        fail(Exit.USAGE, f"Không có tỉnh mã {province}; xem: lienthong provinces", as_json=as_json)
    report = open_ledger(settings, as_json=as_json).gaps(now, load_calendar(*settings.calendar), province, group)
    shown = report.model_copy(update={"gaps": report.gaps[:limit]})
    if as_json:
        emit_json(shown)
    else:
        _print(shown, every=len(report.gaps))


def _print(report: GapReport, *, every: int) -> None:
    if not every:
        say("Không có chỗ hở nào.")
        return
    heading(f"Chỗ hở lúc {when(report.at)}")
    totals = [
        (total.kind.label, total.group.label, total.province_code, total.owed_by, str(total.dossiers))
        for total in report.totals
    ]
    table("Tổng số hồ sơ", ("Thiếu gì", "Nhóm", "Tỉnh", "Nơi còn nợ", "Số hồ sơ"), totals)
    columns = ("Thiếu gì", "Mã hồ sơ", "Nhóm", "Tỉnh", "Từ", "Nơi còn nợ", "Đã hỏi lại")
    table("Từng hồ sơ, lâu nhất trước", columns, map(_row, report.gaps))
    if len(report.gaps) < every:
        say(f"{len(report.gaps)} trong {every} chỗ hở; thêm --limit, hoặc chỉ một tỉnh bằng --province.")


def _row(gap: Gap) -> tuple[str, ...]:
    asked = f"{gap.asked} thứ đang chờ" if gap.kind is GapKind.UNDELIVERED else f"{gap.asked} lần"
    results = listed(kind.label for kind in gap.missing)
    missing = f"{gap.kind.label}: {results}" if results else gap.kind.label
    return (missing, gap.code, gap.group.label, gap.province_code, when(gap.since), gap.owed_by, asked)
