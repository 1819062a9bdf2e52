"""Every dossier has a seed for keys of its own; what is personal is sealed with them, and longer than it was.

What is stored in the clear stays readable; `lienthong upgrade` seals it afterwards.
"""

import os

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_SEED_BYTES = 32


def upgrade() -> None:
    """One table, filled for the dossiers there are; what operators did; two columns hold text of any length."""
    keys = op.create_table(
        "dossier_keys",
        sa.Column("dossier_code", sa.String(length=80), nullable=False),
        sa.Column("seed", sa.LargeBinary(), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["dossier_code"], ["dossiers.code"], name=op.f("fk_dossier_keys_dossier_code")),
        sa.PrimaryKeyConstraint("dossier_code", name=op.f("pk_dossier_keys")),
    )
    codes = op.get_bind().execute(sa.text("SELECT code FROM dossiers")).scalars().all()
    if codes:
        op.bulk_insert(keys, [{"dossier_code": code, "seed": os.urandom(_SEED_BYTES)} for code in codes])
    op.add_column("dossiers", sa.Column("acts", sa.JSON(), nullable=True))
    with op.batch_alter_table("legs") as legs:
        legs.alter_column("number", type_=sa.Text(), existing_type=sa.String(length=80), existing_nullable=True)
    with op.batch_alter_table("consents") as consents:
        consents.alter_column("personal_id", type_=sa.Text(), existing_type=sa.String(length=80), nullable=False)
