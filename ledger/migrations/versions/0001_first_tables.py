"""The tables of the birth group: dossiers, legs, clocks, consents, documents, messages, outbox, statuses."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Creates all tables."""
    op.create_table(
        "dossier_numbers",
        sa.Column("prefix", sa.String(length=80), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("prefix", "day", name=op.f("pk_dossier_numbers")),
    )
    op.create_table(
        "dossiers",
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("submission_key", sa.String(length=80), nullable=False),
        sa.Column("content_key", sa.String(length=80), nullable=False),
        sa.Column("child_claim", sa.String(length=80), nullable=True),
        sa.Column("applicant_key", sa.String(length=80), nullable=False),
        sa.Column("group", sa.String(length=40), nullable=False),
        sa.Column("province_code", sa.String(length=80), nullable=False),
        sa.Column("pack", sa.String(length=80), nullable=True),
        sa.Column("declaration", sa.JSON(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=True),
        sa.Column("plan_sequence", sa.Integer(), nullable=True),
        sa.Column("stage", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("provincial_code", sa.String(length=80), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due", sa.JSON(), nullable=True),
        sa.Column("expected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expected", sa.JSON(), nullable=True),
        sa.Column("timeliness", sa.String(length=40), nullable=True),
        sa.Column("fee", sa.JSON(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started", sa.Boolean(), nullable=False),
        sa.Column("concluded_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_dossiers")),
        sa.UniqueConstraint("child_claim", name=op.f("uq_dossiers_child_claim")),
        sa.UniqueConstraint("submission_key", name=op.f("uq_dossiers_submission_key")),
    )
    op.create_index(op.f("ix_dossiers_due_at"), "dossiers", ["due_at"], unique=False)
    op.create_index(op.f("ix_dossiers_opened_at"), "dossiers", ["opened_at"], unique=False)
    op.create_index(op.f("ix_dossiers_province_code"), "dossiers", ["province_code"], unique=False)
    op.create_index(op.f("ix_dossiers_provincial_code"), "dossiers", ["provincial_code"], unique=False)
    op.create_index(op.f("ix_dossiers_stage"), "dossiers", ["stage"], unique=False)
    op.create_index(op.f("ix_dossiers_started"), "dossiers", ["started"], unique=False)
    op.create_table(
        "messages_in",
        sa.Column("message_id", sa.String(length=80), nullable=False),
        sa.Column("digest", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("dossier_code", sa.String(length=80), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_messages_in")),
    )
    op.create_index(op.f("ix_messages_in_dossier_code"), "messages_in", ["dossier_code"], unique=False)
    op.create_table(
        "clock_entries",
        sa.Column("dossier_code", sa.String(length=80), nullable=False),
        sa.Column("clock", sa.String(length=80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("working_days", sa.Integer(), nullable=True),
        sa.Column("stop", sa.Text(), nullable=True),
        sa.Column("calendar_version", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["dossier_code"], ["dossiers.code"], name=op.f("fk_clock_entries_dossier_code")),
        sa.PrimaryKeyConstraint("dossier_code", "clock", "position", name=op.f("pk_clock_entries")),
    )
    op.create_table(
        "heard_facts",
        sa.Column("dossier_code", sa.String(length=80), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["dossier_code"], ["dossiers.code"], name=op.f("fk_heard_facts_dossier_code")),
        sa.PrimaryKeyConstraint("dossier_code", "sequence", "position", name=op.f("pk_heard_facts")),
    )
    op.create_table(
        "legs",
        sa.Column("dossier_code", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("stage", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("number", sa.String(length=80), nullable=True),
        sa.Column("timeliness", sa.String(length=40), nullable=True),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["dossier_code"], ["dossiers.code"], name=op.f("fk_legs_dossier_code")),
        sa.PrimaryKeyConstraint("dossier_code", "key", name=op.f("pk_legs")),
    )
    op.create_index(op.f("ix_legs_due_at"), "legs", ["due_at"], unique=False)
    op.create_index(op.f("ix_legs_stage"), "legs", ["stage"], unique=False)
    op.create_table(
        "messages_out",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("dossier_code", sa.String(length=80), nullable=False),
        sa.Column("system", sa.String(length=40), nullable=False),
        sa.Column("leg", sa.String(length=80), nullable=True),
        sa.Column("step", sa.String(length=80), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reply", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["dossier_code"], ["dossiers.code"], name=op.f("fk_messages_out_dossier_code")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_messages_out")),
    )
    op.create_index(op.f("ix_messages_out_dossier_code"), "messages_out", ["dossier_code"], unique=False)
    op.create_table(
        "notices",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("dossier_code", sa.String(length=80), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("dispatch", sa.JSON(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["dossier_code"], ["dossiers.code"], name=op.f("fk_notices_dossier_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("key", name=op.f("uq_notices_key")),
    )
    op.create_index(op.f("ix_notices_dossier_code"), "notices", ["dossier_code"], unique=False)
    op.create_index(
        op.f("ix_notices_sent_at_dossier_code_channel_id"),
        "notices",
        ["sent_at", "dossier_code", "channel", "id"],
        unique=False,
    )
    op.create_table(
        "status_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dossier_code", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("system", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("direction", sa.String(length=40), nullable=False),
        sa.Column("leg", sa.String(length=80), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["dossier_code"], ["dossiers.code"], name=op.f("fk_status_events_dossier_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_events")),
        sa.UniqueConstraint("dossier_code", "key", name=op.f("uq_status_events_dossier_code_key")),
    )
    op.create_table(
        "consents",
        sa.Column("dossier_code", sa.String(length=80), nullable=False),
        sa.Column("leg", sa.String(length=80), nullable=False),
        sa.Column("person", sa.String(length=80), nullable=False),
        sa.Column("personal_id", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["dossier_code", "leg"], ["legs.dossier_code", "legs.key"], name=op.f("fk_consents_dossier_code_leg")
        ),
        sa.PrimaryKeyConstraint("dossier_code", "leg", "person", name=op.f("pk_consents")),
    )
    op.create_index(op.f("ix_consents_state"), "consents", ["state"], unique=False)
    op.create_table(
        "documents",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dossier_code", sa.String(length=80), nullable=False),
        sa.Column("leg", sa.String(length=80), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["dossier_code", "leg"], ["legs.dossier_code", "legs.key"], name=op.f("fk_documents_dossier_code_leg")
        ),
        sa.ForeignKeyConstraint(["dossier_code"], ["dossiers.code"], name=op.f("fk_documents_dossier_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
        sa.UniqueConstraint(
            "dossier_code", "leg", "kind", "sha256", name=op.f("uq_documents_dossier_code_leg_kind_sha256")
        ),
    )
    op.create_index(op.f("ix_documents_dossier_code"), "documents", ["dossier_code"], unique=False)
    op.create_index(op.f("ix_documents_sha256"), "documents", ["sha256"], unique=False)
