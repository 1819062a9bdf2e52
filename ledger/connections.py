"""How a process uses a PostgreSQL ledger. Without SQLAlchemy, so that reading the settings stays cheap."""

from pathlib import Path

from models.base import Model


class Connections(Model):
    """The pool and the patience of one process; times are seconds. What the URL itself says goes before.

    A stuck statement, a lock or a forgotten transaction ends long before Temporal's patience with an activity (one
    minute), which then tries again. SQLite has one writer at a time and needs none of this.
    """

    application: str = "lienthong"
    """What a DBA reads in `pg_stat_activity`: which of our processes this is."""
    pool_size: int = 8
    pool_overflow: int = 16
    """Together as many as a worker has threads for ledger work, so that none waits for another's connection."""
    pool_wait: float = 20.0
    pool_recycle: float = 1800.0
    connect_timeout: float = 5.0
    statement_timeout: float = 30.0
    lock_timeout: float = 10.0
    idle_transaction_timeout: float = 60.0
    authorities: Path | None = None
    """Whose certificates are trusted (PEM), where the URL does not say; the machine's authorities if nobody does."""
    unverified: bool = False
    """Whether the URL may ask for less than a verified server beyond this machine."""


DEFAULTS = Connections()
"""What suits one worker, one gateway and scripts on a server that allows a hundred connections."""
