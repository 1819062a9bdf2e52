"""Who judges notices in a worker: by the settings, and what they lack is said at the start."""

import logging
from pathlib import Path

import pytest

from processes.crew import notice_judge
from settings import Settings
from simulator.authority import passing_authority
from simulator.notices import REGISTER
from trust.roots import TrustUnusable


def test_without_roots_or_register_a_worker_says_that_it_trusts_nobody(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        notice_judge(Settings(trust_roots=(), facilities=()))
    said = caplog.text
    assert "LIENTHONG_TRUST_ROOTS còn trống" in said
    assert "LIENTHONG_FACILITIES còn trống" in said


def test_with_both_it_says_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = tmp_path / "root.pem"
    root.write_bytes(passing_authority().root)
    with caplog.at_level(logging.WARNING):
        notice_judge(Settings(trust_roots=(root,), facilities=(REGISTER,)))
    assert not caplog.text


@pytest.mark.parametrize("setting", ["trust_roots", "revocation_lists", "facilities"])
def test_a_file_that_cannot_be_read_is_named(setting: str, tmp_path: Path) -> None:
    with pytest.raises(TrustUnusable, match="khong-co"):
        notice_judge(Settings(**{setting: (tmp_path / "khong-co.pem",)}))
