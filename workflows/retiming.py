"""A working calendar announced anew: every date that still runs is read off it again (REQUIREMENTS §6.1, §6.7).

Swaps of days off may be announced eight days ahead. The operator adds them to the calendar, restarts the workers and
sends the word (`lienthong retime`); limits move, and clocks record that they were re-timed.

[choice] Not read again: dates by which nobody loses anything, when an agency is asked again for what it owes already
and when an operator's turn comes (`models.lateness.Chase`; the next ones are by the new calendar), and the last day of
a citizen's remaining duties, as it was told.
"""

from typing import TYPE_CHECKING

from temporalio import workflow

from models.clock import Clock, ClockEntry, ClockEntryKind, Due
from models.consents import with_consent
from models.dossier import Consent, ConsentState, DossierStage, SupplementState
from models.reducers import with_supplement
from models.start import DueQuery
from workflows import ports
from workflows.event_groups import intake_group, leg_group
from workflows.replacing import Acknowledgements

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
            for key in tuple(self._dossier.legs):
                with leg_group(self._dossier.required_plan.leg(key)).scope():
                    await self._consents(key)
                    await self._supplement(key)
                    await self._leg(key)
            await self._group()
            await Acknowledgements(self._dossier).retime()

    def _news(self) -> bool:
        return self._dossier.calendar_news > self._read

    async def _limit(self) -> None:
        """The citizen's limit at intake, while it runs; the wait sees its end move."""
        limit = self._dossier.limit
        if limit and self._dossier.stage in (DossierStage.WAITING_DOCUMENTS, DossierStage.WAITING_PAYMENT):
            documents = self._dossier.stage is DossierStage.WAITING_DOCUMENTS
            reminders = self._dossier.required_plan.supplement_reminders if documents else None
            retimed = await self._dossier.citizen_limit(limit.requested_at, limit.working_days, reminders)
            if self._dossier.limit and self._dossier.limit.requested_at == limit.requested_at:
                to_come = tuple(at for at in retimed.remind_at if at > self._dossier.time.now())
                self._dossier.limit = retimed.model_copy(update={"remind_at": to_come})

    async def _consents(self, key: str) -> None:
        """Those whose consent or agreement a leg still waits for."""
        for awaited in self._dossier.legs[key].awaited_consents:
            retimed = await self._retimed(awaited)
            leg = self._dossier.legs[key]
            if retimed and awaited in leg.consents:
                self._dossier.put(with_consent(leg, retimed))

    async def _retimed(self, consent: Consent) -> Consent | None:
        """The consent by the new calendar: the limit that runs, and the reminders still to come."""
        law = self._dossier.required_plan
        if consent.state is ConsentState.ASKED:
            days = consent.due.working_days
            limit = await self._dossier.citizen_limit(consent.requested_at, days, law.consent_reminders)
            to_come = tuple(at for at in limit.remind_at if at > self._dossier.time.now())
            return consent.model_copy(update={"due": limit.due, "remind_at": to_come})
        if consent.agreement is None:
            return None
        agreement = await self._dossier.citizen_limit(consent.agreement.requested_at, consent.agreement.working_days)
        return consent.model_copy(update={"agreement": agreement})

    async def _supplement(self, key: str) -> None:
        """The citizen's limit for a supplement, while it runs, with the reminders still to come."""
        asked = self._dossier.legs[key].supplement
        if asked is None or asked.state is not SupplementState.ASKED or asked.limit is None:
            return
        law = self._dossier.required_plan
        limit = await self._dossier.citizen_limit(asked.asked_at, asked.limit.working_days, law.supplement_reminders)
        to_come = tuple(at for at in limit.remind_at if at > self._dossier.time.now())
        leg = self._dossier.legs[key]
        if leg.supplement and leg.supplement.state is SupplementState.ASKED:
            self._dossier.put(with_supplement(leg, limit=limit.model_copy(update={"remind_at": to_come})))

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
        query = DueQuery(clocks={"clock": clock})
        answer = await self._dossier.compute(ports.due_dates, query, "Tính lại hạn theo lịch mới")
        return answer.dues["clock"]

    def _entry(self, due: Due) -> ClockEntry:
        return ClockEntry(
            kind=ClockEntryKind.RETIMED,
            at=self._dossier.time.now(),
            cause=_CAUSE,
            basis=_BASIS,
            calendar_version=due.calendar_version,
        )
