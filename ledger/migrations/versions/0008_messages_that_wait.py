"""Messages that wait for their dossier, whole, and the address at which their senders see the verdict.

Messages that came in before and were not judged are still with their senders, who send them again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """One table and one column."""
    op.add_column("messages_in", sa.Column("status_token", sa.String(length=80), nullable=True))
    op.create_index(op.f("ix_messages_in_status_token"), "messages_in", ["status_token"], unique=True)
    op.create_table(
        "messages_waiting",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("message_id", sa.String(length=80), nullable=False),
        sa.Column("dossier_code", sa.String(length=80), nullable=False),
        sa.Column("fact", sa.JSON(), nullable=False),
        sa.Column("update_id", sa.String(length=200), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("promised", sa.Boolean(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hindrance", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages_in.message_id"], name=op.f("fk_messages_waiting_message_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages_waiting")),
        sa.UniqueConstraint("message_id", name=op.f("uq_messages_waiting_message_id")),
    )
    op.create_index(op.f("ix_messages_waiting_dossier_code_id"), "messages_waiting", ["dossier_code", "id"])
