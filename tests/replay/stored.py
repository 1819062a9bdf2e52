"""Stored histories: `histories/<what it shows>.json.xz`, in the JSON that Temporal's own tools read and write."""

import json
import lzma
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHistory

FOLDER = Path(__file__).parent / "histories"
_SUFFIX = ".json.xz"


def names() -> list[str]:
    """What is stored."""
    return sorted(path.name.removesuffix(_SUFFIX) for path in FOLDER.glob(f"*{_SUFFIX}"))


def text(name: str) -> str:
    """A stored history as JSON."""
    return lzma.decompress((FOLDER / f"{name}{_SUFFIX}").read_bytes()).decode()


def histories() -> dict[str, WorkflowHistory]:
    """Every stored history by its name, which is its workflow id here."""
    return {name: WorkflowHistory.from_json(name, text(name)) for name in names()}


def store(kept: Mapping[str, WorkflowHistory]) -> None:
    """Store these histories and no others, without what names the machine they were recorded on."""
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.iterdir():
        path.unlink()
    for name, history in kept.items():
        compact = json.dumps(_scrubbed(json.loads(history.to_json())), ensure_ascii=False, separators=(",", ":"))
        (FOLDER / f"{name}{_SUFFIX}").write_bytes(lzma.compress(compact.encode()))


def _scrubbed(value: Any) -> Any:
    """Without stack traces, which quote paths; workers on stage have an identity of our choice."""
    if isinstance(value, list):
        return [_scrubbed(item) for item in value]
    if isinstance(value, dict):
        return {key: _scrubbed(item) for key, item in value.items() if key != "stackTrace"}
    return value
