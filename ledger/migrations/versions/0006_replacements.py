"""Results issued anew: which version is the live one, who was told, and who has acknowledged. Nothing from before."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """One table and one column."""
    op.create_table(
        "replacements",
        sa.Column("dossier_code", sa.String(length=80), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("leg", sa.String(length=80), nullable=False),
        sa.Column("message_id", sa.String(length=80), nullable=True),
        sa.Column("started", sa.Boolean(), nullable=False),
        sa.Column("unacknowledged", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["dossier_code"], ["dossiers.code"], name=op.f("fk_replacements_dossier_code")),
        sa.ForeignKeyConstraint(
            ["dossier_code", "leg"], ["legs.dossier_code", "legs.key"], name=op.f("fk_replacements_dossier_code_leg")
        ),
        sa.PrimaryKeyConstraint("dossier_code", "number", name=op.f("pk_replacements")),
        sa.UniqueConstraint("message_id", name=op.f("uq_replacements_message_id")),
    )
    op.create_index(op.f("ix_replacements_started"), "replacements", ["started"], unique=False)
    op.create_index(
        op.f("ix_replacements_unacknowledged_due_at"), "replacements", ["unacknowledged", "due_at"], unique=False
    )
    op.add_column("documents", sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True))
