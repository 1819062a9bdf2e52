"""Fees paid, waived and paid too late; the duty a dossier leaves behind; a child an operator lets in (§4.8, §4)."""

from datetime import date

import pytest
from pydantic import SecretStr

from models.birth import BirthDeclaration
from models.days import PartialDate
from models.documents import Document, DocumentKind
from models.dossier import DossierOutcome, DossierStage, LegOutcome
from models.facts import Answer, FactKind, FactRefusal, FactRefused, PaymentConfirmed
from models.messages import DispatchKind
from models.publication import Notice
from models.start import StartDossier
from models.submission import NotDuplicate, submission
from models.systems import System
from tests.workflows.harness import Play, notices, refused
from tests.workflows.inputs import BIRTH, DEATH, HEALTH, RESIDENCE, died, free, moment, result, sample

DECLARED = "2026-11-19 09:00:00"
DAY = date(2026, 11, 19)
RECEIPT = result(DocumentKind.PAYMENT_RECEIPT)
RELIEF = {"ground": "merit_family", "number": "012/CC", "issued_on": "2026-01-02"}


def late(**sections: object) -> BirthDeclaration:
    """The plain sample, declared 61 days after the birth, without certified copies."""
    form = free("plain", DAY, **sections)
    return form.model_copy(update={"child": form.child.model_copy(update={"born_on": date(2026, 9, 19)})})


async def payment(play: Play, number: str = "BL-1", receipt: Document | None = None) -> PaymentConfirmed:
    """16,000 đồng, paid just now."""
    return PaymentConfirmed(
        message_id=play.message_id(),
        dossier_code=play.code,
        amount_vnd=16_000,
        receipt_number=number,
        receipt=receipt,
        at=await play.now(),
    )


# --- Fees ------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("4.8-receipts")
async def test_the_e_receipt_is_kept_and_goes_to_the_citizens_store_once(play: Play) -> None:
    """It follows its payment by a second message; a second payment is refused on record, as money to be paid back."""
    await play.submit(sample("plain", DAY), moment(DECLARED))
    await play.see(lambda view: view.stage is DossierStage.WAITING_PAYMENT, "a fee is asked for")
    await play.tell(await payment(play))
    [told] = await play.told(Notice.PAYMENT_RECEIVED)
    assert "16.000 đồng" in told
    assert "BL-1" in told
    await play.sent(BIRTH)
    await play.tell(await payment(play, receipt=RECEIPT))
    with refused(FactRefusal.ALREADY_PAID):
        await play.tell(await payment(play, receipt=RECEIPT))
    await play.handle.signal(FactKind.PAYMENT.value, await payment(play, "BL-2"))
    await play.see(lambda view: view.refused_signals == 1, "the second payment is refused")
    stored = await play.written()
    assert (stored.fee.receipt_number, stored.fee.receipt) == ("BL-1", RECEIPT)
    assert [(kept.leg, kept.document) for kept in stored.documents] == [(None, RECEIPT)]
    delivered = [notice.dispatch for notice in stored.notices if notice.dispatch.document == RECEIPT]
    assert [(order.channel, order.kind) for order in delivered] == [(System.DOCUMENTS, DispatchKind.RESULT)]
    [second] = stored.refused_facts
    assert second.reason is FactRefusal.ALREADY_PAID
    assert "16.000 đồng theo biên lai BL-2 chưa được dùng cho hồ sơ, phải đối soát và hoàn trả" in second.text


@pytest.mark.rule("4.8-unpaid", "6.6-midnight")
async def test_at_24_00_of_the_fifth_working_day_the_dossier_ends_and_later_money_is_on_record(play: Play) -> None:
    """Five working days from Thursday 19/11/2026, Tuesday 24/11 being off, end with Friday 27/11."""
    await play.submit(sample("plain", DAY), moment(DECLARED))
    await play.see(lambda view: bool(view.limit) and bool(play.world.payments), "a fee is asked for")
    await play.until(moment("2026-11-27 23:59:40"))
    assert (await play.view()).stage is DossierStage.WAITING_PAYMENT
    assert (await play.ended()).outcome is DossierOutcome.UNPAID
    inbox = await play.inbox()
    with pytest.raises(FactRefused) as refusal:
        await inbox.deliver(await payment(play), "payment")
    assert refusal.value.reason is FactRefusal.ENDED
    stored = play.ledger.view(play.code)
    assert stored is not None
    assert stored.concluded_at is not None
    assert moment("2026-11-27 23:59:59") <= stored.concluded_at < moment("2026-11-28 00:00:05")
    [told] = stored.refused_facts
    assert "Đã có 16.000 đồng theo biên lai BL-1: phải đối soát, hoàn trả" in told.text
    assert play.world.legs == []


@pytest.mark.rule("4.8-fees-are-data")
async def test_a_fee_that_is_waived_is_asked_of_nobody_and_shown_with_its_basis(play: Play) -> None:
    await play.submit(late(fee_relief=[RELIEF]), moment(DECLARED))
    await play.sent(BIRTH)
    stored = await play.written()
    assert stored.fee.lines == ()
    [waived] = stored.fee.waived
    assert (waived.item, waived.basis) == ("late_birth_registration", "Luật Hộ tịch 2014 Điều 11(1)(a)")
    assert play.world.payments == []


async def test_money_nobody_owes_is_refused_on_record(play: Play) -> None:
    await play.declare("plain", DECLARED)
    await play.sent(BIRTH)
    with refused(FactRefusal.NOTHING_OWED):
        await play.tell(await payment(play))


@pytest.mark.rule("4.8-late-death-fee")
async def test_a_death_declared_on_the_sixteenth_day_costs_a_fee_by_the_words_of_a_death(play: Play) -> None:
    """Of Tuesday 3/11/2026; nothing is sent before it is paid."""
    form = died("householder", DAY)
    form = form.model_copy(
        update={"deceased": form.deceased.model_copy(update={"died_on": PartialDate.model_validate("2026-11-03")})}
    )
    await play.submit(form, moment(DECLARED))
    [asked] = await play.told(Notice.PAYMENT_NEEDED)
    assert "5.000 đồng (Lệ phí đăng ký khai tử quá hạn)" in asked
    assert play.world.legs == []
    await play.pay()
    await play.sent(DEATH)
    stored = await play.written()
    [first] = notices(stored, Notice.SUBMITTED)
    assert "chia buồn cùng gia đình" in first
    assert "Khai tử quá 15 ngày (Luật Hộ tịch 2014 Điều 33(1))." in stored.warnings


# --- Duties ----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("4.8-residence-duty")
async def test_the_duty_to_register_residence_is_told_as_soon_as_the_leg_has_ended(play: Play) -> None:
    """Registered on Thursday 19/11/2026: 60 calendar days end with Monday 18/1/2027; the health card goes on."""
    await play.declare("grandparents-home", DECLARED)
    await play.receive(BIRTH)
    asked = await play.asked(RESIDENCE, 2)
    await play.consent(RESIDENCE, asked[0].person.personal_id, Answer.DECLINED)
    await play.see(lambda view: view.legs[1].ended, "the residence leg has ended")
    assert notices(await play.written(), Notice.DUTY) == []
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    [told] = await play.told(Notice.DUTY)
    assert "chậm nhất hết thứ Hai 18/1/2027" in told
    assert "Nghị định 154/2024/NĐ-CP Điều 7(2)" in told
    assert "có thể bị xử phạt vi phạm hành chính" in told
    view = await play.view()
    assert view.outcome is None
    [duty] = view.duties
    assert duty.last_day == date(2027, 1, 18)
    await play.complete(HEALTH)
    assert (await play.ended()).outcome is DossierOutcome.PARTLY_COMPLETED
    stored = await play.written()
    assert stored.duties == (duty,)
    assert len(notices(stored, Notice.DUTY)) == 1


@pytest.mark.rule("4.8-residence-duty")
async def test_there_is_no_such_duty_while_the_birth_is_not_registered(play: Play) -> None:
    await play.declare("plain", DECLARED)
    await play.receive(BIRTH)
    await play.refuse(BIRTH)
    outcome = await play.ended()
    assert {leg.outcome for leg in outcome.legs} == {LegOutcome.REFUSED, LegOutcome.NOT_POSSIBLE}
    stored = await play.written()
    assert stored.duties == ()
    assert notices(stored, Notice.DUTY) == []


# --- A child an operator lets in --------------------------------------------------------------------------------------


@pytest.mark.rule("4.case-notice-new-code")
async def test_a_dossier_let_in_by_an_operator_warns_of_the_other_one(play: Play) -> None:
    first, again = free("plain", DAY), free("plain", DAY, submission_id="khai-lai")
    assert again.birth_notice
    notice = again.birth_notice.model_copy(update={"number": "99999.GCS.01901.26"})
    again = again.model_copy(update={"birth_notice": notice})
    await play.submit(first, moment(DECLARED))
    other = play.code
    opened = play.ledger.open_dossier(
        submission(again, moment(DECLARED), SecretStr("test")),
        "G22.99.08",
        NotDuplicate(reason="Đã đối chiếu với bệnh viện: hai trẻ."),
    )
    await play.start(
        StartDossier(code=opened.code, declaration=again, submitted_at=moment(DECLARED), training_offset=play.offset)
    )
    await play.sent(BIRTH)
    [warning] = [text for text in (await play.view()).warnings if other in text]
    assert "cán bộ đã xác nhận là người khác" in warning
    assert "bệnh viện" not in warning
