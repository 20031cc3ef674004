"""The days in which a kind of line left what was expected of it."""

import math
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


BARRED = -1e9
"""Days that are told already, so that no further stretch goes over them."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Places of the days in the course, in order; `score` in standard deviations of their mean."""

    places: tuple[int, ...]
    is_above: bool
    score: float


@dataclass(frozen=True, slots=True)
class _Seen:
    """One kind: of each day what it cost, what was expected, and what is left on the even scale.

    `near` are the places of the last history days before the window, which are too few to be usual, and from `begin`
    on of the window's days; `older` those of the other history days.
    """

    values: np.ndarray
    expected: np.ndarray
    rest: np.ndarray
    spread: float
    support: float
    near: np.ndarray
    older: np.ndarray
    begin: int


def stretches_of(
    values: np.ndarray, model: Model, kind: int, is_history: np.ndarray, is_now: np.ndarray
) -> list[Stretch]:
    """What touches the window and is further out than scatter explains: days above, and days below.

    Args:
        values: float64, cost of each day.
        model: of all kinds.
        kind: which of them.
        is_history, is_now: of each day.

    Returns:
        One a direction at most: the stretch that is the furthest out, with others of its direction, and its score.
    """
    now = np.flatnonzero(is_now)
    earlier = np.flatnonzero(is_history & (np.arange(len(is_now)) < now[0]))[1 - LEAST_STEP_DAYS :]
    near = np.concatenate([earlier, now])
    older = np.setdiff1d(np.flatnonzero(is_history), near)
    spread, support = float(model.spread[kind]), float(model.support[kind])
    seen = _Seen(values, model.expected[kind], model.rest[kind], spread, support, near, older, len(earlier))
    found = []
    for sign in (1.0, -1.0):
        parts = _parts(seen, sign)
        places = sorted(place for part in parts for place in part.places)
        if parts:
            found.append(Stretch(tuple(places), sign > 0, max(part.score for part in parts)))
    return found


def _parts(seen: _Seen, sign: float) -> list[Stretch]:
    """All stretches of one direction, the furthest out first; only that one may begin before the window.

    One that does must still last in it: what was over before is no part of it.
    """
    deviations = sign * np.clip(seen.rest[seen.near] / seen.spread, -MOST_DAY, MOST_DAY)
    capped = deviations.copy()
    is_now, parts = np.arange(len(seen.near)) >= seen.begin, list[Stretch]()
    while part := _furthest_part(seen, capped, sign):
        is_part = np.isin(seen.near, part.places)
        whole, still = (float(deviations[chosen].mean()) for chosen in (is_part, is_part & is_now))
        if still >= min(CLEAR_DAY, whole / 2):
            parts.append(part)
            capped[is_part] = BARRED
        capped[: seen.begin] = BARRED
    return parts


def _furthest_part(seen: _Seen, capped: np.ndarray, sign: float) -> Stretch | None:
    """The stretch that is the furthest out in one direction, or None where scatter explains it."""
    first, last = furthest(capped, seen.begin)
    if capped[first : last + 1].sum() <= 0:
        return None
    first, last = _widened(capped, first, last)
    places, excess = seen.near[first : last + 1], sign * (seen.values - seen.expected)
    far = float(sign * seen.rest[places].mean())
    if sign < 0 and (seen.expected[places] > 0).all():  # a logarithm exaggerates falls
        far = min(far, float((excess[places] / seen.expected[places]).mean()))
    if far < LEAST_SCORE * seen.spread * math.sqrt(1 / len(places) + LEVEL / seen.support):  # the least error there is
        return None
    score = far / _error(seen.rest[seen.older], len(places), seen.spread, seen.support)
    if score < LEAST_SCORE or _is_usual(excess, places, seen.older):
        return None
    return Stretch(tuple(places.tolist()), sign > 0, min(score, MOST_SCORE))


def furthest(rest: np.ndarray, least_last: int) -> tuple[int, int]:
    """First and last place of the stretch whose mean is the most standard errors above 0.

    Args:
        rest: in standard deviations.
        least_last: the stretch ends here or later.
    """
    sums = np.concatenate([[0.0], np.cumsum(rest)])
    size = np.arange(len(rest))[None, :] - np.arange(len(rest))[:, None] + 1
    means = (sums[None, 1:] - sums[:-1, None]) / np.sqrt(np.maximum(size, 1))
    means = np.where((size > 0) & (np.arange(len(rest))[None, :] >= least_last), means, -np.inf)
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
