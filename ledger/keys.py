"""The keys of dossiers: their seeds, kept in the ledger, and what rows and payloads are sealed with.

A seed is made in the transaction that opens its dossier and is destroyed by erasing it (`ledger.erasure`). What names a
dossier that does not exist or was erased, a message gone astray for example, is sealed by a key of the house.
"""

import base64
import binascii
import hmac
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from sqlalchemy import Connection, Engine, select
from sqlmodel import Session, col

from ledger.engine import read_only
from ledger.failures import told_in_use
from ledger.known_keys import KnownKeys
from models.base import Code
from models.tables import DossierKeyRow
from trust.masters import MasterKeys
from trust.vault import NO_DOSSIER, DossierKey, KeyErased, KeyUnknown, Purpose, Sealed, Unreadable, new_seed

_KEPT_SECONDS = 60.0
"""How long a process may go on reading a dossier that another has erased."""
_MOST_KEPT = 10_000

MARK = "sealed:1:"
_FINGERPRINT = b"lienthong fingerprint"


class DossierKeys:
    """The keys of all dossiers of a ledger; safe from many threads."""

    def __init__(self, engine: Engine, masters: MasterKeys) -> None:
        self.masters = KnownKeys(engine, masters)
        self._engine = read_only(engine)
        self._house = DossierKey(NO_DOSSIER, b"", self.masters)
        self._kept: OrderedDict[Code, tuple[float, DossierKey]] = OrderedDict()
        self._lock = Lock()
        self._fingerprinting: dict[str, bytes] = {}

    def of(self, code: Code) -> DossierKey:
        """The key of a dossier. Raises KeyUnknown, KeyErased, DatabaseUnusable."""
        if kept := self.kept(code):
            return kept
        with told_in_use(self._engine), self._engine.connect() as connection:
            return self.read(connection, code)

    def kept(self, code: Code) -> DossierKey | None:
        """The key of a dossier if it need not be read from the database."""
        if code == NO_DOSSIER:
            return self._house
        with self._lock:
            until, key = self._kept.get(code, (0.0, None))
            return key if until > time.monotonic() else None

    def read(self, connection: Connection, code: Code) -> DossierKey:
        """The key of a dossier by a connection that is open anyway. Raises as `of`."""
        if kept := self.kept(code):
            return kept
        row = connection.execute(
            select(col(DossierKeyRow.seed), col(DossierKeyRow.erased_at)).where(col(DossierKeyRow.dossier_code) == code)
        ).first()
        if row is None:
            raise KeyUnknown(code)
        if row.seed is None:
            raise KeyErased(code)
        key = DossierKey(code, row.seed, self.masters)
        with self._lock:
            self._kept[code] = (time.monotonic() + _KEPT_SECONDS, key)
            self._kept.move_to_end(code)
            if len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return key

    def fingerprint(self, digest: str, key_id: str | None = None) -> str:
        """What is stored of a digest, by that master key or the current one: whoever has the database alone cannot try
        out what it may be of. Raises MasterKeyUnknown."""
        key_id = key_id or self.masters.current
        key = self._fingerprinting.get(key_id)
        if key is None:
            key = self._fingerprinting[key_id] = self.masters.derive(key_id, _FINGERPRINT, b"")
        return f"{key_id}:{hmac.digest(key, digest.encode(), 'sha256').hex()}"

    def is_fingerprint_of(self, stored: str, digest: str) -> bool:
        """Whether that is stored of this digest; what is older than fingerprints is the digest itself."""
        key_id, colon, _ = stored.partition(":")
        return hmac.compare_digest(stored, self.fingerprint(digest, key_id) if colon else digest)

    def forget(self, code: Code) -> None:
        """Keep the key no longer."""
        with self._lock:
            self._kept.pop(code, None)


class RowSeals:
    """Seals and opens the personal columns of one transaction (`models.personal.Sealer`)."""

    def __init__(self, keys: DossierKeys, connection: Callable[[], Connection]) -> None:
        self.keys = keys
        self._connection = connection
        self._writes: DossierKey | None = None
        self._opens: Code | None = None
        self._new: DossierKey | None = None

    def belongs_to(self, code: Code) -> None:
        """What is written from here on is that dossier's, or the house's where there is none, or none any more; and
        no other's is opened."""
        self.opens_only(code)
        self._writes = self._key_to_seal(code)

    def opens_only(self, code: Code) -> None:
        """What is opened from here on is that dossier's or the house's: whoever can write the database may have put
        another's in its row."""
        self._opens = code

    def make_key(self, code: Code) -> DossierKeyRow:
        """The row of a new dossier's key, whose data is written from here on."""
        seed = new_seed()
        self._writes = self._new = DossierKey(code, seed, self.keys.masters)
        return DossierKeyRow(dossier_code=code, seed=seed)

    def seal(self, column: str, plain: bytes) -> str:
        """Raises LookupError when nobody has said whose it is."""
        if self._writes is None:
            raise LookupError("whose the personal value is has not been said")
        return _stored(self._writes.seal(Purpose.COLUMN, plain, column))

    def seal_as(self, code: Code, column: str, plain: bytes) -> str:
        """Sealed as that dossier's whatever else is written, as the house's where there is none or its key is gone."""
        return _stored(self._key_to_seal(code).seal(Purpose.COLUMN, plain, column))

    def is_sealed(self, stored: str) -> bool:
        return stored.startswith(MARK)

    def open(self, column: str, sealed: str) -> bytes | None:
        """Raises Unreadable, MasterKeyUnknown."""
        key_id, _, rest = sealed.removeprefix(MARK).partition(":")
        code, _, encoded = rest.rpartition(":")
        if self._opens is not None and code not in (self._opens, NO_DOSSIER):
            raise Unreadable("dữ liệu niêm phong của hồ sơ khác")
        try:
            data = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raise Unreadable("dữ liệu niêm phong trong sổ đã bị sửa") from None
        try:
            return self._key(code).open(Purpose.COLUMN, Sealed(key_id, code, data), column)
        except KeyErased:
            return None

    def _key(self, code: Code) -> DossierKey:
        for own in (self._writes, self._new):
            if own and own.code == code:
                return own
        return self.keys.kept(code) or self.keys.read(self._connection(), code)

    def _key_to_seal(self, code: Code) -> DossierKey:
        try:
            return self._key(code)
        except (KeyUnknown, KeyErased):
            return self._key(NO_DOSSIER)


def _stored(sealed: Sealed) -> str:
    return f"{MARK}{sealed.key_id}:{sealed.code}:{base64.b64encode(sealed.data).decode()}"


def seals_of(session: Session) -> RowSeals:
    """The seals of a transaction of ours."""
    seals = session.info[RowSeals]
    assert isinstance(seals, RowSeals)
    return seals
