"""A running system whose workers, relay and gateway may die: how a story is played there, and what is found at its end.

Each dossier has a queue and a worker of its own, so that a kill strikes it alone and many can be played at once. All
processes are forked from one that has imported everything: a successor is at work within half a second.
"""

import asyncio
import itertools
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from multiprocessing import get_context
from typing import Any

from temporalio import client
from temporalio.client import Client, WorkflowHandle

from ledger.documents import DocumentStore
from processes.crew import OUTBOX, QUEUES
from simulator.records import AnswerState
from submissions import Submissions
from tests.chaos.effects import differences, effects
from tests.chaos.mortal import LOG, TASK, Life, Role, heard, live, name_of, relayed
from tests.chaos.points import WITHOUT_EXCHANGE, KillPoint, Moment
from tests.chaos.stories import Story
from tests.integration.system import System
from trust.codec import DossierCodec
from workflows.plugin import LienthongPlugin, register_search_attributes

PATIENCE = 300.0
"""Seconds after which a dossier that has not finished counts as lost."""

_LOOK = 0.2
_TASK_TIMEOUT = timedelta(seconds=3)
"""In place of ten seconds: how long Temporal waits for a workflow task whose worker has died."""

_RELAY_CALL = "1"
"""Seconds a call of the relay may take, so that its leases are short."""

_INBOX_PATIENCE = "2"
"""Seconds a gateway tries to deliver an event, so that its leases are short."""

_TASKS_APART = 4
_SHOWN = 2000
"""How much of a log is shown, from its end."""

_WITHOUT_RELAY = ",".join(name for name in QUEUES if name != OUTBOX)

_forks = get_context("forkserver")
_forks.set_forkserver_preload(["tests.chaos.mortal"])


@dataclass(frozen=True)
class Course:
    """How a story goes when nobody is killed: what it brings about, and how often each work is done for it."""

    story: Story
    effects: Counter[str]
    works: Mapping[str, int]
    exchanges: frozenset[str]
    """The works in which a system is sent something and answers."""
    events: frozenset[str]
    rows: frozenset[str]

    def worker_kills(self) -> tuple[tuple[KillPoint, ...], ...]:
        """Where to kill workers, dossier by dossier: at each moment of an activity, or around workflow tasks."""
        activities = (
            tuple(
                KillPoint(work, ordinal, moment) for moment in (Moment if work in self.exchanges else WITHOUT_EXCHANGE)
            )
            for work, times in self.works.items()
            if work != TASK and work.startswith(self.story.kills)
            for ordinal in range(1, times + 1)
        )
        tasks = (
            (KillPoint(TASK, number, Moment.DONE), KillPoint(TASK, number + 2, Moment.TOLD))
            for number in range(1, self.works[TASK] * 2 // 3, _TASKS_APART)
            if TASK.startswith(self.story.kills)
        )
        return (*activities, *tasks)


def every_moment(works: Collection[str]) -> tuple[KillPoint, ...]:
    """Every moment of the first of each of these works, of events or of rows of the outbox."""
    return tuple(KillPoint(work, 1, moment) for work in sorted(works) for moment in WITHOUT_EXCHANGE)


@dataclass(frozen=True)
class Verdict:
    """What became of a dossier. `problems` is empty when it finished, nothing was lost and nothing done twice."""

    story: str
    problems: tuple[str, ...]
    effects: Counter[str]
    repeats: int
    """Requests that their system had had before: allowed, since it did nothing on them."""
    seconds: float
    kills: int = 0
    missed: tuple[KillPoint, ...] = ()
    """Where somebody should have been killed and was not. A kill may leave fewer works to do: those are not meant."""

    @property
    def passed(self) -> bool:
        return not self.problems and not self.missed

    def against(self, course: Course) -> "Verdict":
        """The verdict with what it lost and doubled of that course as problems."""
        return replace(self, problems=(*self.problems, *differences(course.effects, self.effects)))


class Line:
    """One process after another: where one dies at its kill point, the next takes over with those that are left.

    The last has none left, and so is the unchanged process.
    """

    def __init__(self, life: Life) -> None:
        life.folder.mkdir(parents=True)
        self._life = life
        self._process = self._next()
        self.problems: tuple[str, ...] = ()

    @property
    def missed(self) -> tuple[KillPoint, ...]:
        """The kill points that have not come yet."""
        return tuple(point for point in self._life.points if not (self._life.folder / point.mark).exists())

    async def run(self) -> None:
        """Let one follow the other, until one ends otherwise than at a kill point: that is a problem."""
        left = self._life.points
        while True:
            await self._ended()
            if self.missed == left:
                log = (self._life.folder / LOG).read_text("utf-8")
                self.problems = (f"a {self._life.role} ended by itself:\n{log[-_SHOWN:]}",)
                return
            left = self.missed
            self._process = self._next()

    def kill(self) -> None:
        """End the one that lives."""
        self._process.kill()
        self._process.join()

    def _next(self) -> Any:
        process = _forks.Process(target=live, args=(replace(self._life, points=self.missed),), daemon=True)
        process.start()
        return process

    async def _ended(self) -> None:
        ended, loop = asyncio.Event(), asyncio.get_running_loop()
        loop.add_reader(self._process.sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self._process.sentinel)


@asynccontextmanager
async def running(life: Life) -> AsyncIterator[Line]:
    """A line of processes while the context lasts."""
    line = Line(life)
    succession = asyncio.create_task(line.run())
    try:
        yield line
    finally:
        succession.cancel()
        with suppress(asyncio.CancelledError):
            await succession
        line.kill()


class _Hasty(client.Interceptor):
    def intercept_client(self, next: client.OutboundInterceptor) -> client.OutboundInterceptor:
        return _HastyStart(next)


class _HastyStart(client.OutboundInterceptor):
    async def start_workflow(self, input: client.StartWorkflowInput) -> WorkflowHandle[Any, Any]:
        input.task_timeout = _TASK_TIMEOUT
        return await super().start_workflow(input)


class Arena:
    """See the module; made by `arena`."""

    def __init__(self, system: System, connection: Client) -> None:
        self._system = system
        self._client = connection
        self._opening = asyncio.Lock()
        self._lives = itertools.count(1)

    async def course(self, story: Story) -> Course:
        """Play the story with nobody killed."""
        code = await self._opened(story)
        async with running(self._worker(code)):
            await self._played(story, code)
        book = await asyncio.to_thread(self._system.book, code)
        dossier = await asyncio.to_thread(self._system.dossier, code)
        works, exchanges = await self._works(code)
        return Course(
            story=story,
            effects=effects(book, dossier),
            works=works,
            exchanges=exchanges,
            events=frozenset(heard(answer["message_id"], code) for answer in book["answers"]),
            rows=frozenset(relayed(notice.dispatch) for notice in dossier.notices),
        )

    async def kill_worker(self, story: Story, *points: KillPoint) -> Verdict:
        """Play the story with its worker killed there, and another one from then on."""
        code = await self._opened(story)
        async with running(self._worker(code, points)) as line:
            verdict = await self._judged(story, code)
        works, _ = await self._works(code)
        there = tuple(point for point in line.missed if point.ordinal <= works[point.work])
        problems = (*line.problems, *verdict.problems)
        return replace(verdict, problems=problems, kills=len(points) - len(line.missed), missed=there)

    async def survive(self, story: Story) -> Verdict:
        """Play the story with a worker of its own that nobody kills, while others may be."""
        code = await self._opened(story)
        async with running(self._worker(code)):
            return await self._judged(story, code)

    def relay(self, points: Sequence[KillPoint] = ()) -> Life:
        """The relay of all dossiers."""
        return self._life(Role.WORKER, "relay", points, queues=OUTBOX, LIENTHONG_CALL_TIMEOUT=_RELAY_CALL)

    def gateway(self, points: Sequence[KillPoint] = ()) -> Life:
        """The gateway of all dossiers, in place of the system's own."""
        return self._life(Role.GATEWAY, "gateway", points, LIENTHONG_INBOX_PATIENCE=_INBOX_PATIENCE)

    async def stop_gateway(self) -> None:
        """Stop the system's own."""
        (own,) = (process for process in self._system.stack.processes if process.name == "gateway")
        await asyncio.to_thread(self._system.in_loop, own.stop())

    def _worker(self, code: str, points: Sequence[KillPoint] = ()) -> Life:
        life = self._life(Role.WORKER, code, points, queues=_WITHOUT_RELAY, LIENTHONG_QUEUE=_queue(code))
        return replace(life, counts_on=True)

    def _life(
        self, role: Role, name: str, points: Sequence[KillPoint], *, queues: str = "", **environment: str
    ) -> Life:
        folder = self._system.settings.state / "lives" / f"{next(self._lives)}-{name}"
        ours = {**self._system.environment(), "LIENTHONG_GATEWAY_PORT": str(self._system.settings.gateway_port)}
        return Life(
            role=role,
            environment={**ours, **environment},
            folder=folder,
            queues=queues,
            points=tuple(points),
        )

    async def _opened(self, story: Story) -> str:
        async with self._opening:
            code = await asyncio.to_thread(self._system.open, story.sample)
        for system, instruction in story.instructions.items():
            await asyncio.to_thread(partial(self._system.instruct, code, system, **instruction))
        return code

    async def _judged(self, story: Story, code: str) -> Verdict:
        began = time.monotonic()
        try:
            await self._played(story, code)
            problems: tuple[str, ...] = ()
        except TimeoutError:
            problems = (f"not finished after {PATIENCE:g} s",)
        except AssertionError as error:
            problems = (str(error),)
        seconds = time.monotonic() - began
        book = await asyncio.to_thread(self._system.book, code)
        dossier = await asyncio.to_thread(self._system.dossier, code)
        return Verdict(
            story=story.name,
            problems=problems,
            effects=effects(book, dossier),
            repeats=sum(request["repeat"] for request in book["requests"]),
            seconds=seconds,
        )

    async def _played(self, story: Story, code: str) -> None:
        """Start the dossier and play it to its end, and to the end of all that goes out and comes in for it."""
        settings = self._system.settings.model_copy(update={"queue": _queue(code)})
        documents = DocumentStore(settings.documents, self._system.ledger.keys.masters)
        submissions = Submissions(self._system.ledger, documents, settings)
        async with asyncio.timeout(PATIENCE):
            await submissions.start(self._client, code)
            await asyncio.to_thread(story.act, self._system, code)
            await self._client.get_workflow_handle(code).result()
            while await asyncio.to_thread(self._something_under_way, code):
                await asyncio.sleep(_LOOK)

    def _something_under_way(self, code: str) -> bool:
        """Whether something of ours has yet to go out, or an event to be answered."""
        if self._system.ledger.outbox_open(code):
            return True
        return any(answer["state"] == AnswerState.WAITING for answer in self._system.book(code)["answers"])

    async def _works(self, code: str) -> tuple[Mapping[str, int], frozenset[str]]:
        """From the history of a dossier: activities that were completed, by name, and workflow tasks; which of them
        were exchanges, known by their result (`models.messages.Sent`)."""
        works: Counter[str] = Counter()
        exchanges: set[str] = set()
        names: dict[int, str] = {}
        codec = DossierCodec(self._system.ledger.keys)
        history = await self._client.get_workflow_handle(code).fetch_history()
        for event in history.events:
            if event.HasField("activity_task_scheduled_event_attributes"):
                scheduled = event.activity_task_scheduled_event_attributes
                [payload] = await codec.decode(scheduled.input.payloads)
                message = json.loads(payload.data)
                names[event.event_id] = name_of(scheduled.activity_type.name, message)
            elif event.HasField("activity_task_completed_event_attributes"):
                completed = event.activity_task_completed_event_attributes
                name = names[completed.scheduled_event_id]
                works[name] += 1
                if b'"receipt_follows"' in b"".join(
                    payload.data for payload in await codec.decode(completed.result.payloads)
                ):
                    exchanges.add(name)
            elif event.HasField("workflow_task_completed_event_attributes"):
                works[TASK] += 1
        return works, frozenset(exchanges)


def _queue(code: str) -> str:
    return f"chaos-{code}"


@asynccontextmanager
async def arena(system: System) -> AsyncIterator[Arena]:
    """The arena over a system that runs without a worker."""
    settings = system.settings
    connection = await Client.connect(
        settings.temporal_address,
        namespace=settings.temporal_namespace,
        plugins=[LienthongPlugin(DossierCodec(system.ledger.keys))],
        interceptors=[_Hasty()],
    )
    await register_search_attributes(connection)
    yield Arena(system, connection)
