"""Results issued anew: who has the old version is told, and waited for until its limit is over (REQUIREMENTS §§7, 8).

Shared by dossiers that are still open and by replacements of their own, which follow a dossier that has concluded.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from models.base import Code
from models.chase_words import Part
from models.clock import Clock, ClockEntry, ClockEntryKind
from models.documents import Document
from models.dossier import DossierStage, Leg
from models.facts import Acknowledged, AgencyEvent, FactRefusal, FactRefused
from models.messages import FollowUpKind
from models.plan import Plan
from models.publication import Notice
from models.replacement import Replacement
from models.replacement_words import agencies, nearly_due, over, replaced, unconfirmed, what
from models.replacing import acknowledge, correct
from models.start import DueAnswer, DueQuery
from workflows import ports
from workflows.calls import P, R
from workflows.clock import LegalTime
from workflows.sealing import warn_of_papers

if TYPE_CHECKING:
    from workflows.dossier import DossierWorkflow

_CAUSE = "Báo cơ quan thay bản cũ bằng bản cấp lại"
_CLOCK = "replacement"


class Host(Protocol):
    """A workflow that has replacements: a dossier, or a replacement of its own."""

    code: Code
    provincial_code: Code | None
    time: LegalTime
    legs: dict[str, Leg]
    replacements: dict[int, Replacement]

    @property
    def required_plan(self) -> Plan: ...

    def put_replacement(self, replacement: Replacement) -> None: ...

    def follow_up(
        self,
        leg: str,
        kind: FollowUpKind,
        text: str,
        documents: tuple[Document, ...] = (),
        *,
        registration_number: Code | None = None,
    ) -> None: ...

    def tell(self, template: Notice, recipient: str | None = None, /, **values: str) -> None: ...

    def warn(self, text: str) -> None: ...

    async def compute(self, port: Callable[[P], Awaitable[R]], query: P, summary: str) -> R: ...


def correction_effect(dossier: "DossierWorkflow", event: AgencyEvent) -> Callable[[], None]:
    """What a corrected result does to an open dossier. Raises FactRefused."""
    if dossier.stage is DossierStage.CONCLUDED:
        raise FactRefused(FactRefusal.ENDED, "Hồ sơ đã kết thúc.")
    now = dossier.time.now()
    correction = correct(dossier.legs, dossier.required_plan, dossier.replacements.values(), event, now)

    def effect() -> None:
        if correction is None:
            return
        dossier.put(correction.leg)
        for earlier in correction.voided:
            dossier.put_replacement(earlier)
        announce(dossier, correction.replacement)

    return effect


def acknowledgement_effect(host: Host, event: AgencyEvent) -> Callable[[], None]:
    """What an agency's acknowledgement does. Raises FactRefused."""
    assert isinstance(event.fact, Acknowledged)
    now = host.time.now()
    after = acknowledge(host.replacements.values(), host.legs, host.required_plan, event, now)
    return lambda: host.put_replacement(after) if after else None


def announce(host: Host, new: Replacement) -> None:
    """Tell the citizen and every agency that has the old version; results go out with the publication of this."""
    host.put_replacement(new)
    plan = host.required_plan
    issuer = plan.leg(new.leg)
    warn_of_papers(host, issuer, new.documents)
    told = agencies(new.awaited_legs, plan)
    host.tell(
        Notice.RESULT_REPLACED,
        agency=issuer.agency,
        results=what(new),
        number=f", số {new.registration_number}" if new.registration_number else "",
        reason=f" Lý do: {new.because.rstrip('.')}." if new.because else "",
        agencies=f" Các cơ quan giữ bản cũ đã được báo để thay: {told}." if told else "",
    )
    for key in new.awaited_legs:
        host.follow_up(
            key,
            FollowUpKind.REPLACEMENT,
            replaced(_part(host, key), issuer.agency, new),
            new.documents,
            registration_number=new.registration_number,
        )


class Acknowledgements:
    """The limit of each replacement: read off the calendar, reminded of, let go when it is over (`watch.Watched`)."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def next(self) -> datetime | None:
        """When there is something to do next."""
        return min((step for new in self._host.replacements.values() if (step := new.next_step)), default=None)

    async def act(self, by: datetime) -> None:
        """Whatever there is to do by that instant."""
        for number in tuple(self._host.replacements):
            new = self._host.replacements[number]
            if new.next_step is None or new.next_step > by:
                continue
            if new.due is None:
                await self._read(number)
            elif new.due.at and new.due.at <= by:
                self._give_up_waiting(new, new.due.at)
            elif new.due.at:
                self._remind(new, new.due.at)

    async def retime(self) -> None:
        """Read every limit that runs off the calendar again."""
        for number in tuple(self._host.replacements):
            if self._host.replacements[number].pending:
                await self._read(number)

    async def _read(self, number: int) -> None:
        plan, told_at = self._host.required_plan, self._host.replacements[number].taken_at
        entry = ClockEntry(
            kind=ClockEntryKind.STARTED,
            at=told_at,
            cause=_CAUSE,
            basis=plan.replacement.basis,
            working_days=plan.replacement.working_days,
        )
        clocks = {_CLOCK: Clock(rule=plan.receipt, entries=(entry,))}
        query = DueQuery(clocks=clocks, reminder=plan.lateness.reminder)
        answer: DueAnswer = await self._host.compute(ports.due_dates, query, "Tính hạn xác nhận đã thay bản cũ")
        self._put(self._host.replacements[number], due=answer.dues[_CLOCK])

    def _remind(self, new: Replacement, due: datetime) -> None:
        self._put(new, reminded=True)
        self._tell_again(new, FollowUpKind.REMINDER, lambda part: nearly_due(part, new, due))

    def _give_up_waiting(self, new: Replacement, due: datetime) -> None:
        self._put(new, lapsed_at=self._host.time.now())
        self._tell_again(new, FollowUpKind.OVERDUE, lambda part: over(part, new, due))
        self._host.warn(unconfirmed(new, self._host.required_plan))

    def _tell_again(self, new: Replacement, kind: FollowUpKind, text: Callable[[Part], str]) -> None:
        for key in new.awaited_legs:
            self._host.follow_up(key, kind, text(_part(self._host, key)), registration_number=new.registration_number)

    def _put(self, new: Replacement, **changes: object) -> None:
        self._host.put_replacement(new.model_copy(update=changes))


def _part(host: Host, key: str) -> Part:
    return Part(host.code, host.provincial_code, host.required_plan.leg(key), host.legs[key])
