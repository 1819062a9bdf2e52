"""Cases of form 02: the samples, and what is said of a sample in which something was changed."""

import json
from copy import deepcopy
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from cli.files import load_declaration_file
from models.death import DeathDeclaration
from models.reading import DeclarationErrors, Problem, read_declaration

SAMPLES = Path(__file__).parents[2] / "samples" / "death"
SAMPLE_NAMES = tuple(sorted(path.stem for path in SAMPLES.glob("*.json")))
ON = date(2026, 11, 19)
"""The Thursday on which the samples are submitted."""

GONE = object()
"""Instead of a value: the field is left out."""


@cache
def death(name: str) -> DeathDeclaration:
    """A sample declaration, submitted on `ON`, with its attachments."""
    form, _ = load_declaration_file(SAMPLES / f"{name}.json", ON)
    assert isinstance(form, DeathDeclaration)
    return form


@cache
def _raw(name: str) -> Any:
    data = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    data.pop("attachments", None)
    return data


def edited(name: str, changes: dict[str, Any]) -> dict[str, Any]:
    """A sample as it is written, without attachments, with the values at some paths changed: “deceased.born”.

    A number in a path is a place in a list; the place after the last adds an item.
    """
    data: dict[str, Any] = deepcopy(_raw(name))
    for path, value in changes.items():
        *parents, last = path.split(".")
        here: Any = data
        for step in parents:
            here = here[int(step)] if isinstance(here, list) else here.setdefault(step, {})
        if value is GONE:
            del here[int(last) if isinstance(here, list) else last]
        elif isinstance(here, list):
            here[int(last) :] = [deepcopy(value), *here[int(last) + 1 :]]
        else:
            here[last] = deepcopy(value)
    return data


def part(name: str, path: str) -> Any:
    """What a sample says at a path."""
    here = _raw(name)
    for step in path.split("."):
        here = here[int(step)] if isinstance(here, list) else here[step]
    return here


def problems(data: dict[str, Any], on: date = ON) -> tuple[Problem, ...]:
    """Everything wrong with a form; none when it is right."""
    try:
        read_declaration(data, on)
    except DeclarationErrors as errors:
        return errors.problems
    return ()


def read(name: str, changes: dict[str, Any]) -> DeathDeclaration:
    """A sample with the values at some paths changed, which must still be right."""
    form = read_declaration(edited(name, changes), ON)
    assert isinstance(form, DeathDeclaration)
    return form
