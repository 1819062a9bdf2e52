"""Sealing what is personal: AES-256-GCM by keys of each dossier's own, so that one dossier can be lost on purpose.

A dossier's keys are derived from the master key and the dossier's seed, one for each purpose. Whoever has the database
but no master key reads nothing; whoever has both reads nothing of a dossier whose seed was destroyed. What is sealed
for one place opens in no other.
"""

import os
import zlib
from dataclasses import dataclass
from enum import StrEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from models.base import Code
from trust.masters import MasterKeys

SEED_BYTES = 32

_NONCE_BYTES = 12
_PLAIN, _DEFLATED = b"\x00", b"\x01"
_WORTH_DEFLATING = 128


NO_DOSSIER = "-"
"""Stands for the dossier in what belongs to none, a message gone astray for example; no dossier code is like that."""


class Purpose(StrEnum):
    """What is sealed: each has a key of its own, so that nothing sealed as one opens as another."""

    PAYLOAD = "payload"
    COLUMN = "column"


class Unreadable(Exception):
    """What is sealed cannot be opened: changed since, or sealed otherwise; the message shows nothing of it."""


class KeyErased(Unreadable):
    """The dossier's seed was destroyed on purpose: nobody will ever read its data again."""

    def __init__(self, code: Code) -> None:
        super().__init__(f"Dữ liệu của hồ sơ {code} đã bị hủy: khóa của hồ sơ không còn.")
        self.code = code


class KeyUnknown(Unreadable):
    """There is no dossier of that code, so nothing can be sealed or opened as its."""

    def __init__(self, code: Code) -> None:
        super().__init__(f"Không có khóa của hồ sơ {code}.")
        self.code = code


@dataclass(frozen=True)
class Sealed:
    """Something sealed: by which master key, of which dossier (both opaque and readable), and the ciphertext."""

    key_id: str
    code: Code
    data: bytes


class DossierKey:
    """Khóa của một hồ sơ: seals and opens what belongs to one dossier."""

    def __init__(self, code: Code, seed: bytes, masters: MasterKeys) -> None:
        self.code = code
        self._seed = seed
        self._masters = masters
        self._ciphers: dict[tuple[str, Purpose], AESGCM] = {}

    def seal(self, purpose: Purpose, plain: bytes, place: str = "") -> Sealed:
        """Seal by the current master key, for that place only; deflated where that makes it shorter."""
        key_id = self._masters.current
        nonce = os.urandom(_NONCE_BYTES)
        cipher = self._cipher(key_id, purpose)
        bound = self._bound(key_id, purpose, place)
        return Sealed(key_id, self.code, nonce + cipher.encrypt(nonce, _packed(plain), bound))

    def open(self, purpose: Purpose, sealed: Sealed, place: str = "") -> bytes:
        """What was sealed for that place. Raises Unreadable, MasterKeyUnknown."""
        nonce, ciphertext = sealed.data[:_NONCE_BYTES], sealed.data[_NONCE_BYTES:]
        if sealed.code != self.code:
            raise Unreadable("dữ liệu niêm phong của hồ sơ khác")
        try:
            bound = self._bound(sealed.key_id, purpose, place)
            return _unpacked(self._cipher(sealed.key_id, purpose).decrypt(nonce, ciphertext, bound))
        except (InvalidTag, ValueError):
            raise Unreadable("dữ liệu niêm phong đã bị sửa, hoặc không phải của hồ sơ hay của chỗ này") from None

    def _cipher(self, key_id: str, purpose: Purpose) -> AESGCM:
        cipher = self._ciphers.get((key_id, purpose))
        if cipher is None:
            label = f"lienthong {purpose}".encode()
            key = self._masters.derive(key_id, label, self.code.encode() + b"\x00" + self._seed)
            cipher = self._ciphers[key_id, purpose] = AESGCM(key)
        return cipher

    def _bound(self, key_id: str, purpose: Purpose, place: str) -> bytes:
        """What is readable beside the ciphertext, and cannot be changed either."""
        return "\x00".join((purpose, key_id, self.code, place)).encode()


def new_seed() -> bytes:
    """A seed for a new dossier."""
    return os.urandom(SEED_BYTES)


def _packed(plain: bytes) -> bytes:
    if len(plain) >= _WORTH_DEFLATING:
        deflated = zlib.compress(plain, 1)
        if len(deflated) < len(plain):
            return _DEFLATED + deflated
    return _PLAIN + plain


def _unpacked(packed: bytes) -> bytes:
    if packed[:1] == _DEFLATED:
        return zlib.decompress(packed[1:])
    return packed[1:]
