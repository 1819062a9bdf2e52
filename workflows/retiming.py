"""A working calendar announced anew: every date that still runs is read off it again (REQUIREMENTS §6.1, §6.7).

Swaps of days off may be announced eight days ahead. The operator adds them to the calendar, restarts the workers and
sends the word (`lienthong retime`); limits move, and clocks record that they were re-timed.
"""

from typing import TYPE_CHECKING

from temporalio import workflow

from models.clock import Clock, ClockEntry, ClockEntryKind, Due
from models.dossier import ConsentState, DossierStage
from models.reducers import with_consent
from models.start import DueQuery
from workflows import ports
from workflows.calls import compute
from workflows.event_groups import intake_group, leg_group

if TYPE_CHECKING:
    from workflows.group import ProcedureGroup

_CAUSE = "Lịch làm việc được công bố lại"
_BASIS = "Bộ luật Lao động 2019 Điều 112(3): Thủ tướng Chính phủ quyết định ngày nghỉ, hoán đổi ngày làm việc"


class Retiming:
    """Follows the calendar until the dossier concludes."""

    def __init__(self, dossier: "ProcedureGroup") -> None:
        self._dossier = dossier
        self._read = 0

    async def run(self) -> None:
        """Re-time whenever word comes that the calendar changed."""
        while True:
            await workflow.wait_condition(lambda: self._news() or self._dossier.stage is DossierStage.CONCLUDED)
            if not self._news():
                return
            self._read = self._dossier.calendar_news
            with intake_group().scope():
                await self._limit()
            for key in self._dossier.legs:
                with leg_group(self._dossier.required_plan.leg(key)).scope():
                    await self._consents(key)
                    await self._leg(key)
            await self._group()

    def _news(self) -> bool:
        return self._dossier.calendar_news > self._read

    async def _limit(self) -> None:
        """The citizen's limit at intake, while it runs; the wait sees its end move."""
        limit = self._dossier.limit
        if limit and self._dossier.stage in (DossierStage.WAITING_DOCUMENTS, DossierStage.WAITING_PAYMENT):
            due = await self._dossier.citizen_due(limit.requested_at, limit.working_days)
            if self._dossier.limit is limit:
                self._dossier.limit = limit.model_copy(update={"due": due})

    async def _consents(self, key: str) -> None:
        """The consents of a leg that are still out."""
        for asked in self._dossier.legs[key].consents:
            if asked.state is not ConsentState.ASKED:
                continue
            due = await self._dossier.citizen_due(asked.requested_at, self._dossier.required_plan.consent_days)
            leg = self._dossier.legs[key]
            consent = next(c for c in leg.consents if c.person.key == asked.person.key)
            if consent.state is ConsentState.ASKED:
                self._dossier.put(with_consent(leg, consent.model_copy(update={"due": due})))

    async def _leg(self, key: str) -> None:
        """A leg's clock; whoever follows the leg sees the new entry, reads the date and tells the citizen."""
        leg = self._dossier.legs[key]
        if leg.clock is None or leg.due is None or not leg.undecided:
            return
        due = await self._due(leg.clock)
        leg = self._dossier.legs[key]
        if leg.clock and leg.due and leg.due.at != due.at and leg.undecided:
            clock = leg.clock.with_entry(self._entry(due))
            self._dossier.put(leg.model_copy(update={"clock": clock}))

    async def _group(self) -> None:
        """The group's clock."""
        if self._dossier.clock is None or self._dossier.due is None:
            return
        due = await self._due(self._dossier.clock)
        if due.at != self._dossier.due.at:
            await self._dossier.enter_clock(self._entry(due))

    async def _due(self, clock: Clock) -> Due:
        answer = await compute(ports.due_dates, DueQuery(clocks={"clock": clock}), "Tính lại hạn theo lịch mới")
        return answer.dues["clock"]

    def _entry(self, due: Due) -> ClockEntry:
        return ClockEntry(
            kind=ClockEntryKind.RETIMED,
            at=self._dossier.time.now(),
            cause=_CAUSE,
            basis=_BASIS,
            calendar_version=due.calendar_version,
        )
