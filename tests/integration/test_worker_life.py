"""Workers come, share the work, are killed or told to stop; no dossier notices. Their health, and their metrics."""

import os
import re
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.stack import LOOPBACK, free_port
from models.dossier import DossierOutcome, LegOutcome, LegStage
from telemetry.metrics import CATALOGUE
from tests.integration.system import ROOT, System, eventually, running_system, system_settings
from tests.integration.test_straight_path import expect_once
from tests.models.cases import born

_PATIENCE = 30.0
_AFTER_A_KILL = 100.0
"""What a killed worker was doing is tried again after a minute: time-out of an activity, lease of a row."""

RESIDENCE = "residence_registration"


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with running_system(system_settings(tmp_path_factory.mktemp("life")), worker=False) as system:
        yield system


class Worker:
    """A worker process of our own."""

    def __init__(self, system: System, arguments: tuple[str, ...], log: Path, environment: Mapping[str, str]) -> None:
        self.health, self.metrics = (f"http://{LOOPBACK}:{free_port()}" for _ in range(2))
        self._http = system.http
        self._log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "worker.py"), *arguments],
                env={
                    **os.environ,
                    **system.environment(),
                    "LIENTHONG_HEALTH_PORT": self.health.rsplit(":", 1)[1],
                    "LIENTHONG_METRICS_PORT": self.metrics.rsplit(":", 1)[1],
                    "LIENTHONG_METRICS_REFRESH": "0.2",
                    **environment,
                },
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
            )

    def probe(self, path: str) -> httpx.Response | None:
        """What it says of itself; None when it does not answer."""
        try:
            return self._http.get(f"{self.health}{path}")
        except httpx.TransportError:
            return None

    def ready(self) -> None:
        """Wait until it is ready."""
        eventually(lambda: status(self.probe("/ready")) == 200, lambda: f"not ready: {self.log}")

    def scrape(self) -> str:
        """Its metrics as they stand."""
        return self._http.get(f"{self.metrics}/metrics").raise_for_status().text

    def told_to_stop(self, *, times: int = 1) -> tuple[int, float]:
        """Send SIGTERM that often; its exit code, and the seconds it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        for _ in range(times - 1):
            eventually(lambda: "worker đang dừng" in self.log, lambda: self.log)
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=_PATIENCE), time.monotonic() - began

    @property
    def log(self) -> str:
        return self._log.read_text("utf-8")


@contextmanager
def worker(system: System, *arguments: str, **environment: str) -> Iterator[Worker]:
    """A worker, ready; gone at the end."""
    made = Worker(system, arguments, system.settings.state / f"worker-{time.monotonic_ns()}.log", environment)
    try:
        made.ready()
        yield made
    finally:
        made.process.kill()
        made.process.wait()


def status(answer: httpx.Response | None) -> int | None:
    return answer.status_code if answer is not None else None


def in_slow_calls(system: System, sample: str, seconds: float) -> list[str]:
    """Four dossiers that the residence system has taken, and whose worker waits for its answer for so long."""
    codes = [system.open(sample) for _ in range(4)]
    for code in codes:
        system.instruct(code, "residence", answer_after=seconds)
        system.start(code)
    for code in codes:
        eventually(
            lambda code=code: any(taken["system"] == "residence" for taken in system.book(code)["intakes"]),  # type: ignore[misc]
            lambda code=code: f"{code} not taken: {system.dossier(code)}",  # type: ignore[misc]
        )
    return codes


def expect_all_done_once(system: System, codes: list[str], patience: float = _PATIENCE, refused: int = 0) -> None:
    for code in codes:
        assert system.concluded(code, patience).summary.outcome is DossierOutcome.COMPLETED
        expect_once(system, code, refused)


def requests(system: System, code: str, path: str) -> int:
    return sum(seen["path"].startswith(path) and seen["method"] == "POST" for seen in system.book(code)["requests"])


def test_of_two_workers_one_is_killed_and_one_stopped_and_every_dossier_finishes_once(system: System) -> None:
    with worker(system) as first:
        orphans = in_slow_calls(system, "plain", 8)
        with worker(system) as second:
            first.process.kill()
            first.process.wait()
            served = in_slow_calls(system, "one-parent", 4)
            with worker(system):
                code, seconds = second.told_to_stop()
                assert code == 0, second.log
                assert seconds < system.settings.stop_grace, second.log
                assert "Traceback" not in second.log
                expect_all_done_once(system, served)
                for dossier in served:
                    assert requests(system, dossier, "/residence/") == 1
                expect_all_done_once(system, orphans, _AFTER_A_KILL)


@pytest.mark.rule("4.4-isolation")
def test_a_system_that_no_worker_serves_delays_only_its_own_leg(system: System) -> None:
    others = "core,outbox,vneid,payment,provincial,population,social_insurance,health"
    with worker(system, "--queues", others), worker(system, "--queues", "identity"):
        code = system.open("plain")
        system.start(code)
        system.see(code, lambda d: d.legs and d.legs[-1].outcome is LegOutcome.COMPLETED, "the health card")
        legs = {leg.key: leg for leg in system.dossier(code).legs}
        assert legs[RESIDENCE].stage is LegStage.SENDING
        assert not requests(system, code, "/residence/")
        with worker(system, "--queues", "residence"):
            expect_all_done_once(system, [code])


# --- Metrics ----------------------------------------------------------------------------------------------------------


def samples(text: str) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Values by metric and labels."""
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = defaultdict(dict)
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, labels, value = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line).groups()  # type: ignore[union-attr]
            found[name][tuple(sorted(re.findall(r'(\w+)="([^"]*)"', labels or "")))] = float(value)
    return found


def total(text: str, name: str, **labels: str) -> float:
    """The sum of a metric over all labels but those stated."""
    return sum(value for key, value in samples(text)[name].items() if labels.items() <= dict(key).items())


def ours_of(running: Worker) -> str:
    return "\n".join(line for line in running.scrape().splitlines() if line.startswith("lienthong_"))


def leaves(value: Any) -> Iterator[str]:
    """Every text in a document."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, str):
        yield value


def test_metrics_follow_the_dossiers_and_name_nobody(system: System) -> None:
    code = system.open("grandparents-home")
    system.instruct(code, "vneid", silent=True)
    system.instruct(code, "residence", supplement={"text": "Đề nghị bổ sung hồ sơ"})
    with worker(system) as running:
        before = running.scrape()
        system.start(code)

        def shows(name: str, value: float, **labels: str) -> None:
            eventually(lambda: total(running.scrape(), name, **labels) == value, lambda: ours_of(running))

        shows("lienthong_dossiers_open", 1, stage="in_progress", group="birth", province="01")
        shows("lienthong_consents_waiting", 2, leg=RESIDENCE)
        shows("lienthong_legs_due_soon", 0)
        declaration = born(system.ledger.declaration(code))
        people = [declaration.residence_registration.householder.personal_id]
        people += [owner.personal_id for owner in declaration.residence_registration.dwelling_owners]
        for person in dict.fromkeys(people):
            answered = {"leg": RESIDENCE, "personal_id": person, "answer": "granted", "at": system.now().isoformat()}
            assert system.event(code, "vneid_consent", answered).is_success
        expect_all_done_once(system, [code], refused=1)
        shows("lienthong_dossiers_open", 0)
        shows("lienthong_consents_waiting", 0)
        shows("lienthong_outbox_waiting", 0)
        shows("lienthong_demands_refused", 1, leg=RESIDENCE, province="01", reason="grounds_missing")
        after = running.scrape()
    ended = {"group": "birth", "outcome": "completed", "timeliness": "early"}
    assert total(after, "lienthong_dossiers_concluded_total", **ended) == 1
    assert total(after, "lienthong_agency_calls_total", system="provincial", outcome="ok") > 1
    assert total(after, "lienthong_agency_call_seconds_count") == total(after, "lienthong_agency_calls_total")
    assert total(after, "temporal_workflow_completed_total") == 1 + total(before, "temporal_workflow_completed_total")

    ours = {name: keys for name, keys in samples(after).items() if name.startswith("lienthong_")}
    for metric in CATALOGUE:
        names = [name for name in ours if name.removesuffix("_bucket") == metric.name]
        # Nothing was late, and a leg may be due soon for so short a time that nobody has looked.
        if metric.name not in ("lienthong_legs_overdue", "lienthong_legs_due_soon"):
            assert names, metric.name
        for name in names:
            for key in ours.pop(name):
                assert {label for label, _ in key} - {"le"} == set(metric.labels), (name, key)
    assert {name.rsplit("_", 1)[1] for name in ours} == {"sum", "count"}
    personal = {text for text in leaves(declaration.model_dump(mode="json")) if len(text) > 5} | {code}
    assert len(personal) > 30
    known = {"birth", "permanent", "mother", "father"}
    assert [text for text in personal - known if text in after] == []


def test_told_twice_it_leaves_at_once(system: System) -> None:
    with worker(system, LIENTHONG_CALL_TIMEOUT="25", LIENTHONG_STOP_GRACE="20") as running:
        in_slow_calls(system, "plain", 20)
        code, seconds = running.told_to_stop(times=2)
        assert (code, seconds < 5) == (0, True), running.log


# --- Health and readiness ---------------------------------------------------------------------------------------------


def reasons(answer: httpx.Response | None) -> list[str]:
    """Why it is not ready: a problem document that says nothing of where or how we connect."""
    if answer is None or answer.status_code == 200:
        return []
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]
    assert not re.search(r"\d+\.\d+\.\d+\.\d+|sqlite|ledger\.db", answer.text)
    listed: list[str] = answer.json()["reasons"]
    return listed


def test_temporal_or_the_ledger_gone_is_told_and_healed(system: System) -> None:
    def gateway(path: str) -> httpx.Response:
        return system.http.get(f"{system.gateway}{path}")

    with worker(system) as running:
        code = system.open("plain")
        system.start(code)
        ledger = system.settings.state / "ledger.db"
        away = ledger.rename(ledger.with_suffix(".away"))
        assert reasons(running.probe("/ready")) == reasons(gateway("/ready")) == ["ledger"]
        away.rename(ledger)
        assert status(running.probe("/ready")) == gateway("/ready").status_code == 200

        (temporal,) = (process for process in system.stack.processes if process.name == "temporal")
        system.in_loop(temporal.stop())
        assert reasons(running.probe("/ready")) == ["temporal"]
        assert gateway("/ready").status_code == 200, "it stores what comes in"
        assert status(running.probe("/health")) == gateway("/health").status_code == 200
        restarted = subprocess.Popen(system.stack.temporal_command(), stdout=subprocess.DEVNULL)
        try:
            eventually(lambda: status(running.probe("/ready")) == gateway("/ready").status_code == 200, lambda: "away")
            expect_all_done_once(system, [code], _AFTER_A_KILL)
            assert running.told_to_stop()[0] == 0, running.log
        finally:
            restarted.terminate()
            restarted.wait()
