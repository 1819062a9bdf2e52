"""Messages out are sent once, messages in count once, whatever is repeated."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from pydantic import ValidationError
from sqlalchemy import Engine, text

from ledger.errors import MessageReused, UnknownDossier, UnknownMessage
from ledger.store import Ledger
from ledger.values import Verdict
from models.facts import FactRefusal
from models.messages import Head, Sent
from models.senders import Sender
from models.systems import System
from tests.ledger.builders import OPENED_AT, consent, opened
from trust.masters import KeyRing

UNKNOWN = "G22.99.08-261110-999999"


def head(code: str, step: str = "submit") -> Head:
    return Head(key=f"{code}:birth:{step}:1", dossier_code=code, procedure_code="2.002621", sent_at=OPENED_AT)


def arrive(
    ledger: Ledger, digest: str = "d1", *, message_id: str = "tin-1", code: str | None = UNKNOWN
) -> Verdict | None:
    return ledger.arrived(message_id, digest, "agency_event", code, "/residence", OPENED_AT)


def test_a_retry_finds_the_reply_of_the_attempt_before_it(ledger: Ledger) -> None:
    message = head(opened(ledger))
    assert ledger.reply_to(message.key) is None
    ledger.sending(message, System.PROVINCIAL, "submit", "birth")
    ledger.sending(message, System.PROVINCIAL, "submit", "birth")
    assert ledger.reply_to(message.key) is None
    reply = Sent(receipt_at=OPENED_AT, agency_code="H26.1-261110-0001")
    ledger.sent(message.key, reply)
    ledger.sent(message.key, Sent())
    assert ledger.reply_to(message.key) == reply


def test_keys_are_as_long_as_they_may_be(ledger: Ledger) -> None:
    message = head(opened(ledger))
    message = message.model_copy(update={"key": message.key.ljust(200, "x")})
    ledger.sending(message, System.PROVINCIAL, "submit", "birth")
    ledger.sent(message.key, Sent())
    assert ledger.reply_to(message.key) == Sent()


def test_an_empty_reply_is_a_reply(ledger: Ledger) -> None:
    message = head(opened(ledger))
    ledger.sending(message, System.VNEID, "consent")
    ledger.sent(message.key, Sent())
    assert ledger.reply_to(message.key) == Sent()


def test_attempts_at_once_are_one_message(ledger: Ledger) -> None:
    message = head(opened(ledger))
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: ledger.sending(message, System.PROVINCIAL, "submit", "birth"), range(8)))
    ledger.sent(message.key, Sent(agency_code="H26.1"))
    assert ledger.reply_to(message.key) == Sent(agency_code="H26.1")


def test_messages_of_nobody(ledger: Ledger) -> None:
    with pytest.raises(UnknownDossier):
        ledger.sending(head(UNKNOWN), System.PROVINCIAL, "submit")
    with pytest.raises(UnknownMessage):
        ledger.sent("khong-co", Sent())
    with pytest.raises(UnknownMessage):
        ledger.settled("khong-co", True, None, "Đã nhận.")


def test_what_comes_from_whom_the_trail_cannot_name_is_not_stored(ledger: Ledger) -> None:
    """Its verdict could not be kept once Temporal has it, and the younger ones of its dossier would wait for ever."""
    code, day = opened(ledger), timedelta(days=1)
    for source in (f"cli:{'x' * 121}", "cli:", "hai người", "\u202emoj-01", ""):
        with pytest.raises(ValidationError):
            ledger.store(consent(code, "tin-1"), "digest", source, OPENED_AT, day)
    assert ledger.inbox_open() == 0
    longest = Sender(id="x" * 80, system=System.VNEID)
    ledger.store(consent(code, "tin-1"), "digest", longest.id, OPENED_AT, day)
    assert ledger.settled("tin-1", True, None, "Đã ghi nhận.").accepted
    assert ledger.entries(limit=1)[0].who == f"sender:{longest.id}"


def test_a_message_that_comes_again_has_the_verdict_it_had(ledger: Ledger) -> None:
    assert arrive(ledger) is None
    verdict = Verdict(accepted=False, reason=FactRefusal.UNKNOWN_DOSSIER, text="Không có hồ sơ này.")
    assert ledger.settled("tin-1", verdict.accepted, verdict.reason, verdict.text) == verdict
    assert arrive(ledger) == verdict


def test_an_unsettled_message_is_delivered_again(ledger: Ledger) -> None:
    assert arrive(ledger) is None
    assert arrive(ledger) is None
    ledger.settled("tin-1", True, None, "Đã nhận.")
    assert arrive(ledger) == Verdict(accepted=True, text="Đã nhận.")


def test_the_first_verdict_stays(ledger: Ledger) -> None:
    arrive(ledger)
    first = ledger.settled("tin-1", True, None, "Đã nhận.")
    assert ledger.settled("tin-1", False, FactRefusal.ENDED, "Đã kết thúc.") == first
    assert arrive(ledger) == first


@pytest.mark.parametrize("settle", [True, False], ids=["settled", "unsettled"])
def test_a_message_id_is_not_used_for_another_content(ledger: Ledger, settle: bool) -> None:
    code = opened(ledger)
    arrive(ledger, code=code)
    if settle:
        ledger.settled("tin-1", True, None, "Đã nhận.")
    with pytest.raises(MessageReused, match="tin-1"):
        arrive(ledger, "d2", code=code)
    assert ledger.refused_facts(code) == ()


def test_deliveries_at_once_are_one_arrival(ledger: Ledger) -> None:
    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(lambda _: arrive(ledger), range(8))) == {None}
    ledger.settled("tin-1", True, None, "Đã nhận.")
    assert arrive(ledger) == Verdict(accepted=True, text="Đã nhận.")


def test_refused_facts_are_those_refused_to_that_dossier(ledger: Ledger) -> None:
    code = opened(ledger)
    for number, (to, reason) in enumerate(
        [
            (code, FactRefusal.ENDED),
            (UNKNOWN, FactRefusal.UNKNOWN_DOSSIER),
            (code, None),
            (code, FactRefusal.WRONG_PERSON),
        ]
    ):
        at = OPENED_AT + timedelta(minutes=number)
        ledger.arrived(f"tin-{number}", "d", "vneid_consent", to, "/vneid", at)
        ledger.settled(f"tin-{number}", reason is None, reason, f"Kết luận {number}.")
    arrive(ledger, message_id="tin-9", code=code)
    assert [(f.message_id, f.reason, f.text) for f in ledger.refused_facts(code)] == [
        ("tin-0", FactRefusal.ENDED, "Kết luận 0."),
        ("tin-3", FactRefusal.WRONG_PERSON, "Kết luận 3."),
    ]
    assert ledger.refused_facts("G22.99.08-261110-000404") == ()


def test_nobody_finds_out_by_trying_what_a_message_said_and_a_new_key_changes_nothing(
    ledger: Ledger, engine: Engine
) -> None:
    arrive(ledger)
    with engine.begin() as connection:
        stored = connection.execute(text("SELECT digest FROM messages_in")).scalar_one()
        assert "d1" not in stored
        assert stored.startswith("test:")
    other = Ledger(engine, KeyRing({"new": bytes([3]) * 32, "test": bytes(range(32))}))
    assert arrive(other) is None
    with pytest.raises(MessageReused):
        arrive(other, "d2")
    with engine.begin() as connection:
        connection.execute(text("UPDATE messages_in SET digest = 'd1'"))  # as it was stored before
    assert arrive(ledger) is None
    with pytest.raises(MessageReused):
        arrive(ledger, "d2")
