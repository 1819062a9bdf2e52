"""Legs do not wait for each other: results at once, and no clock before the certificate (REQUIREMENTS §§4.4, 10)."""

import pytest

from models.documents import DocumentKind
from models.dossier import LegStage
from models.messages import DispatchKind
from models.systems import System
from tests.workflows.harness import Play
from tests.workflows.inputs import BIRTH, HEALTH, RESIDENCE, moment

DECLARED = "2026-11-19 09:00:00"


@pytest.mark.rule("4.4-isolation", "4.4-result-at-once")
async def test_a_result_goes_out_while_another_leg_waits(play: Play) -> None:
    await play.declare("grandparents-home", DECLARED)
    await play.register()
    await play.complete(HEALTH)
    stored = await play.written()
    results = [n.dispatch for n in stored.notices if n.dispatch.kind is DispatchKind.RESULT]
    card = DocumentKind.HEALTH_INSURANCE_CARD
    assert {dispatch.channel for dispatch in results if dispatch.document_kind is card} == {
        System.DOCUMENTS,
        System.PORTAL,
        System.PROVINCIAL,
        System.VNEID,
    }
    assert (await play.leg(RESIDENCE)).stage is LegStage.WAITING_CONSENTS


@pytest.mark.rule("10.late-certificate")
async def test_without_the_certificate_the_others_wait_and_their_clocks_have_not_started(play: Play) -> None:
    await play.declare("plain", DECLARED)
    await play.receive(BIRTH)
    await play.decide(BIRTH)
    await play.until(moment("2026-11-23 09:00:00"))
    others = (await play.view()).legs[1:]
    assert {(leg.stage, leg.clock, leg.due) for leg in others} == {(LegStage.WAITING_PREREQUISITES, None, None)}
    assert [message.leg for message in play.world.legs] == [BIRTH]
    await play.certify()
    await play.receive(RESIDENCE)
    await play.receive(HEALTH)
    clocks = [leg.clock for leg in (await play.view()).legs[1:]]
    assert all(clock and clock.entries[0].at >= moment("2026-11-23 09:00:00") for clock in clocks)
