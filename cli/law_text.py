"""What is in force on a date, in Vietnamese for people: the text of `law`."""

from collections.abc import Iterator, Mapping

from cli import output
from cli.law_report import ConsentCase, GroupReport, LawReport, LegReport, Rule
from models.clock_words import limit_words
from models.law import Confidence, Policies, Quorum
from models.words import day_words, listed

_CONFIDENCE = {
    Confidence.QUOTED: "đã đọc nguyên văn",
    Confidence.SECONDARY: "theo nguồn thứ cấp",
    Confidence.INFERRED: "suy luận",
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
    output.heading(f"Nhóm {group.group}: {group.name}")
    output.facts(
        [
            ("Mã thủ tục", group.code),
            (
                "Thời hạn chung",
                f"{limit_words(group.limit)}; phải xác minh thì {limit_words(group.verification_limit)}",
            ),
            ("Căn cứ", _cited(group.legal_basis, group.confidence)),
        ]
    )
    for number, leg in enumerate(group.legs, 1):
        output.heading(f"{number}. {leg.procedure}")
        output.facts(_leg_rows(leg, names))
    output.heading("Giấy tờ phải đính kèm")
    output.explain(
        f"{' hoặc '.join(kind.label for kind in document.any_of)}{_on(document)}: để {names[document.leg].lower()},"
        f" mục “{document.field}”. Căn cứ: {_cited(document.legal_basis, document.confidence)}"
        for document in group.documents
    )
    output.heading("Nghĩa vụ của công dân")
    output.explain(f"{duty.says} Căn cứ: {_cited(duty.basis, duty.confidence)}" for duty in group.duties.values())


def _leg_rows(leg: LegReport, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    exceptions = "".join(f"; {case.condition}: {case.agency}" for case in leg.agency_exceptions)
    yield "Thực hiện", leg.condition or ""
    yield "Cơ quan", f"{leg.agency}{exceptions}"
    yield "Thời hạn", f"{limit_words(leg.limit)}{'' if leg.in_group_promise else ', ngoài thời hạn chung của nhóm'}"
    if leg.verification:
        yield (
            "Khi xác minh",
            f"{limit_words(leg.verification.limit)}{_on(leg.verification)}. Căn cứ: {leg.verification.legal_basis}",
        )
    yield "Làm sau", ", ".join(names[key] for key in leg.prerequisites)
    for consent in leg.consent:
        yield "Xin đồng ý", _consent_words(consent)
    yield "Kết quả", ", ".join(kind.label for kind in leg.results)
    yield "Căn cứ", _cited(leg.legal_basis, leg.confidence)


def _consent_words(consent: ConsentCase) -> str:
    declarant = ", hỏi cả khi đó là người yêu cầu" if consent.declarant_is_asked else ""
    return (
        f"{consent.label} ({QUORUM[consent.quorum]}{declarant}){_on(consent)}."
        f" Căn cứ: {_cited(consent.legal_basis, consent.confidence)}"
    )


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
