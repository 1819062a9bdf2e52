"""Where a request comes from: the caller's address and client certificate, behind a reverse proxy too.

What a request says of either is believed only when a trusted proxy put it there; by default none is trusted.
"""

import base64
import hashlib
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import unquote

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_FORWARDED_FOR = "x-forwarded-for"
_IPV6_HOUSEHOLD = 64
"""Whoever has one IPv6 address has the network of this prefix: they count as one."""


@dataclass(frozen=True)
class Caller:
    """Whom strangers' requests are counted for, and the SHA-256 of the client certificate a trusted proxy saw."""

    origin: str
    certificate: str | None = None


@dataclass(frozen=True)
class Proxies:
    """The reverse proxies that are trusted, and the header in which they state a client certificate they verified.

    Without `certificate_header` mutual TLS is off. The header is that of RFC 9440 (`:base64 of the DER:`), or an
    escaped PEM as nginx writes it (`$ssl_client_escaped_cert`).
    """

    trusted: tuple[Network, ...] = ()
    certificate_header: str = ""

    def caller(self, peer: str, headers: Iterable[tuple[str, str]]) -> Caller:
        """Who is at the other end, given the address of the connection and all headers."""
        stated = tuple((name.lower(), value) for name, value in headers)
        address = _address(peer)
        if address is None or not self._trusts(address):
            return Caller(_origin(address))
        hops = [hop for name, value in stated if name == _FORWARDED_FOR for hop in value.split(",")]
        certificates = [value for name, value in stated if name == self.certificate_header.lower()]
        return Caller(_origin(self._first_untrusted(address, hops)), _fingerprint(certificates))

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self.trusted)

    def _first_untrusted(self, peer: Address, hops: Sequence[str]) -> Address | None:
        """The last hop that no trusted proxy is: what stands before it, it may have made up."""
        at: Address | None = peer
        for hop in reversed(hops):
            if at is None or not self._trusts(at):
                break
            at = _address(hop.strip())
        return at


def _address(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _origin(address: Address | None) -> str:
    if isinstance(address, IPv6Address):
        return str(ip_network((int(address), _IPV6_HOUSEHOLD), strict=False))
    return str(address)


def _fingerprint(stated: Sequence[str]) -> str | None:
    """SHA-256 of the certificate; None for none, several, or one that cannot be read."""
    if len(stated) != 1:
        return None
    text = stated[0].strip()
    try:
        if len(text) > 1 and text[0] == text[-1] == ":":
            der = base64.b64decode(text[1:-1], validate=True)
        else:
            der = ssl.PEM_cert_to_DER_cert(unquote(text))
    except ValueError:
        return None
    return hashlib.sha256(der).hexdigest() if der else None
