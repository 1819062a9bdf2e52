"""Temporal away and gateways killed: nothing is lost, nothing counts twice, and each dossier hears in order."""

import asyncio
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from temporalio.client import Client

from cli.stack import LOOPBACK, free_port
from ledger.values import StoredDossier
from models.dossier import ConsentState, LegStage
from models.facts import Answer, ConsentAnswer, FactRefusal, InboundFact, Withdrawal, kind_of
from models.inbox import Hindrance, WaitingMessage
from processes.temporal import connect_as_set
from tests.integration.system import ROOT, System, eventually, running_system, system_settings
from tests.models.cases import born

LEG = "residence_registration"
_PATIENCE = 60.0
_LONG_AGO = timedelta(hours=1)
_LEASE = timedelta(seconds=5)
_HURRIED = {"LIENTHONG_INBOX_PATIENCE": "2"}
_NO_DOSSIER = "G22.99.08-261119-999999"


class Process:
    """A process of our own beside those of the stack."""

    def __init__(self, *command: str, **environment: str) -> None:
        self._process = subprocess.Popen(command, env={**os.environ, **environment}, cwd=ROOT)

    def kill(self) -> None:
        """`kill -9`."""
        self._process.kill()
        self._process.wait()


@pytest.fixture(scope="module")
def ours() -> Iterator[list[Process]]:
    """Processes to be killed after the system has stopped."""
    processes: list[Process] = []
    yield processes
    for process in processes:
        process.kill()


@pytest.fixture(scope="module")
def system(ours: list[Process], tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    settings = system_settings(tmp_path_factory.mktemp("inbox"))
    with running_system(settings, environment=_HURRIED) as system:
        yield system


def waiting(system: System) -> str:
    """A dossier that waits for two consents, and for nothing else."""
    code = system.open("grandparents-home")
    system.instruct(code, "vneid", silent=True)
    system.start(code)
    system.see(code, lambda d: d.legs and d.legs[1].stage is LegStage.WAITING_CONSENTS, "waiting for consents")
    system.see(code, lambda d: d.legs[2].stage is LegStage.ENDED, "health card issued")
    # The dossier has its agencies' last message before the gateway has written down that it was taken.
    eventually(lambda: code not in [message.dossier_code for message in inbox(system)], "its messages settled")
    return code


def householder(system: System, code: str) -> str:
    return born(system.ledger.declaration(code)).residence_registration.householder.personal_id


def answer(system: System, code: str, given: Answer = Answer.GRANTED) -> dict[str, Any]:
    return {"leg": LEG, "personal_id": householder(system, code), "answer": given, "at": system.now().isoformat()}


def fact(system: System, code: str, message_id: str) -> ConsentAnswer:
    return ConsentAnswer.model_validate({**answer(system, code), "message_id": message_id, "dossier_code": code})


def has_one_of_two(dossier: StoredDossier) -> bool:
    """Whether one of its two consents has been given and the other is still asked for."""
    states = Counter(consent.state for consent in dossier.legs[1].consents)
    return states == {ConsentState.GRANTED: 1, ConsentState.ASKED: 1}


def another_gateway(system: System, ours: list[Process]) -> tuple[Process, str]:
    """Another gateway and its URL, once it says that it is ready."""
    port = str(free_port())
    environment = {**system.environment(), **_HURRIED, "LIENTHONG_GATEWAY_PORT": port}
    process = Process(sys.executable, "-m", "gateway", **environment)
    ours.append(process)
    url = f"http://{LOOPBACK}:{port}"
    eventually(lambda: ready(system, url), "the gateway is ready")
    return process, url


def kill(system: System, name: str) -> None:
    (process,) = (process for process in system.stack.processes if process.name == name)
    os.kill(process._child.pid, signal.SIGKILL)
    system.in_loop(process.ended())


def ready(system: System, url: str) -> bool:
    with suppress(httpx.TransportError):
        return system.http.get(f"{url}/ready").is_success
    return False


def inbox(system: System) -> tuple[WaitingMessage, ...]:
    """The messages that no dossier has judged yet."""
    return system.ledger.waiting_messages(1000)


def waits(system: System) -> list[str]:
    return [message.message_id for message in inbox(system)]


def post(system: System, url: str, code: str, data: dict[str, Any], message_id: str) -> httpx.Response:
    """A consent to that gateway, as VNeID sends it."""
    event = {
        "specversion": "1.0",
        "id": message_id,
        "source": "vneid",
        "type": "vn.lienthong.vneid_consent.v1",
        "subject": code,
        "data": data,
    }
    body = json.dumps(event).encode()
    headers = {"content-type": "application/cloudevents+json", **system.signed(body, "vneid", message_id)}
    return system.http.post(f"{url}/events", content=body, headers=headers)


async def connected(system: System) -> Client:
    return await connect_as_set(system.settings, system.ledger.keys)


def updates_taken(system: System, code: str) -> Counter[str]:
    """How often each update was taken, by the history of the dossier."""

    async def read() -> Counter[str]:
        history = await (await connected(system)).get_workflow_handle(code).fetch_history()
        return Counter(
            event.workflow_execution_update_accepted_event_attributes.accepted_request.meta.update_id
            for event in history.events
            if event.HasField("workflow_execution_update_accepted_event_attributes")
        )

    return asyncio.run(read())


def stored_long_ago(system: System, fact: InboundFact) -> str:
    """What a gateway leaves that was killed an hour ago with the message in hand; its status address."""
    digest = hashlib.sha256(fact.model_dump_json().encode()).hexdigest()
    at = datetime.now(UTC) - _LONG_AGO
    arrival = system.ledger.store(fact, digest, "vneid", at, _LEASE)
    assert arrival.delivery is not None
    return f"/inbox/{arrival.status_token}"


def standing(system: System, path: str, url: str = "") -> dict[str, Any]:
    """What the status address says."""
    said: dict[str, Any] = system.http.get(f"{url or system.gateway}{path}").raise_for_status().json()
    return said


def told(system: System, fact: InboundFact) -> None:
    """Put the fact to its dossier as the gateway does, and tell nobody."""

    async def telling() -> None:
        handle = (await connected(system)).get_workflow_handle(fact.dossier_code)
        await handle.execute_update(kind_of(fact).value, fact, id=fact.message_id)

    asyncio.run(telling())


def test_a_message_that_was_taken_and_whose_verdict_was_lost_is_accepted_once(system: System) -> None:
    code = waiting(system)
    message = fact(system, code, "lost-1")
    told(system, message)
    path = stored_long_ago(system, message)
    eventually(lambda: not waits(system), "settled")
    assert standing(system, path) == {"status": "accepted"}
    assert updates_taken(system, code)["lost-1"] == 1
    system.see(code, has_one_of_two, "one consent granted")


def test_also_when_it_ended_the_dossier(system: System) -> None:
    code = waiting(system)
    applicant = system.ledger.declaration(code).applicant.personal_id
    message = Withdrawal(message_id="lost-2", dossier_code=code, personal_id=applicant, at=system.now())
    told(system, message)
    assert system.concluded(code).summary.outcome
    path = stored_long_ago(system, message)
    eventually(lambda: not waits(system), "settled")
    assert standing(system, path) == {"status": "accepted"}
    assert "lost-2" not in [refused.message_id for refused in system.dossier(code).refused_facts]

    late = stored_long_ago(system, fact(system, code, "late-1"))
    unknown = stored_long_ago(system, fact(system, code, "nobody-1").model_copy(update={"dossier_code": _NO_DOSSIER}))
    eventually(lambda: not waits(system), "settled")
    assert [standing(system, path)["reason"] for path in (late, unknown)] == ["ended", "unknown_dossier"]


def taken_meanwhile(system: System, code: str, message_id: str) -> None:
    """A consent to another dossier is not held up, though a busy machine may promise it before it is judged."""
    assert post(system, system.gateway, code, answer(system, code), message_id).status_code in (200, 202)
    eventually(lambda: message_id not in waits(system), "settled")


def test_a_message_for_a_dossier_that_has_yet_to_start_waits_and_holds_up_nobody_else(system: System) -> None:
    code, other = system.open("grandparents-home"), waiting(system)
    system.instruct(code, "vneid", silent=True)
    path = stored_long_ago(system, fact(system, code, "early-1"))
    eventually(lambda: [m.hindrance for m in inbox(system)] == [Hindrance.NOT_RUNNING], "tried")
    taken_meanwhile(system, other, "meanwhile-1")
    assert post(system, system.gateway, code, answer(system, code), "younger-1").status_code == 202
    assert waits(system) == ["early-1", "younger-1"]
    shown = system.command("inbox").stdout
    assert "Hồ sơ chưa chạy ở Temporal này" in shown
    assert "Chờ thông điệp đến trước" in shown
    system.start(code)
    eventually(lambda: not waits(system), "the dossier has judged them")
    assert standing(system, path)["status"] in ("accepted", "refused")


def test_a_stored_message_that_no_longer_can_be_read_holds_up_nobody_else_and_is_seen(system: System) -> None:
    code, other = (waiting(system) for _ in range(2))
    stored_long_ago(system, fact(system, code, "unreadable-1"))
    with system.engine.begin() as connection:
        connection.execute(text("UPDATE messages_waiting SET fact = '{}'"))
    eventually(lambda: [m.hindrance for m in inbox(system)] == [Hindrance.UNREADABLE], "tried")
    taken_meanwhile(system, other, "meanwhile-2")
    assert post(system, system.gateway, code, answer(system, code), "younger-2").status_code == 202
    system.ledger.settled("unreadable-1", False, FactRefusal.MALFORMED, "Không đọc được.")
    eventually(lambda: not waits(system), "the younger one is delivered")
    system.see(code, has_one_of_two, "one consent granted")


@pytest.mark.parametrize("token", ["khong-co", "%00", "a/b", "x" * 200])
def test_a_status_address_that_is_none_says_nothing(system: System, token: str) -> None:
    assert system.http.get(f"{system.gateway}/inbox/{token}").status_code == 404


def test_an_outage_of_temporal_loses_nothing_whoever_is_killed_meanwhile(system: System, ours: list[Process]) -> None:
    first, second, third = (waiting(system) for _ in range(3))
    granted, declined = answer(system, first), answer(system, first, Answer.DECLINED)
    kill(system, "temporal")

    # Stored, each with an address of its own; sent again it is the same message.
    assert ready(system, system.gateway)
    taken = post(system, system.gateway, first, granted, "a1")
    behind = post(system, system.gateway, first, declined, "a2")
    again = post(system, system.gateway, first, granted, "a1")
    assert [reply.status_code for reply in (taken, behind, again)] == [202, 202, 202]
    of_taken, of_behind = taken.headers["location"], behind.headers["location"]
    assert taken.json() == {"message_id": "a1", "status_path": of_taken}
    assert again.headers["location"] == of_taken != of_behind
    assert standing(system, of_taken) == standing(system, of_behind) == {"status": "waiting"}

    # Killed while a sender still waits for its answer.
    with ThreadPoolExecutor() as threads:
        unanswered = threads.submit(post, system, system.gateway, second, answer(system, second), "b1")
        eventually(lambda: "b1" in waits(system), "the message is stored")
        kill(system, "gateway")
        assert isinstance(unanswered.exception(_PATIENCE), httpx.TransportError)

    # Gateways start without Temporal, and commands bring facts without it.
    _, url = another_gateway(system, ours)
    doomed, its_url = another_gateway(system, ours)
    assert post(system, its_url, third, answer(system, third), "c1").status_code == 202
    by_hand = system.command(
        *("consent", third, "--leg", LEG, "--person", householder(system, third), "--answer", "declined"),
        *("--message-id", "c2", "--json"),
    )
    assert (by_hand.returncode, json.loads(by_hand.stdout)["message_id"]) == (0, "c2"), by_hand.stderr
    assert waits(system) == ["a1", "a2", "b1", "c1", "c2"]

    # It is back, and again a gateway dies: everything is delivered, in order, once.
    ours.append(Process(*system.stack.temporal_command()))
    doomed.kill()
    eventually(lambda: not waits(system), "everything is delivered")
    assert standing(system, of_taken, url) == {"status": "accepted"}
    refused = standing(system, of_behind, url)
    assert (refused["status"], refused["reason"], bool(refused["text"])) == ("refused", "already_answered", True)
    for code, message in ((first, "a1"), (second, "b1"), (third, "c1")):
        system.see(code, has_one_of_two, "one consent granted")
        assert {id: times for id, times in updates_taken(system, code).items() if ":" not in id} == {message: 1}
    assert [fact.message_id for fact in system.dossier(third).refused_facts] == ["c2"]
    assert post(system, url, first, granted, "a1").json()["repeated"]
