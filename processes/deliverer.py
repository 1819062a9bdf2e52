"""The deliverer of the gateway: puts what waits in the inbox to its dossiers, as soon as Temporal can be reached.

Every gateway has one; a message is leased to one at a time (`ledger.inbox`). While Temporal is away nothing is tried.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from temporalio.client import Client

from inbox import Inbox, NotDelivered
from ledger.errors import DatabaseUnusable
from ledger.store import Ledger
from ledger.values import Delivery
from models.facts import FactRefused
from processes.probes import Reason, reach

logger = logging.getLogger("lienthong.deliverer")

_AT_ONCE = 8
"""How many dossiers it delivers to at the same time; one that does not answer takes up one of them for a moment."""

_IDLE_SECONDS = 1.0


class Deliverer:
    """Delivers until told to stop; looks at once when the inbox says that something was left there."""

    def __init__(self, client: Client, ledger: Ledger, inbox: Inbox, patience: timedelta) -> None:
        self._client = client
        self._ledger = ledger
        self._inbox = inbox
        self._patience = patience
        self._stopping = False
        self._temporal_away = False
        self._under_way: set[asyncio.Task[None]] = set()
        self._running = asyncio.create_task(self._run())

    @property
    def dead(self) -> Collection[Reason]:
        """Why the process should be restarted."""
        return (Reason.PART_DIED,) if self._running.done() and not self._stopping else ()

    async def stop(self) -> None:
        """Take no more; what is under way is finished, which takes no longer than the patience with a dossier."""
        self._stopping = True
        self._inbox.left.set()
        await asyncio.wait((self._running,))

    async def _run(self) -> None:
        while not self._stopping:
            self._inbox.left.clear()
            claimed = await self._claimed()
            for delivery in claimed:
                self._begin(delivery)
            if not claimed:
                await self._something_left()
        await asyncio.gather(*self._under_way)

    async def _something_left(self) -> None:
        try:
            async with asyncio.timeout(_IDLE_SECONDS):
                await self._inbox.left.wait()
        except TimeoutError:
            return

    async def _claimed(self) -> tuple[Delivery, ...]:
        free = _AT_ONCE - len(self._under_way)
        try:
            if not free or not await asyncio.to_thread(self._ledger.messages_due, datetime.now(UTC)):
                return ()
            if not await self._temporal_answers():
                return ()
            return await asyncio.to_thread(self._ledger.claim_messages, datetime.now(UTC), self._inbox.lease, free)
        except DatabaseUnusable as error:  # nothing is lost, messages wait in it
            logger.warning("sổ chưa dùng được, sẽ thử lại: %s", error)
        except Exception:  # whatever it is, the next look may go better
            logger.error("không đọc được hộp thư đến, sẽ thử lại", exc_info=True)
        return ()

    async def _temporal_answers(self) -> bool:
        """Whether there is any point in trying; said when it changes."""
        before = self._temporal_away
        try:
            await reach(self._client)
            self._temporal_away = False
        except Exception as error:  # whatever it is, nothing can be put to anybody
            self._temporal_away = True
            if not before:
                logger.warning("Temporal chưa dùng được, thông điệp chờ trong sổ: %s", type(error).__name__)
        else:
            if before:
                logger.info("Temporal đã dùng được, đang chuyển thông điệp chờ trong sổ")
        return not self._temporal_away

    def _begin(self, delivery: Delivery) -> None:
        task = asyncio.create_task(self._deliver(delivery))
        self._under_way.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._under_way.discard(task)
        self._inbox.left.set()

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            await self._inbox.put(delivery, time.monotonic() + self._patience.total_seconds())
        except (FactRefused, NotDelivered):  # on record
            return
        except DatabaseUnusable as error:  # its lease runs out
            logger.warning("sổ chưa dùng được, sẽ thử lại: %s", error)


@asynccontextmanager
async def delivering(client: Client, ledger: Ledger, inbox: Inbox, patience: timedelta) -> AsyncIterator[Deliverer]:
    """A deliverer at work while the context lasts."""
    deliverer = Deliverer(client, ledger, inbox, patience)
    try:
        yield deliverer
    finally:
        await deliverer.stop()
