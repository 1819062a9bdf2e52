"""Every column of the ledger is sealed, or says why it need not be: a new one that is neither fails here."""

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Column, Engine, LargeBinary, String, Text, select

from ledger.engine import open_engine, upgrade
from ledger.keys import DossierKeys
from ledger.store import Ledger
from models.personal import Personal, PersonalText
from models.tables import Shown, Table, Word
from tests.keys import MASTERS
from tests.leaks.markers import Markers
from tests.leaks.scan import Scanner
from tests.ledger.builders import declared, died
from tests.ledger.filled import fill, rows

_DOSSIER = "a dossier code, minted here: opaque"
_KEY = "made here of dossier code, leg and step: opaque"
_WORD = "a word of ours or of the law"
_HASH = "a keyed hash (HMAC), made with a key that is not in the database"
_DIGEST = "the SHA-256 of a signed paper, by which it is found"
_MESSAGE = "what its sender calls it; the gateway's contract says that ids name nobody"
_NUMBERED = "a code an agency gives to its own dossier; nobody is found by it but through the agency"

OPEN: Mapping[str, str] = {
    "audit_trail.at": "when, as text so that its hash is the same everywhere",
    "audit_trail.who": "a sender, an operator, a command's user or a process: people at work, never a citizen",
    "audit_trail.role": _WORD,
    "audit_trail.what": _WORD,
    "audit_trail.code": _DOSSIER,
    "audit_trail.pack": _WORD,
    "audit_trail.detail": "opaque words and message ids, by the contract of `models.audit.Entry`",
    "audit_trail.key_id": "the id of a master key",
    "audit_trail.previous": "the keyed hash (HMAC) of the entry before",
    "audit_trail.hash": _HASH,
    "clock_entries.clock": _WORD,
    "clock_entries.stop": _WORD,
    "clock_entries.calendar_version": _WORD,
    "consents.leg": _WORD,
    "consents.person": "the opaque key of the plan: p1, p2 …",
    "demands.leg": _WORD,
    "demands.reason_code": "a reason of the return gate's list; others are refused",
    "demands.faults": _WORD,
    "documents.leg": _WORD,
    "documents.sha256": _DIGEST,
    "paper_holds.sha256": _DIGEST,
    "paper_holds.holder": f"{_KEY}; or {_MESSAGE}",
    "dossier_keys.seed": "worth nothing without the master key, which is not in the database",
    "dossier_numbers.prefix": "the beginning of dossier codes",
    "dossiers.code": _DOSSIER,
    "dossiers.submission_key": _HASH,
    "dossiers.content_key": _HASH,
    "dossiers.subject_claim": _HASH,
    "dossiers.applicant_key": _HASH,
    "dossiers.province_code": "a province",
    "dossiers.pack": _WORD,
    "dossiers.provincial_code": _NUMBERED,
    "family_claims.key": _HASH,
    "form_revisions.leg": _WORD,
    "form_revisions.paths": "names of fields of the form",
    "heard_facts.message_id": _MESSAGE,
    "heard_facts.kind": _WORD,
    "legs.key": _WORD,
    "master_keys.key_id": "the id of a master key",
    "master_keys.check_value": _HASH,
    "messages_in.message_id": _MESSAGE,
    "messages_in.digest": _HASH,
    "messages_in.kind": _WORD,
    "messages_in.source": "a registered sender, or a command",
    "messages_in.status_token": "random",
    "messages_out.key": _KEY,
    "messages_out.leg": _WORD,
    "messages_out.step": _WORD,
    "messages_waiting.message_id": _MESSAGE,
    "messages_waiting.update_id": _MESSAGE,
    "not_duplicates.other_code": _DOSSIER,
    "notice_checks.key": _KEY,
    "notice_checks.facility": "a health facility",
    "notice_checks.sha256": _DIGEST,
    "notices.key": _KEY,
    "notices.last_error": "the kind of an error, never what it says",
    "replacements.leg": _WORD,
    "replacements.message_id": _MESSAGE,
    "status_events.key": _KEY,
    "status_events.code": "a status in a system's numbering",
    "status_events.leg": _WORD,
}
"""Columns of text that are not sealed, and why."""


def _columns() -> Iterator[tuple[str, Column[Any]]]:
    for table in Table.metadata.sorted_tables:
        for column in table.columns:
            yield f"{table.name}.{column.name}", column


def _sealed(column: Column[Any]) -> bool:
    return isinstance(column.type, Personal | PersonalText)


def _says_something(column: Column[Any]) -> bool:
    """Whether it holds text, JSON or bytes: instants, numbers and words of our vocabularies say nothing of a person."""
    kind = column.type.impl if isinstance(column.type, Shown) else column.type
    return isinstance(kind, String | Text | JSON | LargeBinary) and not isinstance(column.type, Word)


def test_every_column_is_sealed_or_says_why_not() -> None:
    unsealed = {
        name
        for name, column in _columns()
        if _says_something(column) and not _sealed(column) and not name.endswith(".dossier_code")
    }
    assert unsealed - OPEN.keys() - _SEALED_BY_HAND == set(), "seal it, or say in OPEN why it need not be"
    assert OPEN.keys() - unsealed == set(), "no longer there, or sealed"


_SEALED_BY_HAND = frozenset({"audit_trail.why"})
"""Sealed where it is written, because the trail's hash is over what is stored."""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    upgrade(engine)
    yield engine
    engine.dispose()


def _marked(markers: Markers, patch: pytest.MonkeyPatch) -> None:
    """Everything the ledger's tests fill it with, said in marked words."""

    def of(make: Any) -> Any:
        def made(*arguments: Any, **changes: Any) -> Any:
            form = make(*arguments, **changes)
            return type(form).model_validate(markers.plant(form.model_dump(mode="json")))

        return made

    for module in ("builders", "filled"):
        patch.setattr(f"tests.ledger.{module}.declared", of(declared))
        patch.setattr(f"tests.ledger.{module}.died", of(died))


def test_a_filled_ledger_says_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """All rows of a filled ledger, as the database has them; the same rows, opened, say everything."""
    markers = Markers()
    _marked(markers, monkeypatch)
    fill(Ledger(engine, MASTERS))
    stored = json.dumps(rows(engine), ensure_ascii=False, default=_text).encode()
    scanner = Scanner(markers)
    assert scanner.hits(stored) == ()
    ledger = Ledger(engine, MASTERS)
    with engine.connect() as connection:
        codes = connection.execute(select(Table.metadata.tables["dossiers"].c.code)).scalars().all()
    opened = "".join(ledger.declaration(code).model_dump_json() for code in codes)
    assert len(scanner.words(opened.encode())) > 20
    assert isinstance(ledger.keys, DossierKeys)


def _text(value: object) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
