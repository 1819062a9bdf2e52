"""What each look-up of a birth or death notice has found, by facility."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """One table."""
    op.create_table(
        "notice_checks",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("dossier_code", sa.String(length=80), nullable=False),
        sa.Column("group", sa.String(length=40), nullable=False),
        sa.Column("facility", sa.String(length=80), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("says", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["dossier_code"], ["dossiers.code"], name=op.f("fk_notice_checks_dossier_code")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_notice_checks")),
    )
    op.create_index(op.f("ix_notice_checks_dossier_code"), "notice_checks", ["dossier_code"])
    op.create_index(op.f("ix_notice_checks_day_facility"), "notice_checks", ["day", "facility"])
