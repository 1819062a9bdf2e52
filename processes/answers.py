"""How a server of ours says no: a problem document (RFC 9457). And how it reads what it is sent."""

import asyncio
from collections.abc import Callable, Mapping

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from models.contract import PROBLEM_MEDIA_TYPE
from processes.probes import Problem


class Answered(Exception):
    """The request ends here with this problem."""

    def __init__(self, status: int, type_: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.headers = headers
        self.problem = Problem(type=f"urn:lienthong:{type_}", title=type_, status=status, detail=detail)


async def answered(request: Request, answer: Answered) -> JSONResponse:
    """The answer as it is sent."""
    return JSONResponse(
        answer.problem.model_dump(),
        status_code=answer.problem.status,
        media_type=PROBLEM_MEDIA_TYPE,
        headers=answer.headers,
    )


def say_problems(app: FastAPI) -> None:
    """Whatever of the application raises Answered is answered so."""
    app.exception_handler(Answered)(answered)


async def read_body(request: Request, seconds: float, expect_size: Callable[[int], None]) -> bytes:
    """The body as it came; `expect_size` is told how much there is by now, and raises when it is too much.

    Raises TimeoutError when it has not come within so many seconds.
    """
    body = bytearray()
    async with asyncio.timeout(seconds):
        async for chunk in request.stream():
            body += chunk
            expect_size(len(body))
    return bytes(body)
