"""What operators read in the Temporal UI of a replacement: title, live details, search attributes. Nothing personal."""

from datetime import date

from models.details import place_of
from models.next_steps import acknowledgement, in_order
from models.replacement import replacement_id
from models.replacement_case import ReplacementView
from models.replacement_words import state, versions, what
from models.search_attributes import AttributeValues, SearchAttribute


def title(province_code: str, on: date) -> str:
    """The title of a replacement in lists: “Thay thế kết quả liên thông – Hà Nội (01)”."""
    return f"Thay thế kết quả liên thông – {place_of(province_code, on)}"


def details(view: ReplacementView) -> str:
    """What was replaced by what and why, who was told, whose acknowledgement is missing, until when and why then."""
    new, plan = view.replacement, view.plan
    if new is None or plan is None:
        return f"**Thay thế kết quả của hồ sơ {view.code}**"
    lines = [f"**Thay thế {what(new)}** – {replacement_id(view.code, view.number)}, tỉnh {view.province_code}", ""]
    steps = in_order((acknowledgement(new, plan),)) if new.pending else ("- Không còn chờ ai.",)
    lines += [f"Tình trạng: **{state(new)}**", "", "### Tiếp theo", "", *steps]
    lines += ["", *(f"- {line}" for line in versions(new, plan))]
    if view.warnings:
        lines += ["", "Lưu ý:", *(f"- {warning}" for warning in view.warnings)]
    if view.refused_signals:
        lines += ["", f"Đã từ chối {view.refused_signals} tín hiệu gửi sai."]
    return "\n".join(lines)


def attributes(view: ReplacementView) -> AttributeValues:
    """The search attributes of a replacement: whom it waits for until when, and who is past that."""
    new, plan = view.replacement, view.plan
    if new is None or plan is None or view.province_code is None:
        return AttributeValues(keywords={}, lists={}, instants={})
    systems = tuple(sorted({plan.leg(key).system.value for key in new.awaited_legs}))
    waits = systems if new.pending else ()
    return AttributeValues(
        keywords={SearchAttribute.PROVINCE: view.province_code, SearchAttribute.GROUP: plan.group.value},
        lists={SearchAttribute.WAITING_FOR: waits, SearchAttribute.OVERDUE_AT: systems if new.lapsed_at else ()},
        instants={SearchAttribute.NEXT_DUE: new.due.at} if waits and new.due and new.due.at else {},
    )
