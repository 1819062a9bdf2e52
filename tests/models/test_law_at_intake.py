"""What the law makes of a declaration at intake: pack, warnings, expected dates (REQUIREMENTS §§4, 6)."""

from datetime import date, time

import pytest

from models.form_facts import Fact
from models.intake import expected_dates, known_facts, resolve
from models.law import LawError
from models.messages import NoticeState
from models.reading import DeclarationErrors
from models.start import LawQuery, Resolved
from tests.models.cases import CALENDAR, ON, SAMPLE_NAMES, changed, moment, owned, plan_of, sample

BIRTH, RESIDENCE, HEALTH_CARD, CARD = (
    "birth_registration",
    "residence_registration",
    "health_insurance_card",
    "identity_card",
)


def resolved(name: str, on: date = ON, notice: NoticeState | None = NoticeState.GOOD) -> Resolved:
    return resolve(LawQuery(declaration=owned(sample(name)), on=on, notice=notice), CALENDAR)


# --- What the look-up of the birth notice changes ------------------------------------------------------------------


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_only_a_signed_notice_stays_usable(name: str) -> None:
    form = sample(name)
    declared = form.facts()
    assert known_facts(form, None) == declared
    assert known_facts(form, NoticeState.GOOD) == declared
    for state in (NoticeState.UNSIGNED, NoticeState.NOT_FOUND):
        assert known_facts(form, state) == declared - {Fact.NOTICE_USABLE}


def test_a_signed_notice_nobody_named_makes_nothing_usable() -> None:
    assert Fact.NOTICE_USABLE not in known_facts(sample("no-birth-notice"), NoticeState.GOOD)


# --- The law of the day --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "pack_id"),
    [
        ("2025-06-30", "2024-07-01"),
        ("2025-07-01", "2025-07-01"),
        ("2026-06-30", "2025-07-01"),
        ("2026-07-01", "2026-07-01"),
        ("2026-08-31", "2026-07-01"),
        ("2026-09-01", "2026-09-01"),
        ("2027-01-01", "2026-09-01"),
    ],
)
def test_the_pack_is_that_of_the_day(on: str, pack_id: str) -> None:
    assert resolved("plain", date.fromisoformat(on)).plan.pack == pack_id


def test_there_is_no_law_before_the_first_pack() -> None:
    with pytest.raises(LawError, match="30/06/2024"):
        resolved("plain", date(2024, 6, 30))


def test_a_form_without_the_owner_its_day_needs_cannot_be_resolved() -> None:
    with pytest.raises(DeclarationErrors, match="Chủ sở hữu"):
        resolve(LawQuery(declaration=sample("plain"), on=date(2026, 6, 30)), CALENDAR)
    assert resolve(LawQuery(declaration=sample("plain"), on=date(2026, 7, 1)), CALENDAR).plan.pack == "2026-07-01"


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_every_sample_can_be_sent_with_a_signed_notice_or_its_own_substitute(name: str) -> None:
    answer = resolve(LawQuery(declaration=sample(name), on=ON, notice=None), CALENDAR)
    assert answer.missing_documents == ()
    assert answer.plan.pack == "2026-09-01"
    assert Resolved.model_validate_json(answer.model_dump_json()) == answer


@pytest.mark.rule("4.1-substitutes")
@pytest.mark.parametrize("notice", [NoticeState.UNSIGNED, NoticeState.NOT_FOUND])
def test_a_notice_that_cannot_be_used_makes_a_substitute_missing_at_once_and_by_field(notice: NoticeState) -> None:
    (missing,) = resolved("plain", notice=notice).missing_documents
    assert (missing.field, missing.leg) == ("Số Giấy chứng sinh", BIRTH)
    assert "Luật Hộ tịch 2014 Điều 16(1)" in missing.basis


# --- Warnings ------------------------------------------------------------------------------------------------------


@pytest.mark.rule("4.case-young-mother")
def test_only_doubtful_samples_warn_the_operator() -> None:
    warned = {name: answer.warnings for name in SAMPLE_NAMES if (answer := resolved(name)).warnings}
    assert list(warned) == ["shared-ethnic-name", "young-mother"]
    assert len(warned["shared-ethnic-name"]) == 2
    assert all("cán bộ phải xác định dân tộc" in text for text in warned["shared-ethnic-name"])
    assert "13 tuổi" in " ".join(warned["young-mother"])


@pytest.mark.rule("4.8-late-birth-fee")
@pytest.mark.parametrize(("on", "warned"), [("2026-11-19", False), ("2026-11-20", True)])
def test_a_late_declaration_warns_and_is_charged_from_the_sixty_first_day(on: str, warned: bool) -> None:
    form = changed(sample("plain"), child={"born_on": "2026-09-20"}, results={"birth_certificate_copies": 0})
    answer = resolve(LawQuery(declaration=form, on=date.fromisoformat(on), notice=NoticeState.GOOD), CALENDAR)
    late = [text for text in answer.warnings if "quá 60 ngày" in text]
    assert bool(late) is warned
    assert [line.item for line in answer.fee.lines] == (["late_birth_registration"] if warned else [])


@pytest.mark.parametrize(("on", "warned"), [("2026-08-31", True), ("2026-09-01", False)])
def test_a_card_asked_for_before_the_law_knows_it_is_pointed_out(on: str, warned: bool) -> None:
    answer = resolved("identity-card", date.fromisoformat(on))
    assert ("thẻ căn cước" in " ".join(answer.warnings)) is warned
    assert (CARD in [leg.key for leg in answer.plan.legs]) is not warned


# --- Expected dates ------------------------------------------------------------------------------------------------


@pytest.mark.rule("6.4-expected")
@pytest.mark.parametrize(
    ("received", "birth", "others", "card"),
    [
        # A Thursday, the Tuesday after which is Vietnam Culture Day.
        ("2026-11-19 09:00:00", "2026-11-19", "2026-11-23", "2026-11-27"),
        ("2026-11-19 14:59:59", "2026-11-19", "2026-11-23", "2026-11-27"),
        ("2026-11-19 15:00:00", "2026-11-19", "2026-11-23", "2026-11-27"),
        ("2026-11-19 15:00:01", "2026-11-20", "2026-11-25", "2026-11-30"),
        ("2026-11-20 09:00:00", "2026-11-20", "2026-11-25", "2026-11-30"),
        ("2026-11-20 16:00:00", "2026-11-23", "2026-11-26", "2026-12-01"),
        ("2026-11-22 09:00:00", "2026-11-23", "2026-11-26", "2026-12-01"),
        ("2026-11-24 09:00:00", "2026-11-25", "2026-11-27", "2026-12-02"),
        # Saturday 22 August 2026 is worked in place of Monday 31 August; 1 and 2 September are off.
        ("2026-08-20 09:00:00", "2026-08-20", "2026-08-22", "2026-08-26"),
        ("2026-08-22 09:00:00", "2026-08-22", "2026-08-25", "2026-08-28"),
        ("2026-08-28 09:00:00", "2026-08-28", "2026-09-04", "2026-09-09"),
    ],
)
def test_every_leg_is_expected_as_if_each_agency_ended_on_its_last_day(
    received: str, birth: str, others: str, card: str
) -> None:
    plan = plan_of("identity-card")
    expected = expected_dates(plan, moment(received), CALENDAR)
    assert {key: due.at for key, due in expected.items()} == {
        BIRTH: moment(f"{birth} 17:00:00"),
        RESIDENCE: moment(f"{others} 17:00:00"),
        HEALTH_CARD: moment(f"{others} 17:00:00"),
        CARD: moment(f"{card} 17:00:00"),
    }


def test_expected_dates_explain_themselves_and_are_not_provisional_inside_the_calendar() -> None:
    expected = expected_dates(plan_of("plain"), moment("2026-11-19 15:00:01"), CALENDAR)
    assert expected[BIRTH].explanation[0].startswith("Tiếp nhận 15:00:01 thứ Năm 19/11/2026, sau 15 giờ")
    assert not any(answer.provisional or answer.stopped for answer in expected.values())


def test_beyond_the_announced_calendar_expected_dates_are_provisional() -> None:
    expected = expected_dates(plan_of("plain"), moment("2027-12-30 09:00:00"), CALENDAR)
    assert {key: answer.provisional for key, answer in expected.items()} == {
        BIRTH: False,
        RESIDENCE: True,
        HEALTH_CARD: True,
    }


def test_a_stricter_plan_moves_its_own_dates() -> None:
    plan = plan_of("plain")
    strict = plan.receipt.model_copy(update={"late_after": time(10)})
    plan = plan.model_copy(update={"receipt": strict})
    expected = expected_dates(plan, moment("2026-11-19 10:00:01"), CALENDAR)
    assert expected[BIRTH].at == moment("2026-11-20 17:00:00")


def test_a_leg_that_needs_a_longer_one_is_expected_after_it() -> None:
    """As in the 80+ case of group 2: the later agency counts from the day the earlier one is due."""
    plan = plan_of("plain")
    after_residence = plan.leg(HEALTH_CARD).model_copy(update={"requires": (BIRTH, RESIDENCE)})
    legs = (plan.leg(BIRTH), plan.leg(RESIDENCE), after_residence)
    expected = expected_dates(plan.model_copy(update={"legs": legs}), moment("2026-11-19 15:00:01"), CALENDAR)
    assert [expected[leg.key].at for leg in legs] == [
        moment("2026-11-20 17:00:00"),
        moment("2026-11-25 17:00:00"),
        moment("2026-11-27 17:00:00"),
    ]
