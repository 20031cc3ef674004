"""The hour in which a day's step began, where the bill has hours."""

import numpy as np
import pandas as pd

from ddms_ops.analysis.cost_course_amounts import DAY
from ddms_ops.analysis.cost_course_model import FLOOR
from ddms_ops.analysis.cost_course_scan import MOST_DAY, furthest

HOUR = pd.Timedelta(hours=1)
LEAST_HOURS = 24
LATE = 4 * HOUR  # a step so late in a day shows on the next one only
LEAST_SPREAD = 0.02
CLOSE = 3.0
"""An hour may be the first where it is no less likely than exp(-3) times the best (scatter as by Laplace)."""


def hours_of_step(
    costs: pd.Series, covered: pd.Series, day: pd.Timestamp, *, expected: float, is_above: bool
) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """Earliest and latest hour in which a step may have begun.

    Args:
        costs: float64, cost of lines, indexed by hour (UTC, in any order, several of an hour).
        covered: hours of which the bill has any line.
        day: first day of the step.
        expected: what was expected of that day: the days before may be other weekdays.
        is_above: its direction.

    Returns:
        Starts of hours on that day or the last few of the one before; None without its hours or a day of hours before.
    """
    hours = pd.DatetimeIndex(sorted(set(covered.dt.floor("h")))) if len(covered) else pd.DatetimeIndex([], tz="UTC")
    hours = hours[(hours >= day - 8 * DAY) & (hours < day + 2 * DAY)]
    begin = day - LATE if (hours < day - LATE).sum() >= LEAST_HOURS else day
    is_prior = hours < begin
    if is_prior.sum() < LEAST_HOURS or not ((hours >= day) & (hours < day + DAY)).any():
        return None
    values = costs.groupby(costs.index.floor("h")).sum().reindex(hours, fill_value=0.0).to_numpy()
    rest, spread = _rest(values, hours.hour.to_numpy(), is_prior)
    usual = _usual(rest, values, hours, day, expected, is_prior)
    later, at = (1 if is_above else -1) * (rest - usual)[~is_prior], hours[~is_prior]
    first, last = furthest(np.clip(later / spread, 0.0 - MOST_DAY, MOST_DAY), 0)
    level = float(np.median(later[first : last + 1]))
    if level <= 0:
        return None
    miss = np.concatenate([[0.0], np.cumsum(np.abs(later) - np.abs(later - level))])[:-1]
    close = np.flatnonzero((miss <= miss[first] + CLOSE * spread) & (np.arange(len(at)) <= last) & (at < day + DAY))
    return (at[int(close.min())], at[int(close.max())]) if len(close) else None


def _usual(
    rest: np.ndarray,
    values: np.ndarray,
    hours: pd.DatetimeIndex,
    day: pd.Timestamp,
    expected: float,
    is_prior: np.ndarray,
) -> np.ndarray:
    """What `rest` is without a step: of the first day by what was expected, of the day before as most of its hours."""
    usual = np.zeros(len(rest))
    before = rest[(hours >= day - DAY) & is_prior]
    if len(before):
        usual[hours < day] = float(np.median(before))
    a_day = float(values[is_prior].sum()) * 24 / int(is_prior.sum())
    if expected > 0 and a_day > 0:
        usual[hours >= day] = float(np.log(expected / a_day))
    return usual


def _rest(values: np.ndarray, hour: np.ndarray, is_prior: np.ndarray) -> tuple[np.ndarray, float]:
    """Logarithm of each hour over what that hour of the day cost before, and its scatter before."""
    floor = FLOOR * max(float(np.abs(values[is_prior]).mean()), float(np.abs(values).mean()) * FLOOR, 1e-12)
    even = np.log(np.maximum(values, 0.0) + floor)
    level = float(np.median(even[is_prior]))
    usual = np.full(24, level)
    for each in range(24):
        same = even[is_prior & (hour == each)]
        if len(same):
            usual[each] = np.median(same)
    rest = even - usual[hour]
    return rest, max(LEAST_SPREAD, 1.4826 * float(np.median(np.abs(rest[is_prior]))))
