"""What is in force on a date, in Vietnamese for people: the text of `law`."""

from collections.abc import Iterator, Mapping

from cli import output
from cli.law_report import (
    ConsentCase,
    DocumentCase,
    GroupReport,
    LawReport,
    LegReport,
    Rule,
    TotalCase,
    VerificationCase,
)
from models.clock_words import limit_words
from models.law import Confidence, Policies, Quorum
from models.words import day_words, listed

_CONFIDENCE = {
    Confidence.QUOTED: "đã đọc nguyên văn",
    Confidence.SECONDARY: "theo nguồn thứ cấp",
    Confidence.CHOICE: "cách hiểu của hệ thống",
}

QUORUM = {Quorum.ALL: "tất cả phải đồng ý", Quorum.ANY: "một người đồng ý là đủ"}
"""How many must agree, in words."""


def print_law(report: LawReport) -> None:
    """The report for people."""
    until = f" đến {day_words(report.in_force_until)}" if report.in_force_until else ""
    output.say(f"Quy định áp dụng cho hồ sơ tiếp nhận {day_words(report.on)}", style="bold")
    output.facts(
        [
            ("Gói luật", f"{report.pack}{' (DỰ KIẾN, chưa áp dụng)' if report.provisional else ''}"),
            ("Hiệu lực", f"từ {day_words(report.in_force_from)}{until}"),
            ("Nội dung", report.title),
        ]
    )
    if waiting := report.provisional_pack:
        output.say(
            f"Có gói luật dự kiến {waiting.pack} cho ngày này ({waiting.title}); xem bằng --provisional.",
            style="yellow",
        )
    for group in report.groups:
        _print_group(group)
    output.heading("Quy tắc chung")
    output.facts(_policy_rows(report.policies))
    output.heading("Văn bản")
    output.explain(f"{one.document}: {one.says} ({_CONFIDENCE[one.confidence]})" for one in report.citations)


def _print_group(group: GroupReport) -> None:
    names = {leg.leg: leg.procedure for leg in group.legs}
    output.heading(f"Nhóm {group.group.label} ({group.group.value}): {group.name}")
    output.facts([("Mã thủ tục", group.code)])
    first = ": trường hợp đầu tiên đúng với hồ sơ" if group.totals else ""
    output.table(f"Thời hạn của cả nhóm{first}", ("Trường hợp", "Thời hạn", "Phải xác minh", "Căn cứ"), _totals(group))
    columns = ("Thủ tục, theo thứ tự", "Thời hạn", "Phải xác minh", "Cơ quan", "Thực hiện")
    output.table("Từng thủ tục, làm sau thủ tục nào", columns, _tree(group))
    for number, leg in enumerate(group.legs, 1):
        output.heading(f"{number}. {leg.procedure}")
        output.facts(_leg_rows(leg, group, names))
    output.heading("Nghĩa vụ của công dân")
    output.explain(f"{duty.says} Căn cứ: {_cited(duty.basis, duty.confidence)}" for duty in group.duties.values())


def _totals(group: GroupReport) -> Iterator[tuple[str, ...]]:
    """The limits of the whole group, the usual one last: whatever no case before it says."""
    for total in group.totals:
        yield _total(total.condition or "", total)
    yield _total("trường hợp khác" if group.totals else "mọi trường hợp", group)


def _total(case: str, total: TotalCase | GroupReport) -> tuple[str, ...]:
    verification = total.verification
    bases = f"{_cited(total.legal_basis, total.confidence)}. Phải xác minh: {_verification_basis(verification)}"
    return case, limit_words(total.limit), limit_words(verification.limit), bases


def _verification_basis(verification: VerificationCase) -> str:
    return _cited(verification.legal_basis, verification.confidence)


def _tree(group: GroupReport) -> Iterator[tuple[str, ...]]:
    """Every leg below the last of those it comes after."""
    after: dict[str | None, list[LegReport]] = {}
    for leg in group.legs:
        after.setdefault(leg.prerequisites[-1] if leg.prerequisites else None, []).append(leg)
    yield from _branches(after, None, "")


def _branches(after: Mapping[str | None, list[LegReport]], key: str | None, margin: str) -> Iterator[tuple[str, ...]]:
    legs = after.get(key, [])
    for number, leg in enumerate(legs, 1):
        last = number == len(legs)
        branch, below = ("", "") if key is None else ("└─ ", "   ") if last else ("├─ ", "│  ")
        verified = limit_words(leg.verification.limit) if leg.verification else "–"
        name = f"{margin}{branch}{leg.procedure}"
        yield name, limit_words(leg.limit), verified, leg.agency, leg.condition or "luôn luôn"
        yield from _branches(after, leg.leg, margin + below)


def _leg_rows(leg: LegReport, group: GroupReport, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    exceptions = "".join(f"; {case.condition}: {case.agency}" for case in leg.agency_exceptions)
    yield "Thực hiện", leg.condition or ""
    yield "Cơ quan", f"{leg.agency}{exceptions}"
    yield "Thời hạn", f"{limit_words(leg.limit)}{'' if leg.in_group_promise else ', ngoài thời hạn chung của nhóm'}"
    if verification := leg.verification:
        limit = f"{limit_words(verification.limit)}{_on(verification)}"
        yield "Khi xác minh", f"{limit}. Căn cứ: {_verification_basis(verification)}"
    sometimes = {other.leg for other in group.legs if other.condition}
    yield (
        "Làm sau",
        ", ".join(f"{names[key]}{' (nếu hồ sơ có)' if key in sometimes else ''}" for key in leg.prerequisites),
    )
    for consent in leg.consent:
        yield "Xin đồng ý", _consent_words(consent)
    for document in leg.documents:
        yield "Đính kèm", _document_words(document)
    yield "Kết quả", ", ".join(kind.label for kind in leg.results)
    yield "Căn cứ", _cited(leg.legal_basis, leg.confidence)


def _consent_words(consent: ConsentCase) -> str:
    declarant = ", hỏi cả khi đó là người yêu cầu" if consent.declarant_is_asked else ""
    about = f" về việc {consent.about}" if consent.about else ""
    instead = f" Thay được bằng: {consent.replaced_by.label}." if consent.replaced_by else ""
    changing = " Bổ sung, đính chính được người phải hỏi." if consent.may_change else ""
    return (
        f"{consent.label} ({QUORUM[consent.quorum]}{declarant}){about}{_on(consent)}.{instead}{changing}"
        f" Căn cứ: {_cited(consent.legal_basis, consent.confidence)}"
    )


def _document_words(document: DocumentCase) -> str:
    kinds = " hoặc ".join(kind.label for kind in document.any_of)
    by = f" {document.completed_by} hoàn thiện, không yêu cầu công dân nộp." if document.completed_by else ""
    basis = _cited(document.legal_basis, document.confidence)
    return f"{kinds}{_on(document)}; mục “{document.field}”.{by} Căn cứ: {basis}"


def _policy_rows(policies: Policies) -> Iterator[tuple[str, str]]:
    receipt = policies.receipt
    yield (
        "Tiếp nhận",
        f"sau {receipt.late_after:%H:%M} thì tính từ ngày làm việc tiếp theo;"
        f" thời hạn hết lúc {receipt.closes_at:%H:%M}."
        f" Căn cứ: {_cited(receipt.basis, receipt.confidence)}",
    )
    limits = (
        ("Xác nhận VNeID", policies.consent),
        ("Bổ sung hồ sơ", policies.supplement),
        ("Nộp lệ phí", policies.payment),
    )
    for name, limit in limits:
        yield (
            name,
            f"công dân có {limit.working_days} ngày làm việc, đến hết 24:00 ngày cuối."
            f" Căn cứ: {_cited(limit.basis, limit.confidence)}",
        )
    consent = policies.consent
    yield (
        "Nhắc xác nhận",
        f"{consent.reminders.at:%H:%M} ngày làm việc tiếp theo sau {listed(map(str, consent.reminders.after))}"
        " ngày làm việc mà chưa trả lời.",
    )
    yield (
        "Văn bản đồng ý",
        f"hết hạn xác nhận, công dân còn {consent.agreement_days} ngày làm việc để nộp văn bản đồng ý."
        f" Căn cứ: {_cited(consent.agreement_basis, consent.confidence)}",
    )
    replacement = policies.replacement
    yield (
        "Bản cấp lại",
        f"cơ quan giữ bản cũ có {replacement.working_days} ngày làm việc để xác nhận đã thay bằng bản mới."
        f" Căn cứ: {_cited(replacement.basis, replacement.confidence)}",
    )
    if policies.consent.declarant_counts:
        yield "Người yêu cầu", "đã ký tờ khai thì không phải xác nhận lại trên VNeID, trừ nơi ghi khác."


def _on(rule: Rule) -> str:
    return f", {rule.condition}" if rule.condition else ""


def _cited(basis: str, confidence: Confidence) -> str:
    return f"{basis} ({_CONFIDENCE[confidence]})"
