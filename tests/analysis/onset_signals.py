"""Signals for tests: minute values, and random ones that are the same in every run."""

import numpy as np
import pandas as pd


def minutes(values: object, start: str = "2026-03-04T10:00Z", every: str = "1min") -> pd.Series:
    """Values at even spacing from a time on."""
    given = np.asarray(values, dtype="float64")
    return pd.Series(given, index=pd.date_range(start, periods=len(given), freq=every))


def poisson(mean: object, size: int | None = None, *, seed: int = 0) -> np.ndarray:
    """Random counts about a mean."""
    return np.random.default_rng(seed).poisson(mean, size).astype("float64")
