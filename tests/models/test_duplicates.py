"""Whether two declarations are about one child: what they say of name, notice, sex and hour of birth."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.birth import BirthDeclaration
from models.duplicates import Sameness, sameness
from tests.models.cases import changed, sample

SAME, POSSIBLE, OTHER = Sameness.SAME, Sameness.POSSIBLE, Sameness.OTHER
NAMES = st.sampled_from(["Hoà", "Hòa", "Hoa", "Hương", "Hường", "HUONG", "Đức", "Duc", "Y H'Leo", "Y H’Leo"])


def child(name: str, notice: str | None = None, *, sex: str = "male", born_at: str | None = None) -> BirthDeclaration:
    """A child of the plain sample's parents, born on its day; the notice by the first part of its number."""
    form = changed(sample("plain"), child={"full_name": f"Trần Minh {name}", "sex": sex, "born_at": born_at})
    if notice is None:
        return changed(form, birth_notice=None)
    return changed(form, birth_notice={"number": f"{notice}.GCS.01901.26"})


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        (child("Hoà", "00001"), child("Khác", "00001"), SAME),
        (child("Hoà", "00001"), child("Hoà"), SAME),
        (child("Hoà", "00001"), child("HOÀ"), SAME),
        (child("Hoà", "00001"), child("Hòa"), SAME),
        (child("Hoà"), child("Hoà", born_at="07:30"), SAME),
        (child("Hoà", "00001"), child("Hoà", "00002"), POSSIBLE),
        (child("Hoà", "00001"), child("HÒA", "00002", sex="female"), POSSIBLE),
        (child("Hương"), child("Hường"), POSSIBLE),
        (child("Hương", "00001"), child("Hường", "00002"), POSSIBLE),
        (child("Hương", "00001"), child("Hường", "00002", sex="female"), OTHER),
        (child("Hương", "00001", born_at="07:30"), child("Hường", "00002", born_at="07:32"), OTHER),
        (child("Hương", "00001", born_at="07:30"), child("Hường", "00002"), POSSIBLE),
        (child("An", "00001"), child("Bình", "00002"), OTHER),
        (child("An"), child("Bình"), OTHER),
        (child("An", "00001", born_at="07:30"), child("Bình", "00002", born_at="07:30"), POSSIBLE),
        (child("An", born_at="07:30"), child("Bình", born_at="07:30", sex="female"), OTHER),
        (child("An", born_at="07:30"), child("Bình", born_at="07:31"), OTHER),
        (child("Minh An"), child("An Minh"), OTHER),
    ],
)
def test_what_two_declarations_of_one_family_are(
    one: BirthDeclaration, other: BirthDeclaration, verdict: Sameness
) -> None:
    assert sameness(one, other) is verdict
    assert sameness(other, one) is verdict


def test_a_name_without_any_diacritics_is_the_same_spelt_with_them() -> None:
    bare = changed(sample("plain"), child={"full_name": "TRAN MINH DUC"}, birth_notice=None)
    assert sameness(bare, child("Đức")) is SAME


@pytest.mark.rule("4.case-twins")
def test_twins_are_others() -> None:
    assert sameness(sample("twins-1"), sample("twins-2")) is OTHER
    one, other = (changed(sample(name), birth_notice=None) for name in ("twins-1", "twins-2"))
    assert sameness(one, other) is OTHER


@given(NAMES, st.sampled_from([None, "00001"]), st.sampled_from([str.upper, str.lower, str.title]))
def test_case_spaces_and_unicode_form_never_make_another_child(name: str, notice: str | None, case: Any) -> None:
    one = child(name, notice)
    spelt = unicodedata.normalize("NFD", case(one.child.full_name).replace(" ", "   "))
    assert sameness(one, changed(one, child={"full_name": spelt}, birth_notice=None)) is SAME


@given(NAMES, NAMES, st.sampled_from([None, "00001", "00002"]), st.sampled_from([None, "00001", "00002"]))
def test_the_verdict_does_not_depend_on_who_came_first(a: str, b: str, one: str | None, two: str | None) -> None:
    assert sameness(child(a, one), child(b, two)) is sameness(child(b, two), child(a, one))
