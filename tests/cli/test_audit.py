"""`audit` reads and checks the trail; who looks at a dossier or at the trail is on it."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from cli.context import user
from cli.output import Exit
from ledger.engine import open_engine, upgrade
from ledger.store import Ledger
from models.audit import Action, Entry
from settings import Settings
from starter import application
from tests.keys import AS_SETTING, MASTERS
from tests.ledger.builders import numbered, opened
from trust.keys import MASTER_KEYS, write_secret


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """The ledger of a state of its own, which commands find."""
    monkeypatch.setenv("LIENTHONG_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("LIENTHONG_MASTER_KEYS", AS_SETTING)
    monkeypatch.setenv("LIENTHONG_OPERATOR", "vh-07")
    engine = open_engine(Settings().ledger_url)
    upgrade(engine)
    return Ledger(engine, MASTERS)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(application(arguments), arguments)


def answer(*arguments: str) -> Any:
    done = run(*arguments, "--json")
    assert done.exit_code == Exit.OK, done.output
    return json.loads(done.stdout)


def tamper(statement: str) -> None:
    with open_engine(Settings().ledger_url).begin() as connection:
        for name in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all():
            connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(text(statement))


def test_who_looks_at_a_dossier_or_at_the_trail_is_on_it(ledger: Ledger) -> None:
    code = opened(ledger)
    assert run("show", code).exit_code == Exit.OK
    assert run("show", "G22.99.08-261110-999999").exit_code == Exit.NOT_FOUND
    said = [(entry["who"], entry["what"], entry["code"]) for entry in answer("audit", "list", "--code", code)]
    assert said == [("worker", "opened", code), ("operator:vh-07", "looked", code)]
    read = ledger.entries(limit=1)[0]
    assert (read.who, read.what, read.code) == ("operator:vh-07", Action.TRAIL_READ, code)
    number = read.number - 1
    assert read.detail == {"entries": "2", "first": str(number - 1), "last": str(number), "via": user()}


def test_who_has_no_code_is_known_by_the_system(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIENTHONG_OPERATOR")
    assert run("show", opened(ledger)).exit_code == Exit.OK
    assert ledger.entries(limit=1)[0].who == user()


def test_people_read_it(ledger: Ledger) -> None:
    ledger.note(Entry(who="operator:vh-01", role="auditor", what=Action.LOOKED, why="Công dân hỏi.", detail={"a": "b"}))
    shown = run("audit", "list", "--who", "operator:vh-01", "--what", "looked").stdout
    assert all(word in shown for word in ("operator:vh-01 (auditor)", "Xem dữ liệu cá nhân", "Công dân hỏi.", "a=b"))
    assert "Không có dòng nào." in run("audit", "list", "--to", "2020-01-01").stdout
    assert run("audit", "list", "--from", "hôm qua").exit_code == Exit.USAGE
    assert run("audit", "list", "--from", "2026-11-19T12:00:00").exit_code == Exit.USAGE


def test_whose_reasons_were_read_is_said_also_when_nobody_asked_for_a_dossier(ledger: Ledger) -> None:
    opened(ledger)
    [kept, *_] = answer("audit", "list", "--who", "worker", "--what", "opened", "--from", "2026-01-01")
    read = ledger.entries(limit=1)[0].detail
    assert (read["first"], read["last"], read["who"], read["what"]) == ("1", str(kept["number"]), "worker", "opened")
    assert read["since"].startswith("2026-01-01T00:00:00")
    assert answer("audit", "list", "--who", "operator:001194000013") == []
    assert ledger.entries(limit=1)[0].detail == {"entries": "0", "via": user()}


def test_one_look_by_temporals_tools_is_one_row_and_in_json_every_line(ledger: Ledger) -> None:
    code = opened(ledger)
    for who, payloads in (("vh-01", "2"), ("vh-01", "5"), ("vh-02", "1"), ("vh-01", "1")):
        detail = {"payloads": payloads, "unread": "0", "sight": "clear"}
        ledger.note(Entry(who=f"operator:{who}", what=Action.DECODED, code=code, detail=detail))
    shown = run("audit", "list", "--what", "decoded").stdout
    assert [shown.count(f"operator:vh-0{number}") for number in (1, 2)] == [2, 1]
    assert "2–3" in shown
    assert "lines=2,payloads=7,sight=clear,unread=0" in shown
    assert len(answer("audit", "list", "--what", "decoded")) == 4


def test_whether_it_is_whole_is_said_with_the_head_to_keep(ledger: Ledger, tmp_path: Path) -> None:
    for _ in range(3):
        opened(ledger)
        ledger.note(Entry(who="worker", what=Action.LOOKED))
    checked = answer("audit", "verify")
    assert checked == {"entries": 4, "head": str(ledger.trail_head()), "flaws": [], "unretired": []}
    kept = tmp_path / "dau.json"
    kept.write_text(json.dumps(checked), "utf-8")
    assert str(ledger.trail_head()) in run("audit", "verify", "--head", str(kept)).stdout
    ledger.note(Entry(who="worker", what=Action.LOOKED))
    assert run("audit", "verify", "--head", checked["head"]).exit_code == Exit.OK

    tamper("DELETE FROM audit_trail WHERE number >= 4")
    assert "những lần xem bị cắt khỏi cuối thì không thấy được" in run("audit", "verify").stdout
    cut = run("audit", "verify", "--head", str(kept))
    assert cut.exit_code == Exit.REFUSED
    assert "Dòng 4: bị cắt khỏi cuối nhật ký" in cut.output

    tamper("UPDATE audit_trail SET who = 'operator:vh-99' WHERE number = 2")
    changed = run("audit", "verify", "--json")
    assert changed.exit_code == Exit.REFUSED
    assert json.loads(changed.stdout)["details"] == ["Dòng 2: bị sửa, hoặc không do hệ thống ghi."]


def test_a_line_that_cannot_be_read_keeps_no_other_from_being_read(ledger: Ledger) -> None:
    code = opened(ledger)
    tamper("UPDATE audit_trail SET what = 'of_a_newer_release', at = 'hôm qua' WHERE number = 1")
    ledger.note(Entry(who="operator:vh-01", what=Action.LOOKED, code=code))
    shown = run("audit", "list").stdout
    assert all(word in shown for word in ("hôm qua", "(không đọc được)", "operator:vh-01"))
    torn, look = answer("audit", "list", "--code", code)
    assert (torn["number"], torn["who"], torn["at"], torn["what"]) == (1, "worker", "hôm qua", None)
    assert look["what"] == "looked"


def test_a_trail_that_was_emptied_is_not_whole(ledger: Ledger) -> None:
    codes = [opened(ledger, numbered(number)) for number in range(6)]
    assert run("audit", "verify").exit_code == Exit.OK
    tamper("DELETE FROM audit_trail")
    emptied = run("audit", "verify")
    assert emptied.exit_code == Exit.REFUSED
    assert f"6 hồ sơ đã mở ({', '.join(codes[:5])}, …) không có dòng nào trong nhật ký." in emptied.stderr


def test_a_master_key_that_was_changed_for_another_writes_no_more_lines(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LIENTHONG_MASTER_KEYS")
    write_secret(Settings().state / MASTER_KEYS, f"{AS_SETTING}\n")
    opened(ledger)
    assert run("keys", "new", "k2").exit_code == Exit.OK
    assert run("keys", "use", "k2").exit_code == Exit.OK
    ledger.note(Entry(who="worker", what=Action.LOOKED))  # a machine that has yet to change
    assert answer("audit", "verify")["unretired"] == ["test"]
    assert "Khóa cũ còn được ghi: test." in run("audit", "verify").stdout
    assert run("keys", "reseal").exit_code == Exit.OK
    assert answer("audit", "verify")["unretired"] == []

    assert run("keys", "use", "test").exit_code == Exit.OK  # back to it, which who has the newer key may say
    ledger.note(Entry(who="worker", what=Action.LOOKED))
    assert run("keys", "use", "k2").exit_code == Exit.OK
    assert run("keys", "reseal").exit_code == Exit.OK
    assert answer("audit", "verify")["unretired"] == []

    ledger.note(Entry(who="operator:vh-99", what=Action.LOOKED))  # by who has the old key, and may have stolen it
    forged = run("audit", "verify")
    assert forged.exit_code == Exit.REFUSED
    assert f"Dòng {ledger.trail_head().number}: ghi bằng khóa chủ đã thôi dùng." in forged.stderr


def test_a_head_that_is_none_is_bad_input(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "trống").write_text("", "utf-8")
    for nothing in ("4:abc", str(tmp_path / "trống"), str(tmp_path)):
        assert run("audit", "verify", "--head", nothing).exit_code == Exit.USAGE


def test_roles_are_for_postgresql(ledger: Ledger) -> None:
    refused = run("upgrade", "--grant-to", "lienthong")
    assert refused.exit_code == Exit.USAGE
    assert "Chỉ PostgreSQL" in refused.output
