"""Supplements: one leg waits for the citizen, the others never notice (REQUIREMENTS §§6.5, 6.6, 7, 10). November 2026.

Thursday 19 November; Tuesday 24 November is Vietnam Culture Day.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.worker import Replayer

from ledger.errors import DuplicateDossier
from ledger.values import GROUP_CLOCK
from models.clock import ClockEntryKind, Timeliness
from models.documents import Document, DocumentKind
from models.dossier import DossierOutcome, DossierView, Leg, LegOutcome, LegStage, SupplementState
from models.facts import (
    Accepted,
    DocumentsSupplied,
    FactRefusal,
    PassedOn,
    Received,
    Refused,
    Returned,
    SupplementProvided,
    SupplementRequested,
    Verification,
)
from models.messages import FieldChange, FollowUp, FollowUpKind, Sent
from models.publication import Notice
from models.statuses import PortalStatus
from models.submission import submission
from models.systems import System
from tests.models.cases import born
from tests.workflows.harness import Play, notices, refused
from tests.workflows.inputs import BIRTH, HEALTH, RESIDENCE, moment, result
from tests.workflows.lateness import near
from tests.workflows.test_retiming import announce
from workflows.plugin import LienthongPlugin

DECLARED = "2026-11-19 09:00:00"
PAPERS = DocumentKind.RESIDENCE_PAPERS
HOMETOWN, DWELLING = "child.hometown.detail", "residence_registration.address.detail"


def asking(at: datetime, **grounds: Any) -> SupplementRequested:
    """A request for papers with everything a request needs, some of it replaced."""
    whole = {
        "at": at,
        "reason_code": "document_missing",
        "documents": (PAPERS.value,),
        "legal_basis": "Luật Cư trú Điều 21",
        "text": "Thiếu giấy tờ chứng minh chỗ ở.",
    }
    return SupplementRequested(**{**whole, **grounds})


def correcting(at: datetime, *fields: str) -> SupplementRequested:
    """A request to correct fields of the form."""
    return asking(at, reason_code="field_wrong", documents=(), fields=fields or (HOMETOWN,))


async def supply(play: Play, leg: str, *documents: Document, **fields: Any) -> Accepted:
    """The citizen supplies that."""
    corrections: Mapping[str, str] = fields.pop("corrections", {})
    at = fields.pop("at", None) or await play.now()
    fact = SupplementProvided(
        message_id=play.message_id(),
        dossier_code=play.code,
        leg=leg,
        documents=documents,
        corrections=corrections,
        at=at,
        **fields,
    )
    return await play.tell(fact)


async def at_the_agencies(play: Play) -> None:
    """Registered; residence and health card received by their agencies."""
    await play.declare("plain", DECLARED)
    await play.register()
    for leg in (RESIDENCE, HEALTH):
        await play.receive(leg)


async def asked_in(play: Play, leg: str, request: SupplementRequested | None = None) -> None:
    """The agency of that leg asks, and the citizen has been told until when."""
    times = len((await play.leg(leg)).supplements)
    await play.agency(leg, request or asking(await play.now()))

    def told(view: DossierView) -> bool:
        found = next(x for x in view.legs if x.key == leg)
        return len(found.supplements) > times and found.supplements[-1].limit is not None

    await play.see(told, "the citizen's limit")


async def handed_over(play: Play, times: int = 1) -> FollowUp:
    """The supplement as its agency gets it."""
    await play.see(lambda _: len(play.world.follow_ups) >= times, "the supplement is sent")
    return play.world.follow_ups[-1]


def kinds(leg: Leg) -> list[ClockEntryKind]:
    assert leg.clock is not None
    return [entry.kind for entry in leg.clock.entries]


async def stage_is(play: Play, leg: str, stage: LegStage) -> None:
    await play.see(lambda v: next(x for x in v.legs if x.key == leg).stage is stage, f"{leg} {stage}")


@pytest.mark.rule(
    "7.supplement-any-leg",
    "7.supplement-uploaded",
    "7.supplement-same-dossier",
    "7.supplement-files",
    "6.5-group-stops",
    "6.5-group-never-restarts",
    "10.supplement-stop",
    "10.supplement-restart",
)
async def test_one_leg_waits_for_the_citizen_and_goes_on_from_there(play: Play) -> None:
    await at_the_agencies(play)
    await play.until(moment("2026-11-20 10:00:00"))
    other = await play.leg(HEALTH)
    await asked_in(play, RESIDENCE)
    view = await play.see(lambda v: bool(v.due and v.due.stopped), "the group's clock stands")
    residence = view.legs[1]
    assert residence.stage is LegStage.WAITING_SUPPLEMENT
    assert residence.due is not None
    assert residence.due.stopped
    assert residence.due.at is None
    [told] = await play.told(Notice.SUPPLEMENT_NEEDED)
    assert "Công an xã" in told
    assert PAPERS.label in told
    assert "Thiếu giấy tờ chứng minh chỗ ở." in told
    assert "Luật Cư trú Điều 21" in told
    assert "trước 24 giờ ngày thứ Tư 2/12/2026" in told
    assert (await play.leg(HEALTH)) == other

    await play.until(moment("2026-11-23 14:00:00"))
    await play.decide(HEALTH, DocumentKind.HEALTH_INSURANCE_CARD)
    await stage_is(play, HEALTH, LegStage.ENDED)
    pages = [result(PAPERS).model_copy(update={"sha256": digit * 64}) for digit in "12"]
    await supply(play, RESIDENCE, *pages)
    message = await handed_over(play)
    assert message.kind is FollowUpKind.SUPPLEMENT
    assert list(message.documents) == pages
    assert message.agency_code == f"H01.{RESIDENCE}"
    view = await play.see(lambda v: bool(v.due and not v.due.stopped), "the group's clock runs")
    assert view.due is not None
    assert view.due.at == moment("2026-11-26 17:00:00")
    assert view.legs[1].stage is LegStage.WAITING_RECEIPT

    await play.until(moment("2026-11-25 14:00:00"))
    await play.agency(RESIDENCE, Received(at=await play.now()))
    view = await play.see(lambda v: bool(v.legs[1].due and v.legs[1].due.at), "the leg's clock runs anew")
    assert view.legs[1].due is not None
    assert view.legs[1].due.at == moment("2026-11-27 17:00:00")
    assert kinds(view.legs[1]) == [ClockEntryKind.STARTED, ClockEntryKind.STOPPED, ClockEntryKind.RESTARTED]
    await play.decide(RESIDENCE, DocumentKind.RESIDENCE_NOTICE)
    outcome = await play.ended()
    assert outcome.outcome is DossierOutcome.COMPLETED
    assert outcome.legs[1].timeliness is Timeliness.EARLY
    stored = await play.written()
    group = [entry.kind for clock in stored.clocks if clock.clock == GROUP_CLOCK for entry in clock.entries]
    assert group == [ClockEntryKind.STARTED, ClockEntryKind.STOPPED, ClockEntryKind.RESUMED]
    assert {PAPERS} <= {found.document.kind for found in stored.documents if found.leg is None}
    portal = [event.status.code for event in stored.statuses if not event.incoming]
    needed = portal.index(PortalStatus.NEEDS_DOCUMENTS.value)
    assert PortalStatus.IN_PROGRESS.value in portal[needed:]
    dates = notices(stored, Notice.LEG_DATES)
    assert any("17:00 thứ Sáu 27/11/2026" in text and "17:00 thứ Hai 23/11/2026" in text for text in dates)
    await Replayer(workflows=[], plugins=[LienthongPlugin()]).replay_workflow(await play.handle.fetch_history())


@pytest.mark.rule("10.supplement-restart", "10.which-receipt", "10.exactly-15")
@pytest.mark.parametrize(
    ("received", "due"),
    [("2026-11-23 15:00:00", "2026-11-26 17:00:00"), ("2026-11-23 15:00:01", "2026-11-27 17:00:00")],
)
async def test_the_receipt_of_a_supplement_follows_the_rule_of_fifteen_hours(
    play: Play, received: str, due: str
) -> None:
    await at_the_agencies(play)
    await asked_in(play, RESIDENCE)
    await supply(play, RESIDENCE, result(PAPERS))
    await handed_over(play)
    await play.until(moment(received))
    await play.agency(RESIDENCE, Received(at=moment(received)))
    view = await play.see(lambda v: bool(v.legs[1].due and v.legs[1].due.at), "the clock runs anew")
    assert view.legs[1].due is not None
    assert view.legs[1].due.at == moment(due)


@pytest.mark.rule("6.6-supplement", "6.6-no-15", "6.6-request-day", "6.6-midnight", "10.supplement-limit")
async def test_the_limit_ends_at_midnight_of_the_seventh_working_day(play: Play) -> None:
    """Asked on Thursday 19/11 at 16:30: 20, 23, 25, 26, 27, 30/11 and Tuesday 1/12; the 24th is a day off."""
    await at_the_agencies(play)
    await play.until(moment("2026-11-19 16:30:00"))
    await asked_in(play, RESIDENCE)
    attached = DocumentsSupplied(
        message_id=play.message_id(), dossier_code=play.code, documents=[result(PAPERS)], at=await play.now()
    )
    with pytest.raises(WorkflowUpdateFailedError) as refusal:
        await play.tell(attached)
    assert f"lienthong supplement --leg {RESIDENCE}" in str(refusal.value.cause)
    await play.until(moment("2026-12-01 23:59:40"))
    await supply(play, RESIDENCE, result(PAPERS))
    await handed_over(play)


@pytest.mark.rule("10.supplement-not-provided", "6.6-supplement", "6.6-midnight")
async def test_without_a_supplement_only_that_leg_ends(play: Play) -> None:
    await at_the_agencies(play)
    await asked_in(play, RESIDENCE)
    await play.decide(HEALTH, DocumentKind.HEALTH_INSURANCE_CARD)
    await play.until(moment("2026-11-26 08:00:01"))
    [reminder] = await play.told(Notice.SUPPLEMENT_REMINDER)
    assert "trước 24 giờ ngày thứ Ba 1/12/2026" in reminder
    await play.until(moment("2026-12-01 23:59:40"))
    assert (await play.leg(RESIDENCE)).stage is LegStage.WAITING_SUPPLEMENT
    outcome = await play.ended()
    assert outcome.outcome is DossierOutcome.PARTLY_COMPLETED
    residence = outcome.legs[1]
    assert residence.outcome is LegOutcome.SUPPLEMENT_NOT_PROVIDED
    assert residence.supplements[0].state is SupplementState.NOT_PROVIDED
    assert residence.ended_at is not None
    assert near(residence.ended_at, moment("2026-12-02 00:00:00"))
    stored = await play.written()
    assert len(notices(stored, Notice.SUPPLEMENT_REMINDER)) == 2
    [told] = notices(stored, Notice.LEG_SUPPLEMENT_NOT_PROVIDED)
    assert PAPERS.label in told
    assert play.world.follow_ups == []
    letters = [notice.dispatch.follow_up for notice in stored.notices if notice.dispatch.follow_up]
    assert [(letter.kind, letter.system) for letter in letters] == [(FollowUpKind.NOT_SUPPLEMENTED, System.RESIDENCE)]


@pytest.mark.rule("7.supplement-any-leg", "6.4-civil-status", "10.supplement-restart", "10.supplement-again")
async def test_the_province_may_ask_before_and_after_it_passes_the_dossier_on(play: Play) -> None:
    await play.declare("plain", DECLARED)
    await play.receive(BIRTH)
    witness = DocumentKind.WITNESS_STATEMENT
    await asked_in(play, BIRTH, asking(await play.now(), documents=(witness.value,)))
    await play.see(lambda v: bool(v.due and v.due.stopped), "the group's clock stands")
    with refused(FactRefusal.OUT_OF_TURN):
        await play.agency(BIRTH, PassedOn(at=await play.now()))
    await supply(play, BIRTH, result(witness))
    await handed_over(play)
    await play.agency(BIRTH, Received(at=await play.now()))
    await play.agency(BIRTH, PassedOn(at=await play.now()))
    commitment = DocumentKind.BIRTH_COMMITMENT
    await asked_in(play, BIRTH, asking(await play.now(), documents=(commitment.value,)))
    await supply(play, BIRTH, result(commitment))
    await handed_over(play, 2)
    assert [supplement.state for supplement in (await play.leg(BIRTH)).supplements] == [
        SupplementState.RECEIVED,
        SupplementState.PROVIDED,
    ]
    await play.agency(BIRTH, Received(at=await play.now()))
    with refused(FactRefusal.ALREADY_ANSWERED):
        await play.agency(BIRTH, PassedOn(at=await play.now()))
    await play.decide(BIRTH)
    await play.certify()
    await play.complete(RESIDENCE, HEALTH)
    outcome = await play.ended()
    assert outcome.outcome is DossierOutcome.COMPLETED
    stored = await play.written()
    assert any("lần thứ 2" in warning for warning in stored.warnings)
    assert len(stored.legs[0].supplements) == 2


@pytest.mark.rule("7.supplement-any-leg")
async def test_a_request_that_overtakes_the_receipt(play: Play) -> None:
    """The province has not said that it received the dossier; its receipt comes only after the citizen has acted."""
    await play.declare("plain", DECLARED)
    await play.sent(BIRTH)
    await asked_in(play, BIRTH, asking(await play.now(), documents=("birth_commitment",)))
    received_at = await play.now()
    await play.until(moment("2026-11-19 10:00:00"))
    await supply(play, BIRTH, result(DocumentKind.BIRTH_COMMITMENT))
    await handed_over(play)
    with refused(FactRefusal.ALREADY_ANSWERED):
        await play.agency(BIRTH, Received(at=received_at))
    await play.agency(BIRTH, Received(at=await play.now()))
    await play.see(lambda v: bool(v.legs[0].due and v.legs[0].due.at), "runs anew")
    assert kinds(await play.leg(BIRTH))[-1] is ClockEntryKind.RESTARTED


@pytest.mark.parametrize("supplied_first", [True, False])
async def test_a_request_and_its_supplement_overtake_our_answer_to_the_part(play: Play, supplied_first: bool) -> None:
    """The agency has the part and asks for more; that it has taken the part we learn only later (found by `chaos`)."""
    await play.declare("plain", DECLARED)
    play.world.away.add(System.RESIDENCE)
    await play.register()
    await stage_is(play, RESIDENCE, LegStage.SENDING)
    await play.agency(RESIDENCE, Received(at=await play.now(), agency_code="CT-1"))
    await play.agency(RESIDENCE, asking(await play.now()))
    if supplied_first:
        await supply(play, RESIDENCE, result(PAPERS))
    play.world.away.clear()
    await play.until(moment("2026-11-19 09:30:00"))
    if not supplied_first:
        await supply(play, RESIDENCE, result(PAPERS))
    message = await handed_over(play)
    assert [document.kind for document in message.documents] == [PAPERS]
    await stage_is(play, RESIDENCE, LegStage.WAITING_RECEIPT)
    view = await play.view()
    assert view.due is not None
    assert not view.due.stopped


@pytest.mark.rule("10.supplement-restart", "10.verification-leg")
async def test_a_supplement_while_the_agency_verifies_keeps_the_longer_limit(play: Play) -> None:
    await play.declare("grandparents-home", DECLARED)
    await play.register()
    for person in ("001060000131", "001163000132"):
        await play.consent(RESIDENCE, person)
    await play.receive(RESIDENCE)
    await play.agency(RESIDENCE, Verification(at=await play.now(), text="Xác minh nơi ở"))
    request = asking(await play.now(), reason_code="document_unreadable")
    await asked_in(play, RESIDENCE, request)
    with refused(FactRefusal.OUT_OF_TURN):
        await play.agency(RESIDENCE, Verification(at=await play.now(), text="Xác minh nơi ở"))
    play.world.receipts[System.RESIDENCE] = Sent(receipt_at=moment("2026-11-19 09:00:00"))
    await supply(play, RESIDENCE, result(PAPERS))
    view = await play.see(lambda v: bool(v.legs[1].due and v.legs[1].due.at), "runs anew")
    assert view.legs[1].due is not None
    assert view.legs[1].due.working_days == 5


async def test_what_is_asked_may_come_in_parts(play: Play) -> None:
    await at_the_agencies(play)
    request = asking(await play.now(), documents=(PAPERS.value, "guardianship_document"), fields=(HOMETOWN,))
    await asked_in(play, RESIDENCE, request)
    await supply(play, RESIDENCE, result(PAPERS))
    assert (await play.leg(RESIDENCE)).stage is LegStage.WAITING_SUPPLEMENT
    await supply(play, RESIDENCE, corrections={HOMETOWN: "Thôn Mẫu"})
    await play.until(moment("2026-11-26 08:00:01"))
    [reminder] = await play.told(Notice.SUPPLEMENT_REMINDER)
    assert DocumentKind.GUARDIANSHIP_DOCUMENT.label in reminder
    assert PAPERS.label not in reminder
    await supply(play, RESIDENCE, result(DocumentKind.GUARDIANSHIP_DOCUMENT))
    message = await handed_over(play)
    assert [document.kind for document in message.documents] == [PAPERS, DocumentKind.GUARDIANSHIP_DOCUMENT]
    assert [change.value for change in message.changes] == ["Thôn Mẫu"]


async def test_only_what_was_asked_is_taken(play: Play) -> None:
    await at_the_agencies(play)
    with refused(FactRefusal.NOT_AWAITED):
        await supply(play, RESIDENCE, result(PAPERS))
    await asked_in(play, RESIDENCE)
    with refused(FactRefusal.NOT_AWAITED):
        await supply(play, RESIDENCE, result(DocumentKind.BIRTH_COMMITMENT))
    with refused(FactRefusal.NOT_AWAITED):
        await supply(play, RESIDENCE, corrections={HOMETOWN: "Thôn Mẫu"})
    with refused(FactRefusal.MALFORMED):
        await supply(play, RESIDENCE)
    with refused(FactRefusal.NOT_AWAITED):
        await supply(play, HEALTH, result(PAPERS))
    with refused(FactRefusal.UNKNOWN_LEG):
        await supply(play, "land", result(PAPERS))
    with refused(FactRefusal.IN_FUTURE):
        await supply(play, RESIDENCE, result(PAPERS), at=moment("2026-11-25 09:00:00"))
    with refused(FactRefusal.ALREADY_ANSWERED):
        await play.agency(RESIDENCE, asking(await play.now()))
    with refused(FactRefusal.WRONG_SENDER):
        await play.agency(RESIDENCE, asking(await play.now()), source=System.SOCIAL_INSURANCE)
    assert (await play.leg(RESIDENCE)).supplements[0].given == ()


async def test_a_decision_does_not_wait_for_the_supplement(play: Play) -> None:
    await at_the_agencies(play)
    await asked_in(play, RESIDENCE)
    await play.see(lambda v: bool(v.due and v.due.stopped), "the group's clock stands")
    await play.until(moment("2026-11-20 11:00:00"))
    await play.decide(RESIDENCE, DocumentKind.RESIDENCE_NOTICE)
    await stage_is(play, RESIDENCE, LegStage.ENDED)
    residence = await play.leg(RESIDENCE)
    assert residence.supplements[0].state is SupplementState.LAPSED
    assert residence.timeliness is Timeliness.EARLY
    await play.see(lambda v: bool(v.due and not v.due.stopped), "the group's clock runs")
    with refused(FactRefusal.ENDED):
        await supply(play, RESIDENCE, result(PAPERS))
    await play.decide(HEALTH, DocumentKind.HEALTH_INSURANCE_CARD)
    assert (await play.ended()).outcome is DossierOutcome.COMPLETED


@pytest.mark.rule("7.refusal-one-leg")
async def test_a_refusal_does_not_wait_either(play: Play) -> None:
    await at_the_agencies(play)
    await asked_in(play, RESIDENCE)
    await play.refuse(RESIDENCE)
    await stage_is(play, RESIDENCE, LegStage.ENDED)
    await play.decide(HEALTH, DocumentKind.HEALTH_INSURANCE_CARD)
    outcome = await play.ended()
    assert outcome.legs[1].outcome is LegOutcome.REFUSED
    assert outcome.legs[1].supplements[0].state is SupplementState.LAPSED


async def test_a_decision_overtakes_the_receipt_of_the_supplement(play: Play) -> None:
    await at_the_agencies(play)
    await asked_in(play, RESIDENCE)
    await supply(play, RESIDENCE, result(PAPERS))
    await handed_over(play)
    await stage_is(play, RESIDENCE, LegStage.WAITING_RECEIPT)
    await play.decide(RESIDENCE, DocumentKind.RESIDENCE_NOTICE)
    await stage_is(play, RESIDENCE, LegStage.ENDED)
    assert kinds(await play.leg(RESIDENCE))[-1] is ClockEntryKind.RESTARTED


@pytest.mark.rule("7.supplement-same-dossier")
async def test_a_return_never_starts_again(play: Play) -> None:
    """Grounds that can be cured make a return a request; grounds that cannot, a refusal."""
    await at_the_agencies(play)
    curable = asking(await play.now()).model_dump(exclude={"kind"})
    await play.agency(RESIDENCE, Returned(**curable))
    await stage_is(play, RESIDENCE, LegStage.WAITING_SUPPLEMENT)
    final = Refused(
        at=await play.now(),
        reason_code="already_done",
        fields=("residence_registration.address",),
        legal_basis="Luật Cư trú Điều 21",
        text="Trẻ đã có nơi thường trú.",
    ).model_dump(exclude={"kind"})
    await play.agency(HEALTH, Returned(**final))
    await stage_is(play, HEALTH, LegStage.ENDED)
    health = await play.leg(HEALTH)
    assert health.outcome is LegOutcome.REFUSED
    assert health.refusal is not None
    assert "Nơi đề nghị đăng ký thường trú" in health.refusal.concerns


@pytest.mark.rule("6.1-running-dossiers")
async def test_a_calendar_announced_anew_moves_the_limit(play: Play, tmp_path: Path) -> None:
    """Monday 23/11 becomes a day off, Saturday 28/11 is worked instead: the end stays, the first reminder moves."""
    await at_the_agencies(play)
    await asked_in(play, RESIDENCE)
    before = (await play.leg(RESIDENCE)).supplements[0].limit
    assert before is not None
    version = await announce(play, tmp_path)

    def moved(view: DossierView) -> bool:
        limit = view.legs[1].supplements[0].limit
        return limit is not None and limit.due.calendar_version == version

    await play.see(moved, "the limit by the new calendar")
    after = (await play.leg(RESIDENCE)).supplements[0].limit
    assert after is not None
    assert after.remind_at != before.remind_at


@pytest.mark.rule("7.supplement-same-dossier")
async def test_a_corrected_field_reaches_every_system_that_had_the_old_value(play: Play) -> None:
    """The health card was decided, the residence leg asks; both and the province have the old hometown."""
    await at_the_agencies(play)
    await play.decide(HEALTH, DocumentKind.HEALTH_INSURANCE_CARD)
    await stage_is(play, HEALTH, LegStage.ENDED)
    await asked_in(play, RESIDENCE, correcting(await play.now()))
    await supply(play, RESIDENCE, corrections={HOMETOWN: "Thôn Mẫu, xã Thử"})
    message = await handed_over(play)
    changed = FieldChange(
        path=HOMETOWN, label="Người được khai sinh – Quê quán – Số nhà, thôn, tổ dân phố", value="Thôn Mẫu, xã Thử"
    )
    assert [change.path for change in message.changes] == [changed.path]
    assert message.changes[0].value == changed.value
    stored = await play.written()
    corrections = {
        notice.dispatch.channel: notice.dispatch.follow_up
        for notice in stored.notices
        if notice.dispatch.follow_up and notice.dispatch.follow_up.kind is FollowUpKind.CORRECTION
    }
    assert set(corrections) == {System.PROVINCIAL, System.SOCIAL_INSURANCE}
    assert all(told and told.changes == message.changes for told in corrections.values())
    assert born(play.ledger.declaration(play.code)).child.hometown.detail == "Thôn Mẫu, xã Thử"
    assert born(play.ledger.declaration(play.code, 0)).child.hometown.detail != "Thôn Mẫu, xã Thử"
    assert notices(stored, Notice.FORM_CORRECTED)


async def test_a_leg_sent_later_gets_the_corrected_form(play: Play) -> None:
    await play.declare("plain", DECLARED)
    await play.receive(BIRTH)
    await asked_in(play, BIRTH, correcting(await play.now(), "child.full_name"))
    await supply(play, BIRTH, corrections={"child.full_name": "Trẻ Em Mẫu Mới"})
    await handed_over(play)
    await play.agency(BIRTH, Received(at=await play.now()))
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    assert born((await play.sent(HEALTH)).declaration).child.full_name == "Trẻ Em Mẫu Mới"
    follow_ups = [n.dispatch.follow_up for n in (await play.written()).notices if n.dispatch.follow_up]
    assert follow_ups == []


@pytest.mark.rule("7.supplement-same-dossier")
async def test_a_correction_that_would_need_other_consents_is_refused(play: Play) -> None:
    """Another dwelling than the parents' needs its owner's consent (Luật Cư trú Điều 20(2)); nobody was asked."""
    await at_the_agencies(play)
    await asked_in(play, RESIDENCE, correcting(await play.now(), DWELLING, HOMETOWN))
    asked = await play.leg(RESIDENCE)
    with pytest.raises(WorkflowUpdateFailedError) as refusal:
        await supply(play, RESIDENCE, corrections={DWELLING: "Số 99 phố Khác", HOMETOWN: "Thôn Mẫu"})
    cause = refusal.value.cause
    assert isinstance(cause, ApplicationError)
    assert cause.type == FactRefusal.NOT_PERMITTED
    assert "chủ sở hữu chỗ ở hợp pháp" in cause.message
    assert "khai lại" in cause.message
    assert await play.leg(RESIDENCE) == asked
    await supply(play, RESIDENCE, corrections={HOMETOWN: "Thôn Mẫu"})
    await play.see(
        lambda _: born(play.ledger.declaration(play.code)) != born(play.ledger.declaration(play.code, 0)), "corrected"
    )
    assert born(play.ledger.declaration(play.code)).residence_registration.address.detail != "Số 99 phố Khác"


async def test_whoever_declares_anew_under_corrected_data_has_a_dossier_already(play: Play) -> None:
    """Notice and day of birth are all that finds a child under another name."""
    await play.declare("plain", DECLARED)
    await play.receive(BIRTH)
    corrections = {
        "child.born_on": "2026-11-10",
        "child.birth_date_in_words": "Ngày mười tháng mười một năm hai nghìn không trăm hai mươi sáu",
        "birth_notice.number": "00777.GCS.01901.26",
    }
    await asked_in(play, BIRTH, correcting(await play.now(), *corrections))
    await supply(play, BIRTH, corrections=corrections)
    await play.see(
        lambda _: born(play.ledger.declaration(play.code)) != born(play.ledger.declaration(play.code, 0)), "corrected"
    )
    for revision in (0, 1):
        again = born(play.ledger.declaration(play.code, revision)).model_copy(update={"submission_id": "khai-lai"})
        with pytest.raises(DuplicateDossier, match=play.code):
            play.ledger.open_dossier(submission(again, moment(DECLARED), SecretStr("test")), "G22.99.08")


async def test_a_correction_is_read_as_strictly_as_a_new_form(play: Play) -> None:
    await at_the_agencies(play)
    before = await play.leg(RESIDENCE)
    await asked_in(play, RESIDENCE, correcting(await play.now(), "child", "mother.personal_id"))
    asked = await play.leg(RESIDENCE)
    with refused(FactRefusal.MALFORMED):
        await supply(play, RESIDENCE, corrections={"child.born_on": "2030-01-01", "mother.personal_id": "12"})
    assert await play.leg(RESIDENCE) == asked
    assert before.supplements == ()
    assert born(play.ledger.declaration(play.code)) == born(play.ledger.declaration(play.code, 0))
    await supply(play, RESIDENCE, corrections={"child.full_name": "Trẻ Em Mẫu Mới"})
    await stage_is(play, RESIDENCE, LegStage.WAITING_SUPPLEMENT)
