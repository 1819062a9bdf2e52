"""A running dossier goes over to another law pack: what of its plan changes, and what keeps its course. Pure.

[choice] Packs are fixed by the receipt and dossiers keep theirs (REQUIREMENTS §9); only an operator moves one, on the
record, to a newer one that is in force by then, or back: never to law repealed before the receipt. Then: a part that
was sent or has ended keeps its course, agency and limit. Where people were asked for consent, they and what they were
asked stay. The group's clock runs, so its limit and the rule of receipts stay, as do name and code of the procedure it
was received under. Everything else is by the new pack: parts not begun, parts the old pack did not know, and every
limit, reminder and chase that begins from now on. What the new pack does not let go on is refused.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, time

from models.base import LEGAL_ZONE
from models.calendar import WorkingCalendar
from models.clock import Due, agency_due
from models.communes import Communes
from models.declaration import Declaration
from models.intake import due_day, known_facts, warnings_of
from models.law import LawError, LawPack, pack, pack_in_force
from models.migration import Migration, MigrationQuery
from models.plan import LegPlan, Plan, RequiredDocument, declared_late, required_documents, resolve_plan
from models.reading import DeclarationErrors
from models.words import listed

_NEXT_MORNING = time(8)


def migrated(
    query: MigrationQuery, declaration: Declaration, calendar: WorkingCalendar, communes: Communes
) -> Migration:
    """What becomes of the dossier under that pack."""
    try:
        law = pack(query.pack)
        new = resolve_plan(law, declaration)
    except LawError as error:
        return Migration(problem=str(error))
    except DeclarationErrors as errors:
        return Migration(problem=f"Tờ khai không đủ theo gói luật {query.pack}: {str(errors).rstrip('.')}.")
    facts = known_facts(declaration, query.notice, late=declared_late(law, declaration, query.on, calendar))
    required = tuple(one for one in required_documents(law, declaration.group, facts) if one.leg not in query.begun)
    if hindrances := tuple(_hindrances(query, law, new, required)):
        return Migration(problem=f"Không chuyển được hồ sơ sang gói luật {query.pack}: {'; '.join(hindrances)}.")
    plan = _plan(query, new)
    return Migration(
        plan=plan,
        law=law.title,
        kept=tuple(leg.key for leg in plan.legs if leg.key in query.begun),
        added=tuple(leg.key for leg in plan.legs if leg.key not in {old.key for old in query.plan.legs}),
        expected=_expected(query, plan, calendar),
        completed_by_agencies=tuple(one for one in required if one.completed_by),
        warnings=(*_kept_consents(query, new), *warnings_of(law, declaration, facts, communes)),
    )


def _hindrances(
    query: MigrationQuery, law: LawPack, new: Plan, required: tuple[RequiredDocument, ...]
) -> Iterator[str]:
    """Why the dossier cannot go over, each in words, nobody named."""
    if law.provisional:
        yield "gói luật này mới là dự kiến"
    if law.in_force_from > query.now.date():
        yield f"gói luật này có hiệu lực từ {law.in_force_from:%d/%m/%Y}"
    if law.in_force_from < (then := pack_in_force(query.received_on)).in_force_from:
        yield f"gói luật này đã được thay từ {then.in_force_from:%d/%m/%Y}, trước khi hồ sơ được tiếp nhận"
    known = {leg.key for leg in new.legs}
    for leg in query.plan.legs:
        if leg.key not in known and leg.key not in query.begun:
            yield f"gói luật này không có thủ tục “{leg.name}”, mà thủ tục này chưa xong"
    attached = frozenset(query.attached)
    for document in required:
        if not (document.completed_by or document.met_by(attached)):
            papers = listed(kind.label for kind in document.any_of)
            yield f"“{new.leg(document.leg).name}” cần {papers} mà hồ sơ không có ({document.basis})"


def _plan(query: MigrationQuery, new: Plan) -> Plan:
    old = query.plan
    legs = {leg.key: leg for leg in new.without_replaced_consents(frozenset(query.attached)).legs}
    kept = tuple(leg if leg.key in query.begun else _by_new_law(query, leg, legs[leg.key]) for leg in old.legs)
    known = {leg.key for leg in old.legs}
    return new.model_copy(
        update={
            "name": old.name,
            "procedure_code": old.procedure_code,
            "limit": old.limit,
            "verification_limit": old.verification_limit,
            "verification_basis": old.verification_basis,
            "basis": old.basis,
            "receipt": old.receipt,
            "legs": (*kept, *(leg for leg in legs.values() if leg.key not in known)),
            "completed_by_agencies": old.completed_by_agencies,
        }
    )


def _by_new_law(query: MigrationQuery, old: LegPlan, new: LegPlan) -> LegPlan:
    """A leg not begun as the new pack has it; who was asked, and for what, stays."""
    if old.key not in query.asked:
        return new
    return new.model_copy(update={"consent_rules": old.consent_rules, "people": old.people})


def _kept_consents(query: MigrationQuery, new: Plan) -> Iterator[str]:
    """What the operator should know of consents that the new pack would ask for otherwise."""
    for key in query.asked:
        if key in query.begun or key not in {leg.key for leg in new.legs}:
            continue
        old, law = query.plan.leg(key), new.leg(key)
        before, after = ([(rule.role, rule.quorum) for rule in leg.consent_rules] for leg in (old, law))
        if before != after:
            asked = f"đã hỏi ý kiến theo gói luật {query.plan.pack}"
            yield f"“{old.name}”: {asked}; gói {query.pack} hỏi khác, cần xem lại."


def _expected(query: MigrationQuery, plan: Plan, calendar: WorkingCalendar) -> Mapping[str, Due]:
    """When each leg should end that has not begun and is new or has other terms now: counted from now.

    Prerequisites still owed end when they are due.
    """
    dues = dict(query.owed)
    old = {leg.key: leg for leg in query.plan.legs}
    changed = {}
    for leg in plan.legs:
        if leg.key in query.begun:
            continue
        days = [due_day(dues[key]) for key in leg.requires if key in dues]
        start = max([query.now, *(datetime.combine(day, _NEXT_MORNING, LEGAL_ZONE) for day in days)])
        dues[leg.key] = agency_due(start, leg.limit, calendar, plan.receipt)
        before = old.get(leg.key)
        if before is None or (before.limit, before.requires) != (leg.limit, leg.requires):
            changed[leg.key] = dues[leg.key]
    return changed
