"""CloudWatch metrics of a scene: counted in the very requests that are logged, or a level with noise.

The written requests are a sample of what a busier service would answer. So a p95 or an average is over the AT_LEAST
requests that are nearest in time to its period, none of them from the other side of anything that begins or ends (of
what grows, from another STEP_MIN minutes), with a little noise: a small export does not cross a limit by one slow
request, and what begins shows at once. A period in which nothing ended has no point.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ddms_ops.simulate.output import write_json
from ddms_ops.simulate.scenario import MINUTE_MS
from ddms_ops.simulate.scene.declared import Counted, Failure, Gauge, Scene, Slower, Traffic
from ddms_ops.simulate.scene.drawn import Drawn
from ddms_ops.simulate.scene.timing import Numbers, Times, come

AT_LEAST = 300
STEP_MIN = 5
UNSTEADY = 0.03  # noise of such a statistic, relative
GAUGES = 34
DIGITS = 4
STATISTICS: Mapping[str, Callable[[Times], float]] = {
    "p95": lambda values: float(np.percentile(values, 95)),
    "average": lambda values: float(np.mean(values)),
    "maximum": lambda values: float(np.max(values)),
    "sum": lambda values: float(np.sum(values)),
}
OF_ITS_PERIOD = ("maximum", "sum")  # statistics of the very requests of a period


@dataclass(frozen=True, slots=True)
class Series:
    """The points of one gauge, oldest first; NaN where there is none."""

    gauge: Gauge
    starts_ms: Times
    values: Numbers

    @property
    def is_published(self) -> NDArray[np.bool_]:
        """Periods that have a point."""
        is_there = ~np.isnan(self.values)
        return is_there & (self.values != 0) if self.gauge.is_sparse else is_there


def draw_series(drawn: Drawn, seed: int) -> list[Series]:
    """Every gauge of a scene over baseline and window."""
    return [
        _series(drawn, gauge, np.random.default_rng([seed, GAUGES, place]))
        for place, gauge in enumerate(drawn.scene.gauges)
    ]


def _series(drawn: Drawn, gauge: Gauge, rng: np.random.Generator) -> Series:
    period_ms = gauge.period_s * 1000
    starts = np.arange(-(-drawn.scene.first_ms // period_ms) * period_ms, drawn.scene.end_ms, period_ms)
    edges = np.append(starts, starts[-1] + period_ms) if len(starts) else starts
    values = _level(drawn, gauge, starts, rng) if gauge.counted is None else _counted(drawn, gauge.counted, edges, rng)
    return Series(gauge, starts, np.round(values, 0 if gauge.is_whole else DIGITS))


def _level(drawn: Drawn, gauge: Gauge, starts: Times, rng: np.random.Generator) -> Numbers:
    """Its usual level, and from the onset on the other one; of a period the mean of its minutes."""
    then = gauge.usual if gauge.then is None else gauge.then
    minutes = starts[:, None] + np.arange(0, max(gauge.period_s * 1000, 1), MINUTE_MS)[None, :] + MINUTE_MS // 2
    far = come(drawn.scene, minutes.ravel(), after_min=gauge.after_min, until_min=gauge.until_min,
               ramp_min=gauge.climb_min).reshape(minutes.shape).mean(axis=1)  # fmt: skip
    level = gauge.usual + (then - gauge.usual) * far
    noisy = np.maximum(0.0, level * (1 + gauge.noise * rng.standard_normal(len(starts))))
    return np.minimum(1.0, noisy) if max(gauge.usual, then) <= 1 and not gauge.is_whole else noisy


def _counted(drawn: Drawn, counted: Counted, edges: Times, rng: np.random.Generator) -> Numbers:
    """What is counted in each period, or a statistic of the durations of the requests that end in it."""
    if counted.what == "extra":
        times = [
            each.times_ms for each in drawn.strays
            if each.extra.group == counted.group and counted.name in ("", each.extra.name)
        ]  # fmt: skip
        return counted.scale * _per_period(_joined(times), edges)
    chosen = [
        (each, each.of(counted.routes) & ((each.failure >= 0) | (counted.what != "failed")))
        for each in drawn.requests if each.stream.group == counted.group
    ]  # fmt: skip
    ended = _joined([each.ended_ms[which] for each, which in chosen])
    if counted.what in ("requests", "failed"):
        return counted.scale * _per_period(ended, edges)
    took = _joined([each.took_ms[which] for each, which in chosen])
    order = np.argsort(ended, kind="stable")
    ended, took = ended[order], took[order]
    if counted.what in OF_ITS_PERIOD:
        return counted.scale * _of_periods(STATISTICS[counted.what], ended, took, edges)
    near = _of_nearest(STATISTICS[counted.what], ended, took, edges, _sides(drawn.scene, counted.group))
    return counted.scale * near * (1 + UNSTEADY * rng.standard_normal(len(near)))


def _joined(parts: list[Times]) -> Times:
    return np.concatenate([np.empty(0, dtype=np.int64), *parts])


def _per_period(times_ms: Times, edges: Times) -> Numbers:
    return np.diff(np.searchsorted(np.sort(times_ms), edges)).astype(np.float64)


def _of_periods(of: Callable[[Times], float], times_ms: Times, values: Times, edges: Times) -> Numbers:
    """A statistic of each period's requests, NaN where it has none."""
    places = np.searchsorted(times_ms, edges).tolist()
    return np.array([of(values[first:end]) if end > first else np.nan for first, end in pairwise(places)])


def _of_nearest(of: Callable[[Times], float], times_ms: Times, values: Times, edges: Times, sides: Times) -> Numbers:
    """A statistic of the requests nearest to each period on its side, NaN where nothing ended in it."""
    places = np.searchsorted(times_ms, edges).tolist()
    found = []
    for first, end in pairwise(places):
        if end == first:
            found.append(np.nan)
            continue
        side = int(np.searchsorted(sides, times_ms[end - 1], side="right"))
        low, high = np.searchsorted(times_ms, sides[side - 1 : side + 1]).tolist()
        begin = max(low, min(first, (first + end - AT_LEAST) // 2, high - AT_LEAST))
        found.append(of(values[begin : min(high, max(end, begin + AT_LEAST))]))
    return np.array(found)


def _sides(scene: Scene, group: str) -> Times:
    """Instants between which the durations of a log group's requests are alike, from the first to beyond the last."""
    bounds = {scene.first_ms, scene.end_ms + 1}
    every: tuple[Failure | Slower | Traffic, ...] = (*scene.failures, *scene.slower, *scene.traffic)
    for planted in every:
        if planted.group != group or scene.onset_ms is None:
            continue
        minutes = [planted.after_min]
        if not isinstance(planted, Traffic):
            minutes += np.arange(planted.after_min, planted.after_min + planted.ramp_min + 1e-6, STEP_MIN).tolist()
            minutes.append(planted.after_min + planted.ramp_min)
        if isinstance(planted, Failure) and planted.until_min is not None:
            minutes.append(planted.until_min)
        bounds |= {scene.onset_ms + round(minute * MINUTE_MS) for minute in minutes}
    return np.array(sorted(bound for bound in bounds if bound <= scene.end_ms + 1))


def write_metrics(folder: Path, series: list[Series]) -> int:
    """Write get-metric-data answers, newest point first, a file an account; returns how many points."""
    files: dict[str, list[dict[str, object]]] = {}
    total = 0
    for each in series:
        places = np.flatnonzero(each.is_published)[::-1]
        stamps = pd.DatetimeIndex(each.starts_ms[places].astype("datetime64[ms]")).strftime("%Y-%m-%dT%H:%M:%S+00:00")
        account, _, _ = each.gauge.metric.rpartition(":")
        points = {"Timestamps": stamps.tolist(), "Values": each.values[places].tolist(), "StatusCode": "Complete"}
        series_id = each.gauge.metric.replace(":", "_").replace("-", "_")
        files.setdefault(account or "metrics", []).append({"Id": series_id, "Label": each.gauge.metric, **points})
        total += len(places)
    for name, results in files.items():
        write_json(folder / f"{name}.json", {"MetricDataResults": results, "Messages": []})
    return total
