"""What a payment does to the fee of a dossier (nộp lệ phí, biên lai điện tử). Pure.

Money that has arrived is never passed over in silence: every refusal names sum and receipt, for whoever has to pay it
back reads it among the dossier's refused facts.
"""

from datetime import datetime

from models.documents import DocumentKind
from models.dossier import Fee
from models.facts import FactRefusal, FactRefused, InboundFact, PaymentConfirmed
from models.reducers import not_in_future
from models.words import dong, when


def apply_payment(fee: Fee, payment: PaymentConfirmed, *, awaited: bool, now: datetime) -> Fee:
    """The fee once it is paid; also once an e-receipt follows the payment it is for. `awaited`: it has been asked for.

    Raises FactRefused for any other sum, for a payment that nobody owes or has asked for yet, and for a second one.
    """
    not_in_future(payment.at, now)
    if payment.receipt and payment.receipt.kind is not DocumentKind.PAYMENT_RECEIPT:
        label = DocumentKind.PAYMENT_RECEIPT.label
        raise FactRefused(FactRefusal.NOT_PERMITTED, f"Tệp kèm theo lần nộp tiền phải thuộc loại “{label}”.")
    if fee.paid_at:
        return _receipt_following(fee, payment)
    if not fee.total_vnd:
        raise FactRefused(FactRefusal.NOTHING_OWED, f"Hồ sơ không phải nộp lệ phí; {unused(payment)}")
    if not awaited:
        raise FactRefused(FactRefusal.OUT_OF_TURN, f"Hồ sơ chưa được yêu cầu nộp lệ phí; {unused(payment)}")
    if payment.amount_vnd != fee.total_vnd:
        text = f"Số tiền phải nộp là {dong(fee.total_vnd)} đồng, nộp một lần cho đủ; {unused(payment)}"
        raise FactRefused(FactRefusal.WRONG_AMOUNT, text)
    return fee.model_copy(
        update={
            "paid_at": min(payment.at, now),
            "receipt_number": payment.receipt_number,
            "receipt": payment.receipt,
        }
    )


def unused(payment: PaymentConfirmed) -> str:
    """What is to become of money that the dossier has no use for; ends the sentence."""
    return (
        f"{dong(payment.amount_vnd)} đồng theo biên lai {payment.receipt_number} chưa được dùng cho hồ sơ,"
        " phải đối soát và hoàn trả."
    )


def told_of_money(refusal: FactRefused, fact: InboundFact) -> FactRefused:
    """The refusal of a fact that no dossier could judge any more; of a payment it also says that money has arrived."""
    if not isinstance(fact, PaymentConfirmed) or refusal.reason not in _NOT_JUDGED:
        return refusal
    money = f"{dong(fact.amount_vnd)} đồng theo biên lai {fact.receipt_number}"
    text = f"{refusal.text} Đã có {money}: phải đối soát, hoàn trả nếu chưa được dùng cho hồ sơ."
    return FactRefused(refusal.reason, text)


_NOT_JUDGED = (FactRefusal.ENDED, FactRefusal.UNKNOWN_DOSSIER)


def _receipt_following(fee: Fee, payment: PaymentConfirmed) -> Fee:
    same = (payment.receipt_number, payment.amount_vnd) == (fee.receipt_number, fee.total_vnd)
    if same and payment.receipt and fee.receipt is None:
        return fee.model_copy(update={"receipt": payment.receipt})
    if same:
        text = f"Lần nộp theo biên lai {payment.receipt_number} đã được ghi nhận; không có gì phải hoàn trả."
        raise FactRefused(FactRefusal.ALREADY_PAID, text)
    paid = f"Lệ phí đã nộp lúc {when(fee.paid_at)}" if fee.paid_at else "Lệ phí đã nộp"
    text = f"{paid} theo biên lai {fee.receipt_number}; {unused(payment)}"
    raise FactRefused(FactRefusal.ALREADY_PAID, text)
