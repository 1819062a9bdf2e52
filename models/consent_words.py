"""What people are asked to agree to, and who they are, in notices: by role, never by name."""

from collections import Counter
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
    """These people by their roles, with how many there are of each: “Chủ hộ, Thân nhân (3 người)”."""
    times = Counter(listed(role.label for role in person.roles) for person in people)
    return listed(role if number == 1 else f"{role} ({number} người)" for role, number in times.items())
