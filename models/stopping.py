"""Why what is unfinished of a dossier ends before its time, and what it stops: pure functions (REQUIREMENTS §7)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from models.base import Instant, LongText, Model
from models.dossier import DossierOutcome, DossierStage, DossierView, Leg, LegOutcome
from models.facts import FactRefusal, FactRefused
from models.messages import FollowUpKind
from models.plan import LegPlan, Plan
from models.words import when


class StopCause(StrEnum):
    """Who stops a dossier: the applicant (rút hồ sơ), or the authority by its decision (hủy hồ sơ)."""

    WITHDRAWAL = "withdrawal"
    CANCELLATION = "cancellation"


class Stop(Model):
    """A dossier stopped. `reason` is the citizen's, if they gave one, or the authority's."""

    cause: StopCause
    at: Instant
    reason: LongText | None = None

    @property
    def words(self) -> "StopWords":
        return _WORDS[self.cause]


class StopWords(NamedTuple):
    """What a cause is called everywhere: outcomes, the letter to agencies, why a leg ended."""

    outcome: DossierOutcome
    leg_outcome: LegOutcome
    letter: FollowUpKind
    stopped: str
    """The sentence that texts begin with."""
    reason: str
    """How the reason is introduced."""


_WORDS: Mapping[StopCause, StopWords] = {
    StopCause.WITHDRAWAL: StopWords(
        outcome=DossierOutcome.WITHDRAWN,
        leg_outcome=LegOutcome.WITHDRAWN,
        letter=FollowUpKind.WITHDRAWAL,
        stopped="Công dân rút hồ sơ",
        reason="Lý do công dân nêu",
    ),
    StopCause.CANCELLATION: StopWords(
        outcome=DossierOutcome.CANCELLED,
        leg_outcome=LegOutcome.CANCELLED,
        letter=FollowUpKind.CANCELLATION,
        stopped="Hồ sơ bị hủy theo quyết định của cơ quan có thẩm quyền",
        reason="Lý do",
    ),
}


def expect_stoppable(view: DossierView, earlier: Stop | None) -> None:
    """Raise FactRefused unless nobody has stopped the dossier, and something is left to stop."""
    if view.stage is DossierStage.CONCLUDED:
        raise FactRefused(FactRefusal.ENDED, "Hồ sơ đã kết thúc.")
    if earlier and earlier.cause is StopCause.WITHDRAWAL:
        text = f"Yêu cầu rút hồ sơ đã được ghi nhận lúc {when(earlier.at)}."
        raise FactRefused(FactRefusal.ALREADY_ANSWERED, text)
    if earlier:
        raise FactRefused(FactRefusal.ALREADY_ANSWERED, f"{earlier.words.stopped} lúc {when(earlier.at)}.")
    if not stoppable(view.legs):
        text = "Mọi thủ tục đã được giải quyết hoặc đã kết thúc; không còn gì để dừng."
        raise FactRefused(FactRefusal.ENDED, text)


def stoppable(legs: Iterable[Leg]) -> tuple[Leg, ...]:
    """The legs that are stopped: those that nobody has decided.

    [choice] A decision made stands though its electronic result is still to come: what is registered stays so.
    """
    return tuple(leg for leg in legs if leg.undecided)


def without_promise(leg: Leg) -> Leg:
    """The leg with nobody held any more to what was promised last."""
    void = leg.appointments[-1].model_copy(update={"void": True})
    return leg.model_copy(update={"appointments": (*leg.appointments[:-1], void)})


def registered(legs: Iterable[Leg], plan: Plan) -> bool:
    """Whether the birth or the death is registered; from then on only the other legs are stopped."""
    first = next(leg for leg in legs if plan.leg(leg.key).sent_with_intake)
    return first.decided_at is not None and first.refusal is None


def letter(plan: LegPlan, stop: Stop) -> str:
    """What the agency that has the part is told."""
    because = f" {stop.words.reason}: {stop.reason}" if stop.reason else ""
    return f"{stop.words.stopped} lúc {when(stop.at)}; đề nghị dừng giải quyết “{plan.name}”.{because}"


def decided_after(plan: LegPlan, number: str, at: datetime, stop: Stop) -> str:
    """What an operator must clear up: a decision of an agency that knew that it was to stop."""
    decided = f"{plan.agency} báo đã giải quyết “{plan.name}”, số {number}, {when(at)}"
    return f"{decided}, sau khi cơ quan đã được báo: {stop.words.stopped.lower()}. Cần làm rõ với cơ quan."
