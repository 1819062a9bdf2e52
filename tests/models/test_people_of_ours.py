"""What people of ours go by, and what they state for the record: one grammar for each, whatever door they come by."""

import unicodedata
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from models.audit import Entry, command_line, operator
from models.base import Statement
from models.erasure import ErasureOrder
from models.facts import Cancellation
from models.inbox import SetAside
from models.operators import Operator, OperatorRole
from models.submission import NotDuplicate
from settings import BadSettings, Settings

SAID: Mapping[str, object] = {"operator": "vh-07", "because": "Đã hẹn."}
ACT = {"message_id": "m1", "dossier_code": "G1", "at": "2026-11-19T09:00:00+07:00", **SAID}
ERASURE = {"code": "G1", "basis": "Luật 91/2025/QH15 Điều 14", **SAID}

NAMED: Mapping[str, Callable[[str], object]] = {
    "an act": lambda name: Cancellation.model_validate({**ACT, "operator": name}),
    "an erasure": lambda name: ErasureOrder.model_validate({**ERASURE, "operator": name}),
    "a message set aside": lambda name: SetAside.model_validate({**SAID, "message_id": "m1", "operator": name}),
    "a look": lambda name: Operator(id=name, role=OperatorRole.SUPPORT),
    "the settings": lambda name: Settings(operator=name),
}
STATED: Mapping[str, Callable[[str], object]] = {
    "an act": lambda said: Cancellation.model_validate({**ACT, "because": said}),
    "an erasure": lambda said: ErasureOrder.model_validate({**ERASURE, "because": said}),
    "its law": lambda said: ErasureOrder.model_validate({**ERASURE, "basis": said}),
    "a message set aside": lambda said: SetAside.model_validate({**SAID, "message_id": "m1", "because": said}),
    "a person who is another": lambda said: NotDuplicate(reason=said),
}
NOT_STATED = (
    *("", " ", "\n\t", "…", "\u200b", "\u2060\ufeff", "\u3164", "\u0301"),
    *("\x1b[2J\n", "\u202eabc", "Đã hẹn\x07", "\x9b2J", "a\u034fb", "a\ufe0f", "\u2800a", "Lý do \ue000"),
)
statement: TypeAdapter[str] = TypeAdapter(Statement)


@pytest.mark.parametrize("named", NAMED.values(), ids=NAMED)
def test_who_may_act_may_be_let_look_and_the_other_way_round(named: Callable[[str], object]) -> None:
    for name in ("vh-07", "an.nguyen@tinh.gov.vn", "7", "a" * 80):
        named(name)
        assert Entry.model_validate({"who": operator(name), "what": "looked"}).who == f"operator:{name}"
    for name in ("vh:07", "-x", "@tinh", "vh 07", "vh-07\n", "a" * 81, "nguyễn-an"):
        with pytest.raises((ValidationError, BadSettings)):
            named(name)


@pytest.mark.parametrize("stated", STATED.values(), ids=STATED)
def test_no_door_takes_a_reason_or_a_law_that_nobody_can_read(stated: Callable[[str], object]) -> None:
    stated("Điều 14")
    for nothing in (*NOT_STATED, "a" * 2001):
        with pytest.raises(ValidationError):
            stated(nothing)


def test_vietnamese_stays_as_it_is_on_one_line() -> None:
    said = "Thủ tướng đồng ý; “T’rin” ở Đắk Lắk – 50 % (khoản 2)."
    assert statement.validate_python(unicodedata.normalize("NFD", said)) == said
    assert statement.validate_python("\ufeffĐã\u00ad hẹn\u200b.") == "Đã hẹn."
    assert statement.validate_python("  Dòng một\r\nDòng\thai\u2028ba ") == "Dòng một Dòng hai ba"


@given(st.text(max_size=60))
def test_whatever_is_taken_shows_as_it_is(said: str) -> None:
    try:
        taken = statement.validate_python(said)
    except ValidationError:
        return
    assert statement.validate_python(taken) == taken
    assert any(map(str.isalnum, taken))
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp") for character in taken)


@pytest.mark.parametrize("name", ["", "hai người", "x" * 121, "a\x1b[2J", "a\u202e"])
def test_nobody_is_on_the_trail_by_a_name_that_cannot_be_read(name: str) -> None:
    with pytest.raises(ValidationError):
        command_line(name)
