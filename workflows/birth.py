"""Group 1: khai sinh – thường trú – thẻ BHYT (– thẻ căn cước). Only what makes it different in kind from group 2."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

from models.dossier import GroupOutcome
from models.messages import BirthNoticeQuery, BirthNoticeState, PeopleQuery, PersonMatch
from models.start import StartDossier
from models.systems import System
from workflows import ports
from workflows.calls import call_system
from workflows.group import ProcedureGroup
from workflows.sending import hand_over

_CHECK_PATIENCE = timedelta(minutes=15)


@workflow.defn
class BirthProcedureGroup(ProcedureGroup):
    """A child's dossier from declaration to health card (Quyết định 296/QĐ-VPCP, nhóm I)."""

    @workflow.init
    def __init__(self, start: StartDossier) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: StartDossier) -> GroupOutcome:
        return await self.life(start)

    async def look_up(self) -> BirthNoticeState | None:
        """Validate the people named and find the birth notice, both at once."""
        notice, _ = await asyncio.gather(self.find_birth_notice(), self.check_people())
        return notice

    async def find_birth_notice(self) -> BirthNoticeState | None:
        """What the look-up finds of the birth notice named: unless it is signed, substitutes become required."""
        if self.declaration.birth_notice is None:
            return None
        query = BirthNoticeQuery(head=self.head("birth_notice"), number=self.declaration.birth_notice.number)
        answer = await hand_over(self, ports.look_up_birth_notice, System.HEALTH, query, "Tra cứu giấy chứng sinh")
        return answer.state

    async def check_people(self) -> None:
        """Names and numbers against the population database: a doubt warns the operator and never blocks."""
        people = self.declaration.people_to_validate()
        query = PeopleQuery(head=self.head("people"), people=people)
        try:
            answer = await call_system(
                ports.check_people,
                System.POPULATION,
                query,
                "Đối chiếu người khai với CSDL dân cư",
                give_up=_CHECK_PATIENCE,
            )
        except ActivityError:
            self.warnings = (*self.warnings, f"Chưa đối chiếu được với {System.POPULATION.label}.")
            return
        doubts = [p.role.label for p, m in zip(people, answer.matches, strict=True) if m is not PersonMatch.MATCH]
        if doubts:
            self.warnings = (
                *self.warnings,
                f"Số định danh không khớp với {System.POPULATION.label}: {', '.join(doubts)}.",
            )
