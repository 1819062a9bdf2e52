"""`lienthong operator go-on|resend|migrate|set-aside`: what gets a dossier going again that does not go by itself."""

import uuid
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from cli.acts import BecauseOption, OperatorOption, act, responsible
from cli.context import open_documents, open_ledger, user
from cli.enclosures import Enclosures
from cli.facts import AtOption, CodeArgument, MessageIdOption, now
from cli.misuse import misused
from cli.output import Exit, JsonOption, emit_json, fail, say
from cli.refusals import refusals_told
from inbox import REUSED
from ledger.errors import DatabaseUnusable, MessageReused, NothingToSend, NotSetAside, UnknownDossier, UnknownMessage
from ledger.store import Ledger
from models.documents import DocumentKind
from models.facts import FactKind, FactRefusal, FactRefused, GoOnWithoutCertificate, PackMigration, Resend
from models.inbox import SetAside
from models.reducers import not_in_future
from settings import Settings


def register(operator: typer.Typer) -> None:
    """Add the commands to those of operators."""
    operator.command("go-on")(go_on)
    operator.command("resend")(resend)
    operator.command("migrate")(migrate)
    operator.command("set-aside")(set_aside)


def go_on(
    code: CodeArgument,
    leg: Annotated[str, typer.Option(help="Thủ tục đang chờ bản điện tử, ví dụ residence_registration.")],
    official: Annotated[str, typer.Option(help="Mã cán bộ ký xác nhận việc đăng ký.")],
    office: Annotated[str, typer.Option(help="Mã cơ quan của cán bộ đó.")],
    document: Annotated[Path, typer.Option(help="Tệp văn bản xác nhận đã ký.")],
    because: BecauseOption,
    operator: OperatorOption = None,
    at: AtOption = None,
    message_id: MessageIdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Cho một thủ tục đi tiếp không chờ giấy khai sinh, trích lục khai tử điện tử bị mất hoặc đến chậm.

    Cơ quan nhận số đăng ký và văn bản xác nhận có chữ ký của cán bộ. Bản điện tử vẫn được đòi, có thì vẫn gửi công dân.

    Ví dụ:

      \b
      lienthong operator go-on G22.99.08-261119-000001 --leg residence_registration --official cb-12 \\
        --office UB-00004 --document xac-nhan.pdf --operator vh-07 --because "Phần mềm hộ tịch mất bản điện tử"

      \b
      lienthong operator go-on G22.99.08-261119-000002 --leg insurance_funeral_benefit --official cb-12 \\
        --office UB-00004 --document xac-nhan.pdf --operator vh-07 --because "Trích lục chưa về sau 10 ngày" --json
    """
    enclosed = Enclosures(as_json=as_json)
    [attestation] = enclosed.named([f"{DocumentKind.REGISTRATION_ATTESTATION}={document}"])
    data = {"leg": leg, "official": official, "office": office, "attestation": attestation}
    act(GoOnWithoutCertificate, code, data, because, operator, at, message_id, as_json, enclosed)


def resend(
    code: CodeArgument,
    because: BecauseOption,
    leg: Annotated[str | None, typer.Option(help="Chỉ gửi lại cho thủ tục này.")] = None,
    key: Annotated[str | None, typer.Option(help="Chỉ gửi lại thông điệp, thông báo mang khóa này.")] = None,
    operator: OperatorOption = None,
    at: AtOption = None,
    message_id: MessageIdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Gửi lại ngay những gì hệ thống khác chưa nhận. Mọi thứ của hồ sơ, hoặc chỉ --leg, --key.

    Vẫn một khóa, tra cứu trước khi gửi: cơ quan không nhận hai lần. Khóa: lienthong show CODE --json. Hồ sơ đã kết thúc
    thì gửi lại được thông báo, kết quả chưa gửi được.

    Ví dụ:

      \b
      lienthong operator resend G22.99.08-261119-000001 --operator vh-07 --because "Đã sửa địa chỉ hệ thống cư trú"

      \b
      lienthong operator resend G22.99.08-261119-000001 --leg residence_registration --operator vh-07 \\
        --because "Hệ thống cư trú đã chạy lại" --json
    """
    ledger = open_ledger(Settings(), as_json=as_json)
    if _concluded(ledger, code):
        _resend_after_end(ledger, code, leg, key, because, responsible(operator, as_json), message_id, at, as_json)
    else:
        act(Resend, code, {"leg": leg, "key": key}, because, operator, at, message_id, as_json)


def migrate(
    code: CodeArgument,
    to: Annotated[str, typer.Option(help="Gói luật, xem: lienthong law.")],
    because: BecauseOption,
    operator: OperatorOption = None,
    at: AtOption = None,
    message_id: MessageIdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Chuyển hồ sơ đang giải quyết sang gói luật khác. Việc đã gửi cơ quan và hạn đã bắt đầu tính giữ nguyên.

    Thủ tục chưa gửi theo gói mới, thêm thủ tục gói mới có. Không chuyển được thì nói vì sao và hồ sơ giữ nguyên.

    Ví dụ:

      \b
      lienthong operator migrate G22.99.08-260831-000001 --to 2026-09-01 --operator vh-07 \\
        --because "Công dân đề nghị cấp thẻ căn cước theo Nghị định 301/2026"

      \b
      lienthong operator migrate G22.99.08-260831-000002 --to 2026-09-01 --operator vh-07 \\
        --because "Văn bản 12 của Văn phòng Ủy ban nhân dân tỉnh" --json
    """
    act(PackMigration, code, {"pack": to}, because, operator, at, message_id, as_json)


def set_aside(
    message: Annotated[str, typer.Argument(help="Mã thông điệp, xem: lienthong inbox.")],
    because: BecauseOption,
    operator: OperatorOption = None,
    as_json: JsonOption = False,
) -> None:
    """Gác một thông điệp đã lưu mà không ai đọc hoặc chuyển được. Thông điệp sau của cùng hồ sơ đi tiếp.

    Bên gửi thấy bị từ chối kèm lý do ở địa chỉ kết quả: đừng ghi tên, số của ai trong lý do. Không hoàn tác được; nếu
    hồ sơ có thể đã nhận (“Hồ sơ chưa trả lời kịp”), hãy xem lienthong show trước.

    Ví dụ:

      \b
      lienthong operator set-aside cong-an-17 --operator vh-07 \\
        --because "Lưu sai cấu trúc, bên gửi sẽ gửi lại bằng mã mới"

      \b
      lienthong operator set-aside cong-an-18 --operator vh-07 --because "Hồ sơ không còn ở Temporal này" --json
    """
    who = responsible(operator, as_json)
    try:
        order = SetAside(message_id=message, operator=who, because=because)
    except ValidationError as error:
        misused(error, as_json)
    settings = Settings()
    ledger = open_ledger(settings, as_json=as_json)
    try:
        with refusals_told(ledger, who, "set_aside", because, message=order.message_id):
            verdict = ledger.set_aside(order, datetime.now(UTC))
    except UnknownMessage as error:
        fail(Exit.NOT_FOUND, str(error), "Xem: lienthong inbox", as_json=as_json)
    except NotSetAside as error:
        fail(Exit.REFUSED, str(error), "Xem: lienthong inbox", as_json=as_json)
    with suppress(OSError, DatabaseUnusable):  # then they go with the next
        ledger.let_go(open_documents(settings))
    if as_json:
        emit_json({"message_id": order.message_id, "reason": verdict.reason, "text": verdict.text})
    else:
        say(f"Đã gác thông điệp {order.message_id}; thông điệp sau của cùng hồ sơ được chuyển tiếp.")


def _concluded(ledger: Ledger, code: str) -> bool:
    """Whether only the outbox can still send anything of it; an unknown dossier is for the inbox to refuse."""
    try:
        return ledger.opened(code).concluded
    except UnknownDossier:
        return False


def _resend_after_end(
    ledger: Ledger,
    code: str,
    leg: str | None,
    key: str | None,
    because: str,
    who: str,
    message_id: str | None,
    at: str | None,
    as_json: bool,
) -> None:
    said = {"leg": leg, "key": key, "operator": who, "because": because, "at": at or now()}
    try:
        order = Resend.model_validate({**said, "message_id": message_id or f"cli-{uuid.uuid4()}", "dossier_code": code})
    except ValidationError as error:
        misused(error, as_json)
    try:
        with refusals_told(ledger, who, FactKind.RESEND.value, because, code, order.message_id):
            not_in_future(order.at, now())
            rows = ledger.send_again_after_end(order, user(), datetime.now(UTC))
    except FactRefused as refusal:
        fail(Exit.REFUSED, f"{refusal.reason}: {refusal.text}", as_json=as_json)
    except MessageReused:
        fail(Exit.REFUSED, f"{FactRefusal.MESSAGE_REUSED}: {REUSED}", as_json=as_json)
    except NothingToSend as nothing:
        fail(Exit.REFUSED, str(nothing), as_json=as_json)
    if as_json:
        emit_json({"message_id": order.message_id, "rows": rows or 0, "repeated": rows is None})
    else:
        say("Đã ghi nhận trước đó." if rows is None else f"Gửi lại ngay {rows} thông báo, kết quả.")
