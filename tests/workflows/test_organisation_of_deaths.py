"""Who handles a death before and after the two-tier government of 1 July 2025 (REQUIREMENTS §9)."""

from models.dossier import DossierStage
from tests.workflows.harness import Play
from tests.workflows.inputs import BENEFIT_END, DEATH, DEREGISTRATION, FUNERAL_SUPPORT, moment

BEFORE = {
    DEATH: "Ủy ban nhân dân cấp xã",
    DEREGISTRATION: "Công an cấp xã",
    BENEFIT_END: "Bảo hiểm xã hội cấp huyện",
    FUNERAL_SUPPORT: "Cơ quan lao động, thương binh và xã hội cấp huyện",
}
AFTER = {
    DEATH: "Ủy ban nhân dân xã, phường, đặc khu",
    DEREGISTRATION: "Công an xã, phường, đặc khu",
    BENEFIT_END: "Bảo hiểm xã hội cơ sở",
    FUNERAL_SUPPORT: "Ủy ban nhân dân xã, phường, đặc khu (bảo trợ xã hội, ngành Y tế)",
}


async def test_a_death_received_on_the_first_of_july_2025_goes_to_the_new_authorities(play: Play) -> None:
    """Submitted on Monday 30/6/2025, received the next morning: the day of the receipt decides."""
    await play.declare_death("aged-80", "2025-06-30 16:00:00")
    view = await play.see(lambda view: view.stage is DossierStage.WAITING_RECEIPT, "sent to the province")
    assert view.plan is not None
    assert {leg.key: leg.agency for leg in view.plan.legs} == BEFORE
    await play.until(moment("2025-07-01 09:00:00"))
    await play.extract()
    message = await play.sent(DEREGISTRATION)
    assert message.agency == AFTER[DEREGISTRATION]
    view = await play.view()
    assert view.plan is not None
    assert (view.plan.pack, view.plan.procedure_code) == ("2025-07-01", "2.002622")
    assert {leg.key: leg.agency for leg in view.plan.legs} == AFTER
    assert any("gói luật 2025-07-01" in warning for warning in view.warnings)
