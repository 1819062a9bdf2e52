"""A reverse proxy before the simulator that keeps every request of a dossier."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI, Request, Response

from bench import script
from processes.serving import serving

_NOT_PASSED_ON = {"host", "content-length", "transfer-encoding", "connection"}


@asynccontextmanager
async def recording(simulator: str) -> AsyncIterator[tuple[str, list[script.Request]]]:
    """Base URL of the proxy, and the requests that have gone through it so far."""
    kept: list[script.Request] = []
    app = FastAPI(docs_url=None, redoc_url=None)
    async with httpx.AsyncClient(base_url=simulator, trust_env=False, timeout=30) as http:

        @app.api_route("/{path:path}", methods=["GET", "POST", "PUT"])
        async def passed_on(request: Request, path: str) -> Response:
            at, body = time.time(), await request.body()
            headers = {name: value for name, value in request.headers.items() if name not in _NOT_PASSED_ON}
            url = f"/{path}" + (f"?{request.url.query}" if request.url.query else "")
            reply = await http.request(request.method, url, content=body, headers=headers)
            kept.append(script.Request(at, request.method, url, headers, body.decode(), reply.status_code))
            return Response(reply.content, reply.status_code, media_type=reply.headers.get("content-type"))

        async with serving(app) as address:
            yield address, kept
