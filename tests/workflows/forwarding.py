"""A real server in real time on which one dossier at a time can be sent forward: for what needs visibility and days.

Experimental in SDK 1.35 and server 1.32 (TEMPORAL §0.1), hence apart from the other stages.
"""

import asyncio
from datetime import UTC, datetime

from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from tests.workflows.harness import BINARIES, Play
from workflows.plugin import LienthongPlugin

_PATIENCE = 60.0
_FLAGS = (
    "frontend.WorkflowTimeSkippingEnabled=true",
    "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute=1",
)
"""Time skipping is off by default; a failing task shows in visibility at once, not after the fifth attempt."""


async def forwarding_server() -> WorkflowEnvironment:
    """The server; nothing is skipped until a dossier is sent forward."""
    return await WorkflowEnvironment.start_time_skipping_v2(
        ts_config=TimeSkippingConfig(enabled=False),
        dev_server_existing_path=str(BINARIES / "temporal"),
        dev_server_log_level="never",
        dev_server_extra_args=[text for flag in _FLAGS for text in ("--dynamic-config-value", flag)],
        plugins=[LienthongPlugin()],
        identity="stage",
    )


class ForwardedPlay(Play):
    """One dossier with a clock of its own."""

    async def clock(self) -> datetime:
        """The dossier's clock; the machine's until it starts."""
        return await self.env.get_current_time(self.handle) if self.code else datetime.now(UTC)

    async def forward(self, to: datetime) -> None:
        """Send this dossier alone forward to a legal instant, timers and all."""
        async with asyncio.timeout(_PATIENCE):
            await self.env.fast_forward(self.handle, to - await self.now())
