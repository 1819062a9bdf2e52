"""A whole system listens on this machine only: every port of every one of its processes, as the kernel tells."""

import asyncio
import re
import time
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from cli.stack import Stack, free_port
from tests.integration.system import system_settings
from trust.machines import is_this_machine

Listener = tuple[str, int]


def read_table(table: str) -> Iterator[tuple[str, Listener]]:
    """The listening sockets of a /proc/net/tcp or tcp6: inode, and (address, port)."""
    for line in table.splitlines()[1:]:
        fields = line.split()
        address, port = fields[1].split(":")
        if fields[3] == _LISTENS:
            yield fields[9], (str(_address(address)), int(port, 16))


_LISTENS = "0A"
_PATIENCE = 30.0


def _address(hexadecimal: str) -> IPv4Address | IPv6Address:
    """Words of four bytes, each in the order of the machine (proc(5))."""
    words = bytes.fromhex(hexadecimal)
    found = ip_address(b"".join(words[at : at + 4][::-1] for at in range(0, len(words), 4)))
    return getattr(found, "ipv4_mapped", None) or found


def listeners(sessions: set[int]) -> set[Listener]:
    """What the processes of these sessions listen on."""
    inodes = {inode for process in _processes(sessions) for inode in _sockets(process)}
    tables = (Path(f"/proc/net/{name}").read_text("ascii") for name in ("tcp", "tcp6"))
    return {listener for table in tables for inode, listener in read_table(table) if inode in inodes}


def _processes(sessions: set[int]) -> Iterator[Path]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            status = (process / "stat").read_text("utf-8").rpartition(") ")[2].split()
        except OSError:  # it has gone
            continue
        if int(status[3]) in sessions:
            yield process


def _sockets(process: Path) -> Iterator[str]:
    for descriptor in (process / "fd").glob("*"):
        try:
            found = re.fullmatch(r"socket:\[(\d+)\]", str(descriptor.readlink()))
        except OSError:
            continue
        if found:
            yield found[1]


def test_a_listener_for_everybody_would_be_seen() -> None:
    table = (
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1\n"
        "   1: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12 1\n"
        "   2: 0100007F:1F91 0100007F:1F92 01 00000000:00000000 00:00000000 00000000     0        0 13 1\n"
        "   3: 00000000000000000000000000000000:1F93 0:0 0A 0:0 0:0 0     0        0 14 1\n"
        "   4: 0000000000000000FFFF00000100007F:1F94 0:0 0A 0:0 0:0 0     0        0 15 1\n"
        "   5: 00000000000000000000000001000000:1F95 0:0 0A 0:0 0:0 0     0        0 16 1\n"
    )
    found = dict(read_table(table))
    assert set(found) == {"11", "12", "14", "15", "16"}
    assert {inode for inode, (address, _) in found.items() if not is_this_machine(address)} == {"11", "14"}


async def test_a_whole_system_listens_on_this_machine_only(tmp_path: Path) -> None:
    ports = {name: free_port() for name in ("health_port", "metrics_port", "gateway_metrics_port")}
    settings = system_settings(tmp_path).model_copy(update=ports)
    ui_port = free_port()
    log: list[str] = []
    async with Stack(settings, lambda name, line: log.append(f"{name}: {line}"), ui_port=ui_port, codec=True) as stack:
        known = {settings.gateway_port, settings.codec_port, ui_port, *ports.values()}
        known |= {int(url.rpartition(":")[2]) for url in (settings.temporal_address, settings.simulator_url)}
        sessions = {process.pid for process in stack.processes}
        deadline = time.monotonic() + _PATIENCE
        while not known <= {port for _, port in listeners(sessions)}:
            assert time.monotonic() < deadline, log
            await asyncio.sleep(0.1)
        assert not {listener for listener in listeners(sessions) if not is_this_machine(listener[0])}
