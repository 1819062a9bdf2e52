"""Which master keys this ledger is sealed by: another key of the same id, on another machine, would split its data."""

from collections.abc import Mapping
from contextlib import suppress

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from ledger.engine import read_only
from ledger.failures import told_in_use
from models.tables import MasterKeyRow
from trust.key_errors import MasterKeyMixedUp
from trust.masters import MasterKeys

_CHECK = b"lienthong check"


class KnownKeys:
    """Master keys that are known to be those the ledger was sealed by (`trust.masters.MasterKeys`).

    A key is compared with what the ledger knows of its id before it is first used; it is the same from then on
    (`MasterKeys`). The current one becomes known when a process starts, or when it is put to use (`expect_right`).
    """

    def __init__(self, engine: Engine, masters: MasterKeys) -> None:
        self._writer = engine
        self._masters = masters
        self._right: set[str] = set()

    @property
    def current(self) -> str:
        return self._masters.current

    def derive(self, key_id: str, label: bytes, context: bytes) -> bytes:
        """Raises MasterKeyUnknown, MasterKeyMixedUp."""
        if key_id not in self._right:
            self._compare(key_id)
        return self._masters.derive(key_id, label, context)

    def expect_right(self) -> None:
        """Compare the current key, and write down that this ledger is sealed by it. Raises MasterKeyMixedUp."""
        key_id = self.current
        self._compare(key_id)
        if key_id not in self._right:
            row = MasterKeyRow(key_id=key_id, check_value=self._value(key_id))
            with suppress(IntegrityError), told_in_use(self._writer), Session(self._writer) as session, session.begin():
                session.add(row)  # of several that start at once one does it, and all compare
            self._compare(key_id)

    def with_others(self, masters: MasterKeys) -> "KnownKeys":
        """The same ledger with other master keys."""
        return KnownKeys(self._writer, masters)

    def _compare(self, key_id: str) -> None:
        known = _values(self._writer).get(key_id)
        if known is not None:
            if known != self._value(key_id):
                raise MasterKeyMixedUp(key_id)
            self._right.add(key_id)

    def _value(self, key_id: str) -> str:
        return self._masters.derive(key_id, _CHECK, b"").hex()


def known_keys(engine: Engine) -> frozenset[str]:
    """The ids of the master keys that have sealed something. Raises DatabaseUnusable."""
    return frozenset(_values(engine))


def _values(engine: Engine) -> Mapping[str, str]:
    with told_in_use(engine), Session(read_only(engine)) as session, session.begin():
        return {row.key_id: row.check_value for row in session.exec(select(MasterKeyRow))}
