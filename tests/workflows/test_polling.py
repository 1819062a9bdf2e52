"""The slow safety poll: an answer that got lost is found where it was given, before anybody is called late."""

from datetime import timedelta

from models.clock import Timeliness
from models.documents import DocumentKind
from models.dossier import DossierOutcome, LegOutcome
from models.facts import AgencyFact, Decided, FactRefusal, OverdueChoice, OverdueDecision, Received, ResultDocument
from models.messages import FollowUpKind
from models.publication import Notice
from models.systems import System
from tests.workflows.harness import Play, notices, refused
from tests.workflows.inputs import BIRTH, HEALTH, IDENTITY_NUMBER, RESIDENCE, moment, result

SUBMITTED = "2026-11-19 09:00:00"


async def untold(play: Play, leg: str, *facts: AgencyFact) -> None:
    """The agency says this to whoever looks it up, and told nobody."""
    play.world.untold[leg] = [await play.event(leg, fact) for fact in facts]


async def test_the_straight_path_looks_nothing_up(play: Play) -> None:
    await play.declare("plain", SUBMITTED)
    await play.register()
    await play.complete(RESIDENCE, HEALTH)
    await play.ended()
    assert play.world.look_ups == []


async def test_a_receipt_that_got_lost_starts_the_clock_it_should_have_started(play: Play) -> None:
    await play.declare("plain", SUBMITTED)
    await play.sent(BIRTH)
    received_at = moment("2026-11-19 09:10:00")
    await play.until(moment("2026-11-19 10:00:00"))
    await untold(play, BIRTH, Received(at=received_at, agency_code="H26.1-261119-0001"))
    await play.until(moment("2026-11-19 17:01:00"))
    view = await play.see(lambda view: view.clock is not None, "the province's receipt is found")
    assert view.clock
    assert view.clock.entries[0].at == received_at
    assert view.provincial_code == "H26.1-261119-0001"
    (event,) = play.world.untold[BIRTH]
    assert (await play.tell(event)).repeated
    with refused(FactRefusal.ALREADY_ANSWERED):
        await play.tell(event.model_copy(update={"message_id": "another"}))


async def test_a_decision_that_got_lost_is_found_before_its_agency_is_called_late(play: Play) -> None:
    await play.declare("plain", SUBMITTED)
    await play.register()
    await play.complete(HEALTH)
    await play.receive(RESIDENCE)
    decided_at = moment("2026-11-20 15:00:00")
    await play.until(moment("2026-11-20 16:00:00"))
    notice = result(DocumentKind.RESIDENCE_NOTICE)
    await untold(play, RESIDENCE, Decided(at=decided_at, number="TT-1", documents=(notice,)))
    outcome = await play.ended()
    leg = next(leg for leg in outcome.legs if leg.key == RESIDENCE)
    assert (leg.outcome, leg.decided_at, leg.timeliness) == (LegOutcome.COMPLETED, decided_at, Timeliness.EARLY)
    assert outcome.outcome is DossierOutcome.COMPLETED
    assert leg.missed_due is None
    assert len(play.world.look_ups) == 1
    assert notices(await play.written(), Notice.LEG_APOLOGY) == []


async def test_a_certificate_that_got_lost_is_found_with_everything_before_it(play: Play) -> None:
    await play.declare("plain", SUBMITTED)
    await play.sent(BIRTH)
    await play.until(moment("2026-11-19 10:00:00"))
    at = moment("2026-11-19 09:30:00")
    await untold(
        play,
        BIRTH,
        Received(at=at, agency_code="H26.1-261119-0001"),
        Decided(at=at, number="1/2026", identity_number=IDENTITY_NUMBER),
        ResultDocument(at=at, documents=(result(DocumentKind.BIRTH_CERTIFICATE),)),
    )
    await play.until(moment("2026-11-19 17:01:00"))
    await play.complete(RESIDENCE, HEALTH)
    assert (await play.ended()).outcome is DossierOutcome.COMPLETED
    assert len(play.world.look_ups) == 1


async def test_a_receipt_that_never_comes_is_asked_for_and_ends_with_an_operator(play: Play) -> None:
    await play.declare("plain", SUBMITTED)
    await play.register()
    await play.complete(HEALTH)
    await play.sent(RESIDENCE)
    play.world.away.add(System.RESIDENCE)
    await play.until(moment("2026-11-30 12:00:00"))
    play.world.away.clear()
    leg = await play.leg(RESIDENCE)
    assert leg.chase
    assert leg.chase.times > 1
    stored = await play.written()
    sent = [notice.dispatch.follow_up for notice in stored.notices if notice.dispatch.follow_up]
    asked = [order for order in sent if order.kind is FollowUpKind.REMINDER]
    assert len(asked) == leg.chase.times
    await play.until(moment("2027-04-01 12:00:00"))
    await play.see(lambda view: any(leg.awaits_operator for leg in view.legs), "an operator must decide")
    await play.tell(
        OverdueDecision(
            message_id="decision",
            dossier_code=play.code,
            leg=RESIDENCE,
            choice=OverdueChoice.END_LEG,
            operator="VH01",
            because="Cơ quan xác nhận đã mất hồ sơ.",
            at=await play.now(),
        )
    )
    outcome = await play.ended()
    assert outcome.outcome is DossierOutcome.PARTLY_COMPLETED


async def test_an_agency_that_cannot_be_looked_up_is_called_late_all_the_same(play: Play) -> None:
    await play.declare("plain", SUBMITTED)
    await play.register()
    await play.complete(HEALTH)
    await play.receive(RESIDENCE)
    play.world.away.add(System.RESIDENCE)
    leg = await play.leg(RESIDENCE)
    assert leg.owed_at
    await play.until(leg.owed_at + timedelta(minutes=5))
    view = await play.see(lambda view: any(leg.overdue_since for leg in view.legs), "overdue")
    assert not view.troubles
