"""Due dates that come while something is still owed: the one place that marks legs and the group overdue (§6.8).

Reminders before a due date, apologies and escalation after it belong here too.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from temporalio import workflow

from models.dossier import DossierStage, group_owed_at
from models.words import when

if TYPE_CHECKING:
    from workflows.group import ProcedureGroup


class OverdueWatch:
    """Watches every due date of a dossier until it concludes, with one timer set for the earliest still ahead.

    The timer is set anew only for an earlier date. One that has moved later, or is owed no more, is simply let come:
    then nothing is marked, and the next date is waited for. That costs most dossiers one timer.
    """

    def __init__(self, dossier: "ProcedureGroup") -> None:
        self._dossier = dossier

    async def run(self) -> None:
        """Mark what is overdue whenever a due date comes."""
        while not self._over():
            await workflow.wait_condition(lambda: self._over() or self._next() is not None)
            due = self._next()
            if due and await self._reached(due):
                self._mark(due)

    async def _reached(self, due: datetime) -> bool:
        """Wait for that date, unless the dossier concludes or an earlier date appears."""

        def superseded() -> bool:
            sooner = self._next()
            return self._over() or (sooner is not None and sooner < due)

        return await self._dossier.time.reached(lambda: due, superseded, f"Theo dõi hạn: {when(due)}")

    def _mark(self, due: datetime) -> None:
        """Legs and group that were owed by then are overdue; one publication says so."""
        for leg in tuple(self._dossier.legs.values()):
            owed = _unmarked(leg.owed_at, leg.missed_due)
            if owed and owed <= due:
                self._dossier.put(leg.model_copy(update={"missed_due": owed}))
        group = _unmarked(self._group(), self._dossier.missed_due)
        if group and group <= due:
            self._dossier.missed_due = group
            self._dossier.enter(self._dossier.stage)

    def _next(self) -> datetime | None:
        """The earliest date that is owed and not marked as missed."""
        dates = [_unmarked(leg.owed_at, leg.missed_due) for leg in self._dossier.legs.values()]
        dates.append(_unmarked(self._group(), self._dossier.missed_due))
        return min((date for date in dates if date), default=None)

    def _group(self) -> datetime | None:
        return group_owed_at(self._dossier.plan, self._dossier.legs.values(), self._dossier.due)

    def _over(self) -> bool:
        return self._dossier.stage is DossierStage.CONCLUDED


def _unmarked(owed: datetime | None, missed: datetime | None) -> datetime | None:
    return owed if owed != missed else None
