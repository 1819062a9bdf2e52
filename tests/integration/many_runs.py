"""Many runs of a command: short-lived Temporal clients once aborted at interpreter exit (DESIGN §3.11)."""

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.integration.system import System

RUNS = int(os.environ.get("LIENTHONG_RUNS", "6"))
"""Each run of a command costs up to a second of one core; LIENTHONG_RUNS=50 is the loop of DESIGN §3.11."""

AT_ONCE = 2
"""Two runs at a time: two scripts may well send the same fact at once, and the machine has two cores."""


def run_often(system: System, *arguments: str, expected: int = 0) -> None:
    """Every run ends with the expected exit code and prints nothing that looks like a crash."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        runs = [threads.submit(system.command, *arguments) for _ in range(RUNS)]
    done = [run.result() for run in runs]
    crashes = [run.stderr for run in done if "Traceback" in run.stderr]
    assert not crashes, crashes[0]
    ends = Counter(run.returncode for run in done)
    assert ends == {expected: RUNS}, (arguments, ends)
