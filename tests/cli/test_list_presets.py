"""`list --preset` without a server: the query to paste, and what is said when a question cannot be asked."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.output import Exit
from cli.stack import LOOPBACK, free_port
from models.questions import QUESTIONS, Parameter
from starter import application


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No state, and no Temporal server at the address."""
    monkeypatch.setenv("LIENTHONG_STATE", str(tmp_path))
    monkeypatch.setenv("LIENTHONG_TEMPORAL_ADDRESS", f"{LOOPBACK}:{free_port()}")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(application(["list"]), ["list", *arguments])


def test_the_query_is_printed_without_asking_anybody() -> None:
    shown = run("--preset", "overdue", "--province", "79", "--agency", "residence", "--show-query")
    assert shown.exit_code == Exit.OK
    query = 'ExecutionStatus = "Running" AND OverdueAt IS NOT NULL AND Province = "79" AND OverdueAt = "residence"'
    assert shown.stdout == f"{query}\n"
    as_json = run("--preset", "overdue", "--province", "79", "--agency", "residence", "--show-query", "--json")
    assert json.loads(as_json.stdout) == {"query": query}


def test_every_question_can_be_asked_of_one_group() -> None:
    shown = run("--preset", "overdue", "--group", "death", "--show-query")
    assert shown.stdout == 'ExecutionStatus = "Running" AND OverdueAt IS NOT NULL AND DossierGroup = "death"\n'
    assert run("--preset", "unfinished", "--leg", "death_registration", "--show-query").exit_code == Exit.OK
    assert run("--group", "marriage").exit_code == Exit.USAGE
    narrow = {question.key for question in QUESTIONS if Parameter.GROUP not in question.parameters}
    assert narrow == {"dossier"}


def test_an_unknown_preset_lists_all() -> None:
    refused = run("--preset", "qua-han")
    assert refused.exit_code == Exit.USAGE
    assert all(question.title in refused.stderr for question in QUESTIONS)
    assert json.loads(run("--preset", "qua-han", "--json").stdout)["error"].startswith("Không có câu hỏi “qua-han”")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--preset", "unfinished"), "cần thêm --leg"),
        (("--preset", "overdue", "--agency", "police"), "social_insurance"),
        (("--preset", "overdue", "--stage", "intake"), "--stage không dùng cùng --preset"),
        (("--agency", "residence", "--show-query"), "--agency, --show-query chỉ dùng cùng --preset"),
    ],
)
def test_what_is_missing_or_wrong_is_said(arguments: tuple[str, ...], says: str) -> None:
    refused = run(*arguments)
    assert refused.exit_code == Exit.USAGE
    assert says in refused.stderr


def test_without_a_server_it_says_what_to_do() -> None:
    failed = run("--preset", "overdue")
    assert failed.exit_code == Exit.FAILED
    assert "Không kết nối được Temporal" in failed.stderr
    assert "lienthong dev" in failed.stderr
