"""The simulator by itself: its events, its book, its moods, its restarts."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import UnionType
from typing import Any

import pytest

from activities.adapters import Adapters
from activities.http import AgencyRejected
from ledger.documents import DocumentStore
from models.base import LEGAL_ZONE
from models.documents import DocumentKind
from models.facts import AgencyEvent, Decided, InboundFact, Received, Refused, ResultDocument
from models.form_facts import PersonRole
from models.identity import personal_id_parts
from models.messages import LegMessage
from models.statuses import Status, StatusSystem, status_label
from models.systems import System
from processes.serving import serving
from simulator.records import AnswerState
from tests.activities.simulated import (
    CODE,
    LEGS,
    SENT_AT,
    Gateway,
    Stage,
    consent_message,
    death_message,
    declared,
    heard,
    leg_message,
    read,
    settings_for,
    simulator,
    stage,
)
from tests.keys import MASTERS

AGENCIES = list(LEGS)
REFUSAL = {
    "reason_code": "cho-o-khong-hop-phap",
    "documents": (),
    "fields": ("residence_registration.address",),
    "legal_basis": "Luật Cư trú 2020 Điều 20",
    "text": "Địa chỉ không phải chỗ ở hợp pháp.",
}


async def submit(play: Stage, system: System, code: str = CODE, sent_at: datetime = SENT_AT) -> None:
    """Send a leg's part."""
    await play.adapters.agencies[system].submit(leg_message(system, code, sent_at), read)


def facts(play: Stage, store: Path) -> list[InboundFact]:
    """The events as our gateway reads them."""
    return [heard(event, store) for event in play.gateway.events]


def of_kind(event: InboundFact, kind: type[Any] | UnionType) -> Any:
    """The fact of an agency's event, which must be of that kind."""
    assert isinstance(event, AgencyEvent)
    assert isinstance(event.fact, kind)
    return event.fact


# The straight path


async def test_the_province_receives_passes_on_registers_and_then_sends_the_certificate(tmp_path: Path) -> None:
    async with stage() as play:
        await submit(play, System.PROVINCIAL)
        kinds = await play.gateway.steps(4)
        book = await play.settled()
        events = facts(play, tmp_path)
    assert kinds == ["received", "passed_on", "decided", "result_document"]
    assert [event.id for event in play.gateway.events] == [f"{CODE}:birth_registration:{kind}" for kind in kinds]
    assert all(isinstance(event, AgencyEvent) and event.leg == "birth_registration" for event in events)
    statuses = [event.status for event in events if isinstance(event, AgencyEvent)]
    assert [status and status.code for status in statuses] == ["3", "7", "4", None]
    assert all(status is None or status_label(status) for status in statuses)

    code = of_kind(events[0], Received).agency_code
    assert re.fullmatch(r"H\d\d\.\d\d\.\d\d-261119-\d{4}", code)
    assert {event.provincial_code for event in events if isinstance(event, AgencyEvent)} == {code}

    decided = of_kind(events[2], Decided)
    (registration,) = book.registrations
    assert (decided.number, decided.identity_number) == (registration.number, registration.identity_number)
    assert decided.documents == ()
    parts = personal_id_parts(decided.identity_number)
    child = declared().child
    assert (parts.prefix, parts.sex, parts.year, parts.prefix_known) == ("001", child.sex, child.born_on.year, True)

    (certificate,) = of_kind(events[3], ResultDocument).documents
    assert certificate.kind is DocumentKind.BIRTH_CERTIFICATE
    content = DocumentStore(tmp_path, MASTERS).get(certificate)
    assert content.startswith(b"%PDF-")
    assert registration.number.encode() in content
    assert int(content.split(b"startxref\n")[1].split()[0]) == content.index(b"xref\n0 ")


DECIDED = ["decided"]
RECEIVED = ["received", *DECIDED]
REGISTERED = ["received", "passed_on", "decided", "result_document"]


@pytest.mark.parametrize(
    ("message", "kinds", "number", "result"),
    [
        (leg_message(System.RESIDENCE), RECEIVED, r"TT-\d+/2026", DocumentKind.RESIDENCE_NOTICE),
        (leg_message(System.SOCIAL_INSURANCE), DECIDED, r"TE101\d{10}", DocumentKind.HEALTH_INSURANCE_CARD),
        (leg_message(System.IDENTITY), DECIDED, r"CC-\d+/2026", DocumentKind.IDENTITY_CARD),
        (death_message("death_registration"), REGISTERED, r"\d+/2026", DocumentKind.DEATH_EXTRACT),
        (death_message("residence_deregistration"), RECEIVED, r"XTT-\d+/2026", DocumentKind.DEREGISTRATION_NOTICE),
        (death_message("insurance_funeral_benefit"), DECIDED, r"MT-\d+/2026", DocumentKind.FUNERAL_DECISION),
        (death_message("insurance_survivor_benefit"), DECIDED, r"TT-\d+/2026", DocumentKind.SURVIVOR_DECISION),
        (death_message("survivor_benefit_end"), DECIDED, r"TH-\d+/2026", DocumentKind.BENEFIT_END_DECISION),
        (death_message("funeral_cost_support"), RECEIVED, r"BTXH-\d+/2026", DocumentKind.FUNERAL_DECISION),
        (death_message("merit_funeral_benefit"), RECEIVED, r"MTP-NCC-\d+/2026", DocumentKind.FUNERAL_DECISION),
        (death_message("merit_survivor_benefit"), RECEIVED, r"TT-NCC-\d+/2026", DocumentKind.SURVIVOR_DECISION),
    ],
    ids=lambda value: value.leg if isinstance(value, LegMessage) else "",
)
async def test_each_agency_decides_by_leg(
    tmp_path: Path, message: LegMessage, kinds: list[str], number: str, result: DocumentKind
) -> None:
    async with stage() as play:
        await play.adapters.agencies[message.system].submit(message, read)
        assert await play.gateway.steps(len(kinds)) == kinds
        book = await play.settled()
        events = facts(play, tmp_path)
    assert {(event.leg, event.source) for event in events if isinstance(event, AgencyEvent)} == {
        (message.leg, message.system)
    }
    decided = of_kind(events[kinds.index("decided")], Decided)
    assert re.fullmatch(number, decided.number)
    last = of_kind(events[-1], Decided | ResultDocument)
    assert [document.kind for document in last.documents] == [result]
    assert [registration.number for registration in book.registrations] == [decided.number]


@pytest.mark.parametrize("system", [System.PROVINCIAL, System.RESIDENCE, System.SOCIAL_AFFAIRS])
async def test_an_agency_takes_no_part_of_another_agency(system: System) -> None:
    async with stage() as play:
        with pytest.raises(AgencyRejected):
            await play.adapters.agencies[system].submit(leg_message(system, leg="identity_card"), read)
        assert (await play.book()).intakes == ()


async def test_people_and_payers_answer(tmp_path: Path) -> None:
    async with stage() as play:
        await play.adapters.vneid.ask(consent_message(PersonRole.HOUSEHOLDER, "001092000001"))
        await play.settled()
        (consent,) = facts(play, tmp_path)
    assert consent.message_id == f"{CODE}:residence_registration:householder:consent"


# Legal time


@pytest.mark.rule("6.10-simulator")
async def test_times_are_those_of_the_dossier_and_never_go_back(tmp_path: Path) -> None:
    tet = datetime(2027, 2, 4, 14, 59, tzinfo=LEGAL_ZONE)
    early = "G22.99.08-270204-000002"
    async with stage() as play:
        await submit(play, System.RESIDENCE, sent_at=tet)
        await play.settled()
        await submit(play, System.IDENTITY, sent_at=tet - timedelta(days=3))
        book = await play.settled()
        await submit(play, System.IDENTITY, early, SENT_AT)
        other = await play.settled(early)
        stated = [event.fact.at for event in facts(play, tmp_path) if isinstance(event, AgencyEvent)]
    assert [tet - timedelta(seconds=1) <= at <= tet + timedelta(minutes=1) for at in stated] == [
        True,
        True,
        True,
        False,
    ]
    assert all(intake.at >= tet - timedelta(seconds=1) for intake in book.intakes)
    assert abs(other.intakes[0].at - SENT_AT) < timedelta(minutes=1)


# Delivery


async def test_events_are_repeated_until_the_gateway_takes_them() -> None:
    async with stage() as play:
        play.gateway.replies = [503, 429, 500, 202]
        await submit(play, System.RESIDENCE)
        book = await play.settled()
    received, decided = book.answers
    assert (received.attempts, received.state, received.problem) == (4, AnswerState.ACCEPTED, None)
    assert (decided.attempts, decided.state) == (1, AnswerState.ACCEPTED)
    assert [event.id for event in play.gateway.events] == [received.message_id, decided.message_id]


async def test_a_definite_refusal_is_noted_and_the_course_goes_on() -> None:
    async with stage() as play:
        play.gateway.replies = [409]
        await submit(play, System.RESIDENCE)
        book = await play.settled()
    received, decided = book.answers
    assert (received.state, received.attempts) == (AnswerState.REFUSED, 1)
    assert received.problem is not None
    assert "urn:test:refused" in received.problem
    assert decided.state is AnswerState.ACCEPTED


async def test_a_restart_goes_on_where_it_stopped(tmp_path: Path) -> None:
    book_file = tmp_path / "book.db"
    gateway = Gateway()
    async with simulator("http://127.0.0.1:1", book_file) as url, Adapters(settings_for(url)) as adapters:
        await adapters.agencies[System.PROVINCIAL].submit(leg_message(System.PROVINCIAL), read)
        async with opened(url, gateway, adapters) as play, asyncio.timeout(10):
            while not any(answer.attempts for answer in (await play.book()).answers):
                await asyncio.sleep(0.01)
    async with (
        serving(gateway.app) as gateway_url,
        simulator(gateway_url, book_file) as url,
        Adapters(settings_for(url)) as adapters,
        opened(url, gateway, adapters) as play,
    ):
        again = await adapters.agencies[System.PROVINCIAL].submit(leg_message(System.PROVINCIAL), read)
        book = await play.settled()
    assert [event.data["fact"]["kind"] for event in gateway.events] == [
        "received",
        "passed_on",
        "decided",
        "result_document",
    ]
    assert len(book.intakes) == len(book.registrations) == 1
    assert again.agency_code == book.intakes[0].agency_code


@asynccontextmanager
async def opened(url: str, gateway: Gateway, adapters: Adapters) -> AsyncIterator[Stage]:
    """A stage of parts that the test has put up itself."""
    async with aclosing(Stage(url, gateway, adapters)) as play:
        yield play


# Instructions


@pytest.mark.parametrize("system", AGENCIES)
async def test_an_agency_refuses_when_told_to(tmp_path: Path, system: System) -> None:
    async with stage() as play:
        await play.instruct(system, refuse=REFUSAL)
        await submit(play, system)
        book = await play.settled()
        *_, last = facts(play, tmp_path)
    assert of_kind(last, Refused).model_dump(exclude={"kind", "at"}) == REFUSAL
    assert book.registrations == ()
    if system is System.PROVINCIAL:
        assert isinstance(last, AgencyEvent)
        assert last.status == Status(system=StatusSystem.LINKING, code="6")


async def test_the_other_moods_of_agencies() -> None:
    async with stage() as play:
        await play.instruct(System.RESIDENCE, verification=True)
        await submit(play, System.RESIDENCE)
        await play.settled()
        await play.instruct(System.PROVINCIAL, no_certificate=True)
        await submit(play, System.PROVINCIAL)
        await play.settled()
        await play.instruct(System.IDENTITY, silent=True)
        await submit(play, System.IDENTITY)
        book = await play.settled()
    assert [fact["kind"] for fact in play.gateway.facts()] == [
        "received",
        "verification",
        "decided",
        "received",
        "passed_on",
        "decided",
    ]
    assert {intake.system for intake in book.intakes} == {System.RESIDENCE, System.PROVINCIAL, System.IDENTITY}
    assert System.IDENTITY not in {registration.system for registration in book.registrations}


async def test_a_delay_holds_one_dossier_back_and_no_other() -> None:
    slow = "G22.99.08-261119-000002"
    async with stage() as play:
        await play.instruct(System.IDENTITY, slow, delay=3600)
        await submit(play, System.IDENTITY, slow)
        await submit(play, System.IDENTITY)
        await play.settled()
        waiting = await play.book(slow)
    assert [event.subject for event in play.gateway.events] == [CODE]
    assert [answer.state for answer in waiting.answers] == [AnswerState.WAITING]


async def test_people_answer_as_told_by_number_or_by_role() -> None:
    async with stage() as play:
        await play.instruct(System.VNEID, consents={"001092000001": "declined", "dwelling_owner": "silent"})
        await play.adapters.vneid.ask(consent_message(PersonRole.HOUSEHOLDER, "001092000001"))
        await play.adapters.vneid.ask(consent_message(PersonRole.DWELLING_OWNER, "001092000002"))
        await play.adapters.vneid.ask(consent_message(PersonRole.PARENT, "001092000003"))
        book = await play.settled()
    answers = {event.data["personal_id"]: event.data["answer"] for event in play.gateway.events}
    assert answers == {"001092000001": "declined", "001092000003": "granted"}
    assert [asked.reply.value for asked in book.consents] == ["declined", "silent", "granted"]


async def test_an_instruction_for_every_dossier_gives_way_to_one_of_its_own() -> None:
    other = "G22.99.08-261119-000002"
    async with stage() as play:
        await play.instruct(System.IDENTITY, "*", refuse=REFUSAL)
        await play.instruct(System.IDENTITY, other)
        for code in (CODE, other):
            await submit(play, System.IDENTITY, code)
            await play.settled(code)
    assert [fact["kind"] for fact in play.gateway.facts()] == ["refused", "decided"]


@pytest.mark.parametrize(
    "wrong", [{"delay": -1}, {"fail_with": 200}, {"fail_with": "x"}, {"refuse": {"text": ""}}, {"typo": 1}]
)
async def test_a_wrong_instruction_is_refused(wrong: dict[str, Any]) -> None:
    async with stage() as play:
        reply = await play.http.put(f"/instructions/{CODE}/residence", json=wrong)
        assert reply.status_code == 422
        assert reply.headers["content-type"] == "application/problem+json"
        assert (await play.http.put(f"/instructions/{CODE}/nobody", json={})).status_code == 422
