"""The limits of group 1 as dossiers compute and record them, against dates counted by hand on the official calendar.

`birth_limits.csv` has the receipts by the province and by the agencies of the parts, and the due days that follow, all
at 17:00: the effective receipt day is day 0 (REQUIREMENTS §6). An empty cell: the law has no such leg or limit.
"""

import csv
from datetime import datetime
from pathlib import Path

import pytest

from ledger.values import GROUP_CLOCK, StoredDossier
from models.clock import ClockEntryKind, Timeliness
from models.documents import DocumentKind
from models.dossier import DossierOutcome, LegStage
from models.facts import FactRefusal, PassedOn, Verification
from models.messages import Sent
from models.publication import Notice
from models.systems import System
from tests.workflows.harness import Play, notices, refused
from tests.workflows.inputs import BIRTH, HEALTH, IDENTITY, RESIDENCE, free, moment

CASES = list(csv.DictReader(Path(__file__).with_name("birth_limits.csv").read_text("utf-8").splitlines()))
HOUSEHOLDER, OWNER = "001060000131", "001163000132"
FATHER = {"full_name": "Phạm Quang Thử", "personal_id": "001092000002"}


async def own_home(play: Play, at: str) -> None:
    """A father declares for his own home, which he owns: under no pack is anybody asked about the residence."""
    registration = free("identity-card", moment(at).date()).residence_registration.model_dump(mode="json")
    await play.declare("identity-card", at, residence_registration={**registration, "dwelling_owners": [FATHER]})


def closing(day: str) -> datetime | None:
    """17:00 of that day."""
    return moment(f"{day} 17:00:00") if day else None


def dues(stored: StoredDossier) -> dict[str, datetime | None]:
    """The due date of each clock that has started, as the ledger has it."""
    return {clock.clock: clock.due.at if clock.due else None for clock in stored.clocks}


def starts(stored: StoredDossier) -> dict[str, datetime]:
    """The receipt each clock started with, as the ledger has it."""
    return {clock.clock: clock.entries[0].at for clock in stored.clocks}


@pytest.mark.rule(
    "4.2-receipt-starts-clock",
    "4.3-same-day",
    "4.4-parallel",
    "4.4-residence-limit",
    "4.4-health-card-limit",
    "4.7-group-limit",
    "4.7-identity-card-limit",
    "6.2-every-agency",
    "10.which-receipt",
    "10.verification-leg",
    "10.verification-group",
)
@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
async def test_limits(play: Play, case: dict[str, str]) -> None:
    received, parts_received = moment(case["received"]), moment(case["parts_received"])
    await own_home(play, f"{received:%F} 08:00:00")
    await play.sent(BIRTH)
    await play.until(received)
    await play.receive(BIRTH, received)
    await play.see(lambda view: view.due is not None, "the group's clock runs")
    parts = [RESIDENCE, HEALTH]
    if case["identity"]:
        parts.append(IDENTITY)
        await play.asked(IDENTITY, 1)
        await play.consent(IDENTITY, FATHER["personal_id"])
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    for leg in parts:
        await play.sent(leg)
    await play.until(parts_received)
    for leg in parts:
        await play.receive(leg, parts_received)

    stored = await play.written()
    assert stored.pack == case["pack"]
    assert starts(stored) == {GROUP_CLOCK: received, BIRTH: received, **dict.fromkeys(parts, parts_received)}
    expected = {
        GROUP_CLOCK: case["group"],
        BIRTH: case["registration"],
        RESIDENCE: case["residence"],
        HEALTH: case["health"],
        IDENTITY: case["identity"],
    }
    assert dues(stored) == {clock: closing(day) for clock, day in expected.items() if day}

    if not case["verified_residence"]:
        with refused(FactRefusal.NOT_PERMITTED):
            await play.agency(RESIDENCE, Verification(at=await play.now(), text="Xác minh nơi ở"))
        return
    await play.verify(RESIDENCE)
    expected |= {RESIDENCE: case["verified_residence"], GROUP_CLOCK: case["verified_group"]}
    assert dues(await play.written()) == {clock: closing(day) for clock, day in expected.items() if day}


@pytest.mark.rule("6.4-difference-told", "10.verification-leg", "10.verification-group")
async def test_verification_at_the_grandparents_home(play: Play) -> None:
    """Under the law of 2026 the police may still verify where the child lives with others than its parents."""
    await play.declare("grandparents-home", "2026-11-19 09:00:00")
    await play.receive(BIRTH)
    await play.asked(RESIDENCE, 2)
    for person in (HOUSEHOLDER, OWNER):
        await play.consent(RESIDENCE, person)
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    await play.receive(RESIDENCE)
    assert dues(await play.written())[RESIDENCE] == closing("2026-11-23")
    await play.verify(RESIDENCE)
    with refused(FactRefusal.ALREADY_ANSWERED):
        await play.agency(RESIDENCE, Verification(at=await play.now(), text="Xác minh lần nữa"))
    stored = await play.written()
    assert (dues(stored)[RESIDENCE], dues(stored)[GROUP_CLOCK]) == (closing("2026-11-27"), closing("2026-11-27"))
    assert "17:00 thứ Sáu 27/11/2026" in notices(stored, Notice.LEG_DATES)[-1]
    assert "từ 17:00 thứ Tư 25/11/2026 sang 17:00 thứ Sáu 27/11/2026" in notices(stored, Notice.GROUP_DATES)[-1]


@pytest.mark.rule("6.4-clamped", "6.4-none-stated")
async def test_a_stated_receipt_is_clamped_between_our_sending_and_its_arrival(play: Play) -> None:
    play.world.receipts[System.SOCIAL_INSURANCE] = Sent()
    play.world.receipts[System.IDENTITY] = Sent(receipt_at=moment("2026-11-11 15:00:00"))
    await own_home(play, "2026-11-11 14:50:00")
    await play.sent(BIRTH)
    await play.until(moment("2026-11-11 14:58:00"))
    await play.receive(BIRTH, moment("2026-11-11 15:01:00"))
    await play.asked(IDENTITY, 1)
    await play.consent(IDENTITY, FATHER["personal_id"])
    await play.until(moment("2026-11-11 15:10:00"))
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    await play.receive(RESIDENCE, moment("2026-11-11 14:55:00"))
    await play.see(lambda view: all(leg.due for leg in view.legs), "every clock runs")

    stored = await play.written()
    ahead_of_us = starts(stored)[BIRTH]
    assert moment("2026-11-11 14:58:00") <= ahead_of_us < moment("2026-11-11 14:58:30")
    legs = {leg.key: leg for leg in stored.legs}
    assert starts(stored)[RESIDENCE] == legs[RESIDENCE].sent_at
    assert starts(stored)[IDENTITY] == legs[IDENTITY].sent_at
    assert starts(stored)[HEALTH] == legs[HEALTH].acknowledged_at
    assert dues(stored) == {
        GROUP_CLOCK: closing("2026-11-16"),
        BIRTH: closing("2026-11-11"),
        RESIDENCE: closing("2026-11-16"),
        HEALTH: closing("2026-11-16"),
        IDENTITY: closing("2026-11-19"),
    }


@pytest.mark.rule("6.4-civil-status", "6.4-difference-told")
async def test_the_registration_counts_from_the_civil_status_software_once_passed_on(play: Play) -> None:
    await own_home(play, "2026-11-11 14:00:00")
    await play.receive(BIRTH)
    leg = await play.leg(BIRTH)
    assert leg.expected is not None
    promised = leg.expected.at
    assert leg.due is not None
    assert leg.due.at == promised == closing("2026-11-11")
    await play.until(moment("2026-11-11 15:00:01"))
    await play.agency(BIRTH, PassedOn(at=moment("2026-11-11 15:00:01")))
    await play.see(lambda view: (due := view.legs[0].due) is not None and due.at != promised, "another due date")
    with refused(FactRefusal.ALREADY_ANSWERED):
        await play.agency(BIRTH, PassedOn(at=moment("2026-11-11 15:00:01")))
    stored = await play.written()
    assert dues(stored) == {BIRTH: closing("2026-11-12"), GROUP_CLOCK: closing("2026-11-16")}
    [told] = notices(stored, Notice.LEG_DATES)
    assert "17:00 thứ Năm 12/11/2026 (dự kiến trước đây 17:00 thứ Tư 11/11/2026)" in told


# --- Consent time is outside the processing time -------------------------------------------------------------------


@pytest.mark.rule(
    "4.4-residence-clock", "4.5-sent-when-complete", "6.5-resumption-15", "6.5-group-stops", "6.6-outside"
)
@pytest.mark.parametrize(
    ("last_answer", "group_due", "residence_received", "residence_due"),
    [
        ("2026-11-19 14:30:00", "2026-11-25", "2026-11-19 14:40:00", "2026-11-23"),
        ("2026-11-23 15:00:00", "2026-11-27", "2026-11-23 15:20:00", "2026-11-27"),
        ("2026-11-23 15:00:01", "2026-11-30", "2026-11-25 15:00:00", "2026-11-27"),
    ],
)
async def test_the_group_clock_stands_still_from_certificate_to_last_consent(
    play: Play, last_answer: str, group_due: str, residence_received: str, residence_due: str
) -> None:
    """Received Thursday 19/11, due Wednesday 25/11 (24/11 is off); working days lost to the wait are given back.

    The clock of the residence starts when its agency, which gets it after the last consent, has received it.
    """
    answered = moment(last_answer)
    await play.declare("grandparents-home", "2026-11-19 09:00:00")
    await play.sent(BIRTH)
    await play.until(moment("2026-11-19 10:00:00"))
    await play.receive(BIRTH, moment("2026-11-19 10:00:00"))
    await play.asked(RESIDENCE, 2)
    await play.consent(RESIDENCE, HOUSEHOLDER)
    await play.until(moment("2026-11-19 14:00:00"))
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    await play.sent(HEALTH)
    waiting = await play.see(lambda view: bool(view.due and view.due.stopped), "the group's clock is stopped")
    assert waiting.due is not None
    assert waiting.due.at is None
    assert waiting.legs[1].stage is LegStage.WAITING_CONSENTS
    await play.until(answered)
    assert [message.leg for message in play.world.legs] == [BIRTH, HEALTH]
    await play.consent(RESIDENCE, OWNER, at=answered)
    assert [consent.granted_at for consent in (await play.sent(RESIDENCE)).consents][1] == answered

    stored = await play.written()
    [group] = [clock for clock in stored.clocks if clock.clock == GROUP_CLOCK]
    assert [entry.kind for entry in group.entries] == [
        ClockEntryKind.STARTED,
        ClockEntryKind.STOPPED,
        ClockEntryKind.RESUMED,
    ]
    assert [entry.at for entry in group.entries[1:]] == [stored.legs[0].ended_at, answered]
    assert dues(stored)[GROUP_CLOCK] == closing(group_due)
    told = notices(stored, Notice.GROUP_DATES)
    assert len(told) == (group_due != "2026-11-25")
    assert RESIDENCE not in starts(stored)

    received = moment(residence_received)
    await play.until(received)
    await play.receive(RESIDENCE, received)
    stored = await play.written()
    assert starts(stored)[RESIDENCE] == received
    assert dues(stored)[RESIDENCE] == closing(residence_due)


@pytest.mark.rule("4.5-sent-when-complete", "6.5-group-stops")
async def test_consents_given_before_the_certificate_stop_nothing(play: Play) -> None:
    await play.declare("grandparents-home", "2026-11-19 09:00:00")
    await play.receive(BIRTH)
    await play.asked(RESIDENCE, 2)
    for person in (HOUSEHOLDER, OWNER):
        await play.consent(RESIDENCE, person)
    await play.until(moment("2026-11-19 16:00:00"))
    assert [message.leg for message in play.world.legs] == [BIRTH]
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    await play.sent(RESIDENCE)
    stored = await play.written()
    [group] = [clock for clock in stored.clocks if clock.clock == GROUP_CLOCK]
    assert [entry.kind for entry in group.entries] == [ClockEntryKind.STARTED]
    assert dues(stored)[GROUP_CLOCK] == closing("2026-11-25")


# --- What is promised, and whether it was kept ---------------------------------------------------------------------


@pytest.mark.rule(
    "4.2-appointments", "4.2-appointment-channels", "6.4-expected", "6.4-difference-told", "10.which-receipt"
)
async def test_every_date_is_promised_at_receipt_and_a_change_is_told(play: Play) -> None:
    await own_home(play, "2026-11-19 09:00:00")
    await play.receive(BIRTH)
    await play.asked(IDENTITY, 1)
    await play.consent(IDENTITY, FATHER["personal_id"])
    stored = await play.written()
    for channel in (System.PORTAL, System.VNEID, System.SMS):
        [promise] = notices(stored, Notice.EXPECTED_DATES, channel)
        assert "Hẹn trả kết quả chung: 17:00 thứ Tư 25/11/2026" in promise
        assert "Đăng ký khai sinh 17:00 thứ Năm 19/11/2026" in promise
        assert "Đăng ký thường trú 17:00 thứ Hai 23/11/2026" in promise
        assert "Cấp thẻ bảo hiểm y tế cho trẻ em dưới 6 tuổi 17:00 thứ Hai 23/11/2026" in promise
        assert "Cấp thẻ căn cước cho trẻ em dưới 6 tuổi 17:00 thứ Sáu 27/11/2026" in promise

    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    await play.receive(HEALTH)
    await play.sent(RESIDENCE)
    await play.until(moment("2026-11-20 15:07:00"))
    await play.receive(RESIDENCE, moment("2026-11-20 15:07:00"))
    [change] = await play.told(Notice.LEG_DATES)
    assert "Đăng ký thường trú" in change
    assert "17:00 thứ Năm 26/11/2026 (dự kiến trước đây 17:00 thứ Hai 23/11/2026)" in change
    assert "Tiếp nhận 15:07 thứ Sáu 20/11/2026, sau 15 giờ nên tính từ thứ Hai 23/11" in change


@pytest.mark.rule("4.7-identity-card-limit", "6.8-late-result", "6.8-timeliness")
@pytest.mark.parametrize(
    ("received", "decided", "leg", "group"),
    [
        ("2026-11-20 10:00:00", "2026-11-23 23:00:00", Timeliness.EARLY, Timeliness.EARLY),
        ("2026-11-20 10:00:00", "2026-11-25 17:00:00", Timeliness.ON_TIME, Timeliness.ON_TIME),
        ("2026-11-20 10:00:00", "2026-11-25 17:00:01", Timeliness.LATE, Timeliness.LATE),
        ("2026-11-23 10:00:00", "2026-11-26 09:00:00", Timeliness.ON_TIME, Timeliness.LATE),
    ],
)
async def test_early_on_time_late(play: Play, received: str, decided: str, leg: Timeliness, group: Timeliness) -> None:
    """The group is due Wednesday 25/11; the residence part 2 working days after its own receipt. Late is accepted."""
    await own_home(play, "2026-11-19 09:00:00")
    await play.receive(BIRTH)
    await play.asked(IDENTITY, 1)
    await play.consent(IDENTITY, FATHER["personal_id"])
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    await play.complete(HEALTH)
    await play.receive(IDENTITY)
    await play.until(moment(received))
    await play.receive(RESIDENCE, moment(received))
    await play.until(moment(decided))
    await play.decide(RESIDENCE, DocumentKind.RESIDENCE_NOTICE, at=moment(decided))
    await play.until(moment("2026-12-10 09:00:00"))
    await play.decide(IDENTITY, DocumentKind.IDENTITY_CARD)
    outcome = await play.ended()

    assert outcome.outcome is DossierOutcome.COMPLETED
    assert {ended.key: ended.timeliness for ended in outcome.legs} == {
        BIRTH: Timeliness.ON_TIME,
        RESIDENCE: leg,
        HEALTH: Timeliness.EARLY,
        IDENTITY: Timeliness.LATE,
    }
    assert outcome.timeliness is group, "the identity card stands outside the group's promise"
    stored = await play.written()
    words = {Timeliness.EARLY: "sớm hạn", Timeliness.ON_TIME: "đúng hạn", Timeliness.LATE: "quá hạn"}
    [concluded] = notices(stored, Notice.CONCLUDED)
    assert f"hoàn thành tất cả thủ tục, {words[group]}." in concluded
    assert f"Đăng ký thường trú: hoàn thành ({words[leg]})" in concluded


@pytest.mark.rule("6.8-timeliness")
async def test_a_registration_decided_the_next_day_is_late_whenever_its_certificate_comes(play: Play) -> None:
    await own_home(play, "2026-11-19 09:00:00")
    await play.receive(BIRTH)
    await play.until(moment("2026-11-20 08:00:00"))
    await play.decide(BIRTH, at=moment("2026-11-20 08:00:00"))
    await play.until(moment("2026-11-20 09:00:00"))
    await play.certify()
    await play.sent(HEALTH)
    late = (await play.written()).legs[0]
    assert late.timeliness is Timeliness.LATE
    assert late.completed
