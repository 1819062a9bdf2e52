"""The register of facilities: read whole or refused with file and line."""

from datetime import date
from pathlib import Path

import pytest

from simulator.notices import REGISTER
from trust.facilities import COLUMNS, Facilities
from trust.roots import TrustUnusable

HEAD = ",".join(COLUMNS)


def loaded(folder: Path, *rows: str, head: str = HEAD) -> Facilities:
    file = folder / "co-so.csv"
    file.write_text("\n".join((head, *rows)), "utf-8-sig")
    return Facilities.load([file])


def test_a_row_holds_from_its_first_to_its_last_day(tmp_path: Path) -> None:
    register = loaded(tmp_path, "01901,Bệnh viện,01,MST:0100000901,2026-01-02,2026-11-30")
    days = {
        day: register.signs("01901", "MST:0100000901", date.fromisoformat(day))
        for day in ("2026-01-01", "2026-01-02", "2026-11-30", "2026-12-01")
    }
    assert list(days.values()) == [False, True, True, False]


def test_another_subject_or_facility_signs_nothing(tmp_path: Path) -> None:
    register = loaded(tmp_path, "01901,Bệnh viện,01,MST:0100000901,,")
    on = date(2026, 11, 19)
    assert register.signs("01901", "MST:0100000901", on)
    assert not register.signs("01901", "MST:0100000902", on)
    assert not register.signs("01902", "MST:0100000901", on)
    assert not Facilities().signs("01901", "MST:0100000901", on)


def test_the_last_row_of_a_facility_names_it(tmp_path: Path) -> None:
    register = loaded(tmp_path, "01901,Bệnh viện mới,01,MST:2,2026-07-01,", "01901,Bệnh viện cũ,01,MST:1,,2026-06-30")
    known = register.known("01901")
    assert known
    assert (known.name, register.known("01902")) == ("Bệnh viện mới", None)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (["01901,Bệnh viện,01"], "dòng 2"),
        (["01901,Bệnh viện,01,MST:1,hôm qua,"], "dòng 2 (valid_from)"),
        (["01901,Bệnh viện,01,MST:1,,", ",Bệnh viện,01,MST:1,,"], "dòng 3 (facility_code)"),
        (["01901,Bệnh viện,01,MST:1,,,thừa"], "dòng 2"),
        (['01901,"Bệnh viện'], "không phải tệp CSV"),
        ([",,,,,"] * 9, "và 4 dòng khác"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, rows: list[str], says: str) -> None:
    with pytest.raises(TrustUnusable) as refused:
        loaded(tmp_path, *rows)
    assert "co-so.csv" in str(refused.value)
    assert says in str(refused.value)


def test_other_columns_other_encodings_and_no_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrustUnusable, match="phải có đúng các cột"):
        loaded(tmp_path, head="code,name")
    with pytest.raises(TrustUnusable, match="phải có đúng các cột"):
        loaded(tmp_path, head="")
    (tmp_path / "cu.csv").write_bytes("Bệnh viện".encode("utf-16"))
    for name in ("cu.csv", "khong-co.csv"):
        with pytest.raises(TrustUnusable, match=name):
            Facilities.load([tmp_path / name])


def test_the_simulators_register_can_be_read() -> None:
    assert len(Facilities.load([REGISTER])) == 5
