"""Sealing anew what is stored in the clear, or under a master key that is to be retired: all of it, dossier by dossier.

Whoever is stopped half-way begins again and loses nothing; nobody else has to stop meanwhile.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Table as Stored
from sqlalchemy import Text as AnyText
from sqlalchemy import and_, cast, or_, select
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import Session, col

from ledger.keys import MARK, seals_of
from ledger.transactions import Transactions
from models.base import Code
from models.personal import Personal, PersonalText
from models.tables import DossierKeyRow, DossierRow, Table
from trust.key_errors import MasterKeyUnknown
from trust.vault import NO_DOSSIER, Unreadable

_AT_ONCE = 200
"""Rows in one transaction: a moment's work, so that nobody waits long for it."""


class Resealing(Transactions):
    """Old seals made new."""

    def reseal(self) -> int:
        """Seals by the current master key every personal value that is not; how many rows that were.

        A row that cannot be opened, for want of its key for example or because something of another dossier was put
        into it, stays as it is (`sealed_otherwise` counts it).
        """
        return sum(self._resealed(table) for table in _tables_with_personal_columns())

    def sealed_otherwise(self) -> int:
        """How many rows have something in the clear or under another master key than the current one."""
        current = self.keys.masters.current
        with self._reading() as session:
            return sum(len(_behind(session, table, current)) for table in _tables_with_personal_columns())

    def _resealed(self, table: type[Table]) -> int:
        with self._reading() as session:
            behind = _behind(session, table, self.keys.masters.current)
        resealed = 0
        for start in range(0, len(behind), _AT_ONCE):
            with self._writing() as session:
                resealed += sum(_reseal(session, table, *row) for row in behind[start : start + _AT_ONCE])
        return resealed


def _reseal(session: Session, table: type[Table], owner: Code | None, *identity: Any) -> bool:
    seals_of(session).belongs_to(owner or NO_DOSSIER)
    try:
        row = session.get(table, identity, with_for_update=True)
    except (Unreadable, MasterKeyUnknown):
        return False
    if row is None:
        return False
    for column in _personal(table):
        if getattr(row, column.key) is not None:
            flag_modified(row, column.key)
    session.flush()
    return True


def _behind(session: Session, table: type[Table], current: str) -> list[tuple[Any, ...]]:
    """The rows of a table that are behind, by owner and primary key; what nobody can open any more is left as it is."""
    gone = select(col(DossierKeyRow.dossier_code)).where(col(DossierKeyRow.seed).is_(None))
    readable = or_(_owner(table).is_(None), _owner(table).not_in(gone))
    columns = (cast(column, AnyText) for column in _personal(table))
    behind = (
        and_(column.not_like(f"%{MARK}{current}:%"), or_(readable, column.like(f"%{MARK}%:{NO_DOSSIER}:%")))
        for column in columns
    )
    rows = select(_owner(table), *_stored(table).primary_key).where(or_(*behind))
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
