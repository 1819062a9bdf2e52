"""A result issued anew after its dossier has concluded: a replacement of its own, `CODE/replacement/n` (§7).

The ledger has judged and numbered it. The workflow tells the citizen and every agency that has the old version, and
waits for their acknowledgements as an open dossier would (`workflows.replacing`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from pydantic import ValidationError
from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from models.documents import Document
from models.dossier import Leg
from models.facts import Accepted, Acknowledged, AgencyEvent, FactKind, FactRefusal, FactRefused, InboundFact
from models.messages import FollowUpKind
from models.plan import Plan
from models.publication import FollowUpOrder, HeardFact, Notice, NoticeOrder
from models.replacement import Replacement, replacement_id
from models.replacement_case import (
    SUPERSEDED,
    AgencyAnswer,
    ReplacementNews,
    ReplacementOutcome,
    ReplacementQuery,
    ReplacementView,
    StartReplacement,
)
from models.replacement_details import attributes, details
from models.start import CALENDAR_CHANGED
from workflows import ports
from workflows.calls import P, R, call_ledger, compute
from workflows.clock import LegalTime
from workflows.facts import answering, read_fact
from workflows.letterbox import Letterbox, accepted, told_fact, told_if_refused
from workflows.replacing import Acknowledgements, acknowledgement_effect, announce
from workflows.visibility import Display
from workflows.watch import Watch


@workflow.defn
class ReplacementWorkflow:
    """One replacement from the correction to the last acknowledgement, or to the end of the limit."""

    @workflow.init
    def __init__(self, start: StartReplacement) -> None:
        self.code = start.code
        self.number = start.number
        self.time = LegalTime(start.training_offset)
        self.plan: Plan | None = None
        self.province_code: str | None = None
        self.provincial_code: str | None = None
        self.legs: dict[str, Leg] = {}
        self.replacements: dict[int, Replacement] = {}
        self.warnings: tuple[str, ...] = ()
        self._void: frozenset[str] = frozenset()
        self._calendar_news = 0
        self._letters = Letterbox(start.code)
        self._refused_signals = 0
        self._notices: list[NoticeOrder] = []
        self._follow_ups: list[FollowUpOrder] = []
        self._heard: list[HeardFact] = []
        self._changed = False
        self._count = 0
        self._sequence = 0
        self._display = Display()

    @workflow.run
    async def run(self, start: StartReplacement) -> ReplacementOutcome:
        """Tell everybody, wait, and say who has acknowledged."""
        query = ReplacementQuery(code=self.code, number=self.number, training=start.training_offset != timedelta())
        case = await call_ledger(ports.confirm_replacement, query, "Đối chiếu bản thay thế với sổ")
        self.plan, self.legs = case.plan, {leg.key: leg for leg in case.legs}
        self.province_code, self.provincial_code = case.province_code, case.provincial_code
        announce(self, case.replacement)
        self._voided()
        limit, over = Acknowledgements(self), asyncio.Event()
        await limit.act(self.time.now())
        await asyncio.gather(
            self._wait(limit, over), self._publish_changes(over.is_set), *map(self._tell_older, case.older)
        )
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._outcome()

    # --- Facts in ------------------------------------------------------------------------------------------------

    # Dynamic handlers for the reason `workflows.dossier` gives.

    @workflow.update(dynamic=True)
    async def told(self, name: str, args: Sequence[RawValue]) -> Accepted:
        """An acknowledgement from a sender who waits for the answer."""
        with answering():
            fact = read_fact(name, args)
            await self._known()
            with told_if_refused(self._note_told, fact):
                repeated = self._accept(fact)
            if not repeated:
                self._note_told(fact)
        return accepted(fact, repeated=repeated)

    @told.validator
    def _judge(self, name: str, args: Sequence[RawValue]) -> None:
        with answering():
            fact = read_fact(name, args)
            if self.plan and not self._letters.repeated(fact):
                self._effect(fact)

    @workflow.signal(dynamic=True)
    async def heard(self, name: str, args: Sequence[RawValue]) -> None:
        """Word from the operator or from a newer replacement, or an acknowledgement whose sender gets no answer."""
        try:
            if name == CALENDAR_CHANGED:
                self._calendar_news += 1
            elif name == SUPERSEDED:
                self._void |= _digests(args)
                self._voided()
            else:
                fact = read_fact(name, args)
                await self._known()
                if not self._accept(fact):
                    self._note_heard(name, fact.message_id, "Đã ghi nhận.")
        except FactRefused as refusal:
            self._refused_signals += 1
            kind = name if name in {SUPERSEDED, *FactKind} else "unknown_signal"
            self._note_heard(kind, f"{self.code}:signal:{workflow.uuid4()}", refusal.text, refusal.reason)

    @workflow.query(name="replacement_view")
    def view(self) -> ReplacementView:
        """The replacement as it stands."""
        return ReplacementView(
            code=self.code,
            number=self.number,
            province_code=self.province_code,
            plan=self.plan,
            replacement=self.replacements.get(self.number),
            warnings=self.warnings,
            refused_signals=self._refused_signals,
        )

    def _note_heard(self, kind: str, message_id: str, text: str, reason: FactRefusal | None = None) -> None:
        heard = HeardFact(message_id=message_id, kind=kind, at=self.time.now(), reason=reason, text=text)
        self._heard.append(heard)
        self._changed = True

    def _note_told(self, fact: InboundFact, refusal: FactRefused | None = None) -> None:
        self._heard.append(told_fact(fact, self.time.now(), refusal))
        self._changed = True

    async def _known(self) -> None:
        """What an acknowledgement is judged by has come from the ledger."""
        await workflow.wait_condition(lambda: self.number in self.replacements)

    def _accept(self, fact: InboundFact) -> bool:
        """Let the fact take effect, once; True when this very message had been accepted before."""
        repeated = self._letters.repeated(fact)
        if not repeated:
            self._effect(fact)()
            self._letters.keep(fact)
        return repeated

    def _effect(self, fact: InboundFact) -> Callable[[], None]:
        if not isinstance(fact, AgencyEvent) or not isinstance(fact.fact, Acknowledged):
            raise FactRefused(FactRefusal.ENDED, "Hồ sơ đã kết thúc; chỉ còn nhận xác nhận đã thay bản cũ.")
        return acknowledgement_effect(self, fact)

    # --- State and publications (`replacing.Host`) ---------------------------------------------------------------

    @property
    def required_plan(self) -> Plan:
        """The plan of the dossier, once the ledger has told it."""
        assert self.plan is not None
        return self.plan

    @property
    def settled(self) -> bool:
        """Whether nobody is waited for any more."""
        return not self.replacements[self.number].pending

    def put_replacement(self, replacement: Replacement) -> None:
        """The replacement is now this."""
        self.replacements[replacement.number] = replacement
        self._changed = True

    def tell(self, template: Notice, recipient: str | None = None, /, **values: str) -> None:
        """A notice to the citizen."""
        key = f"{replacement_id(self.code, self.number)}:notice:{self._next()}:{template}"
        self._notices.append(NoticeOrder(key=key, template=template, recipient=recipient, values=values))

    def follow_up(
        self,
        leg: str,
        kind: FollowUpKind,
        text: str,
        documents: tuple[Document, ...] = (),
        *,
        registration_number: str | None = None,
    ) -> None:
        """Something more for the agency that has the leg, by the outbox."""
        self._follow_ups.append(
            FollowUpOrder(
                key=f"{replacement_id(self.code, self.number)}:{leg}:{kind}:{self._next()}",
                leg=leg,
                kind=kind,
                text=text,
                agency_code=self.legs[leg].agency_code,
                registration_number=registration_number,
                documents=documents,
            )
        )

    def warn(self, text: str) -> None:
        """Something operators should look at."""
        self.warnings = (*self.warnings, text)
        self._changed = True

    async def compute(self, port: Callable[[P], Awaitable[R]], query: P, summary: str) -> R:
        """Ask law and calendar."""
        return await compute(port, query, summary)

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _voided(self) -> None:
        """Newer versions have replaced some of ours: nobody need acknowledge those any more."""
        new = self.replacements.get(self.number)
        if new and any(telling.awaited and telling.sha256 in self._void for telling in new.tellings):
            self.put_replacement(new.void(self._void, self.time.now()))

    async def _tell_older(self, number: int) -> None:
        """Tell an older replacement what it need not wait for any more, if it still runs."""
        older = workflow.get_external_workflow_handle(replacement_id(self.code, number))
        replaced = [document.sha256 for document in self.replacements[self.number].superseded]
        try:
            await older.signal(SUPERSEDED, replaced)
        except ApplicationError:
            workflow.logger.info("bản thay thế %d đã kết thúc", number)

    async def _wait(self, limit: Acknowledgements, over: asyncio.Event) -> None:
        """Until nobody is waited for any more; `over` is set when nothing more will change."""
        await asyncio.gather(Watch(self.time, lambda: self.settled, limit).run(), self._retimed(limit))
        over.set()

    async def _retimed(self, limit: Acknowledgements) -> None:
        """Read the limit again whenever word comes that the calendar changed."""
        read = 0
        while not self.settled:
            await workflow.wait_condition(lambda read=read: self.settled or self._calendar_news > read)  # type: ignore[misc]
            read = self._calendar_news
            await limit.retime()

    async def _publish_changes(self, finished: Callable[[], bool]) -> None:
        """Publish every change in order until the replacement has finished and nothing is left."""
        while self._changed or not finished():
            if self._changed:
                await self._publish()
            else:
                await workflow.wait_condition(lambda: self._changed or finished())

    async def _publish(self) -> None:
        notices, self._notices = tuple(self._notices), []
        follow_ups, self._follow_ups = tuple(self._follow_ups), []
        heard, self._heard = tuple(self._heard), []
        self._changed = False
        self._sequence += 1
        view = self.view()
        self._display.show(details(view), attributes(view))
        news = ReplacementNews(
            code=self.code,
            number=self.number,
            sequence=self._sequence,
            at=self.time.now(),
            replacement=self.replacements[self.number],
            notices=notices,
            follow_ups=follow_ups,
            heard=heard,
        )
        await call_ledger(ports.publish_replacement, news, f"Ghi sổ và thông báo lần {self._sequence}")

    def _outcome(self) -> ReplacementOutcome:
        answers = tuple(
            AgencyAnswer(
                agency=self.required_plan.leg(telling.leg).agency,
                leg=telling.leg,
                sha256=telling.sha256,
                acknowledged_at=telling.acknowledged_at,
                unnecessary=telling.void_since is not None,
            )
            for telling in self.replacements[self.number].tellings
        )
        return ReplacementOutcome(code=self.code, number=self.number, agencies=answers)


def _digests(args: Sequence[RawValue]) -> frozenset[str]:
    """The digests a newer replacement names. Raises FactRefused for anything else."""
    try:
        (raw,) = args
        return frozenset(workflow.payload_converter().from_payload(raw.payload, list[str]))
    except (ValueError, ValidationError, TypeError, RuntimeError):
        raise FactRefused(FactRefusal.MALFORMED, "Không đọc được nội dung thông điệp.") from None
