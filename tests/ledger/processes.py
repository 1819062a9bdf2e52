"""Two processes that begin at the same moment."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier

_SECONDS = 20.0

_barriers: list[Barrier] = []
"""In each of the processes: where they wait for each other."""


@contextmanager
def two_processes() -> Iterator[ProcessPoolExecutor]:
    """Two processes; work given to both at once may call `together`."""
    context = get_context("spawn")
    barrier = context.Barrier(2)
    with ProcessPoolExecutor(2, mp_context=context, initializer=_take_part, initargs=(barrier,)) as processes:
        yield processes


def _take_part(barrier: Barrier) -> None:
    _barriers.append(barrier)


def together() -> None:
    """Go on when the other process has come as far."""
    _barriers[0].wait(_SECONDS)
