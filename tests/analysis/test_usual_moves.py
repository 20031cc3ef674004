"""A move is held against the moves that a signal usually makes."""

import numpy as np
import pandas as pd
import pytest
from builders import at

from ddms_ops.analysis.usual_moves import held_down, least_strength, move

MINUTE = pd.Timedelta(minutes=1)
CHANGE = at("10:00")
LEAST = least_strength(0.01, 27)


def moved(values: np.ndarray) -> tuple[float, bool]:
    """Strength of the move of the last 15 values, and whether they are beyond all before."""
    times = pd.date_range(CHANGE - (len(values) - 15) * MINUTE, periods=len(values), freq=MINUTE)
    sides = (CHANGE - 15 * MINUTE, CHANGE), (CHANGE, CHANGE + 15 * MINUTE)
    found = move(pd.Series(values, index=times), *sides)
    return found.strength, found.is_beyond


def noise(seed: int, smooth: int) -> np.ndarray:
    """165 values with few large ones, each the mean of so many."""
    values = np.random.default_rng(seed).lognormal(size=200)
    return np.convolve(values, np.ones(smooth) / smooth, "valid")[:165]


@pytest.mark.parametrize("smooth", [1, 5, 15, 30])
def test_noise_hardly_ever_moves(smooth: int):
    """Neither independent values nor means over minutes, in 95 of 100 looks at 27 signals."""
    wrong = [abs(moved(noise(seed, smooth))[0]) > LEAST for seed in range(270)]
    assert sum(wrong) <= 3


@pytest.mark.parametrize("smooth", [1, 5])
def test_what_stands_above_all_before_moved(smooth: int):
    """To twice of what it was, and down to half."""
    for seed in range(20):
        values = 10 + noise(seed, smooth) / 5
        values[-15:] *= 2
        strength, is_beyond = moved(values)
        assert strength > LEAST or is_beyond
        assert moved(-values)[0] == pytest.approx(-strength)


def test_one_spike_is_no_move():
    """Before or after."""
    values = noise(1, 1)
    for place in (-3, -20):
        spiked = values.copy()
        spiked[place] = 1e6
        assert abs(moved(spiked)[0]) < LEAST
        assert not moved(spiked)[1]


def test_a_level_that_had_risen_before_did_not_move():
    """What is compared is the minutes just before."""
    values = noise(2, 1)
    values[-60:] += 10
    strength, is_beyond = moved(values)
    assert abs(strength) < LEAST
    assert not is_beyond


def test_too_few_points_say_nothing():
    """One on a side."""
    assert moved(np.ones(16)) == (0.0, False)


def test_counts_that_come_in_bursts_need_more():
    """Independent ones need no more."""
    rng = np.random.default_rng(3)
    even, bursts = rng.poisson(30, 120).astype("float64"), np.repeat(rng.poisson(30, 12) * 1.0, 10) * 3
    assert held_down(5.0, even, 15) > 3.5
    assert held_down(5.0, bursts, 15) < 3.0
    assert held_down(5.0, np.zeros(120), 15) == 5.0
