"""Dossiers of group 2 led through the graph of their legs; see `tests.replay.scenarios`."""

from models.documents import DocumentKind
from models.dossier import LegStage
from models.facts import Answer, Received
from tests.replay.scenarios import DECLARED, SCENARIOS, Keep, as_days_pass, now, stands
from tests.workflows.harness import Play
from tests.workflows.inputs import (
    BENEFIT_END,
    DEATH,
    DEREGISTRATION,
    FUNERAL_SUPPORT,
    INSURANCE_FUNERAL,
    INSURANCE_SURVIVOR,
    MERIT_FUNERAL,
    MERIT_SURVIVOR,
)
from tests.workflows.test_replacements import acknowledge, correct, version
from tests.workflows.test_supplements import asked_in, correcting, handed_over, supply

__all__ = ["SCENARIOS"]
"""Those of births and, with this module, those of deaths."""


async def everybody_agrees(play: Play, leg: str, but: int = 0) -> None:
    """All who are asked about that leg agree in VNeID, but for the last of them."""
    plan = (await play.view()).plan
    assert plan is not None
    people = plan.leg(leg).people
    await play.asked(leg, len(people))
    for person in people[: len(people) - but]:
        await play.consent(leg, person.personal_id)


@now
async def the_chain_of_the_aged(play: Play, keep: Keep) -> None:
    """Registration is verified; social insurance ends the monthly benefit before social affairs gets the dossier."""
    await play.declare_death("aged-80", DECLARED, results={})
    await play.receive(DEATH)
    await play.verify(DEATH)
    await keep("death-being-verified")
    await play.decide(DEATH, DocumentKind.DEATH_EXTRACT)
    await play.complete(DEREGISTRATION)
    await play.receive(BENEFIT_END)
    await play.see(stands(3, LegStage.WAITING_PREREQUISITES), "the support waits for the decision")
    await keep("death-waiting-for-the-end-of-a-benefit")
    await play.complete_decision(BENEFIT_END)
    await play.complete(FUNERAL_SUPPORT)
    await play.ended()
    await keep("death-completed-by-the-chain")


@now
async def one_relative_declines(play: Play, keep: Keep) -> None:
    """Everybody agrees to who receives the funeral benefit, not everybody to who receives the lump sum."""
    await play.declare_death("insurance-lump-sum", DECLARED, results={})
    await play.extract()
    await everybody_agrees(play, INSURANCE_FUNERAL)
    await everybody_agrees(play, INSURANCE_SURVIVOR, but=1)
    await play.complete(DEREGISTRATION, INSURANCE_FUNERAL)
    await play.see(stands(3, LegStage.WAITING_CONSENTS), "one relative has not answered")
    await keep("death-waiting-for-a-relative")
    last = (await play.leg(INSURANCE_SURVIVOR)).consents[-1].person
    await play.consent(INSURANCE_SURVIVOR, last.personal_id, Answer.DECLINED)
    await play.ended()
    await keep("death-a-relative-declines")


@now
async def a_relative_is_taken_off_the_form(play: Play, keep: Keep) -> None:
    """Two agree; the third, who is silent, is removed in the registrar's supplement and no longer waited for."""
    await play.declare_death("insurance-lump-sum", DECLARED, results={})
    await play.receive(DEATH)
    await everybody_agrees(play, INSURANCE_FUNERAL)
    await everybody_agrees(play, INSURANCE_SURVIVOR, but=1)
    await asked_in(play, DEATH, correcting(await play.now(), "benefits.relatives"))
    await supply(play, DEATH, corrections={"benefits.relatives.3": ""})
    await handed_over(play)
    await play.agency(DEATH, Received(at=await play.now()))
    await play.decide(DEATH, DocumentKind.DEATH_EXTRACT)
    await play.complete(DEREGISTRATION, INSURANCE_FUNERAL, INSURANCE_SURVIVOR)
    await play.ended()
    await keep("death-a-relative-removed")


@now
async def all_relatives_agree(play: Play, keep: Keep) -> None:
    """Both benefits of social insurance; the extract is issued anew while they are decided."""
    await play.declare_death("insurance-lump-sum", DECLARED, results={})
    await play.extract()
    for leg in (INSURANCE_FUNERAL, INSURANCE_SURVIVOR):
        await everybody_agrees(play, leg)
        await play.receive(leg)
    await play.complete(DEREGISTRATION)
    new = version(2, DocumentKind.DEATH_EXTRACT)
    await correct(play, new, leg=DEATH, text="Sai ngày chết.")
    await play.see(lambda view: bool(view.replacements), "the agencies are told")
    await keep("death-extract-issued-anew")
    for leg in (DEREGISTRATION, INSURANCE_FUNERAL, INSURANCE_SURVIVOR):
        await acknowledge(play, leg, new)
    for leg in (INSURANCE_FUNERAL, INSURANCE_SURVIVOR):
        await play.complete_decision(leg)
    await play.ended()
    await keep("death-completed-by-social-insurance")


@as_days_pass
async def people_with_merit(play: Play, keep: Keep) -> None:
    """The commune is asked for what it must add itself; an orphan's benefit takes 17 days."""
    await play.declare_death("merit-monthly-orphaned", DECLARED, results={})
    await play.extract()
    for leg in (MERIT_FUNERAL, MERIT_SURVIVOR):
        await everybody_agrees(play, leg)
    await play.complete(DEREGISTRATION, MERIT_FUNERAL)
    await play.receive(MERIT_SURVIVOR)
    await keep("death-waiting-for-people-with-merit")
    due = (await play.leg(MERIT_SURVIVOR)).due
    assert due is not None
    assert due.at is not None
    await play.until(due.at)
    await play.complete_decision(MERIT_SURVIVOR)
    await play.ended()
    await keep("death-completed-for-people-with-merit")
