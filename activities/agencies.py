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
from activities.http import AgencyError, AgencyUnavailable, as_application_error
from ledger.documents import DocumentStore
from ledger.store import Ledger
from models.documents import Document
from models.messages import (
    BirthNoticeAnswer,
    BirthNoticeQuery,
    ConsentMessage,
    Head,
    LegMessage,
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

    def __init__(self, adapters: Adapters, ledger: Ledger, documents: DocumentStore) -> None:
        self._adapters = adapters
        self._ledger = ledger
        self._documents = documents

    @activity.defn(name="send_leg")
    async def send_leg(self, message: LegMessage) -> Sent:
        """Hand a leg to its agency's system."""
        submit = partial(self._adapters.agencies[message.system].submit, message, self._read)
        return await self._once(message.head, message.system, "submit", submit, leg=message.leg)

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

    @activity.defn(name="look_up_birth_notice")
    async def look_up_birth_notice(self, query: BirthNoticeQuery) -> BirthNoticeAnswer:
        """Find a birth notice; a look-up may be repeated freely."""
        look_up = partial(self._adapters.health.look_up, query)
        return await _told(System.HEALTH, query.head, partial(self._counted, System.HEALTH, look_up))

    @activity.defn(name="check_people")
    async def check_people(self, query: PeopleQuery) -> PeopleAnswer:
        """Validate people; a look-up may be repeated freely."""
        check = partial(self._adapters.population.check, query)
        return await _told(System.POPULATION, query.head, partial(self._counted, System.POPULATION, check))

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

        return await _told(system, head, exchange)

    async def _counted(self, system: System, call: Callable[[], Awaitable[A]]) -> A:
        with self._adapters.calls.timed(system):
            return await call()

    async def _read(self, document: Document) -> bytes:
        return await asyncio.to_thread(self._documents.get, document)


async def _told(system: System, head: Head, exchange: Callable[[], Awaitable[A]]) -> A:
    """The outcome of a whole exchange, ledger and all; its failure as Temporal retries it.

    Broken off a little before Temporal gives the activity to somebody else: two at once could both send.
    """
    limit = activity.info().start_to_close_timeout
    try:
        async with asyncio.timeout((limit - _MARGIN).total_seconds() if limit else None):
            return await exchange()
    except AgencyError as error:
        raise as_application_error(error, system) from error
    except TimeoutError:
        late = AgencyUnavailable("không trả lời kịp", dossier_code=head.dossier_code)
        raise as_application_error(late, system) from None
