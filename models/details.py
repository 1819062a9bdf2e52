"""What operators read in the Temporal UI: a dossier's title, its live details in Markdown, its search attributes.

Pure functions of the dossier's view; nothing personal in any of them.
"""

from collections.abc import Iterator
from datetime import date, datetime

from models.base import legal_date
from models.clock import Due
from models.codes import province
from models.dossier import ConsentState, DossierStage, DossierView, Leg, LegStage
from models.next_steps import next_steps
from models.plan import LegPlan, Plan
from models.search_attributes import CITIZEN, CONSENT, NO_AGENCY, AttributeValues, SearchAttribute
from models.words import in_words, last_day, listed, when

_CITIZEN_STAGES = (DossierStage.WAITING_DOCUMENTS, DossierStage.WAITING_PAYMENT)
_AGENCY_STAGES = (LegStage.SENDING, LegStage.WAITING_RECEIPT, LegStage.IN_PROGRESS, LegStage.WAITING_DOCUMENT)


def title(province_code: str, on: date) -> str:
    """The title of a dossier in lists, its province as the code meant it then: “Khai sinh liên thông – Hà Nội (01)”."""
    found = province(province_code, on)
    where = f"{found.name} ({province_code})" if found else f"tỉnh {province_code}"
    return f"Khai sinh liên thông – {where}"


def details(view: DossierView) -> str:
    """What comes next; then the dossier as a table of legs: agency, state, due date, waiting for whom; then reasons."""
    plan = view.plan
    if plan is None:
        return f"**Hồ sơ {view.code}** – {view.stage.label}"
    lines = [f"**{plan.name}** – hồ sơ {view.code}, tỉnh {view.province_code}, gói luật {plan.pack}", ""]
    lines.append(f"Giai đoạn: **{view.outcome.label if view.outcome else view.stage.label}**{_group_due(view)}")
    lines += ["", "### Tiếp theo", "", *next_steps(view)]
    for document in () if view.outcome else view.missing_documents:
        lines.append(f"- Thiếu: {' hoặc '.join(kind.label for kind in document.any_of)} ({document.field})")
    lines += ["", "| Thủ tục | Cơ quan | Tình trạng | Hạn | Đang chờ |", "|---|---|---|---|---|"]
    pairs = [(leg, plan.leg(leg.key)) for leg in view.legs]
    for leg, p in pairs:
        waits = "–" if view.outcome else waiting(leg, p, plan)
        lines.append(f"| {p.name} | {p.agency} | {_marked(leg)} | {due(leg)} | {waits} |")
    reasons = [f"- {what}: {' '.join(why.explanation)}" for what, why in _dates(view, plan)]
    if reasons:
        lines += ["", "Vì sao có hạn này:", *reasons]
    if view.warnings:
        lines += ["", "Lưu ý:", *(f"- {warning}" for warning in view.warnings)]
    if view.refused_signals:
        lines += ["", f"Đã từ chối {view.refused_signals} tín hiệu gửi sai."]
    return "\n".join(lines)


def _dates(view: DossierView, plan: Plan) -> Iterator[tuple[str, Due]]:
    """Every date that stands, each once: the group's, the legs', those of people asked for consent."""
    if view.due:
        yield "Cả nhóm", view.due
    for leg in view.legs:
        name = plan.leg(leg.key).name
        if leg.due:
            yield name, leg.due
        asked = {consent.due: None for consent in leg.consents if consent.state is ConsentState.ASKED}
        for until in () if leg.ended else asked:
            yield f"Xác nhận đồng ý “{name}”", until


def state(leg: Leg) -> str:
    """One leg's state in words."""
    if leg.overdue_since:
        return f"{leg.stage.label}, quá hạn từ {when(leg.overdue_since)}"
    if leg.outcome is None:
        return leg.stage.label
    return f"{leg.outcome.label} ({in_words(leg.timeliness)})" if leg.timeliness else leg.outcome.label


def _marked(leg: Leg) -> str:
    return f"**{state(leg)}**" if leg.overdue_since else state(leg)


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
    open_legs = () if view.outcome else tuple(leg for leg in view.legs if not leg.ended)
    keywords = {SearchAttribute.PROVINCE: view.province_code, SearchAttribute.STAGE: view.stage.value}
    if view.plan:
        keywords[SearchAttribute.GROUP] = view.plan.group.value
    if view.outcome:
        keywords[SearchAttribute.OUTCOME] = view.outcome.value
    if view.timeliness:
        keywords[SearchAttribute.TIMELINESS] = view.timeliness.value
    stuck = min(_unguarded(open_legs), default=None)
    if stuck:
        keywords[SearchAttribute.STUCK_SINCE] = legal_date(stuck).isoformat()
    instants = {
        SearchAttribute.GROUP_DUE: view.due.at if view.due else None,
        SearchAttribute.NEXT_DUE: min(_coming(open_legs), default=None),
        SearchAttribute.WAITING_SINCE: min(_asked_of_citizens(view, open_legs), default=None),
    }
    lists = {
        SearchAttribute.WAITING_FOR: _waiting_for(view, open_legs),
        SearchAttribute.OPEN_LEGS: tuple(leg.key for leg in open_legs),
        SearchAttribute.OVERDUE_AT: _overdue_at(view, open_legs),
    }
    return AttributeValues(
        keywords=keywords, lists=lists, instants={name: at for name, at in instants.items() if at is not None}
    )


def _waiting_for(view: DossierView, open_legs: tuple[Leg, ...]) -> tuple[str, ...]:
    if view.plan is None or view.outcome:
        return ()
    if view.stage in _CITIZEN_STAGES:
        return (CITIZEN,)
    waits = {CONSENT for leg in open_legs if _asked(leg)}
    waits |= {view.plan.leg(leg.key).system.value for leg in open_legs if leg.stage in _AGENCY_STAGES}
    return tuple(sorted(waits))


def _asked(leg: Leg) -> list[datetime]:
    """When those were asked for consent who have not answered."""
    return [consent.requested_at for consent in leg.consents if consent.state is ConsentState.ASKED]


def _asked_of_citizens(view: DossierView, open_legs: tuple[Leg, ...]) -> Iterator[datetime]:
    if view.limit and view.stage in _CITIZEN_STAGES and not view.outcome:
        yield view.limit.requested_at
    for leg in open_legs:
        yield from _asked(leg)


def _overdue_at(view: DossierView, open_legs: tuple[Leg, ...]) -> tuple[str, ...]:
    if view.plan is None or view.outcome:
        return ()
    late = {view.plan.leg(leg.key).system.value for leg in open_legs if leg.overdue_since}
    return tuple(sorted(late)) or ((NO_AGENCY,) if view.overdue_since else ())


def _coming(open_legs: tuple[Leg, ...]) -> Iterator[datetime]:
    """The due dates still to come; one that has been missed no longer is."""
    for leg in open_legs:
        if leg.owed_at and not leg.overdue_since:
            yield leg.owed_at


def _unguarded(open_legs: tuple[Leg, ...]) -> Iterator[datetime]:
    """Since when legs wait for an agency without a due date: for a receipt, or for an electronic result."""
    for leg in open_legs:
        if leg.decided_at:
            yield leg.decided_at
        elif leg.sent_at and leg.due is None:
            yield leg.sent_at


def _group_due(view: DossierView) -> str:
    if view.timeliness:
        return f" ({in_words(view.timeliness)})"
    if view.due and view.due.stopped:
        return "; hạn chung đang tạm dừng, chờ công dân"
    return f"; hạn chung **{when(view.due.at)}**" if view.due and view.due.at else ""
