"""`python -m bench [--json FILE] [--quick]`: what a dossier costs, as a table and as JSON. Progress on stderr."""

import argparse
import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench import measures
from bench.figures import Figures, table
from bench.ledgers import judged
from bench.measures import say
from bench.world import World

_PACE = 0.1
"""Seconds before each event of the simulator."""


@dataclass(frozen=True)
class Amounts:
    """How much is measured: rounds of so many dossiers by each worker, dossiers held open, random ledgers."""

    rounds: int
    dossiers: int
    open: int
    ledgers: int


DEATHS = ("death/householder", "death/aged-80", "death/insurance-lump-sum")
"""Two legs; a chain; relatives who are asked."""

FULL = Amounts(rounds=3, dossiers=24, open=100, ledgers=1_000_000)
QUICK = Amounts(rounds=1, dossiers=4, open=10, ledgers=1_000)


async def measured(amounts: Amounts, folder: Path) -> Figures:
    """All figures, with the state of a world of its own in that folder."""
    async with World(folder, _PACE) as world:
        say("one plain dossier, recorded")
        counts, script = await measures.record(world)
        say("a death of each kind of graph")
        deaths = await measures.counted(world, DEATHS)
        say(f"{amounts.rounds} rounds of {amounts.dossiers} dossiers, ours and the floor in turn")
        comparison = await measures.compare(world, script, amounts.rounds, amounts.dossiers)
        say(f"{amounts.open} open dossiers, then kill -9, then consents by the gateway and without it")
        holding, recovery, gateway = await measures.hold(world, amounts.open)
    say(f"{amounts.ledgers:,} random ledgers, ours and the oracle's reading")
    return Figures(counts, deaths, comparison, holding, recovery, gateway, judged(amounts.ledgers))


def main() -> None:
    """Measure, print the table, and write the JSON if asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--json", type=Path, help="file for the figures as JSON")
    parser.add_argument("--quick", action="store_true", help="few dossiers: shows that it runs, not what it costs")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        figures = asyncio.run(measured(QUICK if arguments.quick else FULL, Path(folder)))
    print(table(figures))  # noqa: T201
    if arguments.json:
        arguments.json.write_text(figures.json(), "utf-8")


if __name__ == "__main__":
    main()
