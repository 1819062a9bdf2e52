"""Master keys (khóa chủ), what every dossier's keys are derived from: a ring, so that one can follow another."""

import base64
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol, Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.kbkdf import KBKDFHMAC, CounterLocation, Mode

from trust.key_errors import MasterKeysUnusable, MasterKeyUnknown

KEY_BYTES = 32
"""256 bits: master keys and all keys derived from them."""

_COUNTER_BYTES = _LENGTH_BYTES = 4


class MasterKeys(Protocol):
    """Whoever keeps the master keys: a ring in memory, or a service that never gives them away.

    Deriving is NIST SP 800-108 in counter mode with HMAC-SHA256, one block: a key service needs only an HMAC. A key of
    one id is never another as long as a process runs.
    """

    @property
    def current(self) -> str:
        """The id of the key by which new things are sealed: opaque, readable wherever something sealed is stored."""
        ...

    def derive(self, key_id: str, label: bytes, context: bytes) -> bytes:
        """32 bytes that only who has the master key can derive. Raises MasterKeyUnknown."""
        ...


class KeyRing:
    """Master keys in memory, by id. The first is current, the others open what they sealed."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """Raises MasterKeysUnusable."""
        if not keys:
            raise MasterKeysUnusable("vòng khóa trống")
        if any(len(key) != KEY_BYTES for key in keys.values()):
            raise MasterKeysUnusable(f"khóa phải dài đúng {KEY_BYTES} byte")
        self._keys = dict(keys)

    @classmethod
    def read(cls, entries: Iterable[str]) -> Self:
        """From entries `id:base64`, the current one first. Raises MasterKeysUnusable."""
        keys: dict[str, bytes] = {}
        for number, entry in enumerate(entries, 1):
            key_id, colon, encoded = entry.strip().partition(":")
            if not colon or not _is_id(key_id) or key_id in keys:
                raise MasterKeysUnusable(
                    f"mục {number} phải là “mã:base64”, mỗi mã một lần, mã gồm chữ không dấu, số, -"
                )
            try:
                keys[key_id] = base64.b64decode(encoded, validate=True)
            except ValueError:
                raise MasterKeysUnusable(f"mục {number} không phải base64") from None
        return cls(keys)

    @property
    def current(self) -> str:
        return next(iter(self._keys))

    def derive(self, key_id: str, label: bytes, context: bytes) -> bytes:
        try:
            key = self._keys[key_id]
        except KeyError:
            raise MasterKeyUnknown(key_id) from None
        derivation = KBKDFHMAC(
            algorithm=SHA256(),
            mode=Mode.CounterMode,
            length=KEY_BYTES,
            rlen=_COUNTER_BYTES,
            llen=_LENGTH_BYTES,
            location=CounterLocation.BeforeFixed,
            label=label,
            context=context,
            fixed=None,
        )
        return derivation.derive(key)

    def __iter__(self) -> Iterator[str]:
        """The ids, the current one first."""
        return iter(self._keys)

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(self._keys)})"


def _is_id(key_id: str) -> bool:
    return 0 < len(key_id) <= 40 and key_id.isascii() and key_id.replace("-", "").isalnum()
