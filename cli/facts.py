"""Commands that send facts to a dossier, for scripts and for people who stand in for a system."""

import json
import uuid
from contextlib import closing
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from cli.context import open_client, open_documents, open_ledger, run, user
from cli.enclosures import Enclosures
from cli.misuse import misused
from cli.output import Exit, JsonOption, emit_json, fail, say
from inbox import Inbox, NotDelivered
from ledger.arrivals import Enclosed, expect_opaque_id, judged, judged_paper
from ledger.errors import DocumentDamaged, DocumentMissing
from ledger.store import Ledger
from models.documents import DocumentKind
from models.facts import (
    Accepted,
    AgencyEvent,
    AgreementProvided,
    Answer,
    AttestedConsent,
    Classification,
    ClassifiedAs,
    ConsentAnswer,
    DocumentsSupplied,
    FactRefusal,
    FactRefused,
    InboundFact,
    OperatorAct,
    OverdueChoice,
    OverdueDecision,
    PaperAnswer,
    PaymentConfirmed,
    SupplementProvided,
    Withdrawal,
)
from models.inbox import Stored
from replacements import Replacements
from settings import Settings
from trust.examiner import Papers
from trust.roots import TrustUnusable


class AttestedAnswer(StrEnum):
    """What a person can answer at a desk."""

    GRANTED = Answer.GRANTED
    DECLINED = Answer.DECLINED


OPERATOR = "LIENTHONG_OPERATOR"
"""Where operators' commands find who answers for them, if nothing else says so."""

CodeArgument = Annotated[str, typer.Argument(help="Mã hồ sơ.")]
MessageIdOption = Annotated[
    str | None, typer.Option("--message-id", help="Mã thông điệp; gửi lại cùng mã và nội dung thì chỉ tính một lần.")
]
AtOption = Annotated[str | None, typer.Option("--at", help="Thời điểm (ISO 8601, có múi giờ); mặc định là bây giờ.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("consent")(consent)
    app.command("attest-consent")(attest_consent)
    app.command("agreement")(agreement)
    app.command("withdraw")(withdraw)
    app.command("agency-event")(agency_event)
    app.command("pay")(pay)
    app.command("attach")(attach)
    app.command("supplement")(supplement)
    app.command("classify")(classify)
    app.command("decide-overdue")(decide_overdue)


def consent(
    code: CodeArgument,
    leg: Annotated[str, typer.Option(help="Thủ tục được hỏi, ví dụ residence_registration.")],
    person: Annotated[str, typer.Option(help="Số định danh cá nhân của người trả lời.")],
    answer: Annotated[Answer, typer.Option(help="Câu trả lời.")] = Answer.GRANTED,
    at: AtOption = None,
    message_id: MessageIdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ghi câu trả lời VNeID của một người được hỏi.

    Ví dụ:

      lienthong consent G22.99.08-261119-000001 --leg residence_registration --person 001052900011

      lienthong consent G22.99.08-261119-000002 --leg insurance_survivor_benefit --person 001162900303

      lienthong consent G22.99.08-261119-000001 --leg residence_registration --person 001052900011 --answer declined
    """
    data = {"leg": leg, "personal_id": person, "answer": answer, "at": at or now()}
    send(ConsentAnswer, code, message_id, data, as_json)


def attest_consent(
    code: CodeArgument,
    leg: Annotated[str, typer.Option(help="Thủ tục được hỏi, ví dụ residence_registration.")],
    person: Annotated[str, typer.Option(help="Số định danh cá nhân của người trả lời.")],
    official: Annotated[str, typer.Option(help="Mã cán bộ ghi nhận.")],
    office: Annotated[str, typer.Option(help="Mã bộ phận một cửa.")],
    document: Annotated[Path, typer.Option(help="Tệp biên bản hai bên đã ký.")],
    answer: Annotated[AttestedAnswer, typer.Option(help="Câu trả lời.")] = AttestedAnswer.GRANTED,
    at: AtOption = None,
    message_id: MessageIdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ghi ý kiến của người không dùng điện thoại thông minh. Do cán bộ lập biên bản tại bộ phận một cửa.

    Ví dụ:

      \b
      lienthong attest-consent G22.99.08-261119-000001 --leg residence_registration --person 001052900011 \\
        --official cb-12 --office MC-00004 --document bien-ban.pdf

      \b
      lienthong attest-consent G22.99.08-261119-000001 --leg residence_registration --person 001052900011 \\
        --official cb-12 --office MC-00004 --document bien-ban.pdf --answer declined --json
    """
    enclosed = Enclosures(as_json=as_json)
    [attestation] = enclosed.named([f"{DocumentKind.CONSENT_ATTESTATION}={document}"])
    data = {"leg": leg, "personal_id": person, "answer": answer, "official": official, "office": office}
    send(AttestedConsent, code, message_id, {**data, "attestation": attestation, "at": at or now()}, as_json, enclosed)


def agreement(
    code: CodeArgument,
    leg: Annotated[str, typer.Option(help="Thủ tục được hỏi, ví dụ residence_registration.")],
    signed_by: Annotated[list[str], typer.Option(help="Số định danh của người được hỏi đã ký; lặp lại được.")],
    document: Annotated[Path, typer.Option(help="Tệp văn bản đồng ý.")],
    at: AtOption = None,
    message_id: MessageIdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Nộp văn bản đồng ý thay cho xác nhận trên VNeID.

    Ví dụ:

      \b
      lienthong agreement G22.99.08-261119-000001 --leg residence_registration --signed-by 001052900011 \\
        --document dong-y.pdf

      \b
      lienthong agreement G22.99.08-261119-000002 --leg insurance_survivor_benefit --signed-by 001162900303 \\
        --signed-by 001188900304 --document thong-nhat.pdf --json
    """
    enclosed = Enclosures(as_json=as_json)
    [signed] = enclosed.named([f"{DocumentKind.CONSENT_AGREEMENT}={document}"])
    data = {"leg": leg, "signed_by": signed_by, "document": signed, "at": at or now()}
    send(AgreementProvided, code, message_id, data, as_json, enclosed)


def withdraw(
    code: CodeArgument,
    person: Annotated[str, typer.Option(help="Số định danh cá nhân của người yêu cầu ghi trên tờ khai.")],
    reason: Annotated[str | None, typer.Option(help="Lý do, nếu công dân muốn nêu.")] = None,
    at: AtOption = None,
    message_id: MessageIdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Rút hồ sơ. Trước khi đăng ký khai sinh, khai tử thì cả hồ sơ, sau đó chỉ những thủ tục chưa giải quyết.

    Ví dụ:

      lienthong withdraw G22.99.08-261119-000001 --person 001194000013

      lienthong withdraw G22.99.08-261119-000001 --person 001194000013 --reason "Khai nhầm nơi thường trú" --json
    """
    data = {"personal_id": person, "reason": reason, "at": at or now()}
    send(Withdrawal, code, message_id, data, as_json)


def agency_event(
    code: CodeArgument,
    file: Annotated[Path, typer.Argument(help="Sự kiện (JSON): source, leg, fact {kind, at, …}; - là đầu vào chuẩn.")],
    document: Annotated[
        list[str] | None, typer.Option(help="loại=tệp, kết quả kèm sự kiện, ví dụ birth_certificate=moi.pdf.")
    ] = None,
    message_id: MessageIdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ghi một sự kiện của cơ quan. Tiếp nhận, xác minh, kết quả, từ chối, cấp lại, xác nhận đã thay bản cũ.

    Ví dụ:

      \b
      echo '{"source": "residence", "leg": "residence_registration",
      "fact": {"kind": "received", "at": "2026-11-19T09:00:00+07:00"}}' |
      lienthong agency-event G22.99.08-261119-000001 -

      \b
      echo '{"source": "social_insurance", "leg": "insurance_funeral_benefit",
      "fact": {"kind": "received", "at": "2026-11-19T09:00:00+07:00"}}' |
      lienthong agency-event G22.99.08-261119-000002 -

      lienthong agency-event G22.99.08-261119-000001 event.json --message-id cong-an-17

      \b
      echo '{"source": "provincial", "leg": "birth_registration",
      "fact": {"kind": "corrected", "at": "2026-12-01T09:00:00+07:00", "text": "Sai tên đệm"}}' |
      lienthong agency-event G22.99.08-261119-000001 - --document birth_certificate=moi.pdf
    """
    try:
        data = json.loads(typer.get_text_stream("stdin").read() if str(file) == "-" else file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        fail(Exit.USAGE, f"Không đọc được sự kiện: {error}", as_json=as_json)
    if not isinstance(data, dict):
        fail(Exit.USAGE, "Sự kiện phải là một đối tượng JSON.", as_json=as_json)
    enclosed = Enclosures(as_json=as_json)
    if document and isinstance(data.get("fact"), dict):
        data["fact"]["documents"] = enclosed.named(document)
    send(AgencyEvent, code, message_id or data.pop("message_id", None), data, as_json, enclosed)


def pay(
    code: CodeArgument,
    amount: Annotated[int, typer.Option(min=0, help="Số tiền đã nộp, đồng.")],
    receipt: Annotated[str, typer.Option(help="Số biên lai.")],
    receipt_file: Annotated[Path | None, typer.Option(help="Tệp biên lai điện tử.")] = None,
    at: AtOption = None,
    message_id: MessageIdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ghi việc nộp lệ phí.

    Ví dụ:

      lienthong pay G22.99.08-261119-000001 --amount 16000 --receipt BL-0001

      lienthong pay G22.99.08-261119-000001 --amount 16000 --receipt BL-0001 --receipt-file bien-lai.pdf --json
    """
    data: dict[str, Any] = {"amount_vnd": amount, "receipt_number": receipt, "at": at or now()}
    enclosed = Enclosures(as_json=as_json)
    if receipt_file:
        [data["receipt"]] = enclosed.named([f"{DocumentKind.PAYMENT_RECEIPT}={receipt_file}"])
    send(PaymentConfirmed, code, message_id, data, as_json, enclosed)


def attach(
    code: CodeArgument,
    document: Annotated[list[str], typer.Option(help="loại=tệp, ví dụ witness_statement=giay.pdf; lặp lại được.")],
    at: AtOption = None,
    message_id: MessageIdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bổ sung giấy tờ cho hồ sơ chưa được gửi đi.

    Ví dụ:

      lienthong attach G22.99.08-261119-000001 --document witness_statement=lam-chung.pdf

      lienthong attach G22.99.08-261119-000002 --document death_notice_substitute=bien-ban.pdf

      lienthong attach G22.99.08-261119-000001 --document birth_commitment=cam-doan.pdf --json
    """
    enclosed = Enclosures(as_json=as_json)
    data = {"documents": enclosed.named(document), "at": at or now()}
    send(DocumentsSupplied, code, message_id, data, as_json, enclosed)


def supplement(
    code: CodeArgument,
    leg: Annotated[str, typer.Option(help="Thủ tục mà cơ quan yêu cầu bổ sung, ví dụ residence_registration.")],
    document: Annotated[
        list[str] | None, typer.Option(help="loại=tệp, ví dụ residence_papers=giay.pdf; lặp lại được.")
    ] = None,
    field: Annotated[
        list[str] | None, typer.Option(help="trường=giá trị, ví dụ child.full_name='Trẻ Em Mẫu'; lặp lại được.")
    ] = None,
    at: AtOption = None,
    message_id: MessageIdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bổ sung giấy tờ, sửa tờ khai theo yêu cầu của cơ quan. Hồ sơ đi tiếp từ chỗ đang dừng.

    Cơ quan yêu cầu gì: xem `lienthong show`. Nộp từng phần cũng được; giá trị rỗng là xóa trường đó.

    Ví dụ:

      \b
      lienthong supplement G22.99.08-261119-000001 --leg residence_registration \\
        --document residence_papers=trang-1.pdf --document residence_papers=trang-2.pdf

      \b
      lienthong supplement G22.99.08-261119-000002 --leg insurance_survivor_benefit \\
        --document representative_agreement=thong-nhat.pdf

      \b
      lienthong supplement G22.99.08-261119-000001 --leg residence_registration \\
        --field child.hometown.detail="Thôn Mẫu" --json
    """
    corrections = {}
    for entry in field or []:
        path, equals, value = entry.partition("=")
        if not equals or path in corrections:
            fail(Exit.USAGE, f"“{path}”: ghi trường=giá trị, mỗi trường một lần.", as_json=as_json)
        corrections[path] = value
    enclosed = Enclosures(as_json=as_json)
    documents = enclosed.named(document or [])
    data = {"leg": leg, "documents": documents, "corrections": corrections, "at": at or now()}
    send(SupplementProvided, code, message_id, data, as_json, enclosed)


def classify(
    code: CodeArgument,
    leg: Annotated[str, typer.Option(help="Thủ tục mà tin nói đến.")],
    message: Annotated[str, typer.Option(help="Mã tin chưa phân loại, xem: lienthong show.")],
    found: Annotated[ClassifiedAs, typer.Option("--as", help="Tin này là gì; no_action: không phải làm gì.")],
    operator: Annotated[str, typer.Option(envvar=OPERATOR, help="Mã người vận hành phân loại.")],
    because: Annotated[str, typer.Option(help="Vì sao phân loại như vậy.")],
    reason_code: Annotated[str | None, typer.Option(help="Mã lý do, xem: lienthong grounds.")] = None,
    document: Annotated[
        list[str] | None, typer.Option(help="Mã giấy tờ liên quan, xem: lienthong grounds; lặp lại được.")
    ] = None,
    field: Annotated[list[str] | None, typer.Option(help="Trường thông tin liên quan; lặp lại được.")] = None,
    basis: Annotated[str | None, typer.Option(help="Căn cứ pháp lý.")] = None,
    text: Annotated[str | None, typer.Option(help="Giải thích cho công dân; mặc định là lời của cơ quan.")] = None,
    at: AtOption = None,
    message_id: MessageIdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Phân loại một tin của cơ quan không nêu lý do theo mẫu. Điều tìm thấy vẫn qua cổng kiểm soát như mọi yêu cầu.

    Ví dụ:

      \b
      lienthong classify G22.99.08-261119-000001 --leg residence_registration --message cong-an-17 --as supplement \\
        --reason-code document_missing --document residence_papers --basis "Luật Cư trú Điều 21" \\
        --operator vh-01 --because "Tin nêu rõ thiếu giấy tờ chỗ ở"

      \b
      lienthong classify G22.99.08-261119-000001 --leg residence_registration --message cong-an-18 --as no_action \\
        --operator vh-01 --because "Chỉ báo đã nhận" --json
    """
    data = {
        "leg": leg,
        "of": message,
        "found": found,
        "reason_code": reason_code,
        "documents": document or [],
        "fields": field or [],
        "legal_basis": basis,
        "text": text,
        "operator": operator,
        "because": because,
        "at": at or now(),
    }
    send(Classification, code, message_id, data, as_json)


def decide_overdue(
    code: CodeArgument,
    leg: Annotated[str, typer.Option(help="Thủ tục quá hạn đã lâu, ví dụ residence_registration.")],
    choice: Annotated[OverdueChoice, typer.Option(help="wait_on: chờ tiếp; end_leg: kết thúc riêng thủ tục này.")],
    operator: Annotated[str, typer.Option(envvar=OPERATOR, help="Mã người vận hành quyết định.")],
    because: Annotated[str, typer.Option(help="Lý do; công dân và cơ quan được báo khi kết thúc thủ tục.")],
    at: AtOption = None,
    message_id: MessageIdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Quyết định về một thủ tục quá hạn đã lâu. Do người vận hành ghi; xem: lienthong list --preset waiting-operator.

    Ví dụ:

      \b
      lienthong decide-overdue G22.99.08-261119-000001 --leg residence_registration --choice wait_on \\
        --operator vh-07 --because "Công an xã hẹn xong trong tháng"

      \b
      lienthong decide-overdue G22.99.08-261119-000001 --leg residence_registration --choice end_leg \\
        --operator vh-07 --because "Cơ quan không giải quyết được" --json
    """
    data = {"leg": leg, "choice": choice, "operator": operator, "because": because, "at": at or now()}
    send(OverdueDecision, code, message_id, data, as_json)


def send(
    model: type[InboundFact],
    code: str,
    message_id: str | None,
    data: dict[str, Any],
    as_json: bool,
    enclosed: Enclosures | None = None,
) -> None:
    """Validate, deliver through the inbox with what is enclosed, and say what the dossier said."""
    settings = Settings()
    enclosed = enclosed or Enclosures(as_json=as_json)
    try:
        fact = model.model_validate({**data, "message_id": message_id or f"cli-{uuid.uuid4()}", "dossier_code": code})
    except ValidationError as error:
        if issubclass(model, OperatorAct):
            misused(error, as_json)
        lines = [f"{'.'.join(map(str, e['loc'])) or '(gốc)'}: {e['msg']}" for e in error.errors(include_url=False)]
        fail(Exit.USAGE, "Dữ kiện sai cấu trúc:", *lines, as_json=as_json)
    ledger, store = open_ledger(settings, as_json=as_json), open_documents(settings)
    try:
        expect_opaque_id(fact)
    except FactRefused as refusal:
        fail(Exit.USAGE, refusal.text, as_json=as_json)
    if isinstance(fact, AgencyEvent | PaperAnswer):
        fact = _judged(fact, Enclosed(store, enclosed.contents), settings, as_json)

    async def deliver() -> Accepted | Stored:
        client = await open_client(settings, ledger.keys, as_json=as_json, lazy=True)
        patience = timedelta(seconds=settings.inbox_patience)
        inbox = Inbox(client, ledger, store, Replacements.of(ledger, settings), patience)
        return await inbox.deliver(fact, user(), enclosed.contents)

    try:
        outcome = run(deliver(), as_json=as_json)
    except FactRefused as refusal:
        said = f"{refusal.reason}: {refusal.text}"
        if refusal.reason is FactRefusal.UNKNOWN_DOSSIER:
            fail(Exit.NOT_FOUND, said, "Xem danh sách: lienthong list", as_json=as_json)
        fail(Exit.REFUSED, said, _way_out(ledger, code, refusal.reason), as_json=as_json)
    except NotDelivered as reason:
        fail(Exit.FAILED, str(reason), as_json=as_json)
    if as_json:
        emit_json(outcome)
    elif isinstance(outcome, Stored):
        say(
            f"Chưa chuyển được đến hồ sơ; đã lưu thông điệp {outcome.message_id}.",
            "Cổng nhận sự kiện (gateway.py) sẽ chuyển khi Temporal và hồ sơ trả lời. Xem: lienthong inbox; kết quả:"
            f" GET {outcome.status_path} tại cổng.",
        )
    else:
        say(outcome.text)


def _judged(
    told: AgencyEvent | PaperAnswer, enclosed: Enclosed, settings: Settings, as_json: bool
) -> AgencyEvent | PaperAnswer:
    """The event or paper, with what the signatures of its documents are worth; what it says of that is not heard."""
    try:
        with closing(Papers.of(settings)) as papers:
            if isinstance(told, PaperAnswer):
                return judged_paper(told, enclosed, papers)
            return judged(told, enclosed, papers)
    except (DocumentMissing, DocumentDamaged) as error:
        fail(
            Exit.USAGE, f"Không đọc được giấy tờ {error} trong kho; gửi kèm tệp: --document loại=tệp.", as_json=as_json
        )
    except TrustUnusable as error:
        fail(Exit.USAGE, str(error), as_json=as_json)
    except OSError as error:
        fail(Exit.FAILED, f"Chưa kiểm tra được giấy tờ kèm theo: {error}", as_json=as_json)


def _way_out(ledger: Ledger, code: str, reason: FactRefusal) -> str:
    """Where to look after a refusal."""
    dossier = ledger.view(code)
    if reason is FactRefusal.UNKNOWN_LEG and dossier and dossier.plan:
        return f"Các thủ tục của hồ sơ: {', '.join(leg.key for leg in dossier.plan.legs)}"
    return f"Hồ sơ đang chờ gì, của ai: lienthong show {code}"


def now() -> datetime:
    """Legal time as this machine has it."""
    return datetime.now(UTC) + Settings().training_offset
