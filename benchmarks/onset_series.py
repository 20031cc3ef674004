"""Minute series of three days with a known onset in the third: what onset detection is measured on.

Half are counts, overdispersed (gamma-Poisson), half are levels with lognormal noise. Each has a daily season of its own
and a base level between 2 and 300 a minute, spread evenly over its logarithm. The same seed gives the same series.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

DAY = 1440
START = pd.Timestamp("2026-03-02T00:00Z")
KINDS = ("step", "burst", "ramp", "clean")
FACTORS = (2.0, 3.0, 5.0)


@dataclass(frozen=True, slots=True)
class Planted:
    """A series, and the minute in which it left its normal (None: it never did)."""

    values: pd.Series
    onset: int | None
    factor: float
    base: float
    is_counts: bool


def planted(kind: str, seed: int, *, factor: float | None = None, hard: str = "") -> Planted:
    """One series of three days.

    Args:
        kind: `step` (until the end), `burst` (10 to 60 minutes), `ramp` (over 30 minutes, then stays) or `clean`.
        seed: decides all that is random.
        factor: what the expected value is multiplied by; None draws one of 2, 3 and 5.
        hard: what the plain series do not have: `drift` (days differ by up to 10 %), `memory` (noise that lasts
            minutes), `batch` (a job of 20 minutes at the same time each day) or `heavy` (noise with long tails).
    """
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    base = float(np.exp(rng.uniform(np.log(2), np.log(300))))
    is_counts = bool(rng.random() < 0.5)
    drawn = float(rng.choice(FACTORS)) if factor is None else factor
    onset = int(rng.integers(2 * DAY + 60, 3 * DAY - 120))
    mean = base * season(rng)
    if kind != "clean":
        mean = mean * (1 + (drawn - 1) * rise(kind, onset, rng))
    mean = mean * disturbance(hard, rng)
    values = noisy(mean, is_counts, hard, rng)
    index = pd.date_range(START, periods=3 * DAY, freq="min")
    return Planted(pd.Series(values, index=index), None if kind == "clean" else onset, drawn, base, is_counts)


def season(rng: np.random.Generator) -> np.ndarray:
    """Daily wave with a second harmonic, mean about 1."""
    minute = np.arange(3 * DAY) / DAY * 2 * np.pi
    first, second = rng.uniform(0.2, 0.6), rng.uniform(0, 0.2)
    turn = rng.uniform(0, 2 * np.pi, 2)
    return 1 + first * np.sin(minute + turn[0]) + second * np.sin(2 * minute + turn[1])


def rise(kind: str, onset: int, rng: np.random.Generator) -> np.ndarray:
    """How far each minute is between normal (0) and fully shifted (1)."""
    minute = np.arange(3 * DAY)
    if kind == "ramp":
        return np.clip((minute - onset) / 30, 0, 1)
    length = int(rng.integers(10, 61)) if kind == "burst" else 3 * DAY
    return ((minute >= onset) & (minute < onset + length)).astype("float64")


def disturbance(hard: str, rng: np.random.Generator) -> np.ndarray:
    """Multiplier of the mean that is normal for the signal, yet not a smooth season."""
    if hard == "drift":
        return np.repeat(rng.uniform(0.9, 1.1, 3), DAY)
    if hard == "batch":
        minute, at = np.arange(3 * DAY) % DAY, int(rng.integers(0, DAY - 30))
        return np.where((minute >= at) & (minute < at + 20), 3.0, 1.0)
    if hard == "memory":
        steps, wave = rng.normal(0, 0.05, 3 * DAY), np.zeros(3 * DAY)
        for place in range(1, 3 * DAY):
            wave[place] = 0.8 * wave[place - 1] + steps[place]
        return np.exp(wave)
    return np.ones(3 * DAY)


def noisy(mean: np.ndarray, is_counts: bool, hard: str, rng: np.random.Generator) -> np.ndarray:
    """Counts or levels around a mean."""
    spread = rng.uniform(0.1, 0.3)
    if is_counts:
        return rng.poisson(mean * rng.gamma(1 / spread**2, spread**2, len(mean))).astype("float64")
    noise = rng.standard_t(3, len(mean)) if hard == "heavy" else rng.normal(size=len(mean))
    return mean * np.exp(spread * noise)
