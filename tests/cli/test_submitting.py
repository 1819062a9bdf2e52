"""`submit` of both groups; who may be another dossier's is refused with a reason, let in by an operator's word."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.files import load_declaration_file
from cli.output import Exit
from cli.stack import LOOPBACK, free_port
from ledger.documents import DocumentStore
from ledger.engine import open_engine, upgrade
from ledger.store import Ledger
from models.audit import Action
from models.base import LEGAL_ZONE
from models.dossier import DossierStage
from models.groups import Group
from settings import Settings
from starter import application
from submissions import Submissions
from tests.keys import AS_SETTING, MASTERS
from tests.ledger.builders import plan_of, published

SAMPLES = Path(__file__).parents[2] / "samples" / "birth"
NOW = datetime(2026, 11, 19, 9, 0, tzinfo=LEGAL_ZONE)
REASON = "Sinh đôi trùng tên, đã đối chiếu với bệnh viện"


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """The ledger of a training state on Thursday 19/11/2026, in which the plain sample was submitted; no Temporal."""
    monkeypatch.setenv("LIENTHONG_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("LIENTHONG_TEMPORAL_ADDRESS", f"{LOOPBACK}:{free_port()}")
    monkeypatch.setenv("LIENTHONG_TRAINING", "true")
    monkeypatch.setenv("LIENTHONG_TRAINING_OFFSET_SECONDS", str((NOW - datetime.now(UTC)).total_seconds()))
    monkeypatch.setenv("LIENTHONG_HASH_KEY", "k" * 32)
    monkeypatch.setenv("LIENTHONG_MASTER_KEYS", AS_SETTING)
    settings = Settings()
    engine = open_engine(settings.ledger_url)
    upgrade(engine)
    ledger = Ledger(engine, MASTERS)
    declaration, contents = load_declaration_file(SAMPLES / "plain.json", NOW.date())
    Submissions(ledger, DocumentStore(settings.documents, MASTERS), settings).open(declaration, contents)
    return ledger


@pytest.fixture
def reissued(tmp_path: Path) -> Path:
    """The plain sample under another birth notice."""
    folder = Path(shutil.copytree(SAMPLES, tmp_path / "samples"))
    form: dict[str, Any] = json.loads((folder / "plain.json").read_text("utf-8"))
    form["birth_notice"]["number"] = "99999.GCS.01901.26"
    form["submission_id"] = "cap-lai"
    (folder / "plain.json").write_text(json.dumps(form), "utf-8")
    return folder / "plain.json"


def submit(file: Path, *arguments: str) -> Result:
    return CliRunner().invoke(application(["submit"]), ["submit", str(file), *arguments])


def show(code: str) -> Result:
    return CliRunner().invoke(application(["show"]), ["show", code])


def listed(*arguments: str) -> Result:
    return CliRunner().invoke(application(["list"]), ["list", *arguments])


@pytest.mark.parametrize("file", sorted((SAMPLES.parent / "death").glob("*.json")), ids=lambda file: file.stem)
def test_every_sample_of_a_death_is_taken_into_the_ledger(ledger: Ledger, file: Path) -> None:
    """Without Temporal its workflow starts later, by recovery."""
    assert submit(file).exit_code == Exit.FAILED
    _, code = ledger.unstarted()
    assert ledger.declaration(code).group is Group.DEATH
    shown = show(code)
    assert (shown.exit_code, code in shown.stdout) == (Exit.OK, True)
    [dossier] = json.loads(listed("--group", "death", "--json").stdout)
    assert (dossier["code"], dossier["group"]) == (code, "death")
    assert code not in listed("--group", "birth").stdout


def test_who_waits_for_papers_is_shown_how_to_hand_them_in(ledger: Ledger) -> None:
    [code] = ledger.unstarted()
    plan = plan_of(ledger.declaration(code))
    ledger.publish(published(code, 1, plan=plan, stage=DossierStage.WAITING_DOCUMENTS), ())
    command = f"lienthong attach {code} --document LOẠI=TỆP (mã loại: lienthong grounds --group birth)"
    assert command in show(code).stdout
    ledger.publish(published(code, 2, stage=DossierStage.IN_PROGRESS), ())
    assert "lienthong attach" not in show(code).stdout


@pytest.mark.rule("8.duplicate-deceased")
def test_a_deceased_spelt_otherwise_is_refused_with_its_reason_and_what_to_do(ledger: Ledger, tmp_path: Path) -> None:
    file = SAMPLES.parent / "death" / "householder.json"
    submit(file)
    _, code = ledger.unstarted()
    form = json.loads(file.read_text("utf-8")) | {"submission_id": "khai-lai", "attachments": []}
    form["deceased"] |= {"full_name": "TRAN VAN MAT MAU", "personal_id": None}
    form["death_notice"]["number"] = "00999.GBT.01234.26"
    again = tmp_path / "khai-lai.json"
    again.write_text(json.dumps(form), "utf-8")
    refused = submit(again)
    assert refused.exit_code == Exit.REFUSED
    assert f"Người chết này có thể trùng với người chết của hồ sơ {code}" in refused.stderr
    assert json.loads(submit(again, "--json").stdout)["details"] == ["Mã lý do: possible_duplicate"]
    submit(again, "--confirmed-not-duplicate", "Đã đối chiếu với bệnh viện")
    assert len(ledger.unstarted()) == 3


@pytest.mark.rule("8.duplicate-deceased")
@pytest.mark.parametrize(
    ("number", "reason"), [(None, "duplicate"), ("99999.GBT.01234.26", "possible_duplicate")], ids=["same", "new"]
)
def test_a_death_notice_issued_anew_is_treated_as_a_birth_notice_is(
    ledger: Ledger, tmp_path: Path, number: str | None, reason: str
) -> None:
    form = json.loads((SAMPLES.parent / "death" / "householder.json").read_text("utf-8")) | {"attachments": []}
    form["deceased"]["personal_id"] = None
    file = tmp_path / "khai-tu.json"
    file.write_text(json.dumps(form), "utf-8")
    submit(file)
    form["submission_id"] = "cap-lai"
    form["death_notice"] |= {"facility": "Bệnh viện cấp lại"} | ({"number": number} if number else {})
    file.write_text(json.dumps(form), "utf-8")
    refused = submit(file, "--json")
    assert (refused.exit_code, json.loads(refused.stdout)["details"]) == (Exit.REFUSED, [f"Mã lý do: {reason}"])
    submit(file, "--confirmed-not-duplicate", "Đã đối chiếu với bệnh viện: hai người")
    assert len(ledger.unstarted()) == (3 if number else 2)


@pytest.mark.rule("4.case-notice-new-code")
def test_a_possible_reissue_is_refused_with_its_reason_and_what_to_do(ledger: Ledger, reissued: Path) -> None:
    [code] = ledger.unstarted()
    refused = submit(reissued)
    assert refused.exit_code == Exit.REFUSED
    assert f"có thể trùng với trẻ của hồ sơ {code}" in refused.stderr
    assert "--confirmed-not-duplicate" in refused.stderr
    answer = json.loads(submit(reissued, "--json").stdout)
    assert answer["details"] == ["Mã lý do: possible_duplicate"]
    assert ledger.unstarted() == (code,)
    refusals = ledger.entries(what=Action.SUBMISSION_REFUSED)
    assert [(entry.code, entry.detail) for entry in refusals] == [(None, {"reason": "possible_duplicate"})] * 2


@pytest.mark.rule("4.case-notice-new-code")
def test_an_operators_word_lets_it_in_and_is_kept(ledger: Ledger, reissued: Path) -> None:
    submit(reissued, "--confirmed-not-duplicate", REASON)
    first, second = ledger.unstarted()
    [decided] = ledger.not_duplicates(second)
    assert (decided.other, decided.reason) == (first, REASON)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 4001])
def test_an_operators_word_must_say_why(ledger: Ledger, reissued: Path, reason: str) -> None:
    assert submit(reissued, "--confirmed-not-duplicate", reason).exit_code == Exit.USAGE
    assert len(ledger.unstarted()) == 1


def test_the_same_notice_is_let_in_by_nobodys_word(ledger: Ledger, reissued: Path) -> None:
    form = json.loads(reissued.read_text("utf-8"))
    form["birth_notice"]["number"] = json.loads((SAMPLES / "plain.json").read_text("utf-8"))["birth_notice"]["number"]
    form["attachments"] = [{"kind": "residence_papers", "file": "giay.pdf"}]
    (reissued.parent / "giay.pdf").write_bytes(b"%PDF-1.7 khai lai")
    reissued.write_text(json.dumps(form), "utf-8")
    answer = submit(reissued, "--confirmed-not-duplicate", REASON, "--json")
    assert answer.exit_code == Exit.REFUSED
    assert json.loads(answer.stdout)["details"] == ["Mã lý do: duplicate"]
    assert not [path for path in Settings().documents.rglob("*") if path.is_file()], "its papers are nobody's"
