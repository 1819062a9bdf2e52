"""A leg goes on without a certificate that is lost or late, on an official's attestation of the registration (§6.9).

Its agency gets the registration's number and the attestation. The watchdog goes on asking for the certificate; when it
comes, it goes to the citizen as ever, and after the part to the agency that has to do without it.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from models.documents import DocumentKind
from models.facts import GoOnWithoutCertificate
from models.going_on import goes_on
from models.messages import FollowUpKind
from models.plan import LegPlan
from models.publication import Notice
from models.words import listed

if TYPE_CHECKING:
    from workflows.dossier import DossierWorkflow


def go_on_effect(dossier: "DossierWorkflow", act: GoOnWithoutCertificate) -> Callable[[], None]:
    """What letting a leg go on does; the leg sees it. Raises FactRefused."""
    plan = dossier.required_plan
    leg = goes_on(dossier.legs, plan, act, dossier.time.now())
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
    """The certificate has come: agencies that went on without it, and have not decided, get it after the part."""
    documents = dossier.legs[registration.key].documents
    for leg in dossier.legs.values():
        if leg.goes_on_without(registration.key) and leg.undecided and leg.sent_at:
            names = listed(document.kind.label for document in documents)
            text = f"Gửi tiếp {names} của hồ sơ đã gửi kèm {DocumentKind.REGISTRATION_ATTESTATION.label}."
            number = dossier.legs[registration.key].number
            dossier.follow_up(leg.key, FollowUpKind.COMPLETED, text, documents=documents, registration_number=number)
