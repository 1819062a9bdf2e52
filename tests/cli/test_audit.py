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
from tests.ledger.builders import opened


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
    assert read.detail == {"via": user()}


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


def test_whether_it_is_whole_is_said_with_the_head_to_keep(ledger: Ledger, tmp_path: Path) -> None:
    for _ in range(3):
        opened(ledger)
        ledger.note(Entry(who="worker", what=Action.LOOKED))
    checked = answer("audit", "verify")
    assert checked == {"entries": 4, "head": str(ledger.trail_head()), "flaws": []}
    kept = tmp_path / "dau.json"
    kept.write_text(json.dumps(checked), "utf-8")
    assert str(ledger.trail_head()) in run("audit", "verify", "--head", str(kept)).stdout
    ledger.note(Entry(who="worker", what=Action.LOOKED))
    assert run("audit", "verify", "--head", checked["head"]).exit_code == Exit.OK

    tamper("DELETE FROM audit_trail WHERE number >= 4")
    assert run("audit", "verify").exit_code == Exit.OK
    cut = run("audit", "verify", "--head", str(kept))
    assert cut.exit_code == Exit.REFUSED
    assert "Dòng 4: bị cắt khỏi cuối nhật ký" in cut.output

    tamper("UPDATE audit_trail SET who = 'operator:vh-99' WHERE number = 2")
    changed = run("audit", "verify", "--json")
    assert changed.exit_code == Exit.REFUSED
    assert json.loads(changed.stdout)["details"] == ["Dòng 2: bị sửa, hoặc không do hệ thống ghi."]


def test_a_head_that_is_none_is_bad_input(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "trống").write_text("", "utf-8")
    for nothing in ("4:abc", str(tmp_path / "trống"), str(tmp_path)):
        assert run("audit", "verify", "--head", nothing).exit_code == Exit.USAGE


def test_roles_are_for_postgresql(ledger: Ledger) -> None:
    refused = run("upgrade", "--grant-to", "lienthong")
    assert refused.exit_code == Exit.USAGE
    assert "Chỉ PostgreSQL" in refused.output
