"""The graph of group 2: registration, then de-registration beside the benefits; the 80+ chain (REQUIREMENTS §§5, 10).

Thursday 19 November 2026; Tuesday 24 November is Vietnam Culture Day.
"""

import pytest

from ledger.values import GROUP_CLOCK
from models.clock import ClockEntryKind
from models.death import DeathDeclaration
from models.documents import DocumentKind
from models.dossier import DossierOutcome, DossierView, LegOutcome
from models.facts import FactRefusal, ResultDocument, Verification
from models.publication import Notice
from models.systems import System
from tests.workflows.harness import Play, notices, refused
from tests.workflows.inputs import (
    BENEFIT_END,
    DEATH,
    DEATH_SAMPLES,
    DEREGISTRATION,
    FUNERAL_SUPPORT,
    INSURANCE_FUNERAL,
    INSURANCE_SURVIVOR,
    MERIT_FUNERAL,
    MERIT_SURVIVOR,
    died,
    moment,
    result,
)

DECLARED = "2026-11-19 09:00:00"
INSURANCE = (INSURANCE_FUNERAL, INSURANCE_SURVIVOR)
MERIT = (MERIT_FUNERAL, MERIT_SURVIVOR)
BENEFITS: dict[str, tuple[str, ...]] = {
    "aged-80": (BENEFIT_END, FUNERAL_SUPPORT),
    "foreigner": (),
    "householder": (),
    "insurance-agreement": INSURANCE,
    "insurance-declarant-not-beneficiary": INSURANCE,
    "insurance-funeral-organisation": (INSURANCE_FUNERAL,),
    "insurance-funeral-relative": (INSURANCE_FUNERAL,),
    "insurance-lump-sum": INSURANCE,
    "insurance-monthly": INSURANCE,
    "merit-funeral": (MERIT_FUNERAL,),
    "merit-lump-sum": MERIT,
    "merit-monthly": MERIT,
    "merit-monthly-orphaned": MERIT,
    "merit-raised-martyr": MERIT,
    "organisation-declares": (FUNERAL_SUPPORT,),
    "protection-emergency": (FUNERAL_SUPPORT,),
    "protection-single-parent": (FUNERAL_SUPPORT,),
    "time-unknown": (),
    "unsigned-notice": (),
    "year-only": (),
}
"""The benefit legs of each sample, beside registration and de-registration."""

FEES = {"foreigner": 75_000}
"""What a sample owes without certified copies, in đồng: a foreign element."""


def day(leg: str, view: DossierView) -> str:
    """The day on which that leg is expected to end."""
    expected = next(one for one in view.legs if one.key == leg).expected
    assert expected is not None
    assert expected.at is not None
    return f"{expected.at:%F %H}"


def group_day(view: DossierView) -> str:
    """The day on which the group as a whole is due."""
    assert view.due is not None
    assert view.due.at is not None
    return f"{view.due.at:%F %H}"


def test_every_sample_is_played() -> None:
    assert {path.stem for path in DEATH_SAMPLES.glob("*.json")} == BENEFITS.keys()


@pytest.mark.rule("5.scope", "5.graph", "10.householder-deceased")
@pytest.mark.parametrize("name", BENEFITS)
async def test_a_dossier_goes_from_declaration_to_its_benefits(play: Play, name: str) -> None:
    """Every agency gets the extract; who is named agrees; nobody else is asked, and nothing else is sent."""
    declaration = died(name, moment(DECLARED).date())
    await play.submit(declaration, moment(DECLARED))
    if name in FEES:
        await play.pay(FEES[name])
    await play.extract()
    view = await play.view()
    assert view.plan is not None
    people = {leg.key: leg.people for leg in view.plan.legs}
    for leg, asked in people.items():
        await play.asked(leg, len(asked))
        for person in asked:
            await play.consent(leg, person.personal_id)
    await play.complete(DEREGISTRATION, *BENEFITS[name])
    outcome = await play.ended()
    assert outcome.outcome is DossierOutcome.COMPLETED
    assert [leg.key for leg in outcome.legs] == [DEATH, DEREGISTRATION, *BENEFITS[name]]
    assert len(play.world.consents) == sum(map(len, people.values()))
    extract = outcome.legs[0].documents[0]
    for message in play.world.legs[1:]:
        assert extract in message.documents
        assert message.registration_number == f"{DEATH}-1"
        assert len(message.consents) == len(people[message.leg])
        assert isinstance(message.declaration, DeathDeclaration)
        assert message.declaration.deceased.cause is None


@pytest.mark.rule("5.extract-first")
async def test_nothing_goes_out_before_the_signed_extract(play: Play) -> None:
    await play.declare_death("aged-80", DECLARED)
    await play.receive(DEATH)
    await play.decide(DEATH)
    await play.until(moment("2026-11-19 12:00:00"))
    assert [message.leg for message in play.world.legs] == [DEATH]
    await play.agency(DEATH, ResultDocument(at=await play.now(), documents=(result(DocumentKind.DEATH_EXTRACT),)))
    await play.sent(DEREGISTRATION)
    await play.sent(BENEFIT_END)


@pytest.mark.rule("5.80-plus", "6.4-expected")
async def test_the_decision_ending_the_monthly_benefit_travels_to_social_affairs(play: Play) -> None:
    """Registered on Thursday 19/11; the benefit ends in 2 days, then 5 more; the group has 11."""
    await play.declare_death("aged-80", DECLARED)
    await play.extract()
    await play.complete(DEREGISTRATION)
    view = await play.view()
    assert [day(leg, view) for leg in (DEATH, DEREGISTRATION, BENEFIT_END, FUNERAL_SUPPORT)] == [
        "2026-11-19 17",
        "2026-11-19 17",
        "2026-11-23 17",
        "2026-12-01 17",
    ]
    assert group_day(view) == "2026-12-07 17"
    await play.receive(BENEFIT_END)
    assert FUNERAL_SUPPORT not in {message.leg for message in play.world.legs}
    await play.until(moment("2026-11-20 10:00:00"))
    await play.complete_decision(BENEFIT_END)
    message = await play.sent(FUNERAL_SUPPORT)
    assert message.system is System.SOCIAL_AFFAIRS
    assert {document.kind for document in message.documents} == {
        DocumentKind.DEATH_EXTRACT,
        DocumentKind.BENEFIT_END_DECISION,
    }
    await play.complete(FUNERAL_SUPPORT)
    assert (await play.ended()).outcome is DossierOutcome.COMPLETED


@pytest.mark.rule("5.80-plus", "7.refusal-dependents")
async def test_a_benefit_that_is_not_ended_makes_the_support_impossible_and_nothing_else(play: Play) -> None:
    await play.declare_death("aged-80", DECLARED)
    await play.extract()
    await play.refuse(BENEFIT_END)
    await play.complete(DEREGISTRATION)
    outcome = await play.ended()
    assert {leg.key: leg.outcome for leg in outcome.legs} == {
        DEATH: LegOutcome.COMPLETED,
        DEREGISTRATION: LegOutcome.COMPLETED,
        BENEFIT_END: LegOutcome.REFUSED,
        FUNERAL_SUPPORT: LegOutcome.NOT_POSSIBLE,
    }
    assert outcome.outcome is DossierOutcome.PARTLY_COMPLETED
    [told] = notices(await play.written(), Notice.LEG_NOT_POSSIBLE)
    assert "không có kết quả của thủ tục Thôi hưởng trợ cấp tuất hằng tháng" in told


@pytest.mark.rule("5.registration-limit")
async def test_verification_extends_the_registration_to_three_and_the_group_once(play: Play) -> None:
    """Scope 2 has 1 working day, 4 with verification: Wednesday 25/11 with 24/11 off."""
    await play.declare_death("householder", DECLARED)
    await play.receive(DEATH)
    assert group_day(await play.view()) == "2026-11-20 17"
    await play.verify(DEATH)
    with refused(FactRefusal.ALREADY_ANSWERED):
        await play.agency(DEATH, Verification(at=await play.now(), text="Xác minh lần nữa"))
    stored = await play.written()
    dues = {clock.clock: clock.due.at for clock in stored.clocks if clock.due}
    assert dues == {DEATH: moment("2026-11-25 17:00:00"), GROUP_CLOCK: moment("2026-11-26 17:00:00")}
    [group] = [clock for clock in stored.clocks if clock.clock == GROUP_CLOCK]
    assert [entry.kind for entry in group.entries] == [ClockEntryKind.STARTED, ClockEntryKind.EXTENDED]
    assert "văn bản không quy định thời hạn chung khi phải xác minh" in group.entries[-1].basis


@pytest.mark.rule("5.attachments-are-data")
async def test_the_commune_is_asked_to_add_what_it_must_add_itself(play: Play) -> None:
    await play.declare_death("merit-monthly-orphaned", DECLARED)
    await play.receive(DEATH)
    stored = await play.written()
    letters = [notice.dispatch.follow_up for notice in stored.notices if notice.dispatch.follow_up]
    [letter] = [letter for letter in letters if letter.kind == "to_complete"]
    assert letter.system is System.PROVINCIAL
    assert letter.leg == DEATH
