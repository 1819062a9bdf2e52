"""The simulator's own certification authority, made when it starts: a root, and certificates for who signs.

With a folder, what it has made is kept there, so that the same signer has the same key after a restart; `root.pem` is
the root for those who are to trust it. Nothing of it is of any value outside the simulation.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

ROOT_FILE = "root.pem"

_FROM, _UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)
"""Simulated days lie between these."""

_BITS = 2048


@dataclass(frozen=True)
class Signer:
    """A key and its certificate, in PEM."""

    key: bytes
    certificate: bytes


class Authority:
    """The authority at work. `uid` of a signer goes into the subject as in Việt Nam: `MST:` and a tax code."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._made: dict[str, Signer] = {}
        if folder:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            (folder / ROOT_FILE).write_bytes(self.root)

    @cached_property
    def _root(self) -> Signer:
        return self._kept("root") or self._new("root", "CA GIẢ LẬP - KHÔNG CÓ GIÁ TRỊ", None, _FROM, _UNTIL)

    @property
    def root(self) -> bytes:
        """The root's certificate, PEM."""
        return self._root.certificate

    @property
    def root_key(self) -> rsa.RSAPrivateKey:
        """The root's own key, to certify others with."""
        return _loaded(self._root.key)

    def signer(
        self, name: str, common_name: str, uid: str | None = None, valid: tuple[datetime, datetime] = (_FROM, _UNTIL)
    ) -> Signer:
        """The signer of that file name: the one made before, or a new one."""
        return self._kept(name) or self._new(name, common_name, uid, *valid)

    def revoke(self, *signers: Signer, at: datetime) -> bytes:
        """A revocation list (CRL, PEM) of that day with these signers' certificates."""
        root = x509.load_pem_x509_certificate(self._root.certificate)
        builder = x509.CertificateRevocationListBuilder().issuer_name(root.subject).last_update(at)
        builder = builder.next_update(at + timedelta(days=3650))
        for signer in signers:
            serial = x509.load_pem_x509_certificate(signer.certificate).serial_number
            revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at).build()
            builder = builder.add_revoked_certificate(revoked)
        return builder.sign(self.root_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def _kept(self, name: str) -> Signer | None:
        if name in self._made or self._folder is None:
            return self._made.get(name)
        key, certificate = self._folder / f"{name}.key", self._folder / f"{name}.crt"
        if not certificate.exists():
            return None
        return self._made.setdefault(name, Signer(key.read_bytes(), certificate.read_bytes()))

    def _new(self, name: str, common_name: str, uid: str | None, start: datetime, end: datetime) -> Signer:
        key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
        is_root = name == "root"
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
                x509.NameAttribute(NameOID.COMMON_NAME, common_name),
                *([x509.NameAttribute(NameOID.USER_ID, uid)] if uid else []),
            ]
        )
        issuer = subject if is_root else x509.load_pem_x509_certificate(self._root.certificate).subject
        usage = x509.KeyUsage(
            digital_signature=not is_root,
            content_commitment=not is_root,
            key_cert_sign=is_root,
            crl_sign=is_root,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .sign(key if is_root else self.root_key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        made = Signer(secret, certificate.public_bytes(pem))
        if self._folder:
            _write(self._folder / f"{name}.key", made.key)
            _write(self._folder / f"{name}.crt", made.certificate)
        return self._made.setdefault(name, made)


@cache
def passing_authority() -> Authority:
    """One that is forgotten with this process."""
    return Authority()


def _loaded(key: bytes) -> rsa.RSAPrivateKey:
    loaded = serialization.load_pem_private_key(key, None)
    assert isinstance(loaded, rsa.RSAPrivateKey)
    return loaded


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
