"""What the ledger and the citizen have at the end: every change once, however often the ledger fails on the way."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
from pydantic import SecretStr
from temporalio import activity

from activities.ledger import LedgerActivities
from ledger.errors import DuplicateDossier
from models.delivery import templates
from models.documents import DocumentKind
from models.dossier import DossierOutcome
from models.facts import Answer, FactKind
from models.messages import DispatchKind
from models.publication import Notice, Publication
from models.statuses import PortalStatus, StatusSystem
from models.submission import submission
from models.systems import System
from tests.workflows.harness import Play, stage
from tests.workflows.inputs import BIRTH, HEALTH, RESIDENCE, moment, sample

DECLARED = "2026-11-19 09:00:00"
GRANDFATHER = "001060000131"
N, P = Notice, PortalStatus


class UnreliableLedger(LedgerActivities):
    """Every publication fails twice, once before and once after it was written, in random order."""

    lost = 0

    @activity.defn(name="publish")
    def publish(self, publication: Publication) -> None:
        attempt = activity.info().attempt
        fates = Random(publication.sequence).sample(("unwritten", "written"), 2)
        fate = fates[attempt - 1] if attempt <= len(fates) else None
        if fate != "unwritten":
            super().publish(publication)
        if fate:
            UnreliableLedger.lost += 1
            raise ConnectionError("sổ không trả lời")


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    """A stage whose ledger is unreliable."""
    UnreliableLedger.lost = 0
    async with stage(tmp_path, ledger_activities=UnreliableLedger) as play:
        yield play


# --- Endings ---------------------------------------------------------------------------------------------------------


async def completed(play: Play) -> None:
    await play.declare("plain", DECLARED)
    await play.handle.signal(FactKind.PAYMENT.value, "sai")
    await play.register()
    await play.complete(RESIDENCE, HEALTH)


async def residence_refused(play: Play) -> None:
    await play.declare("plain", DECLARED)
    await play.register()
    await play.complete(HEALTH)
    await play.refuse(RESIDENCE)


async def consent_declined(play: Play) -> None:
    await play.declare("grandparents-home", DECLARED)
    await play.receive(BIRTH)
    await play.asked(RESIDENCE, 2)
    await play.until(moment("2026-11-19 10:00:00"))
    await play.consent(RESIDENCE, GRANDFATHER, Answer.DECLINED)
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    await play.complete(HEALTH)


async def consent_expired(play: Play) -> None:
    await play.declare("grandparents-home", DECLARED)
    await play.receive(BIRTH)
    await play.asked(RESIDENCE, 2)
    await play.until(moment("2026-11-19 10:00:00"))
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    await play.complete(HEALTH)


async def birth_refused(play: Play) -> None:
    await play.declare("plain", DECLARED)
    await play.refuse(BIRTH)


async def unpaid(play: Play) -> None:
    await play.submit(sample("plain", moment(DECLARED).date()), moment(DECLARED))


async def documents_missing(play: Play) -> None:
    await play.declare("no-birth-notice", DECLARED, attachments=[])


class Ending(NamedTuple):
    """How a dossier ends, and what its citizen and the portal were told on the way."""

    way: Callable[[Play], Awaitable[None]]
    outcome: DossierOutcome
    notices: Sequence[Notice]
    statuses: Sequence[PortalStatus]
    subject_claimed: bool


STARTED = (N.SUBMITTED, N.EXPECTED_DATES)
ENDINGS = (
    Ending(
        completed,
        DossierOutcome.COMPLETED,
        (*STARTED, N.LEG_DECIDED, N.LEG_COMPLETED, N.LEG_COMPLETED, N.LEG_COMPLETED, N.CONCLUDED),
        (P.SUBMITTED, P.ACCEPTED, P.DELIVERED),
        True,
    ),
    Ending(
        residence_refused,
        DossierOutcome.PARTLY_COMPLETED,
        (*STARTED, N.LEG_DECIDED, N.LEG_COMPLETED, N.LEG_COMPLETED, N.LEG_REFUSED, N.DUTY, N.CONCLUDED),
        (P.SUBMITTED, P.ACCEPTED, P.DELIVERED),
        True,
    ),
    Ending(
        consent_declined,
        DossierOutcome.PARTLY_COMPLETED,
        (
            *STARTED,
            N.CONSENTS_ASKED,
            N.LEG_CONSENT_DECLINED,
            N.LEG_COMPLETED,
            N.LEG_COMPLETED,
            N.DUTY,
            N.CONCLUDED,
        ),
        (P.SUBMITTED, P.ACCEPTED, P.DELIVERED),
        True,
    ),
    Ending(
        consent_expired,
        DossierOutcome.PARTLY_COMPLETED,
        (
            *STARTED,
            N.CONSENTS_ASKED,
            N.LEG_COMPLETED,
            N.LEG_COMPLETED,
            *(N.CONSENT_REMINDER,) * 6,
            *(N.CONSENTS_REMINDED,) * 3,
            N.AGREEMENT_NEEDED,
            N.LEG_CONSENT_EXPIRED,
            N.DUTY,
            N.CONCLUDED,
        ),
        (P.SUBMITTED, P.ACCEPTED, P.DELIVERED),
        True,
    ),
    Ending(
        birth_refused,
        DossierOutcome.NOT_COMPLETED,
        (*STARTED, N.LEG_REFUSED, N.LEG_NOT_POSSIBLE, N.LEG_NOT_POSSIBLE, N.CONCLUDED),
        (P.SUBMITTED, P.ACCEPTED, P.STOPPED),
        False,
    ),
    Ending(
        unpaid,
        DossierOutcome.UNPAID,
        (N.SUBMITTED, N.PAYMENT_NEEDED, N.ENDED_UNPAID),
        (P.SUBMITTED, P.NEEDS_PAYMENT, P.STOPPED),
        False,
    ),
    Ending(
        documents_missing,
        DossierOutcome.DOCUMENTS_NOT_PROVIDED,
        (N.SUBMITTED, N.DOCUMENTS_NEEDED, *(N.DOCUMENTS_REMINDER,) * 2, N.ENDED_WITHOUT_DOCUMENTS),
        (P.SUBMITTED, P.NEEDS_DOCUMENTS, P.STOPPED),
        False,
    ),
)


def subject_claimed(play: Play) -> bool:
    """Whether the child cannot be declared once more, under another submission."""
    again = play.ledger.declaration(play.code).model_copy(update={"submission_id": "khai-lai"})
    try:
        play.ledger.open_dossier(submission(again, moment(DECLARED), SecretStr("test")), "G22")
    except DuplicateDossier:
        return True
    return False


@pytest.mark.parametrize("ending", ENDINGS, ids=[ending.way.__name__ for ending in ENDINGS])
async def test_every_ending_is_written_and_told_once(play: Play, ending: Ending) -> None:
    await ending.way(play)
    outcome = await play.ended()
    assert outcome.outcome is ending.outcome
    stored = await play.written()
    assert stored.sequence is not None
    assert UnreliableLedger.lost == 2 * stored.sequence
    assert stored.concluded_at is not None
    told = [n.dispatch for n in stored.notices if n.dispatch.kind is DispatchKind.NOTICE]
    expected = Counter((notice, channel) for notice in ending.notices for channel in templates()[notice].channels)
    assert Counter((Notice(dispatch.head.key.split(":")[-2]), dispatch.channel) for dispatch in told) == expected
    once = [dispatch for dispatch in told if "remind" not in dispatch.head.key]
    assert len({(dispatch.channel, dispatch.text) for dispatch in once}) == len(once)

    statuses = [(event.status.system, event.status.code) for event in stored.statuses]
    assert statuses == [(StatusSystem.PORTAL, status.value) for status in ending.statuses]
    sent = [n.dispatch for n in stored.notices if n.dispatch.kind is DispatchKind.STATUS]
    to_portal = [dispatch.status for dispatch in sent if dispatch.channel is System.PORTAL]
    assert to_portal == [event.status for event in stored.statuses]
    assert subject_claimed(play) is ending.subject_claimed


@pytest.mark.rule("4.6-results-delivered")
async def test_results_go_out_once_to_everyone_concerned(play: Play) -> None:
    await completed(play)
    await play.ended()
    stored = await play.written()
    assert len(stored.refused_facts) == 1
    results = [n.dispatch for n in stored.notices if n.dispatch.kind is DispatchKind.RESULT]
    everywhere = (System.DOCUMENTS, System.PORTAL, System.PROVINCIAL)
    expected = {
        DocumentKind.BIRTH_CERTIFICATE: (*everywhere, System.VNEID),
        DocumentKind.RESIDENCE_NOTICE: everywhere,
        DocumentKind.HEALTH_INSURANCE_CARD: (*everywhere, System.VNEID),
    }
    assert Counter((dispatch.document_kind, dispatch.channel) for dispatch in results) == Counter(
        (kind, channel) for kind, channels in expected.items() for channel in channels
    )
    orders = [n.dispatch for n in stored.notices if n.dispatch.kind is DispatchKind.PAPER_ORDER]
    assert [(order.document_kind, order.channel) for order in orders] == [
        (DocumentKind.BIRTH_CERTIFICATE, System.PROVINCIAL)
    ]
    synchronised = [n.dispatch for n in stored.notices if n.dispatch.channel is System.PROVINCIAL]
    assert {dispatch.head.provincial_code for dispatch in synchronised} == {f"H01.{BIRTH}"}
    statuses = [dispatch.status.code for dispatch in synchronised if dispatch.status]
    assert statuses[-2:] == [PortalStatus.ACCEPTED.value, PortalStatus.DELIVERED.value]


@pytest.mark.rule("8.duplicate-in-progress", "8.duplicate-registered")
async def test_a_child_stays_claimed_once_its_birth_is_registered(play: Play) -> None:
    await play.declare("plain", DECLARED)
    await play.sent(BIRTH)
    assert subject_claimed(play)
    await play.register()
    await play.refuse(RESIDENCE)
    await play.refuse(HEALTH)
    outcome = await play.ended()
    assert outcome.outcome is DossierOutcome.PARTLY_COMPLETED
    assert subject_claimed(play)
