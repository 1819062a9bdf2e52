"""The ledger in numbers: what is open is counted, what is over is not."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from ledger.figures import Figures, OpenDossiers, PressingLegs, Waiting
from ledger.store import Ledger
from models.clock import ClockEntryKind
from models.dossier import Consent, ConsentState, DossierOutcome, DossierStage, Leg, LegOutcome, LegStage
from models.groups import Group
from models.systems import System
from tests.keys import MASTERS
from tests.ledger.builders import OPENED_AT, clock, declared, due_of, notice, numbered, opened, plan_of, published

DUE = due_of(clock(ClockEntryKind.STARTED))
RESIDENCE = "residence_registration"
SECOND = timedelta(seconds=1)


@pytest.fixture
def figures(engine: Engine) -> Figures:
    return Figures(engine, MASTERS)


def leg(stage: LegStage = LegStage.IN_PROGRESS, **state: Any) -> Leg:
    return Leg(key=RESIDENCE, stage=stage, clock=clock(ClockEntryKind.STARTED), due=DUE, **state)


def test_nothing_in_the_ledger_is_nothing_to_count(figures: Figures) -> None:
    assert not any(figures.read(OPENED_AT, OPENED_AT))


def test_dossiers_are_counted_while_they_are_open(ledger: Ledger, figures: Figures) -> None:
    first, second, third = (opened(ledger, numbered(number)) for number in (1, 2, 3))
    for code in (second, third):
        ledger.publish(published(code, 1), ())
    counted = figures.read(OPENED_AT, OPENED_AT).open_dossiers
    assert counted == {
        OpenDossiers(Group.BIRTH, DossierStage.INTAKE, "01"): 1,
        OpenDossiers(Group.BIRTH, DossierStage.IN_PROGRESS, "01"): 2,
    }
    over = {"stage": DossierStage.CONCLUDED, "outcome": DossierOutcome.COMPLETED}
    for code in (first, second, third):
        ledger.publish(published(code, 2, **over), ())
    assert figures.read(OPENED_AT, OPENED_AT).open_dossiers == {}


@pytest.mark.parametrize(
    ("state", "presses"),
    [
        ({}, True),
        ({"stage": LegStage.WAITING_DOCUMENT, "decided_at": OPENED_AT}, False),
        ({"stage": LegStage.ENDED, "outcome": LegOutcome.REFUSED}, False),
    ],
)
def test_a_leg_presses_from_the_day_before_it_is_due_until_it_is_decided(
    ledger: Ledger, figures: Figures, state: dict[str, Any], presses: bool
) -> None:
    code = opened(ledger)
    ledger.publish(published(code, 1, legs=(leg(**state),)), ())
    assert DUE.at is not None
    soon, late = PressingLegs(RESIDENCE, "01", False), PressingLegs(RESIDENCE, "01", True)
    assert figures.read(OPENED_AT, DUE.at).pressing_legs == {}
    assert figures.read(DUE.at, DUE.at + SECOND).pressing_legs == ({soon: 1} if presses else {})
    assert figures.read(DUE.at + SECOND, DUE.at + 2 * SECOND).pressing_legs == ({late: 1} if presses else {})


def test_consents_are_counted_while_they_are_wanted(ledger: Ledger, figures: Figures) -> None:
    declaration = declared("grandparents-home")
    code = opened(ledger, declaration)
    people = plan_of(declaration).leg(RESIDENCE).people
    asked = tuple(Consent(person=p, state=ConsentState.ASKED, requested_at=OPENED_AT, due=DUE) for p in people)
    assert len(asked) == 2
    ledger.publish(published(code, 1, legs=(leg(LegStage.WAITING_CONSENTS, consents=asked),)), ())
    assert figures.read(OPENED_AT, OPENED_AT).waiting_consents == {RESIDENCE: 2}
    one = (asked[0].model_copy(update={"state": ConsentState.GRANTED, "answered_at": OPENED_AT}), asked[1])
    ledger.publish(published(code, 2, legs=(leg(LegStage.WAITING_CONSENTS, consents=one),)), ())
    assert figures.read(OPENED_AT, OPENED_AT).waiting_consents == {RESIDENCE: 1}
    lost = leg(LegStage.ENDED, consents=one, outcome=LegOutcome.CONSENT_EXPIRED)
    ledger.publish(published(code, 3, legs=(lost,)), ())
    assert figures.read(OPENED_AT, OPENED_AT).waiting_consents == {}


def test_the_outbox_is_counted_by_channel_and_its_oldest_row_told(ledger: Ledger, figures: Figures) -> None:
    code = opened(ledger)
    ledger.publish(published(code, 1), [notice(code, 1), notice(code, 2), notice(code, 3, System.SMS)])
    assert figures.read(OPENED_AT, OPENED_AT).outbox == {
        System.PORTAL: Waiting(2, OPENED_AT),
        System.SMS: Waiting(1, OPENED_AT),
    }
    for row in ledger.claim((System.SMS,), OPENED_AT, timedelta(minutes=1), 5):
        ledger.dispatched(row.id, OPENED_AT)
    assert figures.read(OPENED_AT, OPENED_AT).outbox == {System.PORTAL: Waiting(2, OPENED_AT)}
