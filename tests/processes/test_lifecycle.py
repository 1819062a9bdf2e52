"""How processes stop, what they say of themselves meanwhile, and what they count."""

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI

from activities.adapters import Adapters
from activities.http import AgencyRejected, AgencyUnavailable
from activities.outbox import OutboxRelay
from cli.stack import LOOPBACK, free_port
from ledger.documents import DocumentStore
from ledger.engine import open_engine, upgrade
from ledger.store import Ledger
from models.messages import Dispatch
from models.systems import System
from processes import probes
from processes.crew import Crew
from processes.lifecycle import Stop
from processes.probes import Reason, Surroundings
from processes.serving import serving
from settings import Settings
from telemetry.metrics import AgencyCalls, metered_runtime
from tests.keys import MASTERS
from tests.ledger.builders import notice, numbered, opened, published
from tests.processes.test_settings import ROOT, started
from worker import WorkerProcess

_SOON = 5.0


async def until(condition: Any) -> None:
    async with asyncio.timeout(_SOON):
        while not condition():
            await asyncio.sleep(0.01)


# --- Stopping ---------------------------------------------------------------------------------------------------------

_HANGS = """
import asyncio, logging, os, signal, time
from processes.lifecycle import Stop
logging.basicConfig()
async def main():
    stop = Stop(0.2)
    os.kill(os.getpid(), signal.SIGTERM)
    await stop.asked.wait()
    print("stopping", flush=True)
    time.sleep(60)
asyncio.run(main())
"""


def test_a_process_that_hangs_while_it_stops_is_not_waited_for() -> None:
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-c", _HANGS], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )
    assert (ended.returncode, ended.stdout) == (1, "stopping\n")
    assert "không dừng kịp" in ended.stderr
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("variable", ["LIENTHONG_METRICS_PORT", "LIENTHONG_HEALTH_PORT"])
def test_a_port_that_is_taken_is_one_clear_line(variable: str, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = started("worker.py", {"LIENTHONG_STATE": str(tmp_path), variable: port})
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
    assert port in ended.stderr


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    engine = open_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    upgrade(engine)
    yield Ledger(engine, MASTERS)
    engine.dispose()


class Channel:
    """A channel that takes a dispatch when the test lets it."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.taken: list[str] = []
        self.open = asyncio.Event()

    async def dispatch(self, dispatch: Dispatch, _read: object) -> None:
        self.begun.append(dispatch.head.key)
        await self.open.wait()
        self.taken.append(dispatch.head.key)


def relay_to(channel: Channel, ledger: Ledger, folder: Path) -> OutboxRelay:
    adapters = cast(Adapters, SimpleNamespace(deliver=channel.dispatch, calls=AgencyCalls()))
    return OutboxRelay(adapters, ledger, DocumentStore(folder, MASTERS), Settings(calls_per_second={System.SMS: 1000}))


@pytest.mark.parametrize("patient", [True, False], ids=["finished", "cut short"])
async def test_a_relay_that_stops_sends_no_more_and_gives_back_its_leases(
    ledger: Ledger, tmp_path: Path, patient: bool
) -> None:
    for number in (1, 2, 3):
        code = opened(ledger, numbered(number))
        ledger.publish(published(code, 1), [notice(code, 1, System.SMS)])
    channel = Channel()
    relay = relay_to(channel, ledger, tmp_path)
    running = asyncio.create_task(relay.run())
    await until(lambda: channel.begun)
    assert ledger.claim((System.SMS,), datetime.now(UTC), timedelta(seconds=1), 5) == ()
    relay.stop()
    if patient:
        channel.open.set()
        await asyncio.wait_for(running, _SOON)
        assert len(channel.taken) == 1
    else:
        running.cancel()
        await asyncio.wait((running,), timeout=_SOON)
        assert channel.taken == []
    assert len(channel.begun) == 1
    given_back = ledger.claim((System.SMS,), datetime.now(UTC) + timedelta(milliseconds=1), timedelta(seconds=1), 5)
    assert len(given_back) == (2 if patient else 3)


# --- Health and readiness ---------------------------------------------------------------------------------------------


class DyingRelay:
    """A relay that breaks off."""

    async def run(self) -> None:
        raise RuntimeError("broken")

    def stop(self) -> None:
        raise AssertionError("it is gone")


async def test_a_worker_without_one_of_its_parts_is_not_healthy() -> None:
    crew = Crew({}, cast(OutboxRelay, DyingRelay()), None)
    assert crew.complete
    assert await crew.broken() == "outbox"
    assert not crew.complete


class Patient:
    """A process in a state that the test sets."""

    dead: tuple[Reason, ...] = ()
    lacks: tuple[Reason, ...] = ()

    async def unready(self) -> tuple[Reason, ...]:
        return self.lacks


async def test_the_probes_say_what_is_wrong() -> None:
    patient, port = Patient(), free_port()
    app = FastAPI()
    app.include_router(probes.probes(patient))
    async with serving(app, LOOPBACK, port, 1), httpx.AsyncClient(base_url=f"http://{LOOPBACK}:{port}") as http:

        async def answers() -> tuple[tuple[int, list[str]], ...]:
            both = [await http.get("/health"), await http.get("/ready")]
            return tuple((one.status_code, one.json().get("reasons", [])) for one in both)

        assert await answers() == ((200, []), (200, []))
        patient.lacks = (Reason.LEDGER, Reason.TEMPORAL)
        assert await answers() == ((200, []), (503, ["ledger", "temporal"]))
        patient.dead = (Reason.PART_DIED,)
        assert await answers() == ((503, ["part_died"]), (503, ["part_died"]))
    with pytest.raises(OSError, match=str(port)):
        async with serving(app, LOOPBACK, port, 1), serving(app, LOOPBACK, port, 1):
            pass


async def test_a_ledger_that_hangs_costs_one_thread_however_often_one_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    looks, hanging = [], threading.Event()

    def check(engine: object) -> None:
        looks.append(engine)
        hanging.wait(_SOON)

    async def reached(*_: object, **__: object) -> bool:
        return True

    monkeypatch.setattr(probes, "check_schema", check)
    monkeypatch.setattr(probes, "_PATIENCE_SECONDS", 0.05)
    client: Any = SimpleNamespace(namespace="default", workflow_service=SimpleNamespace(describe_namespace=reached))
    around = Surroundings(cast(Any, "engine"), client)
    answers = await asyncio.gather(*(around.missing() for _ in range(20)))
    assert set(answers) == {(Reason.LEDGER,)}
    assert len(looks) == 1
    hanging.set()
    async with asyncio.timeout(_SOON):
        while await around.missing():
            await asyncio.sleep(0.01)


# --- Calls ------------------------------------------------------------------------------------------------------------


def test_calls_are_counted_by_what_came_of_them() -> None:
    port = free_port()
    runtime = metered_runtime(Settings(metrics_port=port))
    calls = AgencyCalls(runtime.metric_meter)
    outcomes: tuple[BaseException | None, ...] = (
        None,
        AgencyUnavailable("", dossier_code="x"),
        AgencyRejected("", dossier_code="x"),
        asyncio.CancelledError(),
        ValueError(),
    )
    for error in outcomes:
        with pytest.raises(type(error)) if error else calls.timed(System.SMS):
            if error:
                with calls.timed(System.SMS):
                    raise error
    scraped = httpx.get(f"http://{LOOPBACK}:{port}/metrics").text
    for outcome in ("ok", "AgencyUnavailable", "AgencyRejected", "stopped", "failed"):
        assert f'lienthong_agency_calls_total{{outcome="{outcome}",system="sms"}} 1' in scraped
    assert 'lienthong_agency_call_seconds_count{system="sms"} 5' in scraped
    assert 'lienthong_agency_call_seconds_bucket{system="sms",le="0.05"} 5' in scraped


async def test_a_worker_that_stops_because_a_part_died_says_so_while_it_stops() -> None:
    stop = SimpleNamespace(asked=asyncio.Event())
    process = WorkerProcess(cast(Stop, stop))
    stop.asked.set()
    assert not process.dead
    process.died = True
    assert Reason.PART_DIED in process.dead
