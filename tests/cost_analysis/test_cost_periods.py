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


def kinds(*shares: int, **columns: object) -> list[list[dict]]:
    """A kind for each number, charged on so many first days of a bill."""
    return [series([100] * days, f"S{n}/u", **columns) for n, days in enumerate(shares)]


def test_a_line_of_no_usage_does_not_make_a_day_the_last_one():
    """Usage breaks off on the 21st; a tax is dated two days later."""
    whole = kinds(19, 19, 19, lines=24)
    frame = costs(*whole, *(line(after(19), 1, f"S{n}/u", lines=9) for n in range(3)))
    taxed = pd.concat([frame, costs(line(after(21), 50, "Tax/Tax", category="tax"))])
    shown = cost_periods(taxed, span("2026-02-20", 4), span("2026-02-13", 4), settle_h=48)
    assert list(out(shown)) == ["02-21", "02-22", "02-23"]
    assert out(shown)["02-22"] == "the bill ends with 2026-02-21"


def test_one_kind_by_the_hour_breaks_off_too():
    """Nine hours of twenty-four; fewer lines of another bill are news."""
    shown = last_days(costs(series([24] * 19, lines=24), line(after(19), 9, lines=9)))
    assert "it breaks off" in out(shown)["02-21"]
    assert last_days(costs(series([24] * 19, lines=5), line(after(19), 9, lines=2))).left_out == ()


def test_a_last_day_that_costs_a_part_of_all_others_breaks_off():
    """In most kinds; where one kind costs less it is news."""
    whole = kinds(19, 19, 19, 19)
    rest = [line(after(19), 20 if n else 100, f"S{n}/u") for n in range(4)]
    said = "3 of 4 kinds of lines cost less than half of the least of the days before: it breaks off"
    assert out(last_days(costs(*whole, *rest))) == {"02-21": said}
    assert last_days(costs(*kinds(20, 20, 20, 19), rest[3])).left_out == ()


def test_last_days_of_a_bill_that_does_not_say_whether_it_is_final_are_left_out():
    """Like estimated ones."""
    shown = last_days(costs(series([1] * 45, estimated=None)))
    assert (written(shown.now), list(out(shown))) == (["03-16"], ["03-17", "03-18"])
    assert "does not say whether it is final" in out(shown)["03-18"]


def test_a_hole_in_the_window_or_in_the_baseline_is_left_out():
    """Three of four kinds are missing for two days, and back on the next."""
    holed = [100] * 14 + [None] * 2 + [100] * 9 + [None] * 2 + [100] * 5
    frame = costs(series([100] * 32, "A/u"), *(series(holed, f"S{n}/u") for n in range(3)))
    shown = last_days(frame, window=10, baseline=10)
    assert list(out(shown)) == ["02-16", "02-17", "02-27", "02-28"]
    assert out(shown)["02-16"] == "3 of 4 kinds of lines that are charged every day are missing"


def test_kinds_that_rest_on_a_weekday_or_are_gone_for_good_are_no_hole():
    """Three of four never run on Sundays, or not any more."""
    working = [None if n % 7 == 6 else 100 for n in range(45)]
    for values in (working, [100] * 40 + [None] * 5):
        frame = costs(series([100] * 45, "A/u"), *(series(values, f"S{n}/u") for n in range(3)))
        assert set(out(last_days(frame, window=14, baseline=14))) <= {"03-17", "03-18"}


def test_an_account_that_is_missing_leaves_a_hole():
    """Two days late, or for a day between; a small one is news."""
    for values in ([900] * 43, [900] * 40 + [None] + [900] * 4):
        frame = costs(series([400] * 45), series(values, account="2"))
        [*_, said] = out(last_days(frame, window=7)).values()
        assert said.startswith("1 of 2 accounts, 69% of the bill on other days, ")
    assert last_days(costs(series([400] * 45), series([9] * 43, account="2"))).left_out == ()


def test_days_without_lines_cost_0_where_nothing_is_charged_every_day():
    """A job of Sundays that runs daily from the window on; weekends of a bill of working days."""
    sundays = [7 if n % 7 == 6 or n >= 35 else None for n in range(45)]
    shown = cost_periods(costs(series(sundays)), span(after(35), 7), span(after(28), 7), settle_h=48)
    assert (len(shown.now), len(shown.before), shown.left_out) == (7, 7, ())
    assert shown.notes == ("6 days without any usage count as 0: nothing is charged every day around them",)
    working = last_days(costs(series([None if n % 7 > 4 else 9 for n in range(47)])), window=14, baseline=14)
    assert (len(working.now), len(working.before), working.left_out) == (14, 14, ())


def test_a_month_that_is_missing_is_no_month_of_0():
    """However long the hole is."""
    frame = costs(series([1] * 40), series([1] * 20, start="2026-04-13"))
    shown = cost_periods(frame, span("2026-04-13", 7), span("2026-03-25", 7), settle_h=48)
    assert (shown.empty, len(out(shown))) == ((), 7)
