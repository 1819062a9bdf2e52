"""A dossier claims whom it is about: a child or, since group 2, a deceased."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """One column and its constraint have another name."""
    op.execute("ALTER TABLE dossiers RENAME COLUMN child_claim TO subject_claim")
    if op.get_bind().dialect.name == "postgresql":  # SQLite cannot rename one, and nothing asks for it by name
        op.execute("ALTER TABLE dossiers RENAME CONSTRAINT uq_dossiers_child_claim TO uq_dossiers_subject_claim")
