"""A certificate the province has lost comes back without a person (REQUIREMENTS §2, §6.9), in real processes."""

import json
from datetime import timedelta

import pytest

from models.dossier import DossierOutcome, LegStage
from models.signatures import SignatureOutcome
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
        evening = system.command("gaps", "--json", ahead=timedelta(hours=9)).stdout
        assert gaps(evening) == [("no_result", code)]
        assert str(number) not in evening  # whoever wants it looks at the dossier, and that is on the trail
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


def test_an_unsigned_certificate_is_refused_to_the_agency_and_a_signed_one_comes_when_it_is_asked_for(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The registration itself is not lost; a health card with two seals is taken, and the operator told."""
    with running_system(system_settings(tmp_path_factory.mktemp("papers")), time_skipping=True) as system:
        code = system.open("plain")
        system.instruct(code, "provincial", seal_fault="unsigned")
        system.instruct(code, "social_insurance", seal_fault="twice")
        system.start(code)
        waiting = system.see(code, lambda d: d.legs and d.legs[0].refused_papers, "a certificate refused")
        [refused] = waiting.legs[0].refused_papers
        assert refused.document.seal
        assert (refused.document.seal.outcome, waiting.legs[0].documents) == (SignatureOutcome.NONE, ())
        [paper] = [a for a in system.settled_book(code)["answers"] if a["step"] == "result_document"]
        assert (paper["state"], "badly_signed" in paper["problem"]) == ("refused", True), paper
        shown = system.command("show", code).stdout
        assert "1 bản điện tử không được nhận" in shown, shown

        system.skip_to(PLAYS_ON.replace(hour=17, minute=0))
        dossier = system.concluded(code)
        shown = system.command("show", code).stdout

    assert dossier.summary.outcome is DossierOutcome.COMPLETED
    seals = {paper.kind.value: paper.seal for leg in dossier.legs for paper in leg.documents if paper.seal}
    assert {kind: (seal.outcome, seal.signatures) for kind, seal in seals.items()} == {
        "birth_certificate": (SignatureOutcome.GOOD, 1),
        "residence_notice": (SignatureOutcome.GOOD, 1),
        "health_insurance_card": (SignatureOutcome.GOOD, 2),
    }
    assert "Giấy khai sinh: chữ ký số hợp lệ, ký lúc " in shown, shown
    assert [warning for warning in dossier.warnings if "2 chữ ký" in warning] != []


def gaps(printed: str) -> list[tuple[str, str]]:
    """What the report lists."""
    return [(gap["kind"], gap["code"]) for gap in json.loads(printed)["gaps"]]
