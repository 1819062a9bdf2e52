"""Form 01 through every adapter over real HTTP: what the agency understood is what was declared, field by field.

The simulator reads each wire by its own lights and keeps what it made of it (`Intake.understood`); here that is laid
beside the form. `form_map` says which system is told what; nothing else may arrive.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from activities.child_card import CHILD_CARD
from activities.dvclt_birth import LTKS
from models.birth import BirthDeclaration
from models.systems import System
from tests.activities.form_map import CARRIED, WHOLE_FORM, WHY_NOT, at, carried_by, fields
from tests.activities.forms import NAMED, SAMPLES, declarations, typed
from tests.activities.playing import Playing, silent_agencies
from tests.activities.simulated import DEATH_LEGS, LEGS, leg_message

AGENCIES = [system for system, leg in LEGS.items() if leg not in DEATH_LEGS]


@pytest.fixture(scope="module")
def playing() -> Iterator[Playing]:
    """Agencies that take everything in and say nothing."""
    with silent_agencies() as playing:
        yield playing


def all_arrived(playing: Playing, form: BirthDeclaration) -> dict[System, dict[str, Any]]:
    """What every agency understood: all it is told, as it was declared, and nothing else."""
    declared = form.model_dump(mode="json")
    by_leg = playing.understood(
        lambda code: (leg_message(system, code, declaration=form, documents=form.attachments) for system in AGENCIES)
    )
    understood = {system: by_leg[LEGS[system]] for system in AGENCIES}
    for system, heard in understood.items():
        told = carried_by(system)
        for path in CARRIED:
            expected = at(declared, path) if path in told else []
            assert at(heard, path) == expected, f"{system.value}: {path}"
    return understood


# --- The map of fields -----------------------------------------------------------------------------------------------


def test_somebody_decided_about_every_field_and_every_system() -> None:
    assert sorted(fields(BirthDeclaration)) == sorted(CARRIED)
    assert set(WHY_NOT) | WHOLE_FORM == set(System)
    assert not set(WHY_NOT) & WHOLE_FORM


def test_every_field_is_stated_in_some_form_sent_here() -> None:
    forms = [*SAMPLES.values(), *(typed(*case) for case in NAMED.values())]
    stated = {path for form in forms for path in CARRIED if at(form.model_dump(mode="json"), path)}
    assert stated == set(CARRIED)


def test_no_two_fields_share_a_place_on_a_wire() -> None:
    for rows in (LTKS, CHILD_CARD):
        places = [row.wire for row in rows]
        assert len(places) == len(set(places))
        assert not [place for place in places if any(other.startswith(f"{place}.") for other in places)]


# --- Any form --------------------------------------------------------------------------------------------------------


@pytest.mark.rule("8.fields-kept", "4.1-form")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(form=declarations())
def test_any_form_arrives_unchanged(playing: Playing, form: BirthDeclaration) -> None:
    all_arrived(playing, form)


@pytest.mark.rule("8.fields-kept")
@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_arrives_unchanged(playing: Playing, name: str) -> None:
    all_arrived(playing, SAMPLES[name])


# --- What went wrong in real life ------------------------------------------------------------------------------------


@pytest.mark.rule(
    "8.nfc", "8.original-text", "8.address-dated", "8.address-detail", "8.codes-are-text", "8.date-precision"
)
@pytest.mark.parametrize("case", NAMED)
@pytest.mark.parametrize("decomposed", [False, True], ids=["NFC", "NFD"])
def test_what_was_corrupted_elsewhere_arrives_as_typed(playing: Playing, case: str, decomposed: bool) -> None:
    sample, changes = NAMED[case]
    form = typed(sample, changes, decomposed=decomposed)
    understood = all_arrived(playing, form)
    for path, value in changes.items():
        for system in WHOLE_FORM:
            assert _typed_at(understood[system], path) == value


def _typed_at(form: dict[str, Any], path: str) -> Any:
    """What stands at a path, as one would type it: without fields that were left open."""
    for name in path.split("."):
        form = form[name]
    return _without_open_fields(form)


def _without_open_fields(value: Any) -> Any:
    if isinstance(value, dict):
        open_ones = (None, "VN") if "commune_code" in value else (None,)
        return {key: _without_open_fields(item) for key, item in value.items() if item not in open_ones}
    return value
