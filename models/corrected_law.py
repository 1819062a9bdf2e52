"""Whether a corrected form is another case before the law than the one its dossier runs by. Pure.

[choice] A dossier keeps its plan, so a correction that would change what the law makes of the form is refused whole:
the citizen declares anew, or an operator decides what is to be done. Only the people asked for consent may become
others, where the law says so (`models.asked_anew`).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from models.asked_anew import asks_others, differ_in_people, under
from models.base import Model
from models.birth_form import BirthRecipients
from models.calendar import WorkingCalendar
from models.corrections import CorrectedForm, CorrectionQuery
from models.death_form import DeathRecipients
from models.declaration import Declaration
from models.documents import DocumentKind
from models.dossier import Fee
from models.facts import FactRefusal
from models.fees import assess_fee
from models.form_parts import Unit
from models.gate import field_label, fitting
from models.groups import Group
from models.intake import known_facts
from models.law import LawError, LawPack, pack
from models.messages import NoticeState
from models.plan import LegPlan, Plan, RequiredDocument, declared_late, required_documents, resolve_plan
from models.reading import DeclarationErrors
from models.words import dong, listed

_LONGEST_TEXT = 2000
_REFUSED = (
    "Không nhận đính chính này, hồ sơ giữ nguyên tờ khai: pháp luật áp dụng cho hồ sơ sẽ khác đi – {what}."
    " Nếu thông tin mới là đúng, hãy rút thủ tục chưa xong và khai lại theo thông tin mới,"
    " hoặc đề nghị cán bộ tiếp nhận xem xét."
)


class _Judged(Model):
    """What a pack says of a form: a plan, or why there is none; attachments; the fee, or why it has no amount.

    The plan asks everybody, whatever agreement is attached.
    """

    plan: Plan | None = None
    unplanned: str | None = None
    documents: tuple[RequiredDocument, ...]
    fee: Fee | None = None
    unpriced: str | None = None
    recipients: BirthRecipients | DeathRecipients
    group: Group


def judged(
    query: CorrectionQuery, before: Declaration, form: CorrectedForm, calendar: WorkingCalendar
) -> CorrectedForm:
    """The corrected form, or its refusal where the dossier's own pack says anything else of it than of the one before.

    Fee and attachments are those of the day `query.on`. Raises LawError when there is no such pack.
    """
    if form.declaration is None:
        return form
    law = pack(query.pack)
    old, new = (_judge(law, one, query.notice, query.on, calendar) for one in (before, form.declaration))
    attached = frozenset((*query.attached, *(document.kind for document in before.attachments)))
    given = frozenset(query.given)
    what = (*_differences(old, new, attached, given), *_unsigned(old, new, attached - given))
    if not what:
        agencies = tuple(document for document in new.documents if document.completed_by)
        return form.model_copy(update={"legs": tuple(_changeable(old, new)), "completed_by_agencies": agencies})
    text = _REFUSED.format(what=fitting("; ".join(what), _LONGEST_TEXT - len(_REFUSED)))
    return CorrectedForm(problem=text, refusal=FactRefusal.NOT_PERMITTED)


def _changeable(old: _Judged, new: _Judged) -> Iterator[LegPlan]:
    """The legs, as they now read, in which a correction may name other people to ask."""
    if old.plan and new.plan:
        for leg in new.plan.legs:
            if any(rule.may_change for rule in (*old.plan.leg(leg.key).consent_rules, *leg.consent_rules)):
                yield leg


def _unsigned(old: _Judged, new: _Judged, attached: frozenset[DocumentKind]) -> Iterator[str]:
    """Agreements attached already that do not stand for what they would have to stand for now.

    [choice] One stands for those who signed it and for the representative it names, so other people or another
    representative take another agreement, given with the correction.
    """
    if not (old.plan and new.plan and [leg.key for leg in old.plan.legs] == [leg.key for leg in new.plan.legs]):
        return
    pairs = tuple(zip(old.plan.legs, new.plan.legs, strict=True))
    for kind in sorted(attached):
        if any(asks_others(under(before, kind), under(after, kind)) for before, after in pairs):
            yield f"phải nộp {kind.label} mới, vì bản kèm hồ sơ không do đủ những người này ký hoặc cử người khác"


def _judge(law: LawPack, form: Declaration, notice: NoticeState | None, on: date, calendar: WorkingCalendar) -> _Judged:
    facts = known_facts(form, notice, late=declared_late(law, form, on, calendar))
    plan = unplanned = fee = unpriced = None
    try:
        plan = resolve_plan(law, form.model_copy(update={"attachments": ()}))
    except DeclarationErrors as errors:
        unplanned = str(errors).rstrip(".")
    try:
        fee = assess_fee(form, facts, on)
    except LawError as error:
        unpriced = str(error).rstrip(".")
    return _Judged(
        plan=plan,
        unplanned=unplanned,
        documents=required_documents(law, form.group, facts),
        fee=fee,
        unpriced=unpriced,
        recipients=form.recipients,
        group=form.group,
    )


def _differences(
    old: _Judged, new: _Judged, attached: frozenset[DocumentKind], given: frozenset[DocumentKind]
) -> Iterator[str]:
    """Each in words, nobody named."""
    if new.unplanned != old.unplanned:
        yield new.unplanned or "thủ tục phải lập lại từ đầu"
    elif old.plan and new.plan and not _same_law(old.plan, new.plan):
        yield from tuple(_of_plans(old.plan, new.plan)) or ("kế hoạch giải quyết hồ sơ",)
    yield from _of_recipients(old, new)
    yield from _of_documents(old.documents, new.documents, _papers_there(old, new, attached, given))
    if new.unpriced != old.unpriced:
        yield new.unpriced or "lệ phí phải tính lại"
    elif old.fee and new.fee and old.fee != new.fee:
        yield from _of_fees(old.fee, new.fee)


def _same_law(old: Plan, new: Plan) -> bool:
    """Whether the plans differ in nothing but people who may be others now and what an agency must add itself."""
    if [leg.key for leg in old.legs] != [leg.key for leg in new.legs]:
        return False
    pairs = zip(old.legs, new.legs, strict=True)
    added = {"legs": old.legs, "completed_by_agencies": old.completed_by_agencies}
    return old == new.model_copy(update=added) and all(
        before == after or differ_in_people(before, after) for before, after in pairs
    )


def _of_plans(old: Plan, new: Plan) -> Iterator[str]:
    before, after = ({leg.key: leg for leg in plan.legs} for plan in (old, new))
    yield from (f"thêm thủ tục “{leg.name}”" for key, leg in after.items() if key not in before)
    yield from (f"không còn thủ tục “{leg.name}”" for key, leg in before.items() if key not in after)
    for key, leg in after.items():
        if key in before and before[key] != leg and not differ_in_people(before[key], leg):
            yield f"thủ tục “{leg.name}”: {listed(_of_legs(before[key], leg)) or 'cách giải quyết'}"


def _of_legs(old: LegPlan, new: LegPlan) -> Iterator[str]:
    before, after = ({(rule.role, rule.quorum): rule.basis for rule in leg.consent_rules} for leg in (old, new))
    for rule, basis in after.items():
        if rule not in before:
            yield f"phải có sự đồng ý của {rule[0].label} ({basis})"
    for rule, basis in before.items():
        if rule not in after:
            yield f"không còn cần sự đồng ý của {rule[0].label} ({basis})"
    if before.keys() == after.keys() and (old.people, old.consent_rules) != (new.people, new.consent_rules):
        roles = dict.fromkeys(role.label for person in (*old.people, *new.people) for role in person.roles)
        yield f"người được hỏi ý kiến là người khác hoặc ghi khác ({listed(roles)})"
    if old.agency != new.agency:
        yield f"cơ quan giải quyết là {new.agency}"
    if (old.limit, old.verification_limit) != (new.limit, new.verification_limit):
        yield "thời hạn giải quyết"


def _of_recipients(old: _Judged, new: _Judged) -> Iterator[str]:
    """Other offices than those the dossier was sent to; a name written otherwise is none."""
    before, after = (_codes(judged.recipients) for judged in (old, new))
    changed = [office for office in after if before[office] != after[office]]
    if changed:
        yield f"nơi nhận hồ sơ: {listed(field_label(f'recipients.{office}', new.group) for office in changed)}"


def _codes(recipients: BirthRecipients | DeathRecipients) -> Mapping[str, str | None]:
    """The code of the province and of each office."""
    named = ((name, getattr(recipients, name)) for name in type(recipients).model_fields)
    return {name: one.code if isinstance(one, Unit) else one for name, one in named}


def _papers_there(
    old: _Judged, new: _Judged, attached: frozenset[DocumentKind], given: frozenset[DocumentKind]
) -> frozenset[DocumentKind]:
    """What meets a new requirement: what comes with the correction, and of what was there all but signed agreements."""
    plans = [judged.plan for judged in (old, new) if judged.plan]
    signed = {rule.replaced_by for plan in plans for leg in plan.legs for rule in leg.consent_rules}
    return given | (attached - signed)


def _of_documents(
    old: Sequence[RequiredDocument], new: Sequence[RequiredDocument], there: frozenset[DocumentKind]
) -> Iterator[str]:
    """What the citizen owes now, or no longer; what an agency must add itself is no matter of theirs."""
    before, after = ([document for document in several if not document.completed_by] for several in (old, new))
    yield from (
        f"phải đính kèm {_papers(document)}"
        for document in after
        if document not in before and not document.met_by(there)
    )
    yield from (f"không còn phải đính kèm {_papers(document)}" for document in before if document not in after)


def _papers(document: RequiredDocument) -> str:
    return f"{' hoặc '.join(kind.label for kind in document.any_of)} ({document.basis})"


def _of_fees(old: Fee, new: Fee) -> Iterator[str]:
    if old.total_vnd != new.total_vnd:
        yield f"lệ phí {dong(new.total_vnd)} đồng thay vì {dong(old.total_vnd)} đồng"
    else:
        yield "khoản lệ phí hoặc diện miễn lệ phí"
