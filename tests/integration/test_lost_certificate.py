"""A certificate the province has lost comes back without a person (REQUIREMENTS §2, §6.9), in real processes."""

import json
from datetime import timedelta

import pytest

from models.dossier import DossierOutcome, LegStage
from tests.integration.system import PLAYS_ON, running_system, system_settings


@pytest.mark.rule("6.9-asks-again", "6.9-gap-report")
def test_a_lost_certificate_is_found_by_its_number_without_a_person(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The simulator's clock stays at 09:00; the server skips to 17:00, and the report is asked for that evening."""
    with running_system(system_settings(tmp_path_factory.mktemp("lost")), time_skipping=True) as system:
        code = system.open("plain")
        system.instruct(code, "provincial", lose=["result_document"])
        system.start(code)
        waiting = system.see(
            code, lambda d: d.legs and d.legs[0].stage is LegStage.WAITING_DOCUMENT, "registered, no certificate"
        )
        number = waiting.legs[0].number
        assert gaps(system.command("gaps", "--json").stdout) == []
        assert gaps(system.command("gaps", "--json", ahead=timedelta(hours=9)).stdout) == [("no_result", code, number)]
        shown = system.command("gaps", "--province", waiting.summary.province_code, ahead=timedelta(hours=9))
        assert code in shown.stdout, shown.stderr
        assert system.command("gaps", "--province", "00").returncode == 2
        options = ("--leg", "birth_registration", "--choice", "end_leg", "--operator", "vh-07", "--because", "Quá lâu.")
        early = system.command("decide-overdue", code, *options)
        assert (early.returncode, "out_of_turn" in early.stderr) == (3, True), early.stderr

        system.skip_to(PLAYS_ON.replace(hour=17, minute=0))
        dossier = system.concluded(code)
        book = system.book(code)

    assert dossier.summary.outcome is DossierOutcome.COMPLETED
    assert dossier.legs[0].missing_result is not None
    assert dossier.legs[0].missing_result.times == 1
    assert [found["number"] for found in book["registrations"] if found["leg"] == "birth_registration"] == [number]


def gaps(printed: str) -> list[tuple[str, str, str]]:
    """What the report lists."""
    return [(gap["kind"], gap["code"], gap["number"]) for gap in json.loads(printed)["gaps"]]
