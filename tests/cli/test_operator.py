"""`operator`: who answers for an act and why; bad input is one clear line; nothing is lost without Temporal."""

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.output import Exit
from ledger.documents import DocumentStore
from ledger.engine import open_engine, upgrade
from ledger.store import Ledger
from models.documents import DocumentKind
from models.facts import InboundFact, NewAppointment, PaperAnswer, Received
from models.groups import Group
from models.law import all_packs
from settings import Settings
from starter import application
from tests.keys import AS_SETTING, MASTERS
from tests.ledger.builders import numbered, opened

DOORS = ("appoint", "paper-answer", "cancel")
UNKNOWN = "G22.99.08-261110-999999"
WHY = ("--because", "Cơ quan báo chậm")
LEG = ("--leg", "residence_registration")
BOTH = ("paper-answer", UNKNOWN, *LEG, "--as", "decided", "--result", "x", "--document", "y")
DATED = ("--dated", "2026-11-20T09:00")


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """The ledger of a state of its own, which commands find; no Temporal is there."""
    monkeypatch.setenv("LIENTHONG_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("LIENTHONG_MASTER_KEYS", AS_SETTING)
    monkeypatch.setenv("LIENTHONG_OPERATOR", "vh-07")
    monkeypatch.setenv("LIENTHONG_INBOX_PATIENCE", "0.1")
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:9")
    engine = open_engine(Settings().ledger_url)
    upgrade(engine)
    return Ledger(engine, MASTERS)


@pytest.fixture
def scan(tmp_path: Path) -> str:
    file = tmp_path / "van-ban.pdf"
    file.write_bytes(b"%PDF-1.4\n%%EOF\n")
    return str(file)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(application(("operator",)), ["operator", *arguments])


def waiting(ledger: Ledger, code: str) -> InboundFact:
    """The fact that waits for that dossier."""
    delivery = ledger.claim_message(code, datetime.now(UTC) + timedelta(days=1), timedelta(minutes=1))
    assert delivery is not None
    return delivery.fact


@pytest.mark.parametrize("door", DOORS)
def test_help_has_examples_that_name_only_what_there_is(door: str) -> None:
    shown = run(door, "--help").stdout
    legs = {leg for pack in all_packs() for group in Group for leg in pack.group(group).legs}
    assert len(re.findall(f"lienthong operator {door} G22", shown)) >= 2
    assert "--json\n" in shown
    assert set(re.findall(r"--leg (\w+) ", shown)) <= legs
    assert set(re.findall(r"--result (\w+)=", shown)) <= set(DocumentKind)


def test_an_act_waits_in_the_inbox_until_its_dossier_can_be_reached(ledger: Ledger, scan: str) -> None:
    appointed, answered = opened(ledger), opened(ledger, numbered(2))
    appoint = run("appoint", appointed, *LEG, "--on", "2026-12-01T10:00", *WHY, "--message-id", "hen-1", "--json")
    assert appoint.exit_code == Exit.OK, appoint.output
    assert json.loads(appoint.stdout)["message_id"] == "hen-1"
    answer = ("--as", "received", *DATED, "--scan", scan, "--agency-code", "45/TN", "--operator", "vh-08")
    assert run("paper-answer", answered, *LEG, *answer, *WHY, "--message-id", "giay-1").exit_code == Exit.OK
    first, second = waiting(ledger, appointed), waiting(ledger, answered)
    assert isinstance(first, NewAppointment)
    assert (first.operator, first.because, first.appointment.isoformat()) == (
        "vh-07",
        "Cơ quan báo chậm",
        "2026-12-01T10:00:00+07:00",
    )
    assert isinstance(second, PaperAnswer)
    assert isinstance(second.answer, Received)
    assert (second.operator, second.answer.agency_code) == ("vh-08", "45/TN")
    assert [paper.kind for paper in second.scans] == [DocumentKind.PAPER_ANSWER]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("appoint", UNKNOWN, *LEG, "--on", "ngày mai", *WHY), "sai --on"),
        (("appoint", UNKNOWN, *LEG, "--on", "2026-12-01T10:00", "--because", " "), "thiếu --because"),
        (("appoint", UNKNOWN, *LEG, "--on", "2026-12-01T10:00", "--because", "a" * 2001), "sai --because"),
        (("appoint", UNKNOWN, *LEG, "--on", "2026-12-01T10:00"), "Thiếu '--because'"),
        (("cancel", UNKNOWN, *WHY, "--operator", "hai người"), "sai --operator"),
        (("paper-answer", UNKNOWN, *LEG, "--as", "decided", *DATED, "--scan", "SCAN", *WHY), "thiếu --number"),
        (("paper-answer", UNKNOWN, *LEG, "--as", "received", *DATED, "--scan", "không-có.pdf", *WHY), "không-có.pdf"),
        (("paper-answer", UNKNOWN, *LEG, "--as", "received", *DATED, *WHY), "--scan"),
        (("paper-answer", UNKNOWN, *LEG, "--as", "corrected", *DATED, "--scan", "SCAN", *WHY), "corrected"),
        (
            ("paper-answer", UNKNOWN, *LEG, "--as", "received", "--text", "a", *DATED, "--scan", "SCAN", *WHY),
            "thừa --text",
        ),
        ((*BOTH, *DATED, "--scan", "SCAN", *WHY), "không dùng cùng nhau"),
    ],
)
def test_bad_input_is_one_clear_line(ledger: Ledger, scan: str, arguments: tuple[str, ...], says: str) -> None:
    done = run(*(scan if one == "SCAN" else one for one in arguments))
    assert done.exit_code == Exit.USAGE, done.output
    assert says in done.output
    assert "Traceback" not in done.output
    assert not Settings().documents.exists()


def test_papers_of_a_refused_act_are_not_kept_unless_they_were(ledger: Ledger, scan: str, tmp_path: Path) -> None:
    store, other = DocumentStore(Settings().documents, MASTERS), tmp_path / "khác.pdf"
    other.write_bytes(b"%PDF-1.7 ")
    first, second = (hashlib.sha256(Path(file).read_bytes()).hexdigest() for file in (scan, other))
    act = ("paper-answer", opened(ledger), *LEG, "--as", "received", *DATED, *WHY, "--message-id", "mot-ma", "--scan")
    assert run(*act, scan).exit_code == Exit.OK
    assert run(*act, scan, "--scan", str(other)).exit_code == Exit.REFUSED
    assert (store.has(first), store.has(second)) == (True, False)


def test_nobody_acts_without_a_name(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIENTHONG_OPERATOR")
    done = run("cancel", opened(ledger), *WHY, "--json")
    assert done.exit_code == Exit.USAGE
    assert "LIENTHONG_OPERATOR" in json.loads(done.stdout)["error"]
    assert not ledger.inbox_open()
