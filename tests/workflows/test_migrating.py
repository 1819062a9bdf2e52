"""An operator has a running dossier go over to another law pack; what has begun keeps its course (§9, §10)."""

from typing import Any

from models.details import details
from models.dossier import DossierOutcome, Leg
from models.facts import Accepted, FactRefusal, PackMigration
from models.publication import Notice
from tests.workflows.harness import Play, notices, refused
from tests.workflows.inputs import BIRTH, HEALTH, IDENTITY, RESIDENCE, moment

OLD, NEW = "2026-07-01", "2026-09-01"


async def migrate(play: Play, pack: str, update_id: str | None = None, **fields: Any) -> Accepted:
    """An operator has the dossier go over, some fields of the act replaced."""
    act = {
        "message_id": play.message_id(),
        "dossier_code": play.code,
        "pack": pack,
        "operator": "vh-07",
        "because": "Công dân yêu cầu cấp thẻ căn cước, văn bản số 12",
        "at": await play.now(),
    }
    return await play.tell(PackMigration(**{**act, **fields}), update_id=update_id)


async def test_a_dossier_goes_over_and_gets_what_the_new_law_adds(play: Play) -> None:
    await play.declare("identity-card", "2026-08-31 09:00:00")
    with refused(FactRefusal.OUT_OF_TURN):
        await migrate(play, NEW)
    await play.register()
    await play.receive(RESIDENCE)
    before = await play.view()
    assert before.plan
    assert before.plan.pack == OLD
    for pack, why in ((OLD, FactRefusal.CONTRADICTS), (NEW, FactRefusal.NOT_PERMITTED)):
        with refused(why):
            await migrate(play, pack)

    await play.until(moment("2026-09-03 09:00:00"))
    for unfit in ("2027-01-01", "1999-01-01"):
        with refused(FactRefusal.NOT_PERMITTED):
            await migrate(play, unfit)
    before, at = await play.view(), await play.now()
    await migrate(play, NEW, message_id="go-over", at=at)
    assert (await migrate(play, NEW, "another", message_id="go-over", at=at)).repeated
    asked = await play.asked(IDENTITY, 1)
    view = await play.view()
    assert view.plan
    assert view.plan.pack == NEW
    assert [leg.key for leg in view.legs] == [BIRTH, RESIDENCE, HEALTH, IDENTITY]
    assert (view.clock, view.due, view.expected) == (before.clock, before.due, before.expected)
    assert _begun(view.legs) == _begun(before.legs)
    new = await play.leg(IDENTITY)
    assert new.expected
    assert new.expected.at == moment("2026-09-10 17:00:00"), "five working days from now"
    stored = await play.written()
    assert stored.plan == view.plan
    [text] = notices(stored, Notice.LAW_MIGRATED)
    assert "Thêm thủ tục “Cấp thẻ căn cước cho trẻ em dưới 6 tuổi”, dự kiến 17:00 thứ Năm 10/9/2026" in text
    assert "văn bản số 12" not in text + details(view)
    assert [(act.operator, act.detail) for act in view.acts] == [("vh-07", NEW)]

    for message in asked:
        await play.consent(IDENTITY, message.person.personal_id)
    await play.complete_decision(RESIDENCE)
    await play.complete(HEALTH, IDENTITY)
    outcome = await play.ended()
    assert outcome.outcome is DossierOutcome.COMPLETED
    assert [leg.key for leg in outcome.legs] == [BIRTH, RESIDENCE, HEALTH, IDENTITY]
    assert len(play.world.legs) == 4


async def test_what_the_other_law_does_not_have_is_no_way_to_go(play: Play) -> None:
    await play.declare("identity-card", "2026-11-19 09:00:00")
    await play.receive(BIRTH)
    with refused(FactRefusal.NOT_PERMITTED):
        await migrate(play, OLD)
    view = await play.view()
    assert view.plan
    assert view.plan.pack == NEW
    assert not view.acts
    assert not view.warnings


def _begun(legs: tuple[Leg, ...]) -> dict[str, Leg]:
    return {leg.key: leg for leg in legs if leg.sent_at}
