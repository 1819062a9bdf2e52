"""Acts of operators that are more than one transaction, or none of the ledger's: on the trail before they begin."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from cli.context import told
from ledger.errors import DatabaseUnusable
from ledger.store import Ledger
from models.audit import Action
from models.base import Code
from settings import Settings


@contextmanager
def undertaking(ledger: Ledger, settings: Settings, what: Action, **about: str) -> Iterator[dict[Code, str]]:
    """Says on the trail that an act begins, and how it ended: by its own `what`, or that it was broken off.

    Whoever is killed meanwhile leaves the beginning alone. What is put into the mapping is said with a good end. Raises
    DatabaseFailed: before anything was done, or after all was.
    """
    beginning = told(settings, Action.BEGUN, act=what.value, **about)
    ledger.note(beginning)
    begun = beginning.at.isoformat()
    found: dict[Code, str] = {}
    try:
        yield found
    except BaseException as error:
        with suppress(DatabaseUnusable):
            ledger.note(told(settings, Action.BROKEN_OFF, act=what.value, begun=begun, error=type(error).__name__))
        raise
    ledger.note(told(settings, what, begun=begun, **found))
