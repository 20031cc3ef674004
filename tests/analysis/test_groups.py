"""Groups of events and their comparison with a baseline."""

import pandas as pd
from builders import log_frame

from ddms_ops.analysis.groups import group_table

QUIET = [f"10:{minute:02d} INFO request completed" for minute in range(60)]


def test_counts_add_up_to_the_events_read():
    """Every event is in exactly one group."""
    logs = log_frame("10:01 ERROR pool timeout 5 ms", "10:02 ERROR pool timeout 7 ms", "10:02 INFO ok", "10:03 ERROR x")
    table = group_table(logs, log_frame("09:01 INFO ok"))
    assert table["events"].sum() == 4
    assert table["baseline_events"].sum() == 1


def test_variants_of_one_error_are_one_group():
    """Different numbers in one text do not part it."""
    table = group_table(log_frame("10:01 ERROR pool timeout 5 ms", "10:02 ERROR pool timeout 7 ms"), log_frame())
    assert table[["template", "events"]].values.tolist() == [["pool timeout <*> ms", 2]]


def test_row_order_does_not_matter():
    """The same events in another order give the same table."""
    lines = ["10:01 ERROR a 1", "10:02 ERROR b 2", "10:03 INFO c", "10:04 ERROR a 3"]
    forward, backward = group_table(log_frame(*lines), log_frame()), group_table(log_frame(*lines[::-1]), log_frame())
    pd.testing.assert_frame_equal(forward, backward)


def test_an_error_and_the_same_words_as_info_are_apart():
    """Level parts what is an error from what is not."""
    table = group_table(log_frame("10:01 ERROR disk full", "10:01 INFO disk full"), log_frame())
    assert sorted(table["is_error"].tolist()) == [False, True]


def test_double_traffic_with_double_errors_is_no_rise():
    """Rates are per event that is no error."""
    now = log_frame(*QUIET, *QUIET, *(["10:05 ERROR boom"] * 20))
    before = log_frame(*QUIET, *(["10:05 ERROR boom"] * 10))
    boom = group_table(now, before).query("is_error").iloc[0]
    assert boom["ratio"] == 1
    assert boom["p_value"] == 1


def test_a_new_error_is_infinitely_more_frequent():
    """A group that the baseline lacks has an infinite ratio and a small p-value."""
    now = log_frame(*QUIET, *(["10:05 ERROR boom"] * 20))
    boom = group_table(now, log_frame(*QUIET)).query("is_error").iloc[0]
    assert boom["ratio"] == float("inf")
    assert boom["p_value"] < 1e-5


def test_without_a_baseline_nothing_is_claimed():
    """No traffic in the baseline means no ratio and a p-value of 1."""
    boom = group_table(log_frame(*QUIET, "10:05 ERROR boom"), log_frame()).query("is_error").iloc[0]
    assert pd.isna(boom["ratio"])
    assert boom["p_value"] == 1
