"""The register of health facilities (danh mục cơ sở khám bệnh, chữa bệnh): whose certificate signs for whom.

Nothing in a signed notice ties its certificate to a facility (STANDARDS §1.6), so this list does: CSV files with the
columns of `COLUMNS`, one row per certificate subject and time.
"""

import csv
from collections.abc import Iterable, Sequence
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator

from models.base import Code, Model, Text
from trust.roots import TrustUnusable

COLUMNS = ("facility_code", "name", "province_code", "subject_uid", "valid_from", "valid_until")
"""`subject_uid` is the UID of the certificate's subject, `MST:` and the tax code; both days belong to the time."""

_MOST_TOLD = 5


class Facility(Model):
    """A facility and the subject of the certificates it signs with, between two days."""

    code: Code = Field(alias="facility_code")
    name: Text
    province_code: Code
    subject_uid: Text
    valid_from: date | None = None
    valid_until: date | None = None

    @field_validator("valid_from", "valid_until", mode="before")
    @classmethod
    def _open(cls, value: object) -> object:
        return value or None

    def holds(self, on: date) -> bool:
        """Whether the row is of that day."""
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_until is None or on <= self.valid_until
        )


class Facilities:
    """The register."""

    def __init__(self, rows: Iterable[Facility] = ()) -> None:
        self._rows: dict[str, list[Facility]] = {}
        for row in rows:
            self._rows.setdefault(row.code, []).append(row)

    @classmethod
    def load(cls, paths: Sequence[Path]) -> "Facilities":
        """From CSV files. Raises TrustUnusable, which names file, line and what is wrong."""
        return cls(row for path in paths for row in _rows(path))

    def __len__(self) -> int:
        return len(self._rows)

    def signs(self, code: str, uid: str, on: date) -> bool:
        """Whether on that day a certificate of that subject signs for the facility."""
        return any(row.subject_uid == uid and row.holds(on) for row in self._rows.get(code, ()))

    def known(self, code: str) -> Facility | None:
        """What is known of a facility now, or was last."""
        return max(self._rows.get(code, ()), key=lambda row: row.valid_until or date.max, default=None)


def _rows(path: Path) -> list[Facility]:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TrustUnusable(f"Không đọc được danh mục cơ sở trong {path.name} (tệp CSV, UTF-8).") from error
    reader = csv.DictReader(StringIO(text, newline=""), strict=True)
    rows, problems = [], []
    try:
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise TrustUnusable(f"Danh mục cơ sở {path.name} phải có đúng các cột: {', '.join(COLUMNS)}.")
        for row in reader:
            try:
                rows.append(_read(row))
            except ValidationError as error:
                wrong = ", ".join(dict.fromkeys(".".join(map(str, one["loc"])) for one in error.errors()))
                problems.append(f"dòng {reader.line_num} ({wrong})")
    except csv.Error as error:
        raise TrustUnusable(f"Danh mục cơ sở {path.name} không phải tệp CSV đúng cách.") from error
    if problems:
        more = f" và {len(problems) - _MOST_TOLD} dòng khác" if len(problems) > _MOST_TOLD else ""
        raise TrustUnusable(f"Danh mục cơ sở {path.name} sai ở {', '.join(problems[:_MOST_TOLD])}{more}.")
    return rows


def _read(row: dict[str | Any, str | Any]) -> Facility:
    return Facility.model_validate({name: value for name, value in row.items() if value is not None})
