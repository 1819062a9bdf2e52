"""Masking (che dữ liệu): a payload as support sees it. Structure, states and dates stay, everything else is covered.

By default a value is covered. Shown are only the fields named here, and of those only what cannot be anything personal:
a word of our own vocabularies, a date, a count, an id that begins with the dossier's code. Names of fields stay, other
keys of mappings are covered as well.
"""

import json
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, get_args

from temporalio.api.common.v1 import Payload

import models
from models.base import Code, Model
from models.clock import ClockEntryKind, Timeliness
from models.documents import DocumentKind, MediaType
from models.dossier import ConsentState, DossierOutcome, DossierStage, Evidence, LegOutcome, LegStage, SupplementState
from models.facts import AgencyFact, Answer, ClassifiedAs, FactKind, FactRefusal, OverdueChoice
from models.form_facts import PersonRole
from models.gate import DemandKind, Fault
from models.groups import Group
from models.law import Quorum, all_packs
from models.messages import DispatchKind, FollowUpKind, NoticeState, PersonMatch
from models.publication import Notice
from models.signatures import SignatureOutcome, Treatment
from models.systems import System

COVER = "•••"
"""Stands for what is covered."""

_VOCABULARIES: tuple[type[Enum], ...] = (
    *(Group, System, DossierStage, DossierOutcome, LegStage, LegOutcome, Timeliness, ClockEntryKind),
    *(ConsentState, Evidence, Answer, Quorum, PersonRole, PersonMatch, SupplementState, DemandKind, Fault),
    *(FactKind, FactRefusal, ClassifiedAs, OverdueChoice, Notice, NoticeState, DispatchKind, FollowUpKind),
    *(DocumentKind, MediaType, SignatureOutcome, Treatment),
)
_WORDS = frozenset(
    (
        *("kind", "stage", "outcome", "state", "timeliness", "group", "system", "channel", "to", "source", "template"),
        *("leg", "legs", "key", "requires", "pack", "role", "roles", "quorum", "replaced_by", "answer", "choice"),
        *("evidence", "matches", "refusal", "reason", "fault", "faults", "found", "treatment", "media_type", "results"),
        *("any_of", "attached", "documents", "document_kind", "withheld", "code", "dossier_code", "provincial_code"),
    )
)
"""Fields shown where they hold a word of a vocabulary, a leg, a law pack, or an id of the dossier."""

_DATES = frozenset(
    (
        *("at", "on", "submitted_at", "opened_at", "received_at", "receipt_at", "sent_at", "passed_on_at"),
        *("taken_at", "requested_at", "asked_at", "answered_at", "granted_at", "dropped_at", "provided_at"),
        *("remind_at", "reminded", "acknowledged_at", "decided_at", "ended_at", "settled_at", "lapsed_at"),
        *("void_since", "withdrawn_at", "cancelled_at", "paid_at", "answer_by", "pay_by", "appointment", "due"),
        *("due_at", "missed_due", "last_day", "effective_date", "new_date", "next_at", "operator_at"),
        *("operator_since", "since", "after", "signed_at"),
    )
)
_COUNTS = frozenset(
    (
        *("working_days", "calendar_days", "limit", "verification_limit", "revision", "sequence", "row", "times"),
        *("refused_signals", "consent_days", "agreement_days", "payment_days", "supplement_days", "signatures"),
        *("stopped", "provisional", "lapsed", "incoming", "rejected", "training", "usable", "receipt_follows"),
        *("reminded", "may_change", "in_group_promise", "sent_with_intake", "assigns_identity_number"),
    )
)
"""Fields shown where they hold a number or yes and no."""

_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?")
_ID_TAIL = re.compile(r"[:/][A-Za-z0-9._:/+-]*")
_PLACE = re.compile(r"\d{1,2}")
_FAILURES = frozenset({"message", "stack_trace"})
"""Fields of Temporal's own in a failure that was encoded."""
_METADATA = b"temporal.api.sdk.v1.WorkflowMetadata"


def masked(payload: Payload, code: Code) -> Payload:
    """What support sees of a payload of that dossier: JSON as JSON, anything else covered whole."""
    encoding = payload.metadata.get("encoding", b"")
    if encoding == b"binary/null":
        return payload
    if not encoding.startswith(b"json/"):
        return shown_as(COVER)
    try:
        content = json.loads(payload.data)
    except ValueError:
        return shown_as(COVER)
    if payload.metadata.get("messageType") == _METADATA:  # what it says of our code is no secret, live details may be
        content = {"definition": content.get("definition"), "currentDetails": COVER}
    else:
        content = cover(content, code)
    return Payload(metadata=payload.metadata, data=json.dumps(content, ensure_ascii=False).encode())


def shown_as(text: str) -> Payload:
    """A payload that says this."""
    return Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(text, ensure_ascii=False).encode())


def cover(value: Any, code: Code, field: str = "") -> Any:
    """A value as decoded from JSON, everything covered that is not known to be harmless; `field` is where it stands."""
    if isinstance(value, dict):
        return dict(_covered_items(value, code))
    if isinstance(value, list):
        return [cover(item, code, field) for item in value]
    return value if value is None or _harmless(value, code, field) else COVER


def _covered_items(content: Mapping[str, Any], code: Code) -> Iterator[tuple[str, Any]]:
    for at, (key, value) in enumerate(content.items(), 1):
        yield (key if _is_name(key) else f"{COVER}{at}"), cover(value, code, key)


def _is_name(key: str) -> bool:
    """Whether it is a field's name, or a path of such through a form, with places in lists."""
    first, *others = key.split(".")
    return first in _names() and all(part in _names() or _PLACE.fullmatch(part) for part in others)


def _harmless(value: Any, code: Code, field: str) -> bool:
    if isinstance(value, str):
        if field in _DATES and _DATE.fullmatch(value):
            return True
        return field in _WORDS and (value in _words() or _of_dossier(value, code))
    return field in _COUNTS


def _of_dossier(value: str, code: Code) -> bool:
    """Whether it is the dossier's code, or an id made of it (opaque everywhere)."""
    return value.startswith(code) and (value == code or bool(_ID_TAIL.fullmatch(value[len(code) :])))


@cache
def _words() -> frozenset[str]:
    """All words that may be shown."""
    words = {str(member.value) for vocabulary in _VOCABULARIES for member in vocabulary}
    words.update(fact.model_fields["kind"].default for fact in get_args(get_args(AgencyFact)[0]))
    for pack in all_packs():
        words.add(pack.id)
        words.update(key for group in Group for key in pack.group(group).legs)
    return frozenset(words)


@cache
def _names() -> frozenset[str]:
    """The names of all fields of our models, and what else stands as a key without being anybody's."""
    for module in iter_modules(models.__path__, "models."):
        import_module(module.name)
    fields = (name for model in _models(Model) for name in model.model_fields)
    return frozenset((*fields, *_words(), *_FAILURES))


def _models(model: type[Model]) -> Iterator[type[Model]]:
    for derived in model.__subclasses__():
        yield derived
        yield from _models(derived)
