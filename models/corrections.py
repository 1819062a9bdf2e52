"""A form corrected field by field after it was submitted, read again as a whole (đính chính thông tin tờ khai)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from models.base import Code, Instant, LongText, Model, nfc
from models.codes import says_nothing
from models.communes import Communes
from models.declaration import Declaration
from models.facts import FactRefusal
from models.gate import field_label, fitting, form_path
from models.groups import Group
from models.messages import FieldChange, NoticeState
from models.reading import DeclarationErrors, Problem, read_declaration
from models.reading_words import is_field

_LONGEST_TEXT = 2000
_LONGEST_NUMBER = 18
_NO_SUCH_FIELD = "Không có mục này trên tờ khai."


class CorrectionQuery(Model):
    """Corrections of the form that the ledger has as `revision`, which was submitted on the day `on`.

    `pack` is the law the dossier runs by; `notice` is what the look-up of the birth notice found, if made.
    """

    code: Code
    revision: int
    on: date
    pack: Code
    notice: NoticeState | None = None
    corrections: Mapping[Code, str]


class CorrectedForm(Model):
    """The form as corrected, or what is wrong with the corrections and how they are refused; never both."""

    declaration: Declaration | None = None
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
    """The form with these fields changed, read as strictly as a new one of the day `on`; empty text clears a field.

    An ethnic group's name brings its own code. Raises DeclarationErrors, all at once.
    """
    form = declaration.model_dump(mode="json")
    problems = [
        Problem(path=path, field=field_label(path, declaration.group), message=_NO_SUCH_FIELD)
        for path, value in corrections.items()
        if not (is_field(form_path(path), declaration.group) and _put(form, form_path(path), value))
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


def changes(corrections: Mapping[str, str], group: Group) -> tuple[FieldChange, ...]:
    """Corrections as agencies hear of them; a field that says nothing has no value, in whatever words."""
    return tuple(
        FieldChange(
            path=path, label=field_label(path, group), value=None if _nothing(value) else str(nfc(value.strip()))
        )
        for path, value in corrections.items()
    )


def _nothing(value: str) -> bool:
    return not value.strip() or says_nothing(value)


def _put(form: Any, path: tuple[str | int, ...], text: str) -> bool:
    """Write a value into the form; False when there is no such place in it."""
    *parents, last = path
    for step in parents:
        if not _holds(form, step):
            return False
        if isinstance(step, str):
            form[step] = {} if form.get(step) is None else form[step]
        form = form[step]
    if not _holds(form, last):
        return False
    before = form[last] if isinstance(last, int) else form.get(last)
    if text or isinstance(last, int):
        form[last] = _typed(text, before)
    else:
        form.pop(last, None)
    if last == "text" and "code" in form and parents[-1] == "ethnicity":
        form["code"] = None
    return not isinstance(before, dict | list)


def _holds(form: Any, step: str | int) -> bool:
    """Whether there is a place of that name or number in this part of the form."""
    if isinstance(step, int):
        return isinstance(form, list) and step < len(form)
    return isinstance(form, dict)


def _typed(text: str, before: object) -> object:
    """The text as the kind of value the field holds."""
    if isinstance(before, bool):
        return {"true": True, "false": False}.get(text, text)
    if isinstance(before, int) and text.isdecimal() and len(text) <= _LONGEST_NUMBER:
        return int(text)
    return text
