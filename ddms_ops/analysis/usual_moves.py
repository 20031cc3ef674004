"""How far a signal usually goes from one stretch to the next: what a move between two stretches is held against.

The signal's own earlier stretches tell, each against the one before it, so that one which wanders slowly, or is an
average over minutes, has the noise that it shows, not the noise of independent points.
"""

from dataclasses import dataclass
from math import log1p, sqrt
from statistics import NormalDist

import numpy as np
import pandas as pd

STRONGEST = 37.0
FEWEST_STRETCHES = 3.0
MANY_POINTS = 15
BEYOND = 2.0
SLIGHT = 0.05
FEWEST_POINTS = 2
NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Usual:
    """Standard deviation of such moves, and how many independent ones tell it; 0 stretches where none does."""

    deviation: float
    stretches: float


@dataclass(frozen=True, slots=True)
class Move:
    """A move from the stretch before a moment to the one after another.

    `strength` is in standard deviations of what is usual, signed; it is of ranks, so no single spike makes or hides
    it. `is_beyond` says that most values after lie outside all before by more than twice their whole range, and more
    where few of those are independent, and by a twentieth of the level at least.
    """

    strength: float
    is_beyond: bool


def usual_moves(values: np.ndarray, before: int, after: int) -> Usual:
    """How far the mean of `after` values was from that of the `before` values in front of them, at every place."""
    number = len(values) - before - after + 1
    if number < 1 or not before or not after:
        return Usual(0.0, 0.0)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    at = np.arange(before, before + number)
    moves = (sums[at + after] - sums[at]) / after - (sums[at] - sums[at - before]) / before
    return Usual(float(np.sqrt((moves**2).mean())), len(values) / max(before, after) - 1)


def strength_of(difference: float, chance: float, usual: Usual) -> float:
    """A difference in standard deviations, as those of a normal distribution.

    Args:
        difference: of two means.
        chance: its deviation by how the points scatter; what it usually is beyond that is told by few stretches
            only, which is made up for (Wallace 1959), by that share (Satterthwaite 1946).
        usual: how it usually is.
    """
    deviations = abs(difference) / max(chance, usual.deviation)
    excess = 1.0 if usual.stretches < FEWEST_STRETCHES else 1 - (chance / max(chance, usual.deviation)) ** 2
    if not excess:
        return min(STRONGEST, deviations)
    known = max(usual.stretches, 1.0) / excess
    less = (8 * known + 1) / (8 * known + 3)
    return min(STRONGEST, less * sqrt(known * log1p(deviations * deviations / known)))


def _alike(values: np.ndarray) -> float:
    """How many values say what one independent one would, by how alike neighbours are; 1 where they are not."""
    apart = values - values.mean()
    power = float((apart**2).sum())
    alike = float((apart[1:] * apart[:-1]).sum()) / power if power else 0.0
    alike = min(max(alike, 0.0), 1 - 1 / len(values))
    return (1 + alike) / (1 - alike)


def move(
    values: pd.Series, before: tuple[pd.Timestamp, pd.Timestamp], after: tuple[pd.Timestamp, pd.Timestamp]
) -> Move:
    """The move of a signal between two stretches.

    Args:
        values: float64 by time, in order; all that is known of it.
        before, after: start and end of the stretches; what lies before the end of `before` tells what is usual.
    """
    old = values[values.index < before[1]]
    was, now = old[old.index >= before[0]], values[(values.index >= after[0]) & (values.index < after[1])]
    if len(was) < FEWEST_POINTS or len(now) < FEWEST_POINTS:
        return Move(0.0, is_beyond=False)
    both = pd.concat([old, now])
    strength, alike = _strength(both.rank().to_numpy() / len(both), len(old), len(was), len(now))
    low, high, middle = float(old.min()), float(old.max()), float(now.median())
    margin = max(BEYOND * (high - low) * max(1.0, MANY_POINTS * alike / len(old)), SLIGHT * abs(float(was.mean())))
    is_beyond = (middle > high + margin or middle < low - margin) and len(old) >= FEWEST_STRETCHES * len(now)
    if is_beyond:
        strength = max(strength, _strength(both.to_numpy(), len(old), len(was), len(now))[0], key=abs)
    return Move(strength, is_beyond)


def _strength(values: np.ndarray, old: int, was: int, now: int) -> tuple[float, float]:
    """Strength of the move of the last `now` values, and how many of those before say what one would."""
    alike = _alike(values[:old])
    chance = sqrt(float(values.var()) * (1 / was + 1 / now) * alike)
    difference = float(values[old:].mean() - values[old - was : old].mean())
    strength = strength_of(difference, chance, usual_moves(values[:old], was, now)) if chance else 0.0
    return (strength if difference > 0 else -strength), alike


def held_down(strength: float, counts: np.ndarray, length: int) -> float:
    """Strength of a move of counts that are no independent events, by how much more than such they usually move.

    Args:
        strength: standard deviations that it would be of independent events.
        counts: those of each minute until the move.
        length: of the stretches, minutes.
    """
    usual = usual_moves(counts, length, length)
    chance = sqrt(float(counts.mean()) * 2 / length) if len(counts) else 0.0
    if usual.stretches < FEWEST_STRETCHES or not chance:
        return strength
    return strength / max(1.0, usual.deviation / chance)


def least_strength(false_alarms: float, signals: int) -> float:
    """What a move must reach where so many signals are looked at and a share of such looks may be wrong."""
    return -NORMAL.inv_cdf(false_alarms / 2 / max(signals, 1))
