"""New appointments in a dossier: judged, told to everybody they concern, and watched until they are kept."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from models.appointing import apply_appointment, broken, expect_working_day, its_day, promised
from models.dossier import Leg
from models.facts import FactRefusal, FactRefused, NewAppointment
from models.lateness import Appointment
from models.messages import FollowUpKind
from models.plan import LegPlan
from models.publication import Notice
from models.start import DaysQuery
from models.systems import System
from models.words import when
from workflows import ports
from workflows.chasing import part

if TYPE_CHECKING:
    from workflows.dossier import DossierWorkflow
    from workflows.group import ProcedureGroup

_DAY = "appointment"


def appointment_effect(dossier: "DossierWorkflow", leg: Leg, plan: LegPlan, act: NewAppointment) -> Callable[[], None]:
    """What a new appointment would do. Raises FactRefused; for its day see `expect_working`."""
    if dossier.stop and leg.undecided:
        raise FactRefused(FactRefusal.ENDED, f"{dossier.stop.words.stopped}: “{plan.name}” không hẹn lại nữa.")
    after = apply_appointment(leg, plan, act, dossier.required_plan.receipt, dossier.time.now())

    def effect() -> None:
        dossier.put(after)
        made = after.appointments[-1]
        dossier.tell(
            Notice.LEG_APPOINTMENT,
            leg=plan.name,
            agency=plan.agency,
            appointment=when(made.at),
            reason=made.because.removesuffix("."),
        )
        _tell_agency(dossier, plan, promised(part(dossier, plan), made))

    return effect


def _tell_agency(dossier: "DossierWorkflow", plan: LegPlan, text: str) -> None:
    """The agency hears what was promised in its place, if it has the part, and the province in any case."""
    leg = dossier.legs[plan.key]
    if leg.sent_at and not leg.never_taken:
        dossier.follow_up(plan.key, FollowUpKind.APPOINTMENT, text)
    if plan.system is not System.PROVINCIAL:
        dossier.follow_up(plan.key, FollowUpKind.APPOINTMENT, text, to=System.PROVINCIAL)


async def expect_working(dossier: "DossierWorkflow", act: NewAppointment) -> None:
    """Ask the calendar. Raises FactRefused when the day is no working day."""
    query = DaysQuery(ahead={_DAY: its_day(act.appointment)})
    answer = await dossier.compute(ports.days_ahead, query, f"Xem ngày hẹn {when(act.appointment)} có làm việc không")
    expect_working_day(act.appointment, answer.days[_DAY])


class Appointments:
    """Promises that come due while the result is still to come: an operator must know, and promise anew."""

    def __init__(self, dossier: "ProcedureGroup") -> None:
        self._dossier = dossier

    def next(self) -> datetime | None:
        """When the next promise comes due."""
        return min((made.at for _, made in self._open()), default=None)

    async def act(self, by: datetime) -> None:
        """Mark what was promised by then and not kept."""
        for leg, made in tuple(self._open()):
            if made.at <= by:
                missed = made.model_copy(update={"missed": True})
                self._dossier.put(leg.model_copy(update={"appointments": (*leg.appointments[:-1], missed)}))
                self._dossier.warn(broken(part(self._dossier, self._dossier.required_plan.leg(leg.key)), made))

    def _open(self) -> Iterator[tuple[Leg, Appointment]]:
        for leg in self._dossier.legs.values():
            if leg.appointment and not leg.appointment.missed:
                yield leg, leg.appointment
