"""When any signal left its normal."""

import numpy as np
import pandas as pd
import pytest
from builders import at
from onset_signals import minutes, poisson

from ddms_ops.analysis.shifts import shifts

MINUTE = pd.Timedelta(minutes=1)
DAYS = np.arange(3 * 1440)
DAILY = 40 * (1 + 0.5 * np.sin(DAYS / 1440 * 2 * np.pi))
BEFORE = "2026-03-04T08:00Z"


def stepped(length: int, onset: int, low: float, high: float, seed: int = 0) -> np.ndarray:
    """Counts that rise at a minute and stay."""
    return poisson(np.where(np.arange(length) < onset, low, high), seed=seed)


def test_a_step_is_found_in_its_minute_and_still_goes_on():
    """Start, interval, level and what was expected; no end where the series ends first."""
    [shift] = shifts(minutes(stepped(120, 70, 5, 30)), baseline=minutes(poisson(5, 120, seed=1), BEFORE))
    assert (shift.start, shift.end, shift.shape, shift.is_above) == (at("11:10"), None, "sudden", True)
    assert shift.earliest <= shift.start <= shift.latest
    assert (shift.observed, shift.expected) == (pytest.approx(30, rel=0.1), pytest.approx(5, rel=0.15))


def test_a_drop_is_below():
    """Traffic that stops is a shift below."""
    [shift] = shifts(minutes(stepped(120, 50, 20, 0)), baseline=minutes(poisson(20, 120, seed=1), BEFORE))
    assert (shift.start, shift.is_above, shift.observed) == (at("10:50"), False, 0)


def test_a_burst_has_an_end():
    """The end is the first minute that is as before."""
    values = poisson(np.where((np.arange(120) >= 40) & (np.arange(120) < 60), 30, 3))
    [shift] = shifts(minutes(values), baseline=minutes(poisson(3, 120, seed=1), BEFORE))
    assert (shift.start, shift.end) == (at("10:40"), at("11:00"))


@pytest.mark.parametrize(("rise", "first"), [(30, 40), (90, 20)])
def test_a_ramp_is_gradual_and_starts_where_it_left_normal(rise: int, first: int):
    """Within fifteen minutes of the ramp's first."""
    mean = 4 + 36 * np.clip((np.arange(120) - first) / rise, 0, 1)
    [shift] = shifts(minutes(poisson(mean)), baseline=minutes(poisson(4, 120, seed=1), BEFORE))
    assert shift.shape == "gradual"
    assert abs(shift.start - at("10:00") - first * MINUTE) <= 15 * MINUTE


@pytest.mark.parametrize(
    ("pulses", "shape", "period"), [((10, 30, 50, 70, 90), "periodic", 20 * MINUTE), ((10, 21, 45, 80), "pulsed", None)]
)
def test_separate_bursts_are_one_shift(pulses: tuple[int, ...], shape: str, period: pd.Timedelta | None):
    """It begins with the first burst, and says whether they are evenly spaced."""
    values = poisson(1, 120)
    for first in pulses:
        values[first : first + 3] += 15
    [shift] = shifts(minutes(values), baseline=minutes(poisson(1, 120, seed=1), BEFORE))
    assert (shift.start, shift.shape, shift.period) == (at("10:10"), shape, period)


@pytest.mark.parametrize("values", [[5.0] * 120, [0.0] * 120, [np.nan] * 120, [1.0, 2.0, 9.0], []])
def test_what_shows_no_normal_has_no_shift(values: list[float]):
    """A constant, zeros, nothing known, too few values."""
    assert shifts(minutes(values)) == []


def test_one_event_is_no_shift_but_one_great_spike_is():
    """A single interval that stands out is a shift of one interval."""
    zeros, one, spike = np.zeros(120), np.zeros(120), np.zeros(120)
    one[70], spike[70] = 1, 30
    assert shifts(minutes(one), baseline=minutes(zeros, BEFORE)) == []
    [shift] = shifts(minutes(spike), baseline=minutes(zeros, BEFORE))
    assert (shift.start, shift.end) == (at("11:10"), at("11:11"))


def test_the_usual_hour_is_no_shift():
    """A job at the same time each day is normal, more of it one day is not."""
    mean = np.full(len(DAYS), 20.0)
    mean[(DAYS % 1440 >= 120) & (DAYS % 1440 < 140)] = 100
    assert shifts(minutes(poisson(mean), "2026-03-02T00:00Z")) == []
    mean[2 * 1440 + 600 : 2 * 1440 + 620] = 100
    [shift] = shifts(minutes(poisson(mean), "2026-03-02T00:00Z"))
    assert (shift.start, shift.end) == (at("10:00"), at("10:20"))


@pytest.mark.parametrize("seed", range(4))
def test_a_daily_wave_is_no_shift(seed: int):
    """Neither against itself nor against two days before."""
    values = minutes(poisson(DAILY, seed=seed), "2026-03-02T00:00Z")
    assert shifts(values) == shifts(values[2880:], baseline=values[:2880]) == []


@pytest.mark.parametrize("is_apart", [True, False])
@pytest.mark.parametrize("factor", [1.5, 2])
def test_a_step_on_a_daily_wave_is_found(factor: float, is_apart: bool):
    """Within five minutes, with two days of baseline or as its own."""
    values = minutes(poisson(DAILY * np.where(DAYS < 3480, 1, factor), seed=5), "2026-03-02T00:00Z")
    found = shifts(values[2880:], baseline=values[:2880]) if is_apart else shifts(values)
    assert abs(found[0].start - at("10:00")) <= 5 * MINUTE


def test_the_same_hours_of_yesterday_align_by_time_of_day():
    """A wave that came yesterday too is normal; three times as much is not."""
    wave = 60 * (1 + 0.8 * np.sin(np.arange(120) / 120 * 2 * np.pi))
    yesterday = minutes(poisson(wave, seed=1), "2026-03-03T10:00Z")
    assert shifts(minutes(poisson(wave)), baseline=yesterday) == []
    [shift] = shifts(minutes(poisson(wave * np.where(np.arange(120) < 60, 1, 3))), baseline=yesterday)
    assert abs(shift.start - at("11:00")) <= 2 * MINUTE


def test_more_requests_do_not_make_a_share_rise():
    """With exposure, failures are judged as a share of the requests."""
    requests = poisson(np.where(np.arange(240) < 180, 200, 800))
    failures = np.random.default_rng(1).binomial(requests.astype(int), 0.02).astype("float64")
    given = {"baseline": minutes(failures[:120], BEFORE)}
    assert shifts(minutes(failures[120:]), **given)[0].start == at("11:00")
    assert shifts(minutes(failures[120:]), **given, exposure=minutes(requests, BEFORE)) == []


def test_unknown_intervals_are_not_zero():
    """Gaps, whether absent or NaN, neither alarm nor hide a rise of latency."""
    values = np.exp(np.random.default_rng(3).normal(5, 0.2, 240))
    values[190:220] *= 2
    values[::3] = np.nan
    now, before = minutes(values[120:]), minutes(values[:120], BEFORE)
    [shift] = shifts(now, baseline=before)
    assert abs(shift.start - at("11:10")) <= 2 * MINUTE
    assert shifts(now.dropna(), baseline=before.dropna()) == [shift]


def test_order_of_the_rows_changes_nothing():
    """The same values shuffled give the same shifts."""
    values = minutes(stepped(120, 70, 5, 30))
    assert shifts(values.sample(frac=1, random_state=1)) == shifts(values) != []


def test_a_level_that_the_series_begins_with_is_its_normal():
    """What is left for good early in the series is the shift, not what came before."""
    [shift] = shifts(minutes(stepped(120, 30, 20, 60)))
    assert (shift.start, shift.end, shift.is_above) == (at("10:30"), None, True)
    assert shift.expected == pytest.approx(20, rel=0.1)


def test_no_more_than_asked_for_and_the_strongest_first():
    """Three bursts of different height, two reported."""
    mean = np.full(len(DAYS), 20.0)
    for first, factor in ((3000, 3), (3400, 8), (3900, 5)):
        mean[first : first + 30] *= factor
    found = shifts(minutes(poisson(mean), "2026-03-02T00:00Z"), at_most=2)
    assert [shift.start for shift in found] == [at("08:40"), at("17:00")]
