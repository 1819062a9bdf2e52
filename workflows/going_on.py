"""A leg goes on without a certificate that is lost or late, on an official's attestation of the registration (§6.9).

Its agency gets the registration's number and the attestation. The watchdog goes on asking for the certificate; when it
comes, it goes to the citizen as ever, and after the part to the agency that has to do without it.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from models.documents import DocumentKind
from models.dossier import Leg
from models.facts import GoOnWithoutCertificate
from models.going_on import goes_on
from models.messages import FollowUpKind, LegOrder
from models.plan import LegPlan
from models.publication import Notice
from models.words import listed

if TYPE_CHECKING:
    from workflows.dossier import DossierWorkflow


def go_on_effect(dossier: "DossierWorkflow", act: GoOnWithoutCertificate) -> Callable[[], None]:
    """What letting a leg go on does; the leg sees it. Raises FactRefused."""
    plan = dossier.required_plan
    leg = goes_on(dossier.legs, plan, act, dossier.stop, dossier.time.now())
    assert leg.attested is not None
    registration, number = plan.leg(leg.attested.of), dossier.legs[leg.attested.of].number

    def effect() -> None:
        dossier.put(leg)
        dossier.tell(
            Notice.LEG_GOES_ON,
            leg=plan.leg(act.leg).name,
            paper=DocumentKind.REGISTRATION_ATTESTATION.label,
            certificate=listed(kind.label for kind in registration.results),
            number=number or "",
        )

    return effect


def send_after(dossier: "DossierWorkflow", registration: LegPlan) -> None:
    """The certificate has come: agencies that went on without it get it, if their systems have taken the part."""
    for leg in dossier.legs.values():
        if leg.goes_on_without(registration.key) and leg.acknowledged_at:
            _send_certificate(dossier, leg)


def send_after_part(dossier: "DossierWorkflow", leg: Leg, part: LegOrder) -> None:
    """The part has just been taken: a certificate that came after it had left follows it."""
    if leg.attested and leg.attested.document in part.results and dossier.legs[leg.attested.of].completed:
        _send_certificate(dossier, leg)


def _send_certificate(dossier: "DossierWorkflow", leg: Leg) -> None:
    """The certificate goes to the agency, unless that has decided without it."""
    assert leg.attested is not None
    if not leg.undecided:
        return
    registered = dossier.legs[leg.attested.of]
    names = listed(document.kind.label for document in registered.documents)
    dossier.follow_up(
        leg.key,
        FollowUpKind.COMPLETED,
        f"Gửi tiếp {names} của hồ sơ đã gửi kèm {DocumentKind.REGISTRATION_ATTESTATION.label}.",
        documents=registered.documents,
        registration_number=registered.number,
    )
