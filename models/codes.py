"""Versioned code lists: provinces by date, ethnic groups, relationships, countries (`models/data/*.csv`, cited).

A province code means nothing without a date: 15, 24, 44, 52, 80, 82 and 91 were given a new meaning on 2025-07-01.
"""

import csv
import re
import unicodedata
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from itertools import product

from models.base import Code, Model, Text

_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼʻ`´′＇", "'"))
_GAPS = re.compile(r"[\s\-‐‑‒–—]+")
_TONES = ("\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
_MOVED_TONES = {
    unicodedata.normalize("NFC", first + second + tone): unicodedata.normalize("NFC", first + tone + second)
    for (first, second), tone in product((("o", "a"), ("o", "e"), ("u", "y")), _TONES)
}
_MOVED_TONE = re.compile("|".join(_MOVED_TONES))


def fold(text: str) -> str:
    """The key two spellings of the same Vietnamese text share.

    NFC, casefold, one kind of apostrophe, hyphen = space, one space, old = new tone place (Hoà = Hòa, Thuỷ = Thủy).
    Tone marks and diacritics themselves are kept: “Lào” and “Lao”, “Xa” and “Xá” are different ethnic groups.
    """
    plain = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold()).translate(_APOSTROPHES)
    return _MOVED_TONE.sub(lambda match: _MOVED_TONES[match[0]], _GAPS.sub(" ", plain).strip())


class Tiers(StrEnum):
    """The tiers of local government below the centre that an address has (cấp hành chính của địa chỉ)."""

    THREE = "three"
    TWO = "two"


class Province(Model):
    """A province or centrally run city (tỉnh, thành phố trực thuộc trung ương) between two dates, inclusive."""

    code: Code
    name: Text
    type: Text
    tiers: Tiers
    valid_from: date | None = None
    valid_to: date | None = None

    def in_force(self, on: date) -> bool:
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)


class EthnicGroup(Model):
    """An ethnic group (dân tộc), code 01–54, or 55 for foreigners. Other names are for reading, never for printing."""

    code: Code
    name: Text
    portal_label: Text
    other_names: tuple[Text, ...] = ()


class Vocabulary(StrEnum):
    """The word lists of the portal's birth form (`relationships.csv`)."""

    CHILD_TO_HOUSEHOLDER = "child_to_household_head"
    APPLICANT_TO_CHILD = "applicant_to_child"
    RESIDENCE_KIND = "residence_kind"


def province(code: str, on: date) -> Province | None:
    """The province a code denoted on a date; None when the code meant nothing then."""
    return next((row for row in _provinces() if row.code == code and row.in_force(on)), None)


def provinces(on: date) -> tuple[Province, ...]:
    """Every province of a date, by code: 63 until 2025-06-30, 34 after."""
    return tuple(row for row in _provinces() if row.in_force(on))


@cache
def two_tiers_from() -> date:
    """The first day of two-tier addresses (bỏ cấp huyện): the day the list of 34 provinces begins."""
    return min(row.valid_from for row in _provinces() if row.tiers is Tiers.TWO and row.valid_from)


def tiers_on(on: date) -> Tiers:
    """How many tiers an address has whose codes are of that date."""
    return Tiers.TWO if on >= two_tiers_from() else Tiers.THREE


@cache
def personal_id_prefixes() -> frozenset[str]:
    """The province prefixes of personal identity numbers; births abroad have others, so an unknown one only warns."""
    return frozenset(row["personal_id_prefix"] for row in _rows("provinces_63.csv"))


def ethnic_group(code: str) -> EthnicGroup | None:
    """The ethnic group of a code (“01” Kinh … “54”, “55” foreigner); None when there is none."""
    return _ethnic_groups().get(code)


def ethnic_codes(label: str) -> frozenset[str]:
    """The codes a name may stand for: a proper name decides; a shared other name (“Mán”) has several, for a person."""
    key = fold(label)
    groups = _ethnic_groups().values()
    proper = frozenset(group.code for group in groups if key in (fold(group.name), fold(group.portal_label)))
    return proper or frozenset(group.code for group in groups if key in map(fold, group.other_names))


@cache
def labels(vocabulary: Vocabulary) -> tuple[str, ...]:
    """The labels of a word list, in the portal's order."""
    return tuple(row["label"] for row in _rows("relationships.csv") if row["vocabulary"] == vocabulary)


@cache
def label_of(vocabulary: Vocabulary, code: str) -> str:
    """The Vietnamese label of a coded word; KeyError when the list has no such code."""
    coded = {row["code"]: row["label"] for row in _rows("relationships.csv") if row["vocabulary"] == vocabulary}
    return coded[code]


@cache
def country_codes() -> frozenset[str]:
    """ISO 3166-1 alpha-2 codes, and XX for a stateless person (không quốc tịch)."""
    return frozenset(row["code"] for row in _rows("countries.csv"))


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files("models").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def _provinces() -> tuple[Province, ...]:
    lists = ((Tiers.THREE, "provinces_63.csv"), (Tiers.TWO, "provinces_34.csv"))
    return tuple(
        Province(
            code=row["code"],
            name=row["name"],
            type=row["type"],
            tiers=tiers,
            valid_from=date.fromisoformat(row["valid_from"]) if row["valid_from"] else None,
            valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        )
        for tiers, name in lists
        for row in _rows(name)
    )


@cache
def _ethnic_groups() -> dict[str, EthnicGroup]:
    return {
        row["code"]: EthnicGroup(
            code=row["code"],
            name=row["name"],
            portal_label=row["portal_label"],
            other_names=tuple(filter(None, row["other_names"].split("|"))),
        )
        for row in _rows("ethnic_groups.csv")
    }
