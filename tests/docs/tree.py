"""What must never stand in the tree: secrets, and the places of one machine."""

import math
import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_PLACEHOLDERS = frozenset({"hunter2", "secret-word"})
"""Passwords of tests, which are none."""

_NAMED: Mapping[str, re.Pattern[str]] = {
    "private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s*[A-Za-z0-9+/]{16}"),
    "key of webhooks": re.compile(r"whsec_[A-Za-z0-9+/]{32,}"),
    "token": re.compile(
        r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|glpat-[\w-]{20,}|AKIA[0-9A-Z]{16}|xox[abprs]-[\w-]{20,}"
        r"|sk-[A-Za-z0-9_-]{24,}|eyJ[\w-]{16,}\.eyJ[\w-]{16,}\.[\w-]{16,})"
    ),
    "password in a URL": re.compile(r"[a-z][a-z0-9+.-]*://[^\s/:@'\"{}<>`]+:(?P<secret>[^\s/@'\"{}<>`]+)@"),
    "path of a machine": re.compile(r"(?<![\w.])/(?:home|root|Users|work)/[\w.-]+"),
    "host of a registry": re.compile(
        r"(?:--(?:extra-)?index-url|--find-links|--trusted-host|_proxy)[ =]\w\S+"
        r"|://[\w.-]*(?:artifactory|nexus|registry|mirror|pypi)[\w-]*\.(?!org\b)[\w.-]+"
    ),
}

_WORD = re.compile(r"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/_-]{32,}={0,2}(?![A-Za-z0-9+/=_-])")
_MOST_BITS = 4.5
"""Per character: random base64 of 32 bytes has about 4.9, hexadecimal at most 4, names and paths of ours less."""

_SAYS_WHAT_IT_IS = re.compile(
    r"sha(?:256|512)[:-]\S+|https?://\S+|\"status_token\": \"\S+\"|sealed:1:test:[\w.-]+:[\w+/=]+"
)
"""Hashes that are published for checking, addresses of sources, tokens of invented messages (`tests.ledger`), and what
is sealed by the key of the tests."""

_NOT_CODE = frozenset({".pdf", ".png", ".gz", ".lock"})
_PLAYED = ("tests/replay/histories/",)
"""Histories hold what invented dossiers said, in base64: no words to look for in them; keys of any name still are."""


@dataclass(frozen=True)
class Find:
    """What stands where; never what it says."""

    file: Path
    line: int
    what: str


def tracked(root: Path) -> Iterator[Path]:
    """Every file of the tree that is or would be committed, relative to it."""
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        check=True,
    ).stdout
    return (Path(name) for name in dict.fromkeys(listed.decode().split("\0")) if name and (root / name).is_file())


def finds(root: Path, files: Iterable[Path]) -> Iterator[Find]:
    """What looks like a secret or a place of one machine in those files."""
    for file in files:
        if file.suffix in _NOT_CODE:
            continue
        text = (root / file).read_bytes().decode("utf-8", "replace")
        played = file.as_posix().startswith(_PLAYED)
        for what, at in _seen(text, words=not played):
            yield Find(file, text.count("\n", 0, at) + 1, what)


def _seen(text: str, *, words: bool) -> Iterator[tuple[str, int]]:
    for what, pattern in _NAMED.items():
        for match in pattern.finditer(text):
            if match.groupdict().get("secret") not in _PLACEHOLDERS:
                yield what, match.start()
    if words:
        said = [match.span() for match in _SAYS_WHAT_IT_IS.finditer(text)]
        for match in _WORD.finditer(text):
            inside = any(start <= match.start() < end for start, end in said)
            if not inside and _bits(match[0]) > _MOST_BITS:
                yield "random characters", match.start()


def _bits(word: str) -> float:
    """Shannon entropy per character."""
    counts = Counter(word)
    return -sum(count / len(word) * math.log2(count / len(word)) for count in counts.values())
