"""What a database error means, in one line for people: the driver's own words hold statements and sometimes data."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    SQLAlchemyError,
    TimeoutError,
)

from ledger.errors import DatabaseFailed, DatabaseUnusable

_MEANINGS = tuple(
    (re.compile(pattern), vietnamese, english)
    for pattern, vietnamese, english in (
        # No SQLSTATE reaches us from an attempt to connect; these are the words of libpq, psycopg and the server.
        (r'database ".*" does not exist', "máy chủ không có cơ sở dữ liệu này", "the server has no such database"),
        (
            r'password authentication failed|no password supplied|role ".*" does not exist',
            "sai tên người dùng hoặc mật khẩu",
            "wrong user or password",
        ),
        (r"pg_hba\.conf", "máy chủ không cho kết nối từ đây", "the server does not let us in from here"),
        (r"resolve host|translate host name", "không tìm thấy máy chủ", "there is no such host"),
        (r"does not support SSL", "máy chủ không dùng TLS", "the server has no TLS"),
        (
            r"certificate verify failed|server certificate for|root certificate",
            "chứng thư TLS của máy chủ không được tin cậy",
            "the server's TLS certificate is not trusted",
        ),
        (r"Connection refused|No such file or directory", "máy chủ không chạy ở đó", "no server runs there"),
        (r"timeout expired|connection timeout", "máy chủ không trả lời kịp", "the server did not answer in time"),
        (r"starting up|shutting down|recovery mode", "máy chủ đang khởi động hoặc dừng", "it is starting or stopping"),
        (r"^53300|too many clients|connection slots", "máy chủ hết chỗ kết nối", "the server has no connection left"),
        (r"QueuePool limit", "tiến trình này dùng hết kết nối", "all connections of this process are in use"),
        (r"^57014", "câu lệnh quá thời hạn hoặc bị hủy", "a statement took too long or was cancelled"),
        (r"^55P03", "chờ khóa quá lâu", "waited too long for a lock"),
        (r"^25P03", "giao dịch bỏ không quá lâu", "a transaction stood idle too long"),
        (r"^40001|^40P01", "hai giao dịch vướng nhau", "two transactions were in each other's way"),
        (r"^25006", "máy chủ chỉ cho đọc", "the server is read-only"),
        (r"^42501", "người dùng không đủ quyền", "the user lacks a privilege"),
        (r"^53100|disk is full", "hết chỗ trên đĩa", "the disk is full"),
        (r"^57P0|^08|connection (is |was )?(closed|lost|bad)|closed the connection", "mất kết nối", "connection lost"),
        (r"database is locked", "tiến trình khác giữ tệp quá lâu", "another process held the file too long"),
    )
)
_OF_THE_DATABASE = (OperationalError, InterfaceError, InternalError, TimeoutError)


@contextmanager
def told_when_opening(engine: Engine) -> Iterator[None]:
    """Any error inside means that the database cannot be used: DatabaseUnusable."""
    try:
        yield
    except SQLAlchemyError as error:
        meaning = _meaning(error) or ("không kết nối được", "cannot be reached or read")
        raise DatabaseUnusable(shown(engine), *meaning) from error


@contextmanager
def told_if_known(engine: Engine) -> Iterator[None]:
    """An error whose meaning we know is told as DatabaseUnusable; any other stays as it is."""
    try:
        yield
    except SQLAlchemyError as error:
        if meaning := _meaning(error):
            raise DatabaseUnusable(shown(engine), *meaning) from error
        raise


@contextmanager
def told_in_use(engine: Engine) -> Iterator[None]:
    """A failure of the database becomes DatabaseFailed; what we did wrong (a constraint, a statement) stays."""
    try:
        yield
    except SQLAlchemyError as error:
        meaning = _meaning(error) or (("có lỗi", "it failed") if isinstance(error, _OF_THE_DATABASE) else None)
        if meaning is None:
            raise
        raise DatabaseFailed(shown(engine), *meaning) from error


def shown(engine: Engine) -> str:
    """Which database it is, without what may be secret."""
    where = {name: value for name, value in engine.url.query.items() if name in ("host", "port")}
    return engine.url.set(query=where).render_as_string(hide_password=True)


def _meaning(error: SQLAlchemyError) -> tuple[str, str] | None:
    """In Vietnamese and in English; None for an error we have no words for, and for those that are ours."""
    if isinstance(error, IntegrityError | DataError):
        return None
    cause = error.orig if isinstance(error, DBAPIError) else error
    words = f"{getattr(cause, 'sqlstate', None) or ''} {cause}"
    for pattern, vietnamese, english in _MEANINGS:
        if pattern.search(words):
            return vietnamese, english
    return None
