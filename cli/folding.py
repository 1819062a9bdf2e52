"""Looks one after another as one row: Temporal's tools ask once for every field of what a person opens."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from models.audit import Action, NumberedEntry

_ASKED_BY_FIELD = frozenset({Action.DECODED, Action.DECODE_REFUSED})
_COUNTS = frozenset({"payloads", "unread"})


class Run(NamedTuple):
    """Entries that differ in nothing but number, instant and counts; `detail` has their sums."""

    first: NumberedEntry
    last: NumberedEntry
    detail: Mapping[str, str]


def folded(entries: Iterable[NumberedEntry]) -> Iterator[Run]:
    """Every entry, in order; adjacent looks of one operator at one dossier are one run. An entry is hidden by none."""
    for _, group in groupby(entries, _what_is_same):
        alike = tuple(group)
        yield Run(alike[0], alike[-1], alike[0].detail if len(alike) == 1 else _summed(alike))


def _what_is_same(entry: NumberedEntry) -> Hashable:
    if entry.what not in _ASKED_BY_FIELD:
        return entry.number
    rest = sorted((name, said) for name, said in entry.detail.items() if name not in _COUNTS)
    return entry.who, entry.role, entry.what, entry.code, entry.pack, entry.why, tuple(rest)


def _summed(alike: tuple[NumberedEntry, ...]) -> dict[str, str]:
    sums = {name: str(sum(_count(entry, name) for entry in alike)) for name in alike[0].detail if name in _COUNTS}
    return {"lines": str(len(alike)), **alike[0].detail, **sums}


def _count(entry: NumberedEntry, name: str) -> int:
    said = entry.detail.get(name, "")
    return int(said) if said.isdecimal() else 0
