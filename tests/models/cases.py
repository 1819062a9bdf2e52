"""Cases for the tests of the law and of a dossier's life: samples under every pack, legs, facts, publications."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from cli.files import load_declaration_file
from models.base import LEGAL_ZONE
from models.birth import BirthDeclaration
from models.calendar import load_calendar
from models.communes import Communes
from models.death import DeathDeclaration
from models.declaration import Declaration
from models.documents import Document, DocumentKind, describe
from models.law import all_packs, pack
from models.plan import Plan, resolve_plan
from models.reading import read_declaration

SAMPLES = Path(__file__).parents[2] / "samples" / "birth"
SAMPLE_NAMES = tuple(sorted(path.stem for path in SAMPLES.glob("*.json")))
DEATHS = SAMPLES.parent / "death"
DEATH_NAMES = tuple(sorted(path.stem for path in DEATHS.glob("*.json")))
ON = date(2026, 11, 19)
"""The Thursday on which the samples are submitted."""

PACKS = tuple(pack.id for pack in all_packs())
NEWEST = "2026-09-01"
CALENDAR = load_calendar()

OWNER = {"full_name": "Ông Sở Hữu Mẫu", "personal_id": "001060000999"}
"""The owner of a dwelling, somebody the form names nowhere else."""

_Form = TypeVar("_Form", BirthDeclaration, DeathDeclaration)
_TELLS_NOBODY = 4
_PERSONAL_FIELDS = frozenset({"full_name", "personal_id", "passport", "phone", "email", "detail", "number"})


@cache
def sample(name: str) -> BirthDeclaration:
    """A sample declaration, submitted on `ON`."""
    return born(load_declaration_file(SAMPLES / f"{name}.json", ON)[0])


@cache
def death_sample(name: str) -> DeathDeclaration:
    """A sample declaration of a death, submitted on `ON`."""
    declaration, _ = load_declaration_file(DEATHS / f"{name}.json", ON)
    assert isinstance(declaration, DeathDeclaration)
    return declaration


def born(declaration: Declaration) -> BirthDeclaration:
    """The declaration, which must be one of a birth."""
    assert isinstance(declaration, BirthDeclaration)
    return declaration


def read_birth(data: Mapping[str, object], on: date, communes: Communes | None = None) -> BirthDeclaration:
    """The declaration of a birth that these data are."""
    return born(read_declaration(data, on, communes))


def changed(form: _Form, **sections: Any) -> _Form:
    """The form with fields of some sections changed, or whole sections replaced by something that is no mapping."""
    data = form.model_dump(mode="json")
    for name, fields in sections.items():
        data[name] = {**(data[name] or {}), **fields} if isinstance(fields, Mapping) else fields
    return type(form).model_validate(data)


def owned(form: BirthDeclaration, *owners: Mapping[str, str]) -> BirthDeclaration:
    """The form with these owners of the dwelling; with its own or, without any, with `OWNER`."""
    if not owners and form.residence_registration.dwelling_owners:
        return form
    return changed(form, residence_registration={"dwelling_owners": list(owners or (OWNER,))})


def plan_of(name: str, pack_id: str = NEWEST) -> Plan:
    """The plan of a sample under a pack, an owner named where the sample has none."""
    return resolve_plan(pack(pack_id), owned(sample(name)))


def moment(text: str) -> datetime:
    """An instant in Việt Nam: “2026-11-19 14:59:59”."""
    return datetime.fromisoformat(text).replace(tzinfo=LEGAL_ZONE)


def document(kind: DocumentKind, text: str = "bản điện tử") -> Document:
    """A document of that kind with that content."""
    return describe(kind, f"{kind.value}.pdf", f"%PDF-1.7 {text}".encode())


def personal_data(form: Declaration) -> frozenset[str]:
    """Every name, number, phone, e-mail and address detail the form states; too short to be anybody's, left out."""
    return frozenset(text for text in _personal(form.model_dump(mode="json")) if len(text) > _TELLS_NOBODY)


def _personal(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key in _PERSONAL_FIELDS and isinstance(item, str):
                yield item
            else:
                yield from _personal(item)
    elif isinstance(value, list):
        for item in value:
            yield from _personal(item)
