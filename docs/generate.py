"""Pages, and lists in pages, that are made from code: `python -m docs.generate` writes them, a test keeps them true."""

from collections.abc import Mapping
from pathlib import Path

from cli import configuration
from docs import rules
from telemetry import metrics
from tests.leaks import places

FOLDER = Path(__file__).parent


def pages() -> Mapping[str, str]:
    """Every such page by its file name."""
    return {
        "settings.md": configuration.page(),
        "metrics.md": metrics.page(),
        "rules.md": rules.page(),
        "security.md": _with_list("security.md", "places of the leak scan", places.page()),
    }


def _with_list(page: str, name: str, made: str) -> str:
    """The page with that list as it is made now, between the marks that name it."""
    begin, end = f"<!-- {name}: python -m docs.generate -->\n", f"<!-- end of {name} -->\n"
    before, rest = (FOLDER / page).read_text("utf-8").split(begin)
    return f"{before}{begin}\n{made}\n{end}{rest.split(end)[1]}"


if __name__ == "__main__":
    for name, text in pages().items():
        (FOLDER / name).write_text(text, "utf-8")
