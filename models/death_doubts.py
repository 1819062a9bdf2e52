"""What an operator should look at in form 02; nothing here blocks the dossier (see `models.declaration_doubts`)."""

from collections.abc import Iterator

from models.death_form import DeathApplicant, DeathNoticeRef, Deceased
from models.declaration_doubts import DeclarationWarning, about_ethnicity, about_nationality, about_number


def doubts_about(
    applicant: DeathApplicant, deceased: Deceased, notice: DeathNoticeRef | None
) -> Iterator[DeclarationWarning]:
    """The doubts about who declares, who died and the death notice."""
    yield from about_number("Người yêu cầu", applicant.personal_id, None)
    if deceased.personal_id:
        years = range(deceased.born.year, deceased.born.year + 1)
        yield from about_number("Người được khai tử", deceased.personal_id, deceased.sex, years)
    yield from about_ethnicity("Người được khai tử", deceased.ethnicity)
    yield from about_nationality("Người được khai tử", deceased.nationality)
