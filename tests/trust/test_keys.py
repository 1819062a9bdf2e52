"""The key of the hashes: told or made for training, readable by its owner only, never a default."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from settings import BadSettings, Settings
from trust.keys import HASH_KEY, hash_key, make_hash_key


def training(state: Path) -> Settings:
    return Settings(state=state, training=True)


def test_without_a_key_there_is_none_and_it_is_said_what_to_set(tmp_path: Path) -> None:
    for settings in (Settings(state=tmp_path), training(tmp_path)):
        with pytest.raises(BadSettings, match="LIENTHONG_HASH_KEY") as refused:
            hash_key(settings)
        assert "\n" not in str(refused.value)


def test_a_key_is_made_only_in_training(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="LIENTHONG_TRAINING"):
        make_hash_key(Settings(state=tmp_path))
    assert not list(tmp_path.iterdir())


def test_a_made_key_stays_and_is_found_by_commands_of_the_same_folder(tmp_path: Path) -> None:
    make_hash_key(training(tmp_path))
    made = hash_key(Settings(state=tmp_path))
    make_hash_key(training(tmp_path))
    assert hash_key(Settings(state=tmp_path)) == made
    assert len(made.get_secret_value()) >= 32
    other = training(tmp_path / "other")
    make_hash_key(other)
    assert hash_key(other) != made


def test_of_several_who_make_it_at_once_all_find_the_same(tmp_path: Path) -> None:
    def make(_: int) -> str:
        make_hash_key(training(tmp_path))
        return hash_key(training(tmp_path)).get_secret_value()

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(make, range(32)))) == 1
    assert [path.name for path in (tmp_path / HASH_KEY).parent.iterdir()] == [HASH_KEY.name]


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    make_hash_key(training(tmp_path))
    file = tmp_path / HASH_KEY
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_one_that_others_can_read_is_refused(mode: int, tmp_path: Path) -> None:
    make_hash_key(training(tmp_path))
    (tmp_path / HASH_KEY).chmod(mode)
    with pytest.raises(BadSettings, match="chmod 600"):
        hash_key(Settings(state=tmp_path))


@pytest.mark.parametrize("content", [b"", b"short\n", "khóa".encode() * 20])
def test_a_file_that_is_no_key_is_refused_and_not_shown(content: bytes, tmp_path: Path) -> None:
    make_hash_key(training(tmp_path))
    (tmp_path / HASH_KEY).write_bytes(content)
    with pytest.raises(BadSettings) as refused:
        hash_key(Settings(state=tmp_path))
    assert "short" not in str(refused.value)


def test_the_key_of_the_settings_goes_first_and_none_is_made_beside_it(tmp_path: Path) -> None:
    told = SecretStr("t" * 32)
    settings = Settings(state=tmp_path, training=True, hash_key=told)
    make_hash_key(settings)
    assert hash_key(settings) == told
    assert not (tmp_path / HASH_KEY).exists()
