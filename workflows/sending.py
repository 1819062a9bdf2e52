"""Handing over what cannot be done without: until the system has taken it, and for whom the dossier waits meanwhile.

A system that does not answer within about a minute, rejects the message, or asks for a longer pause is named as the
dossier's trouble (`models.trouble`): operators see it, and who waits for whom. Nothing is given up by itself: it goes
on being tried, slowly, so that a system that is back, or a mended configuration, lets the message through; an operator
who knows of that has it tried at once (`workflows.resending`). What an operator or the citizen ends meanwhile is sent
no more.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from models.base import Code, MessageKey
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
    holding: AbstractContextManager[None] = dossier.sending()
    try:
        while True:
            try:
                if retries is PROMPT:
                    with holding:
                        return await call_system(port, system, message, summary, retries=PROMPT)
                return await _patiently(dossier, port, system, message, summary)
            except _AtOnce:
                retries, rejected = PROMPT, timedelta()
                continue
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                trouble, pause = _trouble(dossier, error, key, system, leg)
                dossier.in_trouble(trouble)
            holding = nullcontext()
            dossier.asked_again.discard(key)
            if pause and trouble.rejected:
                pause = rejected = min(max(pause, rejected * 2), _SLOWEST)
            if pause and await _asked_within(dossier, key, pause, f"Gửi lại sau: {summary}"):
                retries, rejected = PROMPT, timedelta()
            else:
                retries = PATIENT
    finally:
        dossier.asked_again.discard(key)
        dossier.out_of_trouble(key)


class _AtOnce(Exception):
    """An operator has the message sent again at once."""


async def _patiently(
    dossier: "DossierWorkflow", port: Callable[[M], Awaitable[R]], system: System, message: M, summary: str
) -> R:
    """Call a system that was in trouble, for as long as it takes, unless an operator has the message sent at once.

    A call under way then ends first, so that the message never leaves twice at the same time. Raises ActivityError,
    and _AtOnce when it was not taken.
    """
    key = message.head.key
    calling = asyncio.create_task(call_system(port, system, message, summary, retries=PATIENT, to_the_end=True))
    try:
        await workflow.wait_condition(lambda: calling.done() or key in dossier.asked_again)
        if calling.done():
            return calling.result()
        calling.cancel()
        return await calling
    except ActivityError as error:
        if is_cancelled_exception(error) and key in dossier.asked_again:
            dossier.asked_again.discard(key)
            raise _AtOnce from None
        raise
    except asyncio.CancelledError:  # nobody wants the message taken any more, nor hears how the call ends
        calling.add_done_callback(lambda call: call.cancelled() or call.exception())
        calling.cancel()
        raise


async def _asked_within(dossier: "DossierWorkflow", key: MessageKey, pause: timedelta, summary: str) -> bool:
    """Wait that long, unless an operator has the message sent again at once; whether one has."""
    with suppress(TimeoutError):
        await workflow.wait_condition(lambda: key in dossier.asked_again, timeout=pause, timeout_summary=summary)
    asked = key in dossier.asked_again
    dossier.asked_again.discard(key)
    return asked


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
