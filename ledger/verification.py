"""Whether the PostgreSQL server is who it should be: TLS to it, its certificate and name verified, by libpq."""

import os

from sqlalchemy import URL

from ledger.connections import Connections
from ledger.errors import DatabaseUnusable
from trust.machines import is_this_machine

_VERIFIED = "verify-full"


def verified(url: URL, connections: Connections) -> URL:
    """The URL, saying that the server is verified if it is beyond this machine or the URL wants it to be.

    libpq's own default would go on without TLS where the server offers none. Raises DatabaseUnusable for a URL that
    asks for less, unless the connections allow it.
    """
    stated = url.query.get("sslmode")
    if stated != _VERIFIED and _on_this_machine(url):
        return url
    if stated not in (None, _VERIFIED):
        if connections.unverified:
            return url
        raise DatabaseUnusable(
            "đã cấu hình",
            f"sslmode={stated} không đủ cho máy khác: cần {_VERIFIED}, hoặc LIENTHONG_DATABASE_UNVERIFIED=true",
            f"beyond this machine its sslmode must be {_VERIFIED}",
        )
    authorities = connections.authorities or os.environ.get("PGSSLROOTCERT") or "system"
    return url.set(query={"sslrootcert": str(authorities), **url.query, "sslmode": _VERIFIED})


def _on_this_machine(url: URL) -> bool:
    """Whether all that libpq may connect to is: a socket in a folder, or loopback. A service file may name anything."""
    if "service" in url.query or "PGSERVICE" in os.environ:
        return False
    names = _each(url.query.get("host") or url.host or os.environ.get("PGHOST"))
    addresses = _each(url.query.get("hostaddr") or os.environ.get("PGHOSTADDR"))
    return all(host.startswith(("/", "@")) or is_this_machine(host) for host in (*names, *addresses))


def _each(stated: str | tuple[str, ...] | None) -> list[str]:
    texts = (stated,) if isinstance(stated, str) else stated or ()
    return [host for text in texts for host in text.split(",") if host]
