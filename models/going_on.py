"""A leg that goes on without the certificate it waits for, since an official attests the registration. Pure.

[choice] No law read says what stands for an e-certificate that is lost (REQUIREMENTS §2: 63,065): an attestation of
the registration, signed by an official who answers for it, with the number of the decision. It is per leg: whether its
agency may rest on that is for the operator to know. A certificate issued anew is told to that agency like to any other,
for what it has rests on the same registration.
"""

from collections.abc import Mapping
from datetime import datetime

from models.documents import DocumentKind
from models.dossier import AttestedRegistration, Leg
from models.facts import FactRefusal, FactRefused, GoOnWithoutCertificate
from models.plan import Plan
from models.stopping import Stop


def goes_on(legs: Mapping[str, Leg], plan: Plan, act: GoOnWithoutCertificate, stop: Stop | None, now: datetime) -> Leg:
    """The leg with the attestation it goes on with. Raises FactRefused when it waits for no certificate, or stops."""
    leg, leg_plan = legs[act.leg], plan.leg(act.leg)
    registration = next(other for other in plan.legs if other.sent_with_intake)
    registered = legs[registration.key]
    if leg.ended:
        raise FactRefused(FactRefusal.ENDED, f"Thủ tục “{leg_plan.name}” đã kết thúc.")
    if stop:
        raise FactRefused(FactRefusal.ENDED, f"{stop.words.stopped}: “{leg_plan.name}” không đi tiếp nữa.")
    if registration.key not in leg_plan.requires:
        raise FactRefused(FactRefusal.NOT_AWAITED, f"“{leg_plan.name}” không chờ kết quả “{registration.name}”.")
    if leg.attested:
        raise FactRefused(
            FactRefusal.ALREADY_ANSWERED, f"“{leg_plan.name}” đã được cho đi tiếp với văn bản xác nhận trước đó."
        )
    if registered.completed or leg.sent_at:
        raise FactRefused(FactRefusal.NOT_AWAITED, f"“{leg_plan.name}” không còn chờ bản điện tử nào.")
    if not registered.awaits_result:
        text = f"“{registration.name}” chưa có quyết định; chưa có việc đăng ký nào để xác nhận."
        raise FactRefused(FactRefusal.OUT_OF_TURN, text)
    if act.attestation.kind is not DocumentKind.REGISTRATION_ATTESTATION:
        wanted = DocumentKind.REGISTRATION_ATTESTATION.label
        raise FactRefused(FactRefusal.MALFORMED, f"Phải kèm {wanted}, không phải {act.attestation.kind.label}.")
    attested = AttestedRegistration(
        of=registration.key,
        document=act.attestation,
        official=act.official,
        office=act.office,
        at=max(registered.decided_at or act.at, min(act.at, now)),
    )
    return leg.model_copy(update={"attested": attested})
