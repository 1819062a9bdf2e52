"""What a withdrawal stops: pure functions of the legs (rút hồ sơ, REQUIREMENTS §7)."""

from collections.abc import Iterable
from datetime import datetime

from models.dossier import DossierStage, DossierView, Leg
from models.facts import FactRefusal, FactRefused, Withdrawal
from models.plan import LegPlan, Plan
from models.reducers import not_in_future
from models.words import when


def judge_withdrawal(view: DossierView, applicant: str, withdrawal: Withdrawal, now: datetime) -> None:
    """Raise FactRefused unless this is the applicant's first withdrawal, and something is left that it can stop."""
    not_in_future(withdrawal.at, now)
    if withdrawal.personal_id != applicant:
        raise FactRefused(FactRefusal.WRONG_PERSON, "Chỉ người yêu cầu ghi trên tờ khai mới rút được hồ sơ.")
    if view.stage is DossierStage.CONCLUDED:
        raise FactRefused(FactRefusal.ENDED, "Hồ sơ đã kết thúc.")
    if view.withdrawn_at:
        text = f"Yêu cầu rút hồ sơ đã được ghi nhận lúc {when(view.withdrawn_at)}."
        raise FactRefused(FactRefusal.ALREADY_ANSWERED, text)
    if not stoppable(view.legs):
        raise FactRefused(FactRefusal.ENDED, "Mọi thủ tục đã được giải quyết hoặc đã kết thúc; không còn gì để rút.")


def stoppable(legs: Iterable[Leg]) -> tuple[Leg, ...]:
    """The legs that a withdrawal stops: those that nobody has decided.

    [choice] A decision made stands though its electronic result is still to come: what is registered stays so.
    """
    return tuple(leg for leg in legs if leg.undecided)


def registered(legs: Iterable[Leg], plan: Plan) -> bool:
    """Whether the birth or the death is registered; from then on a withdrawal stops only the other legs."""
    first = next(leg for leg in legs if plan.leg(leg.key).sent_with_intake)
    return first.decided_at is not None and first.refusal is None


def letter(plan: LegPlan, at: datetime, reason: str | None) -> str:
    """What the agency that has the part is told."""
    because = f" Lý do công dân nêu: {reason}" if reason else ""
    return f"Công dân rút hồ sơ lúc {when(at)}; đề nghị dừng giải quyết “{plan.name}”.{because}"
