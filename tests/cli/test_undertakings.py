"""What an operator begins is on the trail before anything is done, whatever becomes of it; so is what is refused."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from cli.undertakings import undertaking
from ledger.engine import open_engine, upgrade
from ledger.errors import DatabaseFailed
from ledger.store import Ledger
from models.audit import Action, Entry
from settings import Settings
from tests.keys import MASTERS


class Failing(Ledger):
    """A ledger that can be written to so many times."""

    left = 1

    def note(self, entry: Entry) -> None:
        if not self.left:
            raise DatabaseFailed("ledger", "đang bận", "busy")
        self.left -= 1
        super().note(entry)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Failing]:
    engine = open_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    upgrade(engine)
    yield Failing(engine, MASTERS)
    engine.dispose()


def told(ledger: Ledger) -> list[tuple[str | None, str | None]]:
    return [(entry.what, entry.detail.get("act")) for entry in ledger.entries()]


def test_what_ends_well_is_told_before_and_after(ledger: Failing) -> None:
    ledger.left = 2
    with undertaking(ledger, Settings(), Action.RETIMED, dossiers="3") as said:
        assert told(ledger) == [("begun", "retimed")]
        said["dossiers"] = "2"
    began, ended = ledger.entries()
    assert (began.detail["dossiers"], ended.detail["dossiers"]) == ("3", "2")
    assert (ended.what, datetime.fromisoformat(ended.detail["begun"])) == (Action.RETIMED, began.at)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, OSError])
def test_what_is_broken_off_says_so_and_not_that_it_was_done(ledger: Failing, error: type[BaseException]) -> None:
    ledger.left = 2
    with pytest.raises(error), undertaking(ledger, Settings(), Action.RECOVERED):
        raise error("Nguyễn Văn A")
    assert told(ledger) == [("begun", "recovered"), ("broken_off", "recovered")]
    assert ledger.entries()[-1].detail["error"] == error.__name__


def test_a_trail_that_cannot_be_written_any_more_hides_no_error_and_keeps_the_beginning(ledger: Failing) -> None:
    with pytest.raises(KeyboardInterrupt), undertaking(ledger, Settings(), Action.RECOVERED):
        raise KeyboardInterrupt
    assert told(ledger) == [("begun", "recovered")]


def test_nothing_is_done_that_the_trail_cannot_tell(ledger: Failing) -> None:
    ledger.left, done = 0, False
    with pytest.raises(DatabaseFailed), undertaking(ledger, Settings(), Action.BACKED_UP):
        done = True
    assert (done, told(ledger)) == (False, [])
