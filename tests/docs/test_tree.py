"""No secret stands in the tree, nor a path or host of one machine; the check finds one that does."""

import base64
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from tests.docs.tree import finds, tracked

ROOT = Path(__file__).parents[2]
CHANCE = random.Random(6)


def made(bytes_: int) -> str:
    """Characters as a generator of keys makes them."""
    return base64.b64encode(CHANCE.randbytes(bytes_)).decode()


def private_key() -> str:
    pem = serialization.Encoding.PEM
    key = ed25519.Ed25519PrivateKey.generate()
    return key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


PLANTED: dict[str, Callable[[], str]] = {
    "private key": private_key,
    "key of webhooks": lambda: "whsec_" + made(24),
    "token": lambda: "ghp_" + "a1B2" * 9,
    "password in a URL": lambda: "postgresql://" + "app:s3cret@db.internal/ledger",
    "path of a machine": lambda: "/" + "home/somebody/lienthong",
    "host of a registry": lambda: "--" + "index-url https://packages.internal/simple",
    "random characters": lambda: f'KEY = "{made(32)}"',
}


def test_no_secret_and_no_place_of_a_machine_stands_in_the_tree() -> None:
    assert list(finds(ROOT, tracked(ROOT))) == []


@pytest.mark.parametrize("what", PLANTED)
def test_one_that_is_planted_is_found(what: str, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("kept-out/\n", "utf-8")
    (tmp_path / "kept-out").mkdir()
    planted = PLANTED[what]()
    for file in ("notes.md", "kept-out/notes.md"):
        (tmp_path / file).write_text(f"first line\n{planted}\n", "utf-8")
    found = list(finds(tmp_path, tracked(tmp_path)))
    assert [(find.file.name, find.line, find.what) for find in found if find.what == what] == [("notes.md", 2, what)]
    assert all(planted not in str(find) for find in found)


def test_what_is_published_for_checking_is_no_secret(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("--hash=sha256:" + "0123456789abcdef" * 4 + "\n", "utf-8")
    (tmp_path / "page.md").write_text("postgresql://app:hunter2@db.example, `docs/running.md`\n", "utf-8")
    assert list(finds(tmp_path, [Path("requirements.txt"), Path("page.md")])) == []
