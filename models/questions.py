"""The questions operators ask of all dossiers, each with the query that answers it in the Temporal UI.

The one place that has these queries: `lienthong list --preset` runs them, `docs/operations.md` shows them.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from models.base import Code, LongText, Model, Text, legal, legal_date
from models.codes import provinces
from models.dossier import DossierOutcome, DossierStage
from models.groups import Group
from models.law import all_packs
from models.search_attributes import NO_AGENCY, REJECTED, UNREACHED, SearchAttribute
from models.systems import Role, System

S = SearchAttribute
_RUNNING = 'ExecutionStatus = "Running"'
_MOST_DAYS = 3650


class Parameter(StrEnum):
    """What a question may leave open; an option of that name fills it in."""

    PROVINCE = "province"
    AGENCY = "agency"
    LEG = "leg"
    DAYS = "days"
    OUTCOME = "outcome"
    CODE = "code"
    GROUP = "group"

    @property
    def option(self) -> str:
        return f"--{self.value}"


class QuestionError(ValueError):
    """A question that cannot be asked like this; the message says in Vietnamese what to change."""


class Question(Model):
    """One question. `query` always holds; each parameter given adds its clause of `narrowed`.

    `query` and clauses may name parameters, and instants that follow from `days` (calendar days): `{ago}` that long
    before now, `{day}` the legal date of that instant, `{until}` 24:00 of the legal day that many days from now.
    `oldest_by` is the attribute by which the longest wait comes first.
    """

    key: Code
    title: Text
    explanation: LongText
    query: Text
    required: tuple[Parameter, ...] = ()
    narrowed: Mapping[Parameter, Text] = {}
    default_days: int | None = None
    oldest_by: SearchAttribute | None = None

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Everything that may be given."""
        days = (Parameter.DAYS,) if self.default_days is not None else ()
        return tuple(dict.fromkeys((*self.required, *days, *self.narrowed)))

    def filled_in(self, given: Mapping[Parameter, str], now: datetime) -> str:
        """The query with these parameters at that legal instant.

        Raises QuestionError for a parameter that is missing, foreign to the question, or has a value nothing can have.
        """
        self._check(given)
        values = {parameter.value: _known(parameter, value) for parameter, value in given.items()}
        days = timedelta(days=int(given.get(Parameter.DAYS, self.default_days or 0)))
        ago = legal(now) - days
        until = (legal(now) + days + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        instants = {
            "ago": ago.isoformat(timespec="seconds"),
            "day": legal_date(ago).isoformat(),
            "until": until.isoformat(timespec="seconds"),
        }
        clauses = [self.query, *(clause for parameter, clause in self.narrowed.items() if parameter in given)]
        return " AND ".join(clauses).format_map(values | instants)

    def _check(self, given: Mapping[Parameter, str]) -> None:
        missing = [parameter.option for parameter in self.required if parameter not in given]
        if missing:
            raise QuestionError(f"Câu hỏi “{self.key}” cần thêm {', '.join(missing)}.")
        foreign = [parameter.option for parameter in given if parameter not in self.parameters]
        if foreign:
            usable = ", ".join(parameter.option for parameter in self.parameters) or "không có"
            raise QuestionError(f"Câu hỏi “{self.key}” không dùng {', '.join(foreign)}; dùng được: {usable}.")


def question(key: str) -> Question:
    """The question of that key. Raises QuestionError that lists them all."""
    for candidate in QUESTIONS:
        if candidate.key == key:
            return candidate
    listed = "\n".join(f"{candidate.key}: {candidate.title}" for candidate in QUESTIONS)
    raise QuestionError(f"Không có câu hỏi “{key}”. Các câu hỏi có sẵn:\n{listed}")


def _known(parameter: Parameter, value: str) -> str:
    """The value, if it is one the attribute can have. Raises QuestionError."""
    if parameter is Parameter.CODE:
        if '"' in value or "\\" in value:
            raise QuestionError("Mã hồ sơ không có dấu ngoặc kép hay gạch chéo ngược.")
        return value
    if parameter is Parameter.DAYS:
        if not value.isdecimal() or int(value) > _MOST_DAYS:
            raise QuestionError(f"--days là số ngày từ 0 đến {_MOST_DAYS}, không phải “{value}”.")
        return value
    if value not in (known := tuple(_values(parameter))):
        raise QuestionError(f"{parameter.option} không có giá trị “{value}”; có: {', '.join(known)}.")
    return value


def _values(parameter: Parameter) -> Iterator[str]:
    match parameter:
        case Parameter.PROVINCE:
            dates = {pack.in_force_from for pack in all_packs()}
            yield from sorted({province.code for on in dates for province in provinces(on)})
        case Parameter.AGENCY:
            yield from (system.value for system in System if Role.HANDLES_LEGS in system.roles)
            yield NO_AGENCY
        case Parameter.LEG:
            yield from dict.fromkeys(leg for pack in all_packs() for group in Group for leg in pack.group(group).legs)
        case Parameter.OUTCOME:
            yield from (outcome.value for outcome in DossierOutcome)
        case Parameter.GROUP:
            yield from Group


_WHOSE = {
    Parameter.PROVINCE: f'{S.PROVINCE} = "{{province}}"',
    Parameter.GROUP: f'{S.GROUP} = "{{group}}"',
}
_WAITED = {**_WHOSE, Parameter.DAYS: f'{S.WAITING_SINCE} <= "{{ago}}"'}

QUESTIONS = (
    Question(
        key="overdue",
        title="Hồ sơ nào đang quá hạn, ở cơ quan nào?",
        explanation=(
            f"Cột {S.OVERDUE_AT} ghi các hệ thống cơ quan đang trễ; “{NO_AGENCY}”: cả nhóm quá hạn chung mà không "
            "thủ tục nào trễ hạn riêng."
        ),
        query=f"{_RUNNING} AND {S.OVERDUE_AT} IS NOT NULL",
        narrowed={**_WHOSE, Parameter.AGENCY: f'{S.OVERDUE_AT} = "{{agency}}"'},
        oldest_by=S.GROUP_DUE,
    ),
    Question(
        key="waiting-operator",
        title="Hồ sơ nào chờ người vận hành quyết định?",
        explanation=(
            "Một thủ tục quá hạn đã quá lâu: cơ quan không còn được đôn đốc nữa, phải quyết định chờ tiếp hay kết thúc "
            "thủ tục (lienthong decide-overdue). Hoặc cơ quan gửi tin không nêu lý do theo mẫu: phải phân loại "
            "(lienthong classify)."
        ),
        query=f'{_RUNNING} AND {S.WAITING_FOR} = "operator"',
        narrowed=_WHOSE,
        oldest_by=S.GROUP_DUE,
    ),
    Question(
        key="rejected",
        title="Hồ sơ nào bị một hệ thống từ chối nhận thông điệp?",
        explanation=(
            f"Gửi lại không tự hết: phải sửa cấu hình hoặc liên hệ đơn vị quản lý hệ thống ghi ở cột {S.WAITING_FOR}. "
            "Thông điệp không mất và tự được gửi lại vài giờ một lần; lý do ở chi tiết hồ sơ."
        ),
        query=f'{_RUNNING} AND {S.WAITING_FOR} = "{REJECTED}"',
        narrowed={**_WHOSE, Parameter.AGENCY: f'{S.WAITING_FOR} = "{{agency}}"'},
    ),
    Question(
        key="unreached",
        title="Hồ sơ nào chờ một hệ thống không trả lời?",
        explanation="Hệ thống mất kết nối hoặc bảo trì; thông điệp tự được gửi lại đến khi hệ thống nhận.",
        query=f'{_RUNNING} AND {S.WAITING_FOR} = "{UNREACHED}"',
        narrowed={**_WHOSE, Parameter.AGENCY: f'{S.WAITING_FOR} = "{{agency}}"'},
    ),
    Question(
        key="checking",
        title="Hồ sơ nào còn ở bước kiểm tra tờ khai?",
        explanation="Bình thường chỉ vài giây; lâu hơn là hệ thống tra cứu hoặc sổ hồ sơ chưa trả lời.",
        query=f'{_RUNNING} AND ({S.STAGE} = "{DossierStage.INTAKE}" OR {S.STAGE} IS NULL)',
        narrowed=_WHOSE,
    ),
    Question(
        key="waiting-consent",
        title="Hồ sơ nào chờ xác nhận đồng ý trên VNeID hoặc văn bản đồng ý, từ bao giờ?",
        explanation=(
            f"Gồm cả hồ sơ hết hạn VNeID, đang chờ văn bản đồng ý. Cột {S.WAITING_SINCE} ghi từ lúc nào; thêm số ngày "
            "để chỉ lấy hồ sơ đã chờ ít nhất chừng ấy."
        ),
        query=f'{_RUNNING} AND {S.WAITING_FOR} = "consent"',
        narrowed=_WAITED,
        oldest_by=S.WAITING_SINCE,
    ),
    Question(
        key="waiting-documents",
        title="Hồ sơ nào chờ công dân bổ sung giấy tờ, từ bao giờ?",
        explanation="Chưa gửi cơ quan nào; hết hạn bổ sung thì hồ sơ tự kết thúc.",
        query=f'{_RUNNING} AND {S.STAGE} = "waiting_documents"',
        narrowed=_WAITED,
        oldest_by=S.WAITING_SINCE,
    ),
    Question(
        key="waiting-supplement",
        title="Hồ sơ nào chờ công dân bổ sung theo yêu cầu của cơ quan, từ bao giờ?",
        explanation="Hồ sơ đã ở cơ quan; hết hạn bổ sung thì riêng thủ tục đó kết thúc.",
        query=f'{_RUNNING} AND {S.STAGE} = "in_progress" AND {S.WAITING_FOR} = "citizen"',
        narrowed=_WAITED,
        oldest_by=S.WAITING_SINCE,
    ),
    Question(
        key="waiting-payment",
        title="Hồ sơ nào chờ công dân nộp lệ phí, từ bao giờ?",
        explanation="Chưa gửi cơ quan nào; hết hạn nộp thì hồ sơ tự kết thúc.",
        query=f'{_RUNNING} AND {S.STAGE} = "waiting_payment"',
        narrowed=_WAITED,
        oldest_by=S.WAITING_SINCE,
    ),
    Question(
        key="due",
        title="Hồ sơ nào có thủ tục đến hạn hôm nay, hoặc trong vài ngày tới?",
        explanation=f"{S.NEXT_DUE} là hạn sớm nhất sắp tới; thủ tục đã quá hạn không tính vào đây.",
        query=f'{_RUNNING} AND {S.NEXT_DUE} < "{{until}}"',
        narrowed=_WHOSE,
        default_days=0,
        oldest_by=S.NEXT_DUE,
    ),
    Question(
        key="stuck",
        title="Hồ sơ nào kẹt: chờ cơ quan tiếp nhận hoặc gửi bản điện tử, mà không hạn nào chạy?",
        explanation=(
            f"{S.STUCK_SINCE} là ngày gửi mà chưa được tiếp nhận, hoặc ngày giải quyết mà còn thiếu bản điện tử; "
            f"{S.WAITING_FOR} cho biết đang chờ hệ thống nào."
        ),
        query=f'{_RUNNING} AND {S.STUCK_SINCE} <= "{{day}}"',
        narrowed=_WHOSE,
        default_days=1,
        oldest_by=S.STUCK_SINCE,
    ),
    Question(
        key="unfinished",
        title="Hồ sơ nào cơ quan đã tiếp nhận mà một thủ tục chưa xong, ví dụ chưa đăng ký khai sinh, khai tử?",
        explanation="Gồm cả hồ sơ đã đăng ký mà chưa có bản điện tử.",
        query=f'{_RUNNING} AND {S.STAGE} = "in_progress" AND {S.OPEN_LEGS} = "{{leg}}"',
        required=(Parameter.LEG,),
        narrowed=_WHOSE,
        oldest_by=S.GROUP_DUE,
    ),
    Question(
        key="concluded-badly",
        title="Hồ sơ nào đã kết thúc mà không hoàn thành đủ, vì sao?",
        explanation=f"Cột {S.OUTCOME} ghi kết quả.",
        query=f'{S.STAGE} = "concluded" AND {S.OUTCOME} != "completed"',
        narrowed={**_WHOSE, Parameter.OUTCOME: f'{S.OUTCOME} = "{{outcome}}"'},
    ),
    Question(
        key="concluded-late",
        title="Hồ sơ nào đã kết thúc quá hạn?",
        explanation="Tính theo quyết định cuối cùng trong các thủ tục thuộc hạn chung.",
        query=f'{S.STAGE} = "concluded" AND {S.TIMELINESS} = "late"',
        narrowed=_WHOSE,
    ),
    Question(
        key="failing",
        title="Hồ sơ nào đang lỗi kỹ thuật: chạy lại mãi mà không qua được?",
        explanation="Báo ngay cho người phụ trách kỹ thuật; hồ sơ không mất, sẽ đi tiếp khi lỗi được sửa.",
        query=f"{_RUNNING} AND TemporalReportedProblems IS NOT NULL",
        narrowed=_WHOSE,
    ),
    Question(
        key="broken",
        title="Hồ sơ nào đã dừng hẳn vì lỗi kỹ thuật hoặc bị người dừng?",
        explanation="Không phải hồ sơ kết thúc bình thường: công dân chưa có kết quả, phải xử lý từng hồ sơ.",
        query='ExecutionStatus IN ("Failed", "TimedOut", "Terminated", "Canceled")',
        narrowed=_WHOSE,
    ),
    Question(
        key="dossier",
        title="Một hồ sơ theo mã",
        explanation="Mã hồ sơ chính là Workflow ID.",
        query='WorkflowId = "{code}"',
        required=(Parameter.CODE,),
    ),
)
"""Every question, in the order operators read them."""
