"""Handing over what cannot be done without: until the system has taken it, and for whom the dossier waits meanwhile.

A system that does not answer within about a minute, rejects the message, or asks for a longer pause is named as the
dossier's trouble (`models.trouble`): operators see it, and who waits for whom. Nothing is given up by itself: it goes
on being tried, slowly, so that a system that is back, or a mended configuration, lets the message through. What an
operator or the citizen ends meanwhile is sent no more.
"""

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from models.base import Code
from models.messages import Head
from models.systems import System
from models.trouble import AgencyErrorKind, Trouble
from workflows.calls import PATIENT, PROMPT, call_system

if TYPE_CHECKING:
    from workflows.dossier import DossierWorkflow


class _Message(Protocol):
    @property
    def head(self) -> Head: ...


M = TypeVar("M", bound=_Message)
R = TypeVar("R")

_KINDS = frozenset(AgencyErrorKind)
_SLOWEST = timedelta(hours=4)
"""The longest pause between attempts at a message that is rejected: each is twice as long as the one before [choice].

Six attempts a day keep the history of a dossier small while somebody mends the cause.
"""


async def hand_over(
    dossier: "DossierWorkflow",
    port: Callable[[M], Awaitable[R]],
    system: System,
    message: M,
    summary: str,
    *,
    leg: Code | None = None,
) -> R:
    """Call a system until it has taken the message, however long that is."""
    key = message.head.key
    retries, rejected = PROMPT, timedelta()
    try:
        while True:
            try:
                with dossier.sending() if retries is PROMPT else nullcontext():
                    return await call_system(port, system, message, summary, retries=retries)
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                trouble, pause = _trouble(dossier, error, key, system, leg)
                dossier.in_trouble(trouble)
            if pause and trouble.rejected:
                pause = rejected = min(max(pause, rejected * 2), _SLOWEST)
            if pause:
                await workflow.sleep(pause, summary=f"Gửi lại sau: {summary}")
            retries = PATIENT
    finally:
        dossier.out_of_trouble(key)


def _trouble(
    dossier: "DossierWorkflow", error: ActivityError, key: str, system: System, leg: Code | None
) -> tuple[Trouble, timedelta | None]:
    """What is wrong, and the pause that was asked for."""
    cause = error.cause if isinstance(error.cause, ApplicationError) else None
    trouble = Trouble(
        key=key,
        system=system,
        leg=leg,
        rejected=cause is not None and cause.type == AgencyErrorKind.REJECTED,
        since=dossier.time.now(),
        text=cause.message if cause and cause.type in _KINDS else f"{system.label}: chưa gọi được",
    )
    return trouble, cause.next_retry_delay if cause else None
