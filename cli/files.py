"""Declarations kept as files: the JSON of a form with its attachments beside it, for scripts, samples and the demo."""

from datetime import date
from pathlib import Path

from models.communes import Communes
from models.declaration import Declaration, group_declared
from models.documents import MAX_DOCUMENT_BYTES, Document, DocumentKind, DocumentRefused, describe
from models.form_parts import MAX_ATTACHMENTS
from models.groups import Group
from models.reading import (
    MAX_JSON_BYTES,
    DeclarationErrors,
    Problem,
    parse_json,
    problem_at,
    read_declaration,
)
from models.reading_words import field_name

_FILE_KEYS = frozenset({"kind", "file"})


def load_declaration_file(
    path: Path, on: date, communes: Communes | None = None
) -> tuple[Declaration, dict[str, bytes]]:
    """The declaration in a file, submitted on the day `on`, and the contents of its attachments by SHA-256.

    An attachment is written `{"kind": "witness_statement", "file": "attachments/witness.pdf"}`, the path relative to
    the declaration's folder and inside it. Raises DeclarationErrors with everything wrong in form and files together.
    """
    data = parse_json(_read_limited(path, MAX_JSON_BYTES))
    listed = data.get("attachments", [])
    contents: dict[str, bytes] = {}
    problems: list[Problem] = []
    if isinstance(listed, list):
        data["attachments"], contents, problems = _attachments(path.parent, listed, group_declared(data))
    try:
        declaration = read_declaration(data, on, communes)
    except DeclarationErrors as error:
        raise DeclarationErrors((*error.problems, *problems)) from error
    if problems:
        raise DeclarationErrors(tuple(problems))
    return declaration, contents


def _attachments(
    folder: Path, listed: list[object], group: Group
) -> tuple[list[Document], dict[str, bytes], list[Problem]]:
    """The attachments that can be read, their contents by SHA-256, and what is wrong with the others."""
    documents: list[Document] = []
    contents: dict[str, bytes] = {}
    problems: list[Problem] = []
    if len(listed) > MAX_ATTACHMENTS:
        return [], {}, [problem_at(("attachments",), f"Nhiều nhất {MAX_ATTACHMENTS} mục.", group)]
    for at, entry in enumerate(listed):
        try:
            document, content = _attachment(folder, at, entry, group)
        except DeclarationErrors as error:
            problems += error.problems
        else:
            documents.append(document)
            contents[document.sha256] = content
    return documents, contents, problems


def _read_limited(path: Path, limit: int) -> bytes:
    """The bytes of a regular file, one more than the limit at most; DeclarationErrors when it cannot be read."""
    try:
        if not path.is_file():
            raise DeclarationErrors((_file_problem("Không có tệp này."),))
        with path.open("rb") as file:
            return file.read(limit + 1)
    except (OSError, ValueError) as error:
        raise DeclarationErrors((_file_problem("Không đọc được tệp."),)) from error


def _attachment(folder: Path, at: int, entry: object, group: Group) -> tuple[Document, bytes]:
    """One attachment of the file and its content; DeclarationErrors at its place in the list."""
    if not isinstance(entry, dict) or entry.keys() != _FILE_KEYS:
        raise _wrong(
            group, at, None, 'Phải ghi đúng hai mục, ví dụ: {"kind": "witness_statement", "file": "attachments/a.pdf"}.'
        )
    kind, name = entry["kind"], entry["file"]
    if kind not in list(DocumentKind):
        choices = "; ".join(f"{choice.value} ({choice.label})" for choice in DocumentKind)
        raise _wrong(group, at, "kind", f"Không có trong danh mục. Chọn một trong: {choices}.")
    file = _inside(folder, name) if isinstance(name, str) else None
    if file is None:
        raise _wrong(group, at, "file", "Phải là đường dẫn tới một tệp trong thư mục của tờ khai.")
    try:
        content = _read_limited(file, MAX_DOCUMENT_BYTES)
        return describe(DocumentKind(kind), file.name, content), content
    except DeclarationErrors as error:
        raise _wrong(group, at, "file", error.problems[0].message) from error
    except DocumentRefused as error:
        raise _wrong(group, at, "file", str(error)) from error


def _inside(folder: Path, name: str) -> Path | None:
    """The file a relative name means, links followed; None when that is outside the folder."""
    try:
        root = folder.resolve()
        file = (root / name).resolve()
    except (OSError, ValueError, RuntimeError):
        return None
    return file if file.is_relative_to(root) and file != root else None


def _wrong(group: Group, at: int, key: str | None, text: str) -> DeclarationErrors:
    """What is wrong with an entry; the key `file` of a declaration's file is the file name of the form."""
    path = ".".join(filter(None, ("attachments", str(at), key)))
    field = {"file": "file_name"}.get(key, key) if key else None
    name = field_name(("attachments", at, field) if field else ("attachments", at), group)
    return DeclarationErrors((Problem(path=path, field=name, message=text),))


def _file_problem(text: str) -> Problem:
    return Problem(path="", field="Tệp tờ khai", message=text)
