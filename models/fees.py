"""Fees (lệ phí) of a dossier: which apply and who is freed as the law says, how much as the province says.

`models/data/fees.toml` holds items and waivers (Luật Hộ tịch 2014 Điều 11), `models/data/fees.csv` the amounts that the
provinces' people's councils set; rows marked `sample` are samples.
"""

import csv
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources

from pydantic import Field

from models.base import Code, LongText, Model, Text
from models.declaration import Declaration
from models.dossier import Fee, FeeLine, WaivedFee
from models.form_facts import Fact
from models.groups import Group
from models.law import Conditional, Confidence, LawError
from models.words import dong, when

ANY_PROVINCE = "*"


class Per(StrEnum):
    """How often a fee is owed."""

    DOSSIER = "dossier"
    COPY = "copy"


class FeeItem(Conditional):
    """A fee of a group, and the declarations it applies to."""

    group: Group
    name: Text
    per: Per = Per.DOSSIER


class Waiver(Conditional):
    """Whom the law frees (`ground`) and from which items (miễn lệ phí)."""

    ground: Text
    frees: frozenset[Code] = Field(min_length=1)
    basis: LongText
    confidence: Confidence


class FeeLaw(Model):
    """All fees and waivers, in the order they are shown and tried."""

    items: Mapping[Code, FeeItem]
    waivers: Mapping[Code, Waiver]


class FeeRow(Model):
    """The amount of one fee in one province (or in any that has no row of its own) from a date on, in đồng."""

    item: Code
    province_code: str
    from_: date
    amount_vnd: int = Field(gt=0)
    sample: bool
    basis: LongText

    @property
    def cited(self) -> str:
        """The basis as people read it; a sample is called one."""
        return f"{self.basis} (số liệu mẫu)" if self.sample else self.basis


@cache
def fee_law() -> FeeLaw:
    """Items and waivers."""
    return FeeLaw.model_validate(tomllib.loads(_data("fees.toml")))


@cache
def fee_rows() -> tuple[FeeRow, ...]:
    """The amounts."""
    return tuple(
        FeeRow(
            item=row["item"],
            province_code=row["province_code"],
            from_=date.fromisoformat(row["from"]),
            amount_vnd=int(row["amount_vnd"]),
            sample=row["sample"] == "yes",
            basis=row["basis"],
        )
        for row in csv.DictReader(_data("fees.csv").splitlines())
    )


def assess_fee(declaration: Declaration, facts: frozenset[Fact], on: date) -> Fee:
    """What the citizen owes before the dossier is sent, and what the law waives.

    Raises LawError when nobody has set the amount of a fee that is owed.
    """
    lines, waived = [], []
    for key, item in fee_law().items.items():
        times = _times(item.per, declaration)
        if item.group is not declaration.group or not times or not item.applies(facts):
            continue
        waiver = next((one for one in fee_law().waivers.values() if key in one.frees and one.applies(facts)), None)
        if waiver:
            waived.append(WaivedFee(item=key, name=item.name, ground=waiver.ground, basis=waiver.basis))
        else:
            row = _row(key, item, declaration.recipients.province_code, on)
            lines.append(FeeLine(item=key, name=item.name, amount_vnd=row.amount_vnd * times, basis=row.cited))
    return Fee(lines=tuple(lines), waived=tuple(waived))


def fee_words(fee: Fee) -> Iterator[str]:
    """For people: each fee that is owed, each that is waived, with its basis; then how it was paid."""
    for line in fee.lines:
        yield f"{line.name}: {dong(line.amount_vnd)} đồng. Căn cứ: {line.basis}"
    for free in fee.waived:
        yield f"{free.name}: miễn ({free.ground}). Căn cứ: {free.basis}"
    if fee.paid_at:
        electronic = "có" if fee.receipt else "chưa có"
        yield f"Đã nộp lúc {when(fee.paid_at)}, số biên lai {fee.receipt_number}; {electronic} bản điện tử."


def _times(per: Per, declaration: Declaration) -> int:
    return declaration.copies if per is Per.COPY else 1


def _row(key: Code, item: FeeItem, province: str, on: date) -> FeeRow:
    """The newest row of that province, else of any province."""
    rows = [row for row in fee_rows() if row.item == key and row.from_ <= on]
    own = [row for row in rows if row.province_code == province]
    found = own or [row for row in rows if row.province_code == ANY_PROVINCE]
    if not found:
        raise LawError(f"Ngày {on:%d/%m/%Y} tỉnh {province} chưa có mức thu “{item.name}”.")
    return max(found, key=lambda row: row.from_)


def _data(name: str) -> str:
    return (resources.files("models") / "data" / name).read_text("utf-8")
