"""Whether two declarations are about one child or one deceased (khai trùng), judged by what they say. Pure.

Asked of births that name the same birth notice, or a common parent and one day of birth; of deaths that have a number,
a notice, or a name with the year of birth or of death in common. See `submission`.
"""

from enum import StrEnum

from models.birth import BirthDeclaration
from models.birth_form import Child
from models.codes import bare, fold
from models.death import DeathDeclaration
from models.death_form import Deceased
from models.declaration import Declaration


class Sameness(StrEnum):
    """What can be said of those two declarations are about. Only a person decides about a POSSIBLE one."""

    SAME = "same"
    POSSIBLE = "possible"
    OTHER = "other"


class _Names(StrEnum):
    SAME = "same"
    ALIKE = "alike"
    DIFFERENT = "different"


def sameness(one: Declaration, other: Declaration) -> Sameness:
    """Whether the two are about one child, or one deceased; of two groups they never are."""
    if isinstance(one, BirthDeclaration) and isinstance(other, BirthDeclaration):
        return _of_children(one, other)
    if isinstance(one, DeathDeclaration) and isinstance(other, DeathDeclaration):
        return _of_deceased(one, other)
    return Sameness.OTHER


def _of_deceased(one: DeathDeclaration, other: DeathDeclaration) -> Sameness:
    """Whether the two are about one deceased [choice].

    One number or one death notice is one person, and so is one name with the same dates: to the day, or as the same
    person declares them. Spelt otherwise, known less precisely, with one of the two dates another, or under another
    notice it may be. Two numbers are two people, but for the very same name and days, where one number may be mistyped.
    """
    if not _numbers(one).isdisjoint(_numbers(other)):
        return Sameness.SAME
    if sorted_words(one.deceased.full_name) != sorted_words(other.deceased.full_name) or not _dates_agree(one, other):
        return Sameness.OTHER
    alike, to_the_day = _named_and_dated_alike(one, other), _dated_to_the_day(one.deceased)
    if one.deceased.personal_id and other.deceased.personal_id:
        return Sameness.POSSIBLE if alike and to_the_day else Sameness.OTHER
    if one.death_notice and other.death_notice:
        return Sameness.POSSIBLE
    certain = alike and (to_the_day or one.applicant.personal_id == other.applicant.personal_id)
    return Sameness.SAME if certain else Sameness.POSSIBLE


def _numbers(form: DeathDeclaration) -> frozenset[tuple[str, ...]]:
    """Whatever numbers one person alone has."""
    deceased, notice = form.deceased, form.death_notice
    numbers: set[tuple[str, ...]] = set()
    if deceased.personal_id:
        numbers.add(("personal_id", deceased.personal_id))
    if deceased.passport:
        numbers.add(("passport", deceased.nationality.code, deceased.passport))
    if notice:
        numbers.add(("notice", notice.number))
    return frozenset(numbers)


def _dates_agree(one: DeathDeclaration, other: DeathDeclaration) -> bool:
    """Whether both can have been born on one day or have died on one day: one date may be mistaken."""
    pairs = ((one.deceased.born, other.deceased.born), (one.deceased.died_on, other.deceased.died_on))
    return any(a.earliest <= b.latest and b.earliest <= a.latest for a, b in pairs)


def _named_and_dated_alike(one: DeathDeclaration, other: DeathDeclaration) -> bool:
    a, b = one.deceased, other.deceased
    same_dates = (a.born, a.died_on, a.sex) == (b.born, b.died_on, b.sex)
    return same_dates and fold(a.full_name) == fold(b.full_name)


def _dated_to_the_day(deceased: Deceased) -> bool:
    return deceased.born.day is not None and deceased.died_on.day is not None


def _of_children(one: BirthDeclaration, other: BirthDeclaration) -> Sameness:
    """Whether the two are about one child; twins are not: they have names, hours and birth notices of their own.

    A birth notice reissued keeps its number and is then a new version of the same; under a new number it is a possible
    reissue (TT 22/2025/TT-BYT; CV 8945/VPCP-KSTT 3.4), as is one hour of birth under two names [choice].
    """
    notices = {form.birth_notice.number for form in (one, other) if form.birth_notice}
    both = one.birth_notice is not None and other.birth_notice is not None
    if both and len(notices) == 1:
        return Sameness.SAME
    names = _names(one.child.full_name, other.child.full_name)
    if names is _Names.SAME:
        return Sameness.POSSIBLE if both else Sameness.SAME
    if names is _Names.ALIKE:
        return Sameness.OTHER if _told_apart(one.child, other.child) else Sameness.POSSIBLE
    return Sameness.POSSIBLE if _born_as_one(one.child, other.child) else Sameness.OTHER


def _names(one: str, other: str) -> _Names:
    """Same but for case, spaces, Unicode form and diacritics that one of them has lost; alike but for diacritics."""
    if fold(one) == fold(other):
        return _Names.SAME
    if bare(one) != bare(other):
        return _Names.DIFFERENT
    return _Names.SAME if bare(one) in (fold(one), fold(other)) else _Names.ALIKE


def sorted_words(name: str) -> str:
    """What all spellings of a name share that lose case or diacritics, or order its words otherwise."""
    return " ".join(sorted(bare(name).split()))


def _told_apart(one: Child, other: Child) -> bool:
    hours = {child.born_at for child in (one, other) if child.born_at}
    return one.sex is not other.sex or len(hours) == 2


def _born_as_one(one: Child, other: Child) -> bool:
    return one.born_at is not None and one.born_at == other.born_at and one.sex is other.sex
