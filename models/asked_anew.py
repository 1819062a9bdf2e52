"""Other people to ask than before, after the form was corrected (thân nhân khai bổ sung, đính chính). Pure.

Only rules of the law that say so (`may_change`) let a correction do that. [choice] Whoever agreed, under the same
personal number, to the same and to the same representative, has agreed, however their name is spelled now; another
number is another person, another matter or representative another question: both are asked anew, under an opaque key
that was never used before. Who is asked less than they agreed to has agreed.
"""

from datetime import datetime

from models.documents import DocumentKind
from models.dossier import Consent, ConsentState, Leg
from models.plan import LegPlan


def differ_in_people(old: LegPlan, new: LegPlan) -> bool:
    """Whether nothing but the people asked differs, under rules that may change."""
    return old != new and _unchanging(old) == _unchanging(new)


def asks_others(old: LegPlan, new: LegPlan) -> bool:
    """Whether `new` asks somebody whom `old` does not, or somebody more than `old` does."""
    known = {person.personal_id: person.key for person in old.people}
    return any(not _asked_before(old, known.get(person.personal_id), new, person.key) for person in new.people)


def under(plan: LegPlan, agreement: DocumentKind) -> LegPlan:
    """The leg with only those consents that this agreement can stand for, and their people."""
    rules = tuple(rule for rule in plan.consent_rules if rule.replaced_by is agreement)
    keys = {key for rule in rules for key in rule.people}
    people = tuple(person for person in plan.people if person.key in keys)
    return plan.model_copy(update={"consent_rules": rules, "people": people})


def _unchanging(plan: LegPlan) -> LegPlan:
    """The plan without what a correction may change."""
    rules = tuple(rule for rule in plan.consent_rules if not rule.may_change)
    kept = {key for rule in rules for key in rule.people}
    people = tuple(person for person in plan.people if person.key in kept)
    return plan.model_copy(update={"consent_rules": rules, "people": people})


def asked_anew(leg: Leg, old: LegPlan, new: LegPlan, revision: int, now: datetime) -> tuple[LegPlan, Leg]:
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
        else _dropped(consent, now)
        for consent in leg.consents
    )
    return plan, leg.model_copy(update={"consents": consents})


def _dropped(consent: Consent, now: datetime) -> Consent:
    if consent.state is ConsentState.DROPPED:
        return consent
    return consent.model_copy(update={"state": ConsentState.DROPPED, "remind_at": (), "dropped_at": now})


def _keys(leg: Leg, old: LegPlan, new: LegPlan, revision: int) -> dict[str, str]:
    """The keys of the people to ask now, by the keys the law gave them."""
    known = {person.personal_id: person.key for person in old.people}
    used = {*(consent.person.key for consent in leg.consents), *known.values()}
    keys = {}
    for person in new.people:
        key = known.get(person.personal_id)
        if key and _asked_before(old, key, new, person.key):
            keys[person.key] = key
        else:
            keys[person.key] = f"{person.key}_v{revision}" if person.key in used else person.key
    return keys


def _asked_before(old: LegPlan, old_key: str | None, new: LegPlan, key: str) -> bool:
    """Whether the person of that key is asked nothing but what the old plan asks the one of its own."""
    return old_key is not None and _questions(new, key) <= _questions(old, old_key)


def _questions(plan: LegPlan, key: str) -> frozenset[tuple[str | None, str | None]]:
    """What this person is asked: to agree to what, and to whom, by personal number."""
    return frozenset(
        (rule.about, rule.representative.personal_id if rule.representative else None)
        for rule in plan.consent_rules
        if key in rule.people
    )
