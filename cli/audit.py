"""`lienthong audit`: the audit trail, read and checked."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.context import acting, open_ledger
from cli.folding import Run, folded
from cli.output import Exit, JsonOption, emit_json, fail, say, table
from models.audit import Action, Entry, Finding, TrailHead, Untold, Verification, reading
from models.base import LEGAL_ZONE, BeyondCalendar, legal
from settings import Settings

_UNREADABLE = "(không đọc được)"

_HELP = """Nhật ký kiểm toán: ai, làm gì, khi nào, vì sao, theo gói luật nào. Chỉ ghi thêm; sửa hay xóa thì verify thấy.

Đọc nhật ký cũng được ghi vào nhật ký.
"""

_LIST_HELP = """Những dòng mới nhất, theo thứ tự ghi; lọc theo hồ sơ, người, việc, thời gian.

\b
Ví dụ:
  lienthong audit list --code G22.99.08-261119-000001
  lienthong audit list --who operator --what act_accepted --json
  lienthong audit list --from 2026-11-19 --to 2026-11-19T12:00:00+07:00

Công cụ của Temporal hỏi giải mã từng trường một: những lần liền nhau của một người, một hồ sơ gộp thành một dòng
(lines=…); --json kể đủ từng dòng.
"""

_VERIFY_HELP = """Kiểm tra cả nhật ký: dòng nào bị xóa, bị sửa, bị đổi chỗ; sổ có việc gì mà nhật ký không kể.

In “đầu nhật ký” để giữ ở nơi khác: những lần xem bị cắt khỏi cuối nhật ký không để lại dấu vết gì trong sổ, chỉ thấy
được khi so với đầu đã giữ: --head SỐ:MÃ, hoặc tệp có chứa nó. Mã thoát 3 nếu sai.

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
    entries = ledger.entries(code=code, who=who, what=what, since=first, until=last, limit=limit)
    asked, of = reading(entries, who=who, what=what, since=first, until=last), code if entries else None
    ledger.note(Entry(who=acting(settings), what=Action.TRAIL_READ, code=of, detail=asked))
    if as_json:
        emit_json(entries)
    elif entries:
        columns = ("Dòng", "Lúc", "Ai", "Việc", "Hồ sơ", "Gói luật", "Chi tiết", "Vì sao")
        table(None, columns, map(_row, folded(entries)))
    else:
        say("Không có dòng nào.")


def verify(
    head: Annotated[str | None, typer.Option(metavar="SỐ:MÃ|TỆP", help="Đầu nhật ký đã giữ ở nơi khác.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Check every entry, against the ledger, and against a head that was kept."""
    kept = _kept(head, as_json=as_json) if head else None
    found = open_ledger(Settings(), as_json=as_json).verify_trail(kept)
    if not found.whole:
        words = wrong(found)
        fail(Exit.REFUSED, f"Nhật ký kiểm toán không còn nguyên: {len(words)} chỗ.", *words, as_json=as_json)
    if as_json:
        said = {"entries": found.entries, "head": str(found.head), "flaws": [], "unretired": found.unretired}
        emit_json(said)
        return
    say(f"Nhật ký kiểm toán nguyên vẹn: {found.entries} dòng.")
    say(f"Đầu nhật ký, giữ ở nơi khác để lần sau so: {found.head}")
    if found.unretired:
        say(
            f"Khóa cũ còn được ghi: {', '.join(found.unretired)}. Theo nhật ký, việc đổi khóa chưa xong; nếu đã chạy "
            "keys reseal sau khi mọi máy đổi khóa thì phần cuối nhật ký đã bị thay."
        )
    if kept is None:
        say("Chưa so với đầu nhật ký nào (--head): những lần xem bị cắt khỏi cuối thì không thấy được.")


def wrong(found: Verification) -> list[str]:
    """Everything that is wrong with a trail, in words."""
    flaws = [f"{_place(flaw)}: {flaw.flaw.label}." for flaw in found.flaws]
    return [*flaws, *(f"{_of(untold)} không có dòng nào trong nhật ký." for untold in found.untold)]


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


def _of(untold: Untold) -> str:
    more = ", …" if untold.count > len(untold.codes) else ""
    return f"{untold.count} {untold.what.label} ({', '.join(untold.codes)}{more})"


def _row(run: Run) -> tuple[str, ...]:
    entry, last = run.first, run.last.number
    return (
        str(entry.number) if entry.number == last else f"{entry.number}–{last}",
        entry.at if isinstance(entry.at, str) else f"{entry.at:%d/%m/%Y %H:%M:%S}",
        f"{entry.who} ({entry.role})" if entry.role else entry.who,
        entry.what.label if entry.what else _UNREADABLE,
        entry.code or "–",
        entry.pack or "–",
        ",".join(f"{name}={value}" for name, value in run.detail.items()) or "–",  # one word: never cut in a pipe
        entry.why or "–",
    )
