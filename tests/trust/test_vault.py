"""Sealing: nothing opens but what was sealed, as what it was sealed, by whom it was sealed for."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.keys import MASTERS
from trust.key_errors import MasterKeyUnknown
from trust.masters import KeyRing
from trust.vault import DossierKey, Purpose, Sealed, Unreadable, new_seed

CODE, SEED = "G22.99.08-261119-000001", bytes(32)
KEY = DossierKey(CODE, SEED, MASTERS)


@given(plain=st.binary(max_size=3000), purpose=st.sampled_from(Purpose))
def test_what_is_sealed_opens_as_it_was_and_never_looks_the_same_twice(plain: bytes, purpose: Purpose) -> None:
    sealed, again = KEY.seal(purpose, plain), KEY.seal(purpose, plain)
    assert KEY.open(purpose, sealed) == KEY.open(purpose, again) == plain
    assert sealed.data != again.data
    assert (sealed.key_id, sealed.code) == (MASTERS.current, CODE)


@given(data=st.data())
def test_one_changed_bit_is_noticed(data: st.DataObject) -> None:
    sealed = KEY.seal(Purpose.PAYLOAD, b"Tr\xe1\xba\xbb Em M\xe1\xba\xabu")
    at = data.draw(st.integers(0, 8 * len(sealed.data) - 1))
    spoilt = bytearray(sealed.data)
    spoilt[at // 8] ^= 1 << at % 8
    with pytest.raises(Unreadable):
        KEY.open(Purpose.PAYLOAD, replace(sealed, data=bytes(spoilt)))


@pytest.mark.parametrize("length", [0, 5, 12, 27])
def test_what_is_cut_short_is_noticed(length: int) -> None:
    sealed = KEY.seal(Purpose.PAYLOAD, b"")
    with pytest.raises(Unreadable):
        KEY.open(Purpose.PAYLOAD, replace(sealed, data=sealed.data[:length]))


def test_nobody_else_opens_it() -> None:
    sealed = KEY.seal(Purpose.PAYLOAD, b"x")
    others = (
        DossierKey("G22.99.08-261119-000002", SEED, MASTERS),
        DossierKey(CODE, new_seed(), MASTERS),
        DossierKey(CODE, SEED, KeyRing({MASTERS.current: bytes(32)})),
    )
    for other in others:
        with pytest.raises(Unreadable):
            other.open(Purpose.PAYLOAD, replace(sealed, code=other.code))
    with pytest.raises(Unreadable):
        KEY.open(Purpose.COLUMN, sealed)
    with pytest.raises(Unreadable):
        KEY.open(Purpose.PAYLOAD, sealed, "dossiers.declaration")
    with pytest.raises(Unreadable):
        others[0].open(Purpose.PAYLOAD, sealed)


def test_an_older_master_key_still_opens_what_it_sealed_until_it_is_gone() -> None:
    sealed = KEY.seal(Purpose.PAYLOAD, b"x")
    new = bytes([7]) * 32
    both = DossierKey(CODE, SEED, KeyRing({"new": new, "test": bytes(range(32))}))
    assert both.open(Purpose.PAYLOAD, sealed) == b"x"
    assert both.seal(Purpose.PAYLOAD, b"y").key_id == "new"
    with pytest.raises(MasterKeyUnknown):
        DossierKey(CODE, SEED, KeyRing({"new": new})).open(Purpose.PAYLOAD, sealed)
    with pytest.raises(Unreadable):  # another key's name on it
        both.open(Purpose.PAYLOAD, Sealed("new", CODE, sealed.data))


def test_what_repeats_itself_gets_shorter() -> None:
    assert len(KEY.seal(Purpose.PAYLOAD, b"Tr" * 5000).data) < 200
