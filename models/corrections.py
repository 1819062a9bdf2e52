"""A form corrected field by field after it was submitted, read again as a whole (đính chính thông tin tờ khai)."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from models.base import Code, Instant, LongText, Model, nfc, within
from models.codes import says_nothing
from models.communes import Communes
from models.declaration import FORMS, Declaration
from models.documents import DocumentKind
from models.facts import FactRefusal
from models.gate import field_label, fitting, form_path
from models.groups import Group
from models.messages import FieldChange, NoticeState
from models.plan import LegPlan, RequiredDocument
from models.reading import DeclarationErrors, Problem, read_declaration
from models.reading_words import is_field, kinds_at
from models.systems import System

_LONGEST_TEXT = 2000
_LONGEST_NUMBER = 18
_NO_SUCH_FIELD = "Không có mục này trên tờ khai."


class CorrectionQuery(Model):
    """Corrections of the form that the ledger has as `revision`, which was submitted on the day `on`.

    `pack` is the law the dossier runs by; `notice` is what the look-up of the birth notice found, if made. `attached`
    is what the dossier carries as a whole, `given` what the citizen gives with the supplement that corrects the form.
    """

    code: Code
    revision: int
    on: date
    pack: Code
    notice: NoticeState | None = None
    attached: tuple[DocumentKind, ...] = ()
    given: tuple[DocumentKind, ...] = ()
    corrections: Mapping[Code, str]


class CorrectedForm(Model):
    """The form as corrected, or what is wrong with the corrections and how they are refused; never both.

    `legs`, as they now read, are those in which a correction may name other people to ask for consent.
    `completed_by_agencies` are the attachments that an agency must now add itself.
    """

    declaration: Declaration | None = None
    legs: tuple[LegPlan, ...] = ()
    completed_by_agencies: tuple[RequiredDocument, ...] = ()
    problem: LongText | None = None
    refusal: FactRefusal = FactRefusal.MALFORMED


class Revision(Model):
    """A form that replaces the one before it in a dossier. `number` rises by one; 0 is the form as submitted."""

    number: int
    at: Instant
    leg: Code
    paths: tuple[Code, ...]
    declaration: Declaration


def correct(
    declaration: Declaration, corrections: Mapping[str, str], on: date, communes: Communes | None = None
) -> Declaration:
    """The form with these fields changed, read as strictly as a new one of the day `on`; empty text clears a field or
    a whole section, which the form must be able to do without.

    Fields of the item after the last of a list add one; an item cleared is removed. An ethnic group's name brings its
    own code. Raises DeclarationErrors, all at once.
    """
    form, group = declaration.model_dump(mode="json"), declaration.group
    problems = [
        Problem(path=path, field=field_label(path, group), message=_NO_SUCH_FIELD)
        for steps, path, value in _in_order(corrections)
        if not (is_field(steps, group) and _put(form, steps, value, kinds_at(steps, group)))
    ]
    if problems:
        raise DeclarationErrors(tuple(problems))
    return read_declaration(form, on, communes)


def corrected(query: CorrectionQuery, declaration: Declaration, communes: Communes | None = None) -> CorrectedForm:
    """The answer to a query about the form that the ledger has."""
    try:
        return CorrectedForm(declaration=correct(declaration, query.corrections, query.on, communes))
    except DeclarationErrors as errors:
        return CorrectedForm(problem=fitting(f"Thông tin bổ sung chưa đúng: {errors}", _LONGEST_TEXT))


def changes(corrections: Mapping[str, str], group: Group, system: System) -> tuple[FieldChange, ...]:
    """Corrections as that system hears of them: of what it sees of the form, and maybe none.

    A field that says nothing has no value, in whatever words.
    """
    hidden = FORMS[group].hidden_from(system)
    return tuple(
        FieldChange(
            path=path, label=field_label(path, group), value=None if _nothing(value) else str(nfc(value.strip()))
        )
        for path, value in corrections.items()
        if not any(within(path, field) for field in hidden)
    )


def _nothing(value: str) -> bool:
    return not value.strip() or says_nothing(value)


def _in_order(corrections: Mapping[str, str]) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """Fields in the order of the form, so that lists grow item by item; then items to be removed, from the end."""

    def place(path: str) -> tuple[str, ...]:
        return tuple(str(step).zfill(_LONGEST_NUMBER) for step in form_path(path))

    ordered = [(form_path(path), path, corrections[path]) for path in sorted(corrections, key=place)]
    removed = [item for item in ordered if isinstance(item[0][-1], int) and not item[2]]
    yield from (item for item in ordered if item not in removed)
    yield from reversed(removed)


def _put(form: Any, path: tuple[str | int, ...], text: str, kinds: frozenset[type]) -> bool:
    """Write a value into the form, or remove it; False when there is no such place in it. Lists grow at their end."""
    *parents, last = path
    for step in parents:
        if not _holds(form, step):
            return False
        if isinstance(step, int) and step == len(form):
            form.append({})
        elif isinstance(step, str):
            form[step] = {} if form.get(step) is None else form[step]
        form = form[step]
    if not _holds(form, last):
        return False
    if isinstance(last, int):
        return _put_item(form, last, text, kinds)
    if not text:
        form.pop(last, None)
    elif isinstance(form.get(last), dict | list):
        return False
    else:
        form[last] = _typed(text, kinds)
    if last == "text" and "code" in form and parents[-1] == "ethnicity":
        form["code"] = None
    return True


def _put_item(items: list[Any], at: int, text: str, kinds: frozenset[type]) -> bool:
    """Put a value at that place of a list, or remove what is there; an item with fields of its own only goes whole."""
    if not text:
        removed = items[at:]
        del items[at : at + 1]
        return bool(removed)
    if any(isinstance(item, dict | list) for item in items[at : at + 1]):
        return False
    items[at : at + 1] = [_typed(text, kinds)]
    return True


def _holds(form: Any, step: str | int) -> bool:
    """Whether there is a place of that name or number in this part of the form, or a next one in a list."""
    if isinstance(step, int):
        return isinstance(form, list) and step <= len(form)
    return isinstance(form, dict)


def _typed(text: str, kinds: frozenset[type]) -> object:
    """The text as the kind of value the field holds."""
    if bool in kinds:
        return {"true": True, "false": False}.get(text, text)
    if int in kinds and text.isdecimal() and len(text) <= _LONGEST_NUMBER:
        return int(text)
    return text
