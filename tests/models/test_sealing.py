"""What each finding about signatures means: data, for every result there is."""

import pytest

from models.documents import DocumentKind
from models.groups import Group
from models.law import all_packs
from models.sealing import doubtful_papers, refusal_words, refused_papers, seal_rules, seal_words, treated
from models.signatures import Seal, SignatureOutcome, Treatment
from tests.models.cases import document

CERTIFICATE, EXTRACT = DocumentKind.BIRTH_CERTIFICATE, DocumentKind.DEATH_EXTRACT


def test_every_result_of_every_leg_is_judged() -> None:
    groups = [pack.group(group) for pack in all_packs() for group in Group]
    results = {kind for group in groups for leg in group.legs.values() for kind in leg.results}
    assert CERTIFICATE in results
    assert results == seal_rules().keys()


def test_each_reading_of_ours_is_marked() -> None:
    assert all("[choice]" in rule.basis for rule in seal_rules().values())


@pytest.mark.parametrize("kind", [CERTIFICATE, EXTRACT])
@pytest.mark.parametrize(
    ("outcome", "signatures", "treatment"),
    [
        (SignatureOutcome.NONE, 0, Treatment.REFUSED),
        (SignatureOutcome.UNVERIFIABLE, 1, Treatment.REFUSED),
        (SignatureOutcome.BROKEN, 1, Treatment.REFUSED),
        (SignatureOutcome.BROKEN, 2, Treatment.REFUSED),
        (SignatureOutcome.UNTRUSTED, 1, Treatment.WARNED),
        (SignatureOutcome.GOOD, 2, Treatment.WARNED),
        (SignatureOutcome.GOOD, 1, Treatment.TAKEN),
    ],
)
def test_papers_of_civil_status_must_be_signed_well(
    kind: DocumentKind, outcome: SignatureOutcome, signatures: int, treatment: Treatment
) -> None:
    assert treated(kind, Seal(outcome=outcome, signatures=signatures)).treatment is treatment


@pytest.mark.parametrize("kind", seal_rules())
def test_nothing_changed_after_signing_is_ever_taken(kind: DocumentKind) -> None:
    assert treated(kind, Seal(outcome=SignatureOutcome.BROKEN, signatures=1)).treatment is Treatment.REFUSED


def test_what_nobody_has_judged_is_neither_refused_nor_doubtful() -> None:
    unjudged = document(CERTIFICATE)
    assert refused_papers([unjudged]) == doubtful_papers([unjudged]) == ()


def test_an_agency_reads_what_is_wrong_and_what_to_send() -> None:
    found = Seal(outcome=SignatureOutcome.BROKEN, signatures=2, says="Nội dung bị sửa sau khi ký.")
    words = "chữ ký số không khớp với nội dung, 2 chữ ký – Nội dung bị sửa sau khi ký"
    assert seal_words(found) == words
    text = refusal_words([document(CERTIFICATE).model_copy(update={"seal": found})])
    assert text.startswith(f"Không nhận bản điện tử (Giấy khai sinh: {words}). Gửi bản PDF")
