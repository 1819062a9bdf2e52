"""The applicant withdraws, before anything is sent, before and after registration (§7). Plays on 19 November 2026."""

from datetime import timedelta
from typing import Any

import pytest

from ledger.values import StoredDossier
from models.documents import DocumentKind
from models.dossier import DossierOutcome, DossierStage, LegOutcome, LegStage
from models.facts import Accepted, FactRefusal, OverdueChoice, Withdrawal
from models.messages import DispatchKind, FollowUpKind, NoticeState
from models.publication import Notice
from models.statuses import PortalStatus
from models.systems import System
from tests.workflows.harness import Play, notices, refused
from tests.workflows.inputs import BIRTH, HEALTH, RESIDENCE, free, moment, result, sample
from tests.workflows.lateness import decide_overdue
from tests.workflows.test_supplements import PAPERS, asked_in, asking, supply

DECLARED = "2026-11-19 09:00:00"
GRANDFATHER = "001060000131"


async def withdraw(play: Play, **fields: Any) -> Accepted:
    """The applicant withdraws, some fields of the message replaced."""
    message = {
        "message_id": play.message_id(),
        "dossier_code": play.code,
        "personal_id": free("plain", moment(DECLARED).date()).applicant.personal_id,
        "reason": "Khai nhầm nơi thường trú",
        "at": await play.now(),
    }
    return await play.tell(Withdrawal(**{**message, **fields}))


def portal_statuses(stored: StoredDossier) -> list[str]:
    return [event.status.code for event in stored.statuses if not event.incoming]


async def withdrawn_unsent(play: Play) -> StoredDossier:
    """The dossier has ended withdrawn, with nothing sent to any agency."""
    outcome = await play.ended()
    assert outcome.outcome is DossierOutcome.WITHDRAWN
    assert {leg.outcome for leg in outcome.legs} == {LegOutcome.WITHDRAWN}
    assert (play.world.legs, play.world.follow_ups) == ([], [])
    stored = await play.written()
    assert portal_statuses(stored)[-1] == PortalStatus.WITHDRAWN
    [told] = notices(stored, Notice.WITHDRAWAL_TAKEN)
    assert "đã nhận yêu cầu rút hồ sơ" in told
    assert notices(stored, Notice.CONCLUDED) == []
    return stored


@pytest.mark.rule("7.withdrawal-before")
async def test_while_documents_are_awaited_nothing_was_sent(play: Play) -> None:
    play.world.notice = NoticeState.UNSIGNED
    await play.declare("plain", DECLARED)
    await play.see(lambda view: view.stage is DossierStage.WAITING_DOCUMENTS, "documents are awaited")
    await withdraw(play)
    await withdrawn_unsent(play)


@pytest.mark.rule("7.withdrawal-before")
async def test_while_the_fee_is_awaited_nothing_was_sent_and_the_child_can_be_declared_again(play: Play) -> None:
    form = sample("plain", moment(DECLARED).date(), submission_id=None)
    await play.submit(form, moment(DECLARED))
    await play.see(lambda view: view.stage is DossierStage.WAITING_PAYMENT, "a fee is asked for")
    await withdraw(play)
    stored = await withdrawn_unsent(play)
    first = play.code
    assert "Lệ phí" not in notices(stored, Notice.WITHDRAWAL_TAKEN)[0]
    await play.submit(form, moment("2026-11-20 09:00:00"))
    assert play.code != first


async def test_a_system_that_is_away_does_not_hold_up_a_withdrawal(play: Play) -> None:
    play.world.away.add(System.HEALTH)
    await play.declare("plain", DECLARED)
    await play.see(lambda view: view.plan is not None, "taken in")
    await withdraw(play)
    await withdrawn_unsent(play)


@pytest.mark.rule("7.withdrawal-before", "7.withdrawal-told")
async def test_before_registration_the_whole_dossier_ends_and_the_province_is_told(play: Play) -> None:
    await play.submit(sample("plain", moment(DECLARED).date()), moment(DECLARED))
    await play.pay()
    await play.receive(BIRTH)
    await withdraw(play)
    outcome = await play.ended()
    assert outcome.outcome is DossierOutcome.WITHDRAWN
    assert outcome.timeliness is None
    assert {leg.outcome for leg in outcome.legs} == {LegOutcome.WITHDRAWN}
    [letter] = play.world.follow_ups
    assert (letter.kind, letter.system, letter.leg) == (FollowUpKind.WITHDRAWAL, System.PROVINCIAL, BIRTH)
    assert letter.agency_code == f"H01.{BIRTH}"
    assert "Khai nhầm nơi thường trú" in letter.text
    assert [message.leg for message in play.world.legs] == [BIRTH]
    stored = await play.written()
    assert portal_statuses(stored)[-1] == PortalStatus.WITHDRAWN
    to_province = [n.dispatch for n in stored.notices if n.dispatch.channel is System.PROVINCIAL]
    assert to_province[-1].kind is DispatchKind.STATUS
    assert to_province[-1].status is not None
    assert to_province[-1].status.code == PortalStatus.WITHDRAWN
    [told] = notices(stored, Notice.WITHDRAWAL_TAKEN)
    assert "biên lai BL-1 được lưu giữ" in told


@pytest.mark.rule("7.withdrawal-before")
async def test_a_part_on_its_way_arrives_before_its_agency_hears_of_the_withdrawal(play: Play) -> None:
    play.world.away.add(System.PROVINCIAL)
    await play.declare("plain", DECLARED)
    await play.see(lambda view: bool(view.legs) and view.legs[0].stage is LegStage.SENDING, "on its way")
    await withdraw(play)
    await play.until(moment("2026-11-21 09:00:00"))
    assert not (await play.leg(BIRTH)).ended
    play.world.away.clear()
    assert (await play.ended()).outcome is DossierOutcome.WITHDRAWN
    assert [message.leg for message in play.world.legs] == [BIRTH]
    assert [letter.kind for letter in play.world.follow_ups] == [FollowUpKind.WITHDRAWAL]


@pytest.mark.rule("7.withdrawal-before")
@pytest.mark.parametrize("rejected_first", [True, False])
async def test_a_part_its_system_rejects_is_with_nobody_and_ends_at_once(play: Play, rejected_first: bool) -> None:
    play.world.rejecting.add(System.PROVINCIAL)
    await play.declare("plain", DECLARED)
    if rejected_first:
        await play.see(lambda view: bool(view.troubles), "rejected")
    else:
        await play.see(lambda view: bool(view.legs) and view.legs[0].stage is LegStage.SENDING, "on its way")
    await withdraw(play)
    outcome = await play.ended()
    assert outcome.outcome is DossierOutcome.WITHDRAWN
    assert {leg.outcome for leg in outcome.legs} == {LegOutcome.WITHDRAWN}
    assert (play.world.legs, play.world.follow_ups) == ([], [])
    assert all(leg.ended_at and leg.ended_at < moment("2026-11-19 12:00:00") for leg in outcome.legs)


@pytest.mark.rule("7.withdrawal-before")
async def test_a_withdrawn_part_whose_system_stays_away_is_an_operators_to_end(play: Play) -> None:
    """It may be there, and the answer lost; it is waited for, but not for ever."""
    play.world.away.add(System.PROVINCIAL)
    await play.declare("plain", DECLARED)
    await play.see(lambda view: bool(view.legs) and view.legs[0].stage is LegStage.SENDING, "on its way")
    await withdraw(play)
    await play.until(moment("2026-11-19 09:05:00"))
    await play.see(lambda view: bool(view.troubles), "away")
    play.world.pause = timedelta(days=1)
    await play.until(moment("2027-02-22 17:02:00"))
    await play.see(lambda view: view.legs[0].awaits_operator, "an operator's turn")
    await decide_overdue(play, BIRTH, OverdueChoice.END_LEG)
    outcome = await play.ended()
    assert [leg.outcome for leg in outcome.legs] == [
        LegOutcome.ENDED_BY_OPERATOR,
        LegOutcome.WITHDRAWN,
        LegOutcome.WITHDRAWN,
    ]
    assert (play.world.legs, play.world.follow_ups) == ([], [])


async def test_a_supplement_that_is_rejected_does_not_hold_up_a_withdrawal(play: Play) -> None:
    """The agency has the part itself, so it hears of the withdrawal as soon as its system takes anything."""
    await play.declare("plain", DECLARED)
    await play.register()
    await play.complete(HEALTH)
    await play.receive(RESIDENCE)
    await asked_in(play, RESIDENCE, asking(await play.now()))
    play.world.rejecting.add(System.RESIDENCE)
    await supply(play, RESIDENCE, result(PAPERS))
    await play.see(lambda view: bool(view.troubles), "rejected")
    await withdraw(play)
    await play.until(moment("2026-11-19 09:30:00"))
    assert not (await play.leg(RESIDENCE)).ended, "the agency has the part"
    play.world.rejecting.clear()
    outcome = await play.ended()
    assert outcome.legs[1].outcome is LegOutcome.WITHDRAWN
    assert FollowUpKind.WITHDRAWAL in [letter.kind for letter in play.world.follow_ups]


@pytest.mark.rule("7.withdrawal-after", "7.withdrawal-told")
async def test_after_registration_only_what_nobody_has_decided_stops(play: Play) -> None:
    await play.declare("plain", DECLARED)
    await play.register()
    await play.complete(HEALTH)
    await play.receive(RESIDENCE)
    await withdraw(play)
    outcome = await play.ended()
    assert [leg.outcome for leg in outcome.legs] == [
        LegOutcome.COMPLETED,
        LegOutcome.WITHDRAWN,
        LegOutcome.COMPLETED,
    ]
    assert outcome.outcome is DossierOutcome.PARTLY_COMPLETED
    [letter] = play.world.follow_ups
    assert (letter.system, letter.registration_number) == (System.RESIDENCE, f"{BIRTH}-1")
    stored = await play.written()
    assert PortalStatus.WITHDRAWN not in portal_statuses(stored)
    told_province = [n.dispatch.follow_up for n in stored.notices if n.dispatch.kind is DispatchKind.FOLLOW_UP]
    assert [(f.kind, f.leg) for f in told_province if f] == [(FollowUpKind.WITHDRAWAL, RESIDENCE)]
    [told] = notices(stored, Notice.WITHDRAWAL_TAKEN)
    assert "Dừng: Đăng ký thường trú" in told
    assert "Kết quả đã giải quyết vẫn có hiệu lực" in told


@pytest.mark.rule("7.withdrawal-after")
async def test_registered_without_its_certificate_counts_as_registered(play: Play) -> None:
    await play.declare("plain", DECLARED)
    await play.receive(BIRTH)
    await play.decide(BIRTH)
    await withdraw(play)
    view = await play.see(lambda view: view.legs[1].ended and view.legs[2].ended, "the others have stopped")
    assert view.legs[0].stage is LegStage.WAITING_DOCUMENT
    await play.certify()
    outcome = await play.ended()
    assert [leg.outcome for leg in outcome.legs] == [
        LegOutcome.COMPLETED,
        LegOutcome.WITHDRAWN,
        LegOutcome.WITHDRAWN,
    ]
    assert play.world.follow_ups == [], "no agency had them"


@pytest.mark.rule("7.withdrawal-after")
async def test_a_decision_made_before_the_agency_knew_stands_and_the_citizen_is_told(play: Play) -> None:
    await play.declare("plain", DECLARED)
    await play.receive(BIRTH)
    play.world.away.add(System.PROVINCIAL)
    await withdraw(play)
    await play.see(lambda view: view.legs[1].ended and view.legs[2].ended, "nobody has the others")
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    outcome = await play.ended()
    assert outcome.outcome is DossierOutcome.PARTLY_COMPLETED
    assert outcome.legs[0].outcome is LegOutcome.COMPLETED
    [told] = notices(await play.written(), Notice.WITHDRAWAL_TOO_LATE)
    assert "đã giải quyết Đăng ký khai sinh trước khi nhận được yêu cầu rút" in told


async def test_a_decision_after_the_agency_knew_is_refused_and_on_record(play: Play) -> None:
    await play.declare("plain", DECLARED)
    await play.register()
    await play.receive(RESIDENCE)
    await play.receive(HEALTH)
    play.world.away.add(System.SOCIAL_INSURANCE)
    await withdraw(play)
    await play.see(lambda view: view.legs[1].ended, "the residence leg has stopped")
    with refused(FactRefusal.CONTRADICTS):
        await play.decide(RESIDENCE, DocumentKind.RESIDENCE_NOTICE)
    view = await play.view()
    assert view.legs[1].outcome is LegOutcome.WITHDRAWN
    [warning] = view.warnings
    assert "Công an" in warning
    assert f"số {RESIDENCE}-1" in warning


@pytest.mark.rule("6.5-group-stops")
async def test_people_asked_for_consent_are_waited_for_no_more(play: Play) -> None:
    await play.declare("grandparents-home", DECLARED)
    await play.register()
    await play.asked(RESIDENCE, 2)
    await play.complete(HEALTH)
    await withdraw(play, personal_id=free("grandparents-home", moment(DECLARED).date()).applicant.personal_id)
    outcome = await play.ended()
    assert outcome.legs[1].outcome is LegOutcome.WITHDRAWN
    assert outcome.outcome is DossierOutcome.PARTLY_COMPLETED
    concluded_at = (await play.written()).concluded_at
    assert concluded_at is not None
    assert concluded_at < moment("2026-11-20 00:00:00")


async def test_wrong_withdrawals_are_refused(play: Play) -> None:
    await play.declare("plain", DECLARED)
    await play.sent(BIRTH)
    with refused(FactRefusal.WRONG_PERSON):
        await withdraw(play, personal_id=GRANDFATHER)
    with refused(FactRefusal.IN_FUTURE):
        await withdraw(play, at=moment("2026-11-20 09:00:00"))
    await play.receive(BIRTH)
    play.world.away.add(System.PROVINCIAL)
    await withdraw(play)
    with refused(FactRefusal.ALREADY_ANSWERED):
        await withdraw(play)


async def test_when_everything_is_decided_nothing_is_left_to_withdraw(play: Play) -> None:
    await play.declare("plain", DECLARED)
    await play.receive(BIRTH)
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    for leg in (RESIDENCE, HEALTH):
        await play.receive(leg)
        await play.decide(leg)
    with refused(FactRefusal.ENDED):
        await withdraw(play)
