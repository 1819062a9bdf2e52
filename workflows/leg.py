"""One leg: prerequisites → consents → sent → followed to its end, with its clock (thủ tục hành chính thành phần)."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from models.clock import Timeliness, timeliness
from models.dossier import ConsentState, ConsentVerdict, Leg, LegOutcome, LegStage
from models.messages import ConsentEvidence, LegMessage
from models.plan import LegPlan
from models.publication import Notice
from models.reducers import acknowledged, results_complete, verified
from models.start import DueQuery
from models.words import in_words, listed, when
from workflows import ports
from workflows.calls import call_system, compute
from workflows.consent import ConsentRound
from workflows.event_groups import leg_group

if TYPE_CHECKING:
    from workflows.group import ProcedureGroup


class LegRun:
    """The life of one leg. It reads and writes its state through the dossier, which others change by facts."""

    def __init__(self, dossier: "ProcedureGroup", plan: LegPlan) -> None:
        self.dossier = dossier
        self.plan = plan
        self.consents = ConsentRound(dossier, plan)

    @property
    def leg(self) -> Leg:
        """The leg as it stands now."""
        return self.dossier.legs[self.plan.key]

    async def run(self) -> None:
        """Run the leg to its end, whatever that is; a leg that ends badly never touches another."""
        with leg_group(self.plan).scope():
            asking = asyncio.create_task(self.consents.ask_and_wait())
            if await self.prerequisites_met() and await self.consents_given():
                await self.send()
                await self.follow()
            await _stopped(asking)

    async def prerequisites_met(self) -> bool:
        """Wait for the results this leg needs; without them it is not possible. A lost consent ends the wait."""
        needed = self.plan.requires
        await workflow.wait_condition(lambda: self.consents.lost or all(self.dossier.legs[key].ended for key in needed))
        failed = [key for key in needed if self.dossier.legs[key].ended and not self.dossier.legs[key].completed]
        if failed:
            names = listed(self.dossier.required_plan.leg(key).name for key in failed)
            reason = f"không có kết quả của thủ tục {names}"
            self.end(LegOutcome.NOT_POSSIBLE, text=f"Không thực hiện được: {reason}.")
            self.dossier.tell(Notice.LEG_NOT_POSSIBLE, leg=self.plan.name, reason=reason)
        return not failed

    async def consents_given(self) -> bool:
        """Wait for the consents; while nothing else is missing, the group's clock stands still."""
        if self.consents.verdict is not ConsentVerdict.WAITING:
            return self.consents_judged()
        basis = self.dossier.required_plan.consent_basis
        stopped_at = self.dossier.time.now()
        self.stand(LegStage.WAITING_CONSENTS)
        await self.dossier.stop_group_clock(self.plan, stopped_at, basis)
        await workflow.wait_condition(lambda: self.consents.verdict is not ConsentVerdict.WAITING)
        given = self.consents_judged()
        resumed_at = self.consents.answered_at(stopped_at) or self.dossier.time.now()
        await self.dossier.resume_group_clock(self.plan, resumed_at, basis)
        return given

    def consents_judged(self) -> bool:
        """Whether the leg goes on; a refusal or silence ends it, each under its own name."""
        match self.consents.verdict:
            case ConsentVerdict.DECLINED:
                who = self.consents.people_who(ConsentState.DECLINED)
                self.end(LegOutcome.CONSENT_DECLINED, text=f"Không đồng ý: {who}.")
                self.dossier.tell(Notice.LEG_CONSENT_DECLINED, leg=self.plan.name, people=who)
            case ConsentVerdict.EXPIRED:
                who = self.consents.people_who(ConsentState.EXPIRED)
                self.end(LegOutcome.CONSENT_EXPIRED, text=f"Hết hạn xác nhận, chưa trả lời: {who}.")
                self.dossier.tell(Notice.LEG_CONSENT_EXPIRED, leg=self.plan.name, people=who)
        return not self.leg.ended

    async def send(self) -> None:
        """Hand the leg to its agency, once; its clock starts with the agency's receipt."""
        self.stand(LegStage.SENDING, sent_at=self.dossier.time.now())
        summary = f"Gửi hồ sơ “{self.plan.name}” đến {self.plan.agency}"
        sent = await call_system(ports.send_leg, self.plan.system, self.message(), summary)
        now = self.dossier.time.now()
        receipt = None if sent.receipt_follows else sent.receipt_at or now
        leg = acknowledged(self.leg, self.plan, self.dossier.required_plan.receipt, receipt, now)
        self.dossier.put(leg.model_copy(update={"agency_code": leg.agency_code or sent.agency_code}))

    def message(self) -> LegMessage:
        """What the agency gets: the form, attachments and earlier results, consents."""
        earlier = [self.dossier.legs[key] for key in self.plan.requires]
        results = [document for leg in earlier for document in leg.documents]
        return LegMessage(
            head=self.dossier.head(f"{self.plan.key}:submit"),
            system=self.plan.system,
            leg=self.plan.key,
            agency=self.plan.agency,
            declaration=self.dossier.declaration,
            documents=(*self.dossier.declaration.attachments, *results),
            registration_number=next((leg.number for leg in earlier if leg.number), None),
            identity_number=next((leg.identity_number for leg in earlier if leg.identity_number), None),
            consents=tuple(
                ConsentEvidence(personal_id=c.person.personal_id, roles=c.person.roles, granted_at=c.answered_at)
                for c in self.leg.consents
                if c.state is ConsentState.GRANTED and c.answered_at
            ),
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
        answer = await compute(ports.due_dates, DueQuery(clocks={self.plan.key: clock}), f"Tính hạn “{self.plan.name}”")
        due = answer.dues[self.plan.key]
        promised = self.leg.due or self.leg.expected
        self.dossier.put(self.leg.model_copy(update={"due": due}))
        if promised and promised.at and due.at and due.at != promised.at and not self.leg.decided_at:
            self.dossier.tell(
                Notice.LEG_DATES,
                leg=self.plan.name,
                due=when(due.at),
                expected=when(promised.at),
                explanation=" ".join(due.explanation),
            )
        if verified(self.leg) and self.plan.in_group_promise:
            await self.dossier.extend_group_clock(self.plan, clock.entries[-1].at)

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
        self.dossier.tell(
            Notice.LEG_COMPLETED,
            leg=self.plan.name,
            results=listed(kind.label for kind in self.plan.results),
            timeliness=in_words(self.leg.timeliness),
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


async def _stopped(asking: "asyncio.Task[None]") -> None:
    """Nobody is asked any more: a request that VNeID does not take must not keep an ended leg open."""
    asking.cancel()
    try:
        await asking
    except (asyncio.CancelledError, ActivityError) as error:
        if not is_cancelled_exception(error):
            raise
