"""Electronic results that do not follow their decision (REQUIREMENTS §6.9). 24 November 2026 is a day off."""

import pytest

from models.details import attributes, details
from models.documents import DocumentKind
from models.dossier import DossierOutcome, LegOutcome, LegStage
from models.facts import OverdueChoice, ResultDocument
from models.messages import FollowUpKind
from models.publication import Notice
from models.search_attributes import OPERATOR, SearchAttribute
from models.systems import System
from tests.workflows.harness import Play, notices
from tests.workflows.inputs import BIRTH, HEALTH, RESIDENCE, moment, result
from tests.workflows.lateness import chased, decide_overdue, near, registered_without_certificate, residence_alone, told
from tests.workflows.test_overdue import timers

THURSDAY = "2026-11-19 09:00:00"


@pytest.mark.rule("6.9-due", "6.9-asks-again", "6.9-alert", "10.late-certificate")
async def test_a_missing_certificate_is_asked_for_by_number_each_working_day_until_it_comes(play: Play) -> None:
    await registered_without_certificate(play, THURSDAY)
    await play.until(moment("2026-11-19 16:59:40"))
    assert await told(play, FollowUpKind.RESULT_ASKED, System.PROVINCIAL) == []
    days = ("2026-11-19 17:00:00", "2026-11-20 17:00:00", "2026-11-23 17:00:00", "2026-11-25 17:00:00")
    for times, at in enumerate(days, 1):
        await play.until(moment(at))
        await play.see(chased(0, times), f"asked {times} times")
    asked = await told(play, FollowUpKind.RESULT_ASKED, System.PROVINCIAL)
    assert [near(each.head.sent_at, moment(at)) for each, at in zip(asked, days, strict=True)] == [True] * 4
    assert {each.registration_number for each in asked} == {f"{BIRTH}-1"}
    assert "số birth_registration-1, nhưng chưa có bản điện tử" in asked[0].text
    assert "Các thủ tục sau đang phải chờ." in asked[0].text
    [text] = notices(await play.written(), Notice.RESULT_MISSING)
    assert "số birth_registration-1" in text
    assert "các thủ tục sau đi tiếp ngay khi có" in text
    view = await play.view()
    assert {leg.stage for leg in view.legs[1:]} == {LegStage.WAITING_PREREQUISITES}
    assert all(leg.clock is None for leg in view.legs[1:]), "their clocks have not started"
    assert "Quá hạn gửi từ 17:00 thứ Năm 19/11/2026. Đã đôn đốc 4 lần." in details(view)

    await play.certify()
    await play.complete(RESIDENCE, HEALTH)
    assert (await play.ended()).outcome is DossierOutcome.COMPLETED
    assert len(await told(play, FollowUpKind.RESULT_ASKED, System.PROVINCIAL)) == 4


@pytest.mark.rule("6.9-due-after-15")
@pytest.mark.parametrize(
    ("registered", "asked"),
    [("2026-11-19 15:30:00", "2026-11-20 17:00:00"), ("2026-11-23 15:30:00", "2026-11-25 17:00:00")],
    ids=["the next day", "over a day off"],
)
async def test_registered_after_15_the_certificate_is_owed_the_next_working_day(
    play: Play, registered: str, asked: str
) -> None:
    await registered_without_certificate(play, registered)
    await play.until(moment(asked).replace(hour=16))
    assert await told(play, FollowUpKind.RESULT_ASKED, System.PROVINCIAL) == []
    await play.until(moment(asked))
    await play.see(chased(0, 1), "asked")
    [only] = await told(play, FollowUpKind.RESULT_ASKED, System.PROVINCIAL)
    assert near(only.head.sent_at, moment(asked))


@pytest.mark.rule("6.9-alert")
async def test_another_agencys_missing_result_is_told_to_the_province_too(play: Play) -> None:
    await residence_alone(play, THURSDAY)
    await play.decide(RESIDENCE)
    await play.until(moment("2026-11-19 17:00:01"))
    await play.see(chased(1, 1), "asked")
    [asked] = await told(play, FollowUpKind.RESULT_ASKED, System.RESIDENCE)
    assert asked.registration_number == f"{RESIDENCE}-1"
    [text] = notices(await play.written(), Notice.RESULT_MISSING)
    assert "thủ tục sau" not in asked.text + text, "nothing follows it"
    [alert] = await told(play, FollowUpKind.OVERDUE, System.PROVINCIAL)
    assert "đã được Công an xã, phường, đặc khu giải quyết, số residence_registration-1" in alert.text
    paper = ResultDocument(at=await play.now(), documents=(result(DocumentKind.RESIDENCE_NOTICE),))
    await play.agency(RESIDENCE, paper)
    assert (await play.ended()).outcome is DossierOutcome.COMPLETED


@pytest.mark.rule("6.8-operator-decides")
async def test_a_certificate_missing_for_sixty_working_days_is_an_operators_decision(play: Play) -> None:
    await registered_without_certificate(play, THURSDAY)
    await play.until(moment("2027-02-22 17:00:00"))
    view = await play.see(lambda view: view.legs[0].awaits_operator, "an operator's turn")
    assert OPERATOR in attributes(view).lists[SearchAttribute.WAITING_FOR]
    await decide_overdue(play, BIRTH, OverdueChoice.END_LEG)
    outcome = await play.ended()
    assert outcome.outcome is DossierOutcome.NOT_COMPLETED
    assert [leg.outcome for leg in outcome.legs] == [
        LegOutcome.ENDED_BY_OPERATOR,
        LegOutcome.NOT_POSSIBLE,
        LegOutcome.NOT_POSSIBLE,
    ]
    assert outcome.legs[0].number == f"{BIRTH}-1", "the birth is registered all the same"
    stored = await play.written()
    [text] = notices(stored, Notice.LEG_GIVEN_UP_RESULT)
    assert "Quyết định số birth_registration-1 của cơ quan vẫn có hiệu lực" in text
    assert notices(stored, Notice.LEG_GIVEN_UP) == []
    turn, end = await told(play, FollowUpKind.OVERDUE, System.PROVINCIAL)
    assert "số birth_registration-1, nhưng Ủy ban nhân dân xã, phường, đặc khu còn nợ bản điện tử" in turn.text
    assert "Quyết định số birth_registration-1 vẫn có hiệu lực" in end.text


async def test_a_certificate_in_time_costs_nothing(play: Play) -> None:
    await registered_without_certificate(play, THURSDAY)
    await play.until(moment("2026-11-19 16:00:00"))
    await play.certify()
    await play.complete(RESIDENCE, HEALTH)
    outcome = await play.ended()
    assert outcome.legs[0].missing_result is None
    assert await timers(play) == 1
