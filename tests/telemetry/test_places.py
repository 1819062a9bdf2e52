"""A dossier's place in its trace is a pure function of its code, whatever others state."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.events import CloudEvent, EventType
from telemetry import traces

CODE, OTHER = "G22.99.08-261119-000001", "G22.99.08-261119-000002"
OURS = f"00-{traces.trace_id(CODE)}-00f067aa0ba902b7-01"
FOREIGN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
MALFORMED = [
    "",
    "00",
    OURS[:-3],
    OURS + "-extra",
    OURS.upper(),
    OURS.replace("00f067aa0ba902b7", "0" * 16),
    f"ff{OURS[2:]}",
    f"00-{'0' * 32}-00f067aa0ba902b7-01",
    "00-Trần Văn Mẫu-00f067aa0ba902b7-01",
]
HEX = "0123456789abcdef"


def test_the_trace_of_a_dossier_never_changes() -> None:
    """Operators compute it by hand (README), and dossiers live for months: this very value is a promise."""
    assert traces.trace_id(CODE) == "8e5efcdc91c1771f46266ab34139382a"


@given(st.from_regex(r"[A-Z][0-9.]{1,9}-[0-9]{6}-[0-9]{6}", fullmatch=True), st.text(max_size=30))
def test_whatever_is_sent_is_in_the_dossiers_trace(code: str, seed: str) -> None:
    sent = traces.traceparent(code, seed)
    assert re.fullmatch(rf"00-{traces.trace_id(code)}-[0-9a-f]{{16}}-01", sent)
    assert sent == traces.traceparent(code, seed)
    assert traces.parent_and_links(code, sent)[0] is not None


def test_dossiers_and_places_differ() -> None:
    places = [traces.submission(CODE), traces.workflow_of(CODE), traces.place(CODE, "x")]
    assert len({place.span_id for place in places}) == 3
    assert traces.trace_id(CODE) != traces.trace_id(OTHER)


def test_of_stated_contexts_the_nearest_in_the_trace_is_the_parent() -> None:
    nearer = OURS.replace("00f067aa0ba902b7", "00f067aa0ba902b8")
    parent, links = traces.parent_and_links(CODE, FOREIGN, nearer, OURS, None)
    assert parent is not None
    assert f"{parent.span_id:016x}" == "00f067aa0ba902b8"
    assert [f"{link.trace_id:032x}" for link in links] == ["4bf92f3577b34da6a3ce929d0e0e4736"]


@pytest.mark.parametrize("stated", MALFORMED)
def test_a_malformed_context_says_nothing(stated: str) -> None:
    assert traces.parent_and_links(CODE, stated) == (None, ())


@given(st.text(max_size=80) | st.text(alphabet=HEX + "-", min_size=50, max_size=60))
def test_no_context_ever_moves_a_dossier_to_another_trace(stated: str) -> None:
    parent, _ = traces.parent_and_links(CODE, stated)
    assert parent is None or f"{parent.trace_id:032x}" == traces.trace_id(CODE)


def test_a_sender_who_does_not_record_does_not_hide_us() -> None:
    parent, _ = traces.parent_and_links(CODE, OURS[:-2] + "00")
    assert parent is not None
    assert parent.trace_flags.sampled


def test_without_recording_a_stated_context_is_passed_on() -> None:
    with traces.receiving("x", CODE, (FOREIGN, OURS)):
        assert traces.traceparent(CODE, "seed") == OURS
    with traces.receiving("x", CODE, (FOREIGN,)):
        assert traces.traceparent(CODE, "seed") == traces.traceparent(CODE, "seed")
        assert traces.trace_id(CODE) in traces.traceparent(CODE, "seed")


@pytest.mark.parametrize("text", [CODE, "H26-11-261119-1234567", "G22:99-270204-000001"])
def test_dossier_codes_are_known(text: str) -> None:
    assert traces.as_dossier_code(text) == text


@pytest.mark.parametrize("text", [None, "", "001092000001", "TranVanMau", "Trần-261119-000001", CODE + "\n", CODE * 9])
def test_what_else_a_stranger_calls_a_dossier_is_not_repeated(text: str | None) -> None:
    assert traces.as_dossier_code(text) is None
    with traces.about(text):
        assert traces.current_dossier() is None


@pytest.mark.parametrize("stated", ["x" * 201, 7, None, {}, OURS])
def test_an_event_is_read_whatever_its_trace_context(stated: object) -> None:
    event = {"specversion": "1.0", "id": "1", "source": "x", "type": EventType.PAYMENT, "subject": CODE, "data": {}}
    read = CloudEvent.model_validate_json(json.dumps({**event, "traceparent": stated}))
    assert read.traceparent == (OURS if stated == OURS else None)
