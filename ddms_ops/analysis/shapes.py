"""When a shift began, how surely, and what it looks like.

The start is read from the likelihood of every start and every length of rise, given the levels before and after
(profile likelihood of a change point: Hinkley, "Inference about the change-point in a sequence of random
variables", 1970); the interval holds nine tenths of it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ddms_ops.analysis.noise import Evidence
from ddms_ops.analysis.pulses import FEWEST, gains, is_over, pulses_of, spacing
from ddms_ops.analysis.scan import Segment, totals

RISES = (0, 6, 10, 15, 20, 30, 45, 60, 90, 120, 180)
SUDDEN = 0.7
HELD = 0.05
PRIOR = 10.0
MOST_PLACES = 240
COARSE = 60
FAR_ON = 1.5
FINE = 30
UNSURE_RISE = 8


@dataclass(frozen=True, slots=True)
class Start:
    """First bucket of a shift, the buckets between which it lies, and over how many buckets it rose (0: at once)."""

    bucket: int
    earliest: int
    latest: int
    rise: int


@dataclass(frozen=True, slots=True)
class Form:
    """Where a shift stands among the buckets: `end` None is still going on, `period` is in buckets."""

    start: Start
    end: int | None
    shape: str
    period: float | None

    def inside(self, size: int) -> slice:
        """Buckets of the shift."""
        return slice(self.start.bucket, max(self.end or size, self.start.bucket + 1))


@dataclass(frozen=True, slots=True)
class Shift:
    """One stretch in which a signal was above or below its normal.

    `start` is when it left it; `earliest` to `latest` hold the start with nine chances in ten. `end` is when it came
    back (exclusive), None where it had not by the end of the series. `shape` is `sudden`, `gradual`, `pulsed` or
    `periodic`; `period` is the time from pulse to pulse of a periodic one, else None. `observed` and `expected` are
    means over the shift, in the signal's unit. `score` is in standard deviations of what is usual, comparable between
    signals; it ranks. `stronger` is when a shift that began weakly became what was found first, else None.
    """

    start: pd.Timestamp
    earliest: pd.Timestamp
    latest: pd.Timestamp
    end: pd.Timestamp | None
    is_above: bool
    shape: str
    observed: float
    expected: float
    score: float
    period: pd.Timedelta | None = None
    stronger: pd.Timestamp | None = None


def form_of(evidence: Evidence, segment: Segment, *, longest: int | None = None) -> Form:
    """Start, end and shape of the shift that a segment is part of; pulses over more than `longest` are normal."""
    pulses = pulses_of(evidence, segment, longest or len(evidence.seen))
    gain = gains(evidence, pulses)
    size = len(gain)
    if len(pulses) < FEWEST:
        start = start_of(evidence, segment)
        end = max(segment.end, start.bucket + 1)
        return Form(start, end if is_over(gain, end) else None, "gradual" if start.rise else "sudden", None)
    start = start_of(evidence, Segment(*pulses[0], segment.score))
    period, end = spacing(pulses), pulses[-1][1]
    rest = size - pulses[-1][0] > FAR_ON * np.median(np.diff([first for first, _ in pulses]))
    return Form(start, end if rest and is_over(gain, end) else None, "periodic" if period else "pulsed", period)


def start_of(evidence: Evidence, segment: Segment) -> Start:
    """Where the segment's shift began; before it, its level is taken to be what the buckets there show."""
    length = segment.end - segment.start
    reach = int(np.clip(length, 20, MOST_PLACES // 2))
    low = max(0, segment.start - 2 * reach)
    end = min(segment.end, segment.start + 2 * reach)
    firsts = np.arange(max(0, segment.start - reach), end)
    part = slice(low, end)
    base = _before(evidence, low, max(low, segment.start - reach // 2))
    top = float(np.median(evidence.seen[segment.start : segment.end])) * evidence.log_step
    stride = -(-len(firsts) // COARSE)
    prior = np.where(np.array(RISES) == 0, np.log(SUDDEN), np.log((1 - SUDDEN) / (len(RISES) - 1)))
    rows = [
        _likelihoods(evidence, part, firsts[::stride] - low, rise, base, top) if rise else None
        for rise in RISES
        if rise <= 2 * reach
    ]
    sudden = _likelihoods(evidence, part, firsts - low, 0, base, top) + prior[0]
    slow = np.array([row + prior[1] + np.log(stride) for row in rows if row is not None])
    if not len(slow) or np.logaddexp.reduce(sudden) >= np.logaddexp.reduce(slow, axis=1).max():
        return _read(sudden, firsts, 0)
    rise = RISES[1 + int(np.argmax(np.logaddexp.reduce(slow, axis=1)))]
    near = firsts[::stride][int(np.argmax(np.logaddexp.reduce(slow, axis=0)))]
    fine = firsts[np.abs(firsts - near) <= FINE]
    rises = [each for each in RISES[1:] if rise / 2 <= each <= 2 * rise]
    weights = np.array([_likelihoods(evidence, part, fine - low, each, base, top) for each in rises])
    return _read(np.logaddexp.reduce(weights, axis=0), fine, rise)


def _before(evidence: Evidence, low: int, high: int) -> float:
    """Level just before, against expectation: a ratio for counts, a difference for levels; drawn towards none."""
    seen, want = evidence.clipped()[low:high].sum(), evidence.want[low:high].sum()
    return float((seen + PRIOR) / (want + PRIOR)) if evidence.is_counts else float(seen / (want + PRIOR))


def _likelihoods(evidence: Evidence, part: slice, firsts: np.ndarray, rise: int, base: float, top: float) -> np.ndarray:
    """Log-likelihood of a shift at each of `firsts` that takes `rise` buckets, its height fitted to each.

    `top` is the logarithm of the height where levels are logarithms, in which an even rise is bent; else 0.
    """
    seen, want = evidence.seen[part], evidence.want[part]
    if rise == 0:
        return _sudden(seen, want, evidence.is_counts, firsts, base)
    time = np.arange(len(seen))
    share = np.clip((time[None, :] - firsts[:, None] + 0.5) / rise, 0, 1)
    if not evidence.is_counts:
        bent = np.log1p(np.expm1(top) * share) / top if abs(top) > 0.01 else share
        return 0.5 * (bent @ (seen - base * want)) ** 2 / np.maximum((bent**2) @ want, 1e-9)
    height = np.maximum((share @ (seen - base * want)) / np.maximum((share**2) @ want, 1e-9), 1e-3 - base)
    for _ in range(3):  # Newton steps towards the likeliest height
        level = np.maximum(base + height[:, None] * share, 1e-3)
        slope = (share * (seen / level - want)).sum(axis=1)
        curve = (share**2 * seen / level**2).sum(axis=1)
        height = np.maximum(height + slope / np.maximum(curve, 1e-9), 1e-3 - base)
    level = np.maximum(base + height[:, None] * share, 1e-3)
    return (seen * np.log(level / base) - want * (level - base)).sum(axis=1)


def _sudden(seen: np.ndarray, want: np.ndarray, is_counts: bool, firsts: np.ndarray, base: float) -> np.ndarray:
    """The same for a shift at once: sums from each first bucket to the end."""
    sums, wants = totals(seen), totals(want)
    after, due = sums[-1] - sums[firsts], (wants[-1] - wants[firsts])
    if not is_counts:
        return 0.5 * (after - base * due) ** 2 / np.maximum(due, 1e-9)
    due = np.maximum(base * due, 1e-9)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(after > 0, after * np.log(after / due), 0.0) - (after - due)


def _read(likelihood: np.ndarray, firsts: np.ndarray, rise: int) -> Start:
    """The start that the weights of all starts point to: the likeliest one, or the middle one of a rise."""
    weight = np.exp(likelihood - likelihood.max())
    share = np.cumsum(weight) / weight.sum()
    low, middle, high = (int(firsts[np.searchsorted(share, part)]) for part in (HELD, 0.5, 1 - HELD))
    bucket = middle if rise else int(firsts[np.argmax(weight)])
    unsure = rise // UNSURE_RISE
    return Start(bucket, max(min(low, bucket - unsure), 0), max(high, bucket + unsure), rise)
