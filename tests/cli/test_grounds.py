"""`grounds`: what agencies may demand in each group, from the data of the return gate."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from models.groups import Group
from starter import application

app = application(("grounds",))


def asked(*arguments: str) -> Any:
    result = CliRunner().invoke(app, ["grounds", *arguments, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.rule("7.gate-list-is-data")
@pytest.mark.parametrize("group", Group)
def test_each_group_has_its_own_list(group: Group) -> None:
    [gate] = asked("--group", group.value, "--on", "2026-11-19")
    assert gate["group"] == group.value
    notices = {one.notice.value for one in Group} & {rule["code"] for rule in gate["documents"]}
    assert notices == {group.notice.value}


def test_without_a_group_it_is_both_and_a_wrong_one_is_said() -> None:
    assert [gate["group"] for gate in asked()] == [group.value for group in Group]
    shown = CliRunner().invoke(app, ["grounds"]).stdout
    assert all(f"{what} ({group.label}, gói luật" in shown for what in ("Lý do", "Giấy tờ") for group in Group)
    wrong = CliRunner().invoke(app, ["grounds", "--group", "marriage"])
    assert wrong.exit_code == 2
    assert "birth" in wrong.output
