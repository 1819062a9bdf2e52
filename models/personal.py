"""Columns whose values are personal: kept sealed, under a key of the dossier they belong to.

Whoever reads or writes rows has a `Sealer` in hand for as long as that takes (`in_hand`); a personal value written
without one, or without saying whose it is, is an error and never stored in the clear. What an older version stored in
the clear is still read.

A value is bound to its column by name: put into another, it does not open. Renaming a sealed column thus means sealing
its values anew.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Generic, Protocol, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import JSON, Column, Dialect, Table, Text, TypeDecorator, event

_Value = TypeVar("_Value")


class Sealer(Protocol):
    """Seals for one dossier, opens for any."""

    def seal(self, column: str, plain: bytes) -> str:
        """The value, sealed as that column's (`table.column`) and the dossier's whose rows are being written."""
        ...

    def is_sealed(self, stored: str) -> bool:
        """Whether this is something sealed, not a text stored before there were seals."""
        ...

    def open(self, column: str, sealed: str) -> bytes | None:
        """What was sealed as that column's, None once its dossier's key was destroyed on purpose."""
        ...


_IN_HAND: ContextVar[Sealer] = ContextVar("sealer")


@contextmanager
def in_hand(sealer: Sealer) -> Iterator[None]:
    """Rows are read and written with this sealer here."""
    token = _IN_HAND.set(sealer)
    try:
        yield
    finally:
        _IN_HAND.reset(token)


class Personal(TypeDecorator[_Value], Generic[_Value]):
    """A domain value, sealed; validated again when it is read. None also once its dossier was erased."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def __init__(self, of: Any, column: str = "") -> None:
        """`column` is learnt from the table; it is named here because statements are cached by these arguments."""
        super().__init__()
        self.of = of
        self.column = column
        self._adapter: TypeAdapter[_Value] = TypeAdapter(of)

    def process_bind_param(self, value: _Value | None, dialect: Dialect) -> str | None:
        return None if value is None else _IN_HAND.get().seal(self.column, self._adapter.dump_json(value))

    def process_result_value(self, value: Any, dialect: Dialect) -> _Value | None:
        if value is None:
            return None
        sealer = _IN_HAND.get()
        if not isinstance(value, str) or not sealer.is_sealed(value):
            return self._adapter.validate_python(value)
        plain = sealer.open(self.column, value)
        return None if plain is None else self._adapter.validate_json(plain)


class PersonalText(TypeDecorator[str]):
    """A text, sealed. None also once its dossier was erased."""

    impl = Text
    cache_ok = True

    def __init__(self, column: str = "") -> None:
        """As `Personal`."""
        super().__init__()
        self.column = column

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _IN_HAND.get().seal(self.column, value.encode())

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or not _IN_HAND.get().is_sealed(value):
            return value
        plain = _IN_HAND.get().open(self.column, value)
        return None if plain is None else plain.decode()


@event.listens_for(Personal, "after_parent_attach")
@event.listens_for(PersonalText, "after_parent_attach")
def _learn_column(sealed: Personal[Any] | PersonalText, column: Column[Any]) -> None:
    @event.listens_for(column, "after_parent_attach")
    def learn(column: Column[Any], table: Table) -> None:
        sealed.column = f"{table.name}.{column.name}"
