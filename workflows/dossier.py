"""What every dossier workflow is before it does anything: its state, its ways in, and its publications.

Facts reach a dossier as updates, whose senders get an answer, or as plain signals, whose senders do not. Both go
through the same pure reducers; what is wrong leaves the dossier untouched.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NoReturn

from temporalio import workflow
from temporalio.common import RawValue

from models.base import MAX_LONG_TEXT, MessageKey, legal_date
from models.clock import Clock, Due, Timeliness
from models.corrections import CorrectedForm, CorrectionQuery, Revision
from models.declaration import Declaration
from models.details import attributes, details
from models.documents import Document, DocumentKind
from models.dossier import (
    CitizenLimit,
    DossierOutcome,
    DossierStage,
    DossierView,
    Fee,
    Leg,
    LegOutcome,
    LegStage,
    OwedDuty,
)
from models.facts import (
    Accepted,
    Acknowledged,
    AgencyEvent,
    AgreementProvided,
    AttestedConsent,
    Classification,
    ConsentAnswer,
    Decided,
    Demand,
    DocumentsSupplied,
    FactKind,
    FactRefusal,
    FactRefused,
    InboundFact,
    OverdueDecision,
    PaymentConfirmed,
    ResultDocument,
    SupplementProvided,
    Unclassified,
    Withdrawal,
)
from models.facts import Corrected as ResultCorrected
from models.form_parts import MAX_ATTACHMENTS
from models.gate import Gate, GateQuery, fitting
from models.lateness import Apology
from models.messages import FieldChange, FollowUpKind, NoticeAnswer
from models.payments import apply_payment
from models.plan import LegPlan, Plan, RequiredDocument
from models.publication import FollowUpOrder, HeardFact, Notice, NoticeOrder, Publication, StatusEvent, news
from models.reducers import apply_agency_event, not_in_future
from models.replacement import Replacement
from models.start import CALENDAR_CHANGED, StartDossier
from models.statuses import PortalStatus, Status, StatusSystem
from models.systems import System
from models.trouble import Trouble
from workflows import ports
from workflows.calls import P, R, call_ledger, compute
from workflows.chasing import ruling_effect
from workflows.clock import LegalTime
from workflows.completing import completed_effect, completes
from workflows.consent import consent_effect
from workflows.demands import classification_effect, demand_effect, judged_by_gate, note_effect
from workflows.facts import UNUSABLE, answering, read_fact
from workflows.letterbox import Letterbox, accepted
from workflows.replacing import acknowledgement_effect, correction_effect
from workflows.sealing import papers_refused_effect, warn_of_papers
from workflows.supplement import supplement_effect
from workflows.visibility import Display
from workflows.withdrawal import contradiction_effect, withdrawal_effect

_AT_REST = 8
"""Turns in which nothing has moved after which nothing will, until something comes from outside."""


class DossierWorkflow:
    """State, handlers and publications of one dossier; all set up here, since handlers may run before `run`."""

    def __init__(self, start: StartDossier) -> None:
        self.code = start.code
        self.declaration = start.declaration
        self.submitted_on = legal_date(start.submitted_at)
        self.revision = 0
        self.supplied: tuple[Document, ...] = ()
        self.time = LegalTime(start.training_offset)
        self.stage = DossierStage.INTAKE
        self.outcome: DossierOutcome | None = None
        self.plan: Plan | None = None
        self.provincial_code: str | None = None
        self.fee = Fee()
        self.missing: tuple[RequiredDocument, ...] = ()
        self.limit: CitizenLimit | None = None
        self.legs: dict[str, Leg] = {}
        self.replacements: dict[int, Replacement] = {}
        self.clock: Clock | None = None
        self.due: Due | None = None
        self.expected: Due | None = None
        self.missed_due: datetime | None = None
        self.apologies: tuple[Apology, ...] = ()
        self.timeliness: Timeliness | None = None
        self.duties: tuple[OwedDuty, ...] = ()
        self.withdrawn_at: datetime | None = None
        self.withdrawal_reason: str | None = None
        self.troubles: tuple[Trouble, ...] = ()
        self.warnings: tuple[str, ...] = ()
        self.calendar_news = 0
        self.gate: Gate | None = None
        self.notice_found: NoticeAnswer | None = None
        self._letters = Letterbox(start.code)
        self._revising = asyncio.Lock()
        self._written_revision = 0
        self._refused_signals = 0
        self._journal = _Journal()
        self._sequence = 0
        self._moments = 0
        self._sending = 0
        self._moves = 0
        self._published: DossierView | None = None
        self._display = Display()

    # --- Facts in ------------------------------------------------------------------------------------------------

    # One dynamic handler for all kinds of fact: a named one is called with as many arguments as were sent, and a signal
    # without any would wedge the dossier for ever (measured). The names are those of `FactKind`.

    @workflow.update(dynamic=True)
    async def told(self, name: str, args: Sequence[RawValue]) -> Accepted:
        """A fact from a sender who waits for the answer."""
        with answering():
            fact = read_fact(name, args)
            repeated = await self._take(fact)
        return accepted(fact, repeated=repeated)

    @told.validator
    def _judge(self, name: str, args: Sequence[RawValue]) -> None:
        """Refuse a wrong fact before it enters history; the sender learns why."""
        with answering():
            fact = read_fact(name, args)
            if not self._letters.repeated(fact):
                self._effect(fact)

    @workflow.signal(dynamic=True)
    async def heard(self, name: str, args: Sequence[RawValue]) -> None:
        """A fact from a sender who gets no answer; a wrong one is recorded as refused, never dropped silently.

        `calendar_changed` is no fact but word from the operator that working days were announced anew.
        """
        if name == CALENDAR_CHANGED:
            self.calendar_news += 1
            return
        kind = name if name in set(FactKind) else "unknown_signal"
        try:
            fact = read_fact(name, args)
            repeated = await self._take(fact)
        except ValueError:
            self._refused_signals += 1
            self._note_heard(f"{self.code}:signal:{workflow.uuid4()}", kind, UNUSABLE, FactRefusal.MALFORMED)
        except FactRefused as refusal:
            if refusal.repeated:
                return
            self._refused_signals += 1
            self._note_heard(f"{self.code}:signal:{workflow.uuid4()}", kind, refusal.text, refusal.reason)
        else:
            if not repeated:
                self._note_heard(fact.message_id, kind, "Đã ghi nhận.")

    @workflow.query(name="dossier_view")
    def view(self) -> DossierView:
        """The whole dossier as it stands."""
        return DossierView(
            code=self.code,
            province_code=self.declaration.recipients.province_code,
            stage=self.stage,
            outcome=self.outcome,
            plan=self.plan,
            provincial_code=self.provincial_code,
            clock=self.clock,
            due=self.due,
            expected=self.expected,
            missed_due=self.missed_due,
            apologies=self.apologies,
            timeliness=self.timeliness,
            fee=self.fee,
            missing_documents=self.missing,
            limit=self.limit,
            legs=tuple(self.legs.values()),
            replacements=tuple(self.replacements.values()),
            duties=self.duties,
            withdrawn_at=self.withdrawn_at,
            troubles=self.troubles,
            warnings=self.warnings,
            refused_signals=self._refused_signals,
        )

    def _note_heard(self, message_id: str, kind: str, text: str, reason: FactRefusal | None = None) -> None:
        heard = HeardFact(message_id=message_id, kind=kind, at=self.time.now(), reason=reason, text=text)
        self._journal.heard.append(heard)

    async def _take(self, fact: InboundFact) -> bool:
        """Let the fact take effect once everything is known that judging it takes; True for a repeated message."""
        if judged_by_gate(fact) and (self.gate is None or self.gate.pack != self.required_plan.pack):
            if not self._letters.repeated(fact):
                self._effect(fact)
            plan = self.required_plan
            query = GateQuery(pack=plan.pack, group=plan.group)
            summary = f"Danh mục lý do, giấy tờ theo gói luật {plan.pack}"
            self.gate = await self.compute(ports.gate_of_pack, query, summary)
        if not isinstance(fact, SupplementProvided) or not fact.corrections:
            return self._accept(fact)
        async with self._revising:
            await workflow.wait_condition(lambda: self._written_revision == self.revision)
            return self._accept(fact, await self._corrected(fact))

    async def _corrected(self, fact: SupplementProvided) -> CorrectedForm | None:
        """The form with the citizen's corrections, read and judged again as a whole; None for a message repeated."""
        if self._letters.repeated(fact):
            return None
        self._effect(fact)
        query = CorrectionQuery(
            code=self.code,
            revision=self.revision,
            on=self.submitted_on,
            pack=self.required_plan.pack,
            notice=self.notice_found.state if self.notice_found else None,
            attached=tuple(sorted(self.attached)),
            given=self._given_with(fact),
            corrections=fact.corrections,
        )
        return await self.compute(ports.correct_form, query, "Đọc lại tờ khai sau khi đính chính")

    def _given_with(self, fact: SupplementProvided) -> tuple[DocumentKind, ...]:
        """What the citizen has given with the supplement that the fact is of, or gives with the fact."""
        asked = self.legs[fact.leg].supplement
        given = (*(asked.given if asked else ()), *fact.documents)
        return tuple(sorted({document.kind for document in given}))

    def _accept(self, fact: InboundFact, form: CorrectedForm | None = None) -> bool:
        """Let the fact take effect, once; True when this very message had been accepted before."""
        repeated = self._letters.repeated(fact)
        if not repeated:
            self._effect(fact, form)()
            self._letters.keep(fact)
        return repeated

    async def found(self, event: AgencyEvent) -> None:
        """A fact looked up at its agency, judged as if it had been told; what is no news changes nothing."""
        try:
            repeated = await self._take(event)
        except FactRefused:
            return
        if not repeated:
            self._note_heard(event.message_id, FactKind.AGENCY_EVENT, "Tra cứu thấy tại cơ quan; đã ghi nhận.")

    def refuse_on_record(self, fact: InboundFact, refusal: FactRefused) -> NoReturn:
        """Refuse a fact so that the same message again gets the same answer, and counts no more. Raises FactRefused."""
        self._letters.refuse(fact, refusal)

    def _effect(self, fact: InboundFact, form: CorrectedForm | None = None) -> Callable[[], None]:
        """What a fact would do; FactRefused when it may not."""
        match fact:
            case AgencyEvent():
                return self._agency_effect(fact)
            case ConsentAnswer() | AttestedConsent() | AgreementProvided():
                return consent_effect(self, fact)
            case Withdrawal():
                return withdrawal_effect(self, fact)
            case PaymentConfirmed():
                return self._payment_effect(fact)
            case DocumentsSupplied():
                return self._documents_effect(fact)
            case OverdueDecision():
                leg, leg_plan = self.addressed(fact.leg)
                return ruling_effect(self, leg, leg_plan, fact)
            case SupplementProvided():
                leg, leg_plan = self.addressed(fact.leg)
                return supplement_effect(self, leg, leg_plan, fact, form)
            case Classification():
                leg, leg_plan = self.addressed(fact.leg)
                return classification_effect(self, leg, leg_plan, fact)
            case _:
                raise FactRefused(FactRefusal.OUT_OF_TURN, "Hồ sơ chưa nhận loại dữ kiện này.")

    def _agency_effect(self, event: AgencyEvent) -> Callable[[], None]:
        try:
            return self._agency_says(event)
        except FactRefused as refusal:
            if refusal.reason is not FactRefusal.BADLY_SIGNED:
                raise
            return papers_refused_effect(self, *self.addressed(event.leg), event, refusal)

    def _agency_says(self, event: AgencyEvent) -> Callable[[], None]:
        leg, leg_plan = self.addressed(event.leg)
        if event.provincial_code and self.provincial_code and event.provincial_code != self.provincial_code:
            raise FactRefused(FactRefusal.WRONG_DOSSIER, "Mã hồ sơ cấp tỉnh không phải của hồ sơ này.")
        match event.fact:
            case Demand():
                return demand_effect(self, leg, leg_plan, event)
            case Unclassified():
                return note_effect(self, leg, leg_plan, event)
            case ResultCorrected():
                return correction_effect(self, event)
            case Acknowledged():
                return acknowledgement_effect(self, event)
            case ResultDocument() as result if completes(self, leg_plan, result):
                return completed_effect(self, leg, leg_plan, event, result)
            case Decided() if leg.outcome is LegOutcome.WITHDRAWN and event.source is leg_plan.system:
                return contradiction_effect(self, leg_plan, event)
        after = apply_agency_event(leg, leg_plan, self.required_plan.receipt, event, self.time.now())

        def effect() -> None:
            self.put(after)
            if isinstance(event.fact, Decided | ResultDocument):
                warn_of_papers(self, leg_plan, event.fact.documents)
            if event.status:
                self.note_status(event.status, leg=event.leg, incoming=True)

        return effect

    def _payment_effect(self, payment: PaymentConfirmed) -> Callable[[], None]:
        awaited = self.stage is DossierStage.WAITING_PAYMENT
        after = apply_payment(self.fee, payment, awaited=awaited, now=self.time.now())

        def effect() -> None:
            follows = self.fee.paid_at is not None
            self.fee = after
            if follows:
                self.keep_receipt()

        return effect

    def _not_awaited(self) -> str:
        """Why documents for the whole dossier are out of turn, and where to bring those a leg waits for."""
        waiting = (leg.key for leg in self.legs.values() if leg.stage is LegStage.WAITING_SUPPLEMENT)
        ways = (f"“{self.required_plan.leg(key).name}”: lienthong supplement --leg {key}" for key in waiting)
        return ". Đang chờ bổ sung riêng ".join(filter(None, ["Hồ sơ không chờ giấy tờ chung", "; ".join(ways)])) + "."

    def _documents_effect(self, supplied: DocumentsSupplied) -> Callable[[], None]:
        not_in_future(supplied.at, self.time.now())
        if self.stage is not DossierStage.WAITING_DOCUMENTS:
            raise FactRefused(FactRefusal.OUT_OF_TURN, self._not_awaited())
        wanted = {kind for document in self.missing for kind in document.any_of}
        foreign = dict.fromkeys(document.kind.label for document in supplied.documents if document.kind not in wanted)
        if foreign:
            raise FactRefused(FactRefusal.NOT_AWAITED, f"Hồ sơ không cần bổ sung: {', '.join(foreign)}.")
        attachments = (*self.declaration.attachments, *supplied.documents)
        if len(attachments) > MAX_ATTACHMENTS:
            raise FactRefused(FactRefusal.NOT_PERMITTED, f"Hồ sơ kèm nhiều nhất {MAX_ATTACHMENTS} tệp.")
        kinds = frozenset(document.kind for document in attachments)

        def effect() -> None:
            self.attach(supplied.documents)
            self.missing = tuple(document for document in self.missing if not document.met_by(kinds))
            plan = self.required_plan.without_replaced_consents(self.attached)
            if plan != self.plan:
                self.plan = plan
                self.plan_changed()

        return effect

    def addressed(self, key: str) -> tuple[Leg, LegPlan]:
        """The leg that a fact names, with its plan. Raises FactRefused."""
        plan = self.required_plan
        if key not in self.legs:
            raise FactRefused(FactRefusal.UNKNOWN_LEG, f"Hồ sơ không có thủ tục “{key}”.")
        return self.legs[key], plan.leg(key)

    # --- State and publications ----------------------------------------------------------------------------------

    @property
    def required_plan(self) -> Plan:
        """The plan, once intake has resolved it."""
        if self.plan is None:
            raise FactRefused(FactRefusal.OUT_OF_TURN, "Hồ sơ đang được tiếp nhận, chưa có thủ tục nào.")
        return self.plan

    @property
    def attached(self) -> frozenset[DocumentKind]:
        """What the dossier carries by now: declared with it, or added for it as a whole."""
        return frozenset(document.kind for document in self.declaration.attachments)

    @property
    def known_gate(self) -> Gate:
        """The return gate's rules, once the first demand has made them known."""
        assert self.gate is not None
        return self.gate

    def put(self, leg: Leg) -> None:
        """The leg is now this; the code the province gives the leg that goes with the intake is the dossier's."""
        self.legs[leg.key] = leg
        if leg.agency_code and self.required_plan.leg(leg.key).sent_with_intake:
            self.provincial_code = leg.agency_code
        self._journal.legs[leg.key] = None
        self._moves += 1

    def put_replacement(self, replacement: Replacement) -> None:
        """The replacement is now this."""
        self.replacements[replacement.number] = replacement
        self._journal.replacements[replacement.number] = None
        self._moves += 1

    def enter(self, stage: DossierStage, status: PortalStatus | None = None) -> None:
        """The dossier is now in this stage; the portal and the province hear of it as `status`."""
        self.stage = stage
        self._journal.changed = True
        self._moves += 1
        if status:
            self.note_status(Status(system=StatusSystem.PORTAL, code=status.value))

    def note_status(self, status: Status, *, leg: str | None = None, incoming: bool = False) -> None:
        """A status as a system numbers it, told to us or by us."""
        key = f"{self.code}:status:{self._journal.number()}"
        self._journal.statuses.append(
            StatusEvent(key=key, status=status, at=self.time.now(), leg=leg, incoming=incoming)
        )

    def tell(self, template: Notice, recipient: str | None = None, /, **values: str) -> None:
        """A notice to the citizen or, by personal number, to another person."""
        key = f"{self.code}:notice:{self._journal.number()}:{template}"
        order = NoticeOrder(key=key, template=template, recipient=recipient, values=values)
        self._journal.notices.append(order)

    def follow_up(
        self,
        leg: str,
        kind: FollowUpKind,
        text: str,
        documents: tuple[Document, ...] = (),
        changes: tuple[FieldChange, ...] = (),
        to: System | None = None,
        registration_number: str | None = None,
    ) -> None:
        """Something more for the agency that has the leg, or about it `to` another, by the outbox: nobody waits."""
        key = f"{self.code}:{leg}:{kind}:{self._journal.number()}"
        self._journal.follow_ups.append(
            FollowUpOrder(
                key=key,
                leg=leg,
                kind=kind,
                text=fitting(text, MAX_LONG_TEXT),
                to=to,
                agency_code=self.provincial_code if to is System.PROVINCIAL else self.legs[leg].agency_code,
                registration_number=registration_number or self.legs[leg].number,
                documents=documents,
                changes=changes,
            )
        )

    def attach(self, documents: tuple[Document, ...]) -> None:
        """The dossier as a whole carries these from now on; parts not sent yet go with what of them is theirs."""
        attachments = (*self.declaration.attachments, *documents)
        self.declaration = self.declaration.model_copy(update={"attachments": attachments})
        self.supplied += documents
        self._journal.attachments += documents

    def keep(self, *documents: Document) -> None:
        """What the citizen or an official has handed in goes to the ledger with the next publication."""
        self._journal.attachments += documents

    def keep_receipt(self) -> None:
        """The e-receipt, if it has come, goes to the ledger and from there to the citizen's store."""
        if self.fee.receipt:
            self._journal.attachments += (self.fee.receipt,)

    def warn(self, text: str) -> None:
        """Something operators should look at, said once."""
        text = fitting(text, MAX_LONG_TEXT)
        if text not in self.warnings:
            self.warnings = (*self.warnings, text)
            self.enter(self.stage)

    def form_reads(self, declaration: Declaration, leg: str, paths: tuple[str, ...]) -> None:
        """The form says so from now on, with what is attached by now: corrected in `leg`, at these fields."""
        self.revision += 1
        self.declaration = declaration.model_copy(update={"attachments": self.declaration.attachments})
        self._journal.revisions.append(
            Revision(number=self.revision, at=self.time.now(), leg=leg, paths=paths, declaration=declaration)
        )

    def in_trouble(self, trouble: Trouble) -> None:
        """A system does not take a message; since when stays as it was."""
        earlier = next((known for known in self.troubles if known.key == trouble.key), None)
        trouble = trouble.model_copy(update={"since": earlier.since}) if earlier else trouble
        if trouble != earlier:
            self.troubles = (*(known for known in self.troubles if known is not earlier), trouble)
            self._journal.changed = True

    def out_of_trouble(self, key: MessageKey) -> None:
        """The message is taken, or nobody wants it taken any more."""
        others = tuple(trouble for trouble in self.troubles if trouble.key != key)
        if others != self.troubles:
            self.troubles = others
            self._journal.changed = True

    def plan_changed(self) -> None:
        """The plan was resolved anew and goes to the ledger with the next publication."""
        self._journal.plan = True
        self._journal.changed = True

    @contextmanager
    def in_a_moment(self) -> Iterator[None]:
        """What is awaited here comes in a moment, or fails within about a minute: changes wait until then, to be
        published with what follows from them, a receipt with its due date, a leg to send as sent.
        """
        self._moments += 1
        try:
            yield
        finally:
            self._moments -= 1

    @contextmanager
    def sending(self) -> Iterator[None]:
        """What is sent here is taken in a moment, or within about a minute the system is known to be in trouble."""
        self._sending += 1
        try:
            yield
        finally:
            self._sending -= 1

    async def compute(self, port: Callable[[P], Awaitable[R]], query: P, summary: str) -> R:
        """Ask law and calendar, which takes milliseconds."""
        with self.in_a_moment():
            return await compute(port, query, summary)

    async def publish_changes(self, finished: Callable[[], bool]) -> None:
        """Publish every change in order until the dossier has finished and nothing is left."""
        while True:
            await workflow.wait_condition(lambda: (self._journal.pending or finished()) and not self._held_back)
            await self._settled()
            if self._held_back:
                continue
            if not self._journal.pending:
                return
            await self._publish()

    @property
    def _held_back(self) -> bool:
        """Whether changes wait for what comes in a moment.

        A corrected form never does: what is awaited may need it itself. Nor does a leg that has ended wait for a system
        that may be away: its result goes out at once, whoever keeps another leg waiting.
        """
        if self._journal.revisions:
            return False
        return bool(self._moments) or (
            bool(self._sending) and not any(self.legs[key].ended for key in self._journal.legs)
        )

    async def _settled(self) -> None:
        """What follows at once from what has happened has happened too, however many parts of the dossier it takes.

        A condition that holds is passed once all that can run has run; parts that only wait for each other move nothing
        meanwhile, hence several times.
        """
        moves, quiet = self._moves, 0
        while quiet < _AT_REST:
            await workflow.wait_condition(lambda: True)
            moves, quiet = self._moves, quiet + 1 if self._moves == moves else 0

    async def _publish(self) -> None:
        journal, self._journal = self._journal, _Journal(self._journal.count)
        self._sequence += 1
        view = self.view()
        self._display.show(details(view), attributes(view))
        publication = Publication(
            **news(view, self._published),
            sequence=self._sequence,
            at=self.time.now(),
            plan=self.plan if journal.plan else None,
            legs=tuple(self.legs[key] for key in journal.legs),
            attachments=journal.attachments,
            statuses=tuple(journal.statuses),
            notices=tuple(journal.notices),
            follow_ups=tuple(journal.follow_ups),
            replacements=tuple(self.replacements[number] for number in journal.replacements),
            heard=tuple(journal.heard),
            revisions=tuple(journal.revisions),
        )
        self._published = view
        await call_ledger(ports.publish, publication, f"Ghi sổ và thông báo lần {self._sequence}: {self.stage.label}")
        self._written_revision = max([self._written_revision, *(revision.number for revision in journal.revisions)])


class _Journal:
    """What has changed since the last publication. `count` numbers notices and statuses for ever."""

    def __init__(self, count: int = 0) -> None:
        self.count = count
        self.changed = False
        self.plan = False
        self.legs: dict[str, None] = {}
        self.replacements: dict[int, None] = {}
        self.attachments: tuple[Document, ...] = ()
        self.statuses: list[StatusEvent] = []
        self.notices: list[NoticeOrder] = []
        self.follow_ups: list[FollowUpOrder] = []
        self.heard: list[HeardFact] = []
        self.revisions: list[Revision] = []

    @property
    def pending(self) -> bool:
        said = self.statuses or self.notices or self.follow_ups or self.heard or self.revisions
        return self.changed or bool(self.legs or self.replacements or self.attachments or said)

    def number(self) -> int:
        self.count += 1
        return self.count
