"""What operators have done to a dossier, on record: who, what, about which leg, why, and on what evidence."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from models.base import Code, Instant, LongText, Model, Text
from models.documents import Document
from models.facts import (
    ActOnLeg,
    Classification,
    FactKind,
    FactRefusal,
    FactRefused,
    NewAppointment,
    OperatorAct,
    OverdueChoice,
    OverdueDecision,
    PackMigration,
    PaperAnswer,
    Resend,
    kind_of,
)
from models.operators import OperatorId
from models.plan import Plan
from models.words import when

_CHOSEN: Mapping[OverdueChoice, str] = {
    OverdueChoice.WAIT_ON: "chờ tiếp",
    OverdueChoice.END_LEG: "kết thúc thủ tục",
}

_ANSWERED: Mapping[str, str] = {
    "received": "tiếp nhận",
    "verification": "phải xác minh",
    "decided": "đã giải quyết",
    "supplement_requested": "yêu cầu bổ sung",
    "returned": "trả lại hồ sơ",
    "refused": "từ chối",
}


MOST_RESENDS = 200
"""How often a dossier has something sent again [choice]: a script that repeats itself must not outgrow its history."""


class Act(Model):
    """One accepted act. `at` is when it took effect; `detail` says what exactly, with nothing personal in it.

    `because` is the operator's own text and may name people: it is not for the Temporal UI. `evidence` are the papers
    the act rests on.
    """

    at: Instant
    kind: FactKind
    operator: OperatorId
    leg: Code | None = None
    because: LongText
    detail: Text | None = None
    evidence: tuple[Document, ...] = ()


def act_of(fact: OperatorAct, now: datetime, evidence: tuple[Document, ...] = ()) -> Act:
    """The record of an act that takes effect now."""
    return Act(
        at=now,
        kind=kind_of(fact),
        operator=fact.operator,
        leg=fact.leg if isinstance(fact, ActOnLeg | Resend) else None,
        because=fact.because,
        detail=_detail(fact),
        evidence=evidence,
    )


def expect_room(acts: Iterable[Act], act: OperatorAct) -> None:
    """Raises FactRefused for a `Resend` too many; every other act finds room on record, whatever was sent again."""
    if isinstance(act, Resend) and sum(done.kind is FactKind.RESEND for done in acts) >= MOST_RESENDS:
        text = f"Người vận hành đã cho gửi lại {MOST_RESENDS} lần; hãy để hệ thống tự gửi lại."
        raise FactRefused(FactRefusal.NOT_PERMITTED, text)


def _detail(fact: OperatorAct) -> str | None:
    match fact:
        case Classification():
            return fact.found.label
        case OverdueDecision():
            return _CHOSEN[fact.choice]
        case NewAppointment():
            return when(fact.appointment)
        case PaperAnswer():
            return _ANSWERED[fact.answer.kind]
        case PackMigration():
            return fact.pack
        case Resend():
            return fact.key
        case _:
            return None


def act_words(act: Act, plan: Plan) -> str:
    """When, who, what; why is not said, since that may name people."""
    name = next((leg.name for leg in plan.legs if leg.key == act.leg), act.leg)
    about = f" “{name}”" if name else ""
    detail = f": {act.detail}" if act.detail else ""
    papers = f" ({len(act.evidence)} tệp làm chứng cứ)" if act.evidence else ""
    return f"{when(act.at)}, người vận hành {act.operator}: {act.kind.label}{about}{detail}{papers}"
