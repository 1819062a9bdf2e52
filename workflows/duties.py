"""Duties that legs leave behind: told to the citizen as soon as one has arisen, with its date (REQUIREMENTS §4.8)."""

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from temporalio import workflow

from models.dossier import OwedDuty
from models.duties import arisen, counted_from
from models.plan import PlannedDuty
from models.publication import Notice
from models.start import DutyQuery
from models.words import day_words
from workflows import ports

if TYPE_CHECKING:
    from workflows.group import ProcedureGroup


class Duties:
    """Watches the legs of a dossier for the duties its plan says they may leave behind."""

    def __init__(self, dossier: "ProcedureGroup") -> None:
        self._dossier = dossier
        self._over = False

    async def during(self, legs: Awaitable[None]) -> None:
        """Watch while the legs run; every duty has been told when this returns."""
        await asyncio.gather(self._until_over(legs), self._watch())

    async def _until_over(self, legs: Awaitable[None]) -> None:
        try:
            await legs
        finally:
            self._over = True

    async def _watch(self) -> None:
        while True:
            await workflow.wait_condition(lambda: self._over or self._arisen() is not None)
            duty = self._arisen()
            if duty is None:
                return
            await self._tell(duty)

    def _arisen(self) -> PlannedDuty | None:
        return arisen(self._dossier.required_plan.duties, self._dossier.legs, self._dossier.duties)

    async def _tell(self, duty: PlannedDuty) -> None:
        start = counted_from(duty, self._dossier.legs)
        assert start is not None
        query = DutyQuery(counted_from=start, calendar_days=duty.calendar_days)
        term = await self._dossier.compute(ports.duty_term, query, "Tính thời hạn nghĩa vụ của công dân")
        owed = OwedDuty(
            key=duty.key,
            says=duty.says,
            last_day=term.last_day,
            explanation=term.explanation,
            basis=duty.basis,
            fine=duty.fine,
        )
        self._dossier.duties = (*self._dossier.duties, owed)
        self._dossier.tell(
            Notice.DUTY,
            leg=self._dossier.required_plan.leg(duty.when_not_completed).name,
            says=duty.says,
            until=day_words(term.last_day),
            basis=duty.basis,
            fine=f" {duty.fine}" if duty.fine else "",
        )
