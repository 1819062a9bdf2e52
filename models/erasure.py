"""Destroying a dossier's data on purpose (hủy dữ liệu cá nhân): who wants it, why, and what law says so."""

from typing import Annotated

from pydantic import Field

from models.base import Code, Instant, Model, Statement
from models.documents import Sha256
from models.operators import OperatorId


class ErasureOrder(Model):
    """The order. `basis` is the article of law; it and the operator's code stay on the trail for ever."""

    code: Code
    operator: OperatorId
    because: Statement
    basis: Annotated[Statement, Field(max_length=200)]


class Erased(Model):
    """It is done, since `at`; `documents` are the contents that nobody else needs.

    Not `overwritten`: nobody uses the key any more, but it still stands in the database's file; to be done again.
    """

    code: Code
    at: Instant
    documents: tuple[Sha256, ...]
    overwritten: bool = True
