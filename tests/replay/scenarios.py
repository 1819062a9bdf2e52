"""Dossiers led through every wait and every end, for `tests.replay.record`. Invented people only; November 2026.

A scenario keeps its history wherever it shows something; `test_replay` says which wait or end no history shows.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, Protocol

from temporalio.client import WorkflowFailureError
from temporalio.testing import WorkflowEnvironment

from models.documents import DocumentKind
from models.dossier import DossierStage, DossierView, LegStage
from models.facts import Answer, ClassifiedAs, Decided, OverdueChoice, Received
from models.messages import FollowUpKind, NoticeState
from models.start import StartDossier
from models.systems import System
from tests.workflows.harness import Play, development_server, time_skipping_server
from tests.workflows.inputs import BIRTH, HEALTH, IDENTITY, RESIDENCE, free, moment, result, sample
from tests.workflows.lateness import at_both_agencies, decide_overdue, registered_without_certificate
from tests.workflows.test_agreements import agree, attest, consent_of, nobody_has_answered
from tests.workflows.test_consents import GRANDFATHER, GRANDMOTHER, at_the_grandparents_home
from tests.workflows.test_doors import appointment, cancel, paper
from tests.workflows.test_gate import GROUNDS, classify, wrote
from tests.workflows.test_going_on import go_on
from tests.workflows.test_intake import supply as supply_at_intake
from tests.workflows.test_migrating import migrate
from tests.workflows.test_replacements import (
    acknowledge,
    acknowledged,
    correct,
    corrected,
    from_agency,
    replacement,
    seen,
    told,
    version,
)
from tests.workflows.test_resending import resend
from tests.workflows.test_retiming import announce
from tests.workflows.test_supplements import (
    HOMETOWN,
    PAPERS,
    asked_in,
    at_the_agencies,
    correcting,
    handed_over,
    stage_is,
    supply,
)
from tests.workflows.test_withdrawal import withdraw

DECLARED = "2026-11-19 09:00:00"
_DAY = moment(DECLARED).date()


class Keep(Protocol):
    """Keeps the history of the dossier as it stands, or of a replacement of its own, under a name."""

    async def __call__(self, name: str, replacement: int | None = None) -> None: ...


class Scenario(NamedTuple):
    """What happens, and the server it happens on: real time, unless limits are to run out."""

    server: Callable[[], Awaitable[WorkflowEnvironment]]
    happens: Callable[[Play, Keep], Awaitable[None]]


SCENARIOS: list[Scenario] = []

_Happens = Callable[[Play, Keep], Awaitable[None]]


def now(happens: _Happens) -> _Happens:
    """Happens in real time."""
    SCENARIOS.append(Scenario(development_server, happens))
    return happens


def as_days_pass(happens: _Happens) -> _Happens:
    """Happens where time is skipped: limits run out."""
    SCENARIOS.append(Scenario(time_skipping_server, happens))
    return happens


def stands(leg: int, stage: LegStage) -> Callable[[DossierView], bool]:
    """Whether the leg of that number in the plan stands there."""
    return lambda view: len(view.legs) > leg and view.legs[leg].stage is stage


# --- The straight path -----------------------------------------------------------------------------------------------


@now
async def straight(play: Play, keep: Keep) -> None:
    """Fee, registration, health card, one consent before the certificate and one after it, a verification."""
    await play.submit(sample("grandparents-home", _DAY), moment(DECLARED))
    await play.see(lambda _: bool(play.world.payments), "a fee is asked for")
    await keep("waiting-for-payment")
    await play.pay()
    await play.see(stands(0, LegStage.WAITING_RECEIPT), "sent to the province")
    await keep("waiting-for-provincial-receipt")
    await play.receive(BIRTH)
    await play.asked(RESIDENCE, 2)
    await play.consent(RESIDENCE, GRANDFATHER)
    await play.decide(BIRTH)
    await play.see(stands(0, LegStage.WAITING_DOCUMENT), "the certificate is missing")
    await keep("waiting-for-certificate")
    await play.certify()
    await play.complete(HEALTH)
    await play.handle.signal("khong_co_loai_nay")
    await play.see(stands(1, LegStage.WAITING_CONSENTS), "only a consent is missing")
    await play.see(lambda view: view.legs[2].completed, "the health card is there")
    await keep("waiting-for-consent")
    await play.consent(RESIDENCE, GRANDMOTHER)
    await play.receive(RESIDENCE)
    await play.verify(RESIDENCE)
    await keep("waiting-for-decision-after-verification")
    await play.decide(RESIDENCE, DocumentKind.RESIDENCE_NOTICE)
    await play.ended()
    await keep("completed")


@now
async def received_under_the_next_law(play: Play, keep: Keep) -> None:
    """Declared on the evening before Decree 301/2026, received under it: the identity card becomes possible."""
    evening, morning = moment("2026-08-31 20:00:00"), moment("2026-09-01 08:00:00")
    await play.submit(free("identity-card", evening.date()), evening, started_at=morning)
    await play.receive(BIRTH)
    for request in await play.asked(IDENTITY, 1):
        await play.consent(IDENTITY, request.person.personal_id)
    await play.decide(BIRTH)
    await play.certify()
    await play.complete(RESIDENCE, HEALTH, IDENTITY)
    await play.ended()
    await keep("completed-under-the-next-law")


@now
async def retimed(play: Play, keep: Keep) -> None:
    """A calendar is announced anew while clocks and consents run."""
    await at_the_grandparents_home(play)
    await play.asked(RESIDENCE, 2)
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    await play.receive(HEALTH)
    due = (await play.leg(HEALTH)).due
    with TemporaryDirectory() as folder:
        await announce(play, Path(folder))
    await play.see(lambda view: view.legs[2].due != due, "the dates have moved")
    await keep("waiting-by-another-calendar")


# --- Intake ----------------------------------------------------------------------------------------------------------


@now
async def unknown_to_the_ledger(play: Play, keep: Keep) -> None:
    await play.start(
        StartDossier(code="G22.99.08-261119-999999", declaration=free("plain", _DAY), submitted_at=moment(DECLARED))
    )
    try:
        await play.ended()
    except WorkflowFailureError:
        await keep("failed-start")


@now
async def substitutes_for_the_birth_notice(play: Play, keep: Keep) -> None:
    play.world.notice = NoticeState.UNSIGNED
    await play.declare("plain", DECLARED)
    await play.see(lambda view: view.stage is DossierStage.WAITING_DOCUMENTS, "documents are asked for")
    await keep("waiting-for-documents")
    await supply_at_intake(play, DocumentKind.BIRTH_COMMITMENT)
    await play.receive(BIRTH)
    await play.refuse(BIRTH)
    await play.ended()
    await keep("birth-refused")


@as_days_pass
async def documents_not_provided(play: Play, keep: Keep) -> None:
    await play.declare("no-birth-notice", DECLARED, attachments=[])
    await play.ended()
    await keep("documents-not-provided")


@as_days_pass
async def unpaid(play: Play, keep: Keep) -> None:
    await play.submit(sample("plain", _DAY), moment(DECLARED))
    await play.ended()
    await keep("unpaid")


# --- Systems that do not take what they are sent ---------------------------------------------------------------------


async def _in_trouble(play: Play, *systems: System) -> None:
    await play.until(await play.now() + timedelta(minutes=2))
    await play.see(lambda view: {t.system for t in view.troubles} == set(systems), f"trouble with {systems}")


@as_days_pass
async def away_at_intake(play: Play, keep: Keep) -> None:
    """The register of birth notices, then the payment platform until the next day."""
    play.world.away |= {System.HEALTH, System.PAYMENT}
    await play.submit(sample("plain", _DAY), moment(DECLARED))
    await _in_trouble(play, System.HEALTH)
    await keep("waiting-for-birth-notice-unreached")
    play.world.away.remove(System.HEALTH)
    await play.until(moment("2026-11-19 10:00:00"))
    await _in_trouble(play, System.PAYMENT)
    await play.until(moment("2026-11-20 10:00:00"))
    play.world.away.clear()
    await play.until(moment("2026-11-20 11:00:00"))
    await play.pay()
    await play.sent(BIRTH)


@as_days_pass
async def away_and_rejecting(play: Play, keep: Keep) -> None:
    """VNeID is away until the next day, social insurance rejects its part until it is mended."""
    play.world.away.add(System.VNEID)
    play.world.rejecting.add(System.SOCIAL_INSURANCE)
    await play.declare("grandparents-home", DECLARED)
    await play.register()
    await _in_trouble(play, System.VNEID, System.SOCIAL_INSURANCE)
    await keep("waiting-rejected-and-unreached")
    await play.until(moment("2026-11-20 09:00:00"))
    play.world.away.clear()
    play.world.rejecting.clear()
    await play.until(moment("2026-11-20 13:00:00"))
    await play.see(lambda view: not view.troubles, "everything is taken")
    await play.complete(HEALTH)
    for person in (GRANDFATHER, GRANDMOTHER):
        await play.consent(RESIDENCE, person)
    await play.complete(RESIDENCE)
    await play.ended()
    await keep("completed-after-outages")


# --- Consents --------------------------------------------------------------------------------------------------------


@now
async def consent_declined(play: Play, keep: Keep) -> None:
    await at_the_grandparents_home(play)
    await play.asked(RESIDENCE, 2)
    await play.consent(RESIDENCE, GRANDMOTHER, Answer.DECLINED)
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    await play.complete(HEALTH)
    await play.ended()
    await keep("consent-declined")


@as_days_pass
async def consent_replaced_and_attested(play: Play, keep: Keep) -> None:
    """After silence one signs an agreement, the other answers at a desk."""
    await nobody_has_answered(play)
    await play.see(stands(1, LegStage.WAITING_AGREEMENT), "agreements are awaited")
    await keep("waiting-for-agreement")
    await agree(play, GRANDFATHER)
    await attest(play, GRANDMOTHER)
    await play.complete(RESIDENCE)
    await play.ended()
    await keep("consent-replaced-by-agreement")


@as_days_pass
async def consent_unreachable(play: Play, keep: Keep) -> None:
    await at_the_grandparents_home(play)
    await play.asked(RESIDENCE, 2)
    await play.consent(RESIDENCE, GRANDMOTHER, Answer.UNREACHABLE)
    await play.see(lambda view: consent_of(view, GRANDMOTHER).agreement is not None, "an agreement is awaited")
    await keep("waiting-for-who-cannot-be-reached")
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    await play.complete(HEALTH)
    await play.ended()
    await keep("consent-expired")


# --- Demands of agencies ---------------------------------------------------------------------------------------------


@now
async def supplemented(play: Play, keep: Keep) -> None:
    """Papers for one agency; a corrected form for both, while papers are asked for that the decision overtakes."""
    await at_the_agencies(play)
    await asked_in(play, RESIDENCE)
    await keep("waiting-for-supplement")
    await supply(play, RESIDENCE, result(PAPERS))
    await handed_over(play)
    await stage_is(play, RESIDENCE, LegStage.WAITING_RECEIPT)
    await keep("waiting-for-receipt-of-supplement")
    await play.agency(RESIDENCE, Received(at=await play.now()))
    await asked_in(play, HEALTH, correcting(await play.now()))
    await supply(play, HEALTH, corrections={HOMETOWN: "Thôn Đông, xã Phù Đổng"})
    await handed_over(play, 2)
    await play.agency(HEALTH, Received(at=await play.now()))
    await play.complete_decision(HEALTH)
    await asked_in(play, RESIDENCE, correcting(await play.now()))
    await play.decide(RESIDENCE, DocumentKind.RESIDENCE_NOTICE)
    await play.ended()
    await keep("completed-after-supplements")


@as_days_pass
async def supplement_not_provided(play: Play, keep: Keep) -> None:
    await at_the_agencies(play)
    await asked_in(play, RESIDENCE)
    await play.decide(HEALTH, DocumentKind.HEALTH_INSURANCE_CARD)
    await play.ended()
    await keep("supplement-not-provided")


@now
async def refused(play: Play, keep: Keep) -> None:
    """Free text that an operator finds to be a refusal."""
    await at_the_agencies(play)
    message = await wrote(play)
    await keep("waiting-for-classification")
    await classify(play, message, ClassifiedAs.REFUSAL, **{**GROUNDS, "reason_code": "conditions_not_met"})
    await stage_is(play, RESIDENCE, LegStage.ENDED)
    await play.complete_decision(HEALTH)
    await play.ended()
    await keep("residence-refused")


# --- Withdrawal ------------------------------------------------------------------------------------------------------


@now
async def withdrawn_before_sending(play: Play, keep: Keep) -> None:
    """While the payment platform is away, so that a call is cancelled."""
    play.world.away.add(System.PAYMENT)
    await play.submit(sample("plain", _DAY), moment(DECLARED))
    await play.see(lambda _: play.world.attempts[System.PAYMENT] > 0, "a fee is asked for")
    await withdraw(play)
    await play.ended()
    await keep("withdrawn-before-sending")


@now
async def withdrawn_before_registration(play: Play, keep: Keep) -> None:
    await play.declare("plain", DECLARED)
    await play.receive(BIRTH)
    await withdraw(play)
    await play.ended()
    await keep("withdrawn-before-registration")


@now
async def withdrawn_after_registration(play: Play, keep: Keep) -> None:
    await at_the_agencies(play)
    await play.complete_decision(HEALTH)
    await withdraw(play)
    await play.ended()
    await keep("withdrawn-after-registration")


# --- Operators -------------------------------------------------------------------------------------------------------


@now
async def cancelled_before_sending(play: Play, keep: Keep) -> None:
    await play.submit(sample("plain", _DAY), moment(DECLARED))
    await play.see(lambda view: view.stage is DossierStage.WAITING_PAYMENT, "a fee is asked for")
    await cancel(play)
    await play.ended()
    await keep("cancelled-before-sending")


@now
async def cancelled_after_other_acts(play: Play, keep: Keep) -> None:
    """A new appointment and an answer on paper, before the authority cancels what is left."""
    await at_the_agencies(play)
    await play.tell(await appointment(play, "2026-11-27 10:00:00"))
    card = Decided(at=await play.now(), number="45/BH", documents=(result(DocumentKind.HEALTH_INSURANCE_CARD),))
    await play.tell(await paper(play, HEALTH, card))
    await cancel(play)
    await play.ended()
    await keep("cancelled-after-other-acts")


@as_days_pass
async def gone_on_under_another_law(play: Play, keep: Keep) -> None:
    """Two parts go on without the certificate, another comes with Decree 301/2026, what is not taken is sent again."""
    play.world.away.add(System.VNEID)
    await play.declare("identity-card", "2026-08-31 09:00:00")
    await play.receive(BIRTH)
    await play.decide(BIRTH)
    for leg in (RESIDENCE, HEALTH):
        await go_on(play, leg)
    await play.complete(RESIDENCE, HEALTH)
    await play.until(moment("2026-09-03 09:00:00"))
    await migrate(play, "2026-09-01")
    await _in_trouble(play, System.VNEID)
    play.world.away.clear()
    await resend(play)
    for request in await play.asked(IDENTITY, 1):
        await play.consent(IDENTITY, request.person.personal_id)
    await play.certify()
    await play.complete(IDENTITY)
    await play.ended()
    await keep("completed-by-operators-acts")


# --- Lateness --------------------------------------------------------------------------------------------------------


@as_days_pass
async def overdue(play: Play, keep: Keep) -> None:
    """Two agencies are reminded, apologised for, escalated until it is an operator's turn, who ends one of them."""
    await at_both_agencies(play, DECLARED)
    await play.until(moment("2026-11-26 17:00:01"))
    await play.see(lambda view: all(leg.chase and leg.chase.times == 1 for leg in view.legs[1:]), "escalated")
    await keep("overdue")
    await play.until(moment("2027-02-24 17:00:01"))
    await play.see(lambda view: all(leg.awaits_operator for leg in view.legs[1:]), "an operator's turn")
    await keep("waiting-for-operator")
    await decide_overdue(play, HEALTH, OverdueChoice.END_LEG)
    await decide_overdue(play, RESIDENCE, OverdueChoice.WAIT_ON)
    await play.see(lambda view: bool(view.legs[1].chase and view.legs[1].chase.dated), "chased again")
    await play.decide(RESIDENCE, DocumentKind.RESIDENCE_NOTICE)
    await play.ended()
    await keep("ended-by-operator")


@as_days_pass
async def certificate_missing(play: Play, keep: Keep) -> None:
    """The certificate is asked for, and the group becomes late without a late leg, before it comes."""
    await registered_without_certificate(play, DECLARED)
    await play.until(moment("2026-11-25 17:00:01"))
    await play.see(lambda view: bool(view.apologies), "apologised for the group")
    await keep("chasing-the-certificate")
    await play.certify()
    await play.complete(RESIDENCE, HEALTH)
    await play.ended()
    await keep("completed-after-a-missing-certificate")


@as_days_pass
async def receipt_missing(play: Play, keep: Keep) -> None:
    """Nobody has said that the part was received; it is asked for and comes at last, the decision on its last day."""
    await play.declare("plain", DECLARED)
    await play.register()
    await play.complete(HEALTH)
    await play.sent(RESIDENCE)
    await play.until(moment("2026-11-20 17:01:00"))
    await play.see(lambda view: bool(view.legs[1].chase), "the receipt is asked for")
    await keep("chasing-the-receipt")
    await play.until(moment("2026-11-23 09:00:00"))
    await play.receive(RESIDENCE)
    due = (await play.leg(RESIDENCE)).owed_at
    assert due
    await play.until(due - timedelta(hours=1))
    await play.complete_decision(RESIDENCE)
    await play.ended()
    await keep("completed-after-a-missing-receipt")


# --- Results issued anew ---------------------------------------------------------------------------------------------


@now
async def corrected_while_open(play: Play, keep: Keep) -> None:
    await at_the_agencies(play)
    await play.complete_decision(RESIDENCE)
    await correct(play, version(2), number="2/2026", text="Sai tên đệm.")
    await correct(play, version(3), number="3/2026")
    await play.complete_decision(HEALTH)
    await play.see(lambda view: all(leg.ended for leg in view.legs), "only acknowledgements are missing")
    await keep("waiting-for-acknowledgements")
    for leg in (RESIDENCE, HEALTH):
        await acknowledge(play, leg, version(3))
    await play.ended()
    await keep("completed-after-corrections")


@as_days_pass
async def corrected_after_the_conclusion(play: Play, keep: Keep) -> None:
    """A newer version makes the first unnecessary; one agency acknowledges it, the other never does.

    Nobody awaits the dossier's own end: on this server that lets the years pass as soon as nothing is left to wait for.
    """
    await play.declare("plain", DECLARED)
    await play.register()
    await play.complete(RESIDENCE, HEALTH)
    await play.see(lambda view: view.stage is DossierStage.CONCLUDED, "the dossier has concluded")
    await play.written()
    await from_agency(play, BIRTH, await corrected(play, version(2)))
    await seen(play, lambda stored: told(stored, FollowUpKind.REPLACEMENT), "the agencies are told")
    await keep("replacement-waiting", replacement=1)
    await from_agency(play, BIRTH, await corrected(play, version(3)))
    await replacement(play, 1).result()
    await keep("replacement-unnecessary", replacement=1)
    await seen(play, lambda stored: len(told(stored, FollowUpKind.REPLACEMENT)) == 4, "told again")
    await acknowledged(play, RESIDENCE, version(3))
    await play.until(moment("2026-11-27 17:00:30"))
    await replacement(play, 2).result()
    await keep("replacement-lapsed", replacement=2)
