"""Numbers of agencies for things we have words for (`agency_codes.csv`): a number means nothing without its system.

2 is an old identity card for both systems, but 1 is a citizen's card at social insurance and a birth certificate at
the Ministry of Justice (STANDARDS §1.4).
"""

import csv
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import TypeVar

from models.identity import Sex


class CodeSystem(StrEnum):
    """Whose numbering a code belongs to."""

    SOCIAL_INSURANCE = "BHXH"
    JUSTICE = "BTP"

    @property
    def label(self) -> str:
        """What citizens and operators read."""
        return {CodeSystem.SOCIAL_INSURANCE: "Bảo hiểm xã hội", CodeSystem.JUSTICE: "Bộ Tư pháp"}[self]


class IdentityPaper(StrEnum):
    """Papers a person may be identified by (loại giấy tờ tùy thân)."""

    NONE = "none"
    PERSONAL_NUMBER = "personal_number"
    CITIZEN_CARD = "citizen_card"
    IDENTITY_CARD = "identity_card"
    IDENTITY_CERTIFICATE = "identity_certificate"
    OLD_IDENTITY_CARD = "old_identity_card"
    PASSPORT = "passport"
    BIRTH_CERTIFICATE = "birth_certificate"
    ARMY_OFFICER_CARD = "army_officer_card"
    POLICE_CARD = "police_card"
    HOUSEHOLD_BOOK = "household_book"
    OTHER = "other"

    @property
    def label(self) -> str:
        """As the lists of the agencies have it."""
        return _paper_labels()[self]


class UnknownCode(LookupError):
    """A code or word that a system's list does not have; the message, in Vietnamese, says which ones it has."""


W = TypeVar("W", Sex, IdentityPaper)

_LISTS: Mapping[type[StrEnum], str] = {Sex: "sex", IdentityPaper: "identity_paper"}


def code_of(system: CodeSystem, word: Sex | IdentityPaper) -> str:
    """The number a system has for a word. Raises UnknownCode."""
    codes = {meant: code for code, meant in _list(system, _LISTS[type(word)]).items()}
    if word.value not in codes:
        raise UnknownCode(f"{system.label} không có mã cho “{word.label}”; có: {', '.join(sorted(codes.values()))}")
    return codes[word.value]


def word_of(system: CodeSystem, kind: type[W], code: str) -> W:
    """What a number of a system means. Raises UnknownCode: an unknown number is never taken for another."""
    words = _list(system, _LISTS[kind])
    if code not in words:
        raise UnknownCode(f"{system.label} không có mã này; có: {', '.join(words) or 'không mã nào'}")
    return kind(words[code])


@cache
def _list(system: CodeSystem, name: str) -> Mapping[str, str]:
    """Our word by the system's code."""
    return {row["code"]: row["word"] for row in _rows() if (row["system"], row["list"]) == (system, name)}


@cache
def _paper_labels() -> Mapping[str, str]:
    return {row["word"]: row["label"] for row in _rows() if row["list"] == _LISTS[IdentityPaper]}


@cache
def _rows() -> tuple[dict[str, str], ...]:
    text = resources.files("models").joinpath("data", "agency_codes.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))
