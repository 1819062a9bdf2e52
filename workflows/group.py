"""What every dossier does, whatever its group: intake, legs as the plan says, conclusion (nhóm thủ tục liên thông)."""

import asyncio
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

from models.base import legal_date
from models.clock import Clock, ClockEntry, ClockEntryKind, Due, Timeliness, timeliness
from models.details import state
from models.dossier import CitizenLimit, DossierOutcome, DossierStage, Fee, GroupOutcome, Leg, LegOutcome
from models.messages import FollowUpKind, Head, NoticeAnswer, NoticeQuery, PaymentMessage, PeopleQuery, PersonMatch
from models.plan import LegPlan, RequiredDocument
from models.publication import Notice
from models.reminders import ReminderRule
from models.start import (
    CitizenDueQuery,
    Confirmation,
    DueQuery,
    LawOrder,
    Promise,
    ReceiptQuery,
    Resolved,
    StartDossier,
    declaration_digest,
)
from models.statuses import PortalStatus
from models.systems import System
from models.words import dong, in_words, last_day, listed, when
from workflows import ports
from workflows.calls import call_ledger, call_system
from workflows.citizen import limit_over
from workflows.dossier import DossierWorkflow
from workflows.duties import Duties
from workflows.event_groups import intake_group
from workflows.leg import LegRun
from workflows.overdue import OverdueWatch
from workflows.retiming import Retiming
from workflows.sending import hand_over
from workflows.stopping import unless_stopped

_CHECK_PATIENCE = timedelta(minutes=15)

_LAW_CHANGED = "Hồ sơ được tiếp nhận theo gói luật {pack}, khác gói khi nộp."


class ProcedureGroup(DossierWorkflow):
    """The engine: it runs any plan. What makes two dossiers different stands in the plan, never here."""

    def __init__(self, start: StartDossier) -> None:
        super().__init__(start)
        self._entering_clock = asyncio.Lock()

    async def life(self, start: StartDossier) -> GroupOutcome:
        """The life of the dossier, published as it goes. Gathered, so that no part can fail without being seen."""
        over = asyncio.Event()
        outcome, _ = await asyncio.gather(self.story(start, over), self.publish_changes(over.is_set))
        await workflow.wait_condition(workflow.all_handlers_finished)
        return outcome

    async def story(self, start: StartDossier, over: asyncio.Event) -> GroupOutcome:
        """From the declaration to the outcome; `over` is set when nothing more will change."""
        outcome, _, _ = await asyncio.gather(self.go(start), Retiming(self).run(), OverdueWatch(self).run())
        await workflow.wait_condition(workflow.all_handlers_finished)
        over.set()
        return outcome

    async def go(self, start: StartDossier) -> GroupOutcome:
        """What the decision describes: taken in, carried through its legs, concluded."""
        with intake_group().scope():
            taken_in = await unless_stopped(self, self.take_in(start))
        if taken_in:
            await Duties(self).during(self.run_legs())
            await self.replacements_settled()
        return await self.conclude()

    # --- Intake ----------------------------------------------------------------------------------------------------

    async def take_in(self, start: StartDossier) -> bool:
        """Ledger, look-ups, law, missing attachments, fee. False when the dossier ends with nothing sent."""
        resolved = await self.confirmed(start)
        self.adopt(resolved)
        self.enter(DossierStage.INTAKE, PortalStatus.SUBMITTED)
        self.tell(Notice.SUBMITTED, group=self.required_plan.name)
        self.notice_found = notice = await self.look_up()
        if notice and not notice.usable:
            if notice.warning:
                self.warnings = (*self.warnings, notice.warning)
            law = self.law(legal_date(start.submitted_at)).model_copy(update={"notice": notice.state})
            words = notice.state.words(self.declaration.group.notice)
            resolved = await self.compute(ports.resolve_law, law, f"Áp dụng pháp luật: {words}")
        return await self.attachments_complete(resolved.missing_documents, notice) and await self.fee_paid()

    async def confirmed(self, start: StartDossier) -> Resolved:
        """The ledger knows the dossier; its law on the day it was submitted: recorded, never recomputed."""
        on = legal_date(start.submitted_at)
        confirmation = Confirmation(
            law=self.law(on),
            digest=declaration_digest(start.declaration),
            training=start.training_offset != timedelta(),
        )
        summary = f"Đối chiếu hồ sơ với sổ; áp dụng pháp luật ngày {on:%d/%m/%Y}"
        return await call_ledger(ports.confirm_dossier, confirmation, summary)

    def law(self, on: date) -> LawOrder:
        """The question for this dossier's law on a date."""
        return LawOrder(code=self.code, revision=self.revision, on=on)

    def adopt(self, resolved: Resolved) -> None:
        """From here on the dossier carries this plan; what is attached by now spares people being asked."""
        self.plan = resolved.plan.without_replaced_consents(self.attached)
        self.fee = resolved.fee
        self.warnings = tuple(dict.fromkeys((*self.warnings, *resolved.warnings)))
        for leg in resolved.plan.legs:
            self.put(self.legs.get(leg.key, Leg(key=leg.key)))
        self.legs = {leg.key: self.legs[leg.key] for leg in resolved.plan.legs}
        self.plan_changed()

    async def attachments_complete(self, missing: tuple[RequiredDocument, ...], notice: NoticeAnswer | None) -> bool:
        """Wait for attachments the law requires; the citizen has the supplement limit, and nothing has been sent.

        [choice] The dossier is one: a paper that only a benefit needs keeps back the registration too.
        """
        if not missing:
            return True
        self.missing = missing
        plan = self.required_plan
        wanted = _wanted(missing)
        told = (notice.told,) if notice and notice.told else ()
        until = last_day(await self.begin_limit(plan.supplement_days, plan.supplement_reminders))
        self.enter(DossierStage.WAITING_DOCUMENTS, PortalStatus.NEEDS_DOCUMENTS)
        self.tell(
            Notice.DOCUMENTS_NEEDED,
            documents=wanted,
            until=until,
            reason="; ".join((*told, *dict.fromkeys(document.basis for document in missing))),
        )
        expired = await limit_over(
            self.time,
            self.running_limit,
            unless=lambda: not self.missing,
            remind=self._remind_of_documents,
            awaited="Chờ bổ sung giấy tờ",
        )
        if expired:
            self.outcome = DossierOutcome.DOCUMENTS_NOT_PROVIDED
            documents = _wanted(self.missing)
            self.tell(Notice.ENDED_WITHOUT_DOCUMENTS, documents=documents, until=last_day(self.limit_end()))
        else:
            self.enter(DossierStage.INTAKE)
        return not expired

    def _remind_of_documents(self, limit: CitizenLimit) -> None:
        self.limit = limit
        self.tell(Notice.DOCUMENTS_REMINDER, documents=_wanted(self.missing), until=last_day(limit.ends_at))

    async def fee_paid(self) -> bool:
        """Ask for the fee, if there is one, and wait for it; unpaid, the dossier ends and nothing was sent."""
        if not self.fee.total_vnd:
            return True
        pay_by = await self.ask_for_fee()
        message = PaymentMessage(
            head=self.head("payment"),
            fee=Fee(lines=self.fee.lines),
            payer_personal_id=self.declaration.applicant.personal_id,
            pay_by=pay_by,
        )
        await hand_over(self, ports.request_payment, System.PAYMENT, message, "Yêu cầu nộp lệ phí")
        if legal_date(self.time.now()) != legal_date(message.head.sent_at) and not self._paid():
            # The platform was away: the citizen has the full limit from the day on which it could be paid.
            pay_by = await self.ask_for_fee()
        expired = await self.time.reached(
            self.limit_end, unless=self._paid, summary=f"Chờ nộp lệ phí đến hết {last_day(pay_by)}"
        )
        if expired:
            self.outcome = DossierOutcome.UNPAID
            self.tell(Notice.ENDED_UNPAID, until=last_day(self.limit_end()))
        else:
            self.tell(Notice.PAYMENT_RECEIVED, amount=dong(self.fee.total_vnd), receipt=self.fee.receipt_number or "")
            self.keep_receipt()
        return not expired

    async def ask_for_fee(self) -> datetime:
        """The citizen is told what to pay; the end of the limit, which begins now."""
        pay_by = await self.begin_limit(self.required_plan.payment_days)
        self.enter(DossierStage.WAITING_PAYMENT, PortalStatus.NEEDS_PAYMENT)
        self.tell(
            Notice.PAYMENT_NEEDED,
            amount=dong(self.fee.total_vnd),
            lines=listed(line.name for line in self.fee.lines),
            until=last_day(pay_by),
        )
        return pay_by

    def _paid(self) -> bool:
        return self.fee.paid_at is not None

    async def begin_limit(self, working_days: int, reminders: ReminderRule | None = None) -> datetime:
        """A limit on the citizen's act begins now; its end, 24:00 of its last working day."""
        now = self.time.now()
        self.limit = await self.citizen_limit(now, working_days, reminders)
        return self.limit.ends_at

    def running_limit(self) -> CitizenLimit:
        """The citizen's limit as it stands."""
        assert self.limit is not None
        return self.limit

    def limit_end(self) -> datetime:
        """The end of the citizen's limit as it stands."""
        return self.running_limit().ends_at

    async def citizen_limit(
        self, requested_at: datetime, working_days: int, reminders: ReminderRule | None = None
    ) -> CitizenLimit:
        """A citizen's limit that began at an instant."""
        query = CitizenDueQuery(requested_at=requested_at, working_days=working_days, reminders=reminders)
        return await self.compute(ports.citizen_due_date, query, f"Tính hạn {working_days} ngày làm việc của công dân")

    # --- Before the law can be resolved ------------------------------------------------------------------------------

    async def look_up(self) -> NoticeAnswer | None:
        """Validate the people named and find the notice of the health facility, both at once."""
        notice, _ = await asyncio.gather(self.find_notice(), self.check_people())
        return notice

    async def find_notice(self) -> NoticeAnswer | None:
        """What the look-up finds of the notice named: unless its signature is good, substitutes become required."""
        number, group = self.declaration.notice_number, self.declaration.group
        if number is None:
            return None
        query = NoticeQuery(head=self.head("notice"), group=group, number=number)
        summary = f"Tra cứu {group.notice.label}"
        return await hand_over(self, ports.look_up_notice, System.HEALTH, query, summary)

    async def check_people(self) -> None:
        """Names and numbers against the population database: a doubt warns the operator and never blocks."""
        people = self.declaration.people_to_validate()
        query = PeopleQuery(head=self.head("people"), people=people)
        try:
            answer = await call_system(
                ports.check_people,
                System.POPULATION,
                query,
                "Đối chiếu người khai với CSDL dân cư",
                give_up=_CHECK_PATIENCE,
            )
        except ActivityError:
            self.warnings = (*self.warnings, f"Chưa đối chiếu được với {System.POPULATION.label}.")
            return
        doubts = [p.role.label for p, m in zip(people, answer.matches, strict=True) if m is not PersonMatch.MATCH]
        if doubts:
            self.warnings = (
                *self.warnings,
                f"Số định danh không khớp với {System.POPULATION.label}: {', '.join(doubts)}.",
            )

    # --- Legs ------------------------------------------------------------------------------------------------------

    async def run_legs(self) -> None:
        """The leg that goes with the intake first; the others as soon as the province has received the dossier."""
        self.enter(DossierStage.WAITING_RECEIPT)
        first = next(leg for leg in self.required_plan.legs if leg.sent_with_intake)
        await asyncio.gather(LegRun(self, first.key).run(), self.run_others(first))

    async def run_others(self, first: LegPlan) -> None:
        """Once the province has the dossier and dates are promised: every other leg at once."""
        await workflow.wait_condition(lambda: self.clock is not None or self.legs[first.key].ended)
        await self.run_added(frozenset({first.key}))

    async def run_added(self, known: frozenset[str]) -> None:
        """Run the legs that are not known yet, and those that another law pack adds while any leg is open."""

        def added() -> list[str]:
            return [leg.key for leg in self.required_plan.legs if leg.key not in known]

        await workflow.wait_condition(lambda: bool(added()) or all(leg.ended for leg in self.legs.values()))
        if keys := added():
            more = self.run_added(known.union(keys))
            await asyncio.gather(*(LegRun(self, key).run() for key in keys), more)

    async def replacements_settled(self) -> None:
        """Wait until every agency that has an old version of a result has acknowledged the new one, or is late."""

        def pending() -> bool:
            return any(replacement.pending for replacement in self.replacements.values())

        if pending():
            await workflow.wait_condition(lambda: not pending())

    async def received(self, first: LegPlan, first_clock: Clock) -> Due:
        """The province has the dossier: the group's clock starts, and every date is promised; that of the first leg."""
        received_at = first_clock.entries[0].at
        before = self.required_plan
        query = ReceiptQuery(
            law=self.law(legal_date(received_at)),
            pack=before.pack,
            terms=before.terms,
            received_at=received_at,
            clock=first_clock,
            reminder=before.lateness.reminder,
        )
        promise = await self.compute(ports.promise_dates, query, "Tính ngày hẹn trả từng kết quả")
        self.settle_law(promise)
        plan = self.required_plan
        entry = ClockEntry(
            kind=ClockEntryKind.STARTED,
            at=received_at,
            cause=f"{first.system.label} tiếp nhận hồ sơ",
            basis=plan.basis,
            working_days=plan.limit,
        )
        self.clock = Clock(rule=plan.receipt, entries=(entry,))
        self.due = self.expected = promise.group
        for key, due in promise.legs.items():
            self.put(self.legs[key].model_copy(update={"expected": due}))
        self.enter(DossierStage.IN_PROGRESS, PortalStatus.ACCEPTED)
        promised = [
            f"{leg.name} {when(due.at)}"
            for leg in plan.legs
            if (due := promise.legs[leg.key]).at is not None and due.at
        ]
        self.tell(
            Notice.EXPECTED_DATES,
            receiver=first.system.label,
            received=when(received_at),
            due=when(self.due.at) if self.due and self.due.at else "",
            legs="; ".join(promised),
        )
        self._ask_agencies_to_complete(first)
        return promise.received

    def _ask_agencies_to_complete(self, first: LegPlan) -> None:
        """What an agency must add to the dossier by itself it is asked for at once, through the province."""
        for document in self.required_plan.completed_by_agencies:
            self.follow_up(first.key, FollowUpKind.TO_COMPLETE, document.to_complete)

    def settle_law(self, promise: Promise) -> None:
        """The pack is fixed by the calendar date of the provincial receipt; the plan is another if that differs."""
        if promise.problem:
            self.warnings = (*self.warnings, f"Không lập lại được kế hoạch theo ngày tiếp nhận: {promise.problem}")
        if promise.resolved:
            self.warnings = (*self.warnings, _LAW_CHANGED.format(pack=promise.resolved.plan.pack))
            self.adopt(promise.resolved.model_copy(update={"fee": self.fee}))

    # --- The group's clock -----------------------------------------------------------------------------------------

    async def stop_group_clock(self, leg: LegPlan, at: datetime, basis: str) -> None:
        """A leg lacks nothing but the citizen's act, so the group's clock stands still (REQUIREMENTS §6.5)."""
        if leg.in_group_promise:
            await self.enter_clock(
                ClockEntry(
                    kind=ClockEntryKind.STOPPED, at=at, cause=f"Chờ công dân: {leg.name}", basis=basis, stop=leg.key
                )
            )

    async def resume_group_clock(self, leg: LegPlan, at: datetime, basis: str) -> None:
        """The citizen's act is there, or the leg has ended without it."""
        if leg.in_group_promise:
            await self.enter_clock(
                ClockEntry(
                    kind=ClockEntryKind.RESUMED, at=at, cause=f"Hết chờ công dân: {leg.name}", basis=basis, stop=leg.key
                )
            )

    async def extend_group_clock(self, leg: LegPlan, at: datetime) -> None:
        """An agency must verify: the group gets its verification limit, once (REQUIREMENTS §10)."""
        plan = self.required_plan
        extended = self.clock and any(entry.kind is ClockEntryKind.EXTENDED for entry in self.clock.entries)
        if not extended:
            await self.enter_clock(
                ClockEntry(
                    kind=ClockEntryKind.EXTENDED,
                    at=at,
                    cause=f"{leg.agency} phải xác minh: {leg.name}",
                    basis=plan.verification_basis,
                    working_days=plan.verification_limit,
                )
            )

    async def enter_clock(self, entry: ClockEntry) -> None:
        """One more entry in the group's clock and the due date that follows, together; entries wait for each other."""
        async with self._entering_clock:
            assert self.clock is not None
            before, clock = self.due, self.clock.with_entry(entry)
            self.due = await self._group_due(clock)
            self.clock = clock
        self._tell_group_date(before)
        self.enter(self.stage)

    def _tell_group_date(self, before: Due | None) -> None:
        """The citizen hears of a new common date while something is still to come by it."""
        promised = before if before and before.at else self.expected
        plan = self.required_plan
        awaited = any(not leg.ended and plan.leg(leg.key).in_group_promise for leg in self.legs.values())
        if not (awaited and promised and promised.at and self.due and self.due.at):
            return
        if self.due.at != promised.at:
            self.tell(
                Notice.GROUP_DATES,
                expected=when(promised.at),
                due=when(self.due.at),
                explanation=" ".join(self.due.explanation),
            )

    async def _group_due(self, clock: Clock) -> Due:
        answer = await self.compute(ports.due_dates, DueQuery(clocks={"group": clock}), "Tính hạn chung")
        return answer.dues["group"]

    # --- Conclusion ------------------------------------------------------------------------------------------------

    async def conclude(self) -> GroupOutcome:
        """Outcome per leg and overall; results went out as each leg ended."""
        if self.outcome is None:
            self.outcome = self._overall()
            self.timeliness = self._group_timeliness()
            legs = [f"{self.required_plan.leg(leg.key).name}: {state(leg)}" for leg in self.legs.values()]
            self.tell(
                Notice.CONCLUDED,
                outcome=self.outcome.label,
                timeliness=f", {in_words(self.timeliness)}" if self.timeliness else "",
                legs="; ".join(legs),
            )
        self.enter(DossierStage.CONCLUDED, self._last_status(self.outcome))
        return GroupOutcome(
            code=self.code, outcome=self.outcome, timeliness=self.timeliness, legs=tuple(self.legs.values())
        )

    def _overall(self) -> DossierOutcome:
        outcomes = {leg.outcome for leg in self.legs.values()}
        if outcomes == {LegOutcome.COMPLETED}:
            return DossierOutcome.COMPLETED
        if LegOutcome.COMPLETED in outcomes:
            return DossierOutcome.PARTLY_COMPLETED
        if self.stop and self.stop.words.leg_outcome in outcomes:
            return self.stop.words.outcome
        return DossierOutcome.NOT_COMPLETED

    def _last_status(self, outcome: DossierOutcome) -> PortalStatus | None:
        """What the portal hears at the end; of a dossier stopped before registration it has heard already."""
        match outcome:
            case DossierOutcome.COMPLETED | DossierOutcome.PARTLY_COMPLETED:
                return PortalStatus.DELIVERED
            case DossierOutcome.WITHDRAWN | DossierOutcome.CANCELLED:
                return None
            case _:
                return PortalStatus.STOPPED

    def _group_timeliness(self) -> Timeliness | None:
        """Measured by the last decision among the legs the group's promise covers; of nothing, where none is done."""
        plan = self.required_plan
        ends = [
            leg.decided_at or leg.ended_at
            for leg in self.legs.values()
            if plan.leg(leg.key).in_group_promise and leg.ended_at
        ]
        nothing = self.outcome in (DossierOutcome.WITHDRAWN, DossierOutcome.CANCELLED, DossierOutcome.NOT_COMPLETED)
        if self.due is None or self.due.at is None or not ends or nothing:
            return None
        return timeliness(max(end for end in ends if end), self.due.at)

    def head(self, step: str) -> Head:
        """The head of a message we send; its key is made of dossier and step, the same however often it is sent."""
        return Head(
            key=f"{self.code}:{step}",
            dossier_code=self.code,
            provincial_code=self.provincial_code,
            procedure_code=self.required_plan.procedure_code,
            sent_at=self.time.now(),
        )


def _wanted(documents: Iterable[RequiredDocument]) -> str:
    """What the citizen is to attach, each paper once, however many legs need it."""
    return "; ".join(dict.fromkeys(" hoặc ".join(kind.label for kind in document.any_of) for document in documents))
