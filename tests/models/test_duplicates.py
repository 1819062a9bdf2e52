"""Whether two declarations are about one child or one deceased, by what they say of name, numbers and dates."""

import unicodedata
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from models.birth import BirthDeclaration
from models.death import DeathDeclaration
from models.duplicates import Sameness, sameness
from models.submission import Submission, submission
from tests.models.cases import changed, death_sample, moment, sample

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


# --- One deceased ----------------------------------------------------------------------------------------------------

NUMBER, ANOTHER = "001050900102", "001050900103"
DEATH_DATES = ["2025-12-31", "2026", "2026-11", "2026-11-15", "2026-11-16"]
BIRTH_DATES = ["1950", "1950-03", "1950-03-02", "1950-03-12", "1955-03-02"]
DEAD = ["Nguyễn Văn Mất", "NGUYỄN VĂN MẤT", "Nguyen Van Mat", "Văn Mất Nguyễn", "Nguyễn Văn Còn"]


def deceased(
    name: str = DEAD[0],
    number: str | None = None,
    notice: str | None = None,
    *,
    declarant: str = "001080900101",
    **fields: Any,
) -> DeathDeclaration:
    """A deceased, with the declarant's number and fields of their own; the notice by the first part of its number."""
    papers = {"number": f"{notice}.GBT.01234.26", "issued_on": "2026-11-16", "facility": "Bệnh viện Thử Nghiệm"}
    dates = {"born": "1950-03-02", "died_on": "2026-11-15"}
    return changed(
        death_sample("householder"),
        submission_id=None,
        applicant={"personal_id": declarant},
        deceased={"full_name": name, "personal_id": number, **dates, **fields},
        death_notice=papers if notice else None,
    )


OTHERS_WORD = {"declarant": "001080900999"}


@pytest.mark.rule("8.duplicate-deceased")
@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        (deceased(number=NUMBER), deceased("Một Tên Khác", NUMBER, born="1949", died_on="2026-11-12"), SAME),
        (deceased(notice="00001"), deceased("Một Tên Khác", notice="00001", born="1949"), SAME),
        (deceased(number=NUMBER, notice="00001"), deceased(number=ANOTHER, notice="00001"), SAME),
        (deceased(passport="C1234567"), deceased("Một Tên Khác", passport="C1234567"), SAME),
        (deceased(number=NUMBER), deceased(**OTHERS_WORD), SAME),
        (deceased(number=NUMBER), deceased("NGUYỄN  VĂN MẤT", notice="00001", **OTHERS_WORD), SAME),
        (deceased(), deceased(died_at="23:10", cause="Bệnh khác", **OTHERS_WORD), SAME),
        (deceased(born="1950"), deceased(born="1950"), SAME),
        (deceased(born="1950"), deceased(born="1950", **OTHERS_WORD), POSSIBLE),
        (deceased(), deceased(born="1950"), POSSIBLE),
        (deceased(), deceased(died_on="2026-11"), POSSIBLE),
        (deceased(), deceased(sex="female"), POSSIBLE),
        (deceased(number=NUMBER), deceased("Nguyen Van Mat"), POSSIBLE),
        (deceased(number=NUMBER), deceased("Văn Mất Nguyễn"), POSSIBLE),
        (deceased(notice="00001"), deceased(notice="00002"), POSSIBLE),
        (deceased(number=NUMBER), deceased(number=ANOTHER), POSSIBLE),
        (deceased(number=NUMBER), deceased("Nguyen Van Mat", ANOTHER), OTHER),
        (deceased(number=NUMBER, born="1950"), deceased(number=ANOTHER, born="1950"), OTHER),
        (deceased(), deceased("Nguyễn Văn Còn"), OTHER),
        (deceased(), deceased(born="1950-03-12"), POSSIBLE),
        (deceased(number=NUMBER), deceased("Nguyen Van Mat", born="1949"), POSSIBLE),
        (deceased(number=NUMBER), deceased(died_on="2026-11-16", **OTHERS_WORD), POSSIBLE),
        (deceased(notice="00001"), deceased(notice="00002", died_on="2026-11-16"), POSSIBLE),
        (deceased(died_on="2026-10"), deceased(), POSSIBLE),
        (deceased(died_on="2025"), deceased(), POSSIBLE),
        (deceased(number=NUMBER), deceased(number=ANOTHER, died_on="2026-11-16"), OTHER),
        (deceased(number=NUMBER), deceased(number=ANOTHER, born="1950-03-12"), OTHER),
        (deceased(), deceased(born="1950-03-12", died_on="2026-11-16"), OTHER),
        (deceased(), deceased("Nguyễn Văn Còn", born="1950-03-12"), OTHER),
    ],
)
def test_what_two_declarations_of_a_death_are(
    one: DeathDeclaration, other: DeathDeclaration, verdict: Sameness
) -> None:
    assert sameness(one, other) is verdict
    assert sameness(other, one) is verdict


def test_a_child_and_a_deceased_are_never_one() -> None:
    mother = sample("plain").mother
    assert mother
    assert sameness(sample("plain"), deceased(mother.full_name, mother.personal_id)) is OTHER


DEATHS = st.builds(
    deceased,
    st.sampled_from(DEAD),
    st.sampled_from([None, NUMBER, ANOTHER]),
    st.sampled_from([None, "00001", "00002"]),
    declarant=st.sampled_from(["001080900101", "001080900999"]),
    born=st.sampled_from(BIRTH_DATES),
    died_on=st.sampled_from(DEATH_DATES),
    passport=st.sampled_from([None, "C1234567"]),
)


def keyed(form: DeathDeclaration) -> Submission:
    return submission(form, moment("2026-11-19 09:00:00"), SecretStr("chỉ để thử"))


@pytest.mark.rule("8.duplicate-deceased")
@given(DEATHS, DEATHS)
def test_whoever_may_be_one_deceased_is_found_by_the_keys(one: DeathDeclaration, other: DeathDeclaration) -> None:
    verdict = sameness(one, other)
    assert verdict is sameness(other, one)
    assert sameness(one, one) is SAME
    shared = not set(keyed(one).family_keys).isdisjoint(keyed(other).family_keys)
    assert shared or verdict is OTHER
    if keyed(one).subject_key == keyed(other).subject_key:
        assert verdict is SAME


@given(DEATHS, st.sampled_from([*permutations(["Nguyễn", "Văn", "Mất"])]), st.sampled_from([str.upper, str.lower]))
def test_case_order_and_lost_diacritics_never_make_another_deceased(
    form: DeathDeclaration, words: tuple[str, ...], case: Any
) -> None:
    bare = "".join(c for c in unicodedata.normalize("NFD", case(" ".join(words))) if not unicodedata.combining(c))
    one = changed(form, deceased={"full_name": DEAD[0], "personal_id": None})
    assert sameness(one, changed(one, deceased={"full_name": bare})) is not OTHER
