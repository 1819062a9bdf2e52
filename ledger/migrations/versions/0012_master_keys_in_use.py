"""Which master keys have sealed something: another key of the same id must never take their place."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """One table."""
    op.create_table(
        "master_keys",
        sa.Column("key_id", sa.String(length=80), nullable=False),
        sa.Column("check_value", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_master_keys")),
    )
