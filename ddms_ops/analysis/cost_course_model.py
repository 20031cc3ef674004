"""What each kind of line is expected to cost a day, learnt from the days of the history.

Amounts are compared as logarithms (a bill's scatter grows with its height). A pattern of the week is kept where it
predicts other weeks better than no pattern (leave one week out), a course (a level, a line, or the level since a step)
by its absolute errors and a penalty for what it chooses freely; all by medians, so that earlier spikes teach nothing.
"""

from dataclasses import dataclass

import numpy as np

from ddms_ops.analysis.cost_course_amounts import day_at

WEEK = 7
MOST_DAYS = 84
"""Twelve weeks: older days say little about today."""
LEAST_PATTERN_DAYS = 21
LEAST_STEP_DAYS = 7
"""A new level is usual once it has lasted a week; what is younger belongs to the rise."""
GAIN = 0.93
PENALTIES = (1.0, 2.5, 6.0)
"""Of a level, a line and a step, in units of log(days) / 2."""
FLOOR = 0.02
"""Share of the usual amount that is added to all before the logarithm, so that 0 has one."""
LEAST_SPREAD = 0.01
UNKNOWN_SPREAD = 0.3
"""Relative scatter that is assumed of days which are not known yet, in a history of less than a week."""
RANGE = 3.0
EDGE = 2.5
LEVEL = 1.57
"""Variance of a median over that of a mean (pi / 2)."""


@dataclass(frozen=True, slots=True)
class Model:
    """What is expected of each kind on each day (kinds × days), in money and on the scale where scatter is even.

    `rest` is what is seen beyond it on that scale, `spread` its standard deviation over the history, `support` the
    number of days that a level rests on. All NaN without a history.
    """

    expected: np.ndarray
    low: np.ndarray
    high: np.ndarray
    rest: np.ndarray
    spread: np.ndarray
    support: np.ndarray


def model_of(values: np.ndarray, days: np.ndarray, is_history: np.ndarray) -> Model:
    """The expectation of every kind.

    Args:
        values: float64, kinds × days.
        days: consecutive day numbers since the epoch.
        is_history: of each day, whether it teaches.
    """
    if not is_history.any() or not len(values):
        nothing = np.full(values.shape, np.nan)
        return Model(nothing, nothing, nothing, nothing, np.full(len(values), np.nan), np.zeros(len(values)))
    taught = np.flatnonzero(is_history)[-MOST_DAYS:]
    base, is_log = _scale(values[:, taught])
    even = _even(values, base, is_log)
    centre, support, taken = _centre(even, days, taught)
    rest = even - centre
    spread = _spread(rest[:, taught], taken)
    centre = _with_edges(centre, rest, spread, days, taught)
    wide = RANGE * (spread * np.sqrt(1 + LEVEL / support))[:, None]
    smear = _smear(rest[:, taught], spread, is_log)[:, None]
    expected, low, high = (_money(each, base, is_log) for each in (centre + smear, centre - wide, centre + wide))
    return Model(expected, np.minimum(low, expected), np.maximum(high, expected), even - centre, spread, support)


def _smear(rest: np.ndarray, spread: np.ndarray, is_log: np.ndarray) -> np.ndarray:
    """From the median to the mean on the even scale (Duan 1983), by the days that are not far out."""
    is_near = np.abs(rest) <= EDGE * spread[:, None]
    many = np.maximum(is_near.sum(axis=1), 1)
    bound = np.where(is_near, rest, 0.0)
    logs = np.where(is_near, np.exp(bound), 0.0).sum(axis=1) / many
    return np.where(is_log & (logs > 0), np.log(np.where(logs > 0, logs, 1.0)), bound.sum(axis=1) / many)


def _scale(taught: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Usual amount of each kind, and whether it is never negative."""
    usual = np.abs(taught).mean(axis=1)
    return np.where(usual > 0, usual, 1.0), taught.min(axis=1) >= 0


def _even(values: np.ndarray, base: np.ndarray, is_log: np.ndarray) -> np.ndarray:
    """Amounts on the scale where scatter is even: logarithms, or shares of the usual amount where some are negative."""
    share = values / base[:, None]
    return np.where(is_log[:, None], np.log(np.maximum(share, 0.0) + FLOOR), share)


def _money(even: np.ndarray, base: np.ndarray, is_log: np.ndarray) -> np.ndarray:
    """The way back."""
    logs = np.maximum(np.exp(np.minimum(even, 60.0)) - FLOOR, 0.0)
    logs = np.where(logs < FLOOR / 100, 0.0, logs)
    return np.where(is_log[:, None], logs, even) * base[:, None]


def _centre(even: np.ndarray, days: np.ndarray, taught: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Expected course on the even scale, the days that its level rests on, and how many numbers it takes."""
    weekday = (days + 3) % WEEK  # 1970-01-01 was a Thursday
    pattern, taken = np.zeros((len(even), WEEK)), np.ones(len(even))
    filled = _filled(even, taught)
    if filled is not None and len(taught) >= LEAST_PATTERN_DAYS:
        pattern, taken = _pattern(filled, int(weekday[taught[-1]]))
    seasonal = pattern[:, weekday]
    course, support, free = _course((even - seasonal)[:, taught], days[taught], days)
    return course + seasonal, support, taken + free


def _filled(even: np.ndarray, taught: np.ndarray) -> np.ndarray | None:
    """The history day by day, gaps taken from the week before, else after, else the day before; None if too many."""
    span = np.arange(taught[0], taught[-1] + 1)
    if len(taught) < 0.75 * len(span):
        return None
    has = set(taught.tolist())
    source = [next((at for at in (n, n - WEEK, n + WEEK, n - 1, n + 1) if at in has), taught[-1]) for n in span]
    return even[:, source]


def _pattern(history: np.ndarray, last_weekday: int) -> tuple[np.ndarray, np.ndarray]:
    """What each weekday adds (kinds × weekdays, Monday first), and how many numbers that takes; 0 without a pattern."""
    weeks = history.shape[1] // WEEK
    table = history[:, -weeks * WEEK :].reshape(len(history), weeks, WEEK)
    table = table - np.median(table, axis=2, keepdims=True)
    weekday = (np.arange(WEEK) + last_weekday + 1) % WEEK
    ends = weekday >= 5
    errors = np.zeros((3, *table.shape))
    for week in range(weeks):
        others = np.delete(table, week, axis=1)
        for choice, profile in enumerate(_profiles(others, ends)):
            errors[choice, :, week] = np.abs(table[:, week] - profile)
    most = 3 * np.median(errors[0], axis=(1, 2))[None, :, None, None]
    none, two, seven = np.minimum(errors, most).mean(axis=(2, 3))
    is_seven = seven < GAIN * np.minimum(none, two)
    is_two = ~is_seven & (two < GAIN * none)
    profiles = _profiles(table, ends)
    chosen = np.where(is_seven[:, None], profiles[2], np.where(is_two[:, None], profiles[1], 0.0))
    pattern = np.empty_like(chosen)
    pattern[:, weekday] = chosen
    return pattern, np.where(is_seven, 7.0, np.where(is_two, 2.0, 1.0))


def _profiles(table: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Medians over weeks (kinds × 7): of all days, of weekdays and weekends, of each weekday."""
    kinds = len(table)
    one = np.median(table.reshape(kinds, -1), axis=1)[:, None]
    work, free = (np.median(table[:, :, side].reshape(kinds, -1), axis=1)[:, None] for side in (~ends, ends))
    return np.broadcast_to(one, (kinds, WEEK)), np.where(ends, free, work), np.median(table, axis=1)


def _course(history: np.ndarray, at: np.ndarray, days: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Level, line or step of each kind over all days, the days that it rests on, and the numbers that it takes."""
    kinds, size = history.shape
    level = np.median(history, axis=1)[:, None]
    options = [(np.broadcast_to(level, history.shape), np.broadcast_to(level, (kinds, len(days))))]
    supports = [np.full(kinds, float(size))]
    if size >= 3 * LEAST_STEP_DAYS:
        slope, start = _line(history, at)
        options.append((start + slope * (at - at[0]), start + slope * (days - at[0])))
        before, after, split = _step(history)
        options.append((np.where(at < at[split], before, after), np.where(days < at[split], before, after)))
        supports += [np.full(kinds, size / 4), (size - split[:, 0]).astype("float64")]
    misfit = np.array([np.abs(history - fitted).mean(axis=1) for fitted, _ in options])
    cost = size * np.log(misfit + LEAST_SPREAD / 2)
    cost += np.array(PENALTIES[: len(options)])[:, None] * np.log(size) / 2
    best = cost.argmin(axis=0)
    pick = np.arange(kinds)
    course = np.array([np.broadcast_to(over, (kinds, len(days))) for _, over in options])[best, pick]
    return course, np.array(supports)[best, pick], best.astype("float64")


def _line(history: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slope a day and value on the first day: medians over all pairs of days (Theil 1950, Sen 1968)."""
    first, second = np.triu_indices(len(at), k=3)
    slope = np.median((history[:, second] - history[:, first]) / (at[second] - at[first]), axis=1)[:, None]
    return slope, np.median(history - slope * (at - at[0]), axis=1)[:, None]


def _step(history: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Medians before and after the step that leaves the least absolute error, and its place, each kinds × 1.

    Where that step is younger than a week it is passed over, with the days after it.
    """
    whole = _best_split(history, history.shape[1] - 1)
    older = _best_split(history[:, : 1 - LEAST_STEP_DAYS], history.shape[1] - 2 * LEAST_STEP_DAYS + 1)
    is_young = whole[2] > history.shape[1] - LEAST_STEP_DAYS
    before, after, place = (np.where(is_young, *pair) for pair in zip(older, whole, strict=True))
    return before[:, None], after[:, None], place[:, None]


def _best_split(history: np.ndarray, last: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Medians before and after the best place to split, and that place, from a week to the last that may be."""
    kinds = len(history)
    best = np.full(kinds, np.inf)
    before, after, place = np.zeros(kinds), np.zeros(kinds), np.zeros(kinds, dtype="int64")
    for split in range(LEAST_STEP_DAYS, last + 1):
        left, right = np.median(history[:, :split], axis=1), np.median(history[:, split:], axis=1)
        cost = np.abs(history[:, :split] - left[:, None]).sum(axis=1)
        cost += np.abs(history[:, split:] - right[:, None]).sum(axis=1)
        better = cost < best
        for kept, value in ((best, cost), (before, left), (after, right), (place, split)):
            np.copyto(kept, value, where=better)
    return before, after, place


def _spread(rest: np.ndarray, taken: np.ndarray) -> np.ndarray:
    """Standard deviation of what is not explained, from its middle and from its flank, whichever is wider."""
    size = rest.shape[1]
    far = np.abs(rest)
    seen = np.maximum(1.4826 * np.median(far, axis=1), np.quantile(far, 0.8, axis=1) / 1.2816)
    seen = seen * (1 + taken / size) * (1 + 2 / size)
    unknown = max(0, WEEK - size)
    if unknown:
        seen = np.sqrt((size * seen**2 + unknown * UNKNOWN_SPREAD**2) / WEEK)
    return np.maximum(seen, LEAST_SPREAD)


def _with_edges(
    centre: np.ndarray, rest: np.ndarray, spread: np.ndarray, days: np.ndarray, taught: np.ndarray
) -> np.ndarray:
    """The course, months' first and last days moved by what such days of the history were beyond it."""
    moved = centre.copy()
    stamps = [day_at(number) for number in days]
    for is_such in ([each.is_month_start for each in stamps], [each.is_month_end for each in stamps]):
        places = np.flatnonzero(is_such)
        past = np.intersect1d(places, taught[:-LEAST_STEP_DAYS])
        if len(past):
            beyond = np.median(rest[:, past], axis=1)
            beyond = np.where(np.abs(beyond) > EDGE * spread, beyond, 0.0)
            moved[:, places] += beyond[:, None]
    return moved
