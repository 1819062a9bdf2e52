"""Birth and death notices as facilities write and sign them, in both shapes of STANDARDS §1.5; right, or wrong as told.

What they say of people is invented, and the same of everybody.
"""

import base64
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import NamedTuple

import xmlsec
from lxml import etree

from models.groups import Group
from models.messages import NoticeState
from simulator.authority import Authority, Signer
from trust.facilities import Facilities, Facility

REGISTER = Path(__file__).parent / "facilities.csv"
"""The facilities there are in the simulation, as `LIENTHONG_FACILITIES` wants them."""

DIAGNOSIS = {"NGUYENNHAN_TV": "Bệnh giả định trên Giấy báo tử", "BENH_ICD10_ID": "I21.9", "BENH_ICD10_TEN": "Bệnh mẫu"}
"""What a death notice tells besides, whether one wants to know or not (STANDARDS §1.4)."""

WHOLE_FILES_FROM = frozenset({"01234", "79001"})
"""Facilities that send their birth notices in the file of the whole stay (profile A)."""

_USUAL_FACILITY, _OTHER_FACILITY = "01901", "01988"


class Profile(StrEnum):
    """How a notice is packed and signed."""

    WHOLE_FILE = "A"
    PROOF = "B"


class Draft(NamedTuple):
    """A notice to be written: its number, its facility, and when it was signed, as it claims."""

    group: Group
    number: str
    facility: str
    profile: Profile
    signed_at: str


def facility_of(number: str) -> Facility:
    """Who issued the notice of a number: the facility it seems to name, else a usual one."""
    return _register().known(number[-8:-3]) or _known(_USUAL_FACILITY)


def certified(authority: Authority, facility: Facility) -> Signer:
    """The facility's key and certificate."""
    return authority.signer(f"facility-{facility.code}", facility.name, facility.subject_uid)


def issued(authority: Authority, group: Group, number: str, state: NoticeState) -> bytes:
    """The notice of that number, signed as that state says: the same bytes whenever it is asked for."""
    facility = facility_of(number)
    whole = group is Group.BIRTH and facility.code in WHOLE_FILES_FROM
    profile = Profile.WHOLE_FILE if whole else Profile.PROOF
    # Legal time is not known at a look-up, so a notice is of the first day of its year.
    draft = Draft(group, number, facility.code, profile, f"20{number[-2:]}-01-01T08:00:00+07:00")
    if state is NoticeState.UNSIGNED:
        return unsigned(draft)
    signer = facility
    if state is NoticeState.UNTRUSTED:
        signer = _known(_OTHER_FACILITY if facility.code == _USUAL_FACILITY else _USUAL_FACILITY)
    content = signed(draft, certified(authority, signer))
    if state is NoticeState.BROKEN:
        return content.replace(b"</QUYEN_SO>", b"9</QUYEN_SO>").replace(b"</MACSKCB>", b" </MACSKCB>")
    if state is NoticeState.UNVERIFIABLE:
        return content.replace(b"X509Certificate>", b"X509SKI>")
    return content


def unsigned(draft: Draft) -> bytes:
    """The notice with an empty place for the signature."""
    return _bytes(_document(draft))


def signed(draft: Draft, signer: Signer) -> bytes:
    """The notice with its facility's signature."""
    document = _document(draft)
    place = document.find("CHUKYDONVI")
    assert place is not None
    place.append(_whole_file_signature() if draft.profile is Profile.WHOLE_FILE else _proof_signature(document, draft))
    xmlsec.tree.add_ids(document, ["Id"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(signer.key, xmlsec.constants.KeyDataFormatPem)
    context.key.load_cert_from_memory(signer.certificate, xmlsec.constants.KeyDataFormatCertPem)
    context.sign(place[0])
    return _bytes(document)


def _whole_file_signature() -> etree._Element:
    node = _template()
    reference = xmlsec.template.add_reference(node, xmlsec.constants.TransformSha256, uri="")
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformEnveloped)
    return node


def _proof_signature(document: etree._Element, draft: Draft) -> etree._Element:
    node = _template()
    name = f"Object-CHUKYDONVI-{document[0].get('Id', '').removeprefix('Id-')}"
    for uri in (f"#{name}", f"#{document[0].get('Id')}"):
        xmlsec.template.add_reference(node, xmlsec.constants.TransformSha256, uri=uri)
    claim = etree.fromstring(
        f'<Object xmlns="http://www.w3.org/2000/09/xmldsig#" Id="{name}"><SignatureProperties><SignatureProperty '
        f'Target=""><SigningTime xmlns="">{draft.signed_at}</SigningTime></SignatureProperty></SignatureProperties>'
        "</Object>"
    )
    node.append(claim)
    return node


def _template() -> etree._Element:
    allowed = xmlsec.constants
    node = etree.fromstring('<root xmlns="http://www.w3.org/2000/09/xmldsig#"/>')
    node = xmlsec.template.create(node, allowed.TransformInclC14N, allowed.TransformRsaSha256)
    xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(node))
    return node


def _document(draft: Draft) -> etree._Element:
    return _whole_file(draft) if draft.profile is Profile.WHOLE_FILE else _proof(draft)


def _whole_file(draft: Draft) -> etree._Element:
    inside = etree.Element("CHI_TIEU_DU_LIEU_GIAY_CHUNG_SINH")
    record = etree.SubElement(etree.SubElement(inside, "DSACH_GIAYCHUNGSINH"), "DU_LIEU_GIAY_CHUNG_SINH")
    _fill(
        record,
        {
            "MA_LK": f"LK-{draft.number}",
            "HO_TEN_NND": "Nguyễn Thị Mẫu",
            "NGAYSINH_NND": "19940101",
            "HO_TEN_CON": "Trần Minh Mẫu",
            "NGAY_SINH_CON": "202601010715",
            "SO": draft.number,
            "QUYEN_SO": "01",
        },
    )
    root = etree.Element("GIAMDINHHS")
    _fill(etree.SubElement(root, "THONGTINDONVI"), {"MACSKCB": draft.facility})
    record = etree.SubElement(root, "THONGTINHOSO")
    for name in ("DANHSACHHOSO", "HOSO", "FILEHOSO"):
        record = etree.SubElement(record, name)
    _fill(record, {"LOAIHOSO": "XML9", "NOIDUNGFILE": base64.b64encode(_bytes(inside)).decode()})
    etree.SubElement(root, "CHUKYDONVI")
    return root


def _proof(draft: Draft) -> etree._Element:
    birth = draft.group is Group.BIRTH
    root = etree.Element("HSDLGCS" if birth else "HSDLGBT")
    body = etree.SubElement(root, "GIAYCHUNGSINH" if birth else "GIAYBAOTU", Id=f"Id-{draft.number.encode().hex()}")
    if birth:
        _fill(
            body,
            {
                "MA_GCS": draft.number,
                "HOTEN_NND": "Nguyễn Thị Mẫu",
                "NGAYSINH_NND": "19940101",
                "TEN_CON": "Trần Minh Mẫu",
                "NGAY_SINH_CON": "202601010715",
                "MA_BHXH_NND": "0000000000",
                "QUYEN_SO": "01",
            },
        )
    else:
        _fill(
            body,
            {
                "MA_GBT": draft.number,
                "HO_TEN": "Trần Văn Mẫu",
                "NGAY_SINH": "19440101",
                "NGAY_TV": "202601010715",
                **DIAGNOSIS,
                "QUYEN_SO": "01",
                "MACSKCB": draft.facility,
            },
        )
    etree.SubElement(root, "CHUKYDONVI")
    return root


def _fill(record: etree._Element, fields: dict[str, str]) -> None:
    for name, value in fields.items():
        etree.SubElement(record, name).text = value


def _bytes(document: etree._Element) -> bytes:
    return bytes(etree.tostring(document, encoding="UTF-8", xml_declaration=True))


@cache
def _register() -> Facilities:
    return Facilities.load([REGISTER])


def _known(code: str) -> Facility:
    facility = _register().known(code)
    assert facility is not None
    return facility
