"""The return gate: may an agency ask this of the citizen, give the dossier back, or refuse it (REQUIREMENTS §7)?

Pure. The rules are data (`models/data/grounds.toml`), resolved for a group under one law pack into a `Gate`. A dossier
keeps the gate it was once given, so that a later edition of the data never judges an old demand anew.
"""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from pydantic import Field

from models.base import Code, LongText, Model, Text, within
from models.documents import DocumentKind
from models.facts import Demand, FactRefusal, Refused, Returned, SupplementRequested
from models.groups import Group
from models.labelled import Labelled
from models.law import Confidence, LawPack
from models.reading_words import field_name, is_field

MAX_FINDINGS_TEXT = 3000
"""How long an explanation to an agency gets at most, in characters; the first findings are the ones that stay."""


class LeadsTo(StrEnum):
    """What a reason is good for."""

    SUPPLEMENT = "supplement"
    REFUSAL = "refusal"


class Concerns(StrEnum):
    """What a demand with this reason must name."""

    DOCUMENT = "document"
    FIELD = "field"
    EITHER = "either"


class DemandKind(Labelled):
    """What an agency wants with a demand."""

    SUPPLEMENT = "supplement", "yêu cầu bổ sung"
    RETURN = "return", "trả lại hồ sơ"
    REFUSAL = "refusal", "từ chối giải quyết"


class Fault(Labelled):
    """What the gate finds wrong with a demand."""

    NO_REASON = "no_reason", "thiếu mã lý do"
    UNKNOWN_REASON = "unknown_reason", "mã lý do không có trong danh mục"
    REASON_OF_ANOTHER_LEG = "reason_of_another_leg", "mã lý do không dùng cho thủ tục này"
    REASON_MISUSED = "reason_misused", "mã lý do không dùng cho việc này"
    NO_CONCERN = "no_concern", "không nêu giấy tờ hoặc trường thông tin liên quan"
    NO_BASIS = "no_basis", "thiếu căn cứ pháp lý"
    NO_TEXT = "no_text", "thiếu nội dung giải thích cho công dân"
    UNKNOWN_DOCUMENT = "unknown_document", "giấy tờ không có trong danh mục được yêu cầu"
    DOCUMENT_OF_ANOTHER_LEG = "document_of_another_leg", "giấy tờ không thuộc thủ tục này"
    FORBIDDEN_DOCUMENT = "forbidden_document", "giấy tờ không được yêu cầu công dân nộp"
    ALREADY_HELD = "already_held", "hồ sơ đã có giấy tờ này"
    UNKNOWN_FIELD = "unknown_field", "trường thông tin không có trên tờ khai"
    FORBIDDEN_FIELD = "forbidden_field", "trường thông tin cơ quan không được biết"

    @property
    def forbids(self) -> bool:
        """Whether the fault is to ask for what must not be asked, rather than to leave out what is owed."""
        return self in (Fault.FORBIDDEN_DOCUMENT, Fault.ALREADY_HELD, Fault.FORBIDDEN_FIELD)


class Reason(Model):
    """A reason an agency may give. `leads_to` is what it is good for; a return becomes the first of them.

    `replaces`: what the dossier carries is itself at fault, so the same document may be asked again.
    """

    code: Code
    label: Text
    leads_to: tuple[LeadsTo, ...] = Field(min_length=1)
    concerns: Concerns
    legs: tuple[Code, ...] = ()
    replaces: bool = False
    basis: LongText


class DocumentRule(Model):
    """Whether the citizen may be asked for a document; `why` is told to an agency that may not, with the `basis`."""

    code: Code
    label: Text
    ask: bool
    legs: tuple[Code, ...] = ()
    upload: DocumentKind | None = None
    why: LongText | None = None
    basis: LongText


class GateQuery(Model):
    """Asks for the rules of a group as one law pack has them."""

    pack: Code
    group: Group


class Gate(GateQuery):
    """The rules of a group as one law pack has them."""

    reasons: tuple[Reason, ...]
    documents: tuple[DocumentRule, ...]

    def reason(self, code: str | None) -> Reason | None:
        """The reason of that code, None when there is none."""
        return next((reason for reason in self.reasons if reason.code == code), None)

    def document(self, code: str) -> DocumentRule | None:
        """The rule for that document, None when there is none."""
        return next((rule for rule in self.documents if rule.code == code), None)


class Held(Model):
    """What need not be asked: documents the State has or has issued in this dossier, those the citizen attached, and
    those in whose place everybody concerned has agreed (`agreed`).
    """

    by_state: frozenset[Code] = frozenset()
    attached: frozenset[Code] = frozenset()
    agreed: frozenset[Code] = frozenset()


class Finding(Model):
    """One fault of a demand, in words for the agency."""

    fault: Fault
    says: LongText


class Verdict(Model):
    """What the gate says: what the demand leads to, or everything that is wrong with it."""

    leads_to: LeadsTo | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def refusal(self) -> FactRefusal:
        """How a demand with these findings is refused; asking for the forbidden weighs most."""
        forbids = any(finding.fault.forbids for finding in self.findings)
        return FactRefusal.FORBIDDEN_DOCUMENT if forbids else FactRefusal.GROUNDS_MISSING

    @property
    def text(self) -> str:
        """The explanation to the agency."""
        said = " ".join(f"({number}) {finding.says}" for number, finding in enumerate(self.findings, 1))
        return fitting(f"Chưa được chấp nhận, hồ sơ giữ nguyên: {said}", MAX_FINDINGS_TEXT)


def fitting(text: str, length: int) -> str:
    """The text, cut with an ellipsis where it is longer."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def kind_of_demand(demand: Demand) -> DemandKind:
    """What an agency wants with it."""
    match demand:
        case Returned():
            return DemandKind.RETURN
        case Refused():
            return DemandKind.REFUSAL
    return DemandKind.SUPPLEMENT


def judge(demand: Demand, leg: str, leg_name: str, gate: Gate, held: Held, hidden: tuple[str, ...] = ()) -> Verdict:
    """Whether the agency of that leg, which never hears of the fields `hidden`, may demand this; all faults at once."""
    reason = gate.reason(demand.reason_code)
    asks = _asks(demand, reason)
    findings = (
        *_of_reason(demand, reason, leg, leg_name, gate),
        *_of_concerns(demand, reason),
        *_of_words(demand),
        *(
            finding
            for at, code in enumerate(demand.documents, 1)
            for finding in _of_document(at, code, leg, gate, asks)
        ),
        *_of_holdings(demand, reason, gate, held),
        *_of_fields(demand, gate.group, hidden),
    )
    if findings or reason is None:
        return Verdict(findings=findings)
    return Verdict(leads_to=_leads_to(demand, reason))


def cleared(demand: Demand, verdict: Verdict, gate: Gate) -> SupplementRequested | Refused:
    """A demand that passed, as what it leads to; documents by the kind the citizen uploads."""
    kinds = [rule.upload or rule.code for code in demand.documents if (rule := gate.document(code))]
    grounds = demand.model_dump(exclude={"kind"}) | {"documents": tuple(dict.fromkeys(kinds))}
    if verdict.leads_to is LeadsTo.SUPPLEMENT:
        return SupplementRequested.model_validate(grounds)
    return Refused.model_validate(grounds)


def concerned(documents: tuple[str, ...], fields: tuple[str, ...], group: Group) -> str:
    """Documents and fields by their Vietnamese names, for citizens."""
    kinds = {kind.value: kind.label for kind in DocumentKind}
    names = [*(kinds.get(code, code) for code in documents), *(field_label(path, group) for path in fields)]
    return fitting("; ".join(names), MAX_FINDINGS_TEXT)


def field_label(path: str, group: Group) -> str:
    """The name on the group's form of the field at a dotted path."""
    return field_name(form_path(path), group)


def form_path(path: str) -> tuple[str | int, ...]:
    """A dotted path as the form's: numbers are positions in lists."""
    return tuple(int(step) if step.isdecimal() else step for step in path.split("."))


# --- The parts of a verdict ----------------------------------------------------------------------------------------


def _of_reason(demand: Demand, reason: Reason | None, leg: str, leg_name: str, gate: Gate) -> Iterator[Finding]:
    usable = [
        known.code
        for known in gate.reasons
        if _for_leg(known.legs, leg) and (isinstance(demand, Returned) or _wanted(demand) in known.leads_to)
    ]
    known = f"Các mã dùng được: {', '.join(usable)}."
    if demand.reason_code is None:
        yield Finding(fault=Fault.NO_REASON, says=f"Phải nêu mã lý do. {known}")
    elif reason is None:
        yield Finding(fault=Fault.UNKNOWN_REASON, says=f"Mã lý do không có trong danh mục. {known}")
    elif not _for_leg(reason.legs, leg):
        yield Finding(
            fault=Fault.REASON_OF_ANOTHER_LEG, says=f"Lý do “{reason.label}” không dùng cho “{leg_name}”. {known}"
        )
    elif not isinstance(demand, Returned) and _wanted(demand) not in reason.leads_to:
        must = "yêu cầu bổ sung, không từ chối" if isinstance(demand, Refused) else "từ chối, không yêu cầu bổ sung"
        yield Finding(fault=Fault.REASON_MISUSED, says=f"Với lý do “{reason.label}” phải {must}. {known}")


def _of_concerns(demand: Demand, reason: Reason | None) -> Iterator[Finding]:
    concerns = reason.concerns if reason else Concerns.EITHER
    if concerns is Concerns.DOCUMENT and not demand.documents:
        yield Finding(fault=Fault.NO_CONCERN, says="Phải nêu giấy tờ liên quan, theo mã trong danh mục.")
    elif concerns is Concerns.FIELD and not demand.fields:
        yield Finding(fault=Fault.NO_CONCERN, says="Phải nêu trường thông tin liên quan trên tờ khai.")
    elif not (demand.documents or demand.fields):
        yield Finding(fault=Fault.NO_CONCERN, says="Phải nêu giấy tờ hoặc trường thông tin liên quan.")


def _of_words(demand: Demand) -> Iterator[Finding]:
    if not _says_something(demand.legal_basis):
        yield Finding(fault=Fault.NO_BASIS, says="Phải nêu căn cứ pháp lý.")
    if not _says_something(demand.text):
        yield Finding(fault=Fault.NO_TEXT, says="Phải giải thích cho công dân bằng lời, rõ ràng.")


def _of_document(at: int, code: str, leg: str, gate: Gate, asks: bool) -> Iterator[Finding]:
    """An unknown code is the sender's own text: it is counted, not repeated. A refusal may be about any document."""
    rule = gate.document(code)
    if rule is None:
        askable = ", ".join(rule.code for rule in gate.documents if rule.ask and _for_leg(rule.legs, leg))
        says = f"Giấy tờ thứ {at} không có trong danh mục; được yêu cầu: {askable}."
        yield Finding(fault=Fault.UNKNOWN_DOCUMENT, says=says)
    elif not asks:
        return
    elif not rule.ask:
        says = f"Không được yêu cầu công dân nộp “{rule.label}”. {rule.why or ''} Căn cứ: {rule.basis}."
        yield Finding(fault=Fault.FORBIDDEN_DOCUMENT, says=says)
    elif not _for_leg(rule.legs, leg):
        says = f"“{rule.label}” không thuộc thành phần hồ sơ của thủ tục này. Căn cứ: {rule.basis}."
        yield Finding(fault=Fault.DOCUMENT_OF_ANOTHER_LEG, says=says)


def _of_holdings(demand: Demand, reason: Reason | None, gate: Gate, held: Held) -> Iterator[Finding]:
    """A refusal may well be about a document the dossier carries; only asking for it again is out of place."""
    if isinstance(demand, Refused):
        return
    for code in dict.fromkeys(demand.documents):
        rule = gate.document(code)
        if rule is None or not rule.ask:
            continue
        uploaded = rule.upload or rule.code
        if uploaded in held.by_state:
            why = rule.why or "Cơ quan nhà nước đã có dữ liệu này."
            yield Finding(fault=Fault.ALREADY_HELD, says=f"“{rule.label}”: {why} Căn cứ: {rule.basis}.")
        elif uploaded in held.attached and not (reason and reason.replaces):
            says = f"Hồ sơ đã kèm “{rule.label}”; tệp có lỗi thì dùng mã lý do về giấy tờ không đọc được, không hợp lệ."
            yield Finding(fault=Fault.ALREADY_HELD, says=says)
        elif uploaded in held.agreed and not (reason and reason.replaces):
            says = f"Những người liên quan đều đã đồng ý, không cần “{rule.label}”. Căn cứ: {rule.basis}."
            yield Finding(fault=Fault.ALREADY_HELD, says=says)


def _of_fields(demand: Demand, group: Group, hidden: tuple[str, ...]) -> Iterator[Finding]:
    for at, path in enumerate(demand.fields, 1):
        if path.split(".")[0] in _NOT_THE_CITIZENS or not is_field(form_path(path), group):
            example = {Group.BIRTH: "child.full_name", Group.DEATH: "deceased.full_name"}[group]
            says = f"Trường thông tin thứ {at} không có trên tờ khai; ghi theo đường dẫn, ví dụ {example}."
            yield Finding(fault=Fault.UNKNOWN_FIELD, says=says)
        elif any(within(path, field) for field in hidden):
            says = f"Cơ quan không cần thông tin này để giải quyết, không được yêu cầu: “{field_label(path, group)}”."
            yield Finding(fault=Fault.FORBIDDEN_FIELD, says=says)


_NOT_THE_CITIZENS = frozenset({"submission_id", "attachments", "attested"})
"""Parts of the form that no correction can change: attachments are documents, the others belong to the submission."""


def _leads_to(demand: Demand, reason: Reason) -> LeadsTo:
    return reason.leads_to[0] if isinstance(demand, Returned) else _wanted(demand)


def _asks(demand: Demand, reason: Reason | None) -> bool:
    """Whether the citizen is to hand in what is named; a refusal for good only says what it is about."""
    if reason is None:
        return True
    if isinstance(demand, Refused):
        return LeadsTo.REFUSAL not in reason.leads_to
    return _leads_to(demand, reason) is LeadsTo.SUPPLEMENT


def _wanted(demand: Demand) -> LeadsTo:
    return LeadsTo.REFUSAL if isinstance(demand, Refused) else LeadsTo.SUPPLEMENT


def _for_leg(legs: tuple[str, ...], leg: str) -> bool:
    return not legs or leg in legs


def _says_something(text: str | None) -> bool:
    """Signs alone (“.”, “---”) are not words."""
    return text is not None and any(character.isalpha() for character in text)


# --- The data ------------------------------------------------------------------------------------------------------


class _Dated(Model):
    in_force_from: date = Field(alias="from")
    group: Group | None = None
    confidence: Confidence


class _DatedReason(_Dated, Reason):
    """A reason as the data has it."""


class _DatedDocument(_Dated, DocumentRule):
    """A document rule as the data has it."""


def gate_of(pack: LawPack, group: Group) -> Gate:
    """The gate of dossiers of the group under that pack."""
    reasons, documents = _data()
    on = pack.in_force_from
    return Gate(
        pack=pack.id,
        group=group,
        reasons=tuple(Reason.model_validate(fields) for fields in _in_force(reasons, group, on)),
        documents=tuple(DocumentRule.model_validate(fields) for fields in _in_force(documents, group, on)),
    )


def _in_force(
    entries: tuple[_DatedReason | _DatedDocument, ...], group: Group, on: date
) -> Iterator[Mapping[str, Any]]:
    """The last entry of each code that is in force for the group on that day, in the order of the codes."""
    latest = {}
    for entry in sorted(entries, key=lambda entry: entry.in_force_from):
        if entry.in_force_from <= on and entry.group in (None, group):
            latest[entry.code] = entry
    for entry in latest.values():
        yield entry.model_dump(exclude={"in_force_from", "group", "confidence"})


@cache
def _data() -> tuple[tuple[_DatedReason, ...], tuple[_DatedDocument, ...]]:
    content = tomllib.loads((resources.files("models") / "data" / "grounds.toml").read_text("utf-8"))
    reasons = tuple(_DatedReason.model_validate(entry) for entry in content["reasons"])
    return reasons, tuple(_DatedDocument.model_validate(entry) for entry in content["documents"])
