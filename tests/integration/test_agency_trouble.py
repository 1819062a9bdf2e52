"""Agencies that fail, fall silent, or speak out of turn, in real processes over real HTTP (issue 4, point 9)."""

import json
import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest

from models.clock import Timeliness
from models.dossier import DossierOutcome, LegOutcome, LegStage
from models.systems import System as AgencySystem
from tests.integration.system import PLAYS_ON, System, eventually, running_system, system_settings
from tests.integration.test_straight_path import expect_once

BIRTH, RESIDENCE, HEALTH = "birth_registration", "residence_registration", "health_insurance_card"
REJECTED = {"fail_times": 1000, "fail_with": "problem"}


def registered(system: System, code: str, leg: str) -> list[str]:
    """The numbers an agency registered a leg under, by its own book."""
    return [found["number"] for found in system.book(code)["registrations"] if found["leg"] == leg]


# On the dev server, in real time


def test_every_agency_fails_in_its_own_way_and_each_registers_once(system: System) -> None:
    code = system.open("plain")
    system.instruct(code, "provincial", fail_times=2, fail_with="code", fail_code="server error")
    system.instruct(code, "residence", fail_times=1, fail_with=429, retry_after="1")
    past = "Thu, 19 Nov 2020 02:30:00 GMT"
    system.instruct(code, "social_insurance", fail_times=2, fail_with=429, retry_after=past)
    system.start(code)
    assert system.concluded(code).summary.outcome is DossierOutcome.COMPLETED
    expect_once(system, code)


def rejected_by_residence(system: System) -> set[str]:
    listed = system.command("list", "--preset", "rejected", "--agency", "residence", "--json")
    assert listed.returncode == 0, listed.stderr
    return {found["code"] for found in json.loads(listed.stdout)}


def test_a_part_that_is_rejected_is_found_by_its_preset_and_holds_up_nothing_else(system: System) -> None:
    code = system.open("plain")
    system.instruct(code, "residence", **REJECTED)
    system.start(code)
    dossier = system.see(code, lambda d: any(trouble.rejected for trouble in d.troubles), "rejected")
    (trouble,) = dossier.troubles
    assert (trouble.system, trouble.leg) == (AgencySystem.RESIDENCE, RESIDENCE)
    assert "HTTP 422" in trouble.text
    dossier = system.see(code, lambda d: d.legs[2].outcome is LegOutcome.COMPLETED, "the card")
    assert dossier.legs[1].stage is LegStage.SENDING
    assert dossier.summary.waiting_for == ("hệ thống không nhận thông điệp", AgencySystem.RESIDENCE.label)
    eventually(lambda: code in rejected_by_residence(system), "Temporal's visibility has it")
    tries = [seen for seen in system.book(code)["requests"] if seen["system"] == "residence"]
    assert len(tries) == 1, "trying at once again cures nothing"
    system.terminate(code)


def test_facts_out_of_turn_are_judged_anew_when_they_come_again(system: System) -> None:
    """The agency repeats the very same message; only the first refusal was for its being too early."""
    code = system.open("plain")
    system.instruct(code, "provincial", silent=True)
    system.start(code)
    system.see(code, lambda d: d.legs and d.legs[0].stage is LegStage.WAITING_RECEIPT, "sent")
    now = system.now().isoformat()

    def tell(message_id: str, **fact: object) -> int:
        data = {"source": "provincial", "leg": BIRTH, "fact": {"at": now, **fact}}
        return system.event(code, "agency_event", data, id=message_id).status_code

    early, receipt = f"early-{uuid.uuid4()}", f"receipt-{uuid.uuid4()}"
    assert [tell(early, kind="passed_on") for _ in range(2)] == [409, 409]
    assert tell(receipt, kind="received", agency_code="H26.11.02-261119-9999") == 200
    assert [tell(early, kind="passed_on") for _ in range(2)] == [200, 200]
    system.see(code, lambda d: d.legs[0].passed_on_at, "passed on")
    system.terminate(code)


def test_a_decision_that_overtakes_its_receipt_keeps_the_code_of_the_province(system: System) -> None:
    code = system.open("plain")
    system.instruct(code, "provincial", silent=True)
    system.start(code)
    system.see(code, lambda d: d.legs and d.legs[0].stage is LegStage.WAITING_RECEIPT, "sent")
    now, own = system.now().isoformat(), "H26.11.02-261119-9998"
    decided = {"kind": "decided", "at": now, "number": "77/2026", "identity_number": "001226900077"}
    receipt = {"kind": "received", "at": now, "agency_code": own}
    for fact in (decided, receipt):
        data = {"source": "provincial", "leg": BIRTH, "fact": fact}
        assert system.event(code, "agency_event", data).status_code == 200
    dossier = system.see(code, lambda d: d.provincial_code, "the province's code")
    assert dossier.provincial_code == own
    assert dossier.legs[0].number == "77/2026"
    system.terminate(code)


# On the time-skipping server: days


@pytest.fixture(scope="module")
def skipping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system whose server can be sent forward; one test at a time, as its clock is everybody's."""
    with running_system(system_settings(tmp_path_factory.mktemp("skipping")), time_skipping=True) as system:
        yield system


def test_an_outage_of_two_days_and_lost_answers_need_nobody(skipping: System) -> None:
    """The simulator's clock stands still while the server's skips, so its statements are a little early."""
    system, code = skipping, skipping.open("plain")
    system.instruct(code, "provincial", lose=["received", "passed_on", "decided", "result_document"])
    system.instruct(code, "residence", lose=["decided"])
    system.instruct(code, "social_insurance", fail_times=100_000, fail_with=503)
    system.start(code)
    system.see(code, lambda d: d.legs and d.legs[0].stage is LegStage.WAITING_RECEIPT, "sent, then silence")
    system.see(code, lambda _: told_nobody(system, code) == 4, "everything done, and nobody told")

    system.skip_to(PLAYS_ON.replace(hour=17))
    system.see(code, lambda _: failures(system, code), "registered after all; insurance is away")
    system.skip_to(PLAYS_ON.replace(hour=17, minute=5))
    dossier = system.see(code, lambda d: d.troubles, "insurance away")
    assert dossier.provincial_code
    assert [trouble.system for trouble in dossier.troubles] == [AgencySystem.SOCIAL_INSURANCE]
    assert "hệ thống không trả lời" in dossier.summary.waiting_for

    system.skip_to(PLAYS_ON + timedelta(days=2, hours=8))
    assert 40 < failures(system, code) < 125, "bounded growth over two days without an answer"
    system.instruct(code, "social_insurance")
    system.skip_to(PLAYS_ON + timedelta(days=7))

    dossier = system.concluded(code)
    assert dossier.summary.outcome is DossierOutcome.COMPLETED
    assert not dossier.troubles
    for leg in (BIRTH, RESIDENCE, HEALTH):
        assert len(registered(system, code, leg)) == 1, leg
    residence = dossier.legs[1]
    assert residence.timeliness is Timeliness.EARLY, "found before its agency was called late"
    assert residence.missed_due is None


def told_nobody(system: System, code: str) -> int:
    """How many events of a dossier have happened and got lost."""
    answers = system.book(code)["answers"]
    return sum(answer["state"] == "lost" for answer in answers) if system.book(code)["registrations"] else 0


def failures(system: System, code: str) -> int:
    """How often an agency answered that it is away."""
    return sum(seen["status"] == 503 for seen in system.book(code)["requests"])
