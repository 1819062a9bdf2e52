"""An operator lets a leg go on without a certificate that is lost: the registration is attested instead (§6.9)."""

from typing import Any

import pytest

from models.details import details
from models.documents import DocumentKind
from models.dossier import DossierOutcome, LegStage
from models.facts import Accepted, FactKind, FactRefusal, GoOnWithoutCertificate
from models.messages import FollowUpKind
from models.publication import Notice
from models.systems import System
from tests.workflows.harness import Play, notices, refused
from tests.workflows.inputs import BIRTH, HEALTH, RESIDENCE, moment, result
from tests.workflows.lateness import chased, registered_without_certificate, told

ATTESTATION = result(DocumentKind.REGISTRATION_ATTESTATION)


def act(play: Play, leg: str, **fields: Any) -> GoOnWithoutCertificate:
    """An operator's word that the leg goes on, some fields of it replaced."""
    said = {
        "message_id": play.message_id(),
        "dossier_code": play.code,
        "leg": leg,
        "operator": "vh-07",
        "because": "Phần mềm hộ tịch mất bản điện tử",
        "official": "cb-12",
        "office": "MC-00004",
        "attestation": ATTESTATION,
    }
    return GoOnWithoutCertificate(**{**said, **fields})


async def go_on(play: Play, leg: str, **fields: Any) -> Accepted:
    """An operator lets the leg go on."""
    return await play.tell(act(play, leg, **{"at": await play.now(), **fields}))


async def test_a_leg_goes_on_with_the_attestation_and_the_certificate_is_still_asked_for(play: Play) -> None:
    await play.declare("plain", "2026-11-19 09:00:00")
    await play.receive(BIRTH)
    with refused(FactRefusal.OUT_OF_TURN):
        await go_on(play, RESIDENCE)
    await play.decide(BIRTH)
    with refused(FactRefusal.NOT_AWAITED):
        await go_on(play, BIRTH)
    with refused(FactRefusal.UNKNOWN_LEG):
        await go_on(play, "vaccination")
    with refused(FactRefusal.MALFORMED):
        await go_on(play, RESIDENCE, attestation=result(DocumentKind.RESIDENCE_PAPERS))

    accepted = await go_on(play, RESIDENCE, message_id="go-on-1")
    assert not accepted.repeated
    message = await play.sent(RESIDENCE)
    assert message.registration_number == f"{BIRTH}-1"
    kinds = {document.kind for document in message.documents}
    assert DocumentKind.REGISTRATION_ATTESTATION in kinds
    assert DocumentKind.BIRTH_CERTIFICATE not in kinds
    with refused(FactRefusal.ALREADY_ANSWERED):
        await go_on(play, RESIDENCE)
    await play.receive(RESIDENCE)

    await play.until(moment("2026-11-19 17:00:00"))
    view = await play.see(chased(0, 1), "the certificate asked for")
    assert next(leg.stage for leg in view.legs if leg.key == HEALTH) is LegStage.WAITING_PREREQUISITES
    [asked] = await told(play, FollowUpKind.RESULT_ASKED, System.PROVINCIAL)
    assert "Các thủ tục sau đang phải chờ." in asked.text, "the health card still waits"
    [done] = view.acts
    assert (done.operator, done.leg, done.evidence) == ("vh-07", RESIDENCE, (ATTESTATION,))
    assert "vh-07" in details(view)
    assert "mất bản điện tử" not in details(view), "what an operator writes may name people"

    await play.certify()
    await play.complete(HEALTH)
    await play.complete_decision(RESIDENCE)
    assert (await play.ended()).outcome is DossierOutcome.COMPLETED
    stored = await play.written()
    [after] = await told(play, FollowUpKind.COMPLETED, System.RESIDENCE)
    assert [document.kind for document in after.documents] == [DocumentKind.BIRTH_CERTIFICATE]
    [text] = notices(stored, Notice.LEG_GOES_ON)
    assert f"(số {BIRTH}-1) chưa có bản điện tử" in text
    assert "Giấy khai sinh" in "".join(notices(stored, Notice.LEG_COMPLETED)), "it goes to the citizen all the same"
    assert ATTESTATION.sha256 in {each.document.sha256 for each in stored.documents}
    assert len([sent for sent in play.world.legs if sent.leg == RESIDENCE]) == 1


async def test_all_legs_may_go_on_and_then_nothing_waits_for_the_certificate(play: Play) -> None:
    await registered_without_certificate(play, "2026-11-19 09:00:00")
    play.world.away.add(System.RESIDENCE)
    await go_on(play, RESIDENCE)
    heard = act(play, HEALTH, at=await play.now())
    await play.handle.signal(FactKind.GO_ON.value, heard)
    await play.handle.signal(FactKind.GO_ON.value, heard.model_copy(update={"message_id": "late"}))
    await play.complete(HEALTH)
    await play.until(moment("2026-11-19 17:00:00"))
    await play.see(chased(0, 1), "the certificate asked for")
    [asked] = await told(play, FollowUpKind.RESULT_ASKED, System.PROVINCIAL)
    assert "Các thủ tục sau" not in asked.text
    view = await play.view()
    assert ([done.leg for done in view.acts], view.refused_signals) == ([RESIDENCE, HEALTH], 1)
    with refused(FactRefusal.ENDED):
        await go_on(play, HEALTH)
    await play.certify()
    assert await told(play, FollowUpKind.COMPLETED, System.RESIDENCE) == [], "it does not have the part"
    play.world.away.clear()
    await play.until(moment("2026-11-19 18:00:00"))
    await play.complete(RESIDENCE)
    assert (await play.ended()).outcome is DossierOutcome.COMPLETED
    [after] = await told(play, FollowUpKind.COMPLETED, System.RESIDENCE)
    assert [document.kind for document in after.documents] == [DocumentKind.BIRTH_CERTIFICATE]
    assert await told(play, FollowUpKind.COMPLETED, System.SOCIAL_INSURANCE) == [], "it has decided without"


@pytest.mark.parametrize("missing", ["official", "office", "because", "operator", "attestation"])
def test_who_answers_for_it_and_why_is_owed(missing: str) -> None:
    said = {
        "message_id": "m1",
        "dossier_code": "G22.99.08-261119-000001",
        "leg": RESIDENCE,
        "operator": "vh-07",
        "because": "Mất bản điện tử",
        "official": "cb-12",
        "office": "MC-00004",
        "attestation": ATTESTATION,
        "at": moment("2026-11-19 09:00:00"),
    }
    assert GoOnWithoutCertificate.model_validate(said)
    with pytest.raises(ValueError, match=missing):
        GoOnWithoutCertificate.model_validate({name: value for name, value in said.items() if name != missing})
