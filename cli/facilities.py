"""`facilities`: how health facilities sign birth and death notices, for operators and provinces."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated

import typer

from cli.context import open_ledger
from cli.output import Exit, JsonOption, emit_json, fail, say, table
from ledger.notice_checks import NoticeChecks
from models.base import Code, Model, Text
from models.notice_checks import FacilityMonth
from settings import Settings
from trust.facilities import Facilities
from trust.roots import TrustUnusable

_HELP = """Cơ sở khám bệnh, chữa bệnh ký số Giấy chứng sinh, Giấy báo tử thế nào: theo cơ sở và tháng tra cứu.

Mỗi lần hồ sơ tra cứu một giấy là một lượt. “Ký đúng”: chữ ký khớp với nội dung, chứng thư số được tin cậy và là của
chính cơ sở đó (LIENTHONG_TRUST_ROOTS, LIENTHONG_FACILITIES). Ký sai được tách ra để biết cơ sở phải sửa gì:

\b
không kiểm tra được: sai quy cách, thiếu chứng thư số, thuật toán cũ, hai chữ ký
không khớp: nội dung bị đổi sau khi ký, hoặc là của giấy khác
không tin cậy: chứng thư hết hạn, bị thu hồi, của cơ sở khác, không rõ ai cấp

Danh mục cơ sở là tệp CSV bằng UTF-8, ví dụ LIENTHONG_FACILITIES='["co-so.csv"]'; mỗi dòng một chứng thư của một cơ sở,
nhận ra theo UID của chủ thể (MST:mã_số_thuế); bỏ trống ngày nghĩa là không giới hạn:

\b
facility_code,name,province_code,subject_uid,valid_from,valid_until
01901,Bệnh viện Phụ sản,01,MST:0100000901,2025-01-01,

Lỗi ở đây là của cơ sở, không phải của công dân: họ chỉ bị hỏi thêm giấy tờ thay thế. Lý do của từng giấy:
lienthong show MÃ_HỒ_SƠ. Dòng không có mã cơ sở: không tìm thấy giấy, hoặc cổng dữ liệu không nêu cơ sở.

\b
Ví dụ:
  lienthong facilities
  lienthong facilities --from 2026-11-01 --until 2026-11-30
  lienthong facilities --facility 01901 --json
"""


class FacilityRow(Model):
    """A facility in a month (`yyyy-mm`); `wrongly_signed` is the sum of the three that follow."""

    facility: Code | None
    name: Text | None
    province_code: Code | None
    month: str
    looked_up: int
    signed: int
    unsigned: int
    wrongly_signed: int
    unverifiable: int
    broken: int
    untrusted: int
    not_found: int


_COUNTS = (
    *("looked_up", "signed", "unsigned", "wrongly_signed"),
    *("unverifiable", "broken", "untrusted", "not_found"),
)
_COLUMNS = (
    *("Cơ sở", "Tên", "Tỉnh", "Tháng", "Tra cứu", "Ký đúng", "Chưa ký", "Ký sai"),
    *("không kiểm tra được", "không khớp", "không tin cậy", "Không thấy"),
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("facilities", help=_HELP)(facilities)


def facilities(
    since: Annotated[
        str | None, typer.Option("--from", metavar="NGÀY", help="Từ ngày này (năm-tháng-ngày, giờ Việt Nam).")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="NGÀY", help="Đến hết ngày này.")] = None,
    facility: Annotated[str | None, typer.Option(metavar="MÃ", help="Chỉ cơ sở có mã này, ví dụ 01901.")] = None,
    as_json: JsonOption = False,
) -> None:
    """How facilities sign, by facility and month."""
    first, last = _day(since, as_json=as_json), _day(until, as_json=as_json)
    if first and last and first > last:
        fail(Exit.USAGE, "Ngày ở --from phải không sau ngày ở --until.", as_json=as_json)
    settings = Settings()
    known = _register(settings, as_json=as_json)
    ledger: NoticeChecks = open_ledger(settings, as_json=as_json)
    rows = [_row(month, known) for month in ledger.facility_months(first, last, facility)]
    if as_json:
        emit_json(rows)
    elif not rows:
        say("Chưa có lượt tra cứu Giấy chứng sinh, Giấy báo tử nào trong thời gian này.")
    else:
        table("Ký số Giấy chứng sinh, Giấy báo tử", _COLUMNS, [*map(_cells, rows), *_total(rows)])


def _row(month: FacilityMonth, known: Facilities) -> FacilityRow:
    found = known.known(month.facility) if month.facility else None
    return FacilityRow(
        facility=month.facility,
        name=found.name if found else None,
        province_code=found.province_code if found else None,
        month=f"{month.month:%Y-%m}",
        **{count: getattr(month, count) for count in _COUNTS},
    )


def _cells(row: FacilityRow) -> Sequence[str]:
    return (
        *(row.facility or "–", row.name or "–", row.province_code or "–", row.month),
        *(str(getattr(row, count)) for count in _COUNTS),
    )


def _total(rows: Sequence[FacilityRow]) -> Iterable[Sequence[str]]:
    if len(rows) > 1:
        yield ("Tổng", "", "", "", *(str(sum(getattr(row, count) for row in rows)) for count in _COUNTS))


def _register(settings: Settings, *, as_json: bool) -> Facilities:
    try:
        return Facilities.load(settings.facilities)
    except TrustUnusable as error:
        fail(Exit.USAGE, str(error), as_json=as_json)


def _day(text: str | None, *, as_json: bool) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        fail(Exit.USAGE, f"Ngày “{text}” không đúng dạng năm-tháng-ngày, ví dụ 2026-11-19.", as_json=as_json)
