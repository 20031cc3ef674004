"""Work that waits: since when more than usual, whether more comes in or less goes out, how long until it is done."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ddms_ops.analysis.capacity_course import from_first_departure
from ddms_ops.analysis.shapes import Shift
from ddms_ops.analysis.shifts import shifts

MINUTE = pd.Timedelta(minutes=1)
USUALLY = 0.95  # of the baseline's stretches as long
RECENT, FEWEST = pd.Timedelta(minutes=15), 3  # how far back the present pace is read, and from how many points
SLOWLY = 3  # points by which a level left its usual before what stands out: it climbed
LEVEL_MIN = 6000.0  # minutes until nothing waits, from which on a level does not fall: its noise may do as much
EVENLY, FEWEST_EVEN = 0.9, 6  # of the distances of points that are alike, and from how many points
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
            begun = from_where_it_climbs(shift, values, earlier)
            return Backlog(begun, float(inside.max()), inside.idxmax(), float(values.iloc[-1]))
    return None


def from_where_it_climbs(shift: Shift, values: pd.Series, baseline: pd.Series | None) -> Shift:
    """A shift upwards from where its signal began to climb to it; as it is where it did not, or there is no baseline.

    The signal climbs from the first value from which on all are above the baseline's highest; where those lie on a
    line, from where that line leaves the baseline's mean. `earliest` and `latest` are these two.
    """
    if baseline is None:
        return shift
    left = from_first_departure(shift, values, baseline)
    climb = values[(values.index >= left.start) & (values.index <= shift.start)]
    if left is shift or len(climb) <= SLOWLY or climb.nunique() == 1:
        return left
    slow = replace(left, shape="gradual" if left.shape == "sudden" else left.shape)
    slope = pace(climb)
    if slope is None or slope <= 0 or not np.corrcoef(np.arange(len(climb)), climb)[0, 1] >= EVENLY:
        return slow
    middle = climb.index[0] + (climb.index - climb.index[0]).to_series().mean()
    crossed = middle - (float(climb.mean()) - float(baseline.mean())) / slope * MINUTE
    start = max(crossed, left.start - (shift.start - left.start), values.index[0])
    known = values.index[(values.index >= start) & (values.index <= left.start)]
    return replace(slow, start=known[0], earliest=known[0], latest=left.start)


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


def interval_of(sums: pd.Series, declared: pd.Timedelta) -> pd.Timedelta:
    """Length of one interval of sums: the distance of points that are evenly apart, else what is declared.

    Args:
        sums: by interval start (UTC), ordered; an interval without pieces may be absent.
        declared: what the profile says.
    """
    apart = sums.index.unique().to_series().diff().dropna()
    if len(apart) < FEWEST_EVEN or (apart == apart.median()).mean() < EVENLY:
        return declared
    return apart.median()


def per_minute(sums: pd.Series, start: pd.Timestamp, end: pd.Timestamp, *, step: pd.Timedelta) -> float:
    """Pieces a minute of the intervals that begin in [start, end), else of the one before; 0 where none was counted.

    Args:
        sums: float64 pieces by interval start (UTC), ordered; an interval without pieces may be absent.
        start, end: no later than the end of what was counted.
        step: length of an interval.
    """
    if sums.empty:
        return 0.0
    phase = (sums.index[0] - pd.Timestamp(0, tz="UTC")) % step
    first, last = ((stamp - phase).ceil(step) + phase for stamp in (start, end))
    first = min(first, last - step)
    inside = sums[(sums.index >= first) & (sums.index < last)]
    return float(inside.sum() / ((last - first) / MINUTE))


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
    """Minutes until nothing waits when so many a minute become fewer; None where they do not, or hardly."""
    return waiting / falls if falls > 0 and not is_level(waiting, falls) else None


def is_level(waiting: float, falls: float) -> bool:
    """Whether what waits changes by so little a minute that it is neither drained nor doubled in a hundred hours."""
    return abs(falls) * LEVEL_MIN < waiting
