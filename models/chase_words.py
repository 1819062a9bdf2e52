"""What agencies and provinces read about a part that is nearly due, overdue, or decided without its electronic result.

Vietnamese, for the official who reads it. Both dossier codes stand in every text, and nothing personal does.
"""

from datetime import datetime
from typing import NamedTuple

from models.dossier import Leg
from models.lateness import Ruling
from models.plan import LegPlan
from models.sealing import refusal_words
from models.words import listed, when


class Part(NamedTuple):
    """The part of a dossier that a text is about."""

    code: str
    provincial_code: str | None
    plan: LegPlan
    leg: Leg

    def __str__(self) -> str:
        codes = [f"mã cấp tỉnh {self.provincial_code}"] if self.provincial_code else []
        if self.leg.agency_code and self.leg.agency_code != self.provincial_code:
            codes.append(f"mã tại cơ quan {self.leg.agency_code}")
        if self.leg.paper_code:
            codes.append(f"số giấy tiếp nhận {self.leg.paper_code}")
        known_as = f" ({listed(codes)})" if codes else ""
        return f"Hồ sơ liên thông {self.code}{known_as}, thủ tục “{self.plan.name}”"


def nearly_due(part: Part, due: datetime) -> str:
    """The reminder before the due date (nhắc sắp đến hạn)."""
    return (
        f"{part} đến hạn lúc {when(due)}. Đề nghị {part.plan.agency} giải quyết và trả kết quả đúng hạn; "
        "nếu đã giải quyết, đề nghị gửi kết quả ngay."
    )


def overdue(part: Part, due: datetime, new_date: datetime) -> str:
    """The notice that the due date was missed (thông báo quá hạn)."""
    return (
        f"{part} quá hạn từ {when(due)}. Cơ quan chịu trách nhiệm: {part.plan.agency}. Công dân đã được gửi văn bản "
        f"xin lỗi và đề nghị gia hạn, hẹn lại {when(new_date)}. Đề nghị giải quyết ngay."
    )


def still_overdue(part: Part, due: datetime, times: int) -> str:
    """Asked again (đôn đốc), for the n-th time."""
    return (
        f"Đôn đốc lần {times}: {part} quá hạn từ {when(due)}, chưa có kết quả. "
        f"Cơ quan chịu trách nhiệm: {part.plan.agency}. Đề nghị giải quyết ngay."
    )


def receipt_missing(part: Part, times: int) -> str:
    """The receipt of what the agency's system took is asked for (đề nghị xác nhận tiếp nhận)."""
    taken = f" lúc {when(part.leg.acknowledged_at)}" if part.leg.acknowledged_at else ""
    return (
        f"Đề nghị xác nhận tiếp nhận, lần {times}: {part} đã được hệ thống của cơ quan nhận{taken}, nhưng chưa có xác "
        f"nhận tiếp nhận nên chưa tính được thời hạn. Đề nghị {part.plan.agency} tiếp nhận ngay."
    )


def result_missing(part: Part, times: int, *, awaited: bool) -> str:
    """The electronic result is asked for by the number of its decision (đề nghị gửi bản điện tử còn thiếu).

    `awaited`: other parts of the dossier cannot go on without it.
    """
    decided = f" lúc {when(part.leg.decided_at)}" if part.leg.decided_at else ""
    return (
        f"Đề nghị gửi lại bản điện tử, lần {times}: {part} đã giải quyết{decided}, số {part.leg.number}, nhưng chưa có "
        f"bản điện tử {missing(part)}.{' Các thủ tục sau đang phải chờ.' if awaited else ''}{_not_taken(part)}"
    )


def province_told(part: Part, times: int) -> str:
    """What the province hears of an electronic result that another agency still owes."""
    return (
        f"Cảnh báo lần {times}: {part} đã được {part.plan.agency} giải quyết, số {part.leg.number}, nhưng chưa có bản "
        f"điện tử {missing(part)}. Đã đề nghị cơ quan gửi lại."
    )


def handed_over(part: Part, due: datetime) -> str:
    """After so long, nobody is asked any more: an operator decides (chuyển người vận hành quyết định)."""
    return (
        f"{part} {_owed(part, due)}. Hồ sơ được chuyển người vận hành quyết định chờ tiếp hay kết thúc thủ tục. "
        "Kết quả gửi đến trước khi có quyết định vẫn được nhận."
    )


def given_up(part: Part, ruling: Ruling) -> str:
    """An operator has ended the part, which still owed something: its agency need do nothing more about it."""
    ended = f"{part} đã kết thúc theo quyết định của người vận hành lúc {when(ruling.at)}: {ruling.because}."
    if part.leg.awaits_result:
        return (
            f"{ended} Quyết định số {part.leg.number} vẫn có hiệu lực; bản điện tử {missing(part)} gửi sau không được "
            f"nhận tại hồ sơ này, đề nghị {part.plan.agency} trả trực tiếp cho công dân."
        )
    if part.leg.never_taken:
        return f"{ended} Hồ sơ chưa gửi được đến {part.plan.system.label}; nếu đã có thì đề nghị không giải quyết."
    if part.leg.awaits_receipt:
        return f"{ended} Chưa từng có xác nhận tiếp nhận; nếu hồ sơ đã đến thì đề nghị không giải quyết."
    return f"{ended} Đề nghị không giải quyết tiếp; kết quả gửi sau không được nhận."


def _not_taken(part: Part) -> str:
    """Why the last paper that came was not taken."""
    papers = part.leg.refused_papers
    return f" {refusal_words((papers[-1].document,))}" if papers else ""


def missing(part: Part) -> str:
    """The electronic results that have not come, in words."""
    held = {document.kind for document in part.leg.documents}
    return listed(kind.label for kind in part.plan.results if kind not in held)


def _owed(part: Part, due: datetime) -> str:
    """What has been owed since that due date, and by whom."""
    agency, since = part.plan.agency, when(due)
    sent = "bổ sung của công dân" if part.leg.supplement else "hồ sơ"
    if part.leg.awaits_result:
        return f"đã giải quyết, số {part.leg.number}, nhưng {agency} còn nợ bản điện tử {missing(part)} từ {since}"
    if part.leg.untaken:
        return f"chờ từ {since} mà {part.plan.system.label} vẫn chưa nhận {sent}"
    if part.leg.awaits_receipt:
        return f"chờ từ {since} mà {agency} vẫn chưa xác nhận tiếp nhận {sent}"
    return f"chờ {agency} từ {since} mà chưa có kết quả"
