# mypy: disable-error-code="no-untyped-call"
"""Signed papers: what each attack is found out as (ISO 32000-1 §12.8; the double seal of STANDARDS §2)."""

import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from asn1crypto import crl, pem, x509
from asn1crypto.keys import PrivateKeyInfo
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PageObject, copy_into_new_writer
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter, append_signature_field
from pyhanko.sign.signers.pdf_signer import PdfTimeStamper
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore

from models.base import LEGAL_ZONE
from models.documents import DocumentKind, describe
from models.signatures import Seal, SignatureOutcome, Treatment
from models.systems import System
from simulator.authority import ROOT_FILE, Authority, Signer
from simulator.book import Book
from simulator.instructions import SealFault
from simulator.paper import paper
from simulator.press import Press, signed
from trust.examiner import Examiner, Papers
from trust.papers import judge
from trust.roots import TrustStore

SIGNED_AT = datetime(2026, 11, 19, 9, 0, tzinfo=LEGAL_ZONE)
NOW = SIGNED_AT + timedelta(hours=1)
AUTHORITY = Authority()
OFFICE = AUTHORITY.signer("office", "UBND XÃ GIẢ LẬP")

NONE, UNVERIFIABLE, BROKEN, UNTRUSTED, GOOD = (
    SignatureOutcome.NONE,
    SignatureOutcome.UNVERIFIABLE,
    SignatureOutcome.BROKEN,
    SignatureOutcome.UNTRUSTED,
    SignatureOutcome.GOOD,
)


def trusting(*revoked: Signer) -> TrustStore:
    """Whoever trusts the authority, and knows whom it has revoked the day before the signing."""
    root = x509.Certificate.load(_der(AUTHORITY.root))
    lists = (AUTHORITY.revoke(*revoked, at=SIGNED_AT - timedelta(days=1)),) if revoked else ()
    return TrustStore((root,), tuple(crl.CertificateList.load(_der(one)) for one in lists))


def _der(content: bytes) -> bytes:
    return bytes(pem.unarmor(content)[2])


def plain(number: str = "12/2026") -> bytes:
    """A certificate that nobody has signed."""
    return paper(DocumentKind.BIRTH_CERTIFICATE, number)[1]


def sealed(content: bytes | None = None, signer: Signer = OFFICE, at: datetime = SIGNED_AT, seal: int = 1) -> bytes:
    """A certificate signed by its office."""
    return signed(content or plain(), signer, at, seal=seal)


def found(content: bytes, trust: TrustStore | None = None, now: datetime = NOW) -> Seal:
    """What is found of a paper."""
    return judge(content, trust or trusting(), now)


def updated(content: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    """The file with an incremental update."""
    writer, out = IncrementalPdfFileWriter(BytesIO(content)), BytesIO()
    change(writer)
    writer.write(out)
    return out.getvalue()


# --- What is good ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("subfilter", [SigSeedSubFilter.PADES, SigSeedSubFilter.ADOBE_PKCS7_DETACHED])
def test_a_paper_signed_once_and_left_alone_is_good(subfilter: SigSeedSubFilter) -> None:
    seal = found(signed(plain(), OFFICE, SIGNED_AT, subfilter=subfilter))
    assert (seal.outcome, seal.signatures, seal.signed_at) == (GOOD, 1, SIGNED_AT)


def test_a_seal_pressed_twice_is_counted() -> None:
    seal = found(sealed(sealed(), seal=2))
    assert (seal.outcome, seal.signatures) == (GOOD, 2)


def test_a_certificate_that_has_expired_since_could_sign_then() -> None:
    assert found(sealed(), now=datetime(2041, 1, 1, tzinfo=UTC)).outcome is GOOD


def test_who_was_revoked_after_signing_could_sign_then() -> None:
    before = SIGNED_AT - timedelta(days=2)  # the day before the revocation
    assert found(sealed(at=before), trusting(OFFICE)).outcome is GOOD
    assert found(sealed(at=SIGNED_AT), trusting(OFFICE)).outcome is UNTRUSTED


@pytest.mark.parametrize("stamped", [False, True], ids=["B-LT", "B-LTA"])
def test_what_keeps_a_signature_verifiable_may_come_after_it(stamped: bool) -> None:
    """The certificates it needs (DSS), and a time stamp over all of it."""
    [signature] = PdfFileReader(BytesIO(sealed())).embedded_regular_signatures
    out = BytesIO(sealed())
    DocumentSecurityStore.add_dss(out, signature.pkcs7_content, certs=[signature.signer_cert])
    seal = found(time_stamped(out.getvalue()) if stamped else out.getvalue())
    assert (seal.outcome, seal.signatures) == (GOOD, 1)


def time_stamped(content: bytes) -> bytes:
    """The file with a time stamp over all of it."""
    key = PrivateKeyInfo.load(_der(OFFICE.key))
    stamper = DummyTimeStamper(x509.Certificate.load(_der(OFFICE.certificate)), key, fixed_dt=NOW)
    out = BytesIO()
    writer = IncrementalPdfFileWriter(BytesIO(content))
    PdfTimeStamper(stamper).timestamp_pdf(writer, "sha256", in_place=False, output=out)
    return out.getvalue()


# --- Attacks ---------------------------------------------------------------------------------------------------------


def in_place() -> bytes:
    """Another number, in the same place."""
    return sealed().replace(b"12/2026", b"13/2026")


def page_added() -> bytes:
    """One more page, by an incremental update."""

    def add(writer: IncrementalPdfFileWriter) -> None:
        page = writer.root["/Pages"]["/Kids"][0]
        contents = writer.add_object(generic.StreamObject(stream_data=b""))
        writer.insert_page(PageObject(contents=contents, media_box=page["/MediaBox"]))

    return updated(sealed(), add)


def text_replaced() -> bytes:
    """Another text on the page, by an incremental update."""

    def replace(writer: IncrementalPdfFileWriter) -> None:
        page = writer.root["/Pages"]["/Kids"][0]
        page["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"BT /F1 14 Tf 60 760 Td (13) Tj ET"))
        writer.update_container(page)

    return updated(sealed(), replace)


def form_filled() -> bytes:
    """A form field filled in after signing, by an incremental update."""
    writer, out = IncrementalPdfFileWriter(BytesIO(plain())), BytesIO()
    field = generic.DictionaryObject(
        {
            pdf_name("/FT"): pdf_name("/Tx"),
            pdf_name("/T"): generic.pdf_string("So"),
            pdf_name("/V"): generic.pdf_string("12/2026"),
        }
    )
    reference = writer.add_object(field)
    writer.root["/AcroForm"] = generic.DictionaryObject({pdf_name("/Fields"): generic.ArrayObject([reference])})
    writer.update_root()
    writer.write(out)

    def fill(writer: IncrementalPdfFileWriter) -> None:
        field = writer.root["/AcroForm"]["/Fields"][0]
        field["/V"] = generic.pdf_string("13/2026")
        writer.update_container(field)

    return updated(sealed(out.getvalue()), fill)


def form_filled_between_seals() -> bytes:
    """A form field filled in, and a second seal over it."""
    return sealed(form_filled(), seal=2)


def stripped() -> bytes:
    """The signature taken out of its field, by an incremental update."""

    def strip(writer: IncrementalPdfFileWriter) -> None:
        field = writer.root["/AcroForm"]["/Fields"][0]
        del field["/V"]
        writer.update_container(field)

    return updated(sealed(), strip)


def form_taken_out() -> bytes:
    """The form taken out of the document, signature and all."""

    def strip(writer: IncrementalPdfFileWriter) -> None:
        del writer.root["/AcroForm"]
        writer.update_root()

    return updated(sealed(), strip)


def pasted() -> bytes:
    """The signature of one certificate in another of the same length."""
    victim, other = sealed(), sealed(plain("99/2026"))
    return victim.replace(_contents(victim), _contents(other))


def _contents(content: bytes) -> bytes:
    start = content.index(b"/Contents <") + 10
    return content[start : content.index(b">", start)]


def shadowed() -> bytes:
    """A layer prepared before signing, hidden then, and brought up after it by changing what the catalogue says."""
    writer, out = IncrementalPdfFileWriter(BytesIO(plain())), BytesIO()
    pages = writer.root["/Pages"]
    shadow = generic.DictionaryObject(
        {pdf_name("/Type"): pdf_name("/Pages"), pdf_name("/Kids"): pages["/Kids"], pdf_name("/Count"): pages["/Count"]}
    )
    reference = writer.add_object(shadow)
    writer.root["/Shadow"] = reference
    writer.update_root()
    writer.write(out)

    def show(writer: IncrementalPdfFileWriter) -> None:
        writer.root["/Pages"] = writer.root.raw_get("/Shadow")
        writer.update_root()

    return updated(sealed(out.getvalue()), show)


def appended() -> bytes:
    """Bytes after the end."""
    return sealed() + b"\n% more\n"


def empty_field() -> bytes:
    """A field for a signature that nobody has signed in."""
    writer, out = IncrementalPdfFileWriter(BytesIO(plain())), BytesIO()
    append_signature_field(writer, SigFieldSpec("Dau1"))
    writer.write(out)
    return out.getvalue()


def encrypted() -> bytes:
    """A file that only opens with a password."""
    writer, out = copy_into_new_writer(PdfFileReader(BytesIO(sealed()))), BytesIO()
    writer.encrypt("bí mật", "bí mật")
    writer.write(out)
    return out.getvalue()


def by_range(replacement: bytes) -> bytes:
    """A signature that says to cover something else."""
    content = sealed()
    start = content.index(b"/ByteRange [") + 11
    end = content.index(b"]", start) + 1
    return content[:start] + replacement.ljust(end - start) + content[end:]


def of_the_expired() -> bytes:
    """By somebody whose certificate was over."""
    past = (SIGNED_AT - timedelta(days=800), SIGNED_AT - timedelta(days=1))
    return sealed(signer=AUTHORITY.signer("expired", "UBND CŨ GIẢ LẬP", valid=past))


def of_the_future() -> bytes:
    """By somebody who says to sign tomorrow."""
    return sealed(at=NOW + timedelta(days=1))


def by_a_stranger() -> bytes:
    """By an office of that name that another authority has certified."""
    return sealed(signer=Authority().signer("office", "UBND XÃ GIẢ LẬP"))


def with_a_strangers_seal() -> bytes:
    """Signed by the office, and then by a stranger."""
    return sealed(sealed(), signer=Authority().signer("stranger", "NGƯỜI LẠ"), seal=2)


@pytest.mark.parametrize(
    ("attack", "outcome"),
    [
        (in_place, BROKEN),
        (page_added, BROKEN),
        (text_replaced, BROKEN),
        (form_filled, BROKEN),
        (form_filled_between_seals, BROKEN),
        (shadowed, BROKEN),
        (pasted, BROKEN),
        (stripped, NONE),
        (form_taken_out, NONE),
        (plain, NONE),
        (empty_field, NONE),
        (of_the_expired, UNTRUSTED),
        (of_the_future, UNTRUSTED),
        (by_a_stranger, UNTRUSTED),
        (with_a_strangers_seal, UNTRUSTED),
        (lambda: signed(plain(), OFFICE, SIGNED_AT, digest="sha1"), UNVERIFIABLE),
        (encrypted, UNVERIFIABLE),
        (lambda: sealed()[:-1500], UNVERIFIABLE),
        (lambda: b"%PDF-1.7\n" + b"\x00" * 5000, UNVERIFIABLE),
        (lambda: b"<html>giay khai sinh</html>", UNVERIFIABLE),
        (lambda: b"", UNVERIFIABLE),
    ],
)
def test_an_attack_is_found_out(attack: Callable[[], bytes], outcome: SignatureOutcome) -> None:
    assert found(attack()).outcome is outcome


@pytest.mark.parametrize(
    "attack",
    [
        appended,
        lambda: by_range(b"null"),
        lambda: by_range(b"[0 0 0 0]"),
        lambda: by_range(b"[0 100 200 -1]"),
        lambda: by_range(b"[0 1 2 99999999999]"),
        lambda: sealed().replace(b"/SubFilter /ETSI.CAdES.detached", b"/SubFilter /adbe.pkcs7.sha1    "),
        lambda: sealed().replace(_contents(sealed())[:40], b"0" * 40),
    ],
)
def test_no_bent_signature_is_good(attack: Callable[[], bytes]) -> None:
    assert found(attack()).outcome in (BROKEN, UNVERIFIABLE)


def test_a_revoked_certificate_is_not_trusted() -> None:
    revoked = AUTHORITY.signer("revoked", "UBND BỊ THU HỒI GIẢ LẬP")
    seal = found(sealed(signer=revoked), trusting(revoked))
    assert (seal.outcome, seal.says) == (UNTRUSTED, "Chứng thư số đã bị thu hồi.")


def test_nobody_is_trusted_by_default() -> None:
    assert found(sealed(), TrustStore(())).outcome is UNTRUSTED


@pytest.mark.parametrize("step", [97])
def test_whatever_byte_is_bent_nothing_raises_and_nothing_signed_is_good(step: int) -> None:
    content = sealed()
    hole = content.index(_contents(content))
    for at in range(0, len(content), step):
        bent = content[:at] + bytes([content[at] ^ 0x15]) + content[at + 1 :]
        if not hole + 4000 < at < hole + 8192:  # the room kept free behind the signature is no part of it
            assert found(bent).outcome is not GOOD, at


# --- With limits -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def examiner() -> Iterator[Examiner]:
    running = Examiner(trusting())
    yield running
    running.close()


def bomb() -> bytes:
    """A few megabytes whose cross-reference stream unpacks to more memory than there is."""
    packer = zlib.compressobj(1)
    packed = b"".join(packer.compress(bytes(2**24)) for _ in range(80)) + packer.flush()
    table = (
        b"1 0 obj\n<< /Type /XRef /Size 9 /W [1 2 1] /Root 2 0 R /Filter /FlateDecode /Length %d >>\nstream\n"
        % len(packed)
    )
    return b"%PDF-1.7\n" + table + packed + b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n"


def endless() -> bytes:
    """A form of so many fields that looking for signatures in it takes long."""
    fields = b"<< /T (a) /FT /Tx >> " * 100_000
    catalogue = b"1 0 obj\n<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [ %s ] >> >>\nendobj\n" % fields
    pages = b"2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n"
    head = b"%PDF-1.7\n"
    file = head + catalogue + pages
    places = (len(head), len(head) + len(catalogue))
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer\n<< /Size 3 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(file)
    return file + b"xref\n0 3\n0000000000 65535 f \n" + table + trailer


def test_a_paper_is_judged_in_a_process_of_its_own_as_it_would_be_here(examiner: Examiner) -> None:
    for content in (sealed(), in_place(), plain(), by_a_stranger()):
        assert examiner.judge(content, NOW) == found(content)


def test_a_bomb_takes_neither_memory_nor_long_and_the_next_paper_is_judged(examiner: Examiner) -> None:
    started = time.monotonic()
    assert examiner.judge(bomb(), NOW).outcome is UNVERIFIABLE
    assert time.monotonic() - started < 10
    assert examiner.judge(sealed(), NOW).outcome is GOOD


def test_a_paper_that_takes_too_long_is_not_verifiable() -> None:
    with closing(Examiner(trusting(), cpu_seconds=0.2)) as hasty:
        seal = hasty.judge(endless(), NOW)
    assert (seal.outcome, "quá phức tạp" in (seal.says or "")) == (UNVERIFIABLE, True)


def test_where_nobody_can_judge_no_paper_is_called_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(OSError, match="does not start"):
        Examiner(trusting()).judge(sealed(), NOW)


def test_a_process_that_was_killed_costs_no_paper_its_good_name(examiner: Examiner) -> None:
    assert examiner.judge(sealed(), NOW).outcome is GOOD
    assert examiner._child
    examiner._child.kill()
    assert examiner.judge(sealed(), NOW).outcome is GOOD


def test_only_kinds_that_are_judged_carry_a_seal_and_nobody_brings_one_along() -> None:
    papers = Papers(trusting(), NOW - datetime.now(UTC))
    claimed = Seal(outcome=GOOD, signatures=1)
    for kind, content, treatment in (
        (DocumentKind.BIRTH_CERTIFICATE, plain(), Treatment.REFUSED),
        (DocumentKind.BIRTH_CERTIFICATE, sealed(), Treatment.TAKEN),
        (DocumentKind.BIRTH_CERTIFICATE, sealed(sealed(), seal=2), Treatment.WARNED),
        (DocumentKind.DEATH_EXTRACT, b"\x89PNG\r\n\x1a\n...", Treatment.REFUSED),
        (DocumentKind.HEALTH_INSURANCE_CARD, plain(), Treatment.TAKEN),
        (DocumentKind.HEALTH_INSURANCE_CARD, in_place(), Treatment.REFUSED),
        (DocumentKind.WITNESS_STATEMENT, sealed(), None),
    ):
        document = describe(kind, "giay.pdf", content).model_copy(update={"seal": claimed})
        seal = papers.sealed(document, content, None).seal
        assert (seal and seal.treatment) == treatment, kind
    papers.close()


# --- As the simulator makes them -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "outcome", "signatures"),
    [
        (None, GOOD, 1),
        (SealFault.UNSIGNED, NONE, 0),
        (SealFault.BROKEN, BROKEN, 1),
        (SealFault.TWICE, GOOD, 2),
        (SealFault.OTHER_AUTHORITY, UNTRUSTED, 1),
    ],
)
def test_a_paper_of_the_simulator_has_the_fault_it_was_told_to_have_and_the_same_bytes_after_a_restart(
    tmp_path: Path, fault: SealFault | None, outcome: SignatureOutcome, signatures: int
) -> None:
    def issued() -> bytes:
        with closing(Book(tmp_path / "book.db")) as book:
            press = Press(book, Authority(tmp_path / "authority"))
            return press.issue(System.PROVINCIAL, DocumentKind.BIRTH_CERTIFICATE, "12/2026", SIGNED_AT, fault=fault)[1]

    content = issued()
    seal = found(content, TrustStore.load([tmp_path / "authority" / ROOT_FILE]))
    assert (seal.outcome, seal.signatures) == (outcome, signatures)
    assert issued() == content


def test_a_process_that_somebody_keeps_killing_says_nothing_of_the_paper() -> None:
    """Nobody can judge now: whoever asked tries again, and no agency hears that its paper is bad."""

    class Hunted(Examiner):
        def _ask(self, content: bytes, now: datetime) -> bytes:
            self._child = self._child or self._started()
            self._child.kill()
            self._child.wait()
            return super()._ask(content, now)

    with closing(Hunted(trusting())) as hunted, pytest.raises(OSError, match="ended twice"):
        hunted.judge(sealed(), NOW)
