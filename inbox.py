"""The inbox: how a fact from outside is stored, becomes a workflow update, and is recorded with its verdict.

The gateway and the scripts share it. A fact is stored whole before anybody tries to deliver it; one that cannot be
delivered at once waits in the ledger until the gateway's deliverer (`processes.deliverer`) or its own sender, sending
it again, has it judged.
"""

import asyncio
import hashlib
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import NoReturn

from pydantic import ValidationError
from temporalio.client import Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from ledger.documents import DocumentStore
from ledger.errors import DatabaseUnusable, MessageReused, UnknownDossier
from ledger.store import Ledger
from ledger.values import Arrival, Delivery
from models.audit import Action, Entry, who_sent
from models.documents import Sha256
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
    digest_of,
    kind_of,
)
from models.inbox import Hindrance, Progress, Stored
from models.payments import told_of_money
from models.reducers import SEND_CORRECTED
from models.replacement import replacement_id
from replacements import Replacements
from telemetry import traces
from telemetry.traces import Fact, Facts
from trust.vault import KeyErased, KeyUnknown

logger = logging.getLogger("lienthong.inbox")

STATUS_PATH = "/inbox/{token}"
"""Where the gateway shows the standing of a message."""

_LEASE_MARGIN = timedelta(seconds=3)
"""How long a lease lasts beyond the patience with the dossier. One that is outrun costs a second update of the same id,
which Temporal answers like the first."""

_AWAY = (RPCError, RuntimeError)
"""What a call of Temporal fails with: RuntimeError is that of a client that has yet to connect (measured)."""

_ENDED_MEANWHILE = "AcceptedUpdateCompletedWorkflow"
"""What the server says of an update whose workflow ended before it was done."""

_UNKNOWN = "Không có hồ sơ này."
REUSED = "Mã thông điệp này đã dùng cho một nội dung khác."
_LOOK_SECONDS = 0.05
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=1), timedelta(seconds=30)


class NotDelivered(Exception):
    """The fact could not be put to the dossier now; nothing is decided, the sender sends it again."""

    def __init__(self, hindrance: Hindrance) -> None:
        super().__init__(f"{hindrance.label}; hãy gửi lại thông điệp này.")
        self.hindrance = hindrance


class Inbox:
    """Stores facts and puts them to their dossiers, in order per dossier.

    `patience` is how long a sender waits for the verdict. `left` is set when something may be there to deliver.
    """

    def __init__(
        self,
        client: Client,
        ledger: Ledger,
        documents: DocumentStore,
        replacements: Replacements,
        patience: timedelta,
    ) -> None:
        self.left = asyncio.Event()
        self._client = client
        self._ledger = ledger
        self._documents = documents
        self._replacements = replacements
        self._patience = patience

    @property
    def lease(self) -> timedelta:
        """For how long whoever delivers a message has it to himself."""
        return self._patience + _LEASE_MARGIN

    async def deliver(
        self, fact: InboundFact, source: str, contents: Mapping[Sha256, bytes] = MappingProxyType({})
    ) -> Accepted | Stored:
        """Store the fact and return its dossier's acceptance, or where the verdict will show if none comes in time.

        `contents` are those of documents that come with it; they stay while it waits or is accepted.

        Older messages of the dossier go first. A message refused as out of turn may be right when its sender sends it
        again, so it is judged anew. Raises FactRefused when the fact is wrong, NotDelivered when it was not taken in,
        because its dossier has yet to start or is just concluding, and OSError when a document could not be stored.
        """
        fact, arrival = await asyncio.to_thread(self._take, fact, source, contents)
        if arrival.verdict:
            _expect_accepted(arrival.verdict.reason, arrival.verdict.text)
            return Accepted(message_id=fact.message_id, text="Đã ghi nhận trước đó.", repeated=True)
        try:
            return await self._in_turn(fact, arrival.delivery)
        except NotDelivered as failure:
            if failure.hindrance.of_dossier and await asyncio.to_thread(self._ledger.left_to_sender, fact.message_id):
                raise
        if not await asyncio.to_thread(self._ledger.promise, fact.message_id):
            raise NotDelivered(Hindrance.NOT_RUNNING)
        self.left.set()
        return Stored(message_id=fact.message_id, status_path=STATUS_PATH.format(token=arrival.status_token))

    def _take(self, fact: InboundFact, source: str, contents: Mapping[Sha256, bytes]) -> tuple[InboundFact, Arrival]:
        """Its documents are on disk before anybody can see the fact, and stay no longer than it names them."""
        with self._ledger.receiving(contents, self._documents):
            return self._store(fact, source)

    def _store(self, fact: InboundFact, source: str) -> tuple[InboundFact, Arrival]:
        """Store it, under an id of its sender's own where another sender has used this one: ids are per source."""
        if traces.as_dossier_code(fact.dossier_code) is None:  # it may be a name or a number of a person: not stored
            self._refuse_unstored(fact, source, FactRefused(FactRefusal.UNKNOWN_DOSSIER, _UNKNOWN))
        try:
            return fact, self._ledger.store(fact, digest_of(fact), source, datetime.now(UTC), self.lease)
        except MessageReused as reused:
            if reused.source == source:
                self._refuse_unstored(fact, source, FactRefused(FactRefusal.MESSAGE_REUSED, REUSED))
        return self._store(fact.model_copy(update={"message_id": _own_id(source, fact.message_id)}), source)

    def _refuse_unstored(self, fact: InboundFact, source: str, refusal: FactRefused) -> NoReturn:
        """Refuse a fact of which only the trail tells. Raises FactRefused."""
        who, code = who_sent(source), traces.as_dossier_code(fact.dossier_code)
        detail = {"kind": kind_of(fact).value, "message": fact.message_id, "reason": refusal.reason.value}
        self._ledger.note(Entry(who=who, what=Action.FACT_REFUSED, code=code, why=refusal.text, detail=detail))
        raise refusal from None

    async def _in_turn(self, fact: InboundFact, delivery: Delivery | None) -> Accepted:
        """Have the older messages of the dossier judged, then this one. Raises as `deliver`."""
        until = time.monotonic() + self._patience.total_seconds()
        while True:
            if delivery and delivery.message_id == fact.message_id:
                return await self.put(delivery, until)
            if delivery:
                await self._put_older(delivery, until)
            elif accepted := await self._judged_elsewhere(fact):
                return accepted
            if time.monotonic() > until:
                raise NotDelivered(Hindrance.BEHIND_ANOTHER)
            delivery = await asyncio.to_thread(
                self._ledger.claim_message, fact.dossier_code, datetime.now(UTC), self.lease
            )
            if delivery is None:  # somebody else has the oldest
                await asyncio.sleep(_LOOK_SECONDS)

    async def _put_older(self, delivery: Delivery, until: float) -> None:
        try:
            await self.put(delivery, until)
        except FactRefused:
            return
        except NotDelivered:
            raise NotDelivered(Hindrance.BEHIND_ANOTHER) from None

    async def _judged_elsewhere(self, fact: InboundFact) -> Accepted | None:
        """The acceptance, if somebody else has delivered the message. Raises FactRefused."""
        standing = await asyncio.to_thread(self._ledger.standing_of, fact.message_id)
        if standing is None:
            raise NotDelivered(Hindrance.NOT_RUNNING)
        if standing.status is Progress.WAITING:
            return None
        _expect_accepted(standing.reason, standing.text or "")
        return Accepted(message_id=fact.message_id, text="Đã ghi nhận.")

    async def put(self, delivery: Delivery, until: float) -> Accepted:
        """Put a leased message to its dossier, no longer than `until` (monotonic), and keep the verdict.

        Raises FactRefused when the fact is wrong. Raises NotDelivered when nobody could judge it; then it waits, each
        time longer. Raises DatabaseUnusable; then its lease runs out.
        """
        try:
            return await self._put(delivery, until)
        except (FactRefused, DatabaseUnusable):
            raise
        except NotDelivered as failure:
            hindrance = failure.hindrance
        except Exception:  # whatever it is, it must hold up nobody else
            logger.error("%s: lỗi ngoài dự kiến", delivery.kind.value, exc_info=True)
            hindrance = Hindrance.UNEXPECTED
        pause = min(_FIRST_PAUSE * 2 ** min(delivery.attempts - 1, 10), _LONGEST_PAUSE)
        await asyncio.to_thread(self._ledger.put_off, delivery, hindrance, datetime.now(UTC) + pause)
        raise NotDelivered(hindrance)

    async def _put(self, delivery: Delivery, until: float) -> Accepted:
        try:
            fact = delivery.fact
        except ValidationError:
            logger.error("%s: không đọc được thông điệp đã lưu", delivery.kind.value)
            raise NotDelivered(Hindrance.UNREADABLE) from None
        with traces.span(f"deliver {delivery.kind.value}", fact.dossier_code, _facts(fact)) as span:
            try:
                accepted = await self._judged(fact, delivery.update_id, until)
            except FactRefused as short:
                refusal = told_of_money(short, fact)
                logger.info("%s: từ chối, %s", delivery.kind.value, refusal.reason.value)
                verdict = (fact.message_id, False, refusal.reason, refusal.text, delivery)
                await asyncio.to_thread(self._ledger.settled, *verdict)
                await asyncio.to_thread(self._let_go, delivery)
                raise refusal from None
            except NotDelivered as failure:
                logger.info("%s: chờ, %s", delivery.kind.value, failure.hindrance.value)
                raise
            await asyncio.to_thread(self._ledger.settled, fact.message_id, True, None, accepted.text, delivery)
            if isinstance(fact, AgencyEvent | ConsentAnswer):
                span.note(Fact.LEG, fact.leg)
            logger.info("%s: %s", delivery.kind.value, "lặp lại" if accepted.repeated else "đã nhận")
            return accepted

    def _let_go(self, refused: Delivery) -> None:
        """What a refused message brought goes, unless somebody else needs it; if it cannot now, with the next."""
        try:
            self._ledger.let_go(self._documents)
        except (DatabaseUnusable, OSError):
            logger.warning("%s: chưa bỏ được giấy tờ của thông điệp bị từ chối", refused.kind.value)

    async def refuse(
        self, message_id: str, digest: str, kind: str, dossier_code: str | None, source: str, refusal: FactRefused
    ) -> None:
        """Record a message that never became a fact."""
        with traces.about(dossier_code):
            logger.info("%s: từ chối, %s", kind, refusal.reason.value)
        with suppress(MessageReused):
            now = datetime.now(UTC)
            await asyncio.to_thread(self._ledger.arrived, message_id, digest, kind, dossier_code, source, now)
            await asyncio.to_thread(self._ledger.settled, message_id, False, refusal.reason, refusal.text)

    async def _judged(self, fact: InboundFact, update_id: str, until: float) -> Accepted:
        """Put the fact to its dossier; about its results something may come also after that has concluded."""
        try:
            async with asyncio.timeout(until - time.monotonic()):
                try:
                    return await self._update(fact.dossier_code, fact, update_id)
                except FactRefused as refusal:
                    if refusal.reason is not FactRefusal.ENDED or not isinstance(fact, AgencyEvent):
                        raise
                    return await self._after_conclusion(fact, refusal, update_id)
        except TimeoutError:
            raise NotDelivered(Hindrance.NO_ANSWER) from None

    async def _after_conclusion(self, event: AgencyEvent, refusal: FactRefused, update_id: str) -> Accepted:
        """A result issued anew, or an acknowledgement of one. Raises the refusal for anything else."""
        match event.fact:
            case Corrected():
                await self._expect_concluded(event.dossier_code)
                return await self._replace(event)
            case Acknowledged():
                await self._expect_concluded(event.dossier_code)
                return await self._acknowledge(event, event.fact.sha256, update_id)
            case ResultDocument():
                raise FactRefused(refusal.reason, f"{refusal.text} {SEND_CORRECTED}") from None
        raise refusal

    async def _expect_concluded(self, code: str) -> None:
        """Raises NotDelivered for a dossier that is just concluding: soon its ledger says so too."""
        if not (await asyncio.to_thread(self._ledger.opened, code)).concluded:
            raise NotDelivered(Hindrance.CONCLUDING)

    async def _replace(self, event: AgencyEvent) -> Accepted:
        """A result issued anew starts a replacement of its own, once."""
        try:
            opened = await self._replacements.open(self._client, event)
        except _AWAY as error:
            raise NotDelivered(Hindrance.TEMPORAL_AWAY) from error
        if opened is None:
            return Accepted(message_id=event.message_id, text="Bản này đang có hiệu lực.", repeated=True)
        text = f"Đã ghi nhận: {replacement_id(opened.code, opened.number)}."
        return Accepted(message_id=event.message_id, text=text)

    async def _acknowledge(self, event: AgencyEvent, sha256: str, update_id: str) -> Accepted:
        """An acknowledgement goes to the replacement that told of that version; if that has ended, to the ledger."""
        told = await asyncio.to_thread(self._ledger.replacement_told, event, sha256)
        if told and told.workflow_id:
            try:
                return await self._update(told.workflow_id, event, update_id)
            except FactRefused as refusal:
                if refusal.reason is not FactRefusal.ENDED:
                    raise
        await asyncio.to_thread(self._ledger.acknowledged_late, event, self._replacements.now())
        return Accepted(message_id=event.message_id, text="Đã ghi nhận.")

    async def _update(self, workflow_id: str, fact: InboundFact, update_id: str) -> Accepted:
        """Put the fact to a workflow. The same update id is one update, also when the workflow has ended since."""
        handle = self._client.get_workflow_handle(workflow_id)
        try:
            accepted: Accepted = await handle.execute_update(
                kind_of(fact).value, fact, id=update_id, result_type=Accepted
            )
            return accepted
        except WorkflowUpdateFailedError as failure:
            raise _not_taken(failure) from None
        except WorkflowUpdateRPCTimeoutOrCancelledError:
            raise NotDelivered(Hindrance.NO_ANSWER) from None
        except (KeyUnknown, KeyErased):  # it could not be sealed, for no such dossier, or one that was erased
            await self._explain_absence(fact.dossier_code)
        except _AWAY as error:
            if isinstance(error, RPCError) and error.status is RPCStatusCode.NOT_FOUND:
                await self._explain_absence(fact.dossier_code)
            raise NotDelivered(Hindrance.TEMPORAL_AWAY) from error

    async def _explain_absence(self, code: str) -> NoReturn:
        """Why no workflow of that dossier runs. Raises FactRefused, or NotDelivered when it has yet to start."""
        try:
            opened = await asyncio.to_thread(self._ledger.opened, code)
        except UnknownDossier:
            raise FactRefused(FactRefusal.UNKNOWN_DOSSIER, _UNKNOWN) from None
        if not opened.concluded:  # it has yet to start, or Temporal does not have it: then its ledger knows better
            raise NotDelivered(Hindrance.NOT_RUNNING) from None
        raise FactRefused(FactRefusal.ENDED, f"Hồ sơ {code} đã kết thúc.") from None


def _expect_accepted(reason: FactRefusal | None, text: str) -> None:
    if reason:
        raise FactRefused(reason, text)


def _facts(fact: InboundFact) -> Facts:
    """Whose word it is and what it says; its leg is only what the sender claims until the dossier accepts it."""
    if not isinstance(fact, AgencyEvent):
        return {}
    return {Fact.SYSTEM: fact.source.value, Fact.STEP: fact.fact.kind}


def _not_taken(failure: WorkflowUpdateFailedError) -> FactRefused | NotDelivered:
    """The dossier's own refusal, or why it gave none: what an older worker cannot read yet, a newer one will."""
    cause = failure.cause
    if isinstance(cause, ApplicationError) and cause.type in set(FactRefusal):
        return FactRefused(FactRefusal(cause.type), cause.message)
    if isinstance(cause, ApplicationError) and cause.type == _ENDED_MEANWHILE:
        return FactRefused(FactRefusal.ENDED, "Hồ sơ đã kết thúc trước khi trả lời.")
    return NotDelivered(Hindrance.UNEXPECTED)


def _own_id(source: str, message_id: str) -> str:
    """An id for the message that no other sender's can be."""
    return hashlib.sha256(f"{source} {message_id}".encode()).hexdigest()
