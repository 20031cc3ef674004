"""When counts left their normal."""

import numpy as np
from builders import at, window

from ddms_ops.analysis.onset import bucket_s, counts_per_bucket, excursion
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
    import pandas as pd

    stamps = pd.Series([at("09:59"), at("10:00"), at("10:00"), at("10:59"), at("11:00")])
    counts = counts_per_bucket(stamps, HOUR)
    assert (counts[0], counts[59], counts.sum()) == (2, 1, 3)
