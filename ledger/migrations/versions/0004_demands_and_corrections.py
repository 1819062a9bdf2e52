"""What agencies demand, for statistics; and forms as supplements have corrected them. Nothing is known from before."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Two tables."""
    op.create_table(
        "form_revisions",
        sa.Column("dossier_code", sa.String(length=80), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("leg", sa.String(length=80), nullable=False),
        sa.Column("paths", sa.JSON(), nullable=False),
        sa.Column("declaration", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["dossier_code"], ["dossiers.code"], name=op.f("fk_form_revisions_dossier_code")),
        sa.PrimaryKeyConstraint("dossier_code", "number", name=op.f("pk_form_revisions")),
    )
    op.create_table(
        "demands",
        sa.Column("dossier_code", sa.String(length=80), nullable=False),
        sa.Column("leg", sa.String(length=80), nullable=False),
        sa.Column("verdict", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=True),
        sa.Column("reason_code", sa.String(length=80), nullable=True),
        sa.Column("refusal", sa.String(length=40), nullable=True),
        sa.Column("faults", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["dossier_code", "leg"], ["legs.dossier_code", "legs.key"], name=op.f("fk_demands_dossier_code_leg")
        ),
        sa.PrimaryKeyConstraint("dossier_code", "leg", "verdict", "position", name=op.f("pk_demands")),
    )
    op.create_index(op.f("ix_demands_verdict_leg"), "demands", ["verdict", "leg"], unique=False)
