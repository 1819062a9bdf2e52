"""Which dossier a child or a deceased belongs to: by number, notice or name, and by family (REQUIREMENTS §8)."""

from collections.abc import Sequence
from itertools import count

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from models.base import Code
from models.submission import SubjectKeys
from models.tables import DossierRow, FamilyClaimRow

ATTEMPTS = 20
"""How often a dossier may be overtaken by others of its family: far more than there are children of one birth, or
people of one name who were born and died in one year and are declared in one instant."""


def claim_family(session: Session, known: Sequence[FamilyClaimRow], keys: Sequence[Code], code: Code) -> None:
    """Take the next number of each family, in order of the keys: two who claim at once never wait crosswise.

    Raises IntegrityError when another process has claimed since what is `known` was read.
    """
    for key in keys:
        taken = [claim.number for claim in known if claim.key == key]
        session.add(FamilyClaimRow(key=key, number=max(taken, default=0) + 1, dossier_code=code))
        session.flush()


def claim_as_corrected(session: Session, dossier: DossierRow, keys: SubjectKeys) -> bool:
    """The locked dossier is found by its corrected form too; the families it was found by stay.

    False when another dossier claims whom the corrected form is about: this one keeps the claim it had. A dossier that
    has let go of whom it was about claims nobody.
    """
    if dossier.subject_claim is None:
        return True
    claimed = _claim_subject(session, dossier, keys.subject_key)
    for attempt in count(1):
        known = session.exec(select(FamilyClaimRow).where(col(FamilyClaimRow.key).in_(keys.family_keys))).all()
        own = {claim.key for claim in known if claim.dossier_code == dossier.code}
        try:
            with session.begin_nested():
                claim_family(session, known, [key for key in keys.family_keys if key not in own], dossier.code)
            break
        except IntegrityError:  # another process was first: count again
            if attempt == ATTEMPTS:
                raise
    return claimed


def _claim_subject(session: Session, dossier: DossierRow, key: Code) -> bool:
    if dossier.subject_claim == key:
        return True
    try:
        with session.begin_nested():
            dossier.subject_claim = key
            session.flush()
    except IntegrityError:
        return False
    return True
