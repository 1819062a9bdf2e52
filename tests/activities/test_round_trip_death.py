"""Form 02 through every adapter over real HTTP, leg by leg: all that a leg is told arrives as declared, and no more."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from activities import benefit_rows
from activities.dvclt_death import LTKT
from activities.field_map import Row
from activities.insurance_benefits import BENEFIT_END, FUNERAL_BENEFIT, SURVIVOR_BENEFIT
from models.death import DeathDeclaration
from models.documents import DocumentKind
from models.messages import LegMessage, LegOrder
from models.systems import Role, System
from tests.activities.death_forms import NAMED, SAMPLES, declarations, in_three_tiers, typed
from tests.activities.death_map import BENEFITS, CARRIED, EVERYBODY, REGISTRAR, WHY_NOT
from tests.activities.form_map import at, fields
from tests.activities.forms import file
from tests.activities.playing import Playing, silent_agencies
from tests.activities.simulated import DEATH_LEGS, head

FORMS = {name: typed(*case) for name, case in NAMED.items()}
STATE_THE_CAUSE = (DocumentKind.DEATH_NOTICE, DocumentKind.DEATH_NOTICE_SUBSTITUTE)
"""Papers that, like the cause itself, only the registrar is shown."""
INSURED = [leg for leg, system in DEATH_LEGS.items() if system is System.SOCIAL_INSURANCE]


@pytest.fixture(scope="module")
def playing() -> Iterator[Playing]:
    """Agencies that take everything in and say nothing."""
    with silent_agencies() as playing:
        yield playing


def parts(form: DeathDeclaration, code: str) -> Iterator[LegMessage]:
    """The parts of a dossier, as the workflow's orders make them of the form."""
    for leg, system in DEATH_LEGS.items():
        if leg in INSURED and form.recipients.social_insurance_office is None:
            continue
        order = LegOrder(head=head(f"{leg}:submit", code), system=system, leg=leg, agency="Cơ quan thử nghiệm")
        yield order.message(form)


def all_arrived(playing: Playing, form: DeathDeclaration) -> dict[str, dict[str, Any]]:
    """What every agency understood: all it is told, as it was declared, and nothing else."""
    understood = playing.understood(lambda code: parts(form, code))
    assert understood.keys() >= EVERYBODY
    for leg, heard in understood.items():
        declared = form.model_dump(mode="json")
        if leg not in REGISTRAR:
            declared["attachments"] = [file for file in declared["attachments"] if file["kind"] not in STATE_THE_CAUSE]
        for path, told in CARRIED.items():
            expected = at(declared, path) if leg in told else []
            assert at(heard, path) == expected, f"{leg}: {path}"
    return understood


# --- The map of fields -----------------------------------------------------------------------------------------------


def test_somebody_decided_about_every_field_and_every_system() -> None:
    assert sorted(fields(DeathDeclaration)) == sorted(CARRIED)
    assert set(WHY_NOT) | set(DEATH_LEGS.values()) == set(System)
    assert {told for everybody in CARRIED.values() for told in everybody} <= {*DEATH_LEGS, *System}
    assert {system for system in WHY_NOT if Role.HANDLES_LEGS in system.roles} == {System.IDENTITY}


def test_every_field_is_stated_in_some_form_sent_here() -> None:
    forms = [*SAMPLES.values(), *FORMS.values(), *map(in_three_tiers, FORMS.values())]
    stated = {path for form in forms for path in CARRIED if at(form.model_dump(mode="json"), path)}
    assert stated == set(CARRIED)


_TABLES = {name: rows for name, rows in vars(benefit_rows).items() if name.isupper()}


@pytest.mark.parametrize(
    "rows",
    [LTKT, FUNERAL_BENEFIT, SURVIVOR_BENEFIT, BENEFIT_END, *_TABLES.values()],
    ids=["LTKT", "funeral", "survivor", "end", *_TABLES],
)
def test_no_two_fields_share_a_place_on_a_wire(rows: Iterable[Row]) -> None:
    places = [row.wire for row in rows]
    assert len(places) == len(set(places))
    assert not [place for place in places if any(other.startswith(f"{place}.") for other in places)]


# --- Any form --------------------------------------------------------------------------------------------------------


@pytest.mark.rule("8.fields-kept", "8.date-precision", "8.original-text")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(form=declarations())
def test_any_form_arrives_unchanged(playing: Playing, form: DeathDeclaration) -> None:
    all_arrived(playing, form)


@pytest.mark.rule("8.fields-kept")
@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_arrives_unchanged(playing: Playing, name: str) -> None:
    all_arrived(playing, SAMPLES[name])


# --- What gets lost on the way ---------------------------------------------------------------------------------------


@pytest.mark.rule(
    "8.nfc", "8.original-text", "8.address-dated", "8.address-detail", "8.codes-are-text", "8.date-precision"
)
@pytest.mark.parametrize("case", NAMED)
@pytest.mark.parametrize("decomposed", [False, True], ids=["NFC", "NFD"])
def test_what_gets_lost_elsewhere_arrives_as_typed(playing: Playing, case: str, decomposed: bool) -> None:
    form = typed(*NAMED[case], decomposed=decomposed)
    assert form == FORMS[case]
    all_arrived(playing, form)


@pytest.mark.rule("8.address-dated")
@pytest.mark.parametrize("case", ["an organisation declares and buries", "everybody receives in another way", "merit"])
def test_an_old_address_keeps_its_three_tiers_wherever_it_stands(playing: Playing, case: str) -> None:
    all_arrived(playing, in_three_tiers(FORMS[case]))


def test_of_what_somebody_died_the_registrar_alone_hears(playing: Playing) -> None:
    cause, icd10 = "Nguyên nhân chỉ một nơi được biết", "I21.9"
    notice = file(DocumentKind.DEATH_NOTICE_SUBSTITUTE, "Kết quả giám định.pdf", b"%PDF-1.7 " + cause.encode())
    form = typed("aged-80", {"deceased.cause": cause, "deceased.cause_icd10": icd10})
    form = form.model_copy(update={"attachments": (notice,)})
    understood = all_arrived(playing, form)
    knowing = {leg for leg, heard in understood.items() if cause in str(heard) or icd10 in str(heard)}
    assert knowing == REGISTRAR
    assert {leg for leg, heard in understood.items() if heard["attachments"]} == REGISTRAR


def test_what_relatives_earn_and_where_they_are_paid_reaches_only_who_decides_on_it(playing: Playing) -> None:
    understood = all_arrived(playing, FORMS["everybody receives in another way"])
    knowing = {leg for leg, heard in understood.items() if "0001900123" in str(heard)}
    assert knowing == BENEFITS | {"insurance_funeral_benefit", "insurance_survivor_benefit"}
    earnings = {leg for leg, heard in understood.items() if "monthly_income_vnd" in str(heard)}
    assert earnings == BENEFITS | {"insurance_survivor_benefit"}
