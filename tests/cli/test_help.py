"""`--help` teaches both groups, by examples that name only what there is."""

import re
from itertools import chain
from pathlib import Path

import pytest
from typer.testing import CliRunner

from models.documents import DocumentKind
from models.groups import Group
from models.law import all_packs
from starter import ROOMS, application

ROOT = Path(__file__).parents[2]
COMMANDS = sorted(chain.from_iterable(ROOMS.values()))
OF_BOTH_GROUPS = {
    *("submit", "list", "gaps", "law", "checklist", "consent", "agreement", "supplement", "attach", "agency-event"),
    *("withdraw", "grounds"),
}
WORDS = {
    Group.BIRTH: r"birth|khai sinh|residence_registration|witness_statement",
    Group.DEATH: r"death|khai tử|insurance_\w+_benefit",
}


def shown(*arguments: str) -> str:
    done = CliRunner().invoke(application(arguments), [*arguments, "--help"])
    assert done.exit_code == 0
    return done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_examples_name_samples_legs_and_documents_that_there_are(command: str) -> None:
    text = shown(command)
    assert all((ROOT / sample).exists() for sample in re.findall(r"samples/\S+\.json", text))
    legs = {leg for pack in all_packs() for group in Group for leg in pack.group(group).legs}
    assert {*re.findall(r"--leg (\w+)", text), *re.findall(r'"leg": "(\w+)"', text)} - {"TEXT"} <= legs
    assert set(re.findall(r"--document (\w+)=", text)) <= set(DocumentKind)
    assert set(re.findall(r"--group (\w+)", text)) - {"NHÓM"} <= {*Group, "TEXT"}


def test_at_a_desk_nobody_is_unreachable() -> None:
    assert "<granted|declined>" in shown("attest-consent")
    assert "unreachable" in shown("consent")


@pytest.mark.parametrize("command", ["", *sorted(OF_BOTH_GROUPS)])
def test_help_teaches_both_groups(command: str) -> None:
    text = shown(*filter(None, [command]))
    assert [group for group in Group if not re.search(WORDS[group], text)] == []
