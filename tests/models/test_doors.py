"""What operators' acts do to a leg, and what stays on record: pure rules (issue 7, item 5)."""

from datetime import datetime, time, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.acts import MOST_RESENDS, act_of, act_words, expect_room
from models.appointing import FARTHEST, OPENS_AT, apply_appointment, expect_working_day, its_day, promised
from models.base import LEGAL_ZONE
from models.calendar import load_calendar
from models.chase_words import Part
from models.clock import agency_due
from models.documents import Document, DocumentKind
from models.dossier import Leg, LegOutcome, LegStage
from models.facts import (
    AgencyEvent,
    Cancellation,
    Classification,
    ClassifiedAs,
    Decided,
    FactKind,
    FactRefusal,
    FactRefused,
    GoOnWithoutCertificate,
    NewAppointment,
    OperatorAct,
    PaperAnswer,
    Received,
    Resend,
    digest_of,
    kind_words,
)
from models.going_on import goes_on
from models.lateness import day_ahead
from models.paper_answers import as_told, evidence
from models.sealing import treated
from models.signatures import Seal, SignatureOutcome
from models.stopping import Stop, StopCause, letter
from tests.models.cases import document, moment, plan_of

CALENDAR = load_calendar()
PLAN = plan_of("grandparents-home")
RESIDENCE = PLAN.leg("residence_registration")
NOW = moment("2026-11-19 14:00:00")
EXPECTED = agency_due(NOW, RESIDENCE.limit, CALENDAR, PLAN.receipt)
OPEN = Leg(key=RESIDENCE.key, stage=LegStage.IN_PROGRESS, expected=EXPECTED)
SAID = {"message_id": "m1", "dossier_code": "G22.99.08-261119-000001", "operator": "vh-07", "because": "Hẹn lại."}


def appointment(at: datetime) -> NewAppointment:
    return NewAppointment(**SAID, at=NOW, leg=RESIDENCE.key, appointment=at)


def promise(at: datetime, leg: Leg = OPEN) -> Leg:
    return apply_appointment(leg, RESIDENCE, appointment(at), PLAN.receipt, NOW)


def sealed(kind: DocumentKind, outcome: SignatureOutcome) -> Document:
    return document(kind).model_copy(update={"seal": treated(kind, Seal(outcome=outcome, signatures=0))})


@pytest.mark.parametrize(
    ("leg", "at", "reason"),
    [
        (Leg(key=RESIDENCE.key), moment("2026-12-01 10:00:00"), FactRefusal.OUT_OF_TURN),
        (OPEN, NOW, FactRefusal.NOT_PERMITTED),
        (OPEN, NOW - timedelta(days=1), FactRefusal.NOT_PERMITTED),
        (OPEN, NOW + FARTHEST + timedelta(minutes=1), FactRefusal.NOT_PERMITTED),
        (OPEN, moment("2026-12-01 06:59:59"), FactRefusal.NOT_PERMITTED),
        (OPEN, moment("2026-12-01 17:00:01"), FactRefusal.NOT_PERMITTED),
        (promise(moment("2026-12-01 10:00:00")), moment("2026-12-01 10:00:00"), FactRefusal.ALREADY_ANSWERED),
        (
            OPEN.model_copy(update={"stage": LegStage.ENDED, "outcome": LegOutcome.COMPLETED}),
            moment("2026-12-01 10:00:00"),
            FactRefusal.ENDED,
        ),
    ],
)
def test_an_appointment_that_makes_no_sense_is_refused(leg: Leg, at: datetime, reason: FactRefusal) -> None:
    with pytest.raises(FactRefused) as refused:
        promise(at, leg)
    assert refused.value.reason is reason


def test_a_promise_changes_no_date_of_the_law() -> None:
    for at in (moment("2026-12-01 07:00:00"), moment("2026-12-01 17:00:00")):
        after = promise(at)
        assert after.model_copy(update={"appointments": ()}) == OPEN
        assert after.appointment is not None
        assert (after.appointment.at, after.appointment.made_at, after.appointment.missed) == (at, NOW, False)
    ended = after.model_copy(update={"stage": LegStage.ENDED})
    assert ended.appointment is None
    said = promised(Part("G22.99.08-261119-000001", None, RESIDENCE, after), after.appointments[-1])
    assert "lúc 17:00 thứ Ba 1/12/2026. Lý do: Hẹn lại. Đề nghị" in said


@given(st.dates(NOW.date(), NOW.date() + FARTHEST), st.times(OPENS_AT, time(17)))
@example(moment("2027-01-01 10:00:00").date(), time(10))
@example(moment("2026-08-31 10:00:00").date(), time(10))
def test_a_promise_is_kept_on_a_working_day(day: datetime, hour: time) -> None:
    at = datetime.combine(day, hour, LEGAL_ZONE)
    found = day_ahead(its_day(at), CALENDAR)
    if CALENDAR.is_working(at.date()):
        expect_working_day(at, found)
    else:
        with pytest.raises(FactRefused, match=r"không phải ngày làm việc\. Ngày làm việc gần nhất sau đó"):
            expect_working_day(at, found)


def test_a_scan_is_a_result_only_where_none_must_be_signed() -> None:
    notice = sealed(DocumentKind.RESIDENCE_NOTICE, SignatureOutcome.NONE)
    certificate = sealed(DocumentKind.BIRTH_CERTIFICATE, SignatureOutcome.NONE)
    scan = document(DocumentKind.PAPER_ANSWER)
    answer = Decided(at=NOW, number="45", documents=(notice, certificate))
    act = PaperAnswer(**SAID, at=NOW, leg=RESIDENCE.key, answer=answer, scans=(scan,))
    assert as_told(answer) == answer.model_copy(update={"documents": (notice,)})
    assert evidence(act) == (scan, certificate)
    assert as_told(Received(at=NOW, agency_code="45/TN")) == Received(at=NOW), "a number on paper is no system's code"
    unjudged = act.model_copy(update={"answer": answer.model_copy(update={"documents": (document(notice.kind),)})})
    again = act.model_copy(update={"answer": answer.model_copy(update={"documents": (notice,)})})
    assert digest_of(again) == digest_of(unjudged), "what signatures are worth is our finding, not what was said"
    later = act.model_copy(update={"at": moment("2026-12-01 10:00:00")})
    assert digest_of(later) == digest_of(act), "the same command, given again a little later"
    assert digest_of(act.model_copy(update={"because": "Vì khác."})) != digest_of(act)


def test_an_act_says_who_did_what_and_keeps_the_reason_for_those_who_may_read_it() -> None:
    act = act_of(appointment(moment("2026-12-01 10:00:00")), NOW)
    assert (act.at, act.kind, act.operator, act.leg, act.because) == (
        NOW,
        FactKind.APPOINTMENT,
        "vh-07",
        RESIDENCE.key,
        "Hẹn lại.",
    )
    assert act_words(act, PLAN) == (
        "14:00 thứ Năm 19/11/2026, người vận hành vh-07: hẹn lại ngày trả kết quả “Đăng ký thường trú”: "
        "10:00 thứ Ba 1/12/2026"
    )


def test_every_kind_of_message_and_what_is_found_in_it_has_a_word_for_operators() -> None:
    assert all(kind_words(kind) == kind.label != "" for kind in FactKind)
    assert kind_words("unknown_signal") == "thông điệp khác"
    assert not issubclass(AgencyEvent, OperatorAct)
    read = Classification(**SAID, at=NOW, leg=RESIDENCE.key, of="m0", found=ClassifiedAs.NO_ACTION)
    assert act_of(read, NOW).detail == "không phải làm gì"


def test_what_was_sent_again_too_often_leaves_room_for_every_other_act() -> None:
    again = Resend(**SAID, at=NOW)
    acts = [act_of(appointment(NOW), NOW)] * MOST_RESENDS + [act_of(again, NOW)] * (MOST_RESENDS - 1)
    expect_room(acts, again)
    acts.append(act_of(again, NOW))
    for act in (Cancellation(**SAID, at=NOW), appointment(NOW)):
        expect_room(acts, act)
    with pytest.raises(FactRefused) as refused:
        expect_room(acts, again)
    assert refused.value.reason is FactRefusal.NOT_PERMITTED


def test_nothing_goes_on_in_a_dossier_that_is_stopped() -> None:
    stop = Stop(cause=StopCause.CANCELLATION, at=NOW)
    registered = Leg(key=PLAN.legs[0].key, stage=LegStage.WAITING_DOCUMENT, decided_at=NOW)
    legs = {registered.key: registered, RESIDENCE.key: Leg(key=RESIDENCE.key)}
    paper = document(DocumentKind.REGISTRATION_ATTESTATION)
    by = {"official": "cb-12", "office": "UB-4", "attestation": paper}
    act = GoOnWithoutCertificate(**SAID, **by, at=NOW, leg=RESIDENCE.key)
    assert goes_on(legs, PLAN, act, None, NOW).attested
    with pytest.raises(FactRefused) as refused:
        goes_on(legs, PLAN, act, stop, NOW)
    assert refused.value.reason is FactRefusal.ENDED


@pytest.mark.parametrize("cause", StopCause)
def test_an_agency_reads_who_stops_it_and_why(cause: StopCause) -> None:
    stop = Stop(cause=cause, at=NOW, reason="Khai trùng")
    said = letter(RESIDENCE, stop)
    assert said.startswith(f"{stop.words.stopped} lúc 14:00 thứ Năm 19/11/2026; đề nghị dừng giải quyết “Đăng ký")
    assert said.endswith(f"{stop.words.reason}: Khai trùng")
    assert "Khai" not in letter(RESIDENCE, stop.model_copy(update={"reason": None})).removeprefix(stop.words.stopped)
