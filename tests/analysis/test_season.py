"""What a signal usually is at a time of day."""

import numpy as np
from onset_signals import poisson

from ddms_ops.analysis.season import DAY_S, WEEK_S, Clock, aligned_season, season_of


def clock(minutes: int, every: int = 1) -> Clock:
    """Buckets from the start of a Thursday on."""
    return Clock(np.arange(0, minutes, every) * 60.0, 60.0 * every)


def wave(at: Clock, high: float) -> np.ndarray:
    """A daily wave about 50."""
    return 50 + high * np.sin(at.at_s / DAY_S * 2 * np.pi)


def test_a_daily_wave_is_learnt():
    """Expected values follow the wave to a few percent."""
    at = clock(4 * 1440)
    season = season_of(poisson(wave(at, 30)), np.ones(len(at.at_s)), at)
    assert season.period_s == DAY_S
    assert np.abs(season.at(at) / wave(at, 30) - 1).max() < 0.1


def test_without_a_wave_the_level_is_constant():
    """No season is read into noise."""
    at = clock(4 * 1440)
    season = season_of(poisson(wave(at, 0)), np.ones(len(at.at_s)), at)
    assert (season.period_s, len(season.levels)) == (0, 1)
    assert abs(season.levels[0] - 50) < 0.5


def test_one_unusual_day_in_three_does_not_hide_the_wave():
    """Days that agree decide."""
    at = clock(3 * 1440)
    values = poisson(wave(at, 30))
    values[2 * 1440 :] += 40
    season = season_of(values, np.ones(len(at.at_s)), at)
    assert season.period_s == DAY_S
    assert np.abs(season.at(at) / wave(at, 30) - 1).max() < 0.2


def test_quiet_weekends_are_learnt_in_four_weeks():
    """A season over the week is kept where it predicts better than the day's."""
    at = clock(28 * 1440, every=15)
    is_weekend = (at.at_s // DAY_S) % 7 >= 5
    season = season_of(poisson(np.where(is_weekend, 20, 100)), np.ones(len(at.at_s)), at)
    assert season.period_s == WEEK_S
    assert season.at(at)[is_weekend].mean() < 25


def test_a_share_is_expected_per_exposure():
    """Failures of a wave of requests are a constant share of them."""
    at = clock(3 * 1440)
    requests = wave(at, 30) * 10
    season = season_of(poisson(requests * 0.1), requests, at)
    assert season.period_s == 0
    assert abs(season.levels[0] - 0.1) < 0.002


def test_part_of_one_day_tells_its_course():
    """Two hours that rise are expected to rise at the same time of another day."""
    at = Clock(36_000.0 + np.arange(120) * 60.0, 60.0)
    rising = np.linspace(20, 120, 120)
    level = season_of(poisson(rising), np.ones(120), at)
    season = aligned_season(poisson(rising), np.ones(120), at, level)
    assert level.period_s == 0
    assert np.abs(season.at(at)[15:105] / rising[15:105] - 1).max() < 0.25
