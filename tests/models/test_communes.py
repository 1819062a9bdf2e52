"""Communes by date: what a code meant when, how an address is judged, and lists an operator loads."""

import json
import unicodedata
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from models.address import Address
from models.base import parts
from models.codes import provinces
from models.commune_files import COLUMNS, CommuneListError, load_communes, packaged_communes
from models.communes import Communes, Fault
from models.declaration_doubts import WarningCode
from models.form_doubts import doubts_of_form
from models.reading import DeclarationErrors, read_declaration
from tests.models.cases import SAMPLE_NAMES, changed, sample

LAST_OLD, FIRST_NEW, ON = date(2025, 6, 30), date(2025, 7, 1), date(2026, 11, 19)
HEADER = ",".join(COLUMNS)
NEW = "00070,Phường Hoàn Kiếm,phường,01,,,2025-07-01,,,QĐ 19/2025/QĐ-TTg,B"

WriteList = Callable[..., Path]


@pytest.fixture
def listed(tmp_path: Path) -> WriteList:
    """Writes a list of communes from rows."""

    def write(*rows: str, name: str = "xa.csv", header: str = HEADER) -> Path:
        path = tmp_path / name
        path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def hue(listed: WriteList) -> Communes:
    """The whole list of one province, as many communes as published: 46, with 40."""
    rows = [f"{20_000 + at},Xã Thử {at},xã,46,,,2025-07-01,,,danh mục thử,D" for at in range(40)]
    return load_communes(listed("*,,,46,,,2025-07-01,,,danh mục thử,D", *rows))


def place(**fields: Any) -> Address:
    home = {"codes_on": "2026-11-01", "province_code": "46", "commune_code": "20000", "commune_name": "Xã Thử 0"}
    return Address.model_validate({**home, **fields})


# --- The packaged ones -----------------------------------------------------------------------------------------------


def test_a_reused_commune_code_means_what_it_meant_on_the_date() -> None:
    found = [packaged_communes().find("07375", on) for on in (LAST_OLD, FIRST_NEW)]
    assert [(one.name, one.district_code) for one in found if one] == [("Thị trấn Vôi", "217"), ("Xã Lạng Giang", None)]


def test_an_old_commune_has_a_successor_only_if_it_went_whole_into_one() -> None:
    known = packaged_communes()
    whole, divided = known.find("00061", LAST_OLD), known.find("00055", LAST_OLD)
    assert whole is not None
    assert divided is not None
    assert (whole.successor, whole.successors) == ("00070", ("00070",))
    assert (divided.successor, divided.successors) == (None, ("00004", "00070"))


def test_a_commune_is_found_by_code_or_whole_name() -> None:
    known = packaged_communes()
    for text in ("00070", "Phường Hoàn Kiếm", "hoàn  kiếm"):
        assert [one.code for one in known.meanings(text)] == ["00070"]
    assert [one.name for one in known.meanings("07375")] == ["Thị trấn Vôi", "Xã Lạng Giang"]
    assert known.meanings("Hoàn") == known.meanings("70") == ()


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_every_place_of_the_samples_is_known_under_its_name(name: str) -> None:
    known = packaged_communes()
    places = [value for _, value in parts(sample(name)) if isinstance(value, Address)]
    assert places
    for one in places:
        assert known.known(one)
        assert known.fault(one) is None
        assert not known.name_differs(one)


def test_without_a_whole_list_an_unknown_code_passes_and_is_said_to_be_unchecked() -> None:
    form = changed(sample("plain"), child={"hometown": {**place().model_dump(mode="json"), "commune_code": "99999"}})
    assert read_declaration(json.loads(form.model_dump_json()), ON) == form
    [doubt] = doubts_of_form(form, packaged_communes())
    assert doubt.code is WarningCode.COMMUNE_UNCHECKED
    assert "Quê quán" in doubt.text
    assert "99999" not in doubt.text


# --- A whole list ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({}, None, ""),
        ({"commune_code": "20040"}, "commune_code", "Không có xã, phường, đặc khu mang mã này vào ngày 01/11/2026"),
        ({"commune_code": "20000", "province_code": "01"}, "commune_code", "thuộc tỉnh mã 46"),
        ({"commune_code": "99999", "province_code": "01"}, None, ""),
        ({"commune_code": "99999", "codes_on": "2025-06-30", "district_code": "474"}, None, ""),
    ],
)  # fmt: skip
def test_a_whole_list_refuses_unknown_codes_of_its_province_and_time_only(
    hue: Communes, fields: dict[str, Any], field: str | None, said: str
) -> None:
    fault = hue.fault(place(**fields))
    assert (fault and fault.field) == field
    assert said in (fault.message if fault else "")


def test_a_place_abroad_has_no_commune(hue: Communes) -> None:
    abroad = Address(country="JP", detail="Tokyo")
    assert hue.known(abroad)
    assert hue.fault(abroad) is None
    assert not hue.name_differs(abroad)


def test_the_district_of_an_old_commune_must_be_its_own() -> None:
    old = {"codes_on": "2025-06-30", "province_code": "24", "commune_code": "07375", "commune_name": "Thị trấn Vôi"}
    assert packaged_communes().fault(place(**old, district_code="217")) is None
    assert packaged_communes().fault(place(**old, district_code="213")) == Fault(
        "district_code", "Xã, phường mang mã đã ghi thuộc huyện mã 217."
    )


@pytest.mark.parametrize(
    ("name", "differs"),
    [
        ("Xã Thử 0", False),
        ("Thử 0", False),
        ("XÃ  THỬ-0", False),
        (None, False),
        ("Xã Thử", True),
        ("Phường Thử 0", True),
    ],
)
def test_a_name_that_is_not_the_codes_own_is_a_doubt_and_no_fault(
    hue: Communes, name: str | None, differs: bool
) -> None:
    form = changed(sample("plain"), child={"hometown": place(commune_name=name).model_dump(mode="json")})
    doubts = [doubt.code for doubt in doubts_of_form(form, hue)]
    assert doubts == ([WarningCode.COMMUNE_NAME_DIFFERS] if differs else [])
    assert hue.fault(form.child.hometown) is None


def test_a_declaration_is_refused_by_the_field_with_everything_else(hue: Communes) -> None:
    data = sample("plain").model_dump(mode="json")
    data["child"]["hometown"] = {"codes_on": "2026-11-01", "province_code": "46", "commune_code": "20040"}
    data["birth_notice"]["issued_on"] = "2026-11-20"
    with pytest.raises(DeclarationErrors) as caught:
        read_declaration(data, ON, hue)
    assert [(one.path, one.field) for one in caught.value.problems] == [
        ("birth_notice.issued_on", "Giấy chứng sinh – Ngày cấp"),
        ("child.hometown.commune_code", "Người được khai sinh – Quê quán – Xã, phường, đặc khu"),
    ]


def test_a_later_whole_list_takes_the_place_of_what_was_known_before(listed: WriteList) -> None:
    """A commune abolished since is not known from an older list: here all 15 packaged ones of Hà Nội but one."""
    rows = [f"{10_000 + at},Xã Thử {at},xã,01,,,2027-01-01,,,danh mục thử,D" for at in range(3)]
    known = load_communes(listed("*,,,01,,,2027-01-01,,,danh mục thử,D", *rows, NEW))
    assert known.find("00070", date(2027, 1, 1)) is not None
    assert known.find("00166", date(2026, 12, 31)) is not None
    assert known.find("00166", date(2027, 1, 1)) is None
    assert known.of_province("01", date(2027, 1, 1)) == 4


def test_of_two_files_the_later_is_believed(listed: WriteList) -> None:
    renamed = "00070,Phường Đổi Tên,phường,01,,,2026-01-01,,,NQ thử,D"
    known = load_communes(listed(NEW, name="a.csv"), listed(renamed, name="b.csv"))
    names = [one.name for on in (FIRST_NEW, ON) if (one := known.find("00070", on))]
    assert names == ["Phường Hoàn Kiếm", "Phường Đổi Tên"]


def test_a_list_for_every_province_is_counted_province_by_province(listed: WriteList) -> None:
    with pytest.raises(CommuneListError) as caught:
        load_communes(listed("*,,,*,,,2025-07-01,,,danh mục thử,D", NEW))
    assert len(caught.value.problems) == len(provinces(FIRST_NEW))
    assert "Thành phố Hà Nội có 1 xã" in caught.value.problems[0]
    assert "số đã công bố là 126" in caught.value.problems[0]


# --- Files that cannot be used ---------------------------------------------------------------------------------------

BAD_ROWS = [
    ("70,Phường A,phường,01,,,2025-07-01,,,x,B", "code", "đúng 5 chữ số"),
    ("00071,Phường A,phường,1,,,2025-07-01,,,x,B", "province_code", "đúng 2 chữ số"),
    ("00071,Phường A,phường,02,,,2025-07-01,,,x,B", "province_code", "không có tỉnh mã 02 vào ngày 01/07/2025"),
    ("00071,A,phường,01,,,2025-07-01,,,x,B", "name", "phải bắt đầu bằng “phường”"),
    ("00071,,phường,01,,,2025-07-01,,,x,B", "name", "ký tự"),
    ("00071,Phố A,phố,01,,,2025-07-01,,,x,B", "type", "xã, phường, thị trấn, đặc khu"),
    ("00071,Phường A,phường,01,002,,2025-07-01,,,x,B", "district_code", "không còn cấp huyện"),
    ("00071,Phường A,phường,01,,,,2025-06-30,,x,B", "district_code", "đúng 3 chữ số"),
    ("00071,Phường A,phường,01,002,Quận A,,,,x,B", "valid_to", "phải trước ngày 01/07/2025"),
    ("00071,Phường A,phường,01,002,Quận A,2020-01-01,2025-07-01,,x,B", "valid_to", "phải trước ngày 01/07/2025"),
    ("00071,Phường A,phường,01,,,01/07/2025,,,x,B", "valid_from", "“01/07/2025”"),
    ("00071,Phường A,phường,01,,,2026-01-02,2026-01-01,,x,B", "valid_to", "trước valid_from"),
    ("00071,Phường A,phường,01,002,Quận A,,2025-06-30,7,x,B", "successors", "cách nhau bằng dấu |"),
    ("00071,Phường A,phường,01,,,2025-07-01,,00072,x,B", "successors", "chỉ ghi khi có valid_to"),
    ("00071,Phường A,phường,01,,,2025-07-01,,,,B", "basis", "căn cứ"),
    ("*,,,99,,,2025-07-01,,,x,B", "province_code", "không có tỉnh mã 99"),
]


@pytest.mark.parametrize(("row", "column", "said"), BAD_ROWS, ids=[f"{row[1]}: {row[2]}" for row in BAD_ROWS])
def test_a_bad_row_is_told_with_file_line_and_column(listed: WriteList, row: str, column: str, said: str) -> None:
    path = listed(NEW, "", row)
    with pytest.raises(CommuneListError) as caught:
        load_communes(path)
    assert any(one.startswith(f"{path}, dòng 4, cột {column}: ") and said in one for one in caught.value.problems)


def test_everything_wrong_in_all_files_is_told_at_once(listed: WriteList, tmp_path: Path) -> None:
    one = listed(NEW, NEW.replace("2025-07-01", "2026-07-01"), "1,2", name="a.csv")
    other = listed(name="b.csv", header="code;name")
    missing = tmp_path / "c.csv"
    latin = tmp_path / "d.csv"
    latin.write_bytes(f"{HEADER}\n".encode() + "00070,Phường".encode("cp1258", "replace") + b"\xff\n")
    with pytest.raises(CommuneListError) as caught:
        load_communes(one, other, missing, latin)
    assert [problem.split(":")[0] for problem in caught.value.problems] == [
        f"{one}, dòng 4",
        f"{one}, dòng 3, cột code",
        f"{other}, dòng 1",
        f"{missing}",
        f"{latin}, dòng 2",
    ]
    assert f"đã có ở {one}, dòng 2" in str(caught.value)


def test_a_flood_of_errors_is_cut_short(listed: WriteList) -> None:
    with pytest.raises(CommuneListError) as caught:
        load_communes(listed(*["x"] * 1000))
    assert len(caught.value.problems) == 201
    assert caught.value.problems[-1] == "… và 800 lỗi khác"


def test_a_list_may_come_with_a_byte_order_mark_and_in_nfd(tmp_path: Path) -> None:
    path = tmp_path / "xa.csv"
    path.write_bytes(b"\xef\xbb\xbf" + unicodedata.normalize("NFD", f"{HEADER}\r\n{NEW}\r\n").encode())
    found = load_communes(path).find("00070", ON)
    assert found is not None
    assert found.name == unicodedata.normalize("NFC", "Phường Hoàn Kiếm")


def test_the_walk_through_a_form_meets_every_address() -> None:
    form = sample("grandparents-home")
    met = {".".join(map(str, path)) for path, value in parts(form) if isinstance(value, Address)}
    assert {"child.hometown", "applicant.residence.address", "results.residence_notice_paper.address"} <= met
    assert len(met) == form.model_dump_json().count('"codes_on":')
