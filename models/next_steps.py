"""“Tiếp theo”: what happens next in a dossier, who must act, by when, and why that date, in plain Vietnamese.

Pure functions of the dossier's view; people are named by role only.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from models.base import Instant
from models.dossier import CitizenLimit, Consent, ConsentState, DossierStage, DossierView, Leg, LegStage
from models.plan import LegPlan, Plan
from models.words import dong, last_day, listed, when

_NOTHING_BY = datetime.max.replace(tzinfo=UTC)


class Step(NamedTuple):
    """One thing that comes next: what it says, by when (None: nothing says so), and whether that has passed."""

    text: str
    by: Instant | None = None
    why: tuple[str, ...] = ()
    overdue: bool = False


def next_steps(view: DossierView) -> tuple[str, ...]:
    """What comes next, most urgent first, as Markdown list items; the first one with a date says why that date."""
    steps = sorted(_steps(view), key=lambda step: (not step.overdue, step.by or _NOTHING_BY))
    explained = next((step for step in steps if step.why), None)
    return tuple(line for step in steps for line in _lines(step, explain=step is explained))


def _lines(step: Step, *, explain: bool) -> Iterator[str]:
    yield f"- {'⚠ ' if step.overdue else ''}{step.text}"
    if explain:
        yield f"  - Vì sao: {' '.join(step.why)}"


def _steps(view: DossierView) -> Iterator[Step]:
    match view.stage:
        case DossierStage.INTAKE:
            yield Step("Hệ thống kiểm tra tờ khai và tra cứu dữ liệu; **chưa ai phải làm gì**.")
        case DossierStage.WAITING_DOCUMENTS:
            yield _citizen(view.limit, "bổ sung giấy tờ còn thiếu (danh sách dưới đây)")
        case DossierStage.WAITING_PAYMENT:
            yield _citizen(view.limit, f"nộp lệ phí {dong(view.fee.total_vnd)} đồng")
        case DossierStage.WAITING_RECEIPT | DossierStage.IN_PROGRESS:
            if view.plan:
                yield from _under_way(view, view.plan)
        case DossierStage.CONCLUDED:
            yield Step("Hồ sơ đã kết thúc; không còn việc gì.")


def _citizen(limit: CitizenLimit | None, act: str) -> Step:
    if limit is None:
        return Step(f"**Công dân** {act}.")
    text = f"**Công dân** {act}, chậm nhất hết **{last_day(limit.ends_at)}** (chờ từ {when(limit.requested_at)})."
    silence = "Quá ngày đó hồ sơ kết thúc, chưa gửi cơ quan nào."
    return Step(f"{text} {silence}", limit.ends_at, limit.due.explanation)


def _under_way(view: DossierView, plan: Plan) -> Iterator[Step]:
    if view.overdue_since:
        text = f"**Cả nhóm quá hạn chung** từ {when(view.overdue_since)}"
        late = any(leg.overdue_since for leg in view.legs)
        yield Step(
            f"{text}." if late else f"{text}; không thủ tục nào trễ hạn riêng.",
            view.overdue_since,
            view.due.explanation if view.due else (),
            overdue=True,
        )
    for leg in view.legs:
        if not leg.ended:
            yield from _open_leg(leg, plan.leg(leg.key), plan)


def _open_leg(leg: Leg, leg_plan: LegPlan, plan: Plan) -> Iterator[Step]:
    asked = [consent for consent in leg.consents if consent.state is ConsentState.ASKED]
    for together in _asked_together(asked):
        yield _consents(together, leg_plan)
    match leg.stage:
        case LegStage.WAITING_PREREQUISITES:
            before = listed(f"“{plan.leg(key).name}”" for key in leg_plan.requires)
            if before:
                yield Step(f"“{leg_plan.name}”: bắt đầu khi có kết quả {before}{_expected(leg)}.")
        case LegStage.SENDING | LegStage.WAITING_RECEIPT:
            yield _receipt(leg, leg_plan)
        case LegStage.IN_PROGRESS:
            yield _decision(leg, leg_plan)
        case LegStage.WAITING_DOCUMENT:
            yield _documents(leg, leg_plan)


def _asked_together(asked: list[Consent]) -> Iterator[list[Consent]]:
    """People with the same request and limit are one step, however many they are."""
    for requested_at, until in dict.fromkeys((c.requested_at, c.due.at) for c in asked):
        yield [c for c in asked if (c.requested_at, c.due.at) == (requested_at, until)]


def _consents(asked: list[Consent], leg_plan: LegPlan) -> Step:
    who = listed(role.label for consent in asked for role in consent.person.roles)
    first = asked[0]
    until = f", chậm nhất hết **{last_day(first.due.at)}**" if first.due.at else ""
    text = f"**{who}** xác nhận đồng ý “{leg_plan.name}” trên VNeID{until} (chờ từ {when(first.requested_at)})."
    silence = "Hết hạn mà chưa trả lời thì riêng thủ tục này kết thúc."
    return Step(f"{text} {silence}", first.due.at, first.due.explanation)


def _receipt(leg: Leg, leg_plan: LegPlan) -> Step:
    """Without a receipt no clock runs, so only the expected date can be told."""
    since = f" (từ {when(leg.sent_at)})" if leg.sent_at else ""
    text = (
        f"Hệ thống đang gửi “{leg_plan.name}” đến **{leg_plan.system.label}**{since}; chưa được nhận thì tự gửi lại"
        if leg.stage is LegStage.SENDING
        else f"**{leg_plan.agency}** xác nhận tiếp nhận “{leg_plan.name}”{since}; tiếp nhận rồi mới có hạn"
    )
    return Step(f"{text}{_expected(leg)}.")


def _decision(leg: Leg, leg_plan: LegPlan) -> Step:
    why = leg.due.explanation if leg.due else ()
    if leg.overdue_since:
        text = f"**{leg_plan.agency} QUÁ HẠN** từ **{when(leg.overdue_since)}**: chưa có kết quả “{leg_plan.name}”."
        return Step(text, leg.overdue_since, why, overdue=True)
    if leg.due is None:
        return Step(f"**{leg_plan.agency}** giải quyết “{leg_plan.name}”; hạn đang được tính.")
    if leg.due.at is None:
        return Step(f"“{leg_plan.name}”: hạn đang tạm dừng.", None, why)
    text = f"**{leg_plan.agency}** giải quyết “{leg_plan.name}”, chậm nhất **{when(leg.due.at)}**."
    return Step(text, leg.due.at, why)


def _documents(leg: Leg, leg_plan: LegPlan) -> Step:
    held = {document.kind for document in leg.documents}
    missing = listed(kind.label for kind in leg_plan.results if kind not in held)
    decided = f" (đã giải quyết {when(leg.decided_at)})" if leg.decided_at else ""
    return Step(f"**{leg_plan.agency}** gửi bản điện tử {missing}{decided}.")


def _expected(leg: Leg) -> str:
    return f"; dự kiến có kết quả {when(leg.expected.at)}" if leg.expected and leg.expected.at else ""
