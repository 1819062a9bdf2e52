"""Activities towards systems: each message is noted in the ledger before it leaves and after it was taken.

A retried activity that finds the reply in the ledger does not send again; one that does not asks the system first
where the system cannot tell a repeat by itself (its adapter knows).
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import TypeVar

from temporalio import activity

from activities.adapters import Adapters
from activities.http import AgencyError, AgencyUnavailable, AgencyUnreadable, as_application_error
from activities.notices import NoticeExaminer
from activities.patience import Patience
from ledger.arrivals import Enclosed, Judge, fact_from
from ledger.documents import DocumentStore
from ledger.store import Ledger
from models.documents import Document
from models.events import CloudEvent
from models.facts import AgencyEvent, FactRefused
from models.messages import (
    ConsentMessage,
    FollowUp,
    Head,
    LegFound,
    LegOrder,
    LegQuery,
    NoticeAnswer,
    NoticeQuery,
    PaymentMessage,
    PeopleAnswer,
    PeopleQuery,
    Sent,
)
from models.systems import System

A = TypeVar("A")

_MARGIN = timedelta(seconds=5)


class AgencyActivities:
    """Every exchange a workflow waits for."""

    def __init__(
        self,
        adapters: Adapters,
        ledger: Ledger,
        documents: DocumentStore,
        patience: Patience,
        judge: Judge,
        notices: NoticeExaminer,
    ) -> None:
        self._adapters = adapters
        self._ledger = ledger
        self._documents = documents
        self._judge = judge
        self._notices = notices
        self._patience = patience

    @activity.defn(name="send_leg")
    async def send_leg(self, order: LegOrder) -> Sent:
        """Hand a leg to its agency's system, with the form as the ledger has it."""

        async def submit() -> Sent:
            form = await asyncio.to_thread(self._ledger.declaration, order.head.dossier_code, order.revision)
            return await self._adapters.agencies[order.system].submit(order.message(form), self._read)

        return await self._once(order.head, order.system, "submit", submit, leg=order.leg)

    @activity.defn(name="send_follow_up")
    async def send_follow_up(self, message: FollowUp) -> Sent:
        """Tell an agency more about a part it has."""
        tell = partial(self._adapters.follow_up, message, self._read)
        return await self._once(message.head, message.system, message.kind.value, tell, leg=message.leg)

    @activity.defn(name="look_up_leg")
    async def look_up_leg(self, query: LegQuery) -> LegFound:
        """Find out what became of a part; a look-up may be repeated freely."""

        async def look_up() -> LegFound:
            events = await self._adapters.agencies[query.system].look_up(query)
            return LegFound(events=tuple([await self._fact(query, event) for event in events]))

        return await self._told(query.system, query.head, partial(self._counted, query.system, look_up))

    async def _fact(self, query: LegQuery, event: CloudEvent) -> AgencyEvent:
        """The fact of an event that was looked up, its documents stored and judged. Raises AgencyUnreadable."""
        enclosed = Enclosed(self._documents)
        try:
            fact = await asyncio.to_thread(fact_from, event, enclosed, self._judge)
        except FactRefused:
            fact = None
        if not isinstance(fact, AgencyEvent) or (fact.dossier_code, fact.leg) != (query.head.dossier_code, query.leg):
            raise AgencyUnreadable("kết quả tra cứu không đúng cấu trúc", dossier_code=query.head.dossier_code)
        await asyncio.to_thread(self._keep, query, enclosed)
        return fact

    def _keep(self, query: LegQuery, found: Enclosed) -> None:
        """What was looked up is the dossier's, whatever it makes of it."""
        with self._ledger.receiving(found.contents, self._documents):
            self._ledger.hold_papers(query.head.key, query.head.dossier_code, found.contents.keys())

    @activity.defn(name="ask_consent")
    async def ask_consent(self, message: ConsentMessage) -> Sent:
        """Ask one person for consent in VNeID."""
        ask = partial(self._adapters.vneid.ask, message)
        return await self._once(message.head, System.VNEID, "consent", ask, leg=message.leg)

    @activity.defn(name="request_payment")
    async def request_payment(self, message: PaymentMessage) -> Sent:
        """Ask for payment."""
        return await self._once(
            message.head, System.PAYMENT, "payment", partial(self._adapters.payment.request, message)
        )

    @activity.defn(name="look_up_notice")
    async def look_up_notice(self, query: NoticeQuery) -> NoticeAnswer:
        """Find the notice of the health facility and judge its signature; a look-up may be repeated freely."""

        async def look_up() -> NoticeAnswer:
            found = await self._counted(System.HEALTH, partial(self._adapters.health.look_up, query))
            return await asyncio.to_thread(self._notices.examine, query, found)

        return await self._told(System.HEALTH, query.head, look_up)

    @activity.defn(name="check_people")
    async def check_people(self, query: PeopleQuery) -> PeopleAnswer:
        """Validate people; a look-up may be repeated freely."""
        check = partial(self._adapters.population.check, query)
        return await self._told(System.POPULATION, query.head, partial(self._counted, System.POPULATION, check))

    async def _once(
        self, head: Head, system: System, step: str, send: Callable[[], Awaitable[Sent]], *, leg: str | None = None
    ) -> Sent:
        async def exchange() -> Sent:
            reply = await asyncio.to_thread(self._ledger.reply_to, head.key)
            if reply is not None:
                return reply
            await asyncio.to_thread(self._ledger.sending, head, system, step, leg)
            reply = await self._counted(system, send)
            await asyncio.to_thread(self._ledger.sent, head.key, reply)
            return reply

        return await self._told(system, head, exchange)

    async def _counted(self, system: System, call: Callable[[], Awaitable[A]]) -> A:
        with self._adapters.calls.timed(system):
            return await call()

    async def _read(self, document: Document) -> bytes:
        return await asyncio.to_thread(self._documents.get, document)

    async def _told(self, system: System, head: Head, exchange: Callable[[], Awaitable[A]]) -> A:
        """The outcome of a whole exchange, ledger and all; its failure as Temporal retries it.

        Broken off a little before Temporal gives the activity to somebody else: two at once could both send.
        """
        info = activity.info()
        limit = info.start_to_close_timeout
        pause = self._patience.pause(info.attempt, info.started_time)
        try:
            async with asyncio.timeout((limit - _MARGIN).total_seconds() if limit else None):
                return await exchange()
        except AgencyError as error:
            raise as_application_error(error, system, pause) from error
        except TimeoutError:
            late = AgencyUnavailable("không trả lời kịp", dossier_code=head.dossier_code)
            raise as_application_error(late, system, pause) from None
