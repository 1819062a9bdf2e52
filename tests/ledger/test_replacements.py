"""Corrections after the conclusion: numbered once per message, live at once, started by recovery, never taken back."""

from datetime import timedelta

import pytest

from ledger.errors import UnknownDossier, UnknownReplacement
from ledger.store import Ledger
from models.dossier import DossierOutcome, DossierStage, Leg, LegOutcome, LegStage
from models.facts import Acknowledged, AgencyEvent, Corrected, FactRefusal, FactRefused
from models.messages import DispatchKind
from models.publication import Notice, NoticeOrder
from models.replacement_case import ReplacementNews
from models.systems import System
from tests.ledger.builders import OPENED_AT, certificate, declared, opened, plan_of, published

LATER = OPENED_AT + timedelta(days=30)
BIRTH, RESIDENCE = "birth_registration", "residence_registration"


def concluded(ledger: Ledger) -> str:
    """The code of a dossier whose birth is registered, and whose police has the certificate."""
    code = opened(ledger)
    birth = {"sent_at": OPENED_AT, "decided_at": OPENED_AT, "number": "1/2026", "documents": (certificate(),)}
    ended = {"stage": LegStage.ENDED, "outcome": LegOutcome.COMPLETED}
    police = Leg(key=RESIDENCE, sent_at=OPENED_AT, agency_code="CT-1", **ended)
    ended_well = {"stage": DossierStage.CONCLUDED, "outcome": DossierOutcome.COMPLETED}
    insurance = Leg(key="health_insurance_card", stage=LegStage.ENDED, outcome=LegOutcome.WITHDRAWN)
    legs = (Leg(key=BIRTH, **ended, **birth), police, insurance)
    ledger.publish(published(code, 1, plan=plan_of(declared()), legs=legs, **ended_well), ())
    return code


def corrected(code: str, text: str = "bản cấp lại", message_id: str = "tin-1") -> AgencyEvent:
    """The registrar issues the certificate anew."""
    fact = Corrected(at=LATER, documents=(certificate(text),), number="2/2026")
    return AgencyEvent(message_id=message_id, source=System.PROVINCIAL, dossier_code=code, leg=BIRTH, fact=fact)


def acknowledged(code: str, text: str = "bản cấp lại") -> AgencyEvent:
    """The police have put the new certificate in the place of the old one."""
    fact = Acknowledged(at=LATER, sha256=certificate(text).sha256)
    return AgencyEvent(message_id="tin-2", source=System.RESIDENCE, dossier_code=code, leg=RESIDENCE, fact=fact)


def news(ledger: Ledger, code: str, sequence: int) -> ReplacementNews:
    """What the replacement's workflow says first."""
    replacement = ledger.replacement_case(code, 1).replacement
    values = {"agency": "UBND", "results": "Giấy khai sinh", "number": "", "reason": "", "agencies": ""}
    key = f"{code}/replacement/1:notice:1:{Notice.RESULT_REPLACED}"
    notices = (NoticeOrder(key=key, template=Notice.RESULT_REPLACED, values=values),)
    return ReplacementNews(code=code, number=1, sequence=sequence, at=LATER, replacement=replacement, notices=notices)


@pytest.mark.rule("7.replacement", "8.superseded")
def test_the_same_message_is_one_replacement_and_the_new_version_is_live_at_once(ledger: Ledger) -> None:
    code = concluded(ledger)
    first = ledger.open_replacement(corrected(code), LATER)
    assert first is not None
    assert (first.number, first.started, first.workflow_id) == (1, False, f"{code}/replacement/1")
    assert ledger.open_replacement(corrected(code), LATER) == first
    assert ledger.open_replacement(corrected(code, message_id="tin-9"), LATER) is None, "live already"
    stored = ledger.view(code)
    assert stored is not None
    assert [(d.document.sha256, d.superseded_at) for d in stored.documents if d.leg == BIRTH] == [
        (certificate().sha256, LATER),
        (certificate("bản cấp lại").sha256, None),
    ]
    assert (stored.legs[0].number, len(stored.replacements)) == ("2/2026", 1)


@pytest.mark.rule("8.recovered")
def test_a_replacement_that_never_started_is_known_to_recovery(ledger: Ledger) -> None:
    code = concluded(ledger)
    opened_ = ledger.open_replacement(corrected(code), LATER)
    assert ledger.unstarted_replacements() == (opened_,)
    ledger.replacement_started(code, 1)
    assert ledger.unstarted_replacements() == ()
    assert ledger.open_replacements() == (f"{code}/replacement/1",)
    with pytest.raises(UnknownReplacement):
        ledger.replacement_started(code, 2)


@pytest.mark.rule("8.superseded")
def test_publishing_twice_is_once_and_an_older_state_never_overwrites_a_newer(ledger: Ledger) -> None:
    code = concluded(ledger)
    ledger.open_replacement(corrected(code), LATER)
    first = news(ledger, code, 1)
    for _ in range(2):
        ledger.publish_replacement(first)
    out = ledger.notices_of(code)
    results = [row.dispatch for row in out if row.dispatch.kind is DispatchKind.RESULT]
    assert {(d.document and d.document.sha256, d.supersedes) for d in results if d.supersedes} == {
        (certificate("bản cấp lại").sha256, certificate().sha256)
    }
    assert len({row.dispatch.head.key for row in out}) == len(out)
    ledger.publish_replacement(first.model_copy(update={"sequence": 3, "replacement": lapsed(first)}))
    ledger.publish_replacement(first.model_copy(update={"sequence": 2}))
    stored = ledger.view(code)
    assert stored is not None
    assert stored.replacements[0].lapsed_at == LATER


def lapsed(first: ReplacementNews) -> object:
    return first.replacement.model_copy(update={"lapsed_at": LATER})


@pytest.mark.rule("8.superseded-told")
def test_an_acknowledgement_nobody_waits_for_is_kept_whatever_is_published_after_it(ledger: Ledger) -> None:
    code = concluded(ledger)
    ledger.open_replacement(corrected(code), LATER)
    before = news(ledger, code, 1)
    ledger.acknowledged_late(acknowledged(code), LATER)
    ledger.publish_replacement(before)
    stored = ledger.view(code)
    assert stored is not None
    assert stored.replacements[0].awaited == ()
    assert ledger.open_replacements() == ()


@pytest.mark.rule("8.superseded")
def test_a_second_correction_takes_the_next_number_and_voids_the_first(ledger: Ledger) -> None:
    code = concluded(ledger)
    ledger.open_replacement(corrected(code), LATER)
    second = ledger.open_replacement(corrected(code, "bản cấp lại lần hai", "tin-3"), LATER)
    assert second is not None
    assert (second.number, ledger.replacement_case(code, 2).older) == (2, (1,))
    stored = ledger.view(code)
    assert stored is not None
    assert [one.awaited_legs for one in stored.replacements] == [(), (RESIDENCE,)]


def test_what_may_not_replace_anything_leaves_no_trace(ledger: Ledger) -> None:
    code = concluded(ledger)
    still_open = opened(ledger, declared("twins-1"))
    for event, reason in (
        (corrected(code).model_copy(update={"source": System.RESIDENCE}), FactRefusal.WRONG_SENDER),
        (corrected(code).model_copy(update={"leg": "land_registration"}), FactRefusal.UNKNOWN_LEG),
        (corrected(still_open), FactRefusal.OUT_OF_TURN),
    ):
        with pytest.raises(FactRefused) as refusal:
            ledger.open_replacement(event, LATER)
        assert refusal.value.reason is reason
    with pytest.raises(UnknownDossier):
        ledger.open_replacement(corrected("G22.99.08-261110-999999"), LATER)
    assert ledger.unstarted_replacements() == ()
