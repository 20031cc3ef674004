"""Work that waits: since when more than usual, whether more comes in or less goes out, how long until it is done."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ddms_ops.analysis.shapes import Shift
from ddms_ops.analysis.shifts import shifts

MINUTE = pd.Timedelta(minutes=1)
USUALLY = 0.95  # of the baseline's stretches as long
RECENT, FEWEST = pd.Timedelta(minutes=15), 3  # how far back the present pace is read, and from how many points
MOST_OF = 2 / 3  # of a growing gap: what makes up as much of it is named alone


@dataclass(frozen=True, slots=True)
class Backlog:
    """A stretch in which more waited than usual; `peak` and `last` (of the series) are in the signal's unit."""

    shift: Shift
    peak: float
    peak_at: pd.Timestamp
    last: float


@dataclass(frozen=True, slots=True)
class Flow:
    """Pieces a minute that come in and go out, while a backlog grew and in the baseline; None where not known."""

    came: float | None
    came_before: float | None
    done: float | None
    done_before: float | None

    @property
    def goes_with(self) -> str:
        """What the growth goes with: `more comes in`, `less goes out`, both, or empty where it cannot be told."""
        known = (self.came, self.came_before, self.done, self.done_before)
        if any(rate is None for rate in known):
            return ""
        more, less = self.came - self.came_before, self.done_before - self.done  # type: ignore[operator]
        if more + less <= 0 or max(more, less) <= 0:
            return ""
        if more >= MOST_OF * (max(more, 0.0) + max(less, 0.0)):
            return "more comes in"
        if less >= MOST_OF * (max(more, 0.0) + max(less, 0.0)):
            return "less goes out"
        return "more comes in and less goes out"


def backlog_of(
    values: pd.Series, *, baseline: pd.Series | None = None, surge: float, least: float = 0.0
) -> Backlog | None:
    """The most unusual stretch in which a depth or an age was far above its baseline.

    Far above is `surge` times what was expected and what one in twenty of the baseline's stretches as long reach, above
    all of those, and at least `least`. It begins where the signal begins to climb.

    Args:
        values: float64 by interval start (UTC), in the window.
        baseline: the same of the baseline; None or empty: the rest of the window is what is usual.
        surge: > 1.
        least: in the signal's unit; less is never a backlog.

    Returns:
        None where there is no such stretch.
    """
    earlier = None if baseline is None or baseline.empty else baseline
    for shift in shifts(values, baseline=earlier):
        inside = values[values.index >= shift.start]
        inside = inside if shift.end is None else inside[inside.index < shift.end]
        if not shift.is_above or inside.empty:
            continue
        rest = values.drop(index=inside.index) if earlier is None else earlier
        usually, most = reached(rest, len(inside))
        if shift.observed >= max(surge * shift.expected, surge * usually, least) and shift.observed > most:
            return Backlog(shift, float(inside.max()), inside.idxmax(), float(values.iloc[-1]))
    return None


def reached(values: pd.Series, size: int) -> tuple[float, float]:
    """What 95 in 100 stretches of some length stay below on average, and the highest; 0 where there is nothing.

    Of a signal that mostly is 0 both are its highest value.
    """
    if values.empty:
        return 0.0, 0.0
    if not values.median() > 0:
        return float(values.max()), float(values.max())
    means = values.rolling(max(size, 1), min_periods=1).mean()
    return float(means.quantile(USUALLY)), float(means.max())


def per_minute(sums: pd.Series, start: pd.Timestamp, end: pd.Timestamp) -> float | None:
    """Pieces a minute in [start, end); None where nothing was counted then.

    Args:
        sums: float64 pieces by interval start (UTC); an interval without pieces may be absent.
        start, end: no later than the end of what was counted.
    """
    inside = sums[(sums.index >= start) & (sums.index < end)]
    return None if inside.empty else float(inside.sum() / ((end - start) / MINUTE))


def recent_since(values: pd.Series, end: pd.Timestamp, peak_at: pd.Timestamp) -> pd.Timestamp:
    """Since when the present pace of a backlog is read: for 15 minutes, three points at least, not before its peak.

    Args:
        values: by interval start, ordered.
        end: when the last interval ends.
        peak_at: when most waited; a backlog that still grows is read over the last 15 minutes all the same.
    """
    since = min(end - RECENT, values.index[-min(FEWEST, len(values))])
    return max(since, min(peak_at, values.index[-min(FEWEST, len(values))]))


def pace(values: pd.Series) -> float | None:
    """By how much a level changes a minute, by least squares; None of fewer than three points."""
    if len(values) < FEWEST:
        return None
    at = (values.index - values.index[0]) / MINUTE
    return float(np.polyfit(np.asarray(at, dtype="float64"), values.to_numpy(dtype="float64"), 1)[0])


def drain_min(waiting: float, falls: float) -> float | None:
    """Minutes until nothing waits when so many a minute become fewer; None where they do not."""
    return waiting / falls if falls > 0 else None
