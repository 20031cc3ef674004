"""What the database counted of its statements up to a moment: at the baseline's start, the window's, and its end."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ddms_ops.simulate.dms.database_load import Calls
from ddms_ops.simulate.dms.database_statements import Statement

HISTORY = 84  # times the baseline was there before: a week
BASELINE, WINDOW = range(2)


@dataclass(slots=True)
class Sums:
    """Sums over calls of a statement; times in microseconds."""

    calls: int = 0
    scans: int = 0
    total_us: int = 0
    squares: float = 0.0  # of milliseconds
    min_us: int = 0
    max_us: int = 0

    @property
    def mean_ms(self) -> float:
        """Time of a call."""
        return self.total_us / 1000 / self.calls if self.calls else 0.0

    @property
    def stddev_ms(self) -> float:
        """Population deviation, as pg_stat_statements has it."""
        return float(np.sqrt(max(0.0, self.squares / self.calls - self.mean_ms**2))) if self.calls else 0.0

    def plus(self, other: "Sums", *, times: int = 1) -> "Sums":
        """Both together, the other so many times."""
        if not other.calls:
            return self
        return Sums(
            self.calls + times * other.calls,
            self.scans + times * other.scans,
            self.total_us + times * other.total_us,
            self.squares + times * other.squares,
            min(self.min_us, other.min_us) if self.calls else other.min_us,
            max(self.max_us, other.max_us),
        )


@dataclass(slots=True)
class Counter:
    """Calls of one statement by one role, in baseline and window."""

    statement: Statement
    number: int
    role: str
    periods: tuple[Sums, Sums] = field(default_factory=lambda: (Sums(), Sums()))

    def until(self, moment: int) -> Sums:
        """All that was counted until the baseline's start (0), the window's (1) or its end (2)."""
        found = Sums().plus(self.periods[BASELINE], times=HISTORY)
        for period in self.periods[:moment]:
            found = found.plus(period)
        return found


def counter_of(calls: Calls, start_ms: int, *, role: str) -> Counter:
    """The counter of some calls; those that ended before the window's start are the baseline's."""
    is_window = calls.time_ms >= start_ms
    periods = (_sums(calls, ~is_window), _sums(calls, is_window))
    return Counter(calls.statement, calls.number, role, periods)


def _sums(calls: Calls, chosen: NDArray[np.bool_]) -> Sums:
    exec_us = calls.exec_us[chosen]
    if not len(exec_us):
        return Sums()
    ms = exec_us / 1000
    scans = int(calls.is_scan[chosen].sum())
    least, most = int(exec_us.min()), int(exec_us.max())
    return Sums(len(exec_us), scans, int(exec_us.sum()), float(np.dot(ms, ms)), least, most)
