"""The wire contract of everything that comes in: CloudEvents 1.0 in JSON, documents as base64 inside."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Base64Bytes, BeforeValidator, ConfigDict, Field

from models.base import Code, Instant, Model, Text
from models.documents import DocumentKind, MediaType
from models.facts import FactKind

_MAX_TRACE_CONTEXT = 200

EVENT_MEDIA_TYPE = "application/cloudevents+json"


class EventType(StrEnum):
    """CloudEvents types, one for each way in."""

    AGENCY_EVENT = "vn.lienthong.agency_event.v1"
    VNEID_CONSENT = "vn.lienthong.vneid_consent.v1"
    PAYMENT = "vn.lienthong.payment.v1"
    DOCUMENTS = "vn.lienthong.documents.v1"
    SUPPLEMENT = "vn.lienthong.supplement.v1"
    AGREEMENT = "vn.lienthong.agreement.v1"
    ATTESTED_CONSENT = "vn.lienthong.attested_consent.v1"
    WITHDRAWAL = "vn.lienthong.withdrawal.v1"

    @property
    def fact_kind(self) -> FactKind:
        return FactKind[self.name]


class WireDocument(Model):
    """A document on the wire; stored by content on arrival, so that only its digest travels further."""

    kind: DocumentKind
    file_name: Text
    media_type: MediaType
    content: Base64Bytes


def _or_nothing(stated: object) -> object:
    """A trace context is a courtesy: one that is wrong is no reason to refuse the fact."""
    return stated if isinstance(stated, str) and len(stated) <= _MAX_TRACE_CONTEXT else None


TraceContext = Annotated[Annotated[str, Field(max_length=_MAX_TRACE_CONTEXT)] | None, BeforeValidator(_or_nothing)]
"""A W3C trace context (CloudEvents extension Distributed Tracing)."""


class CloudEvent(Model):
    """A CloudEvents 1.0 envelope. `id` is the message id, `subject` the dossier code.

    The id stays readable for ever, in Temporal and on the audit trail: it may tell nothing of a person.

    `data` is the fact's model (`models.facts`) without `message_id` and `dossier_code`, documents as `WireDocument`.
    Unknown extension attributes are allowed, as the CloudEvents specification demands.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    specversion: Literal["1.0"]
    id: Code
    source: Text
    type: EventType
    subject: Code
    time: Instant | None = None
    datacontenttype: Literal["application/json"] = "application/json"
    traceparent: TraceContext = None
    data: Mapping[str, Any]


SCHEMAS = "#/components/schemas/{model}"
"""Where a contract in OpenAPI keeps its definitions."""


def event_schemas() -> dict[str, dict[str, Any]]:
    """The contract of what comes in, as JSON Schema definitions: the envelope, and for each type what `data` holds."""
    definitions: dict[str, dict[str, Any]] = {}
    kinds = []
    for type_ in EventType:
        data = type_.fact_kind.model.model_json_schema(ref_template=SCHEMAS)
        definitions |= data.pop("$defs", {})
        for ours in ("message_id", "dossier_code"):
            del data["properties"][ours]
            data["required"].remove(ours)
        definitions[type_.fact_kind.value] = data
        kinds.append({"properties": {"type": {"const": type_.value}, "data": {"$ref": _ref(type_.fact_kind.value)}}})
    for model in (CloudEvent, WireDocument):
        schema = model.model_json_schema(ref_template=SCHEMAS)
        definitions |= schema.pop("$defs", {}) | {model.__name__: schema}
    for definition in definitions.values():
        if "const" in definition.get("properties", {}).get("kind", {}):  # it tells one fact from another
            definition["required"] = sorted({*definition.get("required", ()), "kind"})
    definitions["Document"] = {"$ref": _ref(WireDocument.__name__)}
    definitions["Event"] = {"allOf": [{"$ref": _ref(CloudEvent.__name__)}, {"oneOf": kinds}]}
    return definitions


def _ref(name: str) -> str:
    return SCHEMAS.format(model=name)
