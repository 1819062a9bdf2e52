"""Who holds a content of the document store, from before it is stored.

Older messages that wait hold theirs from now on, and so do legs what they keep on record though it was refused for its
signatures. Sealed ones are passed over: no released version sealed before there were holds.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_WAITING = sa.table(
    "messages_waiting", sa.column("message_id"), sa.column("dossier_code"), sa.column("fact", sa.JSON())
)
_LEGS = sa.table("legs", sa.column("dossier_code"), sa.column("key"), sa.column("state", sa.JSON()))


def upgrade() -> None:
    """One table, filled from what is stored in the clear."""
    holds = op.create_table(
        "paper_holds",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.Column("dossier_code", sa.String(length=80), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "holder", name=op.f("pk_paper_holds")),
    )
    op.create_index(op.f("ix_paper_holds_holder"), "paper_holds", ["holder"])
    op.create_index(op.f("ix_paper_holds_dossier_code"), "paper_holds", ["dossier_code"])
    now = datetime.now(UTC)
    held = [
        {"sha256": sha256, "holder": holder, "dossier_code": code, "at": now}
        for holder, code, sha256 in sorted({*_of_messages(), *_of_legs()})
    ]
    if held:
        op.bulk_insert(holds, held)


def _of_messages() -> Iterator[tuple[str, str, str]]:
    for message_id, code, fact in op.get_bind().execute(sa.select(_WAITING)):
        for sha256 in _documents(fact):
            yield f"message {message_id}", code, sha256


def _of_legs() -> Iterator[tuple[str, str, str]]:
    for code, key, state in op.get_bind().execute(sa.select(_LEGS)):
        refused = state.get("refused_papers", []) if isinstance(state, dict) else []
        for sha256 in _documents(refused):
            yield f"leg:{code}:{key}", code, sha256


def _documents(value: Any) -> Iterator[str]:
    """The digests of the documents in a stored value; an acknowledgement names one without its size."""
    if isinstance(value, dict) and {"sha256", "size"} <= value.keys():
        yield value["sha256"]
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _documents(item)
