"""Messages that nobody can read or deliver: an operator sets them aside, on the trail, and the younger ones go on."""

import time
from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy import Engine, text
from temporalio.client import Client

from inbox import Inbox, NotDelivered
from ledger.documents import DocumentStore
from ledger.errors import NotSetAside, UnknownMessage
from ledger.store import Ledger
from models.audit import Action
from models.facts import FactRefusal
from models.inbox import Hindrance, Progress, SetAside
from replacements import Replacements
from tests.ledger.builders import OPENED_AT
from tests.ledger.test_inbox import CODE, LEASE, OTHER, SECOND, delivery, ids, store

LATER = OPENED_AT + timedelta(minutes=5)
BECAUSE = "Phiên bản cũ lưu sai cấu trúc; đã gọi bên gửi"


def order(message_id: str) -> SetAside:
    return SetAside(message_id=message_id, operator="vh-07", because=BECAUSE)


def test_the_younger_go_on_and_the_sender_reads_why(ledger: Ledger) -> None:
    token = store(ledger, "m1").status_token
    [first] = ledger.claim_messages(LATER, LEASE, 10)
    ledger.put_off(first, Hindrance.UNREADABLE, LATER + SECOND)
    store(ledger, "m2", at=LATER)
    ledger.put_off(ledger.claim_message(CODE, LATER, LEASE) or first, Hindrance.UNREADABLE, LATER + SECOND)
    verdict = ledger.set_aside(order("m1"), LATER)
    assert verdict.reason is FactRefusal.SET_ASIDE
    standing = ledger.standing_at(token)
    assert standing is not None
    assert (standing.status, standing.reason) == (Progress.REFUSED, FactRefusal.SET_ASIDE)
    assert BECAUSE in (standing.text or "")
    assert ids(ledger.claim_messages(LATER, LEASE, 10)) == ["m2"]
    arrival = store(ledger, "m1", at=LATER)
    assert arrival.verdict == verdict, "sent again, it gets the same answer"
    [entry] = ledger.entries(what=Action.SET_ASIDE)
    assert (entry.who, entry.code, entry.why, entry.detail["message"]) == ("operator:vh-07", CODE, BECAUSE, "m1")
    with pytest.raises(NotSetAside, match="không còn chờ"):
        ledger.set_aside(order("m1"), LATER)


async def test_one_that_cannot_be_opened_holds_up_its_own_dossier_only(ledger: Ledger, engine: Engine) -> None:
    store(ledger, "m1")
    store(ledger, "n1", OTHER)
    with engine.begin() as connection:
        update = text("UPDATE messages_waiting SET fact = :spoilt WHERE message_id = 'm1'")
        connection.execute(update, {"spoilt": '"sealed:1:no-such-key:-:AAAA"'})
    spoilt_one, other = ledger.claim_messages(LATER, LEASE, 10)
    assert other.fact.dossier_code == OTHER
    assert spoilt_one.content is None
    inbox = Inbox(cast(Client, None), ledger, cast(DocumentStore, None), cast(Replacements, None), LEASE)
    with pytest.raises(NotDelivered, match="Không đọc được"):
        await inbox.put(spoilt_one, time.monotonic() + 1)
    assert [message.hindrance for message in ledger.waiting_messages(10)] == [Hindrance.UNREADABLE, None]
    assert store(ledger, "m1", at=LATER).delivery, "sent again, it is tried again"
    ledger.put_off(ledger.claim_message(CODE, LATER + LEASE, LEASE) or spoilt_one, Hindrance.UNREADABLE, LATER)
    ledger.set_aside(order("m1"), LATER)
    assert [message.message_id for message in ledger.waiting_messages(10)] == ["n1"]


def test_what_may_still_be_delivered_is_not_set_aside(ledger: Ledger) -> None:
    first = delivery(store(ledger, "m1"))
    store(ledger, "m2")
    with pytest.raises(NotSetAside, match="đang được chuyển"):
        ledger.set_aside(order("m1"), OPENED_AT)
    with pytest.raises(NotSetAside, match="chưa thử"):
        ledger.set_aside(order("m1"), LATER)
    ledger.put_off(first, Hindrance.TEMPORAL_AWAY, LATER)
    with pytest.raises(NotSetAside, match="tự được chuyển"):
        ledger.set_aside(order("m1"), LATER)
    with pytest.raises(NotSetAside, match="đến trước"):
        ledger.set_aside(order("m2"), LATER)
    with pytest.raises(UnknownMessage):
        ledger.set_aside(order("m3"), LATER)
    assert ledger.inbox_open() == 2
    assert ledger.entries(what=Action.SET_ASIDE) == ()
