"""What operators may do to a dossier: each act is judged like any fact, takes effect once and stays on record.

An act that makes no sense is refused by name and leaves the dossier as it is. What an accepted one was, by whom and
why, the dossier keeps (`DossierView.acts`); the evidence goes to the ledger with it.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from models.acts import act_of, expect_room
from models.corrections import CorrectedForm
from models.documents import Document
from models.facts import (
    ActOnLeg,
    Cancellation,
    Classification,
    FactRefusal,
    FactRefused,
    GoOnWithoutCertificate,
    NewAppointment,
    OperatorAct,
    OverdueDecision,
    PackMigration,
    PaperAnswer,
    Resend,
)
from models.migration import Migration
from models.paper_answers import evidence
from models.publication import OutboxAnswer
from models.reducers import not_in_future
from workflows.appointing import appointment_effect
from workflows.chasing import ruling_effect
from workflows.demands import classification_effect
from workflows.going_on import go_on_effect
from workflows.migrating import migrate_effect
from workflows.paper_answers import paper_effect
from workflows.resending import resend_effect
from workflows.stopping import cancellation_effect

if TYPE_CHECKING:
    from workflows.dossier import DossierWorkflow


Known = CorrectedForm | Migration | OutboxAnswer
"""What is found out for a fact before it takes effect."""


def act_effect(dossier: "DossierWorkflow", act: OperatorAct, known: Known | None = None) -> Callable[[], None]:
    """What an operator's act would do, with the record of it. Raises FactRefused."""
    now = dossier.time.now()
    not_in_future(act.at, now)
    expect_room(dossier.acts, act)
    effect = _effect(dossier, act, known)

    def on_record() -> None:
        effect()
        dossier.record(act_of(act, now, _evidence(act)))

    return on_record


def _effect(dossier: "DossierWorkflow", act: OperatorAct, known: Known | None) -> Callable[[], None]:
    match act:
        case ActOnLeg():
            return _effect_on_leg(dossier, act)
        case Cancellation():
            return cancellation_effect(dossier, act)
        case Resend():
            return resend_effect(dossier, act, known if isinstance(known, OutboxAnswer) else None)
        case PackMigration():
            return migrate_effect(dossier, act, known if isinstance(known, Migration) else None)
        case _:
            raise FactRefused(FactRefusal.OUT_OF_TURN, "Hồ sơ chưa nhận loại dữ kiện này.")


def _effect_on_leg(dossier: "DossierWorkflow", act: ActOnLeg) -> Callable[[], None]:
    leg, plan = dossier.addressed(act.leg)
    match act:
        case OverdueDecision():
            return ruling_effect(dossier, leg, plan, act)
        case Classification():
            return classification_effect(dossier, leg, plan, act)
        case NewAppointment():
            return appointment_effect(dossier, leg, plan, act)
        case PaperAnswer():
            return paper_effect(dossier, leg, plan, act)
        case GoOnWithoutCertificate():
            return go_on_effect(dossier, act)
        case _:
            raise FactRefused(FactRefusal.OUT_OF_TURN, "Hồ sơ chưa nhận loại dữ kiện này.")


def _evidence(act: OperatorAct) -> tuple[Document, ...]:
    """The papers an act rests on."""
    match act:
        case PaperAnswer():
            return evidence(act)
        case GoOnWithoutCertificate():
            return (act.attestation,)
        case _:
            return ()
