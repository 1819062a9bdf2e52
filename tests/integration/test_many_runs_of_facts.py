"""Many runs of each command that sends a fact; the message id makes many sendings one fact."""

import json

from models.calendar import load_calendar
from models.dossier import LegStage
from tests.integration.many_runs import run_often
from tests.integration.system import SAMPLES, System
from tests.integration.test_straight_path import attachment
from tests.models.cases import born


def test_attach_and_pay(system: System) -> None:
    code = system.open("plain")
    system.instruct(code, "health", notice="unsigned")
    system.instruct(code, "payment", silent=True)
    system.start(code)
    system.see(code, lambda d: d.summary.stage == "waiting_documents", "documents asked for")
    document = f"witness_statement={SAMPLES / 'attachments' / attachment()}"
    at = ("--at", system.now().isoformat())
    run_often(system, "attach", code, "--document", document, "--message-id", "attach-1", *at)
    dossier = system.see(code, lambda d: d.summary.stage == "waiting_payment", "a fee asked for")
    amount = sum(line.amount_vnd for line in dossier.fee.lines)
    fact = ("--amount", str(amount), "--receipt", "BL-1", "--message-id", "pay-1")
    run_often(system, "pay", code, *fact, "--at", system.now().isoformat())


def test_consent_and_agency_event(system: System) -> None:
    code = system.open("grandparents-home")
    system.instruct(code, "vneid", silent=True)
    system.instruct(code, "social_insurance", silent=True)
    system.start(code)
    system.see(code, lambda d: d.legs and d.legs[1].stage is LegStage.WAITING_CONSENTS, "waiting for consents")
    householder = born(system.ledger.declaration(code)).residence_registration.householder.personal_id
    answer = ("--leg", "residence_registration", "--person", householder, "--message-id", "consent-1")
    run_often(system, "consent", code, *answer, "--at", system.now().isoformat())
    on = f"{load_calendar().next_working(system.now().date())}T10:00"
    promise = ("--leg", "residence_registration", "--on", on, "--operator", "vh-07", "--because", "Cán bộ nghỉ ốm")
    promised_at = system.now().isoformat()
    run_often(system, "operator", "appoint", code, *promise, "--message-id", "hen-1", "--at", promised_at)
    fact = {"kind": "verification", "at": system.now().isoformat(), "text": "Cần xác minh."}
    event = {"source": "social_insurance", "leg": "health_insurance_card", "fact": fact}
    file = system.settings.state / "event.json"
    file.write_text(json.dumps(event), "utf-8")
    run_often(system, "agency-event", code, str(file), "--message-id", "verify-1", expected=3)
    system.see(
        code, lambda d: [c.state.value for c in d.legs[1].consents] == ["granted", "asked"], "one consent granted"
    )
    system.see(code, lambda d: [made.operator for made in d.legs[1].appointments] == ["vh-07"], "promised once")
    shown = system.command("show", code).stdout
    assert "người vận hành vh-07: hẹn lại ngày trả kết quả" in shown
    assert "Lý do: Cán bộ nghỉ ốm" in shown
