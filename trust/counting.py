"""How often somebody comes: so many in a moving minute, counted in this process."""

import time
from math import ceil

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter


class PerMinute:
    """A limit that holds for each whom it is asked about; who is refused is not counted."""

    def __init__(self, most: int) -> None:
        self._most = RateLimitItemPerMinute(most)
        self._window = MovingWindowRateLimiter(MemoryStorage())

    def count(self, whose: str) -> int | None:
        """Count one more of theirs; when that is one too many, the seconds until another may come."""
        return None if self._window.hit(self._most, whose) else self._wait(whose)

    def overrun(self, whose: str) -> int | None:
        """The same of the next of theirs, without counting it."""
        return None if self._window.test(self._most, whose) else self._wait(whose)

    def _wait(self, whose: str) -> int:
        return max(1, ceil(self._window.get_window_stats(self._most, whose).reset_time - time.time()))
