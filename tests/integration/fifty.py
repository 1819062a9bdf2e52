"""Fifty runs of a command in a row: short-lived Temporal clients once aborted at interpreter exit (DESIGN §3.11)."""

from collections import Counter

from tests.integration.system import System

RUNS = 50


def run_fifty(system: System, *arguments: str, expected: int = 0) -> None:
    """Every run ends with the expected exit code and prints nothing that looks like a crash."""
    ends = Counter()  # type: Counter[int]
    for _ in range(RUNS):
        done = system.command(*arguments)
        ends[done.returncode] += 1
        assert "Traceback" not in done.stderr, done.stderr
    assert ends == {expected: RUNS}, (arguments, ends)
