"""docs/security.md: every row names tests, and every test named is there; what it says of requirements is so."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| threat ")]


@cache
def known_tests(file: str) -> frozenset[str]:
    path = ROOT / file
    if not path.exists():
        return frozenset()
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("row", ROWS, ids=[row.split("|")[1].strip() for row in ROWS])
def test_every_threat_has_a_defence_and_tests_that_are_there(row: str) -> None:
    _, threat, defence, tests, _ = row.split("|")
    assert threat.strip()
    assert defence.strip()
    named = NAMED.findall(tests)
    assert named
    assert len(named) == len(re.findall(r"`[^`]+`", tests)), "something in the last column is no test"
    assert [f"{file}::{name}" for file, name in named if name not in known_tests(file)] == []


def test_the_page_covers_the_edges() -> None:
    assert len(ROWS) > 40
    assert not known_tests("tests/docs/no_such_file.py")


def test_every_requirement_is_pinned_and_hashed() -> None:
    lines = (ROOT / "requirements.txt").read_text("utf-8").replace("\\\n", " ").splitlines()
    requirements = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    assert len(requirements) > 50
    for requirement in requirements:
        assert re.match(r"[\w.\[\],-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", requirement), requirement


def test_setup_takes_hashed_requirements_only() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    installs = [line for line in makefile.splitlines() if " pip install " in line]
    assert installs
    for line in installs:
        assert "--require-hashes" in line or ("--no-deps" in line and "--no-build-isolation" in line), line
