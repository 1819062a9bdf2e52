"""A declaration of either group: form 01 or form 02.

What every form offers, and all that the engine and the edges use of it: `group`, `submission_id`, `recipients`,
`applicant`, `fee_relief`, `attachments`, `subject_name`, `case`, `happened_on`, `notice_number`, `copies`,
`integrated`, `facts()`, `people_to_validate()`, `people_in_role()`, `paper_of()`, `seen_by()`, `field_seen_by()` and
`warnings()`.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Discriminator, Tag, TypeAdapter

from models.birth import BirthDeclaration
from models.death import DeathDeclaration
from models.groups import Group


def group_declared(form: object) -> Group:
    """The group a form is of: only form 02 names somebody who died."""
    if isinstance(form, Mapping):
        return Group.DEATH if "deceased" in form else Group.BIRTH
    return Group.DEATH if isinstance(form, DeathDeclaration) else Group.BIRTH


Declaration = Annotated[
    Annotated[BirthDeclaration, Tag(Group.BIRTH.value)] | Annotated[DeathDeclaration, Tag(Group.DEATH.value)],
    Discriminator(group_declared),
]

DECLARATION: TypeAdapter[BirthDeclaration | DeathDeclaration] = TypeAdapter(Declaration)
"""Reads and writes a declaration of either group as JSON."""

FORMS: Mapping[Group, type[BirthDeclaration] | type[DeathDeclaration]] = {
    Group.BIRTH: BirthDeclaration,
    Group.DEATH: DeathDeclaration,
}
"""The form of each group."""
