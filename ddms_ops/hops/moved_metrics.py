"""Metrics that moved, stopped or began at a change, each against how it usually goes."""

from collections.abc import Iterator
from math import log

import numpy as np
import pandas as pd

from ddms_ops.analysis.shifts import shifts
from ddms_ops.analysis.usual_moves import NORMAL, STRONGEST, least_strength, move
from ddms_ops.checks.watched import series_of
from ddms_ops.hops.views import Ground
from ddms_ops.window import Window

FALSE_ALARMS = 0.01
MOST_GAPS = 3
FEWEST = 4
FEWEST_MISSED = 2
SHORTEST = 1e-300
SHORT = pd.Timedelta(minutes=1)


def metric_rows(case: Ground, before: Window, after: Window, read: Window) -> Iterator[tuple[object, ...]]:
    """Rows of metrics whose course after a change is unlike all before it, or which have points on one side only.

    A metric moved where its values after differ from those just before by more than they usually do from one such
    stretch to the next, over all its points before the change, with 5 false alarms in 100 changes over all metrics.

    Args:
        case: the case.
        before, after: the spans.
        read: what was read in one piece around them.
    """
    parts = [part for part in (case.baseline_metrics, case.metrics) if len(part)] or [case.metrics]
    every = pd.concat(parts).drop_duplicates(["metric", "timestamp"])
    every = every[every["timestamp"] < after.end]
    series = {str(name): series_of(points) for name, points in every.groupby("metric", sort=True)}
    reach = max((values.index[-1] for values in series.values()), default=after.end)
    reach += min((_step(values) for values in series.values()), default=SHORT)
    for name, values in series.items():
        metric = case.profile.metrics.get(name)
        title, unit = ((metric.title if metric else "") or name), metric.unit if metric else ""
        near = values[values.index >= read.start]
        for found in (_moved(values, before, after, len(series)), _ended(near, before, after, reach, len(series))):
            if found:
                what, went, was, now, strength = found
                ratio = now / was if was > 0 else np.nan
                yield ("metric", f"{title}{what}", went, was, now, unit, ratio, np.nan, np.nan, strength, "")


def _moved(
    values: pd.Series, before: Window, after: Window, signals: int
) -> tuple[str, str, float, float, float] | None:
    """Whether it rose or fell, its mean before, that while it was unlike before, and how strong that is."""
    went = move(values, (before.start, before.end), (after.start, after.end))
    if not went.is_beyond and abs(went.strength) < least_strength(FALSE_ALARMS, signals):
        return None
    old, now = values[values.index < before.end], values[values.index >= after.start]
    was = float(old[old.index >= before.start].mean())
    is_above = float(now.median()) > was if went.is_beyond else went.strength > 0
    found = [shift for shift in shifts(now, baseline=old, at_most=1) if shift.is_above == is_above]
    if not found and not went.is_beyond:
        return None
    observed = found[0].observed if found else float(now.mean())
    return "", "rose" if is_above else "fell", was, observed, abs(went.strength)


def _ended(
    values: pd.Series, before: Window, after: Window, reach: pd.Timestamp, signals: int
) -> tuple[str, str, float, float, float] | None:
    """Whether it stopped or began: points on one side of a moment at the change or after it, longer than its gaps."""
    if values.empty:
        return None
    step = _step(values)
    last, first = values.index[-1], values[values.index >= before.start].index[:1]
    if last >= before.end - MOST_GAPS * step:
        strength = _silence(values, step, min(after.end, reach) - last, signals)
        was = values[(values.index >= before.start) & (values.index < before.end)]
        if strength and len(was):
            return f", last point at {last:%H:%M:%S} UTC", "stopped", float(was.mean()), np.nan, strength
    if len(first) and first[0] >= before.end - step:
        strength = _silence(values[values.index >= first[0]], step, first[0] - before.start + step, signals)
        if strength:
            now = float(values[values.index >= first[0]].mean())
            return f", first point at {first[0]:%H:%M:%S} UTC", "began", np.nan, now, strength
    return None


def _silence(values: pd.Series, step: pd.Timedelta, silent: pd.Timedelta, signals: int) -> float:
    """Strength of a silence beside points that come every so often; 0 where it is no longer than theirs may be."""
    missed = int(silent / step + 0.01) - 1
    if len(values) < FEWEST or missed < FEWEST_MISSED:
        return 0.0
    longest = int(values.index.to_series().diff().max() / step + 0.01) - 1
    slots = int((values.index[-1] - values.index[0]) / step + 0.01) + 1
    chance = missed * log((max(slots - len(values), 0) + 1) / (slots + 2))
    if missed <= MOST_GAPS * longest or chance > log(FALSE_ALARMS / signals):
        return 0.0
    return min(STRONGEST, abs(NORMAL.inv_cdf(max(np.exp(chance), SHORTEST) / 2)))


def _step(values: pd.Series) -> pd.Timedelta:
    """Its usual distance between points."""
    apart = values.index.to_series().diff()
    return apart.median() if len(values) > 1 else SHORT
