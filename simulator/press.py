"""Signing result papers (ký số): each once, by its office, then the same bytes for ever; badly when told to."""

import threading
from datetime import datetime
from functools import cache
from io import BytesIO

from asn1crypto import keys, pem, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.signers.pdf_signer import PdfSigningSession
from pyhanko_certvalidator.registry import SimpleCertificateStore

from models.documents import Document, DocumentKind, describe
from models.systems import System
from simulator.authority import Authority, Signer
from simulator.book import Book
from simulator.instructions import SealFault
from simulator.paper import paper

_SEAL = "Dau{}"
_RESERVED = 8192
"""Hex digits kept free for a signature: nothing has to be signed on trial to learn its size."""


class Press:
    """Where papers are made. They are kept in the book."""

    def __init__(self, book: Book, authority: Authority) -> None:
        self._book = book
        self._authority = authority

    def issue(
        self,
        system: System,
        kind: DocumentKind,
        number: str,
        at: datetime,
        version: int = 1,
        fault: SealFault | None = None,
    ) -> tuple[Document, bytes]:
        """The paper with that number, signed at that legal instant; the same bytes every time."""
        name = ":".join((system, kind, number, str(version), fault or "good"))
        content = self._book.paper(name)
        if content is None:
            content = self._made(system, paper(kind, number, version)[1], at, fault)
            self._book.keep_paper(name, content)
        return describe(kind, f"{kind.value}.pdf", content), content

    def _made(self, system: System, content: bytes, at: datetime, fault: SealFault | None) -> bytes:
        authority = _stranger() if fault is SealFault.OTHER_AUTHORITY else self._authority
        signer = authority.signer(system.value, f"CƠ QUAN GIẢ LẬP ({system.value})")
        match fault:
            case SealFault.UNSIGNED:
                return content
            case SealFault.BROKEN:
                return signed(content, signer, at).replace(b"(So: ", b"(so: ", 1)
            case SealFault.TWICE:
                return signed(signed(content, signer, at), signer, at, seal=2)
            case _:
                return signed(content, signer, at)


@cache
def _stranger() -> Authority:
    return Authority()


def signed(
    content: bytes,
    signer: Signer,
    at: datetime,
    *,
    seal: int = 1,
    subfilter: SigSeedSubFilter = SigSeedSubFilter.PADES,
    digest: str = "sha256",
) -> bytes:
    """The PDF with an invisible signature in its n-th field (PAdES, or CMS by `subfilter`), said to be of that time."""
    metadata = PdfSignatureMetadata(field_name=_SEAL.format(seal), subfilter=subfilter, md_algorithm=digest)
    out = BytesIO()
    writer = IncrementalPdfFileWriter(BytesIO(content))

    def sign() -> None:
        _PdfSigner(metadata, _loaded(signer), at).sign_pdf(writer, bytes_reserved=_RESERVED, output=out)

    thread = threading.Thread(target=sign)  # pyHanko wants an event loop of its own, and we are in one
    thread.start()
    thread.join()
    return out.getvalue()


class _PdfSigner(PdfSigner):
    """Signs at a stated time."""

    def __init__(self, metadata: PdfSignatureMetadata, signer: SimpleSigner, at: datetime) -> None:
        super().__init__(metadata, signer)
        self._at = at

    def init_signing_session(self, pdf_out: BasePdfFileWriter, existing_fields_only: bool = False) -> PdfSigningSession:
        """The session, at that time."""
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self._at
        return session


class _KeptKey(SimpleSigner):
    """Signs with a key that is loaded once: loading checks it, which takes ten times as long as signing (measured)."""

    def __init__(self, signer: Signer) -> None:
        super().__init__(
            signing_cert=x509.Certificate.load(_der(signer.certificate)),
            signing_key=keys.PrivateKeyInfo.load(_der(signer.key)),
            cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]
        )
        key = load_pem_private_key(signer.key, None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self._key = key

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """The signature (RSASSA-PKCS1-v1_5)."""
        return self._key.sign(data, padding.PKCS1v15(), getattr(hashes, digest_algorithm.upper())())


@cache
def _loaded(signer: Signer) -> SimpleSigner:
    return _KeptKey(signer)


def _der(content: bytes) -> bytes:
    return bytes(pem.unarmor(content)[2])
