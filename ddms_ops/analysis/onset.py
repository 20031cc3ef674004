"""When counts left their normal: the interval that a Poisson scan finds most unlike expectation.

The log-likelihood ratio of an interval with C events where E were expected is
C ln(C / E) - (C - E) (Kulldorff, "A spatial scan statistic", 1997); the best over all intervals wins.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ddms_ops.window import Window

MAX_BUCKETS = 1440
STEPS_S = (60, 120, 300, 600, 900, 1800, 3600)


@dataclass(frozen=True, slots=True)
class Excursion:
    """One interval in which counts were above or below what was expected.

    `llr` is the log-likelihood ratio; `counted` and `expected` are events in the interval.
    """

    start: pd.Timestamp
    end: pd.Timestamp
    counted: float
    expected: float
    llr: float


def bucket_s(window: Window) -> int:
    """Bucket length for a window, s: a minute, or more where that makes over 1,440 buckets."""
    return next((s for s in STEPS_S if window.minutes * 60 / s <= MAX_BUCKETS), STEPS_S[-1])


def counts_per_bucket(stamps: pd.Series, window: Window) -> np.ndarray:
    """Events per bucket of the window, float64, empty buckets 0; buckets start at the window's start."""
    step = bucket_s(window)
    n = int(np.ceil(window.minutes * 60 / step))
    offsets = (stamps - window.start) / pd.Timedelta(seconds=step)
    inside = np.floor(offsets.to_numpy(dtype="float64"))
    inside = inside[(inside >= 0) & (inside < n)].astype("int64")
    return np.bincount(inside, minlength=n).astype("float64")


def first_deviation(counts: np.ndarray, expected: np.ndarray, start: int, end: int) -> int:
    """The bucket in which an excursion over `start`..`end` began, at or before `start`.

    A CUSUM tuned to a tenth of the excursion's rate runs up to `start`; the excursion began after its last zero
    (Page, "Continuous inspection schemes", 1954).
    """
    usual = max(float(expected[: start + 1].mean()), 1e-9)
    raised = max(float(counts[start:end].mean()) / 10, 2 * usual)
    reference = (raised - usual) / np.log(raised / usual)
    total, began = 0.0, start
    for place in range(start + 1):
        total = max(0.0, total + counts[place] - reference)
        if total == 0.0:
            began = place + 1
    return min(began, start)


def excursion(
    counts: np.ndarray, expected: np.ndarray, window: Window, *, above: bool = True, refine: bool = False
) -> Excursion | None:
    """The interval of the window most unlike expectation, or None where no interval deviates that way.

    Args:
        counts: events per bucket, from `counts_per_bucket`.
        expected: expected events per bucket, > 0.
        window: the window the buckets tile.
        above: look for too many (True) or too few events.
        refine: move the start back to where events first came; for events that are not usual at all.
    """
    n = len(counts)
    c = np.concatenate([[0.0], np.cumsum(counts)])
    e = np.concatenate([[0.0], np.cumsum(expected)])
    counted = c[None, :] - c[:, None]
    wanted = e[None, :] - e[:, None]
    is_interval = np.triu(np.ones((n + 1, n + 1), dtype=bool), k=1)
    deviates = is_interval & ((counted > wanted) if above else (counted < wanted))
    if not deviates.any():
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        llr = np.where(counted > 0, counted * np.log(counted / wanted), 0.0) - (counted - wanted)
    llr = np.where(deviates, llr, -np.inf)
    first, last = np.unravel_index(int(np.argmax(llr)), llr.shape)
    began = first_deviation(counts, expected, int(first), int(last)) if refine else int(first)
    step = pd.Timedelta(seconds=bucket_s(window))
    return Excursion(
        window.start + began * step,
        min(window.start + int(last) * step, window.end),
        float(counted[began, last]),
        float(wanted[began, last]),
        float(llr[first, last]),
    )
