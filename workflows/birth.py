"""Group 1: khai sinh – thường trú – thẻ BHYT (– thẻ căn cước), by the name operators and scripts know."""

from temporalio import workflow

from models.dossier import GroupOutcome
from models.start import StartDossier
from workflows.group import ProcedureGroup


@workflow.defn
class BirthProcedureGroup(ProcedureGroup):
    """A child's dossier from declaration to health card (Quyết định 296/QĐ-VPCP, nhóm I)."""

    @workflow.init
    def __init__(self, start: StartDossier) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: StartDossier) -> GroupOutcome:
        return await self.life(start)
