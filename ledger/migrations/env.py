"""Alembic's way in: runs the revisions on the connection and in the transaction of `ledger.engine.upgrade`."""

from alembic import context

from models.tables import Table

context.configure(connection=context.config.attributes["connection"], target_metadata=Table.metadata)
context.run_migrations()
