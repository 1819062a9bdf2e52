"""What the rules between the sections of a form are made of; the rules: `birth_rules`, `death_rules`.

A check runs whenever its own sections are valid, however wrong the rest of the form is, so that everything is reported
at once. Messages never repeat a name or number.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import partial
from itertools import combinations
from typing import Any, NamedTuple

from models.address import Address
from models.base import Path
from models.codes import fold, province, tiers_on


class Breach(NamedTuple):
    """A broken rule: the field a citizen has to change, and why."""

    path: Path
    message: str


Judge = Callable[[Any, date], Iterator[Breach]]
"""Judges a form of its group, of which only some sections may be valid."""


class Rule(NamedTuple):
    """A named check. `judge` looks at no section outside `needs`; the date is the day of submission.

    One `by_row` is right about the valid rows of a table, whatever others that are not valid by themselves would say.
    """

    name: str
    needs: frozenset[str]
    judge: Judge
    by_row: bool = False


def after_submission(on: date) -> str:
    """What is said of a day after the submission."""
    return f"Sau ngày nộp tờ khai ({on:%d/%m/%Y})."


def in_todays_codes(path: Path, address: Address, on: date) -> Iterator[Breach]:
    """An address in the codes in use on the day of submission, or agencies cannot take it."""
    if address.tiers is not tiers_on(on):
        yield Breach((*path, "codes_on"), f"Phải ghi địa danh theo mã đang dùng ngày {on:%d/%m/%Y}.")


# --- Dates ---------------------------------------------------------------------------------------------------------


def not_after_submission(path: str) -> Judge:
    """The day at that path, where the form has one, is not after the submission."""

    def judge(form: Any, on: date) -> Iterator[Breach]:
        steps, day = tuple(path.split(".")), form
        for step in steps:
            day = None if day is None else getattr(day, step)
        if day is not None and day > on:
            yield Breach(steps, after_submission(on))

    return judge


def fee_relief_is_certified(form: Any, on: date) -> Iterator[Breach]:
    """No certificate of a fee relief is issued after the submission."""
    for at, relief in enumerate(form.fee_relief):
        if relief.issued_on > on:
            yield Breach(("fee_relief", at, "issued_on"), after_submission(on))


# --- Places --------------------------------------------------------------------------------------------------------


def recipient_province_exists(form: Any, on: date) -> Iterator[Breach]:
    """The province the citizen turns to is one of that day."""
    if province(form.recipients.province_code, on) is None:
        yield Breach(("recipients", "province_code"), f"Không có tỉnh mã này vào ngày {on:%d/%m/%Y}.")


def post_goes_to_todays_codes(papers: Iterable[str], form: Any, on: date) -> Iterator[Breach]:
    """Results on paper go to addresses in the codes of that day; `papers` are fields of `results`."""
    for field in papers:
        delivery = getattr(form.results, field)
        if delivery and delivery.address:
            yield from in_todays_codes(("results", field, "address"), delivery.address, on)


# --- One person, one name ------------------------------------------------------------------------------------------


class PersonAt(NamedTuple):
    """A person and where the form names them."""

    path: Path
    full_name: str
    personal_id: str | None


PeopleIn = Callable[[Any, str], Sequence[PersonAt]]
"""The people a form names in a section."""


def one_number_one_name(people: PeopleIn, sections: Sequence[str], tables: Iterable[str]) -> Iterator[Rule]:
    """Rules that each number has one name, between any two sections and within those that name several people."""
    for first, second in (*combinations(sections, 2), *((table, table) for table in tables)):
        judge = partial(_one_number_one_name, people, first, second)
        yield Rule(f"one_number_one_name_{first}_{second}", frozenset({first, second}), judge, by_row=True)


def _one_number_one_name(people: PeopleIn, first: str, second: str, form: Any, on: date) -> Iterator[Breach]:
    """The same number under two names is two people or a slip: consents would be asked of the wrong one."""
    for at, one in enumerate(people(form, first)):
        for other in people(form, second)[at + 1 if first == second else 0 :]:
            same = one.personal_id is not None and one.personal_id == other.personal_id
            if same and fold(one.full_name) != fold(other.full_name):
                text = "Cùng số định danh với người khác trong tờ khai nhưng khác họ tên."
                yield Breach((*other.path, "full_name"), text)
