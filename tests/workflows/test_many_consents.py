"""Consents of many: each relative asked has a life of their own, and a correction may name others (§§5, 7, 10).

The sample's lump sum has four relatives: the declarant, whom all are to agree to, and three who are asked. Declared and
registered on Thursday 19/11/2026 (24/11 is off): they have until Friday 27/11, an agreement until Friday 4/12.
"""

import pytest
from temporalio.worker import Replayer

from models.clock import ClockEntryKind
from models.documents import DocumentKind
from models.dossier import (
    ConsentState,
    DossierOutcome,
    DossierStage,
    DossierView,
    Evidence,
    Leg,
    LegOutcome,
    LegStage,
)
from models.facts import AgreementProvided, Answer, DocumentsSupplied, FactRefusal, Received, Withdrawal
from models.messages import FollowUp, FollowUpKind
from models.publication import Notice
from tests.workflows.harness import Play, refused
from tests.workflows.inputs import (
    DEATH,
    DEREGISTRATION,
    INSURANCE_FUNERAL,
    INSURANCE_SURVIVOR,
    MERIT_SURVIVOR,
    died,
    moment,
)
from tests.workflows.test_agreements import paper
from tests.workflows.test_supplements import asked_in, correcting, handed_over, stage_is, supply
from workflows.plugin import LienthongPlugin

DECLARED = "2026-11-19 09:00:00"
DECLARANT = "001085900301"
MOTHER, YOUNGER, YOUNGEST = ASKED = ("001162900303", "001188900304", "001190900305")
SON = "001195900306"
RELATIVES = "benefits.relatives"
REMINDER = f":{Notice.CONSENT_REMINDER}:"
NEW = {
    f"{RELATIVES}.4.{field}": value
    for field, value in {
        "full_name": "Phạm Văn Thêm Mẫu",
        "personal_id": SON,
        "relation": "child",
        "born": "1995-03-04",
        "sex": "male",
        "address.codes_on": "2026-11-01",
        "address.province_code": "01",
        "address.commune_code": "00070",
        "address.commune_name": "Phường Hoàn Kiếm",
        "address.detail": "Số 12 phố Thử Nghiệm",
        "phone": "0912000399",
        "monthly_income_vnd": "0",
        "claim": "lump_sum",
        "receipt.way": "cash",
    }.items()
}
"""A fifth relative, field by field."""
REPRESENTATIVE = "benefits.representative"
OTHER_REPRESENTATIVE = {
    f"{REPRESENTATIVE}.{field}": value
    for field, value in {
        "full_name": "Nguyễn Thị Vợ Mẫu",
        "personal_id": MOTHER,
        "born": "1962-02-03",
        "sex": "female",
        "relation": "spouse",
        "receipt.account.holder": "Nguyễn Thị Vợ Mẫu",
    }.items()
}
"""The mother, field by field."""


async def asked_by_all(play: Play) -> None:
    """Registered; every relative asked for both benefits."""
    await play.declare_death("insurance-lump-sum", DECLARED)
    await play.extract()
    for leg in (INSURANCE_FUNERAL, INSURANCE_SURVIVOR):
        await play.asked(leg, 3)


async def agreed(play: Play, leg: str, *people: str) -> None:
    for person in people:
        await play.consent(leg, person)


def of(view: DossierView, key: str) -> Leg:
    return next(leg for leg in view.legs if leg.key == key)


async def states(play: Play, leg: str = INSURANCE_SURVIVOR) -> dict[str, ConsentState]:
    """How each consent ever asked for in the leg stands, by its key."""
    return {consent.person.key: consent.state for consent in (await play.leg(leg)).consents}


def supplements(play: Play) -> list[FollowUp]:
    """The supplements that agencies were sent."""
    return [message for message in play.world.follow_ups if message.kind is FollowUpKind.SUPPLEMENT]


async def supplements_sent(play: Play, count: int) -> list[FollowUp]:
    """So many supplements, once agencies have them."""
    await play.see(lambda _: len(supplements(play)) >= count, f"{count} supplements are sent")
    return supplements(play)


async def agree(play: Play, *signed_by: str) -> None:
    """These relatives have signed that they agree to the representative."""
    fact = AgreementProvided(
        message_id=play.message_id(),
        dossier_code=play.code,
        leg=INSURANCE_SURVIVOR,
        signed_by=signed_by,
        document=paper(DocumentKind.REPRESENTATIVE_AGREEMENT),
        at=await play.now(),
    )
    await play.tell(fact)


async def asked_in_vain(play: Play) -> None:
    """Social insurance asks once more while people are asked."""
    await play.agency(INSURANCE_SURVIVOR, correcting(await play.now(), RELATIVES))


async def at_the_agency(play: Play) -> None:
    """All have agreed on Thursday; social insurance has the lump sum."""
    await asked_by_all(play)
    await agreed(play, INSURANCE_FUNERAL, *ASKED)
    await agreed(play, INSURANCE_SURVIVOR, *ASKED)
    for leg in (INSURANCE_FUNERAL, INSURANCE_SURVIVOR):
        await play.receive(leg)


async def corrected(play: Play, corrections: dict[str, str], *fields: str) -> None:
    """Social insurance asks on Friday for these fields of the form, and the citizen corrects them."""
    await play.until(moment("2026-11-20 10:00:00"))
    await asked_in(play, INSURANCE_SURVIVOR, correcting(await play.now(), *(fields or (RELATIVES,))))
    await supply(play, INSURANCE_SURVIVOR, corrections=corrections)


@pytest.mark.rule("5.relatives-consent", "5.lump-sum-representative", "5.funeral-representative")
async def test_each_relative_is_asked_for_each_benefit_and_told_whom_to_agree_to(play: Play) -> None:
    await asked_by_all(play)
    for leg, about in (
        (INSURANCE_FUNERAL, "cử người đại diện nhận trợ cấp mai táng"),
        (INSURANCE_SURVIVOR, "cử người đại diện nhận trợ cấp tuất một lần"),
    ):
        requests = await play.asked(leg, 3)
        assert {request.person.personal_id for request in requests} == set(ASKED)
        assert {request.about for request in requests} == {about}
        assert {request.representative for request in requests} == {"Phạm Văn Trưởng Mẫu"}
        assert {request.answer_by for request in requests} == {moment("2026-11-28 00:00:00")}
        assert all(request.head.key.startswith(f"{play.code}:{leg}:consent:relative_") for request in requests)
    told = await play.told(Notice.CONSENTS_ASKED)
    assert all("Thân nhân (mục 2, 3, 4)" in text and "Phạm" not in text for text in told)


@pytest.mark.rule("5.lump-sum-representative", "5.funeral-representative", "10.consent-declined")
@pytest.mark.parametrize(
    ("declined", "other"), [(INSURANCE_SURVIVOR, INSURANCE_FUNERAL), (INSURANCE_FUNERAL, INSURANCE_SURVIVOR)]
)
async def test_one_relative_who_declines_ends_only_that_benefit(play: Play, declined: str, other: str) -> None:
    await asked_by_all(play)
    await play.consent(declined, YOUNGER, Answer.DECLINED)
    await play.see(lambda view: of(view, declined).ended, "that benefit has ended")
    await agreed(play, other, *ASKED)
    await play.complete(DEREGISTRATION, other)
    outcome = await play.ended()
    assert {leg.key: leg.outcome for leg in outcome.legs} == {
        DEATH: LegOutcome.COMPLETED,
        DEREGISTRATION: LegOutcome.COMPLETED,
        declined: LegOutcome.CONSENT_DECLINED,
        other: LegOutcome.COMPLETED,
    }
    assert outcome.outcome is DossierOutcome.PARTLY_COMPLETED


@pytest.mark.rule("5.relatives-consent", "10.consent-agreement-offered", "10.consent-late", "6.6-agreement")
async def test_a_late_answer_and_an_agreement_of_the_others_are_enough(play: Play) -> None:
    """One is out of reach from Friday 20/11, two are silent until Friday 27/11."""
    await asked_by_all(play)
    await play.until(moment("2026-11-20 09:00:00"))
    await play.consent(INSURANCE_SURVIVOR, MOTHER, Answer.UNREACHABLE)
    await play.until(moment("2026-11-28 00:00:01"))
    await stage_is(play, INSURANCE_SURVIVOR, LegStage.WAITING_AGREEMENT)
    waited = (await play.leg(INSURANCE_SURVIVOR)).consents
    ends = {consent.person.personal_id: consent.limit_ends_at for consent in waited}
    assert ends == {
        MOTHER: moment("2026-12-01 00:00:00"),
        **dict.fromkeys((YOUNGER, YOUNGEST), moment("2026-12-05 00:00:00")),
    }
    told = await play.told(Notice.AGREEMENT_NEEDED)
    assert any("Thân nhân (mục 3, 4)" in text for text in told)
    await play.consent(INSURANCE_SURVIVOR, YOUNGER)
    await agree(play, DECLARANT, *ASKED)
    evidence = {consent.personal_id: consent.evidence for consent in (await play.sent(INSURANCE_SURVIVOR)).consents}
    assert evidence == {MOTHER: Evidence.AGREEMENT, YOUNGER: Evidence.VNEID, YOUNGEST: Evidence.AGREEMENT}
    assert not (await play.leg(INSURANCE_FUNERAL)).ended
    assert set((await states(play, INSURANCE_FUNERAL)).values()) == {ConsentState.EXPIRED}


@pytest.mark.rule("6.6-consent", "6.6-request-day", "10.consent-limit")
async def test_vneid_away_for_one_holds_up_nobody_else(play: Play) -> None:
    """The others are told of and reminded by their own days; the one has the full limit from when they were asked."""
    play.world.cannot_ask = {YOUNGEST}
    await play.declare_death("insurance-lump-sum", DECLARED)
    await play.extract()
    await play.asked(INSURANCE_SURVIVOR, 2)
    await play.until(moment("2026-11-19 09:10:00"))
    told = await play.told(Notice.CONSENTS_ASKED)
    assert all("Thân nhân (mục 2, 3)" in text for text in told)
    await play.until(moment("2026-11-23 08:30:00"))
    reminded = [notice.dispatch for notice in (await play.written()).notices if REMINDER in notice.dispatch.head.key]
    assert {dispatch.recipient for dispatch in reminded} == {MOTHER, YOUNGER}
    play.world.cannot_ask = set()
    await play.until(moment("2026-11-23 14:00:00"))
    await play.asked(INSURANCE_SURVIVOR, 3)
    view = await play.see(
        lambda v: len({c.due.at for c in of(v, INSURANCE_SURVIVOR).consents}) == 2, "a limit of its own"
    )
    assert {c.person.personal_id: c.due.at for c in of(view, INSURANCE_SURVIVOR).consents} == {
        MOTHER: moment("2026-11-28 00:00:00"),
        YOUNGER: moment("2026-11-28 00:00:00"),
        YOUNGEST: moment("2026-12-02 00:00:00"),
    }
    to_all = [notice.dispatch for notice in (await play.written()).notices if REMINDER in notice.dispatch.head.key]
    late = {dispatch.text or "" for dispatch in to_all if dispatch.recipient == YOUNGEST}
    assert late
    assert all("trước 24 giờ ngày thứ Ba 1/12/2026" in text for text in late), "VNeID was given the day before"


@pytest.mark.rule("10.consent-agreement-offered")
async def test_whom_vneid_never_asks_is_out_of_its_reach_and_the_others_only_silent(play: Play) -> None:
    play.world.cannot_ask = {YOUNGEST}
    await play.declare_death("insurance-lump-sum", DECLARED)
    await play.extract()
    await play.asked(INSURANCE_SURVIVOR, 2)
    await play.until(moment("2026-11-28 00:00:01"))
    await stage_is(play, INSURANCE_SURVIVOR, LegStage.WAITING_AGREEMENT)
    stands = {c.person.personal_id: c.state for c in (await play.leg(INSURANCE_SURVIVOR)).consents}
    assert stands == {
        MOTHER: ConsentState.EXPIRED,
        YOUNGER: ConsentState.EXPIRED,
        YOUNGEST: ConsentState.UNREACHABLE,
    }


@pytest.mark.rule("5.martyr-raiser")
async def test_relatives_recognise_who_raised_a_martyr(play: Play) -> None:
    await play.declare_death("merit-raised-martyr", DECLARED)
    await play.extract()
    view = await play.view()
    assert view.plan is not None
    asked = view.plan.leg(MERIT_SURVIVOR).people
    assert asked
    requests = await play.asked(MERIT_SURVIVOR, len(asked))
    assert {request.about for request in requests} == {"xác nhận người có công nuôi liệt sĩ"}
    assert {request.representative for request in requests} == {None}


@pytest.mark.rule("5.relatives-consent")
@pytest.mark.parametrize("declared", [DECLARED, "2026-08-31 09:00:00"])
async def test_a_signed_agreement_handed_in_when_asked_for_spares_everybody(play: Play, declared: str) -> None:
    """As if attached at submission, also where another law is in force by the day the province receives it.

    One relative has no number, so VNeID cannot reach them and the paper is asked for, once for both benefits.
    """
    benefits = died("insurance-lump-sum", moment(declared).date()).model_dump(mode="json")["benefits"]
    benefits["relatives"][-1]["personal_id"] = None
    await play.declare_death("insurance-lump-sum", declared, benefits=benefits)
    view = await play.see(lambda v: v.stage is DossierStage.WAITING_DOCUMENTS, "the agreement is asked for")
    assert len(of_people(view)) == 2
    [told] = await play.told(Notice.DOCUMENTS_NEEDED)
    assert told.count(DocumentKind.REPRESENTATIVE_AGREEMENT.label) == 1
    supplied = DocumentsSupplied(
        message_id=play.message_id(),
        dossier_code=play.code,
        documents=(paper(DocumentKind.REPRESENTATIVE_AGREEMENT),),
        at=await play.now(),
    )
    await play.tell(supplied)
    await play.sent(DEATH)
    if declared != DECLARED:
        await play.until(moment("2026-09-01 09:00:00"))
    await play.extract()
    for leg in (INSURANCE_FUNERAL, INSURANCE_SURVIVOR):
        await play.sent(leg)
    stored = await play.written()
    assert stored.plan is not None
    assert (stored.plan.pack, of_people(await play.view())) == ("2026-09-01", set())
    assert play.world.consents == []


def of_people(view: DossierView) -> set[str]:
    """The keys of everybody to be asked."""
    return {person.key for leg in (view.plan.legs if view.plan else ()) for person in leg.people}


@pytest.mark.rule("10.consent-declined")
async def test_the_citizen_learns_by_row_whose_answer_is_missing(play: Play) -> None:
    await asked_by_all(play)
    await play.consent(INSURANCE_SURVIVOR, YOUNGER, Answer.UNREACHABLE)
    [told] = await play.told(Notice.CONSENT_UNREACHABLE)
    assert "không liên lạc được với Thân nhân (mục 3)" in told
    await play.consent(INSURANCE_FUNERAL, YOUNGEST, Answer.DECLINED)
    [told] = await play.told(Notice.LEG_CONSENT_DECLINED)
    assert "vì Thân nhân (mục 4) không đồng ý" in told


async def test_a_correction_of_what_relatives_have_agreed_to_warns_operators(play: Play) -> None:
    await at_the_agency(play)
    await corrected(play, {"applicant.phone": "0912000398"}, "applicant.phone")
    assert not [text for text in (await play.view()).warnings if "sự đồng ý" in text]
    await play.agency(INSURANCE_SURVIVOR, Received(at=await play.now()))
    await asked_in(play, INSURANCE_SURVIVOR, correcting(await play.now(), f"{RELATIVES}.2.phone"))
    await supply(play, INSURANCE_SURVIVOR, corrections={f"{RELATIVES}.2.phone": "0912000397"})
    await play.see(lambda v: any("cần xem lại sự đồng ý" in text for text in v.warnings), "operators are warned")


# --- Relatives added, corrected and removed by supplement -----------------------------------------------------------


@pytest.mark.rule("5.relatives-consent", "7.supplement-same-dossier", "6.5-group-stops", "10.supplement-restart")
async def test_a_relative_added_by_supplement_is_asked_before_the_agency_gets_it(play: Play) -> None:
    """Asked on Friday 20/11, supplied at once; the new relative agrees on Monday, and only then the agency hears."""
    await at_the_agency(play)
    await corrected(play, NEW)
    [*_, request] = await play.asked(INSURANCE_SURVIVOR, 4)
    assert (request.person.personal_id, request.person.key) == (SON, "relative_4")
    assert request.answer_by == moment("2026-12-01 00:00:00")
    await stage_is(play, INSURANCE_SURVIVOR, LegStage.WAITING_CONSENTS)
    await play.until(moment("2026-11-23 10:00:00"))
    assert supplements(play) == []
    with refused(FactRefusal.ALREADY_ANSWERED):
        await asked_in_vain(play)
    await play.consent(INSURANCE_SURVIVOR, SON, at=moment("2026-11-23 10:00:00"))
    message = await handed_over(play)
    assert [consent.personal_id for consent in message.consents] == [SON]
    assert {change.path for change in message.changes} == NEW.keys()
    assert len(await play.asked(INSURANCE_FUNERAL, 3)) == 3, "who has the funeral benefit has not asked for anybody"
    await play.agency(INSURANCE_SURVIVOR, Received(at=await play.now()))
    stored = await play.written()
    assert stored.plan is not None
    assert [person.personal_id for person in stored.plan.leg(INSURANCE_SURVIVOR).people] == [*ASKED, SON]
    group = next(clock for clock in stored.clocks if clock.clock == "group")
    assert group.entries[-1].at == moment("2026-11-23 10:00:00")
    await play.complete(DEREGISTRATION)
    for leg in (INSURANCE_FUNERAL, INSURANCE_SURVIVOR):
        await play.complete_decision(leg)
    assert (await play.ended()).outcome is DossierOutcome.COMPLETED
    await Replayer(workflows=[], plugins=[LienthongPlugin()]).replay_workflow(await play.handle.fetch_history())


@pytest.mark.rule("10.consent-declined", "10.consent-expired", "7.refusal-one-leg")
@pytest.mark.parametrize("declined", [True, False])
async def test_without_the_new_relatives_consent_only_that_leg_ends(play: Play, declined: bool) -> None:
    await at_the_agency(play)
    await corrected(play, NEW)
    await play.asked(INSURANCE_SURVIVOR, 4)
    if declined:
        await play.consent(INSURANCE_SURVIVOR, SON, Answer.DECLINED)
    else:
        await play.until(moment("2026-12-08 00:00:01"))
    await stage_is(play, INSURANCE_SURVIVOR, LegStage.ENDED)
    leg = await play.leg(INSURANCE_SURVIVOR)
    assert leg.outcome is (LegOutcome.CONSENT_DECLINED if declined else LegOutcome.CONSENT_EXPIRED)
    stored = await play.written()
    letters = [notice.dispatch.follow_up for notice in stored.notices if notice.dispatch.follow_up]
    assert FollowUpKind.NOT_SUPPLEMENTED in {letter.kind for letter in letters if letter.leg == INSURANCE_SURVIVOR}
    assert not (await play.leg(INSURANCE_FUNERAL)).ended
    assert supplements(play) == []


@pytest.mark.rule("10.consent-declined")
async def test_who_declines_before_the_supplement_is_whole_has_declined(play: Play) -> None:
    """Two fields are asked for; the new relative says no while the second is still awaited."""
    await at_the_agency(play)
    await corrected(play, NEW, RELATIVES, "applicant.phone")
    await play.asked(INSURANCE_SURVIVOR, 4)
    await stage_is(play, INSURANCE_SURVIVOR, LegStage.WAITING_SUPPLEMENT)
    await play.consent(INSURANCE_SURVIVOR, SON, Answer.DECLINED)
    await supply(play, INSURANCE_SURVIVOR, corrections={"applicant.phone": "0912000398"})
    await stage_is(play, INSURANCE_SURVIVOR, LegStage.ENDED)
    assert (await play.leg(INSURANCE_SURVIVOR)).outcome is LegOutcome.CONSENT_DECLINED
    assert supplements(play) == []


async def test_a_decision_does_not_wait_for_the_new_relative(play: Play) -> None:
    await at_the_agency(play)
    await corrected(play, NEW)
    await play.asked(INSURANCE_SURVIVOR, 4)
    await play.complete_decision(INSURANCE_SURVIVOR)
    await stage_is(play, INSURANCE_SURVIVOR, LegStage.ENDED)
    assert (await play.leg(INSURANCE_SURVIVOR)).completed
    assert supplements(play) == []


@pytest.mark.rule("7.withdrawal-after", "7.withdrawal-told")
async def test_a_withdrawal_does_not_wait_for_the_new_relative_either(play: Play) -> None:
    await at_the_agency(play)
    await corrected(play, NEW)
    await play.asked(INSURANCE_SURVIVOR, 4)
    fact = {"dossier_code": play.code, "personal_id": DECLARANT, "reason": "Gia đình rút.", "at": await play.now()}
    await play.tell(Withdrawal(message_id=play.message_id(), **fact))
    outcome = await play.ended()
    assert {leg.outcome for leg in outcome.legs} == {LegOutcome.COMPLETED, LegOutcome.WITHDRAWN}
    told = [m.leg for m in play.world.follow_ups if m.kind is FollowUpKind.WITHDRAWAL]
    assert set(told) == {DEREGISTRATION, INSURANCE_FUNERAL, INSURANCE_SURVIVOR}


async def test_another_number_is_another_person_another_spelling_is_not(play: Play) -> None:
    await at_the_agency(play)
    await corrected(play, {f"{RELATIVES}.1.full_name": "Nguyễn Thị Vợ", f"{RELATIVES}.2.personal_id": SON})
    [*_, request] = await play.asked(INSURANCE_SURVIVOR, 4)
    assert (request.person.personal_id, request.person.key) == (SON, "relative_2_v1")
    with refused(FactRefusal.WRONG_PERSON):
        await play.consent(INSURANCE_SURVIVOR, YOUNGER)
    await play.consent(INSURANCE_SURVIVOR, SON)
    assert [consent.personal_id for consent in (await handed_over(play)).consents] == [SON]
    assert await states(play) == {
        "relative_1": ConsentState.GRANTED,
        "relative_2": ConsentState.DROPPED,
        "relative_3": ConsentState.GRANTED,
        "relative_2_v1": ConsentState.GRANTED,
    }


async def test_a_relative_removed_no_longer_counts(play: Play) -> None:
    """Asked in the registrar's supplement, before social insurance has anything: nobody waits for who is gone."""
    await play.declare_death("insurance-lump-sum", DECLARED)
    await play.receive(DEATH)
    await play.asked(INSURANCE_SURVIVOR, 3)
    await agreed(play, INSURANCE_SURVIVOR, MOTHER, YOUNGER)
    await asked_in(play, DEATH, correcting(await play.now(), RELATIVES))
    await supply(play, DEATH, corrections={f"{RELATIVES}.3": ""})
    await handed_over(play)
    await play.agency(DEATH, Received(at=await play.now()))
    await play.decide(DEATH, DocumentKind.DEATH_EXTRACT)
    message = await play.sent(INSURANCE_SURVIVOR)
    assert {consent.personal_id for consent in message.consents} == {MOTHER, YOUNGER}
    assert (await states(play))["relative_3"] is ConsentState.DROPPED
    with refused(FactRefusal.WRONG_PERSON):
        await play.consent(INSURANCE_SURVIVOR, YOUNGEST)


async def test_another_representative_is_another_question_to_all(play: Play) -> None:
    """The mother instead of the declarant, for the lump sum alone: who agreed to him has not agreed to her."""
    await at_the_agency(play)
    await corrected(play, OTHER_REPRESENTATIVE, REPRESENTATIVE)
    requests = (await play.asked(INSURANCE_SURVIVOR, 6))[3:]
    assert {request.representative for request in requests} == {"Nguyễn Thị Vợ Mẫu"}
    assert {request.person.key for request in requests} == {f"relative_{number}_v1" for number in (1, 2, 3)}
    await agreed(play, INSURANCE_SURVIVOR, *ASKED)
    assert len((await handed_over(play)).consents) == 3
    assert len(await play.asked(INSURANCE_FUNERAL, 3)) == 3


@pytest.mark.rule("5.relatives-consent", "5.lump-sum-representative")
async def test_an_agreement_given_with_the_correction_stands_for_all_it_asks(play: Play) -> None:
    """Social insurance asks for both at once: who signed the new paper is not asked in VNeID as well."""
    await at_the_agency(play)
    await play.until(moment("2026-11-20 10:00:00"))
    asking = correcting(await play.now(), REPRESENTATIVE)
    wanted = {"reason_code": "relatives_disagree", "documents": (DocumentKind.REPRESENTATIVE_AGREEMENT,)}
    await asked_in(play, INSURANCE_SURVIVOR, asking.model_copy(update=wanted))
    signed = paper(DocumentKind.REPRESENTATIVE_AGREEMENT)
    await supply(play, INSURANCE_SURVIVOR, signed, corrections=OTHER_REPRESENTATIVE)
    message = await handed_over(play)
    assert {consent.personal_id for consent in message.consents} == set(ASKED)
    assert {(consent.evidence, consent.proof) for consent in message.consents} == {(Evidence.AGREEMENT, signed)}
    assert message.documents == (signed,)
    assert len(await play.asked(INSURANCE_SURVIVOR, 3)) == 3, "nobody was asked again"


@pytest.mark.rule("5.relatives-consent", "5.lump-sum-representative", "7.supplement-same-dossier")
async def test_an_agency_hears_of_another_representative_only_once_they_agree(play: Play) -> None:
    """Social insurance corrects it in one part; the other part, which it has too, was agreed to for the declarant."""
    await at_the_agency(play)
    await play.until(moment("2026-11-20 10:00:00"))
    phone = {"applicant.phone": "0912000398"}
    await asked_in(play, INSURANCE_FUNERAL, correcting(await play.now(), REPRESENTATIVE, "applicant.phone"))
    await supply(play, INSURANCE_FUNERAL, corrections=OTHER_REPRESENTATIVE | phone)
    await handed_over(play)
    letters = [notice.dispatch.follow_up for notice in (await play.written()).notices if notice.dispatch.follow_up]
    told = {letter.leg: letter.changes for letter in letters if letter.kind is FollowUpKind.CORRECTION}
    assert [change.path for change in told[INSURANCE_SURVIVOR]] == ["applicant.phone"]
    assert any("cần xem lại với cơ quan" in warning for warning in (await play.view()).warnings)
    assert len(await play.asked(INSURANCE_SURVIVOR, 3)) == 3
    await asked_in(play, INSURANCE_SURVIVOR, correcting(await play.now(), "applicant.phone"))
    await supply(play, INSURANCE_SURVIVOR, corrections={"applicant.phone": "0912000397"})
    requests = (await play.asked(INSURANCE_SURVIVOR, 6))[3:]
    assert {request.representative for request in requests} == {"Nguyễn Thị Vợ Mẫu"}
    assert len(supplements(play)) == 1
    await agreed(play, INSURANCE_SURVIVOR, *ASKED)
    [_, message] = await supplements_sent(play, 2)
    assert {change.path for change in message.changes} == OTHER_REPRESENTATIVE.keys() | phone.keys()
    assert {consent.personal_id for consent in message.consents} == set(ASKED)


@pytest.mark.rule("6.5-group-stops")
async def test_time_stood_still_until_the_last_silent_relative_was_removed(play: Play) -> None:
    """The others agreed on Thursday; on Wednesday a correction in the other part removes the one who was waited for."""
    await asked_by_all(play)
    await agreed(play, INSURANCE_FUNERAL, *ASKED)
    await agreed(play, INSURANCE_SURVIVOR, MOTHER, YOUNGER)
    await play.receive(INSURANCE_FUNERAL)
    removed = moment("2026-11-25 10:00:00")
    await play.until(removed)
    await asked_in(play, INSURANCE_FUNERAL, correcting(await play.now(), RELATIVES))
    await supply(play, INSURANCE_FUNERAL, corrections={f"{RELATIVES}.3": ""})
    await play.sent(INSURANCE_SURVIVOR)
    view = await play.see(lambda v: v.clock is not None and not v.clock.stopped, "the group's clock runs")
    assert view.clock is not None
    [resumed] = [
        entry.at
        for entry in view.clock.entries
        if entry.kind is ClockEntryKind.RESUMED and entry.stop == INSURANCE_SURVIVOR
    ]
    assert resumed >= removed


@pytest.mark.rule("5.payee", "5.relatives-consent")
async def test_for_a_child_added_the_payee_is_asked(play: Play) -> None:
    await at_the_agency(play)
    grown = {path: value for path, value in NEW.items() if not path.endswith("receipt.way")}
    child = grown | {f"{RELATIVES}.4.born": "2016-05-06", f"{RELATIVES}.4.personal_id": "001216900307"}
    payee = {
        "beneficiary": "Phạm Văn Thêm Mẫu",
        "full_name": "Lê Thị Giám Hộ Mẫu",
        "relation": "guardian",
        "personal_id": "001175900308",
        "address.codes_on": "2026-11-01",
        "address.province_code": "01",
        "address.commune_code": "00070",
        "address.commune_name": "Phường Hoàn Kiếm",
        "address.detail": "Số 12 phố Thử Nghiệm",
        "phone": "0912000308",
        "receipt.way": "cash",
    }
    corrections = child | {f"benefits.payees.0.{field}": value for field, value in payee.items()}
    await corrected(play, corrections, RELATIVES, "benefits.payees")
    [*_, request] = await play.asked(INSURANCE_SURVIVOR, 4)
    assert (request.person.personal_id, request.person.key) == ("001175900308", "payee")
    assert request.about is not None
    assert "chưa đủ 15 tuổi" in request.about


@pytest.mark.rule("5.attachments-are-data")
async def test_what_the_commune_must_add_since_a_correction_it_is_asked_for(play: Play) -> None:
    await play.declare_death("merit-monthly", DECLARED)
    await play.extract()
    view = await play.view()
    assert view.plan is not None
    for leg in view.plan.legs:
        for person in leg.people:
            await play.asked(leg.key, len(leg.people))
            await play.consent(leg.key, person.personal_id)
    await play.receive(MERIT_SURVIVOR)
    relatives = "benefits.merit_relatives"
    await asked_in(play, MERIT_SURVIVOR, correcting(await play.now(), relatives))
    await supply(play, MERIT_SURVIVOR, corrections={f"{relatives}.2.circumstances": "orphaned"})
    await handed_over(play)
    stored = await play.written()
    letters = [notice.dispatch.follow_up for notice in stored.notices if notice.dispatch.follow_up]
    [letter] = [letter for letter in letters if letter.kind is FollowUpKind.TO_COMPLETE]
    assert letter.leg == DEATH
    assert stored.plan is not None
    [document] = stored.plan.completed_by_agencies
    assert letter.text == document.to_complete


async def test_what_else_would_change_the_law_is_refused_and_names_why(play: Play) -> None:
    """A relative without a number cannot be asked in VNeID: an agreement must be attached instead."""
    await at_the_agency(play)
    await play.until(moment("2026-11-20 10:00:00"))
    await asked_in(play, INSURANCE_SURVIVOR, correcting(await play.now(), RELATIVES))
    without = {path: value for path, value in NEW.items() if not path.endswith("personal_id")}
    with refused(FactRefusal.NOT_PERMITTED):
        await supply(play, INSURANCE_SURVIVOR, corrections=without)
    with refused(FactRefusal.MALFORMED):
        gap = {path.replace(".4.", ".6."): value for path, value in NEW.items()}
        await supply(play, INSURANCE_SURVIVOR, corrections=gap)
    await stage_is(play, INSURANCE_SURVIVOR, LegStage.WAITING_SUPPLEMENT)
    assert len(await states(play)) == 3
