"""Who holds a content of the document store, from before it is stored."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """One table."""
    op.create_table(
        "paper_holds",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.Column("dossier_code", sa.String(length=80), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "holder", name=op.f("pk_paper_holds")),
    )
    op.create_index(op.f("ix_paper_holds_holder"), "paper_holds", ["holder"])
    op.create_index(op.f("ix_paper_holds_dossier_code"), "paper_holds", ["dossier_code"])
