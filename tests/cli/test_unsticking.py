"""`lienthong operator go-on|resend|migrate|set-aside`: wrong use is named; what needs no Temporal is done at once."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.output import Exit
from cli.stack import LOOPBACK, free_port
from ledger.engine import open_engine, upgrade
from ledger.store import Ledger
from models.audit import Action, NumberedEntry
from models.dossier import DossierOutcome, DossierStage
from models.facts import FactRefusal, GoOnWithoutCertificate, PackMigration
from models.inbox import Hindrance, Progress
from models.systems import System
from settings import Settings
from starter import application
from tests.keys import AS_SETTING, MASTERS
from tests.ledger.builders import declared, notice, opened, plan_of, published

LEASE = timedelta(minutes=1)
WHO = ("--operator", "vh-07", "--because", "Đã xử lý")


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """The ledger of a state of its own; nobody answers where Temporal should be."""
    monkeypatch.setenv("LIENTHONG_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("LIENTHONG_TEMPORAL_ADDRESS", f"{LOOPBACK}:{free_port()}")
    monkeypatch.setenv("LIENTHONG_INBOX_PATIENCE", "0.2")
    monkeypatch.setenv("LIENTHONG_MASTER_KEYS", AS_SETTING)
    monkeypatch.delenv("LIENTHONG_OPERATOR", raising=False)
    engine = open_engine(Settings().ledger_url)
    upgrade(engine)
    return Ledger(engine, MASTERS)


def operator(*arguments: str) -> Result:
    return CliRunner().invoke(application(["operator"]), ["operator", *arguments])


def papers() -> list[Path]:
    """What lies in the document store."""
    return [path for path in Settings().documents.rglob("*") if path.is_file()]


def refusals(ledger: Ledger) -> tuple[NumberedEntry, ...]:
    return ledger.entries(what=Action.ACT_REFUSED)


def test_a_message_nobody_can_deliver_is_set_aside(ledger: Ledger, tmp_path: Path) -> None:
    code = opened(ledger)
    paper = tmp_path / "xac-nhan.pdf"
    paper.write_bytes(b"%PDF-1.4 xac nhan")
    to = ("--leg", "residence_registration", "--official", "cb-12", "--office", "UB-4", "--document", str(paper))
    waits = operator("go-on", code, *to, *WHO, "--message-id", "m1", "--json")
    assert waits.exit_code == 0, waits.output
    assert operator("migrate", code, "--to", "2026-09-01", *WHO, "--message-id", "m2").exit_code == 0
    assert operator("resend", code, *WHO, "--message-id", "m3").exit_code == 0
    [stored] = papers()
    early = operator("set-aside", "m1", *WHO)
    assert (early.exit_code, "tự được chuyển" in early.output) == (Exit.REFUSED, True)
    [first] = ledger.claim_messages(datetime.now(UTC) + LEASE, LEASE, 5)
    assert isinstance(first.fact, GoOnWithoutCertificate)
    ledger.put_off(first, Hindrance.NOT_RUNNING, datetime.now(UTC))
    assert operator("set-aside", "m1", "--because", "vì sao").exit_code == Exit.USAGE
    assert operator("set-aside", "m1", "--operator", "vh 07", "--because", "x" * 2001).exit_code == Exit.USAGE
    assert operator("set-aside", "none", *WHO).exit_code == Exit.NOT_FOUND

    done = operator("set-aside", "m1", *WHO, "--json")
    assert (done.exit_code, json.loads(done.stdout)["reason"]) == (0, FactRefusal.SET_ASIDE)
    assert not stored.exists(), "nobody needs it"
    standing = ledger.standing_of("m1")
    assert standing is not None
    assert (standing.status, standing.text) == (
        Progress.REFUSED,
        "Người vận hành gác lại, không chuyển đến hồ sơ: Đã xử lý",
    )
    assert operator("set-aside", "m1", *WHO).exit_code == Exit.REFUSED
    [second] = ledger.claim_messages(datetime.now(UTC) + LEASE, LEASE, 5)
    assert isinstance(second.fact, PackMigration)
    refused = [(entry.code, entry.detail.get("message"), entry.detail["reason"]) for entry in refusals(ledger)]
    late = [(code, "m1", "not_set_aside")] * 2
    assert refused == [late[0], (None, None, "unknown_message"), late[1]]
    [entry] = ledger.entries(what=Action.SET_ASIDE)
    assert (entry.who, entry.code, entry.why) == ("operator:vh-07", code, "Đã xử lý")


def test_what_a_concluded_dossier_could_not_send_is_due_at_once(ledger: Ledger) -> None:
    code = opened(ledger)
    ended = published(code, 1, stage=DossierStage.CONCLUDED, outcome=DossierOutcome.WITHDRAWN)
    ledger.publish(ended, [notice(code, 1)])
    nothing = operator("resend", code, *WHO)
    assert (nothing.exit_code, "Không có thông báo nào" in nothing.output) == (Exit.REFUSED, True)
    [row] = ledger.claim((System.PORTAL,), datetime.now(UTC), LEASE, 1)
    ledger.postponed(row.id, "AgencyRejected", datetime.now(UTC) + LEASE, row.attempts)
    assert operator("resend", code, "--leg", "birth_registration", *WHO).exit_code == Exit.REFUSED
    assert operator("resend", code, "--key", "khóa sai", *WHO).exit_code == Exit.USAGE
    assert operator("resend", code, "--because", "Đã sửa").exit_code == Exit.USAGE
    same = ("resend", code, "--key", row.dispatch.head.key, "--message-id", "gui-lai-1", *WHO)
    ahead = operator(*same, "--at", "2099-01-01T09:00:00+07:00")
    assert (ahead.exit_code, "in_future: " in ahead.output) == (Exit.REFUSED, True)
    said = [json.loads(operator(*same, "--json").stdout) for _ in range(2)]
    assert [(each["rows"], each["repeated"]) for each in said] == [(1, False), (0, True)]
    other = operator("resend", code, "--message-id", "gui-lai-1", *WHO)
    assert (other.exit_code, "message_reused: " in other.output) == (Exit.REFUSED, True)
    assert ledger.claim((System.PORTAL,), datetime.now(UTC), LEASE, 1)[0].id == row.id
    assert {(entry.who, entry.code, entry.why, entry.detail["kind"]) for entry in refusals(ledger)} == {
        ("operator:vh-07", code, "Đã xử lý", "resend")
    }
    reasons = [entry.detail["reason"] for entry in refusals(ledger)]
    assert reasons == ["nothing_to_send", "ended", "in_future", "message_reused"]
    [entry] = ledger.entries(what=Action.ACT_ACCEPTED)
    assert (entry.who, entry.code, entry.detail["kind"]) == ("operator:vh-07", code, "resend")


def test_what_kind_a_message_is_operators_read_in_words(ledger: Ledger) -> None:
    code = opened(ledger)
    ledger.publish(published(code, 1, plan=plan_of(declared())), ())
    for kind in ("go_on", "superseded"):
        ledger.arrived(f"m-{kind}", "digest", kind, code, "cli:vh", datetime.now(UTC))
        ledger.settled(f"m-{kind}", False, FactRefusal.OUT_OF_TURN, "Chưa đến lượt.")
    assert operator("migrate", code, "--to", "2026-09-01", *WHO).exit_code == 0
    shown = CliRunner().invoke(application(["show"]), ["show", code]).stdout
    for word in ("không chờ giấy chứng nhận, cho đi tiếp lúc", "thông điệp khác lúc"):
        assert word in shown
    assert "chuyển sang gói luật khác" in CliRunner().invoke(application(["inbox"]), ["inbox"]).stdout


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (
            ("classify", "--message", "tin 1", "--as", "refusal", "--operator", "vh-07", "--because", " "),
            "Lệnh chưa đúng: thiếu --because, sai --message.",
        ),
        (
            ("decide-overdue", "--choice", "wait_on", "--operator", "vh 07", "--because", "Đã hẹn"),
            "Lệnh chưa đúng: sai --operator.",
        ),
        (
            ("consent", "--person", "001052900011", "--answer", "granted", "--message-id", "vneid-001052900011"),
            "Mã thông điệp (id) không được chứa số định danh của ai.",
        ),
    ],
)
def test_what_is_wrong_is_said_in_words_and_nothing_is_stored(
    ledger: Ledger, command: tuple[str, ...], says: str
) -> None:
    name, *options = command
    said = (name, opened(ledger), "--leg", "residence_registration", *options)
    done = CliRunner().invoke(application([name]), said)
    assert (done.exit_code, done.stderr.strip()) == (Exit.USAGE, says)
    assert ledger.inbox_open() == 0
