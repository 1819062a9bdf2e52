"""Fees (lệ phí) of a birth dossier: provincial data, with the waivers of Luật Hộ tịch 2014 Điều 11(1).

Registration on time by Vietnamese citizens is free (b); poor households, people with merit and disabled people pay
nothing (a). The amounts are the provinces' (`models/data/fees.csv`); rows marked `sample` are samples.
"""

import csv
from datetime import date
from functools import cache
from importlib import resources

from models.base import Code, LongText, Model, Text
from models.declaration import BirthDeclaration, Fact
from models.dossier import Fee, FeeLine

ANY_PROVINCE = "*"


class FeeRow(Model):
    """One fee of one province (or of any that has no row of its own) from a date on, in đồng."""

    item: Code
    name: Text
    province_code: str
    from_: date
    amount_vnd: int
    sample: bool
    basis: LongText


@cache
def fee_rows() -> tuple[FeeRow, ...]:
    """The fee table."""
    text = (resources.files("models") / "data" / "fees.csv").read_text("utf-8")
    return tuple(
        FeeRow(
            item=row["item"],
            name=row["name"],
            province_code=row["province_code"],
            from_=date.fromisoformat(row["from"]),
            amount_vnd=int(row["amount_vnd"]),
            sample=row["sample"] == "yes",
            basis=row["basis"],
        )
        for row in csv.DictReader(text.splitlines())
    )


def assess_fee(declaration: BirthDeclaration, facts: frozenset[Fact], late: bool, on: date) -> Fee:
    """What the citizen owes before the dossier is sent; `late` = declared after the legal term."""
    if Fact.POOR_HOUSEHOLD in facts:
        return Fee()
    province = declaration.recipients.province_code
    lines = []
    if Fact.FOREIGN_ELEMENT in facts:
        lines.append(_line("foreign_birth_registration", province, on))
    elif late:
        lines.append(_line("late_birth_registration", province, on))
    if copies := declaration.results.birth_certificate_copies:
        lines.append(_line("certificate_copy", province, on, times=copies))
    return Fee(lines=tuple(lines))


def _line(item: str, province: str, on: date, times: int = 1) -> FeeLine:
    """The newest row of that province, else of any province."""
    rows = [row for row in fee_rows() if row.item == item and row.from_ <= on]
    own = [row for row in rows if row.province_code == province]
    row = max(own or [row for row in rows if row.province_code == ANY_PROVINCE], key=lambda row: row.from_)
    return FeeLine(item=row.item, name=row.name, amount_vnd=row.amount_vnd * times, basis=row.basis)
