"""The hash chain of the audit trail: each line is bound to its number, its content and the line before it.

Lines are authenticated by HMAC-SHA256 with a key derived from the master key, so that whoever has the database alone
can remove lines but neither write nor change one unseen. What a removed end leaves no trace of, a head kept elsewhere
shows.

A master key that was changed for another stays in the ring, for its lines to be checked, but must not bind new ones,
for it may have leaked. While a key is being changed, machines write by the old and the new one in turn. The change is
over with the line of `keys reseal`, bound by the new key: whatever keys came into use before that one are retired,
until a line bound by a key that is not takes one up again (that of `keys use`, before it begins).
"""

import hmac
import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from models.audit import Action, Finding, Flaw, TrailHead, Verification
from trust.key_errors import MasterKeyUnknown
from trust.masters import MasterKeys

NOTHING = TrailHead(number=0, hash="0" * 64)
"""The head of an empty trail, and what the first line names as the one before it."""

_LABEL = b"lienthong audit"
_OF_KEYS = frozenset({Action.BEGUN.value, Action.KEYS_CHANGED.value})
"""What the lines are that tell of master keys: `use` which one, and by which all was `resealed`."""


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


def said(detail: str) -> Mapping[str, object]:
    """What the detail of a line says; nothing, when it is not as we write it."""
    try:
        read = json.loads(detail)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


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


class _KeysInUse:
    """By which master keys lines may be bound, as the trail itself goes on telling."""

    def __init__(self) -> None:
        self.in_use: list[str] = []
        """Since when: the first was taken up first."""
        self._retired: set[str] = set()

    def may_bind(self, key_id: str) -> bool:
        """Whether a line at this place may be bound by that key."""
        return key_id not in self._retired

    def heed(self, line: Line) -> None:
        """What a line that may be there says of the keys: that it is bound by one, and what it tells of another."""
        if line.key_id not in self.in_use:
            self.in_use.append(line.key_id)
        if line.what in _OF_KEYS:
            told = said(line.detail)
            if isinstance(key_id := told.get("use"), str):
                self._take_up(key_id)
            elif "resealed" in told and told.get("key") == line.key_id:
                self._retire_before(line.key_id)

    def _take_up(self, key_id: str) -> None:
        self._retired.discard(key_id)
        self.in_use = [*(other for other in self.in_use if other != key_id), key_id]

    def _retire_before(self, key_id: str) -> None:
        since = self.in_use.index(key_id)
        self._retired.update(self.in_use[:since])
        del self.in_use[:since]


class _Inspection:
    def __init__(self, chain: Chain, kept: TrailHead) -> None:
        self._chain = chain
        self._keys = _KeysInUse()
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
        else:
            self._keys.heed(line)
        self._sound = flaw is None
        self._head = TrailHead.model_construct(number=line.number, hash=line.hash)

    def done(self) -> Verification:
        if self._kept.number > self._head.number:
            self._found(Flaw.CUT_OFF, self._head.number + 1, self._kept.number)
        unretired = tuple(key_id for key_id in self._keys.in_use if key_id != self._chain.key_id)
        return Verification(entries=self._entries, head=self._head, flaws=tuple(self._flaws), unretired=unretired)

    def _of_itself(self, line: Line) -> Flaw | None:
        try:
            right = self._chain.hash_of(line)
        except MasterKeyUnknown:
            return Flaw.UNCHECKED
        if not hmac.compare_digest(right.encode(), str(line.hash).encode()):
            return Flaw.CHANGED
        return None if self._keys.may_bind(line.key_id) else Flaw.RETIRED_KEY

    def _found(self, flaw: Flaw, first: int, last: int) -> None:
        before = self._flaws[-1] if self._flaws else None
        if before and before.flaw is flaw and before.last == first - 1:
            self._flaws[-1] = before.model_copy(update={"last": last})
        else:
            self._flaws.append(Finding(flaw=flaw, first=first, last=last))
