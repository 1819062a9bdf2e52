"""Three of all the kill points of `make chaos` (docs/chaos.md), at the same time: where most could happen twice."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.chaos.arena import Verdict, arena, running
from tests.chaos.effects import differences
from tests.chaos.points import KillPoint, Moment
from tests.chaos.stories import PLAIN
from tests.integration.system import System, running_system, system_settings

SENT_TO_WHO_REGISTERS_TWICE = KillPoint("send_leg health_insurance_card", 1, Moment.ANSWERED)
WRITTEN_TO_THE_LEDGER = KillPoint("publish", 7, Moment.DONE)
TAKEN_BY_THE_CHANNEL = KillPoint("outbox portal notice", 1, Moment.DONE)


async def played(system: System) -> Mapping[KillPoint, Verdict]:
    """The relay of all dies under the dossier whose worker nobody kills, and under the others as well."""
    async with arena(system) as stage, running(stage.relay((TAKEN_BY_THE_CHANNEL,))) as relay:
        course, sent, written, relayed = await asyncio.gather(
            stage.course(PLAIN),
            stage.kill_worker(PLAIN, SENT_TO_WHO_REGISTERS_TWICE),
            stage.kill_worker(PLAIN, WRITTEN_TO_THE_LEDGER),
            stage.survive(PLAIN),
        )
        relayed = replace(relayed, problems=(*relayed.problems, *relay.problems), missed=relay.missed)
    verdicts = {SENT_TO_WHO_REGISTERS_TWICE: sent, WRITTEN_TO_THE_LEDGER: written, TAKEN_BY_THE_CHANNEL: relayed}
    return {point: verdict.against(course) for point, verdict in verdicts.items()}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Mapping[KillPoint, Verdict]:
    with running_system(system_settings(tmp_path_factory.mktemp("chaos")), worker=False, pace=0.05) as system:
        return asyncio.run(played(system))


@pytest.mark.parametrize("point", [SENT_TO_WHO_REGISTERS_TWICE, WRITTEN_TO_THE_LEDGER, TAKEN_BY_THE_CHANNEL], ids=str)
def test_a_killed_process_loses_nothing_and_does_nothing_twice(
    point: KillPoint, verdicts: Mapping[KillPoint, Verdict]
) -> None:
    verdict = verdicts[point]
    assert verdict.problems == ()
    assert verdict.missed == ()


def test_what_was_lost_or_doubled_is_found() -> None:
    wanted = Counter({"intakes residence": 1, "notices portal concluded": 1})
    found = Counter({"intakes residence": 2, "notices portal leg_decided": 2})
    assert differences(wanted, found) == (
        "1 x missing: notices portal concluded",
        "1 x too many: intakes residence",
        "1 x too many: notices portal leg_decided",
    )
    assert differences(wanted, wanted + Counter({"notices portal leg_decided": 1})) == ()
