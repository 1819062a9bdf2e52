"""The figures of one run, as a table for people and as JSON."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from bench.counts import Counts
from bench.ledgers import Ledgers
from bench.measures import Comparison, GatewayCost, Holding, Recovery, Round

MOST_EVENTS, MOST_BYTES, MOST_ACTIONS = 200, 100_000, 50
"""What a plain dossier may cost at most (issue 4, point 14)."""

LEAST_SHARE = 0.6
"""The least share of the floor's dossiers per second that ours must reach."""

LEAST_SEALED = 0.85
"""The least share of our dossiers per second with nothing sealed that sealing must leave (issue 7)."""

MOST_MEMORY = 200 * 2**20
"""The most memory of a worker for 1,000 open dossiers, in bytes."""

_MB = 2**20


@dataclass(frozen=True)
class Figures:
    """Everything one run has measured."""

    counts: Counts
    deaths: Mapping[str, Counts]
    comparison: Comparison
    holding: Holding
    recovery: Recovery
    gateway: GatewayCost
    ledgers: Ledgers

    @property
    def floor(self) -> Counts:
        """What a dossier of the floor costs Temporal: about as much as ours, else nothing could be compared."""
        return self.comparison.bare[-1].last

    def json(self) -> str:
        """All figures, with every round."""
        return json.dumps(self._plain(), ensure_ascii=False, indent=2) + "\n"

    def _plain(self) -> dict[str, Any]:
        return {
            "plain_dossier": asdict(self.counts),
            "deaths": {sample: asdict(counts) for sample, counts in self.deaths.items()},
            "against_the_floor": {
                "ours": [asdict(one) for one in self.comparison.ours],
                "floor": [asdict(one) for one in self.comparison.bare],
                "share_of_its_dossiers_per_second": round(self.comparison.speed, 3),
                "its_cpu_as_a_share_of_ours": round(self.comparison.cpu, 3),
            },
            "against_nothing_sealed": {
                "clear": [asdict(one) for one in self.comparison.clear],
                "share_of_its_dossiers_per_second": round(self.comparison.sealed_speed, 3),
                "its_cpu_as_a_share_of_ours": round(self.comparison.sealed_cpu, 3),
            },
            "open_dossiers": {
                "measured": self.holding.dossiers,
                "worker_bytes_before": self.holding.before,
                "worker_bytes_with_them": self.holding.after,
                "bytes_per_1000": self.holding.per_thousand,
            },
            "recovery": {
                "measured": self.recovery.dossiers,
                "first_answer_seconds": round(self.recovery.first, 2),
                "all_answered_seconds": round(self.recovery.all, 2),
            },
            "gateway": {
                "bare_update_seconds": [round(taken, 4) for taken in self.gateway.bare],
                "signed_and_stored_seconds": [round(taken, 4) for taken in self.gateway.gateway],
                "times_a_bare_update": round(self.gateway.ratio, 2),
            },
            "random_ledgers": asdict(self.ledgers),
        }


def table(figures: Figures) -> str:
    """The figures beside what is aimed at."""
    counts, comparison = figures.counts, figures.comparison
    holding, recovery, ledgers = figures.holding, figures.recovery, figures.ledgers
    rows = [
        ("events per plain dossier", f"{counts.events}", f"≤ {MOST_EVENTS}"),
        ("history bytes", f"{counts.bytes:,}", f"≤ {MOST_BYTES:,}"),
        ("billable actions", f"{counts.actions}", f"≤ {MOST_ACTIONS}"),
        *(
            (f"events, bytes, actions of {sample}", f"{of.events}, {of.bytes:,}, {of.actions}", "")
            for sample, of in figures.deaths.items()
        ),
        ("dossiers per second, ours", _spread(comparison.ours, lambda one: one.per_second, "{:.2f}"), ""),
        ("dossiers per second, floor", _spread(comparison.bare, lambda one: one.per_second, "{:.2f}"), ""),
        ("ours as a share of the floor", f"{comparison.speed:.0%}", f"≥ {LEAST_SHARE:.0%}"),
        ("worker CPU ms per dossier, ours", _spread(comparison.ours, lambda one: one.cpu * 1000, "{:.0f}"), ""),
        ("worker CPU ms per dossier, floor", _spread(comparison.bare, lambda one: one.cpu * 1000, "{:.0f}"), ""),
        ("the floor's CPU as a share of ours", f"{comparison.cpu:.0%}", ""),
        ("dossiers per second, nothing sealed", _spread(comparison.clear, lambda one: one.per_second, "{:.2f}"), ""),
        ("sealed as a share of nothing sealed", f"{comparison.sealed_speed:.0%}", f"≥ {LEAST_SEALED:.0%}"),
        ("history bytes with nothing sealed", f"{comparison.clear[-1].last.bytes:,}", ""),
        ("CPU with nothing sealed as a share of ours", f"{comparison.sealed_cpu:.0%}", ""),
        (
            f"worker MB per 1,000 open dossiers (measured: {holding.dossiers})",
            f"{holding.per_thousand / _MB:.0f}",
            f"≤ {MOST_MEMORY // _MB}",
        ),
        (
            f"seconds after kill -9: first answer, all {recovery.dossiers}",
            f"{recovery.first:.1f}, {recovery.all:.1f}",
            "",
        ),
        (
            f"milliseconds until a fact is accepted: bare update, gateway (medians of {len(figures.gateway.gateway)})",
            ", ".join(f"{median(way) * 1000:.0f}" for way in (figures.gateway.bare, figures.gateway.gateway)),
            "",
        ),
        ("signed and stored, as a multiple of the bare update", f"{figures.gateway.ratio:.1f}", ""),
        (f"of {ledgers.compared:,} random ledgers, read otherwise by the oracle", f"{ledgers.differ}", "0"),
        (
            "microseconds per ledger: ours, oracle",
            f"{ledgers.ours_microseconds:.0f}, {ledgers.oracle_microseconds:.0f}",
            "",
        ),
    ]
    wide, broad = (max(len(row[column]) for row in rows) for column in (0, 1))
    return "\n".join(f"{what:<{wide}}  {measured:>{broad}}  {aim}".rstrip() for what, measured, aim in rows)


def _spread(rounds: Sequence[Round], of: Callable[[Round], float], shown: str) -> str:
    """The least and the most of the rounds."""
    values = sorted(of(one) for one in rounds)
    return f"{shown} – {shown}".format(values[0], values[-1])
