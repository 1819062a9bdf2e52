"""What a corrected form does to a dossier: who is told of it, and who is asked anew (đính chính tờ khai; §§7, 8)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from models.asked_anew import asked_anew, asks_others
from models.base import within
from models.corrections import changes
from models.declaration import Declaration
from models.gate import field_label
from models.messages import FollowUpKind
from models.plan import LegPlan
from models.publication import Notice
from models.words import listed

if TYPE_CHECKING:
    from workflows.dossier import DossierWorkflow


def revise(
    dossier: "DossierWorkflow",
    declaration: Declaration,
    leg: str,
    corrections: Mapping[str, str],
    legs: tuple[LegPlan, ...],
) -> None:
    """The form now reads so, the law of the dossier as before: whoever else has the old one is told.

    Where the law lets a correction name others to ask in these `legs`, they are asked. [choice] Of a leg that is
    with an agency which has not asked for it, they are not: nor is that agency told of what they would agree to,
    until a supplement of its own; operators are warned. Consents else stay as given; where what people agreed to
    has changed, operators are warned [choice].
    """
    dossier.form_reads(declaration, leg, tuple(corrections))
    dossier.put(dossier.legs[leg].caught_up())
    unasked = _ask(dossier, leg, legs)
    for other in tuple(dossier.legs.values()):
        public = corrections
        if other.key in unasked:
            public = _withhold(dossier, unasked[other.key], corrections)
        told = changes(public, declaration.group, dossier.required_plan.leg(other.key).system)
        if told and other.key != leg and other.sent_at:
            fields = listed(change.label for change in told)
            text = f"Công dân đính chính tờ khai: {fields}. Đề nghị dùng thông tin mới."
            dossier.follow_up(other.key, FollowUpKind.CORRECTION, text, changes=told)
    labels = listed(field_label(path, declaration.group) for path in corrections)
    dossier.tell(Notice.FORM_CORRECTED, leg=dossier.required_plan.leg(leg).name, fields=labels)
    if any(within(path, section) for path in corrections for section in _consented(dossier)):
        dossier.warn(f"Đã đính chính sau khi có sự đồng ý, cần xem lại sự đồng ý: {labels}.")


def _ask(dossier: "DossierWorkflow", leg: str, legs: tuple[LegPlan, ...]) -> dict[str, LegPlan]:
    """Ask those whom these legs now name; the legs that are with an agency, where others would have to be asked."""
    unasked: dict[str, LegPlan] = {}
    for plan in (plan.without_replaced_consents(dossier.attached) for plan in legs):
        known = dossier.legs[plan.key]
        if plan.key == leg or not (known.ended or known.sent_at):
            _ask_anew(dossier, plan)
        elif known.sent_at and asks_others(dossier.required_plan.leg(plan.key), plan):
            unasked[plan.key] = plan
    return unasked


def _ask_anew(dossier: "DossierWorkflow", new: LegPlan) -> None:
    """Other people are to be asked in that leg, if they are others; the plan says so on record."""
    known = dossier.required_plan.leg(new.key)
    plan, leg = asked_anew(dossier.legs[new.key], known, new, dossier.revision, dossier.time.now())
    if plan != known:
        dossier.plan = dossier.required_plan.with_leg(plan)
        dossier.put(leg)
        dossier.plan_changed()


def _withhold(dossier: "DossierWorkflow", plan: LegPlan, corrections: Mapping[str, str]) -> Mapping[str, str]:
    """What the agency of a leg may hear of corrections that others there would have to agree to first."""
    sections = {rule.concerns for rule in plan.consent_rules if rule.may_change}
    kept = {path: value for path, value in corrections.items() if any(within(path, one) for one in sections)}
    if kept:
        leg = dossier.legs[plan.key]
        dossier.put(leg.model_copy(update={"untold": {**leg.untold, **kept}}))
        fields = listed(field_label(path, dossier.declaration.group) for path in kept)
        dossier.warn(
            f"“{plan.name}” đã được gửi cơ quan với sự đồng ý cho nội dung cũ, nên chưa hỏi lại ý kiến và chưa báo"
            f" cơ quan phần đính chính; cần xem lại với cơ quan: {fields}."
        )
    return {path: value for path, value in corrections.items() if path not in kept}


def _consented(dossier: "DossierWorkflow") -> set[str]:
    """The sections of the form that somebody has agreed to."""
    given = {key: {c.person.key for c in leg.consents if c.given} for key, leg in dossier.legs.items()}
    rules = ((leg.key, rule) for leg in dossier.required_plan.legs for rule in leg.consent_rules)
    return {rule.concerns for leg, rule in rules if given[leg].intersection(rule.people)}
