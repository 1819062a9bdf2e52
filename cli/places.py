"""Commands on places: what a province or commune code means when, and whether a list of communes can be used."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.output import Exit, JsonOption, emit_json, fail, say, table
from models.base import LEGAL_ZONE, Model
from models.codes import (
    Province,
    predecessors,
    province,
    province_meanings,
    province_named,
    provinces,
    successor,
    two_tiers_from,
)
from models.commune_files import CommuneListError, load_communes
from models.communes import Commune, Communes
from settings import Settings

_PROVINCES_HELP = """Tỉnh, thành phố theo ngày: mã, tên, nay là tỉnh nào. Không cần máy chủ.

Mã tỉnh không kèm ngày là chưa đủ: từ 01/07/2025 các mã 15, 24, 44, 52, 80, 82, 91 chỉ tỉnh khác.

\b
Ví dụ:
  lienthong provinces 24
  lienthong provinces "Bắc Ninh" --on 2025-06-30 --json
"""

_COMMUNES_HELP = """Danh mục xã, phường, đặc khu: tra cứu, kiểm tra tệp. Không cần máy chủ.

Hệ thống chỉ có sẵn các xã của tờ khai mẫu. Danh mục đủ là tệp CSV đặt trong LIENTHONG_COMMUNES, ví dụ
LIENTHONG_COMMUNES='["xa.csv"]'; đổi tệp thì khởi động lại worker. Mỗi dòng một xã trong một khoảng thời gian:

\b
code,name,type,province_code,district_code,district_name,valid_from,valid_to,successors,basis,confidence
00070,Phường Hoàn Kiếm,phường,01,,,2025-07-01,,,QĐ 19/2025/QĐ-TTg,B
*,,,01,,,2025-07-01,,,QĐ 19/2025/QĐ-TTg,B

Dòng có code là * nói rằng danh mục đã đủ cho tỉnh đó (hoặc * ở province_code: mọi tỉnh) trong thời gian đó; khi ấy mã
không có trong danh mục bị từ chối. Không có dòng ấy thì mã lạ được nhận và hồ sơ ghi rõ là chưa đối chiếu.
"""

_CHECK_HELP = """Kiểm tra tệp danh mục xã trước khi dùng: báo mọi lỗi, theo dòng và cột.

\b
Ví dụ:
  lienthong communes check xa.csv
  lienthong communes check xa-2025.csv xa-2026.csv --json
"""

_FIND_HELP = """Một mã hoặc tên xã chỉ nơi nào, vào lúc nào; xã cũ nay thuộc xã nào.

Xã cũ chia cho nhiều xã mới thì không máy nào quyết định được: phải biết thôn, tổ dân phố.

\b
Ví dụ:
  lienthong communes find 07375
  lienthong communes find "Hoàn Kiếm" --json
"""


OnOption = Annotated[
    str | None, typer.Option("--on", metavar="NGÀY", help="Ngày dạng năm-tháng-ngày; bỏ trống: hôm nay (giờ Việt Nam).")
]


class ProvinceAnswer(Model):
    """A province between two dates, with those it was made of on 2025-07-01 or the one it became part of then."""

    code: str
    name: str
    valid_from: date | None
    valid_to: date | None
    made_of: tuple[str, ...]
    became: str | None


class CommuneAnswer(Model):
    """A commune between two dates. `successor` is None where it was divided: a person decides among `successors`."""

    code: str
    name: str
    province: str
    district: str | None
    valid_from: date | None
    valid_to: date | None
    successors: tuple[str, ...]
    successor: str | None


class ProvinceCount(Model):
    """How many communes of a province are listed on a day; `whole`: a list says that these are all."""

    province: str
    communes: int
    whole: bool


def register(app: typer.Typer) -> None:
    """Add the commands to an application."""
    app.command("provinces", help=_PROVINCES_HELP)(list_provinces)
    communes = typer.Typer(no_args_is_help=True, help=_COMMUNES_HELP)
    communes.command("check", help=_CHECK_HELP)(check)
    communes.command("find", help=_FIND_HELP)(find)
    app.add_typer(communes, name="communes")


def known_communes(settings: Settings, *extra: Path, as_json: bool) -> Communes:
    """The communes of these settings and files; the command ends, with everything wrong, when they cannot be used."""
    try:
        return load_communes(*settings.communes, *extra)
    except CommuneListError as error:
        fail(Exit.USAGE, f"Danh mục xã có {len(error.problems)} lỗi.", *error.problems, as_json=as_json)


def list_provinces(
    text: Annotated[
        str | None,
        typer.Argument(metavar="[MÃ|TÊN]", help="Mã (không kèm ngày: mọi nghĩa của mã) hoặc tên; bỏ trống: mọi tỉnh."),
    ] = None,
    on: OnOption = None,
    as_json: JsonOption = False,
) -> None:
    """The provinces of a day, the one of a name, or everything a code has meant."""
    day = _day(on, as_json=as_json)
    if text is None:
        rows = provinces(day)
    elif text.isdigit():
        rows = tuple(row for row in province_meanings(text) if on is None or row.in_force(day))
    else:
        rows = tuple(filter(None, (province_named(text, day),)))
    if not rows:
        fail(Exit.NOT_FOUND, "Không có tỉnh nào mang mã hoặc tên này vào lúc đó.", as_json=as_json)
    answers = [_province(row) for row in rows]
    if as_json:
        emit_json(answers)
        return
    cells = [(one.code, one.name, _when(one), ", ".join(one.made_of) or f"nay thuộc {one.became}") for one in answers]
    table(None, ("Mã", "Tỉnh, thành phố", "Thời gian", "Gồm các tỉnh cũ"), cells)


def check(
    files: Annotated[list[Path], typer.Argument(metavar="TỆP...", help="Tệp CSV; tệp sau thay tệp trước.")],
    on: OnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read the files as the system would, with those of the settings; what they hold, or everything wrong."""
    day = _day(on, as_json=as_json)
    communes = known_communes(Settings(), *files, as_json=as_json)
    counts = [
        ProvinceCount(
            province=row.full_name, communes=communes.of_province(row.code, day), whole=communes.whole(row.code, day)
        )
        for row in provinces(day)
    ]
    if as_json:
        emit_json(counts)
        return
    say(f"Dùng được. Vào ngày {day:%d/%m/%Y}:")
    cells = [(one.province, str(one.communes), "đủ" if one.whole else "chưa đủ") for one in counts if one.communes]
    table(None, ("Tỉnh, thành phố", "Số xã", "Danh mục"), cells)


def find(
    text: Annotated[str, typer.Argument(metavar="MÃ|TÊN", help="Mã 5 chữ số, hoặc tên, kể cả dấu.")],
    as_json: JsonOption = False,
) -> None:
    """Everything a commune code or name has meant."""
    communes = known_communes(Settings(), as_json=as_json)
    answers = [_commune(row) for row in communes.meanings(text)]
    if not answers:
        hint = "Chưa nạp danh mục đủ thì chỉ có các xã của tờ khai mẫu: xem lienthong communes --help"
        fail(Exit.NOT_FOUND, "Không thấy xã nào mang mã hoặc tên này.", hint, as_json=as_json)
    if as_json:
        emit_json(answers)
        return
    cells = [(one.code, one.name, one.district or "", one.province, _when(one), _became(one)) for one in answers]
    table(None, ("Mã", "Xã, phường", "Huyện", "Tỉnh", "Thời gian", "Nay thuộc"), cells)


def _province(row: Province) -> ProvinceAnswer:
    became = successor(row)
    return ProvinceAnswer(
        code=row.code,
        name=row.full_name,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        made_of=tuple(one.full_name for one in predecessors(row)),
        became=became.full_name if became else None,
    )


def _commune(row: Commune) -> CommuneAnswer:
    home = province(row.province_code, row.valid_to or row.valid_from or two_tiers_from())
    return CommuneAnswer(
        code=row.code,
        name=row.name,
        province=home.full_name if home else row.province_code,
        district=row.district_name,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        successors=row.successors,
        successor=row.successor,
    )


def _became(one: CommuneAnswer) -> str:
    if one.successor or not one.successors:
        return one.successor or ""
    return f"chia cho {', '.join(one.successors)}: phải có người xác định"


def _when(one: ProvinceAnswer | CommuneAnswer) -> str:
    first = f"từ {one.valid_from:%d/%m/%Y}" if one.valid_from else ""
    last = f"đến {one.valid_to:%d/%m/%Y}" if one.valid_to else ""
    return f"{first} {last}".strip()


def _day(text: str | None, *, as_json: bool) -> date:
    try:
        return date.fromisoformat(text) if text else datetime.now(LEGAL_ZONE).date()
    except ValueError:
        fail(Exit.USAGE, "Ngày phải ghi theo dạng năm-tháng-ngày, ví dụ: 2026-07-01.", as_json=as_json)
