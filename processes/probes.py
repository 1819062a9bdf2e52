"""Health and readiness of a process, for whoever supervises it and whoever sends it traffic.

`GET /health`: 200 while the process works as it should, 503 when part of it has died and it should be restarted.
`GET /ready`: 200 when it can do its work now; else 503 with a problem document (RFC 9457) whose `reasons` say why. What
is away comes back by itself: a process that is not ready is not to be restarted. Neither shows anything secret.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import timedelta
from typing import Protocol

from fastapi import APIRouter, Response
from sqlalchemy import Engine
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from ledger.engine import check_schema
from models.base import Code, LongText, Model
from models.contract import PROBLEM_MEDIA_TYPE
from models.labelled import Labelled

logger = logging.getLogger("lienthong.probes")

_PATIENCE_SECONDS = 3.0


class Problem(Model):
    """A problem document (RFC 9457); `type` is stable, `detail` is Vietnamese and free of personal data."""

    type: Code
    title: LongText
    status: int
    detail: LongText


class Reason(Labelled):
    """Why a process cannot do its work."""

    STARTING = "starting", "Tiến trình đang khởi động."
    STOPPING = "stopping", "Tiến trình đang dừng."
    PART_DIED = "part_died", "Một phần của tiến trình đã dừng ngoài ý muốn; cần khởi động lại."
    LEDGER = "ledger", "Sổ hồ sơ (cơ sở dữ liệu) chưa dùng được hoặc không khớp phiên bản."
    TEMPORAL = "temporal", "Temporal chưa trả lời."


class NotReady(Problem):
    """Why a process is not well or not ready."""

    reasons: tuple[Reason, ...]


class State(Model):
    """All is well."""

    status: Code


class Process(Protocol):
    """What a process says of itself."""

    @property
    def dead(self) -> Collection[Reason]:
        """Why it should be restarted; empty while it lives."""
        ...

    async def unready(self) -> Collection[Reason]:
        """Why it cannot do its work now; empty when it can."""
        ...


def probes(process: Process) -> APIRouter:
    """The two routes of a process."""
    routes = APIRouter(tags=["Tình trạng"])
    answers: Mapping[int | str, dict[str, object]] = {503: {"model": NotReady}}

    @routes.get("/health", responses={**answers}, response_model=State)
    async def health() -> Response:
        """Whether the process works as it should."""
        return _answer("ok", process.dead)

    @routes.get("/ready", responses={**answers}, response_model=State)
    async def ready() -> Response:
        """Whether the process can do its work now."""
        return _answer("ready", process.dead or await process.unready())

    return routes


class Surroundings:
    """What a process needs around it: a ledger of its schema and, if it is given its `client`, Temporal."""

    def __init__(self, engine: Engine, client: Client | None = None) -> None:
        self._checks = {Reason.LEDGER: _Check(lambda: asyncio.to_thread(check_schema, engine))}
        if client:
            self._checks[Reason.TEMPORAL] = _Check(lambda: reach(client))

    async def missing(self) -> tuple[Reason, ...]:
        """What of it cannot be used now; known within a few seconds."""
        passed = await asyncio.gather(*(check.passes() for check in self._checks.values()))
        return tuple(reason for reason, there in zip(self._checks, passed, strict=True) if not there)


class _Check:
    """One look at a time: a database that hangs takes one thread, however often somebody asks."""

    def __init__(self, look: Callable[[], Awaitable[None]]) -> None:
        self._look = look
        self._looking: asyncio.Task[bool] | None = None

    async def passes(self) -> bool:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._looked())
        looking = self._looking
        await asyncio.wait((looking,), timeout=_PATIENCE_SECONDS)
        return looking.done() and looking.result()

    async def _looked(self) -> bool:
        try:
            await self._look()
        except Exception as error:  # whatever it is, it cannot be used
            logger.warning("chưa sẵn sàng: %s", type(error).__name__)
            return False
        return True


async def reach(client: Client) -> None:
    """Raises RPCError, also when the server has no such namespace, RuntimeError when a lazy client cannot connect, and
    TimeoutError."""
    request = DescribeNamespaceRequest(namespace=client.namespace)
    async with asyncio.timeout(_PATIENCE_SECONDS):
        await client.workflow_service.describe_namespace(request, timeout=timedelta(seconds=_PATIENCE_SECONDS))


def _answer(well: str, reasons: Collection[Reason]) -> Response:
    if not reasons:
        return Response(State(status=well).model_dump_json(), media_type="application/json")
    problem = NotReady(
        type="urn:lienthong:not_ready",
        title="not_ready",
        status=503,
        detail=" ".join(reason.label for reason in reasons),
        reasons=tuple(reasons),
    )
    return Response(problem.model_dump_json(), 503, media_type=PROBLEM_MEDIA_TYPE)
