"""Adapters against the simulator over real HTTP: what goes out, what comes back, and nothing ever twice."""

import base64
import json
import unicodedata
from datetime import timedelta
from typing import Any

import pytest

from activities.adapters import Adapters
from activities.http import (
    SLOW_RETRY,
    AgencyError,
    AgencyNotReady,
    AgencyRejected,
    AgencyUnavailable,
    AgencyUnreadable,
)
from models.documents import MAX_DOCUMENT_BYTES, Document, DocumentKind
from models.form_facts import PersonRole
from models.groups import Group
from models.messages import (
    ConsentEvidence,
    DispatchKind,
    NoticeQuery,
)
from models.statuses import Status, StatusSystem
from models.systems import System
from simulator.insurance import CALLS_PER_TOKEN
from simulator.records import RequestSeen
from tests.activities.simulated import (
    CODE,
    LEGS,
    PDF,
    SENT_AT,
    attachment,
    calls,
    crooked,
    declared,
    dispatch,
    head,
    leg_message,
    read,
    settings_for,
    stage,
)

AGENCIES = list(LEGS)
UNFRIENDLY = [System.PROVINCIAL, System.SOCIAL_INSURANCE]
FRIENDLY = [system for system in AGENCIES if system not in UNFRIENDLY]
ARRIVAL = timedelta(seconds=60)


# Legs: each part arrives whole, with both codes, and is answered


@pytest.mark.parametrize("system", AGENCIES)
async def test_a_part_arrives_whole(system: System) -> None:
    code = "H26.11.02-261119-0001" if system is not System.PROVINCIAL else None
    message = leg_message(
        system,
        documents=(attachment(),),
        registration_number="12/2026" if code else None,
        identity_number="001226900001" if code else None,
        head=head(f"{system}:submit", provincial_code=code),
        consents=(ConsentEvidence(personal_id="001092000001", roles=(PersonRole.HOUSEHOLDER,), granted_at=SENT_AT),),
    )
    async with stage() as play:
        sent = await play.adapters.agencies[system].submit(message, read)
        book = await play.settled()
    (intake,) = book.intakes
    assert (intake.system, intake.leg, intake.dossier_code) == (system, message.leg, CODE)
    assert intake.files == (attachment(),)
    assert (intake.registration_number, intake.identity_number) == (
        message.registration_number,
        message.identity_number,
    )
    if code:
        assert intake.provincial_code == code
        assert {seen.provincial_code for seen in book.requests} == {code}
        assert sent.agency_code == intake.agency_code
    assert len(book.registrations) == 1


async def test_each_agency_states_its_receipt_in_its_own_way() -> None:
    async with stage() as play:
        sent = {system: await play.adapters.agencies[system].submit(leg_message(system), read) for system in AGENCIES}
    for system in (System.PROVINCIAL, System.RESIDENCE, System.SOCIAL_AFFAIRS):
        assert (sent[system].receipt_follows, sent[system].receipt_at) == (True, None)
    for system in (System.SOCIAL_INSURANCE, System.IDENTITY):
        receipt = sent[system].receipt_at
        assert receipt is not None
        assert not sent[system].receipt_follows
        assert SENT_AT - timedelta(seconds=1) <= receipt <= SENT_AT + ARRIVAL


async def test_the_province_gets_codes_as_text_and_times_of_vietnam() -> None:
    declaration = declared()
    office = declaration.recipients.civil_status_office.model_copy(update={"code": "00004"})
    recipients = declaration.recipients.model_copy(update={"civil_status_office": office})
    message = leg_message(
        System.PROVINCIAL,
        declaration=declaration.model_copy(update={"recipients": recipients}),
        documents=(attachment(),),
        head=head(provincial_code="H26.11.02-261119-0001"),
    )
    found = {"maKetQua": "01", "thongBao": "Hồ sơ không tồn tại"}
    taken = {"maKetQua": "00", "thongBao": "Tiếp nhận hồ sơ thành công"}
    async with crooked({CODE: found, "ho-so-lien-thong": taken}) as (system, adapters):
        await adapters.agencies[System.PROVINCIAL].submit(message, read)
    body = system.bodies["provincial/ho-so-lien-thong"]
    assert (body["maHoSo"], body["maHoSoMCDT"], body["maDonVi"]) == (CODE, "H26.11.02-261119-0001", "00004")
    assert (body["maTTHC"], body["module"], body["ngayGui"]) == ("2.002621", "LTKS", "19/11/2026 09:30:00")
    assert json.loads(body["data"])["hoTich"]["noiDangKy"] == "00004"
    (file,) = body["fileDinhKem"]
    assert file["tenGiayTo"] == DocumentKind.WITNESS_STATEMENT.label
    assert base64.b64decode(file["duLieuTepDinhKem"]) == PDF


# Exactly once


@pytest.mark.parametrize("system", AGENCIES)
async def test_a_lost_answer_is_asked_for_again_and_nothing_is_registered_twice(system: System) -> None:
    async with stage() as play:
        await play.instruct(system, fail_times=1, fail_with="drop")
        with pytest.raises(AgencyUnavailable):
            await play.adapters.agencies[system].submit(leg_message(system), read)
        sent = await play.adapters.agencies[system].submit(leg_message(system), read)
        book = await play.settled()
    (intake,) = book.intakes
    assert len(book.registrations) == 1
    assert sent.agency_code == intake.agency_code
    assert len({event.id for event in play.gateway.events}) == len(play.gateway.events)


@pytest.mark.parametrize("system", UNFRIENDLY)
async def test_a_system_without_keys_is_asked_before_it_is_sent_anything(system: System) -> None:
    async with stage() as play:
        first = await play.adapters.agencies[system].submit(leg_message(system), read)
        again = await play.adapters.agencies[system].submit(leg_message(system), read)
        book = await play.settled()
    assert calls(book, system) == ["GET 200", "POST 200", "GET 200"]
    assert again.receipt_at == first.receipt_at
    assert again.agency_code == book.intakes[0].agency_code


@pytest.mark.parametrize("system", FRIENDLY)
async def test_a_system_with_keys_gives_the_same_answer_again(system: System) -> None:
    async with stage() as play:
        first = await play.adapters.agencies[system].submit(leg_message(system), read)
        again = await play.adapters.agencies[system].submit(leg_message(system), read)
        book = await play.settled()
    assert first == again
    assert [seen.repeat for seen in book.requests] == [False, True]
    assert len(book.intakes) == 1


async def test_a_dossier_that_got_there_in_the_meantime_counts_as_sent() -> None:
    """Between look-up and sending a former attempt may arrive: the province says so in a sentence."""
    found = {"maKetQua": "01", "thongBao": "Hồ sơ không tồn tại"}
    there = {"maKetQua": "02", "thongBao": "Hồ sơ ĐÃ TỒN TẠI trong một cửa điện tử."}
    async with crooked({CODE: found, "ho-so-lien-thong": there}) as (_, adapters):
        assert (await adapters.agencies[System.PROVINCIAL].submit(leg_message(System.PROVINCIAL), read)).receipt_follows


# Failures


FAILURES: list[tuple[dict[str, Any], type[AgencyError], timedelta | None]] = [
    ({"fail_with": "html"}, AgencyUnreadable, None),
    ({"fail_with": "problem"}, AgencyRejected, SLOW_RETRY),
    ({"fail_with": 503}, AgencyUnavailable, None),
    ({"fail_with": 429, "retry_after": "7"}, AgencyUnavailable, timedelta(seconds=7)),
    ({"fail_with": 429, "retry_after": "Thu, 19 Nov 2099 02:30:00 GMT"}, AgencyUnavailable, timedelta(days=1)),
]


@pytest.mark.parametrize("system", AGENCIES)
async def test_failures_of_any_system_are_told_apart_and_then_overcome(system: System) -> None:
    async with stage() as play:
        for number, (instruction, error, delay) in enumerate(FAILURES):
            message = leg_message(system, f"G22.99.08-261119-{number:06d}")
            code = message.head.dossier_code
            await play.instruct(system, code, fail_times=2, **instruction)
            for _ in range(2):
                with pytest.raises(error) as caught:
                    await play.adapters.agencies[system].submit(message, read)
                assert (caught.value.retry_delay, caught.value.dossier_code) == (delay, code)
            await play.adapters.agencies[system].submit(message, read)
            book = await play.settled(code)
            assert len(book.intakes) == len(book.registrations) == 1


@pytest.mark.parametrize("system", FRIENDLY)
async def test_a_friendly_200_with_an_error_code_is_no_success(system: System) -> None:
    async with stage() as play:
        await play.instruct(system, fail_times=1, fail_with="code")
        with pytest.raises(AgencyUnreadable):
            await play.adapters.agencies[system].submit(leg_message(system), read)


SENTENCES: list[tuple[str, type[AgencyError]]] = [
    ("Hồ sơ chưa được gửi sang một cửa điện tử", AgencyNotReady),
    ("Hồ sơ chưa cập nhật trạng thái", AgencyNotReady),
    ("server error", AgencyUnavailable),
    ("SOAP Fault", AgencyUnavailable),
    ("Gửi hồ sơ không thành công", AgencyUnavailable),
    ("Logic xử lý không hợp lệ", AgencyRejected),
    (unicodedata.normalize("NFD", "Logic xử lý không hợp lệ"), AgencyRejected),
    ("Có gì đó", AgencyUnreadable),
]


async def test_the_provinces_sentences_are_told_apart() -> None:
    update = dispatch(System.PROVINCIAL, DispatchKind.STATUS, status=Status(system=StatusSystem.LINKING, code="4"))
    message = leg_message(System.PROVINCIAL)
    async with stage() as play:
        for sentence, error in SENTENCES:
            await play.instruct(System.PROVINCIAL, fail_times=2, fail_with="code", fail_code=sentence)
            with pytest.raises(error) as caught:
                await play.adapters.agencies[System.PROVINCIAL].submit(message, read)
            assert sentence not in str(caught.value)
            with pytest.raises(error):
                await play.adapters.channels[System.PROVINCIAL].dispatch(update, read)
        assert (await play.book()).intakes == ()


async def test_the_gateways_codes_are_told_apart() -> None:
    codes: dict[str, type[AgencyError]] = {
        "500": AgencyUnavailable,
        "205": AgencyRejected,
        "1001": AgencyRejected,
        "777": AgencyUnreadable,
    }
    async with stage() as play:
        for code, error in codes.items():
            await play.instruct(System.SOCIAL_INSURANCE, fail_times=1, fail_with="code", fail_code=code)
            with pytest.raises(error):
                await play.adapters.agencies[System.SOCIAL_INSURANCE].submit(leg_message(System.SOCIAL_INSURANCE), read)
        await play.adapters.agencies[System.SOCIAL_INSURANCE].submit(leg_message(System.SOCIAL_INSURANCE), read)
        assert len((await play.settled()).registrations) == 1


@pytest.mark.parametrize(
    "time", ["", "2026111909300", "20261319093000", "19/11/2026 09:30:00", "２０２６１１１９０９３０００"]
)
async def test_a_receipt_time_that_does_not_parse_is_never_now(time: str) -> None:
    answers = {
        "token": {"MaKetQua": 200, "Token": "t"},
        "traCuuHoSo": {"MaKetQua": 200, "HoSo": None},
        "guiHoSo": {"MaKetQua": 200, "MaGD": "GD1", "ThoiGianTiepNhan": time},
    }
    async with crooked(answers) as (_, adapters):
        with pytest.raises(AgencyUnreadable):
            await adapters.agencies[System.SOCIAL_INSURANCE].submit(leg_message(System.SOCIAL_INSURANCE), read)


@pytest.mark.parametrize("receipt", ["2026-11-19T09:30:00", "yesterday", 7])
async def test_a_receipt_without_a_zone_is_refused_too(receipt: object) -> None:
    async with crooked({"card-requests": {"receipt_at": receipt}}) as (_, adapters):
        with pytest.raises(AgencyUnreadable):
            await adapters.agencies[System.IDENTITY].submit(leg_message(System.IDENTITY), read)


@pytest.mark.parametrize(
    "found",
    [
        {"maKetQua": "00", "thongBao": "thành công", "hoSo": {"maHoSo": "G22.99.08-261119-999999"}},
        {"maKetQua": "00", "thongBao": "thành công"},
        {"maKetQua": 0},
    ],
)
async def test_a_look_up_that_finds_something_else_is_not_believed(found: dict[str, Any]) -> None:
    async with crooked({CODE: found}) as (system, adapters):
        with pytest.raises(AgencyUnreadable):
            await adapters.agencies[System.PROVINCIAL].submit(leg_message(System.PROVINCIAL), read)
    assert not system.bodies


@pytest.mark.parametrize("filler", ["", " ", "Không có thông tin", "KHÔNG CÓ THÔNG TIN"])
async def test_a_filler_in_an_answer_is_no_code(filler: str) -> None:
    found = {"maKetQua": "00", "thongBao": "thành công", "hoSo": {"maHoSo": CODE, "maHoSoMCDT": filler}}
    notice = {"MaKetQua": 200, "TrangThai": "1", "MaCSKCB": filler}
    query = NoticeQuery(head=head("notice"), group=Group.BIRTH, number="12345.GCS.01901.26")
    async with crooked({CODE: found, "token": {"MaKetQua": 200, "Token": "t"}, "traCuu": notice}) as (_, adapters):
        sent = await adapters.agencies[System.PROVINCIAL].submit(leg_message(System.PROVINCIAL), read)
        answer = await adapters.health.look_up(query)
    assert sent.agency_code is None
    assert answer
    assert answer.facility is None


async def test_an_oversized_answer_is_cut_off() -> None:
    async with crooked({"dossiers": {"agency_code": "x" * 200_000}}) as (_, adapters):
        with pytest.raises(AgencyUnreadable):
            await adapters.agencies[System.RESIDENCE].submit(leg_message(System.RESIDENCE), read)


async def test_a_system_that_is_not_there_is_unavailable() -> None:
    async with Adapters(settings_for("http://127.0.0.1:1")) as adapters:
        with pytest.raises(AgencyUnavailable):
            await adapters.agencies[System.RESIDENCE].submit(leg_message(System.RESIDENCE), read)


async def test_the_largest_document_gets_through() -> None:
    content = PDF.ljust(MAX_DOCUMENT_BYTES)

    async def read_large(_: Document) -> bytes:
        return content

    async with stage() as play:
        for system in AGENCIES:
            message = leg_message(system, documents=(attachment(content),))
            await play.adapters.agencies[system].submit(message, read_large)
        book = await play.book()
    taken = {file.sha256 for intake in book.intakes for file in intake.files}
    assert (len(book.intakes), taken) == (len(AGENCIES), {attachment(content).sha256})


# Tokens


async def test_a_used_up_token_is_renewed_on_the_way() -> None:
    query = NoticeQuery(head=head("notice"), group=Group.BIRTH, number="12345.GCS.01901.26")
    async with stage() as play:
        for _ in range(CALLS_PER_TOKEN + 2):
            assert await play.adapters.health.look_up(query)
        book = await play.book()
    assert len(calls(book, System.HEALTH)) == CALLS_PER_TOKEN + 2


async def test_a_token_that_is_never_good_is_a_rejection() -> None:
    answers = {"token": {"MaKetQua": 200, "Token": "t"}, "traCuu": {"MaKetQua": 401}}
    async with crooked(answers) as (_, adapters):
        with pytest.raises(AgencyRejected):
            await adapters.health.look_up(
                NoticeQuery(head=head("notice"), group=Group.BIRTH, number="12345.GCS.01901.26")
            )


async def test_every_request_of_a_dossier_is_of_one_trace() -> None:
    async with stage() as play:
        for system in AGENCIES:
            await play.adapters.agencies[system].submit(leg_message(system), read)
        book = await play.settled()

    def trace(seen: RequestSeen) -> str:
        return (seen.traceparent or "").split("-")[1]

    assert len({trace(seen) for seen in book.requests}) == 1
