"""A real PostgreSQL for tests, and cheap fresh databases in it."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from cli import postgres
from ledger.engine import open_engine, upgrade

STRANGER = "stranger"
"""A user of the packaged server who must give the password `right-word`."""

_numbers = count(1)


class Server:
    """A running PostgreSQL; `url` is that of its own database."""

    def __init__(self, url: str) -> None:
        self.url = url

    def database(self, template: str = "template1") -> str:
        """The URL of a new database, a copy of another."""
        name = f"test_{os.getpid()}_{next(_numbers)}"
        self._run(sql.SQL("CREATE DATABASE {} TEMPLATE {}"), name, template)
        return self.at(name)

    def at(self, name: str) -> str:
        """The URL of a database, whether there is one or not."""
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        """Away with a database and whoever is in it."""
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)"), str(make_url(url).database))

    def _run(self, statement: sql.SQL, *names: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement.format(*map(sql.Identifier, names)))


@contextmanager
def packaged_server() -> Iterator[Server]:
    """The PostgreSQL of the Python package in a new folder; careless of power cuts, hence quick.

    Not under pytest's folders: every pytest that starts closes those to all but their owner, and where tests run as
    root PostgreSQL is another user.
    """
    folder = Path(tempfile.mkdtemp(prefix="lienthong-pg-"))
    server = postgres.package().get_server(folder, start=False, cleanup_mode="delete")
    server.ensure_pgdata_inited()
    rules = folder / "pg_hba.conf"
    rules.write_text(f"local all {STRANGER} scram-sha-256\n{rules.read_text('utf-8')}", "utf-8")
    with (folder / "postgresql.conf").open("a", encoding="utf-8") as configuration:
        configuration.write("fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nmax_connections = 200\n")
    server.start()
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {STRANGER} LOGIN PASSWORD 'right-word'")
        yield Server(server.get_uri())
    finally:
        server.cleanup()


def with_tables(url: str) -> str:
    """The same URL, its database brought up to date."""
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()
    return url
