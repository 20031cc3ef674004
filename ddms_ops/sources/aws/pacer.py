"""Staying under a quota of calls a second, whatever the number of threads."""

import threading
import time
from collections.abc import Callable

MARGIN = 0.95
LEAST = 0.05  # of the quota: how far throttling may push it down
CLIMB = 1.02
PAUSE_S = 1.0


class Pacer:
    """Slots for calls, evenly spaced at 95 % of the quota.

    A throttle halves the rate (once a second at most), each call that works raises it by 2 % up to the quota again.

    Args:
        per_second: the quota.
        clock, sleep: of this process; passed in by tests.
    """

    def __init__(
        self,
        per_second: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._most = per_second * MARGIN
        self.rate = self._most
        self._clock, self._sleep = clock, sleep
        self._next = 0.0
        self._slowed = float("-inf")
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when the next call may be sent."""
        with self._lock:
            now = self._clock()
            slot = max(now, self._next)
            self._next = slot + 1 / self.rate
        if slot > now:
            self._sleep(slot - now)

    def throttled(self) -> None:
        """The service said that calls come too fast."""
        with self._lock:
            now = self._clock()
            if now - self._slowed >= PAUSE_S:
                self._slowed = now
                self.rate = max(self.rate / 2, self._most * LEAST)
                self._next = max(self._next, now + 1 / self.rate)

    def worked(self) -> None:
        """A call was answered."""
        with self._lock:
            self.rate = min(self._most, self.rate * CLIMB)


class Pacers:
    """One pacer for each account, region and operation."""

    def __init__(self) -> None:
        self._pacers: dict[tuple[str, ...], Pacer] = {}
        self._lock = threading.Lock()

    def of(self, key: tuple[str, ...], per_second: float) -> Pacer:
        """The pacer of a key, made with this quota where it is new."""
        with self._lock:
            return self._pacers.setdefault(key, Pacer(per_second))
