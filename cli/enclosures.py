"""Files that come with a fact on the command line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from cli.output import Exit, fail
from models.documents import Document, DocumentKind, DocumentRefused, Sha256, describe


class Enclosures:
    """Named by the fact first; stored when the fact is taken in."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self.contents: dict[Sha256, bytes] = {}

    def named(self, entries: Sequence[str]) -> list[dict[str, Any]]:
        """The files, each given as kind=path, as a fact names them; the command ends for one that is not taken."""
        return [self._named(entry).model_dump() for entry in entries]

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
        self.contents[document.sha256] = content
        return document

    def _refuse(self, *lines: str) -> NoReturn:
        fail(Exit.USAGE, *lines, as_json=self._as_json)
