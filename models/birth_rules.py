"""Rules between the sections of form 01, each a named check that says which sections it needs.

A check runs whenever its own sections are valid, however wrong the rest of the form is, so that everything is reported
at once. Messages never repeat a name or number.
"""

from collections.abc import Iterator
from datetime import date
from functools import partial

from models.birth import BirthDeclaration
from models.birth_form import ApplicantRelation, Circumstance, Parent
from models.codes import fold
from models.days import full_years
from models.form_rules import (
    Breach,
    PersonAt,
    Rule,
    after_submission,
    fee_relief_is_certified,
    in_todays_codes,
    not_after_submission,
    one_number_one_name,
    post_goes_to_todays_codes,
    recipient_province_exists,
)

AGE_LIMIT = 6
"""The group is for children under this age, in completed years (tên nhóm thủ tục: trẻ em dưới 6 tuổi)."""


# --- Who declares, who the parents are -----------------------------------------------------------------------------


def _applicant_against(relation: ApplicantRelation, form: BirthDeclaration, on: date) -> Iterator[Breach]:
    """An applicant who is father or mother is the father or mother of the form, alive; nobody else is."""
    applicant, parent = form.applicant, _parent(form, relation.value)
    word = "người cha" if relation is ApplicantRelation.FATHER else "người mẹ"
    if applicant.relation is not relation:
        if parent and parent.personal_id == applicant.personal_id:
            yield Breach(
                ("applicant", "relation"), f"Số định danh là của {word}, nên quan hệ phải là “{relation.label}”."
            )
    elif parent is None:
        yield Breach(("applicant", "relation"), f"Quan hệ là “{relation.label}” nhưng tờ khai không ghi {word}.")
    elif parent.deceased:
        yield Breach(("applicant", "relation"), f"Tờ khai ghi {word} đã chết nên {word} không thể là người yêu cầu.")
    elif parent.personal_id and parent.personal_id != applicant.personal_id:
        yield Breach(("applicant", "personal_id"), f"Khác số định danh đã ghi của {word}.")
    elif not parent.personal_id and fold(parent.full_name) != fold(applicant.full_name):
        yield Breach(("applicant", "full_name"), f"Khác họ tên đã ghi của {word}.")


def _abandoned_child_has_guardian(form: BirthDeclaration, on: date) -> Iterator[Breach]:
    """Whoever temporarily raises an abandoned child declares, as guardian or representative (NĐ 123/2015 Điều 14)."""
    if _abandoned(form) and form.applicant.relation is not ApplicantRelation.GUARDIAN:
        label = ApplicantRelation.GUARDIAN.label
        yield Breach(("applicant", "relation"), f"Trẻ em bị bỏ rơi thì quan hệ của người yêu cầu phải là “{label}”.")


def _not_abandoned(section: str, form: BirthDeclaration, on: date) -> Iterator[Breach]:
    if _abandoned(form) and getattr(form, section) is not None:
        yield Breach((section,), "Không ghi khi đăng ký cho trẻ em bị bỏ rơi.")


def _some_parent_is_declared(form: BirthDeclaration, on: date) -> Iterator[Breach]:
    """An unknown father (or mother) is left out; both only for an abandoned child."""
    if not _abandoned(form) and form.mother is None and form.father is None:
        yield Breach(("mother",), "Phải ghi ít nhất người mẹ hoặc người cha (trừ trẻ em bị bỏ rơi).")


def _mother_is_not_father(form: BirthDeclaration, on: date) -> Iterator[Breach]:
    mother, father = form.mother, form.father
    if mother and father and mother.personal_id and mother.personal_id == father.personal_id:
        yield Breach(("father", "personal_id"), "Trùng số định danh của người mẹ.")


def _marriage_has_two_parents(form: BirthDeclaration, on: date) -> Iterator[Breach]:
    if form.marriage and not _abandoned(form) and (form.mother is None or form.father is None):
        yield Breach(("marriage",), "Có Giấy chứng nhận kết hôn thì phải ghi cả người mẹ và người cha.")


# --- One person, one name ------------------------------------------------------------------------------------------

_PEOPLE_SECTIONS = ("applicant", "mother", "father", "residence_registration")


def _people(form: BirthDeclaration, section: str) -> list[PersonAt]:
    if section == "applicant":
        return [PersonAt((section,), form.applicant.full_name, form.applicant.personal_id)]
    if section == "residence_registration":
        registration = form.residence_registration
        householder = registration.householder
        owners = enumerate(registration.dwelling_owners)
        return [
            PersonAt((section, "householder"), householder.full_name, householder.personal_id),
            *(PersonAt((section, "dwelling_owners", at), owner.full_name, owner.personal_id) for at, owner in owners),
        ]
    parent = _parent(form, section)
    return [PersonAt((section,), parent.full_name, parent.personal_id)] if parent else []


def _owners_are_named_once(form: BirthDeclaration, on: date) -> Iterator[Breach]:
    seen: set[str] = set()
    for at, owner in enumerate(form.residence_registration.dwelling_owners):
        if owner.personal_id in seen:
            path = ("residence_registration", "dwelling_owners", at, "personal_id")
            yield Breach(path, "Đã ghi chủ sở hữu có số định danh này ở trên.")
        seen.add(owner.personal_id)


# --- Dates ---------------------------------------------------------------------------------------------------------


def _child_is_born_and_under_six(form: BirthDeclaration, on: date) -> Iterator[Breach]:
    if form.child.born_on > on:
        yield Breach(("child", "born_on"), after_submission(on))
    elif full_years(form.child.born_on, on) >= AGE_LIMIT:
        text = f"Nhóm thủ tục này dành cho trẻ em dưới {AGE_LIMIT} tuổi tính đến ngày nộp ({on:%d/%m/%Y})."
        yield Breach(("child", "born_on"), text)


def _parent_is_older(section: str, form: BirthDeclaration, on: date) -> Iterator[Breach]:
    parent = _parent(form, section)
    if parent and parent.born.earliest >= form.child.born_on:
        yield Breach((section, "born"), "Không trước ngày sinh của trẻ.")


def _birth_notice_follows_birth(form: BirthDeclaration, on: date) -> Iterator[Breach]:
    if form.birth_notice and form.birth_notice.issued_on < form.child.born_on:
        yield Breach(("birth_notice", "issued_on"), "Trước ngày sinh của trẻ.")


# --- Places --------------------------------------------------------------------------------------------------------


def _registration_address_is_usable(form: BirthDeclaration, on: date) -> Iterator[Breach]:
    """A place in Việt Nam in today's codes, down to the dwelling, or the residence system cannot take it."""
    path = ("residence_registration", "address")
    address = form.residence_registration.address
    if not address.in_vietnam:
        yield Breach((*path, "country"), "Nơi đề nghị đăng ký thường trú phải ở Việt Nam.")
        return
    if address.detail is None:
        yield Breach((*path, "detail"), "Bắt buộc ghi số nhà, thôn, tổ dân phố.")
    yield from in_todays_codes(path, address, on)


def _identity_card_is_for_citizens(form: BirthDeclaration, on: date) -> Iterator[Breach]:
    """Luật Căn cước 2023 Điều 19: the identity card is for Vietnamese citizens."""
    if form.identity_card.requested and not form.child.nationality.vietnamese:
        yield Breach(("identity_card", "requested"), "Thẻ căn cước chỉ cấp cho công dân Việt Nam.")


def _parent(form: BirthDeclaration, section: str) -> Parent | None:
    return form.mother if section == "mother" else form.father


def _abandoned(form: BirthDeclaration) -> bool:
    return form.circumstance is Circumstance.ABANDONED


_PAPERS = ("residence_notice_paper", "health_card_paper")
_PARENTS = {"mother": ApplicantRelation.MOTHER, "father": ApplicantRelation.FATHER}

RULES: tuple[Rule, ...] = (
    *(
        Rule(f"applicant_against_{section}", frozenset({"applicant", section}), partial(_applicant_against, relation))
        for section, relation in _PARENTS.items()
    ),
    Rule("abandoned_child_has_guardian", frozenset({"circumstance", "applicant"}), _abandoned_child_has_guardian),
    *(
        Rule(
            f"abandoned_child_without_{section}", frozenset({"circumstance", section}), partial(_not_abandoned, section)
        )
        for section in ("mother", "father", "marriage")
    ),
    Rule("some_parent_is_declared", frozenset({"circumstance", "mother", "father"}), _some_parent_is_declared),
    Rule("mother_is_not_father", frozenset({"mother", "father"}), _mother_is_not_father),
    Rule(
        "marriage_has_two_parents",
        frozenset({"circumstance", "marriage", "mother", "father"}),
        _marriage_has_two_parents,
    ),
    *one_number_one_name(_people, _PEOPLE_SECTIONS, ("residence_registration",)),
    Rule("owners_are_named_once", frozenset({"residence_registration"}), _owners_are_named_once),
    Rule("child_is_born_and_under_six", frozenset({"child"}), _child_is_born_and_under_six),
    *(
        Rule(f"{section}_is_older", frozenset({section, "child"}), partial(_parent_is_older, section))
        for section in _PARENTS
    ),
    Rule("birth_notice_follows_birth", frozenset({"birth_notice", "child"}), _birth_notice_follows_birth),
    *(
        Rule(f"{day}_is_past", frozenset({day.partition(".")[0]}), not_after_submission(day))
        for day in (
            "birth_notice.issued_on",
            "marriage.registered_on",
            "health_insurance.poor_household.issued_on",
        )
    ),
    Rule("fee_relief_is_certified", frozenset({"fee_relief"}), fee_relief_is_certified),
    Rule("recipient_province_exists", frozenset({"recipients"}), recipient_province_exists),
    Rule("registration_address_is_usable", frozenset({"residence_registration"}), _registration_address_is_usable),
    Rule("post_goes_to_todays_codes", frozenset({"results"}), partial(post_goes_to_todays_codes, _PAPERS)),
    Rule("identity_card_is_for_citizens", frozenset({"identity_card", "child"}), _identity_card_is_for_citizens),
)
"""Every check, in the order problems are reported."""
