"""Which addresses are this machine's own: what goes there needs no TLS, what listens there no stranger reaches."""

from ipaddress import ip_address


def is_this_machine(host: str) -> bool:
    """Whether that host, a name or an address, is loopback; a name counts only if it is `localhost` (RFC 6761 §6.3)."""
    host = host.strip("[]").partition("%")[0].rstrip(".").lower()
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
