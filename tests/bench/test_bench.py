"""The bench runs, and a plain dossier costs no more than it may."""

import json
from pathlib import Path

import pytest
import pytest_asyncio

from bench.__main__ import Amounts, measured
from bench.figures import MOST_ACTIONS, MOST_BYTES, MOST_EVENTS, Figures, table


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def figures(tmp_path_factory: pytest.TempPathFactory) -> Figures:
    """A tiny run of the whole bench."""
    return await measured(Amounts(rounds=1, dossiers=1, open=2, ledgers=200), tmp_path_factory.mktemp("bench"))


async def test_a_plain_dossier_stays_within_its_events_bytes_and_actions(figures: Figures) -> None:
    counts = figures.counts
    assert counts.events <= MOST_EVENTS
    assert counts.bytes <= MOST_BYTES
    assert counts.actions <= MOST_ACTIONS


async def test_every_change_is_published_and_no_more_often_than_something_happens(figures: Figures) -> None:
    """Eight facts come in; the first publication is made without one. On a busy machine two agencies may speak in the
    same instant, or one change may be published in two."""
    assert 8 <= figures.counts.activities["publish"] <= 12


async def test_the_figures_are_written_as_a_table_and_as_json(figures: Figures, tmp_path: Path) -> None:
    written = json.loads(figures.json())
    assert written["plain_dossier"]["events"] == figures.counts.events
    assert written["plain_dossier"]["activities"]["publish"] == figures.counts.activities["publish"]
    compared = {"against_the_floor", "against_nothing_sealed"}
    assert set(written) == compared | {
        "plain_dossier",
        "deaths",
        "open_dossiers",
        "recovery",
        "gateway",
        "random_ledgers",
    }
    assert written["random_ledgers"]["differ"] == 0
    assert len(written["against_the_floor"]["ours"]) == len(written["against_the_floor"]["floor"]) == 1
    assert written["against_nothing_sealed"]["share_of_its_dossiers_per_second"] > 0
    assert written["recovery"]["measured"] == 2
    assert written["gateway"]["times_a_bare_update"] > 0
    assert len(written["gateway"]["signed_and_stored_seconds"]) == 1
    lines = table(figures).splitlines()
    assert len(lines) == 22
    assert f"≤ {MOST_EVENTS}" in lines[0]


async def test_the_floor_does_what_ours_does(figures: Figures) -> None:
    """As many events but for what is only ours to decide: which of them share a workflow task."""
    assert sum(figures.floor.activities.values()) == sum(figures.counts.activities.values())
    assert figures.floor.actions == figures.counts.actions
    assert figures.floor.bytes == pytest.approx(figures.counts.bytes, rel=0.25)
