"""The inbox: how a fact from outside becomes a workflow update, recorded with its verdict.

The gateway and the scripts share it. `DirectInbox` delivers at once; a durable one, a later issue, has the same face.
"""

import asyncio
import hashlib
import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import NoReturn, Protocol

from temporalio.client import Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from ledger.errors import MessageReused, UnknownDossier
from ledger.store import Ledger
from models.facts import Accepted, AgencyEvent, ConsentAnswer, FactRefusal, FactRefused, InboundFact, kind_of
from telemetry import traces
from telemetry.traces import Fact, Facts

logger = logging.getLogger("lienthong.inbox")

DELIVERY_PATIENCE = timedelta(seconds=10)
"""How long a sender waits for the dossier's answer before being told to send again."""


class NotDelivered(Exception):
    """The fact could not be put to the dossier now; nothing is decided, the sender sends it again."""


class Inbox(Protocol):
    """Takes facts in."""

    async def deliver(self, fact: InboundFact, source: str) -> Accepted:
        """The dossier's acceptance. Raises FactRefused when the fact is wrong, NotDelivered when nobody could judge."""
        ...

    async def refuse(
        self, message_id: str, digest: str, kind: str, dossier_code: str | None, source: str, refusal: FactRefused
    ) -> None:
        """Record a message that never became a fact."""
        ...


class DirectInbox:
    """Records the fact, puts it to the dossier's workflow, records the verdict."""

    def __init__(self, client: Client, ledger: Ledger) -> None:
        self._client = client
        self._ledger = ledger

    async def deliver(self, fact: InboundFact, source: str) -> Accepted:
        """See `Inbox.deliver`. The message id is the update id: the same message twice is one update."""
        with traces.span(f"deliver {kind_of(fact).value}", fact.dossier_code, _facts(fact)) as delivery:
            try:
                accepted = await self._deliver(fact, source)
            except FactRefused as refusal:
                logger.info("%s: từ chối, %s", kind_of(fact).value, refusal.reason.value)
                raise
            if isinstance(fact, AgencyEvent | ConsentAnswer):
                delivery.note(Fact.LEG, fact.leg)
            logger.info("%s: %s", kind_of(fact).value, "lặp lại" if accepted.repeated else "đã nhận")
            return accepted

    async def _deliver(self, fact: InboundFact, source: str) -> Accepted:
        digest = hashlib.sha256(fact.model_dump_json().encode()).hexdigest()
        kind = kind_of(fact)
        try:
            earlier = await asyncio.to_thread(
                self._ledger.arrived,
                fact.message_id,
                digest,
                kind.value,
                fact.dossier_code,
                source,
                datetime.now(UTC),
            )
        except MessageReused:
            raise FactRefused(FactRefusal.MESSAGE_REUSED, "Mã thông điệp này đã dùng cho một nội dung khác.") from None
        if earlier and earlier.reason:
            raise FactRefused(earlier.reason, earlier.text)
        if earlier:
            return Accepted(message_id=fact.message_id, text="Đã ghi nhận trước đó.", repeated=True)
        try:
            accepted = await self._put(fact)
        except FactRefused as refusal:
            await asyncio.to_thread(self._ledger.settled, fact.message_id, False, refusal.reason, refusal.text)
            raise
        await asyncio.to_thread(self._ledger.settled, fact.message_id, True, None, accepted.text)
        return accepted

    async def refuse(
        self, message_id: str, digest: str, kind: str, dossier_code: str | None, source: str, refusal: FactRefused
    ) -> None:
        """See `Inbox.refuse`."""
        with traces.about(dossier_code):
            logger.info("%s: từ chối, %s", kind, refusal.reason.value)
        with suppress(MessageReused):
            now = datetime.now(UTC)
            await asyncio.to_thread(self._ledger.arrived, message_id, digest, kind, dossier_code, source, now)
            await asyncio.to_thread(self._ledger.settled, message_id, False, refusal.reason, refusal.text)

    async def _put(self, fact: InboundFact) -> Accepted:
        handle = self._client.get_workflow_handle(fact.dossier_code)
        try:
            accepted: Accepted = await handle.execute_update(
                kind_of(fact).value,
                fact,
                id=fact.message_id,
                result_type=Accepted,
                rpc_timeout=DELIVERY_PATIENCE,
            )
            return accepted
        except WorkflowUpdateFailedError as failure:
            raise _refusal(failure) from None
        except WorkflowUpdateRPCTimeoutOrCancelledError:
            raise NotDelivered("Hồ sơ chưa trả lời kịp; hãy gửi lại thông điệp này.") from None
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                await self._explain_absence(fact.dossier_code)
            raise NotDelivered("Temporal chưa dùng được; hãy gửi lại thông điệp này.") from error

    async def _explain_absence(self, code: str) -> NoReturn:
        """Why no workflow of that dossier runs. Raises FactRefused, or NotDelivered when it has yet to start."""
        try:
            opened = await asyncio.to_thread(self._ledger.opened, code)
        except UnknownDossier:
            raise FactRefused(FactRefusal.UNKNOWN_DOSSIER, f"Không có hồ sơ {code}.") from None
        if not opened.concluded:  # it has yet to start, or Temporal does not have it: then its ledger knows better
            raise NotDelivered("Hồ sơ chưa chạy ở Temporal này; hãy gửi lại thông điệp này.") from None
        raise FactRefused(FactRefusal.ENDED, f"Hồ sơ {code} đã kết thúc.") from None


def _facts(fact: InboundFact) -> Facts:
    """Whose word it is and what it says; its leg is only what the sender claims until the dossier accepts it."""
    if not isinstance(fact, AgencyEvent):
        return {}
    return {Fact.SYSTEM: fact.source.value, Fact.STEP: fact.fact.kind}


def _refusal(failure: WorkflowUpdateFailedError) -> FactRefused:
    cause = failure.cause
    if isinstance(cause, ApplicationError) and cause.type in set(FactRefusal):
        return FactRefused(FactRefusal(cause.type), cause.message)
    return FactRefused(FactRefusal.ENDED, "Hồ sơ đã kết thúc trước khi trả lời.")
