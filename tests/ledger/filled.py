"""A filled ledger of each revision, recorded by the code of that revision, so that migrations meet real rows.

`python -m tests.ledger.filled` records one for the newest revision, and never changes one that is there: a new
migration comes with its recording.
"""

import json
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory
from sqlalchemy import JSON, Date, DateTime, Engine, LargeBinary, MetaData, Table, func, insert, select

from ledger import engine as ledger_engine
from ledger.engine import open_engine, upgrade
from ledger.store import Ledger
from models.facts import FactRefusal
from models.messages import Head, NoticeState, Sent
from models.systems import System
from tests.keys import MASTERS
from tests.ledger.builders import (
    OPENED_AT,
    certificate,
    consent,
    declared,
    demanded,
    died,
    duty,
    keys_of,
    let_in,
    notice,
    notice_check,
    opened,
    plan_of,
    published,
    replaced,
)
from tests.ledger.test_outbox import LEASE
from tests.ledger.test_publications import life_of

RECORDINGS = Path(__file__).parent / "filled"

Rows = Mapping[str, list[dict[str, Any]]]


def revisions() -> tuple[str, ...]:
    """All revisions, oldest first."""
    script = ScriptDirectory.from_config(ledger_engine._config())
    return tuple(reversed([revision.revision for revision in script.walk_revisions()]))


def recording(revision: str) -> Rows:
    """The rows of every table at that revision."""
    rows: Rows = json.loads((RECORDINGS / f"{revision}.json").read_text("utf-8"))
    return rows


def fill(ledger: Ledger) -> None:
    """Something in every table: dossiers at each step of their life, messages, an outbox half sent."""
    ledger.keys.masters.expect_right()
    samples = ("plain", "twins-1", "twins-2", "grandparents-home", "one-parent")
    for steps, sample in enumerate(samples):
        code = opened(ledger, declared(sample, attachments=[certificate().model_dump(mode="json")]))
        for change in life_of(code)[:steps]:
            ledger.publish(change, [notice(code, change.sequence), notice(code, change.sequence, System.SMS)])
        message = Head(key=f"{code}:birth:submit:1", dossier_code=code, procedure_code="2.002621", sent_at=OPENED_AT)
        ledger.sending(message, System.PROVINCIAL, "submit", "birth_registration")
        if steps % 2:
            ledger.sent(message.key, Sent(receipt_at=OPENED_AT, agency_code="H26.1-261110-0001"))
        ledger.arrived(f"tin-{steps}", "digest", "agency_event", code, "/residence", OPENED_AT)
        if steps:
            ledger.settled(f"tin-{steps}", steps > 1, None if steps > 1 else FactRefusal.ENDED, "Kết luận.")
    for number in range(2):
        ledger.store(consent(code, f"cho-{number}"), "digest", "vneid", OPENED_AT, LEASE)
    for state in NoticeState:
        ledger.notice_checked(notice_check(code, state))
    ledger.hold_papers("tra-cuu", code, (certificate().sha256,))
    deceased = opened(ledger, died())
    ledger.publish(published(deceased, 1, plan=plan_of(died())), [notice(deceased, 1)])
    second_child = let_in(ledger)
    ledger.publish(published(second_child, 1, duties=(duty(),)), ())
    asked = demanded(second_child, 2)
    ledger.publish(asked, (), keys_of(asked))
    ledger.publish(replaced(second_child, 3), ())
    first, second, *_ = ledger.claim([System.PORTAL, System.SMS], OPENED_AT, LEASE, 4)
    ledger.dispatched(first.id, OPENED_AT)
    ledger.postponed(second.id, "HTTP 503", OPENED_AT + LEASE, second.attempts)


def tables(engine: Engine) -> list[Table]:
    """The tables as the database itself describes them, each after those it refers to."""
    described = MetaData()
    described.reflect(engine)
    for table in described.tables.values():
        for column in table.columns:
            if isinstance(column.type, JSON):
                column.type.none_as_null = True
    return [table for table in described.sorted_tables if table.name != "alembic_version"]


def rows(engine: Engine) -> Rows:
    """All rows of all tables, as JSON would hold them."""
    described = tables(engine)
    with engine.connect() as connection:
        return {
            table.name: [
                {name: _plain(value) for name, value in row.items()}
                for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()
            ]
            for table in described
        }


def load(engine: Engine, content: Rows) -> None:
    """Puts recorded rows into a database of their revision."""
    described = tables(engine)
    with engine.begin() as connection:
        for table in described:
            values = [{name: _stored(table, name, value) for name, value in row.items()} for row in content[table.name]]
            connection.execute(insert(table), values)
            if engine.dialect.name == "postgresql" and "id" in table.columns:
                running = func.pg_get_serial_sequence(table.name, "id")
                connection.execute(select(func.setval(running, select(func.max(table.c.id)).scalar_subquery())))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if isinstance(value, date) else value


def _stored(table: Table, column: str, value: Any) -> Any:
    kind = table.columns[column].type
    if value is None:
        return None
    if isinstance(kind, DateTime):
        instant = datetime.fromisoformat(value)
        return instant if kind.timezone else instant.replace(tzinfo=None)
    if isinstance(kind, LargeBinary):
        return bytes.fromhex(value)
    return date.fromisoformat(value) if isinstance(kind, Date) else value


def main() -> int:
    """Record the newest revision; exit code 1 when it was recorded before."""
    file = RECORDINGS / f"{revisions()[-1]}.json"
    if file.exists():
        sys.stderr.write(f"{file.name} is there already\n")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{folder}/ledger.db")
        upgrade(engine)
        fill(Ledger(engine, MASTERS))
        content = json.dumps(rows(engine), ensure_ascii=False, indent=1, sort_keys=True)
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"{content}\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
