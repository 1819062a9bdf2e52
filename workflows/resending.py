"""An operator has sent again at once what a system has not taken: nothing is sent twice at the same time.

What the dossier itself hands over (`workflows.sending`) is tried anew under the same idempotency key, as ever after
looking whether it was taken; what waits in the outbox is due at once.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from models.facts import FactRefusal, FactRefused, Resend
from models.publication import OutboxAnswer, OutboxOrder
from models.trouble import Trouble
from workflows import ports
from workflows.calls import call_ledger

if TYPE_CHECKING:
    from workflows.dossier import DossierWorkflow


async def outbox_again(dossier: "DossierWorkflow", act: Resend) -> OutboxAnswer:
    """What of the act is the outbox's, done; the dossier does not know what waits there."""
    if not _may_be_in_outbox(dossier, act):
        return OutboxAnswer(rows=0)
    order = OutboxOrder(code=dossier.code, key=act.key)
    return await call_ledger(ports.send_outbox_again, order, "Gửi lại thông báo chưa gửi được")


def resend_effect(dossier: "DossierWorkflow", act: Resend, outbox: OutboxAnswer | None) -> Callable[[], None]:
    """What sending again does; the outbox's answer is None before it was asked. Raises FactRefused."""
    if act.leg:
        dossier.addressed(act.leg)
    again = _meant(dossier, act)
    in_outbox = outbox.rows > 0 if outbox else _may_be_in_outbox(dossier, act)
    if not (again or in_outbox):
        raise FactRefused(FactRefusal.NOT_AWAITED, "Không có thông điệp nào như vậy đang chờ gửi lại.")
    return lambda: dossier.asked_again.update(trouble.key for trouble in again)


def _meant(dossier: "DossierWorkflow", act: Resend) -> tuple[Trouble, ...]:
    return tuple(
        trouble for trouble in dossier.troubles if act.key in (None, trouble.key) and act.leg in (None, trouble.leg)
    )


def _may_be_in_outbox(dossier: "DossierWorkflow", act: Resend) -> bool:
    """Whether the outbox is to be asked: it knows keys of this dossier, and no legs."""
    ours = act.key is None or act.key.startswith(f"{dossier.code}:")
    return ours and act.leg is None and act.key not in {trouble.key for trouble in dossier.troubles}
