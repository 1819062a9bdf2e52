"""The inbox: how a fact from outside becomes a workflow update, recorded with its verdict.

The gateway and the scripts share it. `DirectInbox` delivers at once; a durable one, a later issue, has the same face.
"""

import asyncio
import hashlib
import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import NoReturn, Protocol
from uuid import uuid4

from temporalio.client import Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from ledger.errors import MessageReused, UnknownDossier
from ledger.store import Ledger
from models.facts import (
    Accepted,
    Acknowledged,
    AgencyEvent,
    ConsentAnswer,
    Corrected,
    FactRefusal,
    FactRefused,
    InboundFact,
    ResultDocument,
    kind_of,
)
from models.payments import told_of_money
from models.reducers import SEND_CORRECTED
from models.replacement import replacement_id
from replacements import Replacements
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

    def __init__(self, client: Client, ledger: Ledger, replacements: Replacements) -> None:
        self._client = client
        self._ledger = ledger
        self._replacements = replacements

    async def deliver(self, fact: InboundFact, source: str) -> Accepted:
        """See `Inbox.deliver`. The message id is the update id: the same message twice is one update.

        A message refused as out of turn may be right when its sender sends it again, so it is judged anew.
        """
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
        if earlier and earlier.final and earlier.reason:
            raise FactRefused(earlier.reason, earlier.text)
        if earlier and earlier.final:
            return Accepted(message_id=fact.message_id, text="Đã ghi nhận trước đó.", repeated=True)
        try:
            accepted = await self._put(fact, again=earlier is not None)
        except FactRefused as short:
            refusal = told_of_money(short, fact)
            await asyncio.to_thread(self._ledger.settled, fact.message_id, False, refusal.reason, refusal.text)
            raise refusal from None
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

    async def _put(self, fact: InboundFact, *, again: bool) -> Accepted:
        """Put the fact to its dossier; about its results something may come also after that has concluded."""
        try:
            return await self._update(fact.dossier_code, fact, again=again)
        except FactRefused as refusal:
            if refusal.reason is not FactRefusal.ENDED or not isinstance(fact, AgencyEvent):
                raise
            return await self._after_conclusion(fact, refusal, again=again)

    async def _after_conclusion(self, event: AgencyEvent, refusal: FactRefused, *, again: bool) -> Accepted:
        """A result issued anew, or an acknowledgement of one. Raises the refusal for anything else."""
        match event.fact:
            case Corrected():
                await self._expect_concluded(event.dossier_code)
                return await self._replace(event)
            case Acknowledged():
                await self._expect_concluded(event.dossier_code)
                return await self._acknowledge(event, event.fact.sha256, again=again)
            case ResultDocument():
                raise FactRefused(refusal.reason, f"{refusal.text} {SEND_CORRECTED}") from None
        raise refusal

    async def _expect_concluded(self, code: str) -> None:
        """Raises NotDelivered for a dossier that is just concluding: soon its ledger says so too."""
        if not (await asyncio.to_thread(self._ledger.opened, code)).concluded:
            raise NotDelivered("Hồ sơ đang kết thúc; hãy gửi lại thông điệp này.")

    async def _replace(self, event: AgencyEvent) -> Accepted:
        """A result issued anew starts a replacement of its own, once."""
        try:
            opened = await self._replacements.open(self._client, event)
        except RPCError as error:
            raise NotDelivered("Temporal chưa dùng được; hãy gửi lại thông điệp này.") from error
        if opened is None:
            return Accepted(message_id=event.message_id, text="Bản này đang có hiệu lực.", repeated=True)
        text = f"Đã ghi nhận: {replacement_id(opened.code, opened.number)}."
        return Accepted(message_id=event.message_id, text=text)

    async def _acknowledge(self, event: AgencyEvent, sha256: str, *, again: bool) -> Accepted:
        """An acknowledgement goes to the replacement that told of that version; if that has ended, to the ledger."""
        told = await asyncio.to_thread(self._ledger.replacement_told, event, sha256)
        if told and told.workflow_id:
            try:
                return await self._update(told.workflow_id, event, again=again)
            except FactRefused as refusal:
                if refusal.reason is not FactRefusal.ENDED:
                    raise
        await asyncio.to_thread(self._ledger.acknowledged_late, event, self._replacements.now())
        return Accepted(message_id=event.message_id, text="Đã ghi nhận.")

    async def _update(self, workflow_id: str, fact: InboundFact, *, again: bool) -> Accepted:
        """Put the fact to a workflow; one judged before `again`, under another update id: the first may be kept."""
        handle = self._client.get_workflow_handle(workflow_id)
        try:
            accepted: Accepted = await handle.execute_update(
                kind_of(fact).value,
                fact,
                id=f"{fact.message_id}:{uuid4()}" if again else fact.message_id,
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
