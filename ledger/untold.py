"""What the ledger has and the audit trail does not tell, for a removed end leaves no other trace in the database.

Row and line are written in one transaction, so neither can be there without the other. Dossiers from before there was a
trail are passed over. A look leaves nothing in the ledger: that such lines are gone only a head kept elsewhere shows.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, String, cast, literal, select, true

from models.audit import Action, InLedger, Untold
from models.base import Code
from models.tables import Table
from trust.chain import said

_AT_ONCE = 500
"""Dossiers in one statement."""
_MOST_NAMED = 5

_TABLES = Table.metadata.tables
_NO_ID = literal("")

_TELLS: Mapping[str, tuple[InLedger, str | None]] = {
    Action.OPENED.value: (InLedger.DOSSIER, None),
    Action.FACT_ACCEPTED.value: (InLedger.JUDGED, "message"),
    Action.FACT_REFUSED.value: (InLedger.JUDGED, "message"),
    Action.ACT_ACCEPTED.value: (InLedger.JUDGED, "message"),
    Action.ACT_REFUSED.value: (InLedger.JUDGED, "message"),
    Action.SET_ASIDE.value: (InLedger.JUDGED, "message"),
    Action.NOT_DUPLICATE.value: (InLedger.NOT_DUPLICATE, "other"),
    Action.REPLACEMENT_OPENED.value: (InLedger.REPLACEMENT, "number"),
    Action.ERASED.value: (InLedger.ERASURE, None),
}
"""Of what a line tells, and what in its detail says of which."""


class _Known(NamedTuple):
    code: Code
    what: InLedger
    id: str


def read_untold(connection: Connection) -> tuple[Untold, ...]:
    """What has no line, by kind. Rows are read before lines: of what is written meanwhile the line is seen too."""
    dossiers = _TABLES["dossiers"]
    traced = select(dossiers.c.code).where(dossiers.c.untraced.is_not(True)).order_by(dossiers.c.code)
    codes = connection.execute(traced).scalars().all()
    found: dict[InLedger, list[Code]] = {}
    for start in range(0, len(codes), _AT_ONCE):
        some = codes[start : start + _AT_ONCE]
        known = set(_in_ledger(connection, some))
        for code, what, _ in sorted(known.difference(_told(connection, some))):
            found.setdefault(what, []).append(code)
    return tuple(
        Untold(what=what, count=len(of), codes=tuple(dict.fromkeys(of))[:_MOST_NAMED]) for what, of in found.items()
    )


def _in_ledger(connection: Connection, codes: Sequence[Code]) -> Iterator[_Known]:
    for what, rows in _kept_of(codes):
        for code, id in connection.execute(rows):
            yield _Known(code, what, id)


def _kept_of(codes: Sequence[Code]) -> Iterator[tuple[InLedger, Select[Any]]]:
    """Whose and which, of everything that has a line."""
    dossiers, keys, messages = _TABLES["dossiers"], _TABLES["dossier_keys"], _TABLES["messages_in"]
    heard, others, replacements = _TABLES["heard_facts"], _TABLES["not_duplicates"], _TABLES["replacements"]
    yield InLedger.DOSSIER, select(dossiers.c.code, _NO_ID).where(dossiers.c.code.in_(codes))
    for what, table, id, has_line in (
        (InLedger.JUDGED, messages, messages.c.message_id, messages.c.accepted.is_not(None)),
        (InLedger.JUDGED, heard, heard.c.message_id, true()),
        (InLedger.NOT_DUPLICATE, others, others.c.other_code, true()),
        (
            InLedger.REPLACEMENT,
            replacements,
            cast(replacements.c.number, String),
            replacements.c.message_id.is_not(None),
        ),
        (InLedger.ERASURE, keys, _NO_ID, keys.c.erased_at.is_not(None)),
    ):
        yield what, select(table.c.dossier_code, id).where(table.c.dossier_code.in_(codes), has_line)


def _told(connection: Connection, codes: Sequence[Code]) -> Iterator[_Known]:
    trail = _TABLES["audit_trail"]
    lines = select(trail.c.code, trail.c.what, trail.c.detail)
    for line in connection.execute(lines.where(trail.c.code.in_(codes), trail.c.what.in_(_TELLS))):
        what, name = _TELLS[line.what]
        yield _Known(line.code, what, str(said(line.detail).get(name)) if name else "")
