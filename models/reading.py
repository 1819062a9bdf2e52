"""Reading a declaration: everything that is wrong with it at once, in Vietnamese, by the field's name on the form."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple, NoReturn, get_type_hints

from pydantic import TypeAdapter, ValidationError

from models.address import Address
from models.base import LongText, Model, Path, Text, parts
from models.birth_rules import RULES as BIRTH_RULES
from models.commune_files import packaged_communes
from models.communes import Communes
from models.death_form import Benefits
from models.death_rules import RULES as DEATH_RULES
from models.declaration import FORMS, Declaration, group_declared
from models.form_rules import Breach, Rule
from models.groups import Group
from models.reading_entry import at_entry
from models.reading_words import field_name, message, shown
from models.tcvn3 import surely_tcvn3

MAX_JSON_BYTES = 1024 * 1024
"""The largest declaration read, without attachments (1 MiB)."""

MAX_PROBLEMS = 500
"""How many problems are reported; a form filled in by people never comes near it."""

_DEEPEST = 20


class Problem(Model):
    """One thing wrong: `path` for machines, `field` the Vietnamese name on the form, `message` what to do about it."""

    path: str
    field: Text
    message: LongText


class DeclarationErrors(Exception):
    """The declaration cannot be taken in; `problems` has everything that is wrong, without any value that was typed."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems[:MAX_PROBLEMS])
        self.problems = problems[:MAX_PROBLEMS]

    def __str__(self) -> str:
        return "; ".join(f"{problem.field}: {problem.message}" for problem in self.problems)


def problem_at(path: Path, text: str, group: Group) -> Problem:
    """A problem with the field at a path of the form."""
    return Problem(path=".".join(map(shown, path)), field=field_name(path, group), message=text)


RULES: Mapping[Group, Sequence[Rule]] = {Group.BIRTH: BIRTH_RULES, Group.DEATH: DEATH_RULES}
"""The checks of each form, in the order problems are reported."""


def read_declaration(data: Mapping[str, object], on: date, communes: Communes | None = None) -> Declaration:
    """The declaration in `data`, submitted on the day `on`; places are judged by `communes`, else the packaged ones.

    Which form it is, its sections say (`group_declared`). Raises DeclarationErrors with every wrong field and every
    broken rule between sections that are valid themselves.
    """
    group = group_declared(data)
    sound, problems = _validated(at_entry(data) if isinstance(data, Mapping) else data, group)
    for rule in RULES[group]:
        if sound.enough_for(rule):
            found = [sound.problem_at(breach) for breach in rule.judge(sound.form, on)]
            problems += [problem for problem in found if problem not in problems]
    for section in sorted((sound.valid | sound.rows.keys()) - {"attachments"}):
        path = tuple(section.split("."))
        inside = _breaches_inside(attrgetter(section)(sound.form), path, communes or packaged_communes())
        problems += map(sound.problem_at, inside)
    if problems:
        raise DeclarationErrors(tuple(problems))
    return sound.form


def _breaches_inside(section: object, path: Path, communes: Communes) -> Iterator[Breach]:
    """What is wrong anywhere in a section that is valid by itself: text in an old font, communes that do not exist."""
    for where, value in parts(section, path):
        if isinstance(value, str) and surely_tcvn3(value):
            text = "Chữ gõ bằng phông cũ TCVN3 (ABC), đọc không được. Hãy gõ lại bằng Unicode."
            yield Breach(where, text)
        if isinstance(value, Address) and (fault := communes.fault(value)):
            yield Breach((*where, fault.field), fault.message)


def parse_json(raw: bytes | str) -> dict[str, object]:
    """The JSON object in `raw`, nothing judged but its form.

    Raises DeclarationErrors for more than 1 MiB, anything but UTF-8 JSON with an object on top, a repeated key, NaN or
    infinity, too deep nesting, a lone surrogate or a NUL character.
    """
    text = _text(raw)
    repeated: list[str] = []

    def without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
        repeated.extend(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
        return dict(pairs)

    try:
        data = json.loads(text, object_pairs_hook=without_repeats, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        _refuse(f"Không đúng cú pháp JSON ở dòng {error.lineno}, cột {error.colno}.")
    except RecursionError:
        _refuse("Các nhóm lồng nhau quá sâu.")
    except ValueError:
        _refuse("Có số không hợp lệ (NaN, Infinity hoặc quá nhiều chữ số).")
    if repeated:
        raise DeclarationErrors(tuple(_json_problem(f"Mục “{shown(key)}” ghi nhiều lần.") for key in repeated))
    if not isinstance(data, dict):
        _refuse("Phải là một đối tượng JSON, đặt trong ngoặc nhọn.")
    if unreadable := tuple(_unreadable(data)):
        raise DeclarationErrors(
            tuple(problem_at(path, "Có ký tự không hợp lệ.", group_declared(data)) for path in unreadable)
        )
    return data


class _Sound(NamedTuple):
    """A form, or as much of it as is valid.

    `valid` names the valid sections, and of a section judged in parts (`_IN_PARTS`) the valid parts, such as
    “benefits.relatives”. `rows` names the tables of which only some rows are valid, with the places these have.
    """

    form: Declaration
    valid: frozenset[str]
    rows: Mapping[str, Sequence[int]]

    def enough_for(self, rule: Rule) -> bool:
        """Whether what the rule needs is there."""
        there = self.valid | self.rows.keys() if rule.by_row else self.valid
        return all(section in there or section.partition(".")[0] in there for section in rule.needs)

    def problem_at(self, breach: Breach) -> Problem:
        """A broken rule at its place on the form, where rows that are not valid count too."""
        path = breach.path
        for table, places in self.rows.items():
            section, name = table.split(".")
            if path[:2] == (section, name) and isinstance(row := next(iter(path[2:]), None), int):
                path = (section, name, places[row], *path[3:])
        return problem_at(path, breach.message, self.form.group)


def _validated(data: Mapping[str, object], group: Group) -> tuple[_Sound, list[Problem]]:
    """What is valid of the form, and the problems of the rest."""
    form = FORMS[group]
    try:
        return _Sound(form.model_validate(data), frozenset(form.model_fields), {}), []
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
    places = [error["loc"] for error in found]
    sound, valid = _sound(form, data, places)
    rows: dict[str, Sequence[int]] = {}
    for section, model in _IN_PARTS[group].items():
        inside = [place[1:] for place in places if place[:1] == (section,)]
        if inside and isinstance(part := data[section], Mapping):
            known, names = _sound(model, part, inside)
            valid |= {f"{section}.{name}" for name in names}
            for name in model.model_fields.keys() - names:
                if kept := _sound_rows(part.get(name), [place[1:] for place in inside if place[:1] == (name,)]):
                    known[name] = _adapter(model, name).validate_python([row for _, row in kept])
                    rows[f"{section}.{name}"] = [at for at, _ in kept]
            sound[section] = model.model_construct(**known)
    problems = [problem_at(error["loc"], message(error, group), group) for error in found[:MAX_PROBLEMS]]
    return _Sound(form.model_construct(**sound), valid, rows), problems


_IN_PARTS: Mapping[Group, Mapping[str, type[Model]]] = {Group.BIRTH: {}, Group.DEATH: {"benefits": Benefits}}
"""Sections so large that a slip in one part must not keep back what is wrong with the others."""


def _sound(
    model: type[Model], data: Mapping[str, object], wrong: Sequence[Path]
) -> tuple[dict[str, Any], frozenset[str]]:
    """The valid fields of a model by name, and their names, those left out included; none if it is wrong as a whole."""
    names = frozenset(model.model_fields) - {str(place[0]) for place in wrong if place}
    valid = names if all(wrong) else frozenset()
    return {name: _adapter(model, name).validate_python(data[name]) for name in valid if name in data}, valid


def _sound_rows(table: object, wrong: Sequence[Path]) -> list[tuple[int, object]]:
    """The valid rows of a table and their places; none if it is no table, or wrong as a whole."""
    if not (isinstance(table, list) and wrong and all(wrong)):
        return []
    return [(at, row) for at, row in enumerate(table) if at not in {place[0] for place in wrong}]


@cache
def _adapter(model: type[Model], field: str) -> TypeAdapter[Any]:
    return TypeAdapter(get_type_hints(model, include_extras=True)[field])


def _text(raw: bytes | str) -> str:
    octets = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
    if len(octets) > MAX_JSON_BYTES:
        _refuse(f"Lớn hơn {MAX_JSON_BYTES // 1024} KB.")
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _refuse(f"Không phải UTF-8 ở byte thứ {error.start + 1}.")


def _unreadable(data: object) -> Iterator[Path]:
    """Where a string or key holds a lone surrogate or NUL, which no database or agency could store."""
    waiting: list[tuple[Path, object]] = [((), data)]
    while waiting:
        path, value = waiting.pop()
        if len(path) > _DEEPEST:
            _refuse("Các nhóm lồng nhau quá sâu.")
        if isinstance(value, str) and not _storable(value):
            yield path
        elif isinstance(value, list):
            waiting += [((*path, at), item) for at, item in enumerate(value)]
        elif isinstance(value, dict):
            waiting += [((*path, key), item) for key, item in value.items()]
            yield from ((*path, key) for key in value if not _storable(key))


def _storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _json_problem(text: str) -> Problem:
    return Problem(path="", field="Tệp JSON", message=text)


def _refuse(text: str) -> NoReturn:
    raise DeclarationErrors((_json_problem(text),))
