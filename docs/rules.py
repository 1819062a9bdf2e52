"""Which test proves which rule: the register (`docs/rules.toml`) joined with the `rule` markers on the tests.

Tests are read, not run: a marker counts where it stands as a decorator of a test function, its ids written out.
"""

import ast
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from models.base import Model

REGISTER = Path(__file__).with_name("rules.toml")
TESTS = Path(__file__).parents[1] / "tests"


class Rule(Model):
    """One rule of REQUIREMENTS; `issue` is the one that brings it, where it is not there yet."""

    says: str
    basis: str = ""


class Register(Model):
    """All rules by id."""

    sections: Mapping[str, str]
    rules: Mapping[str, Rule]


class MarkerError(ValueError):
    """A `rule` marker that cannot be read or names no rule; the message says where."""


@cache
def register() -> Register:
    """The rules of docs/rules.toml. Raises ValidationError, TOMLDecodeError (also for an id given twice)."""
    return Register.model_validate(tomllib.loads(REGISTER.read_text("utf-8")))


def unknown(rule_ids: Iterable[str]) -> str:
    """What to tell the author of markers with these ids; empty when all are known."""
    missing = sorted(set(rule_ids) - set(register().rules))
    return f"no such rule: {', '.join(missing)}; the ids are in docs/rules.toml" if missing else ""


def proofs(tests: Path = TESTS) -> Mapping[str, tuple[str, ...]]:
    """The tests that prove each rule, as pytest names them, by rule id. Raises MarkerError."""
    found: dict[str, list[str]] = {rule_id: [] for rule_id in register().rules}
    for file in sorted(tests.rglob("test_*.py")):
        for rule_id, test in _markers(file, file.relative_to(tests.parent).as_posix()):
            if rule_id not in found:
                raise MarkerError(f"{test}: {unknown([rule_id])}")
            found[rule_id].append(test)
    return {rule_id: tuple(named) for rule_id, named in found.items()}


def gaps() -> tuple[str, ...]:
    """Rules that no test proves."""
    return tuple(rule_id for rule_id, tests in proofs().items() if not tests)


def _markers(file: Path, name: str) -> Iterator[tuple[str, str]]:
    """Each rule id with the test it decorates. Raises MarkerError for a marker that stands anywhere else."""
    tree = ast.parse(file.read_text("utf-8"), name)
    counted: set[ast.expr] = set()
    for test in ast.walk(tree):
        if not isinstance(test, ast.FunctionDef | ast.AsyncFunctionDef) or not test.name.startswith("test_"):
            continue
        for call in test.decorator_list:
            if isinstance(call, ast.Call) and _is_marker(call.func):
                counted.add(call.func)
                yield from ((rule_id, f"{name}::{test.name}") for rule_id in _ids(call, name))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _is_marker(node) and node not in counted:
            raise MarkerError(
                f"{name}:{node.lineno}: a rule marker belongs on a test function, as decorator of its own"
            )


def _is_marker(node: ast.expr) -> bool:
    return ast.unparse(node) == "pytest.mark.rule"


def _ids(call: ast.Call, name: str) -> Iterator[str]:
    for argument in call.args:
        if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
            raise MarkerError(f"{name}:{call.lineno}: the ids of a rule marker are written out as text")
        yield argument.value


_PREFACE = """\
# Rules and the tests that prove them

Made from `docs/rules.toml` and the `rule` markers on the tests by `python -m docs.generate`; do not edit. A rule
without a test fails `make test`. Sections are those of REQUIREMENTS; days are working
days unless it says otherwise; [choice] marks our stated reading, [S] a secondary source. `pytest -m rule` runs only
these tests.
"""


def page() -> str:
    """docs/rules.md."""
    proved = proofs()
    return "\n".join((_PREFACE, *(_section(section, title, proved) for section, title in register().sections.items())))


def _section(section: str, title: str, proved: Mapping[str, tuple[str, ...]]) -> str:
    rules = ((rule_id, rule) for rule_id, rule in register().rules.items() if rule_id.split(".")[0] == section)
    rows = (f"| {rule_id} | {_said(rule)} | {_proved(proved[rule_id])} |" for rule_id, rule in rules)
    return "\n".join((f"## §{section} {title}", "", "| rule | says | tests |", "|---|---|---|", *rows, ""))


def _said(rule: Rule) -> str:
    return f"{rule.says} ({rule.basis})" if rule.basis else rule.says


def _proved(tests: tuple[str, ...]) -> str:
    return "<br>".join(f"`{test.removeprefix('tests/')}`" for test in tests) or "**none**"
