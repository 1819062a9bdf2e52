"""An operator has sent again at once what a system has not taken; no agency gets anything twice (§6.4, §10)."""

from datetime import UTC, datetime, timedelta
from typing import Any

from models.details import details
from models.dossier import DossierOutcome
from models.facts import Accepted, FactRefusal, Resend
from models.publication import Notice
from models.systems import System
from tests.workflows.harness import Play, refused
from tests.workflows.inputs import HEALTH, RESIDENCE
from tests.workflows.test_trouble import SUBMITTED, in_trouble


async def resend(play: Play, update_id: str | None = None, **fields: Any) -> Accepted:
    """An operator has something sent again, some fields of the act replaced."""
    act = {
        "message_id": play.message_id(),
        "dossier_code": play.code,
        "operator": "vh-07",
        "because": "Cấu hình kết nối đã sửa",
        "at": await play.now(),
    }
    return await play.tell(Resend(**{**act, **fields}), update_id=update_id)


async def test_what_is_rejected_or_away_goes_at_once_and_once(play: Play) -> None:
    await play.declare("plain", SUBMITTED)
    with refused(FactRefusal.NOT_AWAITED):
        await resend(play, key="G22.99.08-000000-000000:birth_registration:submit")
    play.world.rejecting.add(System.RESIDENCE)
    play.world.away.add(System.SOCIAL_INSURANCE)
    await play.register()
    await in_trouble(play, System.RESIDENCE, System.SOCIAL_INSURANCE)
    await play.until(await play.now() + timedelta(hours=30))
    with refused(FactRefusal.UNKNOWN_LEG):
        await resend(play, leg="vaccination")

    still = play.world.attempts.copy()
    await resend(play, leg=HEALTH)
    await play.until(await play.now() + timedelta(minutes=2))
    view = await in_trouble(play, System.RESIDENCE, System.SOCIAL_INSURANCE)
    tried = play.world.attempts - still
    assert tried[System.SOCIAL_INSURANCE] >= 6, "it was tried, in quick succession, and is still away"
    assert tried[System.RESIDENCE] <= 1

    play.world.away.clear()
    play.world.rejecting.clear()
    now = await play.now()
    residence = next(trouble.key for trouble in view.troubles if trouble.leg == RESIDENCE)
    await resend(play, key=residence, message_id="again-1", at=now)
    await play.see(lambda view: residence not in {t.key for t in view.troubles}, "the part is taken")
    assert (await resend(play, "another", key=residence, message_id="again-1", at=now)).repeated
    await resend(play)
    await play.see(lambda view: not view.troubles, "everything is taken")
    assert await play.now() - now < timedelta(minutes=1), "nobody waited"
    await play.complete(RESIDENCE, HEALTH)
    outcome = await play.ended()
    assert outcome.outcome is DossierOutcome.COMPLETED
    assert sorted(message.leg for message in play.world.legs)[1:] == [HEALTH, RESIDENCE]
    view = await play.view()
    assert [(act.leg, act.detail) for act in view.acts] == [(HEALTH, None), (None, residence), (None, None)]
    assert "gửi lại" in details(view)


async def test_what_the_outbox_could_not_send_is_due_at_once(play: Play) -> None:
    await play.declare("plain", SUBMITTED)
    await play.told(Notice.SUBMITTED)
    late = datetime.now(UTC) + timedelta(hours=1)
    [portal, *_] = play.ledger.claim((System.PORTAL,), datetime.now(UTC), timedelta(minutes=1), 1)
    play.ledger.postponed(portal.id, "AgencyRejected", late, portal.attempts)
    key = portal.dispatch.head.key
    with refused(FactRefusal.NOT_AWAITED):
        await resend(play, key=f"{play.code}:notice:99:submitted:portal")
    await resend(play, key=key)
    assert {notice.next_attempt_at for notice in play.ledger.notices_of(play.code)} == {None}
    [again] = play.ledger.claim((System.PORTAL,), datetime.now(UTC), timedelta(minutes=1), 1)
    assert again.dispatch == portal.dispatch, "under the same key"
    play.ledger.dispatched(again.id, datetime.now(UTC))
    with refused(FactRefusal.NOT_AWAITED):
        await resend(play, key=key)
    assert len((await play.view()).acts) == 1
