"""Answering in one's own time: events (CloudEvents) to the gateway, in order within a course, until it takes them."""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Self

import httpx
from opentelemetry.trace import SpanKind

from models.events import EVENT_MEDIA_TYPE, CloudEvent, EventType
from models.systems import System
from simulator.book import Book
from simulator.records import Answer, AnswerState, TraceKept
from telemetry import traces
from telemetry.traces import Fact, Facts

logger = logging.getLogger("simulator")

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
"""Seconds between attempts while the gateway is away: doubled each time up to the longest."""

_CALL_TIMEOUT = 10.0
_TRY_AGAIN = frozenset({408, 425, 429})

Composer = Callable[[Answer, datetime], tuple[EventType, Mapping[str, object]]]
"""Makes the event of a step when it is due, at that legal instant, and books what it states."""


class Answers:
    """The events owed; an async context manager that goes on with what a former run left."""

    def __init__(self, book: Book, gateway: str) -> None:
        self._book = book
        self._gateway = gateway.rstrip("/")
        self._composers: dict[System, Composer] = {}
        self._followers: set[asyncio.Task[None]] = set()

    def composer(self, system: System, compose: Composer) -> None:
        """Who makes a system's events."""
        self._composers[system] = compose

    def start(self, system: System, dossier_code: str, name: str, steps: tuple[str, ...], delay: float) -> str:
        """Owe the events of a new course, each `delay` seconds after the one before; returns the course."""
        course = self._book.new_course(name)
        kept = traces.traceparent(dossier_code, course)
        at = self._book.legal_now(dossier_code)
        self._book.add(TraceKept(system=system, dossier_code=dossier_code, key=course, at=at, traceparent=kept))
        self._book.owe(
            tuple(
                Answer(
                    message_id=f"{course}:{step}",
                    course=course,
                    position=position,
                    system=system,
                    dossier_code=dossier_code,
                    step=step,
                    delay=delay,
                )
                for position, step in enumerate(steps)
            )
        )
        self._spawn(course)
        return course

    async def __aenter__(self) -> Self:
        self._http = httpx.AsyncClient(timeout=_CALL_TIMEOUT, trust_env=False)
        for course in self._book.open_courses():
            self._spawn(course)
        return self

    async def __aexit__(self, *_: object) -> None:
        for follower in self._followers:
            follower.cancel()
        await asyncio.gather(*self._followers, return_exceptions=True)
        await self._http.aclose()

    def _spawn(self, course: str) -> None:
        follower = asyncio.get_running_loop().create_task(self._follow(course))
        self._followers.add(follower)
        follower.add_done_callback(self._ended)

    def _ended(self, follower: asyncio.Task[None]) -> None:
        self._followers.discard(follower)
        if not follower.cancelled() and (error := follower.exception()):
            logger.error("a course of answers broke off", exc_info=error)

    async def _follow(self, course: str) -> None:
        while answer := self._book.next_answer(course):
            await asyncio.sleep(self._book.seconds_until_due(answer))
            await self._deliver(answer, self._book.composed(answer) or self._compose(answer))

    def _compose(self, answer: Answer) -> str:
        at = self._book.legal_now(answer.dossier_code)
        with self._book.transaction():
            kind, data = self._composers[answer.system](answer, at)
            event = CloudEvent(
                specversion="1.0",
                id=answer.message_id,
                source=answer.system.value,
                type=kind,
                subject=answer.dossier_code,
                time=at,
                traceparent=self._origin(answer),
                data=data,
            )
            body = json.dumps(event.model_dump(mode="json", exclude_none=True), ensure_ascii=False)
            self._book.keep_composed(answer, body)
        return body

    def _origin(self, answer: Answer) -> str | None:
        """The trace context of the request that is answered."""
        kept = self._book.entry(TraceKept, answer.system, answer.course)
        return kept.traceparent if kept else None

    async def _deliver(self, answer: Answer, body: str) -> None:
        pause = FIRST_PAUSE
        while True:
            state, problem = await self._attempt(answer, body)
            self._book.note_attempt(answer, state, problem)
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
            state, problem = await self._post(body, traces.traceparent(code, answer.message_id))
            if state is not AnswerState.ACCEPTED:
                work.failed(state.value)
        return state, problem

    async def _post(self, body: str, traceparent: str) -> tuple[AnswerState, str | None]:
        headers = {"Content-Type": EVENT_MEDIA_TYPE, "traceparent": traceparent}
        try:
            reply = await self._http.post(f"{self._gateway}/events", content=body.encode(), headers=headers)
        except httpx.TransportError as error:
            return AnswerState.WAITING, type(error).__name__
        if reply.is_success:
            return AnswerState.ACCEPTED, None
        if reply.is_client_error and reply.status_code not in _TRY_AGAIN:
            return AnswerState.REFUSED, reply.text
        return AnswerState.WAITING, f"HTTP {reply.status_code}"
