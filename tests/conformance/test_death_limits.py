"""The limits of group 2 as dossiers compute and record them, against dates counted by hand on the official calendar.

`death_limits.csv` has the receipts by the province and by the agencies of the parts, and the due days that follow, all
at 17:00: the effective receipt day is day 0 (REQUIREMENTS §§5, 6). `chain` is the funeral support that follows the end
of a monthly benefit; `office` is a word of the name of the first benefit's agency.
"""

import csv
from datetime import timedelta
from pathlib import Path

import pytest

from ledger.values import GROUP_CLOCK
from models.clock import ClockEntryKind
from models.documents import DocumentKind
from models.facts import Answer
from models.publication import Notice
from tests.conformance.test_birth_limits import closing, dues, starts
from tests.workflows.harness import Play, notices
from tests.workflows.inputs import (
    BENEFIT_END,
    DEATH,
    DEREGISTRATION,
    FUNERAL_SUPPORT,
    INSURANCE_FUNERAL,
    INSURANCE_SURVIVOR,
    moment,
)

CASES = list(csv.DictReader(Path(__file__).with_name("death_limits.csv").read_text("utf-8").splitlines()))
MOTHER, YOUNGER, YOUNGEST = "001162900303", "001188900304", "001190900305"
"""The three relatives whom the sample of a lump sum asks: the fourth is the declarant, and their representative."""


@pytest.mark.rule(
    "5.bhxh-limits",
    "5.btxh-limits",
    "5.80-plus",
    "5.ncc-limits",
    "5.registration-limit",
    "5.deregistration-limit",
    "6.2-every-agency",
    "10.group-totals",
    "10.limits-apart",
    "10.80-plus",
)
@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
async def test_limits(play: Play, case: dict[str, str]) -> None:
    received, parts_received = moment(case["received"]), moment(case["parts_received"])
    await play.declare_death(case["sample"], f"{received:%F} 08:00:00", fee_relief=[])
    await play.sent(DEATH)
    await play.until(received)
    await play.receive(DEATH, received)
    view = await play.see(lambda view: view.due is not None, "the group's clock runs")
    assert view.plan is not None
    assert view.plan.pack == case["pack"]
    benefits = [leg for leg in view.plan.legs if leg.key not in (DEATH, DEREGISTRATION, FUNERAL_SUPPORT)]
    if case["sample"] == "organisation-declares":
        benefits = [view.plan.leg(FUNERAL_SUPPORT)]
    assert all(case["office"] in leg.agency for leg in benefits)
    parts = [DEREGISTRATION, *(leg.key for leg in benefits)]
    for planned in view.plan.legs:
        await play.asked(planned.key, len(planned.people))
        for person in planned.people:
            await play.consent(planned.key, person.personal_id)
    await play.decide(DEATH, DocumentKind.DEATH_EXTRACT)
    for leg in parts:
        await play.sent(leg)
    await play.until(parts_received)
    for leg in parts:
        await play.receive(leg, parts_received)

    expected = {GROUP_CLOCK: case["group"], DEATH: case["registration"], DEREGISTRATION: case["deregistration"]}
    expected |= dict.fromkeys(parts[1:], case["benefits"])
    stored = await play.written()
    assert starts(stored) == {GROUP_CLOCK: received, DEATH: received, **dict.fromkeys(parts, parts_received)}
    assert dues(stored) == {clock: closing(day) for clock, day in expected.items()}
    if case["chain"]:
        chain_received = moment(case["chain_received"])
        await play.until(chain_received - timedelta(minutes=1))
        await play.complete_decision(BENEFIT_END)
        await play.sent(FUNERAL_SUPPORT)
        await play.until(chain_received)
        await play.receive(FUNERAL_SUPPORT, chain_received)
        stored = await play.written()
        assert starts(stored)[FUNERAL_SUPPORT] == chain_received
        assert dues(stored)[FUNERAL_SUPPORT] == closing(case["chain"])


@pytest.mark.rule("5.registration-limit", "10.verification-leg", "10.verification-group", "10.group-totals")
@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
async def test_limits_with_verification(play: Play, case: dict[str, str]) -> None:
    """Every regime: the registration has 3 working days, the group 3 more, once."""
    received = moment(case["received"])
    await play.declare_death(case["sample"], f"{received:%F} 08:00:00", fee_relief=[])
    await play.sent(DEATH)
    await play.until(received)
    await play.receive(DEATH, received)
    await play.verify(DEATH)
    stored = await play.written()
    assert dues(stored) == {
        GROUP_CLOCK: closing(case["verified_group"]),
        DEATH: closing(case["verified_registration"]),
    }


@pytest.mark.rule("6.5-group-stops", "6.5-merged", "6.6-outside", "5.relatives-consent")
async def test_stops_of_several_legs_that_wait_for_consents_are_merged(play: Play) -> None:
    """The group is due 9 working days after Thursday 19/11: Thursday 3/12 with 24/11 off.

    Both benefits wait from the extract on Thursday; the funeral benefit until Friday, the lump sum until Monday: the
    group is given Friday and Monday once, not Friday twice.
    """
    await play.declare_death("insurance-lump-sum", "2026-11-19 09:00:00")
    await play.extract()
    for leg in (INSURANCE_FUNERAL, INSURANCE_SURVIVOR):
        await play.asked(leg, 3)
    view = await play.see(lambda v: v.clock is not None and len(v.clock.entries) == 3, "both legs wait")
    assert view.expected is not None
    assert view.expected.at == closing("2026-12-03")
    assert view.due is not None
    assert view.due.stopped
    for leg, day in ((INSURANCE_FUNERAL, "2026-11-20 10:00:00"), (INSURANCE_SURVIVOR, "2026-11-23 15:00:00")):
        await play.until(moment(day))
        for person in (MOTHER, YOUNGER, YOUNGEST):
            await play.consent(leg, person, Answer.GRANTED, at=moment(day))
        await play.sent(leg)
    stored = await play.written()
    [group] = [clock for clock in stored.clocks if clock.clock == GROUP_CLOCK]
    kinds = [entry.kind for entry in group.entries]
    assert kinds == [ClockEntryKind.STARTED, *[ClockEntryKind.STOPPED] * 2, *[ClockEntryKind.RESUMED] * 2]
    assert dues(stored)[GROUP_CLOCK] == closing("2026-12-07")
    [told] = notices(stored, Notice.GROUP_DATES)
    assert "từ 17:00 thứ Năm 3/12/2026 sang 17:00 thứ Hai 7/12/2026" in told
