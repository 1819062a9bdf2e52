"""Other people to ask than before, after the form was corrected (thân nhân khai bổ sung, đính chính). Pure.

Only rules of the law that say so (`may_change`) let a correction do that. [choice] Whoever agreed, under the same
personal number and to the same representative, has agreed, however their name is spelled now; another number is another
person, another representative another question: both are asked anew, under an opaque key that was never used before.
"""

from models.dossier import ConsentState, Leg
from models.plan import LegPlan


def differ_in_people(old: LegPlan, new: LegPlan) -> bool:
    """Whether nothing but the people asked differs, under rules that may change."""
    return old != new and _unchanging(old) == _unchanging(new)


def _unchanging(plan: LegPlan) -> LegPlan:
    """The plan without what a correction may change."""
    rules = tuple(rule for rule in plan.consent_rules if not rule.may_change)
    kept = {key for rule in rules for key in rule.people}
    people = tuple(person for person in plan.people if person.key in kept)
    return plan.model_copy(update={"consent_rules": rules, "people": people})


def asked_anew(leg: Leg, old: LegPlan, new: LegPlan, revision: int) -> tuple[LegPlan, Leg]:
    """The leg's plan with the people and rules of `new`, all else as it was, and the leg without needless consents."""
    keys = _keys(leg, old, new, revision)
    people = tuple(person.model_copy(update={"key": keys[person.key]}) for person in new.people)
    rules = tuple(
        rule.model_copy(update={"people": tuple(keys[key] for key in rule.people)}) for rule in new.consent_rules
    )
    plan = old.model_copy(update={"people": people, "consent_rules": rules})
    asked = {person.key: person for person in people}
    consents = tuple(
        consent.model_copy(update={"person": asked[consent.person.key]})
        if consent.person.key in asked
        else consent.model_copy(update={"state": ConsentState.DROPPED, "remind_at": ()})
        for consent in leg.consents
    )
    return plan, leg.model_copy(update={"consents": consents})


def _keys(leg: Leg, old: LegPlan, new: LegPlan, revision: int) -> dict[str, str]:
    """The keys of the people to ask now, by the keys the law gave them."""
    known = {(person.personal_id, _agrees_to(old, person.key)): person.key for person in old.people}
    used = {*(consent.person.key for consent in leg.consents), *known.values()}
    keys = {}
    for person in new.people:
        unused = f"{person.key}_v{revision}" if person.key in used else person.key
        keys[person.key] = known.get((person.personal_id, _agrees_to(new, person.key)), unused)
    return keys


def _agrees_to(plan: LegPlan, key: str) -> frozenset[str]:
    """The personal numbers of those this person is asked to agree to."""
    return frozenset(
        rule.representative.personal_id for rule in plan.consent_rules if rule.representative and key in rule.people
    )
