"""`python -m bench [--json FILE] [--quick]`: what a dossier costs, as a table and as JSON. Progress on stderr."""

import argparse
import asyncio
import tempfile
from pathlib import Path

from bench import measures
from bench.figures import Figures, table
from bench.measures import say
from bench.world import World

_PACE = 0.1
"""Seconds before each event of the simulator."""


class _Plan:
    """How much is measured."""

    def __init__(self, *, quick: bool) -> None:
        self.rounds = 1 if quick else 3
        self.dossiers = 5 if quick else 24
        self.open = 10 if quick else 200


async def measured(*, quick: bool = False) -> Figures:
    """All figures; `quick` is only for seeing that the bench runs."""
    plan = _Plan(quick=quick)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        async with World(Path(folder), _PACE) as world:
            say("one plain dossier, recorded")
            counts, script = await measures.record(world)
            say(f"{plan.rounds} rounds of {plan.dossiers} dossiers, ours and the floor in turn")
            comparison = await measures.compare(world, script, plan.rounds, plan.dossiers)
            say(f"{plan.open} open dossiers, then kill -9")
            holding, recovery = await measures.hold(world, plan.open)
    return Figures(counts=counts, comparison=comparison, holding=holding, recovery=recovery)


def main() -> None:
    """Measure, print the table, and write the JSON if asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--json", type=Path, help="file for the figures as JSON")
    parser.add_argument("--quick", action="store_true", help="few dossiers: shows that it runs, not what it costs")
    arguments = parser.parse_args()
    figures = asyncio.run(measured(quick=arguments.quick))
    print(table(figures))  # noqa: T201
    if arguments.json:
        arguments.json.write_text(figures.json(), "utf-8")


if __name__ == "__main__":
    main()
