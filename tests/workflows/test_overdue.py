"""Due dates that come while something is owed (REQUIREMENTS §6.8). 24 November 2026 is a day off."""

from datetime import datetime
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.worker import Replayer

from models.clock import Timeliness
from models.details import attributes, details
from models.documents import DocumentKind
from models.dossier import DossierOutcome
from models.facts import ResultDocument
from models.search_attributes import NO_AGENCY, SearchAttribute
from models.systems import System
from tests.workflows.harness import Play
from tests.workflows.inputs import BIRTH, HEALTH, RESIDENCE, moment, result
from tests.workflows.test_retiming import announce
from workflows.plugin import LienthongPlugin

DECLARED = "2026-11-19 09:00:00"
LEGS_DUE = moment("2026-11-23 17:00:00")
GROUP_DUE = moment("2026-11-25 17:00:00")


async def at_both_agencies(play: Play, sample: str = "plain") -> None:
    """Registered, and received by residence and insurance, all on Thursday 19/11 in the morning."""
    await play.declare(sample, DECLARED)
    await play.register()
    await play.receive(RESIDENCE)
    await play.receive(HEALTH)


async def overdue(play: Play) -> dict[str, datetime]:
    """The legs that are overdue, and since when."""
    return {leg.key: leg.overdue_since for leg in (await play.view()).legs if leg.overdue_since}


async def named(play: Play) -> tuple[str, ...]:
    """What operators find the dossier under, as overdue."""
    return attributes(await play.view()).lists[SearchAttribute.OVERDUE_AT]


async def timers(play: Play) -> int:
    """How many timers the history has."""
    events = (await play.handle.fetch_history()).events
    return sum(event.event_type == EventType.EVENT_TYPE_TIMER_STARTED for event in events)


@pytest.mark.rule("6.8-overdue", "6.8-agency-named")
async def test_at_the_due_time_the_leg_is_overdue_and_its_agency_named(play: Play) -> None:
    await at_both_agencies(play)
    await play.decide(HEALTH, DocumentKind.HEALTH_INSURANCE_CARD)
    await play.until(moment("2026-11-23 16:59:40"))
    assert await overdue(play) == {}
    await play.until(moment("2026-11-23 17:00:01"))
    await play.see(lambda view: view.legs[1].overdue_since == LEGS_DUE, "residence overdue")
    assert await named(play) == (System.RESIDENCE,)
    assert SearchAttribute.NEXT_DUE not in attributes(await play.view()).instants
    assert "⚠ **Công an xã, phường, đặc khu QUÁ HẠN** từ **17:00 thứ Hai 23/11/2026**" in details(await play.view())
    stored = await play.written()
    assert stored.legs[1].overdue_since == LEGS_DUE


@pytest.mark.rule("6.8-late-result", "6.8-timeliness")
async def test_a_late_result_is_accepted_and_ends_the_mark(play: Play) -> None:
    await at_both_agencies(play)
    await play.decide(HEALTH, DocumentKind.HEALTH_INSURANCE_CARD)
    await play.until(moment("2026-11-23 17:30:00"))
    await play.decide(RESIDENCE)
    assert await overdue(play) == {}
    assert await named(play) == ()
    paper = ResultDocument(at=await play.now(), documents=(result(DocumentKind.RESIDENCE_NOTICE),))
    await play.agency(RESIDENCE, paper)
    outcome = await play.ended()
    assert outcome.outcome is DossierOutcome.COMPLETED
    assert outcome.legs[1].timeliness is Timeliness.LATE
    assert outcome.legs[1].missed_due == LEGS_DUE, "that it was missed stays on record"
    assert outcome.timeliness is Timeliness.EARLY


@pytest.mark.rule("4.4-parallel", "6.8-overdue", "6.8-agency-named")
async def test_both_agencies_late_and_then_the_group(play: Play) -> None:
    await at_both_agencies(play)
    await play.until(moment("2026-11-23 17:00:01"))
    await play.see(lambda view: view.legs[1].overdue_since == view.legs[2].overdue_since == LEGS_DUE, "both")
    assert (await play.view()).overdue_since is None
    await play.until(moment("2026-11-25 17:00:01"))
    view = await play.see(lambda view: view.overdue_since == GROUP_DUE, "the group too")
    assert await named(play) == (System.RESIDENCE, System.SOCIAL_INSURANCE)
    assert "**Cả nhóm quá hạn chung** từ 17:00 thứ Tư 25/11/2026." in details(view)
    await play.decide(RESIDENCE, DocumentKind.RESIDENCE_NOTICE)
    await play.decide(HEALTH, DocumentKind.HEALTH_INSURANCE_CARD)
    assert (await play.ended()).timeliness is Timeliness.LATE
    await Replayer(workflows=[], plugins=[LienthongPlugin()]).replay_workflow(await play.handle.fetch_history())


@pytest.mark.rule("6.8-late-no-agency")
async def test_a_group_late_without_a_late_leg_names_no_agency(play: Play) -> None:
    """The registrar decided in time, but the certificate stays out and nothing else can begin."""
    await play.declare("plain", DECLARED)
    await play.receive(BIRTH)
    await play.decide(BIRTH)
    await play.until(moment("2026-11-25 17:00:01"))
    view = await play.see(lambda view: view.overdue_since == GROUP_DUE, "the group overdue")
    assert await overdue(play) == {}
    assert await named(play) == (NO_AGENCY,)
    assert "từ 17:00 thứ Tư 25/11/2026; không thủ tục nào trễ hạn riêng." in details(view)
    await play.certify()
    await play.complete(RESIDENCE, HEALTH)
    assert (await play.ended()).timeliness is Timeliness.LATE


async def test_an_extension_before_the_date_is_simply_waited_for(play: Play) -> None:
    await play.declare("grandparents-home", DECLARED)
    await play.receive(BIRTH)
    for request in await play.asked(RESIDENCE, 2):
        await play.consent(RESIDENCE, request.person.personal_id)
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    await play.complete(HEALTH)
    await play.receive(RESIDENCE)
    await play.verify(RESIDENCE)
    await play.until(moment("2026-11-27 16:59:00"))
    assert await overdue(play) == {}
    await play.until(moment("2026-11-27 17:00:01"))
    view = await play.see(lambda view: view.legs[1].overdue_since is not None, "overdue by the extended date")
    assert view.legs[1].overdue_since == moment("2026-11-27 17:00:00")
    assert view.overdue_since == moment("2026-11-27 17:00:00")


async def test_an_extension_after_the_date_lifts_the_mark_until_the_new_one(play: Play) -> None:
    await play.declare("grandparents-home", DECLARED)
    await play.receive(BIRTH)
    for request in await play.asked(RESIDENCE, 2):
        await play.consent(RESIDENCE, request.person.personal_id)
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    await play.complete(HEALTH)
    await play.receive(RESIDENCE)
    await play.until(moment("2026-11-23 17:00:01"))
    await play.see(lambda view: view.legs[1].overdue_since == LEGS_DUE, "overdue")
    await play.verify(RESIDENCE)
    await play.see(lambda view: view.legs[1].overdue_since is None, "another lawful date")
    assert await named(play) == ()
    await play.until(moment("2026-11-27 17:00:01"))
    await play.see(lambda view: view.legs[1].overdue_since == moment("2026-11-27 17:00:00"), "overdue again")


@pytest.mark.rule("6.1-running-dossiers")
async def test_a_calendar_announced_anew_moves_the_date_and_lifts_the_mark(play: Play, tmp_path: Path) -> None:
    """Monday 23/11 becomes a day off after it has passed."""
    await at_both_agencies(play)
    await play.until(moment("2026-11-23 17:00:01"))
    await play.see(lambda view: view.legs[1].overdue_since == LEGS_DUE, "overdue")
    await announce(play, tmp_path)
    await play.see(lambda view: all(leg.overdue_since is None for leg in view.legs), "no longer")
    await play.until(moment("2026-11-25 17:00:01"))
    await play.see(lambda view: view.legs[1].overdue_since == moment("2026-11-25 17:00:00"), "by the new date")


async def test_a_dossier_in_time_has_one_timer_for_all_its_dates(play: Play) -> None:
    await at_both_agencies(play)
    await play.decide(RESIDENCE, DocumentKind.RESIDENCE_NOTICE)
    await play.decide(HEALTH, DocumentKind.HEALTH_INSURANCE_CARD)
    outcome = await play.ended()
    assert [leg.missed_due for leg in outcome.legs] == [None, None, None]
    assert await timers(play) == 1
