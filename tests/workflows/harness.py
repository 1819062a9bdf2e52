"""A stage for one dossier on the time-skipping server: real workflow, law, calendar, ledger; the test plays the world.

Agencies are played by the test through the same facts that come in from outside. Every test gets a fresh server: the
Java test server never recovers from some ends (TEMPORAL §0.2).
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr
from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.files import load_declaration_file
from activities.law import LawActivities
from activities.ledger import LedgerActivities
from ledger.engine import open_engine, upgrade
from ledger.store import Ledger
from models.base import LEGAL_ZONE
from models.calendar import load_calendar
from models.declaration import BirthDeclaration
from models.documents import Document, DocumentKind, describe
from models.dossier import DossierStage, DossierView, GroupOutcome, Leg
from models.facts import (
    Accepted,
    AgencyEvent,
    AgencyFact,
    Answer,
    ConsentAnswer,
    Decided,
    InboundFact,
    PaymentConfirmed,
    Received,
    ResultDocument,
    kind_of,
)
from models.law import Group
from models.messages import (
    BirthNoticeAnswer,
    BirthNoticeQuery,
    BirthNoticeState,
    ConsentMessage,
    LegMessage,
    PaymentMessage,
    PeopleAnswer,
    PeopleQuery,
    PersonMatch,
    Sent,
)
from models.start import StartDossier
from models.submission import submission
from models.systems import System
from worker import CALLED_SYSTEMS
from workflows.birth import BirthProcedureGroup
from workflows.plugin import LienthongPlugin, register_search_attributes

SAMPLES = Path(__file__).parents[2] / "samples" / "birth"
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
QUEUE = "play"
IDENTITY_NUMBER = "001326000001"
_PATIENCE = 10.0


def sample(name: str, on: date) -> BirthDeclaration:
    """A sample declaration."""
    return load_declaration_file(SAMPLES / f"{name}.json", on)[0]


def moment(text: str) -> datetime:
    """An instant in Việt Nam: “2026-11-19 14:59:59”."""
    return datetime.fromisoformat(text).replace(tzinfo=LEGAL_ZONE)


class World:
    """The systems as the test plays them: they take every message, and answer as they are told."""

    def __init__(self) -> None:
        self.notice = BirthNoticeState.SIGNED
        self.legs: list[LegMessage] = []
        self.consents: list[ConsentMessage] = []
        self.payments: list[PaymentMessage] = []
        self.receipts: dict[System, datetime | None] = {}

    @activity.defn(name="send_leg")
    async def send_leg(self, message: LegMessage) -> Sent:
        self.legs.append(message)
        if message.system in self.receipts:
            return Sent(receipt_at=self.receipts[message.system])
        return Sent(receipt_follows=True)

    @activity.defn(name="ask_consent")
    async def ask_consent(self, message: ConsentMessage) -> Sent:
        self.consents.append(message)
        return Sent()

    @activity.defn(name="request_payment")
    async def request_payment(self, message: PaymentMessage) -> Sent:
        self.payments.append(message)
        return Sent()

    @activity.defn(name="look_up_birth_notice")
    async def look_up_birth_notice(self, query: BirthNoticeQuery) -> BirthNoticeAnswer:
        return BirthNoticeAnswer(state=self.notice)

    @activity.defn(name="check_people")
    async def check_people(self, query: PeopleQuery) -> PeopleAnswer:
        return PeopleAnswer(matches=tuple(PersonMatch.MATCH for _ in query.people))


class Play:
    """One dossier on stage."""

    def __init__(self, env: WorkflowEnvironment, ledger: Ledger, world: World) -> None:
        self.env = env
        self.ledger = ledger
        self.world = world
        self.offset = timedelta()
        self.code = ""
        self._handle: WorkflowHandle[BirthProcedureGroup, GroupOutcome] | None = None
        self._messages = 0

    @property
    def handle(self) -> WorkflowHandle[BirthProcedureGroup, GroupOutcome]:
        assert self._handle is not None
        return self._handle

    async def now(self) -> datetime:
        """Legal time on this stage."""
        return (await self.env.get_current_time() + self.offset).astimezone(LEGAL_ZONE)

    async def submit(self, declaration: BirthDeclaration, at: datetime) -> None:
        """Submit at a legal instant of the past, present or future: the stage's offset is set by it."""
        self.offset = at - await self.env.get_current_time()
        opened = self.ledger.open_dossier(submission(declaration, at, SecretStr("test")), Group.BIRTH, "G22.99.08")
        self.code = opened.code
        self._handle = await self.env.client.start_workflow(
            BirthProcedureGroup.run,
            StartDossier(code=self.code, declaration=declaration, training_offset=self.offset),
            id=self.code,
            task_queue=QUEUE,
        )

    async def until(self, at: datetime) -> None:
        """Let legal time run to an instant, timers and all."""
        wait = at - await self.now()
        assert wait >= timedelta(), f"already {await self.now()}, cannot go back to {at}"
        await self.env.sleep(wait)

    async def view(self) -> DossierView:
        """The dossier as it stands."""
        return await self.handle.query(BirthProcedureGroup.view)

    async def leg(self, key: str) -> Leg:
        """One leg as it stands."""
        return next(leg for leg in (await self.view()).legs if leg.key == key)

    async def see(self, condition: Callable[[DossierView], bool], what: str) -> DossierView:
        """The dossier once the condition holds; it must hold soon, without legal time moving."""
        async with asyncio.timeout(_PATIENCE):
            while True:
                view = await self.view()
                if condition(view):
                    return view
                await asyncio.sleep(0.01)
        raise AssertionError(what)

    async def tell(self, fact: InboundFact) -> Accepted:
        """Send a fact by update, as the gateway does."""
        accepted: Accepted = await self.handle.execute_update(
            kind_of(fact).value, fact, id=fact.message_id, result_type=Accepted
        )
        return accepted

    def message_id(self) -> str:
        self._messages += 1
        return f"m{self._messages}"

    async def agency(self, leg: str, fact: AgencyFact, *, source: System | None = None) -> Accepted:
        """An agency speaks about its leg."""
        plan = (await self.view()).plan
        assert plan is not None
        return await self.tell(
            AgencyEvent(
                message_id=self.message_id(),
                source=source or plan.leg(leg).system,
                dossier_code=self.code,
                leg=leg,
                fact=fact,
            )
        )

    async def pay(self) -> Accepted:
        """The citizen pays the fee, whatever it is."""
        view = await self.see(lambda view: view.stage is DossierStage.WAITING_PAYMENT, "a fee is asked for")
        return await self.tell(
            PaymentConfirmed(
                message_id=self.message_id(),
                dossier_code=self.code,
                amount_vnd=view.fee.total_vnd,
                receipt_number="BL-1",
                at=await self.now(),
            )
        )

    async def sent(self, leg: str) -> LegMessage:
        """The message of that leg, once it has been sent."""
        await self.see(lambda view: any(m.leg == leg for m in self.world.legs), f"{leg} sent")
        return next(message for message in self.world.legs if message.leg == leg)

    async def receive(self, leg: str, at: datetime | None = None) -> None:
        """The agency receives the leg, at that instant or now."""
        await self.sent(leg)
        await self.agency(leg, Received(at=at or await self.now(), agency_code=f"H01.{leg}"))
        await self.see(lambda v: any(x.key == leg and x.due for x in v.legs), f"{leg} has a due date")

    async def decide(self, leg: str, *kinds: DocumentKind, at: datetime | None = None) -> None:
        """The agency decides, with these result documents."""
        await self.agency(
            leg,
            Decided(
                at=at or await self.now(),
                number=f"{leg}-1",
                identity_number=IDENTITY_NUMBER if leg == "birth_registration" else None,
                documents=tuple(result(kind) for kind in kinds),
            ),
        )

    async def register(self, at: datetime | None = None) -> None:
        """The whole first leg: received, registered, certificate."""
        await self.receive("birth_registration", at)
        await self.decide("birth_registration")
        document = ResultDocument(at=await self.now(), documents=(result(DocumentKind.BIRTH_CERTIFICATE),))
        await self.agency("birth_registration", document)

    async def consent(self, leg: str, personal_id: str, answer: Answer = Answer.GRANTED) -> Accepted:
        """Somebody answers in VNeID."""
        return await self.tell(
            ConsentAnswer(
                message_id=self.message_id(),
                dossier_code=self.code,
                leg=leg,
                personal_id=personal_id,
                answer=answer,
                at=await self.now(),
            )
        )


def result(kind: DocumentKind) -> Document:
    """A result document, by digest."""
    return describe(kind, f"{kind.value}.pdf", PDF)


@asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Play]:
    """A fresh time-skipping server with one worker for every queue."""
    engine = open_engine(f"sqlite:///{folder / 'ledger.db'}")
    upgrade(engine)
    ledger, world = Ledger(engine), World()
    server = Path(sys.executable).parent / "temporal-test-server"
    async with AsyncExitStack() as stack:
        stack.callback(engine.dispose)
        env = await stack.enter_async_context(
            await WorkflowEnvironment.start_time_skipping(
                test_server_existing_path=str(server), plugins=[LienthongPlugin()]
            )
        )
        await register_search_attributes(env.client)
        threads = stack.enter_context(ThreadPoolExecutor(4))
        on_ledger = LedgerActivities(ledger, training=True, wake_outbox=lambda: None)
        law = LawActivities(load_calendar())
        core = Worker(
            env.client,
            task_queue=QUEUE,
            activities=[
                on_ledger.confirm_dossier,
                on_ledger.publish,
                law.resolve_law,
                law.due_dates,
                law.citizen_due_date,
                law.expected_dates,
            ],
            activity_executor=threads,
        )
        await stack.enter_async_context(core)
        for system in CALLED_SYSTEMS:
            worker = Worker(
                env.client,
                task_queue=f"{QUEUE}-{system.value}",
                activities=[
                    world.send_leg,
                    world.ask_consent,
                    world.request_payment,
                    world.look_up_birth_notice,
                    world.check_people,
                ],
            )
            await stack.enter_async_context(worker)
        yield Play(env, ledger, world)
