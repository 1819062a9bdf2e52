"""Rules of form 02 that it says one thing of each person it names, wherever it names them (REQUIREMENTS §5).

They judge the applicant and the parts of `benefits`, each as soon as it is valid itself.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial

from models.base import Path
from models.death import DeathDeclaration
from models.death_form import (
    LAWFUL_RELATIVES,
    Benefits,
    FuneralRecipient,
    Payee,
    PayeeRelation,
    ReceivingPerson,
    Regime,
    RelationToDeceased,
    Relative,
    Scope,
    is_person,
)
from models.death_rows import REGIME, ROWS, of_benefits, of_rows, receiver_in, rows_of
from models.form_rules import Breach, PersonAt, Rule, one_number_one_name

# --- As in the table -----------------------------------------------------------------------------------------------


def _receivers_agree_with_their_rows(
    part: str, form: DeathDeclaration, benefits: Benefits, on: date
) -> Iterator[Breach]:
    """One person has one relation to the deceased, one sex and one birth, wherever the form names them.

    Births known less precisely agree while they can be one day.
    """
    for path, receiver in receiver_in(part, benefits):
        row = _row_of(receiver.full_name, receiver.personal_id, benefits)
        if row is None:
            continue
        if row.relation is not receiver.relation:
            yield Breach((*path, "relation"), _OTHER_RELATION)
        if row.sex is not receiver.sex:
            yield Breach((*path, "sex"), "Khác giới tính đã ghi ở bảng kê thân nhân.")
        if row.born.earliest > receiver.born.latest or receiver.born.earliest > row.born.latest:
            yield Breach((*path, "born"), "Khác ngày, tháng, năm sinh đã ghi ở bảng kê thân nhân.")


def _applicants_relation_agrees(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    declared, row = form.applicant.relation, _row_of(form.applicant.full_name, form.applicant.personal_id, benefits)
    if declared and row and row.relation is not declared:
        yield Breach(("applicant", "relation"), _OTHER_RELATION)


_OTHER_RELATION = "Khác mối quan hệ đã ghi ở bảng kê thân nhân."


def _row_of(full_name: str, personal_id: str, benefits: Benefits) -> Relative | None:
    """A person's row in the tables; of several that may be theirs, the one with their number."""
    rows = [row.relative for row in rows_of(benefits) if is_person(row.relative, full_name, personal_id)]
    return max(rows, key=lambda row: row.personal_id is not None, default=None)


def _named_relatives_are_declared(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    """Where all relatives are declared, so are those whom the form names as such outside the table [choice].

    Of a form without any row that is said once, by `all_relatives_are_declared`; of who buries without a survivor
    benefit asked for, by `organiser_and_one_other_are_declared`.
    """
    lawful = _LAWFUL.get(benefits.regime, frozenset())
    all_declared = form.scope is Scope.FOUR or benefits.all_relatives_declared
    if not all_declared or not rows_of(benefits):
        return
    buries = benefits.funeral_recipient if form.scope is Scope.FOUR else None
    recipient = buries.person if buries else None
    missing: set[str] = set()
    for person, who in ((form.applicant, "Người yêu cầu"), (recipient, "Người nhận trợ cấp mai táng")):
        if person is None or person.relation not in lawful or person.personal_id in missing:
            continue
        if _row_of(person.full_name, person.personal_id, benefits) is None:
            missing.add(person.personal_id)
            text = f"{who} là thân nhân thì cũng phải có tên trong bảng kê, vì phải kê khai tất cả thân nhân."
            yield Breach(("benefits", "merit_relatives" if benefits.regime is Regime.MERIT else "relatives"), text)


_LAWFUL: Mapping[Regime, frozenset[RelationToDeceased]] = {
    Regime.SOCIAL_INSURANCE: LAWFUL_RELATIVES,
    Regime.MERIT: frozenset(
        {
            RelationToDeceased.CHILD,
            RelationToDeceased.SPOUSE,
            RelationToDeceased.FATHER,
            RelationToDeceased.MOTHER,
            RelationToDeceased.RAISED,
        }
    ),
}
"""Who has to be declared: of merit cha, mẹ đẻ, vợ, chồng, con, người có công nuôi (Pháp lệnh ưu đãi người có công với
cách mạng 02/2020/UBTVQH14 Điều 3: from memory)."""

# --- Relations in words --------------------------------------------------------------------------------------------


def _applicants_relation_is_said(form: DeathDeclaration, on: date) -> Iterator[Breach]:
    applicant = form.applicant
    if applicant.relation is RelationToDeceased.OTHER and applicant.relation_text is None:
        yield Breach(("applicant", "relation_text"), _SAY_WHICH)
    if applicant.relation is None and applicant.relation_text is not None:
        yield Breach(("applicant", "relation_text"), "Không ghi khi tổ chức đứng khai.")


def _relations_are_said(part: str, form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    """“Quan hệ khác” is no relation: the declarant says which, and their words go on as they are (§8)."""
    for path, person in _related(part, benefits):
        other = person.relation in (RelationToDeceased.OTHER, PayeeRelation.OTHER)
        if other and person.relation_text is None:
            yield Breach(("benefits", *path, "relation_text"), _SAY_WHICH)


_SAY_WHICH = "Bắt buộc ghi rõ khi chọn “Quan hệ khác” (ví dụ: con dâu, cháu ruột)."


def _related(part: str, benefits: Benefits) -> Iterator[tuple[Path, Relative | Payee | ReceivingPerson]]:
    """Whoever has a relation in that part of the form."""
    found = getattr(benefits, part)
    if isinstance(found, tuple):
        yield from (((part, at), one) for at, one in enumerate(found))
    elif isinstance(found, FuneralRecipient):
        yield from [((part, "person"), found.person)] if found.person else ()
    elif found:
        yield (part,), found


# --- One person, one name ------------------------------------------------------------------------------------------

_NAMED_IN = (
    "applicant",
    "benefits.relatives",
    "benefits.merit_relatives",
    "benefits.payees",
    "benefits.funeral_recipient",
    "benefits.representative",
)
"""Where the form names people besides the deceased, in the order their names are compared."""


def _people(form: DeathDeclaration, section: str) -> list[PersonAt]:
    if section == "applicant":
        return [PersonAt((section,), form.applicant.full_name, form.applicant.personal_id)]
    if form.benefits is None:
        return []
    part = section.removeprefix("benefits.")
    found = getattr(form.benefits, part)
    if part == "funeral_recipient":
        part, found = f"{part}.person", found and found.person
    rows = enumerate(found) if isinstance(found, tuple) else [(None, found)]
    return [
        PersonAt(("benefits", *part.split("."), *(() if at is None else (at,))), one.full_name, one.personal_id)
        for at, one in rows
        if one and one.personal_id
    ]


def _deceased_is_nobody_else(section: str, form: DeathDeclaration, on: date) -> Iterator[Breach]:
    for person in _people(form, section):
        if person.personal_id == form.deceased.personal_id:
            yield Breach((*person.path, "personal_id"), "Trùng số định danh của người chết.")


def _dead_relatives_do_nothing(section: str, form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    dead = {row.relative.personal_id for row in rows_of(benefits) if row.relative.deceased}
    for person in _people(form, section):
        if person.personal_id in dead:
            yield Breach((*person.path, "personal_id"), "Bảng kê thân nhân ghi người này đã chết.")


_RELATED = ("relatives", "merit_relatives", "payees", "funeral_recipient", "representative")

PEOPLE_RULES: tuple[Rule, ...] = (
    *(
        of_rows(
            f"{part}_agrees_with_the_row", partial(_receivers_agree_with_their_rows, part), f"benefits.{part}", *ROWS
        )
        for part in ("funeral_recipient", "representative")
    ),
    of_benefits(
        "named_relatives_are_declared",
        _named_relatives_are_declared,
        *("scope", "applicant", REGIME, *ROWS, "benefits.funeral_recipient", "benefits.all_relatives_declared"),
    ),
    of_rows("applicants_relation_agrees", _applicants_relation_agrees, "applicant", *ROWS),
    Rule("applicants_relation_is_said", frozenset({"applicant"}), _applicants_relation_is_said),
    *(
        of_rows(f"relation_of_{part}_is_said", partial(_relations_are_said, part), f"benefits.{part}")
        for part in _RELATED
    ),
    *one_number_one_name(_people, _NAMED_IN, (*ROWS, "benefits.payees")),
    *(
        Rule(
            f"deceased_is_not_in_{section}",
            frozenset({"deceased", section}),
            partial(_deceased_is_nobody_else, section),
            by_row=True,
        )
        for section in _NAMED_IN
    ),
    *(
        of_rows(f"dead_relatives_are_not_in_{section}", partial(_dead_relatives_do_nothing, section), section, *ROWS)
        for section in _NAMED_IN
        if section not in ROWS
    ),
)
"""Every check about the people named, in the order problems are reported."""
