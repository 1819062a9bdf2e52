"""A stage for one dossier on the time-skipping server: real workflow, law, calendar, ledger; the test plays the world.

Agencies are played by the test through the same facts that come in from outside. Every test gets a fresh server: the
Java test server never recovers from some ends (TEMPORAL §0.2).
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from pydantic import SecretStr
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.law import LawActivities
from activities.ledger import LedgerActivities
from inbox import Inbox
from ledger.documents import DocumentStore
from ledger.engine import open_engine, upgrade
from ledger.store import Ledger
from ledger.values import GROUP_CLOCK, StoredDossier
from models.base import LEGAL_ZONE
from models.calendar import load_calendar
from models.declaration import Declaration
from models.documents import DocumentKind
from models.dossier import DossierStage, DossierView, GroupOutcome, Leg
from models.facts import (
    Accepted,
    AgencyEvent,
    AgencyFact,
    Answer,
    ConsentAnswer,
    Decided,
    FactRefusal,
    InboundFact,
    PaymentConfirmed,
    Received,
    Refused,
    ResultDocument,
    Verification,
    kind_of,
)
from models.messages import ConsentMessage, DispatchKind, LegMessage
from models.publication import Notice
from models.start import StartDossier
from models.submission import submission
from models.systems import System
from processes.crew import AWAITED_SYSTEMS, core_activities
from replacements import Replacements
from tests.keys import MASTERS
from tests.workflows.inputs import BIRTH, DEATH, IDENTITY_NUMBER, died, free, moment, result
from tests.workflows.world import World
from workflows.group import ProcedureGroup
from workflows.plugin import PROCEDURE_GROUPS, WORKFLOWS, LienthongPlugin, register_search_attributes

QUEUE = "play"
_PATIENCE = 60.0
_NO_DOCUMENTS = Path("no-documents")
"""Facts on this stage name documents by digest; nobody reads one."""

BINARIES = Path(sys.executable).parent
Told = TypeVar("Told", LegMessage, ConsentMessage)
_KEPT = {"plan", "acts", "provincial_code", "due", "expected", "fee", "warnings", "legs"}


@contextmanager
def refused(reason: FactRefusal) -> Iterator[None]:
    """The fact told inside is refused to its sender, for that reason."""
    with pytest.raises(WorkflowUpdateFailedError) as failure:
        yield
    cause = failure.value.cause
    assert isinstance(cause, ApplicationError)
    assert cause.type == reason, cause


def notices(stored: StoredDossier, template: Notice, channel: System = System.PORTAL) -> list[str]:
    """What the citizen was told by that template on that channel, in order."""
    told = [notice.dispatch for notice in stored.notices if notice.dispatch.kind is DispatchKind.NOTICE]
    ending = f":{template.value}:{channel.value}"
    return [dispatch.text or "" for dispatch in told if dispatch.head.key.endswith(ending)]


class ReplacementsOnStage(Replacements):
    """The way in for corrections, by the stage's clock."""

    at: datetime

    def now(self) -> datetime:
        return self.at


class Play:
    """One dossier on stage."""

    def __init__(self, env: WorkflowEnvironment, ledger: Ledger, world: World, law: LawActivities) -> None:
        self.env = env
        self.ledger = ledger
        self.world = world
        self.law = law
        self.offset = timedelta()
        self.code = ""
        self._handle: WorkflowHandle[Any, GroupOutcome] | None = None
        self._messages = 0

    @property
    def handle(self) -> WorkflowHandle[Any, GroupOutcome]:
        assert self._handle is not None
        return self._handle

    # --- Time and the dossier ----------------------------------------------------------------------------------------

    async def clock(self) -> datetime:
        """The server's clock."""
        return await self.env.get_current_time()

    async def now(self) -> datetime:
        """Legal time on this stage."""
        return (await self.clock() + self.offset).astimezone(LEGAL_ZONE)

    async def until(self, at: datetime) -> None:
        """Let legal time run to an instant, timers and all."""
        wait = at - await self.now()
        assert wait >= timedelta(), f"already {await self.now()}, cannot go back to {at}"
        async with asyncio.timeout(_PATIENCE):
            await self.env.sleep(wait)

    async def ended(self) -> GroupOutcome:
        """How the dossier ends, however much legal time that takes."""
        async with asyncio.timeout(_PATIENCE):
            return await self.handle.result()

    async def submit(self, declaration: Declaration, at: datetime, started_at: datetime | None = None) -> None:
        """Submit at a legal instant of the past, present or future: the stage's offset is set by it.

        `started_at`: the workflow starts only then, as when Temporal was away in between.
        """
        self.offset = (started_at or at) - await self.clock()
        opened = self.ledger.open_dossier(submission(declaration, at, SecretStr("test")), "G22.99.08")
        await self.start(
            StartDossier(code=opened.code, declaration=declaration, submitted_at=at, training_offset=self.offset)
        )

    async def declare(self, name: str, at: str, **sections: Any) -> None:
        """Submit a sample without certified copies, hence without a fee, at that legal instant."""
        await self.submit(free(name, moment(at).date(), **sections), moment(at))

    async def declare_death(self, name: str, at: str, **sections: Any) -> None:
        """Submit a sample of form 02 as of that legal instant, some of its sections replaced."""
        await self.submit(died(name, moment(at).date(), **sections), moment(at))

    async def start(self, start: StartDossier, **signal: Any) -> None:
        """Start the workflow of a dossier, with a signal if one is to come first."""
        self.code, self.world.offset = start.code, start.training_offset
        self._handle = await self.env.client.start_workflow(
            PROCEDURE_GROUPS[start.declaration.group].run, start, id=start.code, task_queue=QUEUE, **signal
        )

    async def view(self) -> DossierView:
        """The dossier as it stands."""
        view: DossierView = await self.handle.query(ProcedureGroup.view)
        return view

    async def leg(self, key: str) -> Leg:
        """One leg as it stands."""
        return next(leg for leg in (await self.view()).legs if leg.key == key)

    async def see(self, condition: Callable[[DossierView], bool], what: str) -> DossierView:
        """The dossier once the condition holds; it must hold soon, without legal time moving."""
        try:
            async with asyncio.timeout(_PATIENCE):
                while not condition(view := await self.view()):
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(f"not seen: {what}") from None
        return view

    async def written(self) -> StoredDossier:
        """The dossier in the ledger, once that says the same as the dossier itself; it must soon."""
        said: dict[str, Any] = {}
        wrote: dict[str, Any] = {}
        try:
            async with asyncio.timeout(_PATIENCE):
                while True:
                    said = _as_said(await self.view())
                    stored = self.ledger.view(self.code)
                    assert stored is not None
                    wrote = _as_written(stored)
                    if _same(said, wrote):
                        return stored
                    await asyncio.sleep(0.01)
        except TimeoutError:
            differ = {name: (wrote[name], said[name]) for name in said if not _same(said[name], wrote[name])}
            raise AssertionError(f"the ledger never said what the dossier says: {differ}") from None

    async def told(self, template: Notice, channel: System = System.PORTAL) -> list[str]:
        """What the citizen was told by that template on that channel; something must soon have been."""
        told: list[str] = []
        try:
            async with asyncio.timeout(_PATIENCE):
                while not told:
                    await asyncio.sleep(0.01)
                    stored = self.ledger.view(self.code)
                    told = notices(stored, template, channel) if stored else []
        except TimeoutError:
            raise AssertionError(f"the citizen was never told: {template}") from None
        return told

    # --- Facts -------------------------------------------------------------------------------------------------------

    async def inbox(self) -> Inbox:
        """The way in that the gateway and scripts use, as of now."""
        documents = DocumentStore(_NO_DOCUMENTS, MASTERS)
        return Inbox(self.env.client, self.ledger, documents, await self.replacements(), timedelta(seconds=_PATIENCE))

    async def replacements(self) -> Replacements:
        """The way in for corrections that come after the conclusion, as of now."""
        replacements = ReplacementsOnStage(self.ledger, QUEUE, self.offset)
        replacements.at = await self.now()
        return replacements

    async def tell(self, fact: InboundFact, *, update_id: str | None = None) -> Accepted:
        """Send a fact by update, as the gateway does."""
        accepted: Accepted = await self.handle.execute_update(
            kind_of(fact).value, fact, id=update_id or fact.message_id, result_type=Accepted
        )
        return accepted

    def message_id(self) -> str:
        """A new message id."""
        self._messages += 1
        return f"m{self._messages}"

    async def event(self, leg: str, fact: AgencyFact, **fields: Any) -> AgencyEvent:
        """What an agency says about its leg, some fields of the message replaced."""
        plan = (await self.view()).plan
        assert plan is not None
        message = {"message_id": self.message_id(), "dossier_code": self.code, "leg": leg, "fact": fact}
        return AgencyEvent(**{**message, "source": fields.pop("source", None) or plan.leg(leg).system, **fields})

    async def agency(self, leg: str, fact: AgencyFact, **fields: Any) -> Accepted:
        """An agency speaks about its leg."""
        return await self.tell(await self.event(leg, fact, **fields))

    async def pay(self, amount_vnd: int | None = None) -> Accepted:
        """The citizen pays the fee that is asked, or another amount."""
        view = await self.see(lambda view: view.stage is DossierStage.WAITING_PAYMENT, "a fee is asked for")
        return await self.tell(
            PaymentConfirmed(
                message_id=self.message_id(),
                dossier_code=self.code,
                amount_vnd=view.fee.total_vnd if amount_vnd is None else amount_vnd,
                receipt_number="BL-1",
                at=await self.now(),
            )
        )

    async def sent(self, leg: str) -> LegMessage:
        """The message of that leg, once it has been sent."""
        await self.see(lambda _: bool(self._told(self.world.legs, leg)), f"{leg} sent")
        return self._told(self.world.legs, leg)[0]

    async def asked(self, leg: str, people: int) -> list[ConsentMessage]:
        """The consent requests of that leg, once that many people have been asked."""
        await self.see(lambda _: len(self._told(self.world.consents, leg)) >= people, f"{people} asked for {leg}")
        return self._told(self.world.consents, leg)

    def _told(self, messages: Iterable[Told], leg: str) -> list[Told]:
        """Those of the messages to the world that are about that leg of this dossier."""
        return [message for message in messages if message.leg == leg and message.head.dossier_code == self.code]

    async def receive(self, leg: str, at: datetime | None = None) -> None:
        """The agency receives the leg, at that instant or now."""
        await self.sent(leg)
        await self.agency(leg, Received(at=at or await self.now(), agency_code=f"H01.{leg}"))
        await self.see(lambda v: any(x.key == leg and x.due for x in v.legs), f"{leg} has a due date")

    async def verify(self, leg: str) -> None:
        """The agency announces that it must verify, which extends its own limit and the group's."""
        await self.agency(leg, Verification(at=await self.now(), text="Xác minh nơi ở thực tế"))
        await self.see(
            lambda v: bool(v.plan and v.due and v.due.working_days == v.plan.verification_limit), "the group extended"
        )

    async def decide(self, leg: str, *kinds: DocumentKind, at: datetime | None = None) -> None:
        """The agency decides, with these result documents."""
        await self.agency(
            leg,
            Decided(
                at=at or await self.now(),
                number=f"{leg}-1",
                identity_number=IDENTITY_NUMBER if leg == BIRTH else None,
                documents=tuple(result(kind) for kind in kinds),
            ),
        )

    async def certify(self) -> None:
        """The signed e-birth-certificate arrives."""
        document = ResultDocument(at=await self.now(), documents=(result(DocumentKind.BIRTH_CERTIFICATE),))
        await self.agency(BIRTH, document)

    async def register(self, at: datetime | None = None) -> None:
        """The whole first leg: received at that instant or now, registered, certificate."""
        await self.receive(BIRTH, at)
        await self.decide(BIRTH)
        await self.certify()

    async def extract(self, at: datetime | None = None) -> None:
        """The whole first leg of a death: received at that instant or now, registered, with its signed extract."""
        await self.receive(DEATH, at)
        await self.decide(DEATH, DocumentKind.DEATH_EXTRACT)

    async def complete(self, *legs: str) -> None:
        """These agencies receive and decide now, with every result."""
        for leg in legs:
            await self.receive(leg)
            await self.complete_decision(leg)

    async def complete_decision(self, leg: str) -> None:
        """The agency, which has received its part, decides now with every result."""
        plan = (await self.view()).plan
        assert plan is not None
        await self.decide(leg, *plan.leg(leg).results)

    async def refuse(self, leg: str) -> None:
        """The agency refuses, with everything a citizen is owed."""
        await self.sent(leg)
        await self.agency(
            leg,
            Refused(
                at=await self.now(),
                reason_code="conditions_not_met",
                fields=("applicant.full_name",),
                legal_basis="Luật Hộ tịch 2014 Điều 16",
                text="Thông tin không khớp.",
            ),
        )

    async def consent(self, leg: str, personal_id: str, answer: Answer = Answer.GRANTED, **fields: Any) -> Accepted:
        """Somebody answers in VNeID, some fields of the message replaced."""
        message = {
            "message_id": self.message_id(),
            "dossier_code": self.code,
            "leg": leg,
            "personal_id": personal_id,
            "answer": answer,
            "at": await self.now(),
        }
        return await self.tell(ConsentAnswer(**{**message, **fields}))


def _as_said(view: DossierView) -> dict[str, Any]:
    """What the dossier says of itself, as far as the ledger keeps it."""
    clocks = {GROUP_CLOCK: view.clock, **{leg.key: leg.clock for leg in view.legs}}
    said = view.model_dump(include=_KEPT | {"stage", "outcome", "timeliness"})
    return said | {
        "clocks": {name: clock.model_dump()["entries"] for name, clock in clocks.items() if clock},
        "results": [(leg.key, document.sha256) for leg in view.legs for document in (*leg.superseded, *leg.documents)],
        "refused signals": view.refused_signals,
    }


def _as_written(stored: StoredDossier) -> dict[str, Any]:
    """The same, as the ledger has it."""
    wrote = stored.model_dump(include=_KEPT)
    results = [(document.leg, document.document.sha256) for document in stored.documents if document.leg]
    order = [leg.key for leg in stored.legs]
    return wrote | {
        "stage": stored.summary.stage,
        "outcome": stored.summary.outcome,
        "timeliness": stored.summary.timeliness,
        "clocks": {clock.clock: clock.model_dump()["entries"] for clock in stored.clocks},
        "results": sorted(results, key=lambda found: order.index(found[0])),
        "refused signals": sum(":signal:" in fact.message_id for fact in stored.refused_facts),
    }


def _same(said: Any, wrote: Any) -> bool:
    """Whether both are the same, instants to the second.

    A closed dossier answers by replay, and this server's empty workflow tasks then shift workflow time by milliseconds.
    """
    if isinstance(said, dict) and isinstance(wrote, dict):
        return said.keys() == wrote.keys() and all(_same(said[key], wrote[key]) for key in said)
    if isinstance(said, list | tuple) and isinstance(wrote, list | tuple):
        return len(said) == len(wrote) and all(map(_same, said, wrote))
    if isinstance(said, datetime) and isinstance(wrote, datetime):
        return abs(said - wrote) < timedelta(seconds=1)
    return bool(said == wrote)


@asynccontextmanager
async def stage(
    folder: Path,
    *,
    server: Callable[[], Awaitable[WorkflowEnvironment]] | None = None,
    training: bool = True,
    ledger_activities: type[LedgerActivities] = LedgerActivities,
    max_cached_workflows: int = 1000,
) -> AsyncIterator[Play]:
    """A fresh server with one worker for every queue; with no cached workflows, every workflow task is a replay."""
    engine = open_engine(f"sqlite:///{folder / 'ledger.db'}")
    upgrade(engine)
    ledger = Ledger(engine, MASTERS)
    world, law = World(ledger), LawActivities(ledger, load_calendar())
    async with AsyncExitStack() as stack:
        stack.callback(engine.dispose)
        env = await stack.enter_async_context(await (server or time_skipping_server)())
        await register_search_attributes(env.client)
        threads = stack.enter_context(ThreadPoolExecutor(4))
        on_ledger = ledger_activities(
            ledger, law, training=training, hash_key=SecretStr("test"), wake_outbox=lambda: None
        )
        core = Worker(
            env.client,
            task_queue=QUEUE,
            workflows=WORKFLOWS,
            activities=core_activities(on_ledger, law),
            activity_executor=threads,
            max_cached_workflows=max_cached_workflows,
        )
        await stack.enter_async_context(_at_work(core))
        for system in AWAITED_SYSTEMS:
            worker = Worker(
                env.client,
                task_queue=f"{QUEUE}-{system.value}",
                activities=[
                    world.send_leg,
                    world.send_follow_up,
                    world.look_up_leg,
                    world.ask_consent,
                    world.request_payment,
                    world.look_up_notice,
                    world.check_people,
                ],
            )
            await stack.enter_async_context(_at_work(worker))
        yield Play(env, ledger, world, law)


@asynccontextmanager
async def _at_work(worker: Worker) -> AsyncIterator[None]:
    """The worker at work. One that never ends its last poll is left to the end of its server.

    Seen once in some five hundred stages, after everything the test says was said (SDK 1.35, Java test server 1.40).
    """
    running = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        try:
            async with asyncio.timeout(_PATIENCE):
                await worker.shutdown()
                await running
        except TimeoutError:
            running.cancel()


async def time_skipping_server() -> WorkflowEnvironment:
    """The Java test server: legal time runs as soon as everybody waits."""
    return await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(BINARIES / "temporal-test-server"),
        plugins=[LienthongPlugin(isolated=True)],
        identity="stage",
    )


async def development_server() -> WorkflowEnvironment:
    """The real server, in real time."""
    return await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(BINARIES / "temporal"),
        dev_server_log_level="error",
        plugins=[LienthongPlugin(isolated=True)],
        identity="stage",
    )
