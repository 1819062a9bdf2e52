"""Whose certificates are trusted: chains, days, revocations, and files that are none."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from simulator.authority import ROOT_FILE, Authority, Signer
from trust.roots import TrustStore, TrustUnusable

NOW = datetime(2026, 11, 19, 2, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def signer(authority: Authority) -> Signer:
    return authority.signer("facility", "BỆNH VIỆN MẪU", "MST:0000000001")


def der(signer: Signer) -> bytes:
    return x509.load_pem_x509_certificate(signer.certificate).public_bytes(Encoding.DER)


def store(authority: Authority, folder: Path, *revoked: Signer, at: datetime = NOW) -> TrustStore:
    root, crl = folder / "root.pem", folder / "revoked.pem"
    root.write_bytes(authority.root)
    if not revoked:
        return TrustStore.load([root])
    crl.write_bytes(authority.revoke(*revoked, at=at))
    return TrustStore.load([root], [crl])


def test_a_certificate_of_a_trusted_root_may_sign(authority: Authority, signer: Signer, tmp_path: Path) -> None:
    assert store(authority, tmp_path).doubt(der(signer), [], NOW) is None


@pytest.mark.parametrize("at", [datetime(2019, 12, 31, tzinfo=UTC), datetime(2040, 1, 2, tzinfo=UTC)])
def test_its_days_count_at_the_instant_of_signing(
    authority: Authority, signer: Signer, tmp_path: Path, at: datetime
) -> None:
    assert "không có hiệu lực" in str(store(authority, tmp_path).doubt(der(signer), [], at))


def test_a_root_nobody_configured_is_not_trusted(signer: Signer, tmp_path: Path) -> None:
    assert "được tin cậy" in str(store(Authority(), tmp_path).doubt(der(signer), [], NOW))
    assert TrustStore(()).doubt(der(signer), [], NOW) is not None


def test_a_root_of_the_same_name_is_another_root(authority: Authority, tmp_path: Path) -> None:
    forged = Authority().signer("facility", "BỆNH VIỆN MẪU", "MST:0000000001")
    assert store(authority, tmp_path).doubt(der(forged), [], NOW) is not None


def test_a_root_does_not_sign_documents(authority: Authority, tmp_path: Path) -> None:
    root = Signer(b"", authority.root)
    assert store(authority, tmp_path).doubt(der(root), [], NOW) is not None


def test_a_revoked_certificate_counts_until_its_revocation(
    authority: Authority, signer: Signer, tmp_path: Path
) -> None:
    known = store(authority, tmp_path, signer, at=NOW)
    assert known.doubt(der(signer), [], NOW + timedelta(days=1)) == "Chứng thư số đã bị thu hồi."
    assert known.doubt(der(signer), [], NOW - timedelta(days=1)) is None
    other = authority.signer("other", "BỆNH VIỆN KHÁC")
    assert known.doubt(der(other), [], NOW + timedelta(days=1)) is None


def test_who_certifies_others_can_be_revoked_too(authority: Authority, tmp_path: Path) -> None:
    between, signing = certified_between(authority)
    assert store(authority, tmp_path).doubt(der(signing), [der(between)], NOW) is None
    known = store(authority, tmp_path, between, at=NOW)
    assert "tổ chức cấp đã bị thu hồi" in str(known.doubt(der(signing), [der(between)], NOW + timedelta(days=1)))
    assert known.doubt(der(signing), [der(between)], NOW - timedelta(days=1)) is None


def certified_between(authority: Authority) -> tuple[Signer, Signer]:
    """An authority that the root has certified, and a signer that it has certified in turn."""
    keys = [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)]
    issuer, issuing = x509.load_pem_x509_certificate(authority.root).subject, authority.root_key
    made = []
    for key, name, ca in zip(keys, ("CA CẤP DƯỚI", "BỆNH VIỆN MẪU"), (True, False), strict=True):
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        uses = dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False)
        usage = x509.KeyUsage(not ca, **uses, key_cert_sign=ca, crl_sign=ca, encipher_only=False, decipher_only=False)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(NOW - timedelta(365)).not_valid_after(NOW + timedelta(365))
        builder = builder.add_extension(x509.BasicConstraints(ca, 0 if ca else None), critical=True)
        certificate = builder.add_extension(usage, critical=True).sign(issuing, hashes.SHA256())
        made.append(Signer(b"", certificate.public_bytes(Encoding.PEM)))
        issuer, issuing = subject, key
    return made[0], made[1]


def test_a_list_out_of_date_is_said_to_be(authority: Authority, signer: Signer, tmp_path: Path) -> None:
    known = store(authority, tmp_path, signer, at=datetime(2021, 1, 1, tzinfo=UTC))
    assert "cần bản mới" in str(
        known.doubt(der(authority.signer("other", "BỆNH VIỆN KHÁC")), [], NOW + timedelta(3650))
    )


@pytest.mark.parametrize("content", [b"", b"not a certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END"])
def test_a_file_that_is_none_is_named(tmp_path: Path, content: bytes) -> None:
    bad = tmp_path / "bad.pem"
    bad.write_bytes(content)
    with pytest.raises(TrustUnusable, match=r"bad\.pem"):
        TrustStore.load([bad])
    with pytest.raises(TrustUnusable, match=r"missing\.pem"):
        TrustStore.load([], [tmp_path / "missing.pem"])


def test_an_authority_keeps_what_it_has_made(tmp_path: Path) -> None:
    first = Authority(tmp_path).signer("office", "UBND MẪU")
    again = Authority(tmp_path)
    assert again.signer("office", "UBND MẪU") == first
    assert (tmp_path / ROOT_FILE).read_bytes() == again.root
    assert (tmp_path / "office.key").stat().st_mode & 0o77 == 0
