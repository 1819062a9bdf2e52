"""A form in another system's field names: a table of rows, one per field, that a reviewer can read as a page."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import BaseModel

from activities.wire import Json, said
from models.address import ResidenceKind
from models.agency_codes import CodeSystem, code_of
from models.days import PartialDate
from models.form_parts import PaperPlace
from models.identity import Sex
from models.labelled import Labelled

Write = Callable[[Any], object]


def as_it_is(value: object) -> object:
    """The value as declared: models hold text in NFC, and nothing re-cases or trims it on the way out."""
    return value


@dataclass(frozen=True)
class Row:
    """A field of the form, where it goes, and how it is written; both names are paths with dots."""

    form: str
    wire: str
    write: Write = as_it_is


def laid_out(rows: Iterable[Row], form: BaseModel) -> Json:
    """The record that the rows make of a form or of a part of one; what was not declared has no field, never "" or a
    filler.
    """
    record: Json = {}
    for row in rows:
        declared = _at(form, row.form)
        written = None if declared is None else said(row.write(declared))
        if written is not None:
            *folders, name = row.wire.split(".")
            place = record
            for folder in folders:
                place = place.setdefault(folder, {})
            place[name] = written
    return record


def _at(form: BaseModel, path: str) -> Any:
    """What the form says at a path; None where an optional part above it is missing."""
    value: Any = form
    for name in path.split("."):
        value = None if value is None else getattr(value, name)
    return value


def tells(rows: Iterable[Row], path: str) -> bool:
    """Whether a row tells of the field at a path of the form, places in lists among its steps."""
    return _tell(rows, [step for step in path.split(".") if not step.isdecimal()])


def _tell(rows: Iterable[Row], steps: Sequence[str]) -> bool:
    for row in rows:
        own = row.form.split(".")
        if all(mine == step for mine, step in zip(own, steps, strict=False)):
            within = steps[len(own) :]
            if not (within and isinstance(row.write, Part | Parts)) or _tell(row.write.rows, within):
                return True
    return False


# How values are written


def slashed_day(day: date | PartialDate) -> str:
    """dd/MM/yyyy, of a partial date MM/yyyy or yyyy: never more than was declared."""
    return "/".join(reversed(_iso(day).split("-")))


def compact_day(day: date | PartialDate) -> str:
    """yyyyMMdd, of a partial date yyyyMM or yyyy: “0101” for an unknown day could be 1 January (STANDARDS §1.4)."""
    return _iso(day).replace("-", "")


def _iso(day: date | PartialDate) -> str:
    return day.root if isinstance(day, PartialDate) else day.isoformat()


def in_words(value: Labelled) -> str:
    """The form's word, where no codes are known: relations have none on the portal either (`relationships.csv`)."""
    return value.label


@dataclass(frozen=True)
class Part:
    """A part of the form as a record of its own."""

    rows: tuple[Row, ...]

    def __call__(self, value: BaseModel) -> Json:
        return laid_out(self.rows, value)


@dataclass(frozen=True)
class Parts:
    """A list of the form as a list of records; an empty one is no field."""

    rows: tuple[Row, ...]

    def __call__(self, values: Iterable[BaseModel]) -> list[Json] | None:
        return [laid_out(self.rows, value) for value in values] or None


def coded(codes: Mapping[Any, str]) -> Write:
    """The code of an enum's member."""
    return codes.__getitem__


def sex(value: Sex) -> str:
    """GIOI_TINH of the social-insurance gateway; for DVCLT too, whose own numbers are not published [choice]."""
    return code_of(CodeSystem.SOCIAL_INSURANCE, value)


RESIDENCE_KIND = coded({ResidenceKind.PERMANENT: "1", ResidenceKind.TEMPORARY: "2", ResidenceKind.CURRENT: "3"})
"""In the portal's order of the three words: the numbers themselves are not published [choice]."""

PAPER_PLACE = coded({PaperPlace.CIVIL_STATUS_DESK: "1", PaperPlace.AGENCY_DESK: "2", PaperPlace.POST: "3"})
"""In the form's order of the three boxes [choice]."""
