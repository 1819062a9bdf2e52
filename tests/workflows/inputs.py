"""What plays start from: sample declarations moved to any day, instants in Việt Nam, result documents."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from cli.files import load_declaration_file
from models.base import LEGAL_ZONE
from models.birth import BirthDeclaration
from models.codes import Tiers, tiers_on
from models.death import DeathDeclaration
from models.documents import Document, DocumentKind, describe
from models.reading import read_declaration
from tests.models.cases import born

SAMPLES = Path(__file__).parents[2] / "samples" / "birth"
DEATH_SAMPLES = SAMPLES.with_name("death")
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
IDENTITY_NUMBER = "001326000001"
BIRTH, RESIDENCE, HEALTH, IDENTITY = (
    "birth_registration",
    "residence_registration",
    "health_insurance_card",
    "identity_card",
)
DEATH, DEREGISTRATION = "death_registration", "residence_deregistration"
INSURANCE_FUNERAL, INSURANCE_SURVIVOR = "insurance_funeral_benefit", "insurance_survivor_benefit"
BENEFIT_END, FUNERAL_SUPPORT = "survivor_benefit_end", "funeral_cost_support"
MERIT_FUNERAL, MERIT_SURVIVOR = "merit_funeral_benefit", "merit_survivor_benefit"
_SAMPLES_READ_ON = date(2026, 11, 19)


def sample(name: str, on: date, **sections: Any) -> BirthDeclaration:
    """A sample as it would be declared on that day for a child ten days old, some of its sections replaced."""
    written, _ = load_declaration_file(SAMPLES / f"{name}.json", _SAMPLES_READ_ON)
    form = _in_codes_of(on, {**written.model_dump(mode="json"), **sections})
    form["child"]["born_on"] = (on - timedelta(days=10)).isoformat()
    if form["birth_notice"]:
        form["birth_notice"]["issued_on"] = (on - timedelta(days=9)).isoformat()
    return born(read_declaration(form, on))


def free(name: str, on: date, **sections: Any) -> BirthDeclaration:
    """The same without certified copies, hence without a fee."""
    return sample(name, on, **{"results": {}, **sections})


def died(name: str, on: date, **sections: Any) -> DeathDeclaration:
    """A sample of form 02 as it would be declared on that day, without certified copies; some sections replaced."""
    written, _ = load_declaration_file(DEATH_SAMPLES / f"{name}.json", _SAMPLES_READ_ON)
    form = _in_codes_of(on, {**written.model_dump(mode="json"), "results": {}, **sections})
    later = on - _SAMPLES_READ_ON
    for part, day in (("deceased", "died_on"), ("death_notice", "issued_on"), ("notice_substitute", "issued_on")):
        if form[part] and len(form[part][day]) == len("2026-11-15"):
            form[part][day] = (date.fromisoformat(form[part][day]) + later).isoformat()
    declaration = read_declaration(form, on)
    assert isinstance(declaration, DeathDeclaration)
    return declaration


def _in_codes_of(on: date, value: Any) -> Any:
    """The same with every address in the codes of that day, three tiers to 2025-06-30, two after; older ones stay."""
    if isinstance(value, list):
        return [_in_codes_of(on, item) for item in value]
    if not isinstance(value, dict):
        return value
    form = {key: _in_codes_of(on, item) for key, item in value.items()}
    if form.get("codes_on") and tiers_on(date.fromisoformat(form["codes_on"])) is tiers_on(_SAMPLES_READ_ON):
        form |= {"codes_on": on.isoformat(), "district_code": "001" if tiers_on(on) is Tiers.THREE else None}
    return form


def moment(text: str) -> datetime:
    """An instant in Việt Nam: “2026-11-19 14:59:59”."""
    return datetime.fromisoformat(text).replace(tzinfo=LEGAL_ZONE)


def result(kind: DocumentKind) -> Document:
    """A result document, by digest."""
    return describe(kind, f"{kind.value}.pdf", PDF)
