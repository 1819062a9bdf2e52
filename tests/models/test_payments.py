"""Payments: what makes a fee paid, and that money which does not is named to whoever must pay it back."""

from datetime import timedelta

import pytest

from models.documents import Document, DocumentKind
from models.dossier import Fee, FeeLine
from models.facts import FactRefusal, FactRefused, PaymentConfirmed
from models.payments import apply_payment, told_of_money
from tests.models.cases import document, moment

NOW = moment("2026-11-20 10:00:00")
OWED = Fee(lines=(FeeLine(item="certificate_copy", name="Bản sao", amount_vnd=16_000, basis="Nghị quyết mẫu"),))
RECEIPT = document(DocumentKind.PAYMENT_RECEIPT)
PAID = OWED.model_copy(update={"paid_at": NOW - timedelta(hours=1), "receipt_number": "BL-1"})


def paid(amount: int = 16_000, number: str = "BL-1", receipt: Document | None = None, at: str = "") -> PaymentConfirmed:
    return PaymentConfirmed(
        message_id="m1",
        dossier_code="G22.99.08-261119-000001",
        amount_vnd=amount,
        receipt_number=number,
        receipt=receipt,
        at=moment(at) if at else NOW - timedelta(minutes=1),
    )


@pytest.mark.rule("4.8-receipts")
def test_the_very_sum_pays_and_its_receipt_is_kept() -> None:
    fee = apply_payment(OWED, paid(receipt=RECEIPT), awaited=True, now=NOW)
    assert (fee.paid_at, fee.receipt_number, fee.receipt) == (NOW - timedelta(minutes=1), "BL-1", RECEIPT)
    assert fee.lines == OWED.lines


@pytest.mark.rule("4.8-receipts")
def test_a_receipt_may_follow_the_payment_it_is_for() -> None:
    assert apply_payment(PAID, paid(receipt=RECEIPT), awaited=False, now=NOW) == PAID.model_copy(
        update={"receipt": RECEIPT}
    )


@pytest.mark.parametrize(
    ("fee", "payment", "awaited", "reason", "says"),
    [
        (OWED, paid(15_999), True, FactRefusal.WRONG_AMOUNT, "phải nộp là 16.000 đồng"),
        (OWED, paid(16_001), True, FactRefusal.WRONG_AMOUNT, "16.001 đồng theo biên lai BL-1"),
        (OWED, paid(0), True, FactRefusal.WRONG_AMOUNT, "phải nộp là 16.000 đồng"),
        (OWED, paid(), False, FactRefusal.OUT_OF_TURN, "16.000 đồng theo biên lai BL-1"),
        (Fee(), paid(), False, FactRefusal.NOTHING_OWED, "16.000 đồng theo biên lai BL-1"),
        (PAID, paid(number="BL-2"), True, FactRefusal.ALREADY_PAID, "16.000 đồng theo biên lai BL-2"),
        (PAID, paid(8_000), False, FactRefusal.ALREADY_PAID, "8.000 đồng theo biên lai BL-1"),
        (PAID, paid(number="BL-2", receipt=RECEIPT), True, FactRefusal.ALREADY_PAID, "hoàn trả"),
        (PAID, paid(), False, FactRefusal.ALREADY_PAID, "không có gì phải hoàn trả"),
        (
            PAID.model_copy(update={"receipt": RECEIPT}),
            paid(receipt=RECEIPT),
            False,
            FactRefusal.ALREADY_PAID,
            "không có gì phải hoàn trả",
        ),
        (OWED, paid(at="2026-11-21 10:00:00"), True, FactRefusal.IN_FUTURE, ""),
        (
            OWED,
            paid(receipt=document(DocumentKind.BIRTH_CERTIFICATE)),
            True,
            FactRefusal.NOT_PERMITTED,
            "Biên lai thu phí, lệ phí",
        ),
    ],
)
def test_any_other_payment_is_refused_and_says_what_becomes_of_the_money(
    fee: Fee, payment: PaymentConfirmed, awaited: bool, reason: FactRefusal, says: str
) -> None:
    with pytest.raises(FactRefused) as refusal:
        apply_payment(fee, payment, awaited=awaited, now=NOW)
    assert refusal.value.reason is reason
    assert says in refusal.value.text


@pytest.mark.parametrize("reason", [FactRefusal.ENDED, FactRefusal.UNKNOWN_DOSSIER])
def test_money_for_a_dossier_that_can_judge_it_no_more_is_named_too(reason: FactRefusal) -> None:
    told = told_of_money(FactRefused(reason, "Hồ sơ đã kết thúc."), paid())
    assert told.reason is reason
    assert told.text == (
        "Hồ sơ đã kết thúc. Đã có 16.000 đồng theo biên lai BL-1: phải đối soát, hoàn trả nếu chưa được dùng cho hồ sơ."
    )
    judged = FactRefused(FactRefusal.WRONG_AMOUNT, "Đã nói.")
    assert told_of_money(judged, paid()) is judged
