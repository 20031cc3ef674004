"""Half-open UTC windows and how people write them."""

import pandas as pd
import pytest
from builders import at, window

from ddms_ops.errors import WindowError
from ddms_ops.window import Window, baseline_window, iso, parse_instant

NOW = at("12:00")


def test_end_is_outside():
    """A window holds its start and not its end."""
    hour = window("10:00", "11:00")
    assert hour.contains(at("10:00"))
    assert not hour.contains(at("11:00"))


def test_zones_are_converted():
    """The same instant in another zone is the same timestamp."""
    assert parse_instant("2026-03-04T11:00+01:00") == at("10:00")


def test_relative_times_count_from_the_clock_passed_in():
    """-2h is two hours before the clock, now is the clock."""
    assert parse_instant("-2h", now=NOW) == at("10:00")
    assert parse_instant("now", now=NOW) == NOW


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-03-04T10:00", "has no time zone; add 'Z'"),
        ("tomorrow-ish", "is not a time"),
        ("-2 fortnights", "is not a length"),
        ("NaT", "is not a time"),
        ("", "is not a time"),
        ("10:00Z", "is not a time"),
        ("03/04/2026 10:00Z", "is not a time"),
        ("-99999999999h", "is longer than ten years"),
        ("99999-01-01T00:00Z", "is not a time"),
    ],
)
def test_unusable_times_are_refused_with_what_would_work(text, words):
    """Naive and unreadable times are refused in one line."""
    with pytest.raises(WindowError, match=words):
        parse_instant(text, now=NOW, name="start")


def test_reversed_window_is_refused():
    """An end before the start is refused, naming both."""
    with pytest.raises(WindowError, match="start 2026-03-04T11:00:00Z is not before end 2026-03-04T10:00:00Z"):
        Window.of("2026-03-04T11:00Z", "2026-03-04T10:00Z")


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("previous", "2026-03-04T09:00Z", "2026-03-04T10:00Z"),
        ("previous:3h", "2026-03-04T07:00Z", "2026-03-04T10:00Z"),
        ("yesterday", "2026-03-03T10:00Z", "2026-03-03T11:00Z"),
        ("last-week", "2026-02-25T10:00Z", "2026-02-25T11:00Z"),
        ("after", "2026-03-04T11:00Z", "2026-03-04T12:00Z"),
        ("after:30min", "2026-03-04T11:00Z", "2026-03-04T11:30Z"),
        ("2026-03-04T12:00Z/2026-03-04T13:00Z", "2026-03-04T12:00Z", "2026-03-04T13:00Z"),
    ],
)
def test_baselines(text, start, end):
    """Every way to name a baseline gives its window."""
    assert baseline_window(window("10:00", "11:00"), text) == Window.of(start, end)


def test_baseline_may_not_overlap_the_window():
    """A baseline that shares time with the window is refused."""
    with pytest.raises(WindowError, match="overlaps"):
        baseline_window(window("10:00", "11:00"), "2026-03-04T09:30Z/2026-03-04T10:30Z")


def test_yesterday_is_24_hours_before_across_a_change_of_clocks():
    """UTC windows do not move with local clocks."""
    night = Window.of("2026-03-29T00:30Z", "2026-03-29T02:30Z")
    assert baseline_window(night, "yesterday").start == pd.Timestamp("2026-03-28T00:30Z")


def test_iso_has_a_z_and_no_needless_fraction():
    """Times are written in UTC with Z."""
    assert iso(pd.Timestamp("2026-03-04T11:00+01:00")) == "2026-03-04T10:00:00Z"
