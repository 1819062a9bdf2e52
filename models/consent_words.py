"""What people are asked to agree to, and who they are, in notices: by role, never by name."""

from collections.abc import Iterable

from models.plan import AskedPerson, LegPlan
from models.words import listed


def matter(plan: LegPlan, people: Iterable[AskedPerson]) -> str:
    """What these people are asked about: the leg as a whole, or what their rules say (“việc cử người đại diện …”).

    What one rule says of some of them only, in addition to what another says of all, is left out.
    """
    keys = {person.key for person in people}
    about = {rule.about for rule in plan.consent_rules if rule.about and keys & set(rule.people)}
    said = sorted(one for one in about if not any(one.startswith(f"{other},") for other in about))
    return f"việc {listed(said)}, thủ tục {plan.name}" if said else plan.name


def roles(people: Iterable[AskedPerson]) -> str:
    """These people by their roles, with their rows on the form or how many they are: “Chủ hộ, Thân nhân (mục 2, 3)”."""
    by_role: dict[str, list[AskedPerson]] = {}
    for person in people:
        by_role.setdefault(listed(role.label for role in person.roles), []).append(person)
    return listed(f"{role}{_which(several)}" for role, several in by_role.items())


def _which(people: list[AskedPerson]) -> str:
    """Which people of a role, where the form has a table of them; else how many, if several."""
    rows = sorted(person.row for person in people if person.row)
    if len(rows) == len(people):
        return f" (mục {listed(map(str, rows))})"
    return f" ({len(people)} người)" if len(people) > 1 else ""
