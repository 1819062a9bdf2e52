"""A million random ledgers of clocks, each read by the product and by the oracle of `tests/conformance`."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from tests.conformance.random_ledgers import Tally, compared

_BATCH = 10_000
_FIRST_SEED = 2_026_112_400


@dataclass(frozen=True)
class Ledgers:
    """How many were compared, how many differ (with the seed and number of the first), and what one took us."""

    compared: int
    differ: int
    first: str | None
    ours_microseconds: float
    oracle_microseconds: float


def judged(ledgers: int) -> Ledgers:
    """So many ledgers, on every core."""
    batches = -(-ledgers // _BATCH)
    seeds = range(_FIRST_SEED, _FIRST_SEED + batches)
    sizes = [min(_BATCH, ledgers - number * _BATCH) for number in range(batches)]
    with ProcessPoolExecutor() as pool:
        tallies = list(pool.map(compared, seeds, sizes))
    return Ledgers(
        compared=ledgers,
        differ=sum(len(tally.wrong) for tally in tallies),
        first=_first(seeds, tallies),
        ours_microseconds=sum(tally.ours for tally in tallies) / ledgers * 1e6,
        oracle_microseconds=sum(tally.oracles for tally in tallies) / ledgers * 1e6,
    )


def _first(seeds: Sequence[int], tallies: Sequence[Tally]) -> str | None:
    found = ((seed, tally.wrong[0][0]) for seed, tally in zip(seeds, tallies, strict=True) if tally.wrong)
    return next((f"seed {seed}, ledger {number}" for seed, number in found), None)
