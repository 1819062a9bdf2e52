"""Whose certificates are trusted (kho chứng thư gốc): roots and revocation lists from configured files.

Nothing is fetched: a certificate that names where its revocations are published is judged by the lists given here.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from asn1crypto import crl, pem, x509
from pyhanko_certvalidator import CertificateValidator
from pyhanko_certvalidator.context import ValidationContext
from pyhanko_certvalidator.errors import (
    ExpiredError,
    InsufficientRevinfoError,
    NotYetValidError,
    PathError,
    RevokedError,
    ValidationError,
)
from pyhanko_certvalidator.policy_decl import CertRevTrustPolicy, RevocationCheckingPolicy, RevocationCheckingRule

SIGNING = frozenset({"digital_signature"})
"""The key usage that signing a document needs (RFC 5280 §4.2.1.3)."""


class TrustUnusable(Exception):
    """A configured file of roots or revocation lists cannot be read; the message is Vietnamese and names the file."""


@dataclass(frozen=True)
class TrustStore:
    """Roots, and the revocation lists that are known."""

    roots: tuple[x509.Certificate, ...]
    revocation_lists: tuple[crl.CertificateList, ...] = ()

    @classmethod
    def load(cls, roots: Iterable[Path], revocation_lists: Iterable[Path] = ()) -> "TrustStore":
        """From files in PEM (several in one file are fine) or DER. Raises TrustUnusable."""
        lists = (der for path in revocation_lists for der in _ders(path, crl.CertificateList))
        return cls(
            tuple(x509.Certificate.load(der) for path in roots for der in _ders(path, x509.Certificate)),
            tuple(map(crl.CertificateList.load, lists)),
        )

    def doubt(self, certificate: bytes, chain: Iterable[bytes], at: datetime) -> str | None:
        """Why a certificate (DER) could not sign at that instant, in Vietnamese; None when it could.

        `chain` are certificates that came with it. Lists known of its issuer must speak of it, newer ones too: what was
        revoked later could sign until then. Raises ValueError for bytes that are no certificate.
        """
        signer = x509.Certificate.load(certificate, strict=True)
        others = [x509.Certificate.load(der, strict=True) for der in chain]
        if any(self._on_a_list(other, at) for other in others):
            return "Chứng thư số của tổ chức cấp đã bị thu hồi."
        try:
            self._validate(signer, others, at, RevocationCheckingRule.NO_CHECK)
            since = self._listed(signer)
            if since and since <= signer.not_valid_after:  # lists no longer name who has expired
                self._validate(signer, others, max(at, since), RevocationCheckingRule.CRL_REQUIRED)
        except RevokedError as revoked:
            return "Chứng thư số đã bị thu hồi." if revoked.revocation_dt <= at else None
        except InsufficientRevinfoError:
            return "Danh sách chứng thư số bị thu hồi đã quá hạn; cần bản mới."
        except (ExpiredError, NotYetValidError):
            return "Chứng thư số không có hiệu lực vào lúc ký."
        except (PathError, ValidationError):
            return "Chứng thư số không do tổ chức được tin cậy cấp, hoặc không dùng để ký."
        return None

    def _on_a_list(self, issuer: x509.Certificate, at: datetime) -> bool:
        """Whether an issuer's certificate was revoked by then, by the lists as they are configured."""
        known = (one["tbs_cert_list"] for one in self.revocation_lists if one.issuer == issuer.issuer)
        revoked = (entry for one in known for entry in one["revoked_certificates"] or ())
        return any(
            entry["user_certificate"].native == issuer.serial_number and entry["revocation_date"].native <= at
            for entry in revoked
        )

    def _listed(self, certificate: x509.Certificate) -> datetime | None:
        """Since when the newest list of its issuer holds."""
        known = (one["tbs_cert_list"] for one in self.revocation_lists if one.issuer == certificate.issuer)
        return max((one["this_update"].native for one in known), default=None)

    def _validate(
        self, signer: x509.Certificate, others: list[x509.Certificate], at: datetime, rule: RevocationCheckingRule
    ) -> None:
        context = ValidationContext(
            trust_roots=self.roots,
            crls=self.revocation_lists,
            moment=at,
            allow_fetching=False,
            revinfo_policy=CertRevTrustPolicy(RevocationCheckingPolicy(rule, RevocationCheckingRule.NO_CHECK)),
            weak_hash_algos={"md2", "md5", "sha1"},
        )
        validator = CertificateValidator(signer, intermediate_certs=others, validation_context=context)
        asyncio.run(validator.async_validate_usage(set(SIGNING)))  # type: ignore[no-untyped-call]


def _ders(path: Path, structure: type[x509.Certificate] | type[crl.CertificateList]) -> list[bytes]:
    try:
        content = path.read_bytes()
        ders = [der for _, _, der in pem.unarmor(content, multiple=True)] if pem.detect(content) else [content]
        for der in ders:
            structure.load(der, strict=True).native  # noqa: B018  # asn1crypto parses only what is looked at
    except (OSError, ValueError, TypeError) as error:
        raise TrustUnusable(f"Không đọc được chứng thư hoặc danh sách thu hồi trong {path.name}.") from error
    return ders
