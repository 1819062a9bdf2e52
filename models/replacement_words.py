"""What agencies and operators read of results issued anew. Vietnamese, and nothing personal."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from models.chase_words import Part
from models.documents import Document
from models.plan import Plan
from models.replacement import Replacement, Telling
from models.words import listed, when


def replaced(part: Part, issuer: str, new: Replacement) -> str:
    """What an agency is told that has the old version."""
    return (
        f"{part}: {issuer} đã cấp lại {what(new)} lúc {when(new.at)}{numbers(new)}. Đề nghị thay bản cũ bằng bản mới "
        "kèm theo, không dùng bản cũ nữa, và xác nhận đã thay. "
        f"Mã băm SHA-256 của bản mới: {_digests(new.documents)}; của bản cũ: {_digests(new.superseded)}."
    )


def nearly_due(part: Part, new: Replacement, due: datetime) -> str:
    """The reminder before the limit is over."""
    return f"{part}: đề nghị xác nhận đã thay {what(new)} bằng bản cấp lại, chậm nhất {when(due)}."


def over(part: Part, new: Replacement, due: datetime) -> str:
    """What the agency hears when it is waited for no more."""
    return (
        f"{part}: quá hạn xác nhận đã thay {what(new)} bằng bản cấp lại (hạn {when(due)}). Hồ sơ không chờ nữa; việc "
        "chưa xác nhận được ghi vào báo cáo chỗ hở. Xác nhận gửi sau vẫn được ghi nhận."
    )


def unconfirmed(new: Replacement, plan: Plan) -> str:
    """What operators are warned of when the limit is over."""
    return f"Chưa có xác nhận đã thay {what(new)} của: {agencies(new.awaited_legs, plan)}."


def what(new: Replacement) -> str:
    """The results that were issued anew."""
    return listed(dict.fromkeys(document.kind.label for document in new.documents))


def agencies(legs: Iterable[str], plan: Plan) -> str:
    """The agencies that have these legs."""
    return listed(f"{plan.leg(key).agency} ({plan.leg(key).name})" for key in legs)


def state(new: Replacement) -> str:
    """How far a replacement is."""
    if not new.tellings:
        return "không cơ quan nào khác giữ bản cũ"
    if new.lapsed_at and new.awaited:
        return f"quá hạn xác nhận từ {when(new.lapsed_at)}"
    if new.awaited:
        return f"chờ xác nhận đến {when(new.due.at)}" if new.due and new.due.at else "chờ xác nhận"
    return "đã được thay bằng bản mới hơn" if any(t.void_since for t in new.tellings) else "đã xác nhận đủ"


def versions(new: Replacement, plan: Plan) -> Iterator[str]:
    """One replacement in full: by whom, when, which version is live, who was told and what they said."""
    issuer = plan.leg(new.leg)
    because = f" Lý do: {new.because}" if new.because else ""
    yield f"{issuer.agency} cấp lại {what(new)} lúc {when(new.at)}{numbers(new)}.{because}"
    for old in new.superseded:
        yield f"Bản đã bị thay: {old.kind.label}, SHA-256 {old.sha256}"
    for live in new.documents:
        yield f"Bản thay thế: {live.kind.label}, SHA-256 {live.sha256}"
    yield from told(new, plan)


def told(new: Replacement, plan: Plan) -> Iterator[str]:
    """Each agency that was told, and what it said."""
    for telling in new.tellings:
        yield f"{agencies((telling.leg,), plan)}: {_answer(telling)}"


def numbers(new: Replacement) -> str:
    """The new number beside the old one, where it has changed, as part of a sentence."""
    if new.registration_number in (None, new.former_number):
        return ""
    return f", số mới {new.registration_number} thay số {new.former_number}"


def _answer(telling: Telling) -> str:
    if telling.acknowledged_at:
        return f"đã xác nhận lúc {when(telling.acknowledged_at)}"
    return "không cần xác nhận nữa, đã có bản mới hơn" if telling.void_since else "chưa xác nhận"


def _digests(documents: Iterable[Document]) -> str:
    return listed(document.sha256 for document in documents)
