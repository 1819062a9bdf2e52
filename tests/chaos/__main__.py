"""`make chaos`: all kill points of all stories, a line for each dossier as it ends, a table. Exit code 1 if any failed.

With arguments only the stories of those names. See docs/chaos.md.
"""

import asyncio
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.chaos.arena import Arena, Course, Verdict, arena, every_moment, running
from tests.chaos.mortal import Life
from tests.chaos.points import KillPoint
from tests.chaos.stories import STORIES, Story
from tests.integration.system import System, running_system, system_settings

_AT_ONCE = 6
"""Dossiers played at the same time: most of a kill is waiting for time-outs."""

_PACE = 0.2
"""Seconds between events, so that changes are published one by one."""

_ROUNDS = 3
"""How often the stories are played at most until gateway or relay have died everywhere."""

console = Console(width=120, highlight=False, markup=False, soft_wrap=True)


class Report:
    """Progress as it comes, and the table at the end."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._rows: dict[tuple[str, str], list[Verdict]] = defaultdict(list)

    def say(self, text: str) -> None:
        """One line, with the seconds since the beginning."""
        console.print(f"{time.monotonic() - self._began:4.0f} s  {text}")

    def add(self, killed: str, verdict: Verdict, of: str = "") -> None:
        """What became of a dossier; `killed`: which process was, at what work; `of`: which of several."""
        self._rows[verdict.story, killed].append(verdict)
        problems = (*verdict.problems, *(f"never died at {point}" for point in verdict.missed))
        said = f"{verdict.kills} kills, {'; '.join(('FAILED', *problems)) if problems else 'ok'}"
        self.say(f"{self.dossiers:3}  {verdict.story}: {killed}{of}: {said} ({verdict.seconds:.1f} s)")

    @property
    def dossiers(self) -> int:
        """How many there were so far."""
        return sum(map(len, self._rows.values()))

    @property
    def failed(self) -> int:
        """How many of them lost or doubled something, or did not see all their kills."""
        return sum(not verdict.passed for verdicts in self._rows.values() for verdict in verdicts)

    def show(self) -> None:
        """The table: one row for each story and work."""
        table = Table("story", "killed at", "dossiers", "kills", "failed", "repeats seen", "slowest, s")
        for (story, killed), verdicts in sorted(self._rows.items()):
            figures = (
                len(verdicts),
                sum(verdict.kills for verdict in verdicts),
                sum(not verdict.passed for verdict in verdicts),
                sum(verdict.repeats for verdict in verdicts),
                round(max(verdict.seconds for verdict in verdicts)),
            )
            table.add_row(story, killed, *map(str, figures))
        console.print(table)
        kills = sum(verdict.kills for verdicts in self._rows.values() for verdict in verdicts)
        self.say(f"{kills} kills, {self.dossiers} dossiers, {self.failed} failed")


async def kill_workers(arena: Arena, courses: Sequence[Course], report: Report) -> None:
    """A dossier for each work of each story, its worker killed at every moment of it."""
    free = asyncio.Semaphore(_AT_ONCE)

    async def one(course: Course, points: tuple[KillPoint, ...]) -> None:
        async with free:
            verdict = await arena.kill_worker(course.story, *points)
            report.add(f"worker, {points[0].work}", verdict.against(course), f" #{points[0].ordinal}")

    await asyncio.gather(*(one(course, points) for course in courses for points in course.worker_kills()))


async def kill_line(name: str, life: Life, arena: Arena, courses: Sequence[Course], report: Report) -> None:
    """The gateway or the relay of all, killed at each of its points while a dossier of each story is played."""
    began = time.monotonic()
    async with running(life) as line:
        for _ in range(_ROUNDS):
            verdicts = await asyncio.gather(*(arena.survive(course.story) for course in courses))
            for course, verdict in zip(courses, verdicts, strict=True):
                report.add(f"{name} of all", verdict.against(course))
            if not line.missed:
                break
        missed = line.missed
    report.add(
        name,
        Verdict("all", line.problems, Counter(), 0, time.monotonic() - began, len(life.points) - len(missed), missed),
    )


async def play(workers: System, others: System, stories: Sequence[Story]) -> Report:
    """Workers die in one system; in another at the same time the gateway, then the relay."""
    report = Report()
    async with arena(workers) as first, arena(others) as second, running(first.relay()):
        courses = [await first.course(story) for story in stories]
        report.say(f"{len(courses)} stories played with nobody killed")
        await asyncio.gather(kill_workers(first, courses, report), kill_gateway_and_relay(second, courses, report))
    report.show()
    return report


async def kill_gateway_and_relay(stage: Arena, courses: Sequence[Course], report: Report) -> None:
    """One after the other: the other of them lives meanwhile."""
    events = every_moment({event for course in courses for event in course.events})
    rows = every_moment({row for course in courses for row in course.rows})
    await stage.stop_gateway()
    async with running(stage.relay()):
        await kill_line("gateway", stage.gateway(events), stage, courses, report)
    async with running(stage.gateway()):
        await kill_line("relay", stage.relay(rows), stage, courses, report)


def main(names: Sequence[str]) -> int:
    """Exit code 0 when every dossier passed, 1 when one failed, 2 when there is no story of that name."""
    if unknown := set(names) - {story.name for story in STORIES}:
        console.print(f"no story {', '.join(sorted(unknown))}; there are: {', '.join(story.name for story in STORIES)}")
        return 2
    stories = [story for story in STORIES if not names or story.name in names]
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as folder, ExitStack() as stack:
        workers, others = (
            stack.enter_context(running_system(system_settings(Path(folder) / name), worker=False, pace=_PACE))
            for name in ("workers", "others")
        )
        return 1 if asyncio.run(play(workers, others, stories)).failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
