"""What comes in from outside: a wrong fact is refused to its sender and touches nothing, by update and by signal.

Whoever signals gets no answer, so the refusal is counted and recorded (issue 2, “Bad input”; DESIGN §3.2).
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from pydantic import SecretStr
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowUpdateFailedError
from temporalio.common import RawValue

from models.documents import DocumentKind
from models.dossier import DossierOutcome, DossierStage, DossierView
from models.facts import (
    AgencyEvent,
    Answer,
    ConsentAnswer,
    Decided,
    DocumentsSupplied,
    FactKind,
    FactRefusal,
    PaymentConfirmed,
    Received,
    ResultDocument,
)
from models.messages import NoticeState
from models.publication import Notice
from models.start import StartDossier
from models.statuses import Status, StatusSystem
from models.submission import submission
from models.systems import System
from tests.workflows.harness import Play, refused
from tests.workflows.inputs import BIRTH, HEALTH, IDENTITY_NUMBER, RESIDENCE, free, moment, result, sample

DECLARED = "2026-11-19 09:00:00"
GRANDFATHER, GRANDMOTHER = "001060000131", "001163000132"
NOW = "2026-11-19T09:00:00+07:00"


class Bad(NamedTuple):
    """A wrong message of a kind, for a dossier received by its registrar whose consents are being asked."""

    kind: FactKind
    reason: FactRefusal
    message: Callable[[str], object]


def event(**fields: object) -> Callable[[str], object]:
    """An agency event about the registration, some of its fields wrong."""
    good = {"message_id": "x", "source": "provincial", "leg": BIRTH, "fact": {"kind": "received", "at": NOW}}
    return lambda code: {**good, "dossier_code": code, **fields}


def answer(**fields: object) -> Callable[[str], object]:
    """An answer of the householder, some of its fields wrong."""
    good = {"message_id": "x", "leg": RESIDENCE, "personal_id": GRANDFATHER, "answer": "granted", "at": NOW}
    return lambda code: {**good, "dossier_code": code, **fields}


def payment(**fields: object) -> Callable[[str], object]:
    """A payment."""
    good = {"message_id": "x", "amount_vnd": 0, "receipt_number": "BL-1", "at": NOW}
    return lambda code: {**good, "dossier_code": code, **fields}


def supplied(*documents: Mapping[str, object], **fields: object) -> Callable[[str], object]:
    """Attachments."""
    return lambda code: {"message_id": "x", "dossier_code": code, "documents": documents, "at": NOW, **fields}


def given(*documents: Mapping[str, object], **fields: object) -> Callable[[str], object]:
    """A supplement to the registration."""
    good = {"message_id": "x", "leg": BIRTH, "documents": documents, "at": NOW}
    return lambda code: {**good, "dossier_code": code, **fields}


def reading(**fields: object) -> Callable[[str], object]:
    """An operator's reading of a message."""
    good = {"message_id": "x", "leg": BIRTH, "of": "m9", "found": "no_action", "operator": "vh-01", "because": "Đã xem"}
    return lambda code: {**good, "dossier_code": code, "at": NOW, **fields}


def raw(data: bytes, encoding: bytes = b"json/plain") -> Callable[[str], object]:
    """Bytes as they come over the wire."""
    return lambda code: RawValue(Payload(metadata={"encoding": encoding}, data=data))


CERTIFICATE = result(DocumentKind.BIRTH_CERTIFICATE).model_dump(mode="json")
CARD = result(DocumentKind.HEALTH_INSURANCE_CARD).model_dump(mode="json")
AGENCY, CONSENT, PAYMENT, DOCUMENTS = (
    FactKind.AGENCY_EVENT,
    FactKind.VNEID_CONSENT,
    FactKind.PAYMENT,
    FactKind.DOCUMENTS,
)
SUPPLEMENT, CLASSIFICATION = FactKind.SUPPLEMENT, FactKind.CLASSIFICATION
R = FactRefusal

BAD = {
    "nothing": Bad(AGENCY, R.MALFORMED, lambda code: None),
    "bytes": Bad(CONSENT, R.MALFORMED, lambda code: b"x"),
    "text": Bad(AGENCY, R.MALFORMED, lambda code: "đã nhận"),
    "a list": Bad(CONSENT, R.MALFORMED, lambda code: []),
    "an empty object": Bad(AGENCY, R.MALFORMED, lambda code: {}),
    "no JSON": Bad(AGENCY, R.MALFORMED, raw(b'{"message_id": ')),
    "no UTF-8": Bad(CONSENT, R.MALFORMED, raw(b'{"message_id": "\xff\xfe"}')),
    "a lone surrogate": Bad(AGENCY, R.MALFORMED, raw(b'{"message_id": "\\ud800"}')),
    "deep nesting": Bad(AGENCY, R.MALFORMED, raw(b"[" * 100_000)),
    "an unknown encoding": Bad(PAYMENT, R.MALFORMED, raw(b"x", b"binary/la")),
    "an unknown field": Bad(AGENCY, R.MALFORMED, event(note="x")),
    "an unprintable field": Bad(AGENCY, R.MALFORMED, event(**{"\x01": "x"})),
    "a field named like a person": Bad(AGENCY, R.MALFORMED, event(**{"số của tôi": "x"})),
    "an unknown fact": Bad(AGENCY, R.MALFORMED, event(fact={"kind": "lost", "at": NOW})),
    "no time": Bad(AGENCY, R.MALFORMED, event(fact={"kind": "received", "at": "hôm qua"})),
    "a time without zone": Bad(AGENCY, R.MALFORMED, event(fact={"kind": "received", "at": NOW[:19]})),
    "a time beyond the calendar": Bad(
        AGENCY, R.MALFORMED, event(fact={"kind": "received", "at": "9999-12-31T23:59:59-12:00"})
    ),
    "an overlong id": Bad(AGENCY, R.MALFORMED, event(message_id="x" * 81)),
    "an unknown system": Bad(AGENCY, R.MALFORMED, event(source="bưu điện")),
    "no identity number": Bad(AGENCY, R.MALFORMED, event(fact={"kind": "decided", "at": NOW, "number": "1"})),
    "an unknown answer": Bad(CONSENT, R.MALFORMED, answer(answer="maybe")),
    "no personal number": Bad(CONSENT, R.MALFORMED, answer(personal_id="số của tôi")),
    "a negative amount": Bad(PAYMENT, R.MALFORMED, payment(amount_vnd=-1)),
    "no documents": Bad(DOCUMENTS, R.MALFORMED, supplied()),
    "an unknown leg": Bad(AGENCY, R.UNKNOWN_LEG, event(leg="land_registration")),
    "a leg the plan lacks": Bad(CONSENT, R.UNKNOWN_LEG, answer(leg="identity_card")),
    "another agency": Bad(AGENCY, R.WRONG_SENDER, event(source="residence")),
    "no agency": Bad(AGENCY, R.WRONG_SENDER, event(source="vneid")),
    "another dossier": Bad(AGENCY, R.WRONG_DOSSIER, event(dossier_code="G22.99.08-261119-999999")),
    "another person's dossier": Bad(CONSENT, R.WRONG_DOSSIER, answer(dossier_code="G22.99.08-261119-999999")),
    "another provincial dossier": Bad(AGENCY, R.WRONG_DOSSIER, event(provincial_code="H01.999")),
    "a receipt in the future": Bad(
        AGENCY, R.IN_FUTURE, event(fact={"kind": "received", "at": "2026-11-19T09:06:00+07:00"})
    ),
    "an answer in the future": Bad(CONSENT, R.IN_FUTURE, answer(at="2026-11-20T09:00:00+07:00")),
    "received twice": Bad(AGENCY, R.ALREADY_ANSWERED, event()),
    "a leg not sent yet": Bad(AGENCY, R.OUT_OF_TURN, event(leg=HEALTH, source="social_insurance")),
    "verification of a birth": Bad(
        AGENCY, R.NOT_PERMITTED, event(fact={"kind": "verification", "at": NOW, "text": "Xác minh"})
    ),
    "another agency's result": Bad(
        AGENCY,
        R.NOT_AWAITED,
        event(
            fact={
                "kind": "decided",
                "at": NOW,
                "number": "1",
                "identity_number": IDENTITY_NUMBER,
                "documents": [CERTIFICATE, CARD],
            }
        ),
    ),
    "a stranger": Bad(CONSENT, R.WRONG_PERSON, answer(personal_id="001194000001")),
    "no payment awaited": Bad(PAYMENT, R.NOTHING_OWED, payment()),
    "no documents awaited": Bad(DOCUMENTS, R.OUT_OF_TURN, supplied(CERTIFICATE)),
    "a supplement nobody asked for": Bad(SUPPLEMENT, R.NOT_AWAITED, given(CERTIFICATE)),
    "a supplement for no leg": Bad(SUPPLEMENT, R.UNKNOWN_LEG, given(CERTIFICATE, leg="land_registration")),
    "a correction that is no text": Bad(SUPPLEMENT, R.MALFORMED, given(corrections={"child.full_name": 1})),
    "a correction nobody asked for": Bad(SUPPLEMENT, R.NOT_AWAITED, given(corrections={"child.full_name": "x"})),
    "a message nobody wrote": Bad(CLASSIFICATION, R.NOT_AWAITED, reading()),
    "a reading without a reason": Bad(CLASSIFICATION, R.MALFORMED, reading(because="")),
    "too many documents asked": Bad(
        AGENCY,
        R.MALFORMED,
        event(fact={"kind": "supplement_requested", "at": NOW, "documents": ["witness_statement"] * 21}),
    ),
    "a demand about a leg not sent yet": Bad(
        AGENCY,
        R.OUT_OF_TURN,
        event(leg=HEALTH, source="social_insurance", fact={"kind": "returned", "at": NOW}),
    ),
    "free text about a leg not sent yet": Bad(
        AGENCY,
        R.OUT_OF_TURN,
        event(leg=HEALTH, source="social_insurance", fact={"kind": "unclassified", "at": NOW, "text": "Trả lại"}),
    ),
    "a message id used before": Bad(CONSENT, R.MESSAGE_REUSED, answer(message_id="m1")),
}


async def received(play: Play) -> DossierView:
    """A dossier received by its registrar (message m1), both consents asked, everything published."""
    await play.declare("grandparents-home", DECLARED)
    await play.receive(BIRTH)
    await play.asked(RESIDENCE, 2)
    await play.told(Notice.CONSENTS_ASKED)
    await play.written()
    while (await play.handle.describe()).raw_description.pending_activities:
        await asyncio.sleep(0.01)
    return await play.view()


async def happened(play: Play) -> list[str]:
    """What is in the history, workflow tasks aside."""
    events = [EventType.Name(event.event_type) async for event in play.handle.fetch_history_events()]
    return [name for name in events if "WORKFLOW_TASK" not in name]


async def test_a_wrong_update_is_refused_to_its_sender_and_leaves_no_trace(play: Play) -> None:
    before = await received(play)
    history = await happened(play)
    for number, (case, bad) in enumerate(BAD.items()):
        with pytest.raises(WorkflowUpdateFailedError) as failure:
            await play.handle.execute_update(bad.kind.value, bad.message(play.code), id=f"bad-{number}")
        assert failure.value.cause is not None
        assert (case, getattr(failure.value.cause, "type", None)) == (case, bad.reason.value)
        assert "số của tôi" not in str(failure.value.cause)
    unusual: list[tuple[str, list[object]]] = [("khai_sinh", [{}]), (AGENCY.value, []), (AGENCY.value, [{}, {}])]
    for name, arguments in unusual:
        with pytest.raises(WorkflowUpdateFailedError):
            await play.handle.execute_update(name, args=arguments)
    assert await play.view() == before
    assert await happened(play) == history


async def test_a_wrong_signal_is_recorded_and_leaves_the_dossier_alone(play: Play) -> None:
    before = await received(play)
    for bad in BAD.values():
        await play.handle.signal(bad.kind.value, bad.message(play.code))
    unusual: list[tuple[str, list[object]]] = [
        ("khai_sinh", [{}]),
        ("khai_sinh", []),
        (AGENCY.value, []),
        (CONSENT.value, [{}, {}]),
    ]
    for name, arguments in unusual:
        await play.handle.signal(name, args=arguments)
    total = len(BAD) + len(unusual)
    after = await play.see(lambda view: view.refused_signals == total, f"{total} signals refused")
    assert after == before.model_copy(update={"refused_signals": total})
    stored = await play.written()
    reasons = [bad.reason for bad in BAD.values()]
    reasons += [R.UNKNOWN_KIND, R.UNKNOWN_KIND, R.MALFORMED, R.MALFORMED]
    assert sorted(fact.reason or "" for fact in stored.refused_facts) == sorted(reasons)
    assert {fact.kind for fact in stored.refused_facts} == {*(bad.kind for bad in BAD.values()), "unknown_signal"}
    assert not any("số của tôi" in fact.text for fact in stored.refused_facts)
    assert len({fact.message_id for fact in stored.refused_facts}) == total

    for person in (GRANDFATHER, GRANDMOTHER):
        await play.consent(RESIDENCE, person)
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    await play.complete(RESIDENCE, HEALTH)
    assert (await play.ended()).outcome is DossierOutcome.COMPLETED


async def test_a_signal_that_comes_before_anything_else_is_recorded(play: Play) -> None:
    declaration = free("plain", moment(DECLARED).date())
    opened = play.ledger.open_dossier(submission(declaration, moment(DECLARED), SecretStr("test")), "G22.99.08")
    play.offset = moment(DECLARED) - await play.env.get_current_time()
    await play.start(
        StartDossier(
            code=opened.code, declaration=declaration, submitted_at=moment(DECLARED), training_offset=play.offset
        ),
        start_signal=AGENCY.value,
        start_signal_args=[event(message_id="early")(opened.code)],
    )
    await play.sent(BIRTH)
    [fact] = (await play.written()).refused_facts
    assert fact.reason is FactRefusal.OUT_OF_TURN


async def test_the_same_message_counts_once_however_it_comes(play: Play) -> None:
    await received(play)
    consent = ConsentAnswer(
        message_id="twice",
        dossier_code=play.code,
        leg=RESIDENCE,
        personal_id=GRANDFATHER,
        answer=Answer.GRANTED,
        at=moment(DECLARED),
    )
    first = await play.tell(consent)
    assert not first.repeated
    assert await play.tell(consent) == first, "one update id, one update"
    assert (await play.tell(consent, update_id="another")).repeated
    before = await play.view()
    await play.handle.signal(CONSENT.value, consent)
    other = consent.model_copy(update={"message_id": "by-signal", "personal_id": GRANDMOTHER})
    for _ in range(2):
        await play.handle.signal(CONSENT.value, other)
    assert (await play.tell(other)).repeated
    after = await play.view()
    assert after.refused_signals == 0
    assert after.legs[1].consents[0] == before.legs[1].consents[0]
    with refused(FactRefusal.MESSAGE_REUSED):
        await play.tell(other.model_copy(update={"answer": Answer.DECLINED}), update_id="changed")


async def test_a_decision_counts_once(play: Play) -> None:
    await received(play)
    await play.decide(BIRTH)
    with refused(FactRefusal.ALREADY_ANSWERED):
        await play.decide(BIRTH)
    with refused(FactRefusal.CONTRADICTS):
        await play.refuse(BIRTH)
    await play.certify()
    with refused(FactRefusal.ENDED):
        await play.certify()
    await play.sent(HEALTH)
    await play.agency(
        HEALTH, ResultDocument(at=await play.now(), documents=(result(DocumentKind.HEALTH_INSURANCE_CARD),))
    )
    with refused(FactRefusal.ALREADY_ANSWERED):
        await play.agency(
            HEALTH, ResultDocument(at=await play.now(), documents=(result(DocumentKind.HEALTH_INSURANCE_CARD),))
        )
    await play.decide(HEALTH)
    [card] = (await play.leg(HEALTH)).documents
    assert card.kind is DocumentKind.HEALTH_INSURANCE_CARD


@pytest.mark.rule("6.4-none-stated")
async def test_an_answer_that_overtakes_its_receipt_starts_the_clock_at_our_sending(play: Play) -> None:
    await play.declare("plain", DECLARED)
    await play.sent(BIRTH)
    await play.until(moment("2026-11-19 15:30:00"))
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    await play.sent(HEALTH)
    stored = await play.written()
    assert stored.due is not None
    assert stored.due.at == moment("2026-11-24 17:00:00") + timedelta(days=1)
    assert stored.clocks[1].entries[0].at == stored.legs[0].acknowledged_at


async def test_an_agencys_own_status_is_kept_with_its_numbering(play: Play) -> None:
    await play.declare("plain", DECLARED)
    status = Status(system=StatusSystem.LINKING, code="3")
    await play.sent(BIRTH)
    await play.agency(BIRTH, Received(at=await play.now(), agency_code="H01.1"), status=status)
    await play.see(lambda view: view.stage is DossierStage.IN_PROGRESS, "received")
    stored = await play.written()
    assert [event.status for event in stored.statuses if event.incoming] == [status]


async def test_good_signals_do_what_updates_do(play: Play) -> None:
    """A whole dossier by plain signals, documents and payment included."""
    play.world.notice = NoticeState.UNSIGNED

    async def signal(kind: FactKind, model: type[Any], **fields: object) -> None:
        fact = model(message_id=play.message_id(), dossier_code=play.code, **fields)
        await play.handle.signal(kind.value, fact)

    async def by(source: System, leg: str, fact: object) -> None:
        await signal(AGENCY, AgencyEvent, source=source, leg=leg, fact=fact)

    at = moment(DECLARED)
    await play.submit(sample("grandparents-home", at.date()), at)
    await play.see(lambda view: view.stage is DossierStage.WAITING_DOCUMENTS, "documents are asked for")
    witness = result(DocumentKind.WITNESS_STATEMENT)
    await signal(DOCUMENTS, DocumentsSupplied, documents=(witness,), at=at)
    view = await play.see(lambda view: view.stage is DossierStage.WAITING_PAYMENT, "a fee is asked for")
    await signal(PAYMENT, PaymentConfirmed, amount_vnd=view.fee.total_vnd, receipt_number="BL-1", at=at)
    assert witness in (await play.sent(BIRTH)).documents
    await by(System.PROVINCIAL, BIRTH, Received(at=at, agency_code="H01.1"))
    await play.asked(RESIDENCE, 2)
    for person in (GRANDFATHER, GRANDMOTHER):
        await signal(CONSENT, ConsentAnswer, leg=RESIDENCE, personal_id=person, answer=Answer.GRANTED, at=at)
    registered = Decided(
        at=at,
        number="1",
        identity_number=IDENTITY_NUMBER,
        documents=(result(DocumentKind.BIRTH_CERTIFICATE),),
    )
    await by(System.PROVINCIAL, BIRTH, registered)
    parts = (
        (System.RESIDENCE, RESIDENCE, DocumentKind.RESIDENCE_NOTICE),
        (System.SOCIAL_INSURANCE, HEALTH, DocumentKind.HEALTH_INSURANCE_CARD),
    )
    for source, leg, kind in parts:
        await play.sent(leg)
        await by(source, leg, Received(at=await play.now()))
        await by(source, leg, Decided(at=await play.now(), number="2", documents=(result(kind),)))
    assert (await play.ended()).outcome is DossierOutcome.COMPLETED
    assert (await play.written()).refused_facts == ()
