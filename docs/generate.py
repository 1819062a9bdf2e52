"""The pages that are made from code: `python -m docs.generate` writes them, a test keeps them true."""

from collections.abc import Mapping
from pathlib import Path

from cli import configuration
from docs import rules
from telemetry import metrics

FOLDER = Path(__file__).parent


def pages() -> Mapping[str, str]:
    """Every such page by its file name."""
    return {"settings.md": configuration.page(), "metrics.md": metrics.page(), "rules.md": rules.page()}


if __name__ == "__main__":
    for name, text in pages().items():
        (FOLDER / name).write_text(text, "utf-8")
