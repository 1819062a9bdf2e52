"""Traces and logs of the whole system in real processes, which export by real OTLP and log as JSON or text."""

import asyncio
import json
import shutil
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.client import WorkflowUpdateFailedError

from cli.otlp import Receiver, SeenSpan, receiving_spans
from cli.stack import free_port
from models.dossier import LegOutcome, LegStage
from processes.temporal import connect_as_set
from settings import LogFormat
from telemetry import traces
from telemetry.traces import Fact
from tests.integration.system import SAMPLES, System, running_system, system_settings

FOREIGN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
LEG = "residence_registration"
SERVICES = {"lienthong-cli", "lienthong-worker", "lienthong-gateway", "lienthong-simulator"}
PERSONAL_FIELDS = {
    "full_name",
    "personal_id",
    "phone",
    "email",
    "detail",
    "born",
    "birth_date_in_words",
    "number",
    "file_name",
    "facility",
}
OURS = {"worker", "gateway", "simulator"}
_LONG_ENOUGH = 8
_PATIENCE = 30.0


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving_spans() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[System]:
    """A system that logs as JSON and exports its spans soon."""
    settings = system_settings(tmp_path_factory.mktemp("traced")).model_copy(update={"log_format": LogFormat.JSON})
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "100"}
    with running_system(settings, environment=environment, log_lines=None) as system:
        yield system


class Trace:
    """The trace of a dossier, once it holds what is looked for."""

    def __init__(self, receiver: Receiver, code: str, complete: Callable[["Trace"], object]) -> None:
        deadline = time.monotonic() + _PATIENCE
        while True:
            self.spans = receiver.trace(traces.trace_id(code))
            self._by_id = {span.span_id: span for span in self.spans}
            if complete(self):
                return
            assert time.monotonic() < deadline, sorted(span.name for span in self.spans)
            time.sleep(0.05)

    def named(self, name: str, **facts: str) -> list[SeenSpan]:
        """The spans of that name that say so."""
        wanted = {Fact[fact.upper()]: value for fact, value in facts.items()}
        found = [span for span in self.spans if span.name == name]
        return [span for span in found if all(span.fact(fact) == value for fact, value in wanted.items())]

    @property
    def orphans(self) -> list[SeenSpan]:
        """Spans whose parent has not arrived."""
        return [span for span in self.spans if span.parent_id and span.parent_id not in self._by_id]

    def path(self, span: SeenSpan) -> list[str]:
        """The names from the root down to the span."""
        names = [span.name]
        while span.parent_id:
            span = self._by_id[span.parent_id]
            names.append(span.name)
        return names[::-1]


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until it holds; it must soon."""
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def marked(value: Any, mark: str) -> Any:
    """A form in which every name and address is one that nothing else can be called."""
    if isinstance(value, list):
        return [marked(item, mark) for item in value]
    if not isinstance(value, dict):
        return value
    form = {key: marked(item, mark) for key, item in value.items()}
    return {key: f"{item} {mark}" if key in ("full_name", "detail") else item for key, item in form.items()}


def personal(value: Any, field: str = "") -> Iterator[str]:
    """Every personal text in a form that is long enough to be nothing else."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from personal(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from personal(item, field)
    elif field in PERSONAL_FIELDS and isinstance(value, str) and len(value) >= _LONG_ENOUGH:
        yield value


def form(name: str) -> dict[str, Any]:
    """The marked form of a sample, of another child each time."""
    number = uuid.uuid4().int
    mark = "Quỳnh" + "".join("abcdeghikl"[int(digit)] for digit in str(number % 10**8))
    raw: dict[str, Any] = marked(json.loads((SAMPLES / f"{name}.json").read_text("utf-8")), mark)
    raw["birth_notice"]["number"] = f"{number % 70000 + 20000:05d}.GCS.01234.26"
    raw["child"].pop("born_at", None)  # two children of one mother, born at one time, are taken for one
    return raw | {"submission_id": f"test-{number:x}"}


def submit(system: System, form: dict[str, Any], endpoint: str, complaints: int = 0) -> str:
    """Submit a form by command, whose process exports too and complains in so many lines; the code."""
    file = system.settings.state / f"{form['submission_id']}.json"
    file.write_text(json.dumps(form, ensure_ascii=False), "utf-8")
    shutil.copytree(SAMPLES / "attachments", system.settings.state / "attachments", dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        run = system.command("submit", str(file), "--json")
    assert run.returncode == 0, run.stdout + run.stderr
    assert len(run.stderr.splitlines()) == complaints, run.stderr
    return str(json.loads(run.stdout)["code"])


def consent(
    system: System, code: str, person: str, headers: dict[str, str], *, leg: str = LEG, **envelope: Any
) -> httpx.Response:
    """A consent as VNeID posts it, with these headers."""
    data = {"leg": leg, "personal_id": person, "answer": "granted", "at": system.now().isoformat()}
    return system.event(code, "vneid_consent", envelope.pop("data", data), headers, **envelope)


def test_one_trace_from_the_submission_to_every_answer(system: System, receiver: Receiver) -> None:
    system.instruct("*", "residence", fail_times=1, fail_with=503)
    code = submit(system, form("plain"), receiver.endpoint)
    system.concluded(code)
    sent = len(system.dossier(code).notices)
    trace = Trace(
        receiver,
        code,
        lambda trace: (
            trace.named("concluded")
            and len([span for span in trace.named("dispatch") if not span.failed]) == sent
            and trace.orphans == []
        ),
    )

    (root,) = (span for span in trace.spans if not span.parent_id)
    assert (root.name, root.service) == ("submission", "lienthong-cli")
    assert {span.service for span in trace.spans} == SERVICES
    assert {span.fact(Fact.DOSSIER) for span in trace.spans} == {code}
    answers = Counter(tuple(trace.path(span)) for span in trace.named("update agency_event"))
    way_back = ("event", "receive agency_event", "deliver agency_event", "update agency_event")
    calls = {agency: f"POST {agency}" for agency in ("provincial", "residence", "social_insurance")}
    assert answers == {
        ("submission", "workflow BirthProcedureGroup", "send_leg", call, call, *way_back): answered
        for call, answered in zip(calls.values(), (4, 2, 1), strict=True)
    }

    first, second = trace.named("send_leg", leg=LEG)
    assert (first.failed, first.fact(Fact.ERROR), first.fact(Fact.ATTEMPT)) == (True, "AgencyUnavailable", "1")
    assert (second.failed, second.fact(Fact.ATTEMPT)) == (False, "2")
    assert Counter(span.failed for span in trace.named("POST residence")) == {True: 2, False: 2}

    seen = {request["traceparent"][36:52] for request in system.book(code)["requests"]}
    assert seen <= {span.span_id for span in trace.spans if span.service == "lienthong-worker"}
    system.instruct("*", "residence")


def test_an_event_of_another_trace_is_linked_and_stays_in_ours(system: System, receiver: Receiver) -> None:
    system.instruct("*", "vneid", silent=True)
    code = submit(system, form("grandparents-home"), receiver.endpoint)
    system.see(code, lambda d: d.legs and d.legs[1].stage is LegStage.WAITING_CONSENTS, "waiting for consents")
    system.instruct("*", "vneid")
    grandfather, grandmother = "001060000131", "001163000132"
    asked = traces.traceparent(code, "asked")
    stated = consent(system, code, grandfather, {"traceparent": FOREIGN}, traceparent=asked)
    malformed = consent(system, code, grandmother, {"traceparent": "00-x"}, traceparent="Trần Văn Mẫu " * 40)
    assert (stated.status_code, malformed.status_code) == (200, 200), [
        line for line in tuple(system.log) if "ERROR" in line
    ]
    assert consent(system, code, grandmother, {}, leg="no_such_leg").status_code == 404
    trace = Trace(receiver, code, lambda trace: len(trace.named("receive vneid_consent")) == 3)

    linked, unlinked, refused = trace.named("receive vneid_consent")
    assert (linked.parent_id, linked.links) == (asked[36:52], (FOREIGN[3:35],))
    assert unlinked.parent_id == refused.parent_id == f"{traces.workflow_of(code).span_id:016x}"
    assert unlinked.links == ()
    assert (refused.failed, refused.fact(Fact.ERROR)) == (True, "unknown_leg")
    assert receiver.trace(FOREIGN[3:35]) == ()
    system.concluded(code)


async def _mishaps(system: System, code: str, names: list[str]) -> None:
    """Everything a stranger or an accident can do with personal data in hand, by Temporal itself."""
    client = await connect_as_set(system.settings, system.ledger.keys)
    handle = client.get_workflow_handle(code)
    for name in names:
        await handle.signal(name, name)
        with suppress(WorkflowUpdateFailedError):
            await handle.execute_update(name, name)
    queue = system.settings.queue
    malformed = {"code": code, "declaration": {"applicant": {"full_name": names[0]}}}
    await client.start_workflow("BirthProcedureGroup", malformed, id="G22.99.08-261119-900001", task_queue=queue)
    await client.start_workflow("BirthProcedureGroup", names, id=names[0], task_queue=queue)
    await client.start_workflow(names[0], names, id="G22.99.08-261119-900002", task_queue=queue)


def live_through_everything(system: System, endpoint: str, complaints: int = 0) -> tuple[str, list[str]]:
    """A dossier with every mishap on its way to its first results; its code and the personal texts it was made of."""
    raw = form("grandparents-home")
    names = sorted(set(personal(raw)))
    system.instruct("*", "provincial", fail_times=1, fail_with="html")
    system.instruct("*", "documents", fail_times=1, fail_with="problem")
    system.instruct("*", "sms", fail_times=1, fail_with=500)
    system.instruct("*", "vneid", silent=True)
    code = submit(system, raw, endpoint, complaints)
    system.see(code, lambda d: d.legs, "intake")
    asyncio.run(_mishaps(system, code, names[:3]))
    for name in names:
        consent(system, code, name, {"traceparent": name.encode("ascii", "ignore").decode()}, traceparent=name)
        consent(system, name, "001090000999", {})
        consent(system, code, "001090000999", {}, data={name: name, "leg": name, "personal_id": name})
        unreadable = json.dumps({"type": name}).encode()
        system.post(unreadable, headers=system.signed(unreadable, "vneid", "unreadable"))
        system.post(unreadable)
        system.post(name.encode(), name.encode("ascii", "ignore").decode())
    system.command("consent", names[0], "--leg", names[0], "--person", names[0])
    system.see(code, lambda d: d.legs[2].outcome is LegOutcome.COMPLETED, "the health card is there")
    return code, names


def expect_nothing_personal(lines: list[str], names: list[str]) -> None:
    """None of these texts is in any of the lines."""
    assert len(names) > 15
    found = {(name, line) for line in lines for name in names if name in line}
    assert not found


def test_nothing_personal_is_in_any_span_or_json_line(system: System, receiver: Receiver) -> None:
    _, names = live_through_everything(system, receiver.endpoint)
    wait_for(lambda: any("Failing workflow task" in line for line in tuple(system.log)))
    lines = [line.split(": ", 1)[1] for line in tuple(system.log) if line.split(":")[0] in OURS]
    expect_nothing_personal(lines, names)
    spans = receiver.spans()
    expect_nothing_personal([span.raw.decode("utf-8", "replace") for span in spans], names)

    read = [json.loads(line) for line in lines]
    about = [line for line in read if line["logger"] in ("lienthong.dossier", "lienthong.inbox")]
    assert {line["service"] for line in about} == {"lienthong-worker", "lienthong-gateway"}
    told = [line for line in about if "dossier" in line]
    assert all(line["trace_id"] == traces.trace_id(line["dossier"]) for line in told)
    assert {line["level"] for line in read} >= {"INFO", "WARNING", "ERROR"}


def test_a_dead_collector_disturbs_nothing_and_text_lines_are_clean_too(tmp_path: Path) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": nobody, "OTEL_BSP_SCHEDULE_DELAY": "100"}
    with running_system(system_settings(tmp_path), environment=environment, log_lines=None) as system:
        code, names = live_through_everything(system, nobody, complaints=1)
    lines = [line for line in tuple(system.log) if line.split(":")[0] in OURS]
    expect_nothing_personal(lines, names)
    assert any(f"[{code} {traces.trace_id(code)}]" in line for line in lines)
    complaints = Counter(line.split(":")[0] for line in lines if "opentelemetry" in line)
    assert set(complaints.values()) == {1}, complaints
