"""`keys` and `erase`: a ledger whose master key changes under it, and a dossier that is destroyed on purpose."""

import json
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.output import Exit
from ledger.documents import DocumentStore
from ledger.engine import open_engine, upgrade
from ledger.store import Ledger
from models.audit import Action
from models.base import Code
from models.documents import DocumentKind
from settings import Settings
from starter import application
from tests.ledger.builders import declared, kept, published
from tests.ledger.test_seals import concluded, in_progress
from trust.keys import MASTER_KEYS, master_keys, new_master_key, write_secret

ORDER = ("--reason", "Hết thời hạn lưu trữ", "--basis", "Luật 91/2025/QH15 Điều 14", "--operator", "vh-01", "--yes")


def command(*arguments: str) -> Result:
    return CliRunner().invoke(application(arguments[:1]), arguments)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A new state whose master key was just made, with an empty ledger."""
    monkeypatch.setenv("LIENTHONG_STATE", str(tmp_path))
    assert command("keys", "new", "k1").exit_code == Exit.OK
    settings = Settings()
    upgrade(open_engine(settings.ledger_url))
    return settings


@pytest.fixture
def ledger(settings: Settings) -> Ledger:
    return Ledger(open_engine(settings.ledger_url), master_keys(settings))


@pytest.fixture
def code(ledger: Ledger) -> Code:
    return in_progress(ledger)


def test_a_key_is_added_put_to_use_and_everything_sealed_by_it(settings: Settings, ledger: Ledger, code: Code) -> None:
    documents = DocumentStore(settings.documents, master_keys(settings))
    document = kept(documents, b"%PDF-1.7 x", DocumentKind.RESIDENCE_PAPERS)
    assert (settings.state / MASTER_KEYS).stat().st_mode & 0o777 == 0o600
    assert command("keys", "new", "k2").exit_code == Exit.OK
    assert json.loads(command("keys", "list", "--json").stdout) == {"current": "k1", "others": ["k2"], "rows_behind": 0}
    assert command("keys", "use", "k2").exit_code == Exit.OK
    behind = json.loads(command("keys", "list", "--json").stdout)
    assert (behind["current"], behind["others"]) == ("k2", ["k1"])
    assert ledger.declaration(code, 0) == declared()  # a process that has run all the time
    assert ledger.keys.masters.current == "k2"
    done = json.loads(command("keys", "reseal", "--json").stdout)
    assert done == {"rows": behind["rows_behind"], "documents": 1}
    ends = [entry.detail for entry in ledger.entries(what=Action.KEYS_CHANGED)]
    changed = [{name: value for name, value in end.items() if name != "begun"} for end in ends]
    assert changed == [{"added": "k2"}, {"key": "k2"}, {"key": "k2", "resealed": str(done["rows"])}]
    begun = [entry.at for entry in ledger.entries(what=Action.BEGUN)]
    assert begun == [datetime.fromisoformat(end["begun"]) for end in ends]
    assert command("keys", "list").stdout.count("k1") == 1
    first, _ = (settings.state / MASTER_KEYS).read_text("ascii").splitlines()
    (settings.state / MASTER_KEYS).write_text(first, "ascii")
    assert ledger.declaration(code, 0) == declared()
    assert DocumentStore(settings.documents, master_keys(settings)).get(document) == b"%PDF-1.7 x"


def test_what_cannot_be_done_with_keys_changes_nothing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (settings.state / MASTER_KEYS).read_text("ascii")
    assert command("keys", "new", "k1").exit_code == Exit.USAGE
    assert command("keys", "new", "khóa").exit_code == Exit.USAGE
    assert command("keys", "use", "k9").exit_code == Exit.NOT_FOUND
    assert (settings.state / MASTER_KEYS).read_text("ascii") == before
    monkeypatch.setenv("LIENTHONG_MASTER_KEYS", before.strip())
    told = command("keys", "new", "k2")
    assert (told.exit_code, "biến môi trường" in told.stderr) == (Exit.USAGE, True)


def test_without_master_keys_a_command_says_what_to_do(settings: Settings) -> None:
    (settings.state / MASTER_KEYS).unlink()
    told = command("list")
    assert told.exit_code == Exit.USAGE
    assert "lienthong keys new" in told.stderr


def test_a_ledger_that_was_sealed_wants_its_key_back_and_no_new_one(settings: Settings, code: Code) -> None:
    assert command("list").exit_code == Exit.OK
    lost = (settings.state / MASTER_KEYS).read_text("ascii")
    (settings.state / MASTER_KEYS).unlink()
    told = command("keys", "new", "k1")
    assert (told.exit_code, "phục hồi" in told.stderr) == (Exit.REFUSED, True)
    write_secret(settings.state / MASTER_KEYS, new_master_key("k1"))
    told = command("show", code)
    assert (told.exit_code, "chép cho mọi máy" in told.stderr) == (Exit.FAILED, True)
    write_secret(settings.state / MASTER_KEYS, lost)
    assert command("show", code).exit_code == Exit.OK


def test_a_dossier_is_erased_with_its_papers_and_only_once_it_is_over(
    settings: Settings, ledger: Ledger, code: Code
) -> None:
    documents = DocumentStore(settings.documents, master_keys(settings))
    paper = kept(documents, b"%PDF-1.7 Giay to", DocumentKind.RESIDENCE_PAPERS)
    ledger.publish(published(code, 3, attachments=(paper,)), ())
    early = command("erase", code, *ORDER)
    assert (early.exit_code, "chưa kết thúc" in early.stderr) == (Exit.REFUSED, True)
    [refused] = ledger.entries(what=Action.ACT_REFUSED)
    assert (refused.who, refused.code, refused.why) == ("operator:vh-01", code, "Hết thời hạn lưu trữ")
    assert (refused.detail["kind"], refused.detail["reason"]) == ("erase", "not_erasable")
    assert documents.has(paper.sha256)
    concluded(ledger, code)
    done = json.loads(command("erase", code, *ORDER, "--json").stdout)
    assert (done["code"], done["documents"]) == (code, [paper.sha256])
    assert not documents.has(paper.sha256)
    shown = command("show", code)
    assert (shown.exit_code, "hủy" in shown.stderr) == (Exit.REFUSED, True)
    assert command("list").exit_code == Exit.OK
    again = json.loads(command("erase", code, *ORDER, "--json").stdout)
    assert again["at"] == done["at"]
    [entry] = json.loads(command("audit", "list", "--what", "erased", "--json").stdout)
    assert (entry["who"], entry["why"]) == ("operator:vh-01", "Hết thời hạn lưu trữ")


def test_a_seed_that_a_reader_keeps_in_the_file_is_said_and_goes_the_next_time(
    settings: Settings, ledger: Ledger, code: Code, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.engine._BUSY_MILLISECONDS", 100)
    concluded(ledger, code)
    with closing(sqlite3.connect(settings.state / "ledger.db")) as reader:
        reader.execute("BEGIN")
        [seed] = reader.execute("SELECT seed FROM dossier_keys WHERE dossier_code = ?", (code,)).fetchone()
        done = command("erase", code, *ORDER, "--json")
        assert (done.exit_code, "chạy lại" in done.stdout.lower()) == (Exit.FAILED, True)
        assert _in_a_file(settings, seed)
        assert "hủy" in command("show", code).stderr, "nobody reads it any more"
    assert command("erase", code, *ORDER).exit_code == Exit.OK
    assert not _in_a_file(settings, seed)


def _in_a_file(settings: Settings, seed: bytes) -> bool:
    return any(seed in file.read_bytes() for file in settings.state.glob("ledger.db*"))


@pytest.mark.parametrize("left_out", ["--reason", "--basis", "--operator"])
def test_an_erasure_without_identity_reason_or_law_is_refused(ledger: Ledger, code: Code, left_out: str) -> None:
    concluded(ledger, code)
    at = ORDER.index(left_out)
    assert command("erase", code, *ORDER[:at], *ORDER[at + 2 :]).exit_code == Exit.USAGE
    assert ledger.declaration(code)


def test_an_erasure_is_asked_about_and_of_an_unknown_dossier_says_so(ledger: Ledger, code: Code) -> None:
    concluded(ledger, code)
    asked = CliRunner().invoke(application(["erase"]), ["erase", code, *ORDER[:-1]], input="n\n")
    assert asked.exit_code == Exit.REFUSED
    assert ledger.declaration(code)
    assert command("erase", "G22.99.08-261119-999999", *ORDER).exit_code == Exit.NOT_FOUND
    [refused] = ledger.entries(what=Action.ACT_REFUSED)
    assert (refused.code, refused.detail["reason"]) == (None, "unknown_dossier")
