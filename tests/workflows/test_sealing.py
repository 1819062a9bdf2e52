"""Results whose signatures are not as they should be: refused to the agency, or taken and shown (issue 6, item 5)."""

from models.details import details
from models.documents import Document, DocumentKind
from models.dossier import DossierOutcome, LegStage
from models.facts import AgencyEvent, Decided, FactKind, FactRefusal, ResultDocument
from models.messages import DispatchKind, FollowUpKind
from models.sealing import treated
from models.signatures import Seal, SignatureOutcome
from models.systems import System
from tests.workflows.harness import Play, refused
from tests.workflows.inputs import BIRTH, HEALTH, IDENTITY_NUMBER, RESIDENCE, moment, result
from tests.workflows.lateness import chased, registered_without_certificate, told
from tests.workflows.test_replacements import correct, version

THURSDAY = "2026-11-19 09:00:00"
BROKEN, GOOD = SignatureOutcome.BROKEN, SignatureOutcome.GOOD


def sealed(document: Document, outcome: SignatureOutcome, signatures: int = 1) -> Document:
    """The document, judged so."""
    return document.model_copy(update={"seal": treated(document.kind, Seal(outcome=outcome, signatures=signatures))})


CERTIFICATE = result(DocumentKind.BIRTH_CERTIFICATE)


async def result_document(play: Play, *documents: Document) -> ResultDocument:
    """These results, now."""
    return ResultDocument(at=await play.now(), documents=documents)


async def test_a_broken_certificate_is_refused_counted_and_asked_for_until_a_good_one_comes(play: Play) -> None:
    await registered_without_certificate(play, THURSDAY)
    event = AgencyEvent(
        message_id="tep-hong",
        source=System.PROVINCIAL,
        dossier_code=play.code,
        leg=BIRTH,
        fact=await result_document(play, sealed(CERTIFICATE, BROKEN)),
    )
    for _ in range(2):
        with refused(FactRefusal.BADLY_SIGNED):
            await play.tell(event)
    view = await play.view()
    assert (view.legs[0].stage, view.legs[0].documents) == (LegStage.WAITING_DOCUMENT, ())
    assert len(view.legs[0].refused_papers) == 1, "the same message counts once"
    assert "1 bản điện tử không được nhận" in details(view)

    await play.until(moment("2026-11-19 17:00:01"))
    await play.see(chased(0, 1), "asked")
    [asked] = await told(play, FollowUpKind.RESULT_ASKED, System.PROVINCIAL)
    assert "chữ ký số không khớp với nội dung" in asked.text

    await play.agency(BIRTH, await result_document(play, sealed(CERTIFICATE, GOOD)))
    await play.complete(RESIDENCE, HEALTH)
    assert (await play.ended()).outcome is DossierOutcome.COMPLETED


async def test_a_decision_stands_without_the_paper_that_is_not_taken(play: Play) -> None:
    await play.declare("plain", THURSDAY)
    await play.receive(BIRTH)
    decision = Decided(
        at=await play.now(),
        number="21/2026",
        identity_number=IDENTITY_NUMBER,
        documents=(sealed(CERTIFICATE, SignatureOutcome.NONE),),
    )
    accepted = await play.agency(BIRTH, decision)
    assert "Không nhận bản điện tử (Giấy khai sinh: chưa ký số)." in accepted.text
    assert "PDF do người có thẩm quyền ký số" in accepted.text
    leg = (await play.view()).legs[0]
    assert (leg.number, leg.identity_number, leg.documents) == ("21/2026", IDENTITY_NUMBER, ())
    assert [paper.document for paper in leg.refused_papers] == list(decision.documents)

    again = decision.model_copy(update={"documents": (sealed(version(2), BROKEN),)})
    with refused(FactRefusal.BADLY_SIGNED):
        await play.agency(BIRTH, again)
    assert len((await play.view()).legs[0].refused_papers) == 2
    well = decision.model_copy(update={"documents": (sealed(version(3), GOOD),)})
    await play.agency(BIRTH, well)
    assert (await play.view()).legs[0].documents == well.documents, "a decision said again brings the paper it lacked"


async def test_a_doubtful_certificate_is_taken_and_the_operator_and_the_province_see_it(play: Play) -> None:
    await registered_without_certificate(play, THURSDAY)
    await play.agency(BIRTH, await result_document(play, sealed(CERTIFICATE, SignatureOutcome.UNTRUSTED)))
    await play.receive(RESIDENCE)
    await play.decide(RESIDENCE, DocumentKind.RESIDENCE_NOTICE)
    await play.complete(HEALTH)
    await play.ended()
    view = await play.view()
    assert "cần xem lại chữ ký số: Giấy khai sinh: chữ ký số đúng nhưng chứng thư số không được tin cậy" in details(
        view
    )
    results = [n.dispatch for n in (await play.written()).notices if n.dispatch.kind is DispatchKind.RESULT]
    texts = {(one.channel, one.document_kind): one.text for one in results if one.text}
    assert list(texts) == [(System.PROVINCIAL, DocumentKind.BIRTH_CERTIFICATE)]
    assert "không được tin cậy" in texts[System.PROVINCIAL, DocumentKind.BIRTH_CERTIFICATE]


async def test_a_badly_signed_correction_replaces_nothing(play: Play) -> None:
    await play.declare("plain", THURSDAY)
    await play.register()
    with refused(FactRefusal.BADLY_SIGNED):
        await correct(play, sealed(version(2), BROKEN))
    view = await play.view()
    assert (view.replacements, len(view.legs[0].refused_papers)) == ((), 1)
    await correct(play, sealed(version(2), GOOD, signatures=2))
    view = await play.view()
    assert len(view.replacements) == 1
    assert "2 chữ ký" in details(view)


async def test_a_finding_that_has_changed_does_not_make_a_repeated_message_another(play: Play) -> None:
    await registered_without_certificate(play, THURSDAY)
    fact = await result_document(play, sealed(CERTIFICATE, GOOD))
    later = fact.model_copy(update={"documents": (sealed(CERTIFICATE, SignatureOutcome.UNTRUSTED),)})
    for said in (fact, later):
        await play.tell(
            AgencyEvent(message_id="mot-lan", source=System.PROVINCIAL, dossier_code=play.code, leg=BIRTH, fact=said)
        )
    assert (await play.view()).legs[0].documents == fact.documents


async def test_a_signal_names_papers_by_digest_only_and_is_taken_at_its_word(play: Play) -> None:
    """Who may speak to Temporal directly is trusted: nobody has seen bytes, and nothing is said of them."""
    await registered_without_certificate(play, THURSDAY)
    event = AgencyEvent(
        message_id="tin-hieu",
        source=System.PROVINCIAL,
        dossier_code=play.code,
        leg=BIRTH,
        fact=await result_document(play, CERTIFICATE),
    )
    await play.handle.signal(FactKind.AGENCY_EVENT.value, event)
    view = await play.see(lambda view: bool(view.legs[0].documents), "the certificate")
    assert view.legs[0].documents[0].seal is None
