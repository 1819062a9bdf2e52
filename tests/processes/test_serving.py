"""Listening: on this machine, unless told otherwise, which is said."""

import logging
import socket

import pytest
from fastapi import FastAPI

from processes import serving as module
from processes.serving import serving


async def test_listening_beyond_this_machine_is_said(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The socket itself stays on loopback: no test opens a port to the network."""

    def listener(_: str, port: int) -> socket.socket:
        made = socket.socket()
        made.bind(("127.0.0.1", port))
        return made

    monkeypatch.setattr(module, "_listener", listener)
    for host, said in (("0.0.0.0", True), ("10.0.0.7", True), ("127.0.0.1", False), ("localhost", False)):
        caplog.clear()
        with caplog.at_level(logging.WARNING, "lienthong.serving"):
            async with serving(FastAPI(), host):
                pass
        assert (host in caplog.text) is said
