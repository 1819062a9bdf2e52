"""Backups (bản sao lưu): ledger, documents and keys in a folder, and how an empty machine gets them back.

    manifest.json     what it is of; sealed with a code that only who has the master keys can make
    SHA256SUMS        the digest of every other file: `sha256sum -c SHA256SUMS` checks it too
    ledger.db         or ledger.dump (PostgreSQL)
    documents/        as they lie in the store, sealed
    keys/             unless they are left out

The documents are copied, then the ledger as of one moment, then the documents that have come since: contents never
change and come before the rows that name them, so that nothing is missing that the ledger names, but what was erased,
or came and was refused, while the copy was made. The manifest is written last; a folder without one is no backup.
"""

import hashlib
import hmac
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Self

from pydantic import ValidationError
from sqlalchemy import Engine

from ledger.copies import Database, arriving, contents, copy_ledger, is_empty, kind_of
from ledger.engine import is_known, read_only, upgrade
from ledger.failures import told_if_known
from models.base import Code, Instant, Model
from models.documents import Sha256
from trust.key_errors import MasterKeyUnknown
from trust.masters import MasterKeys

_MANIFEST, _SUMS = "manifest.json", "SHA256SUMS"
_DOCUMENTS, _KEYS = "documents", "keys"
_LABEL = b"lienthong backup"
_CHUNK = 1 << 20


class BackupUnusable(Exception):
    """The backup cannot be made or restored; the message is one Vietnamese line. No ledger was restored."""


class Manifest(Model):
    """What a backup is of. `made_at` is by the clock of the machine, `rows` counts those of each table.

    `head` is that of the audit trail, `sums` the digest of SHA256SUMS, `code` what only the master key `key_id` makes
    of all the rest.
    """

    format: Literal[1]
    made_at: Instant
    database: Database
    schema_version: Code
    rows: Mapping[Code, int]
    head: str | None
    documents: int
    keys: tuple[Code, ...]
    sums: Sha256
    key_id: Code
    code: str = ""

    def coded_by(self, masters: MasterKeys) -> str:
        """The code of all that this manifest states. Raises MasterKeyUnknown."""
        said = self.model_dump_json(exclude={"code"}, exclude_unset=True).encode()
        return masters.derive(self.key_id, _LABEL, hashlib.sha256(said).digest()).hex()


def back_up(
    engine: Engine,
    masters: MasterKeys,
    documents: Path,
    keys: Mapping[str, Path],
    folder: Path,
    programs: Path | None = None,
) -> Manifest:
    """Makes a backup in a new or empty folder, while everything runs; `keys` are files by the name they get there.

    Raises BackupUnusable, CopyFailed, DatabaseUnusable; what then lies in the folder is no backup.
    """
    if folder.exists() and any(folder.iterdir()):
        raise BackupUnusable(f"Thư mục {folder} không trống; mỗi bản sao lưu một thư mục mới.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    kind = kind_of(engine)
    made_at = datetime.now(UTC)
    sums = _copy_new(documents, folder / _DOCUMENTS)
    copied = copy_ledger(engine, folder / kind.file_name, programs)
    sums |= _copy_new(documents, folder / _DOCUMENTS)
    sums[kind.file_name] = _digest(folder / kind.file_name)
    there = {name: path for name, path in keys.items() if path.is_file()}
    for name, path in there.items():
        sums[f"{_KEYS}/{name}"] = _copy(path, folder / _KEYS / name)
    _write(folder / _SUMS, "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())))
    manifest = Manifest(
        format=1,
        made_at=made_at,
        database=kind,
        schema_version=copied.schema,
        rows=copied.rows,
        head=copied.head,
        documents=sum(name.startswith(f"{_DOCUMENTS}/") for name in sums),
        keys=tuple(there),
        sums=_digest(folder / _SUMS),
        key_id=masters.current,
    )
    manifest = manifest.model_copy(update={"code": manifest.coded_by(masters)})
    _write(folder / _MANIFEST, manifest.model_dump_json(indent=2))
    return manifest


class Backup:
    """A backup that is whole: every file is there and as it was."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.manifest = manifest
        self._folder = folder

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Reads it all once. Raises BackupUnusable for anything missing, added or changed."""
        manifest = _read_manifest(folder)
        if not (folder / _SUMS).is_file() or _digest(folder / _SUMS) != manifest.sums:
            raise BackupUnusable(f"Bản sao lưu hỏng: {_SUMS} thiếu hoặc đã bị sửa.")
        lines = (line.partition("  ") for line in (folder / _SUMS).read_text("utf-8").splitlines())
        sums = {name: digest for digest, _, name in lines}
        there = {str(path) for path in _files(folder)} - {_MANIFEST, _SUMS}
        for what, names in (("thiếu", sums.keys() - there), ("thừa", there - sums.keys())):
            if names:
                raise BackupUnusable(f"Bản sao lưu hỏng: {what} {len(names)} tệp, trong đó {min(names)}.")
        for name, digest in sums.items():
            if _digest(folder / name) != digest:
                raise BackupUnusable(f"Bản sao lưu hỏng: tệp {name} đã bị sửa.")
        return cls(folder, manifest)

    def key(self, name: str) -> Path | None:
        """The file of a key in the backup, if it is there."""
        path = self._folder / _KEYS / name
        return path if path.is_file() else None

    def expect_genuine(self, masters: MasterKeys) -> None:
        """That it is ours, made with these master keys. Raises BackupUnusable."""
        try:
            genuine = hmac.compare_digest(self.manifest.code, self.manifest.coded_by(masters))
        except MasterKeyUnknown as error:
            raise BackupUnusable(f"Bản sao lưu cần khóa chủ “{error.key_id}” mà máy này không có.") from None
        if not genuine:
            raise BackupUnusable("Bản sao lưu không do khóa chủ này tạo, hoặc manifest.json đã bị sửa.")

    @contextmanager
    def restoring(
        self, engine: Engine, documents: Path, keys: Mapping[str, Path], programs: Path | None = None
    ) -> Iterator[Engine]:
        """Puts keys and documents where nothing is; gives the ledger, of this code's schema, where nobody reads it yet.

        It takes its place when the block ends well. Whatever breaks off before leaves no ledger, and may be begun
        again. `keys` says where each is to lie. Raises BackupUnusable, CopyFailed, DatabaseUnusable, OSError.
        """
        self._expect_fitting(engine)
        self._expect_empty(engine, documents, keys)
        for name, source in self._keys():
            if not keys[name].exists():
                _copy(source, keys[name])
        documents.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in _files(self._folder / _DOCUMENTS):
            if not (documents / path).exists():
                _copy(self._folder / _DOCUMENTS / path, documents / path)
        with arriving(engine, self._folder / self.manifest.database.file_name, programs) as ledger:
            self._expect_complete(ledger)
            upgrade(ledger)
            yield ledger

    def _keys(self) -> Iterator[tuple[str, Path]]:
        return ((name, self._folder / _KEYS / name) for name in self.manifest.keys)

    def _expect_fitting(self, engine: Engine) -> None:
        """Raises BackupUnusable."""
        kind = self.manifest.database
        if kind is not kind_of(engine):
            raise BackupUnusable(f"Bản sao lưu của {kind.value}, sổ đã cấu hình là {kind_of(engine).value}.")
        if not is_known(self.manifest.schema_version):
            version = self.manifest.schema_version
            raise BackupUnusable(f"Bản sao lưu của phiên bản sổ “{version}” mới hơn chương trình này.")

    def _expect_complete(self, ledger: Engine) -> None:
        """Raises BackupUnusable, DatabaseUnusable."""
        with told_if_known(ledger), read_only(ledger).connect() as connection:
            found = contents(connection)
        complete = all(found.rows.get(name, rows) == rows for name, rows in self.manifest.rows.items())
        if not complete or found.head != self.manifest.head:
            raise BackupUnusable("Sổ phục hồi không đúng như manifest.json: số dòng hoặc đầu nhật ký khác.")

    def _expect_empty(self, engine: Engine, documents: Path, keys: Mapping[str, Path]) -> None:
        """What a restore that broke off has left may be there. Raises BackupUnusable, DatabaseUnusable."""
        if not is_empty(engine):
            raise BackupUnusable(
                "Sổ đã cấu hình không trống, hoặc còn tệp -wal, -shm, -journal của sổ cũ; chỉ phục hồi vào máy trống."
            )
        if not all(_same(documents / path, self._folder / _DOCUMENTS / path) for path in _files(documents)):
            raise BackupUnusable(f"Kho giấy tờ {documents} không trống; chỉ phục hồi vào máy trống.")
        for name, source in self._keys():
            if keys[name].exists() and not _same(keys[name], source):
                raise BackupUnusable(f"Tệp khóa {keys[name]} đã có và khác bản sao lưu.")


def _read_manifest(folder: Path) -> Manifest:
    try:
        return Manifest.model_validate_json((folder / _MANIFEST).read_bytes())
    except FileNotFoundError:
        raise BackupUnusable(f"{folder} không phải bản sao lưu trọn vẹn: thiếu {_MANIFEST}.") from None
    except (OSError, ValidationError):
        raise BackupUnusable(f"Bản sao lưu hỏng, hoặc của chương trình khác: không đọc được {_MANIFEST}.") from None


def _copy_new(documents: Path, folder: Path) -> dict[str, str]:
    """Copies the documents that are not there yet; the digests by their names in the backup."""
    sums = {}
    for path in _files(documents):
        if not (folder / path).exists():
            with suppress(FileNotFoundError):  # erased in this moment
                sums[f"{_DOCUMENTS}/{path}"] = _copy(documents / path, folder / path)
    return sums


def _files(folder: Path) -> Iterator[Path]:
    """Every file below, relative; what is just being written (`.new-…`) is none yet."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            raise BackupUnusable(f"{path} là liên kết; bản sao lưu chỉ gồm tệp thật.")
        if path.is_file() and not path.name.startswith("."):
            yield path.relative_to(folder)


def _copy(source: Path, target: Path) -> str:
    """Copies a file whole or not at all, for its owner only and on disk for good; its digest."""
    digest = hashlib.sha256()
    with source.open("rb") as reading:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = target.with_name(f".new-{target.name}")
        unfinished.unlink(missing_ok=True)
        unfinished.touch(mode=0o600)
        with unfinished.open("wb") as file:
            while chunk := reading.read(_CHUNK):
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
    unfinished.rename(target)
    return digest.hexdigest()


def _write(path: Path, said: str) -> None:
    path.touch(mode=0o600, exist_ok=False)
    with path.open("w", encoding="utf-8") as file:
        file.write(said)
        file.flush()
        os.fsync(file.fileno())


def _same(path: Path, other: Path) -> bool:
    return path.is_file() and other.is_file() and _digest(path) == _digest(other)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
