"""What operators read in the Temporal UI: a dossier's title, its live details in Markdown, its search attributes.

Pure functions of the dossier's view; nothing personal in any of them.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from models.acts import act_words
from models.base import legal_date
from models.clock import Due
from models.codes import province
from models.consent_words import roles
from models.dossier import Consent, ConsentState, DossierStage, DossierView, Leg, LegStage, OwedDuty
from models.groups import Group
from models.next_steps import next_steps
from models.plan import LegPlan, Plan
from models.replacement_words import state as replacement_state
from models.replacement_words import versions
from models.sealing import sealed_words
from models.search_attributes import (
    CITIZEN,
    CONSENT,
    NO_AGENCY,
    OPERATOR,
    REJECTED,
    UNREACHED,
    AttributeValues,
    SearchAttribute,
)
from models.words import day_words, in_words, last_day, listed, when

_CITIZEN_STAGES = (DossierStage.WAITING_DOCUMENTS, DossierStage.WAITING_PAYMENT)
_AGENCY_STAGES = (LegStage.SENDING, LegStage.WAITING_RECEIPT, LegStage.IN_PROGRESS, LegStage.WAITING_DOCUMENT)


def title(group: Group, province_code: str, on: date) -> str:
    """The title of a dossier in lists, its province as the code meant it then: “Khai sinh liên thông – Hà Nội (01)”."""
    return f"{group.label.capitalize()} liên thông – {place_of(province_code, on)}"


def place_of(province_code: str, on: date) -> str:
    """A province in a title, as its code meant it then: “Hà Nội (01)”."""
    found = province(province_code, on)
    return f"{found.name} ({province_code})" if found else f"tỉnh {province_code}"


def details(view: DossierView) -> str:
    """What comes next; then the dossier as a table of legs: agency, state, due date, waiting for whom; then reasons."""
    view, plan = view.as_asked, view.plan
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
        waits = "–" if view.outcome else _untaken(leg, view) or waiting(leg, p, plan)
        lines.append(f"| {p.name} | {p.agency} | {_marked(leg)} | {due(leg)} | {waits} |")
    reasons = [f"- {what}: {' '.join(why.explanation)}" for what, why in _dates(view, plan)]
    if reasons:
        lines += ["", "Vì sao có hạn này:", *reasons]
    if view.duties:
        lines += ["", "Nghĩa vụ còn lại của công dân:", *(f"- {line}" for line in duty_words(view.duties))]
    if view.warnings:
        lines += ["", "Lưu ý:", *(f"- {warning}" for warning in view.warnings)]
    demands = tuple(demand_words(view.legs, plan))
    if demands:
        lines += ["", "Yêu cầu của cơ quan:", *(f"- {line}" for line in demands)]
    if plan.completed_by_agencies:
        lines += ["", "Cơ quan tự hoàn thiện, công dân không phải nộp:", *(f"- {line}" for line in _completed(plan))]
    for new in view.replacements:
        lines += ["", f"Kết quả cấp lại – {replacement_state(new)}:", *(f"- {line}" for line in versions(new, plan))]
    if view.acts:
        lines += ["", "Người vận hành đã làm:", *(f"- {act_words(act, plan)}" for act in view.acts)]
    if view.refused_signals:
        lines += ["", f"Đã từ chối {view.refused_signals} tín hiệu gửi sai."]
    return "\n".join(lines)


def _completed(plan: Plan) -> Iterator[str]:
    for document in plan.completed_by_agencies:
        papers = " hoặc ".join(kind.label for kind in document.any_of)
        yield f"{document.completed_by}: {papers}. Căn cứ: {document.basis}"


def _untaken(leg: Leg, view: DossierView) -> str:
    """The systems that do not take what they are sent for this leg."""
    return listed(dict.fromkeys(trouble.system.label for trouble in view.troubles if trouble.leg == leg.key))


def duty_words(duties: Iterable[OwedDuty]) -> Iterator[str]:
    """Each duty the citizen is left with: until when, what, why that date, on what basis."""
    for duty in duties:
        fine = f" {duty.fine}" if duty.fine else ""
        why = " ".join(duty.explanation)
        yield f"Đến hết {day_words(duty.last_day)}: {duty.says} {why} Căn cứ: {duty.basis}.{fine}"


def demand_words(legs: Iterable[Leg], plan: Plan) -> Iterator[str]:
    """What agencies have demanded in each leg, counted: supplements, what the gate refused, what is not classified."""
    for leg in legs:
        name, asked, refused = plan.leg(leg.key).name, leg.supplements, leg.refused_demands
        if asked:
            last = asked[-1]
            yield f"“{name}”: {len(asked)} lần yêu cầu bổ sung; lần cuối {when(last.asked_at)}, {last.state.label}."
        if refused:
            faults = listed(dict.fromkeys(fault.label for demand in refused for fault in demand.faults))
            yield f"“{name}”: {len(refused)} yêu cầu của cơ quan không được chấp nhận ({faults})."
        if papers := leg.refused_papers:
            newest = papers[-1]
            found = sealed_words((newest.document,))
            yield f"“{name}”: {len(papers)} bản điện tử không được nhận; lần cuối {when(newest.at)}: {found}."
        for note in leg.notes:
            settled = f"đã xử lý: {note.found.label}" if note.found else "chờ người vận hành phân loại"
            yield f"“{name}”: tin {note.message_id} lúc {when(note.at)}, {settled}."


def _dates(view: DossierView, plan: Plan) -> Iterator[tuple[str, Due]]:
    """Every date that stands, each once: the group's, the legs', those of people asked for consent."""
    if view.due:
        yield "Cả nhóm", view.due
    for leg in view.legs:
        name = plan.leg(leg.key).name
        if leg.due:
            yield name, leg.due
        for what, until in dict.fromkeys(filter(None, map(_limit, leg.awaited_consents))):
            yield f"{what} “{name}”", until
        if leg.stage is LegStage.WAITING_SUPPLEMENT and leg.supplement and leg.supplement.limit:
            yield f"Bổ sung “{name}”", leg.supplement.limit.due


def _limit(consent: Consent) -> tuple[str, Due] | None:
    if consent.state is ConsentState.ASKED:
        return "Xác nhận đồng ý", consent.due
    return ("Văn bản đồng ý", consent.agreement.due) if consent.agreement else None


def consent_words(consents: Iterable[Consent]) -> Iterator[str]:
    """Each person's consent as it stands, by role: what was said, when, on what evidence, what can still come."""
    for consent in consents:
        yield f"{roles([consent.person])}: {_consent_state(consent)}"


def _consent_state(consent: Consent) -> str:
    words = consent.state.label
    if consent.answered_at:
        words += f" lúc {when(consent.answered_at)}{' (sau hạn)' if consent.late else ''}"
    if consent.evidence:
        words += f", căn cứ: {consent.evidence.label}{' – chứng cứ yếu hơn VNeID' if consent.evidence.weaker else ''}"
    if consent.attested_by:
        words += f", cán bộ {consent.attested_by.official} ({consent.attested_by.office})"
    if consent.agreement_awaited and consent.agreement:
        words += f", còn nhận văn bản đồng ý đến hết {last_day(consent.agreement.ends_at)}"
    return f"{words}, không có văn bản đồng ý" if consent.lapsed else words


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
    if leg.due and leg.due.stopped and not leg.ended:
        return "tạm dừng"
    if leg.expected and leg.expected.at and not leg.ended:
        return f"dự kiến {when(leg.expected.at)}"
    return "–"


def waiting(leg: Leg, leg_plan: LegPlan, plan: Plan) -> str:
    """For whom one leg waits; people by role, never by name."""
    awaited = leg.awaited_consents
    if leg.ended:
        return "–"
    if leg.stage is LegStage.WAITING_PREREQUISITES and not awaited:
        return listed(plan.leg(key).name for key in leg_plan.requires) or "–"
    if awaited:
        ends = [consent.limit_ends_at for consent in awaited if consent.limit_ends_at]
        until = f", đến hết {last_day(max(ends))}" if ends else ""
        return roles(c.person for c in awaited) + until
    whom = leg_plan.agency
    if leg.stage is LegStage.WAITING_SUPPLEMENT:
        limit = leg.supplement.limit if leg.supplement else None
        whom = f"công dân{f', đến hết {last_day(limit.ends_at)}' if limit else ''}"
    return f"{whom}; người vận hành" if _operators(leg) else whom


def _operators(leg: Leg) -> bool:
    """Whether a person of ours has to decide or to read something, or to promise anew."""
    broken = leg.appointment is not None and leg.appointment.missed
    return leg.awaits_operator or bool(leg.open_notes) or broken


def attributes(view: DossierView) -> AttributeValues:
    """The search attributes of a dossier."""
    view = view.as_asked
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
        SearchAttribute.NEXT_DUE: min(_coming(view, open_legs), default=None),
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
    troubles = {trouble.system.value for trouble in view.troubles}
    troubles |= {REJECTED if trouble.rejected else UNREACHED for trouble in view.troubles}
    if view.stage in _CITIZEN_STAGES:
        return (CITIZEN,) if view.waits_for_citizen else tuple(sorted(troubles))
    waits = troubles | {CONSENT for leg in open_legs if _asked(leg)}
    waits |= {view.plan.leg(leg.key).system.value for leg in open_legs if leg.stage in _AGENCY_STAGES}
    waits |= {CITIZEN for leg in open_legs if leg.stage is LegStage.WAITING_SUPPLEMENT}
    waits |= {OPERATOR for leg in open_legs if _operators(leg)}
    waits |= {view.plan.leg(key).system.value for new in view.replacements if new.pending for key in new.awaited_legs}
    return tuple(sorted(waits))


def _asked(leg: Leg) -> list[datetime]:
    """When those were asked for consent who have not answered, or whose agreement is awaited."""
    return [consent.requested_at for consent in leg.awaited_consents]


def _asked_of_citizens(view: DossierView, open_legs: tuple[Leg, ...]) -> Iterator[datetime]:
    if view.limit and view.waits_for_citizen and not view.outcome:
        yield view.limit.requested_at
    for leg in open_legs:
        yield from _asked(leg)
        if leg.stage is LegStage.WAITING_SUPPLEMENT and leg.supplement:
            yield leg.supplement.asked_at


def _overdue_at(view: DossierView, open_legs: tuple[Leg, ...]) -> tuple[str, ...]:
    if view.plan is None or view.outcome:
        return ()
    late = {view.plan.leg(leg.key).system.value for leg in open_legs if leg.overdue_since}
    return tuple(sorted(late)) or ((NO_AGENCY,) if view.overdue_since else ())


def _coming(view: DossierView, open_legs: tuple[Leg, ...]) -> Iterator[datetime]:
    """The due dates still to come; one that has been missed no longer is."""
    for leg in open_legs:
        if leg.owed_at and not leg.overdue_since:
            yield leg.owed_at
    for new in view.replacements:
        if new.pending and new.due and new.due.at:
            yield new.due.at


def _unguarded(open_legs: tuple[Leg, ...]) -> Iterator[datetime]:
    """Since when legs wait for an agency without a due date: for a receipt, or for an electronic result."""
    for leg in open_legs:
        if leg.decided_at:
            yield leg.decided_at
        elif leg.unreceived_since:
            yield leg.unreceived_since


def _group_due(view: DossierView) -> str:
    if view.timeliness:
        return f" ({in_words(view.timeliness)})"
    if view.due and view.due.stopped:
        return "; hạn chung đang tạm dừng, chờ công dân"
    return f"; hạn chung **{when(view.due.at)}**" if view.due and view.due.at else ""
