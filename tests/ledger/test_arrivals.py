"""Nothing that comes in by bytes arrives unjudged, and nobody brings a finding of their own along."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ledger.arrivals import Enclosed, expect_opaque_id, fact_from, judged
from ledger.documents import DocumentStore
from ledger.errors import DocumentMissing
from models.documents import Document, DocumentKind
from models.events import CloudEvent, EventType
from models.facts import (
    AgencyEvent,
    Corrected,
    Decided,
    FactRefusal,
    FactRefused,
    ResultDocument,
    SupplementProvided,
    digest_of,
)
from models.sealing import seal_rules
from models.signatures import Seal, SignatureOutcome
from tests.keys import MASTERS
from tests.ledger.builders import kept

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
    heard = fact_from(event({**fact, "documents": [wire(kind)]}), Enclosed(DocumentStore(tmp_path, MASTERS)), judge)
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
    enclosed = Enclosed(DocumentStore(tmp_path, MASTERS))
    with pytest.raises(FactRefused) as refusal:
        fact_from(event({"kind": "result_document", "documents": [named]}), enclosed, Findings())
    assert refusal.value.reason is FactRefusal.MALFORMED


def test_an_event_by_hand_is_judged_by_the_bytes_in_the_store(tmp_path: Path) -> None:
    store = DocumentStore(tmp_path, MASTERS)
    claimed = Seal(outcome=SignatureOutcome.GOOD, signatures=1)
    known = kept(store, PDF, DocumentKind.BIRTH_CERTIFICATE).model_copy(update={"seal": claimed})
    unknown = known.model_copy(update={"sha256": "0" * 64})

    def by_hand(document: Document) -> AgencyEvent:
        fact = ResultDocument(at=AT, documents=(document,))
        return AgencyEvent(message_id="m1", source="provincial", dossier_code="G1", leg="birth_registration", fact=fact)

    heard = judged(by_hand(known), Enclosed(store), Findings())
    assert isinstance(heard.fact, ResultDocument)
    assert heard.fact.documents[0].seal == FOUND
    assert digest_of(heard) == digest_of(by_hand(known)), "a finding does not make another message of it"
    assert digest_of(heard) != digest_of(by_hand(unknown))
    with pytest.raises(DocumentMissing):
        judged(by_hand(unknown), Enclosed(store), Findings())


def test_an_id_names_nobody_of_its_message() -> None:
    """An id stays readable in Temporal and on the trail for ever, also once the dossier was erased."""
    given = SupplementProvided(
        message_id="bs-001194000999",
        dossier_code="G1",
        leg="residence_registration",
        corrections={"residence_registration.householder.personal_id": "001194000999"},
        at=AT,
    )
    with pytest.raises(FactRefused):
        expect_opaque_id(given)
    expect_opaque_id(given.model_copy(update={"message_id": "bs-001194000998"}))
