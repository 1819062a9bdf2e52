"""What the rules about people of form 02 have in common: the rows of its tables."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import NamedTuple

from models.base import Path
from models.death import DeathDeclaration
from models.death_form import Benefits, Claim, ReceivingPerson, Relative
from models.form_rules import Breach, Rule

SURVIVOR_CLAIMS = frozenset({Claim.LUMP_SUM, Claim.MONTHLY})
"""What a relative may claim of a survivor benefit (trợ cấp tuất)."""

_TABLES = ("relatives", "merit_relatives")

REGIME = "benefits.regime"
ROWS = tuple(f"benefits.{table}" for table in _TABLES)
"""Parts of the form that rules need: the regime, and the tables of relatives."""

JudgeBenefits = Callable[[DeathDeclaration, Benefits, date], Iterator[Breach]]


def of_benefits(name: str, judge: JudgeBenefits, *needs: str) -> Rule:
    """A rule about `benefits`, which is not asked when the form has none; `needs` are its parts or other sections."""

    def judged(form: DeathDeclaration, on: date) -> Iterator[Breach]:
        if form.benefits is not None:
            yield from judge(form, form.benefits, on)

    return Rule(name, frozenset(needs), judged)


def of_rows(name: str, judge: JudgeBenefits, *needs: str) -> Rule:
    """A rule about single rows of `benefits`, which is judged of the valid ones though others are not."""
    return of_benefits(name, judge, *needs)._replace(by_row=True)


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


def receiver_in(part: str, benefits: Benefits) -> Iterator[tuple[Path, ReceivingPerson]]:
    """Who receives the funeral benefit, or the lump sum for all, if a person does."""
    if part == "representative":
        if benefits.representative:
            yield ("benefits", part), benefits.representative
    elif benefits.funeral_recipient and benefits.funeral_recipient.person:
        yield ("benefits", part, "person"), benefits.funeral_recipient.person
