"""What an operator should look at in form 01; nothing here blocks the dossier (see `models.declaration_doubts`)."""

from collections.abc import Iterator

from models.birth_form import BirthNoticeRef, Child, Parent
from models.days import full_years
from models.declaration_doubts import (
    DeclarationWarning,
    WarningCode,
    about_ethnicity,
    about_nationality,
    about_number,
    about_passport,
    doubt,
)
from models.identity import Sex, plausible_paper_year

YOUNG_MOTHER = 14
"""Mothers younger than this, in completed years at the birth, are shown to the operator (REQUIREMENTS §4: 12–13)."""


def about_parent(section: str, parent: Parent, sex: Sex) -> Iterator[DeclarationWarning]:
    """A parent's numbers and ethnic group."""
    if parent.personal_id:
        yield from about_number(section, parent.personal_id, sex, range(parent.born.year, parent.born.year + 1))
    yield from about_passport(section, parent.passport, parent.nationality)
    yield from about_ethnicity(section, parent.ethnicity)
    yield from about_nationality(section, parent.nationality)


def about_mothers_age(section: str, mother: Parent, child: Child) -> Iterator[DeclarationWarning]:
    """A very young mother; with a birth date known only to the month or year, the youngest she may have been counts."""
    age = full_years(mother.born.latest, child.born_on)
    if age < YOUNG_MOTHER:
        exact = mother.born.earliest == mother.born.latest
        text = f"Ngày, tháng, năm sinh: người mẹ {'' if exact else 'có thể '}mới {max(age, 0)} tuổi khi sinh con."
        yield doubt(WarningCode.MOTHER_VERY_YOUNG, section, text)


def about_birth_notice(section: str, notice: BirthNoticeRef, child: Child) -> Iterator[DeclarationWarning]:
    """The year in the notice's number against the years of birth and issue."""
    if not plausible_paper_year(notice.number, child.born_on.year, notice.issued_on.year):
        text = "Số Giấy chứng sinh: hai số cuối không phải năm sinh hay năm cấp."
        yield doubt(WarningCode.BIRTH_NOTICE_YEAR_UNLIKELY, section, text)
