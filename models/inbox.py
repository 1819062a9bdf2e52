"""What senders and operators are told of a message that is stored and waits to be put to its dossier."""

from enum import StrEnum

from models.base import Code, Instant, LongText, Model, Statement, Text
from models.facts import FactKind, FactRefusal
from models.labelled import Labelled
from models.operators import OperatorId


class Hindrance(Labelled):
    """Why a message could not be put to its dossier."""

    TEMPORAL_AWAY = "temporal_away", "Temporal chưa dùng được"
    NO_ANSWER = "no_answer", "Hồ sơ chưa trả lời kịp"
    NOT_RUNNING = "not_running", "Hồ sơ chưa chạy ở Temporal này"
    CONCLUDING = "concluding", "Hồ sơ đang kết thúc"
    BEHIND_ANOTHER = "behind_another", "Chờ thông điệp đến trước"
    UNREADABLE = "unreadable", "Không đọc được nội dung đã lưu"
    UNEXPECTED = "unexpected", "Lỗi ngoài dự kiến, xem nhật ký"

    @property
    def of_dossier(self) -> bool:
        """Whether Temporal answered and the dossier is not there to judge: then the sender may as well keep the
        message."""
        return self in (Hindrance.NOT_RUNNING, Hindrance.CONCLUDING)

    @property
    def passes(self) -> bool:
        """Whether the message is delivered by itself once that is over: nothing is wrong with it, and the dossier may
        even have taken it already."""
        return self not in (Hindrance.NOT_RUNNING, Hindrance.UNREADABLE, Hindrance.UNEXPECTED)


class SetAside(Model):
    """An operator's order to deliver a message no more: its sender reads why."""

    message_id: Code
    operator: OperatorId
    because: Statement


class Stored(Model):
    """What a sender gets for a fact that nobody could judge yet: it is stored and will be delivered.

    `status_path` is the address, known to the sender alone, at which the verdict shows.
    """

    message_id: Code
    status_path: Text


class Progress(StrEnum):
    """How far a message is."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class Standing(Model):
    """A message as its status address shows it; `reason` and `text` say why it was refused."""

    status: Progress
    reason: FactRefusal | None = None
    text: LongText | None = None


class WaitingMessage(Model):
    """A message that waits, for operators. `next_attempt_at` is None while nothing keeps it from being tried."""

    message_id: Code
    kind: FactKind
    dossier_code: Code
    source: Text
    since: Instant
    hindrance: Hindrance | None
    attempts: int
    next_attempt_at: Instant | None
