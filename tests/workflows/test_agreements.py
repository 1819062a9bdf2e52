"""After silence: a written agreement, a late answer, or neither; people out of reach; answers at a desk (§10, LAW A.7).

The sample child is registered at its grandparents' home: grandfather is the householder, grandmother owns the dwelling.
Asked on Thursday 19/11/2026, they have until 27/11 (24/11 is off), an agreement until Friday 4/12.
"""

from pathlib import Path
from typing import Any

import pytest

from models.clock import ClockEntryKind
from models.documents import Document, DocumentKind, describe
from models.dossier import Consent, ConsentState, DossierOutcome, DossierView, Evidence, LegOutcome, LegStage
from models.facts import Accepted, AgreementProvided, Answer, AttestedConsent, FactRefusal
from models.publication import Notice
from tests.workflows.harness import Play, notices, refused
from tests.workflows.inputs import BIRTH, HEALTH, PDF, RESIDENCE, free, moment
from tests.workflows.test_consents import FATHER, GRANDFATHER, GRANDMOTHER, MOTHER, at_the_grandparents_home
from tests.workflows.test_retiming import announce

AFTER_THE_LIMIT = moment("2026-11-28 00:00:01")
AGREEMENT_ENDS = moment("2026-12-05 00:00:00")


def paper(kind: DocumentKind = DocumentKind.CONSENT_AGREEMENT) -> Document:
    return describe(kind, "dong-y.pdf", PDF)


async def agree(play: Play, *signed_by: str, **fields: Any) -> Accepted:
    """The citizen hands in an agreement these people have signed, some fields of the message replaced."""
    message = {
        "message_id": play.message_id(),
        "dossier_code": play.code,
        "leg": RESIDENCE,
        "signed_by": signed_by,
        "document": paper(),
        "at": await play.now(),
    }
    return await play.tell(AgreementProvided(**{**message, **fields}))


async def attest(play: Play, person: str, answer: Any = Answer.GRANTED, **fields: Any) -> Accepted:
    """An official takes a person's answer at a desk, some fields of the message replaced."""
    message = {
        "message_id": play.message_id(),
        "dossier_code": play.code,
        "leg": RESIDENCE,
        "personal_id": person,
        "answer": answer,
        "official": "cb-12",
        "office": "MC-00004",
        "attestation": paper(DocumentKind.CONSENT_ATTESTATION),
        "at": await play.now(),
    }
    return await play.tell(AttestedConsent(**{**message, **fields}))


def consent_of(view: DossierView, person: str) -> Consent:
    return next(c for c in view.legs[1].consents if c.person.personal_id == person)


async def both_asked(play: Play) -> None:
    """Everything but the consents is done on Thursday 19/11."""
    await at_the_grandparents_home(play)
    await play.asked(RESIDENCE, 2)
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    await play.complete(HEALTH)


async def nobody_has_answered(play: Play) -> DossierView:
    """Friday 27/11 is over."""
    await both_asked(play)
    await play.until(AFTER_THE_LIMIT)
    return await play.see(lambda view: all(c.agreement for c in view.legs[1].consents), "agreements are awaited")


@pytest.mark.rule("10.consent-agreement-offered", "6.6-agreement")
async def test_the_citizen_is_told_at_once_of_the_agreement_and_of_its_last_day(play: Play) -> None:
    view = await nobody_has_answered(play)
    assert view.legs[1].stage is LegStage.WAITING_AGREEMENT
    assert {c.state for c in view.legs[1].consents} == {ConsentState.EXPIRED}
    assert {c.limit_ends_at for c in view.legs[1].consents} == {AGREEMENT_ENDS}
    [told] = await play.told(Notice.AGREEMENT_NEEDED)
    assert "Chủ hộ, Chủ sở hữu chỗ ở hợp pháp chưa trả lời" in told
    assert "trước 24 giờ ngày thứ Sáu 4/12/2026" in told
    assert "Đoàn" not in told


@pytest.mark.rule("6.5-group-stops", "6.6-agreement")
async def test_an_agreement_of_all_replaces_their_consents_and_the_leg_goes_on(play: Play) -> None:
    await nobody_has_answered(play)
    await play.until(moment("2026-12-01 10:00:00"))
    await agree(play, GRANDFATHER, GRANDMOTHER, at=moment("2026-12-01 09:30:00"))
    message = await play.sent(RESIDENCE)
    assert [(c.personal_id, c.evidence, c.proof) for c in message.consents] == [
        (GRANDFATHER, Evidence.AGREEMENT, paper()),
        (GRANDMOTHER, Evidence.AGREEMENT, paper()),
    ]
    assert [d for d in message.documents if d.kind is DocumentKind.CONSENT_AGREEMENT] == [paper()]
    view = await play.view()
    assert {c.state for c in view.legs[1].consents} == {ConsentState.REPLACED}
    assert view.clock is not None
    last = view.clock.entries[-1]
    assert (last.kind, last.at) == (ClockEntryKind.RESUMED, moment("2026-12-01 09:30:00"))
    await play.complete(RESIDENCE)
    assert (await play.ended()).outcome is DossierOutcome.COMPLETED
    stored = await play.written()
    assert paper() in [kept.document for kept in stored.documents]
    [told] = notices(stored, Notice.AGREEMENT_TAKEN)
    assert "văn bản đồng ý của Chủ hộ, Chủ sở hữu chỗ ở hợp pháp" in told
    assert notices(stored, Notice.LEG_CONSENT_EXPIRED) == []


async def test_an_agreement_that_is_ready_need_not_wait_for_the_silence(play: Play) -> None:
    await both_asked(play)
    await agree(play, GRANDFATHER)
    await play.consent(RESIDENCE, GRANDMOTHER)
    evidence = {c.personal_id: c.evidence for c in (await play.sent(RESIDENCE)).consents}
    assert evidence == {GRANDFATHER: Evidence.AGREEMENT, GRANDMOTHER: Evidence.VNEID}


@pytest.mark.rule("10.consent-late")
async def test_a_late_consent_still_counts(play: Play) -> None:
    await nobody_has_answered(play)
    await play.until(moment("2026-12-04 23:59:40"))
    await agree(play, GRANDMOTHER)
    await play.consent(RESIDENCE, GRANDFATHER)
    await play.sent(RESIDENCE)
    view = await play.view()
    late = consent_of(view, GRANDFATHER)
    assert (late.state, late.evidence, late.late) == (ConsentState.GRANTED, Evidence.VNEID, True)


@pytest.mark.rule("10.consent-declined")
async def test_a_late_no_is_a_no(play: Play) -> None:
    await nobody_has_answered(play)
    await play.consent(RESIDENCE, GRANDFATHER, Answer.DECLINED)
    outcome = await play.ended()
    assert outcome.legs[1].outcome is LegOutcome.CONSENT_DECLINED
    stored = await play.written()
    [told] = notices(stored, Notice.LEG_CONSENT_DECLINED)
    assert "Chủ hộ không đồng ý" in told
    assert notices(stored, Notice.LEG_CONSENT_EXPIRED) == []


@pytest.mark.rule("10.consent-expired", "6.6-agreement", "6.6-midnight")
async def test_with_neither_only_that_leg_ends_at_midnight_and_not_as_declined(play: Play) -> None:
    await nobody_has_answered(play)
    await play.consent(RESIDENCE, GRANDFATHER)
    await play.until(moment("2026-12-04 23:59:40"))
    assert (await play.leg(RESIDENCE)).stage is LegStage.WAITING_AGREEMENT
    outcome = await play.ended()
    residence = outcome.legs[1]
    assert residence.outcome is LegOutcome.CONSENT_EXPIRED
    assert residence.ended_at is not None
    assert moment("2026-12-04 23:59:59.999") <= residence.ended_at < moment("2026-12-05 00:00:05")
    assert outcome.outcome is DossierOutcome.PARTLY_COMPLETED
    assert [leg.outcome for leg in outcome.legs] == [
        LegOutcome.COMPLETED,
        LegOutcome.CONSENT_EXPIRED,
        LegOutcome.COMPLETED,
    ]
    stored = await play.written()
    [told] = notices(stored, Notice.LEG_CONSENT_EXPIRED)
    assert "hết hạn xác nhận mà Chủ sở hữu chỗ ở hợp pháp chưa trả lời" in told
    assert notices(stored, Notice.LEG_CONSENT_DECLINED) == []


async def test_out_of_reach_opens_the_agreement_at_once_with_a_limit_of_its_own(play: Play) -> None:
    """Heard on Friday 20/11: 23, 25, 26, 27 and 30/11 are the five days."""
    await both_asked(play)
    await play.until(moment("2026-11-20 16:00:00"))
    await play.consent(RESIDENCE, GRANDMOTHER, Answer.UNREACHABLE)
    view = await play.see(lambda v: consent_of(v, GRANDMOTHER).agreement is not None, "an agreement is awaited")
    assert consent_of(view, GRANDMOTHER).state is ConsentState.UNREACHABLE
    assert consent_of(view, GRANDMOTHER).limit_ends_at == moment("2026-12-01 00:00:00")
    assert view.legs[1].stage is LegStage.WAITING_CONSENTS, "the other is still asked"
    [told] = await play.told(Notice.CONSENT_UNREACHABLE)
    assert "không liên lạc được với Chủ sở hữu chỗ ở hợp pháp" in told
    assert "trước 24 giờ ngày thứ Hai 30/11/2026" in told
    await play.consent(RESIDENCE, GRANDFATHER)
    await play.see(lambda v: v.legs[1].stage is LegStage.WAITING_AGREEMENT, "only an agreement is awaited")
    outcome = await play.ended()
    assert outcome.legs[1].outcome is LegOutcome.CONSENT_EXPIRED
    assert outcome.legs[1].ended_at is not None
    assert outcome.legs[1].ended_at < moment("2026-12-01 00:00:05")
    [told] = notices(await play.written(), Notice.LEG_CONSENT_EXPIRED)
    assert "VNeID không liên lạc được với Chủ sở hữu chỗ ở hợp pháp" in told
    assert "chưa trả lời" not in told


async def test_where_any_parent_may_agree_one_signature_is_enough(play: Play) -> None:
    declarant = free("grandparents-home", moment("2026-11-19 09:00:00").date()).applicant.model_dump(mode="json")
    declarant |= {"full_name": "Kiều Thị Nội", "personal_id": GRANDMOTHER, "relation": "paternal_grandmother"}
    await at_the_grandparents_home(play, applicant=declarant)
    await play.asked(RESIDENCE, 3)
    await play.consent(RESIDENCE, GRANDFATHER)
    for parent in (MOTHER, FATHER):
        await play.consent(RESIDENCE, parent, Answer.UNREACHABLE)
    await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
    await agree(play, MOTHER)
    evidence = {c.personal_id: c.evidence for c in (await play.sent(RESIDENCE)).consents}
    assert evidence == {GRANDFATHER: Evidence.VNEID, MOTHER: Evidence.AGREEMENT}
    with refused(FactRefusal.OUT_OF_TURN):
        await agree(play, FATHER)


async def test_wrong_agreements_are_refused_and_lose_nothing(play: Play) -> None:
    await play.declare("grandparents-home", "2026-11-19 09:00:00")
    await play.sent(BIRTH)
    with refused(FactRefusal.OUT_OF_TURN):
        await agree(play, GRANDFATHER)
    await play.receive(BIRTH)
    await play.asked(RESIDENCE, 2)
    for signers in ((MOTHER,), (GRANDFATHER, FATHER), ("001194000001",)):
        with refused(FactRefusal.WRONG_PERSON):
            await agree(play, *signers)
    with refused(FactRefusal.WRONG_PERSON):
        await agree(play, GRANDFATHER, leg=HEALTH)
    for kind in (DocumentKind.PARENT_AGREEMENT, DocumentKind.CONSENT_ATTESTATION):
        with refused(FactRefusal.NOT_AWAITED):
            await agree(play, GRANDFATHER, document=paper(kind))
    with refused(FactRefusal.IN_FUTURE):
        await agree(play, GRANDFATHER, at=moment("2026-11-20 09:00:00"))
    await play.consent(RESIDENCE, GRANDFATHER)
    with refused(FactRefusal.ALREADY_ANSWERED):
        await agree(play, GRANDFATHER, MOTHER)
    view = await play.view()
    assert [c.state for c in view.legs[1].consents] == [ConsentState.GRANTED, ConsentState.ASKED]
    await play.consent(RESIDENCE, GRANDMOTHER, Answer.DECLINED)
    await play.see(lambda view: view.legs[1].ended, "the residence leg has ended")
    with refused(FactRefusal.ENDED):
        await agree(play, GRANDMOTHER)


async def test_an_answer_at_a_desk_counts_and_is_marked_as_weaker_evidence(play: Play) -> None:
    await both_asked(play)
    with refused(FactRefusal.NOT_AWAITED):
        await attest(play, GRANDFATHER, attestation=paper())
    with refused(FactRefusal.WRONG_PERSON):
        await attest(play, MOTHER)
    await attest(play, GRANDFATHER)
    with refused(FactRefusal.ALREADY_ANSWERED):
        await play.consent(RESIDENCE, GRANDFATHER, Answer.DECLINED)
    await play.consent(RESIDENCE, GRANDMOTHER)
    message = await play.sent(RESIDENCE)
    desk, vneid = message.consents
    assert (desk.personal_id, desk.evidence, vneid.evidence) == (GRANDFATHER, Evidence.DESK, Evidence.VNEID)
    assert desk.evidence.weaker
    assert not vneid.evidence.weaker
    assert desk.proof == paper(DocumentKind.CONSENT_ATTESTATION)
    assert desk.proof in message.documents
    assert desk.attested_by is not None
    assert (desk.attested_by.official, desk.attested_by.office) == ("cb-12", "MC-00004")


async def test_a_no_at_a_desk_is_a_no(play: Play) -> None:
    await both_asked(play)
    await attest(play, GRANDFATHER, Answer.DECLINED)
    assert (await play.ended()).legs[1].outcome is LegOutcome.CONSENT_DECLINED


@pytest.mark.rule("6.1-running-dossiers")
async def test_the_agreements_limit_moves_with_the_calendar(play: Play, tmp_path: Path) -> None:
    """Out of reach on Thursday 19/11: until 27/11; with 23/11 off and 28/11 worked, until Saturday 28/11."""
    await both_asked(play)
    await play.consent(RESIDENCE, GRANDMOTHER, Answer.UNREACHABLE)
    view = await play.see(lambda v: consent_of(v, GRANDMOTHER).agreement is not None, "an agreement is awaited")
    assert consent_of(view, GRANDMOTHER).limit_ends_at == moment("2026-11-28 00:00:00")
    await announce(play, tmp_path)
    moved = moment("2026-11-29 00:00:00")
    view = await play.see(lambda v: {c.limit_ends_at for c in v.legs[1].consents} == {moved}, "both limits have moved")
    assert consent_of(view, GRANDFATHER).remind_at[0] == moment("2026-11-25 08:00:00")
