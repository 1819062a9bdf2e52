"""Commands on senders: a key that will do, and a file checked before it is used."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from typer.testing import CliRunner, Result

from starter import application
from trust.senders import for_training, new_secret


def run(*arguments: str) -> Result:
    return CliRunner().invoke(application(("senders",)), ["senders", *arguments])


def written(folder: Path, *keys: str) -> Path:
    file = folder / "senders.toml"
    file.touch(mode=0o600)
    file.write_text(
        f'[[senders]]\nid = "provincial-79"\nsystem = "provincial"\nprovinces = ["79"]\nkeys = [{", ".join(keys)}]'
    )
    return file


def test_a_new_key_serves_in_a_file(tmp_path: Path) -> None:
    first, second = run("key"), run("key", "--json")
    assert first.stdout.strip() != json.loads(second.stdout)["secret"]
    checked = run("check", str(written(tmp_path, f'{{ secret = "{first.stdout.strip()}" }}')))
    assert (checked.exit_code, checked.stdout.splitlines()[0]) == (0, "Dùng được.")
    assert "provincial-79" in checked.stdout
    assert "whsec_" not in checked.stdout


def test_it_says_how_long_there_is_a_key(tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    times = ((-2, -1), (-1, 1), (0, 5), (6, 9))
    keys = [
        f'{{ secret = "{new_secret()}", from = {(now + timedelta(days=a)).isoformat()}, '
        f"until = {(now + timedelta(days=b)).isoformat()} }}"
        for a, b in times
    ]
    (answer,) = json.loads(run("check", str(written(tmp_path, *keys)), "--json").stdout)
    assert (answer["keys"], answer["keys_good"], answer["provinces"]) == (4, 2, ["79"])
    assert datetime.fromisoformat(answer["good_until"]) == now + timedelta(days=5)


def test_a_file_that_others_can_read_is_said_to_be(tmp_path: Path) -> None:
    file = tmp_path / "senders.toml"
    file.write_text(for_training())
    file.chmod(0o644)
    assert "chmod 600" in run("check", str(file)).stdout


def test_a_bad_file_ends_with_what_is_wrong(tmp_path: Path) -> None:
    secret = new_secret()[:-8]
    ended = run("check", str(written(tmp_path, f'{{ secret = "{secret}" }}', '{ secret = "x" }')), "--json")
    assert ended.exit_code == 2
    error = json.loads(ended.stdout)["error"]
    assert "provincial-79" in error
    assert "keys.2.secret" in error
    assert secret not in ended.output
