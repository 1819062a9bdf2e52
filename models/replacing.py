"""What may replace a result, who must be told, and whose acknowledgement counts: pure functions (REQUIREMENTS §§7, 8).

Open dossiers and the ledger, once a dossier has concluded, judge by the same functions.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from models.documents import Document
from models.dossier import Leg
from models.facts import Acknowledged, AgencyEvent, Corrected, FactRefusal, FactRefused
from models.plan import LegPlan, Plan
from models.reducers import expect_well_signed, not_in_future
from models.replacement import Replacement, Telling
from models.systems import System
from models.words import listed


class Correction(NamedTuple):
    """What a corrected result does: to its leg, as a replacement of its own, and to earlier ones."""

    leg: Leg
    replacement: Replacement
    voided: tuple[Replacement, ...]


def correct(
    legs: Mapping[str, Leg], plan: Plan, earlier: Iterable[Replacement], event: AgencyEvent, now: datetime
) -> Correction | None:
    """What the new versions in the event do; None when they are live already.

    [choice] A version once replaced never comes back: messages may be late or out of order, and one version is live.
    Raises FactRefused for another sender, for what the leg never issued, before it has issued anything, and for a
    version that is badly signed: the old one stays live.
    """
    fact = event.fact
    assert isinstance(fact, Corrected)
    leg, leg_plan = _of_the_sender(legs, plan, event, now)
    changed = _changed(leg, leg_plan, fact)
    expect_well_signed(changed)
    if not changed:
        if fact.number not in (None, leg.number):
            text = f"“{leg_plan.name}” mang số mới nhưng bản điện tử không đổi; gửi kèm bản điện tử mới."
            raise FactRefused(FactRefusal.CONTRADICTS, text)
        return None
    kinds = {document.kind for document in changed}
    replaced = tuple(document for document in leg.documents if document.kind in kinds)
    known = tuple(earlier)
    replacement = Replacement(
        number=max((one.number for one in known), default=0) + 1,
        leg=leg.key,
        at=max(leg.decided_at or fact.at, min(fact.at, now)),
        taken_at=now,
        documents=changed,
        superseded=replaced,
        registration_number=fact.number or leg.number,
        former_number=leg.number,
        because=fact.text,
        tellings=tuple(
            Telling(leg=key, sha256=document.sha256) for key in _holders(legs, plan, leg_plan) for document in changed
        ),
    )
    return taken(leg, replacement, known)


def taken(leg: Leg, replacement: Replacement, earlier: Iterable[Replacement]) -> Correction:
    """What a replacement does to its leg and to earlier ones; their versions are replaced from when it was taken."""
    shas = frozenset(document.sha256 for document in replacement.superseded)
    voided = tuple(
        one.void(shas, replacement.taken_at)
        for one in earlier
        if any(telling.sha256 in shas and telling.awaited for telling in one.tellings)
    )
    return Correction(_with_versions(leg, replacement.documents, replacement.registration_number), replacement, voided)


def acknowledge(
    replacements: Iterable[Replacement], legs: Mapping[str, Leg], plan: Plan, event: AgencyEvent, now: datetime
) -> Replacement | None:
    """The replacement with an agency's acknowledgement; None when that had been given before.

    One that comes after the limit, or for a version that is no longer the newest, is recorded all the same. Raises
    FactRefused for another sender, and for a version this agency was not told of.
    """
    fact = event.fact
    assert isinstance(fact, Acknowledged)
    leg, leg_plan = _of_the_sender(legs, plan, event, now)
    told = next((one for one in replacements if _telling(one, leg.key, fact.sha256)), None)
    if told is None:
        text = f"“{leg_plan.name}” không có bản thay thế nào mang mã băm này cần xác nhận."
        raise FactRefused(FactRefusal.NOT_AWAITED, text)
    given = _telling(told, leg.key, fact.sha256)
    if given is None or given.acknowledged_at:
        return None
    at = max(told.taken_at, min(fact.at, now))
    return told.model_copy(
        update={
            "tellings": tuple(
                telling.model_copy(update={"acknowledged_at": at}) if telling == given else telling
                for telling in told.tellings
            )
        }
    )


def _of_the_sender(legs: Mapping[str, Leg], plan: Plan, event: AgencyEvent, now: datetime) -> tuple[Leg, LegPlan]:
    """The leg an event is about, and that it is its own agency that speaks, about a part it has."""
    if event.leg not in legs:
        raise FactRefused(FactRefusal.UNKNOWN_LEG, f"Hồ sơ không có thủ tục “{event.leg}”.")
    leg, leg_plan = legs[event.leg], plan.leg(event.leg)
    if event.source is not leg_plan.system:
        raise FactRefused(
            FactRefusal.WRONG_SENDER,
            f"Thủ tục “{leg_plan.name}” do {leg_plan.system.label} giải quyết, không phải {event.source.label}.",
        )
    not_in_future(event.fact.at, now)
    if leg.sent_at is None:
        raise FactRefused(FactRefusal.OUT_OF_TURN, f"Thủ tục “{leg_plan.name}” chưa được gửi cho cơ quan.")
    return leg, leg_plan


def _changed(leg: Leg, leg_plan: LegPlan, fact: Corrected) -> tuple[Document, ...]:
    """Those of the new versions that are not live yet."""
    foreign = dict.fromkeys(document.kind.label for document in fact.documents if document.kind not in leg_plan.results)
    if foreign:
        raise FactRefused(FactRefusal.NOT_AWAITED, f"Không phải kết quả của “{leg_plan.name}”: {listed(foreign)}.")
    if not leg.completed:
        text = f"“{leg_plan.name}” chưa trả đủ kết quả hoặc đã kết thúc không có kết quả; không có gì để thay thế."
        raise FactRefused(FactRefusal.OUT_OF_TURN, text)
    if len({document.kind for document in fact.documents}) < len({document.sha256 for document in fact.documents}):
        raise FactRefused(FactRefusal.CONTRADICTS, f"“{leg_plan.name}” có hai bản mới của cùng một kết quả.")
    live = {document.kind: document.sha256 for document in leg.documents}
    if missing := dict.fromkeys(document.kind.label for document in fact.documents if document.kind not in live):
        text = f"“{leg_plan.name}” chưa gửi bản đầu của: {listed(missing)}; gửi bằng sự kiện result_document."
        raise FactRefused(FactRefusal.NOT_AWAITED, text)
    old = {document.sha256 for document in leg.superseded}
    if past := dict.fromkeys(document.kind.label for document in fact.documents if document.sha256 in old):
        text = f"“{leg_plan.name}”: bản này đã được thay bằng bản mới hơn: {listed(past)}."
        raise FactRefused(FactRefusal.ALREADY_ANSWERED, text)
    return tuple({d.kind: d for d in fact.documents if live[d.kind] != d.sha256}.values())


def _with_versions(leg: Leg, documents: tuple[Document, ...], number: str | None) -> Leg:
    """One live version of each result; what it replaces is kept as superseded."""
    new = {document.kind: document for document in documents}
    return leg.model_copy(
        update={
            "documents": tuple(new.get(document.kind, document) for document in leg.documents),
            "superseded": (*leg.superseded, *(document for document in leg.documents if document.kind in new)),
            "number": number,
        }
    )


def _holders(legs: Mapping[str, Leg], plan: Plan, issuer: LegPlan) -> Iterator[str]:
    """The legs whose agencies have the old version, however they ended: it went with a part or to the province.

    [choice] The citizen's channels (store, portal, VNeID) acknowledge by taking the new version; agencies say so, and
    so does the province of what it has from us.
    """
    for other in plan.legs:
        if other.key == issuer.key or legs[other.key].sent_at is None:
            continue
        of_the_province = other.system is System.PROVINCIAL and issuer.system is not System.PROVINCIAL
        if issuer.key in other.requires or of_the_province:
            yield other.key


def _telling(replacement: Replacement, leg: str, sha256: str) -> Telling | None:
    return next((t for t in replacement.tellings if (t.leg, t.sha256) == (leg, sha256)), None)
