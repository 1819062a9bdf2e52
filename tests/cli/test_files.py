"""Declarations as files: attachments beside them, described by content, refused with the rest of what is wrong."""

import hashlib
import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cli.files import load_declaration_file
from models.documents import MAX_DOCUMENT_BYTES, DocumentKind, MediaType
from models.reading import DeclarationErrors, Problem

ON = date(2026, 11, 19)
SAMPLES = Path(__file__).parents[2] / "samples" / "birth"
PNG = b"\x89PNG\r\n\x1a\n rest"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one declaration, `form.json`, and room for attachments."""
    inside = tmp_path / "inside"
    (inside / "attachments").mkdir(parents=True)
    shutil.copy(SAMPLES / "plain.json", inside / "form.json")
    return inside


def attach(folder: Path, entries: Any, **sections: Any) -> Path:
    path = folder / "form.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**data, "attachments": entries, **sections}), encoding="utf-8")
    return path


def problems(path: Path) -> tuple[Problem, ...]:
    with pytest.raises(DeclarationErrors) as caught:
        load_declaration_file(path, ON)
    return caught.value.problems


def test_an_attachment_is_described_by_its_content(folder: Path) -> None:
    (folder / "attachments" / "photo.pdf").write_bytes(PNG)
    path = attach(folder, [{"kind": "witness_statement", "file": "attachments/photo.pdf"}])
    form, contents = load_declaration_file(path, ON)
    (document,) = form.attachments
    assert (document.kind, document.media_type) == (DocumentKind.WITNESS_STATEMENT, MediaType.PNG)
    assert (document.size, document.file_name) == (len(PNG), "photo.pdf")
    assert contents == {hashlib.sha256(PNG).hexdigest(): PNG}


@pytest.mark.parametrize(
    ("content", "media"),
    [
        (b"%PDF-1.7\n", MediaType.PDF),
        (b"\xff\xd8\xff\xe0 JFIF", MediaType.JPEG),
        (b"<?xml version='1.0'?><a/>", MediaType.XML),
        (b"\xef\xbb\xbf<?xml version='1.0'?><a/>", MediaType.XML),
    ],
)
def test_the_allowed_kinds_of_file_are_told_apart(folder: Path, content: bytes, media: MediaType) -> None:
    (folder / "a").write_bytes(content)
    form, _ = load_declaration_file(attach(folder, [{"kind": "birth_commitment", "file": "a"}]), ON)
    assert form.attachments[0].media_type is media


def test_the_largest_document_is_taken_and_one_byte_more_is_not(folder: Path) -> None:
    (folder / "a").write_bytes(PNG.ljust(MAX_DOCUMENT_BYTES))
    path = attach(folder, [{"kind": "birth_commitment", "file": "a"}])
    assert load_declaration_file(path, ON)[0].attachments[0].size == MAX_DOCUMENT_BYTES
    (folder / "a").write_bytes(PNG.ljust(MAX_DOCUMENT_BYTES + 1))
    (problem,) = problems(path)
    assert "lớn hơn 10 MB" in problem.message


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("attachments/nothing.pdf", "Không có tệp này"),
        ("attachments", "Không có tệp này"),
        (".", "trong thư mục của tờ khai"),
        ("../outside.pdf", "trong thư mục của tờ khai"),
        ("attachments/../../outside.pdf", "trong thư mục của tờ khai"),
        ("/etc/hostname", "trong thư mục của tờ khai"),
        ("link.pdf", "trong thư mục của tờ khai"),
        (7, "trong thư mục của tờ khai"),
        ("a" * 5000, "Không"),
        ("empty.pdf", "rỗng"),
        ("program.pdf", "PDF, JPEG, PNG hoặc XML"),
    ],
)
def test_a_file_that_cannot_be_an_attachment_is_refused_in_vietnamese(folder: Path, file: object, said: str) -> None:
    (folder.parent / "outside.pdf").write_bytes(b"%PDF-1.7")
    (folder / "link.pdf").symlink_to(folder.parent / "outside.pdf")
    (folder / "empty.pdf").write_bytes(b"")
    (folder / "program.pdf").write_bytes(b"MZ program")
    (problem,) = problems(attach(folder, [{"kind": "witness_statement", "file": file}]))
    assert problem.path == "attachments.0.file"
    assert problem.field == "Giấy tờ đính kèm (mục 1) – Tên tệp"
    assert said in problem.message


@pytest.mark.parametrize(
    ("entry", "path"),
    [
        ("attachments/a.pdf", "attachments.0"),
        ({"file": "form.json"}, "attachments.0"),
        ({"kind": "witness_statement", "file": "form.json", "size": 1}, "attachments.0"),
        ({"kind": "photo", "file": "form.json"}, "attachments.0.kind"),
    ],
)
def test_a_malformed_entry_is_refused(folder: Path, entry: object, path: str) -> None:
    assert [problem.path for problem in problems(attach(folder, [entry]))] == [path]


def test_too_many_attachments_are_refused_unread(folder: Path) -> None:
    (problem,) = problems(attach(folder, [{"kind": "witness_statement", "file": "nothing.pdf"}] * 31))
    assert (problem.path, problem.message) == ("attachments", "Nhiều nhất 30 mục.")


def test_attachments_that_are_no_list_are_refused(folder: Path) -> None:
    (problem,) = problems(attach(folder, {"kind": "witness_statement"}))
    assert (problem.path, problem.field) == ("attachments", "Giấy tờ đính kèm")


def test_form_and_files_are_judged_together(folder: Path) -> None:
    entries = [{"kind": "witness_statement", "file": f"{number}.pdf"} for number in (1, 2)]
    found = problems(attach(folder, entries, attested=False))
    assert [problem.path for problem in found] == ["attested", "attachments.0.file", "attachments.1.file"]


def test_a_declaration_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path / "nothing.json")
    assert (problem.field, problem.message) == ("Tệp tờ khai", "Không có tệp này.")
