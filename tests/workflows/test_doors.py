"""What operators may do to a dossier: a new appointment, an answer on paper, a cancellation. Plays in November 2026."""

import asyncio
from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from models.audit import UPDATE, Action
from models.clock import Timeliness
from models.details import attributes, details
from models.documents import Document, DocumentKind, describe
from models.dossier import DossierOutcome, DossierStage, DossierView, LegOutcome, LegStage
from models.facts import (
    Accepted,
    Cancellation,
    Decided,
    FactKind,
    FactRefusal,
    FactRefused,
    NewAppointment,
    PaperAnswer,
    PaperFact,
    Received,
    Refused,
    Withdrawal,
)
from models.messages import FollowUpKind
from models.next_steps import next_steps
from models.publication import Notice
from models.sealing import treated
from models.search_attributes import OPERATOR as WAITS_FOR_OPERATOR
from models.search_attributes import SearchAttribute
from models.signatures import Seal, SignatureOutcome
from models.statuses import PortalStatus
from models.systems import System
from tests.workflows.harness import Play, notices, refused
from tests.workflows.inputs import BIRTH, HEALTH, IDENTITY_NUMBER, PDF, RESIDENCE, free, moment, result, sample
from tests.workflows.lateness import at_both_agencies, follow_ups

THURSDAY = "2026-11-19 09:00:00"
OPERATOR = "vh-07"
BECAUSE = "Công an xã hẹn xác minh xong."
SCAN = describe(DocumentKind.PAPER_ANSWER, "van-ban.pdf", PDF)


async def act(play: Play, **fields: Any) -> dict[str, Any]:
    """What every act says."""
    said = {"message_id": play.message_id(), "dossier_code": play.code, "operator": OPERATOR, "because": BECAUSE}
    return {**said, "at": await play.now(), **fields}


async def appointment(play: Play, on: str, leg: str = RESIDENCE, **fields: Any) -> NewAppointment:
    return NewAppointment(**await act(play, leg=leg, appointment=moment(on), **fields))


async def paper(play: Play, leg: str, answer: PaperFact, **fields: Any) -> PaperAnswer:
    return PaperAnswer(**await act(play, leg=leg, answer=answer, scans=(SCAN,), **fields))


async def cancel(play: Play) -> Accepted:
    return await play.tell(Cancellation(**await act(play)))


def scanned(kind: DocumentKind) -> Document:
    """A result as somebody has scanned it: nobody has signed it."""
    document = result(kind)
    return document.model_copy(update={"seal": treated(kind, Seal(outcome=SignatureOutcome.NONE, signatures=0))})


def missed(view: DossierView) -> bool:
    return any(leg.appointment is not None and leg.appointment.missed for leg in view.legs)


async def test_an_appointment_is_a_promise_and_not_the_limit(play: Play) -> None:
    await at_both_agencies(play, THURSDAY)
    before = await play.leg(RESIDENCE)
    nonsense = {
        "2026-11-18 10:00:00": FactRefusal.NOT_PERMITTED,  # past
        "2026-11-28 10:00:00": FactRefusal.NOT_PERMITTED,  # a Saturday
        "2026-12-01 18:30:00": FactRefusal.NOT_PERMITTED,  # nobody is there
        "2036-12-01 10:00:00": FactRefusal.NOT_PERMITTED,  # a slip of the pen
    }
    for at, reason in nonsense.items():
        with refused(reason):
            await play.tell(await appointment(play, at))
    async with asyncio.timeout(60):  # the Saturday, which only the calendar refuses, though that changes nothing
        while not play.ledger.entries(code=play.code, what=Action.ACT_REFUSED):
            await asyncio.sleep(0.01)
    with refused(FactRefusal.UNKNOWN_LEG):
        await play.tell(await appointment(play, "2026-12-01 10:00:00", leg="land_registration"))
    with refused(FactRefusal.WRONG_DOSSIER):
        await play.tell(await appointment(play, "2026-12-01 10:00:00", dossier_code="G22.99.08-261119-000099"))
    with refused(FactRefusal.ENDED):
        await play.tell(await appointment(play, "2026-12-01 10:00:00", leg=BIRTH))
    with refused(FactRefusal.IN_FUTURE):
        await play.tell(await appointment(play, "2026-12-01 10:00:00", at=moment("2026-11-30 09:00:00")))
    whole = (await appointment(play, "2026-12-01 10:00:00")).model_dump(mode="json")
    for wrong in ({"because": " "}, {"because": "a" * 2001}, {"operator": ""}):
        with pytest.raises(WorkflowUpdateFailedError) as failure:
            await play.handle.execute_update(FactKind.APPOINTMENT.value, {**whole, **wrong})
        assert isinstance(failure.value.cause, ApplicationError)
        assert failure.value.cause.type == FactRefusal.MALFORMED
    assert await play.leg(RESIDENCE) == before

    promise = await appointment(play, "2026-11-27 10:00:00")
    assert not (await play.tell(promise)).repeated
    assert (await play.tell(promise, update_id="again")).repeated
    with refused(FactRefusal.ALREADY_ANSWERED):
        await play.tell(await appointment(play, "2026-11-27 10:00:00"))
    await play.handle.signal(FactKind.APPOINTMENT.value, await appointment(play, "2026-11-29 10:00:00"))  # a Sunday
    later = await appointment(play, "2026-12-03 10:00:00", operator="vh-08")
    for _ in range(2):
        await play.handle.signal(FactKind.APPOINTMENT.value, later)
    view = await play.see(lambda v: v.refused_signals == 1 and len(v.acts) == 2, "one promise by signal, one refused")
    leg = await play.leg(RESIDENCE)
    assert [made.at for made in leg.appointments] == [promise.appointment, later.appointment]
    assert (leg.due, leg.expected) == (before.due, before.expected)
    assert "trả kết quả “Đăng ký thường trú” như đã hẹn công dân: **10:00 thứ Năm 3/12/2026**" in details(view)
    assert f"người vận hành {OPERATOR}: hẹn lại ngày trả kết quả “Đăng ký thường trú”: 10:00 thứ Sáu" in details(view)
    assert BECAUSE not in details(view)
    stored = await play.written()
    assert [(done.operator, done.because, done.leg) for done in stored.acts] == [
        (OPERATOR, BECAUSE, RESIDENCE),
        ("vh-08", BECAUSE, RESIDENCE),
    ]
    told = notices(stored, Notice.LEG_APPOINTMENT)
    assert "trả kết quả lúc 10:00 thứ Sáu 27/11/2026" in told[0]
    assert "Lý do: Công an xã hẹn xác minh xong. Lời hẹn" in told[0]
    for system in (System.RESIDENCE, System.PROVINCIAL):
        letters = follow_ups(stored, FollowUpKind.APPOINTMENT, system)
        assert len(letters) == 2
        assert "Hạn theo pháp luật vẫn là" in letters[0].text

    await play.until(moment("2026-12-03 10:00:01"))
    view = await play.see(missed, "the promise was not kept")
    assert any("⚠ **Người vận hành** hẹn lại “Đăng ký thường trú”" in step for step in next_steps(view))
    assert WAITS_FOR_OPERATOR in attributes(view).lists[SearchAttribute.WAITING_FOR]
    await play.complete_decision(RESIDENCE)
    await play.complete_decision(HEALTH)
    outcome = await play.ended()
    late = next(leg for leg in outcome.legs if leg.key == RESIDENCE)
    assert (late.outcome, late.timeliness) == (LegOutcome.COMPLETED, Timeliness.LATE)


async def test_answers_on_paper_count_as_told_and_a_scan_is_no_signed_result(play: Play) -> None:
    await play.declare("plain", THURSDAY)
    await play.sent(BIRTH)
    await play.tell(await paper(play, BIRTH, Received(at=await play.now(), agency_code="12/BN")))
    view = await play.see(lambda v: v.legs[0].due is not None, "received on paper")
    assert (view.provincial_code, view.legs[0].paper_code) == (None, "12/BN")
    late = Received(at=await play.now(), agency_code="H01.1")
    with refused(FactRefusal.WRONG_DOSSIER):
        await play.agency(BIRTH, late, dossier_code="G22.99.08-261119-000099")
    await play.agency(BIRTH, late, provincial_code="H01.1")
    assert (await play.view()).provincial_code == "H01.1"
    with refused(FactRefusal.WRONG_DOSSIER):
        await play.agency(BIRTH, late, provincial_code="12/BN")
    decision = Decided(
        at=await play.now(),
        number="21/2026",
        identity_number=IDENTITY_NUMBER,
        documents=(scanned(DocumentKind.BIRTH_CERTIFICATE),),
    )
    entered = await paper(play, BIRTH, decision)
    accepted = await play.tell(entered)
    assert "chưa ký số" in accepted.text
    assert (await play.tell(entered, update_id="again")).repeated
    registered = await play.leg(BIRTH)
    assert (registered.stage, registered.number) == (LegStage.WAITING_DOCUMENT, "21/2026")
    assert (registered.documents, registered.refused_papers) == ((), ())
    stored = await play.written()
    assert {(d.leg, d.document.kind) for d in stored.documents} >= {
        (None, DocumentKind.PAPER_ANSWER),
        (None, DocumentKind.BIRTH_CERTIFICATE),
    }
    assert [paper.kind for paper in stored.acts[1].evidence] == [
        DocumentKind.PAPER_ANSWER,
        DocumentKind.BIRTH_CERTIFICATE,
    ]

    play.world.away.add(System.RESIDENCE)
    await play.certify()
    await play.until(moment("2026-11-19 09:30:00"))
    await play.see(lambda v: any(t.leg == RESIDENCE for t in v.troubles), "residence is away")
    await play.tell(await paper(play, RESIDENCE, Received(at=await play.now(), agency_code="45/TN")))
    await play.see(lambda v: v.legs[1].stage is LegStage.IN_PROGRESS and v.legs[1].due is not None, "received on paper")
    bare = await paper(play, RESIDENCE, Refused(at=await play.now(), text="Không đủ điều kiện"))
    for _ in range(2):
        with refused(FactRefusal.GROUNDS_MISSING):
            await play.tell(bare)
    leg = await play.leg(RESIDENCE)
    assert (leg.stage, len(leg.refused_demands)) == (LegStage.IN_PROGRESS, 1)
    assert len(follow_ups(await play.written(), FollowUpKind.GROUNDS_DEMANDED, System.RESIDENCE)) == 1
    [told] = play.ledger.entries(code=play.code, what=Action.ACT_REFUSED)
    assert (told.who, told.why, told.detail["via"]) == (f"operator:{OPERATOR}", BECAUSE, UPDATE)
    assert told.detail["reason"] == FactRefusal.GROUNDS_MISSING
    notice = Decided(at=await play.now(), number="45/TB", documents=(scanned(DocumentKind.RESIDENCE_NOTICE),))
    await play.tell(await paper(play, RESIDENCE, notice))
    view = await play.see(lambda v: v.legs[1].completed, "decided on paper, with the notice")
    assert [done.detail for done in view.acts] == ["tiếp nhận", "đã giải quyết", "tiếp nhận", "đã giải quyết"]
    with refused(FactRefusal.ENDED):
        await play.tell(await paper(play, RESIDENCE, Received(at=await play.now())))
    await play.complete(HEALTH)
    assert (await play.ended()).outcome is DossierOutcome.COMPLETED


async def test_cancelled_before_anything_was_sent(play: Play) -> None:
    await play.submit(sample("plain", moment(THURSDAY).date()), moment(THURSDAY))
    await play.see(lambda view: view.stage is DossierStage.WAITING_PAYMENT, "a fee is asked for")
    await cancel(play)
    outcome = await play.ended()
    assert outcome.outcome is DossierOutcome.CANCELLED
    assert {leg.outcome for leg in outcome.legs} == {LegOutcome.CANCELLED}
    assert (play.world.legs, play.world.follow_ups) == ([], [])
    stored = await play.written()
    assert [event.status.code for event in stored.statuses][-1] == PortalStatus.STOPPED
    [told] = notices(stored, Notice.DOSSIER_CANCELLED)
    assert "bị hủy theo quyết định của cơ quan có thẩm quyền. Lý do: Công an xã hẹn xác minh xong. Dừng:" in told
    assert [done.kind for done in stored.acts] == [FactKind.CANCELLATION]
    with pytest.raises(FactRefused) as refusal:
        await (await play.inbox()).deliver(Cancellation(**await act(play)), "cli")
    assert refusal.value.reason is FactRefusal.ENDED


async def test_cancelled_after_registration_what_is_unfinished_ends_when_its_agency_knows(play: Play) -> None:
    await at_both_agencies(play, THURSDAY)
    await play.tell(await appointment(play, "2026-11-19 09:20:00"))
    play.world.away |= {System.RESIDENCE, System.SOCIAL_INSURANCE}
    await cancel(play)
    await play.complete_decision(HEALTH)
    with refused(FactRefusal.ALREADY_ANSWERED):
        await cancel(play)
    withdrawal = Withdrawal(
        message_id=play.message_id(),
        dossier_code=play.code,
        personal_id=free("plain", moment(THURSDAY).date()).applicant.personal_id,
        at=await play.now(),
    )
    with refused(FactRefusal.ALREADY_ANSWERED):
        await play.tell(withdrawal)
    with refused(FactRefusal.ENDED):
        await play.tell(await appointment(play, "2026-12-01 10:00:00"))
    await play.until(moment("2026-11-19 09:30:00"))
    view = await play.see(lambda v: bool(v.troubles), "residence is away")
    assert not view.legs[1].ended
    assert any("**Hồ sơ đã bị hủy** lúc 09:" in step for step in next_steps(view))
    assert not any("hẹn" in step for step in next_steps(view)), "nobody is held to what was promised before"
    assert not view.warnings
    assert WAITS_FOR_OPERATOR not in attributes(view).lists[SearchAttribute.WAITING_FOR]
    play.world.away.clear()
    outcome = await play.ended()
    assert outcome.outcome is DossierOutcome.PARTLY_COMPLETED
    assert [leg.outcome for leg in outcome.legs] == [
        LegOutcome.COMPLETED,
        LegOutcome.CANCELLED,
        LegOutcome.COMPLETED,
    ]
    letters = [(letter.kind, letter.leg) for letter in play.world.follow_ups]
    assert (FollowUpKind.CANCELLATION, RESIDENCE) in letters
    stored = await play.written()
    to_province = {told.leg: told.text for told in follow_ups(stored, FollowUpKind.CANCELLATION, System.PROVINCIAL)}
    assert "đề nghị dừng giải quyết “Đăng ký thường trú”. Lý do: Công an xã" in to_province[RESIDENCE]
    [told] = notices(stored, Notice.DOSSIER_CANCELLED)
    assert "Kết quả đã giải quyết vẫn có hiệu lực." in told
    [too_late] = notices(stored, Notice.CANCELLATION_TOO_LATE)
    assert "đã giải quyết Cấp thẻ bảo hiểm y tế" in too_late
