"""Results issued anew for a dossier that has concluded: every way in opens the replacement in the ledger first.

A replacement whose workflow never started (the process died in between, Temporal was away) is started by `recover`.
"""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Self

from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from ledger.store import Ledger
from ledger.values import OpenedReplacement
from models.base import Code, legal
from models.facts import AgencyEvent
from models.replacement import replacement_id
from models.replacement_case import StartReplacement
from models.replacement_details import title
from settings import Settings
from telemetry import traces
from workflows.replacement import ReplacementWorkflow

logger = logging.getLogger("lienthong.replacements")


class Replacements:
    """The way in for corrections that come after the conclusion."""

    def __init__(self, ledger: Ledger, queue: str, training_offset: timedelta) -> None:
        self._ledger = ledger
        self._queue = queue
        self._training_offset = training_offset

    @classmethod
    def of(cls, ledger: Ledger, settings: Settings) -> Self:
        """As the settings say."""
        return cls(ledger, settings.queue, settings.training_offset)

    def now(self) -> datetime:
        """Legal time on the clock of Việt Nam: now, plus the training offset, which is zero in production."""
        return legal(datetime.now(UTC) + self._training_offset)

    async def open(self, client: Client, event: AgencyEvent) -> OpenedReplacement | None:
        """The replacement that a correction starts, its workflow started; None when the versions are live already.

        The same message twice is one replacement. Raises UnknownDossier, and FactRefused when the correction is wrong.
        """
        opened = await asyncio.to_thread(self._ledger.open_replacement, event, self.now())
        if opened and not opened.started:
            with traces.about(opened.code):
                logger.info("bản thay thế %d đã vào sổ", opened.number)
            await self.start(client, opened)
        return opened

    async def start(self, client: Client, opened: OpenedReplacement) -> None:
        """Start the replacement's workflow unless it has been started before."""
        province_code = await asyncio.to_thread(self._ledger.province_of, opened.code)
        workflow_id = replacement_id(opened.code, opened.number)
        with traces.span("start", workflow_id) as start:
            try:
                await client.start_workflow(
                    ReplacementWorkflow.run,
                    StartReplacement(code=opened.code, number=opened.number, training_offset=self._training_offset),
                    id=workflow_id,
                    task_queue=self._queue,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    static_summary=title(province_code, self.now().date()),
                )
            except WorkflowAlreadyStartedError as error:
                start.failed(traces.error_type(error), expected=True)
            await asyncio.to_thread(self._ledger.replacement_started, opened.code, opened.number)

    async def recover(self, client: Client) -> tuple[Code, ...]:
        """Start every replacement whose workflow never started; the ids of their workflows."""
        waiting = await asyncio.to_thread(self._ledger.unstarted_replacements)
        for opened in waiting:
            await self.start(client, opened)
        return tuple(replacement_id(opened.code, opened.number) for opened in waiting)
