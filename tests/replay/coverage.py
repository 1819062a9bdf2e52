"""What stored histories show, read off what their workflows published; and what they must show, read off the enums.

A wait is a state in which an open history stands at its end; an end is what a closed one has come to.
"""

from collections.abc import Iterable, Iterator
from enum import Enum, StrEnum
from typing import TypeVar

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter

from models.clock import Timeliness
from models.details import attributes
from models.dossier import (
    ConsentState,
    DossierOutcome,
    DossierStage,
    DossierState,
    DossierView,
    Evidence,
    Leg,
    LegOutcome,
    LegStage,
    SupplementState,
)
from models.facts import OverdueChoice
from models.groups import Group
from models.lateness import Chase
from models.law import all_packs
from models.plan import Plan
from models.publication import Publication
from models.replacement import Replacement
from models.replacement_case import ReplacementNews
from models.search_attributes import CITIZEN, CONSENT, OPERATOR, REJECTED, UNREACHED, SearchAttribute
from models.start import StartDossier

T = TypeVar("T")

_CLOSING = {EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED}
_FAILED = "a failed start"
_WAITED_FOR = {CITIZEN, CONSENT, OPERATOR, REJECTED, UNREACHED}
_STATE = frozenset(DossierState.model_fields)
_CHASES = {name for name, field in Leg.model_fields.items() if field.annotation == Chase | None}


class Telling(StrEnum):
    """What becomes of telling an agency of a result issued anew."""

    AWAITED = "awaited"
    ACKNOWLEDGED = "acknowledged"
    UNNECESSARY = "unnecessary"
    LAPSED = "lapsed"


def _named(*members: Enum) -> frozenset[str]:
    return frozenset(f"{type(member).__name__}.{member.name}" for member in members)


WAITS = (
    _named(*(set(DossierStage) - {DossierStage.CONCLUDED}))
    | _named(*(set(LegStage) - {LegStage.ENDED}))
    | _named(ConsentState.ASKED, ConsentState.EXPIRED, ConsentState.UNREACHABLE)
    | _named(SupplementState.ASKED, SupplementState.PROVIDED)
    | _named(Telling.AWAITED)
    | {f"waiting for {word}" for word in _WAITED_FOR}
    | {f"chasing {debt}" for debt in _CHASES}
)
ENDS = (
    _named(*DossierOutcome, *LegOutcome, *Timeliness, *Evidence, *OverdueChoice)
    | _named(*(set(ConsentState) - {ConsentState.ASKED}))
    | _named(*(set(SupplementState) - {SupplementState.ASKED, SupplementState.PROVIDED}))
    | _named(*(set(Telling) - {Telling.AWAITED}))
    | {f"{leg} completed" for pack in all_packs() for group in Group for leg in pack.group(group).legs}
    | {_FAILED}
)


def closed(history: WorkflowHistory) -> bool:
    """Whether the workflow has ended."""
    return history.events[-1].event_type in _CLOSING


def shown(history: WorkflowHistory) -> frozenset[str]:
    """The waits or ends a history shows, by name."""
    if history.events[-1].event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
        return frozenset({_FAILED})
    dossier, replacements = _published(history)
    found = {name for new in replacements for name in _tellings(new)}
    if dossier:
        found |= set(_ends(dossier) if closed(history) else _waits(dossier))
    return frozenset(found)


def _waits(dossier: DossierView) -> Iterator[str]:
    legs = [leg for leg in dossier.legs if not leg.ended]
    yield from _named(dossier.stage, *(leg.stage for leg in legs))
    yield from _named(*(consent.state for leg in legs for consent in leg.awaited_consents))
    yield from _named(*(leg.supplement.state for leg in legs if leg.supplement))
    yield from (f"waiting for {word}" for word in attributes(dossier).lists[SearchAttribute.WAITING_FOR])
    yield from (f"chasing {leg.chase_kept_in}" for leg in legs if leg.chase)


def _ends(dossier: DossierView) -> Iterator[str]:
    legs, consents = dossier.legs, [consent for leg in dossier.legs for consent in leg.consents]
    members: list[Enum | None] = [dossier.outcome, dossier.timeliness]
    members += [member for leg in legs for member in (leg.outcome, leg.timeliness)]
    members += [member for consent in consents for member in (consent.state, consent.evidence)]
    members += [supplement.state for leg in legs for supplement in leg.supplements]
    members += [ruling.choice for leg in legs for ruling in leg.rulings]
    yield from _named(*filter(None, members))
    yield from (f"{leg.key} completed" for leg in legs if leg.completed)


def _tellings(new: Replacement) -> Iterator[str]:
    for telling in new.tellings:
        if telling.acknowledged_at:
            yield from _named(Telling.ACKNOWLEDGED)
        elif telling.void_since:
            yield from _named(Telling.UNNECESSARY)
        else:
            yield from _named(Telling.LAPSED if new.lapsed_at else Telling.AWAITED)


def _published(history: WorkflowHistory) -> tuple[DossierView | None, tuple[Replacement, ...]]:
    """The dossier and the replacements as last published; a publication says only what has changed."""
    state: dict[str, object] = {}
    plan: Plan | None = None
    legs: dict[str, Leg] = {}
    replacements = {news.number: news.replacement for news in told(history, "publish_replacement", ReplacementNews)}
    for publication in told(history, "publish", Publication):
        state |= {name: getattr(publication, name) for name in publication.model_fields_set & _STATE}
        plan = publication.plan or plan
        legs |= {leg.key: leg for leg in publication.legs}
        replacements |= {new.number: new for new in publication.replacements}
    if not state:
        return None, tuple(replacements.values())
    province = _start(history).declaration.recipients.province_code
    in_order = (legs[leg.key] for leg in plan.legs if leg.key in legs) if plan else ()
    view = DossierView.model_validate({**state, "province_code": province, "plan": plan, "legs": tuple(in_order)})
    return view, tuple(replacements.values())


def told(history: WorkflowHistory, activity: str, kind: type[T]) -> Iterable[T]:
    """What that activity was given, each time, as the code of today reads it."""
    for event in history.events:
        call = event.activity_task_scheduled_event_attributes
        if call.activity_type.name == activity:
            yield from pydantic_data_converter.payload_converter.from_payloads(call.input.payloads, [kind])


def _start(history: WorkflowHistory) -> StartDossier:
    payloads = history.events[0].workflow_execution_started_event_attributes.input.payloads
    start: StartDossier
    [start] = pydantic_data_converter.payload_converter.from_payloads(payloads, [StartDossier])
    return start
