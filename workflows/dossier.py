"""The ways into a dossier: what every dossier workflow hears and is told.

Facts reach a dossier as updates, whose senders get an answer, or as plain signals, whose senders do not. Both go
through the same pure reducers; what is wrong leaves the dossier untouched.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import NoReturn

from temporalio import workflow
from temporalio.common import RawValue

from models.audit import SIGNAL, Who, looked_up_at
from models.corrections import CorrectedForm, CorrectionQuery
from models.documents import DocumentKind
from models.dossier import (
    DossierStage,
    Leg,
    LegStage,
)
from models.facts import (
    Accepted,
    Acknowledged,
    AgencyEvent,
    AgreementProvided,
    AttestedConsent,
    ConsentAnswer,
    Decided,
    Demand,
    DocumentsSupplied,
    FactKind,
    FactRefusal,
    FactRefused,
    InboundFact,
    NewAppointment,
    OperatorAct,
    PackMigration,
    PaymentConfirmed,
    Resend,
    ResultDocument,
    SupplementProvided,
    Unclassified,
    Withdrawal,
)
from models.facts import Corrected as ResultCorrected
from models.form_parts import MAX_ATTACHMENTS
from models.gate import GateQuery
from models.migration import Migration
from models.payments import apply_payment
from models.plan import LegPlan
from models.publication import HeardFact
from models.reducers import apply_agency_event, not_in_future
from models.start import CALENDAR_CHANGED, StartDossier
from workflows import ports
from workflows.appointing import expect_working
from workflows.completing import completed_effect, completes
from workflows.consent import consent_effect
from workflows.demands import demand_effect, judged_by_gate, note_effect
from workflows.doors import Known, act_effect
from workflows.facts import UNUSABLE, answering, read_fact
from workflows.letterbox import Letterbox, accepted, signed, told_fact, told_if_refused
from workflows.migrating import resolved_anew
from workflows.published import PublishedDossier
from workflows.replacing import acknowledgement_effect, correction_effect
from workflows.resending import outbox_again
from workflows.sealing import papers_refused_effect, warn_of_papers
from workflows.stopping import contradiction_effect, withdrawal_effect
from workflows.supplement import supplement_effect


class DossierWorkflow(PublishedDossier):
    """The ways in of one dossier, for facts and for operators' acts."""

    def __init__(self, start: StartDossier) -> None:
        super().__init__(start)
        self._letters = Letterbox(start.code)
        self._revising = asyncio.Lock()

    # One dynamic handler for all kinds of fact: a named one is called with as many arguments as were sent, and a signal
    # without any would wedge the dossier for ever (measured). The names are those of `FactKind`.

    @workflow.update(dynamic=True)
    async def told(self, name: str, args: Sequence[RawValue]) -> Accepted:
        """A fact from a sender who waits for the answer."""
        with answering():
            fact = read_fact(name, args)
            with told_if_refused(self._note_told, fact):
                repeated = await self._take(fact)
            if not repeated:
                self._note_told(fact)
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
        fact = None
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
            self._note_heard(f"{self.code}:signal:{workflow.uuid4()}", kind, refusal.text, refusal.reason, fact)
        else:
            if not repeated:
                self._note_heard(fact.message_id, kind, "Đã ghi nhận.", fact=fact)

    def _stopped(self, leg: Leg) -> bool:
        """Whether the leg has ended because the dossier was stopped."""
        return self.stop is not None and leg.outcome is self.stop.words.leg_outcome

    def _note_heard(
        self,
        message_id: str,
        kind: str,
        text: str,
        reason: FactRefusal | None = None,
        fact: InboundFact | None = None,
        via: Who = SIGNAL,
    ) -> None:
        heard = HeardFact(message_id=message_id, kind=kind, at=self.time.now(), reason=reason, text=text, via=via)
        self._journal.heard.append(signed(heard, fact))

    def _note_told(self, fact: InboundFact, refusal: FactRefused | None = None) -> None:
        self._journal.told.append(told_fact(fact, self.time.now(), refusal))

    async def _take(self, fact: InboundFact) -> bool:
        """Let the fact take effect once everything is known that judging it takes; True for a repeated message."""
        if judged_by_gate(fact) and (self.gate is None or self.gate.pack != self.required_plan.pack):
            if not self._letters.repeated(fact):
                self._effect(fact)
            plan = self.required_plan
            query = GateQuery(pack=plan.pack, group=plan.group)
            summary = f"Danh mục lý do, giấy tờ theo gói luật {plan.pack}"
            self.gate = await self.compute(ports.gate_of_pack, query, summary)
        if isinstance(fact, NewAppointment) and not self._letters.repeated(fact):
            self._effect(fact)
            await expect_working(self, fact)
        if isinstance(fact, Resend) and not self._letters.repeated(fact):
            self._effect(fact)
            return self._accept(fact, await outbox_again(self, fact))
        if not isinstance(fact, SupplementProvided | PackMigration) or not _read_anew(fact):
            return self._accept(fact)
        async with self._revising:
            await workflow.wait_condition(lambda: self._written_revision == self.revision)
            return self._accept(fact, await self._by_law(fact))

    async def _by_law(self, fact: SupplementProvided | PackMigration) -> CorrectedForm | Migration | None:
        """What the law says of the form with the citizen's corrections, or under another pack."""
        if self._letters.repeated(fact):
            return None
        return await (resolved_anew(self, fact) if isinstance(fact, PackMigration) else self._corrected(fact))

    async def _corrected(self, fact: SupplementProvided) -> CorrectedForm:
        """The form with the citizen's corrections, read and judged again as a whole."""
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

    def _accept(self, fact: InboundFact, known: Known | None = None) -> bool:
        """Let the fact take effect, once; True when this very message had been accepted before."""
        repeated = self._letters.repeated(fact)
        if not repeated:
            self._effect(fact, known)()
            self._letters.keep(fact)
        return repeated

    async def found(self, event: AgencyEvent) -> None:
        """A fact looked up at its agency, judged as if it had been told; what is no news changes nothing."""
        try:
            repeated = await self._take(event)
        except FactRefused:
            return
        if not repeated:
            text = "Tra cứu thấy tại cơ quan; đã ghi nhận."
            self._note_heard(event.message_id, FactKind.AGENCY_EVENT, text, via=looked_up_at(event.source))

    def refuse_on_record(self, fact: InboundFact, refusal: FactRefused) -> NoReturn:
        """Refuse a fact so that the same message again gets the same answer, and counts no more. Raises FactRefused."""
        self._letters.refuse(fact, refusal)

    def _effect(self, fact: InboundFact, known: Known | None = None) -> Callable[[], None]:
        """What a fact would do, by what was found out for it; FactRefused when it may not."""
        match fact:
            case AgencyEvent():
                return self.agency_effect(fact)
            case ConsentAnswer() | AttestedConsent() | AgreementProvided():
                return consent_effect(self, fact)
            case Withdrawal():
                return withdrawal_effect(self, fact)
            case PaymentConfirmed():
                return self._payment_effect(fact)
            case DocumentsSupplied():
                return self._documents_effect(fact)
            case SupplementProvided():
                leg, leg_plan = self.addressed(fact.leg)
                form = known if isinstance(known, CorrectedForm) else None
                return supplement_effect(self, leg, leg_plan, fact, form)
            case OperatorAct():
                return act_effect(self, fact, known)

    def agency_effect(self, event: AgencyEvent) -> Callable[[], None]:
        """What an agency's event would do. Raises FactRefused."""
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
            case Decided() if self._stopped(leg) and event.source is leg_plan.system:
                assert self.stop is not None
                return contradiction_effect(self, leg_plan, event, self.stop)
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


def _read_anew(fact: SupplementProvided | PackMigration) -> bool:
    """Whether the form is read again, and no other such fact may come in between."""
    return isinstance(fact, PackMigration) or bool(fact.corrections)
