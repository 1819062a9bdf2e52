"""Destroying a dossier's data on purpose (hủy dữ liệu cá nhân): who wants it, why, and what law says so."""

from typing import Annotated

from pydantic import Field, StringConstraints

from models.base import Code, Instant, Model
from models.documents import Sha256
from models.facts import Reason


class ErasureOrder(Model):
    """The order. `basis` is the article of law; it and the operator's code stay on the trail for ever."""

    code: Code
    operator: Code
    because: Annotated[Reason, Field(min_length=1)]
    basis: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Erased(Model):
    """It is done, since `at`; `documents` are the contents that no other dossier has."""

    code: Code
    at: Instant
    documents: tuple[Sha256, ...]
