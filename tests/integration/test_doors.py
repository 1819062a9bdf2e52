"""What operators do when a dossier does not go by itself, by the real command line, with agencies that really wait.

One stack in real time; a dossier for each door. After each act: what `show` says, what Temporal's UI shows, what the
audit trail has of it, and what the agencies' own book has.
"""

import asyncio
import json
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from temporalio.api.sdk.v1 import WorkflowMetadata
from typer.testing import CliRunner, Result

from cli.output import Exit
from models.dossier import DossierOutcome, LegOutcome, LegStage
from models.facts import Answer, ConsentAnswer, FactKind, FactRefusal
from models.inbox import Hindrance
from processes.temporal import connect_as_set
from starter import application
from tests.integration.system import SAMPLES, System, eventually
from tests.integration.test_straight_path import expect_once

RESIDENCE, HEALTH = "residence_registration", "health_insurance_card"
OPERATOR = "vh-07"
WHY = "Nguyễn Văn Thử hẹn lại bằng điện thoại"
"""An operator may name people."""
SCAN = str(SAMPLES / "attachments" / "residence-papers.pdf")
UNKNOWN = "G22.99.08-261119-999999"


@pytest.fixture(autouse=True)
def here(system: System, monkeypatch: pytest.MonkeyPatch) -> System:
    """The system, for commands run in this process by an operator."""
    for name, value in system.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LIENTHONG_OPERATOR", OPERATOR)
    return system


@pytest.fixture(scope="module")
def silent(system: System) -> str:
    """A dossier that waits for nothing but an agency that is silent; its last test ends it."""
    code = system.open("plain")
    system.instruct(code, "residence", silent=True)
    system.start(code)
    system.see(code, lambda d: d.legs and d.legs[1].sent_at and d.legs[2].ended, "only residence is silent")
    return code


def lienthong(*arguments: str) -> Result:
    return CliRunner().invoke(application(arguments), arguments)


def printed(*arguments: str) -> Any:
    """What a command prints for scripts."""
    done = lienthong(*arguments, "--json")
    assert done.exit_code == Exit.OK, (arguments, done.output)
    return json.loads(done.stdout)


def act(door: str, code: str, *arguments: str) -> None:
    """An act, the command given twice with the same message id: it counts once."""
    same = (*arguments, "--because", WHY, "--message-id", f"test-{uuid.uuid4()}")
    assert [printed("operator", door, code, *same)["repeated"] for _ in range(2)] == [False, True]


def refused(*arguments: str) -> str:
    """What a refused act says: one line, and what to do next."""
    done = lienthong("operator", *arguments, "--because", WHY)
    assert done.exit_code == Exit.REFUSED, done.output
    assert "Traceback" not in done.output
    return done.stderr


def in_temporal(system: System, code: str) -> str:
    """The live details of the Temporal UI."""

    async def look() -> str:
        client = await connect_as_set(system.settings, system.ledger.keys)
        handle = client.get_workflow_handle(code)
        metadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
        return str(metadata.current_details)

    return asyncio.run(look())


def expect_on_record(system: System, code: str, *acts: tuple[FactKind, str | None, str]) -> None:
    """Each act, once and in order, wherever somebody would look; why only where people may be named."""
    system.see(code, lambda d: len(d.acts) == len(acts), "the acts published")
    shown = printed("show", code)["acts"]
    assert [(one["kind"], one["leg"], one["operator"], one["because"]) for one in shown] == [
        (kind, leg, OPERATOR, WHY) for kind, leg, _ in acts
    ]
    read, details = lienthong("show", code).stdout, in_temporal(system, code)
    for _, _, words in acts:
        said = f"người vận hành {OPERATOR}: {words}"
        assert said in details
        assert f"{said}. Lý do: {WHY}" in read
    assert details.count(f"người vận hành {OPERATOR}: ") == len(acts)
    assert WHY not in details
    on_trail = ("audit", "list", "--code", code, "--what", "act_accepted")
    eventually(lambda: len(printed(*on_trail)) == len(acts), "the acts on the trail")
    entries = printed(*on_trail)
    assert [(entry["detail"]["kind"], entry["who"], entry["why"]) for entry in entries] == [
        (kind, f"operator:{OPERATOR}", WHY) for kind, _, _ in acts
    ]
    assert all(entry["pack"] for entry in entries)


def test_a_silent_agency_is_promised_anew_and_answers_on_paper(system: System) -> None:
    code = system.open("plain")
    system.instruct(code, "residence", silent=True)
    system.start(code)
    system.see(code, lambda d: d.legs and d.legs[1].sent_at and d.legs[2].ended, "only residence is silent")
    leg = ("--leg", RESIDENCE)
    act("appoint", code, *leg, "--on", "2026-12-01T10:00")
    assert FactRefusal.NOT_PERMITTED in refused("appoint", code, *leg, "--on", "2026-11-28T10:00")
    dated = system.now().isoformat()
    act("paper-answer", code, *leg, "--as", "received", "--dated", dated, "--scan", SCAN, "--agency-code", "45/TN")
    result = ("--number", "45/TB", "--result", f"residence_notice={SCAN}")
    act("paper-answer", code, *leg, "--as", "decided", "--dated", dated, "--scan", SCAN, *result)
    dossier = system.concluded(code)
    assert dossier.summary.outcome is DossierOutcome.COMPLETED
    assert (dossier.legs[1].number, dossier.legs[1].paper_code) == ("45/TB", "45/TN")
    appointed = "hẹn lại ngày trả kết quả “Đăng ký thường trú”: 10:00 thứ Ba 1/12/2026"
    answered = "nhập trả lời bằng giấy của cơ quan “Đăng ký thường trú”: "
    expect_on_record(
        system,
        code,
        (FactKind.APPOINTMENT, RESIDENCE, appointed),
        (FactKind.PAPER_ANSWER, RESIDENCE, f"{answered}tiếp nhận (1 tệp làm chứng cứ)"),
        (FactKind.PAPER_ANSWER, RESIDENCE, f"{answered}đã giải quyết (1 tệp làm chứng cứ)"),
    )
    expect_once(system, code)
    told = Counter(taken["kind"] for taken in system.book(code)["follow_ups"])
    assert told["appointment"] == 2, "the agency and the province"


def test_legs_go_on_without_a_certificate_that_is_withheld(system: System) -> None:
    code = system.open("plain")
    system.instruct(code, "provincial", no_certificate=True)
    system.start(code)
    system.see(code, lambda d: d.legs and d.legs[0].stage is LegStage.WAITING_DOCUMENT, "registered, no certificate")
    attested = ("--official", "cb-12", "--office", "UB-00004", "--document", SCAN)
    for leg in (RESIDENCE, HEALTH):
        act("go-on", code, "--leg", leg, *attested)
    dossier = system.see(code, lambda d: d.legs[1].ended and d.legs[2].ended, "both without the certificate")
    assert (dossier.legs[0].stage, dossier.summary.outcome) == (LegStage.WAITING_DOCUMENT, None)
    assert [leg.outcome for leg in dossier.legs[1:]] == [LegOutcome.COMPLETED, LegOutcome.COMPLETED]
    without = "không chờ giấy chứng nhận, cho đi tiếp"
    assert FactRefusal.ENDED in refused("go-on", code, "--leg", RESIDENCE, *attested)
    expect_on_record(
        system,
        code,
        (FactKind.GO_ON, RESIDENCE, f"{without} “Đăng ký thường trú” (1 tệp làm chứng cứ)"),
        (FactKind.GO_ON, HEALTH, f"{without} “Cấp thẻ bảo hiểm y tế cho trẻ em dưới 6 tuổi” (1 tệp làm chứng cứ)"),
    )
    expect_once(system, code)
    system.terminate(code)


def test_what_a_system_rejected_is_sent_again_when_it_is_mended(system: System) -> None:
    code = system.open("plain")
    system.instruct(code, "residence", fail_times=1000, fail_with="problem")
    system.start(code)
    system.see(code, lambda d: d.legs and d.legs[2].ended and d.troubles, "residence rejects")
    assert FactRefusal.NOT_AWAITED in refused("resend", code, "--leg", HEALTH)
    system.instruct(code, "residence")
    act("resend", code, "--leg", RESIDENCE)
    assert system.concluded(code).summary.outcome is DossierOutcome.COMPLETED
    expect_on_record(system, code, (FactKind.RESEND, RESIDENCE, "gửi lại “Đăng ký thường trú”"))
    expect_once(system, code)


def test_a_dossier_keeps_its_law_and_is_cancelled_by_decision(system: System) -> None:
    code = system.open("grandparents-home")
    system.instruct(code, "vneid", silent=True)
    system.instruct(code, "social_insurance", silent=True)
    system.start(code)
    system.see(code, lambda d: d.legs and d.legs[2].sent_at, "one part waits for people, one is held by its agency")
    assert "có hiệu lực từ 01/01/2027" in refused("migrate", code, "--to", "2027-01-01")
    assert "đã được thay từ 01/09/2026, trước khi hồ sơ" in refused("migrate", code, "--to", "2026-07-01")
    act("cancel", code)
    dossier = system.concluded(code)
    assert dossier.summary.outcome is DossierOutcome.PARTLY_COMPLETED
    assert [leg.outcome for leg in dossier.legs] == [LegOutcome.COMPLETED, LegOutcome.CANCELLED, LegOutcome.CANCELLED]
    assert FactRefusal.ENDED in refused("cancel", code)
    expect_on_record(
        system,
        code,
        (FactKind.CANCELLATION, None, "hủy hồ sơ theo quyết định của cơ quan có thẩm quyền"),
    )
    expect_once(system, code)
    [entry] = printed("audit", "list", "--code", code, "--what", "act_accepted")
    assert entry["pack"] == "2026-09-01", "under which law it was cancelled"
    told = {(one["system"], one["leg"]) for one in system.book(code)["follow_ups"] if one["kind"] == "cancellation"}
    assert told == {("social_insurance", HEALTH), ("provincial", HEALTH)}


@pytest.mark.parametrize(
    ("arguments", "exit_code", "says"),
    [
        (("cancel", "CODE"), Exit.USAGE, "Thiếu '--because'."),
        (("cancel", "CODE", "--because", " "), Exit.USAGE, "Lệnh chưa đúng: thiếu --because."),
        (("cancel", UNKNOWN, "--because", WHY), Exit.NOT_FOUND, "unknown_dossier: Không có hồ sơ này."),
        (
            ("appoint", "CODE", "--leg", "land", "--on", "2026-12-01T10:00", "--because", WHY),
            Exit.REFUSED,
            "unknown_leg: ",
        ),
        (("resend", "CODE", "--leg", "land", "--because", WHY), Exit.REFUSED, "unknown_leg: "),
        (("migrate", "CODE", "--to", "luat-moi", "--because", WHY), Exit.REFUSED, "not_permitted: "),
        (("set-aside", "khong-co", "--because", WHY), Exit.NOT_FOUND, "Không có thông điệp khong-co."),
    ],
)
def test_a_wrong_act_is_one_clear_line(silent: str, arguments: tuple[str, ...], exit_code: Exit, says: str) -> None:
    done = lienthong("operator", *(silent if one == "CODE" else one for one in arguments))
    assert (done.exit_code, done.stdout) == (exit_code, "")
    assert done.stderr.splitlines()[0].startswith(says), done.stderr
    assert len(done.stderr.splitlines()) <= 2, "the line, and where to look"


def test_a_message_that_nobody_can_read_is_set_aside_and_the_others_go_on(
    system: System, silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = silent
    spoilt, younger = f"spoilt-{code}", f"younger-{code}"
    spoil(system, code, spoilt)
    eventually(lambda: waiting(spoilt)["hindrance"] == Hindrance.UNREADABLE, "somebody has tried to deliver it")
    with monkeypatch.context() as patch:
        patch.setenv("LIENTHONG_INBOX_PATIENCE", "0.2")
        behind = ("operator", "cancel", code, "--because", WHY, "--message-id", younger)
        assert "status_path" in printed(*behind), "stored, not judged"
    aside = ("operator", "set-aside", spoilt, "--because", "Bên gửi sẽ gửi lại")
    eventually(lambda: lienthong(*aside).exit_code == Exit.OK, "set aside, when nobody tries to deliver it")
    assert lienthong(*aside).exit_code == Exit.REFUSED
    assert system.concluded(code).summary.outcome is DossierOutcome.PARTLY_COMPLETED
    [entry] = printed("audit", "list", "--code", code, "--what", "set_aside")
    assert (entry["who"], entry["why"]) == (f"operator:{OPERATOR}", "Bên gửi sẽ gửi lại")
    expect_on_record(system, code, (FactKind.CANCELLATION, None, "hủy hồ sơ theo quyết định của cơ quan có thẩm quyền"))
    expect_once(system, code)


def spoil(system: System, code: str, message_id: str) -> None:
    """A message in the inbox whose content cannot be read, as a gateway killed an hour ago could leave it."""
    consent = ConsentAnswer(
        message_id=message_id,
        dossier_code=code,
        leg=RESIDENCE,
        personal_id="001052900011",
        answer=Answer.GRANTED,
        at=system.now(),
    )
    system.ledger.store(consent, "digest", "vneid", datetime.now(UTC) - timedelta(hours=1), timedelta(seconds=5))
    with system.engine.begin() as connection:
        spoilt = text("UPDATE messages_waiting SET fact = '{}' WHERE message_id = :id")
        connection.execute(spoilt, {"id": message_id})


def waiting(message_id: str) -> Any:
    """A message that waits, as an operator sees it."""
    [found] = [one for one in printed("inbox")["messages"] if one["message_id"] == message_id]
    return found


def test_the_trail_of_it_all_is_whole(system: System) -> None:
    """By a process of its own, as an operator has it."""
    whole = system.command("audit", "verify")
    assert whole.returncode == Exit.OK, whole.stderr
    assert "Nhật ký kiểm toán nguyên vẹn" in whole.stdout
