"""Log lines: which dossier and trace they say, in which form, and what they never say."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from activities.http import AgencyUnavailable
from models.form_facts import PersonNamed
from settings import LogLevel, Settings
from telemetry import traces
from telemetry.logs import JsonLines, Key, TextLines, configure

CODE = "G22.99.08-261119-000001"
TRACE = traces.trace_id(CODE)
PERSONAL = "Trần Văn Mẫu"


def record(message: str = "xong", name: str = "lienthong.test", **more: Any) -> logging.LogRecord:
    made = logging.makeLogRecord({"name": name, "levelname": "INFO", "levelno": logging.INFO, "msg": message, **more})
    made.created = 1795327200.5
    return made


def failed(error: BaseException, cause: BaseException | None = None) -> logging.LogRecord:
    """A line about an exception that was really raised."""
    try:
        raise error from cause
    except BaseException as raised:
        return record(exc_info=(type(raised), raised, raised.__traceback__))


def as_json(line: logging.LogRecord) -> dict[str, Any]:
    text = JsonLines("lienthong-test").format(line)
    assert "\n" not in text
    read: dict[str, Any] = json.loads(text)
    return read


def test_text_names_dossier_and_trace_where_there_is_one() -> None:
    assert TextLines().format(record()) == "INFO lienthong.test: xong"
    with traces.about(CODE):
        assert TextLines().format(record()) == f"INFO lienthong.test [{CODE} {TRACE}]: xong"


def test_json_has_stable_keys() -> None:
    common = {
        "time": "2026-11-22T06:00:00.500+00:00",
        "level": "INFO",
        "service": "lienthong-test",
        "logger": "lienthong.test",
        "message": "xong",
    }
    assert as_json(record()) == common
    ours = (f"00-{TRACE}-00f067aa0ba902b7-01",)
    with traces.receiving("x", CODE, ours):
        line = as_json(record())
    assert line == {**common, "dossier": CODE, "trace_id": TRACE, "span_id": "00f067aa0ba902b7"}
    with traces.about(CODE):
        assert as_json(failed(ValueError("x"))).keys() == {*common, "dossier", "trace_id", "error", "stack"}
    assert [key.value for key in Key] == [*common, "dossier", "trace_id", "span_id", "error", "stack"]


@pytest.mark.parametrize(
    "extra",
    [
        {"temporal_activity": {"workflow_id": CODE, "activity_type": "send_leg", "attempt": 2}},
        {"temporal_workflow": {"workflow_id": CODE}},
        {"temporal_log": type("Core", (), {"fields": {"workflow_id": CODE}})()},
    ],
    ids=["activity", "workflow", "core"],
)
def test_lines_of_temporals_sdk_name_their_dossier(extra: dict[str, Any]) -> None:
    line = as_json(record(name="temporalio.activity", **extra))
    assert (line["dossier"], line["trace_id"]) == (CODE, TRACE)


@pytest.mark.parametrize("workflow_id", [PERSONAL, "001092000001"])
def test_a_workflow_somebody_named_after_a_person_is_not_named(workflow_id: str) -> None:
    assert "dossier" not in as_json(record(temporal_workflow={"workflow_id": workflow_id}))


def _invalid() -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        PersonNamed.model_validate({"role": PERSONAL, "full_name": PERSONAL, "personal_id": PERSONAL})
    return caught.value


@pytest.mark.parametrize(
    ("error", "cause", "said"),
    [
        (ValueError(PERSONAL), KeyError(PERSONAL), ["ValueError", "KeyError"]),
        (_invalid(), None, ["ValidationError"]),
        (ApplicationError(PERSONAL, type="AgencyRejected"), None, ["ApplicationError (AgencyRejected)"]),
        (ApplicationError(PERSONAL, type=PERSONAL), None, ["ApplicationError"]),
        (AgencyUnavailable(PERSONAL, dossier_code=CODE, status=503), None, ["AgencyUnavailable (503)"]),
        (RPCError(PERSONAL, RPCStatusCode.UNAVAILABLE, b""), None, ["RPCError (UNAVAILABLE)"]),
        (FileNotFoundError(2, PERSONAL, f"{PERSONAL}.pdf"), None, ["FileNotFoundError (ENOENT)"]),
        (UnicodeDecodeError("utf-8", PERSONAL.encode(), 0, 1, PERSONAL), None, ["UnicodeDecodeError"]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_exception_is_told_by_its_kind_and_place_and_never_by_its_words(
    error: BaseException, cause: BaseException | None, said: list[str]
) -> None:
    line = as_json(failed(error, cause))
    assert line["error"] == said
    assert any(place.endswith(" failed") for place in line["stack"])
    for text in (TextLines().format(failed(error, cause)), json.dumps(line, ensure_ascii=False)):
        assert PERSONAL not in text
        assert said[0] in text


def test_only_the_first_line_of_others_is_kept() -> None:
    """asyncio, for one, puts the exception of a forgotten task below its message."""
    quoting = f"Task exception was never retrieved\nfuture: <Task exception=ValueError('{PERSONAL}')>"
    assert as_json(record(quoting, name="asyncio"))["message"] == "Task exception was never retrieved"
    assert as_json(record("một\nhai"))["message"] == "một hai"


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger and the hook for uncaught exceptions, as they were afterwards."""
    logger = logging.getLogger()
    handlers, level, hook = logger.handlers[:], logger.level, sys.excepthook
    yield logger
    logger.handlers[:], logger.level, sys.excepthook = handlers, level, hook


def test_the_level_is_a_setting_and_commands_are_quiet(root: logging.Logger) -> None:
    configure(Settings(log_level=LogLevel.DEBUG), "lienthong-test")
    assert root.isEnabledFor(logging.DEBUG)
    assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)
    configure(Settings(log_level=LogLevel.DEBUG), "lienthong-test", quiet=True)
    assert not root.isEnabledFor(logging.INFO)
    configure(Settings(log_level=LogLevel.ERROR), "lienthong-test", quiet=True)
    assert not root.isEnabledFor(logging.WARNING)


def test_a_collector_that_is_away_is_told_of_once(root: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    configure(Settings(), "lienthong-test")
    for number in range(50):
        logging.getLogger("opentelemetry.exporter").error("away %d", number)
        logging.getLogger("lienthong.test").warning("việc %d", number)
    said = capsys.readouterr().err.splitlines()
    assert sum("away" in line for line in said) == 1
    assert sum("việc" in line for line in said) == 50


def test_even_a_crash_says_nothing_personal() -> None:
    script = (
        "from telemetry import logs; from settings import *;"
        "logs.configure(Settings(log_format=LogFormat.JSON), 'lienthong-test'); raise ValueError('Trần Văn Mẫu')"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert json.loads(run.stderr)["error"] == ["ValueError"]
    assert PERSONAL not in run.stderr + run.stdout
