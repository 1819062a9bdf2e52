"""Tests and demo state the dates they play on (REQUIREMENTS §6.10)."""

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli import stories
from cli.stack import training_settings
from models.base import LEGAL_ZONE


@pytest.mark.rule("6.10-dates-stated")
@pytest.mark.parametrize("stated", [datetime(2026, 11, 19, 9, tzinfo=LEGAL_ZONE), datetime(2031, 2, 3, tzinfo=UTC)])
def test_a_system_of_its_own_plays_on_the_date_it_was_given(tmp_path: Path, stated: datetime) -> None:
    settings = training_settings(tmp_path, stated)
    assert settings.training
    assert abs(datetime.now(UTC) + settings.training_offset - stated) < timedelta(seconds=10)


@pytest.mark.rule("6.10-dates-stated")
def test_the_demo_says_every_date_it_plays_on() -> None:
    tree = ast.parse(Path(stories.__file__).read_text("utf-8"))
    dates = {name for name in vars(stories) if name.endswith("_DATE")}
    said = {
        ast.unparse(value.value.args[0])
        for text in ast.walk(tree)
        if isinstance(text, ast.JoinedStr)
        for value in text.values
        if isinstance(value, ast.FormattedValue) and isinstance(value.value, ast.Call)
        if ast.unparse(value.value.func) == "when"
    }
    assert dates
    assert dates <= said
