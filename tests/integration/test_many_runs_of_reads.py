"""Many runs of each command that submits or reads."""

from pathlib import Path

import pytest

from models.audit import Action
from tests.integration.many_runs import run_often
from tests.integration.system import SAMPLES, System


@pytest.mark.parametrize(
    "arguments",
    [
        ("deadline", "2026-11-20T15:00:01", "--working-days", "3", "--json"),
        ("law", "--on", "2026-11-19", "--json"),
        ("checklist", str(SAMPLES / "plain.json"), "--on", "2026-11-19", "--json"),
        ("settings", "--json"),
        ("provinces", "24", "--json"),
        ("communes", "find", "00070", "--json"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_offline_commands(system: System, arguments: tuple[str, ...]) -> None:
    run_often(system, *arguments)


def test_submit_show_list_recover_retime_upgrade(system: System, tmp_path: Path) -> None:
    run_often(system, "submit", str(SAMPLES / "plain.json"), "--json")
    run_often(system, "list", "--json")
    run_often(system, "list", "--preset", "checking", "--json")
    run_often(system, "upgrade", "--json")
    run_often(system, "recover", "--json")
    run_often(system, "retime", "--json")
    run_often(system, "show", "G22.99.08-261119-000001", "--json")
    assert len(system.ledger.summaries()) == 1
    for end in (Action.RECOVERED, Action.RETIMED):
        begun = [entry for entry in system.ledger.entries(what=Action.BEGUN) if entry.detail["act"] == end]
        assert len(begun) == len(system.ledger.entries(what=end)) > 0
