"""Lists of communes as CSV files: the packaged one (communes of the samples) and those of an operator.

An operator's file (setting LIENTHONG_COMMUNES) has the columns of `models/data/communes.csv`. A row with code `*` says
that the list is whole: for the province it names, or `*` for every one, between its dates, on the basis it cites.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from importlib import resources
from io import StringIO
from itertools import combinations, groupby
from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from models.base import Text, nfc
from models.codes import Tiers, fold, province, provinces, tiers_on, two_tiers_from
from models.communes import Commune, CommuneList, Communes, CommuneType, WholeList

COLUMNS = (
    "code",
    "name",
    "type",
    "province_code",
    "district_code",
    "district_name",
    "valid_from",
    "valid_to",
    "successors",
    "basis",
    "confidence",
)
"""The columns of a list of communes, in this order."""

EVERY = "*"

MAX_ERRORS = 200
"""How many faults are reported; a file that has more is no list of communes."""

_PACKAGED = "communes.csv"
_DIGITS = {"code": 5, "province_code": 2, "district_code": 3}
_NAME: TypeAdapter[str] = TypeAdapter(Text)

Cells = dict[str, str]


class CommuneListError(ValueError):
    """Lists of communes that cannot be used; `problems` names file, line and column of everything wrong."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        more = len(problems) - MAX_ERRORS
        self.problems = (*problems[:MAX_ERRORS], f"… và {more} lỗi khác") if more > 0 else problems
        super().__init__("\n".join(self.problems))


class _Row(NamedTuple):
    where: str
    content: Commune | WholeList


@cache
def packaged_communes() -> Communes:
    """The communes of the samples."""
    return load_communes()


def load_communes(*extra: Path) -> Communes:
    """The packaged communes and those of operator files; where two files speak of one code, the later one is believed.

    Raises CommuneListError with everything wrong in all files: unreadable, not UTF-8, rows that cannot be right, two
    rows of one file for one code on one day. Only when nothing else is wrong can a list said to be whole be counted: it
    must have the number of communes published for 2025-07-01.
    """
    problems: list[str] = []
    files = [_file(_PACKAGED, resources.files("models").joinpath("data", _PACKAGED).read_bytes(), problems)]
    for path in extra:
        try:
            content = path.read_bytes()
        except OSError as error:
            problems.append(f"{path}: không đọc được tệp danh mục xã ({error.strerror})")
        else:
            files.append(_file(str(path), content, problems))
    communes = Communes(_list(rows) for rows in files)
    problems = problems or [text for rows in files for text in _shortfalls(rows, communes)]
    if problems:
        raise CommuneListError(tuple(problems))
    return communes


def _list(rows: Iterable[_Row]) -> CommuneList:
    contents = [row.content for row in rows]
    return CommuneList(
        communes=tuple(one for one in contents if isinstance(one, Commune)),
        whole=tuple(one for one in contents if isinstance(one, WholeList)),
    )


def _file(name: str, content: bytes, problems: list[str]) -> list[_Row]:
    """The rows of one file that are right; what is wrong with the others goes to `problems`."""
    rows: list[_Row] = []
    for line, cells in _lines(name, content, problems):
        where = f"{name}, dòng {line}"
        faults = list(_faults(cells))
        problems += [f"{where}, cột {column}: {text}" for column, text in faults]
        if not faults:
            rows.append(_Row(where, _whole(cells) if cells["code"] == EVERY else _commune(cells)))
    problems += _overlaps(rows)
    return rows


def _lines(name: str, content: bytes, problems: list[str]) -> Iterator[tuple[int, Cells]]:
    """The rows of a CSV file as cells by column, with their line numbers."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problems.append(f"{name}, dòng {line}: tệp danh mục xã phải là UTF-8")
        return
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        if next(reader, None) != list(COLUMNS):
            problems.append(f"{name}, dòng 1: dòng tiêu đề phải là {','.join(COLUMNS)}")
            return
        for cells in reader:
            if len(cells) == len(COLUMNS):
                yield reader.line_num, dict(zip(COLUMNS, (str(nfc(cell)).strip() for cell in cells), strict=True))
            elif cells:
                problems.append(f"{name}, dòng {reader.line_num}: có {len(cells)} cột, phải có {len(COLUMNS)} cột")
    except csv.Error as error:
        problems.append(f"{name}, dòng {reader.line_num}: không phải CSV hợp lệ ({error})")


def _faults(cells: Cells) -> Iterator[tuple[str, str]]:
    """What is wrong in a row, by column."""
    for column in ("basis", "confidence"):
        if not cells[column]:
            yield column, "không được để trống (mỗi dòng phải có căn cứ)"
    days = {column: _day(cells[column]) for column in ("valid_from", "valid_to")}
    for column, day in days.items():
        if cells[column] and day is None:
            yield column, f"giá trị “{cells[column]}” không hợp lệ, cần ngày dạng YYYY-MM-DD hoặc để trống"
    first, last = days["valid_from"], days["valid_to"]
    if first and last and last < first:
        yield "valid_to", "trước valid_from"
    if (cells["code"], cells["province_code"]) != (EVERY, EVERY):
        yield from _province_faults(cells, first, last)
    if cells["code"] == EVERY:
        return
    yield from _shape_faults(cells)
    if not cells["valid_to"] and cells["successors"]:
        yield "successors", "chỉ ghi khi có valid_to"
    if all(day or not cells[column] for column, day in days.items()):
        yield from _tier_faults(cells, first, last)


def _shape_faults(cells: Cells) -> Iterator[tuple[str, str]]:
    if not _is_code(cells["code"], "code"):
        yield "code", f"giá trị “{cells['code']}” không hợp lệ, cần đúng 5 chữ số (giữ số 0 ở đầu), hoặc {EVERY}"
    if any(not _is_code(code, "code") for code in _successors(cells)):
        yield "successors", "cần các mã 5 chữ số, cách nhau bằng dấu |"
    kinds = ", ".join(CommuneType)
    if cells["type"] not in list(CommuneType):
        yield "type", f"giá trị “{cells['type']}” không hợp lệ, cần một trong: {kinds}"
    elif not fold(cells["name"]).startswith(f"{cells['type']} "):
        yield "name", f"phải bắt đầu bằng “{cells['type']}” như cột type"
    try:
        _NAME.validate_python(cells["name"])
    except ValidationError:
        yield "name", "cần tên gồm 1 đến 500 ký tự in được"


def _province_faults(cells: Cells, first: date | None, last: date | None) -> Iterator[tuple[str, str]]:
    code = cells["province_code"]
    if not _is_code(code, "province_code"):
        yield "province_code", f"giá trị “{code}” không hợp lệ, cần đúng 2 chữ số"
        return
    for day in dict.fromkeys(filter(None, (first, last))):
        if province(code, day) is None:
            yield "province_code", f"không có tỉnh mã {code} vào ngày {day:%d/%m/%Y}"


def _tier_faults(cells: Cells, first: date | None, last: date | None) -> Iterator[tuple[str, str]]:
    """Three tiers end with 2025-06-30: a row is of one time or the other."""
    begins = two_tiers_from()
    if first and tiers_on(first) is Tiers.TWO:
        if cells["district_code"] or cells["district_name"]:
            yield "district_code", f"không ghi: từ ngày {begins:%d/%m/%Y} không còn cấp huyện"
        return
    if last is None or last >= begins:
        yield "valid_to", f"phải trước ngày {begins:%d/%m/%Y}: từ ngày đó mọi xã có dòng mới"
    if not _is_code(cells["district_code"], "district_code"):
        yield "district_code", f"cần đúng 3 chữ số: trước ngày {begins:%d/%m/%Y} còn cấp huyện"


def _overlaps(rows: list[_Row]) -> Iterator[str]:
    """Two rows of one file for the same code on the same day."""
    communes = sorted(
        ((row.content, row.where) for row in rows if isinstance(row.content, Commune)), key=lambda one: one[0].code
    )
    for code, same in groupby(communes, key=lambda one: one[0].code):
        for (one, earlier), (other, where) in combinations(same, 2):
            if (one.valid_from or date.min) <= (other.valid_to or date.max) and (other.valid_from or date.min) <= (
                one.valid_to or date.max
            ):
                yield f"{where}, cột code: mã {code} đã có ở {earlier} trong cùng thời gian"


def _shortfalls(rows: Iterable[_Row], communes: Communes) -> Iterator[str]:
    """Lists said to be whole on 2025-07-01 that have another number of communes than published for that day."""
    day = two_tiers_from()
    for row in rows:
        if not isinstance(row.content, WholeList) or not row.content.in_force(day):
            continue
        for one in provinces(day):
            listed = communes.of_province(one.code, day)
            if row.content.province_code in (None, one.code) and one.communes not in (None, listed):
                yield (
                    f"{row.where}: ghi là đủ, nhưng {one.full_name} có {listed} xã, phường, đặc khu"
                    f" vào ngày {day:%d/%m/%Y}; số đã công bố là {one.communes}"
                )


def _commune(cells: Cells) -> Commune:
    return Commune(
        code=cells["code"],
        name=cells["name"],
        type=CommuneType(cells["type"]),
        province_code=cells["province_code"],
        district_code=cells["district_code"] or None,
        district_name=cells["district_name"] or None,
        valid_from=_day(cells["valid_from"]),
        valid_to=_day(cells["valid_to"]),
        successors=_successors(cells),
    )


def _whole(cells: Cells) -> WholeList:
    return WholeList(
        province_code=None if cells["province_code"] == EVERY else cells["province_code"],
        valid_from=_day(cells["valid_from"]),
        valid_to=_day(cells["valid_to"]),
    )


def _successors(cells: Cells) -> tuple[str, ...]:
    return tuple(filter(None, cells["successors"].split("|")))


def _is_code(text: str, column: str) -> bool:
    return re.fullmatch(f"[0-9]{{{_DIGITS[column]}}}", text) is not None


def _day(text: str) -> date | None:
    """The day written, None when there is none or it is no day."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None
