from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.workflows.harness import Play, stage


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    async with stage(tmp_path) as play:
        yield play
