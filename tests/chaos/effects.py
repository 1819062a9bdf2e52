"""What a dossier has brought about in the world, counted: by the simulator's own book and by the ledger."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from ledger.values import StoredDossier
from models.statuses import Status

_OUT_OF_BOOK = {
    "intakes": ("leg",),
    "registrations": ("leg",),
    "notices": ("recipient", "template"),
    "results": ("recipient", "document_kind", "leg"),
    "paper_orders": ("recipient", "document_kind"),
    "statuses": ("status",),
    "consents": ("leg", "personal_id"),
    "payment_requests": ("amount_vnd",),
    "payments": ("amount_vnd",),
}
"""What of the book is an effect, and what tells one from another. Requests are none: they may be repeated."""


_PASSING = ("consents_asked", "leg_decided", "leg_dates", "group_dates")
"""Notices of a state that passes: told only if it still holds when it can be told, so that they may come or not while
processes are away."""


def effects(book: Mapping[str, Any], dossier: StoredDossier) -> Counter[str]:
    """How often each thing happened. Two runs of one story that lost and doubled nothing are equal."""
    return Counter([*_of_book(book), *_of_ledger(dossier)])


def _of_book(book: Mapping[str, Any]) -> Iterator[str]:
    for kind, telling in _OUT_OF_BOOK.items():
        for entry in book[kind]:
            facts = {**entry, "template": _template(entry["key"])}
            yield " ".join((kind, entry["system"], *(_said(facts.get(name)) for name in telling)))
    for answer in book["answers"]:
        yield f"answer {answer['system']} {answer['step']} {answer['state']}"


def _of_ledger(dossier: StoredDossier) -> Iterator[str]:
    yield f"outcome {dossier.summary.outcome}"
    for fact in dossier.refused_facts:
        yield f"refused {fact.kind} {fact.reason}"
    for leg in dossier.legs:
        yield f"leg {leg.key} {leg.outcome}"
    for event in dossier.statuses:
        yield f"status {_status(event.status)} {'in' if event.incoming else 'out'} {event.leg}"
    for notice in dossier.notices:
        sent = "sent" if notice.sent_at else "unsent"
        dispatch = notice.dispatch
        what = _template(dispatch.head.key) or dispatch.document_kind or _status(dispatch.status)
        yield f"outbox {dispatch.kind} {dispatch.channel} {what} {sent}"


def _template(key: str | None) -> str:
    """Which notice a key is of (`<code>:notice:<number>:<template>:<channel>`): numbers are given as things happen."""
    parts = (key or "").split(":")
    return parts[3] if parts[1:2] == ["notice"] else ""


def differences(wanted: Counter[str], found: Counter[str]) -> tuple[str, ...]:
    """What is missing and what is too much, in words."""
    lost = [f"{times} x missing: {what}" for what, times in (wanted - found).items() if not _passing(what)]
    allowed = wanted | Counter(what for what in found if _passing(what))
    doubled = [f"{times} x too many: {what}" for what, times in (found - allowed).items()]
    return (*lost, *doubled)


def _passing(what: str) -> bool:
    return any(words in what for words in _PASSING)


def _said(value: Any) -> str:
    return f"{value['system']}:{value['code']}" if isinstance(value, Mapping) else str(value or "")


def _status(status: Status | None) -> str:
    return _said(status.model_dump(mode="json")) if status else ""
