"""Stored histories: `histories/<what it shows>.json.xz`, in the JSON that Temporal's own tools read and write."""

import json
import lzma
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHistory

FOLDER = Path(__file__).parent / "histories"
_SUFFIX = ".json.xz"


def texts() -> dict[str, str]:
    """Every stored history as JSON, by name."""
    return {
        path.name.removesuffix(_SUFFIX): lzma.decompress(path.read_bytes()).decode()
        for path in sorted(FOLDER.glob(f"*{_SUFFIX}"))
    }


def stored() -> list[WorkflowHistory]:
    """Every stored history; its workflow id here is its name."""
    return [WorkflowHistory.from_json(name, text) for name, text in texts().items()]


def store(histories: Mapping[str, WorkflowHistory]) -> None:
    """Store these histories and no others, without what names the machine they were recorded on."""
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.iterdir():
        path.unlink()
    for name, history in histories.items():
        text = json.dumps(_scrubbed(json.loads(history.to_json())), ensure_ascii=False, separators=(",", ":"))
        (FOLDER / f"{name}{_SUFFIX}").write_bytes(lzma.compress(text.encode()))


def _scrubbed(value: Any) -> Any:
    """Without stack traces, which quote paths; workers on stage have an identity of our choice."""
    if isinstance(value, list):
        return [_scrubbed(item) for item in value]
    if isinstance(value, dict):
        return {key: _scrubbed(item) for key, item in value.items() if key != "stackTrace"}
    return value
