"""Signed notices: the two right shapes are good; changed, wrapped, moved, forged and strange ones are not."""

import base64
import hashlib
import time
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from models.base import LEGAL_ZONE
from models.groups import Group
from models.messages import NoticeState
from models.signatures import Seal, SignatureOutcome
from simulator.authority import Authority, Signer
from simulator.notices import REGISTER, Draft, Profile, certified, issued, signed, unsigned
from trust.facilities import Facilities
from trust.notices import MAX_NOTICE_BYTES, Notice, NoticeJudge
from trust.roots import TrustStore

DS = "{http://www.w3.org/2000/09/xmldsig#}"
NUMBER, FACILITY = "24681.GCS.01901.26", "01901"
AT = datetime(2026, 11, 19, 9, 30, tzinfo=LEGAL_ZONE)
SIGNED_AT = "2026-11-15T08:00:00.1234567+07:00"
NONE, UNVERIFIABLE, BROKEN, UNTRUSTED, GOOD = SignatureOutcome

WHOLE_FILE = Draft(Group.BIRTH, NUMBER, FACILITY, Profile.WHOLE_FILE, SIGNED_AT)
BIRTH = Draft(Group.BIRTH, NUMBER, FACILITY, Profile.PROOF, SIGNED_AT)
DEATH = Draft(Group.DEATH, "24681.GBT.01901.26", FACILITY, Profile.PROOF, SIGNED_AT)
SHAPES = pytest.mark.parametrize("draft", [WHOLE_FILE, BIRTH, DEATH], ids=["A", "B birth", "B death"])


@cache
def authority() -> Authority:
    return Authority()


def facilities() -> Facilities:
    return Facilities.load([REGISTER])


def signer(code: str = FACILITY) -> Signer:
    facility = facilities().known(code)
    assert facility
    return certified(authority(), facility)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("trust")
    (made / "root.pem").write_bytes(authority().root)
    return made


@pytest.fixture(scope="module")
def judge(folder: Path) -> NoticeJudge:
    return NoticeJudge(TrustStore.load([folder / "root.pem"]), facilities())


def sealed(
    judge: NoticeJudge, content: bytes, draft: Draft, at: datetime = AT, facility: str | None = FACILITY
) -> Seal:
    return judge.seal(Notice(content, draft.group, draft.number, facility, at))


def opened(content: bytes) -> etree._Element:
    return etree.fromstring(content)


def written(document: etree._Element) -> bytes:
    return bytes(etree.tostring(document, encoding="UTF-8", xml_declaration=True))


def changed(content: bytes, change: Callable[[etree._Element], etree._Element | None]) -> bytes:
    """The document after a change of its tree; a new root, if the change returns one."""
    document = opened(content)
    root = change(document)
    return written(document if root is None else root)


def body(document: etree._Element) -> etree._Element:
    return document if document.tag == "GIAMDINHHS" else document[0]


def signature(document: etree._Element) -> etree._Element:
    found = document.find(f"CHUKYDONVI/{DS}Signature")
    assert found is not None
    return found


def copied(element: etree._Element) -> etree._Element:
    return opened(etree.tostring(element, with_tail=False))


# --- Right ones ------------------------------------------------------------------------------------------------------


@SHAPES
def test_a_notice_signed_by_its_facility_is_good(judge: NoticeJudge, draft: Draft) -> None:
    seal = sealed(judge, signed(draft, signer()), draft)
    at = None if draft.profile is Profile.WHOLE_FILE else datetime(2026, 11, 15, 8, 0, 0, 123456, LEGAL_ZONE)
    assert (seal.outcome, seal.signatures, seal.signed_at, seal.says) == (GOOD, 1, at, None)


def test_the_time_of_signing_without_a_zone_is_viet_nams(judge: NoticeJudge) -> None:
    draft = BIRTH._replace(signed_at="2026-11-15T08:00:00")
    assert sealed(judge, signed(draft, signer()), draft).signed_at == datetime(2026, 11, 15, 8, tzinfo=LEGAL_ZONE)


def test_comments_and_what_stands_outside_the_signed_part_change_nothing(judge: NoticeJudge) -> None:
    """C14N without comments signs none: a comment within the number must not cut the number in two either."""
    content = signed(BIRTH, signer()).replace(NUMBER.encode(), b"24681.GCS<!-- -->.01901.26")
    assert sealed(judge, content.replace(b"<CHUKYDONVI>", b"<CHUKYDONVI><GHICHU/>"), BIRTH).outcome is GOOD


def test_twins_of_one_stay_are_in_one_file(judge: NoticeJudge) -> None:
    """The number asked for is one of those signed."""
    content = signed_anew(
        WHOLE_FILE, lambda inside: inside[0].append(copied(inside[0][0])), second="24682.GCS.01901.26"
    )
    assert sealed(judge, content, WHOLE_FILE).outcome is GOOD
    assert sealed(judge, content, WHOLE_FILE._replace(number="24682.GCS.01901.26")).outcome is GOOD
    assert sealed(judge, content, WHOLE_FILE._replace(number="24683.GCS.01901.26")).outcome is BROKEN


def signed_anew(draft: Draft, change: Callable[[etree._Element], None], second: str) -> bytes:
    """A file whose birth notices were changed before it was signed by hand, with the library of certificates alone."""
    document = opened(signed(draft, signer()))
    file = document.find(".//NOIDUNGFILE")
    assert file is not None
    inside = opened(base64.b64decode(file.text or ""))
    change(inside)
    numbers = inside.findall(".//SO")
    numbers[-1].text = second
    file.text = base64.b64encode(written(inside)).decode()
    return signed_by_hand(document)


def signed_by_hand(document: etree._Element, hash_: hashes.HashAlgorithm | None = None) -> bytes:
    """Digests and signature value written anew, without the library that the judge uses; SHA-1 if told."""
    hash_ = hash_ or hashes.SHA256()
    weak = isinstance(hash_, hashes.SHA1)
    sign = signature(document)
    for reference in sign.iter(f"{DS}Reference"):
        uri = reference.get("URI")
        if uri:
            (target,) = (one for one in document.iter() if one.get("Id") == uri[1:])
            canonical = etree.tostring(copied(target), method="c14n")
        else:
            bare = opened(written(document))
            place = bare.find("CHUKYDONVI")
            assert place is not None
            place.remove(place[0])
            canonical = etree.tostring(bare, method="c14n")
        digest = hashlib.sha1(canonical) if weak else hashlib.sha256(canonical)
        (value,) = reference.findall(f"{DS}DigestValue")
        value.text = base64.b64encode(digest.digest()).decode()
        if weak:
            (method,) = reference.findall(f"{DS}DigestMethod")
            method.set("Algorithm", "http://www.w3.org/2000/09/xmldsig#sha1")
    (info,) = sign.findall(f"{DS}SignedInfo")
    if weak:
        (method,) = info.findall(f"{DS}SignatureMethod")
        method.set("Algorithm", "http://www.w3.org/2000/09/xmldsig#rsa-sha1")
    key = serialization.load_pem_private_key(signer().key, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    raw = key.sign(etree.tostring(copied(info), method="c14n"), padding.PKCS1v15(), hash_)
    (value,) = sign.findall(f"{DS}SignatureValue")
    value.text = base64.b64encode(raw).decode()
    return written(document)


@SHAPES
def test_another_signer_than_ours_is_understood_too(judge: NoticeJudge, draft: Draft) -> None:
    assert sealed(judge, signed_by_hand(opened(signed(draft, signer()))), draft).outcome is GOOD


# --- The attacks of STANDARDS §1.6, on every shape -------------------------------------------------------------------


def _changed(content: bytes) -> bytes:
    return content.replace(b"<MACSKCB>01901", b"<MACSKCB>01902").replace(b"Tr\xe1\xba\xa7n", b"L\xc3\xaa")


def _wrapped(content: bytes) -> bytes:
    """The signed document inside another, whose own body says something else."""

    def wrap(document: etree._Element) -> etree._Element:
        root = etree.Element(document.tag)
        forged = copied(body(document)) if document.tag != "GIAMDINHHS" else etree.Element("THONGTINHOSO")
        forged.attrib.pop("Id", None)
        root.append(forged)
        place = document.find("CHUKYDONVI")
        assert place is not None
        root.append(place)
        (etree.SubElement(root, "GOC")).append(document)
        return root

    return changed(content, wrap)


def _duplicate_id(content: bytes) -> bytes:
    def duplicate(document: etree._Element) -> None:
        twin = etree.SubElement(document, "KHAC")
        twin.set("Id", body(document).get("Id") or "mot")
        body(document).set("Id", twin.get("Id") or "")

    return changed(content, duplicate)


def _moved(content: bytes) -> bytes:
    """The signature stands elsewhere than in the place of the facility's signature."""
    return changed(content, lambda document: document.append(signature(document)))


def _moved_into_object(content: bytes) -> bytes:
    """What was signed goes into an Object of the signature; a forgery takes its place."""

    def move(document: etree._Element) -> None:
        true = next(child for child in document if child.tag != "CHUKYDONVI")
        forged = copied(true)
        forged.attrib.pop("Id", None)
        forged[0].text = "01902"
        document.replace(true, forged)
        etree.SubElement(signature(document), f"{DS}Object").append(true)

    return changed(content, move)


def _dtd(content: bytes) -> bytes:
    declaration, _, rest = content.partition(b"?>")
    name = b"GIAMDINHHS" if b"GIAMDINHHS" in content else b"HSDL"
    return declaration + b"?>\n<!DOCTYPE " + name + b' [<!ENTITY a "b">]>' + rest


def _other_key(content: bytes) -> bytes:
    """Another facility's certificate in the place of the one that signed."""

    def swap(document: etree._Element) -> None:
        (element,) = document.iter(f"{DS}X509Certificate")
        element.text = base64.b64encode(der(signer("01988"))).decode()

    return changed(content, swap)


def _sha1(content: bytes) -> bytes:
    return signed_by_hand(opened(content), hashes.SHA1())


def _two_signatures(content: bytes) -> bytes:
    def double(document: etree._Element) -> None:
        parent = signature(document).getparent()
        assert parent is not None
        parent.append(copied(signature(document)))

    return changed(content, double)


def _indented(content: bytes) -> bytes:
    return changed(content, lambda document: etree.indent(document))


def _nfd(content: bytes) -> bytes:
    return unicodedata.normalize("NFD", content.decode()).encode()


def _without_certificate(content: bytes) -> bytes:
    def remove(document: etree._Element) -> None:
        (element,) = document.iter(f"{DS}X509Data")
        element.clear()

    return changed(content, remove)


def _xml_id(content: bytes) -> bytes:
    """A forged element under the body's name, registered by the parser itself before anybody looks at `Id`."""

    def name(document: etree._Element) -> None:
        forged = etree.Element("KHAC")
        forged.set("{http://www.w3.org/XML/1998/namespace}id", body(document).get("Id") or "mot")
        document.insert(0, forged)

    return changed(content, name)


def _buried(content: bytes) -> bytes:
    """The signature's place is not where it must be, though it is called so."""

    def bury(document: etree._Element) -> None:
        place = document.find("CHUKYDONVI")
        assert place is not None
        etree.SubElement(document, "KHAC").append(place)

    return changed(content, bury)


def _strange_transform(content: bytes) -> bytes:
    """Something is to be left out of what is signed."""

    def add(document: etree._Element) -> None:
        for reference in document.iter(f"{DS}Reference"):
            transforms = etree.Element(f"{DS}Transforms")
            etree.SubElement(transforms, f"{DS}Transform", Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116")
            reference.insert(0, transforms)

    return changed(content, add)


ATTACKS = {
    "changed": (_changed, BROKEN),
    "wrapped": (_wrapped, UNVERIFIABLE),
    "duplicate id": (_duplicate_id, UNVERIFIABLE),
    "moved": (_moved, UNVERIFIABLE),
    "moved into object": (_moved_into_object, UNVERIFIABLE),
    "dtd": (_dtd, UNVERIFIABLE),
    "other key": (_other_key, BROKEN),
    "sha-1": (_sha1, UNVERIFIABLE),
    "two signatures": (_two_signatures, UNVERIFIABLE),
    "indented": (_indented, BROKEN),
    "no certificate": (_without_certificate, UNVERIFIABLE),
    "xml:id": (_xml_id, UNVERIFIABLE),
    "buried": (_buried, UNVERIFIABLE),
    "strange transform": (_strange_transform, UNVERIFIABLE),
}
"""What each makes of a good notice, and what is found. The first eight, and “valid”, are those of STANDARDS §1.6."""


@SHAPES
@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_seen(judge: NoticeJudge, draft: Draft, attack: str) -> None:
    make, expected = ATTACKS[attack]
    content = make(signed(draft, signer()))
    if draft is WHOLE_FILE and attack in ("wrapped", "moved into object"):  # of right shape, since all of it is signed
        expected = BROKEN
    seal = sealed(judge, content, draft)
    assert seal.outcome is expected, seal.says
    assert seal.says


def der(signer: Signer) -> bytes:
    return x509.load_pem_x509_certificate(signer.certificate).public_bytes(serialization.Encoding.DER)


def test_decomposing_the_letters_of_a_signed_notice_breaks_it(judge: NoticeJudge) -> None:
    """Hence bytes are kept as they came (STANDARDS §1.5)."""
    for draft in (BIRTH, DEATH):
        assert sealed(judge, _nfd(signed(draft, signer())), draft).outcome is BROKEN


def test_a_forged_sibling_of_the_body_is_seen(judge: NoticeJudge) -> None:
    """The arithmetic stays right, and who looks for the body by name would find the forgery."""

    for draft, place in ((BIRTH, 0), (BIRTH, 2), (DEATH, 0), (DEATH, 2)):

        def add(document: etree._Element, at: int = place) -> None:
            forged = copied(document[0])
            forged.attrib.pop("Id")
            document.insert(at, forged)

        seal = sealed(judge, changed(signed(draft, signer()), add), draft)
        assert (seal.outcome, seal.signatures) == (UNVERIFIABLE, 1)


def test_a_body_that_stands_elsewhere_is_not_taken(judge: NoticeJudge) -> None:
    """By its name alone it is still the one that was signed."""

    def bury(document: etree._Element) -> None:
        buried = document[0]
        document.insert(0, etree.Element("KHAC"))
        document[0].append(buried)

    for draft in (BIRTH, DEATH):
        assert sealed(judge, changed(signed(draft, signer()), bury), draft).outcome is UNVERIFIABLE


def test_only_a_whole_file_leaves_out_its_signature(judge: NoticeJudge) -> None:
    """Of an object inside the signature nothing would remain."""

    def add(document: etree._Element) -> None:
        for reference in document.iter(f"{DS}Reference"):
            transforms = etree.Element(f"{DS}Transforms")
            enveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
            etree.SubElement(transforms, f"{DS}Transform", Algorithm=enveloped)
            reference.insert(0, transforms)

    assert sealed(judge, changed(signed(BIRTH, signer()), add), BIRTH).outcome is UNVERIFIABLE


def test_a_time_that_is_not_signed_is_not_read(judge: NoticeJudge) -> None:
    """Objects that no reference names are strange where times are signed, and ignored where none is."""

    def add(document: etree._Element) -> None:
        unsigned_time = copied(signature(opened(signed(BIRTH, signer()))).find(f"{DS}Object"))
        unsigned_time.attrib.pop("Id")
        signature(document).append(unsigned_time)

    assert sealed(judge, changed(signed(BIRTH, signer()), add), BIRTH).outcome is UNVERIFIABLE
    seal = sealed(judge, changed(signed(WHOLE_FILE, signer()), add), WHOLE_FILE)
    assert (seal.outcome, seal.signed_at) == (GOOD, None)


# --- What is no notice at all ----------------------------------------------------------------------------------------


@SHAPES
def test_a_notice_without_signature_is_not_signed(judge: NoticeJudge, draft: Draft) -> None:
    seal = sealed(judge, unsigned(draft), draft)
    assert (seal.outcome, seal.signatures) == (NONE, 0)


@pytest.mark.parametrize(
    ("content", "outcome"),
    [
        (b"", NONE),
        (b"khong phai XML", UNVERIFIABLE),
        (b"<?xml version='1.0'?><HSDLGCS>", UNVERIFIABLE),
        (b"\xff\xfe<\0a\0/\0>\0", UNVERIFIABLE),
        (b"%PDF-1.7", UNVERIFIABLE),
    ],
)
def test_bytes_that_are_no_notice(judge: NoticeJudge, content: bytes, outcome: SignatureOutcome) -> None:
    assert sealed(judge, content, BIRTH).outcome is outcome


@pytest.mark.parametrize("cut", [0.25, 0.5, 0.99])
def test_a_notice_cut_off_is_not_verifiable(judge: NoticeJudge, cut: float) -> None:
    content = signed(BIRTH, signer())
    assert sealed(judge, content[: int(len(content) * cut)], BIRTH).outcome is UNVERIFIABLE


def test_bombs_and_giants_are_refused_cheaply(judge: NoticeJudge) -> None:
    lines = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 30))
    bomb = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e0 "x">{lines}]><HSDLGCS>&e29;</HSDLGCS>'.encode()
    outside = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><HSDLGCS>&e;</HSDLGCS>'
    deep = b"<a>" * 100_000 + b"</a>" * 100_000
    giant = b"<HSDLGCS>" + b"x" * MAX_NOTICE_BYTES + b"</HSDLGCS>"
    began = time.process_time()
    for content in (bomb, outside, deep, giant, bomb.decode().encode("utf-16")):
        assert sealed(judge, content, BIRTH).outcome is UNVERIFIABLE
    assert time.process_time() - began < 1


def test_the_notice_of_the_other_group_is_none_of_this(judge: NoticeJudge) -> None:
    assert sealed(judge, signed(DEATH, signer()), BIRTH).outcome is UNVERIFIABLE
    assert sealed(judge, signed(BIRTH, signer()), DEATH).outcome is UNVERIFIABLE


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    at=st.integers(min_value=0, max_value=10**6),
    byte=st.integers(min_value=0, max_value=255),
    shape=st.sampled_from((WHOLE_FILE, BIRTH, DEATH)),
)
def test_no_byte_of_what_is_signed_can_be_another(judge: NoticeJudge, at: int, byte: int, shape: Draft) -> None:
    """Whatever a byte becomes, the judge answers, and says good only of the same signed content."""
    content = _signed_once(shape)
    place = at % len(content)
    other = content[:place] + bytes([byte]) + content[place + 1 :]
    seal = sealed(judge, other, shape)
    if seal.outcome is GOOD:
        assert _canonical(other, shape) == _canonical(content, shape)


@cache
def _signed_once(draft: Draft) -> bytes:
    return signed(draft, signer())


def _canonical(content: bytes, draft: Draft) -> bytes:
    """What is signed of a notice's content."""
    document = opened(content)
    if draft.profile is Profile.WHOLE_FILE:
        place = document.find("CHUKYDONVI")
        assert place is not None
        place.remove(place[0])
    return bytes(etree.tostring(copied(body(document)), method="c14n", with_comments=False))


# --- The number and the facility -------------------------------------------------------------------------------------


@SHAPES
def test_the_notice_of_another_number_is_not_this_one(judge: NoticeJudge, draft: Draft) -> None:
    content = signed(draft, signer())
    seal = sealed(judge, content, draft._replace(number=draft.number.replace("24681", "24682")))
    assert (seal.outcome, seal.says) == (BROKEN, "Nội dung được ký là của giấy mang số khác.")


def test_a_number_is_the_same_however_its_letters_are_composed(judge: NoticeJudge) -> None:
    draft = BIRTH._replace(number="Đế681.GCS.01901.26")
    content = signed(draft._replace(number=unicodedata.normalize("NFD", draft.number)), signer())
    assert sealed(judge, content, draft).outcome is GOOD


@SHAPES
def test_another_facilitys_certificate_is_not_trusted(judge: NoticeJudge, draft: Draft) -> None:
    seal = sealed(judge, signed(draft, signer("01988")), draft)
    assert (seal.outcome, seal.signatures) == (UNTRUSTED, 1)
    assert "không phải của cơ sở này" in (seal.says or "")


def test_the_facility_named_outside_must_be_the_one_that_signed(judge: NoticeJudge) -> None:
    assert sealed(judge, signed(BIRTH, signer()), BIRTH, facility="01988").outcome is UNTRUSTED
    assert (
        sealed(judge, signed(BIRTH, signer()), BIRTH, facility=None).outcome is UNTRUSTED
    )  # a proof of birth names none
    assert sealed(judge, signed(DEATH, signer()), DEATH, facility=None).outcome is GOOD
    for draft in (DEATH, WHOLE_FILE):
        seal = sealed(judge, signed(draft, signer("01988")), draft, facility="01988")
        assert "khác với cơ sở" in (seal.says or "")


def test_a_certificate_signs_for_a_facility_while_the_register_says_so(tmp_path: Path, folder: Path) -> None:
    register = tmp_path / "facilities.csv"
    register.write_text(
        "facility_code,name,province_code,subject_uid,valid_from,valid_until\n"
        "01901,Bệnh viện,01,MST:0100000901,2020-01-01,2026-11-14\n01901,Bệnh viện,01,MST:0100000999,2026-11-15,\n"
    )
    judge = NoticeJudge(TrustStore.load([folder / "root.pem"]), Facilities.load([register]))
    assert sealed(judge, signed(BIRTH, signer()), BIRTH).outcome is UNTRUSTED
    earlier = BIRTH._replace(signed_at="2026-11-14T23:59:00+07:00")
    assert sealed(judge, signed(earlier, signer()), earlier).outcome is GOOD


# --- The certificate -------------------------------------------------------------------------------------------------


def test_a_signing_time_in_the_future_is_not_good(judge: NoticeJudge) -> None:
    """[choice] Clocks may differ by five minutes."""
    at = datetime(2026, 11, 15, 8, 0, tzinfo=LEGAL_ZONE)
    content = signed(BIRTH, signer())
    assert sealed(judge, content, BIRTH, at - timedelta(minutes=4)).outcome is GOOD
    seal = sealed(judge, content, BIRTH, at - timedelta(minutes=6))
    assert (seal.outcome, seal.says) == (UNTRUSTED, "Thời điểm ký ghi trong chữ ký số ở tương lai.")


@pytest.mark.parametrize("claimed", ["", "hôm qua", "0001-01-01T00:00:00+14:00", "20261115080000", "9999-99-99"])
def test_a_signing_time_that_cannot_be_read_is_not_good(judge: NoticeJudge, claimed: str) -> None:
    draft = BIRTH._replace(signed_at=claimed)
    assert sealed(judge, signed(draft, signer()), draft).outcome is not GOOD


def test_validity_is_judged_at_the_time_of_signing(judge: NoticeJudge) -> None:
    """Expired since: still good. Where no time is signed, the instant of the look-up counts."""
    valid = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 11, 16, tzinfo=UTC)
    expired = authority().signer("expired", "Bệnh viện", "MST:0100000901", valid)
    assert sealed(judge, signed(BIRTH, expired), BIRTH).outcome is GOOD
    later = BIRTH._replace(signed_at="2026-11-17T08:00:00+07:00")
    seal = sealed(judge, signed(later, expired), later)
    assert (seal.outcome, seal.says) == (UNTRUSTED, "Chứng thư số không có hiệu lực vào lúc ký.")
    assert sealed(judge, signed(WHOLE_FILE, expired), WHOLE_FILE).outcome is UNTRUSTED
    assert sealed(judge, signed(WHOLE_FILE, expired), WHOLE_FILE, AT - timedelta(days=5)).outcome is GOOD


def test_a_revoked_certificate_signs_nothing_more(folder: Path, tmp_path: Path) -> None:
    revoked = datetime(2026, 11, 15, 9, tzinfo=LEGAL_ZONE)
    (tmp_path / "list.pem").write_bytes(authority().revoke(signer(), at=revoked))
    judge = NoticeJudge(TrustStore.load([folder / "root.pem"], [tmp_path / "list.pem"]), facilities())
    assert sealed(judge, signed(BIRTH, signer()), BIRTH).outcome is GOOD
    later = BIRTH._replace(signed_at="2026-11-15T09:00:01+07:00")
    for draft in (later, WHOLE_FILE):
        seal = sealed(judge, signed(draft, signer()), draft)
        assert (seal.outcome, seal.says) == (UNTRUSTED, "Chứng thư số đã bị thu hồi.")


def test_an_unknown_root_and_no_root_at_all_are_not_trusted(judge: NoticeJudge) -> None:
    stranger = Authority().signer("stranger", "Bệnh viện", "MST:0100000901")
    assert sealed(judge, signed(BIRTH, stranger), BIRTH).outcome is UNTRUSTED
    assert sealed(NoticeJudge(TrustStore(()), facilities()), signed(BIRTH, signer()), BIRTH).outcome is UNTRUSTED


def test_a_certificate_that_is_not_for_signing_is_not_trusted(judge: NoticeJudge) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    root = x509.load_pem_x509_certificate(authority().root)
    root_key = serialization.load_pem_private_key(authority()._root.key, None)
    assert isinstance(root_key, rsa.RSAPrivateKey)
    subject = x509.Name([x509.NameAttribute(NameOID.USER_ID, "MST:0100000901")])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(root.subject).public_key(key.public_key())
    builder = (
        builder.serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    usage = dict.fromkeys(
        (
            *("digital_signature", "content_commitment", "data_encipherment", "key_agreement", "key_cert_sign"),
            *("crl_sign", "encipher_only", "decipher_only"),
        ),
        False,
    )
    for extension in (None, x509.KeyUsage(key_encipherment=True, **usage)):
        made = builder.add_extension(extension, critical=True) if extension else builder
        certificate = made.sign(root_key, hashes.SHA256()).public_bytes(pem)
        assert sealed(judge, signed(BIRTH, Signer(secret, certificate)), BIRTH).outcome is UNTRUSTED


@pytest.mark.parametrize("text", ["", "không phải base64", base64.b64encode(b"khong phai chung thu").decode()])
def test_what_stands_for_a_certificate_may_be_anything(judge: NoticeJudge, text: str) -> None:
    def swap(document: etree._Element) -> None:
        (element,) = document.iter(f"{DS}X509Certificate")
        element.text = text

    assert sealed(judge, changed(signed(BIRTH, signer()), swap), BIRTH).outcome is UNVERIFIABLE


# --- The simulator ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [state for state in NoticeState if state is not NoticeState.NOT_FOUND])
@pytest.mark.parametrize(
    ("group", "number"),
    [(Group.BIRTH, "24681.GCS.01901.26"), (Group.BIRTH, "24681.GCS.01234.26"), (Group.DEATH, "24681.GBT.01988.26")],
)
def test_the_simulator_serves_what_it_is_told(
    judge: NoticeJudge, state: NoticeState, group: Group, number: str
) -> None:
    content = issued(authority(), group, number, state)
    seal = judge.seal(Notice(content, group, number, number[-8:-3], AT))
    assert NoticeState.of(seal.outcome) is state
    assert issued(authority(), group, number, state) == content
