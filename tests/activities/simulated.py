"""A stage of real HTTP: the simulator, a gateway that catches what it is sent, and our adapters between them."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from asn1crypto import pem, x509
from fastapi import FastAPI, Request, Response

from activities.adapters import Adapters
from activities.notices import NoticeExaminer
from ledger.arrivals import Enclosed, fact_from
from ledger.documents import DocumentStore
from ledger.store import Ledger
from models.base import LEGAL_ZONE
from models.birth import BirthDeclaration
from models.death import DeathDeclaration
from models.declaration import Declaration
from models.documents import Document, DocumentKind, describe
from models.events import CloudEvent
from models.facts import InboundFact
from models.form_facts import PersonRole
from models.messages import ConsentMessage, Dispatch, DispatchKind, Head, LegMessage
from models.plan import AskedPerson
from models.systems import System
from processes.serving import serving
from settings import Settings
from simulator.app import create_app
from simulator.authority import passing_authority
from simulator.book import Book
from simulator.instructions import Instruction
from simulator.notices import REGISTER
from simulator.records import AnswerState, DossierBook
from tests.keys import MASTERS
from trust.examiner import Papers
from trust.facilities import Facilities
from trust.notices import NoticeJudge
from trust.roots import TrustStore

SAMPLES = Path(__file__).parents[2] / "samples"
CODE = "G22.99.08-261119-000001"
SENT_AT = datetime(2026, 11, 19, 9, 30, tzinfo=LEGAL_ZONE)
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
PDF_SHA256 = hashlib.sha256(PDF).hexdigest()
LEGS = {
    System.PROVINCIAL: "birth_registration",
    System.RESIDENCE: "residence_registration",
    System.SOCIAL_INSURANCE: "health_insurance_card",
    System.SOCIAL_AFFAIRS: "funeral_cost_support",
    System.IDENTITY: "identity_card",
}
"""A leg of each agency: of a birth, if it has one."""

DEATH_LEGS = {
    "death_registration": System.PROVINCIAL,
    "residence_deregistration": System.RESIDENCE,
    "insurance_funeral_benefit": System.SOCIAL_INSURANCE,
    "insurance_survivor_benefit": System.SOCIAL_INSURANCE,
    "survivor_benefit_end": System.SOCIAL_INSURANCE,
    "funeral_cost_support": System.SOCIAL_AFFAIRS,
    "merit_funeral_benefit": System.SOCIAL_AFFAIRS,
    "merit_survivor_benefit": System.SOCIAL_AFFAIRS,
}
"""Every leg of a death, and its agency."""

_PATIENCE = 10.0
_PACE = 0.01


def declared() -> BirthDeclaration:
    """The plain sample."""
    data = json.loads((SAMPLES / "birth" / "plain.json").read_text("utf-8"))
    return BirthDeclaration.model_validate(data | {"attachments": ()})


def death_declared(name: str = "aged-80") -> DeathDeclaration:
    """A sample of a death; the one that names every kind of office, unless told otherwise."""
    data = json.loads((SAMPLES / "death" / f"{name}.json").read_text("utf-8"))
    return DeathDeclaration.model_validate(data | {"attachments": ()})


def head(step: str = "submit", code: str = CODE, sent_at: datetime = SENT_AT, **changes: Any) -> Head:
    """The head of a message of that step."""
    return Head(key=f"{code}:{step}:1", dossier_code=code, procedure_code="2.002621", sent_at=sent_at, **changes)


def attachment(content: bytes = PDF, kind: DocumentKind = DocumentKind.WITNESS_STATEMENT) -> Document:
    """A document with that content."""
    return describe(kind, "Văn bản làm chứng.pdf", content)


def leg_message(system: System, code: str = CODE, sent_at: datetime = SENT_AT, **changes: Any) -> LegMessage:
    """A leg's message to a system."""
    message = LegMessage(
        head=head(f"{LEGS[system]}:submit", code, sent_at),
        system=system,
        leg=LEGS[system],
        agency="Cơ quan thử nghiệm",
        declaration=_declared_to(system),
    )
    return message.model_copy(update=changes)


def _declared_to(system: System) -> Declaration:
    return death_declared() if LEGS[system] in DEATH_LEGS else declared()


def death_message(leg: str, code: str = CODE, **changes: Any) -> LegMessage:
    """A leg's message about a death."""
    message = LegMessage(
        head=head(f"{leg}:submit", code),
        system=DEATH_LEGS[leg],
        leg=leg,
        agency="Cơ quan thử nghiệm",
        declaration=death_declared().seen_by(DEATH_LEGS[leg]),
    )
    return message.model_copy(update=changes)


def consent_message(role: PersonRole, personal_id: str, code: str = CODE, **changes: Any) -> ConsentMessage:
    """A consent request to one person."""
    message = ConsentMessage(
        head=head(f"consent:{role.value}", code),
        leg="residence_registration",
        leg_name="Đăng ký thường trú",
        subject_name="Trần Minh Mẫu",
        person=AskedPerson(key=role.value, full_name="Trần Văn Mẫu", personal_id=personal_id, roles=(role,)),
        answer_by=SENT_AT + timedelta(days=7),
    )
    return message.model_copy(update=changes)


def dispatch(channel: System, kind: DispatchKind, **changes: Any) -> Dispatch:
    """A dispatch on a channel."""
    step = f"{kind.value}:{channel.value}"
    return Dispatch.model_validate(
        {"head": head(step), "channel": channel, "kind": kind, "recipient": "001194000001", **changes}
    )


@cache
def papers() -> Papers:
    """Who judges papers that come in: trusts the simulator's authority, a day after everything was sent."""
    root = x509.Certificate.load(pem.unarmor(passing_authority().root)[2])
    return Papers(TrustStore((root,)), SENT_AT + timedelta(days=1) - datetime.now(UTC))


def heard(event: CloudEvent, store: Path) -> InboundFact:
    """The fact of an event as it is read when it comes in, its documents in that store."""
    documents = DocumentStore(store, MASTERS)
    enclosed = Enclosed(documents)
    fact = fact_from(event, enclosed, papers())
    for content in enclosed.contents.values():
        documents.keep(content)
    return fact


def notices(ledger: Ledger, documents: DocumentStore) -> NoticeExaminer:
    """Who examines notices that are looked up: trusts the simulator's authority, at the time everything is sent."""
    root = x509.Certificate.load(pem.unarmor(passing_authority().root)[2])
    judge = NoticeJudge(TrustStore((root,)), Facilities.load([REGISTER]))
    return NoticeExaminer(judge, ledger, documents, SENT_AT - datetime.now(UTC))


async def read(document: Document) -> bytes:
    """The store of the tests: every document is the same file."""
    return PDF


class Gateway:
    """Takes every event, unless `replies` says otherwise for the next ones, and lets tests wait for them."""

    def __init__(self) -> None:
        self.events: list[CloudEvent] = []
        self.replies: list[int] = []
        self._arrived = asyncio.Condition()
        self.app = FastAPI()
        self.app.post("/events")(self._take)

    async def _take(self, request: Request) -> Response:
        status = self.replies.pop(0) if self.replies else 202
        event = CloudEvent.model_validate_json(await request.body())
        assert request.headers["content-type"] == "application/cloudevents+json"
        async with self._arrived:
            if status < 300:
                self.events.append(event)
            self._arrived.notify_all()
        return Response(json.dumps({"type": "urn:test:refused"}), status, media_type="application/problem+json")

    async def wait_for(self, enough: Callable[[list[CloudEvent]], bool]) -> list[CloudEvent]:
        """The events, once there are enough of them. Raises TimeoutError."""
        async with asyncio.timeout(_PATIENCE), self._arrived:
            await self._arrived.wait_for(lambda: enough(self.events))
        return self.events

    async def steps(self, count: int) -> list[str]:
        """The kinds of the first `count` facts, once they are in."""
        events = await self.wait_for(lambda events: len(events) >= count)
        return [str(event.data["fact"]["kind"]) for event in events]

    def facts(self) -> list[Mapping[str, Any]]:
        """The facts so far."""
        return [event.data["fact"] for event in self.events]


class Stage:
    """What a test plays on."""

    def __init__(self, url: str, gateway: Gateway, adapters: Adapters) -> None:
        self.url = url
        self.gateway = gateway
        self.adapters = adapters
        self.http = httpx.AsyncClient(base_url=url, trust_env=False)

    async def instruct(self, system: System, code: str = CODE, **instruction: Any) -> None:
        """Tell a system what to do with a dossier."""
        body = Instruction.model_validate(instruction).model_dump(mode="json")
        reply = await self.http.put(f"/instructions/{code}/{system.value}", json=body)
        assert reply.status_code == 204, reply.text

    async def book(self, code: str = CODE) -> DossierBook:
        """What the systems know of a dossier."""
        return DossierBook.model_validate_json((await self.http.get(f"/book/{code}")).content)

    async def settled(self, code: str = CODE) -> DossierBook:
        """The book, once no event of the dossier is owed any more. Raises TimeoutError."""
        async with asyncio.timeout(_PATIENCE):
            book = await self.book(code)
            while any(answer.state is AnswerState.WAITING for answer in book.answers):
                await asyncio.sleep(_PACE)
                book = await self.book(code)
        return book

    async def aclose(self) -> None:
        """Close our connection."""
        await self.http.aclose()


@asynccontextmanager
async def simulator(gateway: str, book: Path | str = ":memory:", pace: float = _PACE) -> AsyncIterator[str]:
    """The simulator's base URL while it runs."""
    with closing(Book(book)) as opened:
        async with serving(create_app(opened, gateway, pace)) as url:
            yield url


def settings_for(url: str) -> Settings:
    """Settings whose systems are all at that place."""
    return Settings(simulator_url=url, call_timeout=5, training=True)


@asynccontextmanager
async def stage(book: Path | str = ":memory:") -> AsyncIterator[Stage]:
    """Everything up and talking to each other."""
    gateway = Gateway()
    async with (
        serving(gateway.app) as gateway_url,
        simulator(gateway_url, book) as url,
        Adapters(settings_for(url)) as adapters,
        aclosing(Stage(url, gateway, adapters)) as opened,
    ):
        yield opened


def calls(book: DossierBook, system: System) -> list[str]:
    """The requests a system saw, as method and status."""
    return [f"{seen.method} {seen.status}" for seen in book.requests if seen.system is system]


class Crooked:
    """A system that answers each path with whatever a test wants, and keeps what it was sent."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.bodies: dict[str, Any] = {}
        self.app = FastAPI()
        self.app.api_route("/{path:path}", methods=["GET", "POST"])(self._answer)

    async def _answer(self, path: str, request: Request) -> Response:
        if request.method == "POST":
            self.bodies[path] = await request.json()
        name = next(name for name in self.answers if name in path)
        return Response(json.dumps(self.answers[name]), media_type="application/json")


@asynccontextmanager
async def crooked(answers: dict[str, Any]) -> AsyncIterator[tuple[Crooked, Adapters]]:
    """Our adapters towards a crooked system."""
    system = Crooked(answers)
    async with serving(system.app) as url, Adapters(settings_for(url)) as adapters:
        yield system, adapters
