"""The document store (kho giấy tờ): contents by their SHA-256, so that a content is kept once and never changed.

At rest a content is sealed (AES-256-GCM) with a key of its own, derived from the master key and its digest: whoever has
the folder but no master key reads nothing. What an older version stored in the clear is still read.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.errors import DocumentDamaged, DocumentMissing
from models.documents import Document, Sha256
from trust.key_errors import MasterKeyUnknown
from trust.masters import MasterKeys

_MARK = b"LIENTHONG-SEALED-1\n"
"""What a sealed file begins with; then the id of the master key, a line feed, nonce and ciphertext. No type of document
that is taken begins like this."""

_NONCE_BYTES = 12
_LABEL = b"lienthong document"


class DocumentStore:
    """Contents in a folder, at `ab/cd/abcd…` by digest; many processes may write at once.

    The folder is its owner's only: it holds papers of citizens.
    """

    def __init__(self, folder: Path, masters: MasterKeys) -> None:
        self._folder = folder
        self._masters = masters

    def keep(self, content: bytes) -> Sha256:
        """Keeps bytes as they came, on disk for good when this returns; their digest.

        They may be no document anybody would take. The same content is kept once; a copy that is damaged, in the clear
        or sealed with a key that is not here is replaced.
        """
        digest = _digest(content)
        path = self._path(digest)
        if not self._intact(path, digest):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_durably(path, self._sealed(content, digest))
        return digest

    def get(self, document: Document) -> bytes:
        """The content of a document. Raises as `kept`."""
        return self.kept(document.sha256)

    def kept(self, sha256: Sha256) -> bytes:
        """The bytes of that digest. Raises DocumentMissing, DocumentDamaged when they lost it, MasterKeyUnknown."""
        try:
            stored = self._path(sha256).read_bytes()
        except FileNotFoundError as error:
            raise DocumentMissing(sha256) from error
        return self._opened(stored, sha256)

    def has(self, sha256: Sha256) -> bool:
        """Whether there is a content of that digest, in whatever state."""
        return self._path(sha256).is_file()

    def discard(self, sha256: Sha256) -> None:
        """Lets go of a content for good; nothing if it is not there. Who needs it: `ledger.papers`."""
        self._path(sha256).unlink(missing_ok=True)

    def reseal(self) -> int:
        """Seals with the current master key what is in the clear or under another key; how many contents that were.

        Raises DocumentDamaged and MasterKeyUnknown; what was resealed before stays so.
        """
        behind = 0
        for path in self._paths():
            stored = path.read_bytes()
            if _key_id(stored) != self._masters.current:
                _write_durably(path, self._sealed(self._opened(stored, path.name), path.name))
                behind += 1
        return behind

    def _paths(self) -> Iterator[Path]:
        """Where every content lies; what is just being written is none yet."""
        return (path for path in self._folder.glob("??/??/*") if not path.name.startswith("."))

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256[2:4] / sha256

    def _intact(self, path: Path, sha256: str) -> bool:
        """Whether the content is there, sealed so that we can open it."""
        try:
            stored = path.read_bytes()
            self._opened(stored, sha256)
        except (FileNotFoundError, DocumentDamaged, MasterKeyUnknown):
            return False
        return _key_id(stored) is not None

    def _sealed(self, content: bytes, sha256: str) -> bytes:
        key_id = self._masters.current
        nonce = os.urandom(_NONCE_BYTES)
        head = _MARK + key_id.encode() + b"\n"
        return head + nonce + self._cipher(key_id, sha256).encrypt(nonce, content, _bound(head, sha256))

    def _opened(self, stored: bytes, sha256: str) -> bytes:
        """Raises DocumentDamaged, MasterKeyUnknown."""
        content, key_id = stored, _key_id(stored)
        if key_id is not None:
            head = len(_MARK) + len(key_id) + 1
            nonce, ciphertext = stored[head : head + _NONCE_BYTES], stored[head + _NONCE_BYTES :]
            try:
                bound = _bound(stored[:head], sha256)
                content = self._cipher(key_id, sha256).decrypt(nonce, ciphertext, bound)
            except (InvalidTag, ValueError):
                raise DocumentDamaged(sha256) from None
        if _digest(content) != sha256:
            raise DocumentDamaged(sha256)
        return content

    def _cipher(self, key_id: str, sha256: str) -> AESGCM:
        return AESGCM(self._masters.derive(key_id, _LABEL, sha256.encode()))


def _key_id(stored: bytes) -> str | None:
    """The master key that a file says it is sealed with; None for one in the clear."""
    if not stored.startswith(_MARK):
        return None
    key_id, _, _ = stored[len(_MARK) :].partition(b"\n")
    return key_id.decode("ascii", "replace")


def _bound(head: bytes, sha256: str) -> bytes:
    """What is readable beside the ciphertext, and cannot be changed either."""
    return head + sha256.encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write_durably(path: Path, content: bytes) -> None:
    """Content and name are on disk before anybody can see either."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    for folder in path.parents[:3]:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
