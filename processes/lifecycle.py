"""The life of our processes: they serve HTTP, are told to stop, finish what they have begun, and never hang over it."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from types import FrameType
from typing import NoReturn

import uvicorn
from fastapi import FastAPI

logger = logging.getLogger("lienthong.lifecycle")

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_MARGIN_SECONDS = 3.0
"""What a process may need after its grace, to cancel what still runs and to take its leave."""


class Stop:
    """Told to stop by SIGTERM or Ctrl-C, once: in good order; twice, or not done when time is up: at once.

    `grace` is the seconds running work gets. Leaving at once loses nothing: what was under way is done again by
    whoever comes next. Exit code 0 when told twice, 1 when time is up, because then something hung.
    """

    def __init__(self, grace: float) -> None:
        self.asked = asyncio.Event()
        self._time = grace + _MARGIN_SECONDS
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self.begin)

    def begin(self) -> None:
        """Stop in good order; from now on time runs. Safe to repeat."""
        if self.asked.is_set():
            return
        self.asked.set()
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
            signal.signal(number, _told_again)
        # A thread, because it is the event loop that may hang.
        deadline = threading.Timer(self._time, self._time_is_up)
        deadline.daemon = True
        deadline.start()

    def _time_is_up(self) -> None:
        logger.error("không dừng kịp trong %g giây; việc dở sẽ được làm lại", self._time)
        leave(1)


def leave(code: int) -> NoReturn:
    """End the process now: Temporal's threads can abort an interpreter that takes its time (DESIGN §3.11)."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _told_again(_number: int, _frame: FrameType | None) -> None:
    leave(0)


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
async def serving(app: FastAPI, host: str, port: int, grace: float) -> AsyncIterator[None]:
    """Serve the application while the context lasts; requests then under way get `grace` seconds.

    Raises OSError when the address cannot be had.
    """
    listener = _listener(host, port)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        ws="none",
        lifespan="off",
        timeout_graceful_shutdown=max(1, round(grace)),
    )
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await server.ready.wait()
        yield
    finally:
        server.should_exit = True
        await running
        listener.close()


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
