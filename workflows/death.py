"""Group 2: khai tử – xóa đăng ký thường trú – mai táng phí, tử tuất, by the name operators and scripts know."""

from temporalio import workflow

from models.dossier import GroupOutcome
from models.start import StartDossier
from workflows.group import ProcedureGroup


@workflow.defn
class DeathProcedureGroup(ProcedureGroup):
    """A deceased person's dossier from declaration to benefits (Quyết định 296/QĐ-VPCP, nhóm II)."""

    @workflow.init
    def __init__(self, start: StartDossier) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: StartDossier) -> GroupOutcome:
        return await self.life(start)
