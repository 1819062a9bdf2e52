"""What the law makes of a declaration at intake: plan, missing attachments, fee, expected dates. Pure functions."""

from collections.abc import Mapping
from datetime import date, datetime, time

from models.base import LEGAL_ZONE
from models.calendar import WorkingCalendar
from models.clock import Due, agency_due
from models.commune_files import packaged_communes
from models.communes import Communes
from models.declaration import Declaration
from models.fees import assess_fee
from models.form_doubts import doubts_of_form
from models.form_facts import REQUESTS, Fact
from models.law import LawPack, pack_in_force
from models.messages import NoticeState
from models.notice_checks import usable
from models.plan import Plan, PlanTerms, declared_late, missing_documents, required_documents, resolve_plan
from models.start import LawQuery, Resolved

_NEXT_MORNING = time(8)


def resolve(query: LawQuery, calendar: WorkingCalendar, communes: Communes | None = None) -> Resolved:
    """The law of a dossier received on `query.on`; places are looked at by `communes`, else the packaged ones.

    Raises LawError when no pack is in force or a fee that is owed has no amount, DeclarationErrors when the plan needs
    somebody the form does not name.
    """
    pack = pack_in_force(query.on)
    declaration = query.declaration
    late = declared_late(pack, declaration, query.on, calendar)
    facts = known_facts(declaration, query.notice, late=late)
    return Resolved(
        plan=resolve_plan(pack, declaration),
        missing_documents=missing_documents(required_documents(pack, declaration.group, facts), declaration),
        fee=assess_fee(declaration, facts, query.on),
        warnings=warnings_of(pack, declaration, facts, communes or packaged_communes()),
    )


def known_facts(declaration: Declaration, notice: NoticeState | None, *, late: bool = False) -> frozenset[Fact]:
    """The facts of the declaration, corrected by what the look-up of the notice found and by the day it came."""
    facts = declaration.facts()
    if late:
        facts |= {Fact.DECLARED_LATE}
    if not usable(notice):
        facts -= {Fact.NOTICE_USABLE}
    return facts


def expected_dates(plan: Plan | PlanTerms, received_at: datetime, calendar: WorkingCalendar) -> Mapping[str, Due]:
    """When each leg should end, by leg, if every agency before it ends on its own last day and nobody keeps it waiting.

    A leg without prerequisites counts from the receipt itself; one with, from the day its last prerequisite is due.
    """
    expected: dict[str, Due] = {}
    for leg in plan.legs:
        days = [due_day(expected[key]) for key in leg.requires if key in expected]
        start = datetime.combine(max(days), _NEXT_MORNING, LEGAL_ZONE) if days else received_at
        expected[leg.key] = agency_due(start, leg.limit, calendar, plan.receipt)
    return expected


def due_day(due: Due) -> date:
    """The legal day on which something is due; while its clock stands still, the day it counts from."""
    return due.at.astimezone(LEGAL_ZONE).date() if due.at else due.effective_date


def warnings_of(pack: LawPack, declaration: Declaration, facts: frozenset[Fact], communes: Communes) -> tuple[str, ...]:
    """What operators should look at, under that pack."""
    texts = [warning.text for warning in (*declaration.warnings(), *doubts_of_form(declaration, communes))]
    if Fact.DECLARED_LATE in facts:
        duty = pack.group(declaration.group).duties["declaration"]
        what = declaration.group.label.capitalize()
        texts.append(f"{what} quá {duty.calendar_days} ngày ({duty.basis}).")
    offered = {fact for leg in pack.group(declaration.group).legs.values() for fact in leg.when}
    for request in (fact for fact in REQUESTS if fact in facts - offered):
        said = request.label
        texts.append(f"{said[0].upper()}{said[1:]} nhưng gói luật {pack.id} chưa có thủ tục này.")
    return tuple(texts)
