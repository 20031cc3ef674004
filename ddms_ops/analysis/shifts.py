"""When a signal left its normal, whatever it is: counts, shares or levels, of an hour or of weeks.

What is normal is learnt from the baseline, or from the signal itself, by time of day where that predicts better. All
intervals of all lengths are compared with it, each against what the signal's usual stretches reach; the start of what
stands out is then read from the likelihood of each possible start.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ddms_ops.analysis.noise import Evidence, Noise, noise_of, wander
from ddms_ops.analysis.scan import DayPlaces, Scanner, Segment, without
from ddms_ops.analysis.season import DAY_S, Clock, aligned_season, season_of
from ddms_ops.analysis.shapes import Shift, form_of

FEWEST = 4
TOGETHER = 12
UNSEEN = 1.0
MOST_BUCKETS = 100_000
LONGEST_SHARE = 0.6
FIRST_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class _Part:
    """One stretch of a signal on an even grid."""

    values: np.ndarray
    exposure: np.ndarray
    clock: Clock


def shifts(
    values: pd.Series,
    *,
    baseline: pd.Series | None = None,
    exposure: pd.Series | None = None,
    at_most: int = 3,
) -> list[Shift]:
    """Stretches in which a signal was above or below its normal, the most unusual first.

    Args:
        values: float64 by interval start (UTC), evenly spaced, in any order; an absent interval or NaN is unknown,
            not zero. Whole numbers that scatter as events do are counts, all else are levels.
        baseline: earlier values of the same signal, at the same spacing: just before, or other days, whose time of
            day is then aligned. None: the signal is its own baseline, and what most of it does is normal; a level
            that it begins with and keeps for a tenth of the time or more is normal until it ends.
        exposure: what the values are a share of (requests of failures), by the same interval starts as `values` and
            `baseline`; intervals without it are unknown.
        at_most: how many are reported.

    Returns:
        Shifts whose starts are at least twelve intervals apart. Empty where nothing stands out beyond what noise,
        the time of day and the level's usual wandering explain, in 98 of 100 signals without a shift; as for a
        constant signal, all NaN, fewer than four values, or a single event. A single interval that stands out is
        a shift of one interval. Rare events after a baseline of zeros are a shift.
    """
    step = _step(values)
    own = None if step is None else _on_grid(values, exposure, step)
    if step is None or own is None or np.isfinite(own.values).sum() < FEWEST:
        return []
    calm = None if baseline is None or baseline.notna().sum() < FEWEST else _on_grid(baseline, exposure, step)
    if calm is not None and np.isfinite(calm.values).sum() >= FEWEST:
        found = _against(own, calm, at_most)
    else:
        found = _against_itself(own, at_most)
    kept = _apart(found, TOGETHER * pd.Timedelta(seconds=step))
    return sorted(kept, key=lambda shift: (-shift.score, shift.start))


def _against(own: _Part, calm: _Part, at_most: int) -> list[Shift]:
    """Shifts of a signal from its baseline."""
    scanned = _scanned(own, calm, calm.values, at_most)
    return [_shift(own, scanned, segment, len(own.values)) for segment in scanned.segments]


def _against_itself(own: _Part, at_most: int) -> list[Shift]:
    """Shifts of a signal from what most of it does; what stands out at first is left out of what is normal."""
    scanned = _scanned(own, own, own.values, at_most)
    left = _left_out(own.values, scanned.segments)
    if scanned.segments and np.isfinite(left).sum() >= np.isfinite(own.values).sum() / 2:
        scanned = _scanned(own, own, left, at_most)
    turned = [_turned(own, scanned, segment) for segment in scanned.segments]
    return [_shift(own, *pair, len(own.values) // 2) for pair in turned]


@dataclass(frozen=True, slots=True)
class _Scanned:
    """A signal against its normal, and what stands out, the most unusual first."""

    evidence: Evidence
    expected: np.ndarray
    noise: Noise
    segments: list[Segment]


def _scanned(own: _Part, calm: _Part, normal: np.ndarray, at_most: int) -> _Scanned:
    """What stands out where `normal`, on the grid of `calm`, tells what is usual."""
    season = season_of(normal, calm.exposure, calm.clock)
    if not season.period_s and _is_same_time_of_another_day(own.clock, calm.clock):
        season = aligned_season(normal, calm.exposure, calm.clock, season)
    usual, expected = season.at(calm.clock) * calm.exposure, season.at(own.clock) * own.exposure
    noise = noise_of(normal, usual)
    if noise.is_counts:
        unseen = UNSEEN / max(season.support, 1.0) / float(calm.exposure[calm.exposure > 0].mean())
        usual, expected = usual + unseen * calm.exposure, expected + unseen * own.exposure
    evidence = noise.evidence(own.values, expected)
    is_apart = calm is not own
    usually = noise.evidence(normal, usual)
    day = (calm.clock.at_s // DAY_S).astype("int64")
    stretch = day - day.min() if np.ptp(day) else np.arange(len(day)) * 8 // len(day)
    scanner = Scanner(
        evidence,
        usually if is_apart else evidence,
        support=season.support,
        cell=season.cell,
        wander=wander(usually, stretch),
        day=_days(own, calm),
        longest=max(1, int(len(own.values) * (1 if is_apart else LONGEST_SHARE))),
    )
    return _Scanned(evidence, expected, noise, scanner.segments(at_most))


def _is_same_time_of_another_day(own: Clock, calm: Clock) -> bool:
    """Whether the baseline is part of one day, and the signal's hours lie within the baseline's on a later day."""
    days = np.floor((own.at_s[0] - calm.at_s[0]) / DAY_S + 0.01) * DAY_S
    first, last = own.at_s[0] - days, own.at_s[-1] - days
    slack = 0.1 * (own.at_s[-1] - own.at_s[0])
    return bool(days > 0 and first >= calm.at_s[0] - slack and last <= calm.at_s[-1] + slack)


def _turned(own: _Part, scanned: _Scanned, segment: Segment) -> tuple[_Scanned, Segment]:
    """A long segment that the series begins with is what was normal then: the shift is what came after it."""
    n = len(own.values)
    inside = slice(segment.start, segment.end)
    if segment.start > FEWEST or segment.end - segment.start < FIRST_SHARE * n or segment.end >= n:
        return scanned, segment
    known = np.isfinite(own.values[inside])
    was, usual = (part[inside][known].mean() for part in (own.values, scanned.expected))
    is_ratio = was > 0 and usual > 0 and (scanned.noise.is_counts or scanned.noise.power == 0.0)
    expected = scanned.expected * (was / usual) if is_ratio else scanned.expected + was - usual
    evidence = scanned.noise.evidence(own.values, expected)
    after = Segment(segment.end, n, -segment.score)
    return _Scanned(evidence, expected, scanned.noise, [after]), after


def _apart(found: list[Shift], least: pd.Timedelta) -> list[Shift]:
    """Shifts without those that begin about when a stronger one does, or are part of one."""
    kept: list[Shift] = []
    for shift in found:
        near = any(abs(shift.start - other.start) < least for other in kept)
        part = any(
            shift.is_above == other.is_above and other.earliest <= shift.start and not _is_before(other, shift.start)
            for other in kept
        )
        if not near and not part:
            kept.append(shift)
    return kept


def _is_before(shift: Shift, stamp: pd.Timestamp) -> bool:
    """Whether the shift was over by then."""
    return shift.end is not None and shift.end <= stamp


def _left_out(values: np.ndarray, segments: list[Segment]) -> np.ndarray:
    """Values without those in the segments."""
    left = values.copy()
    for segment in segments:
        left[segment.start : segment.end] = np.nan
    return left


def _step(values: pd.Series) -> float | None:
    """Usual distance between intervals, s; None where there are fewer than four values."""
    if values.notna().sum() < FEWEST:
        return None
    stamps = values.index.unique().sort_values()
    apart = np.diff(stamps.as_unit("ns").asi8) / 1e9
    return max(float(np.median(apart)), float(apart.sum()) / MOST_BUCKETS)


def _on_grid(values: pd.Series, exposure: pd.Series | None, step: float) -> _Part:
    """The values on an even grid from first to last; doubled intervals take their mean."""
    at = values.index.as_unit("ns").asi8 / 1e9
    place = np.rint((at - at.min()) / step).astype("int64")
    given = values.to_numpy(dtype="float64")
    if exposure is None:
        share = np.ones(len(given))
    else:
        share = exposure.groupby(level=0).mean().reindex(values.index).to_numpy(dtype="float64")
    known = np.isfinite(given) & (share > 0)
    size = int(place.max()) + 1
    count = np.bincount(place[known], minlength=size)
    with np.errstate(invalid="ignore", divide="ignore"):
        grid, shared = (
            np.bincount(place[known], weights=part[known], minlength=size) / count for part in (given, share)
        )
    clock = Clock(at.min() + np.arange(size) * step, step)
    return _Part(grid, np.where(count > 0, shared, 0.0), clock)


def _days(own: _Part, calm: _Part) -> DayPlaces | None:
    """Where buckets stand in their days; None where all are of one day, or buckets do not tile a day."""
    step = own.clock.step_s
    slots = int(DAY_S // step)
    if DAY_S % step or slots < 8:
        return None
    others = own.clock.at_s[:0] if calm is own else calm.clock.at_s
    every = np.concatenate([own.clock.at_s, others])
    day = (every // DAY_S).astype("int64")
    number = np.unique(day, return_inverse=True)[1]
    if number.max() < 1:
        return None
    place = ((every % DAY_S) // step).astype("int64")
    n = len(own.values)
    return DayPlaces(place[:n], number[:n], place[n:], number[n:], slots)


def _shift(own: _Part, scanned: _Scanned, segment: Segment, longest: int) -> Shift:
    """The shift that a segment is part of."""
    evidence = scanned.evidence
    for other in scanned.segments:
        if other.score * segment.score < 0:
            evidence = without(evidence, other.start, other.end)
    form = form_of(evidence, segment, longest=longest)
    inside = np.arange(len(own.values))[form.inside(len(own.values))]
    inside = inside[np.isfinite(own.values[inside])]
    step = own.clock.step_s

    def at(place: int) -> pd.Timestamp:
        return pd.Timestamp(round((own.clock.at_s[0] + place * step) * 1e9), tz="UTC")

    return Shift(
        start=at(form.start.bucket),
        earliest=at(form.start.earliest),
        latest=at(form.start.latest),
        end=None if form.end is None else at(form.end),
        is_above=segment.score > 0,
        shape=form.shape,
        observed=float(own.values[inside].mean()),
        expected=float(scanned.expected[inside].mean()),
        score=abs(segment.score),
        period=None if form.period is None else pd.Timedelta(seconds=round(form.period * step)),
    )
