"""What the rules about people of form 02 have in common: the rows of its tables, and who is the same person."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import NamedTuple

from models.codes import fold
from models.death import DeathDeclaration
from models.death_form import Benefits, Claim, Payee, Relative
from models.form_rules import Breach, Rule

SURVIVOR_CLAIMS = frozenset({Claim.LUMP_SUM, Claim.MONTHLY})
"""What a relative may claim of a survivor benefit (trợ cấp tuất)."""

_TABLES = ("relatives", "merit_relatives")

JudgeBenefits = Callable[[DeathDeclaration, Benefits, date], Iterator[Breach]]


def of_benefits(name: str, judge: JudgeBenefits, *needs: str) -> Rule:
    """A rule about `benefits`, which is not asked when the form has none; `needs` are its parts or other sections."""

    def judged(form: DeathDeclaration, on: date) -> Iterator[Breach]:
        if form.benefits is not None:
            yield from judge(form, form.benefits, on)

    return Rule(name, frozenset(needs), judged)


class Row(NamedTuple):
    """A relative and where the form has them."""

    path: tuple[str | int, ...]
    relative: Relative


def rows_of(benefits: Benefits) -> list[Row]:
    """The relatives of both tables."""
    return [
        Row(("benefits", table, at), relative)
        for table in _TABLES
        for at, relative in enumerate(getattr(benefits, table))
    ]


def living_rows(benefits: Benefits) -> list[Row]:
    """The living relatives of both tables."""
    return [row for row in rows_of(benefits) if not row.relative.deceased]


def is_person(one: Relative | Payee, full_name: str, personal_id: str | None) -> bool:
    """Whether the form means the same person: by number, or by name where one of the two has no number."""
    if one.personal_id and personal_id:
        return one.personal_id == personal_id
    return fold(one.full_name) == fold(full_name)
