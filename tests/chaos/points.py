"""Where a process is killed: a moment of the n-th time it does a certain thing."""

import json
import os
import re
import signal
import threading
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Moment(StrEnum):
    """A moment of a piece of work that must outlive its process."""

    BEFORE = "before"
    """Taken, not begun."""
    ANSWERED = "answered"
    """A system has done what it was sent; our ledger does not know. Only of exchanges with systems."""
    DONE = "done"
    """Done and in our ledger; who gave the work has not been told."""
    TOLD = "told"
    """Who gave the work has just been told."""


WITHOUT_EXCHANGE = (Moment.BEFORE, Moment.DONE, Moment.TOLD)


@dataclass(frozen=True)
class KillPoint:
    """The process dies at this moment of the `ordinal`-th `work` it does, counted from 1."""

    work: str
    ordinal: int
    moment: Moment

    def __str__(self) -> str:
        return f"{self.work} #{self.ordinal} {self.moment}"

    @property
    def mark(self) -> str:
        """The name of the file that says it happened."""
        return re.sub(r"\W+", "-", str(self))


class Fate:
    """Counts what its process does and kills it, without a word, at the first of its kill points.

    In `folder` it leaves to its successors a mark that it happened. With `counts_on` it also leaves what it counted: a
    work that is done again, known by its `key`, keeps its ordinal; else each process counts from 1.
    """

    def __init__(self, points: Collection[KillPoint], folder: Path, *, counts_on: bool) -> None:
        self._points = frozenset(points)
        self._folder = folder
        self._counted = folder / "counted.json"
        self._seen: dict[str, dict[str, int]] = {}
        if counts_on and self._counted.exists():
            self._seen = json.loads(self._counted.read_text("utf-8"))
        self._lock = threading.Lock()

    def reached(self, work: str, key: str, moment: Moment) -> None:
        """This process is at that moment of the work that `key` tells from others of its name."""
        with self._lock:
            ordinals = self._seen.setdefault(work, {})
            point = KillPoint(work, ordinals.setdefault(key, len(ordinals) + 1), moment)
            if point in self._points:
                self._counted.write_text(json.dumps(self._seen), "utf-8")
                (self._folder / point.mark).touch()
                os.kill(os.getpid(), signal.SIGKILL)
