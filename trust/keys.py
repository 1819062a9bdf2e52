"""Secrets kept in files: only their owner may read them, and none is made unless somebody says so."""

import os
import secrets
from pathlib import Path

from pydantic import SecretStr

from settings import BadSettings, Settings

HASH_KEY = Path("keys") / "hash.key"
"""The key of the hashes, in the state folder."""

_BYTES = 32
_LEAST_CHARACTERS = 32
OF_OTHERS = 0o077
"""The bits of a file's mode that let others than its owner at it."""


def hash_key(settings: Settings) -> SecretStr:
    """The key of the settings, else of the state folder. Raises BadSettings: there is no other default."""
    if settings.hash_key:
        return settings.hash_key
    file = settings.state / HASH_KEY
    try:
        with file.open(encoding="ascii") as opened:
            if os.fstat(opened.fileno()).st_mode & OF_OTHERS:
                raise BadSettings(f"Người khác đọc được khóa {file}: chmod 600, hoặc đặt LIENTHONG_HASH_KEY.")
            key = opened.read().strip()
    except FileNotFoundError:
        raise BadSettings(
            f"Thiếu khóa băm: đặt LIENTHONG_HASH_KEY (ít nhất {_LEAST_CHARACTERS} ký tự ngẫu nhiên, giữ lâu dài), "
            f"hoặc để khóa trong {file}. Chạy thử trên máy này: lienthong dev."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"Không đọc được khóa {file} ({type(error).__name__}).") from None
    if len(key) < _LEAST_CHARACTERS:
        raise BadSettings(f"Khóa trong {file} ngắn hơn {_LEAST_CHARACTERS} ký tự.")
    return SecretStr(key)


def make_hash_key(settings: Settings) -> None:
    """Make the file of the state folder, unless there is a key; of several who do so at once, one does.

    Raises BadSettings outside training: there a new key by mistake would forget whoever has declared.
    """
    file = settings.state / HASH_KEY
    if settings.hash_key or file.exists():
        return
    if not settings.training:
        raise BadSettings("Chỉ khi tập dượt (LIENTHONG_TRAINING=true) khóa băm mới được tự tạo.")
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    made.touch(mode=0o600)
    made.write_text(secrets.token_urlsafe(_BYTES), "ascii")
    try:
        os.link(made, file)
    except FileExistsError:
        pass
    finally:
        made.unlink()
