"""Whether two declarations are about one child (khai sinh trùng), judged by what they say. Pure.

Asked of declarations that name the same birth notice, or a common parent and one day of birth; see `submission`.
"""

import unicodedata
from enum import StrEnum

from models.birth import BirthDeclaration
from models.birth_form import Child
from models.codes import fold
from models.death import DeathDeclaration
from models.declaration import Declaration


class Sameness(StrEnum):
    """What can be said of the children of two declarations. Only a person decides about a POSSIBLE one."""

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
    """One personal number or one death notice is one person; one name with the same dates probably is [choice]."""
    numbers = {form.deceased.personal_id for form in (one, other)}
    if len(numbers) == 1 and None not in numbers:
        return Sameness.SAME
    notices = {form.death_notice.number for form in (one, other) if form.death_notice}
    if one.death_notice and other.death_notice and len(notices) == 1:
        return Sameness.SAME
    if None not in numbers or _names(one.deceased.full_name, other.deceased.full_name) is _Names.DIFFERENT:
        return Sameness.OTHER
    return Sameness.POSSIBLE


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
    if _bare(one) != _bare(other):
        return _Names.DIFFERENT
    return _Names.SAME if _bare(one) in (fold(one), fold(other)) else _Names.ALIKE


def _bare(name: str) -> str:
    """A folded name without its diacritics: “tran minh hoa”."""
    decomposed = unicodedata.normalize("NFD", fold(name).replace("đ", "d"))
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _told_apart(one: Child, other: Child) -> bool:
    hours = {child.born_at for child in (one, other) if child.born_at}
    return one.sex is not other.sex or len(hours) == 2


def _born_as_one(one: Child, other: Child) -> bool:
    return one.born_at is not None and one.born_at == other.born_at and one.sex is other.sex
