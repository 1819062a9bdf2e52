"""A result issued anew: the new version is the live one everywhere, and who has the old one says so (§§2, 7, 8).

An open dossier waits for that; once it has concluded, a replacement of its own does (`CODE/replacement/n`).
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHandle
from temporalio.worker import Replayer

from ledger.gaps import Gap, GapKind
from ledger.values import StoredDossier
from models.audit import SIGNAL, Action
from models.calendar import load_calendar
from models.details import attributes, details
from models.documents import Document, DocumentKind, describe
from models.dossier import DossierOutcome, DossierStage
from models.facts import (
    Accepted,
    Acknowledged,
    AgencyEvent,
    Corrected,
    FactRefusal,
    FactRefused,
    Received,
    ResultDocument,
)
from models.messages import Dispatch, DispatchKind, FollowUpKind
from models.publication import Notice
from models.replacement_case import SUPERSEDED, ReplacementOutcome, ReplacementView
from models.search_attributes import SearchAttribute
from models.start import CALENDAR_CHANGED
from models.systems import System
from tests.workflows.harness import Play, notices, refused
from tests.workflows.inputs import (
    BENEFIT_END,
    BIRTH,
    DEATH,
    DEREGISTRATION,
    FUNERAL_SUPPORT,
    HEALTH,
    RESIDENCE,
    moment,
    result,
)
from tests.workflows.test_retiming import ANNOUNCED, announce
from workflows.plugin import LienthongPlugin
from workflows.replacement import ReplacementWorkflow

DECLARED = "2026-11-19 09:00:00"
OVER = moment("2026-11-27 17:00:00")
"""Five working days from Thursday 19/11/2026, Tuesday 24/11 being off."""

FIRST = result(DocumentKind.BIRTH_CERTIFICATE)
_PATIENCE = 60.0


def version(number: int, kind: DocumentKind = DocumentKind.BIRTH_CERTIFICATE) -> Document:
    """A later version of a result."""
    return describe(kind, f"{kind.value}-{number}.pdf", f"%PDF-1.4 version {number}".encode())


async def corrected(play: Play, *documents: Document, leg: str = BIRTH, **fields: Any) -> Corrected:
    """What an agency says when it issues results anew."""
    return Corrected(at=await play.now(), documents=documents, **fields)


async def correct(play: Play, *documents: Document, leg: str = BIRTH, **fields: Any) -> Accepted:
    """An agency issues results of an open dossier anew."""
    return await play.agency(leg, await corrected(play, *documents, **fields))


async def acknowledge(play: Play, leg: str, document: Document, **fields: Any) -> Accepted:
    """An agency says that it has put a new version in the place of the old one."""
    return await play.agency(leg, Acknowledged(at=await play.now(), sha256=document.sha256), **fields)


def sent(stored: StoredDossier, kind: DispatchKind, *, again: bool = True) -> list[Dispatch]:
    """What went out of that kind; of results only later versions."""
    return [
        notice.dispatch
        for notice in stored.notices
        if notice.dispatch.kind is kind
        and (kind is not DispatchKind.RESULT or bool(notice.dispatch.supersedes) == again)
    ]


def told(stored: StoredDossier, kind: FollowUpKind) -> list[tuple[str, tuple[str, ...]]]:
    """Which legs' agencies were told, of which documents."""
    follow_ups = [dispatch.follow_up for dispatch in sent(stored, DispatchKind.FOLLOW_UP) if dispatch.follow_up]
    return [(one.leg, tuple(d.sha256 for d in one.documents)) for one in follow_ups if one.kind is kind]


async def seen(play: Play, condition: Callable[[StoredDossier], object], what: str) -> StoredDossier:
    """The dossier in the ledger once the condition holds."""
    try:
        async with asyncio.timeout(_PATIENCE):
            while True:
                stored = play.ledger.view(play.code)
                assert stored is not None
                if condition(stored):
                    return stored
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"not in the ledger: {what}") from None


async def unacknowledged(play: Play) -> list[Gap]:
    """What the gap report says of versions that were not acknowledged in time."""
    gaps = play.ledger.gaps(await play.now(), load_calendar()).gaps
    return [gap for gap in gaps if gap.kind is GapKind.NOT_ACKNOWLEDGED]


# --- The dossier is open ---------------------------------------------------------------------------------------------


@pytest.mark.rule("8.superseded")
async def test_a_certificate_corrected_before_the_parts_are_sent_goes_with_them(play: Play) -> None:
    """The part that waits for consents gets the new version and its number; nobody has the old one to replace."""
    await play.declare("grandparents-home", DECLARED)
    await play.register()
    await play.sent(HEALTH)
    await correct(play, version(2), number="2/2026", text="Sai tên đệm.")
    for request in await play.asked(RESIDENCE, 2):
        await play.consent(RESIDENCE, request.person.personal_id)
    message = await play.sent(RESIDENCE)
    assert [d.sha256 for d in message.documents if d.kind is DocumentKind.BIRTH_CERTIFICATE] == [version(2).sha256]
    assert message.registration_number == "2/2026"
    [replacement] = (await play.view()).replacements
    assert [telling.leg for telling in replacement.tellings] == [HEALTH], "only insurance has the old one"
    assert (replacement.former_number, replacement.registration_number) == ("birth_registration-1", "2/2026")


@pytest.mark.rule("8.superseded", "8.superseded-told", "7.replacement-acknowledged")
async def test_whoever_has_the_old_version_is_told_and_waited_for(play: Play) -> None:
    await play.declare("plain", DECLARED)
    await play.register()
    await play.complete(RESIDENCE)
    await play.receive(HEALTH)
    await correct(play, version(2), number="2/2026", text="Sai tên đệm.")
    await play.complete_decision(HEALTH)
    view = await play.see(lambda v: all(leg.ended for leg in v.legs), "every part has ended")
    assert view.stage is DossierStage.IN_PROGRESS, "it waits for the acknowledgements"
    assert attributes(view).lists[SearchAttribute.WAITING_FOR] == (System.RESIDENCE, System.SOCIAL_INSURANCE)
    assert attributes(view).instants[SearchAttribute.NEXT_DUE] == OVER
    assert "xác nhận đã thay Giấy khai sinh bằng bản cấp lại, chậm nhất **17:00 thứ Sáu 27/11/2026**" in details(view)
    [birth] = [leg for leg in view.legs if leg.key == BIRTH]
    assert (birth.documents, birth.superseded, birth.number) == ((version(2),), (FIRST,), "2/2026")

    await acknowledge(play, RESIDENCE, version(2))
    await acknowledge(play, HEALTH, version(2))
    outcome = await play.ended()
    assert outcome.outcome is DossierOutcome.COMPLETED
    stored = await play.written()
    assert stored.warnings == ()
    assert told(stored, FollowUpKind.REPLACEMENT) == [(RESIDENCE, (version(2).sha256,)), (HEALTH, (version(2).sha256,))]
    follow_ups = [d.follow_up for d in sent(stored, DispatchKind.FOLLOW_UP) if d.follow_up]
    assert {one.registration_number for one in follow_ups} == {"2/2026"}
    again = sent(stored, DispatchKind.RESULT)
    assert [d.channel for d in again] == [System.DOCUMENTS, System.PORTAL, System.VNEID]
    assert {(d.document and d.document.sha256, d.supersedes) for d in again} == {(version(2).sha256, FIRST.sha256)}
    assert len({d.head.key for d in sent(stored, DispatchKind.RESULT, again=False)} & {d.head.key for d in again}) == 0
    versions = {d.document.sha256: d.superseded_at is not None for d in stored.documents if d.leg == BIRTH}
    assert versions == {FIRST.sha256: True, version(2).sha256: False}
    [notice] = notices(stored, Notice.RESULT_REPLACED)
    assert "đã cấp lại Giấy khai sinh, số 2/2026, thay bản đã trả trước đây. Lý do: Sai tên đệm." in notice
    await Replayer(workflows=[], plugins=[LienthongPlugin()]).replay_workflow(await play.handle.fetch_history())


@pytest.mark.rule("7.replacement-acknowledged")
async def test_without_an_acknowledgement_the_agency_is_reminded_and_the_dossier_concludes_with_a_warning(
    play: Play,
) -> None:
    await play.declare("plain", DECLARED)
    await play.register()
    await play.complete(RESIDENCE)
    await play.receive(HEALTH)
    await correct(play, version(2))
    await play.complete_decision(HEALTH)
    await acknowledge(play, RESIDENCE, version(2))
    await play.until(moment("2026-11-26 16:59:00"))
    stored = await play.written()
    assert [leg for leg, _ in told(stored, FollowUpKind.REMINDER)] == []
    await play.until(moment("2026-11-27 16:59:00"))
    assert (await play.view()).stage is DossierStage.IN_PROGRESS
    outcome = await play.ended()
    assert outcome.outcome is DossierOutcome.COMPLETED
    stored = await play.written()
    assert stored.concluded_at is not None
    assert OVER <= stored.concluded_at < moment("2026-11-27 17:01:00")
    assert [leg for leg, _ in told(stored, FollowUpKind.REMINDER)] == [HEALTH]
    assert [leg for leg, _ in told(stored, FollowUpKind.OVERDUE)] == [HEALTH]
    assert stored.warnings == (
        "Chưa có xác nhận đã thay Giấy khai sinh của: "
        "Bảo hiểm xã hội cơ sở (Cấp thẻ bảo hiểm y tế cho trẻ em dưới 6 tuổi).",
    )
    [gap] = await unacknowledged(play)
    assert (gap.leg, gap.asked) == (HEALTH, 2)

    late = await play.event(HEALTH, Acknowledged(at=await play.now(), sha256=version(2).sha256))
    await (await play.inbox()).deliver(late, "social_insurance")
    assert await unacknowledged(play) == [], "a late acknowledgement closes the gap"


@pytest.mark.rule("8.superseded")
async def test_a_second_correction_makes_the_first_one_unnecessary(play: Play) -> None:
    await play.declare("plain", DECLARED)
    await play.register()
    await play.complete(RESIDENCE)
    await play.receive(HEALTH)
    await correct(play, version(2))
    await acknowledge(play, RESIDENCE, version(2))
    await correct(play, version(3))
    await play.complete_decision(HEALTH)
    await acknowledge(play, RESIDENCE, version(3))
    await acknowledge(play, HEALTH, version(3))
    outcome = await play.ended()
    [birth] = [leg for leg in outcome.legs if leg.key == BIRTH]
    assert (birth.documents, birth.superseded) == ((version(3),), (FIRST, version(2)))
    first, second = (await play.written()).replacements
    assert [(t.leg, bool(t.acknowledged_at), bool(t.void_since)) for t in first.tellings] == [
        (RESIDENCE, True, False),
        (HEALTH, False, True),
    ]
    assert [bool(t.acknowledged_at) for t in second.tellings] == [True, True]


async def test_a_result_nobody_else_has_is_known_to_the_province_only(play: Play) -> None:
    """The residence notice went to the citizen, and through us to the province, whose letter replaces it there."""
    await play.declare("plain", DECLARED)
    await play.register()
    await play.complete(RESIDENCE)
    await play.receive(HEALTH)
    notice = version(2, DocumentKind.RESIDENCE_NOTICE)
    await correct(play, notice, leg=RESIDENCE)
    await play.complete_decision(HEALTH)
    await acknowledge(play, BIRTH, notice)
    await play.ended()
    stored = await play.written()
    assert told(stored, FollowUpKind.REPLACEMENT) == [(BIRTH, (notice.sha256,))]
    assert System.PROVINCIAL not in {d.channel for d in sent(stored, DispatchKind.RESULT)}


@pytest.mark.rule("8.superseded")
async def test_wrong_corrections_and_acknowledgements_change_nothing(play: Play) -> None:
    await play.declare("plain", DECLARED)
    await play.receive(BIRTH)
    with refused(FactRefusal.OUT_OF_TURN):
        await correct(play, version(2))
    await play.decide(BIRTH)
    with refused(FactRefusal.OUT_OF_TURN):
        await correct(play, version(2))
    await play.certify()
    await play.complete(RESIDENCE)
    await play.receive(HEALTH)
    before = await play.view()
    with refused(FactRefusal.WRONG_SENDER):
        await play.agency(BIRTH, await corrected(play, version(2)), source=System.RESIDENCE)
    with refused(FactRefusal.NOT_AWAITED):
        await correct(play, version(2, DocumentKind.HEALTH_INSURANCE_CARD))
    with refused(FactRefusal.OUT_OF_TURN):
        await correct(play, version(2, DocumentKind.HEALTH_INSURANCE_CARD), leg=HEALTH)
    with refused(FactRefusal.CONTRADICTS):
        await correct(play, version(2), version(3))
    with refused(FactRefusal.CONTRADICTS):
        await play.agency(BIRTH, ResultDocument(at=await play.now(), documents=(version(2),)))
    with refused(FactRefusal.NOT_AWAITED):
        await acknowledge(play, RESIDENCE, version(2))
    await correct(play, FIRST)
    assert await play.view() == before, "refused, or live already"

    await correct(play, version(2))
    with refused(FactRefusal.ALREADY_ANSWERED):
        await correct(play, FIRST)
    with refused(FactRefusal.WRONG_SENDER):
        await acknowledge(play, RESIDENCE, version(2), source=System.SOCIAL_INSURANCE)
    await acknowledge(play, RESIDENCE, version(2))
    once = (await play.view()).replacements
    await acknowledge(play, RESIDENCE, version(2))
    assert (await play.view()).replacements == once, "twice is the same as once"


# --- The dossier has concluded ---------------------------------------------------------------------------------------


async def concluded(play: Play) -> None:
    """A plain dossier with every result. Waited for without its result, which would let the server skip years."""
    await play.declare("plain", DECLARED)
    await play.register()
    await play.complete(RESIDENCE, HEALTH)
    await play.see(lambda view: view.stage is DossierStage.CONCLUDED, "concluded")
    await play.written()


def replacement(play: Play, number: int) -> WorkflowHandle[ReplacementWorkflow, ReplacementOutcome]:
    """The workflow of a replacement of its own."""
    return play.env.client.get_workflow_handle_for(ReplacementWorkflow.run, f"{play.code}/replacement/{number}")


async def as_it_stands(play: Play, number: int) -> ReplacementView:
    return await replacement(play, number).query(ReplacementWorkflow.view)


async def delivered(play: Play, event: AgencyEvent) -> Accepted:
    accepted = await (await play.inbox()).deliver(event, event.source.value)
    assert isinstance(accepted, Accepted)
    return accepted


async def from_agency(play: Play, leg: str, fact: Corrected | Acknowledged, **fields: Any) -> Accepted:
    """An agency speaks about a dossier that has concluded."""
    return await delivered(play, await play.event(leg, fact, **fields))


async def acknowledged(play: Play, leg: str, document: Document) -> Accepted:
    return await from_agency(play, leg, Acknowledged(at=await play.now(), sha256=document.sha256))


@pytest.mark.rule("7.replacement", "7.replacement-acknowledged", "8.superseded", "8.superseded-told")
async def test_a_correction_after_the_conclusion_is_a_replacement_of_its_own(play: Play) -> None:
    await concluded(play)
    event = await play.event(BIRTH, await corrected(play, version(2), number="2/2026", text="Sai tên đệm."))
    assert f"{play.code}/replacement/1" in (await delivered(play, event)).text
    await delivered(play, event)
    stored = await seen(play, lambda s: told(s, FollowUpKind.REPLACEMENT), "the agencies are told")
    assert [leg for leg, _ in told(stored, FollowUpKind.REPLACEMENT)] == [RESIDENCE, HEALTH], "each once"
    assert {d.document.sha256: d.superseded_at is not None for d in stored.documents if d.leg == BIRTH} == {
        FIRST.sha256: True,
        version(2).sha256: False,
    }
    assert [d.channel for d in sent(stored, DispatchKind.RESULT)] == [System.DOCUMENTS, System.PORTAL, System.VNEID]
    assert len(notices(stored, Notice.RESULT_REPLACED)) == 1
    assert "số 2/2026" in notices(stored, Notice.RESULT_REPLACED)[0]
    view = await as_it_stands(play, 1)
    assert view.replacement is not None
    assert view.replacement.pending

    await acknowledged(play, RESIDENCE, version(2))
    await acknowledged(play, HEALTH, version(2))
    async with asyncio.timeout(_PATIENCE):
        outcome = await replacement(play, 1).result()
    assert [(one.leg, one.acknowledged_at is not None) for one in outcome.agencies] == [
        (RESIDENCE, True),
        (HEALTH, True),
    ]
    [written] = (await seen(play, lambda s: not s.replacements[0].awaited, "acknowledged")).replacements
    assert written.number == 1
    assert await unacknowledged(play) == []
    again = await from_agency(play, BIRTH, await corrected(play, version(3)))
    assert f"{play.code}/replacement/2" in again.text, "the first one has ended and need not be told"
    await seen(play, lambda s: len(told(s, FollowUpKind.REPLACEMENT)) == 4, "the agencies are told again")
    history = await replacement(play, 1).fetch_history()
    await Replayer(workflows=[], plugins=[LienthongPlugin()]).replay_workflow(history)


@pytest.mark.rule("7.replacement-acknowledged")
async def test_a_replacement_without_acknowledgements_ends_with_its_limit(play: Play) -> None:
    await concluded(play)
    await from_agency(play, BIRTH, await corrected(play, version(2)))
    await seen(play, lambda s: told(s, FollowUpKind.REPLACEMENT), "the agencies are told")
    await acknowledged(play, RESIDENCE, version(2))
    await play.until(moment("2026-11-27 17:00:30"))
    async with asyncio.timeout(_PATIENCE):
        outcome = await replacement(play, 1).result()
    assert [(one.leg, one.acknowledged_at is not None) for one in outcome.agencies] == [
        (RESIDENCE, True),
        (HEALTH, False),
    ]
    stored = await seen(play, lambda s: s.replacements[0].lapsed_at, "given up")
    assert [leg for leg, _ in told(stored, FollowUpKind.REMINDER)] == [HEALTH]
    assert [leg for leg, _ in told(stored, FollowUpKind.OVERDUE)] == [HEALTH]
    [gap] = await unacknowledged(play)
    assert gap.leg == HEALTH


@pytest.mark.rule("8.superseded")
async def test_a_second_replacement_ends_the_first(play: Play) -> None:
    await concluded(play)
    await from_agency(play, BIRTH, await corrected(play, version(2)))
    await seen(play, lambda s: told(s, FollowUpKind.REPLACEMENT), "the agencies are told")
    await from_agency(play, BIRTH, await corrected(play, version(3)))
    async with asyncio.timeout(_PATIENCE):
        outcome = await replacement(play, 1).result()
    assert all(one.unnecessary for one in outcome.agencies)
    for leg in (RESIDENCE, HEALTH):
        await acknowledged(play, leg, version(3))
    async with asyncio.timeout(_PATIENCE):
        assert all(one.acknowledged_at for one in (await replacement(play, 2).result()).agencies)
    again = sent(await seen(play, lambda s: not s.replacements[1].awaited, "acknowledged"), DispatchKind.RESULT)
    assert [d.supersedes for d in again if d.channel is System.DOCUMENTS] == [FIRST.sha256, version(2).sha256]


async def test_wrong_corrections_after_the_conclusion_start_nothing(play: Play) -> None:
    await concluded(play)

    async def refusal(leg: str, fact: Any, **fields: Any) -> FactRefusal:
        with pytest.raises(FactRefused) as error:
            await delivered(play, await play.event(leg, fact, **fields))
        return error.value.reason

    assert await refusal(BIRTH, await corrected(play, version(2)), source=System.RESIDENCE) is FactRefusal.WRONG_SENDER
    assert await refusal(BIRTH, await corrected(play, version(2)), provincial_code="X") is FactRefusal.WRONG_DOSSIER
    card = version(2, DocumentKind.IDENTITY_CARD)
    assert await refusal(BIRTH, await corrected(play, card)) is FactRefusal.NOT_AWAITED
    unasked = Acknowledged(at=await play.now(), sha256=version(2).sha256)
    assert await refusal(RESIDENCE, unasked) is FactRefusal.NOT_AWAITED
    second = ResultDocument(at=await play.now(), documents=(version(2),))
    assert await refusal(BIRTH, second) is FactRefusal.ENDED
    assert (await from_agency(play, BIRTH, await corrected(play, FIRST))).repeated, "live already"
    stored = play.ledger.view(play.code)
    assert stored is not None
    assert stored.replacements == ()


@pytest.mark.rule("8.recovered")
async def test_a_replacement_that_never_started_is_started_by_recovery(play: Play) -> None:
    """The process that opened it in the ledger died before it started its workflow."""
    await concluded(play)
    event = await play.event(BIRTH, await corrected(play, version(2)))
    play.ledger.open_replacement(event, await play.now())
    recovery = await play.replacements()
    assert await recovery.recover(play.env.client) == (f"{play.code}/replacement/1",)
    assert await recovery.recover(play.env.client) == ()
    await seen(play, lambda s: told(s, FollowUpKind.REPLACEMENT), "the agencies are told")
    assert (await delivered(play, event)).text.endswith("/replacement/1."), "the message itself, sent again"


@pytest.mark.rule("6.1-running-dossiers", "7.replacement-acknowledged")
async def test_a_calendar_announced_anew_moves_the_limit(play: Play, tmp_path: Path) -> None:
    """Monday 23/11 becomes a day off and Saturday 28/11 a working day while the agencies are waited for."""
    await play.declare("plain", DECLARED)
    await play.register()
    await play.complete(RESIDENCE)
    await play.receive(HEALTH)
    await correct(play, version(2))
    await play.see(lambda v: bool(v.replacements and v.replacements[0].due), "a limit")
    await announce(play, tmp_path)
    moved = moment("2026-11-28 17:00:00")
    await play.see(lambda v: any(one.due and one.due.at == moved for one in v.replacements), "the limit moved")


async def test_word_of_a_calendar_and_wrong_signals_reach_a_replacement_too(play: Play, tmp_path: Path) -> None:
    await concluded(play)
    await from_agency(play, BIRTH, await corrected(play, version(2)))
    await seen(play, lambda s: told(s, FollowUpKind.REPLACEMENT), "the agencies are told")
    own = replacement(play, 1)
    await own.signal("agency_event", "đã thay")
    await own.signal(SUPERSEDED)
    await own.signal("no such signal", 1)
    file = tmp_path / "calendar.csv"
    file.write_text(ANNOUNCED, "utf-8")
    play.law.calendar = load_calendar(file)
    await own.signal(CALENDAR_CHANGED)
    moved = moment("2026-11-28 17:00:00")
    await seen(play, lambda s: s.replacements[0].due and s.replacements[0].due.at == moved, "the limit moved")
    assert (await as_it_stands(play, 1)).refused_signals == 3
    refusals = play.ledger.entries(code=play.code, who=SIGNAL, what=Action.FACT_REFUSED)
    assert sorted(entry.detail["kind"] for entry in refusals) == ["agency_event", SUPERSEDED, "unknown_signal"]
    wrong = Acknowledged(at=await play.now(), sha256=version(2).sha256)
    event = await play.event(RESIDENCE, wrong, source=System.SOCIAL_INSURANCE)
    with refused(FactRefusal.WRONG_SENDER):
        await own.execute_update("agency_event", event, id="wrong")
    with refused(FactRefusal.ENDED):
        await own.execute_update("agency_event", await play.event(BIRTH, Received(at=await play.now())), id="late")


# --- A death ---------------------------------------------------------------------------------------------------------

EXTRACT, BENEFIT_ENDED = DocumentKind.DEATH_EXTRACT, DocumentKind.BENEFIT_END_DECISION
WRONG_DAY = {"number": "2/2026", "text": "Sai ngày chết."}


@pytest.mark.rule("7.replacement", "7.replacement-acknowledged", "8.superseded", "8.superseded-told", "5.80-plus")
async def test_a_wrong_date_of_death_is_put_right_wherever_the_extract_went(play: Play) -> None:
    """In the midst of the 80+ chain, and again long after: residence, insurance, social affairs, each says so."""
    await play.declare_death("aged-80", DECLARED)
    await play.extract()
    await play.complete(DEREGISTRATION)
    await play.receive(BENEFIT_END)
    await correct(play, version(2, EXTRACT), leg=DEATH, **WRONG_DAY)
    await play.complete_decision(BENEFIT_END)
    message = await play.sent(FUNERAL_SUPPORT)
    assert {document.sha256 for document in message.documents} >= {
        version(2, EXTRACT).sha256,
        result(BENEFIT_ENDED).sha256,
    }
    assert result(EXTRACT) not in message.documents, "who gets its part later gets the new version only"
    assert message.registration_number == "2/2026"
    for leg in (DEREGISTRATION, BENEFIT_END):
        await acknowledge(play, leg, version(2, EXTRACT))
    await play.complete(FUNERAL_SUPPORT)
    await play.see(lambda view: view.stage is DossierStage.CONCLUDED, "concluded")
    stored = await play.written()
    assert [leg for leg, _ in told(stored, FollowUpKind.REPLACEMENT)] == [DEREGISTRATION, BENEFIT_END]
    [notice] = notices(stored, Notice.RESULT_REPLACED)
    assert "đã cấp lại Trích lục khai tử, số 2/2026" in notice
    assert "Lý do: Sai ngày chết." in notice

    await from_agency(play, DEATH, await corrected(play, version(3, EXTRACT), number="3/2026"))
    everybody = [DEREGISTRATION, BENEFIT_END, FUNERAL_SUPPORT]
    stored = await seen(play, lambda s: len(told(s, FollowUpKind.REPLACEMENT)) == 5, "the agencies are told")
    assert [leg for leg, _ in told(stored, FollowUpKind.REPLACEMENT)][2:] == everybody
    for leg in everybody:
        await acknowledged(play, leg, version(3, EXTRACT))
    async with asyncio.timeout(_PATIENCE):
        outcome = await replacement(play, 2).result()
    assert {one.leg: one.acknowledged_at is not None for one in outcome.agencies} == dict.fromkeys(everybody, True)

    await from_agency(play, BENEFIT_END, await corrected(play, version(2, BENEFIT_ENDED)))
    stored = await seen(play, lambda s: len(told(s, FollowUpKind.REPLACEMENT)) == 7, "the others are told")
    assert [leg for leg, _ in told(stored, FollowUpKind.REPLACEMENT)][5:] == [DEATH, FUNERAL_SUPPORT]
    history = await replacement(play, 2).fetch_history()
    await Replayer(workflows=[], plugins=[LienthongPlugin()]).replay_workflow(history)
