"""Which days of a bill are compared."""

from fractions import Fraction

import pandas as pd
import pytest
from cost_builders import after, costs, day, last_days, line, series, span

from ddms_ops.analysis.cost_periods import CostPeriods, cost_periods
from ddms_ops.window import Window


def written(stamps: tuple[pd.Timestamp, ...]) -> list[str]:
    """Days as MM-DD."""
    return [f"{stamp:%m-%d}" for stamp in stamps]


def out(shown: CostPeriods) -> dict[str, str]:
    """Why by day."""
    return {f"{left.day:%m-%d}": left.why for left in shown.left_out}


def test_whole_days_of_both_sides_are_compared():
    """Half-open: the end's day is not touched."""
    shown = last_days(costs(series([1] * 45)))
    assert shown.words == "3 days, 2026-03-16 to 2026-03-18, against 3 days, 2026-03-09 to 2026-03-11"
    assert (shown.scale, shown.left_out, shown.notes) == (1, (), ())


def test_a_day_that_is_touched_counts_whole_and_hours_are_days():
    """From 10:00 to 10:00 the day after, in hourly lines."""
    frame = costs(line(after(0) + pd.Timedelta(hours=n), 1) for n in range(24 * 12))
    now = Window.of("2026-02-10T10:00Z", "2026-02-11T10:00Z")
    shown = cost_periods(frame, now, now.shifted(-pd.Timedelta(days=1)), settle_h=48)
    assert (written(shown.now), written(shown.before)) == (["02-10", "02-11"], ["02-09"])
    assert shown.notes[0] == "2 days against 1 day: the baseline is scaled by 2"


def test_estimated_days_at_the_end_of_the_bill_are_left_out():
    """Of a month that is open as a whole only those that have not settled."""
    frame = costs(series([1] * 45, estimated=True))
    shown = last_days(frame)
    assert (written(shown.now), list(out(shown))) == (["03-16"], ["03-17", "03-18"])
    assert "AWS still estimates it" in out(shown)["03-18"]
    assert shown.notes[0] == "1 day against 3 days: the baseline is scaled by 1/3"
    assert written(last_days(frame, settle_h=24).now) == ["03-16", "03-17"]
    assert written(last_days(frame, settle_h=0).now) == ["03-16", "03-17", "03-18"]


def test_days_after_the_end_of_the_bill_are_left_out():
    """And named, one by one."""
    shown = cost_periods(costs(series([1] * 10)), span("2026-02-10", 4), span("2026-02-03", 4), settle_h=48)
    assert written(shown.now) == ["02-10", "02-11"]
    assert out(shown) == dict.fromkeys(["02-12", "02-13"], "the bill ends with 2026-02-11")


def test_a_last_day_without_many_of_its_usual_lines_is_left_out():
    """Three of five; one kind that is gone is news."""
    kinds = [series([1] * 20, f"S{n}/u") for n in range(5)]
    assert last_days(costs(*kinds[:4], series([1] * 19, "S4/u"))).left_out == ()
    shown = last_days(costs(*kinds[:2], *(series([1] * 19, f"S{n}/u") for n in range(2, 5))))
    assert out(shown) == {"02-21": "3 of 5 kinds of lines that are charged every day are still missing"}


def test_a_last_day_of_hourly_lines_that_breaks_off_is_left_out():
    """Nine hours of twenty-four in most kinds."""
    whole = [series([1] * 19, f"S{n}/u", lines=24) for n in range(3)]
    frame = costs(*whole, *(line(after(19), 1, f"S{n}/u", lines=9) for n in range(3)))
    assert list(out(last_days(frame))) == ["02-21"]


def test_a_baseline_without_a_day_of_its_own_is_the_week_before():
    """A window of two hours against the two before."""
    now = Window.of("2026-02-16T10:00Z", "2026-02-16T12:00Z")
    shown = cost_periods(costs(series([1] * 20)), now, now.shifted(-pd.Timedelta(hours=2)), settle_h=48)
    assert (written(shown.now), written(shown.before)) == (["02-16"], ["02-09"])
    assert "same weekday a week before" in shown.notes[0]
    short = cost_periods(costs(series([None] * 12 + [1] * 8)), now, now.shifted(-pd.Timedelta(hours=2)), settle_h=48)
    assert written(short.before) == ["02-15"]
    assert "the nearest finished day before the window, 2026-02-15" in short.notes[0]


def test_nothing_before_the_window_is_said():
    """The scale stays usable."""
    shown = last_days(costs(series([1, 2, 3])))
    assert (shown.before, shown.scale) == ((), 1)
    assert shown.notes == ("no finished day of the bill lies before the window: there is nothing to compare with",)
    assert {left.why for left in shown.left_out} == {"the bill begins with 2026-02-02"}


def test_a_bill_without_lines_has_no_day():
    """And says so."""
    shown = cost_periods(costs(), span("2026-02-10", 1), span("2026-02-09", 1), settle_h=48)
    assert (shown.words, out(shown)["02-10"]) == ("no day, against no day", "the bill has no line at all")


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        ("2026-02-14", "2026-02-12", "other weekdays: Sat, Sun against Thu, Fri"),
        ("2026-03-01", "2026-02-22", "only the window has a month's first day (2026-03-01)"),
        ("2026-03-08", "2026-03-01", "only the baseline has a month's first day (2026-03-01)"),
    ],
)
def test_what_is_not_alike_about_the_sides_is_a_note(now: str, before: str, said: str):
    """Two days each."""
    shown = cost_periods(costs(series([1] * 45)), span(now, 2), span(before, 2), settle_h=48)
    assert len(shown.notes) == 1
    assert shown.notes[0].startswith(said)


def test_a_day_in_the_middle_without_lines_is_left_out():
    """It is not a day that cost nothing."""
    frame = costs(series([1] * 10), series([1] * 10, start="2026-02-13"))
    shown = cost_periods(frame, span("2026-02-11", 3), span("2026-02-04", 3), settle_h=48)
    assert out(shown) == {"02-12": "the bill has no line on this day"}
    assert (shown.scale, shown.now[0]) == (Fraction(2, 3), day("2026-02-11"))


def test_a_bill_that_goes_on_has_finished_days_in_an_open_month():
    """Days settle by the bill's own last day, which may be long after the window's."""
    frame = costs(series([1] * 20, estimated=True))
    shown = cost_periods(frame, span("2026-02-16", 3), span("2026-02-09", 3), settle_h=48)
    assert written(shown.now) == ["02-16", "02-17", "02-18"]
    assert list(out(shown)) == ["02-20", "02-21"]
