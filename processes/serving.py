"""Serving an application over HTTP inside the caller's event loop."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from fastapi import FastAPI

from trust.machines import is_this_machine

logger = logging.getLogger("lienthong.serving")


class _Server(uvicorn.Server):
    """A server that leaves signals to its caller and says when it is ready."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.ready.set()


@contextlib.asynccontextmanager
async def serving(app: FastAPI, host: str = "127.0.0.1", port: int = 0, grace: float = 5.0) -> AsyncIterator[str]:
    """Serve the application while the context lasts; gives its base URL. Port 0 takes a free one.

    Requests under way at the end get `grace` seconds. Raises OSError when the address cannot be had, RuntimeError when
    the application does not start.
    """
    listener = _listener(host, port)
    if not is_this_machine(host):
        logger.warning("nghe ở %s:%d, máy khác cũng vào được", host, listener.getsockname()[1])
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        proxy_headers=False,  # whom to believe about callers is a setting of ours
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=max(1, round(grace)),
    )
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await _ready(server, running)
        yield f"http://{host}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
        listener.close()


async def _ready(server: _Server, running: asyncio.Task[None]) -> None:
    ready = asyncio.create_task(server.ready.wait())
    await asyncio.wait((ready, running), return_when=asyncio.FIRST_COMPLETED)
    ready.cancel()
    if not server.started:
        raise RuntimeError("the application did not start")


def _listener(host: str, port: int) -> socket.socket:
    """A bound socket. The protocol is named because asyncio turns Nagle's delay (40 ms a call) off only then."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _no_address(host, port, error) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise _no_address(host, port, error) from error
    return listener


def _no_address(host: str, port: int, error: OSError) -> OSError:
    return OSError(f"Không mở được cổng {host}:{port}: {error.strerror or error}")
