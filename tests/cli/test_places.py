"""Commands on places: what a code means when, and lists of communes checked before they are used."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from cli.offline import register as register_offline
from cli.places import register
from models.commune_files import COLUMNS
from tests.models.cases import SAMPLES

runner = CliRunner()
app = typer.Typer()
register(app)

WHOLE = [
    ",".join(COLUMNS),
    "*,,,46,,,2025-07-01,,,danh mục thử,D",
    *(f"{20_000 + at},Xã Thử {at},xã,46,,,2025-07-01,,,danh mục thử,D" for at in range(40)),
]


def run(*arguments: str) -> Result:
    result = runner.invoke(app, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    return result


def answer(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.stdout
    return json.loads(result.stdout)


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A whole list of the communes of one province."""
    path = tmp_path / "xa.csv"
    path.write_text("\n".join(WHOLE), encoding="utf-8")
    return path


def test_a_reused_province_code_shows_all_its_meanings() -> None:
    found = answer("provinces", "24")
    assert [one["name"] for one in found] == ["Tỉnh Bắc Giang", "Tỉnh Bắc Ninh", "Thành phố Bắc Ninh"]
    assert found[0]["became"] == "Tỉnh Bắc Ninh"
    assert found[1]["made_of"] == ["Tỉnh Bắc Giang", "Tỉnh Bắc Ninh"]
    assert [one["name"] for one in answer("provinces", "24", "--on", "2026-09-19")] == ["Tỉnh Bắc Ninh"]


def test_a_province_is_found_by_its_name_of_the_day() -> None:
    for on, code in (("2025-06-30", "27"), ("2025-07-01", "24")):
        assert [one["code"] for one in answer("provinces", "Bắc Ninh", "--on", on)] == [code]


@pytest.mark.parametrize(("on", "count"), [("2025-06-30", 63), ("2025-07-01", 34)])
def test_the_provinces_of_a_day(on: str, count: int) -> None:
    assert len(answer("provinces", "--on", on)) == count


def test_what_there_is_not_is_said(tmp_path: Path) -> None:
    assert run("provinces", "99").exit_code == 4
    assert run("communes", "find", "99999").exit_code == 4
    assert run("provinces", "--on", "30/06/2025").exit_code == 2
    assert run("communes", "check", str(tmp_path / "none.csv")).exit_code == 2


def test_a_divided_commune_names_its_candidates_and_no_successor() -> None:
    [found] = answer("communes", "find", "Cửa Đông")
    assert (found["successor"], found["successors"]) == (None, ["00004", "00070"])
    assert "chia cho 00004, 00070" in run("communes", "find", "00055").stdout
    old, new = answer("communes", "find", "07375")
    assert (old["province"], old["district"], new["province"]) == (
        "Tỉnh Bắc Giang",
        "Huyện Lạng Giang",
        "Tỉnh Bắc Ninh",
    )


def test_a_good_list_is_counted_by_province(whole: Path) -> None:
    counts = {one["province"]: one for one in answer("communes", "check", str(whole), "--on", "2026-11-19")}
    assert counts["Thành phố Huế"] == {"province": "Thành phố Huế", "communes": 40, "whole": True}
    assert not counts["Thành phố Hà Nội"]["whole"]


def test_everything_wrong_with_a_list_is_said_at_once(tmp_path: Path) -> None:
    path = tmp_path / "xa.csv"
    path.write_text("\n".join([*WHOLE[:3], "1,Xã A,xã,46,,,2025-07-01,,,,D"]), encoding="utf-8")
    result = run("communes", "check", str(path), "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["details"] == [
        f"{path}, dòng 4, cột basis: không được để trống (mỗi dòng phải có căn cứ)",
        f"{path}, dòng 4, cột code: giá trị “1” không hợp lệ, cần đúng 5 chữ số (giữ số 0 ở đầu), hoặc *",
    ]


def test_the_lists_of_the_settings_judge_declarations(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offline = typer.Typer()
    register_offline(offline)
    form = json.loads((SAMPLES / "plain.json").read_text(encoding="utf-8"))
    form["child"]["hometown"] = {"codes_on": "2026-11-01", "province_code": "46", "commune_code": "20040"}
    path = tmp_path / "form.json"
    path.write_text(json.dumps(form), encoding="utf-8")
    asked = ["checklist", str(path), "--on", "2026-11-19", "--json"]
    unchecked = runner.invoke(offline, asked)
    assert unchecked.exit_code == 0
    [warning] = json.loads(unchecked.stdout)["warnings"]
    assert "chưa được đối chiếu" in warning
    monkeypatch.setenv("LIENTHONG_COMMUNES", json.dumps([str(whole)]))
    refused = runner.invoke(offline, asked)
    assert refused.exit_code == 2
    [problem] = json.loads(refused.stdout)["details"]
    assert problem["path"] == "child.hometown.commune_code"


@pytest.mark.parametrize("command", [("provinces", "24"), ("communes", "find", "07375")], ids=" ".join)
def test_fifty_runs_give_one_answer(command: tuple[str, ...]) -> None:
    for arguments in (command, (*command, "--json")):
        results = [run(*arguments) for _ in range(50)]
        assert {result.exit_code for result in results} == {0}
        assert len({result.stdout for result in results}) == 1


@pytest.mark.parametrize("command", [("provinces",), ("communes", "check"), ("communes", "find")], ids=" ".join)
def test_help_teaches_with_two_examples(command: tuple[str, ...]) -> None:
    shown = run(*command, "--help").stdout
    assert sum(line.strip().startswith(f"lienthong {' '.join(command)}") for line in shown.splitlines()) == 2
