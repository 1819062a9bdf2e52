"""Nothing that comes in by bytes arrives unjudged, and nobody brings a finding of their own along."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ledger.arrivals import expect_opaque_id, fact_from, judged
from ledger.documents import DocumentStore
from ledger.errors import DocumentMissing
from ledger.store import Ledger
from models.documents import Document, DocumentKind
from models.dossier import Leg, LegStage
from models.events import CloudEvent, EventType
from models.facts import (
    AgencyEvent,
    Corrected,
    Decided,
    FactRefusal,
    FactRefused,
    PaymentConfirmed,
    ResultDocument,
    SupplementProvided,
    digest_of,
)
from models.sealing import seal_rules
from models.signatures import Seal, SignatureOutcome
from tests.keys import MASTERS
from tests.ledger.builders import declared, demanded, died, keys_of, opened, published

AT = datetime(2026, 11, 19, 9, 0, tzinfo=UTC)
PDF = b"%PDF-1.4 a certificate"
FOUND = Seal(outcome=SignatureOutcome.BROKEN, signatures=1)
CLAIMED = {"outcome": "good", "signatures": 1}


class Findings:
    """A judge who always finds the same, and keeps what was shown."""

    def __init__(self) -> None:
        self.shown: list[tuple[DocumentKind, bytes]] = []

    def sealed(self, document: Document, content: bytes, sent_at: datetime | None) -> Document:
        """Found broken."""
        assert sent_at == AT
        self.shown.append((document.kind, content))
        return document.model_copy(update={"seal": FOUND})


def wire(kind: DocumentKind, **more: object) -> Mapping[str, object]:
    """A document as it travels."""
    content = base64.b64encode(PDF).decode()
    return {"kind": kind.value, "file_name": "a.pdf", "media_type": "application/pdf", "content": content, **more}


def event(fact: Mapping[str, Any]) -> CloudEvent:
    """An agency's event."""
    data = {"source": "provincial", "leg": "birth_registration", "fact": {"at": AT.isoformat(), **fact}}
    return CloudEvent(
        specversion="1.0", id="m1", source="provincial", type=EventType.AGENCY_EVENT, subject="G1", time=AT, data=data
    )


@pytest.mark.parametrize("kind", seal_rules())
@pytest.mark.parametrize(
    "fact", [{"kind": "decided", "number": "1"}, {"kind": "result_document"}, {"kind": "corrected"}]
)
def test_every_result_that_comes_with_its_bytes_is_judged(
    fact: Mapping[str, Any], kind: DocumentKind, tmp_path: Path
) -> None:
    judge = Findings()
    heard = fact_from(event({**fact, "documents": [wire(kind)]}), DocumentStore(tmp_path, MASTERS), judge)
    assert isinstance(heard, AgencyEvent)
    assert isinstance(heard.fact, Decided | ResultDocument | Corrected)
    assert ([one.seal for one in heard.fact.documents], judge.shown) == ([FOUND], [(kind, PDF)])


@pytest.mark.parametrize(
    "named",
    [
        wire(DocumentKind.BIRTH_CERTIFICATE, seal=CLAIMED),
        {"kind": "birth_certificate", "sha256": "0" * 64, "size": 1, "seal": CLAIMED},
        {"kind": "birth_certificate", "sha256": "0" * 64, "seal": CLAIMED},
    ],
    ids=["beside the content", "in place of it", "without its size"],
)
def test_no_finding_comes_along(named: Mapping[str, object], tmp_path: Path) -> None:
    with pytest.raises(FactRefused) as refusal:
        fact_from(
            event({"kind": "result_document", "documents": [named]}), DocumentStore(tmp_path, MASTERS), Findings()
        )
    assert refusal.value.reason is FactRefusal.MALFORMED


def test_an_event_by_hand_is_judged_by_the_bytes_in_the_store(tmp_path: Path) -> None:
    store = DocumentStore(tmp_path, MASTERS)
    claimed = Seal(outcome=SignatureOutcome.GOOD, signatures=1)
    known = store.put(PDF, DocumentKind.BIRTH_CERTIFICATE, "a.pdf").model_copy(update={"seal": claimed})
    unknown = known.model_copy(update={"sha256": "0" * 64})

    def by_hand(document: Document) -> AgencyEvent:
        fact = ResultDocument(at=AT, documents=(document,))
        return AgencyEvent(message_id="m1", source="provincial", dossier_code="G1", leg="birth_registration", fact=fact)

    heard = judged(by_hand(known), store, Findings())
    assert isinstance(heard.fact, ResultDocument)
    assert heard.fact.documents[0].seal == FOUND
    assert digest_of(heard) == digest_of(by_hand(known)), "a finding does not make another message of it"
    assert digest_of(heard) != digest_of(by_hand(unknown))
    with pytest.raises(DocumentMissing):
        judged(by_hand(unknown), store, Findings())


def paid(code: str, message_id: str) -> PaymentConfirmed:
    """A confirmation: nothing in it is about a person."""
    return PaymentConfirmed(message_id=message_id, dossier_code=code, amount_vnd=8000, receipt_number="BL-1", at=AT)


def test_an_id_names_nobody_of_its_dossier_and_may_be_any_other_number(ledger: Ledger) -> None:
    """An id stays readable in Temporal and on the trail for ever, also once the dossier was erased."""
    born = opened(ledger, declared(submission_id="202611190012"))
    dead = opened(ledger, died("insurance-monthly"))
    before = declared()
    corrected = declared(applicant=before.applicant.model_copy(update={"personal_id": "001194000999"}).model_dump())
    revision = demanded(born, 1).revisions[0].model_copy(update={"declaration": corrected})
    child = Leg(key="birth_registration", stage=LegStage.ENDED, identity_number="001326000077")
    registered = published(born, 1, legs=(child,), revisions=(revision,))
    ledger.publish(registered, (), keys_of(registered))
    father = declared().father
    assert father
    assert father.personal_id
    for named in (before.applicant.personal_id, father.personal_id, "001194000999", "001326000077"):
        with pytest.raises(FactRefused) as refusal:
            expect_opaque_id(paid(born, f"{named}-2026"), ledger)
        assert named not in refusal.value.text
    for named in ("0100000011", "1900901101", "0912901103"):  # insurance, account or phone of this family
        with pytest.raises(FactRefused):
            expect_opaque_id(paid(dead, f"BHXH.{named}"), ledger)
    for opaque in ("202611190012-1", "001194123456", "9f1c0119-4000-4013-a000-001194000012", "0000000000001", "m1"):
        expect_opaque_id(paid(born, opaque), ledger)
        expect_opaque_id(paid("G22.99.08-261110-999999", opaque), ledger)


class Asked:
    """A ledger in which no dossier names anybody, and what it was asked."""

    def __init__(self) -> None:
        self.codes: list[str] = []

    def numbers_of_people(self, code: str) -> tuple[str, ...]:
        """None."""
        self.codes.append(code)
        return ()


def test_an_id_without_a_long_number_costs_no_look_and_corrections_name_people_too() -> None:
    people = Asked()
    expect_opaque_id(paid("G1", "BL-2026-11-19/12345678"), people)
    assert people.codes == []
    given = SupplementProvided(
        message_id="bs-001194000999",
        dossier_code="G1",
        leg="residence_registration",
        corrections={"residence_registration.householder.personal_id": "001194000999"},
        at=AT,
    )
    with pytest.raises(FactRefused):
        expect_opaque_id(given, people)
