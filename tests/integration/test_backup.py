"""Everything but Temporal lost: a backup is restored on an empty machine, the ledger catches up, nothing is lost."""

import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.stack import Process as StackProcess
from ledger.values import StoredConsent, StoredDossier
from models.audit import RECOVERY, SIGNAL, UPDATE, Action, NumberedEntry, Who
from models.dossier import DossierOutcome
from models.facts import Answer, ConsentAnswer, FactKind
from processes.temporal import connect_as_set
from tests.integration.system import System, eventually, running_system, system_settings
from tests.integration.test_inbox import Process, ready
from tests.integration.test_postgresql import consenting, only_consents_missing
from tests.integration.test_replacement import corrected, replaced
from tests.integration.test_straight_path import expect_once

_OF_OTHERS = ("temporal.", "simulator.", "authority")
"""What in the state folder is not ours: the cluster, and the agencies."""


@pytest.fixture
def ours() -> Iterator[list[Process]]:
    """Processes started again, to be killed in the end."""
    processes: list[Process] = []
    yield processes
    for process in processes:
        process.kill()


def run(system: System, *arguments: str) -> Any:
    """What a command says to scripts."""
    ended = system.command(*arguments, "--json")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def of_stack(system: System, name: str) -> StackProcess:
    (process,) = (process for process in system.stack.processes if process.name == name)
    return process


def kill(system: System, name: str) -> None:
    process = of_stack(system, name)
    os.kill(process.pid, signal.SIGKILL)
    system.in_loop(process.ended())


def again(system: System, name: str) -> Process:
    return Process(sys.executable, "-m", name, **system.stack.environment())


def past_the_inbox(system: System, code: str, asked: StoredConsent, answer: Answer, way: Who) -> None:
    """Somebody's answer by signal or update: no ledger has its message, as none has that of a lost one."""

    async def telling() -> None:
        client = await connect_as_set(system.settings, system.ledger.keys)
        answered = {**consenting(asked), "answer": answer}
        fact = ConsentAnswer.model_validate({"message_id": f"past-{code}", "dossier_code": code, **answered})
        dossier = client.get_workflow_handle(code)
        await (dossier.signal if way == SIGNAL else dossier.execute_update)(FactKind.VNEID_CONSENT, fact)

    asyncio.run(telling())


def told(dossier: StoredDossier) -> tuple[StoredDossier, Sequence[str]]:
    """All that the ledger says of a dossier but how far the outbox is, which everybody may be told twice."""
    notices = sorted(notice.dispatch.model_dump_json() for notice in dossier.notices)
    return dossier.model_copy(update={"notices": ()}), notices


def waiting_for_consents(system: System) -> StoredDossier:
    """A dossier that waits for two consents, and for nothing else."""
    code = system.open("grandparents-home")
    system.instruct(code, "vneid", silent=True)
    system.start(code)
    return system.see(code, only_consents_missing, "everything but the consents")


def test_nothing_is_lost_with_a_machine_that_was_backed_up(ours: list[Process], tmp_path: Path) -> None:
    settings = system_settings(tmp_path / "state")
    folder, kept = tmp_path / "backup", tmp_path / "kept.pdf"
    with running_system(settings, log_lines=None, environment={"LIENTHONG_INBOX_PATIENCE": "2"}) as system:
        anew = system.open("plain")
        system.start(anew)
        ahead, declined, behind = (waiting_for_consents(system) for _ in range(3))
        system.concluded(anew)
        codes = [anew, *(dossier.summary.code for dossier in (ahead, declined, behind))]

        # No worker answers: what VNeID sends is stored and promised. A backup is made meanwhile.
        system.in_loop(of_stack(system, "worker").stop())
        for number, asked in enumerate(behind.consents):
            assert system.event(codes[3], "vneid_consent", consenting(asked), id=f"waits-{number}").status_code == 202
        made = run(system, "backup", str(folder))
        assert (made["dossiers"], len(made["keys"])) == (4, 3)

        # Dossiers go on, a certificate is issued anew, and a dossier is opened that no backup has.
        assert system.event(anew, "agency_event", corrected(system), source="provincial").status_code == 200
        kill(system, "gateway")
        lost = system.open("one-parent")
        system.start(lost)
        worker = again(system, "worker")
        past_the_inbox(system, codes[1], ahead.consents[0], Answer.GRANTED, SIGNAL)
        past_the_inbox(system, codes[2], declined.consents[0], Answer.DECLINED, UPDATE)
        system.see(codes[2], lambda dossier: dossier.summary.outcome, "conclusion")
        system.see(codes[1], lambda dossier: dossier.sequence != ahead.sequence, "a consent was published")
        system.see(anew, lambda dossier: dossier.replacements[0].due, "the replacement runs")
        system.see(lost, lambda dossier: dossier.plan, "the plan of the dossier that will be lost")
        worker.kill()
        before = [told(system.dossier(code)) for code in codes]
        lines = [line for code in codes[1:3] for line in system.ledger.entries(code=code, what=Action.FACT_ACCEPTED)]
        new_paper = system.dossier(anew).replacements[0].documents[0].sha256
        next(settings.documents.rglob(new_paper)).rename(kept)

        # The machine is lost. On an empty one everything comes back that the backup or Temporal has.
        system.engine.dispose()
        for path in settings.state.iterdir():
            if not path.name.startswith(_OF_OTHERS):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        restored = run(system, "restore", str(folder), "--nothing-erased-since")
        assert (restored["dossiers"], restored["trail"]["flaws"]) == (4, [])
        behind_now = [told(system.dossier(code)) for code in codes]
        assert all(now != then for now, then in zip(behind_now[:3], before, strict=False))
        found = run(system, "recover", "--republish")["caught_up"]
        assert (found["read"], found["strangers"]) == (sorted((*codes[1:], f"{anew}/replacement/1")), [lost])
        assert (found["absent"], found["stuck"]) == ([], [])
        assert {(code, sha256) for code, _, sha256 in found["papers"]} == {(anew, new_paper)}
        assert [told(system.dossier(code)) for code in codes] == before
        put_back(kept, settings.documents / new_paper[:2] / new_paper[2:4] / new_paper)
        assert run(system, "recover", "--republish")["caught_up"]["papers"] == []
        assert [told(system.dossier(code)) for code in codes] == before
        expect_told_again(system, lines)
        assert [message.message_id for message in system.ledger.waiting_messages(9)] == ["waits-0", "waits-1"]
        assert system.open("householder") > lost

        # Processes start, the inbox is replayed, and dossiers go their way to the end.
        ours += [again(system, "gateway"), again(system, "worker")]
        eventually(lambda: ready(system, system.gateway), "the gateway is ready")
        system.see(codes[3], lambda dossier: dossier.summary.outcome, "conclusion of the one that waited")
        last = system.event(codes[1], "vneid_consent", consenting(ahead.consents[1]), id="last")
        assert last.status_code == 200, last.text
        replaced(system, anew, 1)
        for code in codes:
            assert system.concluded(code).summary.outcome is DossierOutcome.COMPLETED or code == codes[2]
            expect_once(system, code)
        system.terminate(lost)
        assert system.ledger.verify_trail().whole


def expect_told_again(system: System, lost: Sequence[NumberedEntry]) -> None:
    """Of what was heard since the backup the trail says that it is told again, and when it was heard; once."""
    again = {line.detail["message"]: line for line in system.ledger.entries(who=RECOVERY, what=Action.FACT_ACCEPTED)}
    heard = {line.detail["message"]: line for line in lost if line.who in (SIGNAL, UPDATE)}
    assert {line.who for line in heard.values()} == {SIGNAL, UPDATE}
    assert again.keys() == heard.keys()
    for message, line in heard.items():
        assert again[message].who == f"{RECOVERY}:{line.who}"
        at = datetime.fromisoformat(again[message].detail["at"]) - system.settings.training_offset
        assert isinstance(line.at, datetime)
        assert line.at - timedelta(minutes=1) < at < line.at
    of_replacements = system.ledger.entries(who=RECOVERY, what=Action.REPLACEMENT_OPENED)
    assert [line.detail["number"] for line in of_replacements] == ["1"]


def put_back(file: Path, where: Path) -> None:
    """As a replica of the document store has it."""
    where.parent.mkdir(parents=True, exist_ok=True)
    file.rename(where)
