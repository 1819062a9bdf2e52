"""A database that cannot be used is one clear line without a password, and costs nothing but a repetition."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, make_url, text
from sqlalchemy.exc import IntegrityError

from ledger.connections import DEFAULTS
from ledger.engine import check_schema, open_engine, upgrade
from ledger.errors import DatabaseFailed, DatabaseUnusable
from ledger.store import Ledger
from models.systems import System
from tests.keys import MASTERS
from tests.ledger.builders import OPENED_AT, notice, opened, published
from tests.ledger.databases import STRANGER, Server

IMPATIENT = DEFAULTS.model_copy(update={"lock_timeout": 0.2, "statement_timeout": 0.4, "connect_timeout": 1.0})
LEASE = timedelta(minutes=1)


@contextmanager
def engine_of(url: str) -> Iterator[Engine]:
    engine = open_engine(url, IMPATIENT)
    yield engine
    engine.dispose()


def expect_refusal(url: str, vietnamese: str) -> None:
    """Both ways to begin with a database refuse it, in one line that says why and shows no password."""
    for use in (check_schema, upgrade):
        with engine_of(url) as engine, pytest.raises(DatabaseUnusable, match=vietnamese) as refused:
            use(engine)
        assert "-word" not in str(refused.value)
        assert "\n" not in str(refused.value)


@pytest.fixture
def unanswering() -> Iterator[int]:
    """The port of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_server_that_does_not_run() -> None:
    expect_refusal("postgres://clerk:secret-word@127.0.0.1:1/ledger", "máy chủ không chạy ở đó")


def test_a_server_that_says_nothing(unanswering: int) -> None:
    url = f"postgres://clerk:secret-word@127.0.0.1:{unanswering}/ledger"
    with engine_of(url) as engine, pytest.raises(DatabaseUnusable, match="không trả lời kịp"):
        check_schema(engine)


def test_a_password_among_the_parameters_is_not_shown() -> None:
    expect_refusal("postgres://clerk@/ledger?host=127.0.0.1&port=1&password=secret-word", "không chạy ở đó")


def test_a_database_that_is_not_there(server: Server) -> None:
    expect_refusal(server.at("khong_co"), "máy chủ không có cơ sở dữ liệu này")


@pytest.mark.parametrize("password", ["wrong-word", None])
def test_a_wrong_password(server: Server, password: str | None) -> None:
    url = make_url(server.url).set(username=STRANGER, password=password)
    expect_refusal(url.render_as_string(hide_password=False), "sai tên người dùng hoặc mật khẩu")


def test_a_user_without_rights(server: Server, postgresql_template: str) -> None:
    database = server.database(postgresql_template)
    url = make_url(database).set(username=STRANGER, password="right-word")
    expect_refusal(url.render_as_string(hide_password=False), "không đủ quyền")
    server.drop(database)


def test_a_database_without_tables(empty_url: str) -> None:
    with engine_of(empty_url) as engine, pytest.raises(DatabaseUnusable, match=r"chưa .* \(ledger database: "):
        check_schema(engine)


def test_looking_for_a_missing_file_does_not_create_it(tmp_path: Path) -> None:
    with (
        engine_of(f"sqlite:///{tmp_path / 'sub' / 'ledger.db'}") as engine,
        pytest.raises(DatabaseUnusable, match="the file does not exist"),
    ):
        check_schema(engine)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_text("đây không phải cơ sở dữ liệu\n" * 100, "utf-8")
    expect_refusal(f"sqlite:///{tmp_path / 'ledger.db'}", "không kết nối được")


@pytest.mark.parametrize(
    "url",
    [
        *("", "ledger.db", "sqlite://", "sqlite:///:memory:", "nosuchdatabase://host/db", "mysql+nosuchdriver://h/d"),
        *("postgresql+nosuchdriver://h/d", "postgres://h:port/d", "mssql://h/d"),
    ],
)
def test_a_url_that_cannot_be(url: str) -> None:
    with pytest.raises(DatabaseUnusable):
        open_engine(url)


@contextmanager
def held(engine: Engine, table: str) -> Iterator[Connection]:
    """Somebody else holds a whole table."""
    with engine.connect() as other, other.begin():
        other.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
        yield other


@pytest.fixture
def postgresql_url(server: Server, postgresql_template: str) -> Iterator[str]:
    url = server.database(postgresql_template)
    yield url
    server.drop(url)


@pytest.mark.parametrize(
    ("patience", "why"),
    [
        ({"lock_timeout": 0.2, "statement_timeout": 30.0}, "chờ khóa quá lâu"),
        ({"lock_timeout": 30.0, "statement_timeout": 0.2}, "câu lệnh quá thời hạn"),
    ],
)
def test_a_stuck_statement_ends_and_the_same_call_succeeds_later(
    postgresql_url: str, patience: dict[str, float], why: str
) -> None:
    engine = open_engine(postgresql_url, DEFAULTS.model_copy(update=patience))
    ledger = Ledger(engine, MASTERS)
    code = opened(ledger)
    change, out = published(code, 1), [notice(code, 1)]
    with held(engine, "notices"):
        for stuck in (
            lambda: ledger.publish(change, out),
            lambda: ledger.claim([System.PORTAL], OPENED_AT, LEASE, 5),
            lambda: ledger.view(code),
        ):
            with pytest.raises(DatabaseFailed, match=why):
                stuck()
    stored = ledger.view(code)
    assert stored is not None
    assert stored.sequence is None, "what failed wrote nothing"
    ledger.publish(change, out)
    assert [row.dispatch for row in ledger.claim([System.PORTAL], OPENED_AT, LEASE, 5)] == out
    engine.dispose()


def test_connections_that_were_cut_are_replaced(server: Server, postgresql_url: str) -> None:
    with engine_of(postgresql_url) as engine, engine_of(server.url) as administrator:
        ledger = Ledger(engine, MASTERS)
        code = opened(ledger)
        with administrator.connect() as cutter:
            name = make_url(postgresql_url).database
            cut = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
            assert cutter.execute(cut, {"name": name}).all()
        assert ledger.opened(code)


def test_a_connection_cut_in_the_middle_writes_nothing(postgresql_url: str) -> None:
    """The publication waits for a table that somebody holds; then its connection is cut."""
    writer, other = open_engine(postgresql_url), open_engine(postgresql_url)
    ledger = Ledger(writer, MASTERS)
    code = opened(ledger)
    with ThreadPoolExecutor(1) as thread:
        with held(other, "notices") as holder:
            publishing = thread.submit(ledger.publish, published(code, 1), [notice(code, 1)])
            cut = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            while not holder.execute(cut).all():
                assert not publishing.done()
        with pytest.raises(DatabaseFailed, match="mất kết nối"):
            publishing.result()
    assert not ledger.opened(code).started
    writer.dispose()
    other.dispose()


def test_a_pool_that_is_used_up(postgresql_url: str) -> None:
    small = DEFAULTS.model_copy(update={"pool_size": 1, "pool_overflow": 0, "pool_wait": 0.1})
    engine = open_engine(postgresql_url, small)
    with engine.connect(), pytest.raises(DatabaseFailed, match="dùng hết kết nối"):
        Ledger(engine, MASTERS).unstarted()
    assert Ledger(engine, MASTERS).unstarted() == ()
    engine.dispose()


def test_a_server_that_became_read_only(server: Server, postgresql_url: str) -> None:
    with engine_of(postgresql_url) as engine:
        with engine.begin() as connection:
            name = make_url(postgresql_url).database
            connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
        engine.dispose()
        with pytest.raises(DatabaseFailed, match="chỉ cho đọc"):
            opened(Ledger(engine, MASTERS))


def test_what_a_dba_sees_and_what_limits_a_session(postgresql_url: str) -> None:
    ours = DEFAULTS.model_copy(update={"application": "lienthong worker"})
    engine = open_engine(f"{postgresql_url}&options=-c%20lock_timeout%3D1234", ours)
    with engine.connect() as connection:
        shown = {
            name: connection.execute(text(f"SHOW {name}")).scalar_one()
            for name in (
                "application_name",
                "statement_timeout",
                "lock_timeout",
                "idle_in_transaction_session_timeout",
                "transaction_isolation",
            )
        }
    engine.dispose()
    assert shown == {
        "application_name": "lienthong worker",
        "statement_timeout": "30s",
        "lock_timeout": "1234ms",
        "idle_in_transaction_session_timeout": "1min",
        "transaction_isolation": "read committed",
    }


def test_what_is_wrong_with_our_own_statement_is_told_as_it_is(engine: Engine, ledger: Ledger) -> None:
    with pytest.raises(IntegrityError), ledger._writing() as session:
        session.execute(text("INSERT INTO dossier_numbers (prefix, day, last) VALUES (NULL, '2026-11-10', 1)"))
