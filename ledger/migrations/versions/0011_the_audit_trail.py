"""The audit trail, which the database itself lets nobody change or shorten."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_REFUSAL = "audit_trail is append-only"
_SQLITE = (
    "CREATE TRIGGER audit_trail_is_not_changed BEFORE UPDATE ON audit_trail"
    f" BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
    "CREATE TRIGGER audit_trail_is_not_shortened BEFORE DELETE ON audit_trail"
    f" BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
    # INSERT OR REPLACE deletes without a word to the trigger above; a number far ahead would leave no room for another.
    "CREATE TRIGGER audit_trail_is_continued BEFORE INSERT ON audit_trail"
    " WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM audit_trail)"
    f" BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
)
_POSTGRESQL = (
    "CREATE FUNCTION audit_trail_is_continued() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " IF NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM audit_trail) THEN"
    f" RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'insufficient_privilege'; END IF; RETURN NEW; END $$",
    "CREATE FUNCTION audit_trail_is_append_only() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ BEGIN RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'insufficient_privilege'; END $$",
    "CREATE TRIGGER audit_trail_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_trail"
    " FOR EACH STATEMENT EXECUTE FUNCTION audit_trail_is_append_only()",
    "CREATE TRIGGER audit_trail_is_continued BEFORE INSERT ON audit_trail FOR EACH ROW"
    " EXECUTE FUNCTION audit_trail_is_continued()",
)


def upgrade() -> None:
    """One table and its triggers; the dossiers there are were not opened on it."""
    op.create_table(
        "audit_trail",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(length=80), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=80), nullable=True),
        sa.Column("what", sa.String(length=80), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("pack", sa.String(length=80), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("key_id", sa.String(length=80), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_trail")),
    )
    op.create_index(op.f("ix_audit_trail_at"), "audit_trail", ["at"])
    op.create_index(op.f("ix_audit_trail_code_number"), "audit_trail", ["code", "number"])
    op.add_column("dossiers", sa.Column("untraced", sa.Boolean(), nullable=True))
    op.execute(sa.table("dossiers", sa.column("untraced")).update().values(untraced=sa.true()))
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)
