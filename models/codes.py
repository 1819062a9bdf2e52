"""Versioned code lists: provinces by date, ethnic groups, relationships, countries (`models/data/*.csv`, cited).

A province code means nothing without a date: 15, 24, 44, 52, 80, 82 and 91 were given a new meaning on 2025-07-01.
Names are matched whole, after folding; never by what they contain (STANDARDS §6).
"""

import csv
import re
import unicodedata
from collections.abc import Mapping
from datetime import date, timedelta
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
_MOVED_TONE = re.compile(f"(?:{'|'.join(_MOVED_TONES)})(?![\u0300-\u036f])")
_PROVINCE_TYPE = re.compile(r"^(tỉnh|thành phố|tp\.?) ")


def fold(text: str) -> str:
    """The key two spellings of the same Vietnamese text share.

    NFC, casefold, one kind of apostrophe, hyphen = space, one space, old = new tone place (Hoà = Hòa, Thuỷ = Thủy).
    Tone marks and diacritics themselves are kept: “Lào” and “Lao”, “Xa” and “Xá” are different ethnic groups.
    """
    plain = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold()).translate(_APOSTROPHES)
    return _MOVED_TONE.sub(lambda match: _MOVED_TONES[match[0]], _GAPS.sub(" ", plain).strip())


def bare(text: str) -> str:
    """A folded text without its diacritics, as banks and old systems write names: “tran minh hoa”."""
    decomposed = unicodedata.normalize("NFD", fold(text).replace("đ", "d"))
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def says_nothing(text: str) -> bool:
    """Whether a text is “Không có thông tin”, with which others' adapters fill what was not declared (STANDARDS §2)."""
    return fold(text) == "không có thông tin"


class Tiers(StrEnum):
    """The tiers of local government below the centre that an address has (cấp hành chính của địa chỉ)."""

    THREE = "three"
    TWO = "two"


class Dated(Model):
    """Something in force from one date to another, both inclusive; None is open."""

    valid_from: date | None = None
    valid_to: date | None = None

    def in_force(self, on: date) -> bool:
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)


class Province(Dated):
    """A province or centrally run city (tỉnh, thành phố trực thuộc trung ương) between two dates.

    `successor_code`: the province of 2025-07-01 that it became part of, itself included; None for those.
    `communes`: how many it had on 2025-07-01; None where that is not published.
    """

    code: Code
    name: Text
    type: Text
    tiers: Tiers
    successor_code: Code | None = None
    communes: int | None = None

    @property
    def full_name(self) -> str:
        """“Tỉnh Bắc Ninh”; “Thành phố Bắc Ninh” from 2026-09-20."""
        return f"{self.type[:1].upper()}{self.type[1:]} {self.name}"


class EthnicGroup(Model):
    """An ethnic group (dân tộc), code 01–54, or 55 for foreigners, by the names we may print."""

    code: Code
    name: Text
    portal_label: Text

    def is_called(self, text: str) -> bool:
        """Whether a text is its proper name or its label on the portal."""
        return fold(text) in (fold(self.name), fold(self.portal_label))


class EthnicReading(Model):
    """What a declared name of an ethnic group may stand for.

    `codes` are all groups that bear it, `code` the one it decides. Without `code` a person decides: several groups
    bear the name (“Thổ”, “Mán”, “Hoa”), the likeness is not proved (“T’rin”), or nobody bears it.
    """

    codes: frozenset[Code]
    code: Code | None


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


def province_named(name: str, on: date) -> Province | None:
    """The province of that name on a date, with or without its type: “Bắc Ninh”, “tỉnh Bắc Ninh”, “TP. Huế”."""
    key = _PROVINCE_TYPE.sub("", fold(name))
    return next((row for row in provinces(on) if fold(row.name) == key), None)


def province_meanings(code: str) -> tuple[Province, ...]:
    """Everything a code has denoted, oldest first: several for a reused code."""
    return tuple(row for row in _provinces() if row.code == code)


def successor(old: Province) -> Province | None:
    """The province of 2025-07-01 that an older one became part of; None for one of those."""
    return province(old.successor_code, two_tiers_from()) if old.successor_code else None


def predecessors(new: Province) -> tuple[Province, ...]:
    """The provinces of 2025-06-30 that one of the 34 was made of, itself included; none for an older one."""
    last_day = two_tiers_from() - timedelta(days=1)
    return tuple(row for row in provinces(last_day) if new.tiers is Tiers.TWO and row.successor_code == new.code)


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


def read_ethnic_name(text: str) -> EthnicReading:
    """What a name stands for, by proper name, portal label and other names; tone marks decide (“Lào” is not “Lao”)."""
    known, unproved = _ethnic_names().get(fold(text), (frozenset(), frozenset()))
    codes = known | unproved
    return EthnicReading(codes=codes, code=min(known) if len(codes) == len(known) == 1 else None)


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


@cache
def countries_called() -> Mapping[str, str]:
    """The code of each Vietnamese name we know of a country, by folded name; lists disagree, so few are here."""
    return {
        fold(name): row["code"]
        for row in _rows("countries.csv")
        for name in filter(None, row["vietnamese_names"].split("|"))
    }


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
            successor_code=row.get("successor_code") or None,
            communes=int(row["communes"]) if row.get("communes") else None,
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
        )
        for row in _rows("ethnic_groups.csv")
    }


@cache
def _ethnic_names() -> Mapping[str, tuple[frozenset[str], frozenset[str]]]:
    """Codes by folded name: those that bear it, and those of an unproved likeness.

    Some of the other names are insulting: they are for reading only, never printed.
    """
    rows = [
        *(
            (name, group.code, "known")
            for group in _ethnic_groups().values()
            for name in (group.name, group.portal_label)
        ),
        *((row["name"], row["code"], row["standing"]) for row in _rows("ethnic_aliases.csv")),
    ]
    found: dict[str, tuple[set[str], set[str]]] = {}
    for name, code, standing in rows:
        known, unproved = found.setdefault(fold(name), (set(), set()))
        (known if standing == "known" else unproved).add(code)
    return {key: (frozenset(known), frozenset(unproved)) for key, (known, unproved) in found.items()}
