"""What a signal usually is at a time of day, learnt from other days.

Buckets of the same time of day are compared over days; the smoothing that predicts a day best from the other days is
kept, and none at all where a constant predicts as well (leave-one-out choice of a kernel's width: Härdle, "Applied
Nonparametric Regression", 1990).
"""

from dataclasses import dataclass

import numpy as np

DAY_S = 86_400
WEEK_S = 7 * DAY_S
SLOTS = 96
WIDTHS_H = (4.0, 2.0, 1.0, 0.5, 0.0)
GAIN = 0.97
MOST_CYCLES = 8
LEAST_ALIGNED = 15
ALIGNED_S = (3600.0, 1800.0, 900.0, 450.0, 225.0)
LEAST_EVENTS = 10


@dataclass(frozen=True, slots=True)
class Clock:
    """Where buckets stand: seconds since the epoch of each start, and the bucket's length, s."""

    at_s: np.ndarray
    step_s: float

    def slot(self, period_s: int, slots: int) -> np.ndarray:
        """Slot of the period that each bucket falls in, int64."""
        return ((self.at_s % period_s) * slots // period_s).astype("int64")

    def cycle(self, period_s: int) -> np.ndarray:
        """Number of the day or week of each bucket, counted from the first, int64."""
        number = (self.at_s // period_s).astype("int64")
        return number - number.min()


@dataclass(frozen=True, slots=True)
class Season:
    """Expected value by place in the period; `period_s` 0 is a constant.

    An expected value rests on `support` buckets, and moves together with those of `cell` buckets around it.
    """

    period_s: int
    levels: np.ndarray
    support: float
    cell: float

    def at(self, clock: Clock) -> np.ndarray:
        """Expected value of each bucket, float64, between slots interpolated."""
        if not self.period_s:
            return np.full(len(clock.at_s), self.levels[0])
        slots = len(self.levels)
        place = ((clock.at_s + clock.step_s / 2) % self.period_s) * slots / self.period_s - 0.5
        low = np.floor(place).astype("int64")
        part = place - low
        return self.levels[low % slots] * (1 - part) + self.levels[(low + 1) % slots] * part


def season_of(values: np.ndarray, exposure: np.ndarray, clock: Clock) -> Season:
    """The season of a signal, or its constant level.

    Args:
        values: float64, NaN where unknown.
        exposure: what each value is a share of; ones for a plain signal.
        clock: where the buckets stand, in any order of days.

    Returns:
        Expected value per unit of exposure. A day needs half of its slots, and two days are needed;
        a season over the week needs two weeks. Constant where neither predicts better.
    """
    known = max(1.0, float(np.isfinite(values).sum()))
    best = Season(0, np.array([central(values, exposure)]), known, known)
    error = np.inf
    slots = int(min(SLOTS, DAY_S // clock.step_s))
    for period_s, size in ((DAY_S, slots), (WEEK_S, slots * 7)):
        table, counts = slot_table(values, exposure, clock, period_s, size)
        if len(table) < 2:
            continue
        chosen = np.linspace(0, len(table) - 1, min(len(table), MOST_CYCLES)).astype("int64")
        rows, whole = table[chosen], np.array([typical(row[None, :]) for row in table[chosen]])
        error = min(error, misfit(rows, np.broadcast_to(np.nanmean(rows, axis=1)[:, None], rows.shape)))
        for width_h in WIDTHS_H:
            tried = misfit(rows, smooth(whole, width_h * slots / 24))
            if tried < GAIN * error:
                error = tried
                support = float(np.median(counts.sum(axis=0))) * max(1.0, 3.5 * width_h * slots / 24)
                levels = smooth(typical(table), width_h * slots / 24)
                best = Season(period_s, levels, support, support / len(table))
    return best


def aligned_season(values: np.ndarray, exposure: np.ndarray, clock: Clock, constant: Season) -> Season:
    """The course of part of one other day, to be expected at the same time of day; or the constant level.

    Kept where a smooth course predicts every second bucket better than the level does; between its ends only, beyond
    them it stays at what they are.
    """
    known = np.isfinite(values) & (exposure > 0)
    if known.sum() < 2 * LEAST_ALIGNED:
        return constant
    at, rate = clock.at_s[known], values[known] / exposure[known]
    even = np.arange(len(at)) % 2 == 0
    size = int(min(DAY_S // clock.step_s, DAY_S // 60))
    best, error = constant, float(np.abs(rate[even] - rate[~even].mean()).mean())
    for width_s in ALIGNED_S:
        width = max(width_s, 3 * clock.step_s)
        tried = np.abs(rate[even] - _near(at[even], at[~even], rate[~even], width)).mean()
        if tried < GAIN * error:
            error = float(tried)
            slots = at[0] - at[0] % DAY_S + (np.arange(size) + 0.5) * DAY_S / size
            support = 3.5 * width / clock.step_s
            best = Season(DAY_S, _near(np.clip(slots, at[0], at[-1]), at, rate, width), support, support)
    return best


def _near(at: np.ndarray, known_at: np.ndarray, known: np.ndarray, width: float) -> np.ndarray:
    """Mean of the known values around each time, by a Gaussian kernel (Nadaraya and Watson, 1964)."""
    places = np.searchsorted(known_at, at)
    reach = int(np.ceil(4 * width / max(float(np.median(np.diff(known_at))), 1.0)))
    near = np.clip(places[:, None] + np.arange(-reach, reach + 1)[None, :], 0, len(known) - 1)
    weight = np.exp(-0.5 * ((known_at[near] - at[:, None]) / width) ** 2)
    fresh = np.diff(near, axis=1, prepend=-1) > 0  # the ends are repeated: count them once
    weight = weight * fresh + 1e-300
    return (weight * known[near]).sum(axis=1) / weight.sum(axis=1)


def central(values: np.ndarray, exposure: np.ndarray) -> float:
    """Typical value per exposure: the median over up to 24 stretches of each stretch's mean.

    Rare events make fewer stretches: the median of stretches without any would be 0.
    """
    known = np.flatnonzero(np.isfinite(values) & (exposure > 0))
    if not len(known):
        return float("nan")
    few = values[known].sum() / LEAST_EVENTS if (values[known] == np.round(values[known])).all() else np.inf
    parts = np.array_split(known, int(max(1, min(24, len(known) // 5, max(few, 1)))))
    return float(np.median([values[part].sum() / exposure[part].sum() for part in parts]))


def slot_table(
    values: np.ndarray, exposure: np.ndarray, clock: Clock, period_s: int, slots: int
) -> tuple[np.ndarray, np.ndarray]:
    """Mean per exposure by cycle (rows) and slot (columns), NaN where unknown, and how many buckets each rests on.

    Cycles that know fewer than half of their slots are left out.
    """
    known = np.isfinite(values) & (exposure > 0)
    cycle, slot = clock.cycle(period_s), clock.slot(period_s, slots)
    shape = (int(cycle.max()) + 1, slots)
    place = (cycle * slots + slot)[known]
    size = shape[0] * shape[1]
    total, share, count = (
        np.bincount(place, weights=weights, minlength=size).reshape(shape)
        for weights in (values[known], exposure[known], np.ones(len(place)))
    )
    full = (count > 0).sum(axis=1) >= slots / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        return (total / share)[full], count[full]


def typical(table: np.ndarray) -> np.ndarray:
    """Median over cycles of each slot; slots never seen take their neighbours' value."""
    if len(table) > 1 and np.isfinite(table).all():
        return np.median(table, axis=0)
    known = np.isfinite(table).any(axis=0)
    levels = np.full(table.shape[1], np.nan)
    levels[known] = np.nanmedian(table[:, known], axis=0) if len(table) > 1 else table[0, known]
    if not known.all():
        place = np.arange(len(levels))
        levels = np.interp(place, place[known], levels[known], period=len(levels))
    return levels


def smooth(levels: np.ndarray, width: float) -> np.ndarray:
    """Circular smoothing of each row by a Gaussian kernel; `width` is its deviation in slots, 0 leaves all as it is."""
    if width <= 0:
        return levels
    frequency = np.fft.rfftfreq(levels.shape[-1])
    damped = np.fft.rfft(levels) * np.exp(-2 * (np.pi * frequency * width) ** 2)
    return np.fft.irfft(damped, levels.shape[-1])


def misfit(rows: np.ndarray, predicted: np.ndarray) -> float:
    """How far cycles are from what another cycle predicts.

    Of all pairs of cycles the one at the best third counts, so that one unusual day in three does not hide the season.
    """
    is_other = ~np.eye(len(rows), dtype=bool)
    errors = np.abs(rows[:, None, :] - predicted[None, :, :])[is_other]
    known = np.isfinite(errors)
    middle = np.array([np.median(error[sure]) for error, sure in zip(errors, known, strict=True)])
    capped = np.where(known, np.minimum(np.where(known, errors, 0.0), 3 * middle[:, None]), 0.0)
    return float(np.sort(capped.sum(axis=1) / known.sum(axis=1))[(len(errors) - 1) // 3])
