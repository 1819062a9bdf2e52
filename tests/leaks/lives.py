"""The processes of a scanned system beside those of its stack: each writes a log of its own, and may be killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.integration.system import ROOT, System


class Lives:
    """Lives of processes, one after the other, and what they said."""

    def __init__(self, system: System, logs: Path) -> None:
        self._system = system
        self._logs = logs
        self._living: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *command: str, **environment: str) -> None:
        """Start a process with the environment of the stack's, some of it changed."""
        with (self._logs / f"{name}.log").open("wb") as log:
            self._living[name] = subprocess.Popen(
                (sys.executable, *command),
                env={**os.environ, **self._system.stack.environment(), **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
            )

    def kill(self, name: str) -> None:
        """`kill -9`."""
        process = self._living.pop(name)
        process.kill()
        process.wait()

    def kill_of_stack(self, name: str) -> None:
        """`kill -9` of one that the stack has started."""
        (process,) = (process for process in self._system.stack.processes if process.name == name)
        os.kill(process.pid, signal.SIGKILL)
        self._system.in_loop(process.ended())

    def stop(self) -> None:
        """Stop those that live, gracefully."""
        for process in self._living.values():
            process.terminate()
        for process in self._living.values():
            process.wait(30)
        self._living.clear()

    def said(self) -> Mapping[str, bytes]:
        """What each has said so far."""
        return {file.stem: file.read_bytes() for file in sorted(self._logs.glob("*.log"))}

    def pids(self) -> Mapping[str, int]:
        """Every process of the system that runs now."""
        stacks = {process.name: process.pid for process in self._system.stack.processes if process.running}
        return stacks | {name: process.pid for name, process in self._living.items()}
