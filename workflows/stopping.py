"""A dossier is stopped: the applicant withdraws it, or the authority cancels it (§7).

What has not been sent ends at once, what an agency has ends when it knows.

[choice] An agency that decides before it has taken the letter has decided: the result stands and the citizen is told.
So nothing that was registered is ever reported as withdrawn or cancelled, however long the agency cannot be reached.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from temporalio import workflow

from models.dossier import LegStage
from models.facts import AgencyEvent, Cancellation, Decided, FactRefusal, FactRefused, Withdrawal
from models.messages import FollowUp
from models.plan import LegPlan
from models.publication import Notice
from models.reducers import not_in_future
from models.statuses import PortalStatus
from models.stopping import (
    Stop,
    StopCause,
    decided_after,
    expect_stoppable,
    letter,
    registered,
    stoppable,
    without_promise,
)
from models.systems import System
from models.words import dong, listed
from workflows import ports
from workflows.calls import stopped
from workflows.sending import hand_over

if TYPE_CHECKING:
    from workflows.dossier import DossierWorkflow
    from workflows.group import ProcedureGroup
    from workflows.leg import LegRun


def withdrawal_effect(dossier: "DossierWorkflow", withdrawal: Withdrawal) -> Callable[[], None]:
    """What a withdrawal does at once; legs and intake see it and act. Raises FactRefused."""
    now = dossier.time.now()
    not_in_future(withdrawal.at, now)
    if withdrawal.personal_id != dossier.declaration.applicant.personal_id:
        raise FactRefused(FactRefusal.WRONG_PERSON, "Chỉ người yêu cầu ghi trên tờ khai mới rút được hồ sơ.")
    stop = Stop(cause=StopCause.WITHDRAWAL, at=min(withdrawal.at, now), reason=withdrawal.reason)

    def tell(legs: str, rest: str) -> None:
        dossier.tell(Notice.WITHDRAWAL_TAKEN, legs=legs, rest=rest, fee=_fee(dossier))

    return _stop_effect(dossier, stop, PortalStatus.WITHDRAWN, tell)


def cancellation_effect(dossier: "DossierWorkflow", cancellation: Cancellation) -> Callable[[], None]:
    """The same by the authority's decision."""
    stop = Stop(cause=StopCause.CANCELLATION, at=dossier.time.now(), reason=cancellation.because)
    reason = cancellation.because.removesuffix(".")

    def tell(legs: str, rest: str) -> None:
        dossier.tell(Notice.DOSSIER_CANCELLED, reason=reason, legs=legs, rest=rest, fee=_fee(dossier))

    return _stop_effect(dossier, stop, PortalStatus.STOPPED, tell)


def _stop_effect(
    dossier: "DossierWorkflow", stop: Stop, status: PortalStatus, tell: Callable[[str, str], None]
) -> Callable[[], None]:
    """Stop what is unfinished; the citizen is told which legs that is, and what stands."""
    plan = dossier.required_plan
    expect_stoppable(dossier.view(), dossier.stop)

    def effect() -> None:
        dossier.stop = stop
        for leg in stoppable(dossier.legs.values()):
            if leg.appointment:
                dossier.put(without_promise(leg))
        legs = dossier.legs.values()
        stands = registered(legs, plan)
        tell(
            listed(plan.leg(leg.key).name for leg in stoppable(legs)),
            " Kết quả đã giải quyết vẫn có hiệu lực." if stands else "",
        )
        dossier.enter(dossier.stage, None if stands else status)

    return effect


def contradiction_effect(
    dossier: "DossierWorkflow", plan: LegPlan, event: AgencyEvent, stop: Stop
) -> Callable[[], None]:
    """An agency that knew of the stop has decided all the same: refused to it, and put before the operator."""
    fact = event.fact
    assert isinstance(fact, Decided)

    def effect() -> None:
        dossier.warn(decided_after(plan, fact.number, fact.at, stop))
        text = f"{stop.words.stopped} và cơ quan đã được báo; kết quả “{plan.name}” sau đó không được ghi nhận."
        dossier.refuse_on_record(event, FactRefused(FactRefusal.CONTRADICTS, text))

    return effect


async def unless_stopped(dossier: "ProcedureGroup", intake: Coroutine[Any, Any, bool]) -> bool:
    """What the intake comes to; stopped meanwhile, the dossier ends with it and nothing was sent."""
    taking_in = asyncio.create_task(intake)
    await workflow.wait_condition(lambda: taking_in.done() or dossier.stop is not None)
    if taking_in.done():
        return taking_in.result()
    await stopped(taking_in)
    assert dossier.stop is not None
    words = dossier.stop.words
    dossier.outcome = words.outcome
    for leg in stoppable(dossier.legs.values()):
        ended = {"stage": LegStage.ENDED, "outcome": words.leg_outcome, "ended_at": dossier.time.now()}
        dossier.put(leg.model_copy(update=ended))
    return False


class LegStop:
    """The stop of one leg, beside whatever else goes on in it."""

    def __init__(self, run: "LegRun") -> None:
        self._run = run

    @property
    def due(self) -> bool:
        """Whether the leg is to stop: the dossier is stopped, and nobody has decided the leg."""
        return self._run.dossier.stop is not None and self._run.leg.undecided

    def before_sending(self) -> None:
        """Nobody has it yet: it ends."""
        self._end(" trước khi gửi cơ quan.")

    async def at_agency(self) -> None:
        """Tell the agency that has it, as soon as it does; when it knows, the leg ends, unless it has decided.

        [choice] A part that its system rejects is with nobody: it ends at once. One whose system is away may be there,
        with the answer lost: it is waited for, until an operator ends it (§6.8).
        """
        await workflow.wait_condition(lambda: self._run.leg.ended or (self.due and (self._taken or self._rejected)))
        if self._run.leg.ended:
            return
        if not self._taken:
            self._end("; hệ thống của cơ quan không nhận hồ sơ này.")
            return
        telling = asyncio.create_task(self._tell_agency())
        await workflow.wait_condition(lambda: telling.done() or not self.due)
        if self.due:
            telling.result()
            self._end("; cơ quan đã được báo.")
            return
        await stopped(telling)
        if self._run.leg.decided_at and not self._run.leg.refusal:
            self._tell_too_late(self._run.plan)

    @property
    def _stop(self) -> Stop:
        assert self._run.dossier.stop is not None
        return self._run.dossier.stop

    def _tell_too_late(self, plan: LegPlan) -> None:
        match self._stop.cause:
            case StopCause.WITHDRAWAL:
                self._run.dossier.tell(Notice.WITHDRAWAL_TOO_LATE, leg=plan.name, agency=plan.agency)
            case StopCause.CANCELLATION:
                self._run.dossier.tell(Notice.CANCELLATION_TOO_LATE, leg=plan.name, agency=plan.agency)

    def _end(self, how: str) -> None:
        words = self._stop.words
        self._run.end(words.leg_outcome, text=f"{words.stopped}{how}")

    @property
    def _taken(self) -> bool:
        return self._run.leg.acknowledged_at is not None or self._run.leg.clock is not None

    @property
    def _rejected(self) -> bool:
        return self._run.leg.never_taken and any(trouble.rejected for trouble in self._run.troubles)

    async def _tell_agency(self) -> None:
        dossier, plan, leg, stop = self._run.dossier, self._run.plan, self._run.leg, self._stop
        kind, text = stop.words.letter, letter(plan, stop)
        if plan.system is not System.PROVINCIAL:
            dossier.follow_up(plan.key, kind, text, to=System.PROVINCIAL)
        message = FollowUp(
            head=dossier.head(f"{plan.key}:{kind}"),
            system=plan.system,
            leg=plan.key,
            kind=kind,
            text=text,
            agency_code=leg.agency_code,
            registration_number=next((n for key in plan.requires if (n := dossier.legs[key].number)), None),
        )
        summary = f"Báo {plan.agency}: dừng “{plan.name}”"
        await hand_over(dossier, ports.send_follow_up, plan.system, message, summary, leg=plan.key)


def _fee(dossier: "DossierWorkflow") -> str:
    if dossier.fee.paid_at is None:
        return ""
    paid = f" Lệ phí {dong(dossier.fee.total_vnd)} đồng đã nộp, biên lai {dossier.fee.receipt_number} được lưu giữ;"
    return f"{paid} việc hoàn trả do cơ quan thu quyết định."
