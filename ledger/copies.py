"""Copies of the whole ledger: taken while it is written to, as of one moment, and loaded where nothing is.

SQLite copies itself (VACUUM INTO: what was deleted does not come along); PostgreSQL's own programs copy PostgreSQL.
"""

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from psycopg.conninfo import make_conninfo
from sqlalchemy import Connection, Engine, create_engine, func, inspect, select, text
from sqlalchemy.pool import NullPool

from ledger.engine import BEING_RESTORED, open_engine, read_only, sqlite_file
from ledger.failures import told_if_known, told_when_opening
from models.base import Code
from models.tables import Table


class Database(StrEnum):
    """What a copy is of; either is loaded into its own kind only."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"

    @property
    def file_name(self) -> str:
        """How the copy is called in a backup."""
        return "ledger.db" if self is Database.SQLITE else "ledger.dump"


class CopyFailed(Exception):
    """The ledger could not be copied or loaded; the message is one Vietnamese line without secrets."""


class Copied(NamedTuple):
    """What a copy holds: the schema's version, how many rows of each table, the head of its audit trail."""

    schema: Code
    rows: Mapping[Code, int]
    head: str | None


def kind_of(engine: Engine) -> Database:
    """Which kind of database it is."""
    return Database(engine.dialect.name)


def copy_ledger(engine: Engine, target: Path, programs: Path | None = None) -> Copied:
    """Copies the ledger as it is at one moment into a file that only its owner can read.

    `programs` is where `pg_dump` is looked for besides PATH. Raises CopyFailed, DatabaseUnusable.
    """
    target.touch(mode=0o600)
    if kind_of(engine) is Database.SQLITE:
        return _copy_sqlite(engine, target)
    return _copy_postgresql(engine, target, programs)


def is_empty(engine: Engine) -> bool:
    """Whether the database has no tables but what a restore that broke off has left. Raises DatabaseUnusable.

    SQLite would replay what another database has left beside the file into whatever file is put there.
    """
    file = sqlite_file(engine)
    if file is None or file.exists():
        with told_when_opening(engine), read_only(engine).connect() as connection:
            tables = inspect(connection).get_table_names()
        engine.dispose()
        if tables and BEING_RESTORED not in tables:
            return False
    return file is None or not any(path.exists() for path in _journals(file))


def arriving(engine: Engine, source: Path, programs: Path | None = None) -> AbstractContextManager[Engine]:
    """The ledger that a copy is, loaded into an empty database where nobody reads it yet.

    It takes its place when the block ends well; when it does not, the database counts as empty still. Raises
    CopyFailed, DatabaseUnusable.
    """
    file = sqlite_file(engine)
    return _beside(engine, file, source) if file else _marked(engine, source, programs)


@contextmanager
def _beside(engine: Engine, file: Path, source: Path) -> Iterator[Engine]:
    """In a file of its own, which gets the name of the ledger in the end."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f"{file.name}.restoring")
    for path in (beside, *_journals(beside)):
        path.unlink(missing_ok=True)
    beside.touch(mode=0o600)
    shutil.copyfile(source, beside)
    there = open_engine(engine.url.set(database=str(beside)))
    try:
        yield there
    finally:
        there.dispose()
    if any(path.exists() for path in _journals(beside)):
        raise CopyFailed(f"tiến trình khác đang dùng {beside}")
    _flush(beside)
    beside.rename(file)
    _flush(file.parent)


@contextmanager
def _marked(engine: Engine, source: Path, programs: Path | None) -> Iterator[Engine]:
    """In its place, but marked as being restored, which `check_schema` refuses."""
    with told_if_known(engine), engine.begin() as connection:
        if inspect(connection).has_table(BEING_RESTORED):
            _clear(connection)
        connection.execute(text(f"CREATE TABLE {BEING_RESTORED} ()"))
    _run("pg_restore", programs, engine, "--single-transaction", "--no-owner", "--no-privileges", str(source))
    yield engine
    with told_if_known(engine), engine.begin() as connection:
        connection.execute(text(f"DROP TABLE {BEING_RESTORED}"))


def _clear(connection: Connection) -> None:
    """Drops what a restore that broke off has left: the tables and the functions of their triggers."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    tables = ", ".join(map(quote, inspect(connection).get_table_names()))
    connection.exec_driver_sql(f"DROP TABLE {tables} CASCADE")
    for routine in connection.execute(text(_OUR_ROUTINES)).scalars().all():
        connection.exec_driver_sql(f"DROP ROUTINE {routine}")


_OUR_ROUTINES = """
    SELECT CAST(CAST(oid AS regprocedure) AS text) FROM pg_proc
    WHERE pronamespace = CAST(quote_ident(current_schema()) AS regnamespace)
    AND proowner = CAST(quote_ident(current_user) AS regrole)
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
"""


def _journals(file: Path) -> tuple[Path, ...]:
    """What SQLite keeps beside a database while it is in use, and after it was killed."""
    return tuple(file.with_name(f"{file.name}-{kind}") for kind in ("wal", "shm", "journal"))


def contents(connection: Connection) -> Copied:
    """What a database holds."""
    there = set(inspect(connection).get_table_names())
    rows = {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in Table.metadata.sorted_tables
        if table.name in there
    }
    schema = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    return Copied(schema, rows, _head(connection) if _TRAIL in there else None)


_TRAIL = "audit_trail"


def _head(connection: Connection) -> str | None:
    last = connection.execute(text("SELECT number, hash FROM audit_trail ORDER BY number DESC LIMIT 1")).first()
    return f"{last.number}:{last.hash}" if last else None


def _copy_sqlite(engine: Engine, target: Path) -> Copied:
    file = sqlite_file(engine)
    assert file is not None
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=30)) as source:
            source.execute("VACUUM INTO ?", (str(target),))
    except sqlite3.Error as error:
        raise CopyFailed(f"không chép được sổ ({type(error).__name__})") from error
    _flush(target)
    with _looking_into(target) as connection:
        return contents(connection)


@contextmanager
def _looking_into(file: Path) -> Iterator[Connection]:
    """A copy, read without leaving a trace beside it."""
    engine = create_engine(f"sqlite:///{file.absolute().as_uri()}?mode=ro&immutable=1&uri=true", poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def _copy_postgresql(engine: Engine, target: Path, programs: Path | None) -> Copied:
    """What is counted and what is dumped are one snapshot."""
    with told_if_known(engine), read_only(engine).connect() as connection:
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        copied = contents(connection)
        snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        wanted = ("--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={target}")
        _run("pg_dump", programs, engine, *wanted)
    _flush(target)
    return copied


def _run(name: str, programs: Path | None, engine: Engine, *arguments: str) -> None:
    """One of PostgreSQL's programs against the database of the engine; the password goes by the environment."""
    program = _program(name, programs, _version(engine))
    _, stated = engine.dialect.create_connect_args(engine.url)
    ours = {"options", "context", "password", "client_encoding"}
    target = make_conninfo(**{key: value for key, value in stated.items() if key not in ours})
    secret = {"PGPASSWORD": str(stated["password"])} if stated.get("password") else {}
    ended = subprocess.run(
        [program, f"--dbname={target}", "--no-password", *arguments],
        env={**os.environ, **secret, "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise CopyFailed(f"{name}: {_first_error(ended.stderr)}")


def _version(engine: Engine) -> int:
    """The major version of the server."""
    with told_when_opening(engine), engine.connect() as connection:
        return int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10_000


def _program(name: str, programs: Path | None, version: int) -> str:
    """The first of that name that is not older than the server, which it would refuse. Raises CopyFailed."""
    for found in (shutil.which(name), shutil.which(name, path=str(programs)) if programs else None):
        if found and _version_of(found) >= version:
            return found
    raise CopyFailed(f"không có chương trình {name} của PostgreSQL {version} (gói postgresql-client-{version})")


def _version_of(program: str) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\) (\d+)", said)
    return int(found[1]) if found else 0


def _first_error(lines: str) -> str:
    """What the program says first; what follows may quote rows."""
    said = [line.partition("error: ")[2] for line in lines.splitlines() if "error: " in line]
    return said[0] if said else "lỗi không rõ"


def _flush(path: Path) -> None:
    """On disk for good when this returns: a file, or a folder's names."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
