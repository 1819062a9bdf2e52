"""Who may look: files of operators, their tokens, sessions of browsers, and another log-in in the file's place."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from models.operators import Operator, OperatorRole, Sight
from settings import BadSettings, Settings
from starter import application
from tests.integration.system import ROOT
from trust.callers import Proxies
from trust.operator_guard import KeptOut, NotLetIn, OperatorGuard, Sessions
from trust.operators import (
    Expired,
    Identified,
    Operators,
    OperatorsUnusable,
    Unidentified,
    digest_of,
    for_training,
    new_token,
    operators_of,
    row_of,
)

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
TOKEN = new_token()
OFFICER = Operator(id="can-bo-1", role=OperatorRole.CASE_OFFICER, provinces=frozenset({"79"}))


def written(folder: Path, *entries: str) -> Path:
    file = folder / "operators.toml"
    file.touch(mode=0o600)
    file.write_text("\n".join(entries), "utf-8")
    return file


def entry(id_: str = OFFICER.id, token: str = TOKEN, until: datetime = NOW + HOUR) -> str:
    return row_of(id_, OperatorRole.CASE_OFFICER, ("79",), token, until)


def test_a_token_is_its_owners_until_it_ends(tmp_path: Path) -> None:
    operators = Operators.load(written(tmp_path, entry()))
    identified = operators.identify(TOKEN, NOW)
    assert (identified.operator.id, identified.until) == (OFFICER.id, NOW + HOUR)
    assert identified.operator.sight_of("79") is Sight.CLEAR
    for wrong in (new_token(), digest_of(TOKEN), "", TOKEN.upper(), "\udce1"):
        with pytest.raises(Unidentified):
            operators.identify(wrong, NOW)
    with pytest.raises(Expired):
        operators.identify(TOKEN, NOW + HOUR)


WRONG = {
    "no entries": ("", "[[operators]]"),
    "no TOML": ('[[operators]]\nid = "x', "cuối tệp"),
    "something else besides": (entry() + "[other]\n", "chỉ các mục ấy"),
    "no such role": (entry().replace("case_officer", "admin"), "role"),
    "no such province": (entry().replace('"79"', '"999"'), "mã tỉnh có thật"),
    "an officer of nowhere": (entry().replace('provinces = ["79"]', ""), "phải có provinces"),
    "an auditor of a province": (entry().replace("case_officer", "auditor"), "kiểm toán không có provinces"),
    "a token in the file": (entry().replace(digest_of(TOKEN), TOKEN), "token_sha256"),
    "no end": (entry().split("until")[0], "until"),
    "an end without a zone": (entry().split("until")[0] + "until = 2027-01-01T00:00:00\n", "until"),
    "an id that is none": (entry(":x"), "id"),
    "the same id twice": (entry() + entry(token=new_token()), "hai mục cùng id"),
    "a token of two": (entry() + entry("can-bo-2"), "dùng chung token"),
}


@pytest.mark.parametrize(("content", "says"), WRONG.values(), ids=WRONG)
def test_a_file_that_will_not_do_says_why_and_shows_no_token(tmp_path: Path, content: str, says: str) -> None:
    with pytest.raises(OperatorsUnusable) as refused:
        Operators.load(written(tmp_path, content))
    assert says in str(refused.value)
    assert TOKEN not in str(refused.value)
    assert digest_of(TOKEN) not in str(refused.value)


def test_without_a_file_or_with_one_that_others_can_read_nobody_looks(tmp_path: Path) -> None:
    file = written(tmp_path, entry())
    assert operators_of(Settings(operators=file)).identify(TOKEN, NOW)
    file.chmod(0o640)
    for settings, says in ((Settings(operators=file), "chmod 600"), (Settings(operators=None), "LIENTHONG_OPERATORS")):
        with pytest.raises(OperatorsUnusable, match=says):
            operators_of(settings)


def test_the_codec_server_does_not_start_without_operators(tmp_path: Path) -> None:
    environment = {"LIENTHONG_STATE": str(tmp_path), "LIENTHONG_OPERATORS": str(written(tmp_path, "x"))}
    ended = subprocess.run(
        [sys.executable, str(ROOT / "codec_server.py")],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "không dùng được" in ended.stderr
    assert "Traceback" not in ended.stderr


class SingleSignOn:
    """A log-in service of somebody's own, as one for OpenID Connect would be."""

    def identify(self, token: str, now: datetime) -> Identified:
        if token != "signed by the identity provider":
            raise Unidentified
        return Identified(operator=OFFICER, until=now + HOUR)


def test_a_log_in_service_stands_in_for_the_file() -> None:
    service = operators_of(Settings(operator_service=f"{__name__}:SingleSignOn", operators=None))
    assert service.identify("signed by the identity provider", NOW).operator == OFFICER
    for path in (f"{__name__}:Nobody", "no.such.module:factory", "nonsense"):
        with pytest.raises(BadSettings, match="LIENTHONG_OPERATOR_SERVICE"):
            operators_of(Settings(operator_service=path))


def test_a_session_lasts_a_day_at_work_and_no_longer_than_the_token() -> None:
    sessions = Sessions()
    for until, ends in ((NOW + HOUR, NOW + HOUR), (NOW + 100 * HOUR, NOW + 8 * HOUR)):
        cookie, session = sessions.begin(Identified(operator=OFFICER, until=until), NOW)
        assert session.until == ends
        assert sessions.identify(cookie, ends - timedelta(seconds=1)).operator == OFFICER
        with pytest.raises(Unidentified):
            sessions.identify(cookie, ends)


def test_sessions_do_not_pile_up() -> None:
    sessions = Sessions()
    cookies = [sessions.begin(Identified(operator=OFFICER, until=NOW + HOUR), NOW)[0] for _ in range(1001)]
    with pytest.raises(Unidentified):
        sessions.identify(cookies[0], NOW)
    assert all(sessions.identify(cookie, NOW) for cookie in cookies[1:])


def test_who_bears_a_token_is_not_judged_by_a_cookie() -> None:
    """Else somebody could send a wrong token along with another's session."""
    sessions = Sessions()
    guard = OperatorGuard(
        Operators(()), sessions, Proxies(), operator_requests_per_minute=9, stranger_requests_per_minute=9
    )
    cookie, _ = sessions.begin(Identified(operator=OFFICER, until=datetime.now(UTC) + HOUR), datetime.now(UTC))
    assert guard.admit("127.0.0.1", (), None, cookie).operator == OFFICER
    with pytest.raises(KeptOut) as kept_out:
        guard.admit("127.0.0.1", (), f"Bearer {new_token()}", cookie)
    assert kept_out.value.why is NotLetIn.STRANGER


def test_a_user_interface_beyond_this_machine_is_reached_by_tls() -> None:
    assert Settings(codec_ui_origins=("http://127.0.0.1:8233", "http://localhost:8233", "https://temporal.example"))
    for origin in ("http://temporal.example", "https://temporal.example/", "*", "null", "https://a@b.example"):
        with pytest.raises(BadSettings, match="LIENTHONG_CODEC_UI_ORIGINS"):
            Settings(codec_ui_origins=(origin,))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(application(("operators",)), ["operators", *arguments])


def test_a_token_made_by_command_serves_in_a_file(tmp_path: Path) -> None:
    made = json.loads(run("token", "can-bo-1", "--role", "case_officer", "--province", "79", "--json").stdout)
    file = written(tmp_path, made["entry"])
    assert made["token"] not in made["entry"]
    assert Operators.load(file).identify(made["token"], datetime.now(UTC)).operator.provinces == frozenset({"79"})
    checked = run("check", str(file))
    assert (checked.exit_code, checked.stdout.splitlines()[0]) == (0, "Dùng được.")
    assert digest_of(made["token"]) not in checked.stdout
    file.chmod(0o644)
    assert "chmod 600" in run("check", str(file)).stdout
    said = run("token", "can-bo-2", "--role", "support").stdout
    assert "lto_" in said
    assert 'role = "support"' in said


@pytest.mark.parametrize(
    "arguments",
    [
        ("can-bo-1", "--role", "case_officer"),
        ("can-bo-1", "--role", "case_officer", "--province", "999"),
        ("can-bo-1", "--role", "auditor", "--province", "79"),
        ('a"\nb', "--role", "support"),
        ("can-bo-1", "--role", "admin"),
    ],
)
def test_no_token_is_made_that_would_not_serve(arguments: tuple[str, ...]) -> None:
    ended = run("token", *arguments)
    assert ended.exit_code == 2
    assert "lto_" not in ended.stdout


def test_a_bad_file_ends_the_check_and_an_ended_token_is_named(tmp_path: Path) -> None:
    assert run("check", str(written(tmp_path, "x"))).exit_code == 2
    checked = run("check", str(written(tmp_path, entry(until=datetime.now(UTC) - HOUR))))
    assert checked.exit_code == 0
    assert "đã hết hạn" in checked.stdout


def test_training_has_one_of_each_role(tmp_path: Path) -> None:
    entries, tokens = for_training()
    operators = Operators.load(written(tmp_path, entries))
    roles = {role: operators.identify(token, datetime.now(UTC)).operator.role for role, token in tokens.items()}
    assert roles == {role: role for role in OperatorRole}
