"""Families, so that a child is found however it is declared; an operator's word that two are not one; duties.

Dossiers from before are found as they were then: by birth notice, else by name, day of birth and family. The keys of
their families cannot be made here, for they take the secret of the keyed hashes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Two tables and a column; nobody from before is known to be left with a duty."""
    op.create_table(
        "family_claims",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("dossier_code", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["dossier_code"], ["dossiers.code"], name=op.f("fk_family_claims_dossier_code")),
        sa.PrimaryKeyConstraint("key", "number", name=op.f("pk_family_claims")),
    )
    op.create_index(op.f("ix_family_claims_dossier_code"), "family_claims", ["dossier_code"], unique=False)
    op.create_table(
        "not_duplicates",
        sa.Column("dossier_code", sa.String(length=80), nullable=False),
        sa.Column("other_code", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["dossier_code"], ["dossiers.code"], name=op.f("fk_not_duplicates_dossier_code")),
        sa.ForeignKeyConstraint(["other_code"], ["dossiers.code"], name=op.f("fk_not_duplicates_other_code")),
        sa.PrimaryKeyConstraint("dossier_code", "other_code", name=op.f("pk_not_duplicates")),
    )
    op.add_column("dossiers", sa.Column("duties", sa.JSON(), nullable=True))
