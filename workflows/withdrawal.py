"""The applicant withdraws: what has not been sent ends at once, what an agency has ends when it knows (§7).

[choice] An agency that decides before it has taken the withdrawal has decided: the result stands and the citizen is
told. So nothing that was registered is ever reported as withdrawn, however long the agency cannot be reached.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from temporalio import workflow

from models.dossier import DossierOutcome, LegOutcome, LegStage
from models.facts import AgencyEvent, Decided, FactRefusal, FactRefused, Withdrawal
from models.messages import FollowUp, FollowUpKind
from models.plan import LegPlan
from models.publication import Notice
from models.statuses import PortalStatus
from models.systems import System
from models.withdrawal import judge_withdrawal, letter, registered, stoppable
from models.words import dong, listed, when
from workflows import ports
from workflows.calls import stopped
from workflows.sending import hand_over

if TYPE_CHECKING:
    from workflows.dossier import DossierWorkflow
    from workflows.group import ProcedureGroup
    from workflows.leg import LegRun


def withdrawal_effect(dossier: "DossierWorkflow", withdrawal: Withdrawal) -> Callable[[], None]:
    """What a withdrawal does at once; legs and intake see it and act. Raises FactRefused."""
    plan, now = dossier.required_plan, dossier.time.now()
    judge_withdrawal(dossier.view(), dossier.declaration.applicant.personal_id, withdrawal, now)

    def effect() -> None:
        dossier.withdrawn_at = min(withdrawal.at, now)
        dossier.withdrawal_reason = withdrawal.reason
        legs = dossier.legs.values()
        stands = registered(legs, plan)
        dossier.tell(
            Notice.WITHDRAWAL_TAKEN,
            legs=listed(plan.leg(leg.key).name for leg in stoppable(legs)),
            rest=" Kết quả đã giải quyết vẫn có hiệu lực." if stands else "",
            fee=_fee(dossier),
        )
        dossier.enter(dossier.stage, None if stands else PortalStatus.WITHDRAWN)

    return effect


def contradiction_effect(dossier: "DossierWorkflow", plan: LegPlan, event: AgencyEvent) -> Callable[[], None]:
    """An agency that knew of the withdrawal has decided all the same: refused to it, and put before the operator."""
    assert isinstance(event.fact, Decided)
    decided = f"{plan.agency} báo đã giải quyết “{plan.name}”, số {event.fact.number}, {when(event.fact.at)}"

    def effect() -> None:
        dossier.warn(f"{decided}, sau khi công dân đã rút và cơ quan đã được báo: cần làm rõ với cơ quan.")
        text = f"Công dân đã rút “{plan.name}” và cơ quan đã được báo; kết quả sau đó không được ghi nhận."
        dossier.refuse_on_record(event, FactRefused(FactRefusal.CONTRADICTS, text))

    return effect


async def unless_withdrawn(dossier: "ProcedureGroup", intake: Coroutine[Any, Any, bool]) -> bool:
    """What the intake comes to; withdrawn meanwhile, the dossier ends with it and nothing was sent."""
    taking_in = asyncio.create_task(intake)
    await workflow.wait_condition(lambda: taking_in.done() or dossier.withdrawn_at is not None)
    if taking_in.done():
        return taking_in.result()
    await stopped(taking_in)
    dossier.outcome = DossierOutcome.WITHDRAWN
    for leg in stoppable(dossier.legs.values()):
        ended = {"stage": LegStage.ENDED, "outcome": LegOutcome.WITHDRAWN, "ended_at": dossier.time.now()}
        dossier.put(leg.model_copy(update=ended))
    return False


class LegWithdrawal:
    """The withdrawal of one leg, beside whatever else goes on in it."""

    def __init__(self, run: "LegRun") -> None:
        self._run = run

    @property
    def due(self) -> bool:
        """Whether the leg is to stop: the dossier is withdrawn, and nobody has decided the leg."""
        return self._run.dossier.withdrawn_at is not None and self._run.leg.undecided

    def before_sending(self) -> None:
        """Nobody has it yet: it ends."""
        self._run.end(LegOutcome.WITHDRAWN, text="Công dân rút hồ sơ trước khi gửi cơ quan.")

    async def at_agency(self) -> None:
        """Tell the agency that has it, as soon as it does; when it knows, the leg ends, unless it has decided.

        [choice] A part that its system rejects is with nobody: it ends at once. One whose system is away may be there,
        with the answer lost: it is waited for, until an operator ends it (§6.8).
        """
        await workflow.wait_condition(lambda: self._run.leg.ended or (self.due and (self._taken or self._rejected)))
        if self._run.leg.ended:
            return
        if not self._taken:
            self._run.end(LegOutcome.WITHDRAWN, text="Công dân rút hồ sơ; hệ thống của cơ quan không nhận hồ sơ này.")
            return
        telling = asyncio.create_task(self._tell_agency())
        await workflow.wait_condition(lambda: telling.done() or not self.due)
        if self.due:
            telling.result()
            self._run.end(LegOutcome.WITHDRAWN, text="Công dân rút hồ sơ; cơ quan đã được báo.")
            return
        await stopped(telling)
        if self._run.leg.decided_at and not self._run.leg.refusal:
            plan = self._run.plan
            self._run.dossier.tell(Notice.WITHDRAWAL_TOO_LATE, leg=plan.name, agency=plan.agency)

    @property
    def _taken(self) -> bool:
        return self._run.leg.acknowledged_at is not None or self._run.leg.clock is not None

    @property
    def _rejected(self) -> bool:
        return self._run.leg.never_taken and any(trouble.rejected for trouble in self._run.troubles)

    async def _tell_agency(self) -> None:
        dossier, plan, leg = self._run.dossier, self._run.plan, self._run.leg
        assert dossier.withdrawn_at is not None
        text = letter(plan, dossier.withdrawn_at, dossier.withdrawal_reason)
        if plan.system is not System.PROVINCIAL:
            dossier.follow_up(plan.key, FollowUpKind.WITHDRAWAL, text, to=System.PROVINCIAL)
        message = FollowUp(
            head=dossier.head(f"{plan.key}:{FollowUpKind.WITHDRAWAL}"),
            system=plan.system,
            leg=plan.key,
            kind=FollowUpKind.WITHDRAWAL,
            text=text,
            agency_code=leg.agency_code,
            registration_number=next((n for key in plan.requires if (n := dossier.legs[key].number)), None),
        )
        summary = f"Báo {plan.agency}: rút “{plan.name}”"
        await hand_over(dossier, ports.send_follow_up, plan.system, message, summary, leg=plan.key)


def _fee(dossier: "DossierWorkflow") -> str:
    if dossier.fee.paid_at is None:
        return ""
    paid = f" Lệ phí {dong(dossier.fee.total_vnd)} đồng đã nộp, biên lai {dossier.fee.receipt_number} được lưu giữ;"
    return f"{paid} việc hoàn trả do cơ quan thu quyết định."
