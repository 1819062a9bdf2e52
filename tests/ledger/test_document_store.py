"""The document store: content comes back as it went in, is kept once, and damage never passes unnoticed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ledger.documents import DocumentStore
from ledger.errors import DocumentDamaged, DocumentMissing
from models.documents import MAX_DOCUMENT_BYTES, DocumentKind, DocumentRefused, MediaType
from tests.keys import MASTERS
from tests.ledger.builders import certificate, kept
from trust.key_errors import MasterKeyUnknown
from trust.masters import KeyRing

PDF = b"%PDF-1.7 gi\xe1\xba\xa5y khai sinh"


def put(store: DocumentStore, content: bytes = PDF, file_name: str = "giấy khai sinh.pdf") -> Path:
    """Where the content lies once it is put."""
    document = kept(store, content, DocumentKind.BIRTH_CERTIFICATE, file_name)
    return Path(document.sha256[:2]) / document.sha256[2:4] / document.sha256


def files(folder: Path) -> list[Path]:
    return [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "documents"


@pytest.fixture
def store(folder: Path) -> DocumentStore:
    return DocumentStore(folder, MASTERS)


def test_content_comes_back_as_it_went_in(store: DocumentStore) -> None:
    document = kept(store, PDF, DocumentKind.BIRTH_CERTIFICATE, "giấy khai sinh.pdf")
    assert store.get(document) == PDF
    assert (document.media_type, document.size, document.file_name) == (MediaType.PDF, len(PDF), "giấy khai sinh.pdf")


def test_the_same_content_is_kept_once(store: DocumentStore, folder: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(lambda number: put(store, file_name=f"{number}.pdf"), range(16)))) == 1
    assert files(folder) == [put(store)]


def test_only_the_owner_can_look_into_the_store(store: DocumentStore, folder: Path) -> None:
    stored = folder / put(store)
    assert folder.stat().st_mode & 0o077 == 0
    assert stored.stat().st_mode & 0o077 == 0


def test_what_was_never_put_is_missing(store: DocumentStore) -> None:
    with pytest.raises(DocumentMissing, match=certificate().sha256):
        store.get(certificate())


def cut(stored: bytes) -> bytes:
    return stored[:-1]


def longer(stored: bytes) -> bytes:
    return stored + b"\n"


def one_bit_changed(stored: bytes) -> bytes:
    return stored[:-20] + bytes([stored[-20] ^ 1]) + stored[-19:]


def head_alone(stored: bytes) -> bytes:
    return stored[:30]


def other_content(_stored: bytes) -> bytes:
    return PDF.replace(b"1.7", b"1.4")


def content_of_another(_stored: bytes) -> bytes:
    with TemporaryDirectory() as name:
        other = DocumentStore(Path(name), MASTERS)
        return (Path(name) / put(other, PDF + b" khac")).read_bytes()


@pytest.mark.parametrize("damage", [cut, longer, one_bit_changed, head_alone, other_content, content_of_another])
def test_damage_is_noticed_and_mended_by_putting_again(
    store: DocumentStore, folder: Path, damage: Callable[[bytes], bytes]
) -> None:
    document = kept(store, PDF, DocumentKind.BIRTH_CERTIFICATE, "giấy khai sinh.pdf")
    where = folder / put(store)
    where.write_bytes(damage(where.read_bytes()))
    with pytest.raises(DocumentDamaged, match=document.sha256):
        store.get(document)
    kept(store, PDF, DocumentKind.BIRTH_CERTIFICATE, "giấy khai sinh.pdf")
    assert store.get(document) == PDF


def test_the_largest_document_is_taken_and_a_larger_one_is_not(store: DocumentStore, folder: Path) -> None:
    largest = b"%PDF-1.7 ".ljust(MAX_DOCUMENT_BYTES, b"0")
    assert store.get(kept(store, largest, DocumentKind.BIRTH_NOTICE, "lon.pdf")) == largest
    with pytest.raises(DocumentRefused, match="10 MB"):
        put(store, largest + b"0")
    assert len(files(folder)) == 1


def test_a_failed_write_leaves_nothing_behind(store: DocumentStore, folder: Path) -> None:
    where = folder / put(store)
    where.unlink()
    where.mkdir()
    with pytest.raises(IsADirectoryError):
        put(store)
    where.rmdir()
    assert files(folder) == []


def test_bytes_that_are_no_document_are_kept_as_they_came(tmp_path: Path) -> None:
    """A notice may come in any shape, and what was judged must be there to be judged again."""
    store = DocumentStore(tmp_path / "documents", MASTERS)
    for content in (b"<HSDLGCS/>", b"\xff\xfe garbled", "e\u0302".encode()):
        assert store.kept(store.keep(content)) == content


def test_what_is_at_rest_is_sealed_and_opens_with_the_keys_alone(store: DocumentStore, folder: Path) -> None:
    document = kept(store, PDF, DocumentKind.BIRTH_CERTIFICATE, "giấy khai sinh.pdf")
    stored = (folder / put(store)).read_bytes()
    assert PDF not in stored
    assert b"khai sinh" not in stored
    strange = DocumentStore(folder, KeyRing({"test": bytes(32)}))
    with pytest.raises(DocumentDamaged):
        strange.get(document)
    with pytest.raises(MasterKeyUnknown, match="test"):
        DocumentStore(folder, KeyRing({"other": bytes(32)})).get(document)


def test_what_was_kept_in_the_clear_is_read_and_sealed_when_it_comes_again(store: DocumentStore, folder: Path) -> None:
    where = folder / put(store)
    where.write_bytes(PDF)
    assert store.kept(where.name) == PDF
    put(store)
    assert PDF not in where.read_bytes()
    assert store.kept(where.name) == PDF


def test_a_new_master_key_takes_over_and_the_old_one_may_go(store: DocumentStore, folder: Path) -> None:
    where, old_one = folder / put(store), folder / put(store, PDF + b" cu")
    old_one.write_bytes(PDF + b" cu")
    new = {"new": bytes(32)}
    both = DocumentStore(folder, KeyRing({**new, "test": bytes(range(32))}))
    assert both.kept(where.name) == PDF
    assert (both.reseal(), both.reseal()) == (2, 0)
    alone = DocumentStore(folder, KeyRing(new))
    assert (alone.kept(where.name), alone.kept(old_one.name)) == (PDF, PDF + b" cu")
