"""What a declaration needs before it can be sent: attachments, consents, fee; for scripts and for people.

Names and numbers of people are left out: a checklist speaks of roles.
"""

from collections.abc import Iterable
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


class Needed(Model):
    """An attachment that must be there: one of `any_of`, and the files that count as one."""

    any_of: tuple[Kind, ...]
    leg: str
    procedure: str
    field: str
    legal_basis: str
    attached: tuple[Attached, ...]
    missing: bool


class Asked(Model):
    """People to be asked for consent in VNeID, by role and number of people; the limit is working days."""

    leg: str
    procedure: str
    role: PersonRole
    label: str
    people: int
    quorum: Quorum
    working_days: int
    legal_basis: str


class FeeReport(Model):
    """What the citizen owes, in đồng, and what the law waives."""

    lines: tuple[FeeLine, ...]
    waived: tuple[WaivedFee, ...]
    total_vnd: int


class Checklist(Model):
    """What one declaration needs. `if_notice_unusable`: needed as well if the notice is unsigned or not found."""

    on: date
    pack: str
    procedure: str
    code: str
    case: str
    facts: tuple[Fact, ...]
    complete: bool
    required: tuple[Needed, ...]
    if_notice_unusable: tuple[Needed, ...]
    other_attachments: tuple[Attached, ...]
    consents: tuple[Asked, ...]
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
    counted = {kind for document in (*required, *substitutes) for kind in document.any_of}
    return Checklist(
        on=on,
        pack=plan.pack,
        procedure=plan.name,
        code=plan.procedure_code,
        case=declaration.case,
        facts=tuple(fact for fact in Fact if fact in held),
        complete=not resolved.missing_documents,
        required=tuple(_needed(document, plan, declaration) for document in required),
        if_notice_unusable=tuple(
            _needed(document, plan, declaration) for document in substitutes if document not in required
        ),
        other_attachments=_attached(one for one in declaration.attachments if one.kind not in counted),
        consents=_asked(plan),
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
            ("Tờ khai", "; ".join(fact.label for fact in found.facts)),
        ]
    )
    output.heading("Giấy tờ phải đính kèm")
    output.explain(f"{'THIẾU – ' if one.missing else ''}{_needed_words(one)}" for one in found.required)
    if not found.required:
        output.say("Không phải đính kèm giấy tờ nào.")
    if found.if_notice_unusable:
        output.heading("Nếu không tìm thấy giấy chứng sinh, hoặc giấy chưa ký số, thì phải có thêm")
        output.explain(map(_needed_words, found.if_notice_unusable))
    if found.other_attachments:
        output.heading("Giấy tờ khác đã đính kèm")
        output.explain(f"{one.label}: {one.file_name}" for one in found.other_attachments)
    output.heading("Ai sẽ được hỏi ý kiến trên VNeID")
    output.explain(map(_asked_words, found.consents))
    if not found.consents:
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


def _needed(document: RequiredDocument, plan: Plan, declaration: Declaration) -> Needed:
    attached = _attached(one for one in declaration.attachments if one.kind in document.any_of)
    return Needed(
        any_of=kinds(document.any_of),
        leg=document.leg,
        procedure=plan.leg(document.leg).name,
        field=document.field,
        legal_basis=document.basis,
        attached=attached,
        missing=not attached,
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
            quorum=rule.quorum,
            working_days=plan.consent_days,
            legal_basis=rule.basis,
        )
        for leg in plan.legs
        for rule in leg.consent_rules
    )


def _fee(fee: Fee) -> FeeReport:
    return FeeReport(lines=fee.lines, waived=fee.waived, total_vnd=fee.total_vnd)


def _needed_words(needed: Needed) -> str:
    state = "chưa đính kèm" if needed.missing else f"đã có ({', '.join(one.file_name for one in needed.attached)})"
    return (
        f"{' hoặc '.join(kind.label for kind in needed.any_of)}: {state}."
        f" Cho {needed.procedure.lower()}, mục “{needed.field}” của tờ khai. Căn cứ: {needed.legal_basis}"
    )


def _asked_words(asked: Asked) -> str:
    several = f", {asked.people} người, {QUORUM[asked.quorum]}" if asked.people > 1 else ""
    return (
        f"{asked.label}{several}, cho {asked.procedure.lower()}, trong {asked.working_days} ngày làm việc."
        f" Căn cứ: {asked.legal_basis}"
    )
