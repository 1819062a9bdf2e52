"""How a family gets the money of a benefit, as the form says: the way alone, no account and no name."""

from collections.abc import Iterator

from models.death import DeathDeclaration
from models.death_form import Benefits, Claim, MoneyReceipt
from models.declaration import Declaration
from models.documents import DocumentKind
from models.plan import LegPlan
from models.words import listed


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
        alone = relative.claim is Claim.LUMP_SUM and benefits.representative is None
        if relative.receipt and (relative.claim is Claim.MONTHLY or alone):
            yield relative.receipt
    yield from (payee.receipt for payee in benefits.payees if payee.receipt)
