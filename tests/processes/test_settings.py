"""Settings: what cannot be is one clear line before anything starts, and the pages say what the code says."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import worker
from cli.configuration import catalogue
from docs.generate import FOLDER, pages
from models.systems import System
from processes.crew import QUEUES, Queues, UnknownQueue
from settings import BadSettings, Settings
from starter import application
from trust.machines import is_this_machine

ROOT = Path(__file__).parents[2]

KEY = "k" * 32
PRODUCTION = {"LIENTHONG_TRAINING": "false", "LIENTHONG_DATABASE_URL": ""}
URLS = json.dumps({system.value: f"https://{system.value}.example" for system in System})

WRONG = {
    "text for a number": ({"LIENTHONG_GATEWAY_PORT": "abc"}, "LIENTHONG_GATEWAY_PORT"),
    "no such port": ({"LIENTHONG_METRICS_PORT": "65536"}, "LIENTHONG_METRICS_PORT"),
    "no JSON": ({"LIENTHONG_SYSTEM_URLS": "{residence"}, "LIENTHONG_SYSTEM_URLS"),
    "no such system": ({"LIENTHONG_CONCURRENT_CALLS": '{"bank": 1}'}, "LIENTHONG_CONCURRENT_CALLS"),
    "a rate of nothing": ({"LIENTHONG_CALLS_PER_SECOND": '{"residence": 0}'}, "LIENTHONG_CALLS_PER_SECOND"),
    "a short key": ({"LIENTHONG_HASH_KEY": "k" * 31}, "LIENTHONG_HASH_KEY"),
    "a system without TLS": ({"LIENTHONG_SYSTEM_URLS": '{"sms": "http://10.0.0.7"}'}, "LIENTHONG_SYSTEM_URLS"),
    "a URL with a password": ({"LIENTHONG_SYSTEM_URLS": '{"sms": "https://a:hunter2@sms.example"}'}, "sms"),
    "no URL at all": ({"LIENTHONG_SYSTEM_URLS": '{"sms": "sms.example:443"}'}, "sms"),
    "a simulator elsewhere": ({"LIENTHONG_SIMULATOR_URL": "http://10.0.0.7:8601"}, "LIENTHONG_SIMULATOR_URL"),
    "an API key without TLS": (
        {"LIENTHONG_TEMPORAL_TLS": "false", "LIENTHONG_TEMPORAL_API_KEY": "a"},
        "LIENTHONG_TEMPORAL_TLS",
    ),
    "a certificate without its key": (
        {"LIENTHONG_TEMPORAL_TLS_CERTIFICATE": "client.pem"},
        "LIENTHONG_TEMPORAL_TLS_KEY",
    ),
    "offset outside training": (
        {"LIENTHONG_TRAINING_OFFSET_SECONDS": "60", "LIENTHONG_TRAINING": "false"},
        "LIENTHONG_TRAINING_OFFSET_SECONDS",
    ),
}


def started(program: str, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / program), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(("environment", "named"), WRONG.values(), ids=WRONG)
def test_a_wrong_value_is_one_line_that_names_the_variable(
    environment: dict[str, str], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings) as refused:
        Settings()
    assert named in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.__suppress_context__


def test_all_wrong_values_are_named_at_once_and_none_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIENTHONG_CALL_TIMEOUT", "hunter2")
    monkeypatch.setenv("LIENTHONG_LOG_FORMAT", "hunter2")
    monkeypatch.setenv("LIENTHONG_CALENDAR", '"hunter2"')
    with pytest.raises(BadSettings) as refused:
        Settings()
    for name in ("CALL_TIMEOUT", "LOG_FORMAT", "CALENDAR"):
        assert f"LIENTHONG_{name}" in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("program", ["worker.py", "gateway.py"])
def test_a_process_that_cannot_read_its_settings_ends_at_once(program: str) -> None:
    ended = started(program, {"LIENTHONG_STOP_GRACE": "soon"})
    assert (ended.returncode, ended.stdout) == (2, "")
    assert len(ended.stderr.splitlines()) == 1
    assert "LIENTHONG_STOP_GRACE" in ended.stderr


@pytest.mark.parametrize("program", ["worker.py", "gateway.py"])
def test_a_process_without_a_ledger_says_so_and_ends(program: str, tmp_path: Path) -> None:
    rest = {"LIENTHONG_TRAINING": "true", "LIENTHONG_HASH_KEY": KEY}
    ended = started(program, {"LIENTHONG_STATE": str(tmp_path), "LIENTHONG_DATABASE_URL": "", **rest})
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
    assert "ledger.db" in ended.stderr


@pytest.mark.parametrize(
    ("environment", "named"),
    [({"LIENTHONG_SYSTEM_URLS": URLS}, "LIENTHONG_HASH_KEY"), ({"LIENTHONG_HASH_KEY": KEY}, "LIENTHONG_SYSTEM_URLS")],
    ids=["a key", "where agencies are"],
)
def test_in_production_a_worker_wants_to_be_told(environment: dict[str, str], named: str, tmp_path: Path) -> None:
    ended = started("worker.py", {**PRODUCTION, "LIENTHONG_STATE": str(tmp_path), **environment})
    assert (ended.returncode, ended.stdout) == (2, "")
    assert len(ended.stderr.splitlines()) == 1
    assert named in ended.stderr


def test_outside_training_no_system_is_the_simulator() -> None:
    told = dict.fromkeys(System, "https://agencies.example/")
    assert set(Settings(system_urls=told).urls.values()) == {"https://agencies.example"}
    assert Settings(training=True).urls[System.SMS] == "http://127.0.0.1:8601/sms"
    with pytest.raises(BadSettings, match=r"hệ thống sms: đặt LIENTHONG_SYSTEM_URLS"):
        _ = Settings(system_urls={system: url for system, url in told.items() if system is not System.SMS}).urls


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost:80", "http://[::1]:80", "https://10.0.0.7"])
def test_https_is_wanted_beyond_this_machine_unless_told(url: str) -> None:
    assert Settings(system_urls={System.SMS: url}).system_urls
    for host in ("10.0.0.7", "localhost.example", "127.0.0.1.example", "0.0.0.0"):
        with pytest.raises(BadSettings, match="LIENTHONG_PLAIN_HTTP_SYSTEMS"):
            Settings(system_urls={System.SMS: f"http://{host}"})
        told = Settings(system_urls={System.SMS: f"http://{host}"}, plain_http_systems=frozenset({System.SMS}))
        assert told.system_urls


@pytest.mark.parametrize(
    ("values", "by_tls"),
    [
        ({}, False),
        ({"temporal_address": "[::1]:7233"}, False),
        ({"temporal_address": "temporal.example:7233"}, True),
        ({"temporal_address": "10.0.0.7:7233"}, True),
        ({"temporal_address": "temporal.example:7233", "temporal_tls": False}, False),
        ({"temporal_api_key": "a"}, True),
        ({"temporal_tls_server_name": "temporal.example"}, True),
    ],
)
def test_temporal_beyond_this_machine_is_reached_by_tls_unless_told(values: dict[str, Any], by_tls: bool) -> None:
    assert Settings(**values).temporal_uses_tls is by_tls


def test_every_listener_is_on_this_machine_unless_told() -> None:
    hosts = {name for name in Settings.model_fields if name.endswith("_host")}
    assert hosts == {"gateway_host", "codec_host", "health_host", "metrics_host"}
    assert all(is_this_machine(getattr(Settings(), name)) for name in hosts)


def test_a_command_says_it_to_scripts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIENTHONG_STOP_GRACE", "soon")
    ended = CliRunner().invoke(application(("settings",)), ["settings", "--json"])
    assert ended.exit_code == 2
    assert "LIENTHONG_STOP_GRACE" in json.loads(ended.stdout)["error"]


def shown(*arguments: str) -> Any:
    answer = CliRunner().invoke(application(("settings",)), ["settings", *arguments])
    assert answer.exit_code == 0, answer.output
    return answer.stdout


def test_the_settings_in_force_are_shown_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://lienthong:hunter2@127.0.0.1/ledger")
    monkeypatch.setenv("LIENTHONG_HASH_KEY", "hunter2" * 5)
    monkeypatch.setenv("LIENTHONG_TEMPORAL_API_KEY", "hunter2")
    monkeypatch.setenv("LIENTHONG_CALLS_PER_SECOND", '{"residence": 5}')
    values = {setting["variables"][0]: setting["value"] for setting in json.loads(shown("--json"))}
    assert values["LIENTHONG_CALLS_PER_SECOND"] == '{"residence": 5.0}'
    assert len(values) == len(Settings.model_fields)
    for text in (shown(), shown("--json")):
        assert "hunter2" not in text


def test_every_setting_says_what_it_means() -> None:
    for setting in catalogue():
        assert setting.meaning, setting.variables
        assert setting.kind, setting.variables


@pytest.mark.parametrize("name", pages())
def test_a_page_made_from_code_is_true(name: str) -> None:
    assert (FOLDER / name).read_text("utf-8") == pages()[name], "run: python -m docs.generate"


def test_limits_hold_for_every_system_unless_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIENTHONG_CONCURRENT_CALLS", '{"residence": 3}')
    settings = Settings()
    assert [settings.concurrency(system) for system in (System.RESIDENCE, System.IDENTITY)] == [3, 20]


# --- Queues -----------------------------------------------------------------------------------------------------------


def test_a_worker_takes_all_queues_or_those_named() -> None:
    assert str(Queues.named("")) == ", ".join(QUEUES)
    some = Queues.named(" residence ,core, residence")
    assert (some.core, some.outbox, some.systems) == (True, False, (System.RESIDENCE,))


def test_an_unknown_queue_lists_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UnknownQueue, match="portal"):
        Queues.named("core,portal")
    assert worker.main(["--queues", "core,portal"]) == 2
    said = capsys.readouterr().err
    assert "portal" in said
    assert all(name in said for name in QUEUES)


def test_the_help_of_the_worker_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    assert worker.main(["--help"]) == 0
    said = capsys.readouterr().out
    assert "python worker.py --queues" in said
    assert all(name in said for name in QUEUES)
