"""Key rings and signatures: who proves to be whom, when, and what a file of senders may say."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError
from standardwebhooks import Webhook

from models.events import EventType
from models.facts import FactRefused
from models.senders import MAY_SEND, SIGNATURE, TIMESTAMP, Sender, Turned
from models.systems import System
from trust.callers import Proxies
from trust.guard import Guard, TurnedAway
from trust.senders import (
    Key,
    RegisteredSender,
    Senders,
    SendersUnusable,
    SignedRequest,
    Stranger,
    Untimely,
    for_training,
    new_secret,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
OLD, NEW = new_secret(), new_secret()
CHANGE_FROM, CHANGE_UNTIL = NOW - timedelta(days=7), NOW + timedelta(days=7)
CERTIFICATE = "ab" * 32


def key(secret: str, since: datetime | None = None, until: datetime | None = None) -> Key:
    return Key.model_validate({"secret": SecretStr(secret), "from": since, "until": until})


def sender(id_: str, *keys: Key, **more: Any) -> RegisteredSender:
    return RegisteredSender.model_validate({"id": id_, "system": System.VNEID, "keys": keys, **more})


VNEID = sender("vneid", key(OLD, until=CHANGE_UNTIL), key(NEW, CHANGE_FROM))
PAYMENT = sender("payment", key(new_secret()), system=System.PAYMENT)
SENDERS = Senders((VNEID, PAYMENT))
STANDING = Senders((sender("vneid", key(OLD)), PAYMENT))
"""For what goes by the present time: no key of these ends."""
BODY = json.dumps({"id": "m-1", "source": "vneid", "tên": "Đặng"}).encode()


def headers(secret: str = OLD, at: datetime = NOW, body: bytes = BODY, id_: str = "m-1") -> dict[str, str]:
    return sender("anybody", key(secret)).signed(id_, body, at)


def identified(stated: Mapping[str, str], body: bytes = BODY, now: datetime = NOW, senders: Senders = SENDERS) -> str:
    return senders.identify(SignedRequest(stated, body), now).id


# --- Signatures -------------------------------------------------------------------------------------------------------


def test_a_signature_is_that_of_standard_webhooks() -> None:
    now = datetime.now(UTC)
    Webhook(OLD).verify(BODY, headers(at=now), json_parse=False)
    theirs = Webhook(OLD).sign("m-1", now, BODY.decode())
    assert identified({**headers(at=now), SIGNATURE: f"v1a,AAAA {theirs}"}, now=now) == "vneid"


@pytest.mark.parametrize(
    ("secret", "at", "good"),
    [
        (OLD, CHANGE_FROM - timedelta(seconds=1), True),
        (NEW, CHANGE_FROM - timedelta(seconds=1), False),
        (OLD, NOW, True),
        (NEW, NOW, True),
        (OLD, CHANGE_UNTIL, False),
        (NEW, CHANGE_UNTIL, True),
    ],
    ids=["old before", "new before", "old meanwhile", "new meanwhile", "old after", "new after"],
)
def test_keys_change_without_a_gap(secret: str, at: datetime, good: bool) -> None:
    stated = headers(secret, at)
    if good:
        assert identified(stated, now=at) == "vneid"
    else:
        with pytest.raises(Stranger):
            identified(stated, now=at)


def test_whoever_has_two_good_keys_signs_with_both() -> None:
    assert len(VNEID.signed("m-1", BODY, NOW)[SIGNATURE].split()) == 2
    assert len(VNEID.signed("m-1", BODY, CHANGE_UNTIL)[SIGNATURE].split()) == 1


@pytest.mark.parametrize(("minutes", "good"), [(-5, True), (5, True), (-5.1, False), (5.1, False), (-100_000, False)])
def test_a_request_is_good_for_five_minutes(minutes: float, good: bool) -> None:
    stated = headers(at=NOW + timedelta(minutes=minutes))
    if good:
        assert identified(stated) == "vneid"
    else:
        with pytest.raises(Untimely):
            identified(stated)


BROKEN: dict[str, Mapping[str, str]] = {
    "nothing": {},
    "no signature": {SIGNATURE: ""},
    "no version": {SIGNATURE: headers()[SIGNATURE].removeprefix("v1,")},
    "another version": {SIGNATURE: headers()[SIGNATURE].replace("v1,", "v2,")},
    "no base64": {SIGNATURE: "v1,ký"},
    "only commas": {SIGNATURE: ",,, ,"},
    "a stamp that is none": {TIMESTAMP: "soon"},
    "a stamp of no calendar": {TIMESTAMP: "9" * 40},
    "a negative stamp": {TIMESTAMP: "-1"},
    "digits of another script": {TIMESTAMP: "１７"},
    "another stamp": {TIMESTAMP: str(int(NOW.timestamp()) + 1)},
    "another id": {"webhook-id": "m-2"},
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_request_is_a_strangers(case: str) -> None:
    stated = {**headers(), **BROKEN[case]} if BROKEN[case] else {}
    with pytest.raises(Stranger):
        identified(stated)


@pytest.mark.parametrize(
    "body",
    [
        BODY + b" ",
        BODY.replace(b"vneid", b"payment"),
        BODY.replace(b"vneid", b"nobody"),
        b'{"source": "vneid", "x": "\xff"}',
        b"",
    ],
)
def test_a_changed_body_is_a_strangers(body: bytes) -> None:
    with pytest.raises(Stranger):
        identified(headers(), body)


def test_nobody_signs_for_another() -> None:
    body = BODY.replace(b'"vneid"', b'"payment"')
    with pytest.raises(Stranger):
        identified(headers(OLD, body=body), body)


def test_what_cannot_be_read_is_its_signers_unless_it_is_large() -> None:
    assert identified(headers(body=b"{"), b"{") == "vneid"
    large = b"[" * 8193
    with pytest.raises(Stranger):
        identified(headers(body=large), large)


@given(
    body=st.binary(max_size=200) | st.just(BODY),
    stated=st.dictionaries(
        st.sampled_from(["webhook-id", TIMESTAMP, SIGNATURE]),
        st.text(st.characters(max_codepoint=255), max_size=60) | st.just("m-1") | st.just(str(int(NOW.timestamp()))),
    ),
)
def test_whatever_comes_unsigned_is_a_strangers(body: bytes, stated: dict[str, str]) -> None:
    with pytest.raises(Stranger):
        identified(stated, body)


@pytest.mark.parametrize(
    ("certificate", "good"),
    [(None, False), ("cd" * 32, False), (CERTIFICATE, True)],
    ids=["none", "another", "its own"],
)
def test_a_sender_with_certificates_comes_with_one_of_them(certificate: str | None, good: bool) -> None:
    colons = ":".join(CERTIFICATE[at : at + 2] for at in range(0, 64, 2)).upper()
    senders = Senders((sender("vneid", key(OLD), certificates=(colons,)),))
    request = SignedRequest(headers(), BODY, certificate)
    if good:
        assert senders.identify(request, NOW).id == "vneid"
    else:
        with pytest.raises(Stranger):
            senders.identify(request, NOW)


def test_everybody_refused_was_compared_as_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Known or not, with two keys, one or none, with headers or without: the same work."""
    counted = 0
    sign = Webhook.sign

    def counting(self: Webhook, **stated: Any) -> str:
        nonlocal counted
        counted += 1
        return sign(self, **stated)

    monkeypatch.setattr(Webhook, "sign", lambda self, *stated: counting(self, **dict(zip(_NAMES, stated, strict=True))))
    work = []
    for name in (b"vneid", b"payment", b"nobody"):
        for stated in ({}, {**BROKEN["another id"], TIMESTAMP: "1", SIGNATURE: "v1,AAAA"}):
            counted = 0
            with pytest.raises(Stranger):
                identified(stated, BODY.replace(b"vneid", name))
            work.append(counted)
    assert work == [2] * 6


_NAMES = ("msg_id", "timestamp", "data")


# --- The file ---------------------------------------------------------------------------------------------------------

SECRET = base64.b64encode(b"hunter2-" * 4).decode()


def written(folder: Path, text: str) -> Path:
    file = folder / "senders.toml"
    file.write_text(text, "utf-8")
    return file


def row(id_: str = "vneid", more: str = "", secret: str = f"whsec_{SECRET}", times: str = "") -> str:
    keys = f'keys = [{{ secret = "{secret}"{times} }}]'
    return f'[[senders]]\nid = "{id_}"\nsystem = "vneid"\n{more}\n{keys}\n'


def test_a_file_says_who_may_send(tmp_path: Path) -> None:
    more = f'provinces = ["01", "79"]\ncertificates = ["{CERTIFICATE}"]'
    times = ", from = 2026-11-01T00:00:00+07:00, until = 2027-11-01T00:00:00+07:00"
    (read,) = Senders.load(written(tmp_path, row(more=more, times=times)))
    assert (read.id, read.system, read.provinces) == ("vneid", System.VNEID, frozenset({"01", "79"}))
    assert read.certificates == (CERTIFICATE,)
    assert read.keys[0].good(NOW)
    assert not read.keys[0].good(NOW + timedelta(days=400))


def test_the_file_of_a_training_stack_is_one(tmp_path: Path) -> None:
    senders = Senders.load(written(tmp_path, for_training()))
    assert {one.system for one in senders} == frozenset[System]().union(*MAY_SEND.values())
    assert for_training() != for_training()


WRONG = {
    "empty": ("", "[[senders]]"),
    "no toml": (row() + f'x == "{SECRET}"', "dòng 6"),
    "half a file": (row() + f'x = "{SECRET}', "cuối tệp"),
    "something else": (row() + "\n[gateway]\n", "[[senders]]"),
    "no key": ('[[senders]]\nid = "vneid"\nsystem = "vneid"\nkeys = []\n', "mục 1 (vneid): keys"),
    "unknown system": (row().replace('system = "vneid"', 'system = "hunter2"'), "mục 1 (vneid): system"),
    "misspelt": (row(more='province = ["01"]'), "mục 1 (vneid): province"),
    "no such province": (row() + row("x", 'provinces = ["00"]', new_secret()), "mục 2 (x): provinces"),
    "no province": (row(more="provinces = []"), "mục 1 (vneid): provinces"),
    "short secret": (row(secret="whsec_aHVudGVyMg=="), "mục 1 (vneid): keys.1.secret"),
    "no prefix": (row(secret=SECRET), "mục 1 (vneid): keys.1.secret"),
    "no base64": (row(secret=f"whsec_!{SECRET}"), "mục 1 (vneid): keys.1.secret"),
    "no zone": (row(times=", from = 2026-11-01T00:00:00"), "mục 1 (vneid): keys.1.from"),
    "no time": (row(times=", from = 2026-11-02T00:00:00Z, until = 2026-11-01T00:00:00Z"), "mục 1 (vneid): keys.1"),
    "no fingerprint": (row(more='certificates = ["hunter2"]'), "mục 1 (vneid): certificates.1"),
    "twice": (row() + row(secret=new_secret()), "vneid: có hai mục cùng id"),
    "one key for two": (row() + row("other"), "other: dùng chung khóa với vneid"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_bad_file_is_named_with_line_or_sender_and_shows_no_secret(tmp_path: Path, case: str) -> None:
    text, said = WRONG[case]
    with pytest.raises(SendersUnusable) as refused:
        Senders.load(written(tmp_path, text))
    message = str(refused.value)
    assert said in message
    assert "senders.toml" in message
    assert len(message.splitlines()) == 1
    assert not [secret for secret in (SECRET, "hunter2", "aHVudGVyMg") if secret in message]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SendersUnusable, match=r"none\.toml"):
        Senders.load(tmp_path / "none.toml")


def test_a_secret_is_never_printed() -> None:
    assert OLD not in repr(VNEID)
    assert OLD not in VNEID.model_dump_json()


# --- Who may say what -------------------------------------------------------------------------------------------------


def test_every_kind_of_event_has_its_senders() -> None:
    assert set(MAY_SEND) == set(EventType)
    assert all(MAY_SEND.values())
    assert MAY_SEND[EventType.VNEID_CONSENT] == {System.VNEID}
    assert MAY_SEND[EventType.AGENCY_EVENT].isdisjoint({System.VNEID, System.PAYMENT, System.PORTAL})


@pytest.mark.parametrize("type_", EventType)
@pytest.mark.parametrize("system", System)
def test_a_sender_sends_what_is_its_systems(type_: EventType, system: System) -> None:
    one = Sender(id="x", system=system)
    if system in MAY_SEND[type_]:
        one.expect_may_send(type_)
    else:
        with pytest.raises(FactRefused):
            one.expect_may_send(type_)


def test_a_sender_serves_its_provinces() -> None:
    Sender(id="x", system=System.PROVINCIAL).expect_serves("79")
    of_hanoi = Sender(id="x", system=System.PROVINCIAL, provinces=frozenset({"01"}))
    of_hanoi.expect_serves("01")
    with pytest.raises(FactRefused, match="tỉnh"):
        of_hanoi.expect_serves("79")


@pytest.mark.parametrize("id_", ["operator:vh-07", "cli:root"])
def test_no_sender_passes_for_a_person_of_ours_on_the_trail(id_: str) -> None:
    with pytest.raises(ValidationError, match="people of ours"):
        Sender(id=id_, system=System.VNEID)


# --- How often --------------------------------------------------------------------------------------------------------


def guard(senders: int = 3, strangers: int = 2) -> Guard:
    return Guard(STANDING, Proxies(), sender_events_per_minute=senders, stranger_requests_per_minute=strangers)


def turned(at: Guard, origin: str = "192.0.2.1", stated: Mapping[str, str] | None = None) -> TurnedAway | None:
    try:
        at.admit(at.caller(origin, ()), headers(at=datetime.now(UTC)) if stated is None else stated, BODY)
    except TurnedAway as away:
        return away
    return None


def test_a_sender_may_send_so_much_a_minute_from_wherever() -> None:
    at = guard()
    assert [turned(at, f"192.0.2.{number}") for number in range(3)] == [None] * 3
    away = turned(at)
    assert away is not None
    assert away.why is Turned.SENDER_TOO_OFTEN
    assert away.wait is not None
    assert 50 < away.wait <= 60


def test_strangers_are_counted_by_where_they_come_from_and_keep_no_sender_out() -> None:
    at = guard()
    answers = [turned(at, stated={}) for _ in range(4)]
    whys = [away.why for away in answers if away]
    assert whys == [Turned.STRANGER] * 2 + [Turned.STRANGER_TOO_OFTEN] * 2
    assert at.overrun(at.caller("192.0.2.1", ())) is not None
    assert at.overrun(at.caller("192.0.2.2", ())) is None
    assert turned(at) is None
    elsewhere = turned(at, "192.0.2.2", {})
    assert elsewhere is not None
    assert elsewhere.why is Turned.STRANGER


def test_old_requests_sent_again_count_as_a_strangers() -> None:
    at = guard()
    answers = [turned(at, stated=headers()) for _ in range(3)]
    assert [away.why for away in answers if away] == [Turned.STALE] * 2 + [Turned.STRANGER_TOO_OFTEN]
