"""The hash chain: whatever is done to a trail without the key is found, and said at its number."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.audit import Flaw, TrailHead, Verification
from tests.keys import MASTERS
from trust.chain import NOTHING, Chain, Line
from trust.masters import KeyRing

Content = tuple[str, str, str | None, str, str | None]

CHAIN = Chain(MASTERS)
TEXT = st.text(max_size=12)
CONTENTS = st.lists(st.tuples(TEXT, TEXT, st.none() | TEXT, TEXT, st.none() | TEXT), min_size=2, max_size=8)


def trail(contents: Sequence[Content], chain: Chain = CHAIN) -> list[Line]:
    """Lines as the ledger binds them."""
    lines: list[Line] = []
    head = NOTHING
    for number, (at, who, code, detail, why) in enumerate(contents, 1):
        line = Line(number, at, who, None, "looked", code, why, None, detail, chain.key_id, head.hash)
        lines.append(line._replace(hash=chain.hash_of(line)))
        head = head_of(lines)
    return lines


def head_of(lines: Sequence[Line]) -> TrailHead:
    return TrailHead(number=lines[-1].number, hash=lines[-1].hash)


def found(checked: Verification) -> list[tuple[Flaw, int, int]]:
    return [(flaw.flaw, flaw.first, flaw.last) for flaw in checked.flaws]


@given(CONTENTS)
def test_a_trail_as_it_was_written_is_whole(contents: list[Content]) -> None:
    lines = trail(contents)
    checked = CHAIN.inspect(lines, head_of(lines[:2]))
    assert (found(checked), checked.entries, checked.head) == ([], len(lines), head_of(lines))


@given(CONTENTS, st.data())
def test_a_change_of_any_column_is_found_at_its_number(contents: list[Content], data: st.DataObject) -> None:
    lines = trail(contents)
    at = data.draw(st.integers(0, len(lines) - 1))
    column = data.draw(st.sampled_from([name for name in Line._fields if name != "number"]))
    old = getattr(lines[at], column)
    change: dict[str, Any] = {column: data.draw((st.none() | TEXT).filter(lambda value: value != old))}
    lines[at] = lines[at]._replace(**change)
    flaw = Flaw.UNCHECKED if column == "key_id" else Flaw.CHANGED
    assert found(CHAIN.inspect(lines)) == [(flaw, at + 1, at + 1)]


@given(CONTENTS, st.data())
def test_what_was_removed_before_the_end_is_found_by_its_numbers(contents: list[Content], data: st.DataObject) -> None:
    lines = trail(contents)
    first = data.draw(st.integers(1, len(lines) - 1))
    last = data.draw(st.integers(first, len(lines) - 1))
    del lines[first - 1 : last]
    assert found(CHAIN.inspect(lines)) == [(Flaw.MISSING, first, last)]


@given(CONTENTS, st.data())
def test_renumbering_hides_no_removal(contents: list[Content], data: st.DataObject) -> None:
    lines = trail(contents)
    count = len(lines)
    removed = data.draw(st.integers(1, count - 1))
    del lines[removed - 1]
    renumbered = [line._replace(number=number) for number, line in enumerate(lines, 1)]
    assert found(CHAIN.inspect(renumbered)) == [(Flaw.CHANGED, removed, count - 1)]


@given(CONTENTS, st.data())
def test_two_that_changed_places_are_found(contents: list[Content], data: st.DataObject) -> None:
    lines = trail(contents)
    numbers = st.lists(st.integers(0, len(lines) - 1), min_size=2, max_size=2, unique=True)
    one, other = data.draw(numbers)
    first, second = lines[one], lines[other]
    lines[one], lines[other] = second._replace(number=one + 1), first._replace(number=other + 1)
    flaws = CHAIN.inspect(lines).flaws
    assert {flaw.flaw for flaw in flaws} == {Flaw.CHANGED}
    assert {number for flaw in flaws for number in range(flaw.first, flaw.last + 1)} == {one + 1, other + 1}


@given(CONTENTS, st.data())
def test_a_cut_off_end_shows_against_a_head_that_was_kept(contents: list[Content], data: st.DataObject) -> None:
    lines = trail(contents)
    left = data.draw(st.integers(0, len(lines) - 1))
    assert found(CHAIN.inspect(lines[:left])) == []
    assert found(CHAIN.inspect(lines[:left], head_of(lines))) == [(Flaw.CUT_OFF, left + 1, len(lines))]


SAID: list[Content] = [(f"{number}", "worker", None, "{}", None) for number in range(4)]


def test_who_has_no_key_cannot_write_a_line() -> None:
    lines = trail(SAID)
    forged = lines[-1]._replace(number=5, previous=lines[-1].hash)
    forged = forged._replace(hash=Chain(KeyRing({"test": bytes(32)})).hash_of(forged))
    assert found(CHAIN.inspect([*lines, forged])) == [(Flaw.CHANGED, 5, 5)]
    assert found(CHAIN.inspect([forged._replace(number=-3), *lines])) == [(Flaw.CHANGED, -3, -3)]


def test_who_has_the_key_cannot_rewrite_what_a_kept_head_stands_for() -> None:
    kept = head_of(trail(SAID)[:3])
    rewritten = trail([("another time", *SAID[0][1:]), *SAID[1:]])
    assert found(CHAIN.inspect(rewritten)) == []
    assert found(CHAIN.inspect(rewritten, kept)) == [(Flaw.REWRITTEN, 3, 3)]


def test_a_line_that_follows_another_one_is_out_of_place() -> None:
    lines = trail(SAID)
    other = trail([("another time", *SAID[0][1:]), *SAID[1:]])
    assert found(CHAIN.inspect([*lines[:2], *other[2:]])) == [(Flaw.MISPLACED, 3, 3)]


def test_a_line_of_a_key_that_followed_is_checked_by_that_key() -> None:
    old, new = KeyRing({"k1": bytes(range(32))}), KeyRing({"k2": bytes(32), "k1": bytes(range(32))})
    first, second = Chain(old), Chain(new)
    [line] = trail(SAID[:1], first)
    following = line._replace(number=2, previous=line.hash, key_id=second.key_id)
    both = [line, following._replace(hash=second.hash_of(following))]
    assert found(second.inspect(both)) == []
    assert found(first.inspect(both)) == [(Flaw.UNCHECKED, 2, 2)]


def bound(*lines: tuple[str, str, str]) -> list[Line]:
    """Lines bound by the key of that id, of what they tell."""
    made: list[Line] = []
    head = NOTHING
    for number, (key_id, what, detail) in enumerate(lines, 1):
        line = Line(number, "1", "operator:vh-01", None, what, None, None, None, detail, key_id, head.hash)
        made.append(line._replace(hash=Chain(KeyRing({key_id: RING[key_id]})).hash_of(line)))
        head = head_of(made)
    return made


RING = {"k3": bytes(range(3, 35)), "k2": bytes(32), "k1": bytes(range(32))}


def look(key_id: str) -> tuple[str, str, str]:
    return key_id, "looked", "{}"


def use(by: str, key_id: str) -> tuple[str, str, str]:
    return by, "begun", f'{{"act":"keys_changed","use":"{key_id}"}}'


def resealed(by: str, key_id: str | None = None) -> tuple[str, str, str]:
    return by, "keys_changed", f'{{"key":"{key_id or by}","resealed":"7"}}'


CHANGED = (look("k1"), use("k1", "k2"), look("k2"), use("k1", "k2"), look("k1"), look("k2"), resealed("k2"), look("k2"))
"""A change from k1 to k2 with nobody stopping: machines write by either, until all is sealed anew."""


@pytest.mark.parametrize(
    ("lines", "flaws", "unretired"),
    [
        (CHANGED[:-2], [], ["k1"]),
        (CHANGED, [], []),
        ((*CHANGED, look("k1")), [9], []),
        ((*CHANGED, use("k1", "k1"), resealed("k1"), look("k1"), look("k2")), [9, 10, 11], []),
        ((*CHANGED, use("k2", "k1"), look("k1"), look("k2")), [], ["k1"]),
        ((*CHANGED, use("k2", "k1"), look("k1"), resealed("k1"), look("k2")), [12], ["k1"]),
        ((*CHANGED, look("k3"), look("k2"), resealed("k2"), look("k3")), [], ["k3"]),
        ((*CHANGED, look("k3"), resealed("k2", "k3"), look("k2"), resealed("k3"), look("k2")), [13], ["k3"]),
        ((look("k1"), ("k1", "begun", "{"), ("k1", "keys_changed", "[1]"), resealed("k1"), look("k1")), [], ["k1"]),
    ],
)
def test_a_key_that_was_changed_for_another_binds_no_line_after_that(
    lines: Sequence[tuple[str, str, str]], flaws: list[int], unretired: list[str]
) -> None:
    checked = Chain(KeyRing({"k2": RING["k2"], **RING})).inspect(bound(*lines))
    numbers = [number for flaw in checked.flaws for number in range(flaw.first, flaw.last + 1)]
    assert (numbers, list(checked.unretired)) == (flaws, unretired)
    assert {flaw.flaw for flaw in checked.flaws} <= {Flaw.RETIRED_KEY}


def test_an_end_rewritten_by_an_old_key_shows_that_its_change_is_not_over() -> None:
    checked = Chain(KeyRing({"k2": RING["k2"], **RING})).inspect(bound(*(look("k1") for _ in CHANGED), look("k2")))
    assert (checked.flaws, checked.unretired) == ((), ("k1",))


def test_heads_are_read_from_whatever_they_are_kept_in() -> None:
    head = head_of(trail(SAID))
    assert TrailHead.read(f'{{"entries": 4, "head": "{head}"}}') == head
    for nothing in ("", "4", f"4:{head.hash[:-1]}", f"x{head.hash}"):
        with pytest.raises(ValueError, match="NUMBER:HASH"):
            TrailHead.read(nothing)
