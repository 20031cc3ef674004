"""When counts left their normal."""

import numpy as np
import pandas as pd
import pytest
from builders import at, window

from ddms_ops.analysis.onset import bucket_s, counts_per_bucket, excursion, onset_of
from ddms_ops.window import Window

HOUR = window("10:00", "11:00")


def test_a_step_is_found_to_the_minute():
    """The interval begins where the counts rise and ends where they fall back."""
    counts = np.full(60, 5.0)
    counts[37:50] = 30
    found = excursion(counts, np.full(60, 5.0), HOUR)
    assert (found.start, found.end) == (at("10:37"), at("10:50"))
    assert (found.counted, found.expected) == (390, 65)


def test_a_drop_is_found_too():
    """Too few events are an excursion below."""
    counts = np.full(60, 50.0)
    counts[20:] = 10
    assert excursion(counts, np.full(60, 50.0), HOUR, above=False).start == at("10:20")


def test_counts_as_expected_are_no_excursion():
    """Nothing above expectation, nothing found."""
    assert excursion(np.full(60, 5.0), np.full(60, 5.0), HOUR) is None


def test_long_windows_take_longer_buckets():
    """At most 1,440 buckets tile a window."""
    assert bucket_s(HOUR) == 60
    assert bucket_s(Window.of("2026-03-01T00:00Z", "2026-03-08T00:00Z")) == 600


def test_counts_per_bucket_obey_the_window():
    """Events at the end of the window are outside, at its start inside."""
    stamps = pd.Series([at("09:59"), at("10:00"), at("10:00"), at("10:59"), at("11:00")])
    counts = counts_per_bucket(stamps, HOUR)
    assert (counts[0], counts[59], counts.sum()) == (2, 1, 3)


def test_the_onset_comes_with_its_interval_and_whether_it_is_over():
    """The same interval as the excursion, with bounds of its start, shape and score."""
    counts = np.full(60, 5.0)
    counts[37:50] = 30
    shift, found = onset_of(counts, np.full(60, 5.0), HOUR), excursion(counts, np.full(60, 5.0), HOUR)
    assert (shift.start, shift.end, shift.shape) == (found.start, found.end, "sudden")
    assert (shift.earliest, shift.latest) == (at("10:37"), at("10:37"))
    assert shift.score**2 / 2 == pytest.approx(found.llr)
    assert (shift.observed, shift.expected) == (30, 5)


def test_an_onset_that_lasts_to_the_end_has_no_end():
    """What is still raised in the last bucket is not over."""
    assert onset_of(np.r_[np.full(40, 5.0), np.full(20, 30.0)], np.full(60, 5.0), HOUR).end is None


def test_a_slow_burn_is_gradual():
    """An error that grows over an hour starts within fifteen minutes of its first minutes."""
    counts = np.round(20 * np.clip((np.arange(60) - 10) / 50, 0, 1))
    shift = onset_of(counts, np.full(60, 0.05), HOUR)
    assert shift.shape == "gradual"
    assert abs(shift.start - at("10:10")) <= pd.Timedelta(minutes=15)


def test_retries_at_even_spacing_are_periodic():
    """Bursts every twelve minutes say so, from the first one on."""
    counts = np.zeros(60)
    counts[3::12] = 8
    shift = onset_of(counts, np.full(60, 0.05), HOUR)
    assert (shift.start, shift.shape, shift.period) == (at("10:03"), "periodic", pd.Timedelta(minutes=12))


def test_expected_counts_have_no_onset():
    """Nothing above expectation, none; a drop is found when asked for."""
    counts = np.r_[np.full(30, 50.0), np.full(30, 5.0)]
    assert onset_of(np.zeros(60), np.full(60, 5.0), HOUR) is None
    assert onset_of(counts, np.full(60, 50.0), HOUR, above=False).start == at("10:30")
