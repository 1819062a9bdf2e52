"""The audit trail in the ledger: entries are written in the transaction of what they tell of, as its last act.

Writers take turns at the end of the trail, on PostgreSQL by an advisory lock. Who has it waits for nobody any more, so
there is no deadlock, and holds it only while the transaction commits.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, func, insert, or_
from sqlmodel import Session, col, select

from ledger.keys import RowSeals, seals_of
from models.audit import Action, Entry, NumberedEntry, TrailHead, Who, is_operator, is_restored, operator
from models.base import Code
from models.publication import HeardFact
from models.tables import AuditRow, Table
from trust.chain import NOTHING, Chain, Line
from trust.key_errors import MasterKeyUnknown
from trust.vault import NO_DOSSIER, Unreadable

_TRAIL_LOCK = 0x11E27409
"""The advisory lock of the trail's end on PostgreSQL; SQLite has one writer at a time."""

# Made once: every fact pays for them.
_TRAIL = Table.metadata.tables["audit_trail"]
_DOSSIERS = Table.metadata.tables["dossiers"]
_LOCK = select(func.pg_advisory_xact_lock(_TRAIL_LOCK))
_HEAD = select(_TRAIL.c.number, _TRAIL.c.hash).order_by(_TRAIL.c.number.desc()).limit(1)
_INSERT = insert(_TRAIL)
_PACK = select(_DOSSIERS.c.pack).where(_DOSSIERS.c.code == bindparam("of"))

_WHY = "audit_trail.why"
"""The column that is sealed here: the hash of a line is over what is stored."""

_OUTLIVING = frozenset({Action.ERASED})
"""What is said of an erasure outlives the dossier's key."""


def tell(session: Session, entry: Entry) -> None:
    """The transaction writes this entry before it ends; if it rolls back, there is no entry."""
    session.info.setdefault(Entry, []).append(entry)


def judged(code: Code | None, fact: HeardFact) -> Entry:
    """What is said of a fact accepted or refused: why an operator acted, else why it was refused.

    Of one that a restored ledger is told again also when its dossier heard it: the line's own instant says no more.
    """
    accepted = fact.reason is None
    detail = {"kind": fact.kind, "message": fact.message_id}
    if fact.reason:
        detail["reason"] = fact.reason.value
    if is_restored(fact.via):
        detail["at"] = fact.at.isoformat()
    if fact.operator is None:
        what = Action.FACT_ACCEPTED if accepted else Action.FACT_REFUSED
        return Entry(who=fact.via, what=what, code=code, why=None if accepted else fact.text, detail=detail)
    what = Action.ACT_ACCEPTED if accepted else Action.ACT_REFUSED
    detail["via"] = fact.via
    if fact.to_pack:
        detail["to_pack"] = fact.to_pack
    return Entry(who=operator(fact.operator), what=what, code=code, why=fact.because, detail=detail)


def write_told(session: Session, chain: Chain, user: Who | None) -> None:
    """Writes what the transaction was told, as its last act; of an operator also by which `user` they were at work."""
    entries = [_by_user(entry, user) for entry in session.info.pop(Entry, [])]
    if not entries:
        return
    session.flush()
    connection = session.connection()
    lines = [_line(connection, seals_of(session), entry, chain.key_id) for entry in entries]
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK)
    head = read_head(connection)
    for unplaced in lines:
        unbound = unplaced._replace(number=head.number + 1, previous=head.hash)
        line = unbound._replace(hash=chain.hash_of(unbound))
        connection.execute(_INSERT, line._asdict())
        head = TrailHead.model_construct(number=line.number, hash=line.hash)


def _by_user(entry: Entry, user: Who | None) -> Entry:
    if user is None or "via" in entry.detail or not is_operator(entry.who):
        return entry
    return entry.model_copy(update={"detail": {**entry.detail, "via": user}})


def read_head(connection: Connection) -> TrailHead:
    """The last entry's number and hash."""
    last = connection.execute(_HEAD).first()
    return TrailHead.model_construct(number=last.number, hash=last.hash) if last else NOTHING


def read_lines(connection: Connection) -> Iterator[Line]:
    """All entries as they are stored, by number."""
    columns = [_TRAIL.c[name] for name in Line._fields]
    ordered = select(*columns).order_by(_TRAIL.c.number)
    rows = connection.execute(ordered, execution_options={"yield_per": 1000})
    return (Line._make(row) for row in rows)


def read_entries(
    session: Session,
    *,
    code: Code | None,
    who: str | None,
    what: Action | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
) -> tuple[NumberedEntry, ...]:
    """As `Audit.entries`."""
    wanted = select(AuditRow).order_by(col(AuditRow.number).desc()).limit(limit)
    if code:
        wanted = wanted.where(AuditRow.code == code)
    if who:
        wanted = wanted.where(or_(col(AuditRow.who) == who, col(AuditRow.who).startswith(f"{who}:", autoescape=True)))
    if what:
        wanted = wanted.where(AuditRow.what == what.value)
    if since:
        wanted = wanted.where(col(AuditRow.at) >= _written(since))
    if until:
        wanted = wanted.where(col(AuditRow.at) <= _written(until))
    return tuple(_entry(session, row) for row in reversed(session.exec(wanted).all()))


def _entry(session: Session, row: AuditRow) -> NumberedEntry:
    try:
        plain = _opened(session, row.code, row.why) if row.why is not None else None
        said = row.model_dump(include={*NumberedEntry.model_fields})
        why = None if plain is None else plain.decode()
        return NumberedEntry.model_validate(said | {"why": why, "detail": json.loads(row.detail)})
    except (ValueError, RecursionError, Unreadable):
        return NumberedEntry(number=row.number, at=row.at, who=row.who, what=None)


def _opened(session: Session, code: Code | None, why: str) -> bytes | None:
    """What is sealed; under a master key that is not here only that is said."""
    seals = seals_of(session)
    seals.opens_only(code or NO_DOSSIER)
    try:
        return seals.open(_WHY, why)
    except MasterKeyUnknown as error:
        return f"({error})".encode()


def _written(instant: datetime) -> str:
    """In one length and one zone, so that texts order like instants."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def _line(connection: Connection, seals: RowSeals, entry: Entry, key_id: str) -> Line:
    """An entry as it will be stored, without its place."""
    why = entry.why
    if why is not None:
        owner = entry.code if entry.code and entry.what not in _OUTLIVING else NO_DOSSIER
        why = seals.seal_as(owner, _WHY, why.encode())
    return Line(
        number=0,
        at=_written(entry.at),
        who=entry.who,
        role=entry.role,
        what=entry.what.value,
        code=entry.code,
        why=why,
        pack=entry.pack or _pack(connection, entry.code),
        detail=json.dumps(dict(entry.detail), ensure_ascii=False, sort_keys=True, separators=(",", ":")),
        key_id=key_id,
        previous="",
    )


def _pack(connection: Connection, code: Code | None) -> str | None:
    return connection.execute(_PACK, {"of": code}).scalar() if code else None
