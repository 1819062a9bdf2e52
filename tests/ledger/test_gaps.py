"""The gap report: what is missing is listed once it is due, by whom it is owed, with totals (REQUIREMENTS §6.9)."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from ledger.gaps import DELIVERY_PATIENCE, START_PATIENCE, Gap, GapKind, GapTotal
from ledger.store import Ledger
from models.clock import ClockEntryKind
from models.documents import DocumentKind
from models.dossier import Leg, LegStage, Supplement, SupplementState
from models.groups import Group
from models.lateness import Chase
from models.systems import System
from tests.ledger.builders import (
    CALENDAR,
    OPENED_AT,
    clock,
    declared,
    died,
    due_of,
    notice,
    numbered,
    opened,
    plan_of,
    published,
)

BIRTH, RESIDENCE = "birth_registration", "residence_registration"
CLOSE = OPENED_AT.replace(hour=17)
"""The close of business of the day everything happens, Tuesday 10 November 2026."""

SECOND = timedelta(seconds=1)


def leg(key: str, stage: LegStage, **state: Any) -> Leg:
    running = clock(ClockEntryKind.STARTED)
    return Leg(key=key, stage=stage, clock=running, due=due_of(running), sent_at=OPENED_AT, **state)


def with_leg(ledger: Ledger, number: int, *legs: Leg) -> str:
    """A dossier in progress with these legs."""
    declaration = numbered(number)
    code = opened(ledger, declaration)
    ledger.publish(published(code, 1, plan=plan_of(declaration), legs=legs), ())
    return code


def found(ledger: Ledger, at: datetime) -> tuple[Gap, ...]:
    return ledger.gaps(at, CALENDAR).gaps


def not_received(ledger: Ledger, at: datetime) -> list[Gap]:
    return [gap for gap in found(ledger, at) if gap.kind is GapKind.NOT_RECEIVED]


def test_nothing_missing_is_no_gap(ledger: Ledger) -> None:
    report = ledger.gaps(OPENED_AT, CALENDAR)
    assert (report.gaps, report.totals) == ((), ())


@pytest.mark.rule("6.9-gap-report")
def test_a_registration_without_certificate_is_listed_from_the_close_of_its_day(ledger: Ledger) -> None:
    chase = Chase(due=CLOSE, times=2, next_at=CLOSE, operator_at=CLOSE)
    waiting = leg(BIRTH, LegStage.WAITING_DOCUMENT, decided_at=OPENED_AT, number="17/2026", missing_result=chase)
    code = with_leg(ledger, 1, waiting, leg(RESIDENCE, LegStage.WAITING_PREREQUISITES))
    assert found(ledger, CLOSE - SECOND) == ()
    [gap] = found(ledger, CLOSE)
    assert gap == Gap(
        kind=GapKind.NO_RESULT,
        code=code,
        group=Group.BIRTH,
        province_code="01",
        since=OPENED_AT,
        owed_by=plan_of(declared()).leg(BIRTH).agency,
        leg=BIRTH,
        missing=(DocumentKind.BIRTH_CERTIFICATE,),
        asked=2,
    )
    assert "17/2026" not in gap.model_dump_json()  # whoever wants it looks at the dossier, and that is on the trail
    ledger.publish(published(code, 2, legs=(waiting.model_copy(update={"stage": LegStage.ENDED}),)), ())
    assert found(ledger, CLOSE) == ()


def test_a_part_nobody_has_received_is_listed_from_the_close_of_its_day(ledger: Ledger) -> None:
    with_leg(ledger, 1, leg(BIRTH, LegStage.WAITING_RECEIPT, acknowledged_at=OPENED_AT))
    with_leg(ledger, 2, leg(BIRTH, LegStage.SENDING))
    assert found(ledger, CLOSE - SECOND) == ()
    owed_by = {gap.owed_by for gap in not_received(ledger, CLOSE)}
    assert owed_by == {plan_of(declared()).leg(BIRTH).agency, System.PROVINCIAL.label}


def test_a_receipt_counts_from_when_the_agencys_system_took_the_part(ledger: Ledger) -> None:
    taken = OPENED_AT + timedelta(days=1)
    chase = Chase(due=CLOSE + timedelta(days=1), times=4, next_at=CLOSE, operator_at=CLOSE)
    with_leg(ledger, 1, leg(BIRTH, LegStage.WAITING_RECEIPT, acknowledged_at=taken, missing_receipt=chase))
    assert not_received(ledger, chase.due - SECOND) == []
    [gap] = not_received(ledger, chase.due)
    assert (gap.since, gap.asked) == (OPENED_AT, 4)


@pytest.mark.parametrize("stage", [LegStage.SENDING, LegStage.WAITING_RECEIPT])
def test_a_supplement_counts_from_its_own_sending(ledger: Ledger, stage: LegStage) -> None:
    """The part itself was received a week ago; how often its receipt was asked for is no longer of interest."""
    sent_at = OPENED_AT + timedelta(days=7)
    close = CLOSE + timedelta(days=7)
    supplement = Supplement(
        state=SupplementState.PROVIDED,
        reason_code="incomplete",
        legal_basis="Luật Cư trú 2020 Điều 22",
        text="Bổ sung giấy tờ.",
        requested_at=sent_at,
        asked_at=sent_at,
        provided_at=sent_at,
        sent_at=sent_at,
    )
    earlier = Chase(due=CLOSE, times=3, next_at=CLOSE, operator_at=CLOSE)
    taken_at = sent_at if stage is LegStage.WAITING_RECEIPT else None
    with_leg(ledger, 1, leg(BIRTH, stage, supplements=(supplement,), acknowledged_at=taken_at, missing_receipt=earlier))
    assert not_received(ledger, close - SECOND) == []
    [gap] = not_received(ledger, close)
    assert (gap.since, gap.asked) == (sent_at, 0)


def test_a_dossier_whose_workflow_never_started_is_listed(ledger: Ledger) -> None:
    code = opened(ledger)
    assert found(ledger, OPENED_AT + START_PATIENCE - SECOND) == ()
    [gap] = found(ledger, OPENED_AT + START_PATIENCE)
    assert (gap.kind, gap.code) == (GapKind.NOT_STARTED, code)
    ledger.mark_started(code)
    assert found(ledger, OPENED_AT + START_PATIENCE) == ()


def test_what_waits_long_in_the_outbox_is_one_gap_per_dossier_and_channel(ledger: Ledger) -> None:
    code = opened(ledger)
    ledger.publish(published(code, 1), [notice(code, 1), notice(code, 2), notice(code, 3, System.SMS)])
    assert found(ledger, OPENED_AT + DELIVERY_PATIENCE - SECOND) == ()
    gaps = found(ledger, OPENED_AT + DELIVERY_PATIENCE)
    assert {(gap.kind, gap.owed_by, gap.asked) for gap in gaps} == {
        (GapKind.UNDELIVERED, System.PORTAL.label, 2),
        (GapKind.UNDELIVERED, System.SMS.label, 1),
    }


def test_totals_count_dossiers_by_kind_province_and_agency(ledger: Ledger) -> None:
    missing = leg(BIRTH, LegStage.WAITING_DOCUMENT, decided_at=OPENED_AT, number="17/2026")
    codes = {with_leg(ledger, number, missing) for number in (1, 2, 3)}
    report = ledger.gaps(CLOSE, CALENDAR)
    assert {gap.code for gap in report.gaps} == codes
    agency = plan_of(declared()).leg(BIRTH).agency
    assert report.totals == (_total(Group.BIRTH, agency, 3),)
    assert ledger.gaps(CLOSE, CALENDAR, "79").gaps == ()


@pytest.mark.rule("6.9-gap-report")
def test_results_of_both_groups_are_told_apart(ledger: Ledger) -> None:
    missing: dict[str, Any] = {"decided_at": OPENED_AT, "number": "17/2026"}
    with_leg(ledger, 1, leg(BIRTH, LegStage.WAITING_DOCUMENT, **missing))
    form = died("aged-80")
    code, plan = opened(ledger, form), plan_of(form)
    legs = [leg(key, LegStage.WAITING_DOCUMENT, **missing) for key in ("death_registration", "survivor_benefit_end")]
    ledger.publish(published(code, 1, plan=plan, legs=legs), ())
    report = ledger.gaps(CLOSE, CALENDAR, group=Group.DEATH)
    assert {(gap.code, gap.leg, gap.missing) for gap in report.gaps} == {
        (code, "death_registration", (DocumentKind.DEATH_EXTRACT,)),
        (code, "survivor_benefit_end", (DocumentKind.BENEFIT_END_DECISION,)),
    }
    both = [
        _total(Group.BIRTH, plan_of(declared()).leg(BIRTH).agency, 1),
        _total(Group.DEATH, plan.leg("survivor_benefit_end").agency, 1),
        _total(Group.DEATH, plan.leg("death_registration").agency, 1),
    ]
    assert list(ledger.gaps(CLOSE, CALENDAR).totals) == both
    assert list(report.totals) == both[1:]


def _total(group: Group, agency: str, dossiers: int) -> GapTotal:
    return GapTotal(kind=GapKind.NO_RESULT, group=group, province_code="01", owed_by=agency, dossiers=dossiers)
