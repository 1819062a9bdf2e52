"""Empty databases for the ledger's tests: SQLite files, and PostgreSQL too where a server is given.

`LIENTHONG_TEST_POSTGRESQL` is the URL of a PostgreSQL database in which tests may create and drop schemas.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, make_url
from sqlalchemy.schema import CreateSchema, DropSchema

from ledger.engine import open_engine, upgrade
from ledger.store import Ledger

POSTGRESQL = os.environ.get("LIENTHONG_TEST_POSTGRESQL")


@pytest.fixture(params=["sqlite", "postgresql"] if POSTGRESQL else ["sqlite"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database of its own."""
    if request.param == "sqlite" or POSTGRESQL is None:
        yield f"sqlite:///{tmp_path / 'ledger.db'}"
        return
    schema = f"test_{uuid4().hex}"
    server = open_engine(POSTGRESQL)
    with server.begin() as connection:
        connection.execute(CreateSchema(schema))
    options = {"options": f"-csearch_path={schema}"}
    yield make_url(POSTGRESQL).update_query_dict(options).render_as_string(hide_password=False)
    with server.begin() as connection:
        connection.execute(DropSchema(schema, cascade=True))
    server.dispose()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine of a database with all tables."""
    engine = open_engine(database_url)
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def ledger(engine: Engine) -> Ledger:
    """A ledger without dossiers."""
    return Ledger(engine)
