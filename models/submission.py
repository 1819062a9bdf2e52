"""A submission (lần nộp): what makes two of them the same, and what makes two of them about the same person.

Keys are keyed hashes (HMAC-SHA-256), so that neither the ledger's indexes nor ids give away who declared whom.
"""

import hmac
import json
from collections.abc import Iterator

from pydantic import SecretStr

from models.base import Code, Instant, Model, Statement
from models.birth import BirthDeclaration
from models.codes import fold
from models.death import DeathDeclaration
from models.declaration import Declaration
from models.duplicates import sorted_words
from models.groups import Group

_SUBJECTS = {Group.BIRTH: "child", Group.DEATH: "deceased"}


class Submission(Model):
    """A declaration on its way in. `at` is legal time; the keys are hex digests.

    `subject_key` says whom it is about: which child, or who has died. `family_keys` find other declarations that may be
    about the same person, however the name is spelt and whatever the notice: twins share them, and so do two of
    one name who died, so `duplicates.sameness` judges what they find.
    """

    declaration: Declaration
    at: Instant
    submission_key: Code
    content_key: Code
    subject_key: Code
    family_keys: tuple[Code, ...]
    applicant_key: Code


class SubjectKeys(Model):
    """The keys by which whom a form is about is found; see `Submission`."""

    subject_key: Code
    family_keys: tuple[Code, ...]


class NotDuplicate(Model):
    """An operator's decision that somebody is another than whom they may be taken for, with the reason, on record."""

    reason: Statement


def submission(declaration: Declaration, at: Instant, secret: SecretStr) -> Submission:
    """The submission of a declaration: the portal's id makes it the same, else the whole content (REQUIREMENTS §8)."""
    content = json.dumps(declaration.model_dump(mode="json", exclude_defaults=True), sort_keys=True, ensure_ascii=False)
    identity = f"portal:{declaration.submission_id}" if declaration.submission_id else f"content:{content}"
    keys = subject_keys(declaration, secret)
    return Submission(
        declaration=declaration,
        at=at,
        submission_key=_digest(secret, "submission", identity),
        content_key=_digest(secret, "content", content),
        subject_key=keys.subject_key,
        family_keys=keys.family_keys,
        applicant_key=_digest(secret, "applicant", declaration.applicant.personal_id),
    )


def subject_keys(declaration: Declaration, secret: SecretStr) -> SubjectKeys:
    """Of a form as submitted, or as corrected."""
    return SubjectKeys(
        subject_key=_digest(secret, _SUBJECTS[declaration.group], _subject(declaration)),
        family_keys=tuple(sorted({_digest(secret, "family", family) for family in _families(declaration)})),
    )


def _subject(declaration: Declaration) -> str:
    """Whom the declaration is about, as well as it says."""
    return _child(declaration) if isinstance(declaration, BirthDeclaration) else _deceased(declaration)


def _families(declaration: Declaration) -> Iterator[str]:
    """By what else declarations are found that may be about the same person."""
    return _parents(declaration) if isinstance(declaration, BirthDeclaration) else _also_known_as(declaration)


def _deceased(declaration: DeathDeclaration) -> str:
    """Who has died: their personal number, else their death notice, else name and dates as one person declares them."""
    deceased = declaration.deceased
    if deceased.personal_id:
        return deceased.personal_id
    if declaration.death_notice:
        return f"notice:{declaration.death_notice.number}"
    return "|".join(
        (
            fold(deceased.full_name),
            deceased.born.root,
            deceased.died_on.root,
            deceased.sex.value,
            declaration.applicant.personal_id,
        )
    )


def _also_known_as(declaration: DeathDeclaration) -> Iterator[str]:
    """Every number the deceased goes by, their death notice, and the name with the year of birth and that of death."""
    deceased = declaration.deceased
    if deceased.personal_id:
        yield f"deceased|{deceased.personal_id}"
    if deceased.passport:
        yield f"deceased|{deceased.nationality.code}|{deceased.passport}"
    if declaration.death_notice:
        yield f"notice|{declaration.death_notice.number}"
    name = sorted_words(deceased.full_name)
    yield f"born|{name}|{deceased.born.year}"
    yield f"died|{name}|{deceased.died_on.year}"


def _child(declaration: BirthDeclaration) -> str:
    """Who the child is: its birth notice (one each, twins too), else its name, day of birth and family."""
    if declaration.birth_notice:
        return f"notice:{declaration.birth_notice.number}"
    parents = [parent for parent in (declaration.mother, declaration.father) if parent]
    family = next((p.personal_id or p.passport for p in parents if p.personal_id or p.passport), None)
    child = declaration.child
    return "|".join((fold(child.full_name), child.born_on.isoformat(), family or declaration.applicant.personal_id))


def _parents(declaration: BirthDeclaration) -> Iterator[str]:
    """Each parent, by every number they go by, with the day of birth; the declarant's where no parent has a number."""
    numbers = [number for parent in declaration.parents for number in (parent.personal_id, parent.passport) if number]
    for number in numbers or [declaration.applicant.personal_id]:
        yield f"{number}|{declaration.child.born_on.isoformat()}"


def _digest(secret: SecretStr, purpose: str, text: str) -> str:
    return hmac.digest(secret.get_secret_value().encode(), f"{purpose}\0{text}".encode(), "sha256").hex()
