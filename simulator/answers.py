"""Answering in one's own time: events (CloudEvents) to the gateway, in order within a course, until it takes them."""

import asyncio
import json
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Self

import httpx
from opentelemetry.trace import SpanKind

from models.events import EVENT_MEDIA_TYPE, CloudEvent, EventType
from models.systems import System
from simulator.book import Book
from simulator.records import Answer, AnswerState, TraceKept
from telemetry import traces
from telemetry.traces import Fact, Facts
from trust.senders import RegisteredSender, Senders

logger = logging.getLogger("simulator")

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
"""Seconds between attempts while the gateway is away: doubled each time up to the longest."""

_APART = 10
"""Positions between the steps of a course, so that one can be put in before those that are held."""

_CALL_TIMEOUT = 10.0
_TRY_AGAIN = frozenset({408, 425, 429})


class After(StrEnum):
    """What follows when the gateway has accepted a step; if it refused it, the course goes on."""

    GO_ON = "go_on"
    HOLD = "hold"
    """The rest waits for something more from us."""
    END = "end"
    """Nothing more comes."""


Composer = Callable[[Answer, datetime], tuple[EventType, Mapping[str, object]]]
"""Makes the event of a step when it is due, at that legal instant, and books what it states."""


class Answers:
    """The events owed; an async context manager that goes on with what a former run left."""

    def __init__(self, book: Book, gateway: str, senders: Senders | None = None) -> None:
        """Events are signed as `senders` say; without them, or by a system that is none of them, they are not."""
        self._book = book
        self._senders = senders
        self._gateway = gateway.rstrip("/")
        self._composers: dict[System, Composer] = {}
        self._after: dict[System, Callable[[Answer], After]] = {}
        self._followers: dict[str, asyncio.Task[None]] = {}

    def composer(
        self, system: System, compose: Composer, after: Callable[[Answer], After] = lambda _: After.GO_ON
    ) -> None:
        """Who makes a system's events, and who knows what follows after one of them."""
        self._composers[system] = compose
        self._after[system] = after

    def start(
        self,
        system: System,
        dossier_code: str,
        name: str,
        steps: Sequence[str],
        delay: float,
        lost: Collection[str] = (),
    ) -> str:
        """Owe the events of a new course, each `delay` seconds after the one before; returns the course.

        Steps that are `lost` happen in their turn, but are not told until asked for.
        """
        course = self._book.new_course(name)
        kept = traces.traceparent(dossier_code, course)
        at = self._book.legal_now(dossier_code)
        self._book.add(TraceKept(system=system, dossier_code=dossier_code, key=course, at=at, traceparent=kept))
        self._book.owe(
            tuple(
                Answer(
                    message_id=_message_id(course, step, steps[:place].count(step)),
                    course=course,
                    position=place * _APART,
                    system=system,
                    dossier_code=dossier_code,
                    step=step,
                    delay=delay,
                    state=AnswerState.LOST if step in lost else AnswerState.WAITING,
                )
                for place, step in enumerate(steps)
            )
        )
        self._spawn(course)
        return course

    def resume(self, course: str, first: str | None = None) -> None:
        """Go on with what was held, with the step `first` before it. A course that holds nothing stays as it is."""
        answers = self._book.answers(course)
        held = next((answer for answer in answers if answer.state is AnswerState.HELD), None)
        if held is None:
            return
        if first:
            earlier = sum(answer.step == first for answer in answers)
            put_in = {
                "message_id": _message_id(course, first, earlier),
                "position": held.position - 1,
                "step": first,
                "state": AnswerState.WAITING,
            }
            self._book.owe((held.model_copy(update=put_in),))
        self._book.turn(course, AnswerState.HELD, AnswerState.WAITING)
        self._spawn(course)

    def find(self, course: str) -> None:
        """Send what got lost."""
        if self._book.turn(course, AnswerState.LOST, AnswerState.WAITING):
            self._spawn(course)

    def drop(self, course: str) -> None:
        """Send nothing more."""
        for state in (AnswerState.WAITING, AnswerState.HELD, AnswerState.LOST):
            self._book.turn(course, state, AnswerState.DROPPED)

    def holds(self, course: str) -> bool:
        """Whether the course waits for something more from us."""
        return any(answer.state is AnswerState.HELD for answer in self._book.answers(course))

    async def __aenter__(self) -> Self:
        self._http = httpx.AsyncClient(timeout=_CALL_TIMEOUT, trust_env=False)
        for course in self._book.open_courses():
            self._spawn(course)
        return self

    async def __aexit__(self, *_: object) -> None:
        followers = tuple(self._followers.values())
        for follower in followers:
            follower.cancel()
        await asyncio.gather(*followers, return_exceptions=True)
        await self._http.aclose()

    def _spawn(self, course: str) -> None:
        """Have the course followed, by one task at a time."""
        if (running := self._followers.get(course)) and not running.done():
            return
        follower = asyncio.get_running_loop().create_task(self._follow(course))
        self._followers[course] = follower
        follower.add_done_callback(lambda ended: self._ended(course, ended))

    def _ended(self, course: str, follower: asyncio.Task[None]) -> None:
        if self._followers.get(course) is follower:
            del self._followers[course]
        if not follower.cancelled() and (error := follower.exception()):
            logger.error("a course of answers broke off", exc_info=error)

    async def _follow(self, course: str) -> None:
        while answer := self._book.next_answer(course):
            await asyncio.sleep(self._book.seconds_until_due(answer))
            if not self._due(answer):
                continue
            body = self._book.composed(answer) or self._compose(answer)
            if answer.state is AnswerState.WAITING:
                await self._deliver(answer, body)

    def _due(self, answer: Answer) -> bool:
        """Whether it is still the next of its course, and in the same state."""
        following = self._book.next_answer(answer.course)
        return following is not None and (following.message_id, following.state) == (answer.message_id, answer.state)

    def _compose(self, answer: Answer) -> str:
        at = self._book.legal_now(answer.dossier_code)
        with self._book.transaction():
            kind, data = self._composers[answer.system](answer, at)
            event = CloudEvent(
                specversion="1.0",
                id=answer.message_id,
                source=sender.id if (sender := self._sender(answer.system)) else answer.system.value,
                type=kind,
                subject=answer.dossier_code,
                time=at,
                traceparent=self._origin(answer),
                data=data,
            )
            body = json.dumps(event.model_dump(mode="json", exclude_none=True), ensure_ascii=False)
            self._book.keep_composed(answer, body)
        return body

    def _sender(self, system: System) -> RegisteredSender | None:
        return self._senders.of_system(system) if self._senders else None

    def _origin(self, answer: Answer) -> str | None:
        """The trace context of the request that is answered."""
        kept = self._book.entry(TraceKept, answer.system, answer.course)
        return kept.traceparent if kept else None

    async def _deliver(self, answer: Answer, body: str) -> None:
        """Send until the gateway has judged. What may come only after it is held before: we may answer at once."""
        after = self._after[answer.system](answer)
        if after is After.HOLD:
            self._book.turn(answer.course, AnswerState.WAITING, AnswerState.HELD, after=answer.position)
        pause = FIRST_PAUSE
        while self._due(answer):
            state, problem = await self._attempt(answer, body)
            with self._book.transaction():
                self._book.note_attempt(answer, state, problem)
                if after is After.HOLD and state is AnswerState.REFUSED:
                    self._book.turn(answer.course, AnswerState.HELD, AnswerState.WAITING)
                if after is After.END and state is AnswerState.ACCEPTED:
                    self.drop(answer.course)
            if state is not AnswerState.WAITING:
                with traces.about(answer.dossier_code):
                    logger.info("%s: %s: %s", answer.system.value, answer.step, state.value)
                return
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _attempt(self, answer: Answer, body: str) -> tuple[AnswerState, str | None]:
        code = answer.dossier_code
        origin, _ = traces.parent_and_links(code, self._origin(answer))
        facts: Facts = {Fact.SYSTEM: answer.system.value, Fact.STEP: answer.step}
        with traces.span("event", code, facts, kind=SpanKind.PRODUCER, under=origin) as work:
            state, problem = await self._post(answer, body, traces.traceparent(code, answer.message_id))
            if state is not AnswerState.ACCEPTED:
                work.failed(state.value)
        return state, problem

    async def _post(self, answer: Answer, body: str, traceparent: str) -> tuple[AnswerState, str | None]:
        content, sender = body.encode(), self._sender(answer.system)
        signed = sender.signed(answer.message_id, content, datetime.now(UTC)) if sender else {}
        headers = {"Content-Type": EVENT_MEDIA_TYPE, "traceparent": traceparent, **signed}
        try:
            reply = await self._http.post(f"{self._gateway}/events", content=content, headers=headers)
        except httpx.TransportError as error:
            return AnswerState.WAITING, type(error).__name__
        if reply.is_success:
            return AnswerState.ACCEPTED, None
        if reply.is_client_error and reply.status_code not in _TRY_AGAIN:
            return AnswerState.REFUSED, reply.text
        return AnswerState.WAITING, f"HTTP {reply.status_code}"


def _message_id(course: str, step: str, earlier: int) -> str:
    """A message id of its own for each time a step comes in a course."""
    return f"{course}:{step}.{earlier + 1}" if earlier else f"{course}:{step}"
