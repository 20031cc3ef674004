"""When things happen: the day's shape, what has begun by an instant, and times at random or on the dot."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ddms_ops.simulate.scenario import MINUTE_MS
from ddms_ops.simulate.scene.declared import Scene

Times = NDArray[np.int64]
Numbers = NDArray[np.float64]
DAY_MS = 24 * 60 * MINUTE_MS
SWING = 0.15  # of the traffic over a day
BUSIEST_H = 13
LATE_MS = 2_500  # what is regular begins up to so long after its minute
SETTLE_MS = 1_000  # what is planted begins this long into its minute


def busy(times_ms: Times) -> Numbers:
    """How busy each time of the day is: 1 on average."""
    return 1 + SWING * np.cos(2 * np.pi * (times_ms / DAY_MS - BUSIEST_H / 24))


def come(
    scene: Scene, times_ms: Times, *, after_min: float, until_min: float | None = None, ramp_min: float = 0.0
) -> Numbers:
    """How far something planted has come at each time, 0..1; the minutes count from the onset.

    Args:
        scene: the scene; nothing comes where it has no onset.
        times_ms: epoch ms.
        after_min: minutes until it begins.
        until_min: minutes until it is over, None where it stays.
        ramp_min: minutes that it grows over, evenly.
    """
    if scene.onset_ms is None:
        return np.zeros(len(times_ms))
    since = times_ms - (scene.onset_ms + after_min * MINUTE_MS + SETTLE_MS)
    found = np.where(since < 0, 0.0, 1.0 if ramp_min <= 0 else np.clip(since / (max(ramp_min, 1e-9) * MINUTE_MS), 0, 1))
    if until_min is None:
        return found
    return np.where(times_ms >= scene.onset_ms + until_min * MINUTE_MS, 0.0, found)


def at_random(
    rng: np.random.Generator, first_ms: int, end_ms: int, per_min: Callable[[Times], Numbers]
) -> Times:  # fmt: skip
    """Sorted times in [first, end) with so many a minute on average, each independent of the others."""
    most = float(np.max(per_min(np.arange(first_ms, end_ms, MINUTE_MS)), initial=0.0))
    count = int(rng.poisson(most * (end_ms - first_ms) / MINUTE_MS))
    times = np.sort(rng.integers(first_ms, end_ms, count))
    return times[rng.random(count) * most < per_min(times)]


def on_the_dot(rng: np.random.Generator, first_ms: int, end_ms: int, every_min: float) -> Times:
    """Times every so many minutes of the day in [first, end), a second or two late."""
    step = round(every_min * MINUTE_MS)
    dots = np.arange(-(-first_ms // step) * step, end_ms, step)
    times = dots + rng.integers(200, LATE_MS, len(dots))
    return times[times < end_ms]
