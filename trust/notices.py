"""What the digital signature of a birth or death notice is worth (Giấy chứng sinh, Giấy báo tử; STANDARDS §§1.4–1.6).

Two shapes come in. A: the file of a whole stay (`GIAMDINHHS`), signed as a whole, the birth notice in base64 inside it.
B: the notice by itself (`HSDLGCS`, `HSDLGBT`), signed with the time of signing. The library that does the arithmetic
would accept SHA-1 and forged neighbours, so what may be signed how is settled here before it is asked, and fields are
read only from what was signed. Not a real file of a facility's software was at hand: get one per vendor.
"""

import base64
import binascii
import codecs
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

import xmlsec
from asn1crypto import x509
from lxml import etree

from models.base import LEGAL_ZONE, legal, legal_date
from models.groups import Group
from models.signatures import Seal, SignatureOutcome
from trust.facilities import Facilities
from trust.roots import TrustStore

MAX_NOTICE_BYTES = 4 * 1024 * 1024
"""The largest notice that is looked into [choice]: the file of one stay, without images."""

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far a facility's clock may be ahead of ours [choice]."""

_DS = "{http://www.w3.org/2000/09/xmldsig#}"
_XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
_C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"

_WHOLE_FILE = "GIAMDINHHS"
_FILES = "THONGTINHOSO/DANHSACHHOSO/HOSO/FILEHOSO"
_BIRTH_NOTICE_FILE, _BIRTH_NOTICE_DATA = "XML9", "DU_LIEU_GIAY_CHUNG_SINH"


class _Proof(NamedTuple):
    """The notice of a group by itself: its root and body; how the number and the facility are spelt in it."""

    root: str
    body: str
    number: tuple[str, ...]
    facility: tuple[str, ...]


_PROOFS = {
    Group.BIRTH: _Proof("HSDLGCS", "GIAYCHUNGSINH", ("MA_GCS", "MA_CT", "SO"), ("MA_CSKCB", "MACSKCB")),
    Group.DEATH: _Proof("HSDLGBT", "GIAYBAOTU", ("MA_GBT",), ("MACSKCB", "MA_CSKCB")),
}
"""Names by STANDARDS §1.4: of several spellings the first that says something counts. XML9 has no code of the paper, so
its own number `SO` stands for it [choice]."""

_BODIES = frozenset(proof.body for proof in _PROOFS.values())


class _Worthless(Exception):
    """The signature is not worth taking: what it is worth instead, and why in Vietnamese, without anybody's name."""

    def __init__(self, outcome: SignatureOutcome, says: str) -> None:
        super().__init__(says)
        self.outcome = outcome


def _unverifiable(says: str) -> _Worthless:
    return _Worthless(SignatureOutcome.UNVERIFIABLE, says)


@dataclass(frozen=True)
class Notice:
    """A notice as the gateway gave it: its bytes, the number that was asked for, the facility that the gateway names.

    `at` is the legal instant of the look-up.
    """

    content: bytes = field(repr=False)
    group: Group
    number: str = field(repr=False)
    facility: str | None
    at: datetime


class NoticeJudge:
    """Judges notices by whom we trust and who signs for whom. For threads: never to be called in an event loop."""

    def __init__(self, trust: TrustStore, facilities: Facilities) -> None:
        self._trust = trust
        self._facilities = facilities

    def seal(self, notice: Notice) -> Seal:
        """What the notice's signature is worth. Never raises for what is in the bytes."""
        if not notice.content:
            return Seal(outcome=SignatureOutcome.NONE, says="Cổng dữ liệu không gửi kèm bản điện tử.")
        signatures = 0
        try:
            root = _parsed(notice.content)
            signatures = sum(1 for _ in root.iter(f"{_DS}Signature"))
            if not signatures:
                return Seal(outcome=SignatureOutcome.NONE, says="Bản điện tử không có chữ ký số.")
            signed = _Signed(root, notice.group)
            signed.verify()
            signed_at = signed.signing_time()
            self._check_number(signed, notice)
            self._check_signer(signed, notice, signed_at)
        except _Worthless as fault:
            return Seal(outcome=fault.outcome, signatures=signatures, says=str(fault))
        return Seal(outcome=SignatureOutcome.GOOD, signatures=signatures, signed_at=signed_at)

    def _check_number(self, signed: "_Signed", notice: Notice) -> None:
        if _folded(notice.number) not in map(_folded, signed.numbers()):
            raise _Worthless(SignatureOutcome.BROKEN, "Nội dung được ký là của giấy mang số khác.")

    def _check_signer(self, signed: "_Signed", notice: Notice, signed_at: datetime | None) -> None:
        """Who signed could sign then, and for the facility; both by the time of signing, or else of the look-up."""
        if signed_at and signed_at > notice.at + CLOCKS_DIFFER:
            raise _Worthless(SignatureOutcome.UNTRUSTED, "Thời điểm ký ghi trong chữ ký số ở tương lai.")
        at = signed_at or notice.at
        signer, *chain = signed.certificates
        try:
            doubt = self._trust.doubt(signer, chain, at)
            uid = x509.Certificate.load(signer, strict=True).subject.native.get("user_id")
        except (ValueError, TypeError, OverflowError):
            raise _unverifiable("Không đọc được chứng thư số kèm theo chữ ký.") from None
        if doubt:
            raise _Worthless(SignatureOutcome.UNTRUSTED, doubt)
        facility = self._facility(signed, notice)
        if not isinstance(uid, str) or not self._facilities.signs(facility, uid, legal_date(at)):
            says = "Chứng thư số không phải của cơ sở này, hoặc cơ sở chưa có trong danh mục."
            raise _Worthless(SignatureOutcome.UNTRUSTED, says)

    def _facility(self, signed: "_Signed", notice: Notice) -> str:
        """The facility that the gateway names and, where it names one, the signed content."""
        named = {code for code in (notice.facility, *signed.facilities()) if code}
        if len(named) != 1:
            says = "Cơ sở ghi trong nội dung được ký khác với cơ sở mà cổng dữ liệu nêu."
            raise _Worthless(SignatureOutcome.UNTRUSTED, says if named else "Không biết giấy do cơ sở nào cấp.")
        return named.pop()


class _Signed:
    """A document whose one signature stands where it must and signs what it must; nothing is verified yet."""

    def __init__(self, root: etree._Element, group: Group) -> None:
        self._root = root
        self._proof = _PROOFS[group]
        if root.tag not in ({_WHOLE_FILE, self._proof.root} if group is Group.BIRTH else {self._proof.root}):
            raise _unverifiable("Tệp không thuộc định dạng nào của loại giấy này.")
        self._whole_file = root.tag == _WHOLE_FILE
        self._signature = _only_signature(root)
        self._body = root if self._whole_file else self._only_body()
        self._objects = self._signature.findall(f"{_DS}Object")
        _expect_unique_ids(root)
        self._covers_all = self._expect_references()
        self.certificates = tuple(_certificates(self._signature))

    def _only_body(self) -> etree._Element:
        bodies = [element for element in self._root.iter() if element.tag in _BODIES]
        if len(bodies) != 1 or bodies[0].getparent() is not self._root or bodies[0].tag != self._proof.body:
            raise _unverifiable("Tệp không có đúng một phần nội dung ở đúng chỗ.")
        return bodies[0]

    def _expect_references(self) -> bool:
        """Exactly the whole file, or exactly the body and each object of the signature; whether it is the whole."""
        references = self._signature.findall(f"{_DS}SignedInfo/{_DS}Reference")
        _expect_algorithms(self._signature, references)
        uris = [reference.get("URI") for reference in references]
        if uris == [""]:
            return True
        signed = [element.get("Id") for element in (self._body, *self._objects)]
        if self._whole_file or not all(signed) or sorted(map(str, uris)) != sorted(f"#{id_}" for id_ in signed):
            raise _unverifiable("Chữ ký số không ký đúng phần nội dung của giấy.")
        return False

    def verify(self) -> None:
        """The arithmetic, by the key of the first certificate, with nothing allowed but what both shapes use."""
        allowed = xmlsec.constants
        xmlsec.tree.add_ids(self._root, ["Id"])
        context = xmlsec.SignatureContext()
        try:
            context.key = xmlsec.Key.from_memory(self.certificates[0], allowed.KeyDataFormatCertDer)
        except (xmlsec.Error, ValueError):
            raise _unverifiable("Không đọc được chứng thư số kèm theo chữ ký.") from None
        for transform in (allowed.TransformInclC14N, allowed.TransformRsaSha256):
            context.enable_signature_transform(transform)
        for transform in (allowed.TransformInclC14N, allowed.TransformSha256, allowed.TransformEnveloped):
            context.enable_reference_transform(transform)
        try:
            context.verify(self._signature)
        except xmlsec.Error:
            says = "Nội dung đã bị thay đổi sau khi ký, hoặc chữ ký không do chứng thư số kèm theo tạo ra."
            raise _Worthless(SignatureOutcome.BROKEN, says) from None

    def signing_time(self) -> datetime | None:
        """What the signer claims, if it is signed; without a zone it is taken for Việt Nam's [choice]."""
        times = [] if self._covers_all else [time for one in self._objects for time in one.iter("SigningTime")]
        if not times:
            return None
        try:
            (text,) = (_text(time) for time in times)
            claimed = datetime.fromisoformat(text)
            return legal(claimed if claimed.tzinfo else claimed.replace(tzinfo=LEGAL_ZONE))
        except (ValueError, OverflowError):
            raise _unverifiable("Không đọc được thời điểm ký ghi trong chữ ký số.") from None

    def numbers(self) -> Iterator[str]:
        """The numbers of the notices signed: one, or several births of one stay."""
        for record in self._records():
            if number := _first(record, self._proof.number):
                yield number

    def facilities(self) -> Iterator[str]:
        """The facilities that the signed content names, if it names any."""
        unit = self._root.find("THONGTINDONVI") if self._whole_file else None
        for record in (*([] if unit is None else [unit]), *self._records()):
            if facility := _first(record, self._proof.facility):
                yield facility

    def _records(self) -> list[etree._Element]:
        return list(_birth_notices(self._root)) if self._whole_file else [self._body]


def _birth_notices(root: etree._Element) -> Iterator[etree._Element]:
    """The birth notices in the file of a stay, each in base64 of an XML document of its own."""
    for file in root.iterfind(_FILES):
        if _first(file, ("LOAIHOSO",)) == _BIRTH_NOTICE_FILE:
            try:
                content = base64.b64decode("".join(_first(file, ("NOIDUNGFILE",)).split()), validate=True)
            except (binascii.Error, ValueError):
                raise _unverifiable("Không đọc được Giấy chứng sinh trong tệp được ký.") from None
            yield from _parsed(content).iter(_BIRTH_NOTICE_DATA)


def _parsed(content: bytes) -> etree._Element:
    """The document. Comments are no part of what is signed (C14N), so no text may be torn apart by them."""
    if len(content) > MAX_NOTICE_BYTES:
        raise _unverifiable("Bản điện tử quá lớn.")
    if b"\0" in content or content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise _unverifiable("Bản điện tử không phải XML bằng UTF-8.")
    if b"<!DOCTYPE" in content:
        raise _unverifiable("Bản điện tử có khai báo DTD, không được dùng.")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise _unverifiable("Bản điện tử không phải XML đúng cách.") from None
    if root.getroottree().docinfo.doctype:
        raise _unverifiable("Bản điện tử có khai báo DTD, không được dùng.")
    return root


def _only_signature(root: etree._Element) -> etree._Element:
    signatures = list(root.iter(f"{_DS}Signature"))
    if len(signatures) != 1:
        raise _unverifiable(f"Bản điện tử có {len(signatures)} chữ ký số, chỉ được có một.")
    place = signatures[0].getparent()
    if place is None or place.tag != "CHUKYDONVI" or place.getparent() is not root:
        raise _unverifiable("Chữ ký số không đặt ở CHUKYDONVI.")
    return signatures[0]


def _expect_unique_ids(root: etree._Element) -> None:
    """No two elements answer to one name; `xml:id`, which the parser registers by itself, is not used at all."""
    elements = [element for element in root.iter() if isinstance(element.tag, str)]
    ids = [id_ for element in elements if (id_ := element.get("Id")) is not None]
    if len(ids) != len(set(ids)) or any(element.get(_XML_ID) is not None for element in elements):
        raise _unverifiable("Có hai phần nội dung mang cùng một định danh.")


def _expect_algorithms(signature: etree._Element, references: list[etree._Element]) -> None:
    """C14N 1.0, RSA with SHA-256 and nothing weaker, and no other transform of what is signed."""

    def used(path: str, of: etree._Element = signature) -> set[str | None]:
        steps = "/".join(f"{_DS}{step}" for step in path.split("/"))
        return {element.get("Algorithm") for element in of.findall(steps)}

    expected = (
        used("SignedInfo/CanonicalizationMethod") == {_C14N}
        and used("SignedInfo/SignatureMethod") == {_RSA_SHA256}
        and all(used("DigestMethod", reference) == {_SHA256} for reference in references)
        and all(used("Transforms/Transform", reference) <= _transforms(reference) for reference in references)
    )
    if not expected:
        raise _unverifiable("Chữ ký số dùng thuật toán không được chấp nhận.")


def _transforms(reference: etree._Element) -> set[str]:
    """What may be done to a part before it is digested; only the whole file leaves out its signature."""
    return {_C14N, _ENVELOPED} if reference.get("URI") == "" else {_C14N}


def _certificates(signature: etree._Element) -> Iterator[bytes]:
    """The certificates that come with the signature (DER); the first is the signer's [choice]."""
    found = signature.findall(f"{_DS}KeyInfo/{_DS}X509Data/{_DS}X509Certificate")
    if not found:
        raise _unverifiable("Chữ ký số không kèm chứng thư số.")
    for element in found:
        try:
            yield base64.b64decode("".join(_text(element).split()), validate=True)
        except (binascii.Error, ValueError):
            raise _unverifiable("Không đọc được chứng thư số kèm theo chữ ký.") from None


def _first(record: etree._Element, names: tuple[str, ...]) -> str:
    """What a record says under the first of these names that says anything; "" when none does."""
    said = (_text(element) for name in names for element in record.findall(name))
    return next(filter(None, said), "")


def _text(element: etree._Element) -> str:
    """The text of an element that has nothing but text, "" of any other."""
    return "" if len(element) else (element.text or "").strip()


def _folded(number: str) -> str:
    return unicodedata.normalize("NFC", number.strip())
