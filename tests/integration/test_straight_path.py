"""The straight path of both groups with everything real: processes, HTTP, database, Temporal; on 19 November 2026."""

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from temporalio.api.sdk.v1 import WorkflowMetadata
from typer.testing import CliRunner

from cli.output import Exit
from ledger.values import StoredDossier
from models.dossier import DossierOutcome, LegOutcome, LegStage
from processes.temporal import connect_as_set
from starter import application
from tests.integration.system import DEATH_NAMES, SAMPLES, System
from tests.models.cases import born, death_sample
from trust.codec import DossierCodec

EVERY_SAMPLE = sorted([*(path.stem for path in SAMPLES.glob("*.json")), *DEATH_NAMES])
REFUSAL: dict[str, Any] = {
    "reason_code": "conditions_not_met",
    "fields": ["residence_registration.address"],
    "legal_basis": "Luật Cư trú Điều 23",
    "text": "Địa chỉ thuộc khu vực đã có quyết định thu hồi đất.",
}


def expect_once(system: System, code: str, refused: int = 0) -> None:
    """The simulator's own book has each registration and each notice exactly once; so many of its answers refused."""
    book = system.settled_book(code)
    for kind in ("registrations", "intakes"):
        taken = Counter((row["system"], row["leg"]) for row in book[kind])
        assert set(taken.values()) == {1}, taken
    ours = Counter(notice.dispatch.head.key for notice in system.dossier(code).notices)
    assert set(ours.values()) == {1}
    for kind in ("notices", "results", "paper_orders"):
        keys = Counter((row["system"], row["key"]) for row in book[kind] if row["key"])
        assert not keys or set(keys.values()) == {1}, keys
    states = Counter(answer["state"] for answer in book["answers"])
    assert states["refused"] == refused
    assert set(states) <= {"accepted", "refused"}, states


@pytest.fixture
def here(system: System, monkeypatch: pytest.MonkeyPatch) -> System:
    """The system, for commands run in this process."""
    for name, value in system.environment().items():
        monkeypatch.setenv(name, value)
    return system


def submit(file: Path, *arguments: str) -> tuple[int, Any]:
    """What `lienthong submit` says of a file, to scripts."""
    done = CliRunner().invoke(application(["submit"]), ["submit", str(file), "--json", *arguments])
    return done.exit_code, json.loads(done.stdout)


@pytest.mark.rule("5.80-plus", "5.extract-first")
def test_every_sample_goes_from_declaration_to_its_results(here: System) -> None:
    submitted = {name: submit(here.file_of(name)) for name in EVERY_SAMPLE}
    assert {exit_code for exit_code, _ in submitted.values()} == {Exit.OK}, submitted
    for name, (_, answer) in submitted.items():
        dossier = here.concluded(answer["code"])
        assert dossier.summary.outcome is DossierOutcome.COMPLETED, name
        assert all(leg.outcome is LegOutcome.COMPLETED and leg.due and leg.timeliness for leg in dossier.legs), name
        expect_results_in_order(dossier)
        expect_once(here, answer["code"])


def expect_results_in_order(dossier: StoredDossier) -> None:
    """Each leg has its results, and was sent only after those it needs were decided."""
    assert dossier.plan
    legs = {leg.key: leg for leg in dossier.legs}
    for planned in dossier.plan.legs:
        leg = legs[planned.key]
        assert {document.kind for document in leg.documents} == {*planned.results}
        decided = [legs[key].decided_at for key in planned.requires]
        assert all(leg.sent_at and at and at <= leg.sent_at for at in decided)


@pytest.mark.rule("8.duplicate-deceased", "8.duplicate-code-shown")
def test_a_death_declared_by_two_relatives_is_registered_once(here: System) -> None:
    file = here.file_of("householder")
    _, first = submit(file)
    again = {**first, "created": False, "text": "Lần nộp này đã có hồ sơ.", "submitted_at": ANY}
    assert submit(file) == (Exit.OK, again)
    form = json.loads(file.read_text("utf-8")) | {"submission_id": None}
    form["applicant"]["phone"] = "0912000777"
    file.write_text(json.dumps(form), "utf-8")
    exit_code, refused = submit(file)
    assert (exit_code, first["code"] in refused["error"]) == (Exit.REFUSED, True)
    form["applicant"] |= {"personal_id": "001162900777", "full_name": "Nguyễn Thị Khác Mẫu", "relation": "spouse"}
    form["death_notice"]["number"] = "77777.GBT.01234.26"
    file.write_text(json.dumps(form), "utf-8")
    exit_code, refused = submit(file, "--confirmed-not-duplicate", "Đã đối chiếu")
    assert exit_code == Exit.REFUSED
    assert first["code"] not in json.dumps(refused)
    here.concluded(first["code"])
    assert submit(file) == (Exit.REFUSED, refused)
    [registration] = [row for row in here.book(first["code"])["registrations"] if row["leg"] == "death_registration"]
    assert registration["system"] == "provincial"


@pytest.mark.rule("4.8-receipts")
def test_the_e_receipt_of_the_platform_reaches_ledger_and_store(system: System) -> None:
    code = system.open("plain")
    system.start(code)
    dossier = system.concluded(code)
    assert dossier.fee.receipt
    assert (None, dossier.fee.receipt) in [(kept.leg, kept.document) for kept in dossier.documents]
    [delivered] = [row for row in system.book(code)["results"] if row["key"].endswith(":payment:receipt:documents")]
    assert delivered["system"] == "documents"


def test_both_dossier_codes_and_a_trace_travel_in_every_message(system: System) -> None:
    code = system.open("plain")
    system.start(code)
    provincial = system.concluded(code).provincial_code
    requests = system.book(code)["requests"]
    assert {request["dossier_code"] for request in requests} == {code}
    assert {request["traceparent"][3:35] for request in requests} == {requests[0]["traceparent"][3:35]}
    after_receipt = [request for request in requests if request["system"] in ("residence", "social_insurance")]
    assert after_receipt
    assert {request["provincial_code"] for request in after_receipt} == {provincial}


@pytest.mark.rule("4.4-isolation", "7.refusal-one-leg")
def test_a_refused_leg_touches_no_other(system: System) -> None:
    code = system.open("unknown-father")
    system.instruct(code, "residence", refuse=REFUSAL)
    system.start(code)
    dossier = system.concluded(code)
    outcomes = {leg.key: leg.outcome for leg in dossier.legs}
    assert dossier.summary.outcome is DossierOutcome.PARTLY_COMPLETED
    assert outcomes == {
        "birth_registration": LegOutcome.COMPLETED,
        "residence_registration": LegOutcome.REFUSED,
        "health_insurance_card": LegOutcome.COMPLETED,
    }
    told = [notice.dispatch.text or "" for notice in dossier.notices]
    assert any(REFUSAL["text"] in text and REFUSAL["legal_basis"] in text for text in told)


@pytest.mark.rule("7.refusal-dependents")
def test_a_refused_registration_leaves_nothing_possible_and_frees_the_child(system: System) -> None:
    code = system.open("plain")
    system.instruct(code, "provincial", refuse=REFUSAL)
    system.start(code)
    dossier = system.concluded(code)
    assert dossier.summary.outcome is DossierOutcome.NOT_COMPLETED
    assert {leg.outcome for leg in dossier.legs[1:]} == {LegOutcome.NOT_POSSIBLE}
    assert system.book(code)["registrations"] == []


@pytest.mark.rule("10.consent-declined")
def test_a_declined_consent_ends_only_its_leg(system: System) -> None:
    code = system.open("grandparents-home")
    system.instruct(code, "vneid", consents={"dwelling_owner": "declined"})
    system.start(code)
    outcomes = {leg.key: leg.outcome for leg in system.concluded(code).legs}
    assert outcomes["residence_registration"] is LegOutcome.CONSENT_DECLINED
    assert outcomes["health_insurance_card"] is LegOutcome.COMPLETED


@pytest.mark.rule("5.relatives-consent", "10.consent-declined")
def test_one_relative_who_declines_ends_only_what_needs_them(system: System) -> None:
    code = system.open("insurance-lump-sum")
    daughter = death_sample("insurance-lump-sum").family[-1].personal_id
    system.instruct(code, "vneid", consents={daughter: "declined"})
    system.start(code)
    dossier = system.concluded(code)
    assert dossier.summary.outcome is DossierOutcome.PARTLY_COMPLETED
    assert {leg.key: leg.outcome for leg in dossier.legs} == {
        "death_registration": LegOutcome.COMPLETED,
        "residence_deregistration": LegOutcome.COMPLETED,
        "insurance_funeral_benefit": LegOutcome.CONSENT_DECLINED,
        "insurance_survivor_benefit": LegOutcome.CONSENT_DECLINED,
    }


@pytest.mark.parametrize("agency", ["provincial", "residence", "social_insurance"])
@pytest.mark.parametrize("how", ["drop", "html", 503])
def test_an_agency_that_fails_twice_still_registers_once(system: System, agency: str, how: Any) -> None:
    code = system.open("plain")
    system.instruct(code, agency, fail_times=2, fail_with=how)
    system.start(code)
    assert system.concluded(code).summary.outcome is DossierOutcome.COMPLETED
    expect_once(system, code)


def test_a_failure_told_in_a_200_is_not_taken_for_success(system: System) -> None:
    code = system.open("plain")
    system.instruct(code, "provincial", fail_times=1, fail_with="code", fail_code="hồ sơ chưa được gửi sang, thử lại")
    system.start(code)
    assert system.concluded(code).summary.outcome is DossierOutcome.COMPLETED
    expect_once(system, code)


def test_an_agency_asked_to_retry_after_is_obeyed(system: System) -> None:
    code = system.open("plain")
    system.instruct(code, "residence", fail_times=1, fail_with=429, retry_after="3")
    system.start(code)
    dossier = system.concluded(code)
    tries = [r for r in system.book(code)["requests"] if r["system"] == "residence" and r["method"] == "POST"]
    assert [request["status"] for request in tries] == [429, 202]
    assert dossier.summary.outcome is DossierOutcome.COMPLETED


@pytest.mark.rule("10.verification-group")
def test_verification_extends_the_leg_and_the_group(system: System) -> None:
    code = system.open("temporary-residence")
    system.instruct(code, "residence", verification=True)
    system.start(code)
    dossier = system.concluded(code)
    leg = dossier.legs[1]
    assert leg.due is not None
    assert leg.due.working_days == 5
    assert dossier.due is not None
    assert dossier.due.working_days == 5


def test_an_unsigned_birth_notice_asks_for_substitutes_at_once(system: System) -> None:
    code = system.open("plain")
    system.instruct(code, "health", notice="unsigned")
    system.start(code)
    dossier = system.see(code, lambda d: d.summary.stage == "waiting_documents", "documents asked for")
    asked = next(n.dispatch.text for n in dossier.notices if n.dispatch.text and "bổ sung" in n.dispatch.text)
    assert "Văn bản của người làm chứng" in asked
    supplied = system.command(
        "attach", code, "--document", f"witness_statement={SAMPLES / 'attachments' / attachment()}"
    )
    assert supplied.returncode == 0, supplied.stderr
    assert system.concluded(code).summary.outcome is DossierOutcome.COMPLETED


def test_the_table_of_facilities_says_who_signs_and_who_signs_wrongly(system: System) -> None:
    """Facility 79001 packs its notices in the file of the stay (profile A), 01988 by themselves (B)."""
    states = ("good", "unsigned", "unverifiable", "broken", "untrusted", "not_found")
    for facility in ("79001", "01988"):
        notice = {"issued_on": "2026-11-18", "facility": "Bệnh viện Thử Nghiệm"}
        codes = {
            state: system.open("plain", birth_notice={**notice, "number": f"{at}{facility[1:]}.GCS.{facility}.26"})
            for at, state in enumerate(states, 1)
        }
        for state, code in codes.items():
            system.instruct(code, "health", notice=state)
            system.start(code)
        for state, code in codes.items():
            dossier = system.see(code, lambda one: one.sequence and one.notice_checks, "look-up")
            assert [check.state.value for check in dossier.notice_checks] == [state]
            if state != "good":
                system.see(code, lambda one: one.summary.stage == "waiting_documents", f"{state}: documents asked for")
        counts = {"looked_up": 5, "signed": 1, "unsigned": 1, "wrongly_signed": 3, "not_found": 0}
        [row] = json.loads(system.command("facilities", "--facility", facility, "--json").stdout)
        assert {name: row[name] for name in counts} == counts
        assert (row["unverifiable"], row["broken"], row["untrusted"]) == (1, 1, 1)
    shown = system.command("facilities", "--from", "2026-11-19", "--until", "2026-11-30")
    assert shown.returncode == 0, shown.stderr
    assert "2026-11" in shown.stdout
    assert system.command("facilities", "--until", "2026-11-18", "--json").stdout.strip() == "[]"
    wrong = system.command("facilities", "--from", "hôm qua")
    assert (wrong.returncode, "năm-tháng-ngày" in wrong.stderr) == (2, True)
    assert "chứng thư" in system.command("show", codes["untrusted"]).stdout.lower()


def attachment() -> str:
    """Any attachment of the samples."""
    return sorted(path.name for path in (SAMPLES / "attachments").glob("*.pdf"))[0]


@pytest.mark.rule("8.started-with-code")
def test_an_operator_who_knows_only_the_temporal_ui_sees_the_dossier(system: System) -> None:
    code = system.open("grandparents-home")
    system.instruct(code, "vneid", silent=True)
    system.start(code)
    system.see(code, lambda d: d.legs and d.legs[1].stage is LegStage.WAITING_CONSENTS, "waiting for consents")

    async def look() -> tuple[list[str], str, str, list[str]]:
        client = await connect_as_set(system.settings, system.ledger.keys)
        handle = client.get_workflow_handle(code)
        async with asyncio.timeout(20):
            found: list[str] = []
            while code not in found:  # visibility follows within a second or so
                query = 'DossierGroup = "birth" AND Province = "01" AND WaitingFor = "consent"'
                found = [workflow.id async for workflow in client.list_workflows(query)]
        description = await handle.describe()
        metadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
        history = await handle.fetch_history()
        stored = [event.user_metadata.summary for event in history.events if event.HasField("user_metadata")]
        read = await DossierCodec(system.ledger.keys).decode(stored)
        summaries = [summary.data.decode() for summary in read]
        return found, await description.static_summary() or "", metadata.current_details, summaries

    found, title, details, summaries = asyncio.run(look())
    assert code in found
    assert title.startswith("Khai sinh liên thông")
    assert "| Đăng ký thường trú | Công an xã, phường, đặc khu | chờ xác nhận đồng ý trên VNeID |" in details
    assert "Chủ hộ, Chủ sở hữu chỗ ở hợp pháp, đến hết thứ Sáu 27/11/2026" in details
    wait = "Đến hết thứ Sáu 27/11/2026 chờ Chủ hộ, Chủ sở hữu chỗ ở hợp pháp xác nhận “Đăng ký thường trú”"
    assert f'"{wait}"' in summaries
    form = born(system.ledger.declaration(code))
    for personal in (form.child.full_name, form.applicant.personal_id, form.applicant.full_name):
        assert personal not in details + title + "".join(summaries) + code
