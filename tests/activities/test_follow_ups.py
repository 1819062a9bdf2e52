"""Follow-ups on every agency's wire: they arrive whole, exactly once, and the office acts on them."""

from datetime import timedelta
from typing import Any

import pytest

from activities.http import AgencyNotReady, AgencyUnavailable
from models.documents import DocumentKind
from models.messages import Dispatch, DispatchKind, FieldChange, FollowUp, FollowUpKind
from models.systems import System
from simulator.records import AnswerState
from tests.activities.simulated import CODE, LEGS, SENT_AT, Stage, attachment, calls, head, leg_message, read, stage

AGENCIES = list(LEGS)
UNFRIENDLY = [System.PROVINCIAL, System.SOCIAL_INSURANCE]
CHANGE = FieldChange(path="applicant.phone", label="Số điện thoại của người yêu cầu", value="0912000399")
DEMAND = {
    "reason_code": "BS01",
    "documents": ["residence_papers"],
    "legal_basis": "Luật Cư trú 2020 Điều 21",
    "text": "Bổ sung giấy tờ chứng minh chỗ ở hợp pháp.",
}


def follow_up(system: System, kind: FollowUpKind, **changes: Any) -> FollowUp:
    """More about the part that agency has."""
    message = FollowUp(
        head=head(f"{LEGS[system]}:{kind.value}"),
        system=system,
        leg=LEGS[system],
        kind=kind,
        text="Công dân bổ sung theo yêu cầu của cơ quan.",
    )
    return message.model_copy(update=changes)


async def submitted(play: Stage, system: System, **instruction: Any) -> None:
    """That agency has its part and has said what it says by itself."""
    await play.instruct(system, **instruction)
    await play.adapters.agencies[system].submit(leg_message(system), read)
    await play.settled()


def kinds(play: Stage) -> list[str]:
    """What the agencies have said."""
    return [fact["kind"] for fact in play.gateway.facts()]


@pytest.mark.parametrize("system", AGENCIES)
async def test_a_supplement_arrives_whole_and_the_part_goes_on(system: System) -> None:
    supplement = follow_up(system, FollowUpKind.SUPPLEMENT, documents=(attachment(),), changes=(CHANGE,))
    async with stage() as play:
        await submitted(play, system, supplement=DEMAND)
        before = kinds(play)
        sent = await play.adapters.agencies[system].follow_up(supplement, read)
        book = await play.settled()
        after = kinds(play)[len(before) :]
    assert before[-1] == "supplement_requested"
    (taken,) = book.follow_ups
    assert (taken.kind, taken.leg, taken.text) == (FollowUpKind.SUPPLEMENT, LEGS[system], supplement.text)
    assert (taken.files, taken.changes) == ((attachment(),), (CHANGE,))
    assert sent.receipt_follows == (after[0] == "received")
    assert sent.receipt_follows or (sent.receipt_at and sent.receipt_at - SENT_AT < timedelta(minutes=1))
    assert after[sent.receipt_follows] == "decided"
    assert len(book.registrations) == 1


@pytest.mark.parametrize("system", AGENCIES)
@pytest.mark.parametrize("kind", FollowUpKind)
async def test_each_kind_is_taken_once_however_its_answer_is_lost(system: System, kind: FollowUpKind) -> None:
    message = follow_up(system, kind, registration_number="1/2026", documents=(attachment(),), changes=(CHANGE,))
    async with stage() as play:
        await submitted(play, system, supplement=DEMAND)
        await play.instruct(system, fail_times=1, fail_with="drop")
        with pytest.raises(AgencyUnavailable):
            await play.adapters.agencies[system].follow_up(message, read)
        for _ in range(2):
            await play.adapters.agencies[system].follow_up(message, read)
        book = await play.settled()
    (taken,) = book.follow_ups
    assert (taken.kind, taken.text, taken.files) == (kind, message.text, message.documents)
    expected = None if kind is FollowUpKind.SUPPLEMENT and system is System.PROVINCIAL else "1/2026"
    assert taken.registration_number == expected


@pytest.mark.parametrize("system", AGENCIES)
async def test_two_messages_of_one_kind_in_one_second_are_two(system: System) -> None:
    first, second = (
        follow_up(system, FollowUpKind.REPLACEMENT, head=head(f"{LEGS[system]}:replacement:{number}"))
        for number in (1, 2)
    )
    async with stage() as play:
        await submitted(play, system)
        for message in (first, second, first):
            await play.adapters.agencies[system].follow_up(message, read)
        assert len((await play.settled()).follow_ups) == 2


@pytest.mark.parametrize("system", AGENCIES)
async def test_the_outbox_hands_follow_ups_to_agencies(system: System) -> None:
    message = follow_up(system, FollowUpKind.OVERDUE)
    row = Dispatch(
        head=message.head, channel=system, kind=DispatchKind.FOLLOW_UP, recipient="001194000001", follow_up=message
    )
    async with stage() as play:
        await submitted(play, system)
        for _ in range(2):
            await play.adapters.deliver(row, read)
        book = await play.settled()
    assert [taken.kind for taken in book.follow_ups] == [FollowUpKind.OVERDUE]


async def test_the_province_takes_a_supplement_only_when_it_waits_for_one() -> None:
    """At any other time it calls the dossier a duplicate, which is no receipt (LAW A.6)."""
    async with stage() as play:
        await submitted(play, System.PROVINCIAL)
        with pytest.raises(AgencyNotReady):
            await play.adapters.agencies[System.PROVINCIAL].follow_up(
                follow_up(System.PROVINCIAL, FollowUpKind.SUPPLEMENT), read
            )
        assert (await play.book()).follow_ups == ()


async def test_two_supplements_in_a_row_are_told_apart() -> None:
    first = follow_up(System.PROVINCIAL, FollowUpKind.SUPPLEMENT)
    second = first.model_copy(update={"head": head("second", sent_at=SENT_AT + timedelta(hours=1))})
    async with stage() as play:
        await submitted(play, System.PROVINCIAL, supplement=DEMAND, supplement_rounds=2)
        for message in (first, second):
            await play.adapters.agencies[System.PROVINCIAL].follow_up(message, read)
            book = await play.settled()
    assert len(book.follow_ups) == 2
    assert kinds(play).count("supplement_requested") == 2
    assert kinds(play)[-1] == "result_document"


@pytest.mark.parametrize("system", UNFRIENDLY)
async def test_a_system_without_keys_is_asked_before_it_is_told_more(system: System) -> None:
    message = follow_up(system, FollowUpKind.SUPPLEMENT)
    async with stage() as play:
        await submitted(play, system, supplement=DEMAND)
        before = len(calls(await play.book(), system))
        for _ in range(2):
            await play.adapters.agencies[system].follow_up(message, read)
        book = await play.settled()
    assert calls(book, system)[before:].count("POST 200") == 1
    assert calls(book, system)[-1] == "GET 200"


async def test_a_letter_about_another_agencys_part_is_noted() -> None:
    """The province hears of what is late elsewhere."""
    letter = follow_up(System.PROVINCIAL, FollowUpKind.OVERDUE, leg=LEGS[System.RESIDENCE])
    async with stage() as play:
        await submitted(play, System.PROVINCIAL)
        await play.adapters.agencies[System.PROVINCIAL].follow_up(letter, read)
        book = await play.settled()
    assert [(taken.system, taken.leg) for taken in book.follow_ups] == [(System.PROVINCIAL, LEGS[System.RESIDENCE])]


# What an office does with them


@pytest.mark.parametrize("system", AGENCIES)
async def test_a_demand_the_gateway_refuses_changes_nothing(system: System) -> None:
    async with stage() as play:
        plain = {System.PROVINCIAL: 2, System.RESIDENCE: 1, System.SOCIAL_AFFAIRS: 1}.get(system, 0)
        play.gateway.replies = [202] * plain + [422, 422, 422]
        await submitted(play, system, supplement={}, returned={"documents": ["identity_card"]}, refuse={})
        book = await play.settled()
    refused = [answer.step for answer in book.answers if answer.state is AnswerState.REFUSED]
    assert refused == ["supplement_requested", "returned", "refused"]
    assert len(book.registrations) == 1


async def test_a_lost_certificate_comes_when_asked_for_by_its_number() -> None:
    async with stage() as play:
        await submitted(play, System.PROVINCIAL, lose=["result_document"])
        assert kinds(play) == ["received", "passed_on", "decided"]
        (registration,) = (await play.book()).registrations
        for hour, number in enumerate(("0/2026", registration.number)):
            asked = follow_up(
                System.PROVINCIAL,
                FollowUpKind.RESULT_ASKED,
                registration_number=number,
                head=head(f"asked:{number}", sent_at=SENT_AT + timedelta(hours=hour)),
            )
            await play.adapters.agencies[System.PROVINCIAL].follow_up(asked, read)
            await play.settled()
    assert kinds(play) == ["received", "passed_on", "decided", "result_document"]


async def test_grounds_are_given_when_demanded() -> None:
    system = System.SOCIAL_INSURANCE
    async with stage() as play:
        await submitted(play, system, unclassified="Hồ sơ thiếu.", supplement=DEMAND)
        assert kinds(play) == ["unclassified"]
        await play.adapters.agencies[system].follow_up(follow_up(system, FollowUpKind.GROUNDS_DEMANDED), read)
        await play.settled()
        assert kinds(play) == ["unclassified", "supplement_requested"]
        await play.adapters.agencies[system].follow_up(follow_up(system, FollowUpKind.SUPPLEMENT), read)
        await play.settled()
    assert kinds(play) == ["unclassified", "supplement_requested", "decided"]


@pytest.mark.parametrize("insists", [True, False])
async def test_free_text_without_grounds_waits_for_us_or_not(insists: bool) -> None:
    system = System.SOCIAL_INSURANCE
    async with stage() as play:
        await submitted(play, system, unclassified="Hồ sơ thiếu.", insists=insists)
        await play.adapters.agencies[system].follow_up(follow_up(system, FollowUpKind.GROUNDS_DEMANDED), read)
        book = await play.settled()
    assert len(book.registrations) == (0 if insists else 1)


async def test_a_withdrawn_part_is_left_alone() -> None:
    async with stage() as play:
        await submitted(play, System.RESIDENCE, supplement=DEMAND)
        withdrawal = follow_up(System.RESIDENCE, FollowUpKind.WITHDRAWAL)
        await play.adapters.agencies[System.RESIDENCE].follow_up(withdrawal, read)
        book = await play.settled()
    assert [answer.state for answer in book.answers][-1] is AnswerState.DROPPED
    assert book.registrations == ()


@pytest.mark.parametrize("system", AGENCIES)
async def test_a_replacement_is_acknowledged_by_event(system: System) -> None:
    document = attachment(kind=DocumentKind.BIRTH_CERTIFICATE)
    async with stage() as play:
        await submitted(play, system)
        for _ in range(2):
            await play.adapters.agencies[system].follow_up(
                follow_up(system, FollowUpKind.REPLACEMENT, documents=(document,)), read
            )
        await play.settled()
    acknowledged = [fact for fact in play.gateway.facts() if fact["kind"] == "acknowledged"]
    assert [fact["sha256"] for fact in acknowledged] == [document.sha256]


@pytest.mark.parametrize("system", [System.RESIDENCE, System.IDENTITY])
async def test_more_about_a_part_nobody_has_is_refused(system: System) -> None:
    async with stage() as play:
        body = follow_up(system, FollowUpKind.REMINDER).model_dump(mode="json")
        path = f"/{system.value}/{'dossiers' if system is System.RESIDENCE else 'card-requests'}/follow-ups"
        for _ in range(2):
            reply = await play.http.post(path, json=body, headers={"Idempotency-Key": CODE})
            assert reply.status_code == 404
