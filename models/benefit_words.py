"""What a family is told besides when a leg is completed: how its money comes, and who sees to the household.

Of the money the way alone as the form says it, no account and no name.
"""

from collections.abc import Iterator

from models.death import DeathDeclaration
from models.death_form import Benefits, Claim, MoneyReceipt
from models.declaration import Declaration
from models.documents import DocumentKind
from models.plan import LegPlan
from models.words import listed

_HOUSEHOLDER = (
    " Người đã mất là chủ hộ: người khác trong hộ cần làm thủ tục thay đổi chủ hộ tại cơ quan đăng ký cư trú; thủ tục"
    " này không liên thông cùng hồ sơ."
)


def said_besides(form: Declaration, plan: LegPlan) -> str:
    """What follows for the family from a leg that is completed; nothing for most."""
    return paid_by(form, plan) + household_after(form, plan)


def household_after(form: Declaration, plan: LegPlan) -> str:
    """A sentence for the notice of a householder's deregistration, by a procedure of its own [choice]."""
    householder = isinstance(form, DeathDeclaration) and form.deceased.householder
    return _HOUSEHOLDER if householder and DocumentKind.DEREGISTRATION_NOTICE in plan.results else ""


def paid_by(form: Declaration, plan: LegPlan) -> str:
    """A sentence for the notice of a leg that decides on money; nothing for any other leg."""
    benefits = form.benefits if isinstance(form, DeathDeclaration) else None
    ways = dict.fromkeys(receipt.way.label.lower() for receipt in _receipts(benefits, plan)) if benefits else {}
    return f" Tiền trợ cấp được trả theo cách đã khai: {listed(ways)}." if ways else ""


def _receipts(benefits: Benefits, plan: LegPlan) -> Iterator[MoneyReceipt]:
    """How those receive the money whom the leg's decision names."""
    if DocumentKind.FUNERAL_DECISION in plan.results and benefits.funeral_recipient:
        recipient = benefits.funeral_recipient
        receipt = recipient.person.receipt if recipient.person else recipient.organisation_receipt
        yield from [receipt] if receipt else []
    if DocumentKind.SURVIVOR_DECISION in plan.results:
        yield from _survivors(benefits)


def _survivors(benefits: Benefits) -> Iterator[MoneyReceipt]:
    """The representative for a lump sum, the beneficiaries of a monthly benefit and who receives for them."""
    if benefits.representative:
        yield benefits.representative.receipt
    for relative in (*benefits.relatives, *benefits.merit_relatives):
        if relative.receipt and relative.claim is Claim.MONTHLY:
            yield relative.receipt
    yield from (payee.receipt for payee in benefits.payees if payee.receipt)
