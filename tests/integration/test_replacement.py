"""A corrected certificate with everything real: long after the conclusion, to every agency that has the old one."""

import asyncio
import base64
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionDescription, WorkflowExecutionStatus

from cli.stack import AUTHORITY
from ledger.values import StoredDossier
from models.documents import DocumentKind
from models.search_attributes import SearchAttribute
from processes.temporal import connect_as_set
from simulator.authority import Authority
from simulator.paper import paper
from simulator.press import signed
from tests.integration.system import System, eventually
from workflows.visibility import attribute_key

BIRTH, RESIDENCE = "birth_registration", "residence_registration"
DEATH = "death_registration"


def issued_anew(system: System, kind: DocumentKind, number: str) -> bytes:
    """A new version, signed by the provincial office."""
    office = Authority(system.settings.state / AUTHORITY).signer("provincial", "CƠ QUAN GIẢ LẬP")
    return signed(paper(kind, number)[1], office, system.now())


def concluded(system: System, name: str = "plain") -> str:
    """The code of a dossier with every result."""
    code = system.open(name)
    system.start(code)
    system.concluded(code)
    return code


def corrected(
    system: System, leg: str = BIRTH, kind: DocumentKind = DocumentKind.BIRTH_CERTIFICATE, **fact: Any
) -> dict[str, Any]:
    """What the registrar sends with a certificate or an extract issued anew."""
    document = {
        "kind": kind.value,
        "file_name": "ban-cap-lai.pdf",
        "media_type": "application/pdf",
        "content": base64.b64encode(issued_anew(system, kind, "2/2026")).decode(),
    }
    stated = {"kind": "corrected", "at": system.now().isoformat(), "documents": [document], "text": "Sai tên đệm."}
    return {"source": "provincial", "leg": leg, "fact": {**stated, **fact}}


def replaced(system: System, code: str, times: int) -> StoredDossier:
    """The dossier once its result was replaced so often, and everybody has acknowledged and been told."""
    system.see(
        code,
        lambda d: len(d.replacements) == times and not any(one.awaited for one in d.replacements),
        f"{times} replacements acknowledged",
    )
    return system.see(code, lambda _: not system.ledger.outbox_open(code), "outbox empty")


def told(system: System, code: str) -> Counter[tuple[str, str]]:
    """Who was told of a new version how often, by the simulator's own book."""
    letters = [one for one in system.book(code)["follow_ups"] if one["kind"] == "replacement"]
    return Counter((one["system"], one["registration_number"]) for one in letters)


def described(system: System, workflow_id: str) -> WorkflowExecutionDescription:
    """A workflow as Temporal knows it."""

    async def describing() -> WorkflowExecutionDescription:
        client = await connect_as_set(system.settings, system.ledger.keys)
        return await client.get_workflow_handle(workflow_id).describe()

    return asyncio.run(describing())


def expect_refusals(system: System, code: str) -> None:
    """What may not replace anything is refused with a reason, and starts nothing."""
    wrong = {
        "wrong_sender": {**corrected(system), "source": "residence"},
        "not_awaited": {**corrected(system), "source": "residence", "leg": RESIDENCE},
        "unknown_leg": {**corrected(system), "leg": "land_registration"},
    }
    for reason, event in wrong.items():
        answer = system.event(code, "agency_event", event, source=event["source"])
        assert answer.json()["title"] == reason, answer.text
    unknown = system.event("G22.99.08-261119-999999", "agency_event", corrected(system), source="provincial")
    assert unknown.status_code == 404
    assert system.dossier(code).replacements == ()


@pytest.mark.rule("7.replacement", "7.replacement-acknowledged", "8.superseded", "8.superseded-told")
def test_a_corrected_certificate_replaces_the_old_one_everywhere(system: System, tmp_path: Path) -> None:
    code = concluded(system)
    expect_refusals(system, code)
    event = corrected(system, number="2/2026")
    for text in (f"{code}/replacement/1", "Đã ghi nhận trước đó."):
        taken = system.event(code, "agency_event", event, id=f"{code}:anew", source="provincial")
        assert taken.status_code == 200, taken.text
        assert text in taken.json()["text"]
    dossier = replaced(system, code, 1)
    assert told(system, code) == {("residence", "2/2026"): 1, ("social_insurance", "2/2026"): 1}, "each told once"

    old, new = [d for d in dossier.documents if d.document.kind is DocumentKind.BIRTH_CERTIFICATE]
    assert old.superseded_at
    assert new.superseded_at is None
    book = system.book(code)
    in_store = [(row["sha256"], row["supersedes"]) for row in book["results"] if row["system"] == "documents"]
    assert (new.document.sha256, old.document.sha256) in in_store, "the store knows which one is no longer valid"
    assert [row["sha256"] for row in book["replaced"]] == [new.document.sha256] * 2

    number_one = f"{code}/replacement/1"
    eventually(lambda: described(system, number_one).status is WorkflowExecutionStatus.COMPLETED, "completed")
    shown = described(system, number_one).typed_search_attributes
    assert shown.get(attribute_key(SearchAttribute.PROVINCE)) == dossier.summary.province_code
    assert not shown.get(attribute_key(SearchAttribute.WAITING_FOR))

    file, certificate = tmp_path / "event.json", tmp_path / "moi.pdf"
    unsigned = paper(DocumentKind.BIRTH_CERTIFICATE, "3/2026")[1]
    file.write_text(json.dumps({**event, "fact": {**event["fact"], "documents": []}}), "utf-8")
    command = ("agency-event", code, str(file), "--document", f"birth_certificate={certificate}")
    certificate.write_bytes(unsigned)
    by_script = system.command(*command)
    assert (by_script.returncode, "badly_signed" in by_script.stderr) == (3, True), by_script.stderr
    certificate.write_bytes(issued_anew(system, DocumentKind.BIRTH_CERTIFICATE, "3/2026"))
    by_script = system.command(*command)
    assert f"{code}/replacement/2" in by_script.stdout, by_script.stderr
    replaced(system, code, 2)
    page = system.command("show", code).stdout
    for number in (1, 2):
        assert f"Kết quả cấp lại lần {number} – đã xác nhận đủ" in page
    assert f"Bản đã bị thay: Giấy khai sinh, SHA-256 {old.document.sha256}" in page

    url = f"{system.settings.simulator_url}/corrections/{code}/provincial"
    system.http.post(url, json={"text": "Sai quê quán."}).raise_for_status()
    replaced(system, code, 3)
    assert told(system, code).total() == 6


@pytest.mark.rule("7.replacement", "7.replacement-acknowledged", "8.superseded", "8.superseded-told", "5.80-plus")
def test_a_corrected_death_extract_reaches_every_agency_of_the_chain(system: System) -> None:
    """A wrong date of death: police, social insurance and social affairs have the old extract, and say so."""
    code = concluded(system, "aged-80")
    event = corrected(system, DEATH, DocumentKind.DEATH_EXTRACT, number="2/2026", text="Sai ngày chết.")
    taken = system.event(code, "agency_event", event, id=f"{code}:anew", source="provincial")
    assert taken.status_code == 200, taken.text
    assert f"{code}/replacement/1" in taken.json()["text"]
    dossier = replaced(system, code, 1)
    everybody = ("residence", "social_insurance", "social_affairs")
    assert told(system, code) == {(agency, "2/2026"): 1 for agency in everybody}, "each told once"
    old, new = [d for d in dossier.documents if d.document.kind is DocumentKind.DEATH_EXTRACT]
    assert old.superseded_at
    assert new.superseded_at is None
    book = system.book(code)
    assert [row["sha256"] for row in book["replaced"]] == [new.document.sha256] * 3
    in_store = [(row["sha256"], row["supersedes"]) for row in book["results"] if row["system"] == "documents"]
    assert (new.document.sha256, old.document.sha256) in in_store

    url = f"{system.settings.simulator_url}/corrections/{code}/provincial"
    system.http.post(url, json={"text": "Sai giờ chết."}).raise_for_status()
    replaced(system, code, 2)
    assert told(system, code).total() == 6
    page = system.command("show", code).stdout
    assert "Kết quả cấp lại lần 2 – đã xác nhận đủ" in page
    assert f"Bản đã bị thay: Trích lục khai tử, SHA-256 {new.document.sha256}" in page
    assert "Giấy khai sinh" not in page
