"""Commands that send facts to a dossier, for scripts and for people who stand in for a system."""

import json
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from cli.context import open_client, open_documents, open_ledger, run
from cli.output import Exit, JsonOption, emit_json, fail, say
from inbox import DirectInbox, NotDelivered
from models.documents import DocumentKind, DocumentRefused
from models.facts import (
    Accepted,
    AgencyEvent,
    Answer,
    ConsentAnswer,
    DocumentsSupplied,
    FactRefusal,
    FactRefused,
    InboundFact,
    PaymentConfirmed,
)
from settings import Settings

CodeArgument = Annotated[str, typer.Argument(help="Mã hồ sơ.")]
MessageIdOption = Annotated[
    str | None, typer.Option("--message-id", help="Mã thông điệp; gửi lại cùng mã và nội dung thì chỉ tính một lần.")
]
AtOption = Annotated[str | None, typer.Option("--at", help="Thời điểm (ISO 8601, có múi giờ); mặc định là bây giờ.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("consent")(consent)
    app.command("agency-event")(agency_event)
    app.command("pay")(pay)
    app.command("attach")(attach)


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

      lienthong consent G22.99.08-261119-000001 --leg residence_registration --person 001052900011 --answer declined
    """
    data = {"leg": leg, "personal_id": person, "answer": answer, "at": at or _now()}
    _send(ConsentAnswer, code, message_id, data, as_json)


def agency_event(
    code: CodeArgument,
    file: Annotated[Path, typer.Argument(help="Sự kiện (JSON): source, leg, fact {kind, at, …}; - là đầu vào chuẩn.")],
    message_id: MessageIdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ghi một sự kiện của cơ quan: tiếp nhận, xác minh, kết quả, từ chối.

    Ví dụ:

      echo '{"source": "residence", "leg": "residence_registration",
      "fact": {"kind": "received", "at": "2026-11-19T09:00:00+07:00"}}' |
      lienthong agency-event G22.99.08-261119-000001 -

      lienthong agency-event G22.99.08-261119-000001 event.json --message-id cong-an-17
    """
    try:
        data = json.loads(typer.get_text_stream("stdin").read() if str(file) == "-" else file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        fail(Exit.USAGE, f"Không đọc được sự kiện: {error}", as_json=as_json)
    if not isinstance(data, dict):
        fail(Exit.USAGE, "Sự kiện phải là một đối tượng JSON.", as_json=as_json)
    _send(AgencyEvent, code, message_id or data.pop("message_id", None), data, as_json)


def pay(
    code: CodeArgument,
    amount: Annotated[int, typer.Option(min=0, help="Số tiền đã nộp, đồng.")],
    receipt: Annotated[str, typer.Option(help="Số biên lai.")],
    at: AtOption = None,
    message_id: MessageIdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ghi việc nộp lệ phí.

    Ví dụ:

      lienthong pay G22.99.08-261119-000001 --amount 16000 --receipt BL-0001

      lienthong pay G22.99.08-261119-000001 --amount 16000 --receipt BL-0001 --json
    """
    data = {"amount_vnd": amount, "receipt_number": receipt, "at": at or _now()}
    _send(PaymentConfirmed, code, message_id, data, as_json)


def attach(
    code: CodeArgument,
    document: Annotated[list[str], typer.Option(help="loại=tệp, ví dụ witness_statement=giay.pdf; lặp lại được.")],
    at: AtOption = None,
    message_id: MessageIdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bổ sung giấy tờ cho hồ sơ đang chờ (trước khi hồ sơ được gửi đi).

    Ví dụ:

      lienthong attach G22.99.08-261119-000001 --document witness_statement=lam-chung.pdf

      lienthong attach G22.99.08-261119-000001 --document birth_commitment=cam-doan.pdf --json
    """
    store = open_documents(Settings())
    stored = []
    for entry in document:
        kind, _, path = entry.partition("=")
        try:
            stored.append(store.put(Path(path).read_bytes(), DocumentKind(kind), Path(path).name))
        except (OSError, ValueError, DocumentRefused) as error:
            kinds = ", ".join(DocumentKind)
            fail(Exit.USAGE, f"Không nhận được “{entry}”: {error}", f"Các loại: {kinds}.", as_json=as_json)
    _send(
        DocumentsSupplied,
        code,
        message_id,
        {"documents": [d.model_dump() for d in stored], "at": at or _now()},
        as_json,
    )


def _send(model: type[InboundFact], code: str, message_id: str | None, data: dict[str, Any], as_json: bool) -> None:
    """Validate, deliver through the inbox, and say what the dossier said."""
    settings = Settings()
    try:
        fact = model.model_validate({**data, "message_id": message_id or f"cli-{uuid.uuid4()}", "dossier_code": code})
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc'])) or '(gốc)'}: {e['msg']}" for e in error.errors(include_url=False)]
        fail(Exit.USAGE, "Dữ kiện sai cấu trúc:", *lines, as_json=as_json)
    ledger = open_ledger(settings, as_json=as_json)

    async def deliver() -> Accepted:
        client = await open_client(settings, as_json=as_json)
        return await DirectInbox(client, ledger).deliver(fact, "cli")

    try:
        accepted = run(deliver(), as_json=as_json)
    except FactRefused as refusal:
        missing = refusal.reason is FactRefusal.UNKNOWN_DOSSIER
        fail(Exit.NOT_FOUND if missing else Exit.REFUSED, f"{refusal.reason}: {refusal.text}", as_json=as_json)
    except NotDelivered as reason:
        fail(Exit.FAILED, str(reason), as_json=as_json)
    if as_json:
        emit_json(accepted)
    else:
        say(accepted.text)


def _now() -> datetime:
    return datetime.now(UTC) + Settings().training_offset
