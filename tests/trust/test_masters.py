"""Master keys: read strictly, derived as the standard says, changed while we run."""

import base64
import hashlib
import hmac
from pathlib import Path

import pytest

from settings import BadSettings, Settings
from trust.key_errors import MasterKeysUnusable, MasterKeyUnknown
from trust.keys import MASTER_KEYS, make_master_key, master_keys, new_master_key, write_secret
from trust.masters import KEY_BYTES, KeyRing

ONE, OTHER = bytes(KEY_BYTES), bytes([1]) * KEY_BYTES


def entry(key_id: str, key: bytes) -> str:
    return f"{key_id}:{base64.b64encode(key).decode()}"


def test_keys_are_derived_as_sp_800_108_says() -> None:
    """Counter mode, HMAC-SHA256, 32-bit counter and length: what any key service can do with one HMAC."""
    said = b"\x00\x00\x00\x01" + b"label" + b"\x00" + b"context" + (256).to_bytes(4, "big")
    assert KeyRing({"k1": ONE}).derive("k1", b"label", b"context") == hmac.new(ONE, said, hashlib.sha256).digest()


def test_the_first_key_is_current_and_all_can_be_derived_from() -> None:
    ring = KeyRing.read([entry("k2", OTHER), entry("k1", ONE)])
    assert ring.current == "k2"
    assert ring.derive("k1", b"l", b"c") == KeyRing({"k1": ONE}).derive("k1", b"l", b"c")
    with pytest.raises(MasterKeyUnknown, match="k3"):
        ring.derive("k3", b"l", b"c")
    assert base64.b64encode(ONE).decode() not in repr(ring)


@pytest.mark.parametrize(
    "entries",
    [
        [],
        ["k1"],
        ["k1:"],
        ["k1:AAAA"],
        ["k1:not base64!"],
        ["k1:ấ"],
        [entry("khóa", ONE)],
        [entry("", ONE)],
        [entry("k" * 41, ONE)],
        [entry("k1", ONE), entry("k1", OTHER)],
    ],
    ids=["none", "no colon", "empty", "short", "no base64", "no ascii", "id not ascii", "no id", "long id", "twice"],
)
def test_what_is_no_key_ring_is_refused_without_showing_a_key(entries: list[str]) -> None:
    with pytest.raises(MasterKeysUnusable) as refused:
        KeyRing.read(entries)
    assert "AAAA" not in str(refused.value)


def test_master_keys_come_from_the_settings_or_the_folder_and_are_never_a_default(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="khóa chủ"):
        master_keys(Settings(state=tmp_path, training=True))
    with pytest.raises(BadSettings, match="LIENTHONG_TRAINING"):
        make_master_key(Settings(state=tmp_path))
    told = Settings.model_validate({"state": tmp_path, "master_keys": f"{entry('b', OTHER)},{entry('a', ONE)}"})
    assert master_keys(told).current == "b"
    with pytest.raises(BadSettings, match="LIENTHONG_MASTER_KEYS: mục 1"):
        master_keys(Settings.model_validate({"state": tmp_path, "master_keys": "x"}))
    make_master_key(Settings(state=tmp_path, training=True))
    made = (tmp_path / MASTER_KEYS).read_text("ascii")
    make_master_key(Settings(state=tmp_path, training=True))
    assert (tmp_path / MASTER_KEYS).read_text("ascii") == made
    assert (tmp_path / MASTER_KEYS).stat().st_mode & 0o777 == 0o600
    assert master_keys(Settings(state=tmp_path)).current == "k1"
    (tmp_path / MASTER_KEYS).chmod(0o640)
    with pytest.raises(BadSettings, match="chmod 600"):
        master_keys(Settings(state=tmp_path))


def test_a_file_that_changes_is_read_again_and_one_that_is_spoilt_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / MASTER_KEYS
    first, second = new_master_key("k1"), new_master_key("k2")
    write_secret(file, first)
    masters = master_keys(Settings(state=tmp_path))
    sealing = masters.derive("k1", b"l", b"c")
    write_secret(file, f"{second}\n{first}\n")
    assert masters.current == "k2"
    assert masters.derive("k1", b"l", b"c") == sealing
    write_secret(file, "spoilt")
    assert masters.current == "k2"
    file.unlink()
    assert masters.current == "k2"
    write_secret(file, first)
    assert masters.current == "k1"
    file.write_text(f"{second}\n{first}", "ascii")
    file.chmod(0o644)
    assert masters.current == "k1"
    file.chmod(0o600)
    assert masters.current == "k2"


def test_a_key_of_one_id_is_never_another_while_we_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / MASTER_KEYS
    first, other, new = new_master_key("k1"), new_master_key("k1"), new_master_key("k2")
    write_secret(file, first)
    masters = master_keys(Settings(state=tmp_path))
    sealing = masters.derive("k1", b"l", b"c")
    for changed in (other, f"{new}\n{other}"):
        write_secret(file, changed)
        assert (masters.current, masters.derive("k1", b"l", b"c")) == ("k1", sealing)
    assert "k1 không còn là khóa đã đọc" in caplog.text
    assert first.partition(":")[2] not in caplog.text
    write_secret(file, new)
    assert masters.current == "k2"
    write_secret(file, other)  # not by way of being away either
    assert masters.current == "k2"
    write_secret(file, f"{first}\n{new}")
    assert (masters.current, masters.derive("k1", b"l", b"c")) == ("k1", sealing)


class Service:
    """A key service of somebody else."""

    current = "hsm-7"

    def derive(self, key_id: str, label: bytes, context: bytes) -> bytes:
        return hashlib.sha256(label + context).digest()


def test_a_key_service_takes_the_place_of_keys_of_ours(tmp_path: Path) -> None:
    settings = Settings(state=tmp_path, key_service=f"{__name__}:Service")
    assert master_keys(settings).current == "hsm-7"
    for wrong in ("nothing.of.the.kind:Service", f"{__name__}:Nobody", __name__):
        with pytest.raises(BadSettings, match="LIENTHONG_KEY_SERVICE"):
            master_keys(Settings(state=tmp_path, key_service=wrong))
