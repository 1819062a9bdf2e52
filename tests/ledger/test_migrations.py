"""The database: brought up to date by the migrations alone, and refused in one clear line when it does not fit."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from ledger import engine as ledger_engine
from ledger.engine import check_schema, open_engine, read_only, upgrade
from ledger.errors import DatabaseUnusable
from ledger.store import Ledger
from models.tables import Table
from tests.ledger.builders import opened

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


def test_the_migrations_make_exactly_the_tables_of_the_code(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Table.metadata) == []


def test_an_upgrade_keeps_what_is_there(engine: Engine, ledger: Ledger) -> None:
    code = opened(ledger)
    upgrade(engine)
    check_schema(engine)
    assert ledger.exists(code)


def test_processes_that_start_at_once_upgrade_once(database_url: str) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        list(processes.map(upgraded, [database_url] * 2))
    with engine_of(database_url) as engine:
        check_schema(engine)


def test_a_database_without_tables_is_refused(database_url: str) -> None:
    with engine_of(database_url) as engine, pytest.raises(DatabaseUnusable, match=r"chưa .* \(ledger database: "):
        check_schema(engine)


def test_looking_for_a_missing_file_does_not_create_it(tmp_path: Path) -> None:
    with (
        engine_of(f"sqlite:///{tmp_path / 'sub' / 'ledger.db'}") as engine,
        pytest.raises(DatabaseUnusable, match="the file does not exist"),
    ):
        check_schema(engine)
    assert list(tmp_path.iterdir()) == []


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
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "migrations"
    shutil.copytree(ledger_engine._MIGRATIONS, broken)
    statement = LATER_REVISION.format(head="0001") + '    op.execute("SELECT * FROM nowhere")\n'
    (broken / "versions" / "9999_broken.py").write_text(statement, "utf-8")
    with engine_of(database_url) as engine:
        with monkeypatch.context() as patch:
            patch.setattr(ledger_engine, "_MIGRATIONS", broken)
            with pytest.raises(DBAPIError):
                upgrade(engine)
        with engine.connect() as connection:
            assert MigrationContext.configure(connection).get_current_heads() == ()
        upgrade(engine)
        check_schema(engine)


def test_a_server_that_does_not_answer_is_one_line_without_the_password() -> None:
    with (
        engine_of("postgres://clerk:secret-word@127.0.0.1:1/ledger") as engine,
        pytest.raises(DatabaseUnusable, match="không kết nối được") as refused,
    ):
        check_schema(engine)
    assert "secret-word" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_text("đây không phải cơ sở dữ liệu\n" * 100, "utf-8")
    for use in (check_schema, upgrade):
        with engine_of(f"sqlite:///{tmp_path / 'ledger.db'}") as engine, pytest.raises(DatabaseUnusable):
            use(engine)


@pytest.mark.parametrize(
    "url", ["", "ledger.db", "sqlite://", "sqlite:///:memory:", "nosuchdatabase://host/db", "mysql+nosuchdriver://h/d"]
)
def test_a_url_that_cannot_be_is_refused(url: str) -> None:
    with pytest.raises(DatabaseUnusable):
        open_engine(url)


@pytest.mark.parametrize("url", ["postgres://h/d", "postgresql://h/d", "postgresql+psycopg://h/d"])
def test_postgresql_is_spoken_to_by_psycopg(url: str) -> None:
    assert open_engine(url).url.drivername == "postgresql+psycopg"


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
