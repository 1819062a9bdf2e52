"""Files that come with a fact on the command line."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from cli.output import Exit, fail
from ledger.documents import DocumentStore
from ledger.store import Ledger
from models.documents import Document, DocumentKind, DocumentRefused, Sha256, describe


class Enclosures:
    """Named by the fact first, kept once it is well-formed, let go of when it is refused: then nobody names them."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._contents: dict[Sha256, bytes] = {}
        self._new: tuple[Sha256, ...] = ()
        self._kept_at: datetime | None = None

    def named(self, entries: Sequence[str]) -> list[dict[str, Any]]:
        """The files, each given as kind=path, as a fact names them; the command ends for one that is not taken."""
        return [self._named(entry).model_dump() for entry in entries]

    def keep(self, store: DocumentStore) -> None:
        """Puts them into the document store."""
        self._new = tuple(sha256 for sha256 in self._contents if not store.has(sha256))
        for content in self._contents.values():
            store.keep(content)
        self._kept_at = datetime.now(UTC)

    def let_go(self, store: DocumentStore, ledger: Ledger) -> None:
        """Discards what was not there before, unless a dossier names it or somebody has kept it again since."""
        for sha256 in ledger.named_by_none(self._new):
            store.discard(sha256, unless_kept_since=self._kept_at)

    def _named(self, entry: str) -> Document:
        kind, equals, path = entry.partition("=")
        if not equals or kind not in set(DocumentKind):
            kinds = f"Các loại: {', '.join(DocumentKind)}."
            self._refuse(f"“{entry}”: ghi loại=tệp, ví dụ residence_papers=giay.pdf.", kinds)
        try:
            content = Path(path).read_bytes()
            document = describe(DocumentKind(kind), Path(path).name, content)
        except OSError as error:
            self._refuse(f"Không đọc được tệp “{path}”: {error.strerror}.")
        except (ValueError, DocumentRefused) as error:
            self._refuse(f"Không nhận được tệp “{path}”: {error}")
        self._contents[document.sha256] = content
        return document

    def _refuse(self, *lines: str) -> NoReturn:
        fail(Exit.USAGE, *lines, as_json=self._as_json)
