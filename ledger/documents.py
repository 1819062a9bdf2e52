"""The document store (kho giấy tờ): contents by their SHA-256, so that a content is kept once and never changed."""

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from ledger.errors import DocumentDamaged, DocumentMissing
from models.documents import Document, DocumentKind, Sha256, describe


class DocumentStore:
    """Contents in a folder, at `ab/cd/abcd…` by digest; many processes may write at once.

    The folder is its owner's only: it holds papers of citizens.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes, kind: DocumentKind, file_name: str) -> Document:
        """Keeps the content, on disk for good when this returns, and says which document it is.

        The same content is kept once; a damaged copy is replaced. Raises DocumentRefused for content that is empty,
        larger than MAX_DOCUMENT_BYTES, or of a type that is not taken, and ValidationError for an impossible file name.
        """
        document = describe(kind, file_name, content)
        self.keep(content)
        return document

    def keep(self, content: bytes) -> Sha256:
        """Keeps bytes as they came, though they may be no document anybody would take; their digest."""
        digest = _digest(content)
        path = self._path(digest)
        if not self._intact(path, digest):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_durably(path, content)
        return digest

    def get(self, document: Document) -> bytes:
        """The content of a document. Raises DocumentMissing, and DocumentDamaged when it lost its digest."""
        return self.kept(document.sha256)

    def kept(self, sha256: Sha256) -> bytes:
        """The bytes of that digest. Raises DocumentMissing, and DocumentDamaged when they lost it."""
        try:
            content = self._path(sha256).read_bytes()
        except FileNotFoundError as error:
            raise DocumentMissing(sha256) from error
        if _digest(content) != sha256:
            raise DocumentDamaged(sha256)
        return content

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256[2:4] / sha256

    @staticmethod
    def _intact(path: Path, sha256: str) -> bool:
        with suppress(FileNotFoundError):
            return _digest(path.read_bytes()) == sha256
        return False


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
