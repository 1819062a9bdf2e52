"""What every dossier workflow is before it does anything: its state, its ways in, and its publications.

Facts reach a dossier as updates, whose senders get an answer, or as plain signals, whose senders do not. Both go
through the same pure reducers; what is wrong leaves the dossier untouched.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue, SearchAttributeUpdate
from temporalio.exceptions import ApplicationError

from models.clock import Clock, Due, Timeliness
from models.declaration import MAX_ATTACHMENTS
from models.details import attributes, details
from models.documents import Document
from models.dossier import CitizenLimit, DossierOutcome, DossierStage, DossierState, DossierView, Fee, Leg
from models.facts import (
    Accepted,
    AgencyEvent,
    ConsentAnswer,
    DocumentsSupplied,
    FactKind,
    FactRefusal,
    FactRefused,
    InboundFact,
    PaymentConfirmed,
)
from models.messages import FieldChange, FollowUpKind
from models.plan import LegPlan, Plan, RequiredDocument
from models.publication import FollowUpOrder, HeardFact, Notice, NoticeOrder, Publication, StatusEvent
from models.reducers import apply_agency_event, apply_consent, not_in_future
from models.search_attributes import SearchAttribute
from models.start import CALENDAR_CHANGED, StartDossier
from models.statuses import PortalStatus, Status, StatusSystem
from workflows import ports
from workflows.calls import call_ledger
from workflows.clock import LegalTime
from workflows.facts import digest, read_fact
from workflows.visibility import attribute_key


class DossierWorkflow:
    """State, handlers and publications of one dossier; all set up here, since handlers may run before `run`."""

    def __init__(self, start: StartDossier) -> None:
        self.code = start.code
        self.declaration = start.declaration
        self.time = LegalTime(start.training_offset)
        self.stage = DossierStage.INTAKE
        self.outcome: DossierOutcome | None = None
        self.plan: Plan | None = None
        self.provincial_code: str | None = None
        self.fee = Fee()
        self.missing: tuple[RequiredDocument, ...] = ()
        self.limit: CitizenLimit | None = None
        self.legs: dict[str, Leg] = {}
        self.clock: Clock | None = None
        self.due: Due | None = None
        self.expected: Due | None = None
        self.missed_due: datetime | None = None
        self.timeliness: Timeliness | None = None
        self.warnings: tuple[str, ...] = ()
        self.calendar_news = 0
        self._seen: dict[str, str] = {}
        self._refused_signals = 0
        self._journal = _Journal()
        self._sequence = 0
        self._shown: dict[SearchAttribute, object] = {}

    # --- Facts in ------------------------------------------------------------------------------------------------

    # One dynamic handler for all kinds of fact: a named one is called with as many arguments as were sent, and a signal
    # without any would wedge the dossier for ever (measured). The names are those of `FactKind`.

    @workflow.update(dynamic=True)
    async def told(self, name: str, args: Sequence[RawValue]) -> Accepted:
        """A fact from a sender who waits for the answer."""
        with _answering():
            fact = read_fact(name, args)
            repeated = self._accept(fact)
        text = "Đã ghi nhận trước đó." if repeated else "Đã ghi nhận."
        return Accepted(message_id=fact.message_id, text=text, repeated=repeated)

    @told.validator
    def _judge(self, name: str, args: Sequence[RawValue]) -> None:
        """Refuse a wrong fact before it enters history; the sender learns why."""
        with _answering():
            fact = read_fact(name, args)
            if not self._repeated(fact):
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
            repeated = self._accept(fact)
        except FactRefused as refusal:
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
            timeliness=self.timeliness,
            fee=self.fee,
            missing_documents=self.missing,
            limit=self.limit,
            legs=tuple(self.legs.values()),
            warnings=self.warnings,
            refused_signals=self._refused_signals,
        )

    def _note_heard(self, message_id: str, kind: str, text: str, reason: FactRefusal | None = None) -> None:
        heard = HeardFact(message_id=message_id, kind=kind, at=self.time.now(), reason=reason, text=text)
        self._journal.heard.append(heard)

    def _repeated(self, fact: InboundFact) -> bool:
        """Whether this very message was accepted before. Raises FactRefused when its id carried something else."""
        if fact.dossier_code != self.code:
            raise FactRefused(FactRefusal.WRONG_DOSSIER, f"Thông điệp ghi mã hồ sơ khác, không phải {self.code}.")
        earlier = self._seen.get(fact.message_id)
        if earlier is not None and earlier != digest(fact):
            raise FactRefused(FactRefusal.MESSAGE_REUSED, "Mã thông điệp này đã dùng cho một nội dung khác.")
        return earlier is not None

    def _accept(self, fact: InboundFact) -> bool:
        """Let the fact take effect, once; True when this very message had been accepted before."""
        repeated = self._repeated(fact)
        if not repeated:
            self._effect(fact)()
            self._seen[fact.message_id] = digest(fact)
        return repeated

    def _effect(self, fact: InboundFact) -> Callable[[], None]:
        """What a fact would do; FactRefused when it may not."""
        match fact:
            case AgencyEvent():
                return self._agency_effect(fact)
            case ConsentAnswer():
                leg, leg_plan = self._addressed(fact.leg)
                after = apply_consent(leg, leg_plan, fact, self.time.now())
                return lambda: self.put(after)
            case PaymentConfirmed():
                return self._payment_effect(fact)
            case DocumentsSupplied():
                return self._documents_effect(fact)
            case _:
                raise FactRefused(FactRefusal.OUT_OF_TURN, "Hồ sơ chưa nhận loại dữ kiện này.")

    def _agency_effect(self, event: AgencyEvent) -> Callable[[], None]:
        leg, leg_plan = self._addressed(event.leg)
        if event.provincial_code and self.provincial_code and event.provincial_code != self.provincial_code:
            raise FactRefused(FactRefusal.WRONG_DOSSIER, "Mã hồ sơ cấp tỉnh không phải của hồ sơ này.")
        after = apply_agency_event(leg, leg_plan, self.required_plan.receipt, event, self.time.now())

        def effect() -> None:
            self.put(after)
            if event.status:
                self.note_status(event.status, leg=event.leg, incoming=True)

        return effect

    def _payment_effect(self, payment: PaymentConfirmed) -> Callable[[], None]:
        not_in_future(payment.at, self.time.now())
        if self.stage is not DossierStage.WAITING_PAYMENT or self.fee.paid_at:
            raise FactRefused(FactRefusal.OUT_OF_TURN, "Hồ sơ không chờ nộp lệ phí.")
        if payment.amount_vnd != self.fee.total_vnd:
            raise FactRefused(FactRefusal.WRONG_AMOUNT, f"Số tiền phải nộp là {self.fee.total_vnd} đồng.")

        def effect() -> None:
            receipt = {"paid_at": min(payment.at, self.time.now()), "receipt_number": payment.receipt_number}
            self.fee = self.fee.model_copy(update=receipt)

        return effect

    def _documents_effect(self, supplied: DocumentsSupplied) -> Callable[[], None]:
        not_in_future(supplied.at, self.time.now())
        if self.stage is not DossierStage.WAITING_DOCUMENTS:
            raise FactRefused(FactRefusal.OUT_OF_TURN, "Hồ sơ không chờ bổ sung giấy tờ.")
        wanted = {kind for document in self.missing for kind in document.any_of}
        foreign = dict.fromkeys(document.kind.label for document in supplied.documents if document.kind not in wanted)
        if foreign:
            raise FactRefused(FactRefusal.NOT_AWAITED, f"Hồ sơ không cần bổ sung: {', '.join(foreign)}.")
        attachments = (*self.declaration.attachments, *supplied.documents)
        if len(attachments) > MAX_ATTACHMENTS:
            raise FactRefused(FactRefusal.NOT_PERMITTED, f"Hồ sơ kèm nhiều nhất {MAX_ATTACHMENTS} tệp.")
        kinds = frozenset(document.kind for document in attachments)

        def effect() -> None:
            self.declaration = self.declaration.model_copy(update={"attachments": attachments})
            self.missing = tuple(document for document in self.missing if not document.met_by(kinds))
            self._journal.attachments += supplied.documents

        return effect

    def _addressed(self, key: str) -> tuple[Leg, LegPlan]:
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

    def put(self, leg: Leg) -> None:
        """The leg is now this; the code the province gives the leg that goes with the intake is the dossier's."""
        self.legs[leg.key] = leg
        if leg.agency_code and self.required_plan.leg(leg.key).sent_with_intake:
            self.provincial_code = leg.agency_code
        self._journal.legs[leg.key] = None

    def enter(self, stage: DossierStage, status: PortalStatus | None = None) -> None:
        """The dossier is now in this stage; the portal and the province hear of it as `status`."""
        self.stage = stage
        self._journal.changed = True
        if status:
            self.note_status(Status(system=StatusSystem.PORTAL, code=status.value))

    def note_status(self, status: Status, *, leg: str | None = None, incoming: bool = False) -> None:
        """A status as a system numbers it, told to us or by us."""
        key = f"{self.code}:status:{self._journal.number()}"
        self._journal.statuses.append(
            StatusEvent(key=key, status=status, at=self.time.now(), leg=leg, incoming=incoming)
        )

    def tell(self, template: Notice, **values: str) -> None:
        """A notice to the citizen."""
        key = f"{self.code}:notice:{self._journal.number()}:{template}"
        self._journal.notices.append(NoticeOrder(key=key, template=template, values=values))

    def follow_up(
        self,
        leg: str,
        kind: FollowUpKind,
        text: str,
        documents: tuple[Document, ...] = (),
        changes: tuple[FieldChange, ...] = (),
    ) -> None:
        """Something more for the agency that has the leg, by the outbox: nobody waits for it."""
        key = f"{self.code}:{leg}:{kind}:{self._journal.number()}"
        self._journal.follow_ups.append(
            FollowUpOrder(
                key=key,
                leg=leg,
                kind=kind,
                text=text,
                agency_code=self.legs[leg].agency_code,
                registration_number=self.legs[leg].number,
                documents=documents,
                changes=changes,
            )
        )

    def plan_changed(self) -> None:
        """The plan was resolved anew and goes to the ledger with the next publication."""
        self._journal.plan = True
        self._journal.changed = True

    async def publish_changes(self, finished: Callable[[], bool]) -> None:
        """Publish every change in order until the dossier has finished and nothing is left."""
        while True:
            await workflow.wait_condition(lambda: self._journal.pending or finished())
            if not self._journal.pending:
                return
            await self._publish()

    async def _publish(self) -> None:
        journal, self._journal = self._journal, _Journal(self._journal.count)
        self._sequence += 1
        view = self.view()
        self._show(view)
        publication = Publication(
            **{name: getattr(view, name) for name in DossierState.model_fields},
            sequence=self._sequence,
            at=self.time.now(),
            plan=self.plan if journal.plan else None,
            legs=tuple(self.legs[key] for key in journal.legs),
            attachments=journal.attachments,
            statuses=tuple(journal.statuses),
            notices=tuple(journal.notices),
            follow_ups=tuple(journal.follow_ups),
            heard=tuple(journal.heard),
        )
        await call_ledger(ports.publish, publication, f"Ghi sổ và thông báo lần {self._sequence}: {self.stage.label}")

    def _show(self, view: DossierView) -> None:
        """Live details and search attributes for operators; an attribute is written only when it changes."""
        workflow.set_current_details(details(view))
        values = attributes(view)
        wanted: dict[SearchAttribute, object] = {**values.keywords, **values.lists, **values.instants}
        updates: list[SearchAttributeUpdate[Any]] = []
        for attribute in SearchAttribute:
            value = wanted.get(attribute)
            if value != self._shown.get(attribute):
                updates.append(_attribute_update(attribute, value))
        if updates:
            workflow.upsert_search_attributes(updates)
            self._shown = wanted


@contextmanager
def _answering() -> Iterator[None]:
    """A refusal as the sender of an update hears it; any other exception would wedge the dossier."""
    try:
        yield
    except FactRefused as refusal:
        raise ApplicationError(refusal.text, type=refusal.reason.value, non_retryable=True) from None


class _Journal:
    """What has changed since the last publication. `count` numbers notices and statuses for ever."""

    def __init__(self, count: int = 0) -> None:
        self.count = count
        self.changed = False
        self.plan = False
        self.legs: dict[str, None] = {}
        self.attachments: tuple[Document, ...] = ()
        self.statuses: list[StatusEvent] = []
        self.notices: list[NoticeOrder] = []
        self.follow_ups: list[FollowUpOrder] = []
        self.heard: list[HeardFact] = []

    @property
    def pending(self) -> bool:
        said = self.statuses or self.notices or self.follow_ups or self.heard
        return self.changed or bool(self.legs or self.attachments or said)

    def number(self) -> int:
        self.count += 1
        return self.count


def _attribute_update(attribute: SearchAttribute, value: object) -> SearchAttributeUpdate[Any]:
    """The update that sets an attribute, or unsets it for None and the empty list."""
    key = attribute_key(attribute)
    if isinstance(value, tuple):
        value = list(value)
    return key.value_set(value) if value else key.value_unset()
