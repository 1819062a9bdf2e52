"""Operators' acts that the ledger refuses at once: on the trail, like those that a dossier refuses."""

from collections.abc import Iterator
from contextlib import contextmanager

from ledger.errors import LedgerError, NotSetAside, UnknownDossier, UnknownMessage
from ledger.store import Ledger
from models.audit import Action, Entry
from models.audit import operator as who_is
from models.base import Code
from models.facts import FactRefused
from models.operators import OperatorId


@contextmanager
def refusals_told(
    ledger: Ledger,
    operator: OperatorId,
    kind: Code,
    because: str,
    code: Code | None = None,
    message: Code | None = None,
) -> Iterator[None]:
    """Says on the trail that an act was refused, then lets the refusal pass; what is not known is not named.

    Raises DatabaseFailed.
    """
    try:
        yield
    except (FactRefused, LedgerError) as refusal:
        detail = {"kind": kind, "reason": str(refusal.reason)}
        if isinstance(refusal, UnknownDossier | UnknownMessage):
            code, message = None, None
        elif isinstance(refusal, NotSetAside):
            code = refusal.code
        if message:
            detail["message"] = message
        who = who_is(operator)
        ledger.note(Entry(who=who, what=Action.ACT_REFUSED, code=code, why=because, detail=detail))
        raise
