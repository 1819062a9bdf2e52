"""The hash chain of the audit trail: each line is bound to its number, its content and the line before it.

Lines are authenticated by HMAC-SHA256 with a key derived from the master key, so that whoever has the database alone
can remove lines but neither write nor change one unseen. What a removed end leaves no trace of, a head kept elsewhere
shows.
"""

import hmac
import json
from collections.abc import Iterable
from typing import NamedTuple

from models.audit import Finding, Flaw, TrailHead, Verification
from trust.key_errors import MasterKeyUnknown
from trust.masters import MasterKeys

NOTHING = TrailHead(number=0, hash="0" * 64)
"""The head of an empty trail, and what the first line names as the one before it."""

_LABEL = b"lienthong audit"


class Line(NamedTuple):
    """A line exactly as it is stored: `at` in ISO 8601, `why` sealed, `detail` in JSON."""

    number: int
    at: str
    who: str
    role: str | None
    what: str
    code: str | None
    why: str | None
    pack: str | None
    detail: str
    key_id: str
    previous: str
    hash: str = ""


class Chain:
    """Makes and checks the hashes of lines; safe from many threads."""

    def __init__(self, masters: MasterKeys) -> None:
        self._masters = masters
        self._keys: dict[str, bytes] = {}

    @property
    def key_id(self) -> str:
        """The master key by which new lines are bound."""
        return self._masters.current

    def hash_of(self, line: Line) -> str:
        """The hash a line must have, whatever it has. Raises MasterKeyUnknown."""
        key = self._keys.get(line.key_id)
        if key is None:
            key = self._keys[line.key_id] = self._masters.derive(line.key_id, _LABEL, b"")
        said = json.dumps(line[:-1], ensure_ascii=False, separators=(",", ":"), default=repr)
        return hmac.digest(key, said.encode("utf-8", "surrogatepass"), "sha256").hex()

    def inspect(self, lines: Iterable[Line], kept: TrailHead | None = None) -> Verification:
        """Check all lines of a trail, given by rising numbers, and whether it still has a head that was `kept`."""
        inspection = _Inspection(self, kept or NOTHING)
        for line in lines:
            inspection.take(line)
        return inspection.done()


class _Inspection:
    def __init__(self, chain: Chain, kept: TrailHead) -> None:
        self._chain = chain
        self._kept = kept
        self._head = NOTHING
        self._sound = True
        self._entries = 0
        self._flaws: list[Finding] = []

    def take(self, line: Line) -> None:
        self._entries += 1
        if line.number <= self._head.number:  # before the first: numbers rise
            self._found(Flaw.CHANGED, line.number, line.number)
            return
        follows = line.number == self._head.number + 1
        if not follows:
            self._found(Flaw.MISSING, self._head.number + 1, line.number - 1)
        flaw = self._of_itself(line)
        if flaw is None and follows and self._sound and line.previous != self._head.hash:
            flaw = Flaw.MISPLACED
        if flaw is None and line.number == self._kept.number and line.hash != self._kept.hash:
            flaw = Flaw.REWRITTEN
        if flaw:
            self._found(flaw, line.number, line.number)
        self._sound = flaw is None
        self._head = TrailHead.model_construct(number=line.number, hash=line.hash)

    def done(self) -> Verification:
        if self._kept.number > self._head.number:
            self._found(Flaw.CUT_OFF, self._head.number + 1, self._kept.number)
        return Verification(entries=self._entries, head=self._head, flaws=tuple(self._flaws))

    def _of_itself(self, line: Line) -> Flaw | None:
        try:
            right = self._chain.hash_of(line)
        except MasterKeyUnknown:
            return Flaw.UNCHECKED
        return None if hmac.compare_digest(right.encode(), str(line.hash).encode()) else Flaw.CHANGED

    def _found(self, flaw: Flaw, first: int, last: int) -> None:
        before = self._flaws[-1] if self._flaws else None
        if before and before.flaw is flaw and before.last == first - 1:
            self._flaws[-1] = before.model_copy(update={"last": last})
        else:
            self._flaws.append(Finding(flaw=flaw, first=first, last=last))
