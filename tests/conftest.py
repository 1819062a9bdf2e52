import os

import pytest

from cli import stack
from docs.rules import unknown

_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
_WORKERS = os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")
stack.PORTS[:] = stack.PORTS[int(_WORKER) :: int(_WORKERS)]
"""Each process of a run picks ports of its own: one may be free until another process of ours binds it."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that claims to prove a rule that does not exist is not collected."""
    marked = (rule_id for marker in metafunc.definition.iter_markers("rule") for rule_id in marker.args)
    if problem := unknown(marked):
        pytest.fail(f"{metafunc.definition.nodeid}: {problem}", pytrace=False)
