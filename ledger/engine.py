"""The database: how it is opened, whether it fits this code, and how it is brought up to date.

SQLite runs in WAL mode with foreign keys. SQLAlchemy opens its transactions itself, because the driver would open them
too late: writers take the write lock at once (BEGIN IMMEDIATE) and wait for each other, so that no transaction fails
half-way; readers see one snapshot and never wait. On other databases writers run at the default isolation (row locks
and unique constraints keep them apart) and readers at REPEATABLE READ.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from ledger.errors import DatabaseUnusable

_MIGRATIONS = Path(__file__).parent / "migrations"
_READ_ONLY = "ledger_read_only"
_BUSY_MILLISECONDS = 30_000
_UPGRADE_LOCK = 0x11E27408
"""The advisory lock that lets one process at a time upgrade a PostgreSQL database."""


def open_engine(url: str) -> Engine:
    """The engine of a SQLAlchemy URL; connects to nothing yet. `postgres://` and `postgresql://` mean psycopg.

    Raises DatabaseUnusable for a URL that cannot be, and for SQLite in memory, which processes cannot share.
    """
    try:
        target = make_url(url)
        if target.drivername in ("postgres", "postgresql"):
            target = target.set(drivername="postgresql+psycopg")
        if target.get_backend_name() != "sqlite":
            return create_engine(target, hide_parameters=True, pool_pre_ping=True)
        if target.database in (None, "", ":memory:"):
            raise DatabaseUnusable("SQLite", "phải là một tệp, không phải bộ nhớ", "must be a file, not memory")
        engine = create_engine(target, hide_parameters=True)
    except (ArgumentError, ImportError) as error:
        raise DatabaseUnusable("đã cấu hình", "địa chỉ URL không đúng", "the URL is not valid") from error
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def read_only(engine: Engine) -> Engine:
    """The same database for reading: each transaction sees one state of it, and holds up no writer."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(**{_READ_ONLY: True})
    return engine.execution_options(isolation_level="REPEATABLE READ")


def check_schema(engine: Engine) -> None:
    """Raises DatabaseUnusable unless the database is there, answers, and has exactly the schema of this code."""
    file = _sqlite_file(engine)
    if file and not file.exists():
        raise DatabaseUnusable(_shown(engine), "chưa có tệp", "the file does not exist")
    with _unreachable(engine), read_only(engine).connect() as connection:
        found = MigrationContext.configure(connection).get_current_heads()
    script = ScriptDirectory.from_config(_config())
    if found == tuple(script.get_heads()):
        return
    if not found:
        raise DatabaseUnusable(_shown(engine), "chưa được tạo bảng", "it has no tables yet, upgrade it first")
    if set(found) <= {revision.revision for revision in script.walk_revisions()}:
        raise DatabaseUnusable(_shown(engine), "cũ hơn chương trình", "it is older than the code, upgrade it first")
    raise DatabaseUnusable(_shown(engine), "mới hơn chương trình", "it is newer than the code")


def upgrade(engine: Engine) -> None:
    """Brings the database to the schema of this code, from nothing if need be; one process at a time, all or nothing.

    Raises DatabaseUnusable when the database cannot be reached or is newer than the code.
    """
    file = _sqlite_file(engine)
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
    with _unreachable(engine):
        connected = engine.connect()
    with connected as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_UPGRADE_LOCK)))
        try:
            command.upgrade(_config(connection), "head")
        except CommandError as error:
            raise DatabaseUnusable(_shown(engine), "mới hơn chương trình", "it is newer than the code") from error


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@contextmanager
def _unreachable(engine: Engine) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise DatabaseUnusable(_shown(engine), "không kết nối được", "cannot be reached or read") from error


def _shown(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=True)


def _sqlite_file(engine: Engine) -> Path | None:
    return Path(engine.url.database) if engine.dialect.name == "sqlite" and engine.url.database else None


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
