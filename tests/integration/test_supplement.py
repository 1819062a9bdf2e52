"""A supplement and an unclassified message in real processes: simulator, gateway, commands, every wire."""

import base64

import pytest

from models.documents import DocumentKind
from models.dossier import DossierOutcome, LegStage, SupplementState
from tests.integration.system import System

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
LEG = "residence_registration"
HOMETOWN, EMAIL = "child.hometown.detail", "applicant.email"
GROUNDS = {
    "reason_code": "document_missing",
    "documents": ["residence_papers"],
    "fields": [HOMETOWN, EMAIL],
    "legal_basis": "Luật Cư trú Điều 21",
    "text": "Thiếu giấy tờ chứng minh chỗ ở.",
}


@pytest.mark.rule("7.supplement-uploaded", "7.supplement-same-dossier", "7.unclassified-operator")
def test_the_same_dossier_goes_on_after_a_supplement(system: System) -> None:
    code = system.open("plain")
    system.instruct(code, "residence", supplement=GROUNDS)
    system.instruct(code, "social_insurance", unclassified="Đề nghị bổ sung.")
    system.start(code)
    dossier = system.see(
        code, lambda d: d.legs and d.legs[1].supplements and d.legs[1].supplements[0].limit, "asked for a supplement"
    )
    assert dossier.legs[1].stage is LegStage.WAITING_SUPPLEMENT
    dossier = system.see(code, lambda d: d.legs[2].notes, "free text heard")
    [note] = dossier.legs[2].notes

    file = system.settings.state / "giay.pdf"
    file.write_bytes(PDF)
    wrong = system.command("supplement", code, "--leg", LEG, "--document", f"birth_commitment={file}")
    assert wrong.returncode == 3, wrong.stdout
    assert "not_awaited" in wrong.stderr
    assert f"lienthong show {code}" in wrong.stderr
    shown = system.command("show", code).stdout
    assert f"lienthong supplement {code} --leg {LEG} --document residence_papers=TỆP" in shown
    assert f"--field {HOMETOWN}=" in shown
    assert f"--field {EMAIL}=" in shown
    assert system.command("supplement", code, "--leg", LEG, "--document", "giay.pdf").returncode == 2
    assert system.command("supplement", code, "--leg", LEG, "--field", "child.full_name").returncode == 2

    paper = {"kind": "residence_papers", "file_name": "a.pdf", "media_type": "application/pdf"}
    paper["content"] = base64.b64encode(PDF).decode()
    data = {"leg": LEG, "documents": [paper], "at": system.now().isoformat()}
    answer = system.event(code, "supplement", data)
    assert answer.status_code == 200, answer.text
    corrected = system.command(
        "supplement", code, "--leg", LEG, "--field", f"{HOMETOWN}=Thôn Mẫu", "--field", f"{EMAIL}=a@thu.vn"
    )
    assert corrected.returncode == 0, corrected.stderr

    read = (
        "--leg",
        "health_insurance_card",
        "--message",
        note.message_id,
        "--operator",
        "vh-01",
        "--because",
        "Đã xem",
    )
    bad = system.command("classify", code, *read, "--as", "refusal")
    assert bad.returncode == 3, bad.stdout
    shown = system.command("show", code).stdout
    assert note.message_id in shown
    assert "Đề nghị bổ sung." in shown
    assert f"lienthong classify {code} --leg health_insurance_card" in shown
    settled = system.command("classify", code, *read, "--as", "no_action", "--json")
    assert settled.returncode == 0, settled.stderr
    wire = {"kind": DocumentKind.HEALTH_INSURANCE_CARD.value, "file_name": "the.pdf", "media_type": "application/pdf"}
    wire["content"] = base64.b64encode(PDF).decode()
    fact = {"kind": "decided", "at": system.now().isoformat(), "number": "1", "documents": [wire]}
    event = {"source": "social_insurance", "leg": "health_insurance_card", "fact": fact}
    assert system.event(code, "agency_event", event).status_code == 200

    dossier = system.concluded(code)
    assert dossier.summary.outcome is DossierOutcome.COMPLETED
    assert [supplement.state for supplement in dossier.legs[1].supplements] == [SupplementState.RECEIVED]
    told = {(one["system"], one["kind"]): one for one in system.book(code)["follow_ups"]}
    assert [change["value"] for change in told["residence", "supplement"]["changes"]] == ["Thôn Mẫu", "a@thu.vn"]
    assert [change["value"] for change in told["provincial", "correction"]["changes"]] == ["Thôn Mẫu", "a@thu.vn"]
    heard = [change["value"] for change in told["social_insurance", "correction"]["changes"]]
    assert heard == ["a@thu.vn"], "social insurance was never told a child's hometown"
