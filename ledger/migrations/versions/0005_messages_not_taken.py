"""Messages that their systems do not take, as the dossier says it while it waits. Nothing is known from before."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """One column."""
    op.add_column("dossiers", sa.Column("troubles", sa.JSON(), nullable=True))
