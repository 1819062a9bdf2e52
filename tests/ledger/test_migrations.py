"""The database: brought up to date by the migrations alone, from every revision, and nothing in it is lost."""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from ledger import engine as ledger_engine
from ledger.documents import DocumentStore
from ledger.engine import check_schema, open_engine, read_only, upgrade
from ledger.errors import DatabaseUnusable
from ledger.store import Ledger
from models.documents import DocumentKind
from models.dossier import RefusedPaper
from models.facts import AgencyEvent, FactRefusal, ResultDocument
from models.systems import System
from models.tables import Table
from tests.keys import MASTERS
from tests.ledger.builders import OPENED_AT, certificate, declared, kept, notice, opened, published
from tests.ledger.filled import Rows, load, recording, revisions, rows
from tests.ledger.processes import together, two_processes
from tests.ledger.test_outbox import LEASE

LATER_REVISION = """
from alembic import op

revision = "9999"
down_revision = "{head}"

def upgrade():
    op.execute("CREATE TABLE from_the_future (id INTEGER PRIMARY KEY)")
"""


@contextmanager
def engine_of(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    yield engine
    engine.dispose()


def upgraded(url: str) -> None:
    with engine_of(url) as engine:
        upgrade(engine)


def upgraded_at_once(urls: Sequence[str]) -> None:
    for url in urls:
        with engine_of(url) as engine:
            together()
            upgrade(engine)


def test_the_migrations_make_exactly_the_tables_of_the_code(engine: Engine) -> None:
    expect_the_tables_of_the_code(engine)


def test_an_upgrade_keeps_what_is_there(engine: Engine, ledger: Ledger) -> None:
    code = opened(ledger)
    upgrade(engine)
    check_schema(engine)
    assert ledger.opened(code)


def test_processes_that_make_a_file_at_once_make_one(tmp_path: Path) -> None:
    """SQLite does not wait for a lock while it turns a new file to WAL: several files, for it is a close race."""
    urls = [f"sqlite:///{tmp_path / str(number)}.db" for number in range(8)]
    with two_processes() as processes:
        list(processes.map(upgraded_at_once, [urls] * 2))
    for url in urls:
        with engine_of(url) as engine:
            check_schema(engine)


@pytest.mark.parametrize("revision", revisions())
def test_a_filled_ledger_of_every_revision_comes_forward_whole(empty_url: str, revision: str) -> None:
    with engine_of(empty_url) as engine:
        with engine.begin() as connection:
            command.upgrade(ledger_engine._config(connection), revision)
        load(engine, recording(revision))
        upgrade(engine)
        check_schema(engine)
        expect_the_tables_of_the_code(engine)
        expect_everything(recording(revision), rows(engine))
        ledger = Ledger(engine, MASTERS)
        for summary in ledger.summaries():
            stored = ledger.view(summary.code)
            assert stored is not None
            ledger.publish(published(summary.code, 9), [notice(summary.code, 9)])
            assert ledger.notices_of(summary.code)[:-1] == stored.notices
        expect_a_writable_outbox(ledger)
        assert ledger.verify_trail().whole


def test_papers_from_before_there_were_holds_are_held(empty_url: str, tmp_path: Path) -> None:
    """One waits with its message, another was refused for its signatures and stays with its leg."""
    documents, old = DocumentStore(tmp_path / "documents", MASTERS), dict(recording("0009"))
    waits, refused = (kept(documents, b"%PDF-1.7 " + name, DocumentKind.BIRTH_CERTIFICATE) for name in (b"1", b"2"))
    message, leg = old["messages_waiting"][0], old["legs"][0]
    fact = ResultDocument(at=OPENED_AT, documents=(waits,))
    sent = {"message_id": message["message_id"], "dossier_code": message["dossier_code"], "leg": leg["key"]}
    message["fact"] = AgencyEvent(source=System.PROVINCIAL, fact=fact, **sent).model_dump(mode="json")
    leg["state"]["refused_papers"] = [RefusedPaper(at=OPENED_AT, document=refused).model_dump(mode="json")]
    with engine_of(empty_url) as engine:
        with engine.begin() as connection:
            command.upgrade(ledger_engine._config(connection), "0009")
        load(engine, old)
        upgrade(engine)
        ledger, both = Ledger(engine, MASTERS), [waits.sha256, refused.sha256]
        ledger.let_go(documents, both)
        assert [documents.has(sha256) for sha256 in both] == [True, True]
        ledger.settled(message["message_id"], False, FactRefusal.NOT_AWAITED, "Không chờ giấy này.")
        ledger.let_go(documents)
        assert [documents.has(sha256) for sha256 in both] == [False, True]


def expect_the_tables_of_the_code(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Table.metadata) == []


RENAMED = {"child_claim": "subject_claim"}
"""Columns by the name they had, to the name they have."""


def expect_everything(before: Rows, after: Rows) -> None:
    """Every table has the rows it had, each with every value it had."""
    for table, old in before.items():
        columns = list(old[0])
        kept = [{column: row[RENAMED.get(column, column)] for column in columns} for row in after[table]]
        assert sorted(map(json.dumps, kept)) == sorted(map(json.dumps, old)), table


def expect_a_writable_outbox(ledger: Ledger) -> None:
    """All that waits can be sent."""
    while claimed := ledger.claim(list(System), OPENED_AT + 2 * LEASE, LEASE, 100):
        for row in claimed:
            ledger.dispatched(row.id, OPENED_AT)
    assert ledger.outbox_open() == 0


def test_processes_that_start_at_once_upgrade_once(empty_url: str) -> None:
    with two_processes() as processes:
        list(processes.map(upgraded_at_once, [[empty_url]] * 2))
    with engine_of(empty_url) as engine:
        check_schema(engine)


def test_the_folder_of_a_new_database_is_made(tmp_path: Path) -> None:
    upgraded(f"sqlite:///{tmp_path / 'sub' / 'ledger.db'}")
    assert (tmp_path / "sub" / "ledger.db").exists()


def test_a_database_of_another_version_is_refused(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with engine.connect() as connection:
        head = MigrationContext.configure(connection).get_current_revision()
    later = tmp_path / "migrations"
    shutil.copytree(ledger_engine._MIGRATIONS, later)
    (later / "versions" / "9999_later.py").write_text(LATER_REVISION.format(head=head), "utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(ledger_engine, "_MIGRATIONS", later)
        with pytest.raises(DatabaseUnusable, match=r"cũ hơn chương trình .*older than the code"):
            check_schema(engine)
        upgrade(engine)
        check_schema(engine)
    for use in (check_schema, upgrade):
        with pytest.raises(DatabaseUnusable, match=r"mới hơn chương trình .*newer than the code"):
            use(engine)


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "migrations"
    shutil.copytree(ledger_engine._MIGRATIONS, broken)
    statement = LATER_REVISION.format(head=revisions()[-1]) + '    op.execute("SELECT * FROM nowhere")\n'
    (broken / "versions" / "9999_broken.py").write_text(statement, "utf-8")
    with engine_of(empty_url) as engine:
        with monkeypatch.context() as patch:
            patch.setattr(ledger_engine, "_MIGRATIONS", broken)
            with pytest.raises(DBAPIError):
                upgrade(engine)
        with engine.connect() as connection:
            assert MigrationContext.configure(connection).get_current_heads() == ()
        upgrade(engine)
        check_schema(engine)


def test_a_migration_that_leaves_rows_that_refer_to_nothing_fails(
    engine: Engine, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite looks for them only afterwards, for tables may be made anew in between; then it enforces again."""
    code = opened(ledger, declared(attachments=[certificate().model_dump(mode="json")]))
    careless = tmp_path / "migrations"
    shutil.copytree(ledger_engine._MIGRATIONS, careless)
    statement = LATER_REVISION.format(head=revisions()[-1]) + '    op.execute("DELETE FROM dossiers")\n'
    (careless / "versions" / "9999_careless.py").write_text(statement, "utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(ledger_engine, "_MIGRATIONS", careless)
        with pytest.raises((AssertionError, IntegrityError)):
            upgrade(engine)
    check_schema(engine)
    assert ledger.opened(code)
    with engine.begin() as connection, pytest.raises(IntegrityError):
        connection.execute(text("DELETE FROM dossiers"))


def test_the_database_itself_refuses_what_belongs_to_no_dossier(engine: Engine) -> None:
    orphan = text(
        "INSERT INTO messages_out (key, dossier_code, system, step, sent_at, attempts)"
        " VALUES ('key', 'G22.99.08-261110-000001', 'vneid', 'consent', '2026-11-10 00:00:00', 0)"
    )
    with engine.begin() as connection, pytest.raises(IntegrityError):
        connection.execute(orphan)


def test_a_reader_sees_one_state_and_holds_up_no_writer(engine: Engine, ledger: Ledger) -> None:
    count = text("SELECT count(*) FROM dossiers")
    with read_only(engine).connect() as reader:
        assert reader.execute(count).scalar_one() == 0
        opened(ledger)
        assert reader.execute(count).scalar_one() == 0
    with read_only(engine).connect() as reader:
        assert reader.execute(count).scalar_one() == 1
