"""What plays about lateness share: what agencies were told, and dossiers brought near a due date."""

from collections.abc import Callable
from datetime import datetime, timedelta

from ledger.values import StoredDossier
from models.documents import DocumentKind
from models.dossier import DossierView
from models.facts import OverdueChoice, OverdueDecision
from models.messages import DispatchKind, FollowUp, FollowUpKind
from models.systems import System
from tests.workflows.harness import Play
from tests.workflows.inputs import BIRTH, HEALTH, RESIDENCE

_RESOLUTION, _BUSY = timedelta(milliseconds=1), timedelta(minutes=1)


def follow_ups(stored: StoredDossier, kind: FollowUpKind, to: System) -> list[FollowUp]:
    """What that system was told of that kind, in order; each as its dispatch says it."""
    told = [notice.dispatch for notice in stored.notices if notice.dispatch.kind is DispatchKind.FOLLOW_UP]
    found = [dispatch.follow_up for dispatch in told if dispatch.channel is to and dispatch.follow_up]
    return [follow_up for follow_up in found if follow_up.kind is kind]


async def told(play: Play, kind: FollowUpKind, to: System) -> list[FollowUp]:
    """The same, once the ledger says what the dossier says."""
    return follow_ups(await play.written(), kind, to)


async def at_both_agencies(play: Play, at: str) -> None:
    """Registered, and received by residence and insurance, all at that instant."""
    await play.declare("plain", at)
    await play.register()
    await play.receive(RESIDENCE)
    await play.receive(HEALTH)


async def residence_alone(play: Play, at: str) -> None:
    """The same, and the health card is there: only residence owes anything."""
    await at_both_agencies(play, at)
    await play.decide(HEALTH, DocumentKind.HEALTH_INSURANCE_CARD)


async def registered_without_certificate(play: Play, at: str) -> None:
    """The province received and registered at that instant, but sends no certificate."""
    await play.declare("plain", at)
    await play.receive(BIRTH)
    await play.decide(BIRTH)


async def decide_overdue(play: Play, leg: str, choice: OverdueChoice, at: datetime | None = None) -> None:
    """An operator decides."""
    await play.tell(
        OverdueDecision(
            message_id=play.message_id(),
            dossier_code=play.code,
            leg=leg,
            choice=choice,
            operator="vh-07",
            because="Công an xã hẹn xong trong tháng",
            at=at or await play.now(),
        )
    )


def chased(leg: int, times: int) -> Callable[[DossierView], bool]:
    """The agency of that leg has been asked again that often."""

    def so_often(view: DossierView) -> bool:
        chase = view.legs[leg].chase
        return chase is not None and chase.times == times

    return so_often


def near(instant: datetime, expected: datetime) -> bool:
    """At that instant, or as much later as a busy machine takes; never before it."""
    return -_RESOLUTION <= instant - expected < _BUSY
