import pytest

from docs.rules import unknown


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that claims to prove a rule that does not exist is not collected."""
    marked = (rule_id for marker in metafunc.definition.iter_markers("rule") for rule_id in marker.args)
    if problem := unknown(marked):
        pytest.fail(f"{metafunc.definition.nodeid}: {problem}", pytrace=False)
