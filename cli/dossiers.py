"""Commands on dossiers: submit, show, list, retime."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from cli.context import open_client, open_documents, open_ledger, run, told
from cli.files import load_declaration_file
from cli.finding import answer
from cli.output import (
    Exit,
    GroupOption,
    JsonOption,
    emit_json,
    explain,
    facts,
    fail,
    fail_declaration,
    heading,
    say,
    table,
)
from cli.places import known_communes
from cli.undertakings import undertaking
from ledger.errors import DuplicateDossier, LedgerError
from ledger.values import StoredDossier, StoredNotice
from models.acts import Act, act_words
from models.audit import Action
from models.base import Instant, LongText, Model
from models.details import consent_words, demand_words, due, duty_words, state, waiting
from models.dossier import DossierStage, Leg, Supplement, SupplementState
from models.facts import kind_words
from models.fees import fee_words
from models.gate import concerned
from models.law import LawError
from models.messages import Dispatch
from models.notice_checks import NoticeCheck
from models.plan import Plan
from models.publication import DossierSummary
from models.questions import QUESTIONS, Parameter
from models.reading import DeclarationErrors
from models.replacement_words import state as replacement_state
from models.replacement_words import versions
from models.sealing import seal_rules, seal_words
from models.start import CALENDAR_CHANGED
from models.statuses import status_words
from models.submission import NotDuplicate
from models.words import in_words, listed, when
from settings import Settings
from submissions import Submissions
from telemetry.traces import trace_id


class Submitted(Model):
    """What `submit --json` prints."""

    code: str
    created: bool
    submitted_at: Instant
    text: LongText


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("submit")(submit)
    app.command("show")(show)
    app.command("list")(list_dossiers)
    app.command("retime")(retime)


def submit(
    file: Annotated[Path, typer.Argument(help="Tờ khai (JSON), giấy tờ đính kèm ở cùng thư mục.")],
    confirmed_not_duplicate: Annotated[
        str | None, typer.Option(metavar="LÝ DO", help="Cán bộ xác nhận là người khác dù có thể trùng; ghi vào sổ.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Nộp một tờ khai, khai sinh hoặc khai tử. Cùng một lần nộp luôn cho cùng một mã hồ sơ.

    Ví dụ:

      lienthong submit samples/birth/plain.json

      lienthong submit samples/death/householder.json

      lienthong submit samples/birth/grandparents-home.json --json

      lienthong submit to-khai.json --confirmed-not-duplicate "Sinh đôi trùng tên, đã đối chiếu với bệnh viện"
    """
    not_duplicate = _not_duplicate(confirmed_not_duplicate, as_json=as_json)
    settings = Settings()
    ledger = open_ledger(settings, as_json=as_json)
    submissions = Submissions(ledger, open_documents(settings), settings)
    at = submissions.now()
    try:
        declaration, contents = load_declaration_file(file, at.date(), known_communes(settings, as_json=as_json))
        opened = submissions.open(declaration, contents, not_duplicate)
    except DeclarationErrors as errors:
        fail_declaration(errors, as_json=as_json)
    except DuplicateDossier as error:
        fail(Exit.REFUSED, str(error), f"Mã lý do: {error.reason}", as_json=as_json)
    except (LawError, LedgerError) as error:
        fail(Exit.REFUSED, str(error), as_json=as_json)

    async def start() -> None:
        client = await open_client(settings, ledger.keys, as_json=as_json)
        await submissions.start(client, opened.code)

    run(start(), as_json=as_json)
    text = "Đã nộp." if opened.created else "Lần nộp này đã có hồ sơ."
    if as_json:
        emit_json(Submitted(code=opened.code, created=opened.created, submitted_at=at, text=text))
        return
    say(f"{text} Mã hồ sơ: {opened.code}")
    say(f"Theo dõi: lienthong show {opened.code}")


def _not_duplicate(reason: str | None, *, as_json: bool) -> NotDuplicate | None:
    """The operator's decision, if one was given; it must say why."""
    if reason is None:
        return None
    try:
        return NotDuplicate(reason=reason)
    except ValidationError:
        why = "--confirmed-not-duplicate phải ghi lý do, không có ký tự ẩn, nhiều nhất 2.000 ký tự."
        fail(Exit.USAGE, why, as_json=as_json)


def show(
    code: Annotated[str, typer.Argument(help="Mã hồ sơ, ví dụ G22.99.08-261119-000001.")],
    as_json: JsonOption = False,
) -> None:
    """Xem một hồ sơ: từng thủ tục, hạn, thông báo đã gửi. Hạn nào cũng nói vì sao.

    Ví dụ:

      lienthong show G22.99.08-261119-000001

      lienthong show G22.99.08-261119-000001 --json
    """
    settings = Settings()
    ledger = open_ledger(settings, as_json=as_json)
    dossier = ledger.view(code)
    if dossier is None:
        fail(Exit.NOT_FOUND, f"Không có hồ sơ {code}. Xem danh sách: lienthong list", as_json=as_json)
    ledger.note(told(settings, Action.LOOKED, dossier.summary.code))
    if as_json:
        emit_json(dossier)
    else:
        print_dossier(dossier)


def list_dossiers(
    stage: Annotated[DossierStage | None, typer.Option(help="Chỉ hồ sơ ở giai đoạn này.")] = None,
    province: Annotated[str | None, typer.Option(help="Chỉ hồ sơ của tỉnh có mã này, ví dụ 01.")] = None,
    preset: Annotated[str | None, typer.Option(help=f"Câu hỏi có sẵn: {', '.join(q.key for q in QUESTIONS)}.")] = None,
    agency: Annotated[str | None, typer.Option(help="Cho --preset: hệ thống cơ quan, ví dụ residence.")] = None,
    leg: Annotated[str | None, typer.Option(help="Cho --preset: thủ tục, ví dụ death_registration.")] = None,
    days: Annotated[str | None, typer.Option(help="Cho --preset: số ngày (theo lịch).")] = None,
    outcome: Annotated[str | None, typer.Option(help="Cho --preset: kết quả, ví dụ unpaid.")] = None,
    code: Annotated[str | None, typer.Option(help="Cho --preset: mã hồ sơ.")] = None,
    show_query: Annotated[bool, typer.Option(help="Cho --preset: chỉ in câu truy vấn để dán vào Temporal UI.")] = False,
    group: GroupOption = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Nhiều nhất bấy nhiêu hồ sơ.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """Danh sách hồ sơ: giai đoạn, hạn, đang chờ ai. Với --preset: trả lời một câu hỏi có sẵn (docs/operations.md).

    Ví dụ:

      lienthong list

      lienthong list --stage in_progress --province 01 --json

      lienthong list --group death

      lienthong list --preset overdue --province 79 --agency residence

      lienthong list --preset waiting-consent --days 3 --show-query
    """
    settings = Settings()
    options = zip(Parameter, (province, agency, leg, days, outcome, code, group), strict=True)
    given = {parameter: value for parameter, value in options if value is not None}
    if preset:
        if stage:
            fail(Exit.USAGE, "--stage không dùng cùng --preset.", as_json=as_json)
        answer(preset, given, limit=limit, show_query=show_query, settings=settings, as_json=as_json)
        return
    of_both = (Parameter.PROVINCE, Parameter.GROUP)
    only_with_preset = [parameter.option for parameter in given if parameter not in of_both]
    if only_with_preset or show_query:
        wrong = listed([*only_with_preset, *(["--show-query"] if show_query else [])])
        fail(Exit.USAGE, f"{wrong} chỉ dùng cùng --preset; xem: lienthong list --help", as_json=as_json)
    summaries = open_ledger(settings, as_json=as_json).summaries(stage, province, limit, group)
    if as_json:
        emit_json(list(summaries))
        return
    if not summaries:
        say("Không có hồ sơ nào. Nộp thử: lienthong submit samples/birth/plain.json")
        return
    table(
        "Hồ sơ", ("Mã", "Nhóm", "Tỉnh", "Tình trạng", "Hạn chung", "Đang chờ"), [_row(summary) for summary in summaries]
    )


async def _signalled(client: Client, code: str) -> bool:
    """Send the word; False when the dossier has ended meanwhile."""
    try:
        await client.get_workflow_handle(code).signal(CALENDAR_CHANGED)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return False
    return True


def retime(as_json: JsonOption = False) -> None:
    """Tính lại hạn sau khi lịch làm việc được công bố lại. Cho mọi hồ sơ đang giải quyết.

    Trước đó: thêm tệp lịch vào LIENTHONG_CALENDAR và khởi động lại worker.

    Ví dụ:

      lienthong retime

      lienthong retime --json
    """
    settings = Settings()
    ledger = open_ledger(settings, as_json=as_json)

    async def signal_all() -> tuple[str, ...]:
        client = await open_client(settings, ledger.keys, as_json=as_json)
        running = (*ledger.open_codes(), *ledger.open_replacements())
        with undertaking(ledger, settings, Action.RETIMED, dossiers=str(len(running))) as said:
            signalled = tuple([code for code in running if await _signalled(client, code)])
            said["dossiers"] = str(len(signalled))
        return signalled

    codes = run(signal_all(), as_json=as_json)
    if as_json:
        emit_json({"retimed": list(codes)})
    else:
        say(f"Đã báo {len(codes)} hồ sơ đang giải quyết tính lại hạn.")


def print_dossier(dossier: StoredDossier) -> None:
    """One dossier for people: legs, why each date, what went out, what was refused."""
    summary, plan = dossier.summary, dossier.plan
    heading(_headline(summary))
    if plan is None:
        say("Đang tiếp nhận; chưa có thủ tục nào.")
        return
    facts(
        (
            ("Nhóm thủ tục", f"{plan.name} (mã {plan.procedure_code}, gói luật {plan.pack})"),
            ("Mã cấp tỉnh", dossier.provincial_code or ""),
            ("Hạn chung", when(dossier.due.at) if dossier.due and dossier.due.at else ""),
            ("Vết (trace_id)", trace_id(summary.code)),
        )
    )
    if summary.stage is DossierStage.WAITING_DOCUMENTS:
        heading("Chờ giấy tờ của công dân")
        explain(_attaching(summary))
    _print_legs(dossier, plan)
    for title, lines in _sections(dossier, plan):
        if said := tuple(lines):
            heading(title)
            explain(said)


def _sections(dossier: StoredDossier, plan: Plan) -> Iterator[tuple[str, Iterable[str]]]:
    """What there is to say below the legs; of what there is nothing to say, nothing is shown."""
    yield "Vì sao có hạn này", _reasons(dossier, plan)
    yield "Lệ phí", fee_words(dossier.fee) if dossier.fee.lines or dossier.fee.waived else ()
    yield "Nghĩa vụ còn lại của công dân", duty_words(dossier.duties)
    known = (f"với hồ sơ {one.other}, lúc {when(one.at)}: {one.reason}" for one in dossier.not_duplicates)
    yield "Đã xác nhận không trùng", known
    yield "Lưu ý", dossier.warnings
    yield "Chữ ký số của cơ sở khám bệnh, chữa bệnh", map(_checked, dossier.notice_checks)
    yield "Ý kiến của những người được hỏi", _consents(dossier, plan)
    demands = tuple(demand_words(dossier.legs, plan))
    yield "Yêu cầu của cơ quan", (*demands, *_demanded(dossier, plan)) if demands else ()
    yield "Người vận hành đã làm", _done(dossier.acts, plan)
    yield "Chữ ký số trên bản điện tử", _papers(dossier, plan)
    for new in dossier.replacements:
        yield f"Kết quả cấp lại lần {new.number} – {replacement_state(new)}", versions(new, plan)
    yield "Đã gửi cho công dân và các hệ thống", _sent(dossier.notices)
    refused = (f"{kind_words(fact.kind)} lúc {when(fact.at)}: {fact.text}" for fact in dossier.refused_facts)
    yield "Đã từ chối", refused


def _checked(check: NoticeCheck) -> str:
    of = f", cơ sở {check.facility}" if check.facility else ""
    signed = f", ký lúc {when(check.signed_at)}" if check.signed_at else ""
    why = f". {check.says}" if check.says else ""
    return f"{check.state.words(check.group.notice)}{of}{signed}, tra cứu lúc {when(check.at)}{why}"


def _papers(dossier: StoredDossier, plan: Plan) -> Iterator[str]:
    """What the signatures of each result are worth; those of what was not taken are told with the demands."""
    for leg in dossier.legs:
        for document in leg.documents:
            if document.kind in seal_rules():
                found = seal_words(document.seal) if document.seal else "chưa kiểm tra chữ ký số"
                signed = (
                    f", ký lúc {when(document.seal.signed_at)}" if document.seal and document.seal.signed_at else ""
                )
                yield f"“{plan.leg(leg.key).name}”: {document.kind.label}: {found}{signed}"


def print_progress(dossier: StoredDossier) -> None:
    """One dossier in short: how far it is, and each of its legs."""
    heading(_headline(dossier.summary))
    if dossier.plan:
        _print_legs(dossier, dossier.plan)


def _headline(summary: DossierSummary) -> str:
    outcome = summary.outcome.label if summary.outcome else summary.stage.label
    return f"Hồ sơ {summary.code} – {outcome}{_timely(summary)}"


def _print_legs(dossier: StoredDossier, plan: Plan) -> None:
    columns = ("Thủ tục", "Cơ quan", "Tình trạng", "Hạn", "Đang chờ", "Giải quyết lúc")
    table(None, columns, [_leg_row(leg, plan) for leg in dossier.legs])


def _reasons(dossier: StoredDossier, plan: Plan) -> Iterator[str]:
    if dossier.due:
        yield f"Cả nhóm: {' '.join(dossier.due.explanation)}"
    for leg in dossier.legs:
        name = plan.leg(leg.key).name
        if leg.due:
            yield f"{name}: {' '.join(leg.due.explanation)}"
        if leg.outcome_text:
            yield f"{name}: {leg.outcome_text}"


def _attaching(summary: DossierSummary) -> Iterator[str]:
    yield "Giấy tờ nào, đến bao giờ, vì sao: thông báo “cần bổ sung” đã gửi công dân, ghi ở cuối."
    command = f"lienthong attach {summary.code} --document LOẠI=TỆP"
    yield f"Nộp hộ bằng lệnh: {command} (mã loại: lienthong grounds --group {summary.group.value})"


def _consents(dossier: StoredDossier, plan: Plan) -> Iterator[str]:
    for leg in dossier.legs:
        for words, people in Counter(consent_words(leg.consents)).items():
            yield f"{plan.leg(leg.key).name} – {words}{f' ({people} người)' if people > 1 else ''}"


def _demanded(dossier: StoredDossier, plan: Plan) -> Iterator[str]:
    """What agencies wrote, in full: it may name people, so it stands here and not in the Temporal UI."""
    for leg in dossier.legs:
        name = plan.leg(leg.key).name
        for asked in leg.supplements:
            concerns = concerned(tuple(asked.documents), asked.fields, plan.group)
            yield f"{name}, {when(asked.requested_at)}, mã {asked.reason_code}: {concerns}. {asked.text}"
            if asked.state is SupplementState.ASKED:
                yield f"Bổ sung bằng lệnh: {_supplement_command(dossier.summary.code, leg.key, asked)}"
        for refused in leg.refused_demands:
            yield f"{name}, {when(refused.at)}, {refused.kind.label} ({refused.message_id}): {refused.text}"
        for note in leg.notes:
            settled = f" → {note.found.label}: {note.because or 'cơ quan đã gửi lại theo mẫu'}" if note.found else ""
            yield f"{name}, {when(note.at)}, tin {note.message_id}: {note.text}{settled}"
            if note.open:
                command = f"lienthong classify {dossier.summary.code} --leg {leg.key} --message {note.message_id}"
                yield f"Phân loại bằng lệnh: {command} … (xem --help)"


def _done(acts: Iterable[Act], plan: Plan) -> Iterator[str]:
    """What operators did, with their reasons in full: these may name people, so they stand only here."""
    for act in acts:
        yield f"{act_words(act, plan)}. Lý do: {act.because}"
        yield from (f"chứng cứ: {paper.kind.label}, tệp {paper.sha256[:12]}…" for paper in act.evidence)


def _supplement_command(code: str, leg: str, asked: Supplement) -> str:
    """What the citizen still owes, as `supplement` takes it."""
    documents = [f" --document {kind.value}=TỆP" for kind in asked.missing_documents]
    fields = [f' --field {path}="…"' for path in asked.missing_fields]
    return f"lienthong supplement {code} --leg {leg}{''.join((*documents, *fields))}"


def _sent(notices: Iterable[StoredNotice]) -> Iterator[str]:
    """What went out, one line for each thing however many channels took it."""
    channels: dict[tuple[str, str], list[str]] = {}
    for notice in notices:
        dispatch = notice.dispatch
        waiting_mark = "" if notice.sent_at else " (đang chờ gửi)"
        line = (when(dispatch.head.sent_at), _content(dispatch))
        channels.setdefault(line, []).append(f"{dispatch.channel.label}{waiting_mark}")
    for (at, content), names in channels.items():
        yield f"{at} → {listed(names)}: {content}"


def _content(dispatch: Dispatch) -> str:
    if dispatch.text:
        return dispatch.text
    if dispatch.follow_up:
        return f"{dispatch.follow_up.kind.label}: {dispatch.follow_up.text}"
    if dispatch.status:
        return f"trạng thái {dispatch.status.code} – {status_words(dispatch.status)}"
    again = " (bản cấp lại, thay bản đã gửi)" if dispatch.supersedes else ""
    return f"kết quả: {dispatch.document_kind.label}{again}" if dispatch.document_kind else dispatch.kind.value


def _leg_row(leg: Leg, plan: Plan) -> tuple[str, ...]:
    leg_plan = plan.leg(leg.key)
    decided = when(leg.decided_at) if leg.decided_at else "–"
    return (leg_plan.name, leg_plan.agency, state(leg), due(leg), waiting(leg, leg_plan, plan), decided)


def _row(summary: DossierSummary) -> tuple[str, ...]:
    status = summary.outcome.label if summary.outcome else summary.stage.label
    return (
        summary.code,
        summary.group.label,
        summary.province_code,
        f"{status}{_timely(summary)}",
        when(summary.due_at) if summary.due_at else "–",
        listed(summary.waiting_for) or "–",
    )


def _timely(summary: DossierSummary) -> str:
    return f" ({in_words(summary.timeliness)})" if summary.timeliness else ""
