"""“Tiếp theo”: what happens next in a dossier, who must act, by when, and why that date, in plain Vietnamese.

Pure functions of the dossier's view; people are named by role only.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from models.base import Instant
from models.consent_words import matter, roles
from models.dossier import CitizenLimit, Consent, ConsentState, DossierStage, DossierView, Leg, LegStage
from models.gate import concerned
from models.lateness import Appointment
from models.plan import LegPlan, Plan
from models.replacement import Replacement
from models.replacement_words import agencies, what
from models.trouble import Trouble
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
    return in_order(_steps(view))


def in_order(unordered: Iterable[Step]) -> tuple[str, ...]:
    """Steps in order of urgency, as `next_steps` gives them."""
    steps = sorted(unordered, key=lambda step: (not step.overdue, step.by or _NOTHING_BY))
    explained = next((step for step in steps if step.why), None)
    return tuple(line for step in steps for line in _lines(step, explain=step is explained))


def _lines(step: Step, *, explain: bool) -> Iterator[str]:
    yield f"- {'⚠ ' if step.overdue else ''}{step.text}"
    if explain:
        yield f"  - Vì sao: {' '.join(step.why)}"


def _steps(view: DossierView) -> Iterator[Step]:
    for trouble in view.troubles:
        yield _untaken(trouble, view.plan)
    match view.stage:
        case DossierStage.INTAKE if view.troubles:
            return
        case DossierStage.INTAKE:
            yield Step("Hệ thống kiểm tra tờ khai và tra cứu dữ liệu; **chưa ai phải làm gì**.")
        case DossierStage.WAITING_DOCUMENTS:
            basis = view.plan.supplement_basis if view.plan else ""
            yield _citizen(view.limit, "bổ sung giấy tờ còn thiếu (danh sách dưới đây)", basis)
        case DossierStage.WAITING_PAYMENT if not view.waits_for_citizen:
            yield Step("Chưa ai phải làm gì: yêu cầu nộp lệ phí chưa đến được nền tảng thanh toán.")
        case DossierStage.WAITING_PAYMENT:
            basis = view.plan.payment_basis if view.plan else ""
            yield _citizen(view.limit, f"nộp lệ phí {dong(view.fee.total_vnd)} đồng", basis)
        case DossierStage.WAITING_RECEIPT | DossierStage.IN_PROGRESS:
            if view.plan:
                yield from _under_way(view, view.plan)
        case DossierStage.CONCLUDED:
            yield Step("Hồ sơ đã kết thúc; không còn việc gì.")


def _untaken(trouble: Trouble, plan: Plan | None) -> Step:
    """A system that does not take what it is sent: who must mend it, and that the message is not lost."""
    what = f" về “{plan.leg(trouble.leg).name}”" if trouble.leg and plan else ""
    system, since = trouble.system.label, when(trouble.since)
    if trouble.rejected:
        text = f"**Người vận hành** tìm nguyên nhân: **{system} không nhận** thông điệp{what} từ {since}"
        again = "Hệ thống tự gửi lại vài giờ một lần; đã sửa xong thì gửi lại ngay (lệnh `operator resend`)."
        return Step(f"{text}. {trouble.text}. {again}", trouble.since, overdue=True)
    text = f"**{system}** chưa nhận được thông điệp{what} từ {since}"
    return Step(f"{text}. {trouble.text}. Hệ thống tự gửi lại đến khi được.")


def _citizen(limit: CitizenLimit | None, act: str, basis: str) -> Step:
    if limit is None:
        return Step(f"**Công dân** {act}.")
    text = f"**Công dân** {act}, chậm nhất hết **{last_day(limit.ends_at)}** (chờ từ {when(limit.requested_at)})."
    silence = "Quá ngày đó hồ sơ kết thúc, chưa gửi cơ quan nào."
    why = (*limit.due.explanation, f"Căn cứ thời hạn: {basis}.") if basis else limit.due.explanation
    return Step(f"{text} {silence}", limit.ends_at, why)


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
    if view.withdrawn_at:
        yield Step(f"**Công dân đã rút hồ sơ** lúc {when(view.withdrawn_at)}; cơ quan đang giữ hồ sơ được báo.")
    if view.cancelled_at:
        yield Step(f"**Hồ sơ đã bị hủy** lúc {when(view.cancelled_at)}; cơ quan đang giữ hồ sơ được báo.")
    untaken = {trouble.leg for trouble in view.troubles}
    for leg in view.legs:
        if not leg.ended and not (leg.untaken and leg.key in untaken and not leg.awaits_operator):
            yield from _open_leg(leg, plan.leg(leg.key), plan)
    for new in view.replacements:
        if new.pending:
            yield acknowledgement(new, plan)


def acknowledgement(new: Replacement, plan: Plan) -> Step:
    """Agencies that have yet to say that they use the new version of a result."""
    until = new.due.at if new.due else None
    text = f"**{agencies(new.awaited_legs, plan)}** xác nhận đã thay {what(new)} bằng bản cấp lại"
    late = "quá ngày đó hồ sơ không chờ nữa, việc chưa xác nhận được ghi vào báo cáo chỗ hở"
    said = f"{text}, chậm nhất **{when(until)}**; {late}." if until else f"{text}."
    return Step(said, until, new.due.explanation if new.due else ())


def _open_leg(leg: Leg, leg_plan: LegPlan, plan: Plan) -> Iterator[Step]:
    if leg.awaits_operator:
        yield _operator(leg, leg_plan)
    if leg.appointment:
        yield _appointed(leg.appointment, leg_plan)
    for note in leg.open_notes:
        yield Step(
            f"**Người vận hành** phân loại tin {note.message_id} của {leg_plan.agency} về “{leg_plan.name}” (lệnh "
            f"`classify`), nhận {when(note.at)}; hồ sơ chưa thay đổi, thời hạn của cơ quan vẫn chạy.",
            note.at,
        )
    for together in _awaited_together(leg.awaited_consents):
        asked = together[0].state is ConsentState.ASKED
        yield _consents(together, leg_plan) if asked else _agreement(together, leg_plan)
    match leg.stage:
        case LegStage.WAITING_PREREQUISITES:
            before = listed(f"“{plan.leg(key).name}”" for key in leg_plan.requires)
            if before:
                yield Step(f"“{leg_plan.name}”: bắt đầu khi có kết quả {before}{_expected(leg)}.")
        case LegStage.SENDING | LegStage.WAITING_RECEIPT:
            yield _receipt(leg, leg_plan)
        case LegStage.WAITING_SUPPLEMENT:
            yield _supplement(leg, leg_plan)
        case LegStage.IN_PROGRESS:
            yield _decision(leg, leg_plan)
        case LegStage.WAITING_DOCUMENT:
            yield _documents(leg, leg_plan)


def _appointed(promise: Appointment, leg_plan: LegPlan) -> Step:
    at = when(promise.at)
    if promise.missed:
        text = f"**Người vận hành** hẹn lại “{leg_plan.name}” (lệnh `operator appoint`): đã qua ngày hẹn **{at}**"
        return Step(f"{text} với công dân mà chưa có kết quả.", promise.at, overdue=True)
    return Step(f"**{leg_plan.agency}** trả kết quả “{leg_plan.name}” như đã hẹn công dân: **{at}**.", promise.at)


def _awaited_together(awaited: Iterable[Consent]) -> Iterator[list[Consent]]:
    """People with the same request and limit are one step, however many they are."""
    together: dict[tuple[object, ...], list[Consent]] = {}
    for consent in awaited:
        together.setdefault((consent.state, consent.requested_at, consent.limit_ends_at), []).append(consent)
    yield from together.values()


def _consents(asked: list[Consent], leg_plan: LegPlan) -> Step:
    people = [consent.person for consent in asked]
    first = asked[0]
    until = f", chậm nhất hết **{last_day(first.due.at)}**" if first.due.at else ""
    text = (
        f"**{roles(people)}** xác nhận đồng ý “{matter(leg_plan, people)}” trên VNeID{until} "
        f"(chờ từ {when(first.requested_at)})."
    )
    silence = "Hết hạn mà chưa trả lời thì công dân còn được nộp văn bản đồng ý."
    return Step(f"{text} {silence}", first.due.at, first.due.explanation)


def _agreement(awaited: list[Consent], leg_plan: LegPlan) -> Step:
    people = [consent.person for consent in awaited]
    first = awaited[0]
    why = "chưa trả lời" if first.state is ConsentState.EXPIRED else "không liên lạc được qua VNeID"
    text = f"**Công dân** nộp văn bản đồng ý của {roles(people)} ({why}) về “{matter(leg_plan, people)}”"
    if first.agreement is None:
        return Step(f"{text}; hạn đang được tính.")
    ends = first.agreement.ends_at
    silence = "Quá ngày đó thì riêng thủ tục này kết thúc; họ trả lời trên VNeID trước đó vẫn được tính."
    return Step(f"{text}, chậm nhất hết **{last_day(ends)}**. {silence}", ends, first.agreement.due.explanation)


def _supplement(leg: Leg, leg_plan: LegPlan) -> Step:
    asked = leg.supplement
    if asked is None:
        return Step(f"“{leg_plan.name}”: đã hết chờ công dân bổ sung.")
    missing = concerned(tuple(asked.missing_documents), asked.missing_fields, leg_plan.group)
    text = f"**Công dân** bổ sung cho “{leg_plan.name}” theo yêu cầu của {leg_plan.agency}: {missing}"
    if asked.limit is None:
        return Step(f"{text}; hạn đang được tính.")
    ends = asked.limit.ends_at
    silence = "Quá ngày đó thì riêng thủ tục này kết thúc; hạn của cơ quan tạm dừng trong lúc chờ."
    until = f"chậm nhất hết **{last_day(ends)}** (chờ từ {when(asked.asked_at)})"
    return Step(f"{text}, {until}. {silence}", ends, asked.limit.due.explanation)


def _receipt(leg: Leg, leg_plan: LegPlan) -> Step:
    """Without a receipt no clock runs, so only the expected date can be told."""
    if leg.supplement:
        return _supplement_receipt(leg, leg_plan)
    since = f" (từ {when(leg.sent_at)})" if leg.sent_at else ""
    text = (
        f"Hệ thống đang gửi “{leg_plan.name}” đến **{leg_plan.system.label}**{since}; chưa được nhận thì tự gửi lại"
        if leg.stage is LegStage.SENDING
        else f"**{leg_plan.agency}** xác nhận tiếp nhận “{leg_plan.name}”{since}; tiếp nhận rồi mới có hạn"
    )
    chased = "" if leg.untaken else _chased(leg)
    return Step(f"{text}{_expected(leg)}.{chased}", overdue=_asked_again(leg))


def _supplement_receipt(leg: Leg, leg_plan: LegPlan) -> Step:
    sent_at = leg.supplement.sent_at if leg.supplement else None
    since = f" (từ {when(sent_at)})" if sent_at else ""
    if leg.stage is LegStage.SENDING:
        what = f"Hệ thống đang gửi bổ sung của “{leg_plan.name}” đến **{leg_plan.system.label}**{since}"
        return Step(f"{what}; chưa được nhận thì tự gửi lại.")
    what = f"**{leg_plan.agency}** xác nhận đã nhận bổ sung của “{leg_plan.name}”{since}"
    return Step(f"{what}; nhận rồi thời hạn tính lại từ đầu.{_chased(leg)}", overdue=_asked_again(leg))


def _decision(leg: Leg, leg_plan: LegPlan) -> Step:
    why = leg.due.explanation if leg.due else ()
    if leg.overdue_since:
        text = f"**{leg_plan.agency} QUÁ HẠN** từ **{when(leg.overdue_since)}**: chưa có kết quả “{leg_plan.name}”."
        return Step(f"{text}{_apologised(leg)}{_chased(leg)}", leg.overdue_since, why, overdue=True)
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
    text = f"**{leg_plan.agency}** gửi bản điện tử {missing}{decided}."
    if leg.missing_result is None or not leg.missing_result.times:
        return Step(text)
    since = leg.missing_result.due
    overdue = f"{text} Quá hạn gửi từ {when(since)}.{_chased(leg)}"
    if leg_plan.sent_with_intake:
        overdue += " Thủ tục sau có thể đi tiếp với văn bản xác nhận việc đăng ký (lệnh `operator go-on`)."
    return Step(overdue, since, overdue=True)


def _apologised(leg: Leg) -> str:
    apology = next((apology for apology in leg.apologies if apology.due == leg.overdue_since), None)
    return f" Đã xin lỗi công dân, hẹn lại {when(apology.new_date)}." if apology else ""


def _asked_again(leg: Leg) -> bool:
    return leg.chase is not None and leg.chase.times > 0


def _chased(leg: Leg) -> str:
    """How often the agency was asked again, and when next."""
    chase = leg.chase
    if chase is None:
        return ""
    so_far = f" Đã đôn đốc {chase.times} lần." if chase.times else ""
    return f"{so_far} Đôn đốc tiếp: {when(chase.next_step)}." if chase.dated and chase.next_step else so_far


def _operator(leg: Leg, leg_plan: LegPlan) -> Step:
    """What is overdue beyond measure is decided by a person of ours, on record."""
    since = leg.chase.due if leg.chase else None
    text = f"**Người vận hành** quyết định chờ tiếp hay kết thúc “{leg_plan.name}” (lệnh `decide-overdue`)"
    late = f"chưa gửi được đến {leg_plan.system.label}, quá hạn" if leg.untaken else f"{leg_plan.agency} quá hạn"
    return Step(f"{text}: {late} từ {when(since)}." if since else f"{text}.", since, overdue=True)


def _expected(leg: Leg) -> str:
    return f"; dự kiến có kết quả {when(leg.expected.at)}" if leg.expected and leg.expected.at else ""
