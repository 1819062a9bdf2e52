"""How our processes end: told to stop, they finish what they have begun, and never hang over it."""

import asyncio
import logging
import os
import signal
import sys
import threading
from types import FrameType
from typing import NoReturn

logger = logging.getLogger("lienthong.lifecycle")

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_MARGIN_SECONDS = 3.0
"""What a process may need after its grace, to cancel what still runs and to take its leave."""


class Stop:
    """Told to stop by SIGTERM or Ctrl-C, once: in good order; twice, or not done when time is up: at once.

    `grace` is the seconds running work gets. Leaving at once loses nothing: what was under way is done again by
    whoever comes next. Exit code 0 when told twice, 1 when time is up, because then something hung.
    """

    def __init__(self, grace: float) -> None:
        self.asked = asyncio.Event()
        self._time = grace + _MARGIN_SECONDS
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self.begin)

    def begin(self) -> None:
        """Stop in good order; from now on time runs. Safe to repeat."""
        if self.asked.is_set():
            return
        self.asked.set()
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
            signal.signal(number, _told_again)
        # A thread, because it is the event loop that may hang.
        deadline = threading.Timer(self._time, self._time_is_up)
        deadline.daemon = True
        deadline.start()

    def _time_is_up(self) -> None:
        logger.error("không dừng kịp trong %g giây; việc dở sẽ được làm lại", self._time)
        leave(1)


def leave(code: int) -> NoReturn:
    """End the process now: Temporal's threads can abort an interpreter that takes its time (DESIGN §3.11)."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _told_again(_number: int, _frame: FrameType | None) -> None:
    leave(0)
