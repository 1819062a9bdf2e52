"""Adapters of look-ups, people and channels against the simulator over real HTTP."""

import base64
import json

import pytest

from activities.http import (
    AgencyRejected,
    AgencyUnavailable,
    AgencyUnreadable,
)
from models.address import Address
from models.documents import DocumentKind
from models.dossier import Fee, FeeLine
from models.form_facts import PersonNamed, PersonRole
from models.groups import Group
from models.messages import (
    DispatchKind,
    NoticeQuery,
    PaymentMessage,
    PeopleQuery,
    PersonMatch,
)
from models.statuses import PortalStatus, Status, StatusSystem
from models.systems import System
from simulator.records import Delivery
from tests.activities.simulated import (
    CODE,
    PDF,
    PDF_SHA256,
    SENT_AT,
    attachment,
    calls,
    consent_message,
    crooked,
    dispatch,
    head,
    leg_message,
    read,
    stage,
)

# Look-ups


@pytest.mark.rule("4.1-notice-looked-up")
@pytest.mark.parametrize(
    ("number", "facility"),
    [
        ("12345.GCS.01901.26", "01901"),
        ("Đ/0.1.GCS.0190A.26", "0190A"),
        ("11111.GCS.01901.26", "01901"),
        ("00000.GCS.01901.26", None),
    ],
)
async def test_birth_notices_are_looked_up(number: str, facility: str | None) -> None:
    async with stage() as play:
        found = await play.adapters.health.look_up(NoticeQuery(head=head("notice"), group=Group.BIRTH, number=number))
    assert (found.facility if found else None) == facility
    assert found is None or number.encode() in found.content


async def test_a_notice_is_as_a_test_says() -> None:
    async with stage() as play:
        await play.instruct(System.HEALTH, notice="unsigned")
        found = await play.adapters.health.look_up(
            NoticeQuery(head=head("n"), group=Group.BIRTH, number="12345.GCS.01901.26")
        )
    assert found
    assert b"<CHUKYDONVI/>" in found.content


@pytest.mark.parametrize(
    ("said", "kept"),
    [(None, b""), ("", b""), ("PGE+", b"<a>"), ("kh\u00f4ng", "kh\u00f4ng".encode()), ("PGE", b"PGE")],
)
async def test_the_bytes_of_a_notice_are_kept_whatever_they_are(said: str | None, kept: bytes) -> None:
    """One damaged notice must not hold up its dossier for ever."""
    notice = {"MaKetQua": 200, "TrangThai": "1", "MaCSKCB": "01901", "NoiDungFile": said}
    async with crooked({"token": {"MaKetQua": 200, "Token": "t"}, "traCuu": notice}) as (_, adapters):
        query = NoticeQuery(head=head("notice"), group=Group.BIRTH, number="12345.GCS.01901.26")
        found = await adapters.health.look_up(query)
    assert found
    assert found.content == kept


def people(*numbers: str) -> PeopleQuery:
    """A query about people with these numbers."""
    return PeopleQuery(
        head=head("people"),
        people=tuple(
            PersonNamed(role=PersonRole.MOTHER, full_name="Nguyễn Thị Mẫu", personal_id=number) for number in numbers
        ),
    )


async def test_people_are_validated_in_order() -> None:
    async with stage() as play:
        answer = await play.adapters.population.check(people("001194008888", "001194000001", "001194009999"))
    assert answer.matches == (PersonMatch.MISMATCH, PersonMatch.MATCH, PersonMatch.NOT_FOUND)


@pytest.mark.parametrize("matches", [["match"], ["match", "match", "match"], ["match", "maybe"]])
async def test_an_answer_about_other_people_is_unreadable(matches: list[str]) -> None:
    async with crooked({"checks": {"matches": matches}}) as (_, adapters):
        with pytest.raises(AgencyUnreadable):
            await adapters.population.check(people("001194000001", "001194000002"))


# VNeID and payment


async def test_a_person_is_asked_once_and_answers() -> None:
    message = consent_message(PersonRole.HOUSEHOLDER, "001092000001")
    async with stage() as play:
        for _ in range(2):
            await play.adapters.vneid.ask(message)
        book = await play.settled()
    (asked,) = book.consents
    assert (asked.personal_id, asked.answer_by) == ("001092000001", message.answer_by)
    (event,) = play.gateway.events
    assert event.data["answer"] == "granted"


async def test_a_fee_is_asked_for_once_and_paid() -> None:
    fee = Fee(lines=(FeeLine(item="copy", name="Bản sao", amount_vnd=8000, basis="Nghị quyết mẫu"),) * 2)
    message = PaymentMessage(head=head("payment"), fee=fee, payer_personal_id="001194000001", pay_by=SENT_AT)
    async with stage() as play:
        for _ in range(2):
            await play.adapters.payment.request(message)
        book = await play.settled()
    (payment,) = book.payments
    (event,) = play.gateway.events
    assert payment.amount_vnd == event.data["amount_vnd"] == 16000
    assert event.data["receipt_number"] == payment.receipt_number


# Channels


@pytest.mark.parametrize("channel", [System.PORTAL, System.VNEID, System.SMS])
async def test_a_notice_arrives_once(channel: System) -> None:
    notice = dispatch(channel, DispatchKind.NOTICE, text="Hồ sơ của ông/bà đã được tiếp nhận.")
    async with stage() as play:
        await play.instruct(channel, fail_times=1, fail_with="drop")
        with pytest.raises(AgencyUnavailable):
            await play.adapters.channels[channel].dispatch(notice, read)
        await play.adapters.channels[channel].dispatch(notice, read)
        book = await play.book()
    (taken,) = book.notices
    assert (taken.system, taken.recipient, taken.text) == (channel, notice.recipient, notice.text)


@pytest.mark.parametrize("channel", [System.PORTAL, System.VNEID, System.DOCUMENTS, System.PROVINCIAL])
async def test_a_result_arrives_once_with_its_file(channel: System) -> None:
    document = attachment(kind=DocumentKind.BIRTH_CERTIFICATE)
    result = dispatch(channel, DispatchKind.RESULT, document=document, document_kind=document.kind)
    async with stage() as play:
        await play.adapters.agencies[System.PROVINCIAL].submit(leg_message(System.PROVINCIAL), read)
        await play.instruct(channel, fail_times=1, fail_with="drop")
        with pytest.raises(AgencyUnavailable):
            await play.adapters.channels[channel].dispatch(result, read)
        await play.adapters.channels[channel].dispatch(result, read)
        book = await play.book()
    (taken,) = book.results
    assert (taken.system, taken.sha256) == (channel, PDF_SHA256)


async def test_the_portal_gets_statuses_in_its_own_numbering() -> None:
    status = Status(system=StatusSystem.PORTAL, code=PortalStatus.ACCEPTED.value)
    async with stage() as play:
        await play.adapters.channels[System.PORTAL].dispatch(
            dispatch(System.PORTAL, DispatchKind.STATUS, status=status), read
        )
        book = await play.book()
    assert [taken.status for taken in book.statuses] == [status]


async def test_a_status_that_the_province_has_already_is_final() -> None:
    statuses = [Status(system=StatusSystem.LINKING, code=code) for code in "2456"]
    async with stage() as play:
        await play.adapters.agencies[System.PROVINCIAL].submit(leg_message(System.PROVINCIAL), read)
        for status in statuses:
            update = dispatch(System.PROVINCIAL, DispatchKind.STATUS, status=status, text="Đã xong")
            for _ in range(2):
                await play.adapters.channels[System.PROVINCIAL].dispatch(update, read)
        book = await play.book()
    assert [taken.status for taken in book.statuses] == statuses
    assert [seen.repeat for seen in book.requests if seen.path.endswith("trang-thai")] == [False, True] * 4


async def test_sentences_that_end_a_status_update() -> None:
    update = dispatch(System.PROVINCIAL, DispatchKind.STATUS, status=Status(system=StatusSystem.LINKING, code="4"))
    sentences = (
        "Hồ sơ bị từ chối. Không thể cập nhật trạng thái",
        "Hồ sơ không tồn tại",
        "Hồ sơ đã trả kết quả, không được cập nhật trạng thái",
        "Hồ sơ đã có kết quả xử lý của cơ quan hộ tịch",
        "Hồ sơ đã hoàn thành đăng ký khai sinh",
        "Cập nhật không thành công: hồ sơ đã tồn tại trong một cửa điện tử",
    )
    async with stage() as play:
        for sentence in sentences:
            await play.instruct(System.PROVINCIAL, fail_times=1, fail_with="code", fail_code=sentence)
            await play.adapters.channels[System.PROVINCIAL].dispatch(update, read)
        book = await play.book()
    assert len(calls(book, System.PROVINCIAL)) == len(sentences)


async def test_the_province_is_told_which_numbering_a_status_is_of() -> None:
    document = attachment(kind=DocumentKind.BIRTH_CERTIFICATE)
    update = dispatch(
        System.PROVINCIAL,
        DispatchKind.RESULT,
        document=document,
        document_kind=document.kind,
        head=head("result", provincial_code="H26.11.02-261119-0001"),
    )
    async with crooked({"trang-thai": {"maKetQua": "00", "thongBao": "thành công"}}) as (system, adapters):
        await adapters.channels[System.PROVINCIAL].dispatch(update, read)
    body = system.bodies["provincial/trang-thai"]
    assert (body["heThongTrangThai"], body["trangThai"]) == ("DVCLT-HOTICH", "4")
    assert (body["soHoSoLT"], body["maHoSo"]) == (CODE, "H26.11.02-261119-0001")
    result = json.loads(body["ketQuaXuLy"])
    assert result["maGiayToKetQua"] == "KQ.G15.000031"
    assert base64.b64decode(result["duLieuTepDinhKem"]) == PDF


@pytest.mark.parametrize("channel", [System.POST, System.PROVINCIAL])
async def test_paper_is_ordered_once(channel: System) -> None:
    address = Address.model_validate(
        {"codes_on": "2026-11-01", "province_code": "01", "commune_code": "00070", "detail": "Số 12 phố Thử Nghiệm"}
    )
    order = dispatch(
        channel,
        DispatchKind.PAPER_ORDER,
        text="01 bản chính Giấy khai sinh, 2 bản sao",
        document_kind=DocumentKind.BIRTH_CERTIFICATE,
        address=address if channel is System.POST else None,
    )
    async with stage() as play:
        await play.adapters.agencies[System.PROVINCIAL].submit(leg_message(System.PROVINCIAL), read)
        for _ in range(2):
            await play.adapters.channels[channel].dispatch(order, read)
        book = await play.book()
    (taken,) = book.paper_orders
    assert isinstance(taken, Delivery)
    assert (taken.system, taken.text, taken.address) == (channel, order.text, order.address)


async def test_paper_that_could_not_be_ordered_is_not_taken_for_ordered() -> None:
    """The sentences after which a status need not be repeated say nothing of an order."""
    order = dispatch(System.PROVINCIAL, DispatchKind.PAPER_ORDER, text="01 bản chính Giấy khai sinh")
    async with crooked({"yeu-cau-ban-giay": {"maKetQua": "99", "thongBao": "Hồ sơ không tồn tại"}}) as (_, adapters):
        with pytest.raises(AgencyUnreadable):
            await adapters.channels[System.PROVINCIAL].dispatch(order, read)


@pytest.mark.parametrize(
    ("channel", "kind"),
    [
        (System.SMS, DispatchKind.RESULT),
        (System.POST, DispatchKind.NOTICE),
        (System.PROVINCIAL, DispatchKind.NOTICE),
        (System.DOCUMENTS, DispatchKind.STATUS),
    ],
)
async def test_a_channel_refuses_what_it_does_not_carry(channel: System, kind: DispatchKind) -> None:
    async with crooked({}) as (system, adapters):
        with pytest.raises(AgencyRejected):
            await adapters.channels[channel].dispatch(dispatch(channel, kind), read)
    assert not system.bodies


async def test_a_login_page_in_a_200_does_not_swallow_a_notice() -> None:
    notice = dispatch(System.SMS, DispatchKind.NOTICE, text="Hồ sơ đã được tiếp nhận.")
    async with stage() as play:
        await play.instruct(System.SMS, fail_times=1, fail_with="html")
        with pytest.raises(AgencyUnreadable):
            await play.adapters.channels[System.SMS].dispatch(notice, read)
        assert (await play.book()).notices == ()
