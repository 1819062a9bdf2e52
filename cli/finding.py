"""`list --preset`: the questions of operators, answered by Temporal with the very query its UI shows."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from temporalio.client import Client, WorkflowExecution
from temporalio.service import RPCError, RPCStatusCode

from cli.context import open_client, run
from cli.output import Exit, emit_json, fail, say, table
from models.publication import FoundDossier
from models.questions import Parameter, Question, QuestionError, question
from models.search_attributes import CITIZEN, CONSENT, NO_AGENCY, OPERATOR, REJECTED, UNREACHED, SearchAttribute
from models.systems import System
from models.words import in_words, listed, when
from settings import Settings
from trust.codec import NoKeys
from workflows.visibility import attribute_key

_LABELS = {
    **{system.value: system.label for system in System},
    CITIZEN: "công dân",
    CONSENT: "người được hỏi ý kiến trên VNeID",
    OPERATOR: "người vận hành",
    NO_AGENCY: "không cơ quan nào",
    UNREACHED: "không trả lời",
    REJECTED: "không nhận thông điệp",
}
_MOST = 10_000
"""How many dossiers are looked at to find the longest waits: visibility itself cannot sort."""

_FIELDS = {
    SearchAttribute.GROUP: "group",
    SearchAttribute.PROVINCE: "province_code",
    SearchAttribute.STAGE: "stage",
    SearchAttribute.OUTCOME: "outcome",
    SearchAttribute.TIMELINESS: "timeliness",
    SearchAttribute.GROUP_DUE: "due_at",
    SearchAttribute.NEXT_DUE: "next_due_at",
    SearchAttribute.WAITING_FOR: "waiting_for",
    SearchAttribute.WAITING_SINCE: "waiting_since",
    SearchAttribute.OVERDUE_AT: "overdue_at",
    SearchAttribute.STUCK_SINCE: "stuck_since",
}


def answer(
    key: str, given: Mapping[Parameter, str], *, limit: int, show_query: bool, settings: Settings, as_json: bool
) -> None:
    """Print the dossiers that answer a question, or its query only; the command ends when it cannot be asked."""
    try:
        asked = question(key)
        query = asked.filled_in(given, datetime.now(UTC) + settings.training_offset)
    except QuestionError as error:
        fail(Exit.USAGE, *str(error).splitlines(), as_json=as_json)
    if show_query:
        emit_json({"query": query}) if as_json else say(query)
        return

    async def find() -> tuple[list[FoundDossier], int]:
        client = await open_client(settings, NoKeys(), as_json=as_json)
        try:
            return await found(client, asked, query, limit), (await client.count_workflows(query)).count
        except RPCError as error:
            if error.status is not RPCStatusCode.INVALID_ARGUMENT:
                raise
            hint = "Worker bản này đã chạy ở đây lần nào chưa? Khi khởi động, nó đăng ký các thuộc tính tìm kiếm."
            fail(Exit.FAILED, f"Temporal không nhận câu truy vấn: {error.message}", hint, as_json=as_json)

    dossiers, every = run(find(), as_json=as_json)
    if as_json:
        emit_json(dossiers)
        return
    if not dossiers:
        say(f"{asked.title} Không có hồ sơ nào.")
        return
    columns = ("Mã", "Nhóm", "Tỉnh", "Tình trạng", "Hạn chung", "Đang chờ", "Chờ từ", "Quá hạn ở")
    table(asked.title, columns, map(_row, dossiers))
    if len(dossiers) < every:
        say(f"{len(dossiers)} trong {every} hồ sơ; thêm --limit, hoặc hỏi hẹp hơn (ví dụ --province).")
    if every > _MOST:
        say(f"Chỉ xếp thứ tự được {_MOST} hồ sơ mới nhất: hãy hỏi hẹp hơn để thấy việc chờ lâu nhất.")


async def found(client: Client, asked: Question, query: str, limit: int) -> list[FoundDossier]:
    """The answer of Temporal's visibility, which follows dossiers within seconds; the longest wait first."""
    dossiers = [_dossier(workflow) async for workflow in client.list_workflows(query, limit=_MOST)]
    if asked.oldest_by:
        field = _FIELDS[asked.oldest_by]
        dated = [dossier for dossier in dossiers if getattr(dossier, field)]
        undated = [dossier for dossier in dossiers if not getattr(dossier, field)]
        dossiers = [*sorted(dated, key=lambda dossier: getattr(dossier, field)), *undated]
    return dossiers[:limit]


def _dossier(workflow: WorkflowExecution) -> FoundDossier:
    values: dict[str, Any] = {}
    for attribute, field in _FIELDS.items():
        value = workflow.typed_search_attributes.get(attribute_key(attribute))
        if value is not None:
            values[field] = tuple(_words(value)) if isinstance(value, list) else value
    return FoundDossier(code=workflow.id, opened_at=workflow.start_time, **values)


def _words(values: Iterable[str]) -> Iterable[str]:
    return (_LABELS.get(value, value) for value in values)


def _row(dossier: FoundDossier) -> tuple[str, ...]:
    status = dossier.outcome or dossier.stage
    timely = f" ({in_words(dossier.timeliness)})" if dossier.timeliness else ""
    return (
        dossier.code,
        dossier.group.label if dossier.group else "–",
        dossier.province_code or "–",
        f"{status.label}{timely}" if status else "–",
        when(dossier.due_at) if dossier.due_at else "–",
        listed(dossier.waiting_for) or "–",
        _since(dossier),
        listed(dossier.overdue_at) or "–",
    )


def _since(dossier: FoundDossier) -> str:
    """Since when somebody is waited for: the citizen, or an agency without a due date; both where both are."""
    citizen = when(dossier.waiting_since) if dossier.waiting_since else None
    return listed(since for since in (citizen, dossier.stuck_since) if since) or "–"
