"""Where a request comes from: what it says of that itself is believed only of trusted proxies."""

import base64
import hashlib
import ssl
from ipaddress import ip_network
from urllib.parse import quote

import pytest

from simulator.authority import Authority
from trust.callers import Caller, Proxies

PROXIES = Proxies((ip_network("10.0.0.0/24"), ip_network("fd00::/64")), "Client-Cert")
PEM = Authority().root.decode()
DER = ssl.PEM_cert_to_DER_cert(PEM)
FINGERPRINT = hashlib.sha256(DER).hexdigest()
RFC_9440 = f":{base64.b64encode(DER).decode()}:"


def certificate(*stated: str, peer: str = "10.0.0.1", name: str = "client-cert", at: Proxies = PROXIES) -> str | None:
    return at.caller(peer, [(name, one) for one in stated]).certificate


@pytest.mark.parametrize(
    "stated", [RFC_9440, quote(PEM), PEM.replace("\n", "%0A")], ids=["RFC 9440", "nginx", "escaped"]
)
def test_a_trusted_proxy_states_the_certificate_it_verified(stated: str) -> None:
    assert certificate(stated) == FINGERPRINT


def test_nobody_else_does() -> None:
    assert certificate(RFC_9440, peer="192.0.2.1") is None
    assert certificate(RFC_9440, peer="no address") is None
    assert certificate(RFC_9440, name="x-client-cert") is None
    assert certificate(RFC_9440, at=Proxies(PROXIES.trusted)) is None
    assert certificate(RFC_9440, at=Proxies()) is None


@pytest.mark.parametrize(
    "stated",
    [(), ("",), (":",), ("::",), (":%%%:",), ("ký",), (RFC_9440, RFC_9440)],
    ids=["none", "empty", "half", "nothing", "no base64", "no ASCII", "two"],
)
def test_a_certificate_that_cannot_be_read_is_none(stated: tuple[str, ...]) -> None:
    assert certificate(*stated) is None


@pytest.mark.parametrize(
    ("peer", "hops", "origin"),
    [
        ("192.0.2.1", (), "192.0.2.1"),
        ("192.0.2.1", ("198.51.100.7",), "192.0.2.1"),
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("198.51.100.7",), "198.51.100.7"),
        ("10.0.0.1", ("203.0.113.9, 198.51.100.7",), "198.51.100.7"),
        ("10.0.0.1", ("203.0.113.9", "198.51.100.7, 10.0.0.2"), "198.51.100.7"),
        ("10.0.0.1", ("10.0.0.3, 10.0.0.2",), "10.0.0.3"),
        ("10.0.0.1", ("made up",), "None"),
        ("::ffff:10.0.0.1", ("198.51.100.7",), "198.51.100.7"),
        ("fd00::1", ("2001:db8:1:2:3::4",), "2001:db8:1:2::/64"),
    ],
)
def test_strangers_are_told_apart_by_what_trusted_proxies_saw(peer: str, hops: tuple[str, ...], origin: str) -> None:
    assert PROXIES.caller(peer, [("X-Forwarded-For", hop) for hop in hops]) == Caller(origin)
