"""Looking up at an agency what became of a part: the same facts as its events bring, on every wire."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from activities.adapters import Adapters
from activities.http import AgencyUnreadable
from ledger.documents import DocumentStore
from models.facts import AgencyEvent, Decided, Received, ResultDocument
from models.groups import Group
from models.messages import LegQuery
from models.systems import System
from simulator.records import AnswerState
from tests.activities.simulated import CODE, DEATH_LEGS, LEGS, SENT_AT, crooked, head, heard, leg_message, read, stage
from tests.keys import MASTERS

AGENCIES = list(LEGS)
STEPS = ["received", "passed_on", "decided", "result_document"]


def query(system: System) -> LegQuery:
    """What became of the part that agency has?"""
    group = Group.DEATH if LEGS[system] in DEATH_LEGS else Group.BIRTH
    return LegQuery(head=head("look_up"), group=group, system=system, leg=LEGS[system])


async def found(adapters: Adapters, system: System, store: Path) -> dict[str, AgencyEvent]:
    """The facts that a look-up brings, by kind."""
    facts = [heard(event, store) for event in await adapters.agencies[system].look_up(query(system))]
    assert all(isinstance(fact, AgencyEvent) for fact in facts)
    return {fact.fact.kind: fact for fact in facts if isinstance(fact, AgencyEvent)}


@pytest.mark.parametrize("system", AGENCIES)
async def test_a_decision_nobody_was_told_of_is_found(tmp_path: Path, system: System) -> None:
    async with stage() as play:
        await play.instruct(system, lose=STEPS)
        await play.adapters.agencies[system].submit(leg_message(system), read)
        facts: Mapping[str, AgencyEvent] = {}
        async with asyncio.timeout(10):
            while not _complete(facts):
                facts = await found(play.adapters, system, tmp_path)
        (registration,) = (await play.book()).registrations
        assert play.gateway.events == []
        assert {answer.state for answer in (await play.book()).answers} == {AnswerState.LOST}
    decided = facts["decided"].fact
    assert isinstance(decided, Decided)
    assert (decided.number, decided.identity_number) == (registration.number, registration.identity_number)
    assert abs((decided.at - registration.at).total_seconds()) < 1
    if "received" in facts:
        receipt = facts["received"].fact
        assert isinstance(receipt, Received)
        assert receipt.agency_code
        assert abs((receipt.at - SENT_AT).total_seconds()) < 60
    papers = facts["result_document"].fact if "result_document" in facts else decided
    assert isinstance(papers, Decided | ResultDocument)
    (document,) = papers.documents
    assert DocumentStore(tmp_path, MASTERS).get(document).startswith(b"%PDF-")
    assert {(fact.leg, fact.source, fact.dossier_code) for fact in facts.values()} == {(LEGS[system], system, CODE)}


def _complete(facts: Mapping[str, AgencyEvent]) -> bool:
    return "result_document" in facts or bool(facts.get("decided") and _papers(facts["decided"]))


def _papers(event: AgencyEvent) -> bool:
    return isinstance(event.fact, Decided) and bool(event.fact.documents)


@pytest.mark.parametrize("system", AGENCIES)
async def test_every_look_up_brings_the_same_messages(tmp_path: Path, system: System) -> None:
    async with stage() as play:
        await play.adapters.agencies[system].submit(leg_message(system), read)
        await play.settled()
        first, again = [await found(play.adapters, system, tmp_path) for _ in range(2)]
    assert first == again
    assert len({fact.message_id for fact in first.values()}) == len(first)


@pytest.mark.parametrize("system", [System.RESIDENCE, System.SOCIAL_AFFAIRS, System.IDENTITY])
async def test_what_a_friendly_agency_tells_twice_is_one_message(tmp_path: Path, system: System) -> None:
    async with stage() as play:
        await play.adapters.agencies[system].submit(leg_message(system), read)
        await play.settled()
        facts = await found(play.adapters, system, tmp_path)
    assert [fact.message_id for fact in facts.values()] == [event.id for event in play.gateway.events]


@pytest.mark.parametrize("system", [System.PROVINCIAL, System.SOCIAL_INSURANCE])
async def test_a_part_the_agency_does_not_know_brings_nothing(system: System) -> None:
    async with stage() as play:
        assert await play.adapters.agencies[system].look_up(query(system)) == ()


async def test_a_time_that_does_not_parse_is_no_receipt() -> None:
    known = {"maHoSo": CODE, "maHoSoMCDT": "H26.11.02-261119-0001", "ngayTiepNhan": "2026-11-19 09:30"}
    async with crooked({CODE: {"maKetQua": "00", "thongBao": "thành công", "hoSo": known}}) as (_, adapters):
        with pytest.raises(AgencyUnreadable):
            await adapters.agencies[System.PROVINCIAL].look_up(query(System.PROVINCIAL))
