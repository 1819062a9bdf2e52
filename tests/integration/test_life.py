"""Processes come and go; dossiers stay. Own systems, because these tests stop and kill things."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from cli.stack import free_port
from models.dossier import DossierOutcome
from submissions import Submissions
from tests.integration.system import ROOT, running_system, system_settings
from tests.integration.test_straight_path import expect_once
from workflows.plugin import connect


@pytest.mark.rule("8.recovered")
def test_a_second_start_goes_on_with_the_open_dossiers(tmp_path: Path) -> None:
    settings = system_settings(tmp_path)
    with running_system(settings, pace=3) as system:
        running = system.open("plain")
        system.start(running)
        system.see(running, lambda d: d.plan, "a plan")
        never_started = [system.open("one-parent"), system.open("householder")]
    with running_system(settings, pace=0.1) as system:
        asyncio.run(_recover(system.submissions, settings.temporal_address))
        for code in (running, *never_started):
            assert system.concluded(code).summary.outcome is DossierOutcome.COMPLETED
            expect_once(system, code)


async def _recover(submissions: Submissions, address: str) -> None:
    await submissions.recover(await connect(address, "default"))
    assert await submissions.recover(await connect(address, "default")) == ()


def test_make_dev_comes_up_and_ctrl_c_stops_everything(tmp_path: Path) -> None:
    ports = [free_port() for _ in range(5)]
    names = ("--temporal-port", "--ui-port", "--gateway-port", "--simulator-port", "--codec-port")
    options = [text for name, port in zip(names, ports, strict=True) for text in (name, str(port))]
    dev = subprocess.Popen(
        [sys.executable, str(ROOT / "starter.py"), "dev", "--state", str(tmp_path), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        lines = _until(dev, "Ctrl-C để dừng tất cả.")
        assert any(f"http://127.0.0.1:{ports[1]}" in line for line in lines)
        assert any(f"http://127.0.0.1:{ports[4]}/login" in line for line in lines)
        assert all(_open(port) for port in ports)
        dev.send_signal(signal.SIGINT)
        rest, _ = dev.communicate(timeout=40)
    finally:
        dev.kill()
    assert dev.returncode == 0, rest
    assert "Đã dừng tất cả." in rest
    assert not any(_open(port) for port in ports)


def _until(process: subprocess.Popen[str], text: str) -> Sequence[str]:
    assert process.stdout is not None
    lines = []
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        line = process.stdout.readline()
        if not line:
            break
        lines.append(line)
        if text in line:
            return lines
    raise AssertionError("".join(lines))


def _open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
