"""Number rules: what is refused, what is normalised, what a personal number says of its holder."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from models.identity import (
    BirthNoticeNumber,
    DeathNoticeNumber,
    Email,
    HealthCardNumber,
    OldIdentityCard,
    Passport,
    PersonalId,
    Phone,
    Sex,
    SocialInsuranceNumber,
    has_social_insurance,
    personal_id_parts,
    plausible_paper_year,
    usual_vietnamese_passport,
)


def read(kind: Any, value: object) -> object:
    return TypeAdapter(kind).validate_python(value)


@pytest.mark.rule("8.codes-are-text", "8.identity-number", "8.phone", "8.insurance-code")
@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        (PersonalId, "001190000001", "001190000001"),
        (Phone, "0912345678", "0912345678"),
        (Phone, "+84912345678", "0912345678"),
        (Phone, "+84 (91) 234-5678", "0912345678"),
        (Phone, "+84 (0)912345678", "0912345678"),
        (Phone, "024 3800 0009", "02438000009"),
        (Passport, "c1234567", "C1234567"),
        (Passport, "TZ0000014", "TZ0000014"),
        (BirthNoticeNumber, "00001.GCS.01901.26", "00001.GCS.01901.26"),
        (BirthNoticeNumber, "A0/01.GCS.79K07.26", "A0/01.GCS.79K07.26"),
        (BirthNoticeNumber, "BVĐK1.GCS.ĐN(7).26", "BVĐK1.GCS.ĐN(7).26"),
        (DeathNoticeNumber, "00001.GBT.01901.26", "00001.GBT.01901.26"),
        (OldIdentityCard, "012345678", "012345678"),
        (OldIdentityCard, "001090000001", "001090000001"),
        (SocialInsuranceNumber, "0123456789", "0123456789"),
        (SocialInsuranceNumber, "0000000000", "0000000000"),
        (HealthCardNumber, "te1010123456789", "TE1010123456789"),
        (HealthCardNumber, "0123456789", "0123456789"),
        (Email, "ten@vidu.vn", "ten@vidu.vn"),
    ],
)
def test_well_formed_numbers_are_kept_as_text(kind: Any, typed: str, kept: str) -> None:
    assert read(kind, typed) == kept


@pytest.mark.rule("8.identity-number", "8.phone", "8.insurance-code")
@pytest.mark.parametrize(
    ("kind", "typed", "said"),
    [
        (PersonalId, "00119000001", "12 chữ số"),
        (PersonalId, "0011900000012", "12 chữ số"),
        (PersonalId, "00119000000a", "12 chữ số"),
        (PersonalId, "001190000001\n", "12 chữ số"),
        (PersonalId, "０01190000001", "12 chữ số"),
        (PersonalId, "001190 00001", "12 chữ số"),
        (Phone, "0112345678", "di động"),
        (Phone, "912345678", "di động"),
        (Phone, "0212345678", "di động"),
        (Phone, "+8591234567", "di động"),
        (Passport, "C123", "6 đến 9"),
        (Passport, "C1234567890", "6 đến 9"),
        (Passport, "C12-4567", "6 đến 9"),
        (BirthNoticeNumber, "00001.GBT.01901.26", "XXXXX.GCS.ZZZZZ.YY"),
        (BirthNoticeNumber, "0001.GCS.01901.26", "XXXXX.GCS.ZZZZZ.YY"),
        (BirthNoticeNumber, "00001.GCS.01901.2026", "XXXXX.GCS.ZZZZZ.YY"),
        (BirthNoticeNumber, "00001.GCS.01901.26 ", "18 ký tự"),
        (BirthNoticeNumber, "000 1.GCS.01901.26", "18 ký tự"),
        (DeathNoticeNumber, "00001.GCS.01901.26", "XXXXX.GBT.ZZZZZ.YY"),
        (OldIdentityCard, "0123456789", "9 hoặc 12 chữ số"),
        (SocialInsuranceNumber, "123456789", "10 chữ số"),
        (SocialInsuranceNumber, "01234567890", "10 chữ số"),
        (HealthCardNumber, "TE6010123456789", "mức hưởng"),
        (HealthCardNumber, "TE101012345678", "mức hưởng"),
        (HealthCardNumber, "T11010123456789", "mức hưởng"),
        (Email, "ten@vidu", "ten@vidu.vn"),
        (Email, "ten vidu@vidu.vn", "ten@vidu.vn"),
    ],
)
def test_malformed_numbers_are_refused_in_vietnamese(kind: Any, typed: str, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        read(kind, typed)
    assert said in caught.value.errors()[0]["msg"]


@pytest.mark.rule("8.codes-are-text")
@pytest.mark.parametrize(
    "kind",
    [PersonalId, Phone, Passport, BirthNoticeNumber, Email, OldIdentityCard, SocialInsuranceNumber, HealthCardNumber],
)
def test_a_number_that_is_not_text_is_refused_because_leading_zeros_matter(kind: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        read(kind, 1190000001)
    assert caught.value.errors()[0]["type"] == "string_type"


@pytest.mark.parametrize(
    ("number", "sex", "year"),
    [
        ("001090000001", Sex.MALE, 1990),
        ("001190000001", Sex.FEMALE, 1990),
        ("001213000001", Sex.MALE, 2013),
        ("001313000001", Sex.FEMALE, 2013),
        ("001505000001", Sex.FEMALE, 2105),
    ],
)
def test_a_personal_number_tells_sex_and_year_of_birth(number: str, sex: Sex, year: int) -> None:
    parts = personal_id_parts(number)
    assert (parts.sex, parts.year, parts.prefix_known) == (sex, year, True)


def test_an_unknown_prefix_is_told_but_readable() -> None:
    assert not personal_id_parts("999190000001").prefix_known


@given(st.from_regex(r"[0-9]{12}", fullmatch=True))
def test_every_twelve_digits_are_a_personal_number_with_parts(number: str) -> None:
    assert read(PersonalId, number) == number
    assert personal_id_parts(number).year % 100 == int(number[4:6])


@pytest.mark.parametrize(("number", "usual"), [("C1234567", True), ("P00000001", True), ("TZ0000014", False)])
def test_vietnamese_passports_are_a_letter_and_digits(number: str, usual: bool) -> None:
    assert usual_vietnamese_passport(number) is usual


def test_ten_zeros_are_no_social_insurance_number() -> None:
    assert has_social_insurance("0123456789")
    assert not has_social_insurance("0000000000")


@pytest.mark.parametrize(("years", "plausible"), [((2026,), True), ((2025, 2026), True), ((2024, 2025), False)])
def test_the_year_of_a_paper_is_one_of_those_it_may_be_of(years: tuple[int, ...], plausible: bool) -> None:
    assert plausible_paper_year("00001.GCS.01901.26", *years) is plausible
