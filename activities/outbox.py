"""The outbox relay: sends what publications put into the outbox, channel by channel, until each channel has taken it.

A workflow never waits for an SMS gateway. Rows of one dossier keep their order on each channel; a dead channel delays
only itself. Several worker processes may relay: a row is leased to one at a time.
"""

import asyncio
import logging
import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

from activities.adapters import Adapters
from activities.http import AgencyError
from ledger.documents import DocumentStore
from ledger.errors import DatabaseUnusable, LedgerError
from ledger.store import Ledger
from ledger.values import Claimed
from models.documents import Document
from models.systems import System
from settings import Settings
from telemetry import traces
from telemetry.traces import Fact, Facts

logger = logging.getLogger("lienthong.outbox")

_BATCH = 5
_LEASE_MARGIN = 10.0
"""Seconds a lease lasts beyond what its batch can take at most."""

_IDLE_SECONDS = 1.0
_FIRST_PAUSE = timedelta(seconds=2)
_LONGEST_PAUSE = timedelta(minutes=10)


class OutboxRelay:
    """Relays some channels; `wake` makes it look at once instead of at its next look.

    `stop` lets it finish the row it is sending on each channel; what it leased besides, it gives back.
    """

    def __init__(
        self,
        adapters: Adapters,
        ledger: Ledger,
        documents: DocumentStore,
        settings: Settings,
        channels: Collection[System] | None = None,
    ) -> None:
        self._adapters = adapters
        self._ledger = ledger
        self._documents = documents
        self._settings = settings
        self._channels = tuple(channels if channels is not None else (system for system in System if system.relayed))
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wakers = {channel: asyncio.Event() for channel in self._channels}
        self._stopping = asyncio.Event()

    def wake(self) -> None:
        """There may be something to send; callable from any thread."""
        if self._loop and not self._loop.is_closed():
            for waker in self._wakers.values():
                self._loop.call_soon_threadsafe(waker.set)

    async def run(self) -> None:
        """Relay until stopped or cancelled, each channel on its own."""
        self._loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as channels:
            for channel in self._channels:
                channels.create_task(self._relay(channel))

    def stop(self) -> None:
        """Send nothing more; `run` then ends. Called in the event loop of `run`."""
        self._stopping.set()
        for waker in self._wakers.values():
            waker.set()

    async def _relay(self, channel: System) -> None:
        waker = self._wakers[channel]
        lease = self._lease(channel)
        while not self._stopping.is_set():
            waker.clear()
            try:
                claimed = await asyncio.to_thread(self._ledger.claim, (channel,), datetime.now(UTC), lease, _BATCH)
                await self._send_all(channel, claimed)
            except DatabaseUnusable as error:  # nothing is lost, rows wait in the ledger
                logger.warning("outbox %s: sẽ thử lại. %s", channel.value, error)
                claimed = ()
            except Exception:  # the ledger is away: nothing is lost, rows wait in it
                logger.warning("outbox %s: sổ chưa dùng được, sẽ thử lại", channel.value, exc_info=True)
                claimed = ()
            if not claimed and not self._stopping.is_set():
                await _either(waker, _IDLE_SECONDS)

    def _lease(self, channel: System) -> timedelta:
        """Longer than a batch can take; what a killed process had leased waits this long."""
        each = self._settings.call_timeout + 1 / self._settings.rate(channel)
        return timedelta(seconds=_BATCH * each + _LEASE_MARGIN)

    async def _send_all(self, channel: System, claimed: Sequence[Claimed]) -> None:
        """Send the rows in order while their lease lasts; give back the leases of what was not sent."""
        waiting = list(claimed)
        must_be_done = time.monotonic() + self._lease(channel).total_seconds() - _LEASE_MARGIN / 2
        try:
            while waiting:
                await _either(self._stopping, 1 / self._settings.rate(channel))
                if self._stopping.is_set() or time.monotonic() + self._settings.call_timeout > must_be_done:
                    break
                await self._send(channel, waiting[0])
                waiting.pop(0)
        finally:
            await asyncio.shield(asyncio.to_thread(self._give_back, waiting))

    def _give_back(self, rows: Sequence[Claimed]) -> None:
        for row in rows:
            self._ledger.postponed(row.id, "stopped", datetime.now(UTC), row.attempts)

    async def _send(self, channel: System, row: Claimed) -> None:
        with traces.about(row.dispatch.head.dossier_code):
            await self._dispatch(channel, row)

    async def _dispatch(self, channel: System, row: Claimed) -> None:
        facts: Facts = {Fact.SYSTEM: channel.value, Fact.STEP: row.dispatch.kind.value, Fact.ATTEMPT: row.attempts}
        try:
            with (
                traces.span("dispatch", row.dispatch.head.dossier_code, facts),
                self._adapters.calls.timed(channel),
            ):
                await self._adapters.deliver(row.dispatch, self._read)
        except DatabaseUnusable:
            raise
        except Exception as error:  # whatever it is, it must not hold up the rows behind
            pause = _pause(error, row.attempts)
            unexpected = not isinstance(error, AgencyError | LedgerError)
            logger.warning(
                "outbox %s: %s, thử lại sau %s", channel.value, type(error).__name__, pause, exc_info=unexpected
            )
            due = datetime.now(UTC) + pause
            await asyncio.to_thread(self._ledger.postponed, row.id, type(error).__name__, due, row.attempts)
        else:
            await asyncio.to_thread(self._ledger.dispatched, row.id, datetime.now(UTC))

    async def _read(self, document: Document) -> bytes:
        return await asyncio.to_thread(self._documents.get, document)


def _pause(error: Exception, attempts: int) -> timedelta:
    """What the channel asks for, else twice as long each time up to ten minutes."""
    asked = error.retry_delay if isinstance(error, AgencyError) else None
    return asked or min(_FIRST_PAUSE * 2 ** min(attempts - 1, 20), _LONGEST_PAUSE)


async def _either(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
