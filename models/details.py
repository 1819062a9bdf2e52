"""What operators read in the Temporal UI: the live details of a dossier in Markdown, and its search attributes.

Pure functions of the dossier's view; nothing personal in either.
"""

from models.dossier import ConsentState, DossierStage, DossierView, Leg, LegStage
from models.plan import LegPlan, Plan
from models.search_attributes import AttributeValues, SearchAttribute
from models.words import in_words, last_day, listed, when

_CITIZEN_STAGES = (DossierStage.WAITING_DOCUMENTS, DossierStage.WAITING_PAYMENT)
_AGENCY_STAGES = (LegStage.SENDING, LegStage.WAITING_RECEIPT, LegStage.IN_PROGRESS, LegStage.WAITING_DOCUMENT)


def details(view: DossierView) -> str:
    """The dossier as a table of legs: agency, state, due date, waiting for whom, and why that date."""
    plan = view.plan
    if plan is None:
        return f"**Hồ sơ {view.code}** – {view.stage.label}"
    lines = [f"**{plan.name}** – hồ sơ {view.code}, tỉnh {view.province_code}, gói luật {plan.pack}", ""]
    lines.append(f"Giai đoạn: **{view.outcome.label if view.outcome else view.stage.label}**{_group_due(view)}")
    if view.limit and view.stage in _CITIZEN_STAGES:
        lines.append(f"Chờ công dân đến hết {last_day(view.limit.ends_at)}")
    for document in view.missing_documents:
        lines.append(f"- Thiếu: {listed(kind.label for kind in document.any_of)} ({document.field})")
    lines += ["", "| Thủ tục | Cơ quan | Tình trạng | Hạn | Đang chờ |", "|---|---|---|---|---|"]
    pairs = [(leg, plan.leg(leg.key)) for leg in view.legs]
    lines += [f"| {p.name} | {p.agency} | {state(leg)} | {due(leg)} | {waiting(leg, p, plan)} |" for leg, p in pairs]
    reasons = [f"- {p.name}: {' '.join(leg.due.explanation)}" for leg, p in pairs if leg.due]
    if view.due:
        reasons.insert(0, f"- Cả nhóm: {' '.join(view.due.explanation)}")
    if reasons:
        lines += ["", "Vì sao có hạn này:", *reasons]
    if view.warnings:
        lines += ["", "Lưu ý:", *(f"- {warning}" for warning in view.warnings)]
    if view.refused_signals:
        lines += ["", f"Đã từ chối {view.refused_signals} tín hiệu gửi sai."]
    return "\n".join(lines)


def state(leg: Leg) -> str:
    """One leg's state in words."""
    if leg.outcome is None:
        return leg.stage.label
    return f"{leg.outcome.label} ({in_words(leg.timeliness)})" if leg.timeliness else leg.outcome.label


def due(leg: Leg) -> str:
    """One leg's due date, or its expected one while no clock runs."""
    if leg.due and leg.due.at:
        return when(leg.due.at)
    if leg.expected and leg.expected.at and not leg.ended:
        return f"dự kiến {when(leg.expected.at)}"
    return "–"


def waiting(leg: Leg, leg_plan: LegPlan, plan: Plan) -> str:
    """For whom one leg waits; people by role, never by name."""
    asked = [c for c in leg.consents if c.state is ConsentState.ASKED]
    if leg.ended:
        return "–"
    if leg.stage is LegStage.WAITING_PREREQUISITES and not asked:
        return listed(plan.leg(key).name for key in leg_plan.requires) or "–"
    if asked:
        until = f", đến hết {last_day(asked[0].due.at)}" if asked[0].due.at else ""
        return listed(role.label for c in asked for role in c.person.roles) + until
    return leg_plan.agency


def attributes(view: DossierView) -> AttributeValues:
    """The search attributes of a dossier."""
    open_legs = [leg for leg in view.legs if not leg.ended]
    keywords = {
        SearchAttribute.PROVINCE: view.province_code,
        SearchAttribute.STAGE: view.stage.value,
    }
    if view.plan:
        keywords[SearchAttribute.GROUP] = view.plan.group.value
    if view.outcome:
        keywords[SearchAttribute.OUTCOME] = view.outcome.value
    instants = {}
    if view.due and view.due.at:
        instants[SearchAttribute.GROUP_DUE] = view.due.at
    dues = [leg.due.at for leg in open_legs if leg.due and leg.due.at]
    if dues:
        instants[SearchAttribute.NEXT_DUE] = min(dues)
    lists = {
        SearchAttribute.WAITING_FOR: _waiting_for(view, open_legs),
        SearchAttribute.OPEN_LEGS: () if view.outcome else tuple(leg.key for leg in open_legs),
    }
    return AttributeValues(keywords=keywords, lists=lists, instants=instants)


def _waiting_for(view: DossierView, open_legs: list[Leg]) -> tuple[str, ...]:
    if view.plan is None or view.outcome:
        return ()
    if view.stage in _CITIZEN_STAGES:
        return ("citizen",)
    waits = {"consent" for leg in open_legs if any(c.state is ConsentState.ASKED for c in leg.consents)}
    waits |= {view.plan.leg(leg.key).system.value for leg in open_legs if leg.stage in _AGENCY_STAGES}
    return tuple(sorted(waits))


def _group_due(view: DossierView) -> str:
    if view.timeliness:
        return f" ({in_words(view.timeliness)})"
    if view.due and view.due.stopped:
        return "; hạn chung đang tạm dừng, chờ công dân"
    return f"; hạn chung **{when(view.due.at)}**" if view.due and view.due.at else ""
