"""Intake: ledger, look-ups, missing attachments, fee, and the law of the day of receipt (REQUIREMENTS §4.1, §9)."""

from collections.abc import Awaitable
from datetime import date
from pathlib import Path

import pytest
from pydantic import SecretStr
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError

from activities.ledger import NOT_IN_LEDGER, TRAINING_REFUSED
from ledger.errors import DuplicateDossier
from models.documents import DocumentKind
from models.dossier import DossierOutcome, DossierStage, DossierView
from models.facts import DocumentsSupplied, FactRefusal, PaymentConfirmed
from models.messages import NoticeState, PersonMatch
from models.publication import Notice
from models.start import StartDossier
from models.submission import submission
from models.systems import System
from tests.workflows.harness import Play, notices, refused, stage
from tests.workflows.inputs import BIRTH, HEALTH, IDENTITY, RESIDENCE, free, moment, result, sample
from tests.workflows.test_retiming import announce

DECLARED = "2026-11-19 09:00:00"
DAY = date(2026, 11, 19)


def open_again(play: Play, name: str) -> str:
    """The code of a new dossier for the same child, declared under another submission."""
    again = sample(name, DAY, submission_id="khai-lai")
    return play.ledger.open_dossier(submission(again, moment(DECLARED), SecretStr("test")), "G22").code


async def supply(play: Play, *kinds: DocumentKind, **fields: object) -> None:
    """The citizen adds attachments."""
    message = {
        "message_id": play.message_id(),
        "dossier_code": play.code,
        "documents": [result(kind) for kind in kinds],
        "at": await play.now(),
    }
    await play.tell(DocumentsSupplied.model_validate(message | fields))


def waits_for_documents(view: DossierView) -> bool:
    return view.stage is DossierStage.WAITING_DOCUMENTS


async def fails_with(reason: str, end: Awaitable[object]) -> None:
    """The workflow fails, and says why."""
    with pytest.raises(WorkflowFailureError) as failure:
        await end
    assert isinstance(failure.value.cause, ActivityError)
    assert isinstance(failure.value.cause.cause, ApplicationError)
    assert failure.value.cause.cause.type == reason


# --- Fee -------------------------------------------------------------------------------------------------------------


async def test_without_a_fee_nothing_is_asked(play: Play) -> None:
    await play.declare("plain", DECLARED)
    await play.sent(BIRTH)
    stored = await play.written()
    assert stored.fee.total_vnd == 0
    assert play.world.payments == []
    assert notices(stored, Notice.PAYMENT_NEEDED) == []


@pytest.mark.rule("6.6-payment", "6.6-midnight")
async def test_the_dossier_is_sent_when_the_very_fee_is_paid(play: Play) -> None:
    """Two certified copies at 8,000 đồng; five working days from Thursday 19/11/2026 end with Friday 27/11."""
    await play.submit(sample("plain", DAY), moment(DECLARED))
    for wrong in (0, 8000, 16001):
        with refused(FactRefusal.WRONG_AMOUNT):
            await play.pay(wrong)
    [message] = play.world.payments
    assert message.fee.total_vnd == 16000
    assert message.pay_by == moment("2026-11-28 00:00:00")
    assert play.world.legs == []
    await play.until(moment("2026-11-27 23:59:40"))
    await play.pay()
    await play.sent(BIRTH)
    with refused(FactRefusal.ALREADY_PAID):
        await play.tell(
            PaymentConfirmed(
                message_id="again", dossier_code=play.code, amount_vnd=16000, receipt_number="BL-2", at=await play.now()
            )
        )
    [told] = await play.told(Notice.PAYMENT_NEEDED)
    assert "lệ phí 16.000 đồng" in told
    assert "trước 24 giờ ngày thứ Sáu 27/11/2026" in told


@pytest.mark.rule("4.8-late-birth-fee", "4.8-unpaid", "6.6-payment")
async def test_unpaid_the_dossier_ends_with_nothing_sent_and_the_child_can_be_declared_again(play: Play) -> None:
    """Born more than 60 days ago: the fee for late registration (Hà Nội, sample row) comes on top of the copies."""
    late = sample("plain", DAY)
    child = late.child.model_copy(update={"born_on": date(2026, 9, 19)})
    await play.submit(late.model_copy(update={"child": child}), moment(DECLARED))
    view = await play.see(lambda view: view.stage is DossierStage.WAITING_PAYMENT, "a fee is asked for")
    assert [line.amount_vnd for line in view.fee.lines] == [5000, 16000]
    with pytest.raises(DuplicateDossier):
        open_again(play, "plain")
    outcome = await play.ended()
    assert outcome.outcome is DossierOutcome.UNPAID
    assert play.world.legs == []
    assert play.world.consents == []
    stored = await play.written()
    assert stored.concluded_at is not None
    assert moment("2026-11-27 23:59:59") <= stored.concluded_at < moment("2026-11-28 00:00:05")
    assert len(notices(stored, Notice.ENDED_UNPAID)) == 1
    assert notices(stored, Notice.CONCLUDED) == []
    assert open_again(play, "plain") != play.code


async def test_the_limit_begins_anew_when_the_platform_could_not_be_reached_before(play: Play) -> None:
    """Away for six working days: nobody is told unpaid who could not pay."""
    play.world.away.add(System.PAYMENT)
    await play.submit(sample("plain", DAY), moment(DECLARED))
    await play.see(lambda view: view.stage is DossierStage.WAITING_PAYMENT, "a fee is to be asked for")
    await play.until(moment("2026-11-30 09:00:00"))
    play.world.away.clear()
    await play.until(moment("2026-11-30 09:30:00"))
    view = await play.see(
        lambda view: view.limit is not None and view.limit.ends_at == moment("2026-12-08 00:00:00"),
        "five working days from Monday 30/11/2026",
    )
    assert view.outcome is None
    assert "trước 24 giờ ngày thứ Hai 7/12/2026" in (await play.told(Notice.PAYMENT_NEEDED))[-1]
    await play.pay()
    await play.sent(BIRTH)


# --- Birth notice and attachments ------------------------------------------------------------------------------------


@pytest.mark.rule("4.1-notice-looked-up", "4.1-substitutes")
@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (NoticeState.NOT_FOUND, "Giấy chứng sinh: không tìm thấy bản điện tử theo số đã khai"),
        (NoticeState.UNSIGNED, "chưa ký số nên chưa dùng được; đây không phải lỗi của bạn"),
        (NoticeState.UNVERIFIABLE, "ký số chưa đúng quy cách nên không kiểm tra được; đây không phải lỗi của bạn"),
        (NoticeState.BROKEN, "không khớp với nội dung bản điện tử nên không dùng được; đây không phải lỗi của bạn"),
        (NoticeState.UNTRUSTED, "chưa xác nhận được chữ ký số là của cơ sở đã cấp giấy"),
    ],
)
async def test_without_a_signed_birth_notice_substitutes_are_asked_for_by_field(
    play: Play, state: NoticeState, reason: str
) -> None:
    play.world.notice = state
    await play.submit(sample("plain", DAY), moment(DECLARED))
    view = await play.see(waits_for_documents, "documents are asked for")
    [missing] = view.missing_documents
    assert missing.field == "Số Giấy chứng sinh"
    assert missing.any_of == (DocumentKind.WITNESS_STATEMENT, DocumentKind.BIRTH_COMMITMENT)
    [told] = await play.told(Notice.DOCUMENTS_NEEDED)
    assert reason in told
    assert "Luật Hộ tịch 2014 Điều 16(1)" in told
    assert "trước 24 giờ ngày thứ Ba 1/12/2026" in told
    with refused(FactRefusal.NOT_AWAITED):
        await supply(play, DocumentKind.WITNESS_STATEMENT, DocumentKind.SURROGACY_DOCUMENT)
    with refused(FactRefusal.IN_FUTURE):
        await supply(play, DocumentKind.WITNESS_STATEMENT, at=moment("2026-11-20 09:00:00"))
    await supply(play, DocumentKind.BIRTH_COMMITMENT)
    assert (await play.view()).missing_documents == ()
    await play.pay()
    with refused(FactRefusal.OUT_OF_TURN):
        await supply(play, DocumentKind.WITNESS_STATEMENT)
    sent = await play.sent(BIRTH)
    assert [document.kind for document in sent.documents] == [DocumentKind.BIRTH_COMMITMENT]
    stored = await play.written()
    assert [(d.leg, d.document.kind) for d in stored.documents] == [(None, DocumentKind.BIRTH_COMMITMENT)]


async def test_a_well_signed_birth_notice_needs_no_substitute(play: Play) -> None:
    await play.declare("plain", DECLARED)
    assert (await play.sent(BIRTH)).documents == ()
    assert not [text for text in (await play.view()).warnings if "Giấy chứng sinh" in text]


async def test_the_operator_reads_which_facility_signed_wrongly_and_how(play: Play) -> None:
    """The citizen is never told that it was their fault, nor which facility it was."""
    play.world.notice, play.world.notice_says = NoticeState.UNTRUSTED, "Chứng thư số đã bị thu hồi."
    await play.submit(sample("plain", DAY), moment(DECLARED))
    view = await play.see(waits_for_documents, "documents are asked for")
    [warning] = [text for text in view.warnings if "Giấy chứng sinh" in text]
    assert "cơ sở 01901" in warning
    assert "Chứng thư số đã bị thu hồi." in warning
    [told] = await play.told(Notice.DOCUMENTS_NEEDED)
    assert "01901" not in told
    assert "thu hồi" not in told


@pytest.mark.rule("6.6-supplement", "6.6-midnight")
async def test_attachments_never_supplied_end_the_dossier_with_nothing_sent(play: Play) -> None:
    """No birth notice and no substitute for it; seven working days from Thursday 19/11/2026 end with Tuesday 1/12.

    The citizen is reminded on the mornings of the fourth day and of the last.
    """
    await play.declare("no-birth-notice", DECLARED, attachments=[])
    await play.see(waits_for_documents, "documents are asked for")
    await play.until(moment("2026-11-26 08:00:01"))
    [reminder] = await play.told(Notice.DOCUMENTS_REMINDER)
    assert DocumentKind.BIRTH_COMMITMENT.label in reminder
    assert "trước 24 giờ ngày thứ Ba 1/12/2026" in reminder
    await play.until(moment("2026-12-01 07:59:40"))
    assert len(await play.told(Notice.DOCUMENTS_REMINDER)) == 1
    await play.until(moment("2026-12-01 23:59:40"))
    assert (await play.view()).stage is DossierStage.WAITING_DOCUMENTS
    assert len(await play.told(Notice.DOCUMENTS_REMINDER)) == 2
    outcome = await play.ended()
    assert outcome.outcome is DossierOutcome.DOCUMENTS_NOT_PROVIDED
    assert play.world.legs == []
    assert play.world.payments == []
    stored = await play.written()
    [told] = notices(stored, Notice.ENDED_WITHOUT_DOCUMENTS)
    assert "Hồ sơ chưa được gửi cho cơ quan nào" in told
    assert open_again(play, "no-birth-notice") != play.code


async def test_a_calendar_announced_anew_moves_the_reminders_of_documents_too(play: Play, tmp_path: Path) -> None:
    """Monday 23/11 becomes a day off, Saturday 28/11 is worked for it: the first reminder moves from the 26th."""
    await play.declare("no-birth-notice", DECLARED, attachments=[])
    await play.see(waits_for_documents, "documents are asked for")
    await announce(play, tmp_path)
    first = moment("2026-11-27 08:00:00")
    await play.see(lambda view: view.limit is not None and view.limit.remind_at[0] == first, "re-timed")
    await play.until(moment("2026-11-27 07:50:00"))
    await supply(play, DocumentKind.BIRTH_COMMITMENT)
    await play.sent(BIRTH)
    assert notices(await play.written(), Notice.DOCUMENTS_REMINDER) == []


# --- Look-ups --------------------------------------------------------------------------------------------------------


async def test_a_number_that_is_not_the_persons_warns_the_operator_and_blocks_nothing(play: Play) -> None:
    play.world.match = PersonMatch.MISMATCH
    await play.declare("grandparents-home", DECLARED)
    await play.sent(BIRTH)
    [warning] = (await play.written()).warnings
    assert "Số định danh không khớp với CSDL quốc gia về dân cư: Người yêu cầu" in warning
    assert "00" not in warning


async def test_the_population_database_is_not_waited_for(play: Play) -> None:
    play.world.away.add(System.POPULATION)
    await play.declare("plain", DECLARED)
    await play.until(moment("2026-11-19 09:30:00"))
    await play.sent(BIRTH)
    assert (await play.written()).warnings == ("Chưa đối chiếu được với CSDL quốc gia về dân cư.",)


async def test_the_birth_notice_is_waited_for_through_an_outage(play: Play) -> None:
    play.world.away.add(System.HEALTH)
    await play.declare("plain", DECLARED)
    await play.until(moment("2026-11-19 09:20:00"))
    assert (await play.view()).stage is DossierStage.INTAKE
    play.world.away.clear()
    await play.until(moment("2026-11-19 09:40:00"))
    await play.sent(BIRTH)


# --- Ledger and training ---------------------------------------------------------------------------------------------


@pytest.mark.rule("8.one-mint")
async def test_a_start_that_the_ledger_does_not_know_fails(play: Play) -> None:
    await play.start(
        StartDossier(code="G22.99.08-261119-999999", declaration=free("plain", DAY), submitted_at=moment(DECLARED))
    )
    await fails_with(NOT_IN_LEDGER, play.ended())


@pytest.mark.rule("8.one-mint")
async def test_a_start_with_another_declaration_than_the_ledgers_fails(play: Play) -> None:
    opened = play.ledger.open_dossier(submission(free("plain", DAY), moment(DECLARED), SecretStr("test")), "G22")
    other = free("identity-card", DAY)
    await play.start(StartDossier(code=opened.code, declaration=other, submitted_at=moment(DECLARED)))
    await fails_with(NOT_IN_LEDGER, play.ended())


@pytest.mark.rule("6.10-legal-time", "6.10-refused")
async def test_legal_time_is_the_clocks_unless_the_worker_trains(tmp_path: Path) -> None:
    async with stage(tmp_path, training=False) as play:
        await play.declare("plain", DECLARED)
        await fails_with(TRAINING_REFUSED, play.ended())
        today = (await play.now() - play.offset).date()
        opened = play.ledger.open_dossier(
            submission(free("identity-card", today), await play.now(), SecretStr("test")), "G22"
        )
        declared = free("identity-card", today)
        await play.start(StartDossier(code=opened.code, declaration=declared, submitted_at=await play.now()))
        await play.sent(BIRTH)


# --- The law of the days of submission and receipt --------------------------------------------------------------------


async def test_the_law_at_intake_is_that_of_the_submission_however_late_the_workflow_starts(play: Play) -> None:
    """Born 20/9/2026, so 60 days end with 19/11/2026: declared that evening, nothing is late on the morning after."""
    plain = sample("plain", DAY)
    child = plain.child.model_copy(update={"born_on": date(2026, 9, 20)})
    in_time = plain.model_copy(update={"child": child})
    await play.submit(in_time, moment("2026-11-19 23:50:00"), started_at=moment("2026-11-20 08:00:00"))
    view = await play.see(lambda view: view.stage is DossierStage.WAITING_PAYMENT, "the copies are to be paid for")
    assert [line.item for line in view.fee.lines] == ["certificate_copy"]


async def test_a_dossier_received_under_the_next_law_runs_by_it(play: Play) -> None:
    """Decree 301/2026 is in force from 1/9/2026: declared the evening before, the identity card becomes possible."""
    await play.declare("identity-card", "2026-08-31 20:00:00")
    await play.sent(BIRTH)
    plan = (await play.view()).plan
    assert plan is not None
    assert (plan.pack, plan.procedure_code) == ("2026-07-01", "2.002621")
    await play.until(moment("2026-09-01 08:00:00"))
    await play.receive(BIRTH)
    await play.asked(IDENTITY, 1)
    stored = await play.written()
    assert stored.plan is not None
    assert (stored.pack, stored.plan.procedure_code) == ("2026-09-01", "3.000722")
    assert [leg.key for leg in stored.legs] == [BIRTH, RESIDENCE, HEALTH, IDENTITY]
    assert "Hồ sơ được tiếp nhận theo gói luật 2026-09-01, khác gói khi nộp." in stored.warnings
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    assert (await play.sent(HEALTH)).head.procedure_code == "3.000722"


async def test_consents_the_next_law_drops_are_not_asked(play: Play) -> None:
    """From 1/7/2026 nobody need agree where a child joins its parent: the father, householder and owner, is let be."""
    home = free("plain", date(2026, 6, 30)).residence_registration.model_dump(mode="json")
    registration = {**home, "dwelling_owners": [home["householder"]]}
    await play.declare("plain", "2026-06-30 20:00:00", residence_registration=registration)
    await play.sent(BIRTH)
    plan = (await play.view()).plan
    assert plan is not None
    assert [role.value for person in plan.leg(RESIDENCE).people for role in person.roles] == [
        "householder",
        "dwelling_owner",
    ]
    await play.until(moment("2026-07-01 08:00:00"))
    await play.register()
    await play.complete(RESIDENCE, HEALTH)
    assert (await play.ended()).outcome is DossierOutcome.COMPLETED
    assert play.world.consents == []
    assert (await play.written()).pack == "2026-07-01"


async def test_the_law_is_kept_once_the_province_has_received(play: Play) -> None:
    home = free("plain", date(2026, 6, 30)).residence_registration.model_dump(mode="json")
    registration = {**home, "dwelling_owners": [home["householder"]]}
    await play.declare("plain", "2026-06-30 20:00:00", residence_registration=registration)
    await play.receive(BIRTH)
    await play.asked(RESIDENCE, 1)
    await play.until(moment("2026-07-01 08:00:00"))
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    await play.complete(HEALTH)
    assert (await play.written()).pack == "2025-07-01"
    assert [message.leg for message in play.world.legs] == [BIRTH, HEALTH]
