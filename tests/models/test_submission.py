"""Submissions: what is the same submission, child, deceased, declarant; and that keys give nobody away."""

import re
import unicodedata
from itertools import combinations
from typing import Any

import pytest
from pydantic import SecretStr

from models.birth import BirthDeclaration
from models.death import DeathDeclaration
from models.declaration import Declaration
from models.documents import DocumentKind
from models.submission import Submission, submission
from tests.models.cases import (
    DEATH_NAMES,
    SAMPLE_NAMES,
    changed,
    death_sample,
    document,
    moment,
    personal_data,
    sample,
)

SECRET = SecretStr("chỉ để thử")
KEYS = ("submission_key", "content_key", "subject_key", "applicant_key")
"""The keys there is one of; those of the family have tests of their own."""


def of(form: Declaration, secret: SecretStr = SECRET, at: str = "2026-11-19 09:00:00") -> Submission:
    return submission(form, moment(at), secret)


def scripted(name: str) -> BirthDeclaration:
    """The declaration as a script sends it: without an id of the portal."""
    return changed(sample(name), submission_id=None)


def same(one: Submission, other: Submission) -> set[str]:
    return {key for key in KEYS if getattr(one, key) == getattr(other, key)}


# --- The same submission -------------------------------------------------------------------------------------------


@pytest.mark.rule("8.same-code")
@pytest.mark.parametrize("form", [sample("plain"), scripted("plain")], ids=["portal", "script"])
def test_the_same_content_is_the_same_submission_whenever_it_comes(form: BirthDeclaration) -> None:
    again = BirthDeclaration.model_validate_json(form.model_dump_json())
    assert same(of(form), of(again, at="2026-11-20 15:00:01")) == set(KEYS)


@pytest.mark.rule("8.submission-key")
def test_the_portals_id_makes_the_submission_whatever_its_content() -> None:
    form = sample("plain")
    corrected = changed(form, child={"full_name": "Trần Minh Sửa"})
    assert "submission_key" in same(of(form), of(corrected))
    assert "content_key" not in same(of(form), of(corrected))


def test_another_id_of_the_portal_is_another_submission_of_the_same_child() -> None:
    other = changed(sample("plain"), submission_id="sample-plain-2")
    assert same(of(sample("plain")), of(other)) == {"subject_key", "applicant_key"}


@pytest.mark.rule("8.submission-key")
def test_without_an_id_any_change_of_content_is_another_submission() -> None:
    form = scripted("plain")
    for change in (
        {"results": {"birth_certificate_copies": 3}},
        {"vneid_integration": False},
        {"applicant": {"phone": "0912345679"}},
        {"attachments": [document(DocumentKind.BIRTH_COMMITMENT).model_dump(mode="json")]},
    ):
        assert same(of(form), of(changed(form, **change))) == {"subject_key", "applicant_key"}


def test_an_id_is_never_taken_for_content() -> None:
    form = scripted("plain")
    assert of(form).submission_key != of(changed(form, submission_id="content")).submission_key


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_decomposed_text_is_the_same_content(name: str) -> None:
    form = scripted(name)
    decomposed = BirthDeclaration.model_validate_json(unicodedata.normalize("NFD", form.model_dump_json()))
    assert same(of(form), of(decomposed)) == set(KEYS)


@pytest.mark.rule("8.submission-key")
def test_another_secret_makes_every_key_another() -> None:
    for form in (sample("plain"), scripted("plain")):
        assert same(of(form), of(form, SecretStr("một bí mật khác"))) == set()


# --- The same child ------------------------------------------------------------------------------------------------


@pytest.mark.rule("4.case-twins")
def test_twins_are_two_children_of_one_declarant() -> None:
    assert same(of(sample("twins-1")), of(sample("twins-2"))) == {"applicant_key"}


def test_twins_without_birth_notice_differ_by_name() -> None:
    one, other = (changed(sample(name), birth_notice=None) for name in ("twins-1", "twins-2"))
    assert same(of(one), of(other)) == {"applicant_key"}


def test_no_two_samples_are_the_same_in_anything_but_the_twins_declarant() -> None:
    shared = {
        (one, other): keys
        for one, other in combinations(SAMPLE_NAMES, 2)
        if (keys := same(of(sample(one)), of(sample(other))))
    }
    assert shared == {("twins-1", "twins-2"): {"applicant_key"}}


def as_father(form: BirthDeclaration) -> BirthDeclaration:
    """The same declaration, declared by the father."""
    assert form.father
    fields = {
        "full_name": form.father.full_name,
        "personal_id": form.father.personal_id,
        "relation": "father",
        "residence": form.father.model_dump(mode="json")["residence"],
    }
    return changed(form, applicant=fields, submission_id="again")


def other_spelling(form: BirthDeclaration) -> dict[str, Any]:
    return {"full_name": form.child.full_name.upper()}


@pytest.mark.rule("8.duplicate-in-progress")
@pytest.mark.parametrize("notice", [True, False], ids=["with notice", "without"])
def test_the_child_is_the_same_whoever_declares_it(notice: bool) -> None:
    form = sample("plain") if notice else changed(sample("plain"), birth_notice=None)
    assert same(of(form), of(as_father(form))) == {"subject_key"}


def test_the_notice_says_who_the_child_is_however_its_name_is_spelt() -> None:
    form = sample("plain")
    assert "subject_key" in same(of(form), of(changed(form, child={"full_name": "Một Tên Khác"})))


def test_without_a_notice_capitals_and_the_place_of_a_tone_make_no_other_child() -> None:
    form = changed(sample("plain"), birth_notice=None, child={"full_name": "Trần Minh Hoà"})
    for name in ("TRẦN MINH HOÀ", "Trần Minh Hòa", "Trần  Minh Hoà"):
        assert "subject_key" in same(of(form), of(changed(form, child={"full_name": name})))
    for name in ("Trần Minh Hoá", "Trần Minh Hoa"):
        assert "subject_key" not in same(of(form), of(changed(form, child={"full_name": name})))


@pytest.mark.parametrize(
    "other",
    [
        {"child": {"born_on": "2026-11-08"}},
        {"mother": {"personal_id": "001194000999"}},
    ],
)
def test_without_a_notice_another_day_or_another_mother_is_another_child(other: dict[str, Any]) -> None:
    form = changed(sample("plain"), birth_notice=None)
    assert "subject_key" not in same(of(form), of(changed(form, **other)))


# --- The same family -----------------------------------------------------------------------------------------------


def share_a_family(one: BirthDeclaration, other: BirthDeclaration) -> bool:
    return not set(of(one).family_keys).isdisjoint(of(other).family_keys)


@pytest.mark.rule("8.duplicate-in-progress")
@pytest.mark.parametrize(
    "other",
    [
        {"birth_notice": None},
        {"child": {"full_name": "Một Tên Khác", "born_at": "23:59"}},
        {"mother": None},
        {"father": None},
        {"mother": {"full_name": "NGUYỄN THỊ MẪU", "passport": "C1234567"}},
    ],
)
def test_one_parent_and_one_day_are_a_family_whatever_else_is_declared(other: dict[str, Any]) -> None:
    assert share_a_family(sample("plain"), changed(sample("plain"), **other))
    assert share_a_family(sample("twins-1"), sample("twins-2"))


def test_another_day_or_other_parents_are_no_family() -> None:
    form = sample("plain")
    assert not share_a_family(form, changed(form, child={"born_on": "2026-11-08"}))
    others = {"mother": {"personal_id": "001194000999"}, "father": {"personal_id": "001092000999"}}
    assert not share_a_family(form, changed(form, **others))


def test_a_child_without_known_parents_has_its_declarants_family() -> None:
    form = sample("abandoned-child")
    assert len(of(form).family_keys) == 1
    assert not share_a_family(form, changed(form, applicant={"personal_id": "001194000999"}))


# --- The same deceased ---------------------------------------------------------------------------------------------


def dead(**changes: Any) -> DeathDeclaration:
    """The householder sample, with fields of the deceased changed."""
    return changed(death_sample("householder"), submission_id="again", deceased=changes)


@pytest.mark.rule("8.duplicate-deceased")
def test_the_deceased_is_the_same_by_number_whoever_declares_and_however_spelt() -> None:
    form = death_sample("householder")
    other = changed(dead(full_name="Một Tên Khác", born="1949"), applicant={"personal_id": "001162900303"})
    assert same(of(form), of(other)) == {"subject_key"}
    assert "subject_key" not in same(of(form), of(dead(personal_id="001050900199")))


@pytest.mark.parametrize("other", [{"full_name": "TRẦN VĂN MẤT MẪU", "personal_id": None}, {"died_on": "2026"}])
def test_a_deceased_is_looked_for_by_each_thing_known_of_them(other: dict[str, Any]) -> None:
    form = changed(dead(**other), death_notice=None)
    assert not set(of(form).family_keys).isdisjoint(of(death_sample("householder")).family_keys)


def test_no_two_samples_are_about_the_same_deceased() -> None:
    keys = [key for name in DEATH_NAMES for key in of(death_sample(name)).family_keys]
    assert len(set(keys)) == len(keys)
    assert len({of(death_sample(name)).subject_key for name in DEATH_NAMES}) == len(DEATH_NAMES)


def test_a_child_and_a_deceased_of_one_number_share_no_key() -> None:
    mother = sample("plain").mother
    assert mother
    born, died = of(sample("plain")), of(dead(personal_id=mother.personal_id, born="2026-11-09", died_on="2026-11-09"))
    assert set(born.family_keys).isdisjoint(died.family_keys)
    assert born.subject_key != died.subject_key


# --- Nobody is given away ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*SAMPLE_NAMES, *DEATH_NAMES])
@pytest.mark.parametrize("portal", [True, False], ids=["portal", "script"])
def test_keys_are_digests_of_different_things(name: str, portal: bool) -> None:
    form: Declaration = sample(name) if name in SAMPLE_NAMES else death_sample(name)
    incoming = of(form if portal else form.model_copy(update={"submission_id": None}))
    keys = [*incoming.model_dump(include=set(KEYS)).values(), *incoming.family_keys]
    assert all(re.fullmatch("[0-9a-f]{64}", key) for key in keys)
    assert len(set(keys)) == len(keys) > len(KEYS)
    assert not [text for text in personal_data(form) for key in keys if text in key]
