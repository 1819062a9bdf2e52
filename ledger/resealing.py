"""Sealing anew what is stored in the clear, or under a master key that is to be retired: all of it, dossier by dossier.

Whoever is stopped half-way begins again and loses nothing; nobody else has to stop meanwhile.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Table as Stored
from sqlalchemy import Text as AnyText
from sqlalchemy import cast, or_, select, text
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import Session

from ledger.keys import MARK, seals_of
from ledger.transactions import Transactions
from models.personal import Personal, PersonalText
from models.tables import DossierRow, Table

_AT_ONCE = 200
"""Rows in one transaction: a moment's work, so that nobody waits long for it."""


class Resealing(Transactions):
    """Old seals made new."""

    def reseal(self) -> int:
        """Seals by the current master key every personal value that is not; how many rows that were."""
        return sum(self._resealed(row) for row in _tables_with_personal_columns())

    def sealed_otherwise(self) -> int:
        """How many rows have something in the clear or under another master key than the current one."""
        with self._reading() as session:
            return sum(
                len(_keys_of(session, row, self.keys.masters.current)) for row in _tables_with_personal_columns()
            )

    def _resealed(self, table: type[Table]) -> int:
        with self._reading() as session:
            behind = _keys_of(session, table, self.keys.masters.current)
        for start in range(0, len(behind), _AT_ONCE):
            with self._writing() as session:
                for identity in behind[start : start + _AT_ONCE]:
                    _reseal(session, table, identity)
        return len(behind)


def _reseal(session: Session, table: type[Table], identity: tuple[Any, ...]) -> None:
    row = session.get(table, identity, with_for_update=True)
    if row is None:
        return
    seals_of(session).belongs_to(getattr(row, _owner(table).key))
    for column in _personal(table):
        if getattr(row, column.key) is not None:
            flag_modified(row, column.key)
    session.flush()


def _keys_of(session: Session, table: type[Table], current: str) -> list[tuple[Any, ...]]:
    """The rows of a table that are behind, by primary key; what was erased is left as it is."""
    stored = _stored(table)
    sealed = f"%{MARK}{current}:%"
    behind = or_(*(cast(column, AnyText).not_like(sealed) for column in _personal(table)))
    erased = select(text("dossier_code")).select_from(text("dossier_keys")).where(text("seed IS NULL"))
    rows = select(*stored.primary_key).where(behind, _owner(table).not_in(erased))
    return [tuple(row) for row in session.connection().execute(rows)]


def _tables_with_personal_columns() -> Iterator[type[Table]]:
    for mapper in DossierRow._sa_registry.mappers:
        if issubclass(mapper.class_, Table) and _personal(mapper.class_):
            yield mapper.class_


def _stored(table: type[Table]) -> Stored:
    return Table.metadata.tables[str(table.__tablename__)]


def _personal(table: type[Table]) -> list[InstrumentedAttribute[Any]]:
    names = [column.key for column in _stored(table).columns if isinstance(column.type, Personal | PersonalText)]
    return [getattr(table, name) for name in names]


def _owner(table: type[Table]) -> Any:
    """The column that says whose the row is."""
    return getattr(table, "dossier_code", DossierRow.code)
