"""Consents in VNeID: who is asked, when, and what answers or silence lead to (REQUIREMENTS §4.5, §6.6, §10).

The sample child is registered at its grandparents' home: grandfather is the householder, grandmother owns the dwelling.
"""

from datetime import timedelta
from typing import cast

import pytest

from ledger.values import StoredDossier
from models.calendar import WorkingCalendar
from models.documents import DocumentKind
from models.dossier import ConsentState, DossierOutcome, LegOutcome, LegStage
from models.facts import Answer, FactRefusal
from models.publication import Notice
from models.systems import System
from tests.workflows.harness import Play, notices, refused
from tests.workflows.inputs import BIRTH, HEALTH, IDENTITY, RESIDENCE, free, moment

GRANDFATHER, GRANDMOTHER = "001060000131", "001163000132"
MOTHER, FATHER = "001194000013", "001092000013"
DECLARED = "2026-11-19 09:00:00"


async def at_the_grandparents_home(play: Play, **sections: object) -> None:
    """Declared on Thursday 19/11/2026 and received at once."""
    await play.declare("grandparents-home", DECLARED, **sections)
    await play.receive(BIRTH)


async def states(play: Play) -> dict[str, ConsentState]:
    """Where the consents to the residence registration stand, by the person's key."""
    return {consent.person.key: consent.state for consent in (await play.leg(RESIDENCE)).consents}


def reminders(stored: StoredDossier) -> list[tuple[str, str]]:
    """Whom VNeID reminded, in order, and how."""
    told = [notice.dispatch for notice in stored.notices if f":{Notice.CONSENT_REMINDER}:" in notice.dispatch.head.key]
    assert {dispatch.channel for dispatch in told} <= {System.VNEID}
    return [(dispatch.recipient, dispatch.text or "") for dispatch in told]


@pytest.mark.rule(
    "4.5-consents-asked", "4.5-asked-at-receipt", "6.6-consent", "6.6-request-day", "6.6-midnight", "10.consent-limit"
)
async def test_everybody_named_is_asked_at_provincial_receipt_while_the_registrar_works(play: Play) -> None:
    await play.declare("grandparents-home", DECLARED)
    await play.sent(BIRTH)
    assert play.world.consents == []
    await play.receive(BIRTH)
    requests = await play.asked(RESIDENCE, 2)
    assert {request.person.personal_id for request in requests} == {GRANDFATHER, GRANDMOTHER}
    assert {request.answer_by for request in requests} == {moment("2026-11-28 00:00:00")}
    assert {request.head.provincial_code for request in requests} == {f"H01.{BIRTH}"}
    assert (await play.leg(RESIDENCE)).stage is LegStage.WAITING_PREREQUISITES
    await play.see(lambda view: len(view.legs[1].consents) == 2, "both consents are recorded")
    [told] = await play.told(Notice.CONSENTS_ASKED)
    assert "Chủ hộ, Chủ sở hữu chỗ ở hợp pháp" in told
    assert "trước 24 giờ ngày thứ Sáu 27/11/2026" in told
    assert "Đoàn" not in told


@pytest.mark.rule("4.4-isolation", "4.5-sent-when-complete")
async def test_granted_by_both(play: Play) -> None:
    await at_the_grandparents_home(play)
    await play.asked(RESIDENCE, 2)
    await play.consent(RESIDENCE, GRANDFATHER)
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    await play.complete(HEALTH)
    await play.until(moment("2026-11-20 20:00:00"))
    await play.consent(RESIDENCE, GRANDMOTHER, at=moment("2026-11-20 19:30:00"))
    evidence = (await play.sent(RESIDENCE)).consents
    assert {consent.personal_id for consent in evidence} == {GRANDFATHER, GRANDMOTHER}
    assert evidence[1].granted_at == moment("2026-11-20 19:30:00")
    await play.complete(RESIDENCE)
    assert (await play.ended()).outcome is DossierOutcome.COMPLETED


@pytest.mark.rule("4.4-isolation", "10.consent-declined")
async def test_declined_by_one_ends_only_that_leg_and_at_once(play: Play) -> None:
    await at_the_grandparents_home(play)
    await play.asked(RESIDENCE, 2)
    await play.consent(RESIDENCE, GRANDFATHER, Answer.DECLINED)
    view = await play.see(lambda view: view.legs[1].ended, "the residence leg has ended")
    assert view.legs[1].outcome is LegOutcome.CONSENT_DECLINED
    assert not view.legs[0].ended
    with refused(FactRefusal.ENDED):
        await play.consent(RESIDENCE, GRANDMOTHER)
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    await play.complete(HEALTH)
    outcome = await play.ended()
    assert outcome.outcome is DossierOutcome.PARTLY_COMPLETED
    assert [leg.outcome for leg in outcome.legs] == [
        LegOutcome.COMPLETED,
        LegOutcome.CONSENT_DECLINED,
        LegOutcome.COMPLETED,
    ]
    stored = await play.written()
    [told] = notices(stored, Notice.LEG_CONSENT_DECLINED)
    assert "Chủ hộ không đồng ý" in told
    assert "Đoàn" not in told
    assert notices(stored, Notice.LEG_CONSENT_EXPIRED) == []
    assert [message.leg for message in play.world.legs] == [BIRTH, HEALTH]


@pytest.mark.rule("10.consent-limit", "6.6-consent", "6.6-midnight", "6.5-group-stops")
async def test_the_limit_ends_at_midnight_after_five_working_days_but_not_the_leg(play: Play) -> None:
    """Asked on Thursday 19/11: 20, 23, 25, 26 and 27/11 are the five days, for 24/11 is off."""
    await at_the_grandparents_home(play)
    await play.asked(RESIDENCE, 2)
    await play.consent(RESIDENCE, GRANDFATHER)
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    await play.complete(HEALTH)
    await play.until(moment("2026-11-27 23:59:40"))
    assert (await play.leg(RESIDENCE)).stage is LegStage.WAITING_CONSENTS
    await play.until(moment("2026-11-28 00:00:01"))
    view = await play.see(lambda view: view.legs[1].stage is LegStage.WAITING_AGREEMENT, "an agreement is awaited")
    assert await states(play) == {"householder": ConsentState.GRANTED, "dwelling_owner": ConsentState.EXPIRED}
    assert view.due is not None
    assert view.due.stopped, "the group's clock stands still meanwhile"


@pytest.mark.rule("10.consent-limit")
async def test_whoever_is_silent_is_reminded_on_the_mornings_after_one_three_and_four_working_days(play: Play) -> None:
    """Asked on Thursday 19/11; 24/11 is off: after 20, after 25 and after 26/11."""
    await at_the_grandparents_home(play)
    await play.asked(RESIDENCE, 2)
    mornings = ("2026-11-23 08:00:00", "2026-11-26 08:00:00", "2026-11-27 08:00:00")
    for number, morning in enumerate(mornings):
        await play.until(moment(morning) - timedelta(seconds=20))
        assert len(reminders(await play.written())) == 2 * number
        await play.until(moment(morning) + timedelta(seconds=1))
        if number == 1:
            await play.consent(RESIDENCE, GRANDFATHER)
    await play.until(moment("2026-11-27 12:00:00"))
    told = reminders(await play.written())
    assert [recipient for recipient, _ in told] == [
        *(GRANDFATHER, GRANDMOTHER),
        *(GRANDFATHER, GRANDMOTHER),
        GRANDMOTHER,
    ]
    assert {"trước 24 giờ ngày thứ Sáu 27/11/2026" in text for _, text in told} == {True}
    citizen = notices(await play.written(), Notice.CONSENTS_REMINDED)
    assert ["Chủ hộ" in text for text in citizen] == [True, True, False]
    assert all("Chủ sở hữu chỗ ở hợp pháp" in text and "Đoàn" not in text for text in citizen)
    assert len(play.world.consents) == 2, "nobody is asked a second time"


async def test_nobody_is_reminded_who_has_answered_nor_once_the_leg_has_ended(play: Play) -> None:
    await at_the_grandparents_home(play)
    await play.asked(RESIDENCE, 2)
    await play.consent(RESIDENCE, GRANDMOTHER)
    await play.consent(RESIDENCE, GRANDFATHER, Answer.DECLINED)
    await play.until(moment("2026-11-28 12:00:00"))
    assert reminders(await play.written()) == []
    assert notices(await play.written(), Notice.CONSENTS_REMINDED) == []


async def test_an_answer_in_the_last_minute_counts(play: Play) -> None:
    await at_the_grandparents_home(play)
    await play.asked(RESIDENCE, 2)
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    await play.consent(RESIDENCE, GRANDFATHER)
    await play.until(moment("2026-11-27 23:59:40"))
    await play.consent(RESIDENCE, GRANDMOTHER)
    await play.sent(RESIDENCE)
    await play.until(moment("2026-11-30 08:00:00"))
    await play.complete(RESIDENCE, HEALTH)
    assert (await play.ended()).outcome is DossierOutcome.COMPLETED


async def test_wrong_answers_are_refused(play: Play) -> None:
    await play.declare("grandparents-home", DECLARED)
    await play.sent(BIRTH)
    with refused(FactRefusal.OUT_OF_TURN):
        await play.consent(RESIDENCE, GRANDFATHER)
    await play.receive(BIRTH)
    await play.asked(RESIDENCE, 2)
    for stranger in (MOTHER, "001194000001"):
        with refused(FactRefusal.WRONG_PERSON):
            await play.consent(RESIDENCE, stranger)
    with refused(FactRefusal.WRONG_PERSON):
        await play.consent(HEALTH, GRANDFATHER)
    with refused(FactRefusal.IN_FUTURE):
        await play.consent(RESIDENCE, GRANDFATHER, at=moment("2026-11-20 09:00:00"))
    await play.consent(RESIDENCE, GRANDFATHER)
    for answer in Answer:
        with refused(FactRefusal.ALREADY_ANSWERED):
            await play.consent(RESIDENCE, GRANDFATHER, answer)
    assert await states(play) == {"householder": ConsentState.GRANTED, "dwelling_owner": ConsentState.ASKED}


async def test_one_person_in_two_roles_is_asked_once(play: Play) -> None:
    home = free("grandparents-home", moment(DECLARED).date()).residence_registration.model_dump(mode="json")
    await at_the_grandparents_home(play, residence_registration={**home, "dwelling_owners": [home["householder"]]})
    [request] = await play.asked(RESIDENCE, 1)
    assert [role.label for role in request.person.roles] == ["Chủ hộ", "Chủ sở hữu chỗ ở hợp pháp"]
    await play.consent(RESIDENCE, GRANDFATHER)
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    await play.sent(RESIDENCE)
    assert len(play.world.consents) == 1


@pytest.mark.rule("4.5-parent-consent")
async def test_where_any_parent_may_agree_one_is_enough(play: Play) -> None:
    """The grandmother declares: as owner she need not be asked, but the parents do, and either of them is enough."""
    declarant = free("grandparents-home", moment(DECLARED).date()).applicant.model_dump(mode="json")
    declarant |= {"full_name": "Kiều Thị Nội", "personal_id": GRANDMOTHER, "relation": "paternal_grandmother"}
    await at_the_grandparents_home(play, applicant=declarant)
    requests = await play.asked(RESIDENCE, 3)
    assert {request.person.personal_id for request in requests} == {GRANDFATHER, MOTHER, FATHER}
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    await play.consent(RESIDENCE, GRANDFATHER)
    await play.consent(RESIDENCE, MOTHER, Answer.DECLINED)
    assert not (await play.leg(RESIDENCE)).ended
    await play.consent(RESIDENCE, FATHER)
    evidence = (await play.sent(RESIDENCE)).consents
    assert {consent.personal_id for consent in evidence} == {GRANDFATHER, FATHER}


@pytest.mark.rule("4.7-identity-card-consent")
async def test_the_identity_card_is_confirmed_by_the_declarant_too(play: Play) -> None:
    await play.declare("identity-card", DECLARED)
    await play.receive(BIRTH)
    [request] = await play.asked(IDENTITY, 1)
    declarant = free("identity-card", moment(DECLARED).date()).applicant
    assert request.person.personal_id == declarant.personal_id
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    await play.complete(HEALTH, RESIDENCE)
    assert (await play.leg(IDENTITY)).stage is LegStage.WAITING_CONSENTS
    await play.consent(IDENTITY, declarant.personal_id)
    await play.complete(IDENTITY)
    assert (await play.ended()).outcome is DossierOutcome.COMPLETED


@pytest.mark.rule("4.5-consents-asked")
async def test_nobody_is_asked_where_the_law_asks_nobody(play: Play) -> None:
    await play.declare("plain", DECLARED)
    await play.register()
    await play.complete(RESIDENCE, HEALTH)
    assert (await play.ended()).outcome is DossierOutcome.COMPLETED
    assert play.world.consents == []
    assert notices(await play.written(), Notice.CONSENTS_ASKED) == []


@pytest.mark.rule("7.refusal-dependents", "7.refusal-outcome")
async def test_without_the_birth_nothing_else_is_possible_and_nobody_is_waited_for(play: Play) -> None:
    await at_the_grandparents_home(play)
    await play.asked(RESIDENCE, 2)
    await play.consent(RESIDENCE, GRANDFATHER)
    await play.refuse(BIRTH)
    outcome = await play.ended()
    assert [leg.outcome for leg in outcome.legs] == [
        LegOutcome.REFUSED,
        LegOutcome.NOT_POSSIBLE,
        LegOutcome.NOT_POSSIBLE,
    ]
    assert (outcome.outcome, outcome.timeliness) == (DossierOutcome.NOT_COMPLETED, None)
    [concluded] = await play.told(Notice.CONCLUDED)
    assert "sớm hạn" not in concluded
    stored = await play.written()
    assert stored.concluded_at is not None
    assert stored.concluded_at < moment("2026-11-20 00:00:00"), "the consents' limit was not waited for"
    told = notices(stored, Notice.LEG_NOT_POSSIBLE)
    assert len(told) == 2
    assert all("không có kết quả của thủ tục Đăng ký khai sinh" in text for text in told)


async def test_a_dossier_ends_though_vneid_is_away(play: Play) -> None:
    play.world.away.add(System.VNEID)
    await at_the_grandparents_home(play)
    await play.refuse(BIRTH)
    assert (await play.ended()).outcome is DossierOutcome.NOT_COMPLETED
    assert play.world.consents == []


@pytest.mark.rule("6.6-request-day")
async def test_who_could_be_asked_only_the_next_day_has_the_full_limit_from_then(play: Play) -> None:
    play.world.away.add(System.VNEID)
    await play.declare("grandparents-home", "2026-11-19 23:50:00")
    await play.receive(BIRTH)
    await play.until(moment("2026-11-20 00:05:00"))
    play.world.away.clear()
    await play.until(moment("2026-11-20 00:30:00"))
    await play.asked(RESIDENCE, 2)
    await play.see(
        lambda view: {consent.due.at for consent in view.legs[1].consents} == {moment("2026-12-01 00:00:00")},
        "the limit is counted from Friday 20/11",
    )
    told = await play.told(Notice.CONSENTS_ASKED)
    assert all("trước 24 giờ ngày thứ Hai 30/11/2026" in text for text in told)


async def test_an_answer_that_comes_while_the_limit_is_being_counted_anew_stands(play: Play) -> None:
    play.world.away.add(System.VNEID)
    await play.declare("grandparents-home", "2026-11-19 23:50:00")
    await play.receive(BIRTH)
    await play.see(lambda view: bool(view.legs[1].consents), "the consents are to be asked for")
    await play.until(moment("2026-11-20 00:05:00"))
    calendar = play.law.calendar
    play.law.calendar = cast(WorkingCalendar, None)  # nothing can be counted now
    play.world.away.clear()
    await play.until(moment("2026-11-20 00:30:00"))
    await play.asked(RESIDENCE, 2)
    await play.consent(RESIDENCE, GRANDFATHER)
    play.law.calendar = calendar
    await play.until(moment("2026-11-20 00:35:00"))
    view = await play.see(
        lambda view: any(c.due.at == moment("2026-12-01 00:00:00") for c in view.legs[1].consents), "counted anew"
    )
    states = {consent.person.personal_id: consent.state for consent in view.legs[1].consents}
    assert states.pop(GRANDFATHER) is ConsentState.GRANTED
    assert set(states.values()) == {ConsentState.ASKED}
