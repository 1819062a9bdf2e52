"""How activities are called: one place for timeouts and retries.

A call to an agency is retried for as long as it takes (`workflows.sending` says for whom the dossier waits meanwhile);
`activities.patience` spaces the attempts of an outage of days. The law and the calendar are asked as activities too,
and not as local ones: a query that comes in the middle of a local activity leaves a history that cannot be replayed
(measured, SDK 1.35 on server 1.32).
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, is_cancelled_exception

from models.systems import System, system_queue
from models.trouble import PROMPT_ATTEMPTS

P = TypeVar("P")
R = TypeVar("R")

_CALL_TIMEOUT = timedelta(minutes=1)
PROMPT = RetryPolicy(initial_interval=timedelta(seconds=2), backoff_coefficient=2, maximum_attempts=PROMPT_ATTEMPTS)
"""For a call whose failure must soon be seen."""

_UNSERVED = timedelta(minutes=5)
"""How long such a call may lie in a queue that no worker serves, or that its rate keeps long."""

PATIENT = RetryPolicy(
    initial_interval=timedelta(minutes=1), backoff_coefficient=2, maximum_interval=timedelta(minutes=15)
)
"""For a call that lasts as long as an outage; the activity asks for longer pauses when they cost nobody anything."""

_BRIEF = RetryPolicy(
    initial_interval=timedelta(seconds=2), backoff_coefficient=2, maximum_interval=timedelta(minutes=2)
)
_LEDGER_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(seconds=30)
)
_COMPUTING_TIMEOUT = timedelta(seconds=10)
_TO_THE_END = workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED


async def call_system(
    port: Callable[[P], Awaitable[R]],
    system: System,
    message: P,
    summary: str,
    *,
    retries: RetryPolicy = _BRIEF,
    give_up: timedelta | None = None,
    to_the_end: bool = False,
) -> R:
    """Call a system on its own queue; `give_up` bounds calls the dossier can do without.

    `to_the_end`: who cancels the call is told of it only when it has ended, so that another may follow.

    Raises ActivityError when the system rejects the message or asks for a long pause, and when retries are used up.
    """
    return await workflow.execute_activity(
        port,
        message,
        task_queue=system_queue(workflow.info().task_queue, system),
        start_to_close_timeout=_CALL_TIMEOUT,
        schedule_to_start_timeout=_UNSERVED if retries is PROMPT else None,
        schedule_to_close_timeout=give_up,
        retry_policy=retries,
        cancellation_type=_TO_THE_END if to_the_end else workflow.ActivityCancellationType.TRY_CANCEL,
        summary=summary,
    )


async def call_ledger(port: Callable[[P], Awaitable[R]], message: P, summary: str) -> R:
    """Call the ledger, for as long as it takes."""
    return await workflow.execute_activity(
        port, message, start_to_close_timeout=_CALL_TIMEOUT, retry_policy=_LEDGER_RETRY, summary=summary
    )


async def compute(port: Callable[[P], Awaitable[R]], query: P, summary: str) -> R:
    """Ask the worker's law and calendar; the answer is recorded, so replay never computes it again.

    Who asks may be cancelled, the question never is: it takes milliseconds, and the time-skipping test server hangs
    when what is cancelled has just been done (measured: ACTIVITY_UNKNOWN, one run in six).
    """
    return await asyncio.shield(
        workflow.execute_activity(
            port, query, start_to_close_timeout=_COMPUTING_TIMEOUT, retry_policy=_LEDGER_RETRY, summary=summary
        )
    )


async def stopped(task: "asyncio.Task[Any]") -> None:
    """Nobody waits for that any more: what a system does not take must keep nothing open."""
    task.cancel()
    try:
        await task
    except (asyncio.CancelledError, ActivityError) as error:
        if not is_cancelled_exception(error):
            raise
