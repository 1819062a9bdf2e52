"""Commands that need no server: `deadline`, `law`, `checklist`."""

import re
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cli.checklist import checklist as checklist_of
from cli.checklist import print_checklist
from cli.files import load_declaration_file
from cli.law_report import law_report
from cli.law_text import print_law
from cli.output import Exit, JsonOption, emit_json, explain, facts, fail, fail_declaration, say
from cli.places import known_communes
from models.base import LEGAL_ZONE, BeyondCalendar, Instant, Model, legal_date
from models.calendar import CalendarError, WorkingCalendar, load_calendar
from models.clock import ClockError, Due, ReceiptRule, agency_due, citizen_due
from models.groups import Group
from models.law import LawError, LawPack, all_packs, pack_in_force
from models.reading import DeclarationErrors
from models.words import day_words
from settings import Settings

_MOMENT = re.compile(r"[0-9W-]{8,10}[T ][0-9:.,]+(Z|[+-][0-9:]+)?")
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,9}")

_DEADLINE_HELP = """Tính hạn giải quyết theo ngày làm việc, có giải thích. Không cần máy chủ.

Hồ sơ đến sau 15 giờ hoặc vào ngày nghỉ thì tính từ ngày làm việc tiếp theo; hết hạn lúc 17 giờ ngày cuối.
Năm chưa công bố lịch nghỉ thì hạn được ghi rõ là tạm tính.

\b
Ví dụ:
  lienthong deadline 2026-07-10T15:01 --working-days 3
  lienthong deadline 2026-11-20T16:00 --working-days 5 --citizen --json
"""

_LAW_HELP = """Xem quy định áp dụng cho hồ sơ tiếp nhận vào một ngày. Không cần máy chủ.

Bao lâu, ai nói: thời hạn của cả nhóm theo từng trường hợp, và sơ đồ các thủ tục. Rồi từng thủ tục: cơ quan,
thời hạn, thời hạn khi phải xác minh, làm sau thủ tục nào, cần ai đồng ý, giấy tờ đính kèm, căn cứ pháp lý.

\b
Ví dụ:
  lienthong law --on 2026-07-01
  lienthong law --group birth
  lienthong law --group death --on 2026-11-19
  lienthong law --on 2027-03-01 --provisional --json
"""

_CHECKLIST_HELP = """Xem tờ khai cần kèm giấy tờ gì, còn thiếu gì. Không cần máy chủ.

Cho biết cả ai sẽ được hỏi ý kiến trên VNeID, lệ phí bao nhiêu, điều gì cần lưu ý.
Mã thoát 0: đủ giấy tờ; 3: còn thiếu; 2: tờ khai có chỗ phải sửa.

\b
Ví dụ:
  lienthong checklist samples/birth/no-birth-notice.json --on 2026-11-19
  lienthong checklist samples/death/insurance-lump-sum.json --on 2026-11-19
  lienthong checklist samples/birth/plain.json --on 2026-11-19 --json
"""

GroupOption = Annotated[
    str | None,
    typer.Option("--group", metavar="NHÓM", help="Nhóm thủ tục: birth (khai sinh), death (khai tử); bỏ trống: tất cả."),
]
OnOption = Annotated[
    str | None, typer.Option("--on", metavar="NGÀY", help="Ngày dạng năm-tháng-ngày; bỏ trống: hôm nay (giờ Việt Nam).")
]


class DeadlineAnswer(Model):
    """The answer of `deadline`. A citizen's limit ends at 24:00, given as the next midnight."""

    received_at: Instant
    working_days: int
    citizen: bool
    effective_date: date
    due_at: Instant
    provisional: bool
    explanation: tuple[str, ...]
    calendar_version: str


def register(app: typer.Typer) -> None:
    """Add the commands to an application."""
    app.command("deadline", help=_DEADLINE_HELP)(deadline)
    app.command("law", help=_LAW_HELP)(law)
    app.command("checklist", help=_CHECKLIST_HELP)(checklist)


def deadline(
    received_at: Annotated[
        str,
        typer.Argument(metavar="RECEIVED_AT", help="Lúc tiếp nhận, ISO 8601; không ghi múi giờ là giờ Việt Nam."),
    ],
    working_days: Annotated[
        str, typer.Option("--working-days", metavar="N", help="Số ngày làm việc; 0: ngay trong ngày làm việc.")
    ],
    citizen: Annotated[
        bool, typer.Option("--citizen", help="Hạn của công dân: không có quy tắc 15 giờ, hết 24:00 ngày cuối.")
    ] = False,
    calendar: Annotated[
        list[Path] | None,
        typer.Option("--calendar", metavar="TỆP", help="Tệp CSV thêm vào lịch làm việc; ghi được nhiều lần."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """When a limit of working days ends; under the receipt rule of the law in force."""
    received = _moment(received_at, as_json=as_json)
    limit = _working_days(working_days, as_json=as_json)
    known_days = _calendar(calendar or [], as_json=as_json)
    try:
        due = (
            citizen_due(received, limit, known_days)
            if citizen
            else agency_due(received, limit, known_days, _receipt_rule(received))
        )
    except (BeyondCalendar, ClockError) as error:
        _bad(received_at, str(error), as_json=as_json)
    answer = _answer(received, due, citizen=citizen)
    if as_json:
        emit_json(answer)
    else:
        _print_deadline(answer)


def law(
    on: OnOption = None,
    group: GroupOption = None,
    provisional: Annotated[
        bool, typer.Option("--provisional", help="Kể cả gói luật dự kiến, chưa áp dụng cho hồ sơ nào.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """What is in force on a date, for one group of procedures or for all."""
    groups = _groups(group, as_json=as_json)
    day = _day(on, as_json=as_json)
    pack = _pack(day, provisional=provisional, as_json=as_json)
    report = law_report(pack, day, groups)
    if as_json:
        emit_json(report)
    else:
        print_law(report)


def checklist(
    file: Annotated[Path, typer.Argument(metavar="TỆP", help="Tệp JSON của tờ khai; giấy tờ đính kèm ở bên cạnh.")],
    on: OnOption = None,
    as_json: JsonOption = False,
) -> None:
    """What the declaration in a file needs; exit code 3 while attachments are missing."""
    day = _day(on, as_json=as_json)
    pack = _pack(day, provisional=False, as_json=as_json)
    communes = known_communes(Settings(), as_json=as_json)
    try:
        declaration, _ = load_declaration_file(file, day, communes)
        found = checklist_of(pack, declaration, day, _calendar([], as_json=as_json), communes)
    except DeclarationErrors as errors:
        fail_declaration(errors, as_json=as_json)
    if as_json:
        emit_json(found)
    else:
        print_checklist(found)
    if not found.complete:
        raise typer.Exit(Exit.REFUSED)


def _moment(text: str, *, as_json: bool) -> datetime:
    """An instant; without an offset it is on the clock of Việt Nam."""
    written = text.strip().upper()
    if _is_day(written):
        _bad(text, "phải có cả giờ (vì quy tắc sau 15 giờ), ví dụ 2026-07-10T14:59", as_json=as_json)
    try:
        moment = datetime.fromisoformat(written) if _MOMENT.fullmatch(written) else None
    except ValueError:
        moment = None
    if moment is None:
        _bad(text, "không phải thời điểm ISO 8601, ví dụ 2026-07-10T14:59 hoặc 2026-07-10T14:59+07:00", as_json=as_json)
    return moment.replace(tzinfo=LEGAL_ZONE) if moment.utcoffset() is None else moment


def _day(text: str | None, *, as_json: bool) -> date:
    if text is None:
        return datetime.now(LEGAL_ZONE).date()
    if not _is_day(text.strip()):
        _bad(text, "không phải ngày dạng năm-tháng-ngày, ví dụ 2026-07-01", as_json=as_json)
    return date.fromisoformat(text.strip())


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _working_days(text: str, *, as_json: bool) -> int:
    written = text.strip()
    if not _WHOLE_NUMBER.fullmatch(written):
        _bad(text, "số ngày làm việc phải là số nguyên từ 0 trở lên, nhiều nhất 9 chữ số", as_json=as_json)
    if written.startswith("-"):
        _bad(text, "số ngày làm việc không được âm", as_json=as_json)
    return int(written)


def _bad(text: str, why: str, *, as_json: bool) -> NoReturn:
    shown = f"{text[:60]}…" if len(text) > 60 else text
    fail(Exit.USAGE, f"“{shown}”: {why}.", as_json=as_json)


def _calendar(extra: list[Path], *, as_json: bool) -> WorkingCalendar:
    """The packaged calendar with the files of the settings and then those of the command."""
    try:
        return load_calendar(*Settings().calendar, *extra)
    except CalendarError as error:
        fail(Exit.USAGE, f"{error}.", as_json=as_json)


def _receipt_rule(received: datetime) -> ReceiptRule:
    """The rule in force, before the first pack the first pack's."""
    try:
        pack = pack_in_force(legal_date(received))
    except LawError:
        pack = all_packs()[0]
    return pack.policies.receipt.rule


def _answer(received: datetime, due: Due, *, citizen: bool) -> DeadlineAnswer:
    assert due.at is not None, "a clock just started is not stopped"
    return DeadlineAnswer(
        received_at=received,
        working_days=due.working_days,
        citizen=citizen,
        effective_date=due.effective_date,
        due_at=due.at,
        provisional=due.provisional,
        explanation=due.explanation,
        calendar_version=due.calendar_version,
    )


def _print_deadline(answer: DeadlineAnswer) -> None:
    *reasons, ends = answer.explanation
    say(ends, style="bold")
    facts(
        [
            ("Ngày yêu cầu" if answer.citizen else "Ngày tiếp nhận để tính hạn", day_words(answer.effective_date)),
            ("Lịch làm việc", f"bản {answer.calendar_version}"),
        ]
    )
    say("Vì sao:")
    explain(reasons)


def _groups(name: str | None, *, as_json: bool) -> list[Group]:
    if name is None:
        return list(Group)
    if name not in list(Group):
        _bad(name, f"không có nhóm thủ tục này; hiện có: {', '.join(Group)}", as_json=as_json)
    return [Group(name)]


def _pack(on: date, *, provisional: bool, as_json: bool) -> LawPack:
    try:
        return pack_in_force(on, provisional=provisional)
    except LawError as error:
        fail(Exit.NOT_FOUND, str(error), as_json=as_json)
