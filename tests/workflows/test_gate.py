"""The return gate at work: what it refuses stays where it was; free text waits for an operator. November 2026."""

from typing import Any

import pytest
from temporalio.worker import Replayer

from models.details import attributes, details
from models.documents import DocumentKind
from models.dossier import DossierView, LegStage
from models.facts import (
    Accepted,
    AgencyEvent,
    Classification,
    ClassifiedAs,
    FactKind,
    FactRefusal,
    Refused,
    Returned,
    Unclassified,
)
from models.gate import DemandKind, Fault
from models.messages import FollowUpKind
from models.next_steps import next_steps
from models.publication import Notice
from models.search_attributes import OPERATOR, SearchAttribute
from tests.workflows.harness import Play, notices, refused
from tests.workflows.inputs import (
    DEATH,
    DEREGISTRATION,
    HEALTH,
    INSURANCE_FUNERAL,
    INSURANCE_SURVIVOR,
    RESIDENCE,
    moment,
    result,
)
from tests.workflows.test_many_consents import ASKED, agree, asked_by_all, at_the_agency
from tests.workflows.test_supplements import (
    PAPERS,
    asked_in,
    asking,
    at_the_agencies,
    correcting,
    stage_is,
    supply,
)
from workflows.plugin import LienthongPlugin


async def refusals(play: Play, leg: str, number: int) -> DossierView:
    """The dossier once that many demands have been refused in that leg."""
    return await play.see(
        lambda v: len(next(x for x in v.legs if x.key == leg).refused_demands) == number, f"{number} refused"
    )


def still(view: DossierView) -> DossierView:
    """The dossier but for what its gate has refused."""
    legs = tuple(leg.model_copy(update={"refused_demands": ()}) for leg in view.legs)
    return view.model_copy(update={"legs": legs, "refused_signals": 0})


@pytest.mark.rule("7.gate-dossier-stays", "7.gate-counted", "7.gate-forbidden-documents", "7.gate-every-kind")
async def test_what_the_gate_refuses_is_explained_counted_and_moves_nothing(play: Play) -> None:
    await at_the_agencies(play)
    await play.written()
    before = await play.view()
    at = await play.now()
    bare = await play.event(RESIDENCE, asking(at, reason_code=None, legal_basis=None))
    with refused(FactRefusal.GROUNDS_MISSING):
        await play.tell(bare)
    marriage = asking(at, documents=("marriage_certificate",)).model_dump(exclude={"kind"})
    with refused(FactRefusal.FORBIDDEN_DOCUMENT):
        await play.agency(RESIDENCE, Returned(**marriage))
    with refused(FactRefusal.GROUNDS_MISSING):
        await play.agency(HEALTH, Refused(at=at, text="Không đủ điều kiện."))
    view = await play.view()
    assert still(view) == before
    kinds = [demand.kind for demand in view.legs[1].refused_demands]
    assert kinds == [DemandKind.SUPPLEMENT, DemandKind.RETURN]
    assert view.legs[1].refused_demands[0].faults == (Fault.NO_REASON, Fault.NO_BASIS)
    assert "2 yêu cầu của cơ quan không được chấp nhận" in details(view)

    with refused(FactRefusal.GROUNDS_MISSING):
        await play.tell(bare, update_id="again")
    await play.handle.signal(FactKind.AGENCY_EVENT.value, bare)
    changed = bare.model_copy(update={"fact": asking(at)})
    with refused(FactRefusal.MESSAGE_REUSED):
        await play.tell(changed, update_id="changed")
    after = await play.view()
    assert after == view
    stored = await play.written()
    assert len(stored.legs[1].refused_demands) == 2
    assert notices(stored, Notice.SUPPLEMENT_NEEDED) == []

    await asked_in(play, RESIDENCE)
    await play.decide(HEALTH, DocumentKind.HEALTH_INSURANCE_CARD)
    await play.decide(RESIDENCE, DocumentKind.RESIDENCE_NOTICE)
    await play.ended()
    await Replayer(workflows=[], plugins=[LienthongPlugin()]).replay_workflow(await play.handle.fetch_history())


@pytest.mark.rule("7.gate-counted")
async def test_a_wrong_demand_by_signal_is_recorded_and_counted_once(play: Play) -> None:
    await at_the_agencies(play)
    bare = await play.event(RESIDENCE, asking(await play.now(), text=None))
    for _ in range(2):
        await play.handle.signal(FactKind.AGENCY_EVENT.value, bare)
    view = await refusals(play, RESIDENCE, 1)
    assert view.refused_signals == 1
    with refused(FactRefusal.GROUNDS_MISSING):
        await play.tell(bare)
    [fact] = (await play.written()).refused_facts
    assert fact.reason is FactRefusal.GROUNDS_MISSING
    assert "Phải giải thích cho công dân" in fact.text


async def test_a_good_demand_by_signal_takes_effect(play: Play) -> None:
    await at_the_agencies(play)
    event = await play.event(RESIDENCE, asking(await play.now()))
    await play.handle.signal(FactKind.AGENCY_EVENT.value, event)
    await stage_is(play, RESIDENCE, LegStage.WAITING_SUPPLEMENT)
    assert (await play.tell(event)).repeated


async def test_what_the_citizen_gave_is_asked_again_only_when_it_is_faulty(play: Play) -> None:
    await at_the_agencies(play)
    await asked_in(play, RESIDENCE)
    await supply(play, RESIDENCE, result(PAPERS))
    await stage_is(play, RESIDENCE, LegStage.WAITING_RECEIPT)
    with refused(FactRefusal.FORBIDDEN_DOCUMENT):
        await play.agency(RESIDENCE, asking(await play.now()))
    await play.agency(RESIDENCE, asking(await play.now(), reason_code="document_unreadable"))
    await stage_is(play, RESIDENCE, LegStage.WAITING_SUPPLEMENT)


async def test_a_demand_contradicts_a_decision(play: Play) -> None:
    await at_the_agencies(play)
    await play.decide(HEALTH)
    with refused(FactRefusal.CONTRADICTS):
        await play.agency(HEALTH, asking(await play.now()))
    with refused(FactRefusal.CONTRADICTS):
        await play.refuse(HEALTH)


@pytest.mark.rule("7.gate-forbidden-documents", "7.gate-counted", "7.gate-dossier-stays")
async def test_a_bereaved_family_is_asked_for_no_paper_whose_signed_data_are_there(play: Play) -> None:
    """The death notice, which was found signed, and the extract, which has been issued in this very dossier."""
    await play.declare_death("householder", "2026-11-19 09:00:00")
    await play.receive(DEATH)
    with refused(FactRefusal.FORBIDDEN_DOCUMENT):
        await play.agency(DEATH, asking(await play.now(), documents=("death_notice",)))
    await play.decide(DEATH, DocumentKind.DEATH_EXTRACT)
    await play.receive(DEREGISTRATION)
    with refused(FactRefusal.FORBIDDEN_DOCUMENT):
        await play.agency(DEREGISTRATION, asking(await play.now(), documents=("death_extract",)))
    view = await play.view()
    assert [demand.faults for leg in view.legs for demand in leg.refused_demands] == [
        (Fault.ALREADY_HELD,),
        (Fault.FORBIDDEN_DOCUMENT,),
    ]
    assert [demand.refusal for leg in view.legs for demand in leg.refused_demands] == [
        FactRefusal.FORBIDDEN_DOCUMENT
    ] * 2
    assert "Giấy báo tử điện tử đã ký số có trong hồ sơ" in view.legs[0].refused_demands[0].text
    assert view.legs[1].stage is LegStage.IN_PROGRESS


# --- Free text -----------------------------------------------------------------------------------------------------

FREE_TEXT = "Hồ sơ thiếu giấy tờ, đề nghị bổ sung."


async def wrote(play: Play, leg: str = RESIDENCE) -> AgencyEvent:
    """The agency writes without grounds."""
    event = await play.event(leg, Unclassified(at=await play.now(), text=FREE_TEXT))
    await play.tell(event)
    return event


async def classify(play: Play, of: AgencyEvent, found: ClassifiedAs, **grounds: Any) -> Accepted:
    """The operator finds that in the message."""
    fact = {
        "message_id": play.message_id(),
        "dossier_code": play.code,
        "leg": of.leg,
        "of": of.message_id,
        "found": found,
        "operator": "vh-01",
        "because": "Tin nêu rõ thiếu giấy tờ chỗ ở.",
        "at": await play.now(),
    }
    return await play.tell(Classification.model_validate(fact | grounds))


GROUNDS = {
    "reason_code": "document_missing",
    "documents": (PAPERS.value,),
    "legal_basis": "Luật Cư trú Điều 21",
}


@pytest.mark.rule("7.unclassified", "7.unclassified-moves-nothing")
async def test_free_text_moves_nothing_and_the_reason_is_demanded_once(play: Play) -> None:
    await at_the_agencies(play)
    before = await play.leg(RESIDENCE)
    first = await wrote(play)
    await wrote(play)
    view = await play.view()
    assert view.legs[1].model_copy(update={"notes": ()}) == before
    assert OPERATOR in attributes(view).lists[SearchAttribute.WAITING_FOR]
    steps = " ".join(next_steps(view))
    assert f"phân loại tin {first.message_id}" in steps
    assert FREE_TEXT not in details(view)
    stored = await play.written()
    demanded = [n.dispatch.follow_up for n in stored.notices if n.dispatch.follow_up]
    assert [follow_up.kind for follow_up in demanded if follow_up] == [FollowUpKind.GROUNDS_DEMANDED]


@pytest.mark.rule("7.unclassified-operator")
async def test_an_operator_finds_a_request_on_record(play: Play) -> None:
    await at_the_agencies(play)
    message = await wrote(play)
    with refused(FactRefusal.GROUNDS_MISSING):
        await classify(play, message, ClassifiedAs.SUPPLEMENT)
    with refused(FactRefusal.FORBIDDEN_DOCUMENT):
        await classify(play, message, ClassifiedAs.SUPPLEMENT, **{**GROUNDS, "documents": ("identity_card",)})
    residence = await play.leg(RESIDENCE)
    assert residence.open_notes
    assert residence.refused_demands == (), "that was no demand of the agency"
    await play.until(moment("2026-11-20 10:00:00"))
    await classify(play, message, ClassifiedAs.SUPPLEMENT, **GROUNDS)
    await stage_is(play, RESIDENCE, LegStage.WAITING_SUPPLEMENT)
    residence = await play.leg(RESIDENCE)
    [note] = residence.notes
    assert (note.operator, note.found, note.open) == ("vh-01", ClassifiedAs.SUPPLEMENT, False)
    assert residence.supplements[0].text == FREE_TEXT
    assert residence.supplements[0].requested_at >= moment("2026-11-20 10:00:00")
    with refused(FactRefusal.ALREADY_ANSWERED):
        await classify(play, message, ClassifiedAs.NO_ACTION)


@pytest.mark.rule("7.unclassified-operator")
async def test_an_operator_finds_a_refusal_or_nothing(play: Play) -> None:
    await at_the_agencies(play)
    nothing = await wrote(play, HEALTH)
    await classify(play, nothing, ClassifiedAs.NO_ACTION)
    health = await play.leg(HEALTH)
    assert health.stage is LegStage.IN_PROGRESS
    assert health.open_notes == ()
    refusal = await wrote(play)
    with refused(FactRefusal.NOT_AWAITED):
        await classify(play, refusal.model_copy(update={"leg": HEALTH}), ClassifiedAs.NO_ACTION)
    await classify(play, refusal, ClassifiedAs.REFUSAL, **{**GROUNDS, "reason_code": "conditions_not_met"})
    await stage_is(play, RESIDENCE, LegStage.ENDED)
    refused_leg = await play.leg(RESIDENCE)
    assert refused_leg.refusal is not None
    assert refused_leg.refusal.text == FREE_TEXT


@pytest.mark.rule("7.unclassified-moves-nothing")
async def test_a_proper_demand_or_a_decision_settles_free_text(play: Play) -> None:
    await at_the_agencies(play)
    await wrote(play)
    await wrote(play, HEALTH)
    await play.agency(RESIDENCE, asking(await play.now()))
    residence = await play.leg(RESIDENCE)
    assert residence.open_notes == ()
    assert residence.notes[0].operator is None
    await play.decide(HEALTH, DocumentKind.HEALTH_INSURANCE_CARD)
    await stage_is(play, HEALTH, LegStage.ENDED)
    assert OPERATOR not in attributes(await play.view()).lists[SearchAttribute.WAITING_FOR]


@pytest.mark.rule("5.relatives-consent", "5.lump-sum-representative")
@pytest.mark.parametrize("signed", [True, False])
async def test_relatives_who_have_agreed_are_not_asked_for_the_paper(play: Play, signed: bool) -> None:
    """Whether they all signed it or all answered in VNeID; a fault of theirs may still be told."""
    await asked_by_all(play)
    if signed:
        await agree(play, *ASKED)
    else:
        for person in ASKED:
            await play.consent(INSURANCE_SURVIVOR, person)
    await play.receive(INSURANCE_SURVIVOR)
    paper = {"documents": ("representative_agreement",)}
    with refused(FactRefusal.FORBIDDEN_DOCUMENT):
        await play.agency(INSURANCE_SURVIVOR, asking(await play.now(), **paper))
    [demand] = (await play.leg(INSURANCE_SURVIVOR)).refused_demands
    assert demand.faults == (Fault.ALREADY_HELD,)
    await asked_in(play, INSURANCE_SURVIVOR, asking(await play.now(), **paper, reason_code="relatives_disagree"))


@pytest.mark.rule("5.sensitive", "7.gate-counted", "7.gate-dossier-stays")
async def test_agencies_neither_ask_for_nor_hear_of_what_is_not_theirs(play: Play) -> None:
    await at_the_agency(play)
    await play.receive(DEREGISTRATION)
    for leg, path in ((INSURANCE_SURVIVOR, "deceased.cause"), (DEREGISTRATION, "benefits.relatives.1.phone")):
        with refused(FactRefusal.FORBIDDEN_DOCUMENT):
            await play.agency(leg, correcting(await play.now(), path))
        [demand] = (await play.leg(leg)).refused_demands
        assert demand.faults == (Fault.FORBIDDEN_FIELD,)
    await asked_in(play, INSURANCE_SURVIVOR, correcting(await play.now(), "benefits.relatives.1.phone"))
    await supply(play, INSURANCE_SURVIVOR, corrections={"benefits.relatives.1.phone": "0912000398"})
    stored = await play.written()
    letters = [notice.dispatch.follow_up for notice in stored.notices if notice.dispatch.follow_up]
    told = [letter.leg for letter in letters if letter.kind is FollowUpKind.CORRECTION]
    assert told == [DEATH, INSURANCE_FUNERAL]
