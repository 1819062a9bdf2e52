"""Who runs a command is whom the operating system knows, not whom the environment names."""

import os
import pwd
from types import SimpleNamespace

import pytest

from cli.context import user

FORGERIES = ("giam-doc", "", "x" * 200, "hai người", "\x1b[2J")


@pytest.mark.parametrize("forged", FORGERIES)
def test_nobody_takes_another_name_by_the_environment(forged: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(variable, forged)
    assert user() == f"cli:{pwd.getpwuid(os.getuid()).pw_name}"


@pytest.mark.parametrize("name", ["", "x" * 200, "hai người", None])
def test_who_has_no_name_or_an_unfit_one_goes_by_their_number(
    name: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def known(uid: int) -> SimpleNamespace:
        if name is None:
            raise KeyError(uid)
        return SimpleNamespace(pw_name=name)

    monkeypatch.setattr(pwd, "getpwuid", known)
    assert user() == f"cli:{os.getuid()}"
