"""What a declaration needs before it can be sent: attachments, consents, fee; for scripts and for people.

Names and numbers of people are left out: a checklist speaks of roles.
"""

from collections.abc import Iterable, Iterator
from datetime import date

from cli import output
from cli.law_report import Kind, kinds
from cli.law_text import QUORUM
from models.base import Model
from models.calendar import WorkingCalendar
from models.communes import Communes
from models.declaration import Declaration
from models.documents import Document, DocumentKind
from models.dossier import Fee, FeeLine, WaivedFee
from models.fees import fee_words
from models.form_facts import Fact, PersonRole
from models.intake import known_facts, resolve
from models.law import LawPack, Quorum
from models.messages import NoticeState
from models.plan import Plan, RequiredDocument, declared_late, required_documents
from models.start import LawQuery
from models.words import day_words, dong


class Attached(Model):
    """A file that came with the declaration."""

    kind: DocumentKind
    label: str
    file_name: str


class NeededBy(Model):
    """A procedure that needs an attachment, and the field of the form under which it does."""

    leg: str
    procedure: str
    field: str
    legal_basis: str


class Needed(Model):
    """An attachment that must be there: one of `any_of`, the files that count as one, and all that need it.

    What an agency must add itself (`completed_by`) is never missing: the citizen need not bring it.
    """

    any_of: tuple[Kind, ...]
    needed_by: tuple[NeededBy, ...]
    completed_by: str | None
    attached: tuple[Attached, ...]
    missing: bool


class HandedOver(Model):
    """A result that one agency's procedure needs and another's brings, so that the citizen need not."""

    kind: DocumentKind
    label: str
    from_leg: str
    from_procedure: str
    leg: str
    procedure: str


class Agreed(Model):
    """A signed agreement that is attached, so that nobody is asked for that consent in VNeID."""

    leg: str
    procedure: str
    role: PersonRole
    label: str
    about: str | None
    attached: tuple[Attached, ...]
    legal_basis: str


class Asked(Model):
    """People to be asked for consent in VNeID, by role and number of people; the limit is working days.

    `about` says to what, `instead` which signed agreement they may attach in place of it.
    """

    leg: str
    procedure: str
    role: PersonRole
    label: str
    people: int
    about: str | None
    instead: Kind | None
    quorum: Quorum
    working_days: int
    legal_basis: str


class FeeReport(Model):
    """What the citizen owes, in đồng, and what the law waives."""

    lines: tuple[FeeLine, ...]
    waived: tuple[WaivedFee, ...]
    total_vnd: int


class Checklist(Model):
    """What one declaration needs. `if_notice_unusable`: and if the notice is not found or not well signed."""

    on: date
    pack: str
    procedure: str
    code: str
    case: str
    facts: tuple[Fact, ...]
    complete: bool
    required: tuple[Needed, ...]
    if_notice_unusable: tuple[Needed, ...]
    notice: Kind
    handed_over: tuple[HandedOver, ...]
    other_attachments: tuple[Attached, ...]
    consents: tuple[Asked, ...]
    agreements: tuple[Agreed, ...]
    fee: FeeReport
    warnings: tuple[str, ...]


def checklist(
    pack: LawPack, declaration: Declaration, on: date, calendar: WorkingCalendar, communes: Communes | None = None
) -> Checklist:
    """What a declaration submitted on that day needs under the pack in force then.

    Raises DeclarationErrors when the law in force needs somebody the form does not name.
    """
    resolved = resolve(LawQuery(declaration=declaration, on=on), calendar, communes)
    late = declared_late(pack, declaration, on, calendar)
    plan, held = resolved.plan, known_facts(declaration, None, late=late)
    required = required_documents(pack, declaration.group, held)
    substitutes = required_documents(
        pack, declaration.group, known_facts(declaration, NoticeState.NOT_FOUND, late=late)
    )
    agreements = _agreements(pack, plan, declaration)
    counted = {kind for document in (*required, *substitutes) for kind in document.any_of}
    counted |= {one.kind for agreement in agreements for one in agreement.attached}
    return Checklist(
        on=on,
        pack=plan.pack,
        procedure=plan.name,
        code=plan.procedure_code,
        case=declaration.case,
        facts=tuple(fact for fact in Fact if fact in held),
        complete=not resolved.missing_documents,
        required=_needed(required, plan, declaration),
        if_notice_unusable=_needed(
            tuple(document for document in substitutes if document not in required), plan, declaration
        ),
        notice=_kind(declaration.group.notice),
        handed_over=tuple(_handed_over(plan)),
        other_attachments=_attached(one for one in declaration.attachments if one.kind not in counted),
        consents=_asked(plan),
        agreements=agreements,
        fee=_fee(resolved.fee),
        warnings=resolved.warnings,
    )


def print_checklist(found: Checklist) -> None:
    """The checklist for people."""
    output.say(f"Cần gì để nộp tờ khai {day_words(found.on)}", style="bold")
    output.facts(
        [
            ("Thủ tục", f"{found.procedure} ({found.code})"),
            ("Gói luật", found.pack),
            ("Trường hợp", found.case),
            ("Tờ khai", "; ".join(_fact_words(fact, found.notice) for fact in found.facts)),
        ]
    )
    _print_documents(found)
    if found.other_attachments:
        output.heading("Giấy tờ khác đã đính kèm")
        output.explain(f"{one.label}: {one.file_name}" for one in found.other_attachments)
    output.heading("Ai sẽ được hỏi ý kiến trên VNeID")
    output.explain(map(_asked_words, found.consents))
    output.explain(map(_agreed_words, found.agreements))
    if not (found.consents or found.agreements):
        output.say("Không phải hỏi ai.")
    output.heading("Lệ phí")
    output.explain(fee_words(Fee(lines=found.fee.lines, waived=found.fee.waived)))
    output.say(f"Tổng cộng {dong(found.fee.total_vnd)} đồng." if found.fee.lines else "Không phải nộp lệ phí.")
    if found.warnings:
        output.heading("Lưu ý")
        output.explain(found.warnings)
    missing = sum(one.missing for one in found.required)
    output.say("")
    if missing:
        output.say(f"Còn thiếu {missing} loại giấy tờ.", style="bold red")
    else:
        output.say("Đủ giấy tờ.", style="bold green")


def _print_documents(found: Checklist) -> None:
    own = [one for one in found.required if not one.completed_by]
    output.heading("Giấy tờ phải đính kèm")
    output.explain(f"{'THIẾU – ' if one.missing else ''}{_needed_words(one)}" for one in own)
    if not own:
        output.say("Không phải đính kèm giấy tờ nào.")
    if found.if_notice_unusable:
        notice = found.notice.label.lower()
        output.heading(f"Nếu không tìm thấy {notice}, hoặc giấy không có chữ ký số hợp lệ, thì phải có thêm")
        output.explain(map(_needed_words, found.if_notice_unusable))
    by_agencies = [one for one in found.required if one.completed_by]
    if by_agencies or found.handed_over:
        output.heading("Cơ quan tự bổ sung, không phải nộp")
        output.explain(map(_completed_words, by_agencies))
        output.explain(
            f"{one.label}: kết quả của “{one.from_procedure}”, được tự chuyển sang “{one.procedure}”."
            for one in found.handed_over
        )


def _fact_words(fact: Fact, notice: Kind) -> str:
    """A fact as the form states it: whether its notice can be used, only the look-up will tell."""
    return f"có ghi số {notice.label}" if fact is Fact.NOTICE_USABLE else fact.label


def _needed(documents: Iterable[RequiredDocument], plan: Plan, declaration: Declaration) -> tuple[Needed, ...]:
    """Each paper once, however many procedures need it."""
    papers: dict[tuple[tuple[DocumentKind, ...], str | None], list[NeededBy]] = {}
    for document in documents:
        papers.setdefault((document.any_of, document.completed_by), []).append(
            NeededBy(
                leg=document.leg,
                procedure=plan.leg(document.leg).name,
                field=document.field,
                legal_basis=document.basis,
            )
        )
    return tuple(
        Needed(
            any_of=kinds(any_of),
            needed_by=tuple(needed_by),
            completed_by=completed_by,
            attached=(attached := _attached(one for one in declaration.attachments if one.kind in any_of)),
            missing=not (attached or completed_by),
        )
        for (any_of, completed_by), needed_by in papers.items()
    )


def _handed_over(plan: Plan) -> Iterator[HandedOver]:
    """Results that legs need of one another; that of the registration all need, which goes without saying."""
    for leg in plan.legs:
        for before in (plan.leg(key) for key in leg.requires):
            for kind in () if before.sent_with_intake else before.results:
                yield HandedOver(
                    kind=kind,
                    label=kind.label,
                    from_leg=before.key,
                    from_procedure=before.name,
                    leg=leg.key,
                    procedure=leg.name,
                )


def _agreements(pack: LawPack, plan: Plan, declaration: Declaration) -> tuple[Agreed, ...]:
    """The consents nobody is asked for, since a signed agreement is attached."""
    facts, legs = declaration.facts(), pack.group(declaration.group).legs
    return tuple(
        Agreed(
            leg=leg.key,
            procedure=leg.name,
            role=consent.role,
            label=consent.role.label,
            about=consent.about,
            attached=attached,
            legal_basis=consent.basis,
        )
        for leg in plan.legs
        for consent in legs[leg.key].consents
        if consent.applies(facts)
        and declaration.people_in_role(consent.role)
        and (attached := _attached(one for one in declaration.attachments if one.kind is consent.replaced_by))
    )


def _attached(documents: Iterable[Document]) -> tuple[Attached, ...]:
    return tuple(Attached(kind=one.kind, label=one.kind.label, file_name=one.file_name) for one in documents)


def _asked(plan: Plan) -> tuple[Asked, ...]:
    return tuple(
        Asked(
            leg=leg.key,
            procedure=leg.name,
            role=rule.role,
            label=rule.role.label,
            people=len(rule.people),
            about=rule.about,
            instead=_kind(rule.replaced_by) if rule.replaced_by else None,
            quorum=rule.quorum,
            working_days=plan.consent_days,
            legal_basis=rule.basis,
        )
        for leg in plan.legs
        for rule in leg.consent_rules
    )


def _kind(kind: DocumentKind) -> Kind:
    return kinds((kind,))[0]


def _fee(fee: Fee) -> FeeReport:
    return FeeReport(lines=fee.lines, waived=fee.waived, total_vnd=fee.total_vnd)


def _needed_words(needed: Needed) -> str:
    state = "chưa đính kèm" if needed.missing else f"đã có ({', '.join(one.file_name for one in needed.attached)})"
    return (
        f"{' hoặc '.join(kind.label for kind in needed.any_of)}: {state}."
        f" Cho {_for_what(needed)}, mục {_once(f'“{by.field}”' for by in needed.needed_by)} của tờ khai."
        f" Căn cứ: {_once(by.legal_basis for by in needed.needed_by)}"
    )


def _completed_words(needed: Needed) -> str:
    what = " hoặc ".join(kind.label for kind in needed.any_of)
    basis = _once(by.legal_basis for by in needed.needed_by)
    return f"{what}: {needed.completed_by} hoàn thiện, cho {_for_what(needed)}. Căn cứ: {basis}"


def _for_what(needed: Needed) -> str:
    return " và ".join(dict.fromkeys(by.procedure.lower() for by in needed.needed_by))


def _once(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(texts))


def _asked_words(asked: Asked) -> str:
    several = f", {asked.people} người, {QUORUM[asked.quorum]}" if asked.people > 1 else ""
    about = f": {asked.about}" if asked.about else ""
    instead = f" Hoặc đính kèm: {asked.instead.label}, có chữ ký của tất cả." if asked.instead else ""
    return (
        f"{asked.label}{several}{about}, cho {asked.procedure.lower()}, trong {asked.working_days} ngày làm việc."
        f"{instead} Căn cứ: {asked.legal_basis}"
    )


def _agreed_words(agreed: Agreed) -> str:
    files = ", ".join(one.file_name for one in agreed.attached)
    about = f" ({agreed.about})" if agreed.about else ""
    return (
        f"Không hỏi {agreed.label.lower()}{about}, cho {agreed.procedure.lower()}:"
        f" đã đính kèm văn bản có chữ ký ({files}). Căn cứ: {agreed.legal_basis}"
    )
