"""What online commands work with: settings, ledger, documents, Temporal. Failures end the command with a clear line."""

import asyncio
import os
import pwd
from collections.abc import Coroutine
from typing import Any, TypeVar

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client
from temporalio.service import RPCError

from cli.output import Exit, fail
from ledger.documents import DocumentStore
from ledger.engine import check_schema, open_engine
from ledger.errors import DatabaseFailed, DatabaseUnusable
from ledger.store import Ledger
from models.audit import Action, Entry, Who, command_line, operator
from models.base import Code
from processes.temporal import connect_as_set
from settings import Settings
from telemetry import logs, traces
from trust.codec import Keys
from trust.keys import master_keys

SERVICE = "lienthong-cli"

R = TypeVar("R")


def observe(settings: Settings) -> None:
    """From here on the command logs, warnings only, and records its part of traces, if the environment asks for it."""
    logs.configure(settings, SERVICE, quiet=True)
    traces.configure(SERVICE)


def user() -> Who:
    """Who runs the command, as the operating system knows them: not as the environment says, which is theirs to set."""
    uid = os.getuid()
    try:
        return command_line(pwd.getpwuid(uid).pw_name)
    except (KeyError, ValidationError):  # a container's user without a name, or one with a name unfit for the trail
        return command_line(str(uid))


def acting(settings: Settings) -> Who:
    """Who the trail says has run the command: the operator of the settings, else the user."""
    return operator(settings.operator) if settings.operator else user()


def told(settings: Settings, what: Action, code: Code | None = None, why: str | None = None, **detail: str) -> Entry:
    """What the trail says of a command."""
    return Entry(who=acting(settings), what=what, code=code, why=why, detail=detail)


def open_ledger(settings: Settings, *, as_json: bool) -> Ledger:
    """The ledger, checked; the command ends when it cannot be used."""
    observe(settings)
    try:
        engine = open_engine(settings.ledger_url, settings.connections("command"))
        check_schema(engine)
    except DatabaseUnusable as error:
        hints = (
            "Sổ ở nơi khác? Đặt DATABASE_URL, LIENTHONG_STATE. Chạy thử trên máy này: lienthong dev",
            "Sổ mới, hoặc chương trình vừa được cập nhật? Chạy: lienthong upgrade",
        )
        fail(Exit.FAILED, str(error), *hints, as_json=as_json)
    ledger = Ledger(engine, master_keys(settings), acting(settings), user())
    ledger.keys.masters.expect_right()
    return ledger


def open_documents(settings: Settings) -> DocumentStore:
    """The document store of these settings."""
    return DocumentStore(settings.documents, master_keys(settings))


async def open_client(settings: Settings, keys: Keys, *, as_json: bool, lazy: bool = False) -> Client:
    """A Temporal client that seals by these keys; the command ends when no server answers, a `lazy` one's when it is
    used."""
    try:
        return await connect_as_set(settings, keys, lazy=lazy)
    except RuntimeError as error:
        here = "Chạy `lienthong dev` ở một cửa sổ khác, hoặc đặt TEMPORAL_ADDRESS."
        fail(
            Exit.FAILED,
            f"Không kết nối được Temporal ở {settings.temporal_address}.",
            f"TLS: {error}" if settings.temporal_uses_tls else here,
            as_json=as_json,
        )


def run(work: Coroutine[Any, Any, R], *, as_json: bool) -> R:
    """Run a command's work; a server or database that fails meanwhile is one clear line. Its spans leave with it."""
    try:
        return asyncio.run(work)
    except RPCError as error:
        fail(Exit.FAILED, f"Temporal báo lỗi: {error.message}", as_json=as_json)
    except DatabaseFailed as error:
        fail(Exit.FAILED, str(error), as_json=as_json)
    except SQLAlchemyError as error:
        fail(Exit.FAILED, f"Cơ sở dữ liệu báo lỗi: {type(error).__name__}", as_json=as_json)
    finally:
        traces.close()
