"""In a history, everything done for a leg carries that leg's event group, and intake its own."""

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from temporalio.api.history.v1 import HistoryEvent

from models.documents import DocumentKind
from models.dossier import LegStage
from tests.workflows.harness import Play, development_server, stage
from tests.workflows.inputs import BIRTH, HEALTH, RESIDENCE, moment, sample
from tests.workflows.test_retiming import announce

INTAKE = {"intake": "Tiếp nhận"}
DECLARED = moment("2026-11-19 09:00:00")


class Step(NamedTuple):
    """An activity or timer as an operator meets it in the history."""

    what: str
    summary: str
    groups: Mapping[str, str]


async def steps(play: Play) -> list[Step]:
    """Every activity and timer of the history so far."""
    return [_step(event) for event in (await play.handle.fetch_history()).events if _named(event)]


def _named(event: HistoryEvent) -> str:
    if event.HasField("timer_started_event_attributes"):
        return "timer"
    return event.activity_task_scheduled_event_attributes.activity_type.name


def _step(event: HistoryEvent) -> Step:
    groups = {marker.label.id: json.loads(marker.label.label.data) for marker in event.event_group_markers}
    return Step(_named(event), json.loads(event.user_metadata.summary.data), groups)


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    """On a development server: the time-skipping one keeps no event groups."""
    async with stage(tmp_path, server=development_server) as play:
        yield play


async def test_every_step_of_a_leg_carries_its_group(play: Play, tmp_path: Path) -> None:
    await play.submit(sample("grandparents-home", DECLARED.date()), DECLARED)
    await play.pay()
    await play.receive(BIRTH)
    await play.asked(RESIDENCE, 2)
    await play.decide(BIRTH)
    await play.certify()
    await play.receive(HEALTH)
    await play.see(lambda view: view.legs[1].stage is LegStage.WAITING_CONSENTS, "only consents are missing")
    version = await announce(play, tmp_path)
    await play.see(
        lambda view: view.legs[2].due is not None and view.legs[2].due.calendar_version == version, "re-timed"
    )
    for request in await play.asked(RESIDENCE, 2):
        await play.consent(RESIDENCE, request.person.personal_id)
    await play.receive(RESIDENCE)
    await play.verify(RESIDENCE)
    await play.decide(RESIDENCE, DocumentKind.RESIDENCE_NOTICE)
    await play.decide(HEALTH, DocumentKind.HEALTH_INSURANCE_CARD)
    await play.ended()

    plan = (await play.view()).plan
    assert plan is not None
    legs = {leg.key: leg.name for leg in plan.legs}
    found = await steps(play)
    for step in found:
        about = {key: name for key, name in legs.items() if name in step.summary}
        if about:
            assert step.groups == about, step
        elif step.what == "publish" or step.summary.startswith("Theo dõi hạn"):
            assert step.groups == {}, step
        else:
            assert step.groups == INTAKE or set(step.groups) <= set(legs), step
            assert step.groups or step.summary == "Tính lại hạn theo lịch mới", step
    kinds = {key: {step.what for step in found if key in step.groups} for key in legs}
    assert kinds[BIRTH] == {"send_leg", "promise_dates"}
    assert kinds[HEALTH] == {"send_leg", "due_dates"}
    assert kinds[RESIDENCE] == {"send_leg", "due_dates", "ask_consent", "citizen_due_date", "timer"}
    intake = {step.what for step in found if step.groups == INTAKE}
    assert intake >= {"confirm_dossier", "check_people", "request_payment"}
    assert {HEALTH: legs[HEALTH]} in [step.groups for step in found if step.summary.startswith("Tính lại hạn")]
