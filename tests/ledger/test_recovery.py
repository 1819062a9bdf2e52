"""A ledger that is behind its workflows: told in whatever order, it ends as if it had never been lost."""

from collections.abc import Sequence

import pytest

from catching_up import whole
from ledger.store import Ledger
from models.dossier import DossierOutcome, DossierStage
from models.publication import Publication
from tests.ledger.builders import OPENED_AT, PREFIX, notice, numbered, opened, published, submitted
from tests.ledger.test_replacements import LATER, concluded, corrected, news

ENDED = {"stage": DossierStage.CONCLUDED, "outcome": DossierOutcome.COMPLETED}


def story(code: str) -> Sequence[Publication]:
    """What a dossier says in its life, each time only what is new."""
    return (
        published(code, 1, warnings=("đầu",), missed_due=LATER),
        published(code, 2, provincial_code="H29.1"),
        published(code, 3, warnings=("đầu", "sau")),
        published(code, 4, **ENDED),
    )


@pytest.mark.parametrize("known", [(4, 1), (3, 2), (1, 3)])
def test_catching_up_ends_the_same_whatever_workers_have_written_before_it(
    ledger: Ledger, known: tuple[int, int]
) -> None:
    """A worker that is started too early writes what comes last before recovery writes what came first."""
    in_order, behind = opened(ledger, numbered(1)), opened(ledger, numbered(2))
    for publication in story(in_order):
        ledger.publish(publication, [notice(in_order, publication.sequence)])
    said = story(behind)
    for sequence in known:
        ledger.publish(said[sequence - 1], [notice(behind, sequence)])
    for publication in whole(said):
        ledger.publish(publication, [notice(behind, publication.sequence)])
    assert ledger.restate(publication)
    states = []
    for code in (in_order, behind):
        stored = ledger.view(code)
        assert stored is not None
        keys = sorted(row.dispatch.head.key.removeprefix(code) for row in stored.notices)
        states.append((keys, stored.warnings, stored.provincial_code, stored.summary.outcome, stored.concluded_at))
    assert states[0] == states[1]


def test_what_a_worker_has_written_meanwhile_is_newer(ledger: Ledger) -> None:
    code = opened(ledger)
    said = story(code)
    *_, last = whole(said[:3])
    ledger.publish(said[3], ())
    assert not ledger.restate(last)
    assert ledger.opened(code).concluded


def test_a_replacement_nobody_knew_any_more_is_as_it_was(ledger: Ledger) -> None:
    here, there = concluded(ledger), concluded_as_well(ledger)
    ledger.open_replacement(corrected(here), LATER)
    case = ledger.replacement_case(here, 1)
    ledger.publish_replacement(news(ledger, here, 1))
    for _ in range(2):
        ledger.restore_replacement(there, case.replacement)
        ledger.publish_replacement(news(ledger, there, 1))
    legs, replacements = zip(
        *((d.legs, d.replacements) for code in (here, there) if (d := ledger.view(code))), strict=True
    )
    assert legs[0] == legs[1]
    assert replacements[0] == replacements[1]
    assert ledger.open_replacements() == (f"{here}/replacement/1", f"{there}/replacement/1")
    assert ledger.open_replacement(corrected(there, message_id="tin-8"), LATER) is None, "live already"


def concluded_as_well(ledger: Ledger) -> str:
    """Another such dossier."""
    code = ledger.open_dossier(submitted(numbered(7)), PREFIX).code
    first = next(summary.code for summary in ledger.summaries() if summary.code != code)
    stored = ledger.view(first)
    assert stored is not None
    ledger.publish(published(code, 1, plan=stored.plan, legs=stored.legs, **ENDED), ())
    return code


def test_a_code_that_was_given_out_is_never_given_out_again(ledger: Ledger) -> None:
    day = f"{OPENED_AT:%y%m%d}"
    lost = [
        f"{PREFIX}-{day}-000009",
        f"{PREFIX}-{day}-000004",
        f"{PREFIX}-261230-000001",
        "khác",
        f"{PREFIX}-269999-000001",
    ]
    assert opened(ledger, numbered(1)) == f"{PREFIX}-{day}-000001"
    for _ in range(2):
        ledger.numbers_taken(lost)
    assert opened(ledger, numbered(2)) == f"{PREFIX}-{day}-000010"
    assert ledger.unknown(lost) == set(lost)
