"""Every test that takes a database runs twice: on SQLite and on a real PostgreSQL, on a fresh database each time.

`LIENTHONG_TEST_POSTGRESQL`, the URL of a server in which tests may create databases, puts that in the place of the
packaged one.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url

from ledger.engine import open_engine
from ledger.store import Ledger
from tests.keys import MASTERS
from tests.ledger.databases import Server, packaged_server, with_tables


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One PostgreSQL per test process, up when the first test asks for it."""
    given = os.environ.get("LIENTHONG_TEST_POSTGRESQL")
    if given:
        yield Server(given)
        return
    with packaged_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_template(server: Server) -> Iterator[str]:
    """The name of a PostgreSQL database with all tables and nothing in them."""
    url = with_tables(server.database())
    yield str(make_url(url).database)
    server.drop(url)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables and nothing in them."""
    file = tmp_path_factory.mktemp("sqlite") / "ledger.db"
    with_tables(f"sqlite:///{file}")
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    """The kind of database a test runs on."""
    kind: str = request.param
    return kind


@pytest.fixture
def empty_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database of its own, without tables."""
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path / 'ledger.db'}"
        return
    server: Server = request.getfixturevalue("server")
    url = server.database()
    yield url
    server.drop(url)


@pytest.fixture
def database_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database of its own, with all tables."""
    if backend == "sqlite":
        file = tmp_path / "ledger.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
        return
    server: Server = request.getfixturevalue("server")
    url = server.database(request.getfixturevalue("postgresql_template"))
    yield url
    server.drop(url)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine of a database with all tables."""
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def ledger(engine: Engine) -> Ledger:
    """A ledger without dossiers."""
    return Ledger(engine, MASTERS)
