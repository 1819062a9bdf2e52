"""`lienthong audit`: the audit trail, read and checked."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.context import open_ledger, told
from cli.output import Exit, JsonOption, emit_json, fail, say, table
from ledger.errors import TrailDamaged
from models.audit import Action, Finding, NumberedEntry, TrailHead
from models.base import LEGAL_ZONE, BeyondCalendar, legal
from settings import Settings

_HELP = """Nhật ký kiểm toán: ai, làm gì, khi nào, vì sao, theo gói luật nào. Chỉ ghi thêm; sửa hay xóa thì verify thấy.

Đọc nhật ký cũng được ghi vào nhật ký.
"""

_LIST_HELP = """Những dòng mới nhất, theo thứ tự ghi; lọc theo hồ sơ, người, việc, thời gian.

\b
Ví dụ:
  lienthong audit list --code G22.99.08-261119-000001
  lienthong audit list --who operator --what act_accepted --json
  lienthong audit list --from 2026-11-19 --to 2026-11-19T12:00:00+07:00
"""

_VERIFY_HELP = """Kiểm tra cả nhật ký: dòng nào bị xóa, bị sửa, bị đổi chỗ. In “đầu nhật ký” để giữ ở nơi khác.

Phần cuối bị cắt thì chỉ thấy được khi so với đầu nhật ký đã giữ: --head SỐ:MÃ, hoặc tệp có chứa nó. Mã thoát 3 nếu sai.

\b
Ví dụ:
  lienthong audit verify
  lienthong audit verify --json > /noi-khac/dau-nhat-ky.json
  lienthong audit verify --head /noi-khac/dau-nhat-ky.json
"""


def register(app: typer.Typer) -> None:
    """Add the commands to an application."""
    audit = typer.Typer(no_args_is_help=True, help=_HELP)
    audit.command("list", help=_LIST_HELP)(list_entries)
    audit.command("verify", help=_VERIFY_HELP)(verify)
    app.add_typer(audit, name="audit")


def list_entries(
    code: Annotated[str | None, typer.Option(help="Chỉ hồ sơ này.")] = None,
    who: Annotated[str | None, typer.Option(help="Chỉ người này (operator:cb-12), hoặc loại này (operator).")] = None,
    what: Annotated[Action | None, typer.Option(help="Chỉ việc này.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="Từ ngày, hoặc thời điểm có múi giờ (ISO 8601).")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Đến hết ngày, hoặc đến thời điểm đó.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Nhiều nhất bấy nhiêu dòng mới nhất.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """The newest entries; that they were read is one of them."""
    settings = Settings()
    first = _instant(since, "00:00:00", as_json=as_json)
    last = _instant(until, "23:59:59.999999", as_json=as_json)
    ledger = open_ledger(settings, as_json=as_json)
    try:
        entries = ledger.entries(code=code, who=who, what=what, since=first, until=last, limit=limit)
    except TrailDamaged as error:
        fail(Exit.REFUSED, str(error), as_json=as_json)
    ledger.note(told(settings, Action.TRAIL_READ, code=entries[0].code if code and entries else None))
    if as_json:
        emit_json(entries)
    elif entries:
        table(None, ("Dòng", "Lúc", "Ai", "Việc", "Hồ sơ", "Gói luật", "Chi tiết", "Vì sao"), map(_row, entries))
    else:
        say("Không có dòng nào.")


def verify(
    head: Annotated[str | None, typer.Option(metavar="SỐ:MÃ|TỆP", help="Đầu nhật ký đã giữ ở nơi khác.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Check every entry, and against a head that was kept."""
    kept = _kept(head, as_json=as_json) if head else None
    found = open_ledger(Settings(), as_json=as_json).verify_trail(kept)
    if found.flaws:
        words = [f"{_place(flaw)}: {flaw.flaw.label}." for flaw in found.flaws]
        fail(Exit.REFUSED, f"Nhật ký kiểm toán không còn nguyên: {len(words)} chỗ.", *words, as_json=as_json)
    if as_json:
        emit_json({"entries": found.entries, "head": str(found.head), "flaws": []})
        return
    say(f"Nhật ký kiểm toán nguyên vẹn: {found.entries} dòng.")
    say(f"Đầu nhật ký, giữ ở nơi khác để lần sau so: {found.head}")
    if kept is None:
        say("Chưa so với đầu nhật ký nào (--head): phần cuối bị cắt thì không thấy được.")


def _kept(stated: str, *, as_json: bool) -> TrailHead:
    """The head stated, or the first in a file of that name."""
    try:
        return TrailHead.read(stated)
    except ValueError:
        pass
    try:
        return TrailHead.read(Path(stated).read_text("utf-8"))
    except OSError as error:
        fail(Exit.USAGE, f"--head: không đọc được tệp {stated} ({type(error).__name__}).", as_json=as_json)
    except ValueError:
        fail(Exit.USAGE, f"--head: {stated} không có đầu nhật ký nào (SỐ:MÃ).", as_json=as_json)


def _instant(stated: str | None, time_of_day: str, *, as_json: bool) -> datetime | None:
    """An instant with its zone, or that time of a legal day."""
    if stated is None:
        return None
    try:
        if len(stated) == len("2026-11-19"):
            return datetime.fromisoformat(f"{stated}T{time_of_day}").replace(tzinfo=LEGAL_ZONE)
        instant = datetime.fromisoformat(stated)
        if instant.tzinfo:
            return legal(instant)
    except (ValueError, BeyondCalendar):
        pass
    fail(Exit.USAGE, f"“{stated}” không phải ngày (yyyy-mm-dd) hay thời điểm có múi giờ.", as_json=as_json)


def _place(found: Finding) -> str:
    return f"Dòng {found.first}" if found.first == found.last else f"Dòng {found.first}–{found.last}"


def _row(entry: NumberedEntry) -> tuple[str, ...]:
    return (
        str(entry.number),
        f"{entry.at:%d/%m/%Y %H:%M:%S}",
        f"{entry.who} ({entry.role})" if entry.role else entry.who,
        entry.what.label,
        entry.code or "–",
        entry.pack or "–",
        ",".join(f"{name}={value}" for name, value in entry.detail.items()) or "–",  # one word: never cut in a pipe
        entry.why or "–",
    )
