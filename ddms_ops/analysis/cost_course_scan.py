"""The stretch of days in which a kind of line left what was expected of it."""

from dataclasses import dataclass

import numpy as np

from ddms_ops.analysis.cost_course_model import LEAST_PATTERN_DAYS, LEAST_STEP_DAYS, LEVEL, WEEK, Model

LEAST_SCORE = 5.0
"""Standard deviations; so high because many kinds, starts and ends are tried."""
MOST_SCORE = 99.0
MOST_DAY = 8.0
"""A single day weighs no more standard deviations than this when the stretch is looked for."""
CLEAR_DAY = 2.5
"""Days next to a stretch belong to it where they are this far out by themselves: a first day is often half a day."""
MOST_ECHO = 0.8
"""Largest correlation of a day with the next one that is assumed."""
ALIKE = 0.75
"""From this share of a rise on, an earlier one was the same."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Places of the days in the course, in order; `score` in standard deviations of their mean."""

    places: tuple[int, ...]
    is_above: bool
    score: float


def stretch_of(
    values: np.ndarray, model: Model, kind: int, is_history: np.ndarray, is_now: np.ndarray
) -> Stretch | None:
    """The stretch that touches the window and is the furthest out, or None where scatter explains it.

    Args:
        values: float64, cost of each day.
        model: of all kinds.
        kind: which of them.
        is_history, is_now: of each day.
    """
    near = _near(is_history, is_now)
    older = np.flatnonzero(is_history)
    rest, expected = model.rest[kind], model.expected[kind]
    capped = np.clip(rest[near] / model.spread[kind], -MOST_DAY, MOST_DAY)
    first, last = furthest(capped, int(np.argmax(is_now[near])))
    sign = 1.0 if capped[first : last + 1].sum() > 0 else -1.0
    first, last = _widened(sign * capped, first, last)
    places, excess = near[first : last + 1], sign * (values - expected)
    far = abs(float(rest[places].mean()))
    if sign < 0 and (expected[places] > 0).all():  # a logarithm exaggerates falls
        far = min(far, float((excess[places] / expected[places]).mean()))
    score = far / _error(
        rest[np.setdiff1d(older, near)], len(places), float(model.spread[kind]), float(model.support[kind])
    )
    if score < LEAST_SCORE or _is_usual(excess, places, np.setdiff1d(older, near)):
        return None
    return Stretch(tuple(places.tolist()), sign > 0, min(score, MOST_SCORE))


def _near(is_history: np.ndarray, is_now: np.ndarray) -> np.ndarray:
    """Places of the window's days and of the last history days before it that are too few to be usual."""
    now = np.flatnonzero(is_now)
    earlier = np.flatnonzero(is_history & (np.arange(len(is_now)) < now[0]))[1 - LEAST_STEP_DAYS :]
    return np.concatenate([earlier, now])


def furthest(rest: np.ndarray, least_last: int) -> tuple[int, int]:
    """First and last place of the stretch whose mean is the most standard errors from 0.

    Args:
        rest: in standard deviations.
        least_last: the stretch ends here or later.
    """
    sums = np.concatenate([[0.0], np.cumsum(rest)])
    size = np.arange(len(rest))[None, :] - np.arange(len(rest))[:, None] + 1
    means = (sums[None, 1:] - sums[:-1, None]) / np.sqrt(np.maximum(size, 1))
    means = np.where((size > 0) & (np.arange(len(rest))[None, :] >= least_last), np.abs(means), -1.0)
    first, last = np.unravel_index(int(means.argmax()), means.shape)
    return int(first), int(last)


def _widened(rest: np.ndarray, first: int, last: int) -> tuple[int, int]:
    """With the days before that are clear by themselves, and those after that are nearer to it than to the usual."""
    clear = min(CLEAR_DAY, float(rest[first : last + 1].mean()) / 2)
    while first > 0 and rest[first - 1] > CLEAR_DAY:
        first -= 1
    while last + 1 < len(rest) and rest[last + 1] > clear:
        last += 1
    return first, last


def _error(history: np.ndarray, size: int, spread: float, support: float) -> float:
    """Standard error of the mean of so many days in a row, also where days follow each other (AR(1))."""
    bound = np.clip(history, -CLEAR_DAY * spread, CLEAR_DAY * spread)
    square = float((bound**2).sum())
    echo = float((bound[1:] * bound[:-1]).sum()) / square if square > 0 else 0.0
    echo = min(max(echo, 0.0), MOST_ECHO) if len(history) >= LEAST_PATTERN_DAYS else 0.0
    steps = np.arange(1, size)
    followed = 1 + 2 * float(((1 - steps / size) * echo**steps).sum())
    return spread * float(np.sqrt(followed / size + LEVEL / support * (1 + echo) / (1 - echo)))


def _is_usual(excess: np.ndarray, places: np.ndarray, older: np.ndarray) -> bool:
    """Whether the same happened twice before, or on the same weekdays where no pattern of the week can be known."""
    size, same = len(places), ALIKE * float(excess[places].mean())
    if len(older) + LEAST_STEP_DAYS - 1 < LEAST_PATTERN_DAYS:
        week = places - WEEK
        return bool(np.isin(week, older).all()) and float(excess[week].mean()) >= same
    means = np.convolve(excess[older], np.ones(size) / size, mode="valid") if len(older) >= size else np.empty(0)
    times, place = 0, 0
    while place < len(means):
        alike = means[place] >= same
        times += int(alike)
        place += size if alike else 1
    return times >= 2
