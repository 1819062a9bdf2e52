"""Rules and the tests that prove them. That docs/rules.md is true is a test in tests/processes/test_settings.py."""

import subprocess
import sys
from pathlib import Path

import pytest

from docs.rules import MarkerError, gaps, proofs, register
from tests import conftest

ROOT = Path(conftest.__file__).parents[1]


def test_every_rule_has_a_test() -> None:
    missing = [f"{rule_id}: {register().rules[rule_id].says}" for rule_id in gaps()]
    assert not missing, "no test proves these; mark one with @pytest.mark.rule(id):\n" + "\n".join(missing)


def test_every_rule_stands_in_the_table() -> None:
    assert {rule_id.split(".")[0] for rule_id in register().rules} == set(register().sections)


def test_tests_are_found_by_their_markers(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        """
import pytest


@pytest.mark.parametrize("at", [1])
@pytest.mark.rule("6.2-after-15", "10.exactly-15")
async def test_three_o_clock(at): ...


@pytest.mark.rule("10.exactly-15")
def test_the_second(): ...


def test_something_else(): ...
"""
    )
    found = {rule_id: tests for rule_id, tests in proofs(tmp_path).items() if tests}
    first, second = (f"{tmp_path.name}/test_it.py::{name}" for name in ("test_three_o_clock", "test_the_second"))
    assert found == {"6.2-after-15": (first,), "10.exactly-15": (first, second)}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('@pytest.mark.rule("6.2-nonsense")\ndef test_it(): ...', "no such rule: 6.2-nonsense"),
        ("@pytest.mark.rule(ALL)\ndef test_it(): ...", "test_it.py:1: the ids"),
        ('\npytestmark = pytest.mark.rule("6.2-after-15")', "test_it.py:2: a rule marker belongs"),
        ('@pytest.mark.rule("6.2-after-15")\ndef helper(): ...', "test_it.py:1: a rule marker belongs"),
        (
            '@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.rule("6.2-after-15"))])\n'
            "def test_it(x): ...",
            "test_it.py:1: a rule marker belongs",
        ),
    ],
)
def test_a_marker_that_would_be_overlooked_is_refused(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "test_it.py").write_text(text)
    with pytest.raises(MarkerError, match=says):
        proofs(tmp_path)


def test_a_test_of_an_unknown_rule_is_not_collected(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_generate_tests")
    (tmp_path / "test_it.py").write_text('import pytest\n\n@pytest.mark.rule("6.2-nonsense")\ndef test_it(): ...\n')
    options = ["-n", "0", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path)]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == pytest.ExitCode.INTERRUPTED
    assert "test_it.py::test_it: no such rule: 6.2-nonsense; the ids are in docs/rules.toml" in run.stdout
