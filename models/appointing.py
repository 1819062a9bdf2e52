"""New appointments: what may be promised to a citizen, and what agencies read of it (hẹn lại ngày trả kết quả).

An appointment is a promise. The legal due date, what is overdue and what is early, on time or late stay as the law
says, whatever was promised.
"""

from datetime import datetime, time, timedelta

from models.base import legal
from models.chase_words import Part
from models.clock import ReceiptRule
from models.dossier import Leg
from models.facts import FactRefusal, FactRefused, NewAppointment
from models.lateness import Ahead, Appointment, DayAhead
from models.plan import LegPlan
from models.words import day_words, when

FARTHEST = timedelta(days=366)
"""How far ahead an appointment may lie [choice]: farther is a slip of the pen."""

OPENS_AT = time(7)
"""Before this hour of Việt Nam nobody hands out results [choice]; offices open at 7:00 at the earliest."""


def apply_appointment(leg: Leg, plan: LegPlan, act: NewAppointment, rule: ReceiptRule, now: datetime) -> Leg:
    """The leg with its new appointment. Raises FactRefused; whether the day is a working day is asked apart."""
    if leg.ended:
        raise FactRefused(FactRefusal.ENDED, f"Thủ tục “{plan.name}” đã kết thúc.")
    if leg.expected is None:
        raise FactRefused(FactRefusal.OUT_OF_TURN, f"“{plan.name}” chưa có ngày hẹn: cấp tỉnh chưa tiếp nhận hồ sơ.")
    at = act.appointment
    if at <= now:
        raise FactRefused(FactRefusal.NOT_PERMITTED, f"Ngày hẹn {when(at)} đã qua; phải hẹn vào lúc sau này.")
    if at > now + FARTHEST:
        text = f"Ngày hẹn {when(at)} xa quá {FARTHEST.days} ngày; kiểm tra lại năm, tháng."
        raise FactRefused(FactRefusal.NOT_PERMITTED, text)
    if not OPENS_AT <= legal(at).time() <= rule.closes_at:
        text = f"Ngày hẹn {when(at)} ngoài giờ làm việc ({OPENS_AT:%H:%M}–{rule.closes_at:%H:%M})."
        raise FactRefused(FactRefusal.NOT_PERMITTED, text)
    if leg.appointment and leg.appointment.at == at:
        raise FactRefused(FactRefusal.ALREADY_ANSWERED, f"“{plan.name}” đã được hẹn đúng lúc {when(at)}.")
    made = Appointment(at=at, made_at=now, operator=act.operator, because=act.because)
    return leg.model_copy(update={"appointments": (*leg.appointments, made)})


def its_day(at: datetime) -> Ahead:
    """The question whether that day is a working day: the first one after the day before."""
    return Ahead(after=at - timedelta(days=1), working_days=1)


def expect_working_day(at: datetime, found: DayAhead) -> None:
    """Raises FactRefused when the first working day by `its_day` is another."""
    if found.at != at:
        text = f"{day_words(legal(at).date()).capitalize()} không phải ngày làm việc."
        suggestion = f" Ngày làm việc gần nhất sau đó: {day_words(legal(found.at).date())}."
        raise FactRefused(FactRefusal.NOT_PERMITTED, text + suggestion)


def promised(part: Part, appointment: Appointment) -> str:
    """What the agency and the province read of a promise made in their place."""
    due = part.leg.due.at if part.leg.due else None
    stands = f" Hạn theo pháp luật vẫn là {when(due)}." if due else ""
    return (
        f"{part}: đã hẹn công dân trả kết quả lúc {when(appointment.at)}. "
        f"Lý do: {appointment.because.removesuffix('.')}."
        f"{stands} Đề nghị {part.plan.agency} trả kết quả đúng hẹn."
    )


def broken(part: Part, appointment: Appointment) -> str:
    """What operators read when a promise was not kept."""
    return f"“{part.plan.name}”: đã qua ngày hẹn {when(appointment.at)} với công dân mà chưa có kết quả; cần hẹn lại."
