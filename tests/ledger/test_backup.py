"""Backup and restore by the commands: what was there is there again, and nothing is restored from what is damaged."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from errno import ENOSPC
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import pytest
from alembic import command
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from cli import postgres
from cli.output import Exit
from ledger import backup as ledger_backup
from ledger import engine as ledger_engine
from ledger.backup import Backup, Manifest, back_up
from ledger.copies import Copied, copy_ledger
from ledger.documents import DocumentStore
from ledger.engine import check_schema, open_engine, upgrade
from ledger.errors import DatabaseUnusable, DossierErased
from ledger.store import Ledger
from ledger.values import StoredDossier
from models.audit import Action
from models.documents import DocumentKind
from models.systems import System
from starter import application
from tests.keys import MASTERS
from tests.ledger.builders import OPENED_AT, PREFIX, consent, kept, notice, numbered, opened, published, submitted
from tests.ledger.databases import Server
from trust.keys import HASH_KEY, MASTER_KEYS, new_master_key
from trust.masters import KeyRing

PDF = b"%PDF-1.7 "
ROOT = Path(__file__).parents[2]
ONLY_ERASED = "G22.99.08-261110-000002"


class Said(NamedTuple):
    """How a command ended."""

    exit_code: int
    stdout: str
    output: str


class Machine:
    """A state folder, a database, and commands run there."""

    def __init__(self, state: Path, url: str) -> None:
        self.state = state
        self._url = url
        self._environment = {"LIENTHONG_STATE": str(state), "DATABASE_URL": url, "LIENTHONG_TRAINING": "true"}

    @property
    def masters(self) -> KeyRing:
        return KeyRing.read((self.state / MASTER_KEYS).read_text().split())

    @cached_property
    def engine(self) -> Engine:
        return open_engine(self._url)

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self.engine, self.masters)

    @property
    def documents(self) -> DocumentStore:
        return DocumentStore(self.state / "documents", self.masters)

    def run(self, *arguments: str) -> Said:
        """A command of ours, for scripts; on PostgreSQL as a process, for commands leave its connections to the end."""
        if self._url.startswith("sqlite"):
            runner = CliRunner(env={**self._environment, "LIENTHONG_MASTER_KEYS": None, "LIENTHONG_HASH_KEY": None})
            result = runner.invoke(application(arguments), [*arguments, "--json"])
            return Said(result.exit_code, result.stdout, result.output)
        command = [sys.executable, str(ROOT / "starter.py"), *arguments, "--json"]
        environment = {**os.environ, **self._environment}
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=ROOT)
        return Said(ended.returncode, ended.stdout, ended.stderr)

    def said(self, *arguments: str) -> Any:
        """What a command says that does what it should."""
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def make_keys(self) -> None:
        (self.state / "keys").mkdir(parents=True, mode=0o700)
        for name, content in ((MASTER_KEYS, new_master_key("k1")), (HASH_KEY, "k" * 40)):
            (self.state / name).write_text(content)
            (self.state / name).chmod(0o600)

    def everything(self) -> tuple[list[StoredDossier | None], list[str], str]:
        codes = sorted(summary.code for summary in self.ledger.summaries())
        waits = [message.message_id for message in self.ledger.waiting_messages(9)]
        return [self.ledger.view(code) for code in codes], waits, str(self.ledger.entries()[0])


def in_use(state: Path, url: str) -> Machine:
    """A machine with three dossiers, each with a paper, two of them with the same, and a message that waits."""
    machine = Machine(state, url)
    machine.make_keys()
    upgrade(machine.engine)
    for number, paper in enumerate((b"chung", b"rieng", b"chung"), 1):
        document = kept(machine.documents, PDF + paper, DocumentKind.RESIDENCE_PAPERS)
        form = numbered(number).model_copy(update={"attachments": (document,)})
        code = opened(machine.ledger, form)
        machine.ledger.publish(published(code, 1), [notice(code, 1, System.SMS)])
    fact = consent(code, "cho")
    machine.ledger.store(fact, "digest", "vneid", OPENED_AT, timedelta(seconds=1))
    return machine


@pytest.fixture
def elsewhere(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Machine]:
    """An empty machine with a database of the same kind."""
    state = tmp_path / "elsewhere"
    if backend == "sqlite":
        yield Machine(state, f"sqlite:///{state / 'ledger.db'}")
        return
    server: Server = request.getfixturevalue("server")
    url = server.database()
    there = Machine(state, url)
    yield there
    there.engine.dispose()
    server.drop(url)


def break_off(there: Machine, folder: Path) -> None:
    """A restore in which everything is in place but the last word."""
    keys = {Path(name).name: there.state / name for name in (MASTER_KEYS, HASH_KEY)}
    programs = postgres.psql().parent
    with suppress(BrokenOff), Backup.open(folder).restoring(there.engine, there.state / "documents", keys, programs):
        raise BrokenOff


class BrokenOff(Exception):
    """Somebody has pulled the plug."""


def test_what_was_backed_up_is_there_again_on_an_empty_machine(
    empty_url: str, elsewhere: Machine, tmp_path: Path
) -> None:
    here, there = in_use(tmp_path / "state", empty_url), elsewhere
    before = here.everything()
    folder = str(tmp_path / "sao lưu 100%")
    made = here.said("backup", folder)
    assert (made["dossiers"], made["documents"], made["keys"]) == (3, 2, ["master.keys", "hash.key"])
    break_off(there, Path(folder))
    with pytest.raises(DatabaseUnusable):
        check_schema(there.engine)
    assert there.run("audit", "list").exit_code == Exit.FAILED
    again = there.said("restore", folder, "--nothing-erased-since")
    assert (again["dossiers"], again["documents"], again["trail"]["flaws"]) == (3, 2, [])
    assert there.everything() == before
    assert there.ledger.verify_trail().flaws == ()
    assert [entry.what for entry in here.ledger.entries()[-1:]] == ["backed_up"]
    for name in (MASTER_KEYS, HASH_KEY):
        assert (there.state / name).stat().st_mode & 0o077 == 0
    for stored in before[0]:
        assert stored is not None
        assert there.documents.get(stored.documents[0].document).startswith(PDF)
    assert opened(there.ledger, numbered(4)).endswith("-000004")
    today = there.ledger.open_dossier(submitted(numbered(5), datetime.now(UTC)), PREFIX).code
    assert today.endswith("-100001"), "codes of today may have been given out since the backup"
    here.engine.dispose()


def test_what_was_erased_since_is_erased_again_before_anybody_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = in_use(tmp_path / "state", f"sqlite:///{tmp_path / 'state' / 'ledger.db'}")
    papers = {stored.summary.code: stored.documents[0].document for stored in here.everything()[0] if stored}
    here.said("backup", str(tmp_path / "backup"))
    here.engine.dispose()
    shutil.rmtree(here.state)
    erased = tmp_path / "erased.txt"
    erased.write_text(f"{ONLY_ERASED}\nG22.99.08-261111-000009 opened after the backup\n")
    restore = ("restore", str(tmp_path / "backup"), "--erased", str(erased))
    with monkeypatch.context() as full_disk:
        full_disk.setattr(Ledger, "erase_again", failing)
        assert here.run(*restore).exit_code == Exit.FAILED
        assert not (here.state / "ledger.db").exists()
    assert here.said(*restore)["erased"] == 2
    here.ledger.keys.forget(ONLY_ERASED)
    with pytest.raises(DossierErased):
        here.ledger.view(ONLY_ERASED)
    assert [code for code, paper in papers.items() if not here.documents.has(paper.sha256)] == [ONLY_ERASED]
    assert {entry.code for entry in here.ledger.entries() if entry.what == "erased"} == {ONLY_ERASED}
    assert ONLY_ERASED not in here.ledger.unfinished()
    due = here.ledger.claim((System.SMS,), OPENED_AT + timedelta(days=9), timedelta(seconds=1), 9)
    assert {claimed.dispatch.head.dossier_code for claimed in due} == {*papers} - {ONLY_ERASED}
    assert here.run("audit", "verify").exit_code == 0


def test_a_backup_that_is_there_is_on_the_trail_also_when_its_maker_was_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = in_use(tmp_path / "state", f"sqlite:///{tmp_path / 'state' / 'ledger.db'}")
    written = ledger_backup._write

    def stopped_at_the_end(path: Path, said: str) -> None:
        written(path, said)
        if path.name == "manifest.json":
            raise KeyboardInterrupt

    monkeypatch.setattr(ledger_backup, "_write", stopped_at_the_end)
    assert here.run("backup", str(tmp_path / "backup")).exit_code == 128 + signal.SIGINT
    Backup.open(tmp_path / "backup")
    began, ended = here.ledger.entries(limit=2)
    assert [(entry.what, entry.detail["act"]) for entry in (began, ended)] == [
        (Action.BEGUN, "backed_up"),
        (Action.BROKEN_OFF, "backed_up"),
    ]


def failing(*_: object) -> NoReturn:
    raise OSError(ENOSPC, "hết chỗ")


def test_a_document_erased_while_it_is_copied_is_not_in_the_backup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = in_use(tmp_path / "state", f"sqlite:///{tmp_path / 'state' / 'ledger.db'}")
    listed = ledger_backup._files

    def erased_meanwhile(folder: Path) -> Iterator[Path]:
        yield from listed(folder)
        if folder == here.state / "documents":
            yield Path("ab/cd/abcd")

    monkeypatch.setattr(ledger_backup, "_files", erased_meanwhile)
    assert here.said("backup", str(tmp_path / "backup"))["documents"] == 2
    Backup.open(tmp_path / "backup")


def test_a_paper_that_is_let_go_of_while_it_is_copied_is_in_the_backup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its message waits in the copy of the ledger, and was refused by now; another paper came just before."""
    here = in_use(tmp_path / "state", f"sqlite:///{tmp_path / 'state' / 'ledger.db'}")
    waiting = here.documents.keep(PDF + b"cho")

    def meanwhile(*arguments: Any) -> Copied:
        here.documents.keep(PDF + b"moi")
        copied = copy_ledger(*arguments)
        here.documents.discard(waiting)
        return copied

    monkeypatch.setattr(ledger_backup, "copy_ledger", meanwhile)
    assert here.said("backup", str(tmp_path / "backup"))["documents"] == 4
    Backup.open(tmp_path / "backup")
    assert list((tmp_path / "backup").rglob(waiting))


def test_a_trail_that_was_bent_before_the_backup_is_told_of(tmp_path: Path) -> None:
    here = in_use(tmp_path / "state", f"sqlite:///{tmp_path / 'state' / 'ledger.db'}")
    with here.engine.begin() as connection:
        guards = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_trail'"
        for (guard,) in connection.execute(text(guards)).all():
            connection.execute(text(f"DROP TRIGGER {guard}"))
        connection.execute(text("UPDATE audit_trail SET who = 'cli:khac' WHERE number = 2"))
    here.said("backup", str(tmp_path / "backup"))
    here.engine.dispose()
    shutil.rmtree(here.state)
    restored = here.run("restore", str(tmp_path / "backup"), "--nothing-erased-since")
    assert restored.exit_code == Exit.REFUSED
    assert [(flaw["first"], flaw["last"]) for flaw in json.loads(restored.stdout)["trail"]["flaws"]] == [(2, 2)]


def test_a_backup_of_an_older_schema_is_upgraded(tmp_path: Path) -> None:
    there = Machine(tmp_path / "state", f"sqlite:///{tmp_path / 'state' / 'ledger.db'}")
    older = open_engine(f"sqlite:///{tmp_path / 'older.db'}")
    with older.connect() as connection, connection.begin():
        command.upgrade(ledger_engine._config(connection), "0009")
    manifest = back_up(older, MASTERS, tmp_path / "documents", {}, tmp_path / "backup")
    older.dispose()
    assert (manifest.schema_version, manifest.head) == ("0009", None)
    with Backup.open(tmp_path / "backup").restoring(there.engine, there.state / "documents", {}):
        pass
    check_schema(there.engine)
    there.engine.dispose()


# --- What is refused --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good backup, for copies of it to be spoilt."""
    folder = tmp_path_factory.mktemp("made")
    here = in_use(folder / "state", f"sqlite:///{folder / 'state' / 'ledger.db'}")
    here.said("backup", str(folder / "backup"))
    return folder / "backup"


def changed(name: str) -> Callable[[Path], None]:
    """One bit of one file is another."""

    def change(folder: Path) -> None:
        file = min(path for path in folder.glob(name) if path.is_file())
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)

    return change


def missing(name: str) -> Callable[[Path], None]:
    return lambda folder: next(folder.glob(name)).unlink()


def added(folder: Path) -> None:
    (folder / "documents" / "them.pdf").write_bytes(PDF)


def counted_otherwise(folder: Path) -> None:
    """Well-formed, but not what was written."""
    said = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(said | {"documents": 7}))


def of_a_newer_program(folder: Path) -> None:
    manifest = Manifest.model_validate_json((folder / "manifest.json").read_bytes())
    masters = KeyRing.read((folder / "keys" / "master.keys").read_text().split())
    newer = manifest.model_copy(update={"schema_version": "9999"})
    newer = newer.model_copy(update={"code": newer.coded_by(masters)})
    (folder / "manifest.json").write_text(newer.model_dump_json())


SPOILT: Mapping[str, tuple[Callable[[Path], None], str]] = {
    "ledger changed": (changed("ledger.db"), "ledger.db đã bị sửa"),
    "document changed": (changed("documents/??/??/*"), "đã bị sửa"),
    "key changed": (changed("keys/master.keys"), "master.keys đã bị sửa"),
    "sums changed": (changed("SHA256SUMS"), "SHA256SUMS thiếu hoặc đã bị sửa"),
    "manifest changed": (changed("manifest.json"), "manifest.json"),
    "manifest forged": (counted_otherwise, "manifest.json đã bị sửa"),
    "ledger missing": (missing("ledger.db"), "thiếu 1 tệp"),
    "broken off": (missing("manifest.json"), "thiếu manifest.json"),
    "file added": (added, "thừa 1 tệp"),
    "of a newer program": (of_a_newer_program, "mới hơn chương trình"),
}


@pytest.mark.parametrize("spoilt", SPOILT)
def test_a_backup_that_is_not_what_was_made_restores_nothing(spoilt: str, made: Path, tmp_path: Path) -> None:
    spoil, why = SPOILT[spoilt]
    folder = tmp_path / "backup"
    shutil.copytree(made, folder)
    spoil(folder)
    there = Machine(tmp_path / "state", f"sqlite:///{tmp_path / 'state' / 'ledger.db'}")
    result = there.run("restore", str(folder), "--nothing-erased-since")
    assert result.exit_code == Exit.REFUSED, result.output
    assert why in json.loads(result.stdout)["error"]
    assert not there.state.exists()


def test_keys_that_were_left_out_must_be_there_already(tmp_path: Path) -> None:
    here = in_use(tmp_path / "state", f"sqlite:///{tmp_path / 'state' / 'ledger.db'}")
    assert here.said("backup", str(tmp_path / "backup"), "--without-keys")["keys"] == []
    kept = (here.state / MASTER_KEYS).read_text()
    there = Machine(tmp_path / "there", f"sqlite:///{tmp_path / 'there' / 'ledger.db'}")
    arguments = ("restore", str(tmp_path / "backup"), "--nothing-erased-since")
    without = there.run(*arguments)
    assert without.exit_code == Exit.USAGE
    assert "không kèm khóa chủ" in json.loads(without.stdout)["error"]
    there.make_keys()
    foreign = there.run(*arguments)
    assert foreign.exit_code == Exit.REFUSED
    assert "không do khóa chủ này tạo" in json.loads(foreign.stdout)["error"]
    (there.state / MASTER_KEYS).write_text(kept)
    assert there.said(*arguments)["dossiers"] == 3


def test_nothing_is_restored_or_backed_up_over_anything(made: Path, tmp_path: Path) -> None:
    there = Machine(tmp_path / "state", f"sqlite:///{tmp_path / 'state' / 'ledger.db'}")
    restore = ("restore", str(made), "--nothing-erased-since")
    occupied: Mapping[str, str] = {
        "documents/ab/cd/abcd": "Kho giấy tờ",
        "keys/hash.key": "hash.key đã có và khác",
        "ledger.db-wal": "còn tệp -wal",
    }
    for name, why in occupied.items():
        file = there.state / name
        file.parent.mkdir(parents=True)
        file.write_text("gì đó")
        result = there.run(*restore)
        assert (result.exit_code, why in result.stdout) == (Exit.REFUSED, True), result.output
        assert not (there.state / "ledger.db").exists()
        shutil.rmtree(there.state)
    there.said(*restore)
    twice = there.run(*restore)
    assert (twice.exit_code, "Sổ đã cấu hình không trống" in twice.stdout) == (Exit.REFUSED, True)
    full = there.run("backup", str(made))
    assert (full.exit_code, "không trống" in full.stdout) == (Exit.FAILED, True)
    for said in ((), ("--nothing-erased-since", "--erased", str(made / "SHA256SUMS"))):
        assert there.run("restore", str(made), *said).exit_code == Exit.USAGE
