"""Operators look with Temporal's own tools: a real server, a real codec server, the real command line."""

import json
import subprocess
from collections.abc import Iterator

import pytest

from cli.stack import codec_url, operator_tokens, program
from models.audit import Action
from models.operators import OperatorRole
from tests.integration.system import System, running_system, system_settings
from tests.models.cases import personal_data
from trust.masking import COVER


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with running_system(system_settings(tmp_path_factory.mktemp("system")), codec=True) as system:
        yield system


@pytest.fixture(scope="module")
def code(system: System) -> str:
    """A dossier whose birth is registered, and whose insurance card is never issued."""
    code = system.open("plain")
    system.instruct(code, "social_insurance", silent=True)
    system.start(code)
    system.see(code, lambda dossier: dossier.legs and dossier.legs[0].number, "a registration number")
    return code


def tokens(system: System) -> dict[str, str]:
    lines = operator_tokens(system.settings).read_text("utf-8").splitlines()
    return dict(line.split() for line in lines)


def temporal(system: System, *arguments: str, role: OperatorRole | None = None) -> subprocess.CompletedProcess[str]:
    """Temporal's command line, with the codec server as operators of that role use it."""
    looking = ("--codec-endpoint", codec_url(system.settings), "--codec-auth")
    with_codec = (*looking, f"Bearer {tokens(system)[role]}") if role else ()
    command = (str(program("temporal")), "workflow", *arguments, "--address", system.settings.temporal_address)
    return subprocess.run([*command, *with_codec], capture_output=True, text=True, timeout=60, check=False)


def child(system: System, code: str) -> str:
    return str(system.ledger.declaration(code).subject_name)


def test_nobody_reads_without_the_codec_server(system: System, code: str) -> None:
    shown = temporal(system, "show", "--workflow-id", code, "--detailed")
    assert shown.returncode == 0, shown.stderr
    assert "lienthong-dossier" in shown.stdout
    assert child(system, code) not in shown.stdout


def test_a_case_officer_reads_a_history(system: System, code: str) -> None:
    shown = temporal(system, "show", "--workflow-id", code, "--detailed", role=OperatorRole.CASE_OFFICER)
    assert shown.returncode == 0, shown.stderr
    assert f"input[0].declaration.child.full_name: {child(system, code)}" in shown.stdout
    assert "lienthong-dossier" not in shown.stdout
    entries = system.ledger.entries(who="operator:case_officer", limit=1000)
    assert {(entry.what, entry.code) for entry in entries} == {(Action.DECODED, code)}


def test_support_reads_the_same_history_masked(system: System, code: str) -> None:
    shown = temporal(system, "show", "--workflow-id", code, "--detailed", role=OperatorRole.SUPPORT)
    assert shown.returncode == 0, shown.stderr
    assert f"input[0].declaration.child.full_name: {COVER}" in shown.stdout
    assert f"input[0].code: {code}" in shown.stdout
    assert not [said for said in personal_data(system.ledger.declaration(code)) if said in shown.stdout]


def test_support_reads_the_live_state_masked(system: System, code: str) -> None:
    asked = ("query", "--workflow-id", code, "--type", "dossier_view", "--output", "json")
    view = temporal(system, *asked, role=OperatorRole.SUPPORT)
    assert view.returncode == 0, view.stderr
    (shown,) = json.loads(view.stdout)["queryResult"]
    assert (shown["code"], shown["stage"], shown["legs"][0]["number"]) == (code, "in_progress", COVER)


def test_an_auditor_reads_no_history(system: System, code: str) -> None:
    """Temporal's command line asks again until its time is up: it does not see that no means no."""
    shown = temporal(system, "show", "--workflow-id", code, "--command-timeout", "2s", role=OperatorRole.AUDITOR)
    assert shown.returncode != 0
    assert system.ledger.entries(who="operator:auditor", limit=1)[0].what is Action.DECODE_REFUSED


def test_nobody_sends_by_temporals_own_command_line(system: System, code: str) -> None:
    """With the codec server its input is refused with the reason, and never stored in the clear."""
    fact = ("--name", "payment", "--input", json.dumps(child(system, code)))
    sent = temporal(system, "signal", "--workflow-id", code, *fact, role=OperatorRole.CASE_OFFICER)
    assert sent.returncode != 0
    assert "lienthong" in sent.stderr
