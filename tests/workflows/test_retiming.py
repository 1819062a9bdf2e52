"""A calendar announced anew moves the dates of running dossiers (REQUIREMENTS §6.1). Plays on 19 November 2026."""

from pathlib import Path

import pytest

from models.calendar import load_calendar
from models.clock import ClockEntryKind
from models.documents import DocumentKind
from models.dossier import DossierOutcome, LegStage
from models.publication import Notice
from models.start import CALENDAR_CHANGED
from tests.workflows.harness import Play, notices
from tests.workflows.inputs import HEALTH, RESIDENCE, moment

ANNOUNCED = """date,kind,reason,document,source,confidence
2026-11-23,off,Hoán đổi (làm bù Thứ Bảy 28/11/2026),Công văn thử,https://example.invalid/thu,high
2026-11-28,work,Làm bù (hoán đổi cho Thứ Hai 23/11/2026),Công văn thử,https://example.invalid/thu,high
"""


async def announce(play: Play, folder: Path) -> str:
    """The operator extends the calendar and sends the word; the new calendar's version."""
    file = folder / "calendar.csv"
    file.write_text(ANNOUNCED, "utf-8")
    play.law.calendar = load_calendar(file)
    await play.handle.signal(CALENDAR_CHANGED)
    return play.law.calendar.version


@pytest.mark.rule("6.1-running-dossiers", "6.4-difference-told", "6.7-entries")
async def test_running_clocks_and_consents_move_with_the_calendar(play: Play, tmp_path: Path) -> None:
    await play.declare("grandparents-home", "2026-11-19 09:00:00")
    await play.register()
    await play.receive(HEALTH)
    await play.see(lambda view: view.legs[1].stage is LegStage.WAITING_CONSENTS, "only consents are missing")
    before = await play.view()
    assert before.legs[2].due is not None
    assert before.legs[2].due.at == moment("2026-11-23 17:00:00")
    assert {c.due.at for c in before.legs[1].consents} == {moment("2026-11-28 00:00:00")}

    version = await announce(play, tmp_path)

    after = await play.see(
        lambda view: view.legs[2].due is not None and view.legs[2].due.calendar_version == version, "re-timed"
    )
    health, residence = after.legs[2], after.legs[1]
    assert health.due is not None
    assert health.due.at == moment("2026-11-25 17:00:00")
    assert health.clock is not None
    assert health.clock.entries[-1].kind is ClockEntryKind.RETIMED
    assert health.clock.entries[-1].calendar_version == version
    assert {c.due.at for c in residence.consents} == {moment("2026-11-29 00:00:00")}
    told = notices(await play.written(), Notice.LEG_DATES)
    assert any("17:00 thứ Tư 25/11/2026" in text and "17:00 thứ Hai 23/11/2026" in text for text in told)

    await play.until(moment("2026-11-28 12:00:00"))
    assert (await play.leg(RESIDENCE)).stage is LegStage.WAITING_CONSENTS
    await play.until(moment("2026-11-29 00:00:01"))
    view = await play.see(
        lambda view: all(c.agreement for c in view.legs[1].consents), "expired at the new end, not at the old one"
    )
    assert {c.limit_ends_at for c in view.legs[1].consents} == {moment("2026-12-05 00:00:00")}


@pytest.mark.rule("6.1-running-dossiers")
async def test_the_citizens_limit_at_intake_moves_too(play: Play, tmp_path: Path) -> None:
    await play.declare("plain", "2026-11-19 09:00:00", results={"birth_certificate_copies": 1})
    view = await play.see(lambda view: view.limit is not None, "a limit for the fee")
    assert view.limit is not None
    assert view.limit.ends_at == moment("2026-11-28 00:00:00")
    await announce(play, tmp_path)
    await play.see(lambda v: v.limit is not None and v.limit.ends_at == moment("2026-11-29 00:00:00"), "moved")
    await play.until(moment("2026-11-29 00:00:01"))
    assert (await play.handle.result()).outcome is DossierOutcome.UNPAID


async def test_word_of_an_unchanged_calendar_changes_nothing(play: Play) -> None:
    await play.declare("plain", "2026-11-19 09:00:00")
    await play.register()
    await play.receive(HEALTH)
    before = await play.view()
    await play.handle.signal(CALENDAR_CHANGED)
    await play.decide(HEALTH, DocumentKind.HEALTH_INSURANCE_CARD)
    after = await play.view()
    assert before.clock is not None
    assert after.clock is not None
    assert len(after.clock.entries) == len(before.clock.entries)
    assert after.refused_signals == 0
