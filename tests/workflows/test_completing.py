"""What the commune must add itself comes back through the province and reaches who needs it (REQUIREMENTS §5)."""

import pytest

from models.documents import DocumentKind
from models.dossier import LegStage
from models.facts import FactRefusal, ResultDocument
from models.messages import FollowUpKind
from tests.workflows.harness import Play, refused
from tests.workflows.inputs import DEATH, DEREGISTRATION, MERIT_FUNERAL, MERIT_SURVIVOR, result
from tests.workflows.test_supplements import stage_is

DECLARED = "2026-11-19 09:00:00"
CERTIFICATE = result(DocumentKind.ALONE_OR_ORPHAN_CERTIFICATE)


async def handed_in(play: Play, leg: str = DEATH) -> None:
    """The commune's certificate comes in under that leg."""
    await play.agency(leg, ResultDocument(at=await play.now(), documents=(CERTIFICATE,)))


def letters(play: Play) -> list[tuple[str, tuple[str, ...]]]:
    """Which legs' agencies were sent a paper that another completed."""
    stored = play.ledger.view(play.code)
    sent = [notice.dispatch.follow_up for notice in stored.notices] if stored else []
    completed = [letter for letter in sent if letter and letter.kind is FollowUpKind.COMPLETED]
    return [(letter.leg, tuple(document.sha256 for document in letter.documents)) for letter in completed]


@pytest.mark.rule("5.attachments-are-data")
async def test_what_the_commune_adds_in_time_travels_with_the_part(play: Play) -> None:
    await play.declare_death("merit-monthly-orphaned", DECLARED)
    await play.receive(DEATH)
    await handed_in(play)
    with refused(FactRefusal.ALREADY_ANSWERED):
        await handed_in(play)
    await play.decide(DEATH, DocumentKind.DEATH_EXTRACT)
    for leg in (DEREGISTRATION, MERIT_FUNERAL, MERIT_SURVIVOR):
        assert (CERTIFICATE in (await play.sent(leg)).documents) is (leg == MERIT_SURVIVOR)
    await play.written()
    assert letters(play) == []


@pytest.mark.rule("5.attachments-are-data")
async def test_what_the_commune_adds_later_is_sent_after_the_part(play: Play) -> None:
    """Even when the registration has long ended."""
    await play.declare_death("merit-monthly-orphaned", DECLARED)
    await play.extract()
    for leg in (MERIT_FUNERAL, MERIT_SURVIVOR):
        await play.receive(leg)
    await stage_is(play, DEATH, LegStage.ENDED)
    with refused(FactRefusal.NOT_AWAITED):
        await handed_in(play, MERIT_FUNERAL)
    await handed_in(play)
    await play.see(lambda _: bool(letters(play)), "the letter")
    assert letters(play) == [(MERIT_SURVIVOR, (CERTIFICATE.sha256,))]


async def test_nobody_waits_for_it_once_the_benefit_is_decided(play: Play) -> None:
    await play.declare_death("merit-monthly-orphaned", DECLARED)
    await play.extract()
    await play.receive(MERIT_SURVIVOR)
    await play.decide(MERIT_SURVIVOR, DocumentKind.SURVIVOR_DECISION)
    with refused(FactRefusal.NOT_AWAITED):
        await handed_in(play)
