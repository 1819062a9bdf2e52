"""Dossier statuses: three vocabularies whose numbers clash, so always (system, code) (STANDARDS §0.1, §3.3)."""

import csv
from enum import StrEnum
from functools import cache
from importlib import resources

from models.base import Code, Model, Text


class StatusSystem(StrEnum):
    """Whose numbering a status code belongs to."""

    PORTAL = "DVCQG"
    LINKING = "DVCLT-HOTICH"
    CIVIL_STATUS = "BTP-HOTICH"


class Status(Model):
    """A status code in one system's vocabulary."""

    system: StatusSystem
    code: Code


class StatusRow(Model):
    """One line of the vocabulary, with our neutral word for it."""

    status: Status
    label: Text
    neutral_state: Code


@cache
def status_rows() -> tuple[StatusRow, ...]:
    """The three vocabularies (`models/data/dossier_statuses.csv`)."""
    text = (resources.files("models") / "data" / "dossier_statuses.csv").read_text("utf-8")
    return tuple(
        StatusRow(
            status=Status(system=StatusSystem(row["system"]), code=row["code"]),
            label=row["label"],
            neutral_state=row["neutral_state"],
        )
        for row in csv.DictReader(text.splitlines())
    )


def status_label(status: Status) -> str | None:
    """The Vietnamese label of a status, None when that system has no such code."""
    return next((row.label for row in status_rows() if row.status == status), None)


class PortalStatus(StrEnum):
    """The national portal's ten codes (trạng thái hồ sơ trên Cổng DVCQG)."""

    SUBMITTED = "1"
    ACCEPTED = "2"
    NOT_ACCEPTED = "3"
    IN_PROGRESS = "4"
    NEEDS_DOCUMENTS = "5"
    NEEDS_PAYMENT = "6"
    WITHDRAWN = "7"
    STOPPED = "8"
    DECIDED = "9"
    DELIVERED = "10"


def status_words(status: Status) -> str:
    """The label of a status for people; of an unknown code only that it is unknown to us, never that it means nothing.

    One adapter shows a code it does not know as “does not exist at the ministry” (STANDARDS §3.2): a fault to avoid.
    """
    known = status_label(status)
    return known or f"mã {status.code} của {status.system.value}, chưa có trong danh mục của hệ thống này"
