"""Exchanges a workflow waits for: broken off before Temporal gives them to somebody else."""

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.adapters import Adapters
from activities.agencies import AgencyActivities
from activities.patience import Patience
from ledger.documents import DocumentStore
from ledger.engine import open_engine
from ledger.store import Ledger
from models.calendar import load_calendar
from models.groups import Group
from models.messages import LegOrder, NoticeQuery
from models.systems import System
from settings import Settings
from tests.activities.simulated import LEGS, head, notices, papers
from tests.keys import MASTERS


async def test_a_call_never_outlives_its_activity(tmp_path: Path) -> None:
    """Two attempts at once could both register: the first gives up in time, however patient the settings are."""
    engine = open_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    gone = asyncio.Event()

    async def never_answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        gone.set()
        writer.close()

    server = await asyncio.start_server(never_answers, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    environment = ActivityEnvironment()
    environment.info = replace(environment.default_info(), start_to_close_timeout=timedelta(seconds=5.2))
    settings = Settings(simulator_url=f"http://{host}:{port}", call_timeout=600, training=True)
    asked = NoticeQuery(head=head("notice"), group=Group.BIRTH, number="24681.GCS.01234.26")
    async with server, Adapters(settings) as adapters:
        ledger, documents = Ledger(engine, MASTERS), DocumentStore(tmp_path, MASTERS)
        activities = AgencyActivities(
            adapters, ledger, documents, Patience(load_calendar()), papers(), notices(ledger, documents)
        )
        async with asyncio.timeout(5):
            with pytest.raises(ApplicationError, match="không trả lời kịp") as failure:
                await environment.run(activities.look_up_notice, asked)
            await gone.wait()
    assert failure.value.type == "AgencyUnavailable"
    engine.dispose()


async def test_time_spent_on_the_ledger_counts_too(tmp_path: Path) -> None:
    """A message that leaves only when Temporal has given it to somebody else could arrive beside theirs."""
    free = threading.Event()

    class SlowLedger(Ledger):
        def reply_to(self, key: str) -> None:
            free.wait(10)

    engine = open_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    environment = ActivityEnvironment()
    environment.info = replace(environment.default_info(), start_to_close_timeout=timedelta(seconds=5.2))
    order = LegOrder(head=head(), system=System.RESIDENCE, leg=LEGS[System.RESIDENCE], agency="Công an")
    async with Adapters(Settings(simulator_url="http://127.0.0.1:1", training=True)) as adapters:
        ledger, documents = SlowLedger(engine, MASTERS), DocumentStore(tmp_path, MASTERS)
        activities = AgencyActivities(
            adapters, ledger, documents, Patience(load_calendar()), papers(), notices(ledger, documents)
        )
        async with asyncio.timeout(5):
            with pytest.raises(ApplicationError, match="không trả lời kịp"):
                await environment.run(activities.send_leg, order)
    free.set()
    engine.dispose()
