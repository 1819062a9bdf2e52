"""The published contract of the gateway (OpenAPI): what comes in, how it is signed, how problems look."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.events import event_schemas
from models.senders import MESSAGE_ID, SIGNATURE, TIMESTAMP

PROBLEM_MEDIA_TYPE = "application/problem+json"

_HEADERS = {
    "webhookId": (MESSAGE_ID, "Standard Webhooks: the id of the event."),
    "webhookTimestamp": (TIMESTAMP, "Standard Webhooks: Unix time of signing, at most five minutes from ours."),
    "webhookSignature": (SIGNATURE, "Standard Webhooks: `v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`."),
}
_SCHEMES: Mapping[str, Mapping[str, str]] = {
    **{
        scheme: {"type": "apiKey", "in": "header", "name": name, "description": meaning}
        for scheme, (name, meaning) in _HEADERS.items()
    },
    "clientCertificate": {"type": "mutualTLS", "description": "For senders registered with certificates."},
}

SIGNED: Sequence[Mapping[str, Sequence[str]]] = (
    dict.fromkeys(_HEADERS, ()),
    dict.fromkeys((*_HEADERS, "clientCertificate"), ()),
)
"""The security of an operation for senders: all three headers, and the certificate of those registered with one."""


def complete(contract: dict[str, Any], problems: Sequence[str]) -> None:
    """Add to a generated contract what its generator cannot know; `problems` are the schemas of problem documents."""
    contract["components"]["schemas"] |= event_schemas()
    contract["components"]["securitySchemes"] = _SCHEMES
    for operation in (one for path in contract["paths"].values() for one in path.values()):
        for response in operation["responses"].values():
            content = response.get("content", {})
            reference = content.get("application/json", {}).get("schema", {}).get("$ref", "")
            if reference.rpartition("/")[2] in problems:
                content[PROBLEM_MEDIA_TYPE] = content.pop("application/json")
