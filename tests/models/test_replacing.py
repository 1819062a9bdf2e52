"""What may replace a result, who must be told of it, and whose acknowledgement counts (REQUIREMENTS §§2, 7, 8)."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.clock import ClockEntryKind
from models.documents import Document, DocumentKind
from models.dossier import Leg, LegOutcome, LegStage
from models.facts import Acknowledged, AgencyEvent, Corrected, FactRefusal, FactRefused
from models.plan import Plan
from models.replacement import Replacement
from models.replacement_words import state, versions
from models.replacing import Correction, acknowledge, correct
from models.systems import System
from tests.ledger.builders import clock, due_of
from tests.models.cases import document, moment, plan_of

AT = moment("2026-11-19 10:00:00")
PLAN = plan_of("identity-card")
BIRTH, RESIDENCE, HEALTH, CARD = (leg.key for leg in PLAN.legs)
OLD = document(DocumentKind.BIRTH_CERTIFICATE)


def version(number: int, kind: DocumentKind = DocumentKind.BIRTH_CERTIFICATE) -> Document:
    return document(kind, f"bản {number}")


def legs(**changes: Leg) -> dict[str, Leg]:
    """A registered birth whose parts are at every agency, some legs otherwise."""
    birth = Leg(
        key=BIRTH,
        stage=LegStage.ENDED,
        outcome=LegOutcome.COMPLETED,
        sent_at=AT,
        decided_at=AT,
        number="1/2026",
        documents=(OLD,),
    )
    others = {key: Leg(key=key, stage=LegStage.IN_PROGRESS, sent_at=AT) for key in (RESIDENCE, HEALTH, CARD)}
    return {BIRTH: birth, **others, **changes}


def event(fact: Corrected | Acknowledged, leg: str = BIRTH, plan: Plan = PLAN, **fields: Any) -> AgencyEvent:
    source = fields.pop("source", plan.leg(leg).system)
    return AgencyEvent(message_id="m1", source=source, dossier_code="G22.99.08-261119-000001", leg=leg, fact=fact)


def corrected(*documents: Document, **fields: Any) -> Corrected:
    return Corrected(at=AT, documents=documents, **fields)


def correction(
    now_legs: dict[str, Leg], fact: Corrected, *earlier: Replacement, leg: str = BIRTH, **fields: Any
) -> Correction:
    made = correct(now_legs, PLAN, earlier, event(fact, leg, **fields), AT)
    assert made is not None
    return made


def reason(now_legs: dict[str, Leg], fact: Corrected, leg: str = BIRTH, **fields: Any) -> FactRefusal:
    with pytest.raises(FactRefused) as refusal:
        correct(now_legs, PLAN, (), event(fact, leg, **fields), AT)
    return refusal.value.reason


@pytest.mark.rule("8.superseded", "8.superseded-told")
def test_the_new_version_is_the_live_one_and_every_agency_with_the_old_one_is_told() -> None:
    made = correction(legs(), corrected(version(2), number="2/2026"))
    assert (made.leg.documents, made.leg.superseded, made.leg.number) == ((version(2),), (OLD,), "2/2026")
    assert [telling.leg for telling in made.replacement.tellings] == [RESIDENCE, HEALTH, CARD]
    assert made.replacement.former_number == "1/2026"
    assert made.replacement.pending


@pytest.mark.rule("8.superseded-told")
def test_who_never_had_the_old_version_is_not_told_and_who_refused_has_it_still() -> None:
    waiting = Leg(key=RESIDENCE, stage=LegStage.WAITING_CONSENTS)
    refused = Leg(key=HEALTH, stage=LegStage.ENDED, outcome=LegOutcome.REFUSED, sent_at=AT)
    made = correction(legs(**{RESIDENCE: waiting, HEALTH: refused}), corrected(version(2)))
    assert [telling.leg for telling in made.replacement.tellings] == [HEALTH, CARD]


def test_a_result_of_the_police_went_to_the_province_which_registered_the_birth() -> None:
    notice = document(DocumentKind.RESIDENCE_NOTICE)
    done = Leg(key=RESIDENCE, stage=LegStage.ENDED, outcome=LegOutcome.COMPLETED, sent_at=AT, documents=(notice,))
    made = correction(legs(**{RESIDENCE: done}), corrected(version(2, notice.kind)), leg=RESIDENCE)
    assert [telling.leg for telling in made.replacement.tellings] == [BIRTH]


def test_what_is_live_already_changes_nothing() -> None:
    for fact in (corrected(OLD), corrected(OLD, OLD), corrected(OLD, number="1/2026")):
        assert correct(legs(), PLAN, (), event(fact), AT) is None


def test_a_version_once_replaced_never_comes_back() -> None:
    made = correction(legs(), corrected(version(2)))
    after = legs(**{BIRTH: made.leg})
    assert reason(after, corrected(OLD)) is FactRefusal.ALREADY_ANSWERED


def test_what_may_not_replace_anything() -> None:
    undecided = Leg(key=BIRTH, stage=LegStage.IN_PROGRESS, sent_at=AT)
    unsent = Leg(key=RESIDENCE)
    card = version(2, DocumentKind.IDENTITY_CARD)
    assert reason(legs(), corrected(version(2)), source=System.RESIDENCE) is FactRefusal.WRONG_SENDER
    assert reason(legs(), corrected(card)) is FactRefusal.NOT_AWAITED
    assert reason(legs(), corrected(version(2), version(3))) is FactRefusal.CONTRADICTS
    assert reason(legs(), corrected(OLD, number="2/2026")) is FactRefusal.CONTRADICTS
    assert reason(legs(**{BIRTH: undecided}), corrected(version(2))) is FactRefusal.OUT_OF_TURN
    notice = version(1, DocumentKind.RESIDENCE_NOTICE)
    assert reason(legs(**{RESIDENCE: unsent}), corrected(notice), RESIDENCE) is FactRefusal.OUT_OF_TURN
    ahead = Corrected(at=AT + timedelta(hours=1), documents=(version(2),))
    assert reason(legs(), ahead) is FactRefusal.IN_FUTURE


@pytest.mark.rule("8.superseded-told")
def test_an_acknowledgement_counts_once_and_only_from_who_was_told_of_that_version() -> None:
    told = correction(legs(), corrected(version(2))).replacement
    given = event(Acknowledged(at=AT, sha256=version(2).sha256), RESIDENCE)
    after = acknowledge((told,), legs(), PLAN, given, AT)
    assert after is not None
    assert after.awaited_legs == (HEALTH, CARD)
    assert acknowledge((after,), legs(), PLAN, given, AT) is None
    for fact, leg, why in (
        (Acknowledged(at=AT, sha256=OLD.sha256), RESIDENCE, FactRefusal.NOT_AWAITED),
        (Acknowledged(at=AT, sha256=version(2).sha256), BIRTH, FactRefusal.NOT_AWAITED),
    ):
        with pytest.raises(FactRefused) as refusal:
            acknowledge((told,), legs(), PLAN, event(fact, leg), AT)
        assert refusal.value.reason is why


@given(st.lists(st.tuples(st.integers(2, 6), st.booleans()), max_size=12))
def test_whatever_comes_one_version_is_live_and_only_it_is_waited_for(steps: list[tuple[int, bool]]) -> None:
    """Corrections in any order and number, acknowledged by one agency or not: nothing live is ever superseded."""
    now, known = legs(), dict[int, Replacement]()
    for number, acknowledged in steps:
        made = None
        if version(number) in now[BIRTH].superseded:
            assert reason(now, corrected(version(number))) is FactRefusal.ALREADY_ANSWERED
        else:
            made = correct(now, PLAN, known.values(), event(corrected(version(number))), AT)
        if made:
            now[BIRTH] = made.leg
            known |= {one.number: one for one in (*made.voided, made.replacement)}
        if acknowledged and known:
            last = known[max(known)]
            fact = Acknowledged(at=AT, sha256=last.documents[0].sha256)
            after = acknowledge(known.values(), now, PLAN, event(fact, HEALTH), AT)
            known |= {after.number: after} if after else {}
        (live,) = now[BIRTH].documents
        assert live not in now[BIRTH].superseded
        assert {t.sha256 for one in known.values() for t in one.awaited} <= {live.sha256}
        assert list(known) == list(range(1, len(known) + 1))


def test_what_is_written_of_acknowledgements_is_never_taken_back() -> None:
    told = correction(legs(), corrected(version(2))).replacement
    given = acknowledge((told,), legs(), PLAN, event(Acknowledged(at=AT, sha256=version(2).sha256), HEALTH), AT)
    assert given is not None
    assert told.joined(given).awaited_legs == (RESIDENCE, CARD)
    assert given.void(frozenset({version(2).sha256}), AT).awaited == ()


def test_a_replacement_says_how_far_it_is() -> None:
    told = correction(legs(), corrected(version(2), number="2/2026", text="Sai tên đệm.")).replacement
    dated = told.model_copy(update={"due": due_of(clock(ClockEntryKind.STARTED))})
    assert state(told) == "chờ xác nhận"
    assert state(dated).startswith("chờ xác nhận đến 17:00")
    assert state(dated.model_copy(update={"lapsed_at": AT})) == "quá hạn xác nhận từ 10:00 thứ Năm 19/11/2026"
    assert state(told.void(frozenset({version(2).sha256}), AT)) == "đã được thay bằng bản mới hơn"
    lines = tuple(versions(told, PLAN))
    assert "số mới 2/2026 thay số 1/2026. Lý do: Sai tên đệm." in lines[0]
    assert lines[1:3] == (
        f"Bản đã bị thay: Giấy khai sinh, SHA-256 {OLD.sha256}",
        f"Bản thay thế: Giấy khai sinh, SHA-256 {version(2).sha256}",
    )
    assert all(line.endswith(": chưa xác nhận") for line in lines[3:])
