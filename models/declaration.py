"""A declaration of either group: form 01 or form 02.

What every form offers: `group`, `submission_id`, `recipients`, `applicant`, `fee_relief`, `attachments`,
`subject_name`, `case`, `happened_on`, `notice_number`, `copies`, `integrated`, `facts()`, `people_to_validate()`,
`people_in_role()`, `row_of()`, `paper_of()`, `seen_by()`, `hidden_from()` and `warnings()`.

The engine and most edges use no more of it. Whoever asks for the type needs one form in particular: the wires of the
agencies, `submission` and `duplicates` (whom it is about), `benefit_words` (what a family is told) and `corrected_law`
(whose recipients are of either form).
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Discriminator, Tag

from models.birth import BirthDeclaration
from models.death import DeathDeclaration
from models.groups import Group

_ONLY_BIRTHS = BirthDeclaration.model_fields.keys() - DeathDeclaration.model_fields.keys()
_ONLY_DEATHS = DeathDeclaration.model_fields.keys() - BirthDeclaration.model_fields.keys()


def group_declared(form: object) -> Group:
    """The group a form is of: form 02 if it has more sections of that form alone than of form 01 alone.

    So neither a section left out or misspelt nor one put in the wrong place hides what the form is.
    """
    if isinstance(form, Mapping):
        return Group.DEATH if len(_ONLY_DEATHS & form.keys()) > len(_ONLY_BIRTHS & form.keys()) else Group.BIRTH
    return Group.DEATH if isinstance(form, DeathDeclaration) else Group.BIRTH


Declaration = Annotated[
    Annotated[BirthDeclaration, Tag(Group.BIRTH.value)] | Annotated[DeathDeclaration, Tag(Group.DEATH.value)],
    Discriminator(group_declared),
]

FORMS: Mapping[Group, type[BirthDeclaration] | type[DeathDeclaration]] = {
    Group.BIRTH: BirthDeclaration,
    Group.DEATH: DeathDeclaration,
}
"""The form of each group."""
