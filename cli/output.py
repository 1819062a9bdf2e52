"""What all commands have in common: exit codes, errors, JSON for scripts, readable Vietnamese for people.

On a terminal text is wrapped and emphasised; in a pipe it is plain, one item a line, and no code is ever broken.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from io import StringIO
from typing import Annotated, Any, NoReturn, TextIO

import typer
from pydantic import BaseModel
from pydantic_core import to_jsonable_python
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.table import Column, Table
from rich.text import Text

from models.groups import Group
from models.reading import DeclarationErrors


class Exit(IntEnum):
    """What a command's exit code means."""

    OK = 0
    FAILED = 1
    """A server, a database or the simulator cannot be used."""
    USAGE = 2
    """The input is bad."""
    REFUSED = 3
    """The law or the dossier says no: a duplicate, a fact refused, attachments missing."""
    NOT_FOUND = 4


JsonOption = Annotated[bool, typer.Option("--json", help="In JSON cho chương trình khác đọc, stdout chỉ có JSON.")]
"""`--json` of every command."""

GroupOption = Annotated[
    Group | None, typer.Option("--group", help="Chỉ nhóm này: birth (khai sinh) hoặc death (khai tử).")
]
"""`--group` of commands that otherwise tell of both groups."""

_PIPED_WIDTH = 120
_PIPED_TEXT_WIDTH = 30
_UNLIMITED = 100_000


def use_utf8() -> None:
    """Let this process write Vietnamese whatever the locale says; called once, before anything is printed."""
    for stream in (sys.stdout, sys.stderr):
        if callable(reconfigure := getattr(stream, "reconfigure", None)):
            reconfigure(encoding="utf-8", errors="backslashreplace")


def fail(code: Exit, *lines: str, as_json: bool = False) -> NoReturn:
    """End the command: the lines on stderr and, for scripts, {"error": first line, "details": the others} on stdout."""
    error, *details = [printable(line) for line in lines]
    _report(error, details, as_json=as_json)
    say(*details, stream=sys.stderr)
    raise typer.Exit(code)


def fail_declaration(errors: DeclarationErrors, *, as_json: bool = False) -> NoReturn:
    """End the command with everything wrong in a declaration; `details` are then objects of path, field, message."""
    problems = errors.problems
    _report(f"Tờ khai có {len(problems)} chỗ phải sửa.", problems, as_json=as_json)
    rows = [(problem.field, problem.message) for problem in problems]
    table(None, ("Mục trên tờ khai", "Phải sửa"), rows, stream=sys.stderr)
    raise typer.Exit(Exit.USAGE)


def emit_json(value: BaseModel | Sequence[Any] | Mapping[str, Any]) -> None:
    """The value on stdout as JSON: Vietnamese unescaped, dates in ISO 8601, instants with their offset."""
    sys.stdout.write(json.dumps(to_jsonable_python(value), ensure_ascii=False, indent=2) + "\n")
    sys.stdout.flush()


def printable(text: str) -> str:
    """Text somebody else typed, on one line and harmless to terminals and encodings."""
    spaced = "".join(" " if character.isspace() else character for character in text)
    return "".join(character if character.isprintable() else "?" for character in spaced)


def say(*lines: str, style: str = "", stream: TextIO | None = None) -> None:
    """Paragraphs; in a pipe each is one line."""
    for line in lines:
        _show(Text(line, style), stream)


def heading(text: str) -> None:
    """A title, after an empty line."""
    say("")
    say(text, style="bold")


def explain(items: Iterable[str]) -> None:
    """A list of explanations, one item each."""
    rows = [("-", item) for item in items]
    if rows:
        _show(_grid(rows), None)


def facts(rows: Iterable[tuple[str, str]]) -> None:
    """What is known of one thing: a name and a value on each row; rows without a value are left out."""
    known = [(f"{name}:", value) for name, value in rows if value]
    if known:
        _show(_grid(known), None)


def table(
    title: str | None, columns: Sequence[str], rows: Iterable[Sequence[str]], *, stream: TextIO | None = None
) -> None:
    """A table; a column whose cells hold no spaces (codes, dates) is never broken in a pipe."""
    cells = [[printable(cell) for cell in row] for row in rows]
    heads = [_column(name, [row[at] for row in cells], stream) for at, name in enumerate(columns)]
    grid = Table(*heads, title=title, title_justify="left", show_lines=_terminal(stream))
    for row in cells:
        grid.add_row(*row)
    _show(grid, stream, _PIPED_WIDTH)


def _report(error: str, details: Sequence[Any], *, as_json: bool) -> None:
    if as_json:
        emit_json({"error": error, "details": details})
    say(error, style="bold red", stream=sys.stderr)


def _column(name: str, cells: Sequence[str], stream: TextIO | None) -> Column:
    if _terminal(stream):
        return Column(name, overflow="fold")
    longest = max(map(cell_len, (name, *cells)))
    if any(" " in cell for cell in cells):
        return Column(name, min_width=min(longest, _PIPED_TEXT_WIDTH))
    return Column(name, min_width=longest, no_wrap=True)


def _grid(rows: Iterable[tuple[str, str]]) -> Table:
    """Two columns without lines, the first never broken."""
    grid = Table.grid(Column(no_wrap=True), Column(overflow="fold"), padding=(0, 1), pad_edge=False)
    for row in rows:
        grid.add_row(*map(printable, row))
    return grid


def _terminal(stream: TextIO | None) -> bool:
    return (stream or sys.stdout).isatty()


def _show(what: RenderableType, stream: TextIO | None, piped_width: int = _UNLIMITED) -> None:
    """On a terminal as wide as it is; in a pipe as wide as asked, or wider where something unbroken needs it."""
    out = stream or sys.stdout
    if _terminal(stream):
        Console(file=out, markup=False, emoji=False, highlight=False).print(what)
        return
    page = Console(file=StringIO(), width=_UNLIMITED, markup=False, emoji=False, highlight=False, no_color=True)
    needed = Measurement.get(page, page.options, what).minimum
    page.width = max(piped_width, needed)
    with page.capture() as printed:
        page.print(what)
    out.writelines(f"{line.rstrip()}\n" for line in printed.get().splitlines())
    out.flush()
