"""`lienthong operator`: what a person of ours may do to a dossier, each with a reason and under their own name."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli import unsticking
from cli.acts import BecauseOption, OperatorOption, act
from cli.enclosures import Enclosures
from cli.facts import AtOption, CodeArgument, MessageIdOption
from cli.output import Exit, JsonOption, fail
from models.base import LEGAL_ZONE
from models.documents import DocumentKind
from models.facts import Cancellation, NewAppointment, PaperAnswer

_HELP = """Việc của người vận hành đối với một hồ sơ. Mỗi việc cần lý do và người chịu trách nhiệm, được ghi lại.

Người vận hành là --operator, hoặc LIENTHONG_OPERATOR. Ai đã làm gì, vì sao: lienthong show, lienthong audit list.
"""


class PaperKind(StrEnum):
    """What an agency may answer on paper."""

    RECEIVED = "received"
    VERIFICATION = "verification"
    DECIDED = "decided"
    SUPPLEMENT_REQUESTED = "supplement_requested"
    RETURNED = "returned"
    REFUSED = "refused"


def register(app: typer.Typer) -> None:
    """Add the commands to an application."""
    operator = typer.Typer(no_args_is_help=True, help=_HELP, rich_markup_mode=None)
    operator.command("appoint")(appoint)
    operator.command("paper-answer")(paper_answer)
    operator.command("cancel")(cancel)
    unsticking.register(operator)
    app.add_typer(operator, name="operator")


def appoint(
    code: CodeArgument,
    leg: Annotated[str, typer.Option(help="Thủ tục được hẹn lại, ví dụ residence_registration.")],
    on: Annotated[str, typer.Option(help="Ngày giờ hẹn, giờ Việt Nam nếu không ghi múi giờ: 2026-12-01T10:00.")],
    because: BecauseOption,
    operator: OperatorOption = None,
    at: AtOption = None,
    message_id: MessageIdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hẹn lại ngày trả kết quả của một thủ tục. Công dân, cơ quan và cấp tỉnh được báo kèm lý do.

    Vì thế đừng ghi tên, số của ai trong lý do. Lời hẹn không đổi hạn theo pháp luật: đúng hạn hay quá hạn vẫn tính
    theo luật. Phải là giờ làm việc trong tương lai.

    Ví dụ:

      \b
      lienthong operator appoint G22.99.08-261119-000001 --leg residence_registration --on 2026-12-01T10:00 \\
        --operator vh-07 --because "Công an xã hẹn xác minh xong ngày 30/11"

      \b
      lienthong operator appoint G22.99.08-261119-000002 --leg insurance_funeral_benefit \\
        --on 2026-12-02T15:30:00+07:00 --operator vh-07 --because "Cơ quan bảo hiểm xã hội báo chậm" --json
    """
    data = {"leg": leg, "appointment": in_legal_time(on)}
    act(NewAppointment, code, data, because, operator, at, message_id, as_json)


def paper_answer(
    code: CodeArgument,
    leg: Annotated[str, typer.Option(help="Thủ tục mà cơ quan trả lời, ví dụ residence_registration.")],
    kind: Annotated[PaperKind, typer.Option("--as", help="Cơ quan trả lời gì.")],
    dated: Annotated[str, typer.Option(help="Ngày giờ ghi trên văn bản, giờ Việt Nam nếu không ghi múi giờ.")],
    scan: Annotated[list[Path], typer.Option(help="Tệp quét văn bản, làm chứng cứ; lặp lại được.")],
    because: BecauseOption,
    number: Annotated[str | None, typer.Option(help="Số quyết định, cho decided.")] = None,
    identity_number: Annotated[str | None, typer.Option(help="Số định danh của trẻ, cho đăng ký khai sinh.")] = None,
    result: Annotated[
        list[str] | None, typer.Option(help="loại=tệp, kết quả quét, ví dụ residence_notice=thong-bao.pdf.")
    ] = None,
    agency_code: Annotated[str | None, typer.Option(help="Số ghi trên giấy tiếp nhận, cho received.")] = None,
    text: Annotated[str | None, typer.Option(help="Lời của cơ quan: xác minh gì, vì sao yêu cầu, từ chối.")] = None,
    reason_code: Annotated[str | None, typer.Option(help="Mã lý do, xem: lienthong grounds.")] = None,
    document: Annotated[
        list[str] | None, typer.Option(help="Mã giấy tờ cơ quan nêu, xem: lienthong grounds; lặp lại được.")
    ] = None,
    field: Annotated[list[str] | None, typer.Option(help="Trường thông tin cơ quan nêu; lặp lại được.")] = None,
    basis: Annotated[str | None, typer.Option(help="Căn cứ pháp lý cơ quan nêu.")] = None,
    operator: OperatorOption = None,
    at: AtOption = None,
    message_id: MessageIdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Nhập trả lời bằng giấy của cơ quan, kèm bản quét. Được xét như cơ quan gửi qua mạng.

    Yêu cầu bổ sung, trả lại, từ chối vẫn qua cổng kiểm soát. Bản quét không phải bản điện tử có chữ ký số: kết quả nào
    phải ký số (giấy khai sinh, trích lục khai tử) thì cơ quan vẫn còn nợ bản điện tử.

    Ví dụ:

      \b
      lienthong operator paper-answer G22.99.08-261119-000001 --leg residence_registration --as received \\
        --dated 2026-11-20T09:00 --scan giay-tiep-nhan.pdf --operator vh-07 --because "Hệ thống cư trú ngừng"

      \b
      lienthong operator paper-answer G22.99.08-261119-000001 --leg residence_registration --as decided \\
        --number 45/TB-CAX --dated 2026-11-24T15:00 --scan thong-bao.pdf --result residence_notice=thong-bao.pdf \\
        --operator vh-07 --because "Hệ thống cư trú ngừng, công an xã trả lời bằng giấy"

      \b
      lienthong operator paper-answer G22.99.08-261119-000001 --leg residence_registration \\
        --as supplement_requested --reason-code document_missing --document residence_papers \\
        --basis "Luật Cư trú Điều 21" --text "Thiếu giấy tờ về chỗ ở hợp pháp" --dated 2026-11-20T10:00 \\
        --scan yeu-cau.pdf --operator vh-07 --because "Công an xã gửi công văn giấy" --json
    """
    if result and document:
        clash = "--result là kết quả, --document là giấy tờ cơ quan nêu: không dùng cùng nhau."
        fail(Exit.USAGE, clash, as_json=as_json)
    enclosed = Enclosures(as_json=as_json)
    said = {
        "number": number,
        "identity_number": identity_number,
        "agency_code": agency_code,
        "text": text,
        "reason_code": reason_code,
        "legal_basis": basis,
        "fields": field,
        "documents": enclosed.named(result) if result else document,
    }
    answer = {"kind": kind.value, "at": in_legal_time(dated)}
    data = {
        "leg": leg,
        "answer": answer | {name: value for name, value in said.items() if value is not None},
        "scans": enclosed.named([f"{DocumentKind.PAPER_ANSWER}={path}" for path in scan]),
    }
    act(PaperAnswer, code, data, because, operator, at, message_id, as_json, enclosed)


def cancel(
    code: CodeArgument,
    because: BecauseOption,
    operator: OperatorOption = None,
    at: AtOption = None,
    message_id: MessageIdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hủy hồ sơ theo quyết định của cơ quan có thẩm quyền. Việc chưa giải quyết kết thúc; kết quả đã có giữ nguyên.

    Cơ quan đang giữ hồ sơ được báo dừng, công dân được báo kèm lý do: đừng ghi tên, số của ai. Không hoàn
    tác được.

    Ví dụ:

      \b
      lienthong operator cancel G22.99.08-261119-000001 --operator vh-07 \\
        --because "Quyết định số 12/QĐ-UBND: khai trùng hồ sơ giấy"

      \b
      lienthong operator cancel G22.99.08-261119-000002 --operator vh-07 \\
        --because "Quyết định số 15/QĐ-UBND" --json
    """
    act(Cancellation, code, {}, because, operator, at, message_id, as_json)


def in_legal_time(written: str) -> datetime | str:
    """The instant somebody wrote, on the clock of Việt Nam unless they say otherwise; what is none stays as it is."""
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        return written
    return at if at.tzinfo else at.replace(tzinfo=LEGAL_ZONE)
