"""One leg: prerequisites → consents → sent → followed to its end, with its clock (thủ tục hành chính thành phần)."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import TYPE_CHECKING, Any

from temporalio import workflow

from models.benefit_words import said_besides
from models.chase_words import given_up, missing
from models.clock import Clock, Due, ReceiptRule, Timeliness, timeliness
from models.dossier import ConsentState, ConsentVerdict, Leg, LegOutcome, LegStage
from models.messages import FollowUpKind, LegOrder
from models.plan import LegPlan
from models.publication import Notice
from models.reducers import acknowledged, results_complete, verified_at
from models.start import DueQuery
from models.trouble import Trouble
from models.words import in_words, listed, when
from workflows import ports
from workflows.calls import stopped
from workflows.chasing import part, tell_agency
from workflows.consent import ConsentRound
from workflows.event_groups import leg_group
from workflows.going_on import send_after, send_after_part
from workflows.sending import hand_over
from workflows.stopping import LegStop
from workflows.supplement import SupplementRound

if TYPE_CHECKING:
    from workflows.group import ProcedureGroup


class LegRun:
    """The life of one leg. It reads and writes its state through the dossier, which others change by facts."""

    def __init__(self, dossier: "ProcedureGroup", key: str) -> None:
        self.dossier = dossier
        self.key = key
        self.consents = ConsentRound(dossier, key)
        self._promised: Due | None = None
        self._handing_over: list[asyncio.Task[None]] = []
        self.stopping = LegStop(self)

    @property
    def rule(self) -> ReceiptRule:
        """When a receipt counts for its own day."""
        return self.dossier.required_plan.receipt

    @property
    def plan(self) -> LegPlan:
        """The leg as the dossier's plan has it now."""
        return self.dossier.required_plan.leg(self.key)

    @property
    def leg(self) -> Leg:
        """The leg as it stands now."""
        return self.dossier.legs[self.key]

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """What its agency's system does not take."""
        return tuple(t for t in self.dossier.troubles if t.leg == self.plan.key and t.system is self.plan.system)

    async def run(self) -> None:
        """Run the leg to its end, whatever that is; a leg that ends badly never touches another."""
        with leg_group(self.plan).scope():
            asking = asyncio.create_task(self.consents.run())
            stopping = asyncio.create_task(self.stopping.at_agency())
            if await self.prerequisites_met() and await self.consents_given():
                await self.send()
                await self.follow()
            for task in self._handing_over:
                await stopped(task)
            await asking
            await stopping

    async def prerequisites_met(self) -> bool:
        """Wait for the results this leg needs; without them it is not possible. A lost consent ends the wait."""
        await workflow.wait_condition(lambda: self.stopping.due or self.consents.lost or not self._still_needed)
        if self.stopping.due:
            self.stopping.before_sending()
            return False
        failed = [leg.key for leg in self._prerequisites if leg.ended and not leg.completed]
        if failed:
            names = listed(self.dossier.required_plan.leg(key).name for key in failed)
            reason = f"không có kết quả của thủ tục {names}"
            self.end(LegOutcome.NOT_POSSIBLE, text=f"Không thực hiện được: {reason}.")
            self.dossier.tell(Notice.LEG_NOT_POSSIBLE, leg=self.plan.name, reason=reason)
        return not failed

    @property
    def _prerequisites(self) -> list[Leg]:
        """The legs whose results it rests on, but for those an attestation stands for."""
        return [self.dossier.legs[key] for key in self.plan.requires if not self.leg.goes_on_without(key)]

    @property
    def _still_needed(self) -> bool:
        return any(not leg.ended for leg in self._prerequisites)

    async def consents_given(self) -> bool:
        """Wait for the consents; while nothing else is missing, the group's clock stands still."""
        while self.consents.verdict is ConsentVerdict.WAITING:  # again where a correction has named others meanwhile
            basis = self.dossier.required_plan.consent_basis
            stopped_at = self.dossier.time.now()
            self.stand(self.consents.stage)
            await self.dossier.stop_group_clock(self.plan, stopped_at, basis)
            await self.consents_settled(unless=lambda: self.stopping.due)
            given = self.consents_judged()
            resumed_at = self.consents.answered_at(stopped_at) or self.dossier.time.now()
            await self.dossier.resume_group_clock(self.plan, resumed_at, basis)
            if not given:
                return False
        return self.consents_judged()

    async def consents_settled(self, unless: Callable[[], bool]) -> None:
        """Wait for the verdict; who looks sees whether answers or only an agreement can still come."""

        def settled() -> bool:
            return unless() or self.consents.verdict is not ConsentVerdict.WAITING

        while not settled():
            if self.leg.stage is not self.consents.stage:
                self.stand(self.consents.stage)
            await workflow.wait_condition(lambda: settled() or self.leg.stage is not self.consents.stage)

    def consents_judged(self) -> bool:
        """Whether the leg goes on; a withdrawal, a refusal or silence ends it, each under its own name."""
        if self.stopping.due:
            self.stopping.before_sending()
            return False
        match self.consents.verdict:
            case ConsentVerdict.DECLINED:
                who = self.consents.people_who(ConsentState.DECLINED)
                self.end(LegOutcome.CONSENT_DECLINED, text=f"Không đồng ý: {who}.")
                self.dossier.tell(Notice.LEG_CONSENT_DECLINED, leg=self.plan.name, people=who)
            case ConsentVerdict.EXPIRED:
                reason = self.consents.why_lost()
                self.end(LegOutcome.CONSENT_EXPIRED, text=f"Không có văn bản đồng ý trong thời hạn: {reason}.")
                self.dossier.tell(Notice.LEG_CONSENT_EXPIRED, leg=self.plan.name, reason=reason)
        return not self.leg.ended

    async def send(self) -> None:
        """Hand the leg to its agency, once; its clock starts with the agency's receipt."""
        self.stand(LegStage.SENDING, sent_at=self.dossier.time.now())
        await self.unless_overtaken(self.hand_over_part(), lambda: self.leg.clock is not None or self.leg.given_up)

    async def unless_overtaken(self, handing_over: Coroutine[Any, Any, None], overtaken: Callable[[], bool]) -> None:
        """Wait until the agency has taken what it is sent, or has said something that shows it need not be waited for.

        Then sending goes on beside what follows: an answer that was lost, a message that is rejected hold up nothing.
        """
        task = asyncio.create_task(handing_over)
        self._handing_over.append(task)
        await workflow.wait_condition(lambda: task.done() or overtaken() or self.leg.ended)
        if task.done():
            task.result()

    async def hand_over_part(self) -> None:
        """Send until it is taken. What the agency says meanwhile by itself counts before its answer."""
        summary = f"Gửi hồ sơ “{self.plan.name}” đến {self.plan.agency}"
        order = self.order()
        sent = await hand_over(self.dossier, ports.send_leg, self.plan.system, order, summary, leg=self.plan.key)
        now = self.dossier.time.now()
        receipt = None if sent.receipt_follows else sent.receipt_at or now
        leg = self.leg.model_copy(
            update={"agency_code": self.leg.agency_code or sent.agency_code, "acknowledged_at": now}
        )
        overtaken = leg.clock is not None  # by the agency's own word; a stage of sending is then that of a supplement
        self.dossier.put(leg if overtaken else acknowledged(leg, self.plan, self.rule, receipt, now))
        send_after_part(self.dossier, self.leg, order)

    def order(self) -> LegOrder:
        """What the agency gets beside the form, which the ledger has: attachments and earlier results, consents."""
        earlier = [self.dossier.legs[key] for key in self.plan.requires]
        results = [document for leg in earlier for document in leg.documents]
        attested = self.leg.attested
        if attested and not self.dossier.legs[attested.of].completed:
            results.append(attested.document)
        return LegOrder(
            head=self.dossier.head(f"{self.plan.key}:submit"),
            system=self.plan.system,
            leg=self.plan.key,
            agency=self.plan.agency,
            revision=self.dossier.revision,
            supplied=self.dossier.supplied,
            withheld=self.dossier.required_plan.withheld(self.plan.key, self.dossier.attached),
            results=tuple(results),
            registration_number=next((leg.number for leg in earlier if leg.number), None),
            identity_number=next((leg.identity_number for leg in earlier if leg.identity_number), None),
            consents=self.consents.evidence(),
        )

    async def follow(self) -> None:
        """Follow the leg at its agency: dates as its clock moves, decision, result documents, the end."""
        entries_read = 0
        decision_told = False
        while not self.leg.ended:
            entries = len(self.leg.clock.entries) if self.leg.clock else 0
            if entries > entries_read:
                entries_read = entries
                await self.read_clock()
            elif self.leg.refusal:
                self.refused()
            elif self.leg.given_up:
                self.given_up()
            elif self.leg.supplement_due and not self.stopping.due:
                await SupplementRound(self).run()
            elif results_complete(self.leg, self.plan):
                self.completed()
            elif self.leg.decided_at and not decision_told:
                decision_told = True
                self.decided()
            else:
                await workflow.wait_condition(lambda before=self.leg: self.leg is not before)  # type: ignore[misc]

    async def read_clock(self) -> None:
        """Read the leg's due date off its clock; the citizen hears of it where it differs from what was promised."""
        clock = self.leg.clock
        assert clock is not None
        due = await self.due_date(clock)
        promised = self._promised or self.leg.expected
        self.dossier.put(self.leg.model_copy(update={"due": due}))
        self._promised = due if due.at else promised
        if promised and promised.at and due.at and due.at != promised.at and not self.leg.decided_at:
            self.dossier.tell(
                Notice.LEG_DATES,
                leg=self.plan.name,
                due=when(due.at),
                expected=when(promised.at),
                explanation=" ".join(due.explanation),
            )
        extended_at = verified_at(self.leg)
        if extended_at and self.plan.in_group_promise:
            await self.dossier.extend_group_clock(self.plan, extended_at)

    async def due_date(self, clock: Clock) -> Due:
        """When the leg is due by its clock. The first clock of a dossier to start is the province's receipt of it."""
        if self.dossier.clock is None:
            return await self.dossier.received(self.plan, clock)
        query = DueQuery(clocks={self.plan.key: clock}, reminder=self.dossier.required_plan.lateness.reminder)
        answer = await self.dossier.compute(ports.due_dates, query, f"Tính hạn “{self.plan.name}”")
        return answer.dues[self.plan.key]

    def decided(self) -> None:
        """The decision is in, its electronic result is not."""
        self.dossier.tell(
            Notice.LEG_DECIDED,
            leg=self.plan.name,
            number=self.leg.number or "",
            timeliness=in_words(self._timeliness()),
        )

    def completed(self) -> None:
        """Decision and results are in; the results go out with the publication of this change."""
        self.end(LegOutcome.COMPLETED)
        send_after(self.dossier, self.plan)
        self.dossier.tell(
            Notice.LEG_COMPLETED,
            leg=self.plan.name,
            results=listed(kind.label for kind in self.plan.results),
            timeliness=in_words(self.leg.timeliness),
            besides=said_besides(self.dossier.declaration, self.plan),
        )

    def refused(self) -> None:
        """The agency refuses; the citizen is told why, in its words and on its legal basis."""
        refusal = self.leg.refusal
        assert refusal is not None
        self.end(LegOutcome.REFUSED, text=refusal.text)
        self.dossier.tell(
            Notice.LEG_REFUSED,
            leg=self.plan.name,
            agency=self.plan.agency,
            reason=refusal.text,
            concerns=refusal.concerns,
            basis=refusal.legal_basis,
        )

    def given_up(self) -> None:
        """An operator has ended what was overdue beyond measure; the citizen is told, and so is the agency."""
        leg, ruling, about = self.leg, self.leg.rulings[-1], part(self.dossier, self.plan)
        tell_agency(self.dossier, self.plan, FollowUpKind.OVERDUE, given_up(about, ruling))
        self.end(LegOutcome.ENDED_BY_OPERATOR, text=ruling.because)
        name, agency, reason = self.plan.name, self.plan.agency, ruling.because
        if leg.awaits_result:
            self.dossier.tell(
                Notice.LEG_GIVEN_UP_RESULT,
                leg=name,
                agency=agency,
                reason=reason,
                number=leg.number or "",
                results=missing(about),
            )
        elif leg.unreceived_since:
            sent = "phần bổ sung" if leg.supplement else "hồ sơ"
            self.dossier.tell(Notice.LEG_GIVEN_UP_RECEIPT, leg=name, agency=agency, reason=reason, sent=sent)
        else:
            self.dossier.tell(Notice.LEG_GIVEN_UP, leg=name, agency=agency, reason=reason)

    def stand(self, stage: LegStage, *, sent_at: datetime | None = None) -> None:
        """The leg now stands at that stage."""
        self.dossier.put(self.leg.model_copy(update={"stage": stage, "sent_at": sent_at or self.leg.sent_at}))

    def end(self, outcome: LegOutcome, *, text: str | None = None) -> None:
        """The leg has ended; early, on time or late is measured by the decision, not by when we heard of it."""
        self.dossier.put(
            self.leg.model_copy(
                update={
                    "stage": LegStage.ENDED,
                    "outcome": outcome,
                    "outcome_text": text,
                    "ended_at": self.dossier.time.now(),
                    "timeliness": self._timeliness(),
                }
            )
        )

    def _timeliness(self) -> Timeliness | None:
        due = self.leg.due
        if self.leg.decided_at is None or due is None or due.at is None:
            return None
        return timeliness(self.leg.decided_at, due.at)
