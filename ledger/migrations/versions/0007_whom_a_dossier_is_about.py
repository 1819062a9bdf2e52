"""A dossier claims whom it is about: a child or, since group 2, a deceased."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """One column and its constraint have another name."""
    with op.batch_alter_table("dossiers") as dossiers:
        dossiers.drop_constraint(op.f("uq_dossiers_child_claim"), type_="unique")
        dossiers.create_unique_constraint(op.f("uq_dossiers_subject_claim"), ["child_claim"])
        dossiers.alter_column("child_claim", new_column_name="subject_claim")
