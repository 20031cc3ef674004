"""When counts left their normal: the interval that a Poisson scan finds most unlike expectation.

The log-likelihood ratio of an interval with C events where E were expected is
C ln(C / E) - (C - E) (Kulldorff, "A spatial scan statistic", 1997); the best over all intervals wins.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ddms_ops.analysis.noise import Evidence
from ddms_ops.analysis.scan import Segment
from ddms_ops.analysis.shapes import Shift, form_of
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
    seconds = window.minutes * 60
    return next((s for s in STEPS_S if seconds / s <= MAX_BUCKETS), int(np.ceil(seconds / MAX_BUCKETS / 3600)) * 3600)


def counts_per_bucket(stamps: pd.Series, window: Window) -> np.ndarray:
    """Events per bucket of the window, float64, empty buckets 0; buckets start at the window's start."""
    step = bucket_s(window)
    n = int(np.ceil(window.minutes * 60 / step))
    offsets = (stamps - window.start) / pd.Timedelta(seconds=step)
    inside = np.floor(offsets.to_numpy(dtype="float64"))
    inside = inside[(inside >= 0) & (inside < n)].astype("int64")
    return np.bincount(inside, minlength=n).astype("float64")


def expected_counts(per_minute: float, window: Window) -> np.ndarray:
    """Events per bucket that a constant rate gives; the last bucket may be shorter than the others."""
    step = bucket_s(window)
    whole, rest = divmod(window.minutes * 60, step)
    minutes = [step / 60] * int(whole) + ([rest / 60] if rest else [])
    return np.maximum(per_minute * np.asarray(minutes), 1e-9)


def excursion(
    counts: np.ndarray,
    expected: np.ndarray,
    window: Window,
    *,
    above: bool = True,
    ratio: float = 1.0,
) -> Excursion | None:
    """The interval of the window most unlike expectation, or None where no interval deviates that way.

    Args:
        counts: events per bucket, from `counts_per_bucket`.
        expected: expected events per bucket, > 0, as from `expected_counts`.
        window: the window the buckets tile.
        above: look for too many (True) or too few events.
        ratio: only intervals with at least (at most, for too few) this multiple of what is expected.
    """
    found = _unlikeliest(counts, expected, above=above, ratio=ratio)
    if found is None:
        return None
    first, last, llr = found
    step = pd.Timedelta(seconds=bucket_s(window))
    return Excursion(
        window.start + first * step,
        min(window.start + last * step, window.end),
        float(counts[first:last].sum()),
        float(expected[first:last].sum()),
        llr,
    )


def onset_of(
    counts: np.ndarray, expected: np.ndarray, window: Window, *, above: bool = True, ratio: float = 1.0
) -> Shift | None:
    """The interval that `excursion` finds, with when it began and how surely, its shape, and whether it is over.

    Args:
        counts: events per bucket, from `counts_per_bucket`.
        expected: expected events per bucket, > 0, as from `expected_counts`.
        window: the window the buckets tile.
        above: look for too many (True) or too few events.
        ratio: only intervals with at least (at most, for too few) this multiple of what is expected.

    Returns:
        `observed` and `expected` are events per bucket, means from start to end; `score` is the signed root
        sqrt(2 llr) of the interval's log-likelihood ratio, and not corrected for the number of intervals.
        None where no interval deviates that way, as where all is zero or all is expected.
    """
    found = _unlikeliest(counts, expected, above=above, ratio=ratio)
    if found is None:
        return None
    first, last, llr = found
    score = float(np.sqrt(2 * llr))
    evidence = Evidence(True, counts, expected, np.ones(len(counts), dtype=bool), expected)
    form = form_of(evidence, Segment(first, last, score if above else -score))
    inside = form.inside(len(counts))
    step = pd.Timedelta(seconds=bucket_s(window))
    return Shift(
        start=window.start + form.start.bucket * step,
        earliest=window.start + form.start.earliest * step,
        latest=window.start + form.start.latest * step,
        end=None if form.end is None else min(window.start + form.end * step, window.end),
        is_above=above,
        shape=form.shape,
        observed=float(counts[inside].mean()),
        expected=float(expected[inside].mean()),
        score=score,
        period=None if form.period is None else round(form.period) * step,
    )


def with_beginning(found: Shift, counts: np.ndarray, expected: np.ndarray, window: Window, *, limit: float) -> Shift:
    """The shift from where it first left its normal: a weaker beginning before the interval that stands out most.

    Args:
        found: what `onset_of` gives for too many events.
        counts: the same as there.
        expected: the same.
        window: the same.
        limit: log-likelihood ratio over which the beginning counts.
    """
    step = pd.Timedelta(seconds=bucket_s(window))
    before = max(0, round((found.start - window.start) / step))
    early = onset_of(counts[:before], expected[:before], Window(window.start, found.start)) if before > 1 else None
    if early is None or early.score**2 / 2 < limit:
        return found
    return replace(
        found, start=early.start, earliest=early.earliest, latest=early.latest, shape=early.shape, stronger=found.start
    )


def _unlikeliest(
    counts: np.ndarray, expected: np.ndarray, *, above: bool, ratio: float
) -> tuple[int, int, float] | None:
    """First bucket, bucket after the last, and log-likelihood ratio of the interval most unlike expectation."""
    counted, wanted = (_interval_sums(values) for values in (counts, expected))
    deviates = (
        (counted >= ratio * wanted) & (counted > wanted) if above else (counted <= ratio * wanted) & (counted < wanted)
    )
    deviates &= np.triu(np.ones(counted.shape, dtype=bool), k=1)
    if not deviates.any():
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        llr = np.where(counted > 0, counted * np.log(counted / wanted), 0.0) - (counted - wanted)
    llr = np.where(deviates, llr, -np.inf)
    first, last = (int(place) for place in np.unravel_index(int(np.argmax(llr)), llr.shape))
    return first, last, float(llr[first, last])


def _interval_sums(values: np.ndarray) -> np.ndarray:
    """Sum over buckets i..j-1 at [i, j]."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    return total[None, :] - total[:, None]
