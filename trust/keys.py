"""Secrets kept in files: only their owner may read them, and none is made unless somebody says so."""

import base64
import logging
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from pydantic import SecretStr

from settings import BadSettings, Settings
from trust.key_errors import MasterKeysUnusable
from trust.masters import KEY_BYTES, KeyRing, MasterKeys
from trust.services import service_of

logger = logging.getLogger("lienthong.keys")

HASH_KEY = Path("keys") / "hash.key"
"""The key of the hashes, in the state folder."""

MASTER_KEYS = Path("keys") / "master.keys"
"""The master keys, in the state folder: one `id:base64` a line, the current one first."""

_CHECK = b"lienthong same key"

_BYTES = 32
_LEAST_CHARACTERS = 32
OF_OTHERS = 0o077
"""The bits of a file's mode that let others than its owner at it."""


def hash_key(settings: Settings) -> SecretStr:
    """The key of the settings, else of the state folder. Raises BadSettings: there is no other default."""
    if settings.hash_key:
        return settings.hash_key
    file = settings.state / HASH_KEY
    key = secret_of(file)
    if key is None:
        raise BadSettings(
            f"Thiếu khóa băm: đặt LIENTHONG_HASH_KEY (ít nhất {_LEAST_CHARACTERS} ký tự ngẫu nhiên, giữ lâu dài), "
            f"hoặc để khóa trong {file}. Chạy thử trên máy này: lienthong dev."
        )
    if len(key) < _LEAST_CHARACTERS:
        raise BadSettings(f"Khóa trong {file} ngắn hơn {_LEAST_CHARACTERS} ký tự.")
    return SecretStr(key)


def make_hash_key(settings: Settings) -> None:
    """Make the file of the state folder, unless there is a key; of several who do so at once, one does.

    Raises BadSettings outside training: there a new key by mistake would forget whoever has declared.
    """
    if not settings.hash_key:
        _make(settings, HASH_KEY, secrets.token_urlsafe(_BYTES))


def master_keys(settings: Settings) -> MasterKeys:
    """The master keys of the key service, else of the settings, else of the state folder.

    Raises BadSettings: there is no other default.
    """
    if settings.key_service:
        service: MasterKeys = service_of("LIENTHONG_KEY_SERVICE", settings.key_service)
        return service
    if settings.master_keys:
        return _ring("LIENTHONG_MASTER_KEYS", settings.master_keys.get_secret_value().split(","))
    return KeyFile(settings.state / MASTER_KEYS)


class KeyFile:
    """The master keys of a file, read anew when it has changed: a new key needs no restart.

    A file that was spoilt, taken away, or has another key under an id that it had before, changes nothing but the log:
    what is sealed by the wrong one of two keys of one id, no other machine could open.
    """

    def __init__(self, file: Path) -> None:
        """Raises BadSettings when the file is not there or is no such file."""
        self._file = file
        self._checks: dict[str, bytes] = {}
        self._seen = self._stamp()
        self._ring = self._read()

    @property
    def current(self) -> str:
        return self._fresh().current

    def derive(self, key_id: str, label: bytes, context: bytes) -> bytes:
        return self._fresh().derive(key_id, label, context)

    def _fresh(self) -> KeyRing:
        stamp = self._stamp()
        if stamp != self._seen:
            self._seen = stamp
            try:
                self._ring = self._read()
                logger.info("đã đọc lại khóa chủ, khóa đang dùng: %s", self._ring.current)
            except BadSettings as error:
                logger.error("giữ khóa chủ đã đọc: %s", error)
        return self._ring

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            status = self._file.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ctime_ns, status.st_ino

    def _read(self) -> KeyRing:
        content = secret_of(self._file)
        if content is None:
            raise BadSettings(
                f"Thiếu khóa chủ: đặt LIENTHONG_MASTER_KEYS, LIENTHONG_KEY_SERVICE, hoặc để khóa trong {self._file} "
                "(tạo: lienthong keys new k1; mất khóa là mất dữ liệu). Chạy thử trên máy này: lienthong dev."
            )
        ring = _ring(str(self._file), content.splitlines())
        self._expect_the_same(ring)
        return ring

    def _expect_the_same(self, ring: KeyRing) -> None:
        """A key of one id is the same as long as the process runs."""
        checks = {key_id: ring.derive(key_id, _CHECK, b"") for key_id in ring}
        if others := [key_id for key_id, check in checks.items() if self._checks.get(key_id, check) != check]:
            raise BadSettings(
                f"{self._file}: khóa {', '.join(others)} không còn là khóa đã đọc. Hãy chép lại đúng tệp khóa; "
                "nếu tệp này mới đúng thì khởi động lại tiến trình."
            )
        self._checks |= checks


def _ring(where: str, entries: Sequence[str]) -> KeyRing:
    try:
        return KeyRing.read(entries)
    except MasterKeysUnusable as error:
        raise BadSettings(f"{where}: {error}.") from None


def make_master_key(settings: Settings) -> None:
    """Make the file of the state folder with a new key, unless there are master keys. Raises as `make_hash_key`."""
    if not settings.master_keys and not settings.key_service:
        _make(settings, MASTER_KEYS, new_master_key("k1"))


def new_master_key(key_id: str) -> str:
    """A new master key of that id, as an entry of the file and of the setting."""
    return f"{key_id}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"


def secret_of(file: Path) -> str | None:
    """What stands in a file that only its owner can read; None where there is none. Raises BadSettings."""
    try:
        with file.open(encoding="ascii") as opened:
            if os.fstat(opened.fileno()).st_mode & OF_OTHERS:
                raise BadSettings(f"Người khác đọc được khóa {file}: chmod 600, hoặc đặt khóa bằng biến môi trường.")
            return opened.read().strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"Không đọc được khóa {file} ({type(error).__name__}).") from None


def _make(settings: Settings, name: Path, content: str) -> None:
    file = settings.state / name
    if file.exists():
        return
    if not settings.training:
        raise BadSettings(f"Chỉ khi tập dượt (LIENTHONG_TRAINING=true) khóa {file} mới được tự tạo.")
    made = _written_beside(file, content)
    try:
        os.link(made, file)
    except FileExistsError:
        pass
    finally:
        made.unlink()
    _keep_names(file.parent)


def write_secret(file: Path, content: str) -> None:
    """Put this content in the place of the file's at once; only its owner can read it. Raises OSError."""
    _written_beside(file, content).replace(file)
    _keep_names(file.parent)


def _written_beside(file: Path, content: str) -> Path:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    made.touch(mode=0o600)
    with made.open("w", encoding="ascii") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    return made


def _keep_names(folder: Path) -> None:
    """What the files in it are called is on disk for good: what is sealed must not outlive its key."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
