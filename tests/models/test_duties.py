"""Duties a dossier leaves behind: when they arise, and until when they are to be done (REQUIREMENTS §4.8)."""

from datetime import date

import pytest

from models.base import Code
from models.details import duty_words
from models.documents import DocumentKind
from models.dossier import Leg, LegOutcome, LegStage, OwedDuty
from models.duties import arisen, counted_from, term_of
from models.law import pack
from models.plan import PlannedDuty
from models.start import DutyQuery
from tests.models.cases import CALENDAR, PACKS, document, moment, plan_of

BIRTH, RESIDENCE = "birth_registration", "residence_registration"
[DUTY] = plan_of("plain").duties


def leg(key: Code, outcome: LegOutcome | None = None, *, registered: bool = False) -> Leg:
    decided = {"decided_at": moment("2026-11-19 10:00:00"), "number": "21/2026"} if registered else {}
    stage = LegStage.ENDED if outcome else LegStage.WAITING_DOCUMENT if registered else LegStage.IN_PROGRESS
    return Leg(key=key, stage=stage, outcome=outcome, documents=(document(DocumentKind.BIRTH_CERTIFICATE),), **decided)


def owed(*legs: Leg, told: tuple[OwedDuty, ...] = ()) -> PlannedDuty | None:
    return arisen((DUTY,), {one.key: one for one in legs}, told)


@pytest.mark.rule("4.8-residence-duty")
@pytest.mark.parametrize("pack_id", PACKS)
def test_every_plan_carries_the_duty_with_its_basis(pack_id: str) -> None:
    [duty] = plan_of("plain", pack_id).duties
    law = pack(pack_id).birth.duties["residence"]
    assert (duty.key, duty.when_not_completed, duty.counted_from) == ("residence", RESIDENCE, BIRTH)
    assert (duty.calendar_days, duty.says, duty.basis, duty.fine) == (60, law.says, law.basis, law.fine)


@pytest.mark.rule("4.8-residence-duty")
@pytest.mark.parametrize("outcome", [outcome for outcome in LegOutcome if outcome is not LegOutcome.COMPLETED])
def test_it_arises_with_any_end_without_registration_of_a_child_whose_birth_is(outcome: LegOutcome) -> None:
    residence = leg(RESIDENCE, outcome)
    assert owed(leg(BIRTH, LegOutcome.COMPLETED, registered=True), residence) == DUTY
    assert owed(leg(BIRTH, registered=True), residence) == DUTY
    assert owed(leg(BIRTH), residence) is None
    assert owed(leg(BIRTH, LegOutcome.REFUSED), residence) is None


def test_it_does_not_arise_before_the_leg_has_ended_nor_when_it_was_completed_nor_twice() -> None:
    registered = leg(BIRTH, LegOutcome.COMPLETED, registered=True)
    assert owed(registered, leg(RESIDENCE)) is None
    assert owed(registered, leg(RESIDENCE, LegOutcome.COMPLETED)) is None
    assert owed(registered) is None
    told = OwedDuty(
        key=DUTY.key, says=DUTY.says, last_day=date(2027, 1, 18), explanation=(), basis=DUTY.basis, fine=DUTY.fine
    )
    assert owed(registered, leg(RESIDENCE, LegOutcome.REFUSED), told=(told,)) is None


def test_a_refused_registration_has_no_day_to_count_from() -> None:
    refused = leg(BIRTH, LegOutcome.REFUSED).model_copy(update={"decided_at": moment("2026-11-19 10:00:00")})
    assert counted_from(DUTY, {BIRTH: refused}) is None
    registered = leg(BIRTH, registered=True)
    assert counted_from(DUTY, {BIRTH: registered}) == date(2026, 11, 19)


@pytest.mark.rule("4.8-residence-duty")
@pytest.mark.parametrize(
    ("registered_on", "last_day", "moved"),
    [
        (date(2026, 3, 2), date(2026, 5, 4), True),  # 1/5/2026 is a holiday, 2 and 3/5 a weekend
        (date(2026, 6, 23), date(2026, 8, 22), False),  # a Saturday that is worked
        (date(2026, 6, 24), date(2026, 8, 24), True),
        (date(2026, 9, 24), date(2026, 11, 23), False),
        (date(2026, 9, 25), date(2026, 11, 25), True),  # 24/11/2026: Vietnam Culture Day
    ],
)
def test_sixty_calendar_days_end_on_a_working_day(registered_on: date, last_day: date, moved: bool) -> None:
    term = term_of(DutyQuery(counted_from=registered_on, calendar_days=60), CALENDAR)
    assert term.last_day == last_day
    assert any("ngày nghỉ" in line for line in term.explanation) is moved


def test_a_date_beyond_the_announced_calendar_says_so() -> None:
    term = term_of(DutyQuery(counted_from=date(2027, 12, 1), calendar_days=60), CALENDAR)
    assert any("chưa được công bố" in line for line in term.explanation)


def test_in_words_a_duty_says_until_when_what_why_and_on_what_basis() -> None:
    term = term_of(DutyQuery(counted_from=date(2026, 9, 25), calendar_days=60), CALENDAR)
    duty = OwedDuty(key=DUTY.key, says=DUTY.says, basis=DUTY.basis, fine=DUTY.fine, **term.model_dump())
    [words] = duty_words([duty])
    assert words.startswith("Đến hết thứ Tư 25/11/2026: Trong thời hạn tối đa 60 ngày")
    assert "thứ Ba 24/11/2026. Ngày đó là ngày nghỉ" in words
    assert "Nghị định 154/2024/NĐ-CP Điều 7(2)" in words
    assert words.endswith("có thể bị xử phạt vi phạm hành chính.")
