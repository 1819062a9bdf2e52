"""Systems that do not take what they are sent: the dossier waits, says for whom, and goes on by itself."""

from datetime import timedelta

from models.details import attributes, details
from models.dossier import DossierOutcome, DossierStage, DossierView, LegOutcome, LegStage
from models.next_steps import next_steps
from models.search_attributes import SearchAttribute
from models.systems import System
from tests.workflows.harness import Play
from tests.workflows.inputs import BIRTH, HEALTH, RESIDENCE, moment, sample

SUBMITTED = "2026-11-19 09:00:00"


def waiting_for(view: DossierView) -> tuple[str, ...]:
    """What operators search by."""
    return attributes(view).lists[SearchAttribute.WAITING_FOR]


async def in_trouble(play: Play, *systems: System) -> DossierView:
    """The dossier, once it says that these systems take nothing: after about a minute of trying."""
    await play.until(await play.now() + timedelta(minutes=2))
    return await play.see(lambda view: {t.system for t in view.troubles} == set(systems), f"trouble with {systems}")


async def test_a_rejected_part_is_named_and_goes_through_once_the_cause_is_mended(play: Play) -> None:
    await play.declare("plain", SUBMITTED)
    play.world.rejecting.add(System.RESIDENCE)
    await play.register()
    view = await in_trouble(play, System.RESIDENCE)
    (trouble,) = view.troubles
    assert (trouble.leg, trouble.rejected) == (RESIDENCE, True)
    assert waiting_for(view) == ("rejected", "residence", "social_insurance")
    assert "tìm nguyên nhân: **hệ thống quản lý cư trú không nhận**" in next_steps(view)[0]
    assert "HTTP 422" in details(view)
    assert (await play.written()).troubles == view.troubles

    await play.complete(HEALTH)
    await play.until(moment("2026-11-20 09:00:00"))
    (later,) = (await play.view()).troubles
    assert later == trouble
    assert play.world.attempts[System.RESIDENCE] <= 9

    play.world.rejecting.clear()
    await play.until(moment("2026-11-20 14:00:00"))
    view = await play.see(lambda view: not view.troubles, "the part is taken")
    await play.complete(RESIDENCE)
    outcome = await play.ended()
    assert outcome.outcome is DossierOutcome.COMPLETED
    assert len([message for message in play.world.legs if message.leg == RESIDENCE]) == 1


async def test_an_agency_away_for_two_days_is_waited_for_at_a_bounded_price(play: Play) -> None:
    await play.declare("plain", SUBMITTED)
    play.world.away.add(System.SOCIAL_INSURANCE)
    await play.register()
    view = await in_trouble(play, System.SOCIAL_INSURANCE)
    assert waiting_for(view) == ("residence", "social_insurance", "unreached")
    assert next(leg.stage for leg in view.legs if leg.key == HEALTH) is LegStage.SENDING
    await play.complete(RESIDENCE)
    await play.until(await play.now() + timedelta(days=2))
    attempts = play.world.attempts[System.SOCIAL_INSURANCE]
    assert 60 < attempts < 125
    play.world.away.clear()
    await play.until(await play.now() + timedelta(hours=1))
    await play.complete(HEALTH)
    outcome = await play.ended()
    assert {leg.outcome for leg in outcome.legs} == {LegOutcome.COMPLETED}
    assert not (await play.written()).troubles
    assert len([message for message in play.world.legs if message.leg == HEALTH]) == 1


async def test_while_vneid_is_away_nobody_waits_for_people_who_were_not_asked(play: Play) -> None:
    play.world.away.add(System.VNEID)
    await play.declare("grandparents-home", SUBMITTED)
    await play.register()
    view = await in_trouble(play, System.VNEID)
    assert len(view.troubles) == 2
    assert waiting_for(view) == ("social_insurance", "unreached", "vneid")
    assert SearchAttribute.WAITING_SINCE not in attributes(view).instants
    assert "ứng dụng VNeID" in details(view)
    play.world.away.clear()
    await play.until(await play.now() + timedelta(hours=1))
    view = await play.see(lambda view: not view.troubles, "people are asked")
    assert waiting_for(view) == ("consent", "social_insurance")


async def test_while_the_payment_platform_is_away_nobody_waits_for_the_citizen(play: Play) -> None:
    play.world.away.add(System.PAYMENT)
    await play.submit(sample("plain", moment(SUBMITTED).date()), moment(SUBMITTED))
    view = await in_trouble(play, System.PAYMENT)
    assert view.stage is DossierStage.WAITING_PAYMENT
    assert waiting_for(view) == ("payment", "unreached")
    play.world.away.clear()
    await play.until(await play.now() + timedelta(hours=1))
    view = await play.see(lambda view: not view.troubles, "the payment can be made")
    assert waiting_for(view) == ("citizen",)


async def test_a_system_that_is_back_within_a_minute_was_no_trouble(play: Play) -> None:
    play.world.away.add(System.PROVINCIAL)
    await play.declare("plain", SUBMITTED)
    await play.until(await play.now() + timedelta(seconds=20))
    play.world.away.clear()
    await play.until(await play.now() + timedelta(seconds=40))
    await play.sent(BIRTH)
    view = await play.view()
    assert not view.troubles
    assert play.world.attempts[System.PROVINCIAL] > 2
