"""Reminders, apologies, escalation and the operator's decision (REQUIREMENTS §6.8). 24 November 2026 is a day off."""

from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.worker import Replayer

from models.details import attributes, details
from models.documents import DocumentKind
from models.dossier import DossierOutcome, LegOutcome
from models.facts import FactRefusal, OverdueChoice, Received
from models.messages import FollowUpKind
from models.publication import Notice
from models.search_attributes import OPERATOR, SearchAttribute
from models.start import CALENDAR_CHANGED
from models.systems import System
from tests.workflows.harness import Play, notices, refused
from tests.workflows.inputs import BIRTH, HEALTH, RESIDENCE, moment, result
from tests.workflows.lateness import at_both_agencies, chased, decide_overdue, near, residence_alone, told
from tests.workflows.test_retiming import announce
from tests.workflows.test_supplements import PAPERS, asked_in, asking, supply
from workflows.plugin import LienthongPlugin

THURSDAY = "2026-11-19 09:00:00"
DUE = moment("2026-11-23 17:00:00")
LONG_OVERDUE = moment("2027-02-24 17:00:00")
"""60 working days after DUE, over New Year and Tết."""


@pytest.mark.rule("6.8-reminder")
async def test_whoever_has_not_decided_is_reminded_one_working_day_before(play: Play) -> None:
    await residence_alone(play, THURSDAY)
    await play.until(moment("2026-11-20 16:59:40"))
    assert await told(play, FollowUpKind.REMINDER, System.RESIDENCE) == []
    await play.until(moment("2026-11-20 17:00:01"))
    await play.see(lambda view: view.legs[1].reminded == (DUE,), "residence reminded")
    [reminder] = await told(play, FollowUpKind.REMINDER, System.RESIDENCE)
    assert near(reminder.head.sent_at, moment("2026-11-20 17:00:00"))
    assert f"Hồ sơ liên thông {play.code} (mã cấp tỉnh H01.birth_registration, " in reminder.text
    assert "mã tại cơ quan H01.residence_registration), thủ tục “Đăng ký thường trú”" in reminder.text
    assert "đến hạn lúc 17:00 thứ Hai 23/11/2026" in reminder.text
    assert await told(play, FollowUpKind.REMINDER, System.SOCIAL_INSURANCE) == []
    await play.until(moment("2026-11-23 16:59:40"))
    assert len(await told(play, FollowUpKind.REMINDER, System.RESIDENCE)) == 1


@pytest.mark.rule("6.8-reminder-same-day")
@pytest.mark.parametrize(
    ("received", "reminded"),
    [
        ("2026-11-19 08:30:00", ["2026-11-19 09:00:00"]),
        ("2026-11-19 10:00:00", []),
        ("2026-11-19 15:30:00", ["2026-11-20 09:00:00"]),
    ],
    ids=["before nine", "after nine: too late", "after 15:00: due the next day"],
)
async def test_a_same_day_leg_is_reminded_at_nine(play: Play, received: str, reminded: list[str]) -> None:
    await play.declare("plain", received)
    await play.receive(BIRTH)
    due = (await play.leg(BIRTH)).owed_at
    assert due is not None
    await play.until(due)
    await play.see(lambda view: view.legs[0].overdue_since == due, "overdue")
    sent = [reminder.head.sent_at for reminder in await told(play, FollowUpKind.REMINDER, System.PROVINCIAL)]
    assert len(sent) == len(reminded)
    assert all(near(at, moment(expected)) for at, expected in zip(sent, reminded, strict=True))


@pytest.mark.rule("6.8-apology", "6.8-new-date", "6.8-agency-named")
async def test_the_citizen_gets_an_apology_with_one_new_date_and_the_agency_hears_of_it(play: Play) -> None:
    """Due Monday 23/11; two working days on, over the day off, is Thursday 26/11."""
    await residence_alone(play, THURSDAY)
    await play.until(moment("2026-11-23 16:59:40"))
    assert notices(await play.written(), Notice.LEG_APOLOGY) == []
    await play.until(moment("2026-11-23 17:00:01"))
    view = await play.see(lambda view: bool(view.legs[1].apologies), "apologised")
    [apology] = view.legs[1].apologies
    assert (apology.due, apology.new_date, apology.provisional) == (DUE, moment("2026-11-26 17:00:00"), False)
    assert near(apology.at, DUE)
    stored = await play.written()
    [text] = notices(stored, Notice.LEG_APOLOGY)
    assert notices(stored, Notice.LEG_APOLOGY, System.VNEID) == [text]
    assert text.startswith(f"Hồ sơ {play.code}: VĂN BẢN XIN LỖI VÀ ĐỀ NGHỊ GIA HẠN THỜI GIAN GIẢI QUYẾT")
    assert "Công an xã, phường, đặc khu xin lỗi bạn" in text
    assert "Hẹn lại ngày trả kết quả: 17:00 thứ Năm 26/11/2026" in text
    [short] = notices(stored, Notice.LEG_APOLOGY, System.SMS)
    assert "hẹn lại 17:00 thứ Năm 26/11/2026" in short
    [overdue] = await told(play, FollowUpKind.OVERDUE, System.RESIDENCE)
    assert "Cơ quan chịu trách nhiệm: Công an xã, phường, đặc khu" in overdue.text
    assert stored.legs[1].apologies == (apology,), "on record"
    assert "Đã xin lỗi công dân, hẹn lại 17:00 thứ Năm 26/11/2026. Đôn đốc tiếp" in details(view)


@pytest.mark.rule("6.8-new-date")
@pytest.mark.parametrize(
    ("received", "new_date"),
    [("2026-11-19 10:00:00", "2026-11-20 17:00:00"), ("2027-02-03 10:00:00", "2027-02-11 17:00:00")],
    ids=["the next day", "over Tết"],
)
async def test_a_same_day_leg_gets_one_working_day_more(play: Play, received: str, new_date: str) -> None:
    await play.declare("plain", received)
    await play.receive(BIRTH)
    await play.until(moment(received).replace(hour=17))
    view = await play.see(lambda view: bool(view.legs[0].apologies), "apologised")
    assert view.legs[0].apologies[0].new_date == moment(new_date)


@pytest.mark.rule("6.8-escalation")
async def test_it_is_escalated_every_two_working_days_to_agency_and_province(play: Play) -> None:
    await residence_alone(play, THURSDAY)
    for times, at in enumerate(("2026-11-26 17:00:00", "2026-11-30 17:00:00", "2026-12-02 17:00:00"), 1):
        await play.until(moment(at).replace(hour=16))
        assert len(await told(play, FollowUpKind.OVERDUE, System.PROVINCIAL)) == times - 1
        await play.until(moment(at))
        await play.see(chased(1, times), f"escalated {times} times")
        *_, to_province = await told(play, FollowUpKind.OVERDUE, System.PROVINCIAL)
        *_, to_agency = await told(play, FollowUpKind.OVERDUE, System.RESIDENCE)
        assert near(to_agency.head.sent_at, moment(at))
        assert to_agency.text.startswith(f"Đôn đốc lần {times}: Hồ sơ liên thông {play.code}")
        assert to_province.text == to_agency.text
        assert (to_province.leg, to_province.agency_code) == (RESIDENCE, f"H01.{BIRTH}")
    assert len(notices(await play.written(), Notice.LEG_APOLOGY)) == 1, "one new date, once"
    await play.decide(RESIDENCE, DocumentKind.RESIDENCE_NOTICE)
    assert (await play.ended()).outcome is DossierOutcome.COMPLETED
    await Replayer(workflows=[], plugins=[LienthongPlugin()]).replay_workflow(await play.handle.fetch_history())


@pytest.mark.rule("6.8-operator-decides", "6.8-late-result")
async def test_sixty_working_days_overdue_waits_for_an_operator_and_still_takes_a_result(play: Play) -> None:
    await residence_alone(play, THURSDAY)
    await play.until(moment("2026-11-25 12:00:00"))
    with refused(FactRefusal.OUT_OF_TURN):
        await decide_overdue(play, RESIDENCE, OverdueChoice.END_LEG)
    await play.until(moment("2027-02-24 16:59:40"))
    assert OPERATOR not in attributes(await play.view()).lists[SearchAttribute.WAITING_FOR]
    await play.until(LONG_OVERDUE)
    view = await play.see(lambda view: view.legs[1].awaits_operator, "an operator's turn")
    assert attributes(view).lists[SearchAttribute.WAITING_FOR] == (OPERATOR, System.RESIDENCE)
    assert "⚠ **Người vận hành** quyết định chờ tiếp hay kết thúc “Đăng ký thường trú”" in details(view)
    assert view.legs[1].chase is not None
    assert view.legs[1].chase.times == 29
    await play.until(moment("2027-03-31 12:00:00"))
    assert (await play.leg(RESIDENCE)).chase == view.legs[1].chase, "nobody is asked any more"
    await play.decide(RESIDENCE, DocumentKind.RESIDENCE_NOTICE)
    assert (await play.ended()).outcome is DossierOutcome.COMPLETED


@pytest.mark.rule("6.8-operator-decides")
async def test_an_operator_waits_on_for_sixty_more_and_then_ends_the_leg(play: Play) -> None:
    await residence_alone(play, THURSDAY)
    await play.until(LONG_OVERDUE)
    await play.see(lambda view: view.legs[1].awaits_operator, "an operator's turn")
    await play.until(moment("2027-02-25 10:00:00"))
    await decide_overdue(play, RESIDENCE, OverdueChoice.WAIT_ON)
    leg = (await play.see(lambda v: bool(v.legs[1].chase and v.legs[1].chase.dated), "chased again")).legs[1]
    assert leg.chase is not None
    assert leg.chase.next_at == moment("2027-03-01 17:00:00")
    assert leg.chase.operator_at == moment("2027-05-25 17:00:00"), "60 working days after the decision"
    await play.until(moment("2027-03-01 17:00:01"))
    await play.see(chased(1, 30), "asked again")
    await play.until(moment("2027-05-25 17:00:01"))
    await play.see(lambda view: view.legs[1].awaits_operator, "an operator's turn again")
    await decide_overdue(play, RESIDENCE, OverdueChoice.END_LEG)
    outcome = await play.ended()
    assert outcome.outcome is DossierOutcome.PARTLY_COMPLETED
    assert outcome.legs[1].outcome is LegOutcome.ENDED_BY_OPERATOR
    assert [ruling.choice for ruling in outcome.legs[1].rulings] == [OverdueChoice.WAIT_ON, OverdueChoice.END_LEG]
    stored = await play.written()
    assert len(notices(stored, Notice.LEG_GIVEN_UP)) == 1
    *_, last = await told(play, FollowUpKind.OVERDUE, System.RESIDENCE)
    assert "đã kết thúc theo quyết định của người vận hành" in last.text


@pytest.mark.rule("6.8-operator-decides")
async def test_a_part_its_system_rejects_is_an_operators_to_end_after_sixty_working_days(play: Play) -> None:
    """Registered and sent on Thursday 19/11; owed by its close of business, hence 60 working days from there."""
    await play.declare("plain", THURSDAY)
    play.world.rejecting.add(System.RESIDENCE)
    await play.register()
    await play.complete(HEALTH)
    await play.until(moment("2026-11-20 09:00:00"))
    with refused(FactRefusal.OUT_OF_TURN):
        await decide_overdue(play, RESIDENCE, OverdueChoice.END_LEG)
    await play.until(moment("2027-02-22 16:59:40"))
    assert not (await play.leg(RESIDENCE)).awaits_operator
    await play.until(moment("2027-02-22 17:00:00"))
    view = await play.see(lambda view: view.legs[1].awaits_operator, "an operator's turn")
    assert "chưa gửi được đến hệ thống quản lý cư trú, quá hạn từ 17:00 thứ Năm 19/11/2026" in details(view)
    await decide_overdue(play, RESIDENCE, OverdueChoice.END_LEG)
    outcome = await play.ended()
    assert outcome.legs[1].outcome is LegOutcome.ENDED_BY_OPERATOR
    assert outcome.outcome is DossierOutcome.PARTLY_COMPLETED
    stored = await play.written()
    assert stored.troubles == ()
    assert (notices(stored, Notice.LEG_GIVEN_UP), len(notices(stored, Notice.LEG_GIVEN_UP_RECEIPT))) == ([], 1)
    to_agency = [n.dispatch for n in stored.notices if n.dispatch.follow_up and n.dispatch.channel is System.RESIDENCE]
    assert to_agency == [], "nobody writes to a system that takes nothing"
    turn, end = await told(play, FollowUpKind.OVERDUE, System.PROVINCIAL)
    assert "hệ thống quản lý cư trú vẫn chưa nhận hồ sơ" in turn.text
    assert "Hồ sơ chưa gửi được đến hệ thống quản lý cư trú" in end.text
    assert play.world.legs[-1].leg != RESIDENCE


async def test_an_operator_waits_on_for_a_system_that_takes_nothing_and_it_counts_anew_once_it_does(play: Play) -> None:
    await play.declare("plain", THURSDAY)
    play.world.rejecting.add(System.RESIDENCE)
    await play.register()
    await play.complete(HEALTH)
    await play.until(moment("2027-02-22 17:02:00"))
    await play.see(lambda view: view.legs[1].awaits_operator, "an operator's turn")
    await decide_overdue(play, RESIDENCE, OverdueChoice.WAIT_ON)
    leg = (await play.see(lambda v: bool(v.legs[1].chase and v.legs[1].chase.dated), "waited for again")).legs[1]
    assert leg.chase is not None
    assert leg.chase.next_step == leg.chase.operator_at == moment("2027-05-20 17:00:00")
    play.world.rejecting.clear()
    await play.until(moment("2027-02-25 09:00:00"))
    await play.see(lambda view: view.legs[1].awaits_receipt and view.legs[1].chase is not None, "taken, not received")
    leg = await play.leg(RESIDENCE)
    assert leg.chase is not None
    assert leg.acknowledged_at is not None
    assert leg.chase.due > leg.acknowledged_at
    await play.complete(RESIDENCE)
    assert (await play.ended()).outcome is DossierOutcome.COMPLETED


async def test_an_agency_that_speaks_of_its_part_is_followed_though_its_system_never_answers(play: Play) -> None:
    await play.declare("plain", THURSDAY)
    play.world.away.add(System.RESIDENCE)
    await play.register()
    await play.complete(HEALTH)
    await play.until(moment("2026-11-19 10:00:00"))
    await play.agency(RESIDENCE, Received(at=await play.now(), agency_code="CT-1"))
    await play.see(lambda view: view.legs[1].owed_at is not None, "a due date")
    await play.complete_decision(RESIDENCE)
    assert (await play.ended()).outcome is DossierOutcome.COMPLETED


async def test_a_supplement_its_system_rejects_is_an_operators_to_end_too(play: Play) -> None:
    await residence_alone(play, THURSDAY)
    await asked_in(play, RESIDENCE, asking(await play.now()))
    play.world.rejecting.add(System.RESIDENCE)
    await supply(play, RESIDENCE, result(PAPERS))
    await play.until(moment("2027-02-22 17:02:00"))
    await play.see(lambda view: view.legs[1].awaits_operator, "an operator's turn")
    await decide_overdue(play, RESIDENCE, OverdueChoice.END_LEG)
    assert (await play.ended()).legs[1].outcome is LegOutcome.ENDED_BY_OPERATOR
    [text] = notices(await play.written(), Notice.LEG_GIVEN_UP_RECEIPT)
    assert "không xác nhận tiếp nhận phần bổ sung" in text
    *_, last = await told(play, FollowUpKind.OVERDUE, System.RESIDENCE)
    assert "đã kết thúc theo quyết định của người vận hành" in last.text, "the agency has the part itself"


async def test_a_decision_out_of_turn_is_refused_and_moves_nothing(play: Play) -> None:
    await residence_alone(play, THURSDAY)
    before = await play.view()
    for leg, reason in (
        (RESIDENCE, FactRefusal.OUT_OF_TURN),
        (HEALTH, FactRefusal.ENDED),
        ("identity_card", FactRefusal.UNKNOWN_LEG),
    ):
        with refused(reason):
            await decide_overdue(play, leg, OverdueChoice.END_LEG)
    with refused(FactRefusal.IN_FUTURE):
        await decide_overdue(play, RESIDENCE, OverdueChoice.END_LEG, moment("2026-12-24 09:00:00"))
    assert await play.view() == before


@pytest.mark.rule("6.8-reminder", "6.8-apology")
async def test_each_due_date_has_its_own_reminder_and_apology(play: Play) -> None:
    """Missed on Monday; on Thursday the agency announces a verification: five days from its receipt, Friday 27/11."""
    await play.declare("grandparents-home", THURSDAY)
    await play.receive(BIRTH)
    for request in await play.asked(RESIDENCE, 2):
        await play.consent(RESIDENCE, request.person.personal_id)
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    await play.complete(HEALTH)
    await play.receive(RESIDENCE)
    await play.until(moment("2026-11-23 17:00:01"))
    await play.see(lambda view: len(view.legs[1].apologies) == 1, "the first apology")
    await play.until(moment("2026-11-25 09:00:00"))
    await play.verify(RESIDENCE)
    await play.until(moment("2026-11-26 17:00:01"))
    verified = moment("2026-11-27 17:00:00")
    view = await play.see(lambda view: view.legs[1].reminded == (DUE, verified), "reminded of the new date")
    assert len(await told(play, FollowUpKind.OVERDUE, System.PROVINCIAL)) == 0, "the old date is escalated no more"
    await play.until(moment("2026-11-27 17:00:01"))
    view = await play.see(lambda view: len(view.legs[1].apologies) == 2, "another apology")
    assert view.legs[1].apologies[1].new_date == moment("2026-12-04 17:00:00"), "the limit missed was five days"
    assert view.apologies == (), "the group's date was missed too, but its culprit is named"


async def test_a_date_that_comes_back_is_not_apologised_for_again(play: Play, tmp_path: Path) -> None:
    """Monday 23/11 is announced as a day off after it has passed, Wednesday is missed too; then that is taken back."""
    await residence_alone(play, THURSDAY)
    known = play.law.calendar
    await play.until(moment("2026-11-23 17:00:01"))
    await play.see(lambda view: len(view.legs[1].apologies) == 1, "apologised")
    await announce(play, tmp_path)
    await play.see(lambda view: view.legs[1].overdue_since is None, "another lawful date")
    await play.until(moment("2026-11-25 17:00:01"))
    await play.see(lambda view: len(view.legs[1].apologies) == 2, "apologised for the other date")
    play.law.calendar = known
    await play.handle.signal(CALENDAR_CHANGED)
    await play.see(lambda view: view.legs[1].overdue_since == DUE, "the first date again")
    assert len(notices(await play.written(), Notice.LEG_APOLOGY)) == 2


@pytest.mark.rule("6.8-late-no-agency", "6.8-late-no-agency-apology")
async def test_a_group_late_without_a_late_leg_is_apologised_for_all_the_same(play: Play) -> None:
    """Wednesday 25/11 and the group's own three working days: Monday 30/11."""
    await play.declare("plain", THURSDAY)
    await play.receive(BIRTH)
    await play.decide(BIRTH)
    await play.until(moment("2026-11-25 17:00:01"))
    view = await play.see(lambda view: bool(view.apologies), "apologised")
    assert view.apologies[0].new_date == moment("2026-11-30 17:00:00")
    stored = await play.written()
    for channel in (System.PORTAL, System.VNEID, System.SMS):
        [text] = notices(stored, Notice.GROUP_APOLOGY, channel)
        assert "17:00 thứ Hai 30/11/2026" in text
    assert notices(stored, Notice.LEG_APOLOGY) == []


async def test_a_decision_the_day_before_needs_neither_reminder_nor_apology(play: Play) -> None:
    await at_both_agencies(play, THURSDAY)
    await play.until(moment("2026-11-20 16:00:00"))
    await play.decide(RESIDENCE, DocumentKind.RESIDENCE_NOTICE)
    await play.decide(HEALTH, DocumentKind.HEALTH_INSURANCE_CARD)
    await play.ended()
    stored = await play.written()
    assert await told(play, FollowUpKind.REMINDER, System.RESIDENCE) == []
    assert notices(stored, Notice.LEG_APOLOGY) == notices(stored, Notice.GROUP_APOLOGY) == []
    assert "days_ahead" not in await activities(play), "the calendar is asked for nothing more"


async def activities(play: Play) -> list[str]:
    """The activities of the history, in order."""
    events = (await play.handle.fetch_history()).events
    return [
        event.activity_task_scheduled_event_attributes.activity_type.name
        for event in events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    ]
