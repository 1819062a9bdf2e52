"""The straight path of group 1 on the time-skipping server, dates stated in each test."""

from models.documents import DocumentKind
from models.dossier import DossierOutcome, LegOutcome
from tests.workflows.harness import Play, moment, sample

SUBMITTED = moment("2026-11-19 09:00:00")


async def test_a_plain_dossier_goes_from_declaration_to_health_card(play: Play) -> None:
    await play.submit(sample("plain", SUBMITTED.date()), SUBMITTED)
    await play.pay()
    await play.register()
    await play.receive("residence_registration")
    await play.receive("health_insurance_card")
    await play.decide("health_insurance_card", DocumentKind.HEALTH_INSURANCE_CARD)
    await play.decide("residence_registration", DocumentKind.RESIDENCE_NOTICE)
    outcome = await play.handle.result()
    assert outcome.outcome is DossierOutcome.COMPLETED
    assert {leg.outcome for leg in outcome.legs} == {LegOutcome.COMPLETED}
