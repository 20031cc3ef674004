"""What a driver's steps came to in each hour, and in which hours nobody can tell.

An hour without a log event or metric point is a zero where there could have been some, and a hole where telemetry is
missing: where as many hours on other days, of the same weekday if there are any, had many, and those just before and
after too. Where the baseline has such hours on other days only they tell that there would have been many: that nothing
was done at night before an incident is no hole. Only hours between the first and the last event of a pull tell what is
usual: of a window of hours the rest of the day is a hole, not a quiet time, as is all that was not asked for.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from ddms_ops.window import Window

HOUR = pd.Timedelta(hours=1)
MANY = 10
"""Events (points) that a run of empty hours would have had, from which on it is a hole: by chance alone a run with as
many expected is empty in 1 of 20,000."""
NEAR = 3
METRICS = "metrics"


def hours_of(days: Iterable[pd.Timestamp]) -> pd.DatetimeIndex:
    """Starts of the hours of some UTC days, in order."""
    starts = sorted({day + place * HOUR for day in days for place in range(24)})
    return pd.DatetimeIndex(starts, tz="UTC").as_unit("us")


def are_asked(hours: pd.DatetimeIndex, asked: Sequence[Window]) -> np.ndarray:
    """Which hours lie wholly in one of the windows that telemetry was asked for; all where there are none."""
    found = np.full(len(hours), not asked)
    for each in asked:
        found |= np.asarray((hours >= each.start) & (hours <= each.end - HOUR))
    return found


def step_hours(
    name: str,
    steps: Sequence[str],
    amounts: pd.DataFrame,
    hours: pd.DatetimeIndex,
    *,
    baseline: pd.DatetimeIndex | None = None,
    asked: Sequence[Window] = (),
) -> pd.DataFrame:
    """What each step of a driver came to in each of some hours.

    Args:
        name: the driver.
        steps: its steps.
        amounts: AMOUNTS, of all drivers: events of others show that a log group was read.
        hours: starts of hours, in order.
        baseline: those of them that tell of what there would have been; empty or None: all.
        asked: what telemetry was asked for; empty: all of it.

    Returns:
        float64, a column a step, indexed by `hours`: the sum over tenants, 0 where there was none, NaN in holes and
        where telemetry was not asked for. A step that has no row in these hours is NaN throughout.
    """
    is_baseline = None if baseline is None else np.asarray(hours.isin(baseline))
    was_asked = are_asked(hours, asked)
    own = amounts[amounts["signal"].isin([f"{name}/{step}" for step in steps])]
    groups = _log_groups(amounts)
    found, of_groups = {}, dict[frozenset[str], pd.Series]()
    for step in steps:
        rows = own[own["signal"] == f"{name}/{step}"]
        rows = rows[rows["timestamp"].isin(hours)]
        used = frozenset(groups.loc[rows.index].dropna().unique())
        if used not in of_groups or not used:
            telling = amounts[groups.isin(used)] if used else rows
            by_signal = telling.groupby(["timestamp", "signal"])["events"].sum()  # which may count the same events
            seen = by_signal.groupby(level=0).max().reindex(hours, fill_value=0)
            of_groups[used] = covered(seen, _is_inside(telling, hours) & was_asked, is_baseline) & was_asked
        values = rows.sort_values(["timestamp", "value"]).groupby("timestamp")["value"].sum().reindex(hours)
        found[step] = values.fillna(0.0).where(of_groups[used] & bool(len(rows)))
    return pd.DataFrame(found, index=hours, columns=list(steps), dtype="float64")


def _log_groups(amounts: pd.DataFrame) -> pd.Series:
    """Log group of each row, as its pull names it; null of metrics."""
    pulls = amounts["pull"].astype("category")
    names = [str(pull) for pull in pulls.cat.categories]
    labels = [None if pull.startswith(METRICS) else pull.partition("/")[2] or pull for pull in names]
    codes = pulls.cat.codes.to_numpy()
    return pd.Series(pd.array(labels, dtype="str").take(codes, allow_fill=True), index=amounts.index)


def _is_inside(rows: pd.DataFrame, hours: pd.DatetimeIndex) -> np.ndarray:
    """Which hours lie between the first and the last row of a pull."""
    ends = rows.assign(pull=rows["pull"].astype("str")).groupby("pull")["timestamp"].agg(["min", "max"])
    found = np.zeros(len(hours), dtype=bool)
    for first, last in zip(ends["min"], ends["max"], strict=True):
        found |= np.asarray((hours >= first) & (hours <= last))
    return found


def covered(events: pd.Series, is_inside: np.ndarray | None = None, is_baseline: np.ndarray | None = None) -> pd.Series:
    """Which hours were seen: all but runs of empty hours in which MANY events would have been usual.

    Args:
        events: events by hour, 0 where there was none.
        is_inside: which hours were surely looked at, so that they tell what is usual; all when None.
        is_baseline: which hours are the baseline's; none when None. Where it has hours of that time of day the others
            tell that little is usual, but not that much is.

    Returns:
        bool, by the same hours.
    """
    counts = events.to_numpy(dtype="float64")
    is_empty = counts == 0
    if not is_empty.any() or is_empty.all():
        return pd.Series(~is_empty, index=events.index)
    at = events.index.as_unit("s").asi8
    starts = np.flatnonzero(is_empty & ~np.concatenate([[False], is_empty[:-1] & (np.diff(at) == 3600)]))
    run = np.cumsum(np.isin(np.arange(len(at)), starts))
    inside = np.ones(len(at)) if is_inside is None else is_inside.astype("float64")
    usual = _usual(counts, at, inside)
    if is_baseline is not None and is_baseline.any():
        calm = _usual(counts, at, inside * is_baseline)
        usual = np.where(np.isnan(calm), usual, np.fmin(calm, _others(counts, _weekday_hour(at), inside)))
    usual = _around(usual, counts, run)
    missed = np.bincount(run[is_empty], weights=usual[is_empty], minlength=len(starts) + 1)
    return pd.Series(~is_empty | (missed[run] < MANY), index=events.index)


def _usual(counts: np.ndarray, at: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Events that are usual in each hour by other days at that time, of the same weekday if any; NaN without any."""
    weekday = _others(counts, _weekday_hour(at), inside)
    return np.where(np.isnan(weekday), _others(counts, at % 86400 // 3600, inside), weekday)


def _weekday_hour(at: np.ndarray) -> np.ndarray:
    """Number of the weekday's hour of each time, s."""
    return np.asarray(at // 86400 % 7 * 24 + at % 86400 // 3600)


def _others(counts: np.ndarray, key: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Mean of the other hours of the same key that were looked at; NaN without any."""
    total = np.bincount(key, weights=counts * inside)[key] - counts * inside
    others = np.bincount(key, weights=inside)[key] - inside
    return np.where(others > 0, total / np.maximum(others, 1), np.nan)


def _around(usual: np.ndarray, counts: np.ndarray, run: np.ndarray) -> np.ndarray:
    """What is usual, or the mean of the hours around a run of empty ones where that is fewer; 0 where nothing tells."""
    usual = usual.copy()
    for number in np.unique(run[counts == 0]):
        after = counts[(counts > 0) & (run == number)][:NEAR].tolist()
        before = counts[(counts > 0) & (run == number - 1)][-NEAR:].tolist()
        around = float(np.mean(after + before)) if after or before else np.nan
        place = (counts == 0) & (run == number)
        usual[place] = np.fmin(usual[place], around)
    return np.nan_to_num(usual)
