"""A submission (lần nộp): what makes two of them the same, and what makes two of them about the same child.

Keys are keyed hashes (HMAC-SHA-256), so that neither the ledger's indexes nor ids give away who declared whom.
"""

import hmac
import json

from pydantic import SecretStr

from models.base import Code, Instant, Model
from models.codes import fold
from models.declaration import BirthDeclaration


class Submission(Model):
    """A declaration on its way in. `at` is legal time; the keys are hex digests."""

    declaration: BirthDeclaration
    at: Instant
    submission_key: Code
    content_key: Code
    child_key: Code
    applicant_key: Code


def submission(declaration: BirthDeclaration, at: Instant, secret: SecretStr) -> Submission:
    """The submission of a declaration: the portal's id makes it the same, else the whole content (REQUIREMENTS §8)."""
    content = json.dumps(declaration.model_dump(mode="json", exclude_defaults=True), sort_keys=True, ensure_ascii=False)
    identity = f"portal:{declaration.submission_id}" if declaration.submission_id else f"content:{content}"
    return Submission(
        declaration=declaration,
        at=at,
        submission_key=_digest(secret, "submission", identity),
        content_key=_digest(secret, "content", content),
        child_key=_digest(secret, "child", _child(declaration)),
        applicant_key=_digest(secret, "applicant", declaration.applicant.personal_id),
    )


def _child(declaration: BirthDeclaration) -> str:
    """Who the child is: its birth notice (one each, twins too), else its name, day of birth and family."""
    if declaration.birth_notice:
        return f"notice:{declaration.birth_notice.number}"
    parents = [parent for parent in (declaration.mother, declaration.father) if parent]
    family = next((p.personal_id or p.passport for p in parents if p.personal_id or p.passport), None)
    child = declaration.child
    return "|".join((fold(child.full_name), child.born_on.isoformat(), family or declaration.applicant.personal_id))


def _digest(secret: SecretStr, purpose: str, text: str) -> str:
    return hmac.digest(secret.get_secret_value().encode(), f"{purpose}\0{text}".encode(), "sha256").hex()
