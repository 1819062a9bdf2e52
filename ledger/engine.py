"""The database: how it is opened, whether it fits this code, and how it is brought up to date.

SQLite runs in WAL mode with foreign keys. SQLAlchemy opens its transactions itself, because the driver would open them
too late: writers take the write lock at once (BEGIN IMMEDIATE) and wait for each other, so that no transaction fails
half-way; readers see one snapshot and never wait. On PostgreSQL writers run at READ COMMITTED whatever the server's
default is, for they rely on it: row locks and unique constraints keep them apart, and who waited for a lock sees what
the other wrote. Readers run at REPEATABLE READ.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, event, func, inspect, make_url, select, text
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from ledger.connections import DEFAULTS, Connections
from ledger.errors import DatabaseUnusable
from ledger.failures import shown, told_if_known, told_when_opening
from ledger.verification import verified

_MIGRATIONS = Path(__file__).parent / "migrations"
_READ_ONLY = "ledger_read_only"
_BUSY_MILLISECONDS = 30_000
_UPGRADE_LOCK = 0x11E27408
"""The advisory lock that lets one process at a time upgrade a PostgreSQL database."""

BEING_RESTORED = "being_restored"
"""The table that is in a PostgreSQL database until its restore has ended: before that nobody may read it."""

_KEEPALIVE = {"keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3"}
"""A server whose host or network vanished without a word is noticed within a minute."""


def open_engine(url: str | URL, connections: Connections = DEFAULTS) -> Engine:
    """The engine of a SQLAlchemy URL; connects to nothing yet. `postgres://` and `postgresql://` mean psycopg.

    Raises DatabaseUnusable for a URL that cannot be or trusts too easily (`verified`), for a database that is neither
    SQLite nor PostgreSQL, and for SQLite in memory, which processes cannot share.
    """
    try:
        target = make_url(url)
        if target.drivername in ("postgres", "postgresql"):
            target = target.set(drivername="postgresql+psycopg")
        if target.drivername == "postgresql+psycopg":
            return _postgresql(target, connections)
        if target.get_backend_name() != "sqlite":
            raise DatabaseUnusable(
                "đã cấu hình", "chỉ dùng được SQLite hoặc PostgreSQL", "only SQLite and PostgreSQL will do"
            )
        if target.database in (None, "", ":memory:"):
            raise DatabaseUnusable("SQLite", "phải là một tệp, không phải bộ nhớ", "must be a file, not memory")
        engine = create_engine(target, hide_parameters=True)
    except (ArgumentError, ImportError, ValueError) as error:
        raise DatabaseUnusable("đã cấu hình", "địa chỉ URL không đúng", "the URL is not valid") from error
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def read_only(engine: Engine) -> Engine:
    """The same database for reading: each transaction sees one state of it, and holds up no writer."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(**{_READ_ONLY: True})
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def check_schema(engine: Engine) -> None:
    """Raises DatabaseUnusable unless the database is there, answers, and has exactly the schema of this code."""
    file = sqlite_file(engine)
    if file and not file.exists():
        raise DatabaseUnusable(shown(engine), "chưa có tệp", "the file does not exist")
    with told_when_opening(engine), read_only(engine).connect() as connection:
        found = MigrationContext.configure(connection).get_current_heads()
        restoring = inspect(connection).has_table(BEING_RESTORED)
    if restoring:
        raise DatabaseUnusable(
            shown(engine), "chưa phục hồi xong, chạy lại lienthong restore", "its restore did not end, run it again"
        )
    script = ScriptDirectory.from_config(_config())
    if found == tuple(script.get_heads()):
        return
    if not found:
        raise DatabaseUnusable(shown(engine), "chưa được tạo bảng", "it has no tables yet, upgrade it first")
    if all(map(is_known, found)):
        raise DatabaseUnusable(shown(engine), "cũ hơn chương trình", "it is older than the code, upgrade it first")
    raise DatabaseUnusable(shown(engine), "mới hơn chương trình", "it is newer than the code")


def is_known(version: str) -> bool:
    """Whether that is a version of the schema this code knows: its own or an older one."""
    return version in {revision.revision for revision in ScriptDirectory.from_config(_config()).walk_revisions()}


def upgrade(engine: Engine) -> None:
    """Brings the database to the schema of this code, from nothing if need be; one process at a time, all or nothing.

    Raises DatabaseUnusable when the database cannot be reached or is newer than the code.
    """
    file = sqlite_file(engine)
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
    with told_when_opening(engine):
        connected = engine.connect()
    with told_if_known(engine), connected as connection, _tables_may_be_remade(connection), connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(select(func.pg_advisory_xact_lock(_UPGRADE_LOCK)))
        try:
            command.upgrade(_config(connection), "head")
        except CommandError as error:
            raise DatabaseUnusable(shown(engine), "mới hơn chương trình", "it is newer than the code") from error
        _expect_no_orphans(connection)


@contextmanager
def _tables_may_be_remade(connection: Connection) -> Iterator[None]:
    """SQLite changes constraints only by making the table anew, for which nothing may refer to the old one.

    Its way (sqlite.org/lang_altertable.html, section 7): foreign keys are off around the transaction, and what refers
    to nothing is looked for before it ends.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    cursor = connection.connection.cursor()
    cursor.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()


def _expect_no_orphans(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    if orphan := connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise AssertionError(f"a migration left rows of {orphan.table} that refer to nothing")


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def sqlite_file(engine: Engine) -> Path | None:
    """The file of a database that is one."""
    return Path(engine.url.database) if engine.dialect.name == "sqlite" and engine.url.database else None


def _postgresql(url: URL, connections: Connections) -> Engine:
    ours: dict[str, Any] = {
        "application_name": connections.application,
        "connect_timeout": str(max(1, round(connections.connect_timeout))),
        **_KEEPALIVE,
    }
    limits = {
        "statement_timeout": connections.statement_timeout,
        "lock_timeout": connections.lock_timeout,
        "idle_in_transaction_session_timeout": connections.idle_transaction_timeout,
    }
    options = " ".join(f"-c {name}={round(seconds * 1000)}" for name, seconds in limits.items())
    url = verified(url, connections)
    return create_engine(
        url.set(query={**ours, **url.query, "options": f"{options} {url.query.get('options', '')}".strip()}),
        hide_parameters=True,
        isolation_level="READ COMMITTED",
        pool_pre_ping=True,
        pool_size=connections.pool_size,
        max_overflow=connections.pool_overflow,
        pool_timeout=connections.pool_wait,
        pool_recycle=round(connections.pool_recycle),
    )


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
    _use_wal(cursor)
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA secure_delete = ON")  # a seed that was destroyed must be in no page of the file
    cursor.close()


def _use_wal(cursor: DBAPICursor) -> None:
    """SQLite does not wait when two processes turn a new file to WAL at once: one is told it is locked (measured)."""
    deadline = time.monotonic() + _BUSY_MILLISECONDS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
