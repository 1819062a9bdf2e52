"""Which system is told which field of form 01: a decision for every field and every system, and why not.

A new field of the form fails `test_round_trip` until it stands here. Form 01 asks for the child's hometown only: the
parents' has no field, so none can be lost on the way.
"""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, RootModel

from models.signatures import Seal
from models.systems import System

WHOLE_FORM = frozenset({System.PROVINCIAL, System.RESIDENCE, System.IDENTITY})
"""Who gets everything: “biểu mẫu, tờ khai người yêu cầu đã kê khai” go on to them (QĐ 296/QĐ-VPCP, Bước 4)."""

WHY_NOT: Mapping[System, str] = {
    System.SOCIAL_INSURANCE: "gets what the card needs: the child, whose it is, where it lives and is treated [choice]",
    System.POPULATION: "validates names with their numbers and nothing else (REQUIREMENTS §3)",
    System.SOCIAL_AFFAIRS: "has no part in a birth",
    System.HEALTH: "finds a birth notice by its number",
    System.VNEID: "asks the people concerned about a child by name, and integrates results for the applicant",
    System.PAYMENT: "asks one payer for one sum",
    System.SMS: "reaches a telephone; no name and no number of a person",
    System.PORTAL: "keeps the applicant's dossier by personal number; it has the declaration already",
    System.DOCUMENTS: "keeps results by the applicant's personal number",
    System.POST: "carries paper to an address",
}
"""Why a system that does not get the whole form gets no more than is said below."""

CARD = frozenset({System.SOCIAL_INSURANCE})
NUMBERED = frozenset({System.POPULATION})
"""Validated as a name with its number, once for each number."""

ASKED = frozenset({System.POPULATION, System.VNEID})
"""Validated, and asked for consent where the plan wants it."""

APPLICANT = frozenset({System.VNEID, System.PAYMENT, System.PORTAL, System.DOCUMENTS, System.POST})
"""Know the applicant by number: who is asked, who pays, whose results they are."""

NOBODY_ELSE: frozenset[System] = frozenset()

ADDRESS = (
    "codes_on",
    "province_code",
    "district_code",
    "district_name",
    "commune_code",
    "commune_name",
    "detail",
    "country",
)
RESIDENCE = ("kind", *(f"address.{leaf}" for leaf in ADDRESS))
CODED = ("code", "text")
UNIT = ("code", "name")
ATTACHMENT = ("kind", "sha256", "size", "media_type", "file_name")

FIELDS: tuple[tuple[str, tuple[str, ...], frozenset[System]], ...] = (
    ("", ("submission_id", "circumstance", "vneid_integration", "attested"), NOBODY_ELSE),
    ("recipients", ("province_code",), CARD),
    ("recipients.civil_status_office", UNIT, CARD),
    ("recipients.residence_office", UNIT, NOBODY_ELSE),
    ("recipients.social_insurance_office", UNIT, CARD),
    ("applicant", ("full_name",), CARD | ASKED),
    ("applicant", ("personal_id",), CARD | ASKED | APPLICANT),
    ("applicant.residence", RESIDENCE, NOBODY_ELSE),
    ("applicant", ("relation", "email"), CARD),
    ("applicant", ("phone",), CARD | {System.SMS}),
    ("child", ("full_name",), CARD | {System.VNEID}),
    ("child", ("born_on", "sex"), CARD),
    ("child", ("born_at", "birth_date_in_words"), NOBODY_ELSE),
    ("child.birthplace", ("facility",), NOBODY_ELSE),
    ("child.birthplace.address", ADDRESS, NOBODY_ELSE),
    ("child.ethnicity", CODED, CARD),
    ("child.nationality", CODED, CARD),
    ("child.hometown", ADDRESS, NOBODY_ELSE),
    ("birth_notice", ("number",), CARD | {System.HEALTH}),
    ("birth_notice", ("issued_on", "facility"), NOBODY_ELSE),
    ("mother", ("full_name", "personal_id"), CARD | ASKED),
    ("mother", ("passport",), CARD),
    ("mother", ("born", "deceased"), NOBODY_ELSE),
    ("mother.ethnicity", CODED, NOBODY_ELSE),
    ("mother.nationality", CODED, NOBODY_ELSE),
    ("mother.residence", RESIDENCE, NOBODY_ELSE),
    ("father", ("full_name", "personal_id"), CARD | ASKED),
    ("father", ("passport",), CARD),
    ("father", ("born", "deceased"), NOBODY_ELSE),
    ("father.ethnicity", CODED, NOBODY_ELSE),
    ("father.nationality", CODED, NOBODY_ELSE),
    ("father.residence", RESIDENCE, NOBODY_ELSE),
    ("marriage", ("number", "book", "registered_on", "place"), NOBODY_ELSE),
    ("residence_registration.householder", ("full_name", "personal_id"), ASKED),
    ("residence_registration", ("relation_to_householder",), NOBODY_ELSE),
    ("residence_registration.address", ADDRESS, CARD),
    ("residence_registration.dwelling_owners", ("full_name", "personal_id"), ASKED),
    ("health_insurance.initial_facility", UNIT, CARD),
    ("health_insurance.poor_household", ("number", "issued_on"), CARD),
    ("fee_relief", ("ground", "number", "issued_on"), NOBODY_ELSE),
    ("identity_card", ("requested",), NOBODY_ELSE),
    ("results", ("birth_certificate_copies",), NOBODY_ELSE),
    ("results.residence_notice_paper", ("place",), NOBODY_ELSE),
    ("results.residence_notice_paper.address", ADDRESS, frozenset({System.POST})),
    ("results.health_card_paper", ("place",), CARD),
    ("results.health_card_paper.address", ADDRESS, CARD | {System.POST}),
    ("attachments", ATTACHMENT, CARD),
)
"""Part of the form, its fields, and who is told them besides `WHOLE_FORM`."""

CARRIED: Mapping[str, frozenset[System]] = {
    f"{part}.{leaf}".lstrip("."): WHOLE_FORM | others for part, leaves, others in FIELDS for leaf in leaves
}
"""Every field of the form, and all systems that are told it."""


def carried_by(system: System) -> frozenset[str]:
    """The fields a system is told."""
    return frozenset(path for path, systems in CARRIED.items() if system in systems)


def fields(model: type[BaseModel], path: str = "") -> Iterator[str]:
    """Every field of the form that has no fields of its own, by its path; a list counts once.

    A seal is none: what signatures are worth is found by us, never stated by a form.
    """
    for name, field in model.model_fields.items():
        if field.annotation == Seal | None:
            continue
        parts = [part for part in _types(field.annotation) if issubclass(part, BaseModel)]
        parts = [part for part in parts if not issubclass(part, RootModel)]
        if parts:
            yield from fields(parts[0], f"{path}{name}.")
        else:
            yield f"{path}{name}"


def _types(annotation: Any) -> Iterator[type]:
    if isinstance(annotation, type):
        yield annotation
    for part in get_args(annotation):
        yield from _types(part)


def at(form: Any, path: str) -> list[Any]:
    """What stands at a path of a form in JSON: nothing, one thing, or one of each entry of a list."""
    found = [form]
    for name in path.split("."):
        found = [part[name] for part in found if part.get(name) is not None]
        found = [entry for part in found for entry in (part if isinstance(part, list) else [part])]
    return found
