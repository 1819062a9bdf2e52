"""The desk of a system: notes requests, learns legal time, fails when told to, honours idempotency keys or not."""

import hashlib
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import Request, Response
from pydantic import BaseModel

from models.messages import Head
from models.systems import System
from simulator.answers import Answers
from simulator.authority import Authority
from simulator.book import Book
from simulator.instructions import FailWith, Instruction
from simulator.records import KeptReply, RequestSeen
from simulator.wire import Json, broken, lost, problem
from telemetry import traces
from telemetry.traces import Fact, Work

JSON = "application/json"


@dataclass(frozen=True)
class Reply:
    """What a system answers; `repeat`: it had this dossier or message already."""

    body: Json
    status: int = 200
    repeat: bool = False


class Desk:
    """One system's desk; `pace`: seconds before each of its events; `authority` certifies who signs its papers."""

    def __init__(self, system: System, book: Book, answers: Answers, pace: float, authority: Authority) -> None:
        self.system = system
        self.book = book
        self.answers = answers
        self.authority = authority
        self._pace = pace

    def instruction(self, dossier_code: str) -> Instruction:
        """What this system was told to do with the dossier."""
        return self.book.instruction(dossier_code, self.system)

    def delay(self, instruction: Instruction) -> float:
        """Seconds before each event of a dossier."""
        return self._pace if instruction.delay is None else instruction.delay

    def serve(self, request: Request, message: BaseModel, head: Head, act: Callable[[], Reply]) -> Response:
        """Serve a message of our own contract: the same key brings the same answer, and nothing is done twice."""
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return problem(400, "key-missing", "Thiếu khóa", "Phải có Idempotency-Key.")
        fingerprint = hashlib.sha256(message.model_dump_json().encode()).hexdigest()
        with self._answering(request, head.dossier_code) as work, self.book.transaction():
            self.book.note_sent_at(head.dossier_code, head.sent_at)
            failing = self.book.take_failure(head.dossier_code, self.system)
            kept = self.book.entry(KeptReply, self.system, key)
            if failing and failing.fail_with is not FailWith.DROP:
                response = broken(failing, {"error_code": failing.fail_code or "99"})
            elif kept and kept.fingerprint != fingerprint:
                response = problem(422, "key-reused", "Khóa đã dùng", "Khóa này đã dùng cho một thông điệp khác.")
            elif kept:
                response = Response(kept.body, kept.status, media_type=JSON)
            else:
                response = self._first(head, key, fingerprint, act())
            if failing and failing.fail_with is FailWith.DROP:
                response = lost()
            self._note(request, head.dossier_code, response.status_code, repeat=kept is not None)
            _said(work, response)
        return response

    def serve_unfriendly(
        self,
        request: Request,
        dossier_code: str,
        sent_at: datetime | None,
        act: Callable[[], Reply],
        error_body: Callable[[str | None], Json],
    ) -> Response:
        """Serve a message of a real wire: no idempotency keys, and always HTTP 200 unless told to break.

        `error_body` words the failure that the system was told to answer with.
        """
        with self._answering(request, dossier_code) as work, self.book.transaction():
            if sent_at:
                self.book.note_sent_at(dossier_code, sent_at)
            failing = self.book.take_failure(dossier_code, self.system)
            if failing and failing.fail_with is not FailWith.DROP:
                response, repeat = broken(failing, error_body(failing.fail_code)), False
            else:
                reply = act()
                response, repeat = lost() if failing else _response(reply), reply.repeat
            self._note(request, dossier_code, response.status_code, repeat=repeat)
            _said(work, response)
        return response

    def look_up(self, request: Request, dossier_code: str, found: Reply) -> Response:
        """Answer a look-up (GET)."""
        with self._answering(request, dossier_code) as work:
            self._note(request, dossier_code, found.status, repeat=False)
            response = _response(found)
            _said(work, response)
        return response

    def _answering(self, request: Request, dossier_code: str) -> AbstractContextManager[Work]:
        """Work on a request in the trace its sender states."""
        name = f"{request.method} {self.system.value}"
        stated = (request.headers.get("traceparent"),)
        return traces.receiving(name, dossier_code, stated, {Fact.SYSTEM: self.system.value})

    def _first(self, head: Head, key: str, fingerprint: str, reply: Reply) -> Response:
        response = _response(reply)
        if reply.status >= 400:
            return response
        self.book.add(
            KeptReply(
                system=self.system,
                dossier_code=head.dossier_code,
                key=key,
                at=self.book.legal_now(head.dossier_code),
                fingerprint=fingerprint,
                status=reply.status,
                body=bytes(response.body).decode(),
            )
        )
        return response

    def _note(self, request: Request, dossier_code: str, status: int, *, repeat: bool) -> None:
        self.book.add(
            RequestSeen(
                system=self.system,
                dossier_code=dossier_code,
                at=datetime.now(UTC),
                method=request.method,
                path=request.url.path,
                idempotency_key=request.headers.get("Idempotency-Key"),
                provincial_code=request.headers.get("X-Provincial-Code"),
                traceparent=request.headers.get("traceparent"),
                status=status,
                repeat=repeat,
            )
        )


def _said(work: Work, response: Response) -> None:
    work.note(Fact.STATUS, response.status_code)
    if response.status_code >= 400:
        work.failed(str(response.status_code))


def _response(reply: Reply) -> Response:
    return Response(json.dumps(reply.body, ensure_ascii=False), reply.status, media_type=JSON)
