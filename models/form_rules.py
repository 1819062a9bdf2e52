"""What the rules between the sections of a form are made of; the rules: `birth_rules`, `death_rules`.

A check runs whenever its own sections are valid, however wrong the rest of the form is, so that everything is reported
at once. Messages never repeat a name or number.
"""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, NamedTuple

from models.address import Address
from models.codes import tiers_on


class Breach(NamedTuple):
    """A broken rule: the field a citizen has to change, and why."""

    path: tuple[str | int, ...]
    message: str


Judge = Callable[[Any, date], Iterator[Breach]]
"""Judges a form of its group, of which only some sections may be valid."""


class Rule(NamedTuple):
    """A named check. `judge` looks at no section outside `needs`; the date is the day of submission."""

    name: str
    needs: frozenset[str]
    judge: Judge


def after_submission(on: date) -> str:
    """What is said of a day after the submission."""
    return f"Sau ngày nộp tờ khai ({on:%d/%m/%Y})."


def in_todays_codes(path: tuple[str | int, ...], address: Address, on: date) -> Iterator[Breach]:
    """An address in the codes in use on the day of submission, or agencies cannot take it."""
    if address.tiers is not tiers_on(on):
        yield Breach((*path, "codes_on"), f"Phải ghi địa danh theo mã đang dùng ngày {on:%d/%m/%Y}.")
